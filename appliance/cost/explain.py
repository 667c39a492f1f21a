"""The arithmetic of a swap, line by line, to be followed with a pocket calculator or put into a spreadsheet.

Each line is an input with its source, or a formula over the lines before it. The values are worked out from the
formulas themselves and not taken from the model, so that a test can hold one against the other.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.cost.months import whole
from appliance.cost.names import ARM_NAMES
from appliance.cost.prices import HOURS_PER_MONTH, HOURS_PER_YEAR, DevicePrice, Figure
from appliance.cost.rates import Rate, TeacherTokens
from appliance.cost.swap import Swap


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the arithmetic."""

    key: str
    label: str
    formula: str | None
    """Over the keys of earlier lines, as a spreadsheet writes it: + - * / ( ), ROUNDUP(x, 0) and MIN(a, b).
    None: an input."""
    numbers: str | None
    """The formula with its figures in place of the names."""
    value: float | None
    """None: there is none, such as the break-even of a swap that never pays."""
    unit: str
    source: str | None
    """Of an input: where it comes from."""


class _Sheet:
    """Lines in the making."""

    def __init__(self, currency: str) -> None:
        self.lines: list[Line] = []
        self.values: dict[str, float] = {}
        self.currency = currency

    def given(self, key: str, label: str, value: float, unit: str, source: str) -> None:
        self.lines.append(Line(key, label, None, None, value, unit.replace("¤", self.currency), source))
        self.values[key] = value

    def figure(self, key: str, label: str, figure: Figure, unit: str) -> None:
        self.given(key, label, figure.value, unit, f"price card: {figure.source}, {figure.date}")

    def work_out(self, key: str, label: str, formula: str, unit: str) -> None:
        value = evaluate(formula, self.values)
        numbers = re.sub(r"[a-z_]+", lambda found: plain(self.values[found.group()]), formula)
        for sign, shown in ((" * ", " × "), (" - ", " − ")):
            numbers = numbers.replace(sign, shown)
        self.lines.append(Line(key, label, formula, numbers, value, unit.replace("¤", self.currency), None))
        self.values[key] = value


def explain(swap: Swap, rate: Rate, tokens: TeacherTokens | None, teacher_rate: Rate | None) -> list[Line]:
    """All lines of the swap to one arm; [] where either side has no price. `rate` and `tokens` say where they come from."""
    if swap.old() is None or swap.new() is None:
        return []
    prices, sheet = swap.prices, _Sheet(swap.prices.prices.currency)
    sheet.given("hours_per_month", "Hours of a month", HOURS_PER_MONTH, "hours", "365 days × 24 h / 12")
    sheet.given("requests_per_month", "Requests a month", prices.requests_per_month, "requests", "use case")
    sheet.given("horizon_months", "Horizon", swap.horizon_months, "months", "use case")
    sheet.given("utilisation", "Mean load a device may have", prices.utilisation, "share", "use case")
    if prices.peak_ratio is None:
        sheet.work_out("load", "Planned load", "utilisation", "share")
    else:
        sheet.given("peak_to_mean", "Peak over mean", prices.peak_ratio, "times", "use case")
        sheet.work_out("load", "Planned load", "MIN(utilisation, 1 / peak_to_mean)", "share")
    _device(sheet, "device", "Device", prices.prices.device)
    _teacher(sheet, swap, tokens, teacher_rate)
    _student(sheet, swap, rate)
    _swap(sheet, swap)
    return sheet.lines


def _device(sheet: _Sheet, key: str, name: str, device: DevicePrice) -> None:
    """What an hour of it costs."""
    parts = []
    for field, label, unit in (
        ("rent_per_hour", "rent of an hour", "¤"),
        ("purchase", "purchase", "¤"),
        ("life_years", "life", "years"),
        ("power_watts", "power draw", "watts"),
        ("pue", "power of the room over its own", "times"),
        ("power_per_kwh", "electricity, a kWh", "¤"),
        ("hosting_per_month", "hosting, a month", "¤"),
        ("staff_per_year", "an administrator, a year", "¤"),
        ("staff_share", "administrator's share", "share"),
    ):
        figure = getattr(device, field)
        if figure is not None:
            sheet.figure(f"{key}_{field}", f"{name} ({device.name}): {label}", figure, unit)
    if device.rent_per_hour is not None:
        parts.append(f"{key}_rent_per_hour")
    if device.purchase is not None:
        parts.append(f"{key}_purchase / ({key}_life_years * {HOURS_PER_YEAR:g})")
    if device.power_watts is not None:
        room = f" * {key}_pue" if device.pue is not None else ""
        parts.append(f"{key}_power_watts / 1000{room} * {key}_power_per_kwh")
    if device.hosting_per_month is not None:
        parts.append(f"{key}_hosting_per_month / hours_per_month")
    if device.staff_per_year is not None:
        parts.append(f"{key}_staff_per_year * {key}_staff_share / {HOURS_PER_YEAR:g}")
    sheet.work_out(f"{key}_per_hour", f"{name}: one hour, all in", " + ".join(parts), "¤")


def _teacher(sheet: _Sheet, swap: Swap, tokens: TeacherTokens | None, measured: Rate | None) -> None:
    """What the teacher's month costs, and one more of its answers."""
    teacher = swap.prices.prices.teacher
    if measured is None and teacher is not None and teacher.input_per_million is not None:
        assert tokens is not None and teacher.output_per_million is not None
        counted = f"measured: mean of {tokens.n or 'the'} requests, {tokens.counted_by}"
        sheet.given("teacher_prompt_tokens", "Tokens of a teacher's prompt", tokens.prompt, "tokens", counted)
        sheet.given("teacher_output_tokens", "Tokens of a teacher's answer", tokens.output, "tokens", counted)
        sheet.figure("teacher_input_per_million", "A million prompt tokens", teacher.input_per_million, "¤")
        sheet.figure("teacher_output_per_million", "A million answer tokens", teacher.output_per_million, "¤")
        price = "teacher_input_per_million"
        if teacher.cached_input_per_million is not None:
            sheet.given(
                "cached_share",
                "Prompt tokens billed as cached",
                swap.prices.cached_share,
                "share",
                "use case",
            )
            sheet.figure(
                "teacher_cached_per_million", "A million cached tokens", teacher.cached_input_per_million, "¤"
            )
            price = f"((1 - cached_share) * {price} + cached_share * teacher_cached_per_million)"
        sheet.work_out(
            "teacher_per_request",
            "Teacher: one request",
            f"(teacher_prompt_tokens * {price} + teacher_output_tokens * teacher_output_per_million) / 1000000",
            "¤",
        )
        sheet.work_out(
            "teacher_per_month", "Teacher: a month", "requests_per_month * teacher_per_request", "¤"
        )
    else:
        _hosted_teacher(sheet, swap, measured)
    sheet.work_out(
        "teacher_per_thousand",
        "Teacher: 1,000 requests",
        "teacher_per_month / requests_per_month * 1000",
        "¤",
    )


def _hosted_teacher(sheet: _Sheet, swap: Swap, measured: Rate | None) -> None:
    if measured is not None and measured.requests_per_s is not None:
        sheet.given(
            "teacher_requests_per_s",
            "Requests a second of a teacher's device",
            measured.requests_per_s.value,
            "requests/s",
            f"measured: {measured.basis}",
        )
        sheet.work_out("teacher_copy_per_hour", "Teacher: its device, one hour", "device_per_hour", "¤")
    else:
        teacher = swap.prices.prices.teacher
        assert teacher is not None and teacher.device is not None
        assert teacher.devices is not None and teacher.requests_per_s is not None
        _device(sheet, "teacher_device", "Teacher's device", teacher.device)
        sheet.figure("teacher_devices", "Devices of one copy of the teacher", teacher.devices, "devices")
        sheet.figure(
            "teacher_requests_per_s", "Requests a second of a copy", teacher.requests_per_s, "requests/s"
        )
        sheet.work_out(
            "teacher_copy_per_hour",
            "Teacher: one copy, one hour",
            "teacher_devices * teacher_device_per_hour",
            "¤",
        )
    sheet.work_out(
        "teacher_capacity",
        "Requests a month of a copy",
        "teacher_requests_per_s * 3600 * hours_per_month * load",
        "requests",
    )
    sheet.work_out(
        "teacher_copies",
        "Copies of the teacher",
        "ROUNDUP(requests_per_month / teacher_capacity, 0)",
        "copies",
    )
    sheet.work_out(
        "teacher_per_month",
        "Teacher: a month",
        "teacher_copies * teacher_copy_per_hour * hours_per_month",
        "¤",
    )
    sheet.work_out(
        "teacher_per_request",
        "Teacher: the time of one more answer",
        "teacher_copy_per_hour / 3600 / teacher_requests_per_s",
        "¤",
    )


def _student(sheet: _Sheet, swap: Swap, rate: Rate) -> None:
    measured = swap.measured
    assert measured.rate is not None
    sheet.given(
        "requests_per_s",
        "Requests a second of a device",
        measured.rate.value,
        "requests/s",
        f"measured: {rate.basis}",
    )
    sheet.work_out(
        "capacity",
        "Requests a month of a device",
        "requests_per_s * 3600 * hours_per_month * load",
        "requests",
    )
    sheet.work_out("devices", "Devices", "ROUNDUP(requests_per_month / capacity, 0)", "devices")
    sheet.work_out(
        "devices_per_month", "Devices: a month", "devices * device_per_hour * hours_per_month", "¤"
    )
    sheet.given("upkeep_per_month", "People, a month", swap.prices.upkeep_per_month, "¤", "use case")
    student = "devices_per_month + upkeep_per_month"
    thousand = "device_per_hour / (3600 * requests_per_s * load) * 1000"
    if measured.escalated is not None and measured.escalated.value > 0:
        sheet.given(
            "passed_on",
            "Share passed on to the teacher",
            measured.escalated.value,
            "share",
            "measured: on the test records, at the threshold picked on validation",
        )
        behind = "passed_on * teacher_per_month"
        if "teacher_copies" in sheet.values:
            behind = "ROUNDUP(requests_per_month * passed_on / teacher_capacity, 0) * teacher_copy_per_hour * hours_per_month"
        sheet.work_out("behind_per_month", "Teacher behind the student: a month", behind, "¤")
        student += " + behind_per_month"
    sheet.work_out("student_per_month", "Student: a month", student, "¤")
    sheet.work_out(
        "student_per_thousand",
        "Student alone: 1,000 requests at the planned load",
        thousand,
        "¤",
    )


def _swap(sheet: _Sheet, swap: Swap) -> None:
    """The one-off cost and what is left of the saving."""
    sheet.given("people_once", "People, once", swap.prices.one_off, "¤", "use case")
    sheet.given(
        "training_hours", "Training", swap.measured.training_hours, "hours", "measured: the run's own"
    )
    sheet.given(
        "labelled",
        "Answers bought to learn from",
        swap.measured.labelled,
        "answers",
        "counted: for this run; answers that lay there recorded cost it nothing",
    )
    sheet.work_out(
        "one_off",
        "One-off cost",
        "people_once + training_hours * device_per_hour + labelled * teacher_per_request",
        "¤",
    )
    sheet.work_out("saved_per_month", "Saved a month", "teacher_per_month - student_per_month", "¤")
    sheet.work_out("saving", "Saved over the horizon", "saved_per_month * horizon_months - one_off", "¤")
    if sheet.values["saved_per_month"] > 0:
        sheet.work_out("break_even_months", "Break-even", "one_off / saved_per_month", "months")
    else:
        sheet.lines.append(
            Line("break_even_months", "Break-even: a month saves nothing", None, None, None, "months", None)
        )
    sheet.work_out(
        "all_in_per_thousand",
        "Student, all in: 1,000 requests",
        "(student_per_month + one_off / horizon_months) / requests_per_month * 1000",
        "¤",
    )


def told(facts: Mapping[str, Any]) -> list[str]:
    """A report's arithmetic for a terminal: a line, and under it its formula in names and in figures, or its source."""
    if not facts.get("explain"):
        return [
            "There is no arithmetic: the teacher's or the student's cost is not known. The report says why."
        ]
    economics = facts["economics"]
    text = [
        f"The swap of the teacher for {ARM_NAMES[economics['arm']]}, in {facts['cost'][0]['currency']}.",
        "",
    ]
    for row in facts["explain"]:
        line = Line(**row)
        text.append(
            f"{line.label} [{line.key}] = {'none' if line.value is None else plain(line.value)} {line.unit}"
        )
        if line.formula is not None:
            text += [f"    = {line.formula}", f"    = {line.numbers}"]
        elif line.source is not None:
            text.append(f"    {line.source}")
    saving = economics["saving"]
    if saving["value"] is None:
        return [*text, "", f"No saving is stated for certain: {saving['refused']}."]
    ends = f"{plain(saving['low'])} to {plain(saving['high'])}"
    return [
        *text,
        "",
        f"With the measured intervals the saving is {ends}; prices have no part in this range.",
    ]


def plain(value: float) -> str:
    """Seven significant digits without an exponent, so that a calculator takes it."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = max(0, 6 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def evaluate(formula: str, values: Mapping[str, float]) -> float:
    """A formula's value. Raises ValueError for anything that is not arithmetic over known names."""
    return _value(ast.parse(formula, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left, values) + _value(right, values)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _value(left, values) - _value(right, values)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left, values) * _value(right, values)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _value(left, values) / _value(right, values)
        case ast.Call(func=ast.Name(id="ROUNDUP"), args=[inner, ast.Constant(value=0)]):
            return whole(_value(inner, values))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values)
        case ast.Call(func=ast.Name(id="MIN"), args=[one, other]):
            return min(_value(one, values), _value(other, values))
    raise ValueError(f"not arithmetic over known names: {ast.unparse(node)}")
