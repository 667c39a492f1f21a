"""A policy with all its parts, from a file to scrubbed records and back, with the real detector."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import regex

from privacy.fingerprints import fingerprint
from privacy.records import DetectorModels, DroppedRow, DropReason
from privacy.scrub import scrub_source
from privacy.settings import (
    DictionarySettings,
    PatternSettings,
    ScrubPolicy,
    SourceSettings,
    VaultSettings,
)
from privacy.vault import open_vault
from tests.privacy.fakes import KEY

pytestmark = pytest.mark.slow
VAULT_KEY = bytes(range(32))
SOURCE = SourceSettings(
    path="in.csv", id="id", subject="who", fields={"message": "text", "caller": "name", "plan": "plan"},
    columns={"name": "PERSON", "plan": ("basic", "pro")},
)  # fmt: skip
POLICY = ScrubPolicy(
    name="all of it",
    preset="gdpr",
    actions={"PASSPORT": "drop"},
    dictionary=(DictionarySettings(entity_type="ORGANIZATION", path="projects.csv", column="project"),),
    pattern=(PatternSettings(entity_type="CASE_ID", path="projects.csv", column="file"),),
    vault=VaultSettings(path="vault", key_file="vault.key"),
    chunk_size=2,
    processes=1,
    timeout_s=30.0,
)
ROWS = [
    ("1", "c1", "Quux Wobbly", "basic", "Wobbly phoned on 2024-03-01 about greenglow, file K/2207-x"),
    ("2", "c1", "Quux Wobbly", "pro", "Mr. Wobbly was seen again on 2024-03-31; write to quux.wobbly@corp.com"),
    ("3", "c2", "Anna Example", "gold", "nothing here"),
    ("4", "c2", "Anna Example", "pro", "her passport number is 533380006, she said"),
    ("5", "c3", "Ben Sample", "basic", "all fine, thanks"),
]  # fmt: skip


@pytest.fixture
def base_dir(tmp_path: Path) -> Path:
    lines = ["id,who,name,plan,text", *(",".join([*row[:4], json.dumps(row[4])]) for row in ROWS)]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "projects.csv").write_text("project,file\nGreenGlow,K/1001-x\nRedRust,K/1002-x\n")
    (tmp_path / "vault.key").write_text(VAULT_KEY.hex())
    return tmp_path


def test_a_whole_policy_from_file_to_records_and_back(
    base_dir: Path, detector_models: DetectorModels
) -> None:
    chunks = list(scrub_source(SOURCE, base_dir, POLICY, {}, KEY, detector_models))
    records = [record for chunk in chunks for record in chunk.records]
    dropped = [row for chunk in chunks for row in chunk.dropped]
    assert dropped == [DroppedRow(3, DropReason.NOT_IN_CLOSED_SET), DroppedRow(4, DropReason.POLICY)]
    assert len(records) + len(dropped) == len(ROWS)
    first, second, third = records
    everything = json.dumps([dict(record.fields) for record in records])
    for gone in (
        "Wobbly",
        "wobbly",
        "Quux",
        "quux",
        "greenglow",
        "K/2207",
        "corp.com",
        "2024-03-01",
        "Sample",
    ):
        assert gone not in everything
    family = first.fields["caller"].split()[1]
    assert first.fields["message"].startswith(family) and f" {family} was" in second.fields["message"]
    assert family.lower() in second.fields["message"]
    assert (first.fields["plan"], second.fields["plan"]) == ("basic", "pro")
    days = [
        date.fromisoformat(regex.findall(r"2\d{3}-\d\d-\d\d", r.fields["message"])[0])
        for r in (first, second)
    ]
    assert (days[1] - days[0]).days == 30 and days[0] != date(2024, 3, 1)
    assert first.subject_id == second.subject_id != third.subject_id

    prints = {name: set(values) for chunk in chunks for name, values in chunk.fingerprints.items()}
    assert (
        fingerprint(KEY, "EMAIL_ADDRESS", "quux.wobbly@corp.com") in chunks[0].fingerprints["EMAIL_ADDRESS"]
    )
    assert "PERSON" in prints and not frozenset().union(*(chunk.invented for chunk in chunks)) & set().union(
        *prints.values()
    )

    vault = open_vault(base_dir / "vault", VAULT_KEY)
    assert (
        vault[first.record_id, "message"] == ROWS[0][4] and vault[second.record_id, "caller"] == "Quux Wobbly"
    )
    assert (third.record_id, "message") not in vault, "nothing was replaced there"
    assert b"Wobbly" not in (base_dir / "vault").read_bytes()


def test_two_processes_scrub_as_one_does(base_dir: Path, detector_models: DetectorModels) -> None:
    one = list(scrub_source(SOURCE, base_dir, POLICY, {}, KEY, detector_models))
    two = list(scrub_source(SOURCE, base_dir, replace(POLICY, processes=2), {}, KEY, detector_models))
    assert [[record.fields for record in chunk.records] for chunk in one] == [
        [record.fields for record in chunk.records] for chunk in two
    ]
    some = list(scrub_source(SOURCE, base_dir, POLICY, {}, KEY, detector_models, only_chunks={1}))
    assert some == one[1:2]
