"""What money follows from: the rate of one device at the objective, and the tokens of a teacher's request."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.cost.names import ARM_NAMES
from privacy.intervals import Z95

LEAST_REQUESTS = 30
"""Fewer answered requests, or counted answers, make no range: money is then refused."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A measured value with its 95% interval."""

    value: float
    low: float | None
    high: float | None

    @classmethod
    def exact(cls, value: float) -> Span:
        """Something known without sampling, or stated."""
        return cls(value, value, value)

    @property
    def known(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True, slots=True)
class Rate:
    """What one device answers a second, serving one arm. `requests_per_s` is None where no level is usable."""

    arm: str
    requests_per_s: Span | None
    prompt_tokens: float | None
    """Mean of a request."""
    output_tokens: float | None
    basis: str
    refused: str | None
    """Why no range of money follows from it, in words; None where one does."""
    too_slow: bool = False
    """The arm was measured, and no load level met the objective."""
    watts: float | None = None
    """What the processors and the accelerator drew at that level, where the device tells it: less than at the socket."""


@dataclass(frozen=True, slots=True)
class TeacherTokens:
    """Mean tokens of a teacher's request, with 95% intervals."""

    prompt: float
    output: float
    counted_by: str
    n: int = 0
    prompt_low: float | None = None
    prompt_high: float | None = None
    output_low: float | None = None
    output_high: float | None = None


def mean_tokens(counts: Sequence[tuple[int, int]], counted_by: str) -> TeacherTokens:
    """Means of (prompt, output) tokens; intervals by the normal distribution, from `LEAST_REQUESTS` requests on."""
    prompt, output = (_mean([count[place] for count in counts]) for place in (0, 1))
    return TeacherTokens(
        prompt.value,
        output.value,
        counted_by,
        len(counts),
        prompt.low,
        prompt.high,
        output.low,
        output.high,
    )


def _mean(values: Sequence[int]) -> Span:
    n = len(values)
    mean = sum(values) / n
    if n < LEAST_REQUESTS:
        return Span(mean, None, None)
    half = Z95 * math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    return Span(mean, max(0.0, mean - half), mean + half)


def knee(rows: Sequence[Row]) -> Row | None:
    """The closed-loop level with the most requests a second of those without a failure."""
    sound = [
        row
        for row in rows
        if row.get("loop", "closed") == "closed" and row["num_failed"] == 0 and row["requests_per_s"]
    ]
    return max(sound, key=lambda row: row["requests_per_s"], default=None)


def rate(arm: str, rows: Sequence[Row], bench: Mapping[str, Any], like: str | None = None) -> Rate:
    """The best rate at the objective of `arm`, from its own load levels; `like` names the arm they were measured on.

    `bench` are the bench stage's facts: `slo` by arm, and `objective`. Without an objective it is the closed loop's knee.
    """
    mine = [row for row in rows if row["arm"] == (like or arm)]
    said = "" if like is None else f"; measured on {ARM_NAMES[like]}, which has the same network and prompt"
    if not mine:
        return Rate(arm, None, None, None, "not measured", "it was not served")
    best, where = knee(mine), "no objective was set: the closed loop's best level"
    met = (bench.get("slo") or {}).get(like or arm)
    if met is not None:
        if not met["meets"]:
            told = f"no load level met the objective ({objective_text(bench)})"
            return Rate(arm, None, None, None, f"not usable: {told}", told, too_slow=True)
        best, where = _at_objective(mine, met, bench), f"at the objective ({objective_text(bench)})"
    if best is None:
        told = "no load level without failures"
        return Rate(arm, None, None, None, f"not measured: {told}", told)
    per_s = Span(best["requests_per_s"], best.get("requests_per_s_low"), best.get("requests_per_s_high"))
    if best.get("loop", "closed") == "closed":
        load = f"concurrency {best['concurrency']}"
    else:
        load = f"{best['offered_per_s']:.2f} requests/s offered"
    basis = f"{per_s.value:.2f} requests/s a device at {load}, {where}{said}"
    joules = [best[name] for name in ("cpu_j", "gpu_j") if best.get(name) is not None]
    watts = sum(joules) / best["wall_s"] if joules else None
    tokens = (best["mean_prompt_tokens"], best["mean_output_tokens"])
    return Rate(arm, per_s, *tokens, basis, _thin(best, per_s), watts=watts)


def _at_objective(rows: Sequence[Row], met: Row, bench: Mapping[str, Any]) -> Row | None:
    """The level that `slo` names; of those with an interval the best that met the objective too, if it has none."""
    named = [
        row
        for row in rows
        if row.get("loop", "closed") == met["loop"]
        and row.get("concurrency") == met["concurrency"]
        and row.get("offered_per_s") == met["offered_per_s"]
    ]
    if any(row.get("requests_per_s_low") is not None for row in named):
        return named[0]
    least = (bench.get("objective") or {}).get("share", 1.0)
    sure = [
        row
        for row in rows
        if row.get("requests_per_s_low") is not None
        and row["num_failed"] == 0
        and not row.get("saturated")
        and (row.get("good_share") or 0.0) >= least
    ]
    found = max(sure, key=lambda row: row["requests_per_s"], default=None)
    return found or (named[0] if named else None)


def objective_text(bench: Mapping[str, Any]) -> str:
    """The service-level objective in words."""
    asked = bench.get("objective") or {}
    names = {"ttft_s": "first token", "tpot_s": "each further token", "e2e_s": "whole answer"}
    parts = [f"{name} within {asked[key]:g} s" for key, name in names.items() if asked.get(key) is not None]
    share = asked.get("share")
    return ", ".join(parts) + (f" for {share:.0%} of requests" if share is not None else "")


def _thin(level: Row, per_s: Span) -> str | None:
    if level["num_failed"]:
        return f"{level['num_failed']} requests failed at that load"
    if level["num_ok"] < LEAST_REQUESTS:
        return f"only {level['num_ok']} requests were answered at that load; {LEAST_REQUESTS} are the least"
    if not per_s.known:
        return "that load was measured once, so the rate has no interval"
    if not per_s.low:
        return "repeats of that load differ so much that its rate may be anything"
    return None
