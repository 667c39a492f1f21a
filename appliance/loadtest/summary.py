"""One row of a serving benchmark from the repeats of a level, and the best row that keeps an objective."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from statistics import fmean, linear_regression, median
from typing import Any, Literal

from appliance.loadtest.client import Answer
from appliance.loadtest.intervals import mean_interval, percentile, percentile_interval
from appliance.loadtest.level import LevelResult
from appliance.loadtest.server_metrics import ServerFigures
from appliance.loadtest.settings import SloSettings
from privacy.intervals import wilson

GROWTH_S_PER_S = 0.05
SURE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """One row of a serving benchmark. Latencies and rates are of the requests that succeeded; None: there was none.

    `_low` and `_high` are the ends of 95% intervals; None where there are too few values to tell.
    """

    arm: str
    engine: str
    device: str
    loop: Literal["closed", "open"] = "closed"
    concurrency: int | None
    """Clients at once; None in an open loop."""
    offered_per_s: float | None = None
    """Open loop: arrivals a second, as drawn; None in a closed one."""
    offered_share: float | None = None
    """Open loop: that as a share of the closed loop's best rate of this arm, where it was asked for so."""
    saturated: bool | None = None
    """Open loop: requests came faster than they were finished (`is_saturated`). Then latencies grow with the length of
    the level, and say nothing else."""
    ttft_p50_s: float | None
    ttft_p50_low_s: float | None = None
    ttft_p50_high_s: float | None = None
    ttft_p95_s: float | None
    ttft_p95_low_s: float | None = None
    ttft_p95_high_s: float | None = None
    ttft_p99_s: float | None
    tpot_p50_s: float | None
    tpot_p50_low_s: float | None = None
    tpot_p50_high_s: float | None = None
    tpot_p95_s: float | None
    tpot_p95_low_s: float | None = None
    tpot_p95_high_s: float | None = None
    tpot_p99_s: float | None = None
    itl_p50_s: float | None
    itl_p95_s: float | None
    itl_p99_s: float | None = None
    e2e_p50_s: float | None
    e2e_p50_low_s: float | None = None
    e2e_p50_high_s: float | None = None
    e2e_p95_s: float | None
    e2e_p95_low_s: float | None = None
    e2e_p95_high_s: float | None = None
    e2e_p99_s: float | None
    output_tokens_per_s: float | None
    """Median over the repeats, as is `requests_per_s`."""
    requests_per_s: float | None
    requests_per_s_low: float | None = None
    requests_per_s_high: float | None = None
    repeats_per_s: tuple[float, ...] = ()
    """Requests a second of each repeat."""
    good_share: float | None = None
    """Of all requests, failed ones too, those that kept every target; None where no target was given."""
    good_share_low: float | None = None
    good_share_high: float | None = None
    goodput_per_s: float | None = None
    """Such requests a second."""
    mean_prompt_tokens: float | None
    mean_output_tokens: float | None
    num_ok: int
    num_failed: int
    failures: dict[str, int] = field(default_factory=dict)
    """How often which kind."""
    wall_s: float
    """Of all repeats."""
    client_lag_p99_s: float | None = None
    """How late the client's clock readings may be: the worst of the repeats; above 5 ms distrust the row."""
    send_lag_p99_s: float | None = None
    """Open loop: how long after their arrival as drawn requests were sent."""
    server_ttft_mean_s: float | None = None
    """This and those that follow are the engine's own; see `server_metrics.ServerFigures`."""
    server_tpot_mean_s: float | None = None
    server_e2e_mean_s: float | None = None
    server_queue_mean_s: float | None = None
    server_prefill_mean_s: float | None = None
    server_decode_mean_s: float | None = None
    server_running_max: int | None = None
    server_waiting_max: int | None = None
    server_preemptions: int | None = None
    server_prefix_hit_share: float | None = None
    cpu_j: float | None = None
    """Joules of the processors and their memory in all repeats, idle draw included; None where nothing tells."""
    gpu_j: float | None = None
    """Joules of the accelerator the engine uses, likewise."""


def summarise(
    *repeats: LevelResult,
    arm: str,
    engine: str,
    device: str,
    objective: SloSettings | None = None,
    offered_share: float | None = None,
) -> Serving:
    """The row of a level that was run once or more often: latencies of all requests, rates as medians of the runs."""
    first = repeats[0]
    requests = [answer for level in repeats for answer in level.requests]
    good = [answer for answer in requests if answer.failure is None]
    rates = tuple(_num_ok(level) / level.wall_s for level in repeats) if good else ()
    low, high = mean_interval(rates)
    output_tokens = sum(answer.output_tokens for answer in good)
    late = [answer.late_s for answer in requests if answer.late_s is not None]
    return Serving(
        arm=arm,
        engine=engine,
        device=device,
        loop="closed" if first.offered_per_s is None else "open",
        concurrency=first.concurrency,
        offered_per_s=first.offered_per_s,
        offered_share=offered_share,
        saturated=None if first.offered_per_s is None else any(map(is_saturated, repeats)),
        **_latencies("ttft", [answer.ttft_s for answer in good]),
        **_latencies("tpot", [answer.tpot_s for answer in good]),
        **_latencies("e2e", [answer.e2e_s for answer in good]),
        **_gaps([gap for answer in good for gap in answer.gaps_s]),
        output_tokens_per_s=median(_tokens(level) / level.wall_s for level in repeats) if good else None,
        requests_per_s=median(rates) if rates else None,
        requests_per_s_low=low,
        requests_per_s_high=high,
        repeats_per_s=rates,
        **_goodput(repeats, requests, objective),
        mean_prompt_tokens=sum(answer.prompt_tokens for answer in good) / len(good) if good else None,
        mean_output_tokens=output_tokens / len(good) if good else None,
        num_ok=len(good),
        num_failed=len(requests) - len(good),
        failures=dict(Counter(answer.failure for answer in requests if answer.failure is not None)),
        wall_s=sum(level.wall_s for level in repeats),
        client_lag_p99_s=max(
            (level.client_lag_p99_s for level in repeats if level.client_lag_p99_s is not None), default=None
        ),
        send_lag_p99_s=percentile(late, 0.99),
        **_server(repeats),
        **_energy(repeats),
    )


def _num_ok(level: LevelResult) -> int:
    return sum(answer.failure is None for answer in level.requests)


def _tokens(level: LevelResult) -> int:
    return sum(answer.output_tokens for answer in level.requests if answer.failure is None)


def _latencies(name: str, values: Sequence[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    found: dict[str, Any] = {f"{name}_p99_s": percentile(known, 0.99)}
    for point in (50, 95):
        found[f"{name}_p{point}_s"] = percentile(known, point / 100)
        low, high = percentile_interval(known, point / 100)
        found |= {f"{name}_p{point}_low_s": low, f"{name}_p{point}_high_s": high}
    return found


def _gaps(gaps: Sequence[float]) -> dict[str, Any]:
    return {f"itl_p{point}_s": percentile(gaps, point / 100) for point in (50, 95, 99)}


def _goodput(
    repeats: Sequence[LevelResult], requests: Sequence[Answer], objective: SloSettings | None
) -> dict[str, Any]:
    if objective is None or not objective.asked:
        return {}
    kept = [sum(is_good(answer, objective) for answer in level.requests) for level in repeats]
    low, high = wilson(sum(kept), len(requests))
    return {
        "good_share": sum(kept) / len(requests),
        "good_share_low": low,
        "good_share_high": high,
        "goodput_per_s": median(count / level.wall_s for count, level in zip(kept, repeats, strict=True)),
    }


def is_good(answer: Answer, objective: SloSettings) -> bool:
    """Answered within every target. An empty answer's first token is its end; one token has no time per further one."""
    if answer.failure is not None or answer.e2e_s is None:
        return False
    first = answer.e2e_s if answer.ttft_s is None else answer.ttft_s
    measured = ((first, objective.ttft_s), (answer.tpot_s, objective.tpot_s), (answer.e2e_s, objective.e2e_s))
    return all(value is None or target is None or value <= target for value, target in measured)


def is_saturated(level: LevelResult) -> bool:
    """Whether requests came faster than they were finished: answers took the longer, the later they came.

    Where s times as many come as can be finished, each waits for all before it, and latency grows by 1 - 1/s seconds a
    second (Little's law). Growth over `GROWTH_S_PER_S` counts where it is more than `SURE` standard errors from none:
    three and not two, since the latencies of neighbours are alike. In simulated queues of 1 to 32 servers, 10 seconds
    long, 1.3 times the capacity was recognised always, 1.1 times in four of five, and 0.8 times was called saturated in
    up to 7 of 100. A level in which a request ran out of time is saturated too.
    """
    if any(answer.failure == "timeout" for answer in level.requests):
        return True
    ended = [(answer.started_s, answer.e2e_s) for answer in level.requests if answer.e2e_s is not None]
    if len({came for came, _ in ended}) < 3:
        return False
    came, took = zip(*ended, strict=True)
    growth, start = linear_regression(came, took)
    left = sum((y - start - growth * x) ** 2 for x, y in ended)
    spread = sum((x - fmean(came)) ** 2 for x in came)
    error = math.sqrt(left / (len(ended) - 2) / spread)
    return growth > GROWTH_S_PER_S and growth > SURE * error


def _server(repeats: Sequence[LevelResult]) -> dict[str, Any]:
    """Means of the repeats' means, which have as many requests each; the highest peak; preemptions summed."""
    told = [level.server for level in repeats if level.server is not None]
    found: dict[str, Any] = {}
    for field_ in fields(ServerFigures):
        values = [value for figures in told if (value := getattr(figures, field_.name)) is not None]
        if not values:
            continue
        if field_.name == "preemptions":
            found[f"server_{field_.name}"] = sum(values)
        elif field_.name.endswith("_max"):
            found[f"server_{field_.name}"] = max(values)
        else:
            found[f"server_{field_.name}"] = sum(values) / len(values)
    return found


def _energy(repeats: Sequence[LevelResult]) -> dict[str, Any]:
    """Summed; a source that was silent in one of the repeats tells nothing of the level."""
    read = [level.energy for level in repeats if level.energy is not None]
    found: dict[str, Any] = {}
    for name in ("cpu_j", "gpu_j"):
        values = [getattr(joules, name) for joules in read]
        whole = len(values) == len(repeats) and None not in values
        found[name] = sum(values) if whole else None
    return found


def best_at(rows: Sequence[Serving], objective: SloSettings) -> Serving | None:
    """Of one arm's rows, the one with the most requests a second that keeps the objective; None where none does.

    Kept: at least `objective.share` of all its requests were good, none failed, and no more came than were finished.
    """
    kept = [
        row
        for row in rows
        if row.good_share is not None
        and row.good_share >= objective.share
        and row.num_failed == 0
        and not row.saturated
    ]
    return max(kept, key=lambda row: row.requests_per_s or 0.0, default=None)
