"""From scrubbed records to examples: the teacher's answers, and what of them is learnt from: teach, curate."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from appliance.keeping.texts import key_of_texts
from appliance.stages.context import (
    Context,
    Facts,
    GateError,
    ask,
    read_answers,
    read_records,
    write_examples,
    write_rows,
)
from distill.checkpoints import write_atomically
from distill.completer import Completer, Endpoint, Recorded, Server, ask_server
from distill.curate import curate as curate_records
from distill.curate import overlap
from distill.tasks.task import render
from distill.topk import Journal, write_topk
from distill.values import RejectReason, Request
from privacy.records import ScrubbedRecord


def completer(context: Context, records: list[ScrubbedRecord]) -> Completer:
    """The teacher that the use case names."""
    teacher, task = context.use_case.teacher, context.use_case.task
    if teacher.kind == "recorded":
        assert teacher.answer_field is not None
        return Recorded(
            teacher.model, {record.record_id: record.fields[teacher.answer_field] for record in records}
        )
    if teacher.kind == "endpoint":
        assert teacher.url is not None
        key = None
        if teacher.api_key_env is not None:
            key = os.environ.get(teacher.api_key_env)
            if key is None:
                raise GateError(
                    f"teacher.api_key_env names {teacher.api_key_env}, which is not set in the environment"
                )
        return Endpoint(
            teacher.url,
            teacher.model,
            key,
            task.max_answer_tokens,
            teacher.concurrency,
            teacher.max_attempts,
            top_logprobs=teacher.top_logprobs,
        )
    from distill.student import InProcess, check_model_dir

    path = context.model(teacher.model)
    check_model_dir(path)
    return InProcess(
        path, context.use_case.student.device, task.max_answer_tokens, top_logprobs=teacher.top_logprobs
    )


def teach(context: Context) -> tuple[Facts, list[str]]:
    """The teacher's answer to every record; where they are asked for, what it held likeliest at each token."""
    folder, _ = context.before("scrub")
    records, _held_out = read_records(folder)
    requests = [Request(record.record_id, render(context.use_case.task, record.fields)) for record in records]

    def progress(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="answers")

    teacher, outputs = completer(context, records), ["completions.jsonl"]
    if isinstance(teacher, Endpoint):
        server = ask_server(teacher)
        write_atomically(context.folder / "server.json", json.dumps(asdict(server), indent=1))
        outputs.append("server.json")
        teacher = replace(teacher, token_ids=server.engine == "vllm")
    k, key = context.use_case.teacher.top_logprobs, key_of_texts(context.folder)
    journal = None if k is None else Journal(context.folder / "topk.journal", key)
    path = context.folder / "completions.jsonl"
    answers = ask(teacher, requests, path, progress, journal)
    errors = Counter(completion.error for completion in answers.values() if completion.text is None)
    unasked = sum(count for error, count in errors.items() if error != "not recorded")
    if unasked > 0.05 * len(records):
        raise GateError(
            f"the teacher failed on {unasked} of {len(records)} records ({dict(errors)}): mend the endpoint and run "
            f"again; the answers that came are kept{_without_logprobs(k)}"
        )
    likeliest = None
    if journal is not None and k is not None:
        journal.close()
        num_tokens = write_topk(journal, context.folder / "topk.parquet", k, key)
        outputs.append("topk.parquet")
        likeliest = {
            "k": k,
            "answers": len(journal),
            "tokens": num_tokens,
            "bytes": (context.folder / "topk.parquet").stat().st_size,
        }
    facts = {
        "model": context.use_case.teacher.model,
        "kind": context.use_case.teacher.kind,
        "asked": len(records),
        "answered": len(records) - sum(errors.values()),
        "errors": dict(errors),
        "likeliest": likeliest,
    }
    return facts, outputs


def read_server(folder: Path) -> Server | None:
    """What the teacher's server told of itself, from the teach stage's folder; None where none was asked."""
    path = folder / "server.json"
    return Server(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _without_logprobs(k: int | None) -> str:
    return (
        "" if k is None else f"; where it gives no {k} log-probabilities a token, change teacher.top_logprobs"
    )


def curate(context: Context) -> tuple[Facts, list[str]]:
    """Splits, filters, and makes sure that no test input is learnt from."""
    records, held_out = read_records(context.before("scrub")[0])
    if context.use_case.held_out is not None and not held_out:
        raise GateError(
            "no held-out record is left after scrubbing: look at scrub/dropped and at held_out.fields"
        )
    completions = read_answers(context.before("teach")[0] / "completions.jsonl")
    chosen = curate_records(
        context.task,
        records,
        completions,
        context.use_case.split,
        context.use_case.evaluate.reference_field,
        held_out,
    )
    shared = overlap(context.task, chosen.examples)
    if shared:
        raise GateError(f"{shared} test records are also in the training data: the scores would be void")
    sizes = {name: len(chosen.split(name)) for name in ("train", "val", "test")}
    for name in ("train", "test"):
        if sizes[name] == 0:
            raise GateError(_nothing_left(name, chosen.rejected))
    write_examples(context.folder / "examples.parquet", chosen.examples)
    write_rows(
        context.folder / "rejected.parquet",
        [{"record_id": key, "reason": reason.value} for key, reason in sorted(chosen.reasons.items())],
        ("record_id", "reason"),
    )
    facts = {
        **sizes,
        "overlap": shared,
        "accepted": len(chosen.examples),
        "rejected_by_reason": {reason.value: count for reason, count in chosen.rejected.items()},
        "near_duplicate_jaccard": context.use_case.split.near_duplicate_jaccard,
    }
    return facts, ["examples.parquet", "rejected.parquet"]


def _nothing_left(split: str, rejected: Mapping[RejectReason, int]) -> str:
    counts = {reason.value: count for reason, count in rejected.items()}
    said = f"no {split} record is left ({counts}): bring more records, or make split.test smaller"
    if RejectReason.NEAR_HELD_OUT in rejected:
        said += "; or raise split.near_duplicate_jaccard, where records are alike by their form alone"
    return said
