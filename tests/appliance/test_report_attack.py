"""The report on an attack: made from a real audit's facts, with every result said in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from appliance.report.html import render_html
from appliance.report.words import NOT_MEASURED
from privacy.attack.audit import Audit, Case
from privacy.attack.planting import Survival
from privacy.attack.trial import measure
from tests.privacy.attack.fakes import Noisy, make_control, make_trial


def _facts(known: int) -> dict[str, Any]:
    trial = make_trial()
    reached = frozenset(canary.index for canary in trial.canaries)

    def answers(model: Noisy) -> Any:
        return measure(model, trial, lambda *_: None)

    audit = Audit(Case(trial, reached, answers(Noisy(1)), answers(make_control(trial)), None))
    student = audit.judge(answers(Noisy(2, trial.canaries[:known])))
    survived = [asdict(Survival("pair", 20, 20, 0, 0)), asdict(Survival("person", 24, 1, 0, 0))]
    planted = {"records": 1000, "carriers": 45, "survived": survived}
    return {"attack": audit.facts() | {"planted": planted, "students": {"sft": student.facts}}}


@pytest.mark.parametrize(("known", "said"), [(0, "no leak found"), (12, "leaks")])
def test_the_page_says_whether_a_student_leaks_and_why(known: int, said: str) -> None:
    page = render_html(_facts(known))
    assert f"{said}." in page
    assert "1 of 24" in page, "the planted values that scrubbing left"
    assert ("flagged</td>" in page.replace("\n", "").replace(" ", "")) == (known > 0)
    assert "mean exposure, in the prompt, against the base" in page
    assert "None" not in page


def test_the_control_stands_beside_each_test_of_the_student() -> None:
    facts = _facts(0)["attack"]
    tests = {test["name"] for test in facts["students"]["sft"]["tests"]}
    control = {test["name"] for test in facts["controls"]["positive"]["tests"]}
    assert len(tests & control) >= len(control) - 1


def test_without_an_attack_the_page_says_so() -> None:
    assert "No attack was made on the students." in render_html({})
    assert NOT_MEASURED in render_html({})
