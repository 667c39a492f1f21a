"""A load test goes on after its last whole level, and a level is whole or is measured again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.config import BenchSettings
from appliance.energy import EnergyMeter, Joules
from appliance.home import Home
from appliance.keeping.at_rest import new_key
from appliance.keeping.erase import _without_lines
from appliance.keeping.texts import read
from appliance.loadtest import Answer, LevelResult, LoadtestSettings, SloSettings
from appliance.loadtest.server_metrics import ServerFigures
from appliance.processes import spawn
from appliance.serve import ServeError, Server
from appliance.stages.measured import measured
from appliance.stages.sweep import Arm, Sweep
from distill.values import Request
from tests.appliance.scripted_server import in_a_thread

REQUESTS = [Request(f"r{number}", [{"role": "user", "content": "one"}]) for number in range(5)]
ANSWERS = tuple(
    Answer(prompt_index=number, started_s=0.1 * number, text="a\u2028b", finish_reason="stop", ttft_s=0.1, e2e_s=0.3,
           gaps_s=(0.1, 0.1), prompt_tokens=3, output_tokens=3) for number in range(4)
)  # fmt: skip
LEVEL = LevelResult(
    concurrency=1, offered_per_s=None, requests=(*ANSWERS, Answer(prompt_index=4, failure="timeout")), wall_s=1.1,
    num_warmup_failed=0, num_prompts=5, client_lag_p99_s=0.001, energy=Joules(2.5, None),
    server=ServerFigures(ttft_mean_s=0.1, tpot_mean_s=None, e2e_mean_s=0.3, queue_mean_s=0.0, prefill_mean_s=None,
                         decode_mean_s=None, running_max=1, waiting_max=0, preemptions=0, prefix_hit_share=0.5),
)  # fmt: skip
OTHER = replace(LEVEL, wall_s=2.2, requests=ANSWERS, server=None, energy=None)


def test_a_kept_level_is_given_back_as_it_was_and_to_its_own_inputs_alone(tmp_path: Path) -> None:
    with measured(tmp_path / "levels", "inputs") as known:
        known.keep(LEVEL, REQUESTS, "arm", 1)
        known.keep(OTHER, REQUESTS, "arm", 2)
    with measured(tmp_path / "levels", "inputs") as known:
        assert (known.of("arm", 1), known.of("arm", 2), known.of("arm", 3)) == (LEVEL, OTHER, None)
    with measured(tmp_path / "levels", "other inputs") as known:
        assert known.of("arm", 1) is None
    assert (tmp_path / "levels").stat().st_mode & 0o777 == 0o600


def test_in_an_encrypted_home_a_kept_level_does_not_show_and_goes_on_after_a_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key(tmp_path / "key")
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
    path = Home.open().runs / "levels.jsonl"
    with measured(path, "inputs") as known:
        known.keep(OTHER, REQUESTS, "arm", 1)
        known.keep(LEVEL, REQUESTS, "arm", 2)
    whole = path.read_bytes()
    assert b"u2028" not in whole and b"u2028" in read(path)
    path.write_bytes(whole[:-5])
    with measured(path, "inputs") as known:
        assert (known.of("arm", 1), known.of("arm", 2)) == (OTHER, None)
        known.keep(LEVEL, REQUESTS, "arm", 2)
    assert path.read_bytes() == whole


def test_a_file_cut_anywhere_keeps_whole_levels_only_and_takes_the_next(tmp_path: Path) -> None:
    path = tmp_path / "levels"
    with measured(path, "inputs") as known:
        known.keep(OTHER, REQUESTS, "arm", 1)
        first = path.stat().st_size
        known.keep(LEVEL, REQUESTS, "arm", 2)
    whole = path.read_bytes()
    for cut in sorted({*range(0, len(whole), 97), first - 1, first, first + 1, len(whole) - 1}):
        path.write_bytes(whole[:cut])
        with measured(path, "inputs") as known:
            assert known.of("arm", 1) == (OTHER if cut >= first else None)
            assert known.of("arm", 2) is None
            assert path.stat().st_size == (first if cut >= first else 0), "nothing of half a level stays"
            known.keep(LEVEL, REQUESTS, "arm", 2)
        with measured(path, "inputs") as known:
            assert known.of("arm", 2) == LEVEL


def test_a_level_that_lost_an_answer_to_an_erasure_is_measured_again(tmp_path: Path) -> None:
    path, new = tmp_path / "levels.jsonl", tmp_path / "new"
    with measured(path, "inputs") as known:
        known.keep(LEVEL, REQUESTS, "arm", 1)
        known.keep(OTHER, REQUESTS, "arm", 2)
    content, gone = _without_lines(path.read_bytes(), frozenset({"r4"}), None)
    assert gone == 1
    new.write_bytes(content)
    with measured(new, "inputs") as known:
        assert (known.of("arm", 1), known.of("arm", 2)) == (None, OTHER)
        known.keep(LEVEL, REQUESTS, "arm", 1)
    with measured(new, "inputs") as known:
        assert known.of("arm", 1) == LEVEL


def sweep(path: Path, url: str, server: Server | None = None) -> list[float | None]:
    """The requests a second of each row."""
    load = LoadtestSettings(
        concurrency=(1, 2), requests_per_level=4, repeats=2, open_shares=(0.5,), open_seconds=0.5
    )
    settings = BenchSettings(load=load, slo=SloSettings())
    with measured(path, "inputs") as known:
        server = server or Server(url, "m", "engine 1", "device", True, 0.0)
        rows, answers = Sweep(server, settings, 8, EnergyMeter(), lambda *args, **more: None, known).run(  # type: ignore[arg-type]
            Arm("arm", "m", REQUESTS)
        )
    assert sorted(answers) == [0, 1, 2, 3, 4]
    return [row.requests_per_s for row in rows]


@pytest.mark.slow
def test_a_sweep_asks_nothing_that_was_measured_before_and_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "levels"
    with in_a_thread() as first:
        said = sweep(path, first.url)
    lines = path.read_bytes().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines, 1) if "level" in json.loads(line)]
    assert len(ends) == 5 and first.bodies
    with in_a_thread() as second:
        assert sweep(path, second.url) == said
        assert not second.bodies
    path.write_bytes(b"".join(lines[: ends[1]]))
    with in_a_thread() as third:
        assert sweep(path, third.url)[0] == said[0]
        assert {body["cache_salt"] for body in third.bodies} == {"arm-2-0", "arm-2-1", "arm-open-0.5"}


@pytest.mark.slow
def test_a_level_in_which_the_server_ended_is_told_and_not_counted(tmp_path: Path) -> None:
    child = spawn(["sleep", "0"], env=dict(os.environ), log_path=tmp_path / "log")
    child.wait()
    gone = Server("http://127.0.0.1:9", "m", "engine 1", "device", True, 0.0, process=child)
    with pytest.raises(ServeError, match="ended under load"):
        sweep(tmp_path / "levels", "", gone)
    assert (tmp_path / "levels").read_bytes() == b""
