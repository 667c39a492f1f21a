"""A release: what is in the folder, that its sums hold, what stands in its way, and that vLLM serves it as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.home import Home
from appliance.keeping.trace import _releases
from appliance.manifest import DamagedError
from appliance.release import CASCADE, NAME, PROMPT, SUMS, release
from appliance.release_checks import ReleaseError
from appliance.report.words import metric_name
from tests.appliance.finished_run import PARITY, finish
from tests.appliance.report_facts import measured_facts
from tests.appliance.small_use_case import TEXT

RUN = "small-00000001"


@pytest.fixture
def home() -> Home:
    return Home.open()


def verdict(kind: str) -> dict[str, Any]:
    return {"verdict": {"kind": kind, "headline": "It is not worth it.", "reasons": []}}


def test_the_folder_holds_all_that_must_go_with_a_student(home: Home, tmp_path: Path) -> None:
    run = finish(home, tmp_path / "site")
    folder = release(RUN, home)
    assert folder == home.root / "releases" / RUN
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    model = {path.name for path in (run / "onpolicy" / "model").iterdir()}
    report = {f"report/{path.name}" for path in (run / "report").iterdir() if path.name != "manifest.json"}
    assert names == model | report | {
        "README.md", "LICENCES.md", "licences/LICENSE", "licences/NOTICE.txt", NAME, PROMPT, SUMS, CASCADE, "cascade.py",
    }  # fmt: skip
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert not list(folder.parent.glob(".*"))


def test_the_sums_are_those_that_sha256sum_checks_and_leave_no_file_out(home: Home, tmp_path: Path) -> None:
    finish(home, tmp_path / "site")
    folder = release(RUN, home, tmp_path / "out")
    checked = subprocess.run(
        ["sha256sum", "-c", SUMS], cwd=folder, capture_output=True, text=True, check=True
    )
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != SUMS]
    assert checked.stdout.count(": OK") == len(files)
    (folder / "README.md").write_text("changed")
    assert subprocess.run(["sha256sum", "-c", SUMS], cwd=folder, capture_output=True).returncode == 1


def test_the_server_is_told_to_answer_as_it_was_evaluated(home: Home, tmp_path: Path) -> None:
    finish(home, tmp_path / "site")
    folder = release(RUN, home)
    settings = json.loads((folder / "generation_config.json").read_text())
    prompt = json.loads((folder / PROMPT).read_text())
    assert settings["temperature"] == 0 and not settings["do_sample"] and settings["eos_token_id"] == 2
    assert settings["max_new_tokens"] == prompt["max_tokens"]
    assert prompt["messages"] == [
        {"role": "system", "content": "Name the queue."},
        {"role": "user", "content": "{message}"},
    ]


def test_the_card_has_the_scores_the_limits_and_the_licences(home: Home, tmp_path: Path) -> None:
    finish(home, tmp_path / "site")
    folder = release(RUN, home)
    text = (folder / "README.md").read_text()
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert head is not None and 'license: "apache-2.0"' in head[1] and 'base_model: "student"' in head[1]
    for one in measured_facts()["scores"]:
        if one["arm"] == "onpolicy":
            assert f"{one['value'] * 100:.1f}%" in text and metric_name(one["metric"]) in text
    assert "No differential privacy" in text and "97.0% (95.0 to 98.0)" in text
    assert "Released despite" not in text and "No GGUF" in text
    licences = (folder / "LICENCES.md").read_text()
    assert "Apache-2.0" in licences and "Gemma Terms of Use" in licences


def test_a_trace_finds_the_release_of_a_student(home: Home, tmp_path: Path) -> None:
    finish(home, tmp_path / "site")
    folder = release(RUN, home)
    student = json.loads((folder / NAME).read_text())["student"]
    assert _releases(home, student) == [RUN]


@pytest.mark.parametrize("kind", ["prompt-first", "keep-teacher", "not-enough-evidence"])
def test_another_verdict_needs_the_flag_and_the_card_says_so(home: Home, tmp_path: Path, kind: str) -> None:
    finish(home, tmp_path / "site", facts=verdict(kind), json_alone=True)
    with pytest.raises(ReleaseError, match=f"the verdict is '{kind}'.*--despite-verdict"):
        release(RUN, home)
    folder = release(RUN, home, despite_verdict=True)
    assert "Released despite its verdict" in (folder / "README.md").read_text()
    assert json.loads((folder / NAME).read_text())["despite_verdict"] is True


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"parity": {}}, "was not held against"),
        ({"parity": PARITY | {"gap": 9.0}}, "is not the evaluated one"),
        ({"parity": PARITY | {"prompts": {"same": 49, "n": 50}}}, "is not the evaluated one"),
        ({"attack": "leaks"}, "gives away what it learnt from"),
    ],
)
def test_no_flag_opens_the_other_gates(home: Home, tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    finish(home, tmp_path / "site", **changes, json_alone=True)
    with pytest.raises(ReleaseError, match=why):
        release(RUN, home, despite_verdict=True)
    assert not (home.root / "releases" / RUN).exists()


def test_a_leak_that_the_site_chose_to_report_only_stands_first_on_the_card(
    home: Home, tmp_path: Path
) -> None:
    attacked = {"attack": None}
    finish(
        home,
        tmp_path / "site",
        attack="leaks",
        facts=attacked,
        json_alone=True,
        use_case=TEXT + '\n[attack]\non_leak = "report"\n',
    )
    folder = release(RUN, home)
    assert json.loads((folder / NAME).read_text())["attack"] == "leaks"


def test_a_student_that_is_not_the_one_reported_is_not_released(home: Home, tmp_path: Path) -> None:
    run = finish(home, tmp_path / "site")
    (run / "onpolicy" / "model" / "model.safetensors").write_bytes(b"others")
    with pytest.raises(DamagedError):
        release(RUN, home)
    assert not (home.root / "releases" / RUN).exists()


def test_what_is_there_already_is_left_alone(home: Home, tmp_path: Path) -> None:
    finish(home, tmp_path / "site")
    folder = release(RUN, home)
    with pytest.raises(ReleaseError, match="there already"):
        release(RUN, home)
    assert (folder / SUMS).exists()


def test_a_run_that_is_not_there_or_not_done_is_named(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="there is no run 'nothing'"):
        release("nothing", home)
    run = finish(home, tmp_path / "site")
    (run / "bench" / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match="has not done 'bench' yet"):
        release(RUN, home)


def converter(folder: Path, script: str) -> str:
    """A command by the name of llama.cpp's converter; returns a PATH on which it comes first."""
    folder.mkdir()
    command = folder / "convert-hf-to-gguf"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_where_a_converter_is_installed_the_folder_has_a_gguf_file(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(home, tmp_path / "site")
    script = '[ "$2" = --outfile ] && [ "$4 $5" = "--outtype bf16" ] && cp "$1/model.safetensors" "$3"'
    monkeypatch.setenv("PATH", converter(tmp_path / "bin", script))
    folder = release(RUN, home)
    assert (folder / "small-bf16.gguf").read_bytes() == b"weights"
    assert json.loads((folder / NAME).read_text())["gguf"] == "small-bf16.gguf"
    assert "small-bf16.gguf" in (folder / "README.md").read_text()
    assert "small-bf16.gguf" in (folder / SUMS).read_text()


@pytest.mark.parametrize("script", ["exit 3", "exit 0"])
def test_a_converter_that_fails_leaves_nothing_behind(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    finish(home, tmp_path / "site")
    monkeypatch.setenv("PATH", converter(tmp_path / "bin", script))
    with pytest.raises(ReleaseError, match="cannot convert"):
        release(RUN, home)
    assert not list((home.root / "releases").iterdir())


@pytest.mark.slow
@pytest.mark.vllm
def test_vllm_serves_the_folder_as_it_is_and_answers_as_was_evaluated(
    home: Home, tmp_path: Path, models: Path
) -> None:
    """By the bench's own gate; and the cascade sees the confidence that evaluation saw, the answer's end included."""
    from appliance.serve import ServeSettings, served
    from appliance.stages.parity import check_parity
    from distill.parity import own_answers
    from distill.student import load_tokenizer

    base = models / "smollm2-135m-instruct"
    run = finish(home, tmp_path / "site", model=lambda folder: shutil.copytree(base, folder))
    folder = release(RUN, home)
    chat = json.loads((folder / PROMPT).read_text())
    chats = [
        [one | {"content": one["content"].replace("{message}", message)} for one in chat["messages"]]
        for message in ("Say yes and nothing else.", "What is 2 + 2? One word.", "Where is my refund?")
    ]
    own = own_answers(run / "onpolicy" / "model", "cpu", chat["max_tokens"], chats)
    settings = ServeSettings(enforce_eager=True, max_model_len=256, start_timeout_s=540)
    with served(folder, "small", settings, tmp_path / "log.txt", tmp_path / "cache") as server:
        found = check_parity(server, chats, own, chat["max_tokens"], max_gap=0.1)
        # Our own server leaves a folder's sampling defaults aside on purpose, so it is asked as prompt.json says.
        told = json.loads((folder / CASCADE).read_text())
        (folder / CASCADE).write_text(json.dumps(told | {"logprob_threshold": -1e9}))
        url = f"{server.base_url}/v1"
        command = [sys.executable, str(folder / "cascade.py"), "--student", url, "--teacher", url]
        records = [json.dumps({"message": one[-1]["content"]}) for one in chats]
        ran = subprocess.run(command, input="\n".join(records), capture_output=True, text=True, check=True)
    assert found.prompts.n == found.prompts.same == 3
    tokenizer = load_tokenizer(base)
    same = 0
    for ours, line in zip(own, ran.stdout.splitlines(), strict=True):
        theirs = json.loads(line)
        assert theirs["by"] == "student" and theirs["answer"]
        ended = ours.answer_ids[-1] == tokenizer.eos_token_id
        # Where the engines round apart at a tie they say different words, and are not compared.
        if ended and theirs["answer"] == tokenizer.decode(ours.answer_ids[:-1]):
            same += 1
            assert theirs["logprob"] == pytest.approx(sum(ours.logprobs), abs=0.05 * len(ours.answer_ids))
    assert same, "some answers are said alike by both"
