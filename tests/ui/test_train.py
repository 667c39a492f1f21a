"""The page Train: what each role sees and may start, the curves of a live and of a finished run, two runs side by side."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from appliance import jobs, manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.people.acting import Actor, Role
from appliance.preparing import use_cases
from appliance.store import Store
from tests.appliance.test_estimates import write_model
from tests.ui.conftest import See
from tests.ui.test_quality_page import press, text_of

pytestmark = pytest.mark.slow

OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")
SECRET = "the student said this"


@pytest.fixture
def case(home: Home) -> str:
    write_model(home.models / "small", 16)
    (home.models / "small" / "chat_template.jinja").write_text("template")
    use_cases.create(home, OPERATOR, "tickets", "Tickets")
    use_cases.save(
        home, OPERATOR, "tickets", {"student": {"base": "../../models/small"}, "sft": {"epochs": 2.0}}
    )
    return "tickets"


def make_run(home: Home, run_id: str, *, steps: int = 6, finished: bool = True, epochs: float = 1.0) -> Path:
    run = home.runs / run_id
    (run / "sft").mkdir(parents=True)
    rows: list[dict[str, Any]] = [
        {"step": n, "loss": 4.0 / n, "tokens": 100, "seconds": 2.0, "learning_rate": 1e-3, "examples": 8}
        for n in range(1, steps + 1)
    ]
    for n in range(2, steps + 1, 2):
        rows[n - 1]["validation_loss"] = 5.0 / n
    (run / "sft" / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run / "config.json").write_text(
        json.dumps({"base_dir": "/", "use_case": {"name": "tickets", "sft": {"epochs": epochs}, "task": {"input": "{message}"}}})
    )  # fmt: skip
    Store(home.store).begin_run(run_id, "tickets", "Tickets")
    if finished:
        facts = {
            "steps": steps,
            "seconds": 2.0 * steps,
            "examples": 8 * steps,
            "curve_name": "loss",
            "curve": [],
        }
        manifest.write(run / "sft", Manifest("sft", "f", {}, facts, 20.0, 2.0))
        Store(home.store).end_run(run_id, "done", verdict="distil")
    return run


@pytest.fixture
def live(home: Home) -> Iterator[Path]:
    """A run that a process works on now."""
    run = make_run(home, "tickets-live", finished=False)
    (run / "sft" / "progress.json").write_text(
        json.dumps({"done": 6, "total": 40, "unit": "steps", "note": "loss 0.667", "per_s": 0.5, "remaining_s": 68.0})
    )  # fmt: skip
    with open(run / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield run


def button(page: AppTest, label: str) -> Any:
    return next(each for each in page.button if each.label == label)


def test_without_a_use_case_the_page_says_what_to_do_next(see: See) -> None:
    page = see("train", Role.OPERATOR)
    assert not page.exception and "There is no use case yet" in text_of(page)
    live = see("train", Role.OPERATOR, tab="Live")
    assert not live.exception and "There is no run yet" in text_of(live)


@pytest.mark.parametrize("tab", ["Settings", "Live", "Compare"])
@pytest.mark.parametrize("role", list(Role))
def test_each_tab_opens_for_each_role(see: See, home: Home, case: str, tab: str, role: Role) -> None:
    make_run(home, "tickets-1")
    make_run(home, "tickets-2")
    page = see("train", role, use_case=case, run="tickets-1", tab=tab)
    assert not page.exception and not page.error
    if tab == "Settings" and role is not Role.OPERATOR:
        assert button(page, "Save").disabled and button(page, "Start the run").disabled


def test_the_form_holds_the_use_case_and_says_what_is_missing_and_what_is_not_known(
    see: See, case: str
) -> None:
    page = see("train", Role.OPERATOR, use_case=case)
    assert next(each for each in page.number_input if each.label == "Epochs").value == 2.0
    seen = text_of(page)
    assert "No records yet" in seen and button(page, "Start the run").disabled
    assert "not known" in seen and "bring in the data first" in seen and " or more" in seen
    assert "makes it easier to tell who was among the records" in seen


def test_what_is_saved_is_the_use_cases_and_a_refusal_is_one_sentence(
    see: See, home: Home, case: str
) -> None:
    page = see("train", Role.OPERATOR, use_case=case)
    next(each for each in page.number_input if each.label == "Epochs").set_value(3.5).run()
    press(page, "Save")
    assert use_cases.read(home, case)["sft"] == {"epochs": 3.5} and not page.error
    next(each for each in page.selectbox if each.label == "What is trained").set_value("full").run()
    next(each for each in page.toggle if each.label.startswith("Promise privacy")).set_value(True).run()
    press(page, "Save")
    assert len(page.error) == 1 and "sft.method" in page.error[0].value.replace("\\", "")
    assert use_cases.read(home, case)["sft"] == {"epochs": 3.5}


def test_the_settings_of_an_earlier_run_fill_the_form_and_are_not_saved_by_that(
    see: See, home: Home, case: str
) -> None:
    make_run(home, "tickets-1", epochs=7.0)
    page = see("train", Role.OPERATOR, use_case=case)
    page.selectbox(key=f"clone-{case}").set_value("tickets-1").run()
    assert next(each for each in page.number_input if each.label == "Epochs").value == 7.0
    assert use_cases.read(home, case)["sft"] == {"epochs": 2.0}


def test_a_live_training_shows_how_far_it_is_and_its_curves_in_words(see: See, live: Path) -> None:
    page = see("train", Role.VIEWER, run=live.name, tab="Live")
    seen = text_of(page)
    assert not page.exception and "6/40 steps" in seen and "about 1 min 08 s left" in seen
    assert "Training from 4.00 to 0.667, validation from 2.50 to 0.833 nats a token in 6 steps." in seen
    assert "0.833" in seen and len(page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")) >= 3


def test_a_run_that_was_stopped_can_go_on(see: See, home: Home, case: str) -> None:
    make_run(home, "tickets-1", finished=False)
    job = jobs.put(home, "olga", "run", {"use_case": case, "version": 1}, key="run tickets")
    with jobs.journal.locked(home):
        jobs.journal.append(home, job.job_id, "start", attempt=1)
        jobs.journal.append(home, job.job_id, "run", attempt=1, run_id="tickets-1")
        jobs.journal.append(home, job.job_id, "stop", by="olga")
        jobs.journal.append(home, job.job_id, "stopped", attempt=1, message="stopped")
    page = see("train", Role.OPERATOR, use_case=case, run="tickets-1", tab="Live")
    press(page, "Try again")
    assert not page.error and jobs.job(home, job.job_id).status is jobs.Status.QUEUED


def test_answers_while_it_learns_are_for_those_who_may_see_text(see: See, home: Home, case: str) -> None:
    from appliance.stages.context import write_examples
    from distill.values import Example

    run = make_run(home, "tickets-1")
    for stage in ("curate", "onpolicy"):
        (run / stage).mkdir()
    write_examples(
        run / "curate" / "examples.parquet",
        [Example("r1", "train", {"message": "the bill"}, "billing", None)],
    )
    (run / "onpolicy" / "metrics.jsonl").write_text(
        json.dumps({"step": 1, "reward": 0.5, "examples": 8}) + "\n"
    )
    sample = {"step": 1, "record_id": "r1", "text": SECRET, "reward": 0.5}
    (run / "onpolicy" / "samples.jsonl").write_text("\n" + json.dumps(sample))
    for role in Role:
        seen = text_of(see("train", role, run="tickets-1", tab="Live"))
        may_see = role in (Role.OPERATOR, Role.PRIVACY_OFFICER, Role.APPROVER)
        assert (SECRET in seen) == may_see and ("the bill" in seen) == may_see, role


def test_two_runs_are_compared_with_the_settings_that_differ(see: See, home: Home, case: str) -> None:
    make_run(home, "tickets-1", epochs=1.0)
    make_run(home, "tickets-2", epochs=4.0, steps=8)
    page = see("train", Role.VIEWER, run="tickets-1", tab="Compare", **{"with": "tickets-2"})
    seen = text_of(page)
    assert not page.exception and "<td>Epochs</td><td>1</td><td>4</td>" in seen
    assert "1: Training from 4.00 to 0.667" in seen and "2: Training from 4.00 to 0.500" in seen
    (home.runs / "tickets-2" / "sft" / "metrics.jsonl").write_text(
        (home.runs / "tickets-1" / "sft" / "metrics.jsonl").read_text()
    )
    again = see("train", Role.VIEWER, run="tickets-1", tab="Compare", **{"with": "tickets-2"})
    assert "They are one training" in text_of(again)
