"""What the console shows of serving: speed under load, what each threshold of the cascade gives and costs, money by volume.

Values of the finished stages put in rows; money comes from `appliance.cost` and from nowhere else.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.config import UseCase, use_case_from_json
from appliance.cost.assess import Assessment, Effort, assess
from appliance.cost.rates import objective_text
from appliance.home import Home
from appliance.report import words

Facts = Mapping[str, Any]
Row = dict[str, Any]

VOLUMES = (*(step * 10**power for power in range(3, 8) for step in (1, 2, 5)), 10**8)
"""Requests a month that the curve of costs is drawn at."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A run's own load tests."""

    run_id: str
    rows: tuple[Row, ...]
    """As `appliance.loadtest.Serving`."""
    objective: Facts
    best: Mapping[str, Facts]
    """By arm, its best level that keeps the objective."""
    not_served: Mapping[str, str]
    chosen: str
    note: str
    """How it was served, and what was not measured."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The cascade where the teacher is asked below this certainty."""

    threshold: float
    chosen: bool
    """Picked by the run, on validation records."""
    n: int
    share: float
    """Of the test records that go to the teacher, with its 95% interval."""
    share_low: float
    share_high: float
    quality: float
    """The primary metric on the test records, with its 95% interval."""
    low: float
    high: float
    target: float
    on_validation: float | None
    per_thousand: float | None
    """Cost of 1,000 requests; None where a part has no price."""
    per_thousand_low: float | None
    per_thousand_high: float | None
    saving: float | None
    """Over the horizon; None where the evidence is too thin to state one."""
    refused: str | None


@dataclass(frozen=True, slots=True)
class Cascade:
    """All thresholds that the run looked at, ascending."""

    arm: str
    metric: str
    currency: str
    horizon_months: int
    levels: tuple[Threshold, ...]
    by_definition: bool
    """The teacher is the reference, so where it is asked it is right by definition."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Money at one volume."""

    requests_per_month: int
    arm: str
    per_thousand: float | None
    """All in: whole devices, people, one-off cost over the horizon. The teacher's is its bill."""
    per_month: float | None
    saving: float | None
    saving_low: float | None
    saving_high: float | None
    devices: int | None


def bench(home: Home, run_id: str) -> Bench | None:
    """None where the run has no finished load tests."""
    found = _facts(home, run_id, "bench")
    if found is None:
        return None
    said = "The server ran without compilation, which serves slower. " if found.get("eager") else ""
    said += (
        f"Prompts that begin alike were {'' if found.get('prefix_caching', True) else 'not '}kept computed. "
    )
    energy = found.get("energy") or {}
    return Bench(
        run_id,
        tuple(dict(row) for row in found["serving"]),
        found.get("objective") or {},
        found.get("slo") or {},
        found.get("not_served") or {},
        found["chosen"],
        said + (f"Energy was not measured: {_lower(energy['note'])}" if energy.get("note") else ""),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def objective(found: Bench) -> str:
    """In words; empty where none was set."""
    return objective_text({"objective": found.objective})


CLOSED_MEASURES = {
    "requests_per_s": "requests a second",
    "goodput_per_s": "good requests a second",
    "output_tokens_per_s": "tokens a second",
    "ttft_p50_s": "first token, median",
    "ttft_p95_s": "first token, p95",
    "tpot_p50_s": "each further token, median",
    "tpot_p95_s": "each further token, p95",
    "e2e_p50_s": "whole answer, median",
    "e2e_p95_s": "whole answer, p95",
}
"""What is charted over the load: field of `Serving` -> words. Those that end in `_s` and not `_per_s` are seconds."""


def over_load(rows: Sequence[Row], loop: str, measure: str, arms: Sequence[str]) -> list[Row]:
    """For a chart: `load`, `value`, `low`, `high`, `arm`, `answered`, `failed`, in the order of arms and loads.

    `load` is clients at once (closed loop) or arrivals a second (open). A saturated level's latencies are left out: they
    grow with the length of the test and say nothing else.
    """
    key = "concurrency" if loop == "closed" else "offered_per_s"
    stem = measure.removesuffix("_s")
    found = []
    for row in rows:
        if row["arm"] not in arms or row.get("loop", "closed") != loop or row.get(measure) is None:
            continue
        if row.get("saturated") and not measure.endswith("_per_s"):
            continue
        low, high = row.get(f"{stem}_low_s"), row.get(f"{stem}_high_s")
        if measure.endswith("_per_s"):
            low, high = row.get(f"{measure}_low"), row.get(f"{measure}_high")
        found.append(
            {
                "load": row[key],
                "value": row[measure],
                "low": low,
                "high": high,
                "arm": words.SHORT_ARMS.get(row["arm"], row["arm"]),
                "answered": row["num_ok"],
                "failed": row["num_failed"],
                "_order": words.arm_order(row["arm"]),
            }
        )
    found.sort(key=lambda row: (row["_order"], row["load"]))
    return [{name: value for name, value in row.items() if name != "_order"} for row in found]


def arms(rows: Sequence[Row]) -> list[str]:
    """From least to most help."""
    return sorted({row["arm"] for row in rows}, key=words.arm_order)


# --- money ------------------------------------------------------------------------------------------------------------


def cascade(home: Home, run_id: str) -> Cascade | None:
    """None where the run has no cascade, or is not finished."""
    stages = _stages(home, run_id)
    if stages is None or not stages["evaluate"].get("cascade"):
        return None
    use_case, found = _use_case(home, run_id), stages["evaluate"]["cascade"]
    picked = {name: found[name] for name in ("threshold", "test", "validation")}
    levels = [*(level for level in found["curve"] if level["threshold"] != found["threshold"]), picked]
    levels.sort(key=lambda level: level["threshold"])
    return Cascade(
        found["arm"],
        stages["evaluate"]["primary_metric"],
        use_case.prices.prices.currency,
        use_case.decide.horizon_months,
        tuple(_threshold(use_case, stages, found, level) for level in levels),
        bool(found.get("teacher_by_definition")),
    )


def _threshold(use_case: UseCase, stages: Mapping[str, Facts], found: Facts, level: Facts) -> Threshold:
    test = level["test"]
    evaluated = {**stages["evaluate"], "cascade": {**found, "test": test}}
    money = _assessed(use_case, {**stages, "evaluate": evaluated})
    cost = next(each for each in money.costs if each.arm == "cascade")
    plan = next(each for each in money.plans if each.arm == "cascade")
    on_validation = level.get("validation")
    return Threshold(
        level["threshold"],
        level["threshold"] == found["threshold"],
        test["n"],
        test["share"],
        test["share_low"],
        test["share_high"],
        test["value"],
        test["low"],
        test["high"],
        test["target"],
        None if on_validation is None else on_validation["value"],
        cost.per_thousand_requests,
        cost.per_thousand_low,
        cost.per_thousand_high,
        plan.saving,
        plan.refused,
    )


def volumes(home: Home, run_id: str, requests: Sequence[int] = VOLUMES) -> list[Volume]:
    """What the teacher, the chosen student and the cascade cost as the load changes; nothing of an unfinished run."""
    stages = _stages(home, run_id)
    if stages is None:
        return []
    use_case, found = _use_case(home, run_id), []
    for count in requests:
        # A peak that was given as a rate stays the same multiple of the mean.
        prices = replace(
            use_case.prices,
            requests_per_month=count,
            peak_to_mean=use_case.prices.peak_ratio,
            peak_requests_per_s=None,
        )
        money = _assessed(replace(use_case, prices=prices), stages)
        shown = [plan for plan in money.plans if plan.arm in (stages["evaluate"]["chosen"], "cascade")]
        bill = money.swap.old()
        if bill is not None:
            month = bill.month(count)
            found.append(Volume(count, "teacher", 1e3 * month / count, month, None, None, None, None))
        found += [
            Volume(
                count,
                plan.arm,
                plan.all_in_per_thousand,
                plan.per_month,
                plan.saving,
                plan.saving_low,
                plan.saving_high,
                plan.devices,
            )
            for plan in shown
        ]
    return found


def planned(home: Home, run_id: str) -> Facts | None:
    """The volume of the use case, its currency and horizon, and from which volume on each arm pays; None of an unfinished run."""
    stages = _stages(home, run_id)
    if stages is None:
        return None
    use_case = _use_case(home, run_id)
    money = _assessed(use_case, stages)
    return {
        "requests_per_month": use_case.prices.requests_per_month,
        "currency": use_case.prices.prices.currency,
        "example": use_case.prices.prices.example,
        "horizon_months": use_case.decide.horizon_months,
        "break_even": {plan.arm: plan.break_even_requests_per_month for plan in money.plans},
        "refused": {plan.arm: plan.refused for plan in money.plans if plan.refused},
        "chosen": stages["evaluate"]["chosen"],
    }


def _assessed(use_case: UseCase, stages: Mapping[str, Facts]) -> Assessment:
    effort = Effort.of(stages, use_case.teacher.kind == "recorded")
    return assess(use_case.prices, use_case.decide, stages["evaluate"], stages["bench"], effort)


# --- finished stages --------------------------------------------------------------------------------------------------


def _stages(home: Home, run_id: str) -> Mapping[str, Facts] | None:
    names = ("teach", "sft", "onpolicy", "evaluate", "bench")
    found = {name: _facts(home, run_id, name) for name in names}
    return (
        {name: facts for name, facts in found.items() if facts is not None} if all(found.values()) else None
    )


def _facts(home: Home, run_id: str, stage: str) -> Facts | None:
    path = home.runs / run_id / stage / manifest.NAME
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> Facts | None:
    try:
        found = manifest.read(path.parent)
    except manifest.DamagedError:
        return None
    return None if found is None else found.facts


def _use_case(home: Home, run_id: str) -> UseCase:
    document = json.loads((home.runs / run_id / "config.json").read_text(encoding="utf-8"))
    return use_case_from_json(json.dumps(document["use_case"]))
