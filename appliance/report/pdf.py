"""The report as PDF, set by Typst from a wheel: tagged, with bookmarks, its fonts embedded, drawn without a network.

Typst carries its fonts; those of this machine are left alone, so that the same facts give the same bytes anywhere.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.report import words
from appliance.report.blocks import Block, Cell, Column, Document, Figure, Ledger, Notes, Pairs, Table
from appliance.report.canvas import Chart
from appliance.report.places import places_of

_FOLDER = Path(__file__).parent
_LONGEST, _SHORTEST = 40, 8
"""Letters by which columns of words share what the figures leave of a page."""


def render_pdf(document: Document, stamp: str | None) -> bytes:
    """The pages; `stamp` is the time in its metadata, as ISO 8601."""
    import typst

    pages = typst.compile(
        (_FOLDER / "report.typ").read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(_document(document), ensure_ascii=False)},
        pdf_standards="ua-1",  # PDF/UA-1 (ISO 14289-1): what a screen reader needs is there, or nothing is written
        timestamp=_moment(stamp),
    )
    assert isinstance(pages, bytes), "a PDF is one file"
    return pages


def _moment(stamp: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(stamp or "")
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _document(document: Document) -> dict[str, Any]:
    return {
        "title": document.title,
        "name": document.name,
        "run_id": document.run_id,
        "created": document.created,
        "verdict": document.verdict,
        "kicker": document.kicker,
        "headline": document.headline,
        "reasons": document.reasons,
        "cautions": document.cautions,
        "absent": (words.NOT_MEASURED, words.NOT_RECORDED),
        "figures": [
            {"label": one.label, "value": one.value, "beside": one.beside} for one in document.key_figures
        ],
        "sections": [
            {
                "title": section.title,
                "intro": section.intro,
                "blocks": [_block(block) for block in section.blocks if block is not None],
            }
            for section in document.sections
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": block.kind, "places": places_of(block)}
    if isinstance(block, Table):
        return told | _table(block)
    if isinstance(block, Figure):
        drawn = [
            {
                "title": chart.title,
                "alt": f"{chart.title}. {chart.desc}",
                "width": chart.width,
                "svg": standalone(chart),
            }
            for chart in block.charts
        ]
        return told | {"charts": drawn, "caption": block.caption}
    if isinstance(block, Pairs):
        pairs = [{"name": name, "value": str(value)} for name, value in block.pairs]
        return told | {"caption": block.caption, "look": block.look, "pairs": pairs}
    if isinstance(block, Ledger):
        entries = [
            {"text": one.text, "how": one.how, "value": one.value, "total": one.total}
            for one in block.entries
        ]
        return told | {"caption": block.caption, "entries": entries}
    assert isinstance(block, Notes)
    return told | {"items": block.items}


def _table(block: Table) -> dict[str, Any]:
    return {
        "caption": block.caption,
        "note": block.note,
        "rows": block.num_rows,
        "even": block.even,
        "columns": [_column(block, index, column) for index, column in enumerate(block.columns)],
        "heads": [
            {"name": group, "columns": [_column(block, 0, column) for column in columns]}
            for group, columns in block.heads
        ],
        "groups": [
            {"heading": group.heading, "rows": [[_cell(cell) for cell in row] for row in group.rows]}
            for group in block.groups
        ],
    }


def _column(block: Table, index: int, column: Column) -> dict[str, Any]:
    cells = [row[index] for group in block.groups for row in group.rows]
    lines = [line for cell in cells for line in (cell.text, *cell.detail.splitlines())]
    longest = max(map(len, lines), default=0)
    if column.numeric:
        weight = max([longest, *map(len, column.text.split())])
    else:
        weight = min(max(longest, len(column.text), _SHORTEST), _LONGEST)
    return {"text": column.text, "numeric": column.numeric, "group": column.group, "weight": weight}


def _cell(cell: Cell) -> dict[str, Any]:
    return {"text": cell.text, "detail": cell.detail, "strong": cell.strong}


def standalone(chart: Chart) -> str:
    """The drawing as a file of its own, in the page's colours by day."""
    css = (_FOLDER / "report.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", css.split("}")[0]))
    rules = " ".join(re.findall(r"^svg (\..*\})$", css, re.MULTILINE))
    rules = re.sub(r"var\(--(\w+)\)", lambda found: colours[found[1]], rules)
    drawn = str(chart.svg()).replace(
        "<svg ",
        '<svg xmlns="http://www.w3.org/2000/svg" font-family="Libertinus Serif" ',
        1,
    )
    return drawn.replace("\n", f"\n<style>{rules}</style>\n", 1)
