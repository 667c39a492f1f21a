"""Stand-ins for dates: the same format, moved by up to two years either way.

Covered: a `date` that moves by its own number of days, and one `shifted` with all dates of its subject, so that the days
between them stay exactly. One interval for everybody would be undone by a single date known from elsewhere; a subject's own
is undone for that subject only. Not covered: "03/04/2024" is read month first, whatever the record's other dates say.
"""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta

import regex

from privacy.draw import Draw
from privacy.recognizers.dates import MONTHS
from privacy.surrogate_numbers import same_shape

_MONTH_NUMBER = {name: number for number, names in enumerate(MONTHS, 1) for name in names}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TOKEN = regex.compile(r"\d+|\p{L}+|[^\d\p{L}]+")
_CLOCK = regex.compile(r"[0-2]?\d:[0-5]\d(?::[0-5]\d)?")
# In ISO 8601's basic format: 20240301T103000Z.
_BASIC_CLOCK = regex.compile(r"(?<=\d{8})T[0-2]\d[0-5]\d")
_COMPACT = regex.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_MAX_SHIFT_DAYS = 730
_MAX_DATE_CHARS = 100


def date(original: str, draw: Draw) -> str:
    """The moved date in the original's own format; what is no date keeps its shape with other digits."""
    days = 1 + draw.below(_MAX_SHIFT_DAYS)
    moved = _moved(original, days if draw.below(2) else -days)
    if moved is None:
        return same_digits(original, draw)
    head, tail = moved
    return head + _other_time(tail, draw)


def shifted(original: str, key: bytes, subject: str) -> str | None:
    """The date moved by its subject's number of days, the time of day as it was; None for what is no date."""
    draw = Draw(key, "DATE_SHIFT", subject)
    days = 1 + draw.below(_MAX_SHIFT_DAYS)
    moved = _moved(original, days if draw.below(2) else -days)
    return None if moved is None else "".join(moved)


def _moved(original: str, days: int) -> tuple[str, str] | None:
    """The date so many days later in the original's own format, and the time of day that followed; None for no date."""
    if len(original) > _MAX_DATE_CHARS:
        return None
    clock = _CLOCK.search(original) or _BASIC_CLOCK.search(original)
    head, tail = (original[: clock.start()], original[clock.start() :]) if clock else (original, "")
    compact = _COMPACT.fullmatch(head)
    tokens = list(compact.groups()) if compact else _TOKEN.findall(head)
    places = (0, 1, 2) if compact else _places(tokens)
    if places is None:
        return None
    year, month, day = places
    try:
        old = Date(
            _full_year(tokens[year]) if year is not None else 2023,
            _month(tokens[month]) if month is not None else 7,
            int(tokens[day]) if day is not None else 15,
        )
        new = old + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    if year is not None:
        tokens[year] = f"{new.year:04d}"[-len(tokens[year]) :]
    if month is not None:
        tokens[month] = _like_month(tokens[month], new.month)
    if day is not None:
        tokens[day] = (
            str(new.day).zfill(len(tokens[day]))
            if tokens[day].startswith("0") or len(tokens[day]) == 2
            else str(new.day)
        )
    _fix_words(tokens, day, new)
    return "".join(tokens), tail


def same_digits(original: str, draw: Draw) -> str:
    """Other digits, the same words."""
    return "".join(
        same_shape(token, draw) if token.isdecimal() else token for token in _TOKEN.findall(original)
    )


def _places(tokens: list[str]) -> tuple[int | None, int | None, int | None] | None:
    """Where year, month and day stand among the tokens; None if this is no one date that we can read."""
    numbers = [index for index, token in enumerate(tokens) if token.isdecimal()]
    named = [index for index, token in enumerate(tokens) if token.casefold() in _MONTH_NUMBER]
    years = [index for index in numbers if len(tokens[index]) == 4]
    if len(named) > 1 or len(years) > 1 or any(len(tokens[index]) in (3, *range(5, 99)) for index in numbers):
        return None
    if named:
        return _named_places(tokens, named[0], years, [index for index in numbers if index not in years])
    if any(token.isalpha() and not _is_beside(token) for token in tokens):
        return None
    short = [index for index in numbers if index not in years]
    if len(numbers) == 1 and years:
        return years[0], None, None
    if len(numbers) == 2:
        if years:
            return years[0], short[0], None
        return (None, short[1], short[0]) if int(tokens[short[0]]) > 12 else (None, short[0], short[1])
    if len(numbers) != 3:
        return None
    if years and years[0] == numbers[0]:
        return numbers[0], numbers[1], numbers[2]
    first, second, year = numbers
    # 25/12/2024 can only be day first; 03/04/2024 is read as English dates with "/" mostly are, month first.
    day_first = int(tokens[first]) > 12 or (tokens[first + 1] != "/" and int(tokens[second]) <= 12)
    return (year, second, first) if day_first else (year, first, second)


def _named_places(
    tokens: list[str], month: int, years: list[int], short: list[int]
) -> tuple[int | None, int | None, int | None] | None:
    """As `_places`, of a date whose month is a word. A range ("3-5 March") is not one date."""
    year = years[0] if years else None
    if (
        year is None
        and short
        and short[-1] > month
        and (len(short) == 2 or tokens[short[-1] - 1][-1:] in "'’")
    ):
        year = short.pop()
    if len(short) > 1 or (year is None and not short):
        return None
    return year, month, short[0] if short else None


def _is_beside(token: str) -> bool:
    """A weekday, an ordinal's ending, the T before a time: what may stand beside the numbers of a date."""
    folded = token.casefold()
    return folded in ("st", "nd", "rd", "th", "t", "at", "the") or (
        len(folded) >= 3 and any(name.startswith(folded) for name in _WEEKDAYS)
    )


def _month(token: str) -> int:
    return int(token) if token.isdecimal() else _MONTH_NUMBER[token.casefold()]


def _full_year(token: str) -> int:
    if len(token) == 4:
        return int(token)
    return int(token) + (2000 if int(token) < 30 else 1900)


def _like_month(token: str, month: int) -> str:
    """The month written like the token: padded number, or English name of the same length and case."""
    if token.isdecimal():
        return f"{month:02d}" if len(token) == 2 else str(month)
    full, *others = MONTHS[month - 1]
    # The second name of a month is its English abbreviation; May has none.
    abbreviated = MONTHS[_MONTH_NUMBER[token.casefold()] - 1].index(token.casefold()) == 1
    name = next((other for other in others if abbreviated and full.startswith(other)), full)
    return name.upper() if token.isupper() else name.capitalize() if token[0].isupper() else name


def _fix_words(tokens: list[str], day: int | None, new: Date) -> None:
    """Ordinal endings and weekday names that fit the new date."""
    for index, token in enumerate(tokens):
        folded = token.casefold()
        if day is not None and index == day + 1 and folded in ("st", "nd", "rd", "th"):
            tokens[index] = (
                "th" if 11 <= new.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(new.day % 10, "th")
            )
        elif len(folded) >= 3 and any(name.startswith(folded) for name in _WEEKDAYS):
            name = _WEEKDAYS[new.weekday()]
            name = name if folded.endswith("day") else name[:3]
            tokens[index] = name.capitalize() if token[0].isupper() else name


def _other_time(tail: str, draw: Draw) -> str:
    """The time of day redrawn, its hour within what the original's clock can show."""
    clock = _CLOCK.match(tail)
    if clock is None:
        return tail
    parts = clock.group().split(":")
    hour = 1 + draw.below(12 if regex.search(r"[ap]\.?m", tail, regex.IGNORECASE) else 23)
    new = [str(hour).zfill(len(parts[0])), *(f"{draw.below(60):02d}" for _ in parts[1:])]
    return ":".join(new) + "".join(
        same_shape(t, draw) if t.isdigit() else t for t in _TOKEN.findall(tail[clock.end() :])
    )
