"""The page Quality: what each role sees of it, and a blind round from start to end."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from appliance.home import Home
from appliance.people.acting import Role
from appliance.store import Store
from tests.appliance.evaluated_run import RUN, make_run
from tests.ui.conftest import See

pytestmark = pytest.mark.slow

RIGHT = [f"the answer to letter {place}" for place in range(6)]
OURS = [f"ours {place}" for place in range(6)]
THEIRS = [f"theirs {place}" for place in range(6)]


@pytest.fixture
def run(home: Home) -> str:
    make_run(home, {"untuned": THEIRS, "onpolicy": OURS, "teacher": RIGHT}, RIGHT, kind="generate")
    Store(home.store).begin_run(RUN, "letters", "Letters")
    return RUN


def text_of(test: AppTest) -> str:
    """All that a person can read on the page."""
    parts = [element.proto.body for element in test.get("html")]
    for kind in ("markdown", "caption", "info", "warning", "error", "success"):
        parts += [element.value for element in getattr(test, kind)]
    return "\n".join(parts)


def test_without_a_run_the_page_says_what_to_do_next(see: See) -> None:
    page = see("quality", Role.VIEWER)
    assert not page.exception and "There is no run yet" in text_of(page)


@pytest.mark.parametrize("tab", ["Arms", "Records", "Where it loses", "Confidence", "Ratings"])
@pytest.mark.parametrize("role", list(Role))
def test_each_tab_opens_for_each_role_and_text_for_those_who_may_see_it(
    see: See, run: str, tab: str, role: Role
) -> None:
    page = see("quality", role, run=run, tab=tab)
    assert not page.exception and not page.error
    seen = text_of(page)
    if tab == "Records":
        may_see = role in (Role.OPERATOR, Role.PRIVACY_OFFICER, Role.APPROVER)
        assert ("letter 0" in seen) == may_see and (
            "ours 0" in seen.replace("<mark>", "").replace("</mark>", "")
        ) == may_see


def test_a_round_is_rated_blindly_with_undo_and_its_arms_are_told_at_the_end(see: See, run: str) -> None:
    page = see("quality", Role.OPERATOR, run=run, tab="Ratings")
    page.selectbox[2].set_value("untuned")
    next(button for button in page.button if button.label == "Start a round").click().run()
    for number in range(6):
        assert not page.exception
        seen = text_of(page)
        assert f"Pair {number + 1} of 6" in seen and "SFT" not in seen and "ntuned" not in seen
        press(page, "First is better")
        if number == 2:
            press(page, "Take back the last")
            assert "Pair 3 of 6" in text_of(page)
            press(page, "Equally good")
    assert "Student after SFT and on-policy against untuned student" in text_of(page)


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()
