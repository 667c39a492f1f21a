"""What a teacher's licence says of learning from its answers: read from its directory, looked up in a small table.

No legal advice: a pointer to the clause that someone should read. Clauses are summed up in our own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Licence:
    """What is known of the terms under which a teacher's answers may be learnt from."""

    name: str | None
    """As its directory or maker names it; None where nothing says."""
    verdict: Literal["free", "conditions", "forbidden", "unknown"]
    """Of training another model on its answers: `conditions` says under which."""
    clause: str | None
    """Summed up."""
    source: str
    """Where this was read: the file, and for the clause the document that holds it."""


_FREE = "Nothing is asked of those who learn from the model's answers."
_TABLE: tuple[tuple[str, str, Literal["free", "conditions", "forbidden"], str, str], ...] = (
    (r"apache[- ]?2|apache license", "Apache-2.0", "free", _FREE, "Apache License 2.0"),
    (
        r"modified[- ]mit",
        "Modified MIT",
        "conditions",
        "As MIT; very large commercial products must show the model's name.",
        "the licence's added paragraph",
    ),
    (r"^mit$|\bmit license\b", "MIT", "free", _FREE, "MIT License"),
    (r"^bsd|redistribution and use in source and binary", "BSD", "free", _FREE, "BSD License"),
    (
        r"\bllama[- ]?2\b",
        "Llama 2 Community License",
        "forbidden",
        "Answers may not be used to improve a large language model other than Llama 2 and what is derived from it.",
        "Llama 2 Community License, section 1.b.v",
    ),
    (
        r"\bllama[- ]?(3\.[1-9]|4)\b",
        "Llama Community License",
        "conditions",
        "A model trained on the answers that is passed on must carry 'Llama' at the start of its name and 'Built with Llama' "
        "beside it.",
        "Llama 3.1 Community License and later ones, section 1.b.i",
    ),
    (
        r"\bllama[- ]?3\b",
        "Llama 3 Community License",
        "forbidden",
        "Answers may not be used to improve a large language model other than Llama 3 and what is derived from it.",
        "Meta Llama 3 Community License, section 1.b.v",
    ),
    (
        r"\bgemma\b",
        "Gemma Terms of Use",
        "conditions",
        "A model trained on the answers to behave like Gemma counts as derived from it: the terms, and the list of "
        "prohibited uses, go with the student.",
        "Gemma Terms of Use, sections 1.1(e) and 3.1",
    ),
    (
        r"qwen[- ]research",
        "Qwen Research License",
        "conditions",
        "Research and evaluation only: commercial use needs the maker's consent. A model trained on the answers that is "
        "passed on must say 'Built with Qwen' or 'Improved using Qwen' in its documentation.",
        "Qwen Research License Agreement, sections 2 and 4.b",
    ),
    (
        r"\bqwen\b",
        "Qwen License",
        "conditions",
        "A model trained on the answers that is passed on must say 'Built with Qwen' or 'Improved using Qwen' in its "
        "documentation.",
        "Qwen License Agreement, section 4.b",
    ),
    (
        r"hunyuan",
        "Tencent Hunyuan Community License",
        "forbidden",
        "Answers may not be used to improve a large language model other than Hunyuan and what is derived from it.",
        "Tencent Hunyuan Community License, section 5.b",
    ),
    (
        r"openrail|\bdeepseek\b",
        "Responsible-AI licence (OpenRAIL family)",
        "conditions",
        "A model trained on the answers counts as derived: the list of prohibited uses must be passed on with the student.",
        "the licence's definition of derivatives of the model, and its attachment of use restrictions",
    ),
    (
        r"\bcc[- ]by[- ]nc|attribution-?noncommercial",
        "CC BY-NC",
        "conditions",
        "No commercial use of the model.",
        "Creative Commons BY-NC, section 2",
    ),
)
"""(what is looked for in a licence's name or head, its name, verdict, clause, source); the first that fits counts."""

_COMPETE = "Answers may not be used to develop models that compete with the maker's services; the site's contract decides."
_MAKERS: tuple[tuple[str, str, str], ...] = (
    (r"^(gpt-(?!oss)|o[1345](-|$)|chatgpt)", "OpenAI terms", "OpenAI Services Agreement, restrictions"),
    (r"^claude", "Anthropic commercial terms", "Anthropic Commercial Terms of Service, use restrictions"),
    (r"^gemini", "Gemini API terms", "Gemini API Additional Terms of Service, use restrictions"),
)
"""Hosted models by name: (pattern, terms, source)."""
_HEAD = 4000


def of_directory(path: Path) -> Licence:
    """What the model directory's card (README.md) or licence file says."""
    named = _card(path / "README.md")
    if named is not None:
        return _look_up(named, named, "README.md")
    for file in sorted(path.glob("LICEN[CS]E*")):
        head = file.read_text(encoding="utf-8", errors="replace")[:_HEAD]
        return _look_up(head, None, file.name)
    return Licence(None, "unknown", None, "no model card and no licence file in the directory")


def of_name(model: str, licence: str | None = None) -> Licence:
    """What is known of a model by its name alone, or by the licence that a catalogue gives it."""
    if licence is not None:
        return _look_up(licence, licence, "the catalogue of packaged models")
    for pattern, terms, source in _MAKERS:
        if re.search(pattern, model.rpartition("/")[2].casefold()):
            return Licence(terms, "conditions", _COMPETE, source)
    return Licence(None, "unknown", None, "the model's name tells no licence")


def _look_up(text: str, named: str | None, file: str) -> Licence:
    words = " ".join(text.casefold().replace("_", "-").split())
    for pattern, name, verdict, clause, source in _TABLE:
        if re.search(pattern, words):
            return Licence(name, verdict, clause, f"{file}; {source}")
    return Licence(named, "unknown", None, f"{file}; not in the table of known licences")


def _card(path: Path) -> str | None:
    """The licence that a model card's head names (`license`, and for `other` the `license_name`)."""
    if not path.is_file():
        return None
    head = re.match(r"---\s*\n(.*?)\n---", path.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
    if head is None:
        return None
    named = dict(
        re.findall(r"^(license(?:_name)?):[ \t]*['\"]?([^'\"\n]+?)['\"]?[ \t]*$", head[1], re.MULTILINE)
    )
    name = named.get("license")
    return named.get("license_name", name) if name == "other" else name
