"""What the `check` stage of a run found of its teacher, in sentences: may it be learnt from, and is it any good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from appliance import manifest
from appliance.home import Home
from appliance.preparing import review_figures

Weight = Literal["good", "note", "stop"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence; `stop` is why a run went no further."""

    weight: Weight
    words: str


def checked(home: Home, run_id: str) -> list[Finding] | None:
    """Of a run's check stage; None where it did not come so far."""
    folder = home.runs / run_id / "check"
    if not folder.is_dir():
        return None
    read = manifest.read(folder)
    if read is not None:
        return list(_findings(read.facts))
    error = folder / "error.txt"
    if not error.exists():
        return None
    return [Finding("stop", _sentence(error.read_text(encoding="utf-8")))]


def runs_of(home: Home, name: str) -> list[str]:
    """Runs of the use case that the check has looked at, the newest first."""
    return [
        run
        for run in review_figures.runs_of(home, name)
        if any((home.runs / run / "check" / left).exists() for left in (manifest.NAME, "error.txt"))
    ]


def _findings(facts: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _accuracy(facts["accuracy"], facts["min_accuracy"])
    for teacher in facts["teachers"]:
        yield from _match(teacher)
    if facts["likeliest"] is not None:
        spelt = facts["likeliest"]
        yield Finding(
            "good",
            f"Of {spelt['n']:,} answers kept token by token, {spelt['same']:,} read the same to the student.",
        )
    memory = facts["memory"]
    if memory["free_bytes"] is not None:
        yield Finding(
            "good" if memory["needed_bytes"] <= memory["free_bytes"] else "note",
            f"Training needs about {memory['needed_bytes'] / 2**30:.1f} GiB on the {memory['device']}; "
            f"{memory['free_bytes'] / 2**30:.1f} GiB were free.",
        )
    licence = facts["licence"]
    if licence["verdict"] not in ("unknown", "forbidden"):  # the remarks speak of those
        yield Finding("good", "The teacher's licence does not speak against training on its answers.")
    for remark in facts["remarks"]:
        yield Finding("note", _sentence(remark))


def _accuracy(accuracy: Mapping[str, Any] | None, floor: float | None) -> Iterator[Finding]:
    if accuracy is None or accuracy["value"] is None:
        return
    told = (
        f"It agrees with people in {accuracy['value']:.1%} of {accuracy['n']:,} records "
        f"(95% interval {accuracy['low']:.1%} to {accuracy['high']:.1%})"
    )
    if accuracy["failed"]:
        told += f"; {accuracy['failed']:,} answers could not be read and count as wrong"
    if floor is not None:
        told += f". The floor is {floor:.1%}"
    yield Finding("good", told + ".")


def _match(teacher: Mapping[str, Any]) -> Iterator[Finding]:
    """How a teacher and the student spell and end; what is not known is not said."""
    model = teacher["model"]
    if teacher["same_vocabulary"] is True:
        yield Finding("good", f"{model} cuts text into the same tokens as the student.")
    if teacher["same_vocabulary"] is False:
        how = "so only its answers can be learnt from, not its tokens"
        yield Finding("note", f"{model} cuts text into other tokens than the student, {how}.")
    if teacher["same_template"] is False:
        yield Finding("note", f"{model} reads a question in another chat format than the student.")
    if teacher["same_end"] is False:
        yield Finding("note", f"{model} ends an answer with another token than the student.")


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    return plain[:1].upper() + plain[1:] + ("" if plain.endswith((".", "?")) else ".")
