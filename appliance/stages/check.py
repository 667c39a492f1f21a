"""The gate before training: what is wrong with a teacher is told before anything is paid for. Loads no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from appliance.models import CATALOGUE
from appliance.stages.context import (
    Context,
    Facts,
    GateError,
    open_topk,
    read_answers,
    read_examples,
    read_records,
    split_of,
)
from appliance.stages.lessons import read_server
from distill import licences, memory_plan, teacher_check
from distill.completer import Server
from distill.licences import Licence
from distill.student import check_model_dir, load_tokenizer, prompt_ids, resolve_device
from distill.tasks.task import render
from distill.teacher_check import Chat
from distill.values import Completion

_LONGEST = 50
"""So many training examples, the longest by characters, are cut into tokens to learn how long one gets."""


def check(context: Context) -> tuple[Facts, list[str]]:
    """Goes on with what it found as facts, or stops with the first reason and its remedy."""
    use_case = context.use_case
    base = context.model(use_case.student.base)
    check_model_dir(base)
    teach_folder, _ = context.before("teach")
    completions = read_answers(teach_folder / "completions.jsonl")
    student = teacher_check.describe(base)
    facts: dict[str, Any] = {
        "student": {
            "end_token": student.end_token,
            "turn_end": student.turn_end,
            "tokens": len(student.vocabulary),
        },
        "teachers": _teachers(context, student, read_server(teach_folder)),
        "accuracy": accuracy(context, completions),
        "min_accuracy": use_case.teacher.min_accuracy,
        "likeliest": _likeliest(context, completions),
        "memory": _memory(context),
        "licence": asdict(_licence(context)),
    }
    facts["remarks"] = _remarks(facts, student)
    return facts, []


def _teachers(context: Context, student: Chat, server: Server | None) -> list[Facts]:
    """How each teacher and the student spell and end; refuses one that cannot be learnt from as the use case wants."""
    settings, found = context.use_case.teacher, []
    if settings.kind == "local":
        kept = settings.top_logprobs is not None
        found.append(_directory(context, student, settings.model, "teacher.top_logprobs" if kept else None))
    else:
        match = None if server is None else teacher_check.compare_served(student, server)
        if (
            match is not None
            and settings.top_logprobs is not None
            and server is not None
            and server.engine == "vllm"
        ):
            _refuse(teacher_check.refuse_tokenwise(match, student, None, "teacher.top_logprobs"))
        found.append({"model": settings.model, "end_token": None, "tokenwise": settings.top_logprobs is not None}
                     | (asdict(match) if match is not None else dict.fromkeys(_MATCH)))  # fmt: skip
    judge = context.use_case.onpolicy.teacher if context.use_case.onpolicy.steps else None
    if judge is not None and judge.url is not None:
        found.append({"model": judge.model, "end_token": None, "tokenwise": True, **dict.fromkeys(_MATCH)})
    elif judge is not None:
        # With a tokenizer of its own the use case says itself that the vocabularies differ.
        what = "onpolicy.method = 'distill'" if judge.tokenizer is None else None
        found.append(_directory(context, student, judge.model, what))
    return found


_MATCH = ("same_vocabulary", "same_end", "same_template")


def _directory(context: Context, student: Chat, model: str, tokenwise: str | None) -> Facts:
    path = context.model(model)
    check_model_dir(path)
    teacher = teacher_check.describe(path)
    match = teacher_check.compare(student, teacher)
    if tokenwise is not None:
        _refuse(teacher_check.refuse_tokenwise(match, student, teacher, tokenwise))
    return {
        "model": model,
        "end_token": teacher.end_token,
        "tokenwise": tokenwise is not None,
        **asdict(match),
    }


def _refuse(reason: str | None) -> None:
    if reason is not None:
        raise GateError(reason)


def accuracy(context: Context, completions: Mapping[str, Completion]) -> Facts | None:
    """The teacher against people; None where nobody says what is right."""
    field, floor = context.use_case.evaluate.reference_field, context.use_case.teacher.min_accuracy
    if field is None:
        return None
    records, _ = read_records(context.before("scrub")[0])
    score = teacher_check.teacher_score(context.task, records, completions, field)
    if floor is not None and score.high is not None and score.high < floor:
        raise GateError(
            f"the teacher's {score.metric} is {score.value:.1%} (95% interval up to {score.high:.1%}, n = {score.n:,}), below "
            f"teacher.min_accuracy = {floor:.1%}: nothing is learnt from it; choose a better teacher, mend "
            "task.instructions, or look at whether the references are right"
        )
    return asdict(score)


def _likeliest(context: Context, completions: Mapping[str, Completion]) -> Facts | None:
    """How many of the answers on file token by token read as the answer's text to the student."""
    folder, _ = context.before("teach")
    path = folder / "topk.parquet"
    if context.use_case.teacher.top_logprobs is None:
        return None
    tokenizer = load_tokenizer(context.model(context.use_case.student.base))
    store = open_topk(path, tokenizer)
    finished = sum(each.finish_reason == "stop" for each in completions.values())
    found = teacher_check.spelling(store, tokenizer, completions, finished)
    if found.is_wrong:
        raise GateError(
            f"of {found.n:,} answers only {found.same:,} read the same from the teacher's tokens as in its text: "
            "the student's vocabulary is another, or the server tells tokens that are not in the answer (a reasoning "
            "model); choose a student of the teacher's family, or leave teacher.top_logprobs out"
        )
    return {"k": store.k, "stored": store.num_stored, "usable": len(store), **asdict(found)}


def _memory(context: Context) -> Facts:
    """Whether the training fits; refuses what surely does not."""
    use_case = context.use_case
    base, sft, onpolicy = context.model(use_case.student.base), use_case.sft, use_case.onpolicy
    judge = onpolicy.teacher if onpolicy.steps else None
    teacher = context.model(judge.model) if judge is not None and judge.url is None else None
    device = resolve_device(use_case.student.device)
    tokens, answer_tokens = _longest(context)
    if tokens > sft.max_tokens:
        raise GateError(
            f"an example has {tokens:,} tokens, over sft.max_tokens = {sft.max_tokens:,}: raise it"
        )
    planned = memory_plan.plan(
        base,
        rank=sft.lora_rank if sft.method == "lora" else None,
        layers=use_case.student.layers,
        examples=min(sft.micro_batch or sft.batch_size, sft.batch_size),
        tokens=tokens,
        answer_tokens=answer_tokens,
        teacher=teacher,
        free=memory_plan.free_memory(device),
    )
    if planned.cannot_fit and planned.free is not None:
        raise GateError(
            f"training needs {sum(planned.sure.values()) / 2**30:.1f} GiB at least "
            f"({', '.join(planned.sure)}) and {planned.free / 2**30:.1f} GiB are free on the {device}: take a smaller student"
            f"{', sft.method = lora' if sft.method == 'full' else ''}{', or a smaller teacher' if teacher else ''}"
        )
    return {
        "device": device,
        "sure_bytes": planned.sure,
        "estimated_bytes": planned.estimated,
        "needed_bytes": planned.needed,
        "free_bytes": planned.free,
        "longest_example_tokens": tokens,
    }


def _longest(context: Context) -> tuple[int, int]:
    """Tokens of the longest training example, and of the longest answer, among those with the most characters."""
    tokenizer = load_tokenizer(context.model(context.use_case.student.base))
    task = context.use_case.task
    examples = [
        (render(task, example.fields, trained=True), example.answer or "")
        for example in split_of(read_examples(context.before("curate")[0]), "train")
    ]
    examples.sort(key=lambda each: sum(len(turn["content"]) for turn in each[0]) + len(each[1]), reverse=True)
    lengths = [
        (
            len(prompt_ids(tokenizer, messages)),
            len(tokenizer(answer, add_special_tokens=False)["input_ids"]) + 1,
        )
        for messages, answer in examples[:_LONGEST]
    ]
    return max(map(sum, lengths)), max(answer for _, answer in lengths)


def _licence(context: Context) -> Licence:
    """Of the teacher whose answers are learnt from."""
    settings = context.use_case.teacher
    packaged = next((each for each in CATALOGUE if each.name == settings.model), None)
    if settings.kind == "local" and packaged is None:
        return licences.of_directory(context.model(settings.model))
    return licences.of_name(settings.model, packaged.licence if packaged is not None else None)


def _remarks(facts: Mapping[str, Any], student: Chat) -> list[str]:
    """What does not stop the run and should be read."""
    said = []
    if facts["accuracy"] is None:
        said.append("How good the teacher is: no human reference was given.")
    if teacher_check.own_end_differs(student):
        said.append(
            f"The student's chat template ends a turn with {student.turn_end} and its tokenizer with {student.end_token}, "
            "as base models do: it learns to stop from the training examples alone."
        )
    memory = facts["memory"]
    if memory["free_bytes"] is not None and memory["needed_bytes"] > memory["free_bytes"]:
        said.append("Memory: the estimate is above what is free; lower sft.micro_batch if training runs out.")
    licence = facts["licence"]
    if licence["verdict"] == "forbidden":
        said.append(
            "The teacher's licence speaks against training on its answers: have it read before the student is used."
        )
    if licence["verdict"] == "unknown":
        said.append("What the teacher's licence says of training on its answers is not known: have it read.")
    return said
