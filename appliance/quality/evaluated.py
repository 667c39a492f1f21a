"""An evaluated run as it is looked at: its facts, and every arm's scores record by record, without any text."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.home import Home
from appliance.keeping import texts
from appliance.report import words
from appliance.stages.context import read_rows
from distill.evaluation.calibration import Platt
from distill.evaluation.cascade import goes_to_teacher

CASCADE = "cascade"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A run whose evaluate stage is done."""

    run_id: str
    folder: Path
    title: str
    use_case: Mapping[str, Any] = field(repr=False)
    """As config.json has it."""
    facts: Mapping[str, Any] = field(repr=False)
    """Of the evaluate stage's manifest."""
    costs: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """By arm, as report.json has it; {} until there is a report."""

    @property
    def chosen(self) -> str:
        return str(self.facts["chosen"])

    @property
    def metric(self) -> str:
        return str(self.facts["primary_metric"])

    @property
    def is_refresh(self) -> bool:
        """A refresh compares two students on several sets of records, and has no arms."""
        return "scores" not in self.facts


@dataclass(frozen=True, slots=True)
class Scored:
    """One arm's answer to one test record."""

    failed: bool
    """No answer, cut off, or unreadable."""
    scores: Mapping[str, float]
    passed_on: bool = False
    """The cascade alone: the teacher answered."""


Outcomes = Mapping[str, Mapping[str, Scored]]
"""By arm and record id, in the order of the test records."""


def run_folder(home: Home, run_id: str) -> Path | None:
    """The folder of a run; None for anything that is not the name of one: an address may hold anything."""
    if run_id in ("", ".", "..") or "/" in run_id:
        return None
    folder = home.runs / run_id
    return folder if os.path.isdir(folder) else None  # which takes any name; Path.is_dir raises for some


def evaluated(home: Home, run_id: str) -> Evaluated | None:
    """None where there is no such run, or it has not come so far. Raises DamagedError."""
    folder = run_folder(home, run_id)
    found = None if folder is None else manifest.read(folder / "evaluate")
    if folder is None or found is None:
        return None
    use_case = json.loads((folder / "config.json").read_text(encoding="utf-8"))["use_case"]
    report = folder / "report" / "report.json"
    costs = json.loads(report.read_text(encoding="utf-8"))["cost"] if report.exists() else []
    return Evaluated(
        run_id,
        folder,
        use_case["title"] or use_case["name"],
        use_case,
        found.facts,
        {row["arm"]: row for row in costs},
    )


def arms_of(found: Evaluated) -> list[str]:
    """Those that were scored, from least to most help."""
    return sorted({row["arm"] for row in found.facts["scores"]}, key=words.arm_order)


def outcomes(found: Evaluated) -> Outcomes:
    """Every arm's scores by record; the cascade's are put together as the evaluation did."""
    path = found.folder / "evaluate" / "outcomes.parquet"
    return _outcomes(path, path.stat().st_mtime_ns, _threshold(found), found.chosen)


@functools.lru_cache(maxsize=4)
def _outcomes(path: Path, _written: int, threshold: tuple[float, Platt] | None, chosen: str) -> Outcomes:
    arms: dict[str, dict[str, Scored]] = {}
    for row in read_rows(path):
        scored = Scored(row["failed"], json.loads(row["scores"]))
        arms.setdefault(row["arm"], {})[row["record_id"]] = scored
    if threshold is not None:
        arms[CASCADE] = dict(_cascade(path.parent / "answers", arms, *threshold, chosen))
    return arms


def _threshold(found: Evaluated) -> tuple[float, Platt] | None:
    cascade, calibration = found.facts.get("cascade"), found.facts.get("calibration")
    if not cascade or not calibration:
        return None
    return cascade["threshold"], Platt(
        *(calibration[name] for name in ("slope", "intercept", "n_validation"))
    )


def _cascade(
    answers: Path, arms: Outcomes, threshold: float, platt: Platt, chosen: str
) -> Iterator[tuple[str, Scored]]:
    sure = {line["record_id"]: line.get("logprob") for line in lines(answers / f"{chosen}-test.jsonl")}
    for record_id, ours in arms[chosen].items():
        logprob = sure.get(record_id)
        chance = 0.0 if ours.failed or logprob is None else platt.chance(logprob)
        theirs = arms[words.TEACHER][record_id]
        asks = goes_to_teacher(chance, threshold)
        yield record_id, Scored(theirs.failed, theirs.scores, True) if asks else ours


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The answers in a completions file, one at a time; a line cut by a kill ends it."""
    for line in texts.read_lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            return
        yield row
