"""The report's forms, read back: PDF text, workbook formulas, schema, Markdown, and every figure's place in the JSON."""

from __future__ import annotations

import copy
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import formulas
import jsonschema
import pypdf
import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.home import Home
from appliance.report import words
from appliance.report.blocks import Cell, Document
from appliance.report.document import compose
from appliance.report.html import render_html
from appliance.report.markdown import render_markdown
from appliance.report.pdf import render_pdf
from appliance.report.places import resolve
from appliance.report.schema import mismatches, schema
from appliance.report.study import Part, at, step
from appliance.report.write import FORMS, write_report
from appliance.report.xlsx import exact, number_in, render_xlsx
from tests.appliance.finished_run import finish
from tests.appliance.report_facts import (
    banking77_facts,
    bare_facts,
    distil_facts,
    hostile_facts,
    measured_facts,
)

SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def measured() -> dict[str, Any]:
    return measured_facts()


@pytest.fixture(params=[measured_facts, banking77_facts])
def whole(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Facts with every part: an invented run's, whose figures are told apart with ease, and a real one's."""
    found: dict[str, Any] = request.param()
    return found


@pytest.fixture(params=[measured_facts, banking77_facts, distil_facts, bare_facts, hostile_facts])
def facts(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param()
    return found


# --- all forms


@pytest.mark.slow
def test_the_same_facts_give_the_same_bytes(whole: dict[str, Any], tmp_path: Path) -> None:
    names = write_report(whole, tmp_path)
    first = {name: (tmp_path / name).read_bytes() for name in names}
    assert {f"report.{form}" for form in FORMS} | {"report.schema.json"} == set(names)
    write_report(copy.deepcopy(whole), tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in names} == first
    assert all(first.values())


@pytest.mark.slow
def test_every_form_holds_the_verdict_and_every_section(whole: dict[str, Any]) -> None:
    document = compose(whole)
    seen = {
        "html": html.unescape(render_html(whole)),
        "pdf": pdf_text(render_pdf(document, whole["created_at"])),
        "md": render_markdown(document),
    }
    for form, text in seen.items():
        assert document.headline in text, form
        for section in document.sections:
            assert section.title in text, (form, section.title)
        for caution in document.cautions:
            assert caution in text, form


@pytest.mark.slow
@pytest.mark.parametrize("part", sorted({*measured_facts()} - {"schema_version"}))
def test_a_part_that_was_not_measured_leaves_a_report(measured: dict[str, Any], part: str) -> None:
    for gone in (measured | {part: None}, {key: value for key, value in measured.items() if key != part}):
        document = compose(gone)
        assert render_markdown(document) and render_xlsx(document, gone)
        assert "None" not in render_html(gone)


# --- JSON


def test_the_schema_is_one_and_the_facts_fit_it(whole: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert mismatches(whole) == []
    assert set(whole) <= set(schema()["properties"]), "a part that the schema does not know"


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("/schema_version", 1, "$.schema_version: const"),
        ("/verdict/kind", "perhaps", "$.verdict.kind: enum"),
        ("/scores/0/value", 1.2, "$.scores[0].value: maximum"),
        ("/scores/0/n", "secret text", "$.scores[0].n: type"),
        ("/paired/0/difference", -1.5, "$.paired[0].difference: minimum"),
        ("/explain/0/key", "=A1", "$.explain[0].key: pattern"),
    ],
)
def test_facts_that_are_not_what_the_schema_says_are_not_written(
    measured: dict[str, Any], tmp_path: Path, path: str, value: Any, where: str
) -> None:
    parent, _, key = path.rpartition("/")
    held = resolve(measured, parent)
    held[int(key) if isinstance(held, list) else key] = value
    assert where in mismatches(measured)
    with pytest.raises(ValueError, match="do not fit its schema") as error:
        write_report(measured, tmp_path)
    assert "secret text" not in str(error.value) and not list(tmp_path.iterdir())


# --- every number's place


class Places(HTMLParser):
    """The texts that carry a path."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str | None] = []
        self.found: list[tuple[str, str]] = []
        self.bare: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th", "dd"):
            self.open.append(dict(attrs).get("data-path"))
            if self.open[-1]:
                self.found.append((str(self.open[-1]), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "dd"):
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1]:
            path, text = self.found[-1]
            self.found[-1] = (path, text + data)


def scalars(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from scalars(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from scalars(inside)
    else:
        yield from map(float, re.findall(r"\d+", str(value)))


def is_shown(number: str, value: float) -> bool:
    """Whether a figure on the page is this value: as it is, as a percentage, in milliseconds, in GiB; rounded as shown."""
    shown = float(number.replace(",", ""))
    room = 0.5 * 10.0 ** -len(number.partition(".")[2]) * 1.0001
    room = max(room, 5e-7 * shown)  # `words.reckoned` gives seven digits
    return any(abs(abs(scale * value) - shown) <= room for scale in (1, 100, 1000, 2**-30))


def test_every_figure_with_a_place_is_the_value_there(whole: dict[str, Any]) -> None:
    found = Places(render_html(whole)).found
    checked = 0
    for path, text in found:
        if " min" in text or text.startswith("<"):
            continue  # hours and minutes; a chance told as less than the least that is written out
        held = [number for one in path.split() for number in scalars(resolve(whole, one))]
        if " " in path:
            continue  # reckoned from several
        if text.startswith("\N{MINUS SIGN}") and whole["reference"] == "teacher":
            held += [1 - number for number in held]  # how far an arm is from agreeing in full
        for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text):
            assert any(is_shown(number, value) for value in held), (path, text)
            checked += 1
    assert checked > 800


def test_every_place_is_in_the_json(facts: dict[str, Any]) -> None:
    held = json.loads(json.dumps(facts))
    for path, _ in Places(render_html(facts)).found:
        for one in path.split():
            resolve(held, one)


def test_most_figures_of_a_table_have_a_place(whole: dict[str, Any]) -> None:
    """What has none is a count of rows, or reckoned for the page alone."""
    cells = [
        cell
        for section in compose(whole).sections
        for block in section.blocks
        if getattr(block, "kind", "") == "table"
        for group in block.groups  # type: ignore[union-attr]
        for row in group.rows
        for cell in row[1:]
        if re.search(r"\d", cell.text)
    ]
    without = [cell.text for cell in cells if not cell.path]
    assert len(without) < 0.15 * len(cells), without


def test_a_step_of_a_path_is_read_as_it_was_written() -> None:
    odd = {"a/b": {"c~d e": {'"': 7}}}
    part = Part(odd, "")["a/b"]
    pointer = at(part["c~d e"], '"')
    assert " " not in pointer and resolve(odd, pointer) == 7
    assert step("", "a/b") == "/a~1b"
    with pytest.raises(LookupError):
        resolve(odd, "/nothing")


# --- PDF


def pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.slow
def test_the_pdf_holds_every_score_and_can_be_read_aloud(whole: dict[str, Any]) -> None:
    document = compose(whole)
    content = render_pdf(document, whole["created_at"])
    reader = pypdf.PdfReader(io.BytesIO(content))
    text = pdf_text(content)
    for one in whole["scores"]:
        assert (words.NOT_MEASURED if one["value"] is None else f"{one['value'] * 100:.1f}%") in text, one
    assert reader.metadata is not None and reader.metadata.title == f"Distil: {document.title}"
    assert str(reader.metadata.creation_date)[:16] == whole["created_at"][:16].replace("T", " ")
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
    top = [one for one in reader.outline[1:] if not isinstance(one, list)] or reader.outline[1]
    titles = {str(entry["/Title"]) for entry in flat(reader.outline)}
    assert {section.title for section in document.sections} <= titles and top
    assert f"1 / {len(reader.pages)}" in " ".join(reader.pages[0].extract_text().split())


def flat(outline: Any) -> Iterator[Any]:
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


@pytest.mark.slow
def test_the_pdf_carries_its_fonts_and_names_no_place_outside(whole: dict[str, Any]) -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(compose(whole), whole["created_at"])))
    for page in reader.pages:
        fonts: Any = page["/Resources"].get("/Font", {})  # type: ignore[union-attr]
        for font in fonts.values():
            for below in font.get_object()["/DescendantFonts"]:
                described = below.get_object()["/FontDescriptor"].get_object()
                assert {"/FontFile2", "/FontFile3"} & set(described)
        assert not [one for one in page.get("/Annots", []) if "/URI" in one.get_object().get("/A", {})]


@pytest.mark.slow
def test_markup_in_a_name_is_text_on_paper(facts: dict[str, Any]) -> None:
    """Typst's own marks, too."""
    odd = '#eval("1") *bold* $x$ <label> @cite \\ `raw`'
    spoilt = compose(facts | {"title": odd})
    assert isinstance(spoilt, Document)
    assert odd in pdf_text(render_pdf(spoilt, None))


# --- workbook


def cells_of(content: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[str, str]]]:
    """Sheets as {name: {"B4": value or "=formula"}}, and the defined names with their cells."""
    held = zipfile.ZipFile(io.BytesIO(content))
    strings = [
        "".join(part.text or "" for part in one.iter(f"{SHEETS}t"))
        for one in ElementTree.fromstring(held.read("xl/sharedStrings.xml"))
    ]
    book = ElementTree.fromstring(held.read("xl/workbook.xml"))
    sheets: dict[str, dict[str, Any]] = {}
    for index, sheet in enumerate(book.iter(f"{SHEETS}sheet"), start=1):
        found = sheets[str(sheet.get("name"))] = {}
        for one in ElementTree.fromstring(held.read(f"xl/worksheets/sheet{index}.xml")).iter(f"{SHEETS}c"):
            formula, value = one.findtext(f"{SHEETS}f"), one.findtext(f"{SHEETS}v")
            if formula is not None:
                found[str(one.get("r"))] = f"={formula}"
            elif value is not None:
                found[str(one.get("r"))] = strings[int(value)] if one.get("t") == "s" else float(value)
    names = {}
    for one in book.iter(f"{SHEETS}definedName"):
        if not str(one.get("name")).startswith("_xlnm"):
            sheet_name, _, place = str(one.text).replace("$", "").rpartition("!")
            names[str(one.get("name"))] = (sheet_name.strip("'"), place)
    return sheets, names


def calculated(content: bytes, **changed: float) -> dict[str, Any]:
    """Every named figure, by an engine that is not ours, with some assumptions changed."""
    sheets, names = cells_of(content)
    by_name = {key.upper(): (key, sheets[sheet].get(place)) for key, (sheet, place) in names.items()}
    values: dict[str, Any] = {}

    def value_of(name: str) -> Any:
        if name not in values:
            key, held = by_name[name]
            values[name] = changed.get(key, held)
            if str(held).startswith("="):
                assert key not in changed, f"{key} is no assumption"
                function = formulas.Parser().ast(held)[1].compile()
                found = function(*map(value_of, function.inputs))
                values[name] = found.item() if hasattr(found, "item") else found
        return values[name]

    return {key: value_of(name) for name, (key, _) in by_name.items()}


@pytest.mark.slow
def test_the_workbooks_formulas_give_the_reports_figures(whole: dict[str, Any]) -> None:
    found = calculated(render_xlsx(compose(whole), whole))
    assert set(found) == {line["key"] for line in whole["explain"]}
    for line in whole["explain"]:
        if line["value"] is not None:
            assert found[line["key"]] == pytest.approx(line["value"], rel=1e-6), line["key"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "devices", "saving"),
    [
        ({"requests_per_month": 20_000_000}, 4, (38_400 - 4 * 0.041 * 730) * 12 - 1150),
        ({"device_per_hour": 0.082}, 1, (384 - 0.082 * 730) * 12 - 1150),
        ({"teacher_per_thousand": 0.1, "horizon_months": 24}, 1, (20 - 0.041 * 730) * 24 - 1150),
        ({"load": 0.01}, 2, (384 - 2 * 0.041 * 730) * 12 - 1150),
    ],
)
def test_changing_an_assumption_changes_what_follows(
    measured: dict[str, Any], changed: dict[str, float], devices: int, saving: float
) -> None:
    found = calculated(render_xlsx(compose(measured), measured), **changed)
    assert found["devices"] == devices
    assert found["saving"] == pytest.approx(saving)
    monthly = found["saved_per_month"]
    assert found["break_even_months"] == ("never" if monthly <= 0 else pytest.approx(1150 / monthly))


def test_numbers_in_the_workbook_are_numbers_and_exact(whole: dict[str, Any]) -> None:
    sheets, _ = cells_of(render_xlsx(compose(whole), whole))
    quality = set(sheets["Quality of the arms"].values())
    for one in whole["scores"]:
        if one["metric"] == whole["primary_metric"] and one["value"] is not None:
            assert one["value"] in quality, "not the rounded one"
    plain = [
        row for row in whole["cost"] if row["per_thousand_low"] is None
    ]  # with its range it is words here
    assert {row["per_thousand_requests"] for row in plain if row["arm"] in ("cascade", "retrieved")} <= set(
        sheets["Cost and the arithmetic"].values()
    )


def test_the_workbook_lists_every_number_with_its_place(whole: dict[str, Any]) -> None:
    sheets, _ = cells_of(render_xlsx(compose(whole), whole))
    listed = sheets["Every number"]
    rows = {
        place: listed[f"B{cell[1:]}"] for cell, place in listed.items() if cell[0] == "A" and cell != "A1"
    }
    for place, value in rows.items():
        assert resolve(whole, place) == pytest.approx(value, rel=1e-12), place

    def count(value: Any) -> int:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = isinstance(value, int | float) and not isinstance(value, bool)
        return own + sum(map(count, inside))

    assert len(rows) == count(whole)


def test_a_text_that_looks_like_a_formula_stays_text(measured: dict[str, Any]) -> None:
    measured["title"] = measured["verdict"]["headline"] = "=1+1"
    measured["worst"][0]["record_id"] = "=cmd|' /C calc'!A0"
    raw = zipfile.ZipFile(io.BytesIO(render_xlsx(compose(measured), measured)))
    sheets = [raw.read(name) for name in raw.namelist() if name.startswith("xl/worksheets/")]
    written = {one for sheet in sheets for one in re.findall(rb"<f>([^<]*)", sheet)}
    assert len(written) == sum(line["formula"] is not None for line in measured["explain"]), (
        "the formulas of the cost, and no other"
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("83.3%", (0.833, "#,##0.0%")),
        ("€1,234.50", (1234.5, '"€"#,##0.00')),
        ("CHF 12", (12.0, '"CHF "#,##0')),
        (f"{words.MINUS}€3.50", (-3.5, '"€"#,##0.00')),
        ("12,345", (12345.0, "#,##0")),
        ("83.3% (75.7 to 88.9)", None),
        ("not measured", None),
        ("3.1 months", None),
        ("", None),
    ],
)
def test_a_text_that_is_one_number_is_written_as_one(text: str, number: tuple[float, str] | None) -> None:
    found = number_in(text)
    assert found is None if number is None else (found == (pytest.approx(number[0]), number[1]))


def test_a_rounded_number_is_written_as_the_facts_have_it() -> None:
    facts = {"a": 0.08325, "b": 0.0126, "c": 5}
    assert exact(0.083, Cell("8.3%", path="/a"), facts) == 0.08325
    assert exact(13.0, Cell("13", path="/b"), facts) == pytest.approx(12.6), "seconds shown as milliseconds"
    assert exact(7.0, Cell("7", path="/c"), facts) == 7.0, "another number is not put in its place"


# --- Markdown


def test_markdown_holds_every_score_and_its_tables_are_tables(whole: dict[str, Any]) -> None:
    text = render_markdown(compose(whole))
    for one in whole["scores"]:
        assert (words.NOT_MEASURED if one["value"] is None else f"{one['value'] * 100:.1f}%") in text, one
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if re.fullmatch(r"\|[-:|]+\|", line):
            wide = line.count("|")
            for row in lines[index - 1 :]:
                if not row:
                    break
                assert len(re.findall(r"(?<!\\)\|", row)) == wide, row


def test_markup_in_a_name_is_text_in_markdown() -> None:
    text = render_markdown(compose(hostile_facts()))
    assert not re.search(r"(?<!\\)<", text)


# --- the command


@pytest.mark.parametrize("form", FORMS)
def test_the_command_gives_each_form_as_the_run_left_it(form: str, tmp_path: Path) -> None:
    run = finish(Home.open(), tmp_path / "site")
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["report", run.name, "--format", form, "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == (run / "report" / f"report.{form}").read_bytes()
    piped = CliRunner().invoke(main, ["report", run.name, "--format", form, "-o", "-"])
    assert piped.stdout_bytes == out.read_bytes()
