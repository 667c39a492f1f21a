"""The report as Markdown: what a terminal, a merge request or a wiki shows. Charts are left to their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from appliance.report.blocks import Block, Cell, Document, Figure, Ledger, Notes, Pairs, Table
from appliance.report.places import places_of


def render_markdown(document: Document) -> str:
    """GitHub's dialect, for its tables. Each table says which part of report.json it shows."""
    return "\n".join(_document(document)) + "\n"


def _document(document: Document) -> Iterator[str]:
    yield from (f"# {_plain(document.headline)}", "", f"**{_plain(document.kicker)}**", "")
    yield from (_plain(document.title), "")
    yield from (f"- {_plain(reason)}" for reason in document.reasons)
    if document.reasons:
        yield ""
    if document.cautions:
        yield from ("To know besides:", "", *(f"- {_plain(caution)}" for caution in document.cautions), "")
    rows = [(one.label, one.value, " · ".join(one.beside)) for one in document.key_figures]
    if rows:
        yield from _grid(("Figure", "Value", "Beside it"), rows)
    yield from (f"{_plain(document.name)}, run {_plain(document.run_id)}, {_plain(document.created)}", "")
    for section in document.sections:
        yield from (f"## {_plain(section.title)}", "")
        for paragraph in section.intro:
            yield from (_plain(paragraph), "")
        for block in section.blocks:
            if block is not None:
                yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Figure):
        return  # the table beside every chart has its figures
    elif isinstance(block, Pairs):
        yield from (f"### {_plain(block.caption)}", "")
        yield from _grid(("What", "Value"), [(name, str(value)) for name, value in block.pairs])
        yield from _places(block)
    elif isinstance(block, Ledger):
        yield from (f"### {_plain(block.caption)}", "")
        rows = [
            (f"**{_plain(one.text)}**" if one.total else _plain(one.text), _plain(one.how), _plain(one.value))
            for one in block.entries
        ]
        yield from _grid(("Item", "How", "Amount"), rows, plain=True)
        yield from _places(block)
    elif isinstance(block, Notes):
        yield from (f"- {_plain(item)}" for item in block.items)
        yield ""


def _table(block: Table) -> Iterator[str]:
    yield from (f"### {_plain(block.caption)}", "")
    heads = [f"{one.group}, {one.text}" if one.group else one.text for one in block.columns]
    grouped = any(group.heading for group in block.groups)
    rows = [
        ([group.heading] if grouped else []) + [_shown(cell) for cell in row]
        for group in block.groups
        for row in group.rows
    ]
    right = [False] * grouped + [column.numeric for column in block.columns]
    yield from _grid(["Of"] * grouped + heads, rows, right)
    if block.note:
        yield from (_plain(block.note), "")
    yield from _places(block)


def _shown(cell: Cell) -> str:
    return cell.text + (f" ({', '.join(cell.detail.splitlines())})" if cell.detail else "")


def _places(block: Block) -> Iterator[str]:
    found = places_of(block)
    if found:
        yield from (f"In report.json: {', '.join(f'`{place}`' for place in found)}", "")


def _grid(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool] = (), *, plain: bool = False
) -> Iterator[str]:
    def line(texts: Sequence[str]) -> str:
        return f"| {' | '.join(texts if plain else [_plain(text) for text in texts])} |"

    right = right or [False] * len(heads)
    yield line(heads)
    yield "|" + "|".join("--:" if one else "---" for one in right) + "|"
    yield from (line(row) for row in rows)
    yield ""


def _plain(text: str) -> str:
    """Text that stays text: nothing in it marks up, and a cell stays one line."""
    return re.sub(r"([\\`*_\[\]<>|#~$&])", r"\\\1", " ".join(text.split()))
