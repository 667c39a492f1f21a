"""What a stage works with: its run, its folder, and what the stages before it left."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.config import UseCase, use_case_from_json
from appliance.home import Home
from appliance.keeping import texts
from appliance.lineage import refresh_of
from appliance.manifest import Manifest
from appliance.models import resolve, resolve_detector
from appliance.progress import Reporter
from distill import teach, topk
from distill.completer import Completer
from distill.evaluate import TRAINED_ARMS
from distill.tasks import Task, make_task
from distill.topk import Journal, TopKStore
from distill.training import Progress
from distill.values import Completion, Example, Request
from distill.vocabulary import vocabulary_bytes
from privacy.records import DetectorModels, ScrubbedRecord, Span


class GateError(Exception):
    """The run must not go on: one line with the figure, the bar and the remedy."""


class Context:
    """A stage's view of its run."""

    def __init__(self, run_folder: Path, stage: str) -> None:
        document = json.loads((run_folder / "config.json").read_text(encoding="utf-8"))
        self.use_case: UseCase = use_case_from_json(json.dumps(document["use_case"]))
        self.base_dir = Path(document["base_dir"])
        self.refresh = refresh_of(document)
        """What a refresh goes on from; None in a full run."""
        self.run_folder = run_folder
        self.run_id = run_folder.name
        self.folder = run_folder / stage
        self.home = Home.open()
        self.progress = Reporter(self.folder)
        self.task: Task = make_task(self.use_case.task)

    @property
    def trained_arms(self) -> tuple[str, ...]:
        """The students that this run trains, in the order of their training."""
        return TRAINED_ARMS if self.use_case.onpolicy.steps else ("sft",)

    def model(self, name: str) -> Path:
        return resolve(name, self.home, self.base_dir)

    def detector_models(self) -> DetectorModels:
        return resolve_detector(self.use_case.detector, self.home, self.base_dir)

    def before(self, stage: str) -> tuple[Path, Manifest]:
        """An earlier stage's folder and manifest, its files verified."""
        return finished(self.run_folder, stage)


def finished(run_folder: Path, stage: str) -> tuple[Path, Manifest]:
    """A stage's folder and manifest, its files verified."""
    folder = run_folder / stage
    found = manifest.read(folder)
    if found is None:
        raise GateError(
            f"stage '{stage}' of {run_folder.name} is not finished: start the run with `stillhouse run`"
        )
    manifest.verify(folder, found)
    return folder, found


def write_records(path: Path, records: Iterable[ScrubbedRecord], held_out: bool) -> None:
    """Scrubbed records as Parquet, complete or not there."""
    rows = [
        {
            "record_id": record.record_id,
            "fields": json.dumps(dict(record.fields), ensure_ascii=False),
            "spans": json.dumps(
                {name: [asdict(span) for span in spans] for name, spans in record.spans.items()}
            ),
            "policy_id": record.policy_id,
            "subject_id": record.subject_id,
            "held_out": held_out,
        }
        for record in records
    ]
    write_rows(path, rows, ("record_id", "fields", "spans", "policy_id", "subject_id", "held_out"))


def write_rows(path: Path, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {"held_out": pa.bool_(), "failed": pa.bool_()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    content = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), content)
    texts.write(path, content.getvalue())


def read_rows(path: Path, record_ids: Collection[str] | None = None) -> list[dict[str, Any]]:
    """All rows, or those of the records named."""
    from pyarrow import parquet

    wanted = None if record_ids is None else [("record_id", "in", list(record_ids))]
    return list(parquet.read_table(io.BytesIO(texts.read(path)), filters=wanted).to_pylist())


def without_rows(content: bytes, record_ids: Collection[str], subject: str | None) -> tuple[bytes, int]:
    """A Parquet file without the rows of these records and this person, and how many there were."""
    from pyarrow import parquet

    # Unlike `read_table` it keeps what stands beside the rows: the table of tokens that likeliest ones may count in.
    table = parquet.ParquetFile(io.BytesIO(content)).read()
    if "record_id" not in table.schema.names:
        return content, 0
    subjects = table["subject_id"].to_pylist() if "subject_id" in table.schema.names else [None] * len(table)
    pairs = zip(table["record_id"].to_pylist(), subjects, strict=True)
    kept = [row not in record_ids and (subject is None or whose != subject) for row, whose in pairs]
    if all(kept):
        return content, 0
    new = io.BytesIO()
    parquet.write_table(table.filter(kept), new)
    return new.getvalue(), len(kept) - sum(kept)


def read_records(folder: Path) -> tuple[list[ScrubbedRecord], set[str]]:
    """All records that the scrub stage kept, and the ids of those from the held-out file."""
    records, held_out = [], set()
    for path in sorted((folder / "records").glob("*.parquet")):
        for row in read_rows(path):
            spans = {
                name: tuple(Span(**span) for span in found)
                for name, found in json.loads(row["spans"]).items()
            }
            records.append(
                ScrubbedRecord(
                    row["record_id"], json.loads(row["fields"]), spans, row["policy_id"], row["subject_id"]
                )
            )
            if row["held_out"]:
                held_out.add(row["record_id"])
    return records, held_out


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    rows = [
        {
            "record_id": example.record_id,
            "split": example.split,
            "fields": json.dumps(dict(example.fields), ensure_ascii=False),
            "answer": example.answer,
            "reference": example.reference,
            "subject_id": example.subject_id,
        }
        for example in examples
    ]
    write_rows(path, rows, ("record_id", "split", "fields", "answer", "reference", "subject_id"))


def read_examples(folder: Path, record_ids: Collection[str] | None = None) -> list[Example]:
    """All of them, or those named; the others' text is then not held."""
    return [
        Example(
            row["record_id"],
            row["split"],
            json.loads(row["fields"]),
            row["answer"],
            row["reference"],
            row["subject_id"],
        )
        for row in read_rows(folder / "examples.parquet", record_ids)
    ]


def read_answers(path: Path) -> dict[str, Completion]:
    """Of a completions file, by record id; none where there is no file."""
    return teach.read_completions(path, texts.key_of_texts(path))


def ask(
    completer: Completer,
    requests: Sequence[Request],
    path: Path,
    progress: Progress,
    journal: Journal | None = None,
) -> dict[str, Completion]:
    """`distill.teach.teach`, into a file of the home."""
    return teach.teach(completer, requests, path, progress, journal, texts.key_of_texts(path))


def open_topk(path: Path, tokenizer: Any) -> TopKStore:
    """The likeliest tokens that a teacher left, in those of the student's tokenizer."""
    assert tokenizer.eos_token_id is not None, "a tokenizer that trains has an end"
    key = texts.key_of_texts(path)
    vocabulary = vocabulary_bytes(tokenizer) if topk.has_bytes(path, key) else None
    return TopKStore(path, tokenizer.eos_token_id, vocabulary, key)


def split_of(examples: Iterable[Example], name: str) -> list[Example]:
    return [example for example in examples if example.split == name]


Facts = Mapping[str, Any]
