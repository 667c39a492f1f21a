"""Who samples and who judges in on-policy training: models of this process, or on vLLM servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.serve import ServeSettings, served
from appliance.stages.context import Context, GateError, read_examples, split_of
from distill.crosstokenizer import CrossTokenizerTeacher
from distill.instructed_teacher import InstructedTeacher
from distill.onpolicy_settings import OnPolicyTeacherSettings
from distill.rollouts import Sampler
from distill.served_model import ServedModel
from distill.served_rollouts import ServedSampler
from distill.served_teacher import ServedTeacher, check_same_vocabulary, check_served_vocabulary
from distill.student import check_model_dir, load_tokenizer, prompt_ids
from distill.tasks.task import render
from distill.token_teacher import InProcessTeacher, TokenTeacher

_GPU_SHARE = 0.4
"""Of an accelerator's memory: training needs the rest."""


@contextmanager
def open_sampler(context: Context, base: Path, adapter: Path) -> Iterator[Sampler | None]:
    """A sampler on a vLLM server of `base` that follows the adapter; None where this process samples itself."""
    if context.use_case.onpolicy.rollouts == "in-process":
        yield None
        return
    rank = int(json.loads((adapter / "adapter_config.json").read_bytes())["r"])
    tokenizer, task = load_tokenizer(base), context.use_case.task
    longest = max(
        len(prompt_ids(tokenizer, render(task, example.fields, trained=True)))
        for example in read_examples(context.before("curate")[0])
    )
    settings = ServeSettings(
        max_model_len=longest + task.max_answer_tokens + 1, gpu_memory_utilization=_GPU_SHARE
    )
    cache, log = context.home.cache / "vllm", context.folder / "vllm.log"
    context.progress(0, None, unit="steps", part="starting vLLM for rollouts")
    with served(base, "base", settings, log, cache, hot_adapters=rank) as server:
        model = ServedModel(f"{server.base_url}/v1", server.model, server.api_key)
        yield ServedSampler(model, tokenizer.eos_token_id, context.folder / "served-adapters")


def token_teacher(context: Context, base: Path) -> TokenTeacher | None:
    """The teacher of `[onpolicy.teacher]`, asked with its own instructions, in its own tokens where they are others."""
    settings = context.use_case.onpolicy.teacher
    if settings is None:
        return None
    student = load_tokenizer(base)
    spoken = student if settings.tokenizer is None else load_tokenizer(context.model(settings.tokenizer))
    inner = _teacher(context, settings, spoken)
    task = context.use_case.task
    chats = {
        tuple(prompt_ids(student, render(task, example.fields, trained=True))): render(task, example.fields)
        for example in split_of(read_examples(context.before("curate")[0]), "train")
    }
    if settings.tokenizer is not None:
        return CrossTokenizerTeacher(inner, student, spoken, chats)
    return InstructedTeacher(inner, {ids: prompt_ids(student, chat) for ids, chat in chats.items()})


def _teacher(context: Context, settings: OnPolicyTeacherSettings, spoken: Any) -> TokenTeacher:
    """A teacher whose vocabulary is that of the tokenizer `spoken`; raises ValueError where it is another."""
    if settings.url is None:
        path = context.model(settings.model)
        check_model_dir(path)
        check_same_vocabulary(spoken, load_tokenizer(path))
        return InProcessTeacher(path, context.use_case.student.device)
    key = None
    if settings.api_key_env is not None:
        key = os.environ.get(settings.api_key_env)
        if not key:
            raise GateError(
                f"onpolicy.teacher.api_key_env names {settings.api_key_env}, which is not set in the environment"
            )
    server = ServedModel(settings.url, settings.model, key)
    check_served_vocabulary(spoken, server)
    return ServedTeacher(server)
