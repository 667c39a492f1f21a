"""Whether the swap is worth it: distil, prompt first, keep the teacher, or not enough evidence; and why, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from appliance.cost.names import ARM_NAMES
from appliance.cost.sentences import bar_text, capital, gain, kept, money_of, month, settle, shares, span
from appliance.cost.standing import Case, DecideSettings
from appliance.cost.swap import Plan
from distill.evaluate import UNTRAINED_ARMS
from distill.values import Score

VerdictKind = Literal["distil", "prompt-first", "keep-teacher", "not-enough-evidence"]


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: VerdictKind
    headline: str
    reasons: tuple[str, ...]
    arm: str | None = None
    """What should answer: an arm, the teacher included; None where that is not known yet."""
    cautions: tuple[str, ...] = ()
    """What a reader should know although it does not change the verdict."""
    about: str | None = None
    """The arm whose quality and money were weighed; None where that is the recommended one, or the trained student."""


def decide(
    scores: Mapping[str, Score],
    chosen: str,
    plans: Mapping[str, Plan],
    settings: DecideSettings,
    *,
    currency: str,
    evidence: Mapping[str, Mapping[str, Any]] | None = None,
    paired: Sequence[Mapping[str, Any]] = (),
) -> Verdict:
    """The verdict from the primary metric's scores by arm, `chosen` being the trained arm picked on validation.

    Order: too few records; an untrained arm that is good enough, unless it costs more than the teacher or the trained
    student surely costs less; the trained student; the same with the teacher behind it.
    """
    case = Case(scores, chosen, plans, settings, evidence or {}, paired, currency)
    student = scores[chosen]
    if student.value is None or student.n < settings.min_test_records:
        return Verdict(
            "not-enough-evidence",
            f"{student.n} test records are too few to decide; at least {settings.min_test_records} are asked for.",
            ("Hold out more records, or answer more of them with the teacher, and run again.",),
        )
    return _without_training(case) or _trained(case)


def _without_training(case: Case) -> Verdict | None:
    """The best of the untrained arms that are good enough and not dearer than the teacher, where one should be preferred."""
    enough = [
        arm
        for arm in case.measured(UNTRAINED_ARMS)
        if case.standing(arm).meets and not _ruled_out(case.plans.get(arm))
    ]
    if not enough:
        return None
    # The shorter prompt first, and another only where it surely costs less.
    best = enough[0]
    for arm in enough[1:]:
        if _costs_less(case.plans.get(arm), case.plans.get(best)):
            best = arm
    trained = case.plans.get(case.chosen)
    reaches = f"The trained student reaches {span(case.scores[case.chosen])}."
    if (
        case.standing(case.chosen).meets
        and pays(trained) is True
        and _costs_less(trained, case.plans.get(best))
    ):
        assert trained is not None
        return Verdict(
            "distil",
            "Distil: prompting is good enough too, but the trained student saves more.",
            (
                f"{capital(ARM_NAMES[best])} reaches {span(case.scores[best])} without training; the bar is {bar_text(case)}.",
                reaches,
                month(case, trained),
                kept(case, trained),
                f"{capital(ARM_NAMES[best])} {gain(case, case.plans[best])} in the same time.",
            ),
            case.chosen,
        )
    return Verdict(
        "prompt-first",
        f"Prompting is enough: {ARM_NAMES[best]} reaches {span(case.scores[best])} without any training.",
        (f"The bar is {bar_text(case)}.", reaches, *money_of(case, best)),
        best,
    )


def _trained(case: Case) -> Verdict:
    """No untrained arm will do."""
    alone = case.standing(case.chosen)
    reached = f"{capital(ARM_NAMES[case.chosen])} reaches {span(case.scores[case.chosen])}; the bar is {bar_text(case)}."
    reasons = [reached]
    for arm in case.measured(UNTRAINED_ARMS):
        if case.standing(arm).meets:
            flaw = "too slow on this device" if case.plans[arm].too_slow else "dearer than the teacher"
            reasons.append(f"{capital(ARM_NAMES[arm])} is good enough without training, but {flaw}.")
    if alone.meets:
        return _needed(case, case.chosen, reasons) or _on_money(case, case.chosen, reasons)
    behind = None
    if case.measured(["cascade"]) and "cascade" in case.plans:
        behind = case.standing("cascade").meets
        by_definition = (
            ""
            if case.scores["teacher"].value is not None
            else "; where it is asked it is right by definition"
        )
        reasons.append(
            f"With the teacher behind it, which is asked where the student is unsure, it reaches "
            f"{span(case.scores['cascade'])}{by_definition}."
        )
    if behind:
        found = _needed(case, "cascade", reasons) or _on_money(case, "cascade", reasons)
        if found.kind != "keep-teacher" or alone.meets is False:
            return found
        # The student alone might still be good enough, and cheaper than with the teacher behind it.
        reasons = list(found.reasons)
    if alone.meets is False and not (behind is None and case.measured(["cascade"])):
        return Verdict(
            "keep-teacher", "Keep the teacher: the student is not good enough.", tuple(reasons), "teacher"
        )
    who = "student" if alone.meets is None else "student with the teacher behind it"
    return Verdict(
        "not-enough-evidence",
        f"The {who} may or may not be good enough.",
        (*reasons, settle(case, alone if alone.meets is None else case.standing("cascade"))),
        about=None if alone.meets is None else "cascade",
    )


def _needed(case: Case, arm: str, reasons: Sequence[str]) -> Verdict | None:
    """Not enough evidence, where an untrained arm may do as well as the trained one."""
    for rival in case.measured(UNTRAINED_ARMS):
        if case.standing(rival).meets is None:
            better, records = case.beats(arm, rival)
            if not better:
                told = f"{capital(ARM_NAMES[rival])} reaches {span(case.scores[rival])}: training is not shown to be better."
                more = (
                    ()
                    if records is None
                    else (
                        f"About {records} test records would tell them apart (there are {case.scores[arm].n}).",
                    )
                )
                return Verdict(
                    "not-enough-evidence",
                    "It is not shown that training is needed.",
                    (*reasons, told, *more),
                    about=arm,
                )
    return None


def _on_money(case: Case, arm: str, reasons: Sequence[str]) -> Verdict:
    """The verdict on an arm that is good enough."""
    plan = case.plans.get(arm)
    who = "the student" if arm != "cascade" else "the student with the teacher behind it"
    if plan is not None and plan.too_slow:
        return Verdict(
            "keep-teacher",
            f"Keep the teacher: {who} is good enough, but too slow on this device.",
            (*reasons, f"{capital(str(plan.refused))}."),
            "teacher",
            about=arm,
        )
    paid = pays(plan)
    if plan is None or plan.saving is None:
        why = "it was not served" if plan is None else plan.refused
        return Verdict(
            "not-enough-evidence",
            f"{capital(who)} is good enough; what it saves is unknown.",
            (*reasons, f"No saving can be stated: {why}."),
            about=arm,
        )
    told = (*reasons, month(case, plan), kept(case, plan))
    if paid is None:
        return Verdict(
            "not-enough-evidence",
            f"{capital(who)} is good enough; whether it saves anything is open.",
            (*told, "The range holds both a gain and a loss: measure with more requests and more repeats."),
            about=arm,
        )
    if paid:
        headline = "Distil: the student is good enough and cheaper."
        if arm == "cascade":
            headline = f"Distil, and keep the teacher behind the student{shares(case)}."
        return Verdict("distil", headline, told, arm)
    cheaper = plan.break_even_months is not None
    headline = f"Keep the teacher: {'the swap pays too late' if cheaper else f'{who} is good enough, but not cheaper'}."
    return Verdict("keep-teacher", headline, told, "teacher", about=arm)


def pays(plan: Plan | None) -> bool | None:
    """Whether the whole range of the saving is a gain, or a loss; None where it holds both, or is not known."""
    if plan is None or plan.saving_low is None or plan.saving_high is None:
        return None
    if plan.saving_low >= 0:
        return True
    return False if plan.saving_high < 0 else None


def _ruled_out(plan: Plan | None) -> bool:
    """Surely a loss, or slower than the objective asks."""
    return plan is not None and (plan.too_slow or pays(plan) is False)


def _costs_less(one: Plan | None, other: Plan | None) -> bool:
    """Surely: what they cost over the horizon is apart. What is saved has the teacher's cost in it, which both share."""
    if one is None or other is None or one.spent_high is None or other.spent_low is None:
        return False
    return one.spent_high < other.spent_low
