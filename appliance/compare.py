"""Finished runs side by side: the same arms and measures, each with its difference from the first run and an interval.

Where two runs have asked the same test records, they are compared record by record (McNemar's exact test with Tango's
interval, or the paired bootstrap). Where not, the interval is Newcombe's for independent fractions (Statistics in
Medicine 17, 1998, method 10), put together from the two scores' own intervals; that is coarser.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.report import charts, words
from appliance.report.blocks import Cell, Column, Document, Section, Table, figure, table
from appliance.report.study import Facts, Study, shown
from appliance.stages.context import read_rows
from distill.evaluation.paired import compare as compare_paired

_SAME_TASK = ("kind", "labels", "schema")
"""What makes answers comparable; the wording of a prompt may differ, it is what one tries out."""
METHODS = {"newcombe": "other records, Newcombe", **words.TESTS}


class CompareError(Exception):
    """One line: why these runs cannot stand side by side."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An arm of a run on a measure, against the same arm of the first run."""

    run_id: str
    arm: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    difference: float | None
    """This run less the first one; None for the first itself, and where either was not measured."""
    difference_low: float | None
    difference_high: float | None
    p: float | None
    """None where the records differ."""
    method: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `compare` found: the runs' facts, the first one being the one to hold against, and a row an arm and measure."""

    runs: tuple[Facts, ...]
    rows: tuple[Compared, ...]


def compare(run_ids: Sequence[str], home: Home) -> Comparison:
    """Raises CompareError where a run has no report, or its task, metric or reference is another."""
    if len(set(run_ids)) < 2 or len(set(run_ids)) < len(run_ids):
        raise CompareError("name at least two different runs")
    runs = [_Run(run_id, home) for run_id in run_ids]
    first, *others = runs
    for other in others:
        _refuse(first, other)
    rows: list[Compared] = []
    for run in runs:
        for score in run.facts["scores"]:
            rows.append(_against(first, run, score))
    return Comparison(tuple(run.facts for run in runs), tuple(rows))


class _Run:
    """A finished run as it is read for this."""

    def __init__(self, run_id: str, home: Home) -> None:
        folder = home.runs / run_id
        if (
            run_id not in {path.name for path in home.runs.iterdir()}
            or not (folder / "report" / "manifest.json").exists()
        ):
            raise CompareError(f"the run '{run_id}' has no report: see `stillhouse status`")
        self.run_id = run_id
        self.facts: dict[str, Any] = json.loads(
            (folder / "report" / "report.json").read_text(encoding="utf-8")
        )
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.task: Mapping[str, Any] = config["use_case"]["task"]
        self._outcomes: Path = folder / "evaluate" / "outcomes.parquet"
        self._scores: dict[str, dict[str, dict[str, float]]] | None = None

    def outcomes(self, arm: str, metric: str) -> dict[str, float]:
        """{record id: score}; empty where the measure is none of single records."""
        if self._scores is None:
            self._scores = {}
            for row in read_rows(self._outcomes):
                self._scores.setdefault(row["arm"], {})[row["record_id"]] = json.loads(row["scores"])
        found = self._scores.get(arm, {})
        return {record: float(scores[metric]) for record, scores in found.items() if metric in scores}


def _refuse(first: _Run, other: _Run) -> None:
    different = [f"task.{key}" for key in _SAME_TASK if first.task.get(key) != other.task.get(key)] or [
        name.replace("_", " ")
        for name in ("primary_metric", "reference")
        if first.facts[name] != other.facts[name]
    ]
    if different:
        raise CompareError(
            f"{first.run_id} and {other.run_id} cannot be compared: they differ in {', '.join(different)}"
        )


def _against(first: _Run, run: _Run, score: Facts) -> Compared:
    arm, metric = score["arm"], score["metric"]
    theirs: Facts = next(
        (row for row in first.facts["scores"] if (row["arm"], row["metric"]) == (arm, metric)), {}
    )

    def told(
        difference: float | None = None,
        low: float | None = None,
        high: float | None = None,
        p: float | None = None,
        method: str | None = None,
    ) -> Compared:
        own = {key: score[key] for key in ("value", "low", "high", "n")}
        return Compared(run.run_id, arm, metric, **own, difference=difference, difference_low=low,
                        difference_high=high, p=p, method=method)  # fmt: skip

    if run is first or score["value"] is None or theirs.get("value") is None:
        return told()
    mine, other = run.outcomes(arm, metric), first.outcomes(arm, metric)
    if mine and mine.keys() == other.keys() and not _whole(metric):
        found = compare_paired(
            metric, run.run_id, first.run_id, [mine[record] for record in other], list(other.values())
        )
        return told(found.difference, found.low, found.high, found.p, found.test)
    low, high = newcombe(score, theirs)
    return told(score["value"] - theirs["value"], low, high, None, "newcombe")


def _whole(metric: str) -> bool:
    """A measure of all records together, which single records do not add up to."""
    return metric == "macro_f1"


def newcombe(one: Facts, other: Facts) -> tuple[float | None, float | None]:
    """The 95% interval of `one` less `other`, two independent values with intervals of their own."""
    value, low, high = (one[key] for key in ("value", "low", "high"))
    against, least, most = (other[key] for key in ("value", "low", "high"))
    if None in (low, high, least, most):
        return None, None
    difference = value - against
    return (
        difference - math.hypot(value - low, most - against),
        difference + math.hypot(high - value, against - least),
    )


def to_json(found: Comparison) -> dict[str, Any]:
    """For scripts; names and rules as in report.json."""
    kept = (
        "run_id",
        "title",
        "created_at",
        "verdict",
        "chosen",
        "primary_metric",
        "reference",
        "cost",
        "hashes",
    )
    return {
        "compare_version": 1,
        "runs": [{key: run.get(key) for key in kept} for run in found.runs],
        "rows": [asdict(row) for row in found.rows],
    }


def compose(found: Comparison) -> Document:
    """The comparison as a document, for any of the report's writers."""
    studies = [Study(run) for run in found.runs]
    first, names = studies[0], [str(run["run_id"]) for run in found.runs]
    metric = first.metric
    others = Section(
        "measures", "The other measures", (), tuple(_rows(found, one) for one in first.metrics[1:])
    )
    return Document(
        title=words.text(found.runs[0].get("title")),
        name=words.text(found.runs[0].get("name")),
        run_id=", ".join(names),
        created=words.day(max(str(run["created_at"]) for run in found.runs)),
        verdict="Comparison",
        kicker="Comparison",
        headline=f"{words.count(len(names), 'run', 'runs')} of one task, held against {names[0]}",
        reasons=tuple(_sentence(found, study) for study in studies[1:]),
        cautions=(),
        key_figures=(),
        sections=(
            _runs(studies),
            _quality(found, studies, metric),
            *([others] if others.blocks else []),
            _costs(studies),
        ),
    )


def _sentence(found: Comparison, study: Study) -> str:
    run_id, arm = str(study.facts["run_id"]), study.best
    row = next(row for row in found.rows if (row.run_id, row.arm, row.metric) == (run_id, arm, study.metric))
    name = words.within(words.arm_name(arm))
    if row.difference is None:
        return f"{run_id}: {name}; the first run has no such arm."
    shown_difference = words.points_interval(row.difference, row.difference_low, row.difference_high)
    settled = row.difference_low is not None and (row.difference_low > 0 or (row.difference_high or 0) < 0)
    return (
        f"{run_id}: {name}, {shown_difference} points; {'more than chance' if settled else 'may be chance'}."
    )


def _runs(studies: Sequence[Study]) -> Section:
    listed = table(
        "The runs",
        ["Run", "Verdict", "Student chosen", Column("Test records"), "Teacher", "Written"],
        [
            (
                words.text(study.facts["run_id"]),
                words.VERDICTS.get(study.part("verdict")["kind"], words.NOT_RECORDED),
                words.arm_name(study.best),
                words.number(study.score(study.best, study.metric).get("n")),
                words.text((study.part("hashes").get("teacher") or "")[:12]),
                words.day(study.facts["created_at"]),
            )
            for study in studies
        ],
        note="Teacher: the first letters of its answers' hash. Where the teacher is the reference and these differ, so does "
        "what counts as right.",
    )
    return Section("runs", "The runs", (), (listed,))


def _quality(found: Comparison, studies: Sequence[Study], metric: str) -> Section:
    name = words.metric_name(metric)
    drawn = charts.dot_rows(
        "runs-quality",
        f"{name}, the student chosen in each run",
        f"{name} with 95% intervals. The table that follows has the figures.",
        [
            charts.Row(
                str(study.facts["run_id"]),
                (study.dot(study.best, metric),),
                shown(study.score(study.best, metric)),
                index == 0,
            )
            for index, study in enumerate(studies)
        ],
    )
    return Section(
        "quality",
        name,
        ("Differences are this run less the first one, in percentage points.",),
        (figure("Whiskers are 95% intervals.", [drawn]), _rows(found, metric)),
    )


def _rows(found: Comparison, metric: str) -> Table:
    rows = [row for row in found.rows if row.metric == metric]
    first = found.runs[0]["run_id"]
    return table(
        f"{words.metric_name(metric)}, arm by arm",
        ["Arm", "Run", Column("Value"), Column("n"), Column("Difference, points"), Column("p"), "By"],
        [
            (
                words.arm_name(row.arm),
                row.run_id,
                words.percent_interval(row.value, row.low, row.high),
                words.number(row.n),
                "–"
                if row.run_id == first
                else words.points_interval(row.difference, row.difference_low, row.difference_high),
                "–" if row.p is None else words.chance(row.p),
                METHODS.get(row.method or "", "–"),
            )
            for row in sorted(rows, key=lambda row: words.arm_order(row.arm))
        ],
    )


def _costs(studies: Sequence[Study]) -> Section:
    arms = sorted({row["arm"] for study in studies for row in study.rows("cost")}, key=words.arm_order)
    decimals = words.money_decimals(
        study.cost(arm).get("per_thousand_requests") for study in studies for arm in arms
    )

    def price(study: Study, arm: str) -> Cell:
        row = study.cost(arm)
        value, low, high = (row.get(f"per_thousand_{end}") for end in ("requests", "low", "high"))
        return Cell(words.money_interval(value, low, high, row.get("currency"), decimals))

    listed = table(
        "Cost of 1,000 requests",
        ["Arm", *(Column(str(study.facts["run_id"])) for study in studies)],
        [(words.arm_name(arm), *(price(study, arm) for study in studies)) for arm in arms],
        note="As each run's own price card and load test have it.",
    )
    return Section("cost", "Cost", (), (listed,))
