"""The page Report: the verdict first, every form to take away, and a report in a frame that can do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from appliance.home import Home
from appliance.people.acting import Role
from appliance.store import Store
from appliance.views import reports as report_view
from tests.appliance.finished_run import finish
from tests.ui.conftest import See
from tests.ui.test_quality_page import text_of

RUN = "small-00000001"

pytestmark = pytest.mark.slow


@pytest.fixture
def run(home: Home, tmp_path: Path) -> Path:
    made = finish(home, tmp_path / "use-case", RUN)
    Store(home.store).begin_run(RUN, "small", "Small")
    return made


@pytest.mark.parametrize("tab", ["Verdict", "Report", "Arithmetic", "Privacy report", "Changes"])
def test_each_tab_opens_for_a_viewer(see: See, run: Path, tab: str) -> None:
    page = see("report", Role.VIEWER, run=RUN, tab=tab)
    assert not page.exception and not page.error


def test_the_verdict_and_its_reasons_come_first(see: See, run: Path) -> None:
    facts = report_view.facts(Home.open(), RUN)
    assert facts is not None
    seen = text_of(see("report", Role.VIEWER, run=RUN))
    assert facts["verdict"]["headline"] in seen


def test_the_frame_around_the_report_runs_nothing_and_names_its_document(see: See, run: Path) -> None:
    (frame,) = frames(see("report", Role.VIEWER, run=RUN, tab="Report"))
    assert '<iframe sandbox="" title="Report of small-00000001"' in frame
    assert "<script" not in frame.partition("srcdoc=")[0]
    assert "</iframe>" not in frame.partition('srcdoc="')[2].partition('"')[0], "nothing in it ends the frame"


def frames(page: AppTest) -> list[str]:
    return [element.proto.srcdoc for element in page.get("iframe")]


def test_a_run_without_a_report_says_so_and_how_far_it_is(see: See, home: Home) -> None:
    (home.runs / "young-00000001").mkdir()
    Store(home.store).begin_run("young-00000001", "young", "Young")
    page = see("report", Role.VIEWER, run="young-00000001")
    assert not page.exception and "This run has no report yet" in text_of(page)
