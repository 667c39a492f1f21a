"""What serving costs in time: the models on vLLM, on this machine, under the task's own prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.cost.rates import mean_tokens
from appliance.loadtest import Serving, closed_loop, summarise
from appliance.serve import Server, served
from appliance.stages.context import Context, Facts, read_examples, split_of
from appliance.stages.parity import NUM_PROMPTS, check_parity
from distill.evaluate import requests_for, untrained_arms, worked_examples
from distill.parity import own_answers
from distill.student import context_room, load_tokenizer, prompt_ids
from distill.teach import read_completions
from distill.values import Example, Messages

REQUESTS_PER_CLIENT = 12
"""At most: one client alone would need minutes for what many do in seconds, and its median settles early."""


def bench(context: Context) -> tuple[Facts, list[str]]:
    """Load-tests the untrained student, the chosen one, and a teacher that is a local model.

    Before that the chosen one must prove to be the evaluated one: a score counts only for what is served.
    """
    use_case = context.use_case
    examples = read_examples(context.before("curate")[0])
    tests = split_of(examples, "test")
    base, max_tokens = context.model(use_case.student.base), use_case.task.max_answer_tokens
    worked = worked_examples(context.task, examples, tests, use_case.evaluate, context_room(base, max_tokens))
    untrained = untrained_arms(use_case.evaluate)
    evaluated, chosen = context.before("evaluate")[0], context.before("evaluate")[1].facts["chosen"]
    prompts = {
        arm: [request.messages for request in requests_for(context.task, arm, tests, worked)]
        for arm in (*untrained, chosen, "teacher")
    }
    released = prompts[chosen][:NUM_PROMPTS]
    context.progress(0, None, unit="requests", part=f"{chosen} in this process")
    own = own_answers(context.before(chosen)[0] / "model", use_case.student.device, max_tokens, released)
    parity: Facts = {}
    plan: list[tuple[Path, tuple[str, ...]]] = [
        (context.before(chosen)[0] / "model", (chosen,)),
        (base, untrained),
    ]
    if use_case.teacher.kind == "local":
        plan.append((context.model(use_case.teacher.model), ("teacher",)))
    rows: list[Serving] = []
    texts: dict[str, dict[int, str]] = {}
    starts: dict[str, float] = {}
    for model, arms in plan:
        log = context.folder / f"vllm-{arms[0]}.log"
        context.progress(0, None, unit="requests", part=f"starting vLLM for {arms[0]}")
        with served(model, "model", use_case.bench.serve, log, context.home.cache / "vllm") as server:
            starts[arms[0]] = server.start_s
            if chosen in arms:
                parity = asdict(
                    check_parity(server, released, own, max_tokens, use_case.bench.parity_max_gap)
                )
            for arm in arms:
                levels, texts[arm] = _sweep(context, server, arm, prompts[arm])
                rows += levels
    facts = {
        "serving": [asdict(row) for row in rows],
        "chosen": chosen,
        "agreement": _agreement(tests, texts[chosen], evaluated / "answers" / f"{chosen}-test.jsonl"),
        "parity": parity,
        "start_s": starts,
        "eager": use_case.bench.serve.enforce_eager,
        "prefix_caching": use_case.bench.serve.prefix_caching,
        "teacher_tokens": _teacher_tokens(context, base, tests, prompts["teacher"]),
    }
    return facts, []


def _sweep(
    context: Context, server: Server, arm: str, prompts: Sequence[Messages]
) -> tuple[list[Serving], dict[int, str]]:
    settings = context.use_case.bench.load
    rows: list[Serving] = []
    texts: dict[int, str] = {}
    for concurrency in settings.concurrency:

        def progress(done: int, total: int, part: str = f"{arm}, {concurrency} at a time") -> None:
            context.progress(done, total, unit="requests", part=part)

        level = closed_loop(
            server.base_url,
            server.model,
            prompts,
            concurrency=concurrency,
            num_requests=min(settings.requests_per_level, REQUESTS_PER_CLIENT * concurrency),
            max_tokens=min(settings.max_tokens, context.use_case.task.max_answer_tokens),
            warmup=settings.warmup_requests,
            timeout_s=settings.request_timeout_s,
            # Another salt a level: a prompt met at the last level must not be cheaper at this one. What the prompts
            # of a level share, the instructions, stays cached, as it would be in production.
            cache_salt=f"{arm}-{concurrency}",
            progress=progress,
        )
        rows.append(summarise(level, arm=arm, engine=server.engine, device=server.device))
        texts |= {index: text for index, text in level.answers.items() if index not in texts}
    return rows, texts


def _agreement(tests: Sequence[Example], served_texts: dict[int, str], evaluated: Path) -> Facts:
    """How many served answers are the ones that were evaluated, letter by letter: a score counts only for those."""
    answers = read_completions(evaluated)
    same = sum(
        (answer := answers.get(tests[index].record_id)) is not None
        and (answer.text or "").strip() == text.strip()
        for index, text in served_texts.items()
    )
    return {"n": len(served_texts), "same": same}


def _teacher_tokens(
    context: Context, base: Path, tests: Sequence[Example], prompts: Sequence[Messages]
) -> Facts | None:
    """Mean tokens of the teacher's requests: its own count where it gave one, else by the student's tokenizer."""
    answers = read_completions(context.before("teach")[0] / "completions.jsonl")
    asked = [
        (answers[example.record_id], prompt)
        for example, prompt in zip(tests, prompts, strict=True)
        if example.record_id in answers
    ]
    if not asked:
        return None
    own = [(answer.prompt_tokens, answer.completion_tokens) for answer, _ in asked]
    if all(prompt is not None and output is not None for prompt, output in own):
        counts, counted_by = own, "counted by the teacher's server"
    else:
        tokenizer = load_tokenizer(base)
        counts = [
            (
                len(prompt_ids(tokenizer, prompt)),
                len(tokenizer(answer.text or "", add_special_tokens=False)["input_ids"]) + 1,
            )
            for answer, prompt in asked
        ]
        counted_by = "counted with the student's tokenizer"
    return asdict(mean_tokens([(prompt or 0, output or 0) for prompt, output in counts], counted_by))
