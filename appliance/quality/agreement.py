"""What blind ratings come to: wins, ties and losses, how far raters agree, and the pairs that the judge is held against."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

from appliance.home import Home
from appliance.people.acting import Action, Actor, acting, may
from appliance.quality.rounds import Ratings, Round, ratings, ratings_of, rounds
from distill.checkpoints import write_atomically
from distill.evaluation.golden import Kappa, Rating, cohens_kappa
from distill.evaluation.judge import Part, Preference, part
from distill.evaluation.paired import mcnemar_exact

LEAST_FOR_KAPPA = 20
"""Pairs under which its interval, by drawing them anew, promises too much."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How arm a fared against arm b with one rater, or with all."""

    who: str
    n: int
    a: Part
    tie: Part
    b: Part
    p: float | None
    """Of the exact sign test, two-sided; None where nobody won."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters on the pairs that both have rated."""

    one: str
    other: str
    n: int
    share: Part
    kappa: Kappa
    """None on fewer than `LEAST_FOR_KAPPA` pairs."""


@dataclass(frozen=True, slots=True)
class Result:
    """A round, its arms told."""

    made: Round
    tallies: tuple[Tally, ...]
    """Each rater's; with several, first everybody's: what most of a pair's raters said, a pair without a majority left out."""
    split: int
    """Pairs without a majority."""
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """The file that `judge.golden` names, as it would be or was written."""

    path: Path
    rows: int
    left_out: Mapping[str, int]
    """Rated pairs that are not in it, by reason."""


def result(home: Home, actor: Actor, made: Round) -> Result | None:
    """None until somebody is through with the round; and, for whoever may rate, until they are: who knows whose answers
    they are no longer rates blindly.
    """
    told = [each for each in ratings(home, made) if each.is_through and each.preferences]
    if not told or (may(actor, Action.RATE) and not ratings_of(home, made, actor.name).is_through):
        return None
    with acting(home, actor, Action.VIEW, run=made.run_id, round=made.round_id):
        return _result(made, told)


def _result(made: Round, told: Sequence[Ratings]) -> Result:
    agreed, split = _majority(told)
    tallies = [_tally(each.rater, list(each.preferences.values())) for each in told]
    if len(told) > 1:
        tallies.insert(0, _tally("Everybody", list(agreed.values())))
    found = [_agreement(one, other) for one, other in combinations(told, 2)]
    return Result(made, tuple(tallies), split, tuple(each for each in found if each.n))


def _tally(who: str, preferences: Sequence[Preference]) -> Tally:
    counts, n = Counter(preferences), len(preferences)
    wins, losses = counts["a"], counts["b"]
    return Tally(
        who,
        n,
        part(wins, n),
        part(counts["tie"], n),
        part(losses, n),
        mcnemar_exact(wins, losses) if wins + losses else None,
    )


def _agreement(one: Ratings, other: Ratings) -> Agreement:
    both = [record for record in one.preferences if record in other.preferences]
    first, second = ([each.preferences[record] for record in both] for each in (one, other))
    same = sum(a == b for a, b in zip(first, second, strict=True))
    kappa = cohens_kappa(first, second) if len(both) >= LEAST_FOR_KAPPA else Kappa(None, None, None)
    return Agreement(one.rater, other.rater, len(both), part(same, len(both)), kappa)


def _majority(told: Sequence[Ratings]) -> tuple[dict[str, Preference], int]:
    """By record what more than half of its raters said; and how many records have no such thing."""
    votes: dict[str, list[Preference]] = {}
    for each in told:
        for record, preference in each.preferences.items():
            votes.setdefault(record, []).append(preference)
    agreed: dict[str, Preference] = {}
    for record, said in votes.items():
        preference, count = Counter(said).most_common(1)[0]
        if 2 * count > len(said):
            agreed[record] = preference
    return agreed, len(votes) - len(agreed)


# --- the judge's golden set -----------------------------------------------------------------------------------------


def golden_path(home: Home, name: str) -> Path:
    """Where the rated pairs of a use case are written; `judge.golden` names it."""
    return home.ratings / f"{name}.golden.jsonl"


def golden(home: Home, run_id: str, name: str) -> Golden:
    """What the file would hold: of every round of the run, the pairs on which most of the raters who are through agree."""
    rows, left_out = _golden_rows(home, run_id)
    return Golden(golden_path(home, name), len(rows), left_out)


def write_golden(home: Home, actor: Actor, run_id: str, name: str) -> Golden:
    """Writes it, whole or not at all, in place of what was there. Raises NotAllowed."""
    with acting(home, actor, Action.RATE, run=run_id, what="write the judge's golden set"):
        rows, left_out = _golden_rows(home, run_id)
        path = golden_path(home, name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_atomically(path, "".join(json.dumps(asdict(row)) + "\n" for row in rows))
        path.chmod(0o600)
        return Golden(path, len(rows), left_out)


def _golden_rows(home: Home, run_id: str) -> tuple[list[Rating], dict[str, int]]:
    rows: dict[tuple[str, frozenset[str]], Rating] = {}
    left_out: Counter[str] = Counter()
    for made in rounds(home, run_id):
        everybody = ratings(home, made)
        told = [each for each in everybody if each.is_through]
        unfinished = {record for each in everybody for record in each.preferences}
        agreed, split = _majority(told)
        rated = {record for each in told for record in each.preferences}
        left_out["the raters do not agree"] += split
        left_out["no rater of it is through with the round"] += len(unfinished - rated)
        for record, preference in agreed.items():
            key = (record, frozenset((made.arm_a, made.arm_b)))
            if key in rows:
                left_out["rated again in an earlier round"] += 1
                continue
            digest = next(each.digests[record] for each in told if record in each.digests)
            rows[key] = Rating(record, made.arm_a, made.arm_b, preference, digest)
    return list(rows.values()), {why: count for why, count in left_out.items() if count}
