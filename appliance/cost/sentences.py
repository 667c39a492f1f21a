"""The sentences of a verdict: quality with its interval, money as a range."""

from __future__ import annotations

from appliance.cost.standing import Case, Standing
from appliance.cost.swap import Plan
from appliance.report import words
from distill.values import Score


def settle(case: Case, standing: Standing) -> str:
    if standing.records is None:
        return "It lies so close to the bar that no affordable number of test records would settle it."
    n = case.scores[case.chosen].n
    return f"About {standing.records} test records would settle it (there are {n}), if the value stays where it is."


def bar_text(case: Case) -> str:
    whole = (
        "full agreement with the teacher"
        if case.scores["teacher"].value is None
        else f"the teacher's {case.teacher_value:.1%}"
    )
    return f"{case.bar:.1%}, that is {case.settings.min_quality_ratio:.0%} of {whole}"


def shares(case: Case) -> str:
    note = case.plans["cascade"].passed_on
    return "" if note is None else f": the student answers {1 - note:.0%} and passes {note:.0%} on"


def month(case: Case, plan: Plan) -> str:
    devices = "1 device" if plan.devices == 1 else f"{plan.devices} devices"
    who = "student"
    if plan.arm == "cascade":
        who, devices = "student and the teacher behind it", f"{devices} for the student"
    return (
        f"At {plan.requests_per_month:,} requests a month the teacher costs {words.money(plan.teacher_per_month, case.currency)} "
        f"and the {who} {words.money(plan.per_month, case.currency)} ({devices}, paid whole)."
    )


def kept(case: Case, plan: Plan) -> str:
    told = (
        f"Over {case.settings.horizon_months} months the swap {gain(case, plan)}, the one-off cost of "
        f"{words.money(plan.one_off, case.currency)} taken off"
    )
    if plan.break_even_months is None:
        return f"{told}; it is never earned back."
    return f"{told}; it is earned back in {plan.break_even_months:.1f} months."


def money_of(case: Case, arm: str) -> tuple[str, ...]:
    plan = case.plans.get(arm)
    if plan is None or plan.saving is None:
        why = "it was not served" if plan is None else plan.refused
        return (f"What it saves is not known: {why}.",)
    return month(case, plan), kept(case, plan)


def gain(case: Case, plan: Plan) -> str:
    """What the swap does, such as: saves €3 to €5, loses €3 to €5, brings −€3 to €5."""
    assert plan.saving_low is not None and plan.saving_high is not None
    word, ends = "brings", (plan.saving_low, plan.saving_high)
    if ends[0] >= 0:
        word = "saves"
    elif ends[1] < 0:
        word, ends = "loses", (-ends[1], -ends[0])
    decimals = words.money_decimals([max(map(abs, ends))])
    low, high = (words.money(end, case.currency, decimals) for end in ends)
    return f"{word} {low if low == high else f'{low} to {high}'}"


def span(score: Score) -> str:
    return f"{score.value:.1%} (95% interval {score.low:.1%} to {score.high:.1%}, n = {score.n})"


def capital(text: str) -> str:
    return text[0].upper() + text[1:]
