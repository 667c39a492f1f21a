"""An auditor's page: signed, the same each time, silent about people, and plain about what was not tested."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance import manifest
from appliance.cli import main
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.privacy_report.gather import ReportError, gather
from appliance.privacy_report.sign import SignatureError, canonical, key_fingerprint, public_key
from appliance.privacy_report.write import JSON_NAME, KEY_NAME, PAGE_NAME, check_report, write_report
from privacy.measure import residual_risk, score_spans
from privacy.presets import actions_of
from privacy.records import Span
from tests.privacy.fakes import RulesOnly

RAW = ("Zebulon Quagmire", "zebulon@corp.example", "4111 1111 1111 1111", "+44 20 7946 0958")
GOLD = Span(0, 3, "PERSON", 1.0, "gold")


def scrub_facts(measured: bool = True) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "seen": 105, "kept": 100, "dropped": 5, "dropped_by_reason": {"scan-failed": 5},
        "dropped_rows": [{"source": "data", "row": 4, "reason": "scan-failed"}], "spans": 130,
        "spans_by_type": {"PERSON": 100, "EMAIL_ADDRESS": 30}, "preset": "gdpr", "actions": actions_of("gdpr", {}),
        "policy": "small policy", "policy_id": "0123456789abcdef", "recall_floor": 0.9,
        "recall": None, "recall_low": None, "recall_high": None, "recall_n": None, "recall_by_type": [],
    }  # fmt: skip
    if measured:
        places = [(str(index), "m") for index in range(100)]
        scores = score_spans(
            dict.fromkeys(places, "Ann"),
            {place: [GOLD] for place in places[:98]},
            {place: [GOLD] for place in places},
        )
        recall = scores.recall
        row = {
            "entity_type": "PERSON",
            "n": recall.n,
            "recall": recall.value,
            "low": recall.low,
            "high": recall.high,
        }
        facts |= {
            "recall": recall.value, "recall_low": recall.low, "recall_high": recall.high, "recall_n": recall.n,
            "recall_by_type": [row], "leaking_records": 2, "measured_records": 100, "leak_upper": scores.leaks.upper,
            "residual_risk": residual_risk(scores.leaks), "records_to_review": 12,
        }  # fmt: skip
    return facts


def tried(name: str, value: float) -> dict[str, Any]:
    return {"arm": "exposure", "name": name, "value": value, "bound": 3.2, "p": 0.4, "n": 8, "unit": "bits"}


def attack_facts() -> dict[str, Any]:
    positive = {"flagged": ["exposure"], "tests": [tried("exposure", 9.1)]}
    negative = {"flagged": [], "tests": [tried("exposure", 1.4)]}
    return {
        "controls": {"positive": positive, "negative": negative, "blind": None}, "secrets": 16, "secrets_learnt_from": 8,
        "members": 100, "others": 100, "removed_values": 130, "planted": {"records": 100, "carriers": 5, "survived": []},
        "not_tested": ["beam search"],
        "students": {"sft": {"result": "passes", "reasons": ["exposure: 1.50 bits"], "flagged": [], "tests": [tried("exposure", 1.5)]}},
    }  # fmt: skip


def make_run(measured: bool = True, attacked: bool = True, name: str = "small-1") -> Path:
    """A run with raw values in the files that a report must not read from."""
    folder = Home.open().runs / name
    stages: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
        "scrub": ({"records/data-00000.parquet": "aa"}, scrub_facts(measured)),
        "curate": ({"examples.parquet": "bb"}, {"train": 80, "val": 5, "test": 15, "overlap": 0}),
        "sft": ({"model/model.safetensors": "cc"}, {"method": "LoRA, rank 16", "differential_privacy": None}),
    }
    if attacked:
        stages["attack"] = ({"audit.json": "dd"}, attack_facts())
    for index, (stage, (outputs, facts)) in enumerate(stages.items()):
        (folder / stage).mkdir(parents=True)
        (folder / stage / "log.txt").write_text("\n".join(RAW))
        (folder / stage / "egress.json").write_text(json.dumps({"refused": index, "attempts": []}))
        manifest.write(folder / stage, Manifest(stage, "f", outputs, facts, 1.0, 1_760_000_000.0 + index))
    config = {
        "base_dir": "/somewhere",
        "use_case": {"name": "small", "title": "Messages to queues", "data": {"path": RAW[0]}},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def write(folder: Path, out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in write_report(folder, Home.open(), out)}


def test_written_again_it_is_the_same_and_the_signature_holds(tmp_path: Path) -> None:
    folder = make_run()
    first = write(folder, tmp_path / "a")
    assert first == write(folder, tmp_path / "b") and set(first) == {JSON_NAME, PAGE_NAME, KEY_NAME}
    found = check_report(tmp_path / "a" / JSON_NAME)
    assert found == {
        "run_id": "small-1",
        "key_sha256": key_fingerprint(public_key(Home.open())),
        "page": True,
    }
    key = Home.open().keys / "report-signing.key"
    assert key.stat().st_mode & 0o777 == 0o600 and key.read_bytes() not in b"".join(first.values())


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (JSON_NAME, '"dropped": 5', '"dropped": 0', "was changed after it was signed"),
        (JSON_NAME, '"run_id": "small-1"', '"run_id": "small-2"', "was changed after it was signed"),
        (JSON_NAME, '"value": "', '"value": "00', "was changed after it was signed"),
        (JSON_NAME, '"signature"', '"sgnature"', "not a signed privacy report"),
        (PAGE_NAME, "small policy", "strict policy", "is not the page that was signed"),
        (KEY_NAME, "PUBLIC", "PUBIC", "not a public key"),
    ],
)
def test_any_change_is_seen(name: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    write(make_run(), tmp_path)
    change(tmp_path / name, old, new)
    with pytest.raises(SignatureError, match=said):
        check_report(tmp_path / JSON_NAME)


def test_another_homes_key_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(make_run(), tmp_path)
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "other"))
    (tmp_path / KEY_NAME).write_text(public_key(Home.open()))
    with pytest.raises(SignatureError, match="signed with another key"):
        check_report(tmp_path / JSON_NAME)


def test_it_holds_no_personal_data(tmp_path: Path) -> None:
    written = write(make_run(), tmp_path)
    for text in (written[JSON_NAME].decode(), written[PAGE_NAME].decode()):
        assert not [raw for raw in RAW if raw in text]
        words = re.sub(r"<[^>]*>|[0-9a-f]{16,}", " ", text[text.find("<body") :])
        (found,) = RulesOnly().find([words])
        assert not {span.entity_type for span in found} & {
            "EMAIL_ADDRESS",
            "PHONE_NUMBER",
            "IBAN_CODE",
            "CREDIT_CARD",
        }


def test_the_page_stands_alone() -> None:
    folder = make_run()
    page = write(folder, folder / "privacy")[PAGE_NAME].decode()
    assert "<script" not in page and "http" not in page.replace("http-equiv", "") and "src=" not in page
    assert (
        "of 10,000 kept records" in page
        and "small policy" in page
        and "Student after SFT: no leak found." in page
    )


def test_what_was_not_measured_or_tested_is_said(tmp_path: Path) -> None:
    facts = gather(make_run(measured=False, attacked=False))
    said = "\n".join(facts["not_tested"])
    assert facts["attack"] is facts["differential_privacy"] is facts["scrub"]["recall"] is None
    assert "no labelled sample was given" in said and "the leak test did not run" in said
    assert "without differential privacy" in said
    page = write(Home.open().runs / "small-1", tmp_path)[PAGE_NAME].decode()
    assert (
        "not measured" in page and "Leak test of the students: did not run." in page and ">0.0%<" not in page
    )


def test_types_without_a_label_and_the_attacks_own_limits_are_listed() -> None:
    said = "\n".join(gather(make_run())["not_tested"])
    assert "Recall of types without a label in the sample: EMAIL_ADDRESS." in said and "beam search" in said


def test_a_leak_test_that_stopped_the_run_is_in_the_report() -> None:
    folder = make_run(attacked=False)
    leaks = attack_facts()
    leaks["students"]["sft"]["result"] = "leaks"
    (folder / "attack").mkdir()
    (folder / "attack" / "audit.json").write_text(json.dumps(leaks))
    assert gather(folder)["attack"]["students"]["sft"]["result"] == "leaks"


def test_on_policy_training_after_a_promise_takes_it_away() -> None:
    folder = make_run()
    promise = {"epsilon": 8.0, "delta": 1e-5, "unit": "person"}
    manifest.write(
        folder / "sft",
        Manifest("sft", "f", {"model/x": "c"}, {"method": "x", "differential_privacy": promise}, 1, 2.0),
    )
    assert gather(folder)["differential_privacy"] == promise
    (folder / "onpolicy").mkdir()
    manifest.write(folder / "onpolicy", Manifest("onpolicy", "f", {"model/x": "d"}, {"method": "y"}, 1, 3.0))
    assert gather(folder)["differential_privacy"] is None


def test_a_run_that_has_not_scrubbed_is_refused_in_one_line() -> None:
    (Home.open().runs / "new-1").mkdir()
    with pytest.raises(ReportError, match="has not finished scrubbing"):
        gather(Home.open().runs / "new-1")


def test_the_command_writes_checks_and_refuses(tmp_path: Path) -> None:
    make_run()
    assert CliRunner().invoke(main, ["privacy-report", "small-1", "-o", str(tmp_path)]).exit_code == 0
    checked = CliRunner().invoke(main, ["privacy-report", "--verify", str(tmp_path / JSON_NAME)])
    assert checked.exit_code == 0 and checked.stdout.startswith("intact: run small-1, signed with the key ")
    change(tmp_path / JSON_NAME, '"kept": 100', '"kept": 105')
    for args in (["--verify", str(tmp_path / JSON_NAME)], ["../runs"], ["nope"], []):
        result = CliRunner().invoke(main, ["privacy-report", *args])
        assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1


def test_canonical_json_has_one_form() -> None:
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == b'{"a":"\\u00fc","b":1}'
    with pytest.raises(ValueError):
        canonical(float("nan"))
