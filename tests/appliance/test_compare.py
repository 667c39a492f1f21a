"""Runs side by side: paired where they asked the same records, Newcombe's interval where not, refused where they differ."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from appliance.cli import main
from appliance.compare import CompareError, compare, compose, newcombe, to_json
from appliance.home import Home
from appliance.report.html import render_page
from appliance.report.markdown import render_markdown
from privacy.intervals import wilson
from tests.appliance.finished_run import finish
from tests.appliance.report_facts import measured_facts
from tests.appliance.small_use_case import TEXT

_finish = functools.partial(finish, json_alone=True)
ONE, TWO = "small-00000001", "small-00000002"


@pytest.fixture
def home() -> Home:
    return Home.open()


def facts_with(value: float, n: int) -> dict[str, Any]:
    """The measured run, its on-policy student right in this share of n records."""
    low, high = wilson(value * n, n)
    facts = measured_facts()
    for score in facts["scores"]:
        if score["arm"] == "onpolicy" and score["metric"] == facts["primary_metric"]:
            score |= {"value": value, "low": low, "high": high, "n": n}
    return facts


def outcomes(right: int, n: int, first: str = "r") -> dict[str, dict[str, float]]:
    return {"onpolicy": {f"{first}-{index}": float(index < right) for index in range(n)}}


def two_runs(home: Home, site: Path, *, same: bool) -> Any:
    _finish(home, site, ONE, facts=facts_with(0.6, 100), outcomes=outcomes(60, 100))
    _finish(home, site, TWO, facts=facts_with(0.8, 100), outcomes=outcomes(80, 100, "r" if same else "other"))
    found = compare([ONE, TWO], home)
    rows = {(row.run_id, row.arm, row.metric): row for row in found.rows}
    return found, rows[TWO, "onpolicy", "exact_match"], rows[ONE, "onpolicy", "exact_match"]


def test_runs_on_the_same_records_are_compared_record_by_record(home: Home, tmp_path: Path) -> None:
    _, row, first = two_runs(home, tmp_path / "site", same=True)
    assert row.method == "mcnemar-exact" and row.difference == pytest.approx(0.2)
    assert row.p == pytest.approx(2 * 0.5**20), "20 records that only the second run got right"
    assert row.difference_low > 0.1 and row.difference_high < 0.3
    assert (first.difference, first.method) == (None, None), "the first run is held against nothing"


def test_runs_on_other_records_get_the_wider_interval_of_independent_shares(
    home: Home, tmp_path: Path
) -> None:
    _, row, _ = two_runs(home, tmp_path / "site", same=False)
    assert row.method == "newcombe" and row.p is None and row.difference == pytest.approx(0.2)
    low, high = confint_proportions_2indep(80, 100, 60, 100, method="newcomb")
    assert (row.difference_low, row.difference_high) == (pytest.approx(low), pytest.approx(high))


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_newcombes_interval_is_that_of_statsmodels(right: int, n: int, other: int, m: int) -> None:
    right, other = min(right, n), min(other, m)
    told = [
        {"value": hits / size, "low": wilson(hits, size)[0], "high": wilson(hits, size)[1]}
        for hits, size in ((right, n), (other, m))
    ]
    expected = confint_proportions_2indep(right, n, other, m, method="newcomb")
    assert newcombe(*told) == (pytest.approx(expected[0], abs=1e-9), pytest.approx(expected[1], abs=1e-9))


def test_a_measure_that_was_not_taken_has_no_difference(home: Home, tmp_path: Path) -> None:
    facts = measured_facts()
    for score in facts["scores"]:
        if score["arm"] == "teacher":
            score |= {"value": None, "low": None, "high": None}
    _finish(home, tmp_path / "site", ONE)
    _finish(home, tmp_path / "site", TWO, facts={"scores": facts["scores"]})
    found = compare([ONE, TWO], home)
    assert all(row.difference is None for row in found.rows if row.arm == "teacher")
    assert "not measured" in render_markdown(compose(found))


@pytest.mark.parametrize(
    ("facts", "use_case", "why"),
    [
        ({"primary_metric": "valid_json"}, TEXT, "differ in primary metric"),
        ({"reference": "teacher"}, TEXT, "differ in reference"),
        ({}, TEXT.replace('["billing", "repairs"]', '["billing", "other"]'), "differ in task.labels"),
    ],
)
def test_another_task_metric_or_reference_is_refused_in_one_line(
    home: Home, tmp_path: Path, facts: dict[str, Any], use_case: str, why: str
) -> None:
    _finish(home, tmp_path / "one", ONE)
    _finish(home, tmp_path / "two", TWO, facts=facts, use_case=use_case)
    with pytest.raises(CompareError, match=why) as error:
        compare([ONE, TWO], home)
    assert "\n" not in str(error.value)


def test_a_prompt_in_other_words_is_the_same_task(home: Home, tmp_path: Path) -> None:
    _finish(home, tmp_path / "one", ONE)
    _finish(home, tmp_path / "two", TWO, use_case=TEXT.replace("Name the queue.", "Which queue?"))
    assert len(compare([ONE, TWO], home).runs) == 2


def test_one_run_or_one_that_is_not_there_cannot_be_compared(home: Home, tmp_path: Path) -> None:
    _finish(home, tmp_path / "site", ONE)
    for asked, why in (([ONE], "at least two"), ([ONE, ONE], "at least two"), ([ONE, TWO], "has no report")):
        with pytest.raises(CompareError, match=why):
            compare(asked, home)


def test_the_command_prints_markdown_and_writes_page_and_json(home: Home, tmp_path: Path) -> None:
    found, _, _ = two_runs(home, tmp_path / "site", same=True)
    page, told = tmp_path / "compare.html", tmp_path / "compare.json"
    done = CliRunner().invoke(main, ["compare", ONE, TWO, "--html", str(page), "--json", str(told)])
    assert done.exit_code == 0 and done.output == render_markdown(compose(found))
    assert "+20.0 (" in done.output and "more than chance" in done.output
    assert page.read_text() == render_page(compose(found))
    assert json.loads(told.read_text()) == json.loads(json.dumps(to_json(found)))
