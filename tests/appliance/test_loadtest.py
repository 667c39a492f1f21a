from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from appliance.loadtest import Answer, LevelResult, LoadtestSettings, closed_loop, percentile, summarise
from tests.appliance.scripted_server import NUM_TOKENS, ScriptedServer, in_a_thread


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with in_a_thread() as scripted:
        yield scripted


def _ask(
    server: ScriptedServer, *scripts: str, num_requests: int | None = None, **options: Any
) -> LevelResult:
    prompts = [[{"role": "user", "content": script}] for script in scripts]
    given = {"concurrency": 1, "max_tokens": 64, "warmup": 0, "timeout_s": 20.0} | options
    return closed_loop(server.url, "m", prompts, num_requests=num_requests or len(prompts), **given)


def test_time_per_output_token_leaves_the_first_token_out() -> None:
    answer = Answer(prompt_index=0, ttft_s=1.0, e2e_s=3.0, output_tokens=5)
    assert answer.tpot_s == 0.5
    assert Answer(prompt_index=0, ttft_s=1.0, e2e_s=1.0, output_tokens=1).tpot_s is None
    assert Answer(prompt_index=0, failure="timeout").tpot_s is None


def test_an_answer_of_one_token_has_no_time_per_token_and_an_empty_one_no_first_token(
    server: ScriptedServer,
) -> None:
    one, empty = _ask(server, "one", "empty").requests
    assert (one.tpot_s, one.gaps_s, one.text) == (None, (), "one0 ")
    assert one.ttft_s is not None
    assert (empty.failure, empty.ttft_s, empty.text, empty.finish_reason) == (None, None, "", "stop")
    assert empty.e2e_s is not None


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("500", "http_500"),
        ("drop", "connection"),
        ("stall", "timeout"),
        ("error", "server_error"),
        ("cut", "protocol"),
        ("garbage", "protocol"),
    ],
)
def test_a_failure_is_counted_by_kind_and_the_next_request_is_not_hurt(
    server: ScriptedServer, script: str, kind: str
) -> None:
    level = _ask(server, "ok", script, "ok", script, "ok", timeout_s=0.5)
    assert level.failures == {kind: 2}
    row = summarise(level, arm="a", engine="e", device="d")
    assert (row.num_ok, row.num_failed) == (3, 2)
    assert sorted(level.answers) == [0, 2, 4]
    assert row.ttft_p99_s is not None
    assert row.ttft_p99_s < 0.5, "a failed request has no latency"
    assert row.mean_output_tokens == NUM_TOKENS
    assert "secret" not in repr(level.requests)


def test_a_server_that_is_not_there_fails_every_request_and_measures_nothing() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        level = _ask(
            ScriptedServer(port=closed.getsockname()[1]), "ok", num_requests=6, concurrency=2, warmup=1
        )
    assert level.failures == {"connection": 6}
    assert level.num_warmup_failed == 1
    row = summarise(level, arm="a", engine="e", device="d")
    told = {name: getattr(row, name) for name in row.__slots__ if getattr(row, name) is not None}
    assert told.pop("wall_s") > 0 and told.pop("client_lag_p99_s", 0.0) >= 0
    assert told == {
        "arm": "a",
        "engine": "e",
        "device": "d",
        "loop": "closed",
        "concurrency": 2,
        "repeats_per_s": (),
        "num_ok": 0,
        "num_failed": 6,
        "failures": {"connection": 6},
    }


def test_as_many_requests_are_in_flight_as_asked_over_as_many_connections(server: ScriptedServer) -> None:
    level = _ask(server, "ok", num_requests=15, concurrency=5, warmup=5)
    assert level.failures == {}
    assert (server.max_in_flight, server.num_connections) == (5, 5)


def test_warm_up_is_sent_first_not_measured_and_spares_the_first_prompts(server: ScriptedServer) -> None:
    level = _ask(server, "one", "pieces", "ok", num_requests=1, warmup=2)
    assert [body["messages"][-1]["content"] for body in server.bodies] == ["ok", "pieces", "one"]
    assert [answer.text for answer in level.requests] == ["one0 "]


def test_answers_come_back_by_prompt_and_stay_out_of_reprs(server: ScriptedServer) -> None:
    level = _ask(server, "pieces", "ok", num_requests=5, concurrency=2)
    for index, script in enumerate(["pieces", "ok"]):
        assert level.answers[index].text == "".join(f"{script}{token} " for token in range(NUM_TOKENS))
    assert level.num_prompts == 2
    assert "ok0" not in repr(level) + repr(level.requests)


def test_a_request_asks_for_a_greedy_stream_with_usage(server: ScriptedServer) -> None:
    _ask(server, "one", cache_salt="level-1", max_tokens=9)
    assert server.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "one"}],
            "max_tokens": 9,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "cache_salt": "level-1",
        }
    ]
    _ask(server, "one")
    assert "cache_salt" not in server.bodies[-1], "other servers may not know it"


def test_progress_counts_to_the_end_and_its_error_is_not_swallowed(server: ScriptedServer) -> None:
    seen: list[tuple[int, int]] = []
    _ask(server, "one", num_requests=3, warmup=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]

    def fail(done: int, total: int) -> None:
        raise RuntimeError("full disk")

    with pytest.raises(RuntimeError, match="full disk"):
        _ask(server, "one", num_requests=3, progress=fail)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 0.99, 1.0])
def test_percentiles_are_numpys(size: int, share: float) -> None:
    values = [random.Random(size).expovariate(1.0) for _ in range(size)]
    assert percentile(values, share) == pytest.approx(float(np.quantile(values, share)), rel=1e-12)


def test_a_percentile_of_nothing_is_none() -> None:
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_requests": 1, "concurrency": 2}, "do not make up 2 clients"),
        ({"num_requests": 1, "concurrency": 0}, "do not make up 0 clients"),
    ],
)
def test_a_level_that_cannot_be_reached_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _ask(ScriptedServer(port=1), "ok", **options)
    with pytest.raises(ValueError, match="give http://host:port"):
        closed_loop("https://h", "m", [[]], concurrency=1, num_requests=1, max_tokens=1, warmup=0)


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": ()},
        {"concurrency": (0, 1)},
        {"concurrency": (100,)},
        {"warmup_requests": -1},
        {"max_tokens": 0},
        {"request_timeout_s": 0.0},
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any]) -> None:
    LoadtestSettings()
    with pytest.raises(ValueError, match=r"concurrency|must be"):
        LoadtestSettings(**options)
