from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.progress import Reporter, Screen, State, read_state


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def report(tmp_path: Path, clock: Clock) -> Reporter:
    return Reporter(tmp_path, clock)


def state_at(
    clock: Clock, now: float, report: Reporter, folder: Path, *args: object, **told: object
) -> State:
    clock.now = now
    report(*args, **told)  # type: ignore[arg-type]
    state = read_state(folder)
    assert state is not None
    return state


def test_the_first_word_is_written_at_once_and_has_no_rate(
    report: Reporter, clock: Clock, tmp_path: Path
) -> None:
    assert state_at(clock, 0.0, report, tmp_path, 0, 100, unit="records") == State(
        0, 100, "records", "", None, None
    )


def test_the_rate_is_what_was_done_since_the_start_and_gives_the_time_left(
    report: Reporter, clock: Clock, tmp_path: Path
) -> None:
    report(0, 100)
    state = state_at(clock, 10.0, report, tmp_path, 20, 100)
    assert (state.per_s, state.remaining_s) == (2.0, 40.0)
    state = state_at(clock, 60.0, report, tmp_path, 30, 100)
    assert (state.per_s, state.remaining_s) == (0.5, 140.0)


def test_what_an_earlier_attempt_had_done_is_not_in_the_rate(
    report: Reporter, clock: Clock, tmp_path: Path
) -> None:
    report(90, 100)
    state = state_at(clock, 5.0, report, tmp_path, 95, 100)
    assert (state.done, state.per_s, state.remaining_s) == (95, 1.0, 5.0)


def test_a_new_part_is_counted_anew(report: Reporter, clock: Clock, tmp_path: Path) -> None:
    report(0, 10, part="data")
    state = state_at(clock, 1.0, report, tmp_path, 10, 10, part="data")
    assert (state.per_s, state.remaining_s) == (10.0, 0.0)
    state = state_at(clock, 3.0, report, tmp_path, 0, 40, part="held_out")
    assert (state.note, state.per_s, state.remaining_s) == ("held_out", None, None)
    state = state_at(clock, 5.0, report, tmp_path, 4, 40, "so far", part="held_out")
    assert (state.note, state.per_s, state.remaining_s) == ("held_out so far", 2.0, 18.0)


def test_a_count_that_falls_back_is_counted_anew(report: Reporter, clock: Clock, tmp_path: Path) -> None:
    report(50, 100)
    state = state_at(clock, 10.0, report, tmp_path, 0, 100)
    assert state.per_s is None
    assert state_at(clock, 20.0, report, tmp_path, 10, 100).per_s == 1.0


def test_without_a_total_there_is_a_rate_and_no_time_left(
    report: Reporter, clock: Clock, tmp_path: Path
) -> None:
    report(0, None)
    state = state_at(clock, 4.0, report, tmp_path, 8, None, unit="rows")
    assert (state.per_s, state.remaining_s, state.text()) == (2.0, None, "8 rows · 2.0/s")


def test_standing_still_has_no_rate(report: Reporter, clock: Clock, tmp_path: Path) -> None:
    report(5, 10)
    state = state_at(clock, 60.0, report, tmp_path, 5, 10)
    assert (state.per_s, state.remaining_s) == (None, None)
    clock.now = 60.0
    assert state_at(clock, 60.0, report, tmp_path, 10, 10).per_s is not None


def test_no_time_passing_is_no_division_by_zero(report: Reporter, clock: Clock, tmp_path: Path) -> None:
    report(0, 10)
    assert state_at(clock, 0.0, report, tmp_path, 10, 10).per_s is None


def test_more_than_was_expected_leaves_no_negative_time(
    report: Reporter, clock: Clock, tmp_path: Path
) -> None:
    report(0, 10)
    state = state_at(clock, 12.0, report, tmp_path, 12, 10, unit="records")
    assert state.remaining_s == 0.0 and state.text() == "12/10 records · 1.0/s"


def test_it_writes_at_most_twice_a_second_but_always_the_last(
    report: Reporter, clock: Clock, tmp_path: Path
) -> None:
    written = set()
    for step in range(1000):
        clock.now = step / 1000
        report(step, 1001)
        written.add((tmp_path / "progress.json").read_text())
    assert len(written) == 2
    report(1001, 1001)
    assert json.loads((tmp_path / "progress.json").read_text())["done"] == 1001


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State(0, 0, "records", "", None, None), "0 records"),
        (
            State(1200, 34000, "records", "", 12.34, 2658.0),
            "1,200/34,000 records · 12.3/s · about 44 min 18 s left",
        ),
        (
            State(1, 10, "steps", "loss 1.2", 0.1, 90.0),
            "1/10 steps · 0.1/s · about 1 min 30 s left · loss 1.2",
        ),
        (State(1, 10, "steps", "", 0.0999, 59.6), "1/10 steps · 10 s each · about 1 min 00 s left"),
        (State(1, 10, "steps", "", 0.02, 59.4), "1/10 steps · 50 s each · about 59 s left"),
        (State(10, 10, "steps", "done", 2.0, 0.0), "10/10 steps · 2.0/s · done"),
    ],
)
def test_progress_reads_well(state: State, text: str) -> None:
    assert state.text() == text


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"done": 1}', '{"done": 1, "new": 2}'])
def test_a_progress_file_that_cannot_be_read_tells_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text(content)
    assert read_state(tmp_path) is None
    assert read_state(tmp_path / "nowhere") is None


def test_where_there_is_no_terminal_the_screen_tells_each_stage_in_a_plain_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = Screen()
    screen.begin("scrub")
    for done in range(100):
        screen.show(State(done, 100, "records", "", None, None))
    screen.show(None)
    screen.end("done")
    assert capsys.readouterr().out == "scrub     done  (0 s)\n"


def test_a_quiet_screen_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=True)
    screen.begin("scrub")
    screen.show(State(1, 2, "records", "", None, None))
    screen.end("done")
    assert capsys.readouterr().out == ""
