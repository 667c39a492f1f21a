"""`stillhouse scrub`: one file in, one out, from a home that holds nothing but the models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from appliance.demo_data import gold_path, write_demo_data
from appliance.home import Home

STILLHOUSE = Path(sys.executable).with_name("stillhouse")


def ask(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["scrub", *map(str, args)])


def refusal(result: Result) -> str:
    assert result.exit_code == 1 and result.stdout == "", result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    write_demo_data(tmp_path / "tickets.jsonl", n=40, seed=7)
    return tmp_path / "tickets.jsonl"


OPTIONS = ("--id", "ticket_id", "--field", "message", "--policy")


def test_a_fresh_home_is_told_which_model_to_fetch(tickets: Path) -> None:
    said = refusal(ask(tickets, *OPTIONS, "gdpr", "--check"))
    assert said.endswith("is not there yet: run `stillhouse models fetch spacy-en-md`")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((*OPTIONS, "gdrp", "--check"), "did you mean 'gdpr'?"),
        ((*OPTIONS, "no.toml", "--check"), "no.toml: there is no such file"),
        ((*OPTIONS, "gdpr"), "give -o OUT"),
        ((*OPTIONS, "gdpr", "--check", "-o", "out.csv"), "give -o OUT"),
        ((*OPTIONS, "gdpr", "--check", "--field", "message"), "--field message is there twice"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(args: tuple[str, ...], said: str, tickets: Path) -> None:
    assert said in refusal(ask(tickets, *args))


def test_a_policy_of_ones_own_is_read_strictly(tickets: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[scrub]\nname = "ours"\n[scrub.actions]\nPERSN = "keep"\n')
    assert "did you mean 'PERSON'?" in refusal(ask(tickets, *OPTIONS, str(policy), "--check"))
    policy.write_text('name = "ours"\nminscore = 0.5\n')
    assert "did you mean 'min_score'?" in refusal(ask(tickets, *OPTIONS, str(policy), "--check"))


@pytest.mark.slow
def test_demo_tickets_come_out_without_their_people_and_equal_each_time(
    tickets: Path, tmp_path: Path, models: Path
) -> None:
    for model in models.iterdir():
        (Home.open().models / model.name).symlink_to(model)
    outs = []
    for name, processes in (("one", "1"), ("two", "2")):
        out, spans = tmp_path / f"{name}.csv", tmp_path / f"{name}.spans.jsonl"
        command = [
            STILLHOUSE,
            "scrub",
            tickets,
            *OPTIONS,
            "gdpr",
            "-o",
            out,
            "--spans",
            spans,
            "--processes",
            processes,
        ]
        done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), timeout=600)
        assert done.returncode == 0, done.stderr
        assert "40 seen, 40 kept, 0 dropped" in done.stdout and "records" in done.stderr
        outs.append((out.read_bytes(), spans.read_bytes()))
    assert outs[0] == outs[1]
    texts = {row["ticket_id"]: row["message"] for row in map(json.loads, tickets.read_text().splitlines())}
    found = {
        row["record_id"]: [(span["start"], span["end"]) for span in row["spans"]]
        for row in map(json.loads, outs[0][1].decode().splitlines())
    }
    gold = [
        row
        for row in map(json.loads, gold_path(tickets).read_text().splitlines())
        if row["field"] == "message"
    ]
    wanted = [(row["id"], span["start"], span["end"]) for row in gold for span in row["spans"]]
    hits = sum(any(start < b and a < end for a, b in found[name]) for name, start, end in wanted)
    assert hits / len(wanted) > 0.9
    emails = [texts[name][start:end] for name, start, end in wanted if "@" in texts[name][start:end]]
    assert emails and not [email for email in emails if email in outs[0][0].decode()]


@pytest.mark.slow
def test_what_a_policy_names_lies_beside_its_file_and_its_limits_hold_for_rows_too(
    tickets: Path, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in models.iterdir():
        (Home.open().models / model.name).symlink_to(model)
    office, elsewhere = tmp_path / "office", tmp_path / "elsewhere"
    office.mkdir()
    elsewhere.mkdir()
    (office / "words.csv").write_text("word\nfritter\n")
    (office / "vault.key").write_text("ab" * 32)
    (office / "policy.toml").write_text(
        'name = "ours"\npreset = "secrets-only"\nmax_chars = 100_000\n'
        '[actions]\nCUSTOM = "mask"\n'
        '[[dictionary]]\npath = "words.csv"\ncolumn = "word"\n'
        '[vault]\npath = "originals.vault"\nkey_file = "vault.key"\n'
    )
    tickets.write_text('{"ticket_id": "1", "message": "one fritter please%s"}\n' % (" and more" * 10_000))
    monkeypatch.chdir(elsewhere)
    checked = ask(tickets, *OPTIONS, "../office/policy.toml", "--check")
    assert checked.exit_code == 0 and not list(office.glob("*.vault")), checked.output
    done = ask(tickets, *OPTIONS, "../office/policy.toml", "-o", "out.csv")
    assert done.exit_code == 0, done.output
    assert "fritter" not in (elsewhere / "out.csv").read_text()
    assert (office / "originals.vault").is_file() and not list(elsewhere.glob("*.vault"))
