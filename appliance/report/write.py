"""Writes a report in all its forms from the same facts: the same bytes, for the same facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from appliance.report.blocks import Document
from appliance.report.document import compose
from appliance.report.html import render_page
from appliance.report.markdown import render_markdown
from appliance.report.pdf import render_pdf
from appliance.report.schema import PATH, mismatches
from appliance.report.study import Facts
from appliance.report.xlsx import render_xlsx
from distill.checkpoints import write_atomically

FORMS: Mapping[str, Callable[[Document, Facts], bytes]] = {
    "json": lambda document, facts: to_json(facts).encode(),
    "html": lambda document, facts: render_page(document).encode(),
    "pdf": lambda document, facts: render_pdf(document, facts.get("created_at")),
    "xlsx": render_xlsx,
    "md": lambda document, facts: render_markdown(document).encode(),
}


def to_json(facts: Facts) -> str:
    return json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_report(facts: Facts, folder: Path) -> list[str]:
    """All forms, and the schema of the JSON beside it; returns the files' names.

    Raises ValueError where the facts are not what the schema says.
    """
    wrong = mismatches(facts)
    if wrong:
        raise ValueError(f"the report's facts do not fit its schema: {'; '.join(wrong[:5])}")
    document = compose(facts)
    for form, render in FORMS.items():
        write_atomically(folder / f"report.{form}", render(document, facts))
    write_atomically(folder / PATH.name, PATH.read_text(encoding="utf-8"))
    return [*(f"report.{form}" for form in FORMS), PATH.name]
