"""A home in which one person is everywhere: data brought in, a run, a review with marks, a golden set and a vault."""

from __future__ import annotations

import io
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from appliance import datasets, manifest
from appliance.config import use_case_to_json
from appliance.home import Home
from appliance.keeping import erase as erasing
from appliance.keeping import exchange, texts
from appliance.manifest import Manifest
from appliance.people.acting import Actor, Role
from appliance.preparing import review, review_sample
from appliance.preparing.versions import save_version
from appliance.quality import rounds
from appliance.quality.rounds import Round
from appliance.run import Run, open_run
from appliance.stages.context import write_examples, write_records
from distill.text_files import is_encrypted
from distill.values import Example
from privacy.ingest import read_rows
from privacy.records import RawRecord, ScrubbedRecord
from privacy.settings import SourceSettings
from privacy.vault import VaultWriter
from tests.appliance import small_use_case
from tests.appliance.drafted_case import rules_only, silently

OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")
OFFICER = Actor("petra", frozenset({Role.PRIVACY_OFFICER}), "console")
WHO = "Zeugma"
"""The person to be forgotten: in their id, in all that they said, and in the ids of their records."""
ROWS: list[dict[str, Any]] = [
    {
        "number": f"{who}-{number}",
        "text": f"{who} wrote line {number}: mail {who.lower()}{number}@example.com, please",
        "queue": ("billing", "repairs")[number % 2],
        "checked": "billing",
        "person": who,
    }
    for number in range(24)
    for who in [WHO if number % 8 == 3 else f"Other{number % 5}"]
]
MODEL = {"model/config.json": "11"}
STEPS = (
    (erasing, "write"), (exchange, "write_private"), (manifest, "write"), (erasing, "rewrite"), (Path, "replace"),
)  # fmt: skip
"""What an erasure writes with, in a run: after each of these it may be killed."""


def as_file(rows: list[dict[str, Any]], kind: str) -> bytes:
    if kind == "parquet":
        out = io.BytesIO()
        parquet.write_table(pa.Table.from_pylist(rows), out)
        return out.getvalue()
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    return "\n".join(
        [",".join(rows[0]), *('"' + '","'.join(row.values()) + '"' for row in rows), ""]
    ).encode()


def make_home(kind: str, name: str = "small") -> tuple[Run, datasets.Dataset]:
    """The home that the environment names, filled; the run is finished up to its student."""
    home = Home.open()
    brought = datasets.bring_in(home, OPERATOR, io.BytesIO(as_file(ROWS, kind)), f"calls.{kind}")
    run = make_run_on(home, brought, name)
    home.ratings.mkdir(mode=0o700)
    rated = [
        {"record_id": each.record_id, "arm_a": "a", "arm_b": "b", "preference": "a"} for each in records(run)
    ]
    (home.ratings / f"{name}.golden.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rated))
    _rate(home, run)
    originals = [((each.record_id, "message"), each.fields["message"]) for each in records(run)]
    VaultWriter(home.use_cases / name / "vault", bytes(32)).add(originals)
    return run, brought


def _rate(home: Home, run: Run) -> None:
    """A round of two arms over all records, rated by one person, who took one rating back."""
    ids = tuple(each.record_id for each in records(run))
    made = Round("0123456789ab", run.run_id, "a", "b", ids, 0, "s", "olga", 1.0)
    folder = rounds._folder(home, run.run_id) / made.round_id
    folder.mkdir(parents=True, mode=0o700)
    (folder / "round.json").write_text(json.dumps(asdict(made)))
    said = [{"at": 1.0, "record_id": each, "preference": "a", "answers": "0" * 16} for each in ids]
    told = [*said, {"at": 2.0, "taken_back": ids[3]}, said[3]]
    (folder / "olga.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))


def make_run_on(home: Home, brought: datasets.Dataset, name: str) -> Run:
    folder = home.use_cases / name
    path = small_use_case.write(
        folder,
        ('name = "small"', f'name = "{name}"'),
        ('[data]\npath = "messages.csv"\n', f'[data]\npath = "{os.path.relpath(datasets.raw_path(home, brought.dataset_id), folder)}"\nsubject = "person"\n'),
        ('gold_spans = "gold.jsonl"', f'gold_spans = "../../reviews/{name}/gold.jsonl"'),
        ("actions = { LOCATION = \"keep\" }", 'vault = { path = "vault", key_file = "vault.key" }'),
    )  # fmt: skip
    text = path.read_text()
    path.unlink()
    text = text[: text.index("[held_out]")] + text[text.index("[scrub]") :]
    save_version(folder, "use_case.toml", tomllib.loads(text), "olga", ("data",))
    (folder / "vault.key").write_text("00" * 32)
    _review(home, name)
    run = open_run(folder / "use_case.toml", home)
    config = {"base_dir": str(folder), "use_case": json.loads(use_case_to_json(run.use_case))}
    (run.folder / "config.json").write_text(json.dumps(config))
    _fill(run)
    return run


def _fill(run: Run) -> None:
    for stage in ("scrub/records", "scrub/dropped", "teach", "curate", "sft"):
        (run.folder / stage).mkdir(parents=True)
    kept = [
        ScrubbedRecord(each.record_id, dict(each.fields), {}, "p", subject_id=each.subject_id)
        for each in records(run)
    ]
    write_records(run.folder / "scrub/records/data-00000.parquet", kept, held_out=False)
    (run.folder / "scrub/dropped/data-00000.json").write_text(json.dumps({"seen": len(kept), "rows": []}))
    answers = [{"record_id": each.record_id, "text": f"to {each.fields['message']}"} for each in kept]
    texts.write(
        run.folder / "teach/completions.jsonl", "".join(json.dumps(row) + "\n" for row in answers).encode()
    )
    examples = [Example(each.record_id, "train", each.fields, "a", None, each.subject_id) for each in kept]
    write_examples(run.folder / "curate/examples.parquet", examples)
    for stage, outputs in (("scrub", ["records", "dropped"]), ("teach", ["completions.jsonl"]), ("curate", ["examples.parquet"])):  # fmt: skip
        hashes = manifest.hash_outputs(run.folder / stage, outputs)
        manifest.write(run.folder / stage, Manifest(stage, "f", hashes, {}, 1.0, 1_760_000_000.0))
    manifest.write(run.folder / "sft", Manifest("sft", "f", MODEL, {}, 1.0, 1_760_000_000.0))


def _review(home: Home, name: str) -> None:
    review_sample.search(home, name, len(ROWS), rules_only(home, name), silently)
    while batch := review.take_batch(home, OFFICER, name, 1.0):
        for record_id in batch:
            found = review.look(home, OFFICER, name, record_id, 1.0)
            review.decide(home, OFFICER, name, record_id, found.found, found.version, 1.0)
    review.hand_over(home, OFFICER, name)


def records(run: Run) -> list[RawRecord]:
    source: SourceSettings = run.use_case.data
    found = read_rows(source, run.base_dir, run.home.scrub_key())
    return [each for each in found if isinstance(each, RawRecord)]


def everything(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of the home: its bytes, and what they say where they are encrypted or compressed."""
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet" or is_encrypted(path):
            said = texts.read(path) if is_encrypted(path) else content
            content += said
            if said[:4] == b"PAR1":
                content += str(parquet.read_table(io.BytesIO(said)).to_pylist()).encode()
        yield path, content


def holding(root: Path, value: str) -> set[str]:
    """Files whose name or content has the value, in any case."""
    wanted = value.lower().encode()
    return {
        str(path.relative_to(root))
        for path, content in everything(root)
        if wanted in content.lower() or wanted in path.name.lower().encode()
    }
