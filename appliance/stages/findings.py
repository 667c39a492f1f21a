"""What the arms' outcomes tell beyond their scores, as facts: comparisons, classes, calibration, the cascade, slices, evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from appliance.cost import DecideSettings
from distill.evaluate import ARMS, UNTRAINED_ARMS, Outcome, summed, teacher_is_reference, wanted
from distill.evaluation.calibration import Platt, fit_platt, reliability
from distill.evaluation.cascade import CURVE_STEPS, Answered, goes_to_teacher, level, pick, thresholds
from distill.evaluation.classes import (
    class_rows,
    compare_macro_f1,
    macro_f1,
    macro_f1_draws,
    macro_f1_interval,
)
from distill.evaluation.evidence import margin
from distill.evaluation.paired import Comparison, compare
from distill.evaluation.slices import parts, slices, worst
from distill.tasks import Task
from distill.values import Example, Score


@dataclass(frozen=True, slots=True)
class Measured:
    """What all figures below are made of."""

    task: Task
    tests: Sequence[Example]
    arms: Mapping[str, Sequence[Outcome]]
    """By arm, in the order of `tests`; the teacher is always among them."""
    chosen: str
    """The student to release."""
    validation: Sequence[Outcome]
    """The chosen student's answers to the validation records, and the teacher's; both empty where there are none."""
    teacher_validation: Sequence[Outcome]

    @property
    def by_definition(self) -> bool:
        """Whether the teacher's answers are the reference: it is then right without having been measured."""
        return teacher_is_reference(self.tests)

    def values(self, arm: str, metric: str | None = None) -> list[float]:
        return [outcome.scores[metric or self.task.primary_metric] for outcome in self.arms[arm]]


def find(
    measured: Measured, decide: DecideSettings, answer_fields: Sequence[str]
) -> tuple[list[Score], dict[str, Any]]:
    """The scores that are no mean over records or come from the cascade, and the facts by name."""
    calibration, platt = _calibrate(measured)
    cascade, outcomes = _cascade(measured, platt, decide.min_quality_ratio)
    scores: list[Score] = []
    if outcomes:
        note = None
        if measured.by_definition:
            share = cascade["test"]["share"]
            note = f"the teacher answered {share:.0%} of the records, and its answers are the reference: right by definition there"
        scores += [replace(score, note=note) for score in summed(measured.task, "cascade", outcomes)]
        measured = replace(measured, arms={**measured.arms, "cascade": outcomes})
    macro, draws = _macro_f1(measured)
    return scores + macro, {
        "paired": [asdict(row) for row in _comparisons(measured, draws)],
        "classes": _classes(measured),
        "calibration": calibration,
        "cascade": cascade or None,
        "slices": _slices(measured, answer_fields),
        "worst": [
            asdict(row)
            for row in worst(
                measured.task, measured.tests, measured.arms[measured.chosen], measured.arms["teacher"]
            )
        ],
        "evidence": _evidence(measured, decide),
    }


def _compared_arms(measured: Measured) -> list[str]:
    """In the order of neighbours; a teacher that is the reference is compared with nobody."""
    return [arm for arm in ARMS if arm in measured.arms and not (arm == "teacher" and measured.by_definition)]


def _comparisons(measured: Measured, draws: Mapping[str, tuple[float, Any]]) -> list[Comparison]:
    if not measured.tests:
        return []
    order, chosen = _compared_arms(measured), measured.chosen
    pairs = [(arm, before) for before, arm in pairwise(order)]
    pairs += [
        (chosen, other)
        for other in order
        if other != chosen and not {(chosen, other), (other, chosen)} & {*pairs}
    ]
    metrics = [
        metric
        for metric in measured.arms[chosen][0].scores
        if not metric.startswith(("field:", "field_exact:"))
    ]
    rows = [
        compare(metric, arm, against, measured.values(arm, metric), measured.values(against, metric))
        for arm, against in pairs
        for metric in metrics
    ]
    if draws:
        n = len(measured.tests)
        rows += [compare_macro_f1(arm, against, n, *draws[arm], *draws[against]) for arm, against in pairs]
    return rows


def _macro_f1(measured: Measured) -> tuple[list[Score], dict[str, tuple[float, Any]]]:
    """The score of each arm; and its value with that of each draw, for comparisons. Empty where answers are no labels."""
    if measured.task.settings.kind != "classify" or not measured.tests:
        return [], {}
    right = [wanted(example) for example in measured.tests]
    scores: list[Score] = []
    found: dict[str, tuple[float, Any]] = {}
    for arm in _compared_arms(measured):
        outcomes = measured.arms[arm]
        said = [outcome.answer for outcome in outcomes]
        found[arm] = macro_f1(said, right), macro_f1_draws(said, right)
        failed = sum(outcome.failed for outcome in outcomes)
        value, draws = found[arm]
        interval = macro_f1_interval(value, draws, len(right))
        scores.append(Score(arm, "macro_f1", value, *interval, len(right), failed))
    return scores, found


def _classes(measured: Measured) -> list[dict[str, Any]]:
    """Of the chosen student and its two neighbours: the best untrained arm, and the teacher where it was measured."""
    if measured.task.settings.kind != "classify" or not measured.tests:
        return []
    untrained = [arm for arm in UNTRAINED_ARMS if arm in measured.arms]
    best = max(untrained, key=lambda arm: sum(measured.values(arm)))
    right = [wanted(example) for example in measured.tests]
    shown = [measured.chosen, best, *([] if measured.by_definition else ["teacher"])]
    return [
        asdict(row)
        for arm in shown
        for row in class_rows(arm, [outcome.answer for outcome in measured.arms[arm]], right)
    ]


def _sure(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, float]]:
    """Answers that were read and came with their log-probability."""
    return [(each, each.logprob) for each in outcomes if not each.failed and each.logprob is not None]


def _calibrate(measured: Measured) -> tuple[dict[str, Any] | None, Platt | None]:
    """The correction, fitted on validation, and the reliability on test without it and with it."""
    metric = measured.task.primary_metric
    learnt, seen = _sure(measured.validation), _sure(measured.arms[measured.chosen])
    if not learnt or not seen:
        return None, None
    platt = fit_platt([logprob for _, logprob in learnt], [each.scores[metric] for each, _ in learnt])
    scores = [each.scores[metric] for each, _ in seen]
    raw = Platt(1.0, 0.0, 0)
    return {
        "arm": measured.chosen,
        "n_validation": platt.n,
        "n": len(seen),
        "slope": platt.slope,
        "intercept": platt.intercept,
        "raw": asdict(reliability([raw.chance(logprob) for _, logprob in seen], scores)),
        "calibrated": asdict(reliability([platt.chance(logprob) for _, logprob in seen], scores)),
    }, platt


def _answered(
    metric: str, student: Sequence[Outcome], teacher: Sequence[Outcome], platt: Platt
) -> list[Answered]:
    return [
        Answered(
            0.0 if ours.failed or ours.logprob is None else platt.chance(ours.logprob),
            ours.scores[metric],
            theirs.scores[metric],
        )
        for ours, theirs in zip(student, teacher, strict=True)
    ]


def _cascade(measured: Measured, platt: Platt | None, ratio: float) -> tuple[dict[str, Any], list[Outcome]]:
    """The threshold picked on validation, what it does on test, and the curve of both; the cascade's outcomes on test."""
    if platt is None:
        return {}, []
    metric, student, teacher = (
        measured.task.primary_metric,
        measured.arms[measured.chosen],
        measured.arms["teacher"],
    )
    validation = _answered(metric, measured.validation, measured.teacher_validation, platt)
    tests = _answered(metric, student, teacher, platt)
    picked = pick(validation, ratio)
    outcomes = [
        replace(
            theirs if goes_to_teacher(each.chance, picked.threshold) else ours, arm="cascade", logprob=None
        )
        for each, ours, theirs in zip(tests, student, teacher, strict=True)
    ]
    return {
        "arm": measured.chosen,
        "against": "teacher",
        "target_ratio": ratio,
        "teacher_by_definition": measured.by_definition,
        "threshold": picked.threshold,
        "logprob_threshold": platt.logprob_at(picked.threshold),
        "picked_by": picked.by,
        "validation": asdict(level(validation, picked.threshold, ratio)),
        "test": asdict(level(tests, picked.threshold, ratio)),
        "curve": [
            {
                "threshold": threshold,
                "validation": asdict(level(validation, threshold, ratio)),
                "test": asdict(level(tests, threshold, ratio)),
            }
            for threshold in thresholds(validation, CURVE_STEPS)
        ],
    }, outcomes


def _slices(measured: Measured, answer_fields: Sequence[str]) -> list[dict[str, Any]]:
    teacher = None if measured.by_definition else measured.values("teacher")
    places = parts(measured.task, measured.tests, answer_fields)
    return [asdict(row) for row in slices(places, measured.values(measured.chosen), teacher)]


def _evidence(measured: Measured, decide: DecideSettings) -> dict[str, Any]:
    """Whether each arm is surely over the bar, and how many records would tell."""
    n, ratio = len(measured.tests), decide.min_quality_ratio
    teacher = measured.values("teacher")
    arms = [arm for arm in ARMS if arm in measured.arms and arm != "teacher"] if n else []
    margins = [margin(arm, measured.values(arm), teacher, ratio) for arm in arms]
    return {
        "n": n,
        "least": decide.min_test_records,
        "enough": n >= decide.min_test_records,
        "ratio": ratio,
        "bar": ratio * sum(teacher) / n if n else None,
        "arms": [asdict(each) | {"meets": each.meets} for each in margins],
    }
