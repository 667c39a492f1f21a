"""The curves of a training, live or finished: read from what it writes at each step, thinned for a chart, put into words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from appliance import manifest
from appliance.home import Home
from appliance.keeping import texts
from appliance.progress import read_state
from appliance.report import words
from distill.training import Metrics

Stage = Literal["sft", "onpolicy"]
STAGES: tuple[Stage, ...] = ("sft", "onpolicy")
Point = dict[str, Any]
"""`step`, `value`, `series`."""

SUMMED: Mapping[Stage, Mapping[str, str]] = {
    "sft": {"validation_loss": "validation loss (nats a token)"},
    "onpolicy": {
        "mismatch": "mismatch (nats a token)",
        "length_mean": "answer length (tokens)",
        "kl": "divergence from the teacher (nats a token)",
    },
}
"""Of the metrics, what a finished stage's facts hold beside the loss, and beside the reward: metric -> its title there."""

_MOST_POINTS = 300
"""Of a line: more than a chart is wide in dots tells nothing more."""
_PATIENCE = 3
"""Looks at the validation examples without a better loss after which there is something to say: three tenths of a training."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of a training."""

    title: str
    unit: str
    series: tuple[tuple[str, str], ...]
    """(metric, what its line is called)."""
    about: str
    """What a good one looks like, in one sentence."""


CHARTS: Mapping[Stage, tuple[Chart, ...]] = {
    "sft": (
        Chart(
            "Loss",
            "nats a token",
            (("loss", "training"), ("validation_loss", "validation")),
            "Both should fall. Validation records are never learnt from: where their loss rises again, the student learns by heart.",
        ),
        Chart(
            "Learning rate",
            "",
            (("learning_rate", "learning rate"),),
            "It rises over the first twentieth and falls to nothing.",
        ),
        Chart(
            "Throughput",
            "tokens a second",
            (("throughput", "throughput"),),
            "Level, but for the length of the examples. A drop means that something else uses the machine.",
        ),
    ),
    "onpolicy": (
        Chart("Reward", "", (("reward", "reward"),), "What the student's own answers earn, on average over a step; it should rise."),
        Chart(
            "Divergence from the teacher",
            "nats a token",
            (("kl", "divergence"),),
            "How far the student's tokens are from the teacher's; it should fall.",
        ),
        Chart(
            "Mismatch",
            "nats a token",
            (("mismatch", "mismatch"),),
            "How far the sampler's probabilities are from the trainer's. It should stay near nothing; training stops where it does not.",
        ),
        Chart(
            "Answer length",
            "tokens",
            (("length_mean", "mean"), ("length_max", "longest")),
            "Answers that grow to their limit earn by length and not by content; training stops there.",
        ),
        Chart("Throughput", "tokens a second", (("throughput", "throughput"),), "Of the sampling of answers."),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Training:
    """What a training has told so far."""

    run_id: str
    stage: Stage
    rows: tuple[Mapping[str, Any], ...]
    """One a step, in order. Empty before the first step."""
    planned: int | None
    """Steps in all; None where nobody knows yet."""
    finished: bool
    whole: bool
    """Whether every step's figures are there. A stage that was taken over from a run that is gone has a summary only."""

    @property
    def done(self) -> int:
        return int(self.rows[-1]["step"]) if self.rows else 0

    def values(self, metric: str) -> list[tuple[int, float]]:
        """(step, value) where it was measured."""
        return [(row["step"], row[metric]) for row in self.rows if row.get(metric) is not None]


def has_begun(home: Home, run_id: str) -> bool:
    """Whether the run has come as far as its training; reads no figure."""
    return (home.runs / run_id / STAGES[0]).is_dir()


def read(home: Home, run_id: str, stage: Stage) -> Training | None:
    """The training of this stage of the run; None where it has not begun, or was left out."""
    folder = home.runs / run_id / stage
    if not folder.is_dir():
        return None
    try:
        found = manifest.read(folder)
    except manifest.DamagedError:
        found = None
    if found is not None and "left_out" in found.facts:
        return None
    rows = Metrics(folder / "metrics.jsonl").rows()
    if not rows and found is not None and found.reused_from is not None:
        rows = _of_origin(home, found, stage)
    whole = bool(rows) or found is None
    if not whole and found is not None:
        rows = _of_summary(found.facts, stage)
    state = read_state(folder)
    planned = found.facts.get("steps") if found is not None else state.total if state is not None else None
    rows = [_with_throughput(row, stage) for row in rows]
    return Training(run_id, stage, tuple(rows), planned, found is not None, whole)


def _of_origin(home: Home, taken: manifest.Manifest, stage: Stage) -> list[dict[str, Any]]:
    """The steps of the training that this one was taken over from, by way of others perhaps, where it is still there."""
    seen: set[str] = set()
    found: manifest.Manifest | None = taken
    while found is not None and found.reused_from is not None and found.reused_from not in seen:
        seen.add(found.reused_from)
        folder = home.runs / found.reused_from / stage
        rows = Metrics(folder / "metrics.jsonl").rows()
        try:
            found = manifest.read(folder)
        except manifest.DamagedError:
            return []
        if found is None or found.fingerprint != taken.fingerprint:
            return []
        if rows:
            return rows
    return []


def _of_summary(facts: Mapping[str, Any], stage: Stage) -> list[dict[str, Any]]:
    curves = {facts["curve_name"]: facts["curve"]}
    curves |= {
        metric: (facts.get("more_curves") or {}).get(title, ()) for metric, title in SUMMED[stage].items()
    }
    rows: dict[int, dict[str, Any]] = {}
    for metric, points in curves.items():
        for step, value in points:
            rows.setdefault(step, {"step": step})[metric] = value
    return [rows[step] for step in sorted(rows)]


def _with_throughput(row: dict[str, Any], stage: Stage) -> dict[str, Any]:
    if stage == "onpolicy":
        return {**row, "throughput": row.get("tokens_a_second")}
    seconds = row.get("seconds", 0.0) - row.get("seconds_validation", 0.0)
    return {**row, "throughput": row["tokens"] / seconds} if seconds > 0 and "tokens" in row else row


def charts(training: Training) -> list[Chart]:
    """Those that have something to show."""
    return [
        chart
        for chart in CHARTS[training.stage]
        if any(training.values(metric) for metric, _ in chart.series)
    ]


def points(training: Training, chart: Chart, prefix: str = "") -> list[Point]:
    """For a chart: each line thinned to means of equally many steps, `prefix` before its name."""
    found: list[Point] = []
    for metric, name in chart.series:
        values = training.values(metric)
        size = -(-len(values) // _MOST_POINTS) if values else 1
        for at in range(0, len(values), size):
            part = values[at : at + size]
            found.append(
                {"step": part[-1][0], "value": fmean(value for _, value in part), "series": prefix + name}
            )
    return found


def averaged_over(training: Training, chart: Chart) -> int:
    """Steps that one point of the longest line stands for."""
    longest = max(len(training.values(metric)) for metric, _ in chart.series)
    return max(1, -(-longest // _MOST_POINTS))


def sentence(training: Training, chart: Chart) -> str:
    """What the chart shows, for those who cannot see it: where each line began and where it is."""
    parts = []
    for metric, name in chart.series:
        values = training.values(metric)
        if values:
            start, end = values[0][1], values[-1][1]
            moved = _told(start) if len(values) == 1 else f"from {_told(start)} to {_told(end)}"
            parts.append(f"{name} {moved}" if len(chart.series) > 1 else moved)
    unit = f" {chart.unit}" if chart.unit else ""
    said = ", ".join(parts)
    return f"{said[:1].upper()}{said[1:]}{unit} in {training.done:,} step{'s'[: training.done != 1]}."


def _told(value: float) -> str:
    """Three significant digits; never an exponent, which few people read."""
    return words.significant(value, 3 if abs(value) < 100 else 1)


def advice(training: Training, settings: Mapping[str, Any]) -> list[str]:
    """What the curves say to do, one sentence each; nothing where they say nothing. `settings` is the stage's section."""
    return _of_validation(training, settings) if training.stage == "sft" else _of_answers(training, settings)


def _of_validation(training: Training, settings: Mapping[str, Any]) -> list[str]:
    looks = training.values("validation_loss")
    if len(looks) <= _PATIENCE:
        return []
    best, lowest = min(looks, key=lambda look: look[1])
    since = [step for step, _ in looks if step > best]
    if len(since) >= _PATIENCE:
        epochs, planned = settings.get("epochs"), training.planned
        fewer = (
            f" Next time about {epochs * best / planned:.2g} epochs will do." if epochs and planned else ""
        )
        return [
            f"The validation loss has not improved for {looks[-1][0] - best:,} steps: {lowest:.3g} at step {best:,}, "
            f"{looks[-1][1]:.3g} now. What follows is learnt by heart, which the leak test may notice.{fewer}"
        ]
    if training.finished and best == looks[-1][0] and lowest < 0.95 * looks[-_PATIENCE][1]:
        return ["The validation loss was still falling at the end: more epochs, or more records, may help."]
    return []


def _of_answers(training: Training, settings: Mapping[str, Any]) -> list[str]:
    said = []
    taught = [
        (row["answers_that_teach"], row["examples"])
        for row in training.rows
        if row.get("answers_that_teach") is not None and row.get("examples")
    ]
    idle = sum(not some for some, _ in taught)
    if len(taught) >= 4 and idle * 2 > len(taught):
        said.append(
            f"In {idle:,} of {len(taught):,} steps no answer taught anything: all answers to a record earned the same. "
            "Raise the temperature, or the answers a record; or leave this stage out, where they are all right already."
        )
    rewards = [value for _, value in training.values("reward")]
    third = len(rewards) // 3
    if third >= 5 and fmean(rewards[-third:]) <= fmean(rewards[third : 2 * third]):
        said.append(
            f"The reward has not risen for {2 * third:,} steps: {fmean(rewards[third : 2 * third]):.3g} on average in the "
            f"middle third, {fmean(rewards[-third:]):.3g} in the last. Further steps are not worth their time as it stands."
        )
    most, mismatch = settings.get("max_mismatch"), training.values("mismatch")
    if most and mismatch and mismatch[-1][1] > most / 2:
        said.append(
            f"The mismatch is {mismatch[-1][1]:.3g}, over half of what stops the training ({most:g}): lower the learning rate."
        )
    return said


def improvement(facts: Mapping[str, Any]) -> str | None:
    """Of a finished on-policy stage's facts: whether it helped, with the interval; None where there is nothing to tell."""
    found = facts.get("improvement")
    if not found:
        return None
    where = {"validation": "validation records", "training": "steps at each end"}[found["measured_on"]]
    moved = (
        f"The mean reward went from {found['before']:.3g} to {found['after']:.3g} on {found['n']:,} {where}"
    )
    if found["low"] is None or found["high"] is None:
        return f"{moved}: too few to tell whether that is chance."
    verdict = "it helped" if found["low"] > 0 else "it did harm" if found["high"] < 0 else "not shown to help"
    return f"{moved}; 95% interval of the difference {found['low']:+.3f} to {found['high']:+.3f}: {verdict}."


def answers(home: Home, run_id: str, last: int = 12) -> Sequence[Mapping[str, Any]]:
    """Answers that the student gave while it learnt from its own, the newest steps first. Show them to those only who may
    see text.

    Each has `step`, `record_id`, `text` and `reward` (None where it could not be judged).
    """
    path = home.runs / run_id / "onpolicy" / "samples.jsonl"
    told: dict[tuple[int, str], Mapping[str, Any]] = {}
    for line in texts.read_lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            continue  # cut by a kill, or being written
        told[row["step"], row["record_id"]] = row  # a step that was taken again says it again
    return sorted(told.values(), key=lambda row: -row["step"])[:last]
