"""Finds values in a small table inside a text by the header of their column: "name,login,age" and rows under it.

Covered: commas, semicolons, bars and tabs; names beside one of the others, user names, numbers of people and of what is theirs, ages, driving licences, ZIP codes, counties,
number plates, points on the map. Not covered: quoted
fields that hold the separator, tables without a header, other columns (their values are found by what stands in them).
"""

from __future__ import annotations

import regex

from privacy.recognizers.rule import Clock, matches
from privacy.records import Span

_LINE = regex.compile(r"[^\n]+")
_SEPARATORS = "\t|;,"
_FEWEST, _MOST = 2, 40
# A header has short names and no values; "zip5" and "dl2" have a digit.
_NAME = regex.compile(r"\s*[\"']?\p{L}[\p{L} _./()#-]{0,30}[0-9]?[\"']?\s*")
_OWNER = r"(?:(?:patient|pt|client|member|user|subject|child|dependent|employee|driver|home|residence|res|mailing|billing|shipping|birth|current|primary|vehicle|veh|car|van|unit)[ _.]?)?"
_COLUMNS: tuple[tuple[str, regex.Pattern[str], regex.Pattern[str]], ...] = tuple(
    (kind, regex.compile(rf"{_OWNER}(?:{header})", regex.IGNORECASE), regex.compile(value))
    for kind, header, value in (
        ("PERSON", r"(?:full |first |last |sur|fore)?names?|dependent|patient|pt|member|client|student|pupil|employee|resident|caller|contact|relative|spouse|beneficiary|claimant|driver|guest|tenant", r"\p{Lu}[\p{L} .'’-]{1,40}"),
        ("AGE", r"ages?(?:[ _]?\(?(?:in[ _])?(?:years?|yrs?|y|mos?|months|at[ _]\w+|today|now)\)?)?", r"(?:1[01][0-9]|[1-9]?[0-9]) ?(?:[ymdw]\w{0,6})?(?: ?[MF])?"),
        (
            "USERNAME",
            r"log-?[io]ns?|log-?on|user(?:[ _.]?(?:name|id))?s?|uid|handle|nick(?:name)?|screen[ _]?name|account(?:[ _]?name)?|entered[ _]?by|(?:signed|created|changed|updated|reviewed|opened|closed|ordered|verified)[ _]?by|actor|operator|(?:network|portal|web|epic|emr|ehr|ad)[ _]?(?:id|user|login|name)",
            r"(?=[^ ]*[A-Za-z])[\w.@-]{3,60}",
        ),
        ("USERNAME", r"owner|assignee|assigned[ _]?(?:to|user)|author|requester|requested[ _]?by|reporter|submitter|approver|editor|who|by|modified[ _]?by|last[ _]?editor|agent", r"[a-z][a-z0-9._-]{3,40}"),
        (
            "REFERENCE_ID",
            r"(?:emp(?:loyee)?|staff|worker|badge|personnel|payroll|clock|member|subject|participant|patient|pt|client|customer|cust|student|pupil|policy|claim|account|acct|case|record|chart|study|enrollee|beneficiary|subscriber|insured|tenant|resident|inmate|device|asset|sample|specimen|pension|template|biometric|print|finger|face|voice|scan|passport|permit|visa|pass|booking|ticket|donor|provider|nhs|health|medical|hospital|unit|nurse|driver)"
            r"[ _.]?(?:id|no|num|number|nbr|code|#|ref|key)|mrn|npi|dea|ssn|nino|vin|imei|iccid|udid|serial(?:[ _]?(?:no|number))?|s/?n|badge|payroll|biometric|template|passport|subject|participant",
            r"(?=[^\n]*[0-9])(?![0-9]+[.,][0-9]{1,2}$)[A-Za-z0-9#][A-Za-z0-9/_. -]{2,40}",
        ),
        ("COORDINATES", r"lat(?:itude)?|lon(?:gitude)?|lng|(?:gps|coord(?:inate)?s?|geo)(?:[ _]?(?:lat|lon|lng))?", r"[+-]?[0-9]{1,3}\.[0-9]{2,15}"),
        ("DRIVER_LICENSE", r"(?:dl|d/l|dln|oln|cdl|(?:driver'?s?|driving|drivers)?[ _]?(?:licen[cs]e|lic))(?:[ _.]?(?:no|num|number|nbr|id|#))?\.?#?", r"(?=[^\n]*[0-9])[A-Z0-9*][A-Z0-9* -]{4,24}"),
        ("POSTCODE", r"(?:zip|postal|post)[ _-]?(?:codes?|5|4)?", r"[0-9]{5}(?:-[0-9]{4})?|(?=[^\n]*[0-9])[A-Z0-9]{2,4} ?[A-Z0-9]{3}"),
        ("LOCATION", r"county|cnty|county[ _]?(?:name|of[ _]res(?:idence)?)|parish|borough", r"\p{Lu}[\p{L} .'’-]{2,40}"),
        ("VEHICLE_ID", r"(?:licen[cs]e[ _]?)?(?:plate|tag)(?:[ _]?(?:no|num|number))?|rego?|registration|vrm|vrn", r"(?=[^\n]*[0-9])[A-Z0-9][A-Z0-9 -]{3,11}"),
    )
)  # fmt: skip


def find_headed(text: str, clock: Clock) -> list[Span]:
    """Spans of values under a header that names them. Raises TimeoutError."""
    if "\n" not in text.strip():
        return []
    found: list[Span] = []
    columns: dict[int, tuple[str, regex.Pattern[str]]] = {}
    separator, width = "", 0
    for line in matches(_LINE, text, clock):
        if width and line.group().count(separator) == width - 1:
            at = line.start()
            for place, field in enumerate(line.group().split(separator)):
                value = field.strip(" \"'\r")
                if place in columns and value and columns[place][1].fullmatch(value):
                    start = at + field.index(value)
                    found.append(Span(start, start + len(value), columns[place][0], 0.6, "under a header"))
                at += len(field) + 1
        else:
            separator, width, columns = _header(line.group())
    return found


def _header(line: str) -> tuple[str, int, dict[int, tuple[str, regex.Pattern[str]]]]:
    """(separator, number of columns, those that are looked for by place); ("", 0, {}) for a line that is no header."""
    for separator in _SEPARATORS:
        names = line.split(separator)
        if _FEWEST <= len(names) <= _MOST and all(map(_NAME.fullmatch, names)):
            columns = {
                place: (kind, value)
                for place, name in enumerate(names)
                for kind, header, value in _COLUMNS
                if header.fullmatch(name.strip(" \"'\r"))
            }
            if any(kind != "PERSON" for kind, _ in columns.values()):
                return separator, len(names), columns
    return "", 0, {}
