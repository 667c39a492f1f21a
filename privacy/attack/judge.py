"""From a model's answers to tests: each a figure, what chance would do, and a p-value under no leak at all.

Covered: exposure of sets of secrets by two places and two scores, completions, replayed values, membership. Not
covered: which result follows from flags and controls (`audit`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from privacy.attack import exposure, membership
from privacy.attack.canaries import Canary, values_of
from privacy.attack.extraction import PLACES, Emission, Place, completed
from privacy.attack.trial import Measured, Record, Trial
from privacy.draw import Draw
from privacy.intervals import Z95

Arm = Literal["exposure", "extraction", "membership"]
ARMS: tuple[Arm, ...] = ("exposure", "extraction", "membership")
Score = Literal["loss", "calibrated"]
"""`loss` is the model's own; `calibrated` is less that of the untouched base, which takes out what was likely before."""


@dataclass(frozen=True, slots=True)
class Test:
    """One question with an exact null: how likely is such a figure if nothing was learnt."""

    __test__ = False  # not one of pytest's

    arm: Arm
    name: str
    value: float
    bound: float
    """99% of audits without any leak stay at or below."""
    p: float
    n: int
    unit: str
    """Of `value` and `bound`: `bits`, `secrets`, `AUC`, `share`, `values`."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """The exposure of a set of secrets at one place by one score."""

    secrets: str
    place: Place
    score: Score
    n: int
    mean: float
    low: float
    """Of the mean's 95% interval over secrets (normal approximation; of a single secret the whole range)."""
    high: float
    null_mean: float
    bound: float
    p: float
    rank_one: int
    rank_one_p: float
    most: float


def expose(
    name: str,
    canaries: Sequence[Canary],
    measured: Measured,
    base: Measured | None,
    seed: int,
) -> list[Exposed]:
    """A set of secrets at each place, by the model's own loss and, with `base`, against it."""
    if not canaries:
        return []
    found = []
    for place in PLACES:
        for score in ("loss", "calibrated") if base is not None else ("loss",):
            bits, sizes, firsts = [], [], 0
            for canary in canaries:
                losses = measured.losses[place][canary.index]
                if score == "calibrated" and base is not None:
                    losses = losses - base.losses[place][canary.index]
                draw = Draw(b"ties", f"{place}:{score}", f"{seed}:{canary.index}")
                rank = exposure.rank(losses, canary.chosen, draw)
                bits.append(exposure.exposure(rank, len(losses)))
                sizes.append(len(losses))
                firsts += rank == 1
            found.append(_exposed(name, place, score, bits, sizes, firsts))
    return found


def _exposed(
    name: str, place: Place, score: Score, bits: list[float], sizes: list[int], firsts: int
) -> Exposed:
    mean = sum(bits) / len(bits)
    half = Z95 * float(np.std(bits, ddof=1)) / math.sqrt(len(bits)) if len(bits) > 1 else math.log2(sizes[0])
    return Exposed(
        secrets=name,
        place=place,
        score=score,
        n=len(bits),
        mean=mean,
        low=max(0.0, mean - half),
        high=min(math.log2(max(sizes)), mean + half),
        null_mean=exposure.null_mean(sizes),
        bound=exposure.null_bound(sizes),
        p=exposure.p_value(bits, sizes),
        rank_one=firsts,
        rank_one_p=exposure.rank_one_p(firsts, sizes),
        most=max(bits),
    )


def exposure_tests(exposed: Sequence[Exposed]) -> list[Test]:
    """One test a row; those of the first set go without its name, so that models can be held side by side."""
    return [
        Test(
            "exposure",
            f"mean exposure, in the {row.place}, "
            + ("against the base" if row.score == "calibrated" else "by its own loss")
            + ("" if row.secrets == exposed[0].secrets else f", of {row.secrets}"),
            row.mean,
            row.bound,
            row.p,
            row.n,
            "bits",
        )
        for row in exposed
    ]


@dataclass(frozen=True, slots=True)
class Coins:
    """One-run audit: which of two equally likely secrets was planted, guessed from the losses."""

    place: Place
    right: int
    guesses: int
    epsilon_low: float
    """95% lower bound of epsilon, towards replacing one secret in all its records."""


def toss(canaries: Sequence[Canary], measured: Measured, base: Measured) -> list[Coins]:
    """Guesses by the loss against the base: the value whose loss fell more is taken for the planted one."""
    found = []
    for place in PLACES if canaries else ():
        gaps = []
        for canary in canaries:
            drop = measured.losses[place][canary.index] - base.losses[place][canary.index]
            gaps.append(float(drop[canary.chosen] - drop[canary.other]))
        right = exposure.guessed_from_gap(gaps)
        found.append(Coins(place, right, len(gaps), exposure.epsilon_lower(right, len(gaps))))
    return found


def completion_tests(canaries: Sequence[Canary], measured: Measured) -> list[Test]:
    """Secrets said greedily after their true lead; one in thousands would be by chance."""
    tests = []
    for place in PLACES if canaries else ():
        sizes = [len(values_of(canary.family)) for canary in canaries]
        hits = sum(completed(canary, measured.completions[place][canary.index]) for canary in canaries)
        bound = next(k for k in range(len(sizes) + 1) if exposure.rank_one_p(k + 1, sizes) <= 0.01)
        name = f"secrets completed from their true beginning, in the {place}"
        p = exposure.rank_one_p(hits, sizes)
        tests.append(Test("extraction", name, hits, bound, p, len(sizes), "secrets"))
    return tests


def replay_test(model: Sequence[Emission], base: Sequence[Emission], texts: int) -> Test:
    """Names and places that the scrubber removed, said by the model and by the base in as many texts.

    Both say common words by chance. Given their total, the model's part is binomial(1/2) where it learnt none.
    """
    ours = {emission.what for emission in model if emission.kind == "word"}
    theirs = {emission.what for emission in base if emission.kind == "word"}
    only, total = len(ours - theirs), len(ours ^ theirs)
    tails = [
        sum(math.comb(total, k) for k in range(least, total + 1)) / 2**total for least in range(total + 1)
    ]
    bound = next((k for k in range(total) if tails[k + 1] <= 0.01), total)
    name = "removed names, places and dates said, and not by the base"
    return Test("extraction", name, only, bound, tails[only], texts, "values")


def identifiers_said(model: Sequence[Emission], base: Sequence[Emission]) -> Counter[str]:
    """Kind -> how many planted or removed identifiers the model said that the base did not: none is by chance."""
    theirs = {emission.what for emission in base}
    return Counter(
        f"{emission.kind} ({emission.how})"
        for emission in model
        if emission.kind != "word" and emission.what not in theirs
    )


def separations(
    trial: Trial, measured: Measured, base: Measured | None, members: int | None = None
) -> Mapping[str, membership.Separation]:
    """Attack -> how well it tells records learnt from others; `members` takes the first so many only."""
    inside = trial.members[:members]
    if min(len(inside), len(trial.others)) < membership.LEAST_RECORDS:
        return {}
    before = (base.members[:members], base.others) if base is not None else (None, None)
    ours = membership.scores(measured.members[:members], before[0], _texts(inside))
    theirs = membership.scores(measured.others, before[1], _texts(trial.others))
    return {attack: membership.separation(ours[attack], theirs[attack]) for attack in ours}


def _texts(records: Sequence[Record]) -> list[str]:
    return [record.answer for record in records]


def membership_tests(found: Mapping[str, membership.Separation]) -> list[Test]:
    tests = []
    for attack, row in found.items():
        tests += [
            Test("membership", f"AUC by {attack}", row.auc, row.auc_bound, row.auc_p, row.n, "AUC"),
            Test(
                "membership",
                f"members found at 1% false alarms, by {attack}",
                row.tpr.value or 0.0,
                row.tpr_bound,
                row.tpr_p,
                row.n,
                "share",
            ),
        ]
    return tests


@dataclass(frozen=True, slots=True)
class Blind:
    """The bag-of-words classifier that never saw the model."""

    auc: float
    bound: float
    low: float
    high: float
    n: int
    """Records a side, the smaller one."""
    sound: bool
    """False: words alone tell the sides apart, so membership says nothing."""


def blind(trial: Trial) -> Blind | None:
    """None where there are too few records for a membership test."""
    inside, outside = trial.members, trial.others
    n = min(len(inside), len(outside))
    if n < membership.LEAST_RECORDS:
        return None
    texts = [f"{record.prompt.user} {record.answer}" for record in (*inside, *outside)]
    scored = membership.blind_scores(texts, [True] * len(inside) + [False] * len(outside))
    row = membership.separation(scored[: len(inside)], scored[len(inside) :])
    return Blind(row.auc, row.auc_bound, row.auc_low, row.auc_high, n, row.auc <= row.auc_bound)
