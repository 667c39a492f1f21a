"""Says where a row of fields needs blanks, so that rules written for prose can read what a program wrote without any.

Covered: fields between pipes, carets (HL7), asterisks (X12), commas, semicolons, "=" and tabs, the last also as they are escaped. Not
covered: rows with an unbroken run that is masked whole, columns of fixed width.
"""

from __future__ import annotations

import regex

_LINE = regex.compile(r"[^\n]+")
_UNREADABLE = regex.compile(r"\S{150}")
# Escaped as JSON has them. After a drive's letter it is a path.
_ESCAPED = regex.compile(r"(?<!\\)(?<![A-Za-z]:)\\[tnr]")
_SURELY_ESCAPED = regex.compile(r"\\t(?=[\p{Lu}\d])")
_PIPE = regex.compile(r"(?<=\S)\|++|\|++(?=\S)")
_CARET = regex.compile(r"(?<=[\p{L}\d])\^++(?=[\p{L}\d])")
_STAR = regex.compile(r"(?<=[\w-])\*++(?=[\w-])")
_SEGMENT = regex.compile(r"\s*[A-Z][A-Z0-9]{1,2}\*")
# Not within a sum: "1,299", "12,000,000".
_COMMA = regex.compile(r"(?<=[^\s,]),(?=[^\s,])(?!(?<=(?<![\w.])\d{1,3},)\d{3}(?!\d))")
_TIGHT = regex.compile(r"^[^\n]*\S,(?=\S)", regex.MULTILINE)
_DECIMAL = regex.compile(r"(?<![\w./-])\d+,\d+(?![\w/.-])")
# "Town ......... Cebu", "Name ____ Berg".
_LEADER = regex.compile(r"(?<=\p{L}\)?) ?(?:\.{4,}+|_{4,}+|(?:\. ){3,}+\.?) ?:? ?(?=[\p{L}\d+(])")
_SEMICOLON = regex.compile(r"(?<=\S);(?=\S)")
_SLASHED_NAMES = regex.compile(r"(?<![\w/.:-])\p{Lu}[\p{L}'’-]+/\p{Lu}[\p{L}'’-]+/[^/\s]")
_SLASH = regex.compile(r"(?<=[^\s/\d])/(?=[^\s/])|(?<=[^\s/])/(?=[^\s/\d])")
# Not within an address of hexadecimal groups: "6c:81:12".
_PAIR = regex.compile(
    r"(?<=\w[\"']?)(?!(?<=:[0-9a-fA-F]{1,4}):[0-9a-fA-F]|(?<=(?<!\w)[0-9a-fA-F]{2,4}):[0-9a-fA-F]{1,4}:)[=:](?=[\"']?(?:\p{Lu}\p{Ll}|\d))(?!(?<=\d:)\d)"
)


def row_breaks(text: str) -> list[tuple[int, int, str]]:
    """What to put in place of [start, end), in order."""
    breaks: list[tuple[int, int, str]] = []
    if "\\" in text:
        escaped = list(_ESCAPED.finditer(text))
        if len(escaped) > 1 or (escaped and _SURELY_ESCAPED.match(text, escaped[0].start())):
            breaks += [(*match.span(), "\t" if match.group() == "\\t" else "\n") for match in escaped]
    # A table of two columns has one comma a line.
    tabled = text.count("\n") > 0 and len(_TIGHT.findall(text)) > 1
    for line in _LINE.finditer(text):
        start, end = line.span()
        found = _of_line(text, start, end, tabled)
        if found and _UNREADABLE.search(text, *line.span()) is None:
            breaks += found
    return sorted(breaks)


def _of_line(text: str, start: int, end: int, tabled: bool) -> list[tuple[int, int, str]]:
    """Separators that stand there often enough to be ones."""
    found = []
    if (
        text.find("....", start, end) > 0
        or text.find("____", start, end) > 0
        or text.find(". . .", start, end) > 0
    ):
        found += [(*match.span(), ": ") for match in _LEADER.finditer(text, start, end)]
    if text.count("|", start, end) > 1:
        found += [(*match.span(), " | ") for match in _PIPE.finditer(text, start, end)]
    if text.count("^", start, end):
        found += [(*match.span(), " ^ ") for match in _CARET.finditer(text, start, end)]
    if text.count("*", start, end) > 1 and _SEGMENT.match(text, start, end):
        found += [(*match.span(), " | ") for match in _STAR.finditer(text, start, end)]
    commas = [match.span() for match in _COMMA.finditer(text, start, end)]
    if len(commas) > 1 or (tabled and commas and _DECIMAL.search(text, start, end) is None):
        found += [(*span, ", ") for span in commas]
    if text.count("/", start, end) > 2 and _SLASHED_NAMES.search(text, start, end):
        found += [(*match.span(), " / ") for match in _SLASH.finditer(text, start, end)]
    semicolons = [match.span() for match in _SEMICOLON.finditer(text, start, end)]
    if semicolons:
        found += [(*span, "; ") for span in semicolons]
        found += [(*match.span(), f"{match.group()} ") for match in _PAIR.finditer(text, start, end)]
    return found
