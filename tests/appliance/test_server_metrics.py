from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from appliance.loadtest.server_metrics import ServerWatch, figures, parse

_PAGE = """\
# HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{{engine="0",le="0.001",model_name="a"}} 7.0
vllm:time_to_first_token_seconds_count{{engine="0",model_name="a"}} {count}
vllm:time_to_first_token_seconds_sum{{engine="0",model_name="a"}} {total}
vllm:time_to_first_token_seconds_count{{engine="0",model_name="b}} 9"}} 1.0
vllm:time_to_first_token_seconds_sum{{engine="0",model_name="b}} 9"}} 0.5
vllm:num_requests_running{{engine="0"}} {running}
vllm:num_preemptions_total{{engine="0"}} 2.0
vllm:prefix_cache_queries_total{{engine="0"}} {queries}
vllm:prefix_cache_hits_total{{engine="0"}} {hits}
python_info 1.0
odd line without a number
"""


def _page(
    count: float = 10.0, total: float = 3.0, running: int = 0, queries: float = 0.0, hits: float = 0.0
) -> str:
    return _PAGE.format(count=count, total=total, running=running, queries=queries, hits=hits)


def test_values_are_summed_over_labels_and_buckets_are_left_out() -> None:
    values = parse(_page())
    assert values["vllm:time_to_first_token_seconds_count"] == 11.0
    assert values["vllm:time_to_first_token_seconds_sum"] == 3.5
    assert values["python_info"] == 1.0
    assert not [name for name in values if "bucket" in name or name == "odd"]


def test_means_are_of_what_came_between_the_readings() -> None:
    found = figures(
        parse(_page()),
        parse(_page(count=30.0, total=13.0, queries=200.0, hits=50.0)),
        [parse(_page(running=4)), parse(_page(running=2))],
    )
    assert found.ttft_mean_s == pytest.approx(10 / 20)
    assert (found.running_max, found.preemptions, found.prefix_hit_share) == (4, 0, 0.25)
    assert (found.e2e_mean_s, found.waiting_max) == (None, None), "this engine does not tell them"


def test_a_mean_of_nothing_is_none() -> None:
    found = figures(parse(_page()), parse(_page()), [])
    assert (found.ttft_mean_s, found.prefix_hit_share, found.running_max) == (None, None, None)


@contextmanager
def _serving(*pages: str | None) -> Iterator[str]:
    """Answers with each page in turn, the last one over and over; None is an error."""
    left = list(pages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(500 if page is None else 200)
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def _watched(url: str, seconds: float) -> object:
    watch = ServerWatch(url)
    await watch.begin()
    await asyncio.sleep(seconds)
    return await watch.end()


@pytest.mark.slow
def test_a_level_is_watched_from_its_start_to_its_end() -> None:
    with _serving(_page(), _page(running=6), _page(count=20.0, total=8.0)) as url:
        found = asyncio.run(_watched(url, 0.8))
    assert found is not None
    assert (found.ttft_mean_s, found.running_max) == (0.5, 6)  # type: ignore[attr-defined]


def test_a_server_that_does_not_tell_is_not_asked_again() -> None:
    with _serving(None) as url:
        assert asyncio.run(_watched(url, 0.0)) is None
    assert asyncio.run(_watched(url, 0.0)) is None, "and neither is one that is gone"
