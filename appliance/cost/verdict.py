"""Whether the swap is worth it: distil, prompt first, keep the teacher, or not enough evidence; and why, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Interval

from appliance.cost.names import ARM_NAMES
from appliance.cost.swap import Plan
from distill.evaluate import UNTRAINED_ARMS
from distill.values import Score
from privacy.intervals import Z95


@dataclass(frozen=True)
class DecideSettings:
    """The `[decide]` section: what would convince you."""

    min_quality_ratio: Annotated[float, Interval(gt=0, le=1)] = 0.95
    """The least share of the teacher's quality that is good enough."""
    min_test_records: Annotated[int, Ge(1)] = 50
    """Below this no verdict is given."""
    horizon_months: Annotated[int, Ge(1)] = 12
    """The one-off cost must be earned back within this time."""


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


@dataclass(frozen=True, slots=True)
class Standing:
    """An arm's quality against the bar."""

    meets: bool | None
    """Whether its whole interval is over the bar, or under; None where the bar is inside."""
    records: int | None
    """About how many test records would settle it; None where it is settled, or no number would do."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What the verdict is made of."""

    scores: Mapping[str, Score]
    chosen: str
    plans: Mapping[str, Plan]
    settings: DecideSettings
    evidence: Mapping[str, Mapping[str, Any]]
    """By arm: rows of the evaluation's `evidence`, which compares with the teacher record by record."""
    paired: Sequence[Mapping[str, Any]]
    currency: str

    @property
    def bar(self) -> float:
        return self.settings.min_quality_ratio * self.teacher_value

    @property
    def teacher_value(self) -> float:
        # Where the teacher is the reference, its agreement with itself is 1: arms are measured by agreement with it.
        value = self.scores["teacher"].value
        return 1.0 if value is None else value

    def standing(self, arm: str) -> Standing:
        row = self.evidence.get(arm)
        if row is not None and row.get("margin") is not None:
            return Standing(row["meets"], row["records_to_settle"] or None)
        score = self.scores[arm]
        assert score.value is not None and score.low is not None and score.high is not None
        if score.low >= self.bar:
            return Standing(True, None)
        if score.high < self.bar:
            return Standing(False, None)
        return Standing(None, records_to_settle(score, self.bar))

    def measured(self, arms: Sequence[str]) -> list[str]:
        return [arm for arm in arms if arm in self.scores and self.scores[arm].low is not None]

    def beats(self, arm: str, rival: str) -> tuple[bool, int | None]:
        """Whether `arm` is surely better than `rival`; and if not, about how many records would tell."""
        for row in self.paired:
            if (row["arm"], row["against"]) == (arm, rival) and row["low"] is not None:
                return row["low"] > 0, row.get("records_to_settle") or None
        low, _ = unpaired_difference(self.scores[arm], self.scores[rival])
        return low > 0, None


def decide(
    scores: Mapping[str, Score],
    chosen: str,
    plans: Mapping[str, Plan],
    settings: DecideSettings,
    *,
    currency: str,
    evidence: Mapping[str, Mapping[str, Any]] | None = None,
    paired: Sequence[Mapping[str, Any]] = (),
    cautions: tuple[str, ...] = (),
) -> Verdict:
    """The verdict from the primary metric's scores by arm, `chosen` being the trained arm picked on validation.

    Order: too few records; an untrained arm that is good enough, unless it costs more than the teacher or the trained
    student surely saves more; the trained student; the same with the teacher behind it.
    """
    case = _Case(scores, chosen, plans, settings, evidence or {}, paired, currency)
    student = scores[chosen]
    if student.value is None or student.n < settings.min_test_records:
        found = Verdict(
            "not-enough-evidence",
            f"{student.n} test records are too few to decide; at least {settings.min_test_records} are asked for.",
            ("Hold out more records, or answer more of them with the teacher, and run again.",),
        )
    else:
        found = _without_training(case) or _trained(case)
    return Verdict(found.kind, found.headline, found.reasons, found.arm, cautions)


def _without_training(case: _Case) -> Verdict | None:
    """The best of the untrained arms that are good enough and not dearer than the teacher, where one should be preferred."""
    enough = [
        arm
        for arm in case.measured(UNTRAINED_ARMS)
        if case.standing(arm).meets and pays(case.plans.get(arm)) is not False
    ]
    if not enough:
        return None
    # The shorter prompt first, and another only where it surely saves more.
    best = enough[0]
    for arm in enough[1:]:
        if _saves_more(case.plans.get(arm), case.plans.get(best)):
            best = arm
    trained = case.plans.get(case.chosen)
    reaches = f"The trained student reaches {_span(case.scores[case.chosen])}."
    if (
        case.standing(case.chosen).meets
        and pays(trained) is True
        and _saves_more(trained, case.plans.get(best))
    ):
        assert trained is not None
        return Verdict(
            "distil",
            "Distil: prompting is good enough too, but the trained student saves more.",
            (
                f"{_capital(ARM_NAMES[best])} reaches {_span(case.scores[best])} without training; the bar is {_bar(case)}.",
                reaches,
                _month(case, trained),
                _kept(case, trained),
                f"{_capital(ARM_NAMES[best])} saves {_money_range(case, case.plans[best])} in the same time.",
            ),
            case.chosen,
        )
    return Verdict(
        "prompt-first",
        f"Prompting is enough: {ARM_NAMES[best]} reaches {_span(case.scores[best])} without any training.",
        (f"The bar is {_bar(case)}.", reaches, *_money_of(case, best)),
        best,
    )


def _trained(case: _Case) -> Verdict:
    """No untrained arm will do."""
    alone = case.standing(case.chosen)
    reached = f"{_capital(ARM_NAMES[case.chosen])} reaches {_span(case.scores[case.chosen])}; the bar is {_bar(case)}."
    dear = [arm for arm in case.measured(UNTRAINED_ARMS) if case.standing(arm).meets]
    reasons = [
        reached,
        *(f"{_capital(ARM_NAMES[arm])} is good enough, but dearer than the teacher." for arm in dear),
    ]
    if alone.meets:
        return _needed(case, case.chosen, reasons) or _on_money(case, case.chosen, reasons)
    behind = None
    if case.measured(["cascade"]) and "cascade" in case.plans:
        behind = case.standing("cascade").meets
        reasons.append(
            f"With the teacher behind it, which is asked where the student is unsure, it reaches "
            f"{_span(case.scores['cascade'])}."
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
        (*reasons, _settle(case, alone if alone.meets is None else case.standing("cascade"))),
    )


def _needed(case: _Case, arm: str, reasons: Sequence[str]) -> Verdict | None:
    """Not enough evidence, where an untrained arm may do as well as the trained one."""
    for rival in case.measured(UNTRAINED_ARMS):
        if case.standing(rival).meets is None:
            better, records = case.beats(arm, rival)
            if not better:
                told = f"{_capital(ARM_NAMES[rival])} reaches {_span(case.scores[rival])}: training is not shown to be better."
                more = (
                    ()
                    if records is None
                    else (
                        f"About {records} test records would tell them apart (there are {case.scores[arm].n}).",
                    )
                )
                return Verdict(
                    "not-enough-evidence", "It is not shown that training is needed.", (*reasons, told, *more)
                )
    return None


def _on_money(case: _Case, arm: str, reasons: Sequence[str]) -> Verdict:
    """The verdict on an arm that is good enough."""
    plan = case.plans.get(arm)
    who = "the student" if arm != "cascade" else "the student with the teacher behind it"
    if plan is not None and plan.too_slow:
        return Verdict(
            "keep-teacher",
            f"Keep the teacher: {who} is good enough, but too slow on this device.",
            (*reasons, f"{_capital(str(plan.refused))}."),
            "teacher",
        )
    paid = pays(plan)
    if plan is None or plan.saving is None:
        why = "it was not served" if plan is None else plan.refused
        return Verdict(
            "not-enough-evidence",
            f"{_capital(who)} is good enough; what it saves is unknown.",
            (*reasons, f"No saving can be stated: {why}."),
        )
    told = (*reasons, _month(case, plan), _kept(case, plan))
    if paid is None:
        return Verdict(
            "not-enough-evidence",
            f"{_capital(who)} is good enough; whether it saves anything is open.",
            (*told, "The range holds both a gain and a loss: measure with more requests and more repeats."),
        )
    if paid:
        headline = "Distil: the student is good enough and cheaper."
        if arm == "cascade":
            headline = f"Distil, and keep the teacher behind the student{_shares(case)}."
        return Verdict("distil", headline, told, arm)
    cheaper = plan.break_even_months is not None
    headline = f"Keep the teacher: {'the swap pays too late' if cheaper else f'{who} is good enough, but not cheaper'}."
    return Verdict("keep-teacher", headline, told, "teacher")


def pays(plan: Plan | None) -> bool | None:
    """Whether the whole range of the saving is a gain, or a loss; None where it holds both, or is not known."""
    if plan is None or plan.saving_low is None or plan.saving_high is None:
        return None
    if plan.saving_low >= 0:
        return True
    return False if plan.saving_high < 0 else None


def _saves_more(one: Plan | None, other: Plan | None) -> bool:
    """Surely: the ranges are apart."""
    if one is None or other is None or one.saving_low is None or other.saving_high is None:
        return False
    return one.saving_low > other.saving_high


def unpaired_difference(one: Score, other: Score) -> tuple[float, float]:
    """95% interval of one.value - other.value from the two intervals (Newcombe 1998, method 10).

    Too wide for arms that were asked the same records, as here: it is used where no paired test was made.
    """
    assert one.value is not None and one.low is not None and one.high is not None
    assert other.value is not None and other.low is not None and other.high is not None
    difference = one.value - other.value
    return (
        difference - math.hypot(one.value - one.low, other.high - other.value),
        difference + math.hypot(one.high - one.value, other.value - other.low),
    )


def records_to_settle(score: Score, bar: float) -> int:
    """How many test records would part a score's interval from the bar, if its value stayed as it is.

    Wilson's interval holds the bar exactly while |value - bar| <= z·sqrt(bar·(1 - bar) / n); solved for n.
    """
    assert score.value is not None
    gap = max(abs(score.value - bar), 0.005)
    return math.ceil(Z95**2 * max(bar * (1 - bar), 0.01) / gap**2)


def _settle(case: _Case, standing: Standing) -> str:
    if standing.records is None:
        return "It lies so close to the bar that no affordable number of test records would settle it."
    n = case.scores[case.chosen].n
    return f"About {standing.records} test records would settle it (there are {n}), if the value stays where it is."


def _bar(case: _Case) -> str:
    whole = (
        "full agreement with the teacher"
        if case.scores["teacher"].value is None
        else f"the teacher's {case.teacher_value:.1%}"
    )
    return f"{case.bar:.1%}, that is {case.settings.min_quality_ratio:.0%} of {whole}"


def _shares(case: _Case) -> str:
    note = case.plans["cascade"].passed_on
    return "" if note is None else f": the student answers {1 - note:.0%} and passes {note:.0%} on"


def _month(case: _Case, plan: Plan) -> str:
    devices = "1 device" if plan.devices == 1 else f"{plan.devices} devices"
    who = "student" if plan.arm != "cascade" else "student and the teacher behind it"
    return (
        f"At {plan.requests_per_month:,} requests a month the teacher costs {money(plan.teacher_per_month)} {case.currency} "
        f"and the {who} {money(plan.per_month)} ({devices}, paid whole)."
    )


def _kept(case: _Case, plan: Plan) -> str:
    told = (
        f"Over {case.settings.horizon_months} months the swap saves {_money_range(case, plan)}, the one-off cost of "
        f"{money(plan.one_off)} {case.currency} taken off"
    )
    if plan.break_even_months is None:
        return f"{told}; it is never earned back."
    return f"{told}; it is earned back in {plan.break_even_months:.1f} months."


def _money_of(case: _Case, arm: str) -> tuple[str, ...]:
    plan = case.plans.get(arm)
    if plan is None or plan.saving is None:
        why = "it was not served" if plan is None else plan.refused
        return (f"What it saves is not known: {why}.",)
    return _month(case, plan), _kept(case, plan)


def _money_range(case: _Case, plan: Plan) -> str:
    low, high = money(plan.saving_low), money(plan.saving_high)
    return f"{low} {case.currency}" if low == high else f"{low} to {high} {case.currency}"


def money(amount: float | None) -> str:
    """An amount as people write it: no cents from a thousand on."""
    assert amount is not None
    return f"{amount:,.0f}" if abs(amount) >= 1000 else f"{amount:,.2f}"


def _span(score: Score) -> str:
    return f"{score.value:.1%} (95% interval {score.low:.1%} to {score.high:.1%}, n = {score.n})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
