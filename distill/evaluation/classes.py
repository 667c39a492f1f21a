"""Answers by label: precision, recall and F1 of each, what a label is taken for, and macro F1 over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distill.evaluation.bootstrap import percentiles, weights
from distill.evaluation.paired import Comparison, to_settle
from privacy.intervals import wilson


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One label in one arm's answers. Intervals are Wilson's at 95%; a share of nothing is None."""

    arm: str
    label: str
    n: int
    """Records for which it is right."""
    said: int
    """Answers with it."""
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    f1: float
    taken_for: str | None
    """The wrong label it most often got; None where it got none."""
    taken_for_n: int


def class_rows(arm: str, said: Sequence[str | None], right: Sequence[str]) -> list[ClassRow]:
    """One row for each label that is right or said, weakest recall first; None is an answer that could not be read."""
    rows = []
    pairs = Counter(zip(right, said, strict=True))
    for label in sorted({*right, *(each for each in said if each is not None)}):
        hits, n, answers = pairs[label, label], right.count(label), said.count(label)
        wrong = [
            (count, other)
            for (true, other), count in pairs.items()
            if true == label and other is not None and other != label
        ]
        taken_n, taken_for = max(wrong, default=(0, None))
        precision, recall = _share(hits, answers), _share(hits, n)
        rows.append(
            ClassRow(
                arm,
                label,
                n,
                answers,
                *precision,
                *recall,
                f1=2 * hits / (n + answers),
                taken_for=taken_for,
                taken_for_n=taken_n,
            )
        )
    return sorted(rows, key=lambda row: (row.recall is None, row.recall, -row.n, row.label))


def _share(hits: int, n: int) -> tuple[float | None, float | None, float | None]:
    """With its interval."""
    return (hits / n, *wilson(hits, n)) if n else (None, None, None)


def macro_f1(said: Sequence[str | None], right: Sequence[str]) -> float:
    """The mean F1 of the labels that are right somewhere: each counts alike, however rare.

    Of the two averages by this name it is the one of each label's F1 (Opitz and Burst 2019).
    """
    return float(_mean_f1(np.ones((1, len(right)), np.float32), *_marks(said, right))[0])


def macro_f1_draws(said: Sequence[str | None], right: Sequence[str]) -> np.ndarray:
    """[DRAWS]: macro F1 of each draw of the records, over the labels that are right somewhere in that draw.

    The percentile interval they give held the truth in 91 to 94% of 150 simulated tests (77 labels and 120 or 400 records,
    4 labels and 60, 8 and 120); a correction for bias did no better.
    """
    marks = _marks(said, right)
    return np.concatenate([_mean_f1(block, *marks) for block in weights(len(right))])


def macro_f1_interval(value: float, draws: np.ndarray, n: int) -> tuple[float, float]:
    """At 95%, from the draws of n records; Wilson's where no draw differs, since all wrong or all right leaves no spread."""
    return percentiles(draws) if np.ptp(draws) > 0 else wilson(value * n, n)


def _marks(said: Sequence[str | None], right: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """[n, labels] each: which label is right, which one was said."""
    labels = np.array(sorted(set(right)))
    truth = np.array(right)[:, None] == labels
    # A label that is right nowhere is a mistake like another: it has no F1 of its own.
    answer = np.array([each or "" for each in said])[:, None] == labels
    return truth.astype(np.float32), answer.astype(np.float32)


def _mean_f1(drawn: np.ndarray, truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """[draws, n] -> [draws]."""
    n = drawn @ truth
    f1 = 2 * (drawn @ (truth * answer)) / np.maximum(n + drawn @ answer, 1)
    there = n > 0
    return np.asarray((f1 * there).sum(axis=1) / there.sum(axis=1))


def compare_macro_f1(
    arm: str, against: str, n: int, ours: float, our_draws: np.ndarray, theirs: float, their_draws: np.ndarray
) -> Comparison:
    """The paired bootstrap of two macro F1 over the same n records; `…_draws` are those of `macro_f1_draws`."""
    differences = our_draws - their_draws
    mean, (low, high) = ours - theirs, percentiles(differences)
    p = (1 + int((np.abs(differences - mean) >= abs(mean)).sum())) / (1 + len(differences))
    needed = to_settle(mean, n * float(differences.var()), n, low, high, p)
    return Comparison("macro_f1", arm, against, "paired-bootstrap", n, mean, low, high, p, None, None, needed)
