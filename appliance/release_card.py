"""The card of a released student and its licence notes: from the report's facts, its limits first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from appliance.config import UseCase
from appliance.report import words
from appliance.report.attack import RESULTS
from appliance.report.study import Study, shown
from distill.licences import Licence


def card(use_case: UseCase, chosen: str, facts: Mapping[str, Any], base: Licence, gguf: str | None) -> str:
    """README.md with the metadata that model hubs read; it names no record and quotes none."""
    study = Study(facts)
    lines = [
        "---",
        f"license: {json.dumps((base.name or 'unknown').casefold())}",
        f"base_model: {json.dumps(use_case.student.base)}",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags: [stillhouse, distillation]",
        "---",
        "",
        f"# {use_case.title}",
        "",
        *_warnings(study, chosen),
        f"A small model for one task, distilled from `{use_case.teacher.model}` into `{use_case.student.base}` by Stillhouse, "
        f"run `{facts['run_id']}`, {words.day(facts['created_at'])}. The student is the one called “{words.arm_name(chosen)}” "
        "in `report/`.",
        "",
        "## Serving",
        "",
        "```",
        f"vllm serve . --served-model-name {use_case.name}",
        "```",
        "",
        f"Ask with the chat in `prompt.json`, its `{{…}}` replaced by the record's fields, scrubbed as the training records were. "
        f"By default the server then answers greedily, with {use_case.task.max_answer_tokens} tokens at most, as it was evaluated.",
        "",
        *_behind(study),
        "## Measured",
        "",
        *_measured(study, chosen),
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in _limits(study, chosen)),
        "",
        "## What is here",
        "",
        "The merged weights (safetensors), tokenizer and chat template; `report/`; `LICENCES.md`; `stillhouse-release.json` with "
        "hashes; `SHA256SUMS`, for `sha256sum -c SHA256SUMS`. "
        + (
            f"`{gguf}`: the same weights by llama.cpp's converter; what it answers there was not measured."
            if gguf
            else "No GGUF file: llama.cpp's converter is not installed here."
        ),
        "",
    ]
    return "\n".join(lines)


def _warnings(study: Study, chosen: str) -> Iterator[str]:
    """What a reader must not overlook."""
    verdict = study.part("verdict")
    if verdict["kind"] != "distil":
        name = words.VERDICTS.get(verdict["kind"], verdict["kind"])
        yield from (f"> **Released despite its verdict: {name}.** {verdict['headline']}", "")
    student = (study.part("attack").get("students") or {}).get(chosen) or {}
    if student.get("result") == "leaks":
        yield from (
            "> **It gives away some of what it learnt from**, and whoever can ask it can find that out.",
            "",
        )


def cascade_threshold(facts: Mapping[str, Any]) -> float | None:
    """The log-probability of an answer under which the teacher is asked; None where the run found none that holds."""
    threshold: float | None = (facts.get("cascade") or {}).get("logprob_threshold")
    # A confidence that falls as the student is surer cannot be told to a server as one lower bound.
    return threshold if (facts.get("calibration") or {}).get("slope", 0) > 0 else None


def _behind(study: Study) -> Iterator[str]:
    """How the teacher is asked where the student is unsure, and what that gave."""
    if cascade_threshold(study.facts) is None:
        return
    test = study.part("cascade")["test"]
    passed_on = words.percent_interval(test["share"], test["share_low"], test["share_high"])
    quality = words.percent_interval(test["value"], test["low"], test["high"])
    yield from (
        "## With the teacher behind it",
        "",
        f"Where the student was unsure the teacher was asked: for {passed_on} of {words.number(test['n'])} test records; "
        f"{words.metric_name(study.metric)} was then {quality}. `cascade.json` holds both prompts and the threshold, and "
        "`cascade.py` asks so (Python's standard library only):",
        "",
        "```",
        "python3 cascade.py --student URL --teacher URL < records.jsonl > answers.jsonl",
        "```",
        "",
    )


def _measured(study: Study, chosen: str) -> Iterator[str]:
    arms = [arm for arm in study.arms if arm in (chosen, words.TEACHER, "untuned")]
    yield f"| On {words.number(study.score(chosen, study.metric).get('n'))} test records | {' | '.join(map(words.arm_name, arms))} |"
    yield "|---|" + "--:|" * len(arms)
    for metric in study.metrics:
        values = " | ".join(shown(study.score(arm, metric)) for arm in arms)
        yield f"| {words.metric_name(metric)} | {values} |"
    yield ""
    yield "Brackets: 95% intervals. " + (
        "Right means: as the teacher answered; nobody else's answers were there to compare with."
        if study.by_teacher
        else "Right means: as people answered."
    )


def _limits(study: Study, chosen: str) -> Iterator[str]:
    """What an honest seller says of it before being asked."""
    yield "For this task alone, on records like those it learnt from; for anything else it was not measured, or found worse."
    general = study.part("general")
    if general:
        yield (
            f"Instructions outside the task: {shown(general['before'])} followed before training, {shown(general['after'])} after."
        )
    student = (study.part("attack").get("students") or {}).get(chosen)
    if student is None:
        yield "No attack was made on it: whether it gives away what it learnt is not known."
    else:
        yield f"Attack on it: {RESULTS.get(student['result'], student['result'])}. See the report's section on the attack."
    scrub = study.part("scrub")
    yield f"Recall of private data in scrubbing: {words.percent_interval(scrub.get('recall'), scrub.get('recall_low'), scrub.get('recall_high'))}."
    privacy = study.part("differential_privacy")
    yield (
        f"Differential privacy: epsilon {words.significant(privacy.get('epsilon'))}."
        if privacy
        else "No differential privacy: nothing bounds what one person's records can change in it."
    )
    parity = study.part("parity")
    yield (
        f"Served by vLLM it is the evaluated model up to rounding: {words.number(parity.get('gap'), 4)} nats a token on average."
    )
    yield from (f"Not known: {item}" for item in study.facts.get("missing") or ())


def licence_notes(use_case: UseCase, base: Licence, facts: Mapping[str, Any]) -> str:
    """Whose terms the student stands under; no legal advice."""
    teacher = (facts.get("check") or {}).get("licence") or {}
    return "\n".join(
        [
            "# Licences",
            "",
            "A pointer to what someone should read, no legal advice.",
            "",
            f"**Base model** `{use_case.student.base}`: {words.text(base.name)} (read in: {base.source}). The student is derived "
            "from its weights, so its licence goes with them; its files, where it has any, are in `licences/`.",
            "",
            f"**Teacher** `{use_case.teacher.model}`: {words.text(teacher.get('name'))}. Learning from its answers: "
            f"{words.text(teacher.get('verdict'))}. {teacher.get('clause') or ''} (read in: {words.text(teacher.get('source'))})",
            "",
            "**Training records**: the site's own, scrubbed; none of them is in this folder.",
            "",
        ]
    )
