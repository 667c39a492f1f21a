"""What serving costs in time: the models on vLLM, on this machine, under the task's own prompts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.cost.rates import mean_tokens
from appliance.energy import EnergyMeter, accelerator_counter
from appliance.loadtest import Answer, Serving, SloSettings, best_at
from appliance.serve import ServeError, Server, device, served
from appliance.stages.context import Context, Facts, read_answers, read_examples, split_of
from appliance.stages.measured import measured
from appliance.stages.parity import NUM_PROMPTS, check_parity
from appliance.stages.sweep import Arm, Sweep
from distill.evaluate import requests_for, score_arm, untrained_arms, worked_examples
from distill.parity import own_answers
from distill.quantise import METHOD, quantise
from distill.student import context_room, load_tokenizer, prompt_ids
from distill.values import Completion, Example, Request
from privacy.intervals import wilson

CASCADE = (
    "not loaded as one: each request is one of the student's, and where that asks the teacher one of the teacher's "
    "after it"
)
_NAME = "model"
"""What each server's own model is called; an adapter has its arm's name."""


def bench(context: Context) -> tuple[Facts, list[str]]:
    """Load-tests the untrained student, the chosen one in each form, and a teacher that is a local model.

    Before that the chosen one must prove to be the evaluated one: a score counts only for what is served.
    """
    use_case, settings = context.use_case, context.use_case.bench
    tests = split_of(read_examples(context.before("curate")[0]), "test")
    evaluated, chosen = context.before("evaluate")[0], context.before("evaluate")[1].facts["chosen"]
    base, merged = context.model(use_case.student.base), context.before(chosen)[0] / "model"
    requests = _requests(context, base, tests, chosen)
    loaded = _Loaded(context)
    not_served = {"cascade": CASCADE}

    max_tokens, released = (
        use_case.task.max_answer_tokens,
        [each.messages for each in requests[chosen][:NUM_PROMPTS]],
    )
    context.progress(0, None, unit="requests", part=f"{chosen} in this process")
    own = own_answers(merged, use_case.student.device, max_tokens, released)
    parity: Facts = {}

    def gate(server: Server) -> None:
        nonlocal parity
        parity = asdict(check_parity(server, released, own, max_tokens, settings.parity_max_gap))

    loaded.load(merged, [Arm(chosen, _NAME, requests[chosen])], gate=gate)
    loaded.load(base, [Arm(arm, _NAME, requests[arm]) for arm in untrained_arms(use_case.evaluate)])
    adapter = _adapter(context, chosen)
    if isinstance(adapter, Path):
        # On a server of its own: vLLM's CPU kernels do the adapter's arithmetic for requests without one as well, and
        # the untrained arms would be charged for it.
        loaded.load(base, [Arm("adapter", "adapter", requests[chosen])], {"adapter": adapter})
    else:
        not_served["adapter"] = adapter
    quantised = _load_quantised(loaded, merged, Arm("quantised", _NAME, requests[chosen]))
    if isinstance(quantised, str):
        not_served["quantised"] = quantised
    if use_case.teacher.kind == "local":
        loaded.load(context.model(use_case.teacher.model), [Arm("teacher", _NAME, requests["teacher"])])
    else:
        not_served["teacher"] = "it does not run on this machine"
    facts = {
        "serving": [asdict(row) for row in loaded.rows],
        "objective": asdict(settings.slo),
        "slo": at_objective(loaded.rows, settings.slo),
        "energy": {"sources": list(loaded.energy.sources), "note": loaded.energy.note},
        "not_served": not_served,
        "chosen": chosen,
        "agreement": _agreement(
            tests, loaded.answers[chosen], evaluated / "answers" / f"{chosen}-test.jsonl"
        ),
        "quantised": None
        if isinstance(quantised, str)
        else {
            **quantised,
            **_compared(context, tests, loaded.answers[chosen], loaded.answers["quantised"]),
        },
        "parity": parity,
        "start_s": loaded.start_s,
        "eager": settings.serve.enforce_eager,
        "prefix_caching": settings.serve.prefix_caching,
        "teacher_tokens": _teacher_tokens(context, base, tests, requests["teacher"]),
    }
    return facts, []


def _requests(
    context: Context, base: Path, tests: Sequence[Example], chosen: str
) -> dict[str, list[Request]]:
    """By arm, what evaluation asked about the test records."""
    settings = context.use_case.evaluate
    examples = read_examples(context.before("curate")[0])
    room = context_room(base, context.use_case.task.max_answer_tokens)
    worked = worked_examples(context.task, examples, tests, settings, room)
    return {
        arm: requests_for(context.task, arm, tests, worked)
        for arm in (*untrained_arms(settings), chosen, "teacher")
    }


class _Loaded:
    """The servers of a bench, one after the other, and what their load tests found."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.energy = EnergyMeter(gpu=None if device().startswith("CPU") else accelerator_counter())
        self.rows: list[Serving] = []
        self.answers: dict[str, dict[int, Answer]] = {}
        self.start_s: dict[str, float] = {}

    def load(
        self,
        model: Path,
        arms: Sequence[Arm],
        adapters: Mapping[str, Path] | None = None,
        gate: Callable[[Server], None] | None = None,
    ) -> None:
        """Serves a model and loads each arm in turn, once `gate` has let the server pass."""
        context, settings = self.context, self.context.use_case.bench
        first = arms[0].name
        context.progress(0, None, unit="requests", part=f"starting vLLM for {first}")
        log, cache = context.folder / f"vllm-{first}.log", context.home.cache / "vllm"
        inputs = (context.folder / "fingerprint").read_text(encoding="utf-8")
        with (
            measured(context.folder / "levels.jsonl", inputs) as known,
            served(model, _NAME, settings.serve, log, cache, adapters) as server,
        ):
            self.start_s[first] = server.start_s
            if gate is not None:
                gate(server)
            longest = min(settings.load.max_tokens, context.use_case.task.max_answer_tokens)
            sweep = Sweep(server, settings, longest, self.energy, context.progress, known)
            for arm in arms:
                rows, self.answers[arm.name] = sweep.run(arm)
                self.rows += rows


def _adapter(context: Context, chosen: str) -> Path | str:
    """The chosen student's adapter on the base as it came, or why it is not served as one."""
    use_case = context.use_case
    if "adapter" not in use_case.bench.forms:
        return "left out (bench.forms)"
    if use_case.sft.method != "lora":
        return "the student was trained whole and not as an adapter on its base"
    if use_case.student.layers is not None:
        return "its base is the pruned student, which is not served by itself"
    return context.before(chosen)[0] / "adapter"


def _load_quantised(loaded: _Loaded, merged: Path, arm: Arm) -> Facts | str:
    """Loads the student in 8 bits and says how large it is, or why it could not be served."""
    context = loaded.context
    if "quantised" not in context.use_case.bench.forms:
        return "left out (bench.forms)"
    folder = context.folder / "quantised"
    try:
        quantise(merged, folder)
        loaded.load(folder, [arm])
        return {"method": METHOD, "weights_bytes": _bytes(folder), "merged_bytes": _bytes(merged)}
    except ValueError as error:
        return str(error)
    except ServeError:
        return f"this engine does not serve {METHOD} on this device: {context.folder.name}/vllm-quantised.log says why"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bytes(model: Path) -> int:
    return sum(file.stat().st_size for file in model.glob("*.safetensors"))


def _compared(
    context: Context, tests: Sequence[Example], merged: Mapping[int, Answer], rounded: Mapping[int, Answer]
) -> Facts:
    """What rounding changed: answers that are the same to the letter, and both scored on the records both were asked."""
    both = sorted(merged.keys() & rounded.keys())
    if not both:
        return {"n": 0, "same": None, "low": None, "high": None, "scores": []}
    same = sum(merged[index].text.strip() == rounded[index].text.strip() for index in both)
    low, high = wilson(same, len(both))
    scores = []
    for arm, answers in (("merged", merged), ("quantised", rounded)):
        asked = [tests[index] for index in both]
        given = {
            tests[index].record_id: Completion(
                tests[index].record_id, answers[index].text, answers[index].finish_reason, arm
            )
            for index in both
        }
        scores += [asdict(score) for score in score_arm(context.task, arm, asked, given)[1]]
    return {"n": len(both), "same": same, "low": low, "high": high, "scores": scores}


def at_objective(rows: Sequence[Serving], objective: SloSettings) -> Facts:
    """By arm, its best level that keeps the objective; nothing where none was set."""
    if not objective.asked:
        return {}
    found: dict[str, Facts] = {}
    for arm in dict.fromkeys(row.arm for row in rows):
        best = best_at([row for row in rows if row.arm == arm], objective)
        names = (
            "loop",
            "concurrency",
            "offered_per_s",
            "requests_per_s",
            "requests_per_s_low",
            "requests_per_s_high",
            "output_tokens_per_s",
            "goodput_per_s",
            "good_share",
        )
        found[arm] = {"meets": best is not None} | {
            name: None if best is None else getattr(best, name) for name in names
        }
    return found


def _agreement(tests: Sequence[Example], answers: Mapping[int, Answer], evaluated: Path) -> Facts:
    """How many served answers are the ones that were evaluated, letter by letter: a score counts only for those."""
    wanted = read_answers(evaluated)
    same = sum(
        (answer := wanted.get(tests[index].record_id)) is not None
        and (answer.text or "").strip() == given.text.strip()
        for index, given in answers.items()
    )
    return {"n": len(answers), "same": same}


def _teacher_tokens(
    context: Context, base: Path, tests: Sequence[Example], requests: Sequence[Request]
) -> Facts | None:
    """Mean tokens of the teacher's requests: its own count where it gave one, else by the student's tokenizer."""
    answers = read_answers(context.before("teach")[0] / "completions.jsonl")
    asked = [
        (answers[example.record_id], request.messages)
        for example, request in zip(tests, requests, strict=True)
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
