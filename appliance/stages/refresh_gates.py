"""What stands between a promoted refresh and its release: the attack, and the served student beside the evaluated one."""

from __future__ import annotations

from dataclasses import asdict

from appliance import manifest
from appliance.serve import served
from appliance.stages import ancestors
from appliance.stages.attack import attack as attack_students
from appliance.stages.context import Context, Facts, read_examples, split_of
from appliance.stages.parity import NUM_PROMPTS, check_parity
from distill.evaluate import requests_for
from distill.parity import own_answers


def attack(context: Context) -> tuple[Facts, list[str]]:
    """As in a full run, and on what all runs before planted, taught and removed."""
    facts, outputs = attack_students(context)
    return {**facts, "student": _student(context)}, outputs


def parity(context: Context) -> tuple[Facts, list[str]]:
    """Some of the new test records, then of the old ones, answered in this process and by vLLM; stops where they differ."""
    use_case, model = context.use_case, context.before("sft")[0] / "model"
    tests = [*split_of(read_examples(context.before("curate")[0]), "test"), *ancestors.tested(context)]
    chats = [each.messages for each in requests_for(context.task, "sft", tests[:NUM_PROMPTS], {})]
    context.progress(0, None, unit="requests", part="the student in this process")
    own = own_answers(model, use_case.student.device, use_case.task.max_answer_tokens, chats)
    context.progress(0, None, unit="requests", part="starting vLLM")
    log, cache = context.folder / "vllm.log", context.home.cache / "vllm"
    with served(model, "model", use_case.bench.serve, log, cache) as server:
        found = check_parity(
            server, chats, own, use_case.task.max_answer_tokens, use_case.bench.parity_max_gap
        )
    facts = {"parity": asdict(found), "engine": server.engine, "device": server.device}
    return {**facts, "student": _student(context)}, []


def _student(context: Context) -> str:
    """Its sha256: a gate counts for this student alone."""
    return manifest.model_digest(context.before("sft")[1])
