"""The page Serving: what each role sees of it, that a view can be shared, and that a load test is asked for as a job."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from appliance import jobs, manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.people.acting import Role
from appliance.store import Store
from appliance.views import load_tests
from tests.appliance.served_run import RUN, make_served
from tests.ui.conftest import See
from tests.ui.test_quality_page import press, text_of

pytestmark = pytest.mark.slow

TABS = ("Speed", "Cascade", "Cost", "Load test")


@pytest.fixture
def run(home: Home) -> str:
    make_served(home)
    for stage in ("curate",):
        (home.runs / RUN / stage).mkdir()
        manifest.write(home.runs / RUN / stage, Manifest(stage, "f", {}, {}, 1.0, 2.0))
    Store(home.store).begin_run(RUN, "small", "Messages to queues")
    return RUN


def slider(page: AppTest, label: str) -> str:
    return str(next(each.value for each in page.select_slider if each.label == label))


def test_without_a_run_the_page_says_what_to_do_next(see: See) -> None:
    page = see("serving", Role.VIEWER)
    assert not page.exception and "There is no run yet" in text_of(page)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_each_tab_opens_for_everybody(see: See, run: str, tab: str, role: Role) -> None:
    page = see("serving", role, run=run, tab=tab)
    assert not page.exception and not page.error


@pytest.mark.parametrize("tab", TABS[:3])
def test_a_run_that_was_not_served_yet_says_so(see: See, home: Home, run: str, tab: str) -> None:
    (home.runs / run / "bench" / manifest.NAME).unlink()
    page = see("serving", Role.OPERATOR, run=run, tab=tab)
    assert not page.exception and not page.error and " yet" in text_of(page)


def test_speed_says_how_many_answered_how_many_failed_and_on_which_device(see: See, run: str) -> None:
    seen = text_of(see("serving", Role.VIEWER, run=run))
    assert "9.0 a second" in seen and "On CPU, vllm 0.32.0" in seen and "first token within 2 s" in seen
    assert "Answered" in seen and "Failed" in seen
    assert "not served; it does not run on this machine" in seen
    opened = text_of(see("serving", Role.VIEWER, run=run, loop="open"))
    assert "Offered a second" in opened and '<td class="sh-right">9.9</td>' in opened


def test_the_slider_begins_at_the_runs_choice_and_a_shared_address_keeps_its_own(see: See, run: str) -> None:
    page = see("serving", Role.VIEWER, run=run, tab="Cascade")
    assert slider(page, "Ask the teacher below this certainty") == "0.500"
    assert "82.0%" in text_of(page) and "picked 50.0% on validation records" in text_of(page)
    shared = see("serving", Role.VIEWER, run=run, tab="Cascade", threshold="0.600")
    assert slider(shared, "Ask the teacher below this certainty") == "0.600" and "85.0%" in text_of(shared)
    shared.select_slider[0].set_value("1.000").run()
    assert shared.query_params["threshold"] in ("1.000", ["1.000"]) and "100.0%" in text_of(shared)
    nonsense = see("serving", Role.VIEWER, run=run, tab="Cascade", threshold="<b>7</b>")
    assert slider(nonsense, "Ask the teacher below this certainty") == "0.500" and not nonsense.exception


def test_cost_follows_the_volume_and_says_from_where_on_it_pays(see: See, run: str) -> None:
    page = see("serving", Role.VIEWER, run=run, tab="Cost")
    assert slider(page, "Requests a month") == "2000000" and "it pays within 12 months from" in text_of(page)
    before = text_of(page)
    page.select_slider[0].set_value("100000000").run()
    assert (
        page.query_params["volume"] in ("100000000", ["100000000"])
        and text_of(page) != before
        and not page.exception
    )


def test_an_operator_asks_for_a_load_test_once_and_others_cannot(see: See, home: Home, run: str) -> None:
    viewer = see("serving", Role.VIEWER, run=run, tab="Load test")
    assert next(each for each in viewer.button if each.label == "Start the load test").disabled
    page = see("serving", Role.OPERATOR, run=run, tab="Load test")
    assert "162 requests" in text_of(page)  # three times 6 and 48
    press(page, "Start the load test")
    assert not page.exception and not page.error
    (job,) = jobs.jobs(home)
    assert (job.kind, job.arguments["concurrency"], job.asked_by) == ("load-test", [1, 8], "operator")
    assert next(each for each in page.button if each.label == "Start the load test").disabled


def test_a_load_test_that_was_asked_for_is_listed_and_charted_on_its_own(
    see: See, home: Home, run: str
) -> None:
    row = {**json.loads((home.runs / run / "bench" / manifest.NAME).read_text())["facts"]["serving"][0],
           "concurrency": 2, "requests_per_s": 7.25}  # fmt: skip
    result = {
        "run_id": run, "arm": "sft", "asked_by": "olga", "finished_at": 1.8e9, "settings": {"load": {"concurrency": [2]}},
        "engine": "vllm", "device": "CPU", "energy": {"note": "not counted here"}, "objective": {}, "slo": {}, "serving": [row],
    }  # fmt: skip
    path = load_tests.result_path(home, run, "20261123-1")
    path.parent.mkdir()
    path.write_text(json.dumps(result))
    listed = text_of(see("serving", Role.VIEWER, run=run, tab="Load test"))
    assert "olga" in listed and "60 requests answered, 0 failed" in listed
    shown = text_of(see("serving", Role.VIEWER, run=run, tab="Speed", test="20261123-1"))
    assert "7.25" in shown and "Asked for by olga" in shown and "No objective was set" in shown
