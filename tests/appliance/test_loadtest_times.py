"""The ruler before what it measures: times against a server with known delays, within 2 ms.

Server and client share an event loop, so that a busy machine delays both, and what the client took for the moment of an
event is compared with when the server did it. Medians: a process may still be set aside between the two.
"""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from statistics import mean, median
from typing import Any

import pytest

from appliance.loadtest import Answer, arrivals, closed_loop, open_loop, summarise
from appliance.loadtest.client import Client, request_bytes
from appliance.loadtest.level import closed_round, open_stream
from tests.appliance.scripted_server import GAP_S, NUM_TOKENS, TTFT_S, ScriptedServer, in_a_thread, listening

_WITHIN_S = 0.002


def _client(server: ScriptedServer, *scripts: str) -> Client:
    bodies: list[dict[str, Any]] = [{"messages": [{"role": "user", "content": script}]} for script in scripts]
    return Client("127.0.0.1", server.port, [request_bytes("127.0.0.1", body) for body in bodies], 20.0)


async def _closed(server: ScriptedServer, count: int) -> list[Answer]:
    async with listening(server):
        clients = [_client(server, "ok") for _ in range(2)]
        answers = await closed_round(clients, [0] * count)
        for client in clients:
            client.close()
        return answers


async def _open(server: ScriptedServer, times: list[float], script: str = "ok") -> tuple[list[Answer], int]:
    async with listening(server):
        clients = [_client(server, script)]
        answers = await open_stream(clients, lambda: _client(server, script), times, [0] * len(times))
        for client in clients:
            client.close()
        return answers, len(clients)


@pytest.mark.slow
def test_the_times_measured_are_the_times_served() -> None:
    server = ScriptedServer()
    answers = asyncio.run(_closed(server, 60))
    assert [answer.failure for answer in answers] == [None] * 60
    ttft = [answer.ttft_s for answer in answers if answer.ttft_s is not None]
    gaps = [gap for answer in answers for gap in answer.gaps_s]
    tpot = [answer.tpot_s for answer in answers if answer.tpot_s is not None]
    e2e = [answer.e2e_s for answer in answers if answer.e2e_s is not None]
    assert len(ttft) == len(tpot) == len(e2e) == 60
    assert median(ttft) == pytest.approx(median(server.ttft_s), abs=_WITHIN_S)
    assert median(gaps) == pytest.approx(median(server.gaps_s), abs=_WITHIN_S)
    assert median(tpot) == pytest.approx(median(server.tpot_s), abs=_WITHIN_S)
    assert median(e2e) == pytest.approx(median(server.e2e_s), abs=_WITHIN_S)
    assert min(ttft) > TTFT_S - _WITHIN_S and median(gaps) > GAP_S - _WITHIN_S
    assert min(e2e) > TTFT_S + (NUM_TOKENS - 1) * GAP_S - _WITHIN_S


@pytest.mark.slow
def test_open_loop_requests_arrive_when_they_were_drawn_to() -> None:
    server = ScriptedServer()
    times = arrivals(40.0, 80, seed=3)
    answers, _ = asyncio.run(_open(server, times, "one"))
    start = min(answer.started_s for answer in answers) - times[0]
    off = [there - (start + due) for there, due in zip(sorted(server.received_s), times, strict=True)]
    assert median(off) == pytest.approx(0.0, abs=_WITHIN_S)
    assert min(off) > -_WITHIN_S, "none is sent ahead of its time"
    late = [answer.late_s for answer in answers if answer.late_s is not None]
    assert len(late) == 80 and 0 <= median(late) < _WITHIN_S
    assert [
        answer.started_s - start for answer in sorted(answers, key=lambda one: one.started_s)
    ] == pytest.approx(times)


@pytest.mark.slow
def test_open_loop_waits_for_no_answer() -> None:
    """Ten arrive within the time of one answer: all are in flight at once, each on a connection of its own."""
    server = ScriptedServer()
    answers, num_connections = asyncio.run(_open(server, [0.001 * index for index in range(10)]))
    assert [answer.failure for answer in answers] == [None] * 10
    assert server.max_in_flight == num_connections == 10


@pytest.mark.slow
def test_a_connection_that_is_free_is_taken_again() -> None:
    server = ScriptedServer()
    _, num_connections = asyncio.run(_open(server, [0.0, 0.4, 0.8], "one"))
    assert num_connections == server.num_connections == 1


@pytest.mark.slow
def test_latency_counts_from_the_arrival_as_drawn_and_not_from_the_sending() -> None:
    """The event loop stands still for 300 ms when five are due: what they waited is theirs, not left out."""

    async def stalled() -> list[Answer]:
        asyncio.get_running_loop().call_later(0.05, time.sleep, 0.3)
        answers, _ = await _open(ScriptedServer(), [0.1, 0.11, 0.12, 0.13, 0.14], "one")
        return answers

    answers = asyncio.run(stalled())
    assert all(answer.ttft_s is not None and answer.ttft_s > 0.2 + TTFT_S for answer in answers)
    assert all(answer.late_s is not None and answer.late_s > 0.2 for answer in answers)


def test_arrivals_are_poisson_and_drawn_again_from_the_same_seed() -> None:
    times = arrivals(50.0, 20_000, seed=1)
    gaps = [later - earlier for earlier, later in pairwise([0.0, *times])]
    assert mean(gaps) == pytest.approx(0.02, rel=0.03)
    # Of an exponential the deviation is the mean, and exp(-1) of the gaps are longer than it.
    assert mean((gap - 0.02) ** 2 for gap in gaps) ** 0.5 == pytest.approx(0.02, rel=0.05)
    assert mean(gap > 0.02 for gap in gaps) == pytest.approx(0.3679, abs=0.015)
    assert times == arrivals(50.0, 20_000, seed=1) and times != arrivals(50.0, 20_000, seed=2)


def _levels(rate_per_s: float, count: int, **options: Any) -> Any:
    with in_a_thread() as server:
        return open_loop(
            server.url,
            "m",
            [[{"role": "user", "content": "one"}]],
            rate_per_s=rate_per_s,
            num_requests=count,
            seed=5,
            max_tokens=8,
            warmup=1,
            **options,
        )


@pytest.mark.slow
def test_an_open_level_gives_a_row_of_its_own() -> None:
    level = _levels(40.0, 40)
    row = summarise(level, arm="a", engine="e", device="d", offered_share=0.8)
    assert (row.loop, row.concurrency, row.offered_per_s, row.offered_share) == ("open", None, 40.0, 0.8)
    assert (row.num_ok, row.saturated, row.requests_per_s_low) == (40, False, None)
    assert row.send_lag_p99_s is not None and level.num_warmup_failed == 0


@pytest.mark.slow
def test_a_request_that_waits_too_long_is_a_timeout_from_its_arrival_on() -> None:
    with in_a_thread() as server:
        level = open_loop(
            server.url,
            "m",
            [[{"role": "user", "content": "stall"}]],
            rate_per_s=50.0,
            num_requests=5,
            seed=1,
            max_tokens=8,
            warmup=0,
            timeout_s=0.4,
        )
    assert level.failures == {"timeout": 5} and 0.4 < level.wall_s < 2.0
    row = summarise(level, arm="a", engine="e", device="d")
    assert row.saturated is True and row.failures == {"timeout": 5}


@pytest.mark.parametrize("options", [{"rate_per_s": 0.0}, {"num_requests": 0}])
def test_an_open_level_that_cannot_be_run_is_refused(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"rate_per_s": 1.0, "num_requests": 1, "seed": 1, "max_tokens": 1, "warmup": 0}
    with pytest.raises(ValueError, match="do not make up a level"):
        open_loop("http://127.0.0.1:1", "m", [[]], **(given | options))
    with pytest.raises(ValueError, match="give http://host:port"):
        closed_loop("ftp://h", "m", [[]], concurrency=1, num_requests=1, max_tokens=1, warmup=0)
