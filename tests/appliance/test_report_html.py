"""The report: everything measured is in it, nothing from outside is, and no label covers another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import combinations
from typing import Any

import pytest

from appliance.report import canvas, charts, document, evidence, losses, money, quality, teacher, words
from appliance.report.html import render_html
from appliance.report.study import Study
from tests.appliance.report_facts import (
    banking77_facts,
    bare_facts,
    distil_facts,
    hostile_facts,
    measured_facts,
    scored,
)

VOID = {"meta", "link", "br", "hr", "img", "wbr", "input", "line", "circle", "polyline", "polygon", "rect"}


@pytest.fixture
def distil() -> dict[str, Any]:
    return distil_facts()


@pytest.fixture
def empty() -> dict[str, Any]:
    return bare_facts()


@pytest.fixture
def measured() -> dict[str, Any]:
    return measured_facts()


@pytest.fixture
def banking77() -> dict[str, Any]:
    return banking77_facts()


@pytest.fixture
def hostile() -> dict[str, Any]:
    return hostile_facts()


class Page(HTMLParser):
    """Checks that tags nest, and keeps tags, attributes and text apart."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title", "desc"):
            self.text.append(data)


@pytest.fixture(params=["distil", "empty", "hostile", "measured", "banking77"])
def facts(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.getfixturevalue(request.param)
    return found


def _charts(facts: dict[str, Any]) -> Iterator[canvas.Chart]:
    for section in document.SECTIONS:
        for block in section(Study(facts)).blocks:
            yield from getattr(block, "charts", ())


def test_every_tag_is_closed_and_ids_are_unique(facts: dict[str, Any]) -> None:
    page = Page(render_html(facts))
    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_the_file_refers_to_nothing_outside_and_runs_nothing(facts: dict[str, Any]) -> None:
    source = render_html(facts)
    page = Page(source)
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
    }
    for _, attrs in page.tags:
        for name, value in attrs.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "action", "data", "xlink:href", "style")
            assert name != "href" or (value or "").startswith("#")
            assert name == "aria-label" or "://" not in (value or "")
    style = source.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style and "://" not in style
    policy = next(attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_markup_in_a_name_is_text(hostile: dict[str, Any]) -> None:
    source = render_html(hostile)
    assert "<script" not in source and "<img" not in source
    assert "&lt;script&gt;" in source


def test_every_score_stands_in_the_page(distil: dict[str, Any]) -> None:
    seen = "".join(Page(render_html(distil)).text)
    for score in distil["scores"]:
        assert f"{score['value'] * 100:.1f}%" in seen, score
        assert f"{score['low'] * 100:.1f} to {score['high'] * 100:.1f}" in seen, score


def test_how_far_the_served_student_is_from_the_evaluated_one_is_told(distil: dict[str, Any]) -> None:
    told = " ".join(Page(render_html(distil)).text)
    assert "the log-probabilities are 0.030 nats apart on average (0.027 to 0.032)" in told
    assert "the server holds 1,181 of 1,197 evaluated tokens likeliest, too" in told


def test_what_was_not_measured_says_so_and_is_never_nought(empty: dict[str, Any]) -> None:
    page = Page(render_html(empty))
    seen = " ".join(page.text)
    assert seen.count(words.NOT_MEASURED) > 30
    assert "None" not in seen and "nan" not in seen
    assert not re.search(r"(?<![\d.,])0(\.0+)?%?(?![\d.,])", seen.replace("95%", ""))
    assert not list(_charts(empty))


def test_facts_without_a_single_entry_still_make_a_page() -> None:
    assert words.NOT_MEASURED in render_html({})


def test_the_sections_come_in_the_order_of_the_decision(distil: dict[str, Any]) -> None:
    source = render_html(distil)
    titles = re.findall(r"<h[12][^>]*>([^<]*)<", source)
    assert titles == [
        distil["verdict"]["headline"], "Where the student loses", "Quality of the arms", "Serving",
        "Cost and the arithmetic", "What would change it", "Privacy", "Attack on the students", "Training", "Data and lineage", "How it was measured",
        "What is missing",
    ]  # fmt: skip


def test_no_label_of_a_chart_covers_another_or_leaves_the_drawing(facts: dict[str, Any]) -> None:
    for chart in _charts(facts):
        for one, two in combinations(chart.labels, 2):
            assert not one.box.overlaps(two.box), (chart.key, one.text, two.text)
        for label in chart.labels:
            box = label.box
            assert box.left >= -1 and box.right <= chart.width + 1, (chart.key, label.text)
            assert box.top >= -1 and box.bottom <= chart.height + 1, (chart.key, label.text)


def test_names_of_arms_that_cost_and_score_the_same_stay_apart() -> None:
    arms = [
        charts.Priced(f"Arm number {index}", 1.0, charts.Dot(0.8, 0.7, 0.9, "other")) for index in range(8)
    ]
    chart = charts.scatter("k", "t", "d", arms, x_title="EUR", y_title="right")
    assert chart is not None
    assert sum(label.text.startswith("Arm number") for label in chart.labels) == 8
    assert not any(one.box.overlaps(two.box) for one, two in combinations(chart.labels, 2))


@pytest.mark.parametrize(("dearest", "log"), [(9.0, False), (11.0, True)])
def test_cost_is_on_a_logarithmic_axis_beyond_a_ratio_of_ten(dearest: float, log: bool) -> None:
    arms = [
        charts.Priced(str(price), price, charts.Dot(0.8, None, None, "other")) for price in (1.0, dearest)
    ]
    chart = charts.scatter("k", "t", "d", arms, x_title="EUR", y_title="right")
    assert chart is not None
    assert any("logarithmic" in label.text for label in chart.labels) is log


def test_every_chart_has_a_title_a_description_and_a_table(distil: dict[str, Any]) -> None:
    for section in document.SECTIONS:
        blocks = section(Study(distil)).blocks
        figures = [block for block in blocks if getattr(block, "kind", "") == "figure"]
        assert not figures or any(getattr(block, "kind", "") == "table" for block in blocks)
    for chart in _charts(distil):
        assert chart.title and chart.desc and f'id="{chart.key}-t"' in chart.svg()


def test_every_table_has_a_caption_and_every_heading_a_scope(facts: dict[str, Any]) -> None:
    tags = Page(render_html(facts)).tags
    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags)
    assert all(attrs.get("scope") for tag, attrs in tags if tag == "th")


def test_a_student_that_saves_nothing_never_breaks_even(distil: dict[str, Any]) -> None:
    distil["economics"] |= {"monthly_cost": {"teacher": 10.0, "student": 12.0}, "break_even_months": None}
    assert quality.break_even(Study(distil)).value == "never"
    distil["economics"]["monthly_cost"] = {"teacher": None, "student": 12.0}
    assert quality.break_even(Study(distil)).value == words.NOT_MEASURED


def test_the_largest_gap_comes_first_and_the_unmeasured_last(distil: dict[str, Any]) -> None:
    distil["scores"].append(scored("onpolicy", "tone", 0.5))
    section = losses.losses(Study(distil))
    rows = section.blocks[1].groups[0].rows  # type: ignore[union-attr]
    assert rows[0][0].text == "Field “priority” correct" and rows[-1][3].text == words.NOT_MEASURED


def test_the_student_in_question_is_a_trained_one_if_the_verdict_is_to_distil(distil: dict[str, Any]) -> None:
    for score in distil["scores"]:
        if score["arm"] == "few-shot":
            score["value"] = 0.99
    assert Study(distil).best == "onpolicy"
    distil["verdict"]["kind"] = "prompt-first"
    assert Study(distil).best == "few-shot"


def test_the_student_chosen_on_validation_is_the_one_in_question(distil: dict[str, Any]) -> None:
    distil["chosen"] = "sft"
    assert Study(distil).best == "sft"


def test_where_the_teacher_is_the_reference_the_gap_is_to_full_agreement(distil: dict[str, Any]) -> None:
    distil["reference"] = "teacher"
    for score in distil["scores"]:
        if score["arm"] == "teacher":
            score |= {"value": None, "low": None, "high": None, "note": "its answers are the reference"}
    rows = losses.losses(Study(distil)).blocks[1].groups[0].rows  # type: ignore[union-attr]
    assert rows[0][0].text == "Whole answer correct" and rows[0][3].text == "−16.7"
    page = render_html(distil)
    assert "an answer counts as right if it is the teacher&#39;s" in page
    assert "is the reference" in page


def test_a_verdict_is_not_said_twice(distil: dict[str, Any]) -> None:
    assert "Verdict: Distil" in render_html(distil)
    distil["verdict"]["headline"] = "Distil: the student is good enough and cheaper."
    assert ">Verdict<" in render_html(distil)


def test_a_long_list_of_dropped_rows_is_cut_and_says_so(distil: dict[str, Any]) -> None:
    distil["scrub"]["dropped_rows"] = [{"row": row, "reason": "bad-syntax"} for row in range(1, 101)]
    table = evidence.privacy(Study(distil)).blocks[3]
    assert "and 88 more" in table.groups[0].rows[0][2].text  # type: ignore[union-attr]


def test_costs_in_two_currencies_share_no_axis(distil: dict[str, Any]) -> None:
    distil["cost"][0]["currency"] = "USD"
    assert "trade" not in {chart.key for chart in _charts(distil)}
    assert money.cost(Study(distil)).title in render_html(distil)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (words.percent_interval(0.8333, 0.757, 0.889), "83.3% (75.7 to 88.9)"),
        (words.percent_interval(None, None, None), "not measured"),
        (words.percent_interval(0.5, None, None), "50.0% (no interval)"),
        (words.money(0.0629, "EUR"), "€0.063"),
        (words.money(12345.6, "CHF"), "CHF 12,346"),
        (words.money(0, "EUR"), "€0.00"),
        (words.money(-3.5, "USD"), "−$3.50"),
        (words.points(-0.0587), "−5.9"),
        (words.points(0.00001), "0.0"),
        (words.duration(3811.0), "1 h 3 min"),
        (words.duration(301.2), "5 min 1 s"),
        (words.day("2026-11-22T18:00:00Z"), "22 November 2026"),
        (words.day(None), "not recorded"),
        (words.metric_name("field_accuracy:queue"), "Field “queue” correct"),
        (words.significant(0.0123456), "0.0123"),
    ],
)
def test_figures_read_as_a_person_would_write_them(given: str, shown: str) -> None:
    assert given == shown


def test_the_teacher_is_told_as_it_was_checked(distil: dict[str, Any], empty: dict[str, Any]) -> None:
    block = teacher.checked(Study(distil))
    assert block is not None
    told = dict(block.pairs)
    assert told["Whole answer correct, against people"] == "88.0% (85.1 to 90.3), n = 598"
    assert told["big beside the student"] == "vocabulary the same, end of turn not known, template different"
    assert told["Answers that can be learnt token by token"] == "597 of 598, 20 likeliest tokens each"
    assert told["Learning from its answers"] == "allowed under conditions"
    assert told["Memory that training needs, by estimate"] == "3.0 GiB of 20.0 GiB free"
    assert told["Remark"] == "Look at the template."
    distil["check"] |= {"accuracy": None, "min_accuracy": None, "likeliest": None, "memory": {}}
    bare = teacher.checked(Study(distil))
    assert bare is not None and dict(bare.pairs)["Against people"] == "not measured"
    assert teacher.checked(Study(empty)) is None
