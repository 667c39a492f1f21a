"""The report as one HTML file: no script, no outside resource, readable from a disk and on paper."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from appliance.report import words
from appliance.report.blocks import Cell, Document
from appliance.report.document import compose
from appliance.report.study import Facts

if TYPE_CHECKING:
    from jinja2 import Template


def render_html(facts: Facts) -> str:
    """The decision report of one run."""
    return render_page(compose(facts))


def render_page(document: Document) -> str:
    """The page of any report on a run."""
    return _template().render(
        document=document,
        absent=(words.NOT_MEASURED, words.NOT_RECORDED),
        as_cell=as_cell,
        breakable=breakable,
    )


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def breakable(text: str) -> Markup:
    """Names of labels and fields may go on to the next line after an underscore, rather than out of the table."""
    return escape(text).replace("_", Markup("_<wbr>"))


def as_cell(text: Cell | str) -> Cell:
    return Cell(text) if isinstance(text, str) else text
