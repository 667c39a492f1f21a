"""The page Release: one asks, another decides, and the page says why somebody may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from appliance import approvals, jobs
from appliance.approvals import Standing
from appliance.home import Home
from appliance.keeping import erasures
from appliance.people.acting import Role
from appliance.release import release
from appliance.store import Store
from appliance.views import releases as release_view
from tests.appliance.finished_refresh import pass_gates, refreshed
from tests.appliance.finished_run import finish
from tests.appliance.small_use_case import TEXT
from tests.ui.conftest import See
from tests.ui.test_quality_page import press, text_of

pytestmark = pytest.mark.slow

RUN = "small-00000001"


@pytest.fixture
def run(home: Home, tmp_path: Path) -> Path:
    made = finish(home, tmp_path / "use-case", RUN)
    Store(home.store).begin_run(RUN, "small", "Small")
    return made


def ask(see: See, reason: str = "It was looked at by the team.") -> AppTest:
    page = see("release", Role.OPERATOR, run=RUN)
    page.text_area[0].set_value(reason)
    press(page, "Ask for the release")
    return page


def test_a_release_is_asked_for_decided_by_another_and_its_job_enqueued(
    see: See, home: Home, run: Path
) -> None:
    assert "A request waits" in text_of(ask(see))
    page = see("release", Role.APPROVER, run=RUN)
    page.text_area[0].set_value("Read the report and the card.")
    press(page, "Approve and release")
    assert not page.exception and not page.error
    (made,) = approvals.requests(home)
    assert (made.standing, made.asked_by, made.decided_by) == (Standing.APPROVED, "operator", "approver")
    assert made.job_id is not None and jobs.job(home, made.job_id).kind == "release"


def test_a_refusal_is_kept_with_its_reason(see: See, home: Home, run: Path) -> None:
    ask(see)
    page = see("release", Role.APPROVER, run=RUN)
    page.text_area[0].set_value("The labels overlap.")
    press(page, "Refuse")
    (made,) = approvals.requests(home)
    assert (made.standing, made.decision_reason) == (Standing.REFUSED, "The labels overlap.")
    assert "approver: The labels overlap." in text_of(page)


def test_without_a_reason_nothing_is_asked(see: See, home: Home, run: Path) -> None:
    page = ask(see, "  ")
    assert "Give a reason" in page.error[0].value and not approvals.requests(home)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR])
def test_whoever_may_not_decide_is_told_who_does(see: See, run: Path, role: Role) -> None:
    ask(see)
    page = see("release", role, run=RUN)
    assert not [button for button in page.button if button.label == "Approve and release"]
    assert "without that role" in text_of(page)


def test_who_asked_does_not_decide_even_as_an_approver(see: See, run: Path) -> None:
    page = see("release", Role.OPERATOR, Role.APPROVER, run=RUN)
    page.text_area[0].set_value("I want it.")
    press(page, "Ask for the release")
    assert not [button for button in page.button if button.label == "Approve and release"]
    assert "another person decides" in text_of(page)


def test_a_verdict_against_it_is_told_before_it_is_asked_for(see: See, home: Home, tmp_path: Path) -> None:
    verdict = {"kind": "keep-teacher", "headline": "It is not worth it.", "reasons": [], "cautions": []}
    finish(home, tmp_path / "use-case", RUN, facts={"verdict": verdict})
    Store(home.store).begin_run(RUN, "small", "Small")
    seen = text_of(see("release", Role.OPERATOR, run=RUN))
    assert "may be waived" in seen and "The verdict is not to distil" in seen
    assert "--despite-verdict" not in seen, "there is no command line here"


def test_a_student_that_leaks_cannot_be_asked_for(see: See, home: Home, tmp_path: Path) -> None:
    finish(home, tmp_path / "use-case", RUN, attack="leaks")
    Store(home.store).begin_run(RUN, "small", "Small")
    page = see("release", Role.OPERATOR, run=RUN)
    assert "stops it" in text_of(page) and not page.text_area


def test_a_request_is_void_once_the_student_is_another(see: See, run: Path) -> None:
    ask(see)
    manifest = run / "onpolicy" / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace('"model/model.safetensors": "', '"model/model.safetensors": "0')
    )
    seen = text_of(see("release", Role.APPROVER, run=RUN))
    assert "void: the run is not what it was when this was asked" in seen


def test_a_promoted_refresh_gets_its_gates_by_a_button_and_is_then_asked_for(
    see: See, home: Home, tmp_path: Path
) -> None:
    finish(home, tmp_path / "use-case", RUN, use_case=TEXT.replace('gold_spans = "gold.jsonl"\n', ""))
    data = tmp_path / "new.csv"
    data.write_text("number,text,queue,checked\n9,the lamp is out,repairs,repairs\n")
    made = refreshed(home, RUN, data, gates=False)
    Store(home.store).begin_run(made.run_id, "small", "Small")
    assert "without that role" in text_of(see("release", Role.APPROVER, run=made.run_id))
    page = see("release", Role.OPERATOR, run=made.run_id)
    press(page, "Run the gates")
    (job,) = jobs.jobs(home)
    assert (job.kind, job.arguments) == ("gates", {"run_id": made.run_id})
    assert not [button for button in page.button if button.label == "Run the gates"], "once is enough"
    pass_gates(made)
    page = see("release", Role.OPERATOR, run=made.run_id)
    assert "Not worse than the last" in text_of(page) and page.text_area
    assert not page.exception


def test_a_run_that_is_not_finished_says_what_is_missing(see: See, home: Home) -> None:
    (home.runs / "young-00000001").mkdir()
    Store(home.store).begin_run("young-00000001", "young", "Young")
    page = see("release", Role.VIEWER, run="young-00000001")
    assert not page.exception and "Nothing of this run can be released yet" in text_of(page)


def test_what_was_released_lies_there_with_the_way_to_check_it(see: See, home: Home, run: Path) -> None:
    folder = release(RUN, home)
    page = see("release", Role.VIEWER, run=RUN)
    assert page.code[0].value == f"cd {folder} && sha256sum -c SHA256SUMS"
    assert "has another student by now" not in text_of(page)
    assert not see("release", Role.OPERATOR, run=RUN).text_area, "what was released is not asked for again"


def test_a_released_student_that_learnt_from_what_was_erased_is_to_go(
    see: See, home: Home, run: Path
) -> None:
    release(RUN, home)
    (told,) = release_view.released(home)
    made = erasures.begin(home, frozenset({"0" * 16}), "ada", "asked for")
    erasures.write(home, replace(made, students=(told.student,)))
    page = see("release", Role.OPERATOR, run=RUN)
    assert "take this folder out of service" in page.error[0].value
    assert "it learnt from what was erased since" in text_of(page) and not page.text_area, (
        "nor can it be asked for"
    )
