"""Use cases in the making, and the policies they name: saved by section, checked in words, run by the same file."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from appliance import datasets, jobs
from appliance.config import ConfigError, load_use_case
from appliance.home import Home
from appliance.people.acting import Actor, NotAllowed, Role
from appliance.preparing import policies, use_cases
from appliance.run import open_run

MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")
NILS = Actor("nils", frozenset({Role.OPERATOR}), "console")
PETRA = Actor("petra", frozenset({Role.PRIVACY_OFFICER}), "console")
ROWS = "number,text,queue,checked\n" + "".join(
    f'T-{n},"the bill, number {n}, is wrong",{"ab"[n % 2]},{"ab"[n % 2]}\n' for n in range(100)
)
PRICES = {
    "currency": "EUR",
    "device_per_hour": 1.5,
    "device_source": "offer",
    "device_date": "2026-11-01",
    "requests_per_month": 100_000,
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a dataset, and a use case `tickets` that is ready; made once, since reading a file takes a process."""
    made = Home(tmp_path_factory.mktemp("template"))
    models = [made.models / name for name in ("smollm2-135m-instruct", "spacy-en-md", "rampart")]
    for folder in (*models, made.runs, made.keys, made.cache):
        folder.mkdir(parents=True)
    (made.root / "data.toml").write_text("spare_bytes = 0\n")
    dataset_id = datasets.bring_in(made, MARIA, io.BytesIO(ROWS.encode()), "tickets.csv").dataset_id
    use_cases.create(made, MARIA, "tickets", "Tickets to queues")
    use_cases.save(made, MARIA, "tickets", sections_of(made, dataset_id))
    return made


def sections_of(home: Home, dataset_id: str) -> dict[str, Any]:
    """Sections that make a use case ready."""
    fields = {"message": "text", "answer": "queue", "reviewed": "checked"}
    return {
        "data": {"path": str(datasets.raw_path(home, dataset_id)), "id": "number", "fields": fields},
        "task": {
            "kind": "classify",
            "input": "{message}",
            "instructions": "Name {labels}.",
            "labels": ["a", "b"],
        },
        "scrub": {"policy": "gdpr"},
        "student": {"base": "smollm2-135m-instruct"},
        "split": {"test": 20, "validation": 10},
        "teacher": {"kind": "recorded", "model": "answers in the data", "answer_field": "answer"},
        "evaluate": {"reference_field": "reviewed"},
        "prices": PRICES,
    }


@pytest.fixture
def home(stillhouse_home: Path, template: Home) -> Home:
    shutil.copytree(template.root, stillhouse_home, dirs_exist_ok=True)
    return Home.open()


@pytest.fixture
def dataset_id(home: Home) -> str:
    return datasets.datasets(home)[0].dataset_id


def test_a_new_use_case_says_in_words_what_is_missing_until_nothing_is(home: Home, dataset_id: str) -> None:
    use_cases.create(home, MARIA, "new", " Tickets to queues ")
    assert use_cases.names(home) == ["new", "tickets"]
    assert use_cases.read(home, "new") == {"name": "new", "title": "Tickets to queues"}
    missing = use_cases.problems(home, "new")
    assert len(missing) == 7 and missing[0].startswith("no records yet")
    for section, value in sections_of(home, dataset_id).items():
        before = len(use_cases.problems(home, "new"))
        use_cases.save(home, MARIA, "new", {section: value})
        assert len(use_cases.problems(home, "new")) == before - (section != "evaluate")
    assert use_cases.problems(home, "new") == []


def test_the_file_of_the_console_is_the_file_of_the_command(home: Home) -> None:
    run = open_run(use_cases.path(home, "tickets"), home)
    assert run.use_case.task.labels == ("a", "b") and run.use_case.scrub.preset == "gdpr"
    assert (run.base_dir / run.use_case.data.path).read_text() == ROWS


def test_a_home_that_was_moved_still_runs_its_use_cases(home: Home, tmp_path: Path) -> None:
    policies.save(home, PETRA, "strict", {"name": "Strict", "preset": "gdpr"})
    use_cases.save(home, MARIA, "tickets", {"scrub": {"policy": "strict"}})
    moved = Home(home.root.rename(tmp_path / "moved"))
    assert use_cases.problems(moved, "tickets") == []


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"sfft": {}}, "no section 'sfft'"),
        ({"sft": {"epocs": 1}}, "did you mean 'epochs'"),
        ({"sft": {"epochs": -1}}, "sft: epochs"),
        ({"data": {"path": "../../data/x/records.csv"}}, "data: fields"),
        ({"data": {"path": "/etc/passwd", "fields": {"message": "text"}}}, "data: choose a dataset"),
        ({"data": {"path": "../../keys/scrub.key", "fields": {"message": "text"}}}, "data: choose a dataset"),
        ({"held_out": {"path": "x.csv", "fields": {"message": "text"}}}, "held_out: choose a dataset"),
        ({"task": "classify"}, "expected a table"),
        ({"title": ""}, "title is empty"),
        ({"name": "other"}, "keeps its name"),
        ({"name": None}, "keeps its name"),
        ({"scrub": {"name": "mine", "preset": "secrets-only"}}, "privacy officer's"),
        ({"scrub": {"policy": "gdpr", "min_recall": 0.1}}, "privacy officer's"),
        ({"scrub": {"policy": "../../elsewhere"}}, "no policy"),
        ({"split": {"test": 5}, "sft": {"epochs": -1}}, "sft: epochs"),
    ],
)
def test_a_section_that_is_not_right_is_refused_and_changes_nothing(
    home: Home, sections: dict[str, Any], said: str
) -> None:
    file = use_cases.path(home, "tickets")
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=said) as refused:
        use_cases.save(home, MARIA, "tickets", sections)
    assert "\n" not in str(refused.value) and file.read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task": {"kind": "classify", "input": "{mesage}", "instructions": "Name {labels}.", "labels": ["a", "b"]}}, "did you mean 'message'"),
        ({"student": {"base": "no-such-model"}}, "no-such-model"),
        ({"detector": {"spacy": "no-such-model"}}, "no-such-model"),
        ({"teacher": {"kind": "local", "model": "no-such-model"}}, "no-such-model"),
        ({"data": {"path": "../../data/gone/records.csv", "fields": {"message": "text", "answer": "queue", "reviewed": "checked"}}}, "its file is gone"),
        ({"gold_spans": "gone.jsonl"}, "reviewed records is gone"),
        ({"teacher": None}, "no teacher yet"),
    ],
)  # fmt: skip
def test_sections_that_do_not_fit_each_other_are_problems_and_not_refused(
    home: Home, changed: dict[str, Any], said: str
) -> None:
    use_cases.save(home, MARIA, "tickets", changed)
    (problem,) = use_cases.problems(home, "tickets")
    assert said in problem and str(home.root) not in problem
    with pytest.raises(jobs.JobError, match="not ready"):
        jobs.enqueue(home, MARIA, "run", {"use_case": "tickets"})
    assert jobs.count(home) == 0


@pytest.mark.parametrize("name", ["", "a/b", "..", "-a", "a" * 41, "a b", "ä"])
def test_a_name_that_will_not_do_is_refused_and_leaves_nothing(home: Home, name: str) -> None:
    with pytest.raises(ConfigError):
        use_cases.create(home, MARIA, name, "Title")
    with pytest.raises(ConfigError):
        use_cases.save(home, MARIA, name, {})
    assert use_cases.names(home) == ["tickets"]


def test_a_name_is_taken_once(home: Home) -> None:
    with pytest.raises(ConfigError, match="already"):
        use_cases.create(home, NILS, "tickets", "Other")
    assert use_cases.read(home, "tickets")["title"] == "Tickets to queues"


def test_who_saved_what_when_is_kept_with_every_state(home: Home) -> None:
    use_cases.save(home, NILS, "tickets", {"split": {"test": 7}, "evaluate": None})
    newest, *older = use_cases.history(home, "tickets")
    assert (newest.number, newest.by, newest.changed) == (3, "nils", ("evaluate", "split"))
    assert [version.by for version in older] == ["maria", "maria"]
    assert use_cases.version(home, "tickets") == 3
    then = load_use_case(use_cases.path(home, "tickets", 2))
    now = load_use_case(use_cases.path(home, "tickets"))
    assert (then.split.test, now.split.test) == (20, 7)
    assert then.evaluate.reference_field == "reviewed" and now.evaluate.reference_field is None


def test_a_state_that_a_kill_left_half_saved_is_no_state_and_the_next_one_takes_its_place(home: Home) -> None:
    file = use_cases.path(home, "tickets")
    before = file.read_bytes()
    use_cases.save(home, MARIA, "tickets", {"split": {"test": 7}})
    file.write_bytes(before)  # killed between the kept state and the file itself
    assert use_cases.version(home, "tickets") == 2
    assert [version.number for version in use_cases.history(home, "tickets")] == [2, 1]
    use_cases.save(home, NILS, "tickets", {"split": {"test": 9}})
    newest = use_cases.history(home, "tickets")[0]
    assert (newest.number, newest.by) == (3, "nils")
    assert load_use_case(use_cases.path(home, "tickets", 3)).split.test == 9


def test_a_job_runs_the_use_case_as_it_was_when_it_was_asked_for(home: Home) -> None:
    job = jobs.enqueue(home, MARIA, "run", {"use_case": "tickets"})
    use_cases.save(home, MARIA, "tickets", {"split": {"test": 7}})
    pinned = use_cases.path(home, "tickets", job.arguments["version"])
    assert load_use_case(pinned).split.test == 20


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_an_operator_edits_use_cases(home: Home, role: Role) -> None:
    other, before = Actor("eve", frozenset({role}), "console"), use_cases.read(home, "tickets")
    with pytest.raises(NotAllowed):
        use_cases.create(home, other, "other", "Title")
    with pytest.raises(NotAllowed):
        use_cases.save(home, other, "tickets", {"split": {"test": 7}})
    assert use_cases.read(home, "tickets") == before and use_cases.names(home) == ["tickets"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_only_a_privacy_officer_changes_a_policy(home: Home, role: Role) -> None:
    with pytest.raises(NotAllowed):
        policies.save(home, Actor("eve", frozenset({role}), "console"), "strict", {"name": "x"})
    assert policies.names(home) == []


def test_a_policy_that_changed_holds_for_the_next_run_of_every_use_case_that_names_it(home: Home) -> None:
    policies.save(home, PETRA, "strict", {"name": "Strict", "preset": "gdpr"})
    use_cases.save(home, MARIA, "tickets", {"scrub": {"policy": "strict"}})
    assert use_cases.read(home, "tickets")["scrub"] == {"policy": "strict"}
    first = open_run(use_cases.path(home, "tickets"), home)
    policies.save(home, PETRA, "strict", {"name": "Strict", "preset": "gdpr", "min_recall": 0.99})
    second = open_run(use_cases.path(home, "tickets"), home)
    assert (first.use_case.scrub.min_recall, second.use_case.scrub.min_recall) == (0.9, 0.99)
    assert first.run_id != second.run_id
    assert [version.by for version in policies.history(home, "strict")] == ["petra", "petra"]


def test_paths_in_a_policy_start_at_the_policys_folder(home: Home) -> None:
    policies.save(
        home, PETRA, "own", {"name": "Own", "dictionary": [{"path": "names.csv", "column": "name"}]}
    )
    (policies.path(home, "own").parent / "names.csv").write_text("name\nExample\n")
    use_cases.save(home, MARIA, "tickets", {"scrub": {"policy": "own"}})
    run = open_run(use_cases.path(home, "tickets"), home)
    assert run.use_case.scrub.dictionary[0].path == str(home.policies / "own/names.csv")


@pytest.mark.parametrize(
    ("name", "policy", "said"),
    [
        ("gdpr", {"name": "x"}, "no preset's"),
        ("../x", {"name": "x"}, "small letters"),
        ("strict", {"name": "x", "preset": "gdrp"}, "gdrp"),
        ("strict", {"name": "x", "actions": {"PERSON": "forget"}}, "forget"),
        ("strict", {}, "name"),
    ],
)
def test_a_policy_that_is_not_right_is_refused_and_leaves_nothing(
    home: Home, name: str, policy: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        policies.save(home, PETRA, name, policy)
    assert policies.names(home) == []


def test_a_policy_that_a_use_case_names_beside_settings_of_its_own_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('name = "x"\ntitle = "x"\n[scrub]\npolicy = "gdpr"\nmin_recall = 0.1\n')
    with pytest.raises(ConfigError, match=r"scrub\.min_recall is the policy's to say"):
        load_use_case(file)


def test_a_dataset_tells_which_use_cases_read_it_and_stays_while_a_job_does(
    home: Home, dataset_id: str
) -> None:
    assert datasets.users_of(home, dataset_id) == ["tickets"]
    job = jobs.enqueue(home, MARIA, "run", {"use_case": "tickets"})
    with pytest.raises(datasets.DataError, match=job.job_id):
        datasets.delete(home, MARIA, dataset_id)
    jobs.stop(home, MARIA, job.job_id)
    datasets.delete(home, MARIA, dataset_id)
    assert "its file is gone" in use_cases.problems(home, "tickets")[0]
