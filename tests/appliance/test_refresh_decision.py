"""The rule by which a refreshed student takes the last one's place: it sees what it should see, and no more."""

from __future__ import annotations

from random import Random

import pytest

from appliance.stages.refresh_decision import decide, least_records, paired


def scores(same: int, won: int, lost: int) -> tuple[list[float], list[float]]:
    """Of the last and the refreshed student: `same` records answered alike."""
    return [1.0] * same + [0.0] * won + [1.0] * lost, [1.0] * same + [1.0] * won + [0.0] * lost


def test_the_difference_is_that_of_the_means_and_wins_and_losses_are_counted() -> None:
    found = paired(*scores(same=80, won=15, lost=5))
    assert (found.n, found.won, found.lost, found.value) == (100, 15, 5, pytest.approx(0.10))
    assert found.low < 0.10 < found.high
    swapped = paired(*scores(same=80, won=5, lost=15))
    assert (swapped.low, swapped.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_the_interval_is_that_of_agresti_and_min() -> None:
    """Worked by hand for 5 wins and 15 losses in 100: mean -10 / 102, variance 21 / 102 - mean^2."""
    found = paired(*scores(80, 5, 15))
    half = 1.959963984540054 * ((21 / 102 - (10 / 102) ** 2) / 102) ** 0.5
    assert (found.low, found.high) == (pytest.approx(-10 / 102 - half), pytest.approx(-10 / 102 + half))


def test_answers_that_differ_on_the_same_records_tell_more_than_two_shares_apart() -> None:
    """10 losses and no win of 200 is seen, which two separate samples of 95% and 90% would not show."""
    assert paired(*scores(190, 0, 10)).high < 0


def test_students_that_never_differed_are_not_called_equal_on_few_records() -> None:
    assert paired(*scores(5, 0, 0)).low < -0.2
    assert paired([], []).value is None


@pytest.mark.parametrize(
    ("won", "lost", "n"), [(0.1, 0.1, 60), (0.02, 0.02, 100), (0.15, 0.05, 40), (0.0, 0.05, 300)]
)
def test_the_interval_holds_the_true_difference_in_about_95_of_100_samples(
    won: float, lost: float, n: int
) -> None:
    chance, held, trials = Random(5), 0, 2000
    for _ in range(trials):
        draws = [chance.random() for _ in range(n)]
        refreshed = [1.0 if draw < won else 0.0 if draw < won + lost else 0.5 for draw in draws]
        # Half points where nothing differs: the same difference, whatever the two scored.
        last = [0.0 if draw < won else 1.0 if draw < won + lost else 0.5 for draw in draws]
        found = paired(last, refreshed)
        held += found.low <= won - lost <= found.high
    assert held / trials > 0.93


def test_the_least_number_of_records_is_the_first_that_can_rule_the_loss_out() -> None:
    for max_loss in (0.02, 0.05, 0.1, 0.3):
        least = least_records(max_loss)
        assert paired(*scores(least, 0, 0)).low > -max_loss
        assert least == 1 or paired(*scores(least - 1, 0, 0)).low <= -max_loss


BETTER, EQUAL, WORSE, FEW = scores(80, 15, 5), scores(380, 10, 10), scores(80, 2, 18), scores(12, 1, 0)


@pytest.mark.parametrize(
    ("old", "new", "verdict", "told"),
    [
        (EQUAL, BETTER, "promoted", "not worse on the old records: +0.0 points"),
        (WORSE, BETTER, "worse", "worse on the old records: -16.0 points"),
        (EQUAL, WORSE, "worse", "worse on the new records: -16.0 points"),
        (EQUAL, FEW, "not-enough-evidence", "a loss of 10% on the new records is not ruled out: +7.7 points"),
        (FEW, BETTER, "not-enough-evidence", "a loss of 10% on the old records is not ruled out"),
        (WORSE, FEW, "worse", "worse on the old records"),
        (EQUAL, ([], []), "not-enough-evidence", "no record"),
    ],
)
def test_the_refreshed_student_is_promoted_only_without_regression_on_either_set(
    old: tuple[list[float], list[float]], new: tuple[list[float], list[float]], verdict: str, told: str
) -> None:
    decision = decide({"old records": paired(*old), "new records": paired(*new)}, 0.1)
    assert decision.verdict == verdict and decision.promoted == (verdict == "promoted")
    assert told in " ".join(decision.reasons)


def test_a_stricter_bar_asks_for_more_evidence() -> None:
    sets = {"old": paired(*EQUAL), "new": paired(*BETTER)}
    assert decide(sets, 0.1).promoted and not decide(sets, 0.01).promoted
