from __future__ import annotations

import ast
import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.config import UseCase
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.models import ModelError
from appliance.pipeline import PIPELINE, STAGE_NAMES, Stage
from appliance.progress import Screen
from appliance.run import Run, RunError, fingerprint, is_worked_on, open_folder, open_run, run_pipeline
from appliance.stages.context import GateError
from appliance.stages.work import one_line
from appliance.store import Store
from privacy.intervals import wilson
from tests.appliance import small_use_case

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return open_run(small_use_case.write(tmp_path / "case"), Home.open())


def opened(folder: Path, *pairs: tuple[str, str]) -> Run:
    return open_run(small_use_case.write(folder, *pairs), Home.open())


def finish(run: Run, stage: Stage, done: dict[str, Manifest], content: str = "") -> Manifest:
    """The stage as if it had worked: one output file, and the facts that the pipeline itself looks at."""
    folder = run.stage_dir(stage.name)
    manifest.prepare(folder, fingerprint(run, stage, done))
    (folder / "out.txt").write_text(content or stage.name)
    facts = {"verdict": "distil"} if stage.name == "report" else {}
    outputs = manifest.hash_outputs(folder, ["out.txt"])
    manifest.write(
        folder, Manifest(stage.name, fingerprint(run, stage, done), outputs, facts, 1.0, 1_760_000_000.0)
    )
    done[stage.name] = manifest.read(folder)  # type: ignore[assignment]
    return done[stage.name]


def finish_all(run: Run) -> dict[str, Manifest]:
    done: dict[str, Manifest] = {}
    for stage in PIPELINE:
        finish(run, stage, done)
    return done


def fingerprints(run: Run) -> dict[str, str]:
    return {name: made.fingerprint for name, made in finish_all(run).items()}


# ---- ids


def test_the_same_use_case_on_the_same_data_is_the_same_run_wherever_it_lies(tmp_path: Path) -> None:
    first, again, elsewhere = opened(tmp_path / "a"), opened(tmp_path / "a"), opened(tmp_path / "b")
    assert first == again and first.run_id == elsewhere.run_id
    assert first.run_id.startswith("small-") and first.folder.stat().st_mode & 0o777 == 0o700


def test_a_comment_does_not_make_another_run(tmp_path: Path) -> None:
    assert opened(tmp_path / "a").run_id == opened(tmp_path / "b", ("[split]", "# a remark\n[split]")).run_id


@pytest.mark.parametrize(
    "change",
    [
        ("test = 60", "test = 61"),
        ("device_per_hour = 0.08", "device_per_hour = 0.081"),
        ("Messages to", "Letters to"),
    ],
)
def test_another_setting_is_another_run(tmp_path: Path, change: tuple[str, str]) -> None:
    assert opened(tmp_path / "a").run_id != opened(tmp_path / "b", change).run_id


@pytest.mark.parametrize("name", ["messages.csv", "exam.csv", "gold.jsonl"])
def test_other_data_is_another_run(tmp_path: Path, name: str) -> None:
    before = opened(tmp_path).run_id
    with (tmp_path / name).open("a") as file:
        file.write("3,the lamp is out,repairs,repairs\n")
    assert opened(tmp_path).run_id != before


@pytest.mark.parametrize("name", ["messages.csv", "exam.csv", "gold.jsonl"])
def test_data_that_is_not_there_is_told_and_makes_no_run(tmp_path: Path, name: str) -> None:
    use_case = small_use_case.write(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(
        RunError, match=r"there is no file .*; relative paths start at the use case's folder"
    ) as caught:
        open_run(use_case, Home.open())
    assert name in str(caught.value) and not list(Home.open().runs.iterdir())


# ---- fingerprints

CHANGES = {
    "title": "another title",
    "prices.device_per_hour": 9.0,
    "decide.horizon_months": 3,
    "scrub.min_score": 0.5,
    "task.max_answer_tokens": 9,
    "teacher.concurrency": 9,
    "student.device": "cpu",
    "split.seed": 99,
    "sft.epochs": 9.0,
    "onpolicy.steps": 9,
    "evaluate.few_shot": 9,
    "bench.load.requests_per_level": 9,
    "data.limit": 1,
    "held_out.limit": 1,
}


def changed(use_case: Any, dotted: str, value: Any) -> Any:
    head, _, rest = dotted.partition(".")
    return replace(use_case, **{head: changed(getattr(use_case, head), rest, value) if rest else value})


def alone(run: Run, stage: Stage) -> str:
    """The stage's fingerprint with what came before held still."""
    fixed = Manifest("before", "", {}, {}, 1.0, 1.0)
    return fingerprint(run, stage, dict.fromkeys(stage.after, fixed))


@pytest.mark.parametrize("dotted", CHANGES)
def test_a_setting_changes_the_stages_that_name_its_section_and_no_others(run: Run, dotted: str) -> None:
    other = replace(run, use_case=changed(run.use_case, dotted, CHANGES[dotted]))
    touched = {stage.name for stage in PIPELINE if alone(other, stage) != alone(run, stage)}
    assert touched == {stage.name for stage in PIPELINE if dotted.partition(".")[0] in stage.sections}
    assert "report" in touched


def test_the_report_tells_of_the_whole_use_case_so_it_depends_on_all_of_it() -> None:
    report = PIPELINE[-1]
    assert set(report.sections) == {field.name for field in fields(UseCase)}
    assert report.after == STAGE_NAMES[:-1] and report.reads_facts


EXTERNALS = {
    "case/messages.csv": {"scrub", "report"},
    "case/spacy/meta.json": {"scrub", "attack"},
    "keys/scrub.key": {"scrub", "sft", "attack"},
    "case/student/config.json": {"check", "sft", "onpolicy", "evaluate", "attack", "bench", "report"},
}


@pytest.mark.parametrize("path", EXTERNALS)
def test_what_lies_outside_the_run_changes_the_stages_that_read_it(run: Run, path: str) -> None:
    before = {stage.name: alone(run, stage) for stage in PIPELINE}
    root = run.home.root if path.startswith("keys") else run.base_dir.parent
    (root / path).write_bytes(b"k" * 32)
    (root / path).with_suffix(".check").unlink(missing_ok=True)  # of another key
    assert {stage.name for stage in PIPELINE if alone(run, stage) != before[stage.name]} == EXTERNALS[path]


def test_a_new_file_in_a_models_folder_is_another_model(run: Run) -> None:
    sft = PIPELINE[4]
    before = alone(run, sft)
    (run.base_dir / "student/adapter.bin").write_text("")
    assert sft.name == "sft" and alone(run, sft) != before


@pytest.mark.parametrize("name", STAGE_NAMES)
def test_another_output_changes_the_stages_after_it_and_no_others(run: Run, name: str) -> None:
    done = finish_all(run)
    other = replace(done[name], outputs={"out.txt": "0" * 64})
    touched = {
        stage.name
        for stage in PIPELINE
        if fingerprint(run, stage, done) != fingerprint(run, stage, {**done, name: other})
    }
    assert touched == {stage.name for stage in PIPELINE if name in stage.after}


def test_other_facts_change_the_report_and_nothing_else(run: Run) -> None:
    """Serving figures are facts without a file: a report beside new ones would be about the old."""
    done = finish_all(run)
    other = replace(done["bench"], facts={"serving": []})
    assert [
        stage.name
        for stage in PIPELINE
        if fingerprint(run, stage, done) != fingerprint(run, stage, {**done, "bench": other})
    ] == ["report"]


def test_a_new_version_of_a_stages_code_does_it_again(run: Run) -> None:
    for stage in PIPELINE:
        assert alone(run, stage) != alone(run, replace(stage, version=stage.version + 1))


def test_the_stages_come_in_an_order_in_which_each_finds_what_it_reads() -> None:
    for position, stage in enumerate(PIPELINE):
        assert set(stage.after) <= set(STAGE_NAMES[:position])
        assert set(stage.sections) <= {field.name for field in fields(UseCase)}
    assert len(set(STAGE_NAMES)) == len(STAGE_NAMES)


def what_it_reads(stage: str) -> tuple[set[str], set[str], set[str]]:
    """(sections, earlier stages, models and the like) that the stage's function names, in it or in what it calls."""
    for module in ("data", "lessons", "check", "training", "evaluate", "attack", "bench", "report"):
        tree = ast.parse((ROOT / "appliance/stages" / f"{module}.py").read_text())
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        if stage in functions:
            break
    todo, nodes = [stage], list[ast.AST]()
    seen = set(todo)
    while todo:
        for node in ast.walk(functions[todo.pop()]):
            nodes.append(node)
            if isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
                seen.add(node.id)
                todo.append(node.id)
    sections, stages, outside = set(), set(), set()
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="use_case") | ast.Attribute(attr="use_case"), attr=section):
                sections.add(section)
            case ast.Attribute(value=ast.Name(id="context"), attr="task"):
                sections.add("task")
            case ast.Attribute(attr="detector_models"):
                outside.add("detector")
            case ast.Attribute(attr="scrub_key"):
                outside.add("key")
            case ast.Call(func=ast.Attribute(attr="before"), args=[ast.Constant(value=str(before))]):
                stages.add(before)
            case ast.Call(func=ast.Attribute(attr="before"), args=[ast.Name(id="chosen")]):
                stages |= {"sft", "onpolicy"}
            case ast.Call(func=ast.Attribute(attr="model"), args=[argument]):
                words = {"base": "student", "model": "teacher"}
                outside.add(words[ast.unparse(argument).rpartition(".")[2]])
    return sections, stages, outside


@pytest.mark.parametrize("stage", PIPELINE, ids=lambda stage: stage.name)
def test_a_stage_reads_nothing_that_its_fingerprint_leaves_out(stage: Stage) -> None:
    sections, stages, outside = what_it_reads(stage.name)
    covered = {
        "teach": {"student"},  # the device alone, where a local teacher runs: no reason to ask again
    }
    assert sections - covered.get(stage.name, set()) <= set(stage.sections)
    assert stages <= set(stage.after)
    assert outside <= set(stage.external)


# ---- one at a time

_HOLDER = """
import fcntl, sys
with open(sys.argv[1], "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def worked_on(run: Run) -> Iterator[Run]:
    """Another process works on the run."""
    argv = [sys.executable, "-c", _HOLDER, str(run.folder / "lock")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        yield run
        other.communicate(b"")


def test_a_second_process_on_a_run_is_refused_in_one_line_and_touches_nothing(worked_on: Run) -> None:
    finish_all(worked_on)
    assert is_worked_on(worked_on.folder)
    with pytest.raises(RunError) as caught:
        run_pipeline(worked_on, Screen(quiet=True))
    name = worked_on.run_id
    assert (
        str(caught.value) == f"{name} is being worked on by another process: see `stillhouse status {name}`"
    )
    assert Store(worked_on.home.store).runs() == []
    assert not (worked_on.folder / "config.json").exists(), "the first one's stages read it"


def test_who_only_looks_does_not_keep_a_run_from_starting(run: Run) -> None:
    """`status` asks by taking the lock for an instant."""
    finish_all(run)
    code = _HOLDER.replace("LOCK_EX", "LOCK_SH").replace("sys.stdin.read()", "import time; time.sleep(0.1)")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(run.folder / "lock")], stdout=subprocess.PIPE
    ) as looker:
        assert looker.stdout is not None and looker.stdout.readline() == b"held\n"
        run_pipeline(run, Screen(quiet=True))


def test_a_run_nobody_holds_is_not_worked_on(run: Run) -> None:
    assert not is_worked_on(run.folder)
    (run.folder / "lock").touch()
    assert not is_worked_on(run.folder)
    with open(run.folder / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_worked_on(run.folder)
    assert not is_worked_on(run.folder)


# ---- the pipeline


def test_what_is_finished_is_not_done_again(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    done = finish_all(run)
    assert run_pipeline(run, Screen()) == run.folder / "report"
    assert capsys.readouterr().out.count("unchanged") == len(PIPELINE)
    assert {name: manifest.read(run.stage_dir(name)) for name in STAGE_NAMES} == done
    store = Store(run.home.store)
    assert [(row["status"], row["verdict"], row["title"]) for row in store.runs()] == [
        ("done", "distil", "Messages to queues")
    ]
    assert {row["stage"] for row in store.stages(run.run_id)} == set(STAGE_NAMES)


def test_a_run_is_found_again_from_its_folder(run: Run) -> None:
    finish_all(run)
    run_pipeline(run, Screen(quiet=True))
    assert open_folder(run.folder, run.home) == run


def test_a_damaged_stage_stops_the_run_with_the_remedy_and_the_store_knows(run: Run) -> None:
    finish_all(run)
    (run.stage_dir("teach") / "out.txt").write_text("changed")
    with pytest.raises(RunError, match="is not what stage 'teach' wrote: delete the folder") as caught:
        run_pipeline(run, Screen(quiet=True))
    assert [(row["status"], row["message"]) for row in Store(run.home.store).runs()] == [
        ("failed", str(caught.value))
    ]


def test_a_model_that_is_not_there_stops_the_run_with_the_remedy_and_the_store_knows(tmp_path: Path) -> None:
    run = opened(tmp_path, ('spacy = "spacy"', 'spacy = "spacy-en-md"'))
    with pytest.raises(ModelError, match="run `stillhouse models fetch spacy-en-md`") as caught:
        run_pipeline(run, Screen(quiet=True))
    assert [row["message"] for row in Store(run.home.store).runs()] == [str(caught.value)]


def test_another_price_takes_over_all_but_the_report(tmp_path: Path) -> None:
    """Only as far as the report, whose process finds no facts to report here."""
    finish_all(opened(tmp_path / "a"))
    run = opened(tmp_path / "b", ("device_per_hour = 0.08", "device_per_hour = 0.09"))
    done: dict[str, Manifest] = {}
    for stage in PIPELINE[:-1]:
        folder = run.stage_dir(stage.name)
        taken = manifest.take_over(run.home.runs, stage.name, fingerprint(run, stage, done), folder)
        assert taken is not None, stage.name
        done[stage.name] = taken
    wanted = fingerprint(run, PIPELINE[-1], done)
    assert manifest.take_over(run.home.runs, "report", wanted, run.stage_dir("report")) is None


# ---- what is told of an error

SECRET = "Ada Lovelace, 12 St James's Square"


def raised_in(path: Path, source: str) -> BaseException:
    """Raised at the first line of a file, whose text the traceback finds there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    try:
        exec(compile(source, str(path), "exec"), {"SECRET": SECRET})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_our_own_words_are_told_in_one_line() -> None:
    assert one_line(GateError("the recall is\n too low")) == "the recall is too low"


def test_a_value_error_that_our_code_raises_is_told() -> None:
    with pytest.raises(ValueError, match="observation") as caught:
        wilson(0, 0)
    assert one_line(caught.value) == "an interval needs at least one observation"


@pytest.mark.parametrize(
    "source",
    [
        "int(SECRET)",
        "float(SECRET)",
        "__import__('datetime').date.fromisoformat(SECRET)",
        "[].remove(SECRET)",
    ],
)
def test_what_python_says_of_a_text_in_our_code_is_not_told(source: str) -> None:
    """Functions written in C have no frame of their own: the traceback ends in our line."""
    ours = ROOT / "appliance" / "stages" / "data.py"
    try:
        exec(compile(source, str(ours), "exec"), {"SECRET": SECRET})
    except ValueError as error:
        assert one_line(error) == "failed with ValueError; see the stage's log.txt"
    else:
        raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "place", ["appliance/lib/python3.11/site-packages/json5/reader.py", "opt/privacy/x.py"]
)
def test_a_library_that_lies_below_a_folder_named_like_ours_is_not_taken_for_us(
    tmp_path: Path, place: str
) -> None:
    error = raised_in(tmp_path / place, 'raise ValueError(f"cannot read {SECRET}")')
    assert one_line(error) == "failed with ValueError; see the stage's log.txt"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/data/run/x.parquet"), "No space left on device: /data/run/x.parquet"),
        (OSError(28, "No space left on device"), "No space left on device: see the log"),
        (OSError(f"{SECRET} is not a model"), "OSError: see the log"),
        (json.JSONDecodeError(SECRET, SECRET, 0), "failed with JSONDecodeError; see the stage's log.txt"),
        (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, "bad"), "failed with UnicodeDecodeError; see the stage's log.txt"),
        (KeyError(SECRET), "failed with KeyError; see the stage's log.txt"),
    ],
)  # fmt: skip
def test_a_librarys_message_is_never_told(error: BaseException, said: str) -> None:
    assert one_line(error) == said
