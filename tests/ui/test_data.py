"""The page Data: bad files leave one sentence, the form saves what it shows, records are seen scrubbed or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import datasets
from appliance.home import Home
from appliance.people.acting import Role
from appliance.preparing import mapping, preview, use_cases
from tests.appliance.drafted_case import ROWS, draft, rules_only, silently, write
from tests.ui.conftest import AppTest, See

pytestmark = pytest.mark.slow


@pytest.fixture
def name(home: Home) -> str:
    return draft(home)


def texts(shown: AppTest) -> str:
    """All that the page says."""
    said = [each.proto.body for each in shown.html]
    said += [
        each.value for each in (*shown.caption, *shown.error, *shown.warning, *shown.success, *shown.markdown)
    ]
    return "\n".join(said)


def button(shown: AppTest, label: str) -> AppTest:
    (found,) = [each for each in shown.button if each.label == label]
    return found.click().run()


def test_a_file_is_brought_in_and_its_columns_are_shown_without_a_value(
    see: See, home: Home, tmp_path: Path
) -> None:
    shown = see("data", Role.OPERATOR)
    assert "There is no dataset yet" in texts(shown)
    content = write(tmp_path / "t.jsonl").read_bytes()
    shown.file_uploader[0].upload("tickets.jsonl", content, "application/json").run()
    shown = button(shown, "Bring it in")
    assert not shown.exception
    (kept,) = datasets.datasets(home)
    assert kept.rows == len(ROWS)
    said = texts(shown)
    assert "What tickets.jsonl holds" in said
    assert "one of few values" in said
    assert "example.com" not in said
    assert "outage" not in said


@pytest.mark.parametrize(
    ("filename", "content", "says"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", "no,text\n1,Grüße\n".encode("latin-1"), "UTF-8"),
        ("a.csv", b"PK\x03\x04" + bytes(200), "zip"),
        ("a.jsonl", b'{"text": 1}\n{"text": \n', "Line 2"),
    ],
)
def test_a_bad_file_gets_one_sentence_and_leaves_nothing(
    see: See, home: Home, filename: str, content: bytes, says: str
) -> None:
    shown = see("data", Role.OPERATOR)
    shown.file_uploader[0].upload(filename, content, "text/csv").run()
    shown = button(shown, "Bring it in")
    assert not shown.exception
    (error,) = shown.error
    assert says in error.value.replace("\\", "")
    assert datasets.datasets(home) == []
    assert [path for path in home.data.rglob("*") if path.is_file() and path.name != ".lock"] == []


def test_the_form_saves_what_it_shows(see: See, home: Home, name: str) -> None:
    before = mapping.form_of(home, name)
    shown = see("data", Role.OPERATOR, tab="Fields", use_case=name)
    assert not shown.exception
    shown = button(shown, "Save")
    assert not shown.error
    assert mapping.form_of(home, name) == before


def test_an_empty_draft_takes_a_first_guess_and_labels_from_the_column(
    see: See, home: Home, name: str
) -> None:
    from tests.appliance.drafted_case import OPERATOR

    use_cases.create(home, OPERATOR, "bare", "Bare")
    shown = see("data", Role.OPERATOR, tab="Fields", use_case="bare")
    (dataset,) = [each for each in shown.selectbox if each.label == "Dataset"]
    dataset.set_value(datasets.datasets(home)[0].dataset_id).run()
    shown = button(shown, "Take the labels from the column queue")
    (labels,) = [each for each in shown.text_area if each.label == "Labels, one a line"]
    assert sorted(labels.value.split()) == ["billing", "outage"]
    shown = button(shown, "Save")
    assert not shown.error
    kept = mapping.form_of(home, "bare")
    assert (kept.id, kept.inputs, kept.answer) == ("no", ("text",), "queue")
    assert sorted(kept.labels) == ["billing", "outage"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PRIVACY_OFFICER])
def test_whoever_may_not_edit_finds_the_button_off(see: See, name: str, role: Role) -> None:
    shown = see("data", role, tab="Fields", use_case=name)
    (save,) = [each for each in shown.button if each.label == "Save"]
    assert save.disabled
    shown = see("data", role, tab="Files")
    assert not shown.get("file_uploader")


def test_records_are_seen_scrubbed_and_by_those_who_may_see_text(see: See, home: Home, name: str) -> None:
    preview.look_over(home, name, rules_only(home, name), silently)
    shown = see("data", Role.OPERATOR, tab="Look", use_case=name)
    assert not shown.exception
    said = texts(shown)
    assert 'class="sh-replaced"' in said
    assert "Zyxw" in said, "what the rules do not know is let through, and so seen"
    assert not [row for row in ROWS if row["text"].partition("mail ")[2].partition(",")[0] in said]
    said = texts(see("data", Role.VIEWER, tab="Look", use_case=name))
    assert "Zyxw" not in said
    assert "60" in said, "the counts are everybody's"


def test_a_look_is_asked_for_once(see: See, home: Home, name: str) -> None:
    from appliance import jobs

    shown = see("data", Role.OPERATOR, tab="Look", use_case=name)
    shown = button(shown, "Look at the records")
    assert not shown.exception
    (look,) = [each for each in shown.button if each.label == "Look at the records"]
    assert look.disabled
    assert [job.kind for job in jobs.jobs(home)] == ["preview"]
