"""What an answer costs with the teacher and with the student, and whether the swap is worth it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval

from appliance.loadtest import Serving
from distill.evaluate import TRAINED_ARMS, UNTRAINED_ARMS
from distill.values import Score
from privacy.intervals import Z95

HOURS_PER_MONTH = 730.0
"""365 days × 24 h / 12."""

ARM_NAMES = {
    "untuned": "the untuned student",
    "few-shot": "the few-shot student",
    "retrieved": "the student with retrieved examples",
    "sft": "the student after SFT",
    "onpolicy": "the student after SFT and on-policy training",
    "cascade": "the student with the teacher behind it",
    "adapter": "the student as an adapter",
    "quantised": "the quantised student",
    "teacher": "the teacher",
}


@dataclass(frozen=True)
class PriceSettings:
    """The `[prices]` section: a price card, each figure with its source and date."""

    currency: str
    """Such as EUR; no conversion is made."""
    device_per_hour: Annotated[float, Gt(0)]
    """The machine the student is served on: purchase over its life, power, space and staff, for one hour."""
    device_source: str
    """Where that figure comes from."""
    device_date: str
    """When it was looked up, as YYYY-MM-DD."""
    requests_per_month: Annotated[int, Ge(1)]
    """The volume to be served."""
    utilisation: Annotated[float, Interval(gt=0, le=1)] = 0.4
    """Mean load over the device's knee: traffic has nights and peaks. At half the utilisation an answer costs twice."""
    teacher_input_per_million: Annotated[float, Ge(0)] | None = None
    """Price of a million prompt tokens of the teacher."""
    teacher_output_per_million: Annotated[float, Ge(0)] | None = None
    """Price of a million answer tokens of the teacher."""
    teacher_source: str | None = None
    """Where these two come from."""
    teacher_date: str | None = None
    """When they were looked up, as YYYY-MM-DD."""
    one_off: Annotated[float, Ge(0)] = 0.0
    """People's time to prepare, review and release, in the same currency."""

    def __post_init__(self) -> None:
        given = [
            value is not None for value in (self.teacher_input_per_million, self.teacher_output_per_million)
        ]
        if any(given) != all(given):
            raise ValueError("teacher_input_per_million and teacher_output_per_million go together")
        if any(given) and (self.teacher_source is None or self.teacher_date is None):
            raise ValueError(
                "the teacher's prices need teacher_source and teacher_date: a figure without them is a rumour"
            )


@dataclass(frozen=True)
class DecideSettings:
    """The `[decide]` section: what would convince you."""

    min_quality_ratio: Annotated[float, Interval(gt=0, le=1)] = 0.95
    """The least share of the teacher's quality that is good enough."""
    min_test_records: Annotated[int, Ge(1)] = 50
    """Below this no verdict is given."""
    horizon_months: Annotated[int, Ge(1)] = 12
    """The one-off cost must be earned back within this time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an arm's answers cost. None where it was not measured or has no price."""

    arm: str
    currency: str
    per_million_output_tokens: float | None
    per_thousand_requests: float | None
    basis: str


@dataclass(frozen=True, slots=True)
class TeacherTokens:
    """Mean tokens of a teacher's request."""

    prompt: float
    output: float
    counted_by: str


@dataclass(frozen=True, slots=True)
class Economics:
    """The swap over time, at the use case's volume."""

    requests_per_month: int
    utilisation: float
    teacher_per_month: float | None
    student_per_month: float | None
    devices: int | None
    one_off: float | None
    """People's time, training and the teacher's answers; None where the teacher's answers have no price."""
    break_even_months: float | None
    """None where the student never earns its one-off cost back, or a part was not measured."""


VerdictKind = Literal["distil", "prompt-first", "keep-teacher", "not-enough-evidence"]


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: VerdictKind
    headline: str
    reasons: tuple[str, ...]


def knee(rows: Sequence[Serving]) -> Serving | None:
    """The level with the most requests a second of those without a failure."""
    sound = [row for row in rows if row.num_failed == 0 and row.requests_per_s]
    return max(sound, key=lambda row: row.requests_per_s or 0.0, default=None)


def served_cost(arm: str, rows: Sequence[Serving], prices: PriceSettings, like: str | None = None) -> Cost:
    """Cost on the site's own device: hourly price over what it does in an hour at the given utilisation."""
    best = knee(rows)
    if best is None or not best.requests_per_s or not best.output_tokens_per_s:
        return Cost(arm, prices.currency, None, None, "not measured: no load level without failures")
    per_second = prices.device_per_hour / 3600 / prices.utilisation
    basis = f"{best.requests_per_s:.2f} requests/s at concurrency {best.concurrency}, {prices.utilisation:.0%} utilised"
    if like is not None:
        basis += f"; measured on {ARM_NAMES[like]}, which has the same network and prompt"
    return Cost(
        arm,
        prices.currency,
        per_second / best.output_tokens_per_s * 1e6,
        per_second / best.requests_per_s * 1e3,
        basis,
    )


def teacher_cost(prices: PriceSettings, tokens: TeacherTokens | None) -> Cost:
    """Cost by the price card. Per million output tokens it includes the prompt tokens that come with them."""
    if prices.teacher_input_per_million is None or prices.teacher_output_per_million is None:
        return Cost(
            "teacher", prices.currency, None, None, "not measured: the price card has no teacher prices"
        )
    if tokens is None or tokens.output == 0:
        return Cost("teacher", prices.currency, None, None, "not measured: no token counts")
    request = (
        tokens.prompt * prices.teacher_input_per_million + tokens.output * prices.teacher_output_per_million
    ) / 1e6
    basis = f"price card, {tokens.prompt:.0f} prompt and {tokens.output:.0f} answer tokens a request ({tokens.counted_by})"
    return Cost("teacher", prices.currency, request / tokens.output * 1e6, request * 1e3, basis)


def economics(
    prices: PriceSettings,
    student_rows: Sequence[Serving],
    student: Cost,
    teacher: Cost,
    training_hours: float,
    teacher_requests: int,
) -> Economics:
    """Monthly costs and break-even. A device is paid for whole months, busy or not, so that small volumes look dear."""
    best = knee(student_rows)
    devices = student_month = None
    if best is not None and best.requests_per_s:
        capacity = best.requests_per_s * 3600 * HOURS_PER_MONTH * prices.utilisation
        devices = math.ceil(prices.requests_per_month / capacity)
        student_month = devices * prices.device_per_hour * HOURS_PER_MONTH
    teacher_month = one_off = months = None
    if teacher.per_thousand_requests is not None:
        teacher_month = teacher.per_thousand_requests * prices.requests_per_month / 1e3
        labelling = teacher.per_thousand_requests * teacher_requests / 1e3
        one_off = prices.one_off + training_hours * prices.device_per_hour + labelling
        if student_month is not None and teacher_month > student_month:
            months = one_off / (teacher_month - student_month)
    return Economics(
        prices.requests_per_month, prices.utilisation, teacher_month, student_month, devices, one_off, months
    )


def records_to_settle(score: Score, bar: float) -> int:
    """How many test records would part a score's interval from the bar, if its value stayed as it is.

    Wilson's interval holds the bar exactly while |value - bar| <= z·sqrt(bar·(1 - bar) / n); solved for n.
    """
    assert score.value is not None
    gap = max(abs(score.value - bar), 0.005)
    return math.ceil(Z95**2 * max(bar * (1 - bar), 0.01) / gap**2)


def decide(
    scores: Mapping[str, Score],
    chosen: str,
    costs: Mapping[str, Cost],
    money: Economics,
    settings: DecideSettings,
) -> Verdict:
    """The verdict from the primary metric's scores by arm, `chosen` being the trained arm picked on validation.

    Order: too little evidence; an untrained arm that is good enough; a student that is not; a student that costs more.
    """
    student, teacher = scores[chosen], scores["teacher"]
    if student.value is None or student.n < settings.min_test_records:
        return Verdict(
            "not-enough-evidence",
            f"{student.n} test records are too few to decide; at least {settings.min_test_records} are asked for.",
            ("Hold out more records, or answer more of them with the teacher, and run again.",),
        )
    # Where the teacher is the reference, its agreement with itself is 1: the student is measured by agreement with it.
    teacher_value = 1.0 if teacher.value is None else teacher.value
    bar = settings.min_quality_ratio * teacher_value
    bar_text = f"{bar:.1%}, that is {settings.min_quality_ratio:.0%} of " + (
        "full agreement with the teacher" if teacher.value is None else f"the teacher's {teacher_value:.1%}"
    )
    cheap = _cheapest_good_enough(scores, bar)
    if cheap is not None:
        arm = scores[cheap]
        return Verdict(
            "prompt-first",
            f"Prompting is enough: {ARM_NAMES[cheap]} reaches {_span(arm)} without any training.",
            (f"The bar is {bar_text}.", f"The trained student reaches {_span(student)}."),
        )
    assert student.low is not None and student.high is not None
    reached = f"{_capital(ARM_NAMES[chosen])} reaches {_span(student)}; the bar is {bar_text}."
    if student.high < bar:
        return Verdict("keep-teacher", "Keep the teacher: the student is not good enough.", (reached,))
    if student.low < bar:
        more = records_to_settle(student, bar)
        settle = f"About {more} test records would settle it (there are {student.n}), if the value stays where it is."
        return Verdict("not-enough-evidence", "The student may or may not be good enough.", (reached, settle))
    return _decide_on_money(reached, costs[chosen], costs["teacher"], money, settings)


def _decide_on_money(
    reached: str, student: Cost, teacher: Cost, money: Economics, settings: DecideSettings
) -> Verdict:
    if money.teacher_per_month is None or money.student_per_month is None:
        reason = "The cost of the teacher or of the student was not measured, so no saving can be stated."
        return Verdict(
            "not-enough-evidence", "The student is good enough; what it saves is unknown.", (reached, reason)
        )
    monthly = (
        f"At {money.requests_per_month:,} requests a month the teacher costs {money.teacher_per_month:,.2f} "
        f"{teacher.currency} and the student {money.student_per_month:,.2f} ({money.devices} device(s), paid whole)."
    )
    if money.break_even_months is None:
        return Verdict(
            "keep-teacher",
            "Keep the teacher: the student is good enough, but not cheaper.",
            (reached, monthly),
        )
    back = f"The one-off cost of {money.one_off:,.2f} {student.currency} is earned back in {money.break_even_months:.1f} months"
    if money.break_even_months > settings.horizon_months:
        late = f"{back}, later than the horizon of {settings.horizon_months}."
        return Verdict("keep-teacher", "Keep the teacher: the swap pays too late.", (reached, monthly, late))
    return Verdict(
        "distil", "Distil: the student is good enough and cheaper.", (reached, monthly, f"{back}.")
    )


def _cheapest_good_enough(scores: Mapping[str, Score], bar: float) -> str | None:
    """An untrained arm whose whole interval is over the bar; the shorter prompt first."""
    for arm in UNTRAINED_ARMS:
        low = scores[arm].low if arm in scores else None
        if low is not None and low >= bar:
            return arm
    return None


def _span(score: Score) -> str:
    return f"{score.value:.1%} (95% interval {score.low:.1%} to {score.high:.1%}, n = {score.n})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


assert set(ARM_NAMES) >= {*UNTRAINED_ARMS, *TRAINED_ARMS, "teacher"}
