"""From what the stages found to money and a verdict: the cost model's one way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from appliance.cost.card import card_rows
from appliance.cost.explain import Line, explain
from appliance.cost.prices import PriceSettings
from appliance.cost.rates import LEAST_REQUESTS, Rate, Span, TeacherTokens, rate
from appliance.cost.sensitivity import Bar, tornado
from appliance.cost.standing import DecideSettings
from appliance.cost.swap import Measured, Plan, Swap, plan, with_peak_ratio
from appliance.cost.unit_costs import Cost, cascade_cost, served_cost, teacher_cost, thin_tokens
from appliance.cost.verdict import Verdict, decide
from distill.evaluate import TRAINED_ARMS, UNTRAINED_ARMS
from distill.values import Score

SERVED_ONLY = ("adapter", "quantised")
"""Other ways to serve the chosen student: priced, not scored."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What the run spent on getting a student."""

    training_hours: float
    labelled: int
    """Answers that were bought from the teacher to learn from; 0 where they lay there, recorded."""

    @classmethod
    def of(cls, stages: Mapping[str, Mapping[str, Any]], recorded: bool) -> Effort:
        """From the facts of `teach`, `sft` and `onpolicy`. `recorded` answers were there before the run."""
        seconds = sum(stages[name].get("seconds", 0.0) for name in TRAINED_ARMS)  # none where it was left out
        return cls(seconds / 3600, 0 if recorded else stages["teach"]["asked"])


@dataclass(frozen=True, slots=True)
class Assessment:
    costs: tuple[Cost, ...]
    plans: tuple[Plan, ...]
    verdict: Verdict
    swap: Swap
    """The one that the figures of the swap are about: to the recommended arm, else to the one that was weighed."""
    sensitivity: tuple[Bar, ...]
    lines: tuple[Line, ...]
    short_prompt: Mapping[str, Any] | None

    def facts(self) -> dict[str, Any]:
        """JSON-ready parts of the report."""
        return {
            "verdict": asdict(self.verdict)
            | {"reasons": list(self.verdict.reasons), "cautions": list(self.verdict.cautions)},
            "cost": [asdict(cost) for cost in self.costs],
            "economics": self._economics(),
            "price_card": card_rows(self.swap.prices),
            "sensitivity": [asdict(bar) for bar in self.sensitivity],
            "explain": [asdict(line) for line in self.lines],
        }

    def _economics(self) -> dict[str, Any]:
        swap, old, new = self.swap, self.swap.old(), self.swap.new()
        found = next(plan for plan in self.plans if plan.arm == swap.arm)
        volume, months = swap.prices.requests_per_month, range(swap.horizon_months + 1)
        told = old is not None and new is not None and found.saving is not None
        return {
            "arm": swap.arm,
            "requests_per_month": volume,
            "utilisation": swap.prices.utilisation,
            "peak_to_mean": swap.prices.peak_ratio,
            "load": swap.load,
            "horizon_months": swap.horizon_months,
            "devices": found.devices,
            "busy": found.busy,
            "one_off": found.one_off,
            "one_off_parts": swap.once_parts(),
            "upkeep_per_month": swap.prices.upkeep_per_month,
            "break_even_months": found.break_even_months,
            "break_even_requests_per_month": found.break_even_requests_per_month,
            "monthly_cost": {"teacher": found.teacher_per_month, "student": found.per_month},
            "saving": {
                "value": found.saving,
                "low": found.saving_low,
                "high": found.saving_high,
                "refused": found.refused,
            },
            "months": [
                {
                    "month": month,
                    "teacher": old.total(volume, month),
                    "student": new.total(volume, month),
                    "saved": old.total(volume, month) - new.total(volume, month),
                }
                for month in months
            ]
            if told and old is not None and new is not None
            else None,
            "arms": [asdict(plan) for plan in self.plans],
            "short_prompt": self.short_prompt,
        }


def assess(
    prices: PriceSettings,
    settings: DecideSettings,
    evaluated: Mapping[str, Any],
    bench: Mapping[str, Any],
    effort: Effort,
    cautions: Sequence[str] = (),
) -> Assessment:
    """Every arm's cost, each arm's plan in the teacher's place, and the verdict; from the facts of the two stages."""
    primary, chosen = evaluated["primary_metric"], evaluated["chosen"]
    scores = {row["arm"]: Score(**row) for row in evaluated["scores"] if row["metric"] == primary}
    rows = bench["serving"]
    served = {row["arm"] for row in rows}
    tokens = None if bench["teacher_tokens"] is None else TeacherTokens(**bench["teacher_tokens"])
    rates = {
        arm: rate(arm, rows, bench, bench["chosen"] if arm in TRAINED_ARMS and arm not in served else None)
        for arm in (*UNTRAINED_ARMS, *TRAINED_ARMS, *SERVED_ONLY)
        if arm in scores or arm in served
    }
    teacher_rate = rate("teacher", rows, bench) if "teacher" in served else None
    base = Swap(chosen, with_peak_ratio(prices), settings.horizon_months, _of_teacher(tokens, teacher_rate))
    swaps = {arm: _swap(base, arm, found, effort, tokens, teacher_rate) for arm, found in rates.items()}
    cascade = evaluated.get("cascade")
    if cascade is not None:
        swaps["cascade"] = _with_teacher_behind(swaps[cascade["arm"]], cascade["test"])
    plans = {arm: plan(swap) for arm, swap in swaps.items()}
    verdict = decide(
        scores,
        chosen,
        plans,
        settings,
        currency=prices.prices.currency,
        evidence={row["arm"]: row for row in (evaluated.get("evidence") or {}).get("arms", ())},
        paired=[row for row in evaluated.get("paired") or () if row["metric"] == primary],
    )
    swap = swaps[next(arm for arm in (verdict.arm, verdict.about, chosen) if arm in swaps)]
    bars = tornado(swap)
    short = _short_prompt(swap, tokens, rates[chosen], plans[swap.arm]) if teacher_rate is None else None
    source = rates[cascade["arm"] if cascade is not None and swap.arm == "cascade" else swap.arm]
    said = _cautions(swap, source, verdict, bars, short)
    return Assessment(
        tuple(_costs(rates, swaps, base, tokens, teacher_rate, cascade)),
        tuple(plans.values()),
        replace(verdict, cautions=(*said, *cautions)),
        swap,
        tuple(bars),
        tuple(explain(swap, source, tokens, teacher_rate)),
        short,
    )


def _of_teacher(tokens: TeacherTokens | None, teacher_rate: Rate | None) -> Measured:
    prompt = output = None
    if tokens is not None and tokens.output:
        prompt = Span(tokens.prompt, tokens.prompt_low, tokens.prompt_high)
        output = Span(tokens.output, tokens.output_low, tokens.output_high)
    measured = None if teacher_rate is None else teacher_rate.requests_per_s
    return Measured(None, prompt, output, measured)


def _swap(
    base: Swap,
    arm: str,
    found: Rate,
    effort: Effort,
    tokens: TeacherTokens | None,
    teacher_rate: Rate | None,
) -> Swap:
    """Training is paid for a trained arm; labelling for one that learns from the answers or shows them."""
    learns = arm in TRAINED_ARMS or arm in SERVED_ONLY
    measured = replace(
        base.measured,
        rate=found.requests_per_s,
        training_hours=effort.training_hours if learns else 0.0,
        labelled=effort.labelled if learns or arm == "retrieved" else 0,
    )
    refused = found.refused
    if refused is None and teacher_rate is not None and teacher_rate.refused is not None:
        refused = f"of the teacher, {teacher_rate.refused}"
    by_token = base.prices.prices.teacher is not None and base.prices.prices.teacher.device is None
    if refused is None and teacher_rate is None and by_token:
        refused = "the teacher's tokens were not counted" if tokens is None else thin_tokens(tokens)
    return replace(base, arm=arm, measured=measured, refused=refused, too_slow=found.too_slow)


def _with_teacher_behind(student: Swap, split: Mapping[str, Any]) -> Swap:
    share = Span(split["share"], split["share_low"], split["share_high"])
    refused = student.refused
    if refused is None and split["n"] < LEAST_REQUESTS:
        refused = f"the share passed on was measured on {split['n']} records only"
    return replace(
        student, arm="cascade", measured=replace(student.measured, escalated=share), refused=refused
    )


def _costs(
    rates: Mapping[str, Rate],
    swaps: Mapping[str, Swap],
    base: Swap,
    tokens: TeacherTokens | None,
    teacher_rate: Rate | None,
    cascade: Mapping[str, Any] | None,
) -> list[Cost]:
    costs = {arm: served_cost(swaps[arm], found) for arm, found in rates.items()}
    teacher = teacher_cost(base, tokens) if teacher_rate is None else served_cost(base, teacher_rate)
    if cascade is not None:
        costs["cascade"] = cascade_cost(swaps["cascade"], costs[cascade["arm"]], teacher)
    return [*costs.values(), teacher]


def _short_prompt(
    swap: Swap, tokens: TeacherTokens | None, student: Rate, found: Plan
) -> dict[str, Any] | None:
    """What the teacher would cost with a prompt as short as the student's: a thing to try before training."""
    if tokens is None or student.prompt_tokens is None or found.all_in_per_thousand is None:
        return None
    shorter = replace(swap.measured, teacher_prompt=Span.exact(student.prompt_tokens))
    answer = replace(swap, measured=shorter).answer_price()
    hosted = swap.prices.prices.teacher is not None and swap.prices.prices.teacher.device is not None
    if answer is None or hosted or student.prompt_tokens >= tokens.prompt:
        return None
    return {
        "teacher_prompt_tokens": tokens.prompt,
        "student_prompt_tokens": student.prompt_tokens,
        "teacher_per_thousand": answer * 1e3,
        "student_all_in_per_thousand": found.all_in_per_thousand,
        "cheaper": answer * 1e3 < found.all_in_per_thousand,
    }


def _cautions(
    swap: Swap, rate: Rate, verdict: Verdict, bars: Sequence[Bar], short: Mapping[str, Any] | None
) -> list[str]:
    said = []
    if swap.prices.prices.example:
        said.append("The prices are examples: put in your own before you decide.")
    power = swap.prices.prices.device.power_watts
    if power is not None and rate.watts is not None and rate.watts > power.value:
        said.append(
            f"Under load the processors and the accelerator alone drew {rate.watts:.0f} watts; the price card has "
            f"{power.value:.0f} for the whole device."
        )
    if short is not None and short["cheaper"] and verdict.kind != "keep-teacher":
        said.append(
            f"Asked with a prompt as short as the student's ({short['student_prompt_tokens']:.0f} tokens instead of "
            f"{short['teacher_prompt_tokens']:.0f}), the teacher would cost less than the swap. How good its answers would "
            "then be was not measured: try that first."
        )
    overturning = [bar.label for bar in bars if bar.overturns]
    if overturning:
        said.append(
            f"Within their plausible range these alone turn the saving round: {'; '.join(overturning)}."
        )
    return said
