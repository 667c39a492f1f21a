"""What a thousand requests and a million tokens cost, arm by arm, at the planned load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from appliance.cost.rates import Rate, Span, TeacherTokens
from appliance.cost.swap import Swap


@dataclass(frozen=True, slots=True)
class Cost:
    """What an arm's answers cost. None where it was not measured or has no price."""

    arm: str
    currency: str
    per_million_output_tokens: float | None
    """The prompt tokens that come with them included."""
    per_thousand_requests: float | None
    basis: str
    per_thousand_low: float | None = None
    per_thousand_high: float | None = None
    per_million_tokens: float | None = None
    """In and out together."""
    refused: str | None = None
    """Why there is no range; None where there is one."""


def served_cost(swap: Swap, rate: Rate) -> Cost:
    """On the site's own device: an hour's price over what it answers in an hour at the planned load."""
    currency = swap.prices.prices.currency
    per_s = rate.requests_per_s
    if per_s is None:
        return Cost(rate.arm, currency, None, None, rate.basis, refused=rate.refused)
    busy_hour = swap.prices.prices.device.per_hour / (3600 * swap.load) * 1e3
    thousand = Span(
        busy_hour / per_s.value,
        busy_hour / per_s.high if rate.refused is None and per_s.high else None,
        busy_hour / per_s.low if rate.refused is None and per_s.low else None,
    )
    basis = f"{rate.basis}; {swap.load:.0%} planned load"
    return _cost(rate.arm, currency, thousand, (rate.prompt_tokens, rate.output_tokens), basis, rate.refused)


def teacher_cost(swap: Swap, tokens: TeacherTokens | None) -> Cost:
    """By the price card: by the token, or on devices of the teacher's own."""
    currency, teacher = swap.prices.prices.currency, swap.prices.prices.teacher
    if teacher is None:
        return _unknown("teacher", currency, "the price card has no teacher prices")
    if teacher.device is not None:
        assert teacher.devices is not None and teacher.requests_per_s is not None
        per_s, hour = teacher.requests_per_s.value, teacher.devices.value * teacher.device.per_hour
        basis = (
            f"price card: {teacher.devices.value:g} × {teacher.device.name} at {per_s:g} requests/s as stated; "
            f"{swap.load:.0%} planned load"
        )
        counts = (None, None) if tokens is None else (tokens.prompt, tokens.output)
        return _cost(
            "teacher", currency, Span.exact(hour / (3600 * per_s * swap.load) * 1e3), counts, basis, None
        )
    if tokens is None or tokens.output == 0:
        return _unknown("teacher", currency, "no token counts")
    basis = f"price card, {tokens.prompt:.0f} prompt and {tokens.output:.0f} answer tokens a request ({tokens.counted_by})"
    refused = thin_tokens(tokens)
    thousand = Span(_by_token(swap, "value") or 0.0, _by_token(swap, "low"), _by_token(swap, "high"))
    return _cost("teacher", currency, thousand, (tokens.prompt, tokens.output), basis, refused)


def cascade_cost(swap: Swap, student: Cost, teacher: Cost) -> Cost:
    """The student answers everything; the teacher is paid for the share that is passed on to it."""
    share = swap.measured.escalated
    if share is None or student.per_thousand_requests is None or teacher.per_thousand_requests is None:
        return _unknown("cascade", student.currency, "the student's or the teacher's cost is not known")
    basis = (
        f"the student for every request and the teacher for {share.value:.1%} of them; not served as one. Tokens of "
        "two models do not add up, so none are priced"
    )
    return Cost(
        "cascade",
        student.currency,
        None,
        student.per_thousand_requests + share.value * teacher.per_thousand_requests,
        basis,
        _passed_on(student.per_thousand_low, share.low, teacher.per_thousand_low),
        _passed_on(student.per_thousand_high, share.high, teacher.per_thousand_high),
        refused=student.refused or teacher.refused,
    )


def thin_tokens(tokens: TeacherTokens) -> str | None:
    """Why the tokens of a teacher's request have no interval; None where they have one."""
    if tokens.prompt_low is not None:
        return None
    return f"the teacher's tokens were counted on {tokens.n or 'an unknown number of'} answers"


def _by_token(swap: Swap, end: Literal["value", "low", "high"]) -> float | None:
    """A thousand of the teacher's requests with both token counts at this end of their intervals."""
    ends: dict[str, Any] = {}
    for name in ("teacher_prompt", "teacher_output"):
        count = getattr(getattr(swap.measured, name), end)
        if count is None:
            return None
        ends[name] = Span.exact(count)
    price = replace(swap, measured=replace(swap.measured, **ends)).answer_price()
    return None if price is None else price * 1e3


def _passed_on(student: float | None, share: float | None, teacher: float | None) -> float | None:
    if student is None or share is None or teacher is None:
        return None
    return student + share * teacher


def _cost(
    arm: str,
    currency: str,
    thousand: Span,
    tokens: tuple[float | None, float | None],
    basis: str,
    refused: str | None,
) -> Cost:
    prompt, output = tokens
    return Cost(
        arm,
        currency,
        thousand.value / output * 1e3 if output else None,
        thousand.value,
        basis,
        thousand.low,
        thousand.high,
        thousand.value / (prompt + output) * 1e3 if output and prompt is not None else None,
        refused,
    )


def _unknown(arm: str, currency: str, why: str) -> Cost:
    return Cost(arm, currency, None, None, f"not measured: {why}", refused=why)
