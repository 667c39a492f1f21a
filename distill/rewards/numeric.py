"""The reward `numeric`: 1 for the teacher's number, within a tolerance, however it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from distill.rewards.reward import Judge, RewardScore, said
from distill.rewards.settings import RewardSettings
from distill.tasks import Task
from distill.values import Example

_ALWAYS_KNOWN = {"%": 0.01, "‰": 0.001}
_BLANKS = " \u00a0\u2009\u202f'’"
"""What parts thousands in any country, beside the mark that is not the decimal one."""
_MOST_DIGITS = 310
"""As in a float: 1e999 is no number."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def _pattern(decimal_mark: str) -> re.Pattern[str]:
    thousands = rf"[{_BLANKS}{',' if decimal_mark == '.' else '.'}]"
    mark = re.escape(decimal_mark)
    return re.compile(
        # A sign belongs to the number unless it joins it to something: 3-5 and 2024-05-03 hold no negative numbers.
        r"(?P<sign>(?<![\w.,)])[+\-\u2212][$€£¥₹]?)?"
        rf"(?P<digits>(?<![0-9])[0-9]{{1,3}}(?:{thousands}[0-9]{{3}})+(?![0-9])(?:{mark}[0-9]+)?"
        rf"|[0-9]+(?:{mark}[0-9]+)?|(?<![0-9]){mark}[0-9]+)"
        r"(?:[eE](?P<e>[+\-\u2212]?[0-9]{1,6})(?![0-9])|\s?[x×·*]\s?10(?:\^(?P<power>[+\-\u2212]?[0-9]{1,6})|(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,6})))?"
        r"(?:\s?(?P<unit>[%‰]|[^\W\d_]+))?"
    )


def last_number(text: str, decimal_mark: str, units: Mapping[str, float]) -> Decimal | None:
    """The last number in a text, times the unit behind it (lower case -> factor); None where there is none.

    Read over: currency signs, units that are not named. Not read: fractions (3/4), numbers in words.
    """
    found = list(_pattern(decimal_mark).finditer(text))
    if not found:
        return None
    last = found[-1]
    digits = re.sub(rf"[^0-9{re.escape(decimal_mark)}]", "", last["digits"]).replace(decimal_mark, ".")
    power = last["e"] or last["power"] or (last["raised"] or "0").translate(_SUPERSCRIPTS)
    factor = units.get((last["unit"] or "").casefold(), 1.0)
    minus = "-" if (last["sign"] or "+")[0] in "-\u2212" else ""
    return _bounded(f"{minus}{digits}e{power.replace(chr(0x2212), '-')}", factor)


def _bounded(written: str, factor: float = 1.0) -> Decimal | None:
    """None for what is no number, or far beyond a float."""
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return None
    with localcontext(prec=2 * _MOST_DIGITS):
        return number * Decimal(repr(factor))


def same_number(settings: RewardSettings, task: Task) -> Judge:
    """The last number of the answer, or of one field of it. An answer that the task cannot read earns 0."""
    name = settings.name
    units = _ALWAYS_KNOWN | {unit.casefold(): factor for unit, factor in settings.units.items()}
    absolute, relative = Decimal(repr(settings.tolerance)), Decimal(repr(settings.relative_tolerance))

    def number(text: str) -> Decimal | None:
        value: Any = said(task, settings.field, text)
        if isinstance(value, str):
            return last_number(value, settings.decimal_mark, units)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _bounded(repr(value))
        return None

    def judge(example: Example, completion: str) -> RewardScore:
        wanted = None if example.answer is None else number(example.answer)
        if wanted is None:
            return RewardScore(name, None, "the teacher's answer holds no number")
        given = number(completion)
        if given is None:
            return RewardScore(name, 0.0)
        with localcontext(prec=2 * _MOST_DIGITS):
            return RewardScore(name, float(abs(given - wanted) <= max(absolute, relative * abs(wanted))))

    return judge
