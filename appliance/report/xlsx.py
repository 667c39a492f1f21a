"""The report as a workbook: a sheet a section with numbers as numbers, the cost as live formulas, every number with its place.

Same facts, same bytes: the time in the file is the report's, and the entries of its archive carry none.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.report import words
from appliance.report.blocks import Block, Cell, Document, Ledger, Notes, Pairs, Section, Table
from appliance.report.live_cost import write_cost
from appliance.report.places import place_of_row, places_of, resolve
from appliance.report.study import Facts, step

_NUMBER = re.compile(
    rf"(?P<minus>[-{words.MINUS}])?(?P<unit>[€$£]|[A-Z]{{3}} )?(?P<digits>[\d,]+(\.(?P<decimals>\d+))?)(?P<percent>%)?"
)
_WIDEST, _NARROWEST = 60, 9
_SHEET_NAME = 31
"""Letters that Excel allows."""


def render_xlsx(document: Document, facts: Facts) -> bytes:
    """The workbook as bytes."""
    import xlsxwriter

    held = io.BytesIO()
    book = xlsxwriter.Workbook(
        held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties(
        {
            "title": f"{document.verdict}: {document.title}",
            "author": "Stillhouse",
            "comments": f"{document.name}, run {document.run_id}",
            "created": _moment(facts.get("created_at")),
        }
    )
    styles = Styles(book)
    _verdict(styles, document, facts)
    for section in document.sections:
        _section(styles, section, facts)
    write_cost(styles, facts)
    _numbers(styles, facts)
    book.close()
    return held.getvalue()


def _moment(stamp: str | None) -> datetime:
    try:
        return datetime.fromisoformat(stamp or "").replace(tzinfo=None)
    except ValueError:
        return datetime(1980, 1, 1)


class Styles:
    """The workbook with its formats, each made once."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **look: Any) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._made:
            self._made[key] = self.book.add_format({"font_name": "Calibri", "valign": "top", **look})
        return self._made[key]

    @property
    def head(self) -> Any:
        return self(bold=True, bottom=1, text_wrap=True)

    @property
    def title(self) -> Any:
        return self(bold=True, font_size=14)

    @property
    def soft(self) -> Any:
        return self(font_color="#565f68", italic=True)


@dataclass(slots=True)
class Sheet:
    """A sheet that is written from top to bottom."""

    styles: Styles
    inside: Any
    facts: Facts
    row: int = 0

    def line(self, text: str, look: Any = None) -> None:
        self.inside.write_string(self.row, 0, text, look or self.styles())
        self.row += 1

    def cells(self, cells: list[Cell], *, strong: bool = False) -> None:
        for column, cell in enumerate(cells):
            self._cell(column, cell, strong)
        self.row += 1

    def _cell(self, column: int, cell: Cell, strong: bool) -> None:
        bold = {"bold": True} if strong or cell.strong else {}
        found = None if cell.detail else number_in(cell.text)
        if found is None:
            shown = cell.text + (f" ({', '.join(cell.detail.splitlines())})" if cell.detail else "")
            self.inside.write_string(self.row, column, shown, self.styles(text_wrap=True, **bold))
            return
        value, form = found
        self.inside.write_number(
            self.row, column, exact(value, cell, self.facts), self.styles(num_format=form, **bold)
        )


def number_in(text: str) -> tuple[float, str] | None:
    """A text that is one number, as a number and as Excel's format for it; None for any other text."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    value = float(found["digits"].replace(",", ""))
    form = "#,##0" + ("." + "0" * len(found["decimals"]) if found["decimals"] else "")
    if found["unit"]:
        form = f'"{found["unit"]}"{form}'
    if found["percent"]:
        value, form = value / 100, f"{form}%"
    return (-value if found["minus"] else value), form


def exact(value: float, cell: Cell, facts: Facts) -> float:
    """The number behind a rounded one: as the facts have it, in the unit of the column."""
    if not cell.path or " " in cell.path:
        return value
    held = resolve(facts, cell.path)
    if isinstance(held, bool) or not isinstance(held, int | float):
        return value
    room = max(abs(value), abs(held)) * 0.051 + 1e-12
    for scaled in (held, held * 1000, held / 2**30):
        if abs(scaled - value) <= room:
            return scaled
    return value


def _verdict(styles: Styles, document: Document, facts: Facts) -> None:
    sheet = Sheet(styles, styles.book.add_worksheet("Verdict"), facts)
    sheet.line(document.headline, styles.title)
    sheet.line(f"{document.title}. {document.name}, run {document.run_id}, {document.created}", styles.soft)
    sheet.row += 1
    for reason in document.reasons:
        sheet.line(reason)
    for caution in document.cautions:
        sheet.line(f"To know besides: {caution}")
    sheet.row += 1
    for one in document.key_figures:
        sheet.cells(
            [Cell(one.label), Cell(one.value, path=one.path, strong=True), Cell("; ".join(one.beside))]
        )
    sheet.inside.set_column(0, 0, 48)
    sheet.inside.set_column(1, 1, 16)
    sheet.inside.set_column(2, 2, 70)


def _section(styles: Styles, section: Section, facts: Facts) -> None:
    name = section.title[:_SHEET_NAME].rstrip()
    sheet = Sheet(styles, styles.book.add_worksheet(name), facts)
    sheet.line(section.title, styles.title)
    for paragraph in section.intro:
        sheet.line(paragraph)
    widths: dict[int, int] = {}
    for block in section.blocks:
        if block is not None:
            _block(sheet, block, widths)
    for column, width in widths.items():
        sheet.inside.set_column(column, column, min(max(width + 2, _NARROWEST), _WIDEST))


def _block(sheet: Sheet, block: Block, widths: dict[int, int]) -> None:
    if isinstance(block, Table):
        sheet.row += 1
        _table(sheet, block, widths)
    elif isinstance(block, Notes):
        sheet.row += 1
        for item in block.items:
            sheet.line(item)
    elif isinstance(block, Pairs):
        pairs = [
            (Cell(name), value if isinstance(value, Cell) else Cell(value)) for name, value in block.pairs
        ]
        _two(sheet, block, [[name, value] for name, value in pairs], widths)
    elif isinstance(block, Ledger):
        rows = [
            [
                Cell(one.text, strong=one.total),
                Cell(one.value, strong=one.total, path=one.path),
                Cell(one.how),
            ]
            for one in block.entries
        ]
        _two(sheet, block, rows, widths)


def _two(sheet: Sheet, block: Pairs | Ledger, rows: list[list[Cell]], widths: dict[int, int]) -> None:
    sheet.row += 1
    sheet.line(block.caption, sheet.styles.head)
    for row in rows:
        _widen(widths, row)
        sheet.cells(row)
    _places(sheet, block)


def _table(sheet: Sheet, block: Table, widths: dict[int, int]) -> None:
    sheet.line(block.caption, sheet.styles(bold=True))
    heads = [f"{one.group}: {one.text}" if one.group else one.text for one in block.columns]
    for column, head in enumerate([*heads, "In report.json"]):
        sheet.inside.write_string(sheet.row, column, head, sheet.styles.head)
    sheet.row += 1
    for group in block.groups:
        if group.heading:
            sheet.line(group.heading, sheet.styles(bold=True))
        for row in group.rows:
            cells = [*row, Cell(place_of_row(row))]
            _widen(widths, cells)
            sheet.cells(cells)
    if block.note:
        sheet.line(block.note, sheet.styles.soft)


def _widen(widths: dict[int, int], cells: list[Cell]) -> None:
    for column, cell in enumerate(cells):
        widths[column] = max(widths.get(column, 0), len(cell.text) + len(cell.detail))


def _places(sheet: Sheet, block: Block) -> None:
    places = places_of(block)
    if places:
        sheet.line(f"In report.json: {', '.join(places)}", sheet.styles.soft)


def _numbers(styles: Styles, facts: Facts) -> None:
    """Every number of the facts with its JSON pointer."""
    sheet = styles.book.add_worksheet("Every number")
    for column, head in enumerate(("In report.json", "Value")):
        sheet.write_string(0, column, head, styles.head)
    row = 0
    for row, (pointer, value) in enumerate(_walk(facts, ""), start=1):
        sheet.write_string(row, 0, pointer, styles())
        sheet.write_number(row, 1, value, styles())
    sheet.autofilter(0, 0, max(row, 1), 1)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 1, 22)


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _walk(inside, step(pointer, key))
    elif isinstance(value, list | tuple):
        for index, inside in enumerate(value):
            yield from _walk(inside, step(pointer, index))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield pointer, value
