"""From the source file to scrubbed records: scrub."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

from appliance.keeping.erasures import erased_ids
from appliance.stages import planted, removed
from appliance.stages.context import (
    Context,
    Facts,
    GateError,
    read_records,
    write_records,
)
from distill.checkpoints import write_atomically
from distill.tasks import TaskSettings
from distill.tasks.task import field_names
from privacy.measure import TypeScores, records_to_review, residual_risk
from privacy.records import ScrubbedRecord
from privacy.settings import FieldRule, SourceSettings, policy_id

_MEASURED = (
    "recall",
    "recall_low",
    "recall_high",
    "recall_n",
    "design_effect",
    "recall_by_type",
    "typed",
    "overlap",
    "characters",
    "precision",
    "char_precision",
    "leaking_records",
    "measured_records",
    "leak_rate",
    "leak_upper",
    "residual_risk",
    "records_to_review",
)
"""Facts that hand-marked records give; all None without them."""


def field_rules(task: TaskSettings, answer_fields: Iterable[str | None]) -> dict[str, FieldRule]:
    """Inputs are scanned as text. Answers may only say what the task allows, or are scanned too."""
    rules = {}
    allowed = frozenset(task.labels)
    if task.json_schema is not None:
        allowed = frozenset(_enum_strings(task.json_schema)) | frozenset(task.json_schema["properties"])
    inputs = field_names(task.input)
    for name in answer_fields:
        if name is not None and name not in inputs:
            rules[name] = FieldRule("json", allowed)
    return rules


def _enum_strings(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "enum" and isinstance(value, list):
                yield from (item for item in value if isinstance(item, str))
            else:
                yield from _enum_strings(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _enum_strings(item)


def scrub(context: Context) -> tuple[Facts, list[str]]:
    """Chunks of scrubbed records as Parquet, one file each; the drops beside them. Then the recall, and its gate."""
    use_case = context.use_case
    (context.folder / "records").mkdir(exist_ok=True)
    (context.folder / "dropped").mkdir(exist_ok=True)
    answers = (use_case.teacher.answer_field, use_case.evaluate.reference_field)
    rules, key = field_rules(use_case.task, answers), context.home.scrub_key()
    planted.write(context, key)
    for name, source in (("data", use_case.data), ("held_out", use_case.held_out)):
        if source is not None:
            _scrub_source(context, name, source, rules, key)
    _draw_again(context, rules, key)
    records, _ = read_records(context.folder)
    dropped = [json.loads(path.read_text()) for path in sorted((context.folder / "dropped").glob("*.json"))]
    rows = [row for part in dropped for row in part["rows"]]
    seen = sum(part["seen"] for part in dropped)
    assert len(records) + len(rows) == seen, "every row is kept or dropped"
    by_type = Counter(
        span.entity_type for record in records for spans in record.spans.values() for span in spans
    )
    facts = {
        "seen": seen,
        "kept": len(records),
        "dropped": len(rows),
        "dropped_by_reason": dict(Counter(row["reason"] for row in rows)),
        "dropped_rows": rows[:200],
        "spans": sum(by_type.values()),
        "spans_by_type": dict(by_type.most_common()),
        "preset": use_case.scrub.preset,
        "actions": use_case.scrub.action_by_type(),
        "policy": use_case.scrub.name,
        "policy_id": policy_id(use_case.scrub, key),
        "surrogates": removed.num_surrogates(context.folder),
        "surrogates_equal_to_removed": len(frozenset().union(*removed.clashes(context.folder)[1].values())),
        "recall_floor": use_case.scrub.min_recall,
        **_recall(context, records, key),
    }
    if not records:
        raise GateError(
            "no record is left after scrubbing: look at the reasons in scrub/dropped and at data.fields"
        )
    if facts["recall_low"] is not None and facts["recall_low"] < use_case.scrub.min_recall:
        raise GateError(_under_the_floor(facts))
    return facts, ["records", "dropped", planted.FILE, removed.FOLDER]


def _under_the_floor(facts: Facts) -> str:
    """Whether more reviewed records can help, and how many; where they cannot, that the policy must change."""
    more = facts["records_to_review"]
    if more is None:
        remedy = (
            "the recall itself is not above the floor, so reviewing more records cannot help: "
            "change the policy until it finds more, such as a lower scrub.min_score"
        )
    else:
        remedy = (
            f"review about {more:,} more records: if they turn out like the {facts['measured_records']:,} reviewed so far, "
            "the interval's lower end reaches the floor; or change the policy until it finds more"
        )
    return (
        f"the scrubber's recall is {facts['recall']:.1%} (95% interval from {facts['recall_low']:.1%}, "
        f"n = {facts['recall_n']:,}), below scrub.min_recall = {facts['recall_floor']:.1%}: "
        f"nothing is learnt from this text; {remedy}"
    )


def _draw_again(context: Context, rules: dict[str, FieldRule], key: bytes) -> None:
    """Scrubs anew the chunks in which a surrogate equals a value that was removed somewhere, and avoids those values."""
    taken, clashing = removed.clashes(context.folder)
    for name, source in (("data", context.use_case.data), ("held_out", context.use_case.held_out)):
        only = frozenset(int(file.rpartition("-")[2]) for file in clashing if file.rpartition("-")[0] == name)
        if source is not None and only:
            _scrub_source(context, name, source, rules, key, only, taken)


def _scrub_source(
    context: Context,
    name: str,
    source: SourceSettings,
    rules: dict[str, FieldRule],
    key: bytes,
    only: frozenset[int] | None = None,
    taken: frozenset[str] = frozenset(),
) -> None:
    from privacy.ingest import count_rows
    from privacy.scrub import scrub_source

    finished = sorted((context.folder / "records").glob(f"{name}-*.parquet"))
    total = count_rows(source, context.base_dir)
    done = len(finished) * context.use_case.scrub.chunk_size
    context.progress(min(done, total or done), total, unit="records", part=name)
    chunks = scrub_source(
        source,
        context.base_dir,
        context.use_case.scrub,
        rules,
        key,
        context.detector_models(),
        skip_chunks=len(finished) if only is None else 0,
        only_chunks=only,
        taken=taken,
        plant=planted.planter(context, key) if name == "data" else None,
        erased=erased_ids(context.home),
    )
    for chunk in chunks:
        file = f"{name}-{chunk.index:05d}"
        records = [_in_held_out(record) for record in chunk.records] if name == "held_out" else chunk.records
        seen = len(chunk.records) + len(chunk.dropped)
        rows = [{"source": name, "row": row.row, "reason": row.reason.value} for row in chunk.dropped]
        write_atomically(
            context.folder / "dropped" / f"{file}.json", json.dumps({"seen": seen, "rows": rows})
        )
        removed.write_chunk(context.folder, file, chunk)
        # Last: a chunk whose Parquet file is there is finished.
        write_records(context.folder / "records" / f"{file}.parquet", records, held_out=name == "held_out")
        done += seen
        context.progress(done, total, unit="records", part=name)


def _in_held_out(record: ScrubbedRecord) -> ScrubbedRecord:
    """Ids are unique within a file: the same row in both files is two records."""
    return replace(record, record_id=hashlib.sha256(f"held_out:{record.record_id}".encode()).hexdigest()[:16])


def _recall(context: Context, records: list[ScrubbedRecord], key: bytes) -> Facts:
    """What the hand-marked records say, or None everywhere."""
    if context.use_case.gold_spans is None:
        return dict.fromkeys(_MEASURED) | {"recall_by_type": []}
    from privacy.gold import score_source

    predicted = {
        (record.record_id, name): record.spans.get(name, ()) for record in records for name in record.fields
    }
    scores = score_source(
        context.use_case.data,
        context.base_dir,
        key,
        context.base_dir / context.use_case.gold_spans,
        predicted,
        context.use_case.scrub.kept_types(),
    )
    values = (
        scores.recall.value,
        scores.recall.low,
        scores.recall.high,
        scores.recall.n,
        scores.design_effect,
        [_type_facts(name, of_type) for name, of_type in scores.by_type.items()],
        asdict(scores.typed),
        asdict(scores.overlap),
        asdict(scores.characters),
        scores.precision.value,
        scores.char_precision,
        scores.leaking_documents,
        scores.documents,
        asdict(scores.leaks.rate),
        scores.leaks.upper,
        residual_risk(scores.leaks),
        records_to_review(scores, context.use_case.scrub.min_recall),
    )
    return dict(zip(_MEASURED, values, strict=True))


def _type_facts(name: str, scores: TypeScores) -> Facts:
    cover = scores.cover
    return {
        "entity_type": name,
        "n": cover.n,
        "recall": cover.value,
        "low": cover.low,
        "high": cover.high,
        "typed": asdict(scores.typed),
        "overlap": asdict(scores.overlap),
    }
