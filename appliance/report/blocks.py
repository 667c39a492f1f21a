"""What a report is made of, whatever its form. Each writer knows how each kind looks, and nothing else.

A text that shows a number of the facts carries its `path`: a JSON pointer (RFC 6901) to where report.json has it, or to
the row that has all of them; several, divided by a space, where it was reckoned from several. "" where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from appliance.report.canvas import Chart


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    detail: str = ""  # a smaller line below, such as the interval
    strong: bool = False
    path: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Column:
    text: str
    numeric: bool = True
    group: str = ""  # neighbours with the same group share a heading above


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading of their own; the first cell of a row names it."""

    rows: tuple[tuple[Cell, ...], ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    note: str = ""
    dense: bool = False
    even: bool = False  # all columns of one width

    @property
    def heads(self) -> list[tuple[str, list[Column]]]:
        """Runs of columns that share a group, in order."""
        return [
            (group, list(columns)) for group, columns in groupby(self.columns, lambda column: column.group)
        ]

    @property
    def num_rows(self) -> int:
        return sum(len(group.rows) for group in self.groups)


def table(
    caption: str,
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[Cell | str]],
    *,
    note: str = "",
    even: bool = False,
    dense: bool = False,
) -> Table:
    """A table without groups; a heading given as a bare string is that of a column of words."""
    heads = tuple(Column(one, numeric=False) if isinstance(one, str) else one for one in columns)
    return Table(caption, heads, (Group(cells(rows)),), note, even=even, dense=dense)


def cells(rows: Sequence[Sequence[Cell | str]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart, or several small ones beside each other."""

    kind: ClassVar[str] = "figure"
    caption: str
    charts: tuple[Chart, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and values: hashes, counts."""

    kind: ClassVar[str] = "pairs"
    caption: str
    pairs: tuple[tuple[str, Cell | str], ...]
    look: str = ""  # "mono" for hashes, "prose" for sentences


@dataclass(frozen=True, slots=True)
class Entry:
    text: str
    value: str
    how: str = ""  # where the value comes from
    total: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A sum as an accountant sets it out."""

    kind: ClassVar[str] = "ledger"
    caption: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    kind: ClassVar[str] = "notes"
    items: tuple[str, ...]


Block = Table | Figure | Pairs | Ledger | Notes


@dataclass(frozen=True, slots=True)
class Section:
    anchor: str
    title: str
    intro: tuple[str, ...]
    blocks: tuple[Block | None, ...]  # None: a chart that had nothing to show


@dataclass(frozen=True, slots=True)
class KeyFigure:
    label: str
    value: str
    beside: tuple[str, ...]  # lines: its interval, the figure to hold it against
    path: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report on one run, ready to be written in any form."""

    title: str
    name: str
    run_id: str
    created: str
    verdict: str  # for the title of the file
    kicker: str
    headline: str
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]  # what to know besides, though it does not change the verdict
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]


def figure(caption: str, charts: Sequence[Chart | None], note: str = "") -> Figure | None:
    drawn = tuple(chart for chart in charts if chart is not None)
    return Figure(caption, drawn, note) if drawn else None
