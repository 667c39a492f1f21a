"""Blind ratings: arms hidden until the end, nothing lost or counted twice, and a file that the judge is held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.audit.check import verify
from appliance.home import Home
from appliance.people.acting import Actor, NotAllowed, Role
from appliance.quality.agreement import golden, result, write_golden
from appliance.quality.evaluated import Evaluated, evaluated
from appliance.quality.rounds import (
    Blind,
    Choice,
    RatingError,
    Round,
    end,
    next_pair,
    rate,
    ratings_of,
    rounds,
    start,
    take_back,
)
from distill.evaluation.golden import read_golden
from tests.appliance.evaluated_run import RUN, make_run

NUM = 27
RIGHT = [f"the answer to letter {place}" for place in range(NUM)]
OURS = [*(f"ours {place}" for place in range(NUM - 3)), "alike", "alike", None]
THEIRS = [*(f"theirs {place}" for place in range(NUM - 3)), "alike", "alike", "theirs"]
RATED = NUM - 3
"""Pairs that differ: the last three are alike, or lack an answer."""
OLGA = Actor("olga", frozenset({Role.OPERATOR}), "console")
PAUL = Actor("paul", frozenset({Role.PRIVACY_OFFICER}), "console")
VERA = Actor("vera", frozenset({Role.VIEWER}), "console")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "home"))
    return Home.open()


@pytest.fixture
def found(home: Home) -> Evaluated:
    make_run(home, {"onpolicy": OURS, "untuned": THEIRS, "teacher": RIGHT}, RIGHT, kind="generate")
    run = evaluated(home, RUN)
    assert run is not None
    return run


@pytest.fixture
def made(home: Home, found: Evaluated) -> Round:
    return start(home, OLGA, found, "onpolicy", "untuned", 50)


def say(home: Home, actor: Actor, found: Evaluated, made: Round, times: int, wanted: str) -> None:
    """Rates so many pairs: `wanted` is how the better answer begins, or "tie"."""
    for _ in range(times):
        pair = next_pair(home, actor, found, made)
        assert isinstance(pair, Blind)
        choice: Choice = "tie"
        if wanted != "tie":
            choice = "first" if pair.first.startswith(wanted) else "second"
        rate(home, actor, found, made, pair.record_id, choice)


def test_pairs_that_are_alike_or_lack_an_answer_are_not_rated(made: Round) -> None:
    assert len(made.records) == RATED and made.same == NUM - RATED


def test_a_preference_is_kept_for_the_arm_and_not_for_the_place(
    home: Home, found: Evaluated, made: Round
) -> None:
    say(home, OLGA, found, made, RATED, "ours")
    assert set(ratings_of(home, made, "olga").preferences.values()) == {"a"}


def test_the_order_differs_between_raters_and_stays_when_the_page_is_drawn_again(
    home: Home, found: Evaluated
) -> None:
    """Over twenty-four rounds chance alone leaves no rater who always sees the same arm first."""
    seen: set[tuple[str, bool]] = set()
    for _ in range(24):
        made = start(home, OLGA, found, "onpolicy", "untuned", 1)
        for rater in (OLGA, PAUL):
            pair = next_pair(home, rater, found, made)
            assert pair is not None and pair == next_pair(home, rater, found, made)
            seen.add((rater.name, pair.first.startswith("ours")))
    assert len(seen) == 4


def test_nothing_that_a_rater_sees_names_an_arm(home: Home, found: Evaluated, made: Round) -> None:
    pair = next_pair(home, OLGA, found, made)
    assert pair is not None
    assert not {"onpolicy", "untuned"} & {
        str(getattr(pair, name)) for name in ("record_id", "asked", "first", "second")
    }
    assert result(home, OLGA, made) is None and result(home, VERA, made) is None


def test_a_double_click_counts_once(home: Home, found: Evaluated, made: Round) -> None:
    pair = next_pair(home, OLGA, found, made)
    assert pair is not None
    rate(home, OLGA, found, made, pair.record_id, "first")
    before = ratings_of(home, made, "olga")
    rate(home, OLGA, found, made, pair.record_id, "second")
    assert ratings_of(home, made, "olga") == before


def test_the_last_rating_can_be_taken_back_and_the_file_keeps_both(
    home: Home, found: Evaluated, made: Round
) -> None:
    say(home, OLGA, found, made, 2, "ours")
    undone = list(ratings_of(home, made, "olga").preferences)[-1]
    take_back(home, OLGA, made)
    assert len(ratings_of(home, made, "olga").preferences) == 1
    pair = next_pair(home, OLGA, found, made)
    assert pair is not None and (pair.record_id, pair.number) == (undone, 2)
    assert len(next(home.ratings.rglob("olga.jsonl")).read_text().splitlines()) == 3


def test_a_line_that_a_kill_has_cut_costs_that_rating_alone(
    home: Home, found: Evaluated, made: Round
) -> None:
    say(home, OLGA, found, made, 3, "ours")
    path = next(home.ratings.rglob("olga.jsonl"))
    path.write_bytes(path.read_bytes()[:-20])
    assert len(ratings_of(home, made, "olga").preferences) == 2
    say(home, OLGA, found, made, 1, "ours")
    assert len(ratings_of(home, made, "olga").preferences) == 3


def test_the_arms_are_told_to_a_rater_who_is_through_and_to_nobody_who_still_rates(
    home: Home, found: Evaluated, made: Round
) -> None:
    say(home, OLGA, found, made, RATED, "ours")
    say(home, PAUL, found, made, 1, "theirs")
    told = result(home, OLGA, made)
    assert told is not None and next_pair(home, OLGA, found, made) is None
    (tally,) = told.tallies
    assert (tally.n, tally.a.count, tally.b.count, tally.p) == (RATED, RATED, 0, pytest.approx(2 / 2**RATED))
    assert result(home, PAUL, made) is None
    assert result(home, VERA, made) is not None, "who may not rate cannot rate less blindly for it"


def test_whoever_ends_early_is_told_and_rates_no_more(home: Home, found: Evaluated, made: Round) -> None:
    with pytest.raises(RatingError, match="nobody has rated"):
        end(home, PAUL, made)
    say(home, PAUL, found, made, 2, "tie")
    end(home, PAUL, made)
    rate(home, PAUL, found, made, made.records[-1], "first")
    told = result(home, PAUL, made)
    assert told is not None and told.tallies[0].n == told.tallies[0].tie.count == 2
    assert told.tallies[0].p is None


def test_two_raters_are_held_against_each_other(home: Home, found: Evaluated, made: Round) -> None:
    say(home, OLGA, found, made, RATED, "ours")
    say(home, PAUL, found, made, 6, "ours")
    say(home, PAUL, found, made, RATED - 6, "theirs")
    told = result(home, PAUL, made)
    assert told is not None
    (agreement,) = told.agreements
    assert (agreement.n, agreement.share.count) == (RATED, 6)
    assert agreement.share.low is not None and agreement.share.low < 6 / RATED
    assert agreement.kappa.value == pytest.approx(0.0)
    everybody = told.tallies[0]
    assert (everybody.who, everybody.n, told.split) == ("Everybody", 6, RATED - 6)


def test_a_few_pairs_tell_no_kappa(home: Home, found: Evaluated, made: Round) -> None:
    for rater in (OLGA, PAUL):
        say(home, rater, found, made, 4, "ours")
        end(home, rater, made)
    told = result(home, PAUL, made)
    assert told is not None
    assert (told.agreements[0].n, told.agreements[0].share.count, told.agreements[0].kappa.value) == (
        4,
        4,
        None,
    )


def test_the_golden_file_is_one_that_the_judge_reads(home: Home, found: Evaluated, made: Round) -> None:
    say(home, OLGA, found, made, RATED, "ours")
    say(home, PAUL, found, made, 2, "theirs")
    assert golden(home, RUN, "letters").rows == RATED, "paul is not through and does not count yet"
    end(home, PAUL, made)
    written = write_golden(home, OLGA, RUN, "letters")
    assert written.rows == RATED - 2 and written.left_out == {"the raters do not agree": 2}
    rows = read_golden(written.path)
    assert len(rows) == RATED - 2
    assert {(row.arm_a, row.arm_b, row.preference) for row in rows} == {("onpolicy", "untuned", "a")}
    assert all(row.answers for row in rows), "so that a student trained anew voids them"
    assert not any(word in written.path.read_text() for word in ("ours", "theirs", "letter "))


def test_unfinished_ratings_are_counted_as_left_out(home: Home, found: Evaluated, made: Round) -> None:
    say(home, OLGA, found, made, 2, "ours")
    told = golden(home, RUN, "letters")
    assert (told.rows, told.left_out) == (0, {"no rater of it is through with the round": 2})


def test_who_may_not_rate_is_refused_and_nothing_is_written(home: Home, found: Evaluated) -> None:
    with pytest.raises(NotAllowed, match="vera may not rate"):
        start(home, VERA, found, "onpolicy", "untuned", 5)
    assert not rounds(home, RUN)


def test_a_round_needs_two_arms_that_said_different_things(home: Home, found: Evaluated) -> None:
    with pytest.raises(RatingError, match="two different arms"):
        start(home, OLGA, found, "onpolicy", "onpolicy", 5)
    with pytest.raises(RatingError, match="two different arms"):
        start(home, OLGA, found, "onpolicy", "a stranger", 5)
    with pytest.raises(RatingError, match="1 to 500"):
        start(home, OLGA, found, "onpolicy", "untuned", 0)


def test_ratings_are_audited_without_a_word_of_text(home: Home, found: Evaluated, made: Round) -> None:
    say(home, OLGA, found, made, 1, "ours")
    log = (home.root / "audit.jsonl").read_text()
    assert '"rate"' in log and made.round_id in log
    assert "ours" not in log and "letter " not in log
    assert verify(home).problem is None


@pytest.mark.parametrize("run_id", ["../../elsewhere", "..", "a/b"])
def test_a_name_that_is_a_path_leads_nowhere(home: Home, run_id: str) -> None:
    assert rounds(home, run_id) == []
