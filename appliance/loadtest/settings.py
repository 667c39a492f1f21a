"""What a load test is told: `[bench.load]` and the objective `[bench.slo]`."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.loadtest.intervals import MAX_REPEATS


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadtestSettings:
    concurrency: tuple[int, ...] = (1, 4, 16)
    """Closed loop: clients in parallel; one level, and one row of results, each."""
    requests_per_level: int = 64
    """Closed loop: measured requests of one repeat; with fewer than 1,000 a p99 is one or two requests."""
    repeats: int = 3
    """How often each level of the closed loop is run: the throughput's interval is made of these."""
    open_shares: tuple[float, ...] = (0.5, 0.8, 1.1)
    """Open loop: arrivals a second, as shares of the best rate of the closed loop. Empty: no open loop."""
    open_seconds: float = 10.0
    """Open loop: how long requests arrive, a level. At least 20 do, however long that takes."""
    warmup_requests: int = 4
    """Sent first and not measured, at each level."""
    max_tokens: int = 64
    """Longest answer, in tokens."""
    request_timeout_s: float = 120.0
    """A request that takes longer counts as failed."""
    seed: int = 7
    """Of the arrival times."""

    def __post_init__(self) -> None:
        if not self.concurrency or min(self.concurrency) < 1:
            raise ValueError("concurrency needs at least one level, each 1 or more")
        if self.requests_per_level < max(self.concurrency):
            raise ValueError(
                f"requests_per_level is {self.requests_per_level}, below concurrency {max(self.concurrency)}: raise it"
            )
        if not 1 <= self.repeats <= MAX_REPEATS:
            raise ValueError(f"repeats is {self.repeats}: give 1 to {MAX_REPEATS}")
        if any(share <= 0 for share in self.open_shares) or self.open_seconds <= 0:
            raise ValueError("open_shares and open_seconds must be above 0")
        if self.warmup_requests < 0 or self.max_tokens < 1 or self.request_timeout_s <= 0:
            raise ValueError("warmup_requests must be 0 or more, max_tokens and request_timeout_s above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class SloSettings:
    """What an answer must keep to be of use, and how many must. A target that is left out is not asked for.

    The defaults are those of MLPerf Inference's Llama 2 70B in its server scenario (2,000 ms and 200 ms), for a smaller
    share of requests: so few as are sent here have no 99th percentile.
    """

    ttft_s: float | None = 2.0
    """Longest time to the first token."""
    tpot_s: float | None = 0.2
    """Longest mean time for each token after the first."""
    e2e_s: float | None = None
    """Longest time to the whole answer."""
    share: float = 0.95
    """The share of requests that must keep all of these for a level to meet the objective."""

    def __post_init__(self) -> None:
        for name in ("ttft_s", "tpot_s", "e2e_s"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} is {value}: give seconds above 0, or leave it out")
        if not 0 < self.share <= 1:
            raise ValueError(f"share is {self.share}: give a share above 0, at most 1")

    @property
    def asked(self) -> bool:
        return (self.ttft_s, self.tpot_s, self.e2e_s) != (None, None, None)
