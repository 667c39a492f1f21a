"""The verdict, on its own and from what the stages found."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.cost.assess import Assessment, Effort, assess
from appliance.cost.prices import DevicePrice, Figure, PriceCard, PriceSettings, TeacherPrice
from appliance.cost.standing import DecideSettings, records_to_settle, unpaired_difference
from appliance.cost.swap import Plan
from appliance.cost.verdict import Verdict, decide, pays
from distill.values import Score
from privacy.intervals import wilson


def score(
    arm: str, value: float | None, low: float | None = None, high: float | None = None, n: int = 100
) -> Score:
    if value is not None:
        low, high = value if low is None else low, value if high is None else high
    return Score(arm, "accuracy", value, low, high, n, 0)


SETTINGS = DecideSettings(min_quality_ratio=0.9, min_test_records=50, horizon_months=12)
TEACHER = score("teacher", 0.8)
BAR = 0.9 * 0.8
JUST_UNDER = math.nextafter(BAR, 0)
GOOD = score("sft", BAR)
UNSURE = score("sft", 0.7, 0.6, 0.8)
BAD = score("sft", 0.5, 0.4, 0.6)


def money(
    low: float | None, high: float | None, arm: str = "sft", refused: str | None = None, **changes: Any
) -> Plan:
    """A plan that saves from `low` to `high` over the horizon."""
    saved = Plan(
        arm=arm, requests_per_month=1_000_000, refused=refused, too_slow=False, passed_on=None, teacher_per_month=5000.0,
        devices=1, busy=0.1, per_month=2628.0, one_off=1000.0, all_in_per_thousand=0.5,
    )  # fmt: skip
    if low is not None and high is not None:
        saved = replace(
            saved, saving=(low + high) / 2, saving_low=low, saving_high=high, spent_low=-high, spent_high=-low,
            break_even_months=0.4, break_even_requests_per_month=500_000,
        )  # fmt: skip
    return replace(saved, **changes)


EARNS, LOSES = money(900.0, 1100.0), money(-200.0, -100.0, break_even_months=None)
LATE, EITHER = money(-200.0, -100.0, break_even_months=13.0), money(-1.0, 1.0)
UNKNOWN = money(None, None, refused="that load was measured once, so the rate has no interval")
SLOW = money(None, None, refused="no load level met the objective (first token within 2 s)", too_slow=True)


def against(arm: str, rival: str, low: float, **more: Any) -> dict[str, Any]:
    return {"arm": arm, "against": rival, "low": low, "high": low + 0.2} | more


def margin(arm: str, meets: bool | None, records: int | None = 0) -> dict[str, Any]:
    return {
        "arm": arm,
        "margin": 0.01,
        "low": -0.01,
        "high": 0.02,
        "meets": meets,
        "records_to_settle": records,
    }


def verdict(
    student: Score = GOOD,
    *others: Score,
    teacher: Score = TEACHER,
    plans: dict[str, Plan] | None = None,
    settings: DecideSettings = SETTINGS,
    **more: Any,
) -> Verdict:
    scores = {found.arm: found for found in (student, teacher, *others)}
    if plans is None:
        plans = {arm: replace(EARNS, arm=arm) for arm in scores if arm != "teacher"}
    if "evidence" in more:
        more["evidence"] = {row["arm"]: row for row in more["evidence"]}
    return decide(scores, student.arm, plans, settings, currency="EUR", **more)


def plans(sft: Plan | None = EARNS, **others: Plan) -> dict[str, Plan]:
    found = {} if sft is None else {"sft": sft}
    return found | {
        arm.replace("_", "-"): replace(plan, arm=arm.replace("_", "-")) for arm, plan in others.items()
    }


CASCADE, CASCADE_UNSURE, CASCADE_BAD = (
    score("cascade", 0.78, BAR),
    score("cascade", 0.75, 0.7, 0.8),
    score("cascade", 0.6),
)
MAYBE = score("untuned", 0.7, 0.6, BAR)
"""An untrained arm that may be good enough."""
OVER = score("sft", 0.9, 0.85, 0.95)

VERDICTS = [
    # the student alone, its interval around the bar
    ("over the bar", verdict(score("sft", 0.8, 0.75, 0.85)), "distil", "sft"),
    ("its low end on the bar", verdict(score("sft", 0.8, BAR, 0.85)), "distil", "sft"),
    ("its low end just under", verdict(score("sft", 0.8, JUST_UNDER, 0.85)), "not-enough-evidence", None),
    ("its high end on the bar", verdict(score("sft", 0.7, 0.6, BAR)), "not-enough-evidence", None),
    ("its high end just under", verdict(score("sft", 0.7, 0.6, JUST_UNDER)), "keep-teacher", "teacher"),
    ("all wrong", verdict(score("sft", 0.0, 0.0, 0.04)), "keep-teacher", "teacher"),
    ("the on-policy student", verdict(score("onpolicy", 0.8, 0.75, 0.85)), "distil", "onpolicy"),
    # record by record beside the teacher, which is surer than two intervals
    ("paired evidence over the bar", verdict(UNSURE, evidence=[margin("sft", True)]), "distil", "sft"),
    ("paired evidence that is open", verdict(OVER, evidence=[margin("sft", None, 900)]), "not-enough-evidence", None),
    ("paired evidence under the bar", verdict(UNSURE, evidence=[margin("sft", False)]), "keep-teacher", "teacher"),
    ("paired evidence of another arm", verdict(UNSURE, evidence=[margin("onpolicy", True)]), "not-enough-evidence", None),
    # too few records
    ("records as asked", verdict(replace(GOOD, n=50)), "distil", "sft"),
    ("one record too few", verdict(replace(GOOD, n=49)), "not-enough-evidence", None),
    ("twenty records", verdict(replace(OVER, n=20)), "not-enough-evidence", None),
    ("none at all", verdict(score("sft", None, n=0)), "not-enough-evidence", None),
    ("too few, and a prompt that is good enough", verdict(replace(GOOD, n=49), score("untuned", 1.0)), "not-enough-evidence", None),
    # an untrained arm
    ("a prompt on the bar", verdict(GOOD, score("untuned", 0.8, BAR, 0.9)), "prompt-first", "untuned"),
    ("a few-shot prompt on the bar", verdict(GOOD, score("few-shot", 0.8, BAR, 0.9)), "prompt-first", "few-shot"),
    ("retrieved examples on the bar", verdict(GOOD, score("retrieved", 0.8, BAR, 0.9)), "prompt-first", "retrieved"),
    ("a prompt, and a student that fails", verdict(BAD, score("few-shot", 0.8)), "prompt-first", "few-shot"),
    ("a prompt that was not measured", verdict(GOOD, score("untuned", None)), "distil", "sft"),
    ("a prompt, and unknown costs", verdict(GOOD, score("untuned", 0.8), plans={}), "prompt-first", "untuned"),
    ("a better student, but a prompt will do", verdict(OVER, score("untuned", 0.8)), "prompt-first", "untuned"),
    ("a prompt that costs more than the teacher", verdict(OVER, score("untuned", 0.8), plans=plans(untuned=LOSES)), "distil", "sft"),
    ("a prompt and a student that both cost more", verdict(OVER, score("untuned", 0.8), plans=plans(LOSES, untuned=LOSES)), "keep-teacher", "teacher"),
    ("a student that surely saves more", verdict(OVER, score("untuned", 0.8), plans=plans(untuned=money(800, 899))), "distil", "sft"),
    ("a student that may save more", verdict(OVER, score("untuned", 0.8), plans=plans(untuned=money(800, 900))), "prompt-first", "untuned"),
    ("a prompt that is too slow", verdict(OVER, score("untuned", 0.8), plans=plans(untuned=SLOW)), "distil", "sft"),
    ("a prompt of unknown cost", verdict(OVER, score("untuned", 0.8), plans=plans(untuned=UNKNOWN)), "prompt-first", "untuned"),
    ("a bad student that saves more", verdict(BAD, score("untuned", 0.8), plans=plans(untuned=money(8, 9))), "prompt-first", "untuned"),
    ("a few-shot prompt that surely saves more", verdict(GOOD, score("untuned", 0.8), score("few-shot", 0.8), plans=plans(untuned=money(8, 9), few_shot=money(900, 999))), "prompt-first", "few-shot"),
    # an untrained arm that may be good enough: training must be shown to be needed
    ("better than the prompt, interval by interval", verdict(OVER, MAYBE), "distil", "sft"),
    ("not shown to be better than the prompt", verdict(GOOD, MAYBE), "not-enough-evidence", None),
    ("paired better than the prompt", verdict(GOOD, MAYBE, paired=[against("sft", "untuned", 0.001)]), "distil", "sft"),
    ("paired no better than the prompt", verdict(OVER, MAYBE, paired=[against("sft", "untuned", 0.0)]), "not-enough-evidence", None),
    ("paired with another arm", verdict(OVER, MAYBE, paired=[against("onpolicy", "untuned", 0.0)]), "distil", "sft"),
    ("a prompt surely under the bar needs no beating", verdict(GOOD, score("untuned", 0.71)), "distil", "sft"),
    # the teacher behind the student
    ("a cascade for a bad student", verdict(BAD, CASCADE), "distil", "cascade"),
    ("a cascade for an unsure student", verdict(UNSURE, CASCADE), "distil", "cascade"),
    ("a student that needs no cascade", verdict(OVER, CASCADE), "distil", "sft"),
    ("a cascade that saves nothing, bad student", verdict(BAD, CASCADE, plans=plans(cascade=LOSES)), "keep-teacher", "teacher"),
    ("a cascade that saves nothing, unsure student", verdict(UNSURE, CASCADE, plans=plans(cascade=LOSES)), "not-enough-evidence", None),
    ("a cascade of unknown cost", verdict(BAD, CASCADE, plans=plans(cascade=UNKNOWN)), "not-enough-evidence", None),
    ("a cascade that may be good enough", verdict(BAD, CASCADE_UNSURE), "not-enough-evidence", None),
    ("a cascade that is bad too", verdict(BAD, CASCADE_BAD), "keep-teacher", "teacher"),
    ("a cascade no better than the prompt", verdict(BAD, CASCADE, MAYBE, paired=[against("cascade", "untuned", -0.1)]), "not-enough-evidence", None),
    ("a cascade, and a prompt that will do", verdict(BAD, CASCADE, score("retrieved", 0.8)), "prompt-first", "retrieved"),
    # the teacher is the reference: the bar is 90% agreement
    ("agreement on the bar", verdict(score("sft", 0.95, 0.9, 0.99), teacher=score("teacher", None)), "distil", "sft"),
    ("agreement unsure", verdict(score("sft", 0.92, 0.88, 0.95), teacher=score("teacher", None)), "not-enough-evidence", None),
    ("agreement too low", verdict(score("sft", 0.8, 0.7, 0.89), teacher=score("teacher", None)), "keep-teacher", "teacher"),
    # money
    ("a saving from nothing on", verdict(plans=plans(money(0.0, 5.0))), "distil", "sft"),
    ("a saving that may be a loss", verdict(plans=plans(EITHER)), "not-enough-evidence", None),
    ("a loss up to nothing", verdict(plans=plans(money(-5.0, 0.0))), "not-enough-evidence", None),
    ("earned back too late", verdict(plans=plans(LATE)), "keep-teacher", "teacher"),
    ("never earned back", verdict(plans=plans(LOSES)), "keep-teacher", "teacher"),
    ("money refused", verdict(plans=plans(UNKNOWN)), "not-enough-evidence", None),
    ("not served", verdict(plans=plans(None)), "not-enough-evidence", None),
    ("too slow", verdict(plans=plans(SLOW)), "keep-teacher", "teacher"),
    ("bad, and costs unknown", verdict(BAD, plans=plans(UNKNOWN)), "keep-teacher", "teacher"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kind", "arm"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS]
)
def test_the_verdict(given: Verdict, kind: str, arm: str | None) -> None:
    assert (given.kind, given.arm) == (kind, arm)
    assert given.headline and given.reasons
    for text in (given.headline, *given.reasons):
        assert (
            text[0] == text[0].upper()
            and text[-1] == "."
            and not any(word in text for word in ("None", "nan", " inf"))
        )


def test_every_kind_of_verdict_and_every_arm_is_in_the_table() -> None:
    assert {kind for _, _, kind, _ in VERDICTS} == {
        "distil",
        "prompt-first",
        "keep-teacher",
        "not-enough-evidence",
    }
    arms = {arm for *_, arm in VERDICTS}
    assert arms == {"untuned", "few-shot", "retrieved", "sft", "onpolicy", "cascade", "teacher", None}


def test_prompting_that_will_do_is_said_first() -> None:
    told = verdict(OVER, score("few-shot", 0.9), score("untuned", 0.9))
    assert told.headline.startswith("Prompting is enough: the untuned student reaches 90.0% (95% interval")
    assert told.reasons[1].startswith("The trained student reaches 90.0%")


def test_a_teacher_that_is_the_reference_is_never_said_to_have_a_quality() -> None:
    told = verdict(score("sft", 0.95, 0.9, 0.99), teacher=score("teacher", None))
    assert "the bar is 90.0%, that is 90% of full agreement with the teacher" in told.reasons[0]
    assert "the teacher's 80.0%" in verdict().reasons[0]


def test_a_teacher_that_got_nothing_right_is_not_taken_for_the_reference() -> None:
    """0 is a measurement: the bar is 0, not full agreement."""
    assert "0.0%, that is 90% of the teacher's 0.0%" in verdict(teacher=score("teacher", 0.0)).reasons[0]


def test_the_money_behind_a_verdict_is_told_as_a_range() -> None:
    _, monthly, kept = verdict().reasons
    assert monthly == (
        "At 1,000,000 requests a month the teacher costs €5,000 and the student €2,628 (1 device, paid whole)."
    )
    assert kept == (
        "Over 12 months the swap saves €900 to €1,100, the one-off cost of €1,000 taken off; it is earned back "
        "in 0.4 months."
    )


def test_a_loss_is_called_a_loss() -> None:
    assert "Over 12 months the swap loses €100 to €200," in verdict(plans=plans(LOSES)).reasons[-1]
    assert "Over 12 months the swap brings −€1.00 to €1.00," in verdict(plans=plans(EITHER)).reasons[-2]


def test_a_cascade_tells_how_much_it_passes_on() -> None:
    told = verdict(BAD, CASCADE, plans=plans(cascade=replace(EARNS, passed_on=0.214)))
    assert (
        told.headline
        == "Distil, and keep the teacher behind the student: the student answers 79% and passes 21% on."
    )
    assert (
        "the student and the teacher behind it €2,628 (1 device for the student, paid whole)"
        in told.reasons[-2]
    )


def test_a_bad_student_whose_cascade_is_good_but_not_cheaper_is_told_so() -> None:
    told = verdict(BAD, CASCADE, plans=plans(cascade=LOSES))
    assert (
        told.headline
        == "Keep the teacher: the student with the teacher behind it is good enough, but not cheaper."
    )


def test_records_that_would_tell_the_arms_apart_are_named() -> None:
    told = verdict(OVER, MAYBE, paired=[against("sft", "untuned", -0.01, records_to_settle=730)])
    assert told.reasons[-1] == "About 730 test records would tell them apart (there are 100)."
    open_bar = verdict(UNSURE, evidence=[margin("sft", None, 1900)])
    assert open_bar.reasons[-1].startswith("About 1900 test records would settle it (there are 100)")
    hopeless = verdict(UNSURE, evidence=[margin("sft", None, None)])
    assert "no affordable number" in hopeless.reasons[-1]


def test_a_plan_pays_if_its_whole_range_is_a_gain() -> None:
    assert [pays(plan) for plan in (EARNS, LOSES, EITHER, UNKNOWN, None)] == [True, False, None, None, None]


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_an_unpaired_difference_is_newcombes(
    right: int, wrong: int, other_right: int, other_wrong: int
) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep  # type: ignore[import-untyped]

    n, m = right + wrong, other_right + other_wrong
    one, other = (score("sft", k / size, *wilson(k, size)) for k, size in ((right, n), (other_right, m)))
    wanted = confint_proportions_2indep(right, n, other_right, m, compare="diff", method="newcomb")
    assert unpaired_difference(one, other) == pytest.approx(wanted, abs=1e-9)


# ---- how many records would settle it


def test_records_to_settle_by_hand() -> None:
    """Value 0.8, bar 0.75: 1.96² × 0.75 × 0.25 / 0.05² = 288.1."""
    assert records_to_settle(score("sft", 0.8), 0.75) == 289


@given(right=st.integers(0, 400), more=st.integers(0, 400), bar=st.floats(0.05, 0.95))
def test_with_so_many_records_the_interval_parts_from_the_bar_and_with_fewer_it_does_not(
    right: int, more: int, bar: float
) -> None:
    n = right + more
    if n == 0 or abs(right / n - bar) < 0.005:
        return
    value = right / n
    needed = records_to_settle(score("sft", value, n=n), bar)
    low, high = wilson(value * needed, needed)
    assert low >= bar - 1e-9 or high <= bar + 1e-9
    if bar * (1 - bar) > 0.01 and needed > 2 and 0 < value < 1:
        low, high = wilson(value * (needed - 1), needed - 1)
        assert low < bar + 1e-9 and high > bar - 1e-9


@given(right=st.integers(0, 300), wrong=st.integers(0, 300), ratio=st.floats(0.5, 1.0))
def test_more_records_are_asked_for_than_there_are(right: int, wrong: int, ratio: float) -> None:
    n = right + wrong
    if n < 50:
        return
    low, high = wilson(right, n)
    told = verdict(score("sft", right / n, low, high, n), settings=replace(SETTINGS, min_quality_ratio=ratio))
    if told.kind == "not-enough-evidence":
        asked, there = (
            int(word.strip("(),")) for word in told.reasons[1].split() if word.strip("(),").isdigit()
        )
        assert asked > there == n


# ---- from what the stages found


def fig(value: float) -> Figure:
    return Figure(value, "an offer", "2026-11-01")


CARD = PriceCard(
    "by hand",
    "EUR",
    DevicePrice("device", rent_per_hour=fig(0.5)),
    TeacherPrice(input_per_million=fig(1.0), output_per_million=fig(4.0)),
)
PRICES = PriceSettings(2_000_000, card=CARD, one_off=400.0)


def row(arm: str, per_s: float) -> dict[str, Any]:
    return {
        "arm": arm, "loop": "closed", "concurrency": 8, "requests_per_s": per_s, "requests_per_s_low": per_s * 0.95,
        "requests_per_s_high": per_s * 1.05, "mean_prompt_tokens": 40.0, "mean_output_tokens": 8.0, "num_ok": 192, "num_failed": 0,
    }  # fmt: skip


def found(
    values: dict[str, int],
    n: int = 400,
    prices: PriceSettings = PRICES,
    cascade: int | None = None,
    paired: tuple[dict[str, Any], ...] = (),
    **bench: Any,
) -> Assessment:
    """An assessment of so many right answers by arm; the teacher got 380 of 400 right, and its share of fewer."""
    values = {"untuned": 4, "few-shot": 80, "retrieved": 200, "sft": 300, "teacher": 380} | values
    if cascade is not None:
        values["cascade"] = cascade
    rows: list[dict[str, Any]] = [
        {"arm": arm, "metric": "accuracy", "value": right / n, "n": n, "failed": 0, "note": None}
        | dict(zip(("low", "high"), wilson(right, n), strict=True))
        for arm, right in values.items()
    ]
    evaluated: dict[str, Any] = {
        "primary_metric": "accuracy",
        "chosen": "onpolicy",
        "scores": rows,
        "paired": paired,
    }
    if cascade is not None:
        evaluated["cascade"] = {
            "arm": "onpolicy",
            "test": {"n": n, "share": 0.2, "share_low": 0.16, "share_high": 0.24},
        }
    served = {
        "chosen": "onpolicy",
        "serving": [row("untuned", 5), row("few-shot", 4), row("retrieved", 3), row("onpolicy", 20), row("adapter", 12)],
        "teacher_tokens": {"prompt": 500.0, "output": 8.0, "counted_by": "by hand", "n": 400, "prompt_low": 490.0,
                           "prompt_high": 510.0, "output_low": 7.5, "output_high": 8.5},
    }  # fmt: skip
    return assess(prices, SETTINGS, evaluated, served | bench, Effort(2.0, 3000))


def test_a_good_student_that_is_cheaper_is_distilled() -> None:
    told = found({"onpolicy": 372})
    assert (told.verdict.kind, told.verdict.arm, told.swap.arm) == ("distil", "onpolicy", "onpolicy")
    facts = told.facts()
    assert facts["economics"]["saving"]["low"] <= facts["economics"]["saving"]["value"]
    assert {cost["arm"] for cost in facts["cost"]} == {
        "untuned", "few-shot", "retrieved", "sft", "onpolicy", "adapter", "teacher",
    }  # fmt: skip
    assert facts["economics"]["months"][-1]["saved"] == pytest.approx(facts["economics"]["saving"]["value"])
    assert facts["sensitivity"] and facts["explain"][-1]["key"] == "all_in_per_thousand"
    assert (
        next(cost for cost in facts["cost"] if cost["arm"] == "sft")["basis"].count(
            "measured on the student after SFT and on-policy"
        )
        == 1
    )


def test_where_the_cascade_was_weighed_the_money_is_the_cascades() -> None:
    told = found({"onpolicy": 300}, cascade=340)
    assert told.verdict.headline == "The student with the teacher behind it may or may not be good enough."
    assert (told.verdict.arm, told.swap.arm) == (None, "cascade")
    alone = found({"onpolicy": 345})
    assert (alone.verdict.kind, alone.swap.arm) == ("not-enough-evidence", "onpolicy")


def test_where_a_prompt_will_do_distilling_is_not_worth_it() -> None:
    told = found({"onpolicy": 372, "retrieved": 374})
    assert (told.verdict.kind, told.verdict.arm, told.swap.arm) == ("prompt-first", "retrieved", "retrieved")
    plan = next(plan for plan in told.plans if plan.arm == "retrieved")
    assert plan.one_off == pytest.approx(400 + 3000 * (500 + 8 * 4) / 1e6), (
        "its examples were bought; nothing was trained"
    )


def test_arms_are_compared_on_the_primary_metric_alone() -> None:
    """340 of 400 may be good enough; 372 are better interval by interval."""
    rows = [{"arm": "onpolicy", "against": "retrieved", "metric": "macro_f1", "low": -0.1, "high": 0.1}]
    assert found({"onpolicy": 372, "retrieved": 340}, paired=tuple(rows)).verdict.kind == "distil"
    rows.append(rows[0] | {"metric": "accuracy"})
    told = found({"onpolicy": 372, "retrieved": 340}, paired=tuple(rows)).verdict
    assert (told.kind, told.headline) == ("not-enough-evidence", "It is not shown that training is needed.")


def test_where_the_student_is_not_good_enough_the_teacher_is_kept() -> None:
    assert found({"onpolicy": 300}).verdict.kind == "keep-teacher"


def test_where_few_requests_come_the_teacher_is_kept() -> None:
    """2,000 requests a month cost the teacher 1.06, and a device is paid whole."""
    told = found({"onpolicy": 372}, prices=replace(PRICES, requests_per_month=2000))
    assert (told.verdict.kind, told.verdict.headline) == (
        "keep-teacher",
        "Keep the teacher: the student is good enough, but not cheaper.",
    )
    assert told.facts()["economics"]["break_even_requests_per_month"] > 2000
    assert told.swap.arm == "onpolicy", "the swap that was turned down is the one that is explained"


def test_twenty_records_are_not_enough_evidence_whatever_they_say() -> None:
    told = found(
        {"untuned": 0, "few-shot": 1, "retrieved": 2, "sft": 19, "onpolicy": 20, "teacher": 20}, n=20
    )
    assert told.verdict.kind == "not-enough-evidence" and told.verdict.headline.startswith(
        "20 test records are too few"
    )


def test_a_student_with_the_teacher_behind_it_is_priced_and_may_win() -> None:
    told = found({"onpolicy": 300}, cascade=374)
    assert (told.verdict.kind, told.verdict.arm, told.swap.arm) == ("distil", "cascade", "cascade")
    plans = {plan.arm: plan for plan in told.plans}
    assert plans["cascade"].per_month == pytest.approx(plans["onpolicy"].per_month + 0.2 * 1064.0)  # type: ignore[operator]
    keys = {line.key: line.value for line in told.lines}
    assert keys["student_per_month"] == pytest.approx(plans["cascade"].per_month)


def test_a_load_level_that_ran_once_makes_no_saving_and_no_verdict_to_distil() -> None:
    once = [
        row(arm, 20) | {"requests_per_s_low": None, "requests_per_s_high": None}
        for arm in ("untuned", "onpolicy")
    ]
    told = found({"onpolicy": 372}, serving=once)
    assert told.verdict.kind == "not-enough-evidence"
    assert told.facts()["economics"]["saving"] == {
        "value": None, "low": None, "high": None, "refused": "that load was measured once, so the rate has no interval",
    }  # fmt: skip
    assert told.sensitivity == () and told.facts()["economics"]["months"] is None


def test_tokens_counted_on_few_answers_make_no_saving() -> None:
    few = {"prompt": 500.0, "output": 8.0, "counted_by": "by hand", "n": 12}
    told = found({"onpolicy": 372}, teacher_tokens=few)
    assert told.verdict.kind == "not-enough-evidence"
    assert "the teacher's tokens were counted on 12 answers" in told.verdict.reasons[-1]


def test_tokens_that_were_not_counted_make_no_saving() -> None:
    told = found({"onpolicy": 372}, teacher_tokens=None)
    assert told.verdict.reasons[-1] == "No saving can be stated: the teacher's tokens were not counted."


def test_a_teacher_measured_on_the_device_is_priced_by_its_rate() -> None:
    served = [row("onpolicy", 20), row("untuned", 5), row("teacher", 0.2)]
    told = found({"onpolicy": 372}, serving=served)
    teacher = next(cost for cost in told.costs if cost.arm == "teacher")
    assert teacher.per_thousand_requests == pytest.approx(0.5 / 3600 / 0.2 / 0.4 * 1000)
    assert told.verdict.kind == "distil" and told.short_prompt is None


def test_a_shorter_prompt_for_the_teacher_is_a_thing_to_try_first() -> None:
    """40 and 8 tokens are 0.072 a thousand requests; one device for 2,000,000 is 0.18 and more."""
    told = found({"onpolicy": 372})
    assert told.short_prompt is not None and told.short_prompt["cheaper"]
    assert any("40 tokens instead of 500" in caution for caution in told.verdict.cautions)
    many = found({"onpolicy": 372}, prices=replace(PRICES, requests_per_month=20_000_000))
    assert many.short_prompt is not None and not many.short_prompt["cheaper"]
    assert not any("tokens instead of" in caution for caution in many.verdict.cautions)


def test_examples_of_prices_are_said_to_be_examples() -> None:
    assert not any("examples" in caution for caution in found({"onpolicy": 372}).verdict.cautions)
    told = found({"onpolicy": 372}, prices=replace(PRICES, card=replace(CARD, example=True)))
    assert told.verdict.cautions[0] == "The prices are examples: put in your own before you decide."


def test_a_device_that_draws_more_than_its_price_card_says_is_noticed() -> None:
    """6,500 J in 10 seconds are 650 watts."""
    device = DevicePrice(
        "d", purchase=fig(9e3), life_years=fig(4), power_watts=fig(649.0), power_per_kwh=fig(0.2)
    )
    served = [row("onpolicy", 20) | {"cpu_j": 1500.0, "gpu_j": 5000.0, "wall_s": 10.0}, row("untuned", 5)]
    for watts, noticed in ((649.0, True), (650.0, False)):
        card = replace(CARD, device=replace(device, power_watts=fig(watts)))
        told = found({"onpolicy": 372}, prices=replace(PRICES, card=card), serving=served)
        said = [caution for caution in told.verdict.cautions if "watts" in caution]
        assert bool(said) == noticed and (not said or "drew 650 watts; the price card has 649" in said[0])


def test_what_other_stages_found_stands_beside_the_verdict() -> None:
    from appliance.manifest import Manifest
    from appliance.stages.report import _cautions

    def stages(result: str, high: float) -> dict[str, Manifest]:
        general = {"n": 60, "before": {"value": 0.5}, "after": {"value": 0.2}, "difference": {"high": high}}
        facts: dict[str, Any] = {
            "evaluate": {"chosen": "sft", "general": general},
            "attack": {"students": {"sft": {"result": result}}},
        }
        return {name: Manifest(name, "f", {}, found, 1.0, 1.0) for name, found in facts.items()}

    leak, lost = _cautions(stages("leaks", -0.01))
    assert leak.startswith("The student gives away what it learnt from")
    assert "50% of 60 instructions outside the task were done before, 20% after" in lost
    assert _cautions(stages("passed", 0.01)) == []


def test_the_facts_of_money_are_plain_json() -> None:
    import json

    for told in (found({"onpolicy": 300}, cascade=374), found({"onpolicy": 372}, teacher_tokens=None)):
        assert json.loads(json.dumps(told.facts(), allow_nan=False)) == told.facts()
