"""The load test of one arm: a closed loop at each level, several times over, then an open loop around its best rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from appliance.config import BenchSettings
from appliance.energy import EnergyMeter
from appliance.loadtest import Answer, LevelResult, Serving, closed_loop, open_loop, summarise
from appliance.progress import Reporter
from appliance.serve import Server
from appliance.stages.measured import Measured
from distill.values import Request

REQUESTS_PER_CLIENT = 6
"""At most, in one repeat: one client alone would need minutes for what many do in seconds, and its median settles early."""
LEAST_ARRIVALS = 20
"""In an open loop: of fewer the growth of latencies cannot be told from chance."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What is asked, of whom."""

    name: str
    model: str
    """The name the server knows it by."""
    requests: Sequence[Request]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where and how the arms of one server are loaded."""

    server: Server
    settings: BenchSettings
    max_tokens: int
    energy: EnergyMeter
    progress: Reporter
    measured: Measured
    """What an attempt that was killed had measured already."""

    def run(self, arm: Arm) -> tuple[list[Serving], dict[int, Answer]]:
        """The arm's rows, and its first answer to each prompt that it was asked, by the prompt's place."""
        load = self.settings.load
        rows: list[Serving] = []
        answers: dict[int, Answer] = {}
        for concurrency in load.concurrency:
            count = min(load.requests_per_level, REQUESTS_PER_CLIENT * concurrency)
            # Other prompts in each repeat, so that the interval holds what differs between prompts too.
            repeats = [
                self._once(
                    arm,
                    ["closed", concurrency, count, repeat],
                    partial(self._closed, arm, concurrency, count, repeat),
                )
                for repeat in range(load.repeats)
            ]
            rows.append(self._row(arm, *repeats))
            for level in repeats:
                answers = level.answers | answers
        best = max((row.requests_per_s or 0.0 for row in rows if row.num_failed == 0), default=0.0)
        for share in load.open_shares if best else ():
            level = self._once(arm, ["open", share, best], partial(self._open, arm, share, share * best))
            rows.append(self._row(arm, level, offered_share=share))
        return rows, answers

    def _once(self, arm: Arm, level: list[float | str], measure: Callable[[], LevelResult]) -> LevelResult:
        """As an earlier attempt measured it on an engine and a device like these, or measured now."""
        what = (arm.name, level, asdict(self.settings), self.server.engine, self.server.device)
        found = self.measured.of(*what)
        if found is None:
            found = measure()
            self.server.check(found.failures)
            self.measured.keep(found, arm.requests, *what)
        return found

    def _closed(self, arm: Arm, concurrency: int, count: int, repeat: int) -> LevelResult:
        load = self.settings.load
        part = f"{arm.name}, {concurrency} at a time, {repeat + 1} of {load.repeats}"
        return closed_loop(
            self.server.base_url,
            arm.model,
            [request.messages for request in arm.requests],
            concurrency=concurrency,
            num_requests=count,
            first=repeat * count,
            max_tokens=self.max_tokens,
            warmup=load.warmup_requests,
            timeout_s=load.request_timeout_s,
            # Another salt each time: a prompt met before must not be cheaper now. What the prompts of a level share,
            # the instructions, stays cached, as it would be in production.
            cache_salt=f"{arm.name}-{concurrency}-{repeat}",
            watch=True,
            energy=self.energy,
            progress=lambda done, total: self.progress(done, total, unit="requests", part=part),
        )

    def _open(self, arm: Arm, share: float, rate_per_s: float) -> LevelResult:
        load = self.settings.load
        part = f"{arm.name}, {rate_per_s:.2f} arrivals a second"
        return open_loop(
            self.server.base_url,
            arm.model,
            [request.messages for request in arm.requests],
            rate_per_s=rate_per_s,
            num_requests=max(LEAST_ARRIVALS, round(rate_per_s * load.open_seconds)),
            seed=load.seed,
            max_tokens=self.max_tokens,
            warmup=load.warmup_requests,
            timeout_s=load.request_timeout_s,
            cache_salt=f"{arm.name}-open-{share}",
            watch=True,
            energy=self.energy,
            progress=lambda done, total: self.progress(done, total, unit="requests", part=part),
        )

    def _row(self, arm: Arm, *repeats: LevelResult, offered_share: float | None = None) -> Serving:
        return summarise(
            *repeats,
            arm=arm.name,
            engine=self.server.engine,
            device=self.server.device,
            objective=self.settings.slo,
            offered_share=offered_share,
        )
