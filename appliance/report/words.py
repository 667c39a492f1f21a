"""The words and figures of the report: plain names, percentages with intervals, money, durations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

NOT_MEASURED = "not measured"
NOT_RECORDED = "not recorded"
MINUS = "\N{MINUS SIGN}"

TEACHER = "teacher"
ARMS = {
    "untuned": "Untuned student",
    "few-shot": "Few-shot student",
    "retrieved": "Student with retrieved examples",
    "sft": "Student after SFT",
    "onpolicy": "Student after SFT and on-policy",
    "adapter": "Student as adapter",
    "quantised": "Student, 8-bit",
    "cascade": "Cascade: student, then teacher",
    TEACHER: "Teacher",
}
# For the ends of lines in small charts, where the full name has no room.
SHORT_ARMS = {
    "untuned": "Untuned",
    "few-shot": "Few-shot",
    "retrieved": "Retrieved",
    "sft": "SFT",
    "onpolicy": "On-policy",
    "adapter": "Adapter",
    "quantised": "8-bit",
    "cascade": "Cascade",
    TEACHER: "Teacher",
}
STUDENTS = ("untuned", "few-shot", "retrieved", "sft", "onpolicy")
TRAINED = ("sft", "onpolicy")

VERDICTS = {
    "distil": "Distil",
    "prompt-first": "Prompt first",
    "keep-teacher": "Keep the teacher",
    "not-enough-evidence": "Not enough evidence",
}
METRICS = {
    "exact_match": "Whole answer correct",
    "valid_json": "Answer well-formed",
    "accuracy": "Answer correct",
    "macro_f1": "Macro F1",
    "identical": "Whole answer correct to the letter",
    "valid_schema": "Answer fits the schema",
    "field_match": "Fields correct, mean",
    "rouge_l": "Shared wording, in order (ROUGE-L F1)",
    "chrf": "Shared letters (chrF)",
    "similarity": "Same meaning (embedding similarity)",
}
NAMED_METRICS = {
    "field": "Field “{}” correct",
    "field_accuracy": "Field “{}” correct",
    "field_exact": "Field “{}” correct to the letter",
}
TESTS = {"mcnemar-exact": "McNemar, exact", "paired-bootstrap": "paired bootstrap"}
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def arm_name(arm: str | None) -> str:
    return ARMS.get(arm or "", arm or NOT_RECORDED)


def arm_order(arm: str | None) -> int:
    """From least to most help: an arm this page does not know stands just before the teacher."""
    known = list(ARMS)
    return known.index(arm) * 2 if arm in known else known.index(TEACHER) * 2 - 1


def metric_name(metric: str | None) -> str:
    if not metric:
        return NOT_RECORDED
    if metric in METRICS:
        return METRICS[metric]
    prefix, colon, rest = metric.partition(":")
    if colon and prefix in NAMED_METRICS:
        return NAMED_METRICS[prefix].format(rest)
    words = prefix.replace("_", " ").capitalize()
    return f"{words}: {rest}" if colon else words


def within(name: str) -> str:
    """A name inside a sentence."""
    return name[:1].lower() + name[1:]


def text(value: object) -> str:
    """A name or an identifier: absent means that nobody wrote it down, which is not a measurement."""
    return NOT_RECORDED if value is None or value == "" else str(value)


def signed(number: str) -> str:
    """A true minus sign is as wide as a digit, so columns stay aligned."""
    return number.replace("-", MINUS, 1) if number.startswith("-") else number


def number(value: float | None, decimals: int = 0) -> str:
    if value is None:
        return NOT_MEASURED
    return signed(f"{value:,.{decimals}f}")


def significant(value: float | None, digits: int = 3) -> str:
    """Enough decimals for `digits` significant digits, and never an exponent."""
    if value is None or value == 0:
        return number(value)
    return number(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def plain(value: float | None) -> str:
    """A number as it was given: no digit added, none but the sixth decimal taken away."""
    if value is None:
        return NOT_MEASURED
    shown = number(value, 6)
    return shown.rstrip("0").rstrip(".")


def reckoned(value: float | None) -> str:
    """A number in a sum: seven significant digits at most, as a pocket calculator shows it."""
    return plain(value if not value else round(value, 6 - math.floor(math.log10(abs(value)))))


def four_digits(value: float | None) -> str:
    """An input as it is read beside others: no more than four digits of a measured one, whole ones in full."""
    if value is None or abs(value) >= 1000:
        return plain(value)
    return plain(float(f"{value:.4g}"))


def percent(value: float | None, decimals: int = 1) -> str:
    return NOT_MEASURED if value is None else f"{number(value * 100, decimals)}%"


def interval(low: float | None, high: float | None, between: str = " to ") -> str:
    if low is None or high is None:
        return "no interval"
    return f"{number(low * 100, 1)}{between}{number(high * 100, 1)}"


def percent_interval(value: float | None, low: float | None, high: float | None) -> str:
    return NOT_MEASURED if value is None else f"{percent(value)} ({interval(low, high)})"


def points(difference: float | None) -> str:
    """A difference of two fractions, in percentage points, always with its sign."""
    if difference is None:
        return NOT_MEASURED
    rounded = round(difference * 100, 1)
    return "0.0" if rounded == 0 else ("+" if rounded > 0 else "") + number(rounded, 1)


def points_interval(difference: float | None, low: float | None, high: float | None) -> str:
    if difference is None:
        return NOT_MEASURED
    if low is None or high is None:
        return f"{points(difference)} (no interval)"
    return f"{points(difference)} ({points(low)} to {points(high)})"


def chance(p: float | None) -> str:
    """A p-value: two significant digits, and no more noughts than tell anything."""
    if p is None:
        return NOT_MEASURED
    return "< 0.0001" if p < 1e-4 else significant(p, 2) if p < 0.1 else number(p, 2)


def equals(shown: str) -> str:
    """ "= 0.03", but "< 0.0001" as it is."""
    return shown if shown.startswith("<") else f"= {shown}"


def slice_by(by: str) -> str:
    """What a slice is cut by: "input.channel" is the records' field, "reference.queue" the right answer's."""
    whose, dot, name = by.partition(".")
    if not dot:
        return {"reference": "Right answer", "input length": "Length"}.get(by, by.capitalize())
    return {"input": f"Field “{name}”", "reference": f"Right “{name}”"}.get(whose, by)


def money_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    currency: str | None,
    decimals: int | None = None,
) -> str:
    """An amount with its range; alone where the range was refused, or is narrower than what is shown."""
    if value is None or low is None or high is None:
        return money(value, currency, decimals)
    decimals = money_decimals([value, low, high]) if decimals is None else decimals
    ends = [number(end, decimals) for end in (low, high)]
    shown = money(value, currency, decimals)
    return shown if ends[0] == ends[1] else f"{shown} ({' to '.join(ends)})"


def money_decimals(values: Iterable[float | None]) -> int:
    """One number of decimals for a column, so that its points stand in line: the smallest amount decides."""
    amounts = [abs(value) for value in values if value]
    if not amounts:
        return 2
    if min(amounts) >= 100:
        return 0
    return max(2, min(6, 1 - math.floor(math.log10(min(amounts)))))


def money(value: float | None, currency: str | None, decimals: int | None = None) -> str:
    if value is None:
        return NOT_MEASURED
    amount = number(abs(value), money_decimals([value]) if decimals is None else decimals)
    symbol = SYMBOLS.get(currency or "", f"{currency} " if currency else "")
    return f"{MINUS if value < 0 else ''}{symbol}{amount}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return NOT_MEASURED
    if seconds < 60:
        return f"{number(seconds, 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def formula(text: str) -> str:
    """A sum as people write it: the workbook has it as a spreadsheet does."""
    return text.replace(" * ", " × ").replace(" - ", f" {MINUS} ")


def kicker(verdict: Mapping[str, Any]) -> str:
    """What stands over the headline: the verdict's name too, where the headline does not begin with it."""
    name = VERDICTS.get(verdict["kind"], verdict["kind"])
    return "Verdict" if verdict["headline"].casefold().startswith(name.casefold()) else f"Verdict: {name}"


def months(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{number(value, 1)} months"


def count(value: int | None, one: str, many: str) -> str:
    return (
        f"{one if value == 1 else many} {NOT_MEASURED}"
        if value is None
        else f"{value:,} {one if value == 1 else many}"
    )


def day(stamp: str | None) -> str:
    """ "2026-11-22T18:00:00Z" -> "22 November 2026"; a stamp that is none is shown as it came."""
    try:
        moment = datetime.fromisoformat(stamp or "")
    except ValueError:
        return text(stamp)
    return f"{moment.day} {moment:%B %Y}"
