"""What the console shows of a report: its forms as they were written, and what changed since the last run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.home import Home
from appliance.manifest import DamagedError
from appliance.people.acting import Actor, Role
from appliance.privacy_report.write import JSON_NAME, check_report
from appliance.store import Store
from appliance.views import reports as report_view
from tests.appliance.finished_run import finish
from tests.appliance.small_use_case import TEXT
from tests.appliance.test_privacy_report import make_run

RUN, LATER = "small-00000001", "small-00000002"
VERA = Actor("vera", frozenset({Role.VIEWER}), "console")


@pytest.fixture
def home(stillhouse_home: Path) -> Home:
    return Home.open()


@pytest.fixture
def run(home: Home, tmp_path: Path) -> Path:
    made = finish(home, tmp_path / "use-case", RUN)
    Store(home.store).begin_run(RUN, "small", "Small")
    return made


def test_every_form_is_the_file_that_was_written(home: Home, run: Path) -> None:
    forms = {each.form: each for each in report_view.forms(home, RUN)}
    assert set(forms) == {"pdf", "xlsx", "html", "md", "json"}
    for form in forms:
        assert report_view.export(home, VERA, RUN, form) == (run / "report" / f"report.{form}").read_bytes()


def test_a_report_that_was_changed_is_not_handed_out(home: Home, run: Path) -> None:
    path = run / "report" / "report.md"
    path.write_text(path.read_text() + "and more\n")
    with pytest.raises(DamagedError, match=r"report.md of small-00000001 is not what was written"):
        report_view.export(home, VERA, RUN, "md")


@pytest.mark.parametrize("form", ["../../keys/scrub.key", "schema.json", ""])
def test_what_is_no_form_is_not_read(home: Home, run: Path, form: str) -> None:
    with pytest.raises(DamagedError, match="no such report"):
        report_view.export(home, VERA, RUN, form)


def later(home: Home, tmp_path: Path, use_case: str = TEXT, **facts: Any) -> None:
    finish(home, tmp_path / "later", LATER, use_case=use_case, facts=facts)
    Store(home.store).begin_run(LATER, "small", "Small")


def test_what_changed_since_the_last_run_is_its_settings_verdict_and_scores(
    home: Home, run: Path, tmp_path: Path
) -> None:
    changed = TEXT.replace('title = "', 'title = "Other: ')
    assert changed != TEXT
    later(
        home,
        tmp_path,
        changed,
        verdict={"kind": "keep-teacher", "headline": "No.", "reasons": [], "cautions": []},
    )
    told = report_view.since(home, LATER)
    assert told is not None
    assert (told.run_id, told.verdict_before, told.verdict_now) == (RUN, "distil", "keep-teacher")
    assert [change.setting for change in told.changes] == ["title"]
    assert told.scores and all(row.difference is not None for row in told.scores if row.value is not None)
    assert report_view.since(home, RUN) is None, "the first has none before it"


def test_a_run_that_cannot_be_compared_says_why(home: Home, run: Path, tmp_path: Path) -> None:
    later(home, tmp_path, reference="teacher")
    told = report_view.since(home, LATER)
    assert told is not None and told.scores == ()
    assert told.refused is not None and "they differ in reference" in told.refused


def test_the_privacy_report_is_signed_and_the_same_each_time(home: Home) -> None:
    run = make_run()
    signed = report_view.signed_privacy_report(home, VERA, run.name)
    assert check_report(run / "privacy" / JSON_NAME)["key_sha256"] == signed.key_sha256
    assert report_view.signed_privacy_report(home, VERA, run.name) == signed
