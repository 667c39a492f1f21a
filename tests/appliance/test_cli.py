from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from appliance import manifest
from appliance.cli import Commands, main
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.run import RunError
from appliance.store import Store
from tests.appliance import small_use_case

STILLHOUSE = Path(sys.executable).with_name("stillhouse")


def ask(*args: str | Path) -> Result:
    """In this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args])


def call(*args: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The real executable."""
    return subprocess.run(
        [STILLHOUSE, *map(str, args)], capture_output=True, text=True, env={**os.environ, **env}, timeout=60
    )


def refusal(result: Result) -> str:
    """The one line that a bad input gets."""
    assert result.exit_code == 1, result.output
    assert result.stdout == "" and len(result.stderr.splitlines()) == 1, result.output
    assert result.stderr.startswith("stillhouse: ") and "Traceback" not in result.stderr
    return result.stderr.removeprefix("stillhouse: ").rstrip("\n")


def finish_run(run_id: str, facts: Mapping[str, Any]) -> Path:
    """A run with a report, as the pipeline leaves it."""
    home = Home.open()
    Store(home.store).begin_run(run_id, "small", "Messages to queues")
    folder = home.runs / run_id / "report"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(facts, ensure_ascii=False))
    (folder / "report.html").write_text(f"<p>Grüße – {run_id}</p>")
    manifest.write(folder, Manifest("report", "f", {}, {"verdict": "distil"}, 1.0, 1_760_000_000.0))
    Store(home.store).end_run(run_id, "done", verdict="distil")
    return folder


# ---- what is asked for in vain


@pytest.mark.parametrize("run_id", ["small-1", "", "../runs/a-1", "x" * 300, "--", "ü", "a\nb"])
def test_a_run_that_is_not_there_is_refused_in_one_line(run_id: str, tmp_path: Path) -> None:
    finish_run("a-1", {})
    assert "there is no run" in refusal(ask("status", "--", run_id))
    assert "has no report yet" in refusal(ask("report", "-o", tmp_path / "out.html", "--", run_id))
    assert not (tmp_path / "out.html").exists()


def test_without_a_run_the_lists_are_empty_and_the_report_is_refused(tmp_path: Path) -> None:
    assert ask("status").stdout == "no run yet: start one with `stillhouse run USE_CASE.toml`\n"
    assert json.loads(ask("status", "--json").stdout) == []
    assert refusal(ask("report", "-o", tmp_path / "x")) == (
        "there is no finished run yet: start one with `stillhouse run`"
    )


def test_a_bad_use_case_is_refused_in_one_line(tmp_path: Path) -> None:
    assert refusal(ask("run", tmp_path / "absent.toml")).endswith("absent.toml: there is no such file")
    assert "Is a directory" in refusal(ask("run", tmp_path))
    path = small_use_case.write(tmp_path, ("[split]", "[spilt]"))
    assert refusal(ask("run", path)) == f"{path}: unknown key 'spilt': did you mean 'split'?"
    path = small_use_case.write(tmp_path)
    (tmp_path / "exam.csv").unlink()
    assert "there is no file" in refusal(ask("run", path))


def test_a_model_that_is_not_there_is_told_after_the_runs_name(tmp_path: Path) -> None:
    path = small_use_case.write(tmp_path, ('spacy = "spacy"', 'spacy = "spacy-en-md"'))
    result = ask("run", path)
    assert result.exit_code == 1
    assert result.stderr == (
        "stillhouse: the model 'spacy-en-md' is not there yet: run `stillhouse models fetch spacy-en-md`\n"
    )


def test_a_damaged_key_is_told_in_one_line(tmp_path: Path) -> None:
    (Home.open().keys / "scrub.key").write_bytes(b"short")
    result = ask("run", "--quiet", small_use_case.write(tmp_path))
    assert "should hold 32 bytes, it holds 5: restore it from a backup" in refusal(result)


@pytest.mark.parametrize("command", [["status"], ["status", "a-1"], ["report", "-o", "x"]])
def test_a_damaged_store_is_told_in_one_line(command: list[str]) -> None:
    Home.open().store.write_bytes(b"not a database" * 999)
    assert "move it aside" in refusal(ask(*command))


@pytest.mark.parametrize("command", [["status"], ["doctor"], ["models", "list"], ["report", "-o", "x"]])
@pytest.mark.parametrize("home", ["file", "file/below", "/proc/nowhere", "~no-such-user-here"])
def test_a_home_that_cannot_be_is_told_in_one_line(
    command: list[str], home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STILLHOUSE_HOME", home)
    assert refusal(ask(*command)).startswith("STILLHOUSE_HOME: ")


def test_an_unknown_model_lists_the_known_ones() -> None:
    assert refusal(ask("models", "fetch", "llama")).endswith(
        "there are: smollm2-135m-instruct, spacy-en-md, rampart"
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [(["--n", "3", "-o", "file/t.jsonl"], "file"), (["--n", "0"], "n is 0: demo data needs at least 1")],
)
def test_demo_data_that_cannot_be_written_is_told_in_one_line(
    args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert refusal(ask("demo-data", *args)).startswith(said)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "args",
    [[], ["run"], ["report"], ["nonsense"], ["run", "--fast", "x"], ["report", "-o", "x", "--format", "docx"], ["report", "-o", "x", "--explain"], ["models", "fetch"]],
)  # fmt: skip
def test_a_command_that_is_not_understood_shows_how_it_is_used(args: list[str]) -> None:
    result = ask(*args)
    assert result.exit_code == 2 and "Usage: " in result.output and "Traceback" not in result.output


# ---- what is there


def test_status_tells_of_all_runs_and_of_one() -> None:
    finish_run("a-1", {})
    finish_run("b-2", {})
    assert [line.split()[0] for line in ask("status").stdout.splitlines()] == ["b-2", "a-1"]
    assert [row["run_id"] for row in json.loads(ask("status", "--json").stdout)] == ["b-2", "a-1"]
    assert ask("status", "a-1").stdout.splitlines()[:2] == ["a-1: Messages to queues", "done"]
    told = json.loads(ask("status", "a-1", "--json").stdout)
    assert (told["verdict"], told["stages"][-1]["status"]) == ("distil", "done")


def test_the_report_goes_to_a_file_or_to_standard_output(tmp_path: Path) -> None:
    finish_run("a-1", {"title": "Grüße"})
    finish_run("b-2", {"title": "others"})
    assert ask("report", "-o", tmp_path / "newest.html").exit_code == 0
    assert (tmp_path / "newest.html").read_text(encoding="utf-8") == "<p>Grüße – b-2</p>"
    assert ask("report", "a-1", "--format", "json", "-o", tmp_path / "a.json").output == ""
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"title": "Grüße"}
    assert json.loads(ask("report", "a-1", "--format", "json", "-o", "-").stdout) == {"title": "Grüße"}


def test_the_arithmetic_is_printed_line_by_line_with_its_sources(tmp_path: Path) -> None:
    lines = [
        {"key": "rent", "label": "Rent", "formula": None, "numbers": None, "value": 0.08, "unit": "EUR", "source": "an offer"},
        {"key": "month", "label": "Month", "formula": "rent * 730", "numbers": "0.08 × 730", "value": 58.4, "unit": "EUR",
         "source": None},
    ]  # fmt: skip
    saving = {"value": 10.0, "low": 9.5, "high": 10.5, "refused": None}
    facts = {"explain": lines, "economics": {"arm": "sft", "saving": saving}, "cost": [{"currency": "EUR"}]}
    finish_run("a-1", facts)
    assert ask("report", "--explain").stdout.splitlines() == [
        "The swap of the teacher for the student after SFT, in EUR.", "",
        "Rent [rent] = 0.08 EUR", "    an offer",
        "Month [month] = 58.4 EUR", "    = rent * 730", "    = 0.08 × 730", "",
        "With the measured intervals the saving is 9.5 to 10.5; prices have no part in this range.",
    ]  # fmt: skip
    saving |= {"value": None, "refused": "it was served once"}
    finish_run("b-2", facts)
    assert ask("report", "b-2", "--explain").stdout.endswith(
        "No saving is stated for certain: it was served once.\n"
    )
    finish_run("c-3", {})
    assert ask("report", "c-3", "--explain").stdout.startswith("There is no arithmetic")


@pytest.mark.parametrize("out", ["absent/out.html", "folder", "file/out.html"])
def test_a_report_that_cannot_be_written_is_told_in_one_line(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_run("a-1", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert refusal(ask("report", "-o", out)).startswith(f"{out}: ")


def test_a_report_whose_file_was_taken_away_is_told_in_one_line(tmp_path: Path) -> None:
    (finish_run("a-1", {}) / "report.html").unlink()
    assert refusal(ask("report", "-o", tmp_path / "x")).endswith("report.html: No such file or directory")


def test_models_are_listed_with_their_licences() -> None:
    (Home.open().models / "spacy-en-md").mkdir()
    lines = {line.split()[0]: line for line in ask("models", "list").stdout.splitlines()}
    assert "not fetched" in lines["smollm2-135m-instruct"] and "Apache-2.0" in lines["smollm2-135m-instruct"]
    assert "here" in lines["spacy-en-md"] and "MIT" in lines["spacy-en-md"]


def test_the_doctor_ends_with_status_1_where_something_needs_mending() -> None:
    """The models are not fetched in this home."""
    result = ask("doctor")
    assert result.exit_code == 1 and "MEND  model spacy-en-md" in result.stdout
    assert "run `stillhouse models fetch spacy-en-md`" in result.stdout
    as_json = ask("doctor", "--json")
    told = json.loads(as_json.stdout)
    assert as_json.exit_code == 1 and told["ok"] is False
    assert {check["name"] for check in told["checks"]} >= {
        "home",
        "disk",
        "memory",
        "vllm",
        "store",
        "air gap",
    }


# ---- the real executable


def test_the_executable_answers_with_its_version_and_its_errors(tmp_path: Path) -> None:
    version = call("--version")
    assert version.returncode == 0 and version.stdout.startswith("stillhouse, version ")
    missing = call("run", tmp_path / "absent.toml")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == f"stillhouse: {tmp_path / 'absent.toml'}: there is no such file\n"


def test_the_report_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    finish_run("a-1", {"title": "Grüße"})
    done = subprocess.run(
        [STILLHOUSE, "report", "--format", "json", "-o", "-"],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": ""},
    )
    assert done.returncode == 0 and json.loads(done.stdout.decode("utf-8")) == {"title": "Grüße"}


def test_a_reader_that_went_away_is_not_complained_about() -> None:
    """`stillhouse report -o - | head`."""
    finish_run("a-1", {"text": "x" * 100_000})
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [STILLHOUSE, "report", "--format", "json", "-o", "-"], stdout=writer, stderr=subprocess.PIPE
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


# ---- what is told and what is a mistake of ours


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RunError("scrub: no\nrecord is left"), "scrub: no record is left"),
        (OSError(28, "No space left on device", "/data/x"), "/data/x: No space left on device"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
    ],
)
def test_what_the_operator_can_mend_is_one_line(error: Exception, said: str) -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise error

    assert refusal(CliRunner().invoke(group, ["fail"])) == said


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise KeyError("verdict")

    assert isinstance(CliRunner().invoke(group, ["fail"]).exception, KeyError)
