"""The whole job with every real part, on few records and a tiny student: sealed, killed, run again, given bad input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.demo_data import write_demo_data
from appliance.pipeline import STAGE_NAMES
from tests.tiny_model import make_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(1200)]

STILLHOUSE = [sys.executable, "-m", "appliance.cli"]
DEMO = Path(__file__).parents[1] / "deploy" / "usecases" / "demo.toml"
CARD = DEMO.parents[1] / "prices" / "example-rented-cpu.toml"
DETERMINED = ("scrub", "teach", "curate", "sft", "onpolicy", "evaluate")
"""Stages whose outputs hold no measured time: the same to the last bit, killed or not."""


def write_use_case(folder: Path, **changes: str) -> Path:
    """The demo's use case on 60 tickets with a student of two layers."""
    if not (folder / "tickets.jsonl").exists():
        write_demo_data(folder / "tickets.jsonl", n=60, seed=3)
        make_tiny_model(folder / "tiny")
    replaced = {
        'gold_spans = "../../.cache/demo/tickets.gold.jsonl"': 'gold_spans = "tickets.gold.jsonl"',
        'path = "../../.cache/demo/tickets.jsonl"': 'path = "tickets.jsonl"',
        'base = "smollm2-135m-instruct"': 'base = "tiny"',
        "test = 120": "test = 15",
        "validation = 40": "validation = 5",
        "epochs = 1\n": "epochs = 4\ncheckpoint_every_steps = 3\n",
        # Four times over few tickets may well be told apart.
        "[bench.load]": '[attack]\non_leak = "report"\n\n[bench.load]',
        "steps = 8": "steps = 4\nprompts_per_step = 2\ngroup_size = 2\ncheckpoint_every_steps = 1",
        "concurrency = [1, 16]": "concurrency = [1, 4]",
        "requests_per_level = 32": "requests_per_level = 8",
        "open_seconds = 5.0": "open_seconds = 1.0",
        'name = "demo policy"': 'name = "demo policy"\nchunk_size = 12\nprocesses = 1',
        "min_recall = 0.90": "min_recall = 0.80",
        "min_quality_ratio = 0.90": "min_quality_ratio = 0.90\nmin_test_records = 10",
        'card = "../prices/example-rented-cpu.toml"': 'card = "prices.toml"',
        **changes,
    }
    (folder / "prices.toml").write_text(CARD.read_text())
    text = DEMO.read_text()
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def make_home(folder: Path, models: Path, key: bytes) -> dict[str, str]:
    """The environment of a fresh home that has the packaged models, single-threaded so that sums add up alike."""
    for name in ("models", "keys"):
        (folder / name).mkdir(parents=True)
    for model in models.iterdir():
        (folder / "models" / model.name).symlink_to(model)
    (folder / "keys" / "scrub.key").write_bytes(key)
    return {**os.environ, "STILLHOUSE_HOME": str(folder), "OMP_NUM_THREADS": "1"}


def report_of(env: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [*STILLHOUSE, "report", "--format", "json", "-o", "-"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def use_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_use_case(tmp_path_factory.mktemp("job"))


@pytest.fixture(scope="module")
def finished(use_case: Path, models: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a home whose run was killed in the middle of four stages, each time started again."""
    home = tmp_path_factory.mktemp("killed")
    env = make_home(home, models, b"k" * 32)
    for stage, least in (("scrub", 12), ("sft", 4), ("onpolicy", 2), ("evaluate", 1)):
        process = subprocess.Popen(
            [*STILLHOUSE, "run", str(use_case)], env=env, stdout=subprocess.PIPE, text=True
        )
        _wait_until(lambda: list(home.glob("runs/*/config.json")), process)
        folder = next(home.glob("runs/*")) / stage
        _wait_until(lambda: _done(folder) >= least, process)  # noqa: B023 -- called before the loop goes on
        process.send_signal(signal.SIGKILL)
        process.wait()
        told = subprocess.run(
            [*STILLHOUSE, "status", "--json"], env=env, capture_output=True, text=True, check=True
        )
        assert json.loads(told.stdout)[0]["status"] == "interrupted", stage
    last = subprocess.run([*STILLHOUSE, "run", str(use_case)], env=env, capture_output=True, text=True)
    assert last.returncode == 0, last.stdout + last.stderr
    return env


def _done(folder: Path) -> int:
    try:
        return int(json.loads((folder / "progress.json").read_text())["done"])
    except (OSError, ValueError):
        return 0


def _wait_until(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not happened():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "no progress in five minutes"
        time.sleep(0.01)


def test_a_run_killed_in_the_middle_of_each_stage_ends_like_one_that_was_not(
    use_case: Path, models: Path, finished: dict[str, str], tmp_path: Path
) -> None:
    """Outputs are equal to the last bit; and nothing of the undisturbed run, the command included, looks outside."""
    env = make_home(tmp_path / "home", models, b"k" * 32)
    command = [sys.executable, "-m", "appliance.airgap", "--", *STILLHOUSE, "run", str(use_case)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_until(lambda: list(tmp_path.glob("home/runs/*/bench")), process)
    process.send_signal(signal.SIGINT)  # what follows are times
    _, told = process.communicate()
    seal = json.loads(told.splitlines()[-1])
    assert seal["refused"] == 0, seal["attempts"]
    (undisturbed,) = (tmp_path / "home" / "runs").iterdir()
    resumed = Path(finished["STILLHOUSE_HOME"]) / "runs" / undisturbed.name
    for stage in DETERMINED:
        whole, killed = (
            json.loads((run / stage / "manifest.json").read_text()) for run in (undisturbed, resumed)
        )
        assert killed["outputs"] == whole["outputs"], stage
        for facts in (whole["facts"], killed["facts"]):
            facts.pop("seconds", None)
        assert killed["facts"] == whole["facts"], stage


def test_nothing_of_a_run_connects_anywhere_but_loopback(finished: dict[str, str]) -> None:
    egress = report_of(finished)["egress"]
    assert egress["refused"] == 0
    assert egress["sealed_stages"] == egress["stages"] == len(STAGE_NAMES) - 1  # all before the report


def test_the_report_has_what_scripts_read(finished: dict[str, str]) -> None:
    facts = report_of(finished)
    assert facts["verdict"]["kind"] in ("distil", "prompt-first", "keep-teacher", "not-enough-evidence")
    assert facts["verdict"]["reasons"]
    primary = {row["arm"]: row for row in facts["scores"] if row["metric"] == facts["primary_metric"]}
    asked = {"untuned", "few-shot", "retrieved", "sft", "onpolicy", "teacher"}
    # Where none of a tiny student's answers can be read, no confidence tells when to ask the teacher.
    assert asked <= set(primary) <= {*asked, "cascade"}
    assert {(row["arm"], row["against"]) for row in facts["paired"]} >= {
        ("sft", "retrieved"),
        ("few-shot", "untuned"),
    }
    assert facts["evidence"]["n"] == 15 and len(facts["evidence"]["arms"]) == len(primary) - 1
    for row in primary.values():
        assert row["n"] == 15
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
    for row in facts["serving"]:
        assert row["num_ok"] >= (8 if row["loop"] == "closed" else 1) and row["num_failed"] == 0
        assert 0 < row["ttft_p50_s"] < row["e2e_p50_s"]
        assert row["output_tokens_per_s"] > 0 and row["engine"].startswith("vllm")
    assert {row["loop"] for row in facts["serving"]} == {"closed", "open"}
    assert {row["arm"] for row in facts["cost"]} >= set(primary) - {"cascade"}
    priced = {row["arm"]: row["per_thousand_requests"] for row in facts["cost"] if row["currency"] == "EUR"}
    assert all(priced[arm] > 0 for arm in ("untuned", "sft", "onpolicy", "teacher"))
    scrub = facts["scrub"]
    assert scrub["seen"] == scrub["kept"] + scrub["dropped"] == 60
    assert scrub["spans"] > 60 and scrub["recall"] > 0.8
    assert all(facts["hashes"][name] for name in ("data", "config", "student", "student_base"))


def test_what_is_served_answers_as_what_was_evaluated(
    finished: dict[str, str],
) -> None:
    agreement = report_of(finished)["agreement"]
    assert agreement["n"] == 15
    # Two engines round differently, and a model of some thousand weights is seldom sure (half to all were seen);
    # a wrong chat template or stop token spoils all.
    assert agreement["same"] >= 5


def test_no_personal_value_of_the_source_is_anywhere_in_the_home(
    use_case: Path, finished: dict[str, str]
) -> None:
    """Exact values that the scrubber says it found; what it missed is counted in the report as recall."""
    home = Path(finished["STILLHOUSE_HOME"])
    tickets = {row["ticket_id"]: row for row in map(json.loads, (use_case.parent / "tickets.jsonl").open())}
    values = set()
    for line in (use_case.parent / "tickets.gold.jsonl").open():
        row = json.loads(line)
        message = tickets[row["id"]]["message"]
        values |= {
            message[span["start"] : span["end"]]
            for span in row["spans"]
            if span["entity_type"] in ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "PHONE_NUMBER")
        }
    assert len(values) > 30
    texts = [
        path.read_bytes()
        for path in home.joinpath("runs").rglob("*")
        if path.is_file() and path.suffix in (".json", ".jsonl", ".txt", ".log", ".html", ".parquet")
    ]
    from pyarrow import parquet

    texts += [str(parquet.read_table(path).to_pylist()).encode() for path in home.rglob("*.parquet")]
    assert not [value for value in values if any(value.encode() in text for text in texts)]


def test_a_second_run_does_nothing_and_a_changed_price_redoes_the_report_alone(
    use_case: Path, finished: dict[str, str]
) -> None:
    env = finished
    again = subprocess.run(
        [*STILLHOUSE, "run", str(use_case)], env=env, capture_output=True, text=True, check=True
    )
    assert again.stdout.count("unchanged") == len(STAGE_NAMES)
    dearer = use_case.with_name("dearer.toml")
    dearer.write_text(use_case.read_text().replace('card = "prices.toml"', 'card = "dearer-prices.toml"'))
    use_case.with_name("dearer-prices.toml").write_text(
        CARD.read_text().replace("value = 0.08, low = 0.05, high = 0.12", "value = 0.16")
    )
    changed = subprocess.run(
        [*STILLHOUSE, "run", str(dearer)], env=env, capture_output=True, text=True, check=True
    )
    assert changed.stdout.count("taken over") == len(STAGE_NAMES) - 1
    assert report_of(env)["price_card"][0]["value"] == 0.16


def test_a_damaged_output_is_noticed_before_it_is_used(use_case: Path, finished: dict[str, str]) -> None:
    env = finished
    run = next(path for path in Path(env["STILLHOUSE_HOME"], "runs").iterdir() if (path / "curate").exists())
    examples = run / "curate" / "examples.parquet"
    kept = examples.read_bytes()
    flipped = bytearray(kept)
    flipped[len(flipped) // 2] ^= 1
    examples.unlink()  # another run may link to the same bytes
    examples.write_bytes(bytes(flipped))
    card = json.loads((run / "config.json").read_text())["use_case"]["prices"]["card"]
    cheap = card["device"]["rent_per_hour"]["value"] == 0.08
    source = use_case if cheap else use_case.with_name("dearer.toml")
    try:
        done = subprocess.run([*STILLHOUSE, "run", str(source)], env=env, capture_output=True, text=True)
        assert done.returncode == 1
        assert "examples.parquet is not what stage 'curate' wrote" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    finally:
        examples.write_bytes(kept)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs = 1\n": "epocs = 3\n"}, "unknown key 'sft.epocs': did you mean 'epochs'?"),
        ({'path = "../../.cache/demo/tickets.jsonl"': 'path = "absent.jsonl"'}, "absent.jsonl"),
        ({'message = "message"': 'message = "massage"'}, "massage"),
        ({"min_recall = 0.90": "min_recall = 1.0"}, "below scrub.min_recall"),
        ({"test = 120": "test = 500"}, "no train record is left"),
        ({'base = "smollm2-135m-instruct"': 'base = "nowhere"'}, "'nowhere' is neither a packaged model"),
    ],
)
def test_bad_input_stops_the_run_with_one_clear_line(
    changes: dict[str, str], told: str, finished: dict[str, str], tmp_path: Path, use_case: Path
) -> None:
    for name in ("tickets.jsonl", "tickets.gold.jsonl"):
        shutil.copy(use_case.parent / name, tmp_path / name)
    (tmp_path / "tiny").symlink_to(use_case.parent / "tiny")
    done = subprocess.run(
        [*STILLHOUSE, "run", str(write_use_case(tmp_path, **changes))],
        env=finished,  # what does not depend on the change is taken over
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
