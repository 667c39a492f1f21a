"""Where the student loses: its scores by length of the input, by answer, and by fields with few values."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distill.evaluate import Outcome, wanted
from distill.evaluation.bootstrap import mean_interval
from distill.tasks import Task
from distill.values import Example

_LEAST = 5
"""Records: under this a slice's interval says nothing."""
_MOST_VALUES = 20
_RECORDS_PER_VALUE = 10
_LONGEST_VALUE = 40
"""A field with so few, so short and so often repeated values is a closed set, and its values are no person's words."""
_PERMUTATIONS = 10_000
_SEED = 7
_LEVEL = 0.05
_MOST_WORST = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """The student on part of the held-out records, in the primary metric."""

    by: str
    """`input length`, `reference`, `reference.<field>` or `input.<field>`."""
    value: str
    n: int
    student: float
    """With its 95% interval."""
    low: float
    high: float
    teacher: float | None
    """None where the teacher is the reference."""
    teacher_low: float | None
    teacher_high: float | None
    p: float
    """That the student scores alike here and elsewhere: two-sided, by permuting the records."""
    p_holm: float
    """Corrected for the number of slices (Holm 1979)."""
    flagged: bool
    """`p_holm` is under 0.05, and the slice's interval does not touch that of all records."""
    worse: bool
    """Below the student's score over all records."""


def slices(
    parts: Mapping[tuple[str, str], Sequence[int]],
    student: Sequence[float],
    teacher: Sequence[float] | None,
) -> list[Slice]:
    """Scores in [0, 1] by record; `parts` holds the records' places by (by, value). Lowest score first."""
    kept = {name: places for name, places in parts.items() if _LEAST <= len(places) < len(student)}
    if not kept:
        return []
    ps = permutation_ps(np.array(student, dtype=float), list(kept.values()))
    whole, (whole_low, whole_high) = sum(student) / len(student), mean_interval(student)
    rows = []
    for ((by, value), places), p, corrected in zip(kept.items(), ps, holm(ps), strict=True):
        ours = [student[place] for place in places]
        theirs = [] if teacher is None else [teacher[place] for place in places]
        teacher_low, teacher_high = mean_interval(theirs) if theirs else (None, None)
        low, high = mean_interval(ours)
        mean = sum(ours) / len(ours)
        apart = high < whole_low or low > whole_high
        rows.append(
            Slice(
                by,
                value,
                len(ours),
                mean,
                low,
                high,
                sum(theirs) / len(theirs) if theirs else None,
                teacher_low,
                teacher_high,
                p,
                corrected,
                apart and corrected < _LEVEL,
                mean < whole,
            )
        )
    return sorted(rows, key=lambda row: (row.student, -row.n, row.by, row.value))


def permutation_ps(scores: np.ndarray, parts: Sequence[Sequence[int]]) -> list[float]:
    """For each part the two-sided p that its mean differs from the rest's: [n] scores, each part some of the n places.

    With right or wrong: the hypergeometric chance of a mean as far from the whole's or farther, up to the draws' chance. (Fisher's
    test of 1935 adds up what is as unlikely or more so, which differs where the counts are lopsided.)
    """
    members = np.zeros((len(scores), len(parts)), dtype=np.float32)
    for at, places in enumerate(parts):
        members[list(places), at] = 1 / len(places)
    centred = (scores - scores.mean()).astype(np.float32)
    seen = np.abs(centred @ members)
    rng = np.random.default_rng(_SEED)
    beyond = np.zeros(len(parts))
    for _ in range(_PERMUTATIONS // 500):
        shuffled = rng.permuted(np.broadcast_to(centred, (500, len(centred))), axis=1)
        # A hair's breadth: equal sums in another order differ in their last digits.
        beyond += (np.abs(shuffled @ members) >= seen - 1e-6).sum(axis=0)
    return [float(each) for each in (1 + beyond) / (1 + _PERMUTATIONS)]


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979): the least level at which each would be called a difference among all."""
    corrected = [0.0] * len(ps)
    so_far = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        so_far = max(so_far, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = so_far
    return corrected


def parts(
    task: Task, tests: Sequence[Example], answer_fields: Sequence[str]
) -> dict[tuple[str, str], list[int]]:
    """The test records' places by (by, value). `answer_fields` hold answers or references, and are no input."""
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    lengths = [len(task.settings.input.format_map(example.fields)) for example in tests]
    buckets = _quarters(lengths)
    open_fields = {name for example in tests for name in example.fields} - {*answer_fields}
    closed = [
        name for name in sorted(open_fields) if _is_closed([each.fields.get(name, "") for each in tests])
    ]
    for place, (example, bucket) in enumerate(zip(tests, buckets, strict=True)):
        found["input length", bucket].append(place)
        for by, value in _answer_parts(task, wanted(example)).items():
            found[by, value].append(place)
        for name in closed:
            found[f"input.{name}", example.fields.get(name, "")].append(place)
    return dict(found)


def _quarters(lengths: Sequence[int]) -> list[str]:
    """Each record's quarter by length, named by its span of characters; ties stay together, so there may be fewer."""
    if not lengths:
        return []
    ends = sorted({int(end) for end in np.percentile(lengths, (25, 50, 75, 100), method="inverted_cdf")})
    starts = [min(lengths), *(end + 1 for end in ends)]
    at = np.searchsorted(ends, lengths)
    return [f"{starts[each]} to {ends[each]} characters" for each in at]


def _is_closed(values: Sequence[str]) -> bool:
    counts = Counter(values)
    return (
        1 < len(counts) <= _MOST_VALUES
        and len(values) >= _RECORDS_PER_VALUE * len(counts)
        and max(map(len, counts)) <= _LONGEST_VALUE
    )


def _answer_parts(task: Task, answer: str) -> dict[str, str]:
    """The parts of a right answer that are of a closed set: the label, or the enum and boolean fields of an object."""
    settings = task.settings
    if settings.kind == "classify":
        return {"reference": answer}
    if settings.kind != "extract" or settings.json_schema is None:
        return {}
    value = task.parse(answer)
    closed = [
        name
        for name, rule in settings.json_schema["properties"].items()
        if isinstance(rule, dict) and ("enum" in rule or rule.get("type") == "boolean")
    ]
    return {f"reference.{name}": str(value[name]) for name in closed if value and name in value}


@dataclass(frozen=True, slots=True)
class Worst:
    """A record on which the student falls short of the teacher. Its text is not here."""

    record_id: str
    confidence: float | None
    """The student's probability of its whole answer, as it gave it."""
    wrong: tuple[str, ...]
    """The metrics in which it scored less than 1."""
    answer: str | None
    """What it said and what is right, where both are labels."""
    reference: str | None


def worst(
    task: Task, tests: Sequence[Example], student: Sequence[Outcome], teacher: Sequence[Outcome]
) -> list[Worst]:
    """Where the student is wrong and the teacher right (or most of the way): widest gap first, then most confident first."""
    metric, is_label = task.primary_metric, task.settings.kind == "classify"
    gaps = []
    for example, ours, theirs in zip(tests, student, teacher, strict=True):
        gap = theirs.scores[metric] - ours.scores[metric]
        if gap > 0:
            row = Worst(
                example.record_id,
                None if ours.logprob is None else math.exp(ours.logprob),
                tuple(name for name, score in ours.scores.items() if score < 1),
                ours.answer if is_label else None,
                wanted(example) if is_label else None,
            )
            gaps.append((-gap, -(row.confidence or 0.0), row.record_id, row))
    return [row for *_, row in sorted(gaps, key=lambda each: each[:3])[:_MOST_WORST]]
