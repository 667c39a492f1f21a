"""The card of a released student and its licence notes: from the report's facts, its limits first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from appliance.config import UseCase
from appliance.release_checks import Refreshed, Student
from appliance.report import words
from appliance.report.attack import RESULTS
from appliance.report.refreshed import NOT_MEASURED_AGAIN
from appliance.report.study import Study, shown
from distill.licences import Licence


def card(student: Student, facts: Mapping[str, Any], base: Licence, gguf: str | None) -> str:
    """README.md with the metadata that model hubs read; it names no record and quotes none."""
    use_case, chosen, study = student.run.use_case, student.stage, Study(facts)
    if student.refreshed is None:
        origin, measured = _of_run(use_case, chosen, facts), _measured(study, chosen)
        behind, limits = _behind(study), _limits(study, chosen, student)
    else:
        origin, measured = _of_refresh(use_case, student.refreshed, facts), _compared(student.refreshed)
        behind, limits = iter(()), _limits_of_refresh(study, student)
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
        *_warnings(study, student),
        *origin,
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
        *behind,
        "## Measured",
        "",
        *measured,
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in limits),
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


def _of_run(use_case: UseCase, chosen: str, facts: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"A small model for one task, distilled from `{use_case.teacher.model}` into `{use_case.student.base}` by Stillhouse, "
        f"run `{facts['run_id']}`, {words.day(facts['created_at'])}. The student is the one called “{words.arm_name(chosen)}” "
        "in `report/`."
    )


def _of_refresh(use_case: UseCase, refreshed: Refreshed, facts: Mapping[str, Any]) -> Iterator[str]:
    """What it was refreshed from, with how many new records, and the way back to the full run."""
    *_, before, last = refreshed.lineage
    records = refreshed.found["records"]
    yield (
        f"A small model for one task, distilled from `{use_case.teacher.model}` into `{use_case.student.base}` by Stillhouse, run "
        f"`{facts['run_id']}`, and refreshed since. This student is that of run `{before['run_id']}`, which went on learning in run "
        f"`{last['run_id']}`, {words.day(last['trained'])}: from {words.count(records['new'], 'new record', 'new records')}, "
        f"and from {words.number(records['replayed'])} old ones again. `report/` tells of the refresh, `report/full-run/` of the full run."
    )
    yield from ("", "| Run | Trained | Records new to it | Student |", "|---|---|--:|---|")
    for one in refreshed.lineage:
        yield (
            f"| `{one['run_id']}` | {words.day(one['trained'])} | {words.number(one['new_records'])} | `{one['student'][:16]}` |"
        )


def _warnings(study: Study, student: Student) -> Iterator[str]:
    """What a reader must not overlook."""
    verdict = study.part("verdict")
    if verdict["kind"] != "distil":
        name = words.VERDICTS.get(verdict["kind"], verdict["kind"])
        yield from (f"> **Released despite its verdict: {name}.** {verdict['headline']}", "")
    if (student.attack or {}).get("result") == "leaks":
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


def _compared(refreshed: Refreshed) -> Iterator[str]:
    """Beside the student it went on from."""
    found = refreshed.found
    yield f"| {words.metric_name(found['primary_metric'])} | n | Before | Now | Difference, points |"
    yield "|---|--:|--:|--:|--:|"
    for one in found["sets"]:
        difference = one["difference"]
        yield (
            f"| {one['name']} | {words.number(difference['n'])} | {shown(one['last'])} | {shown(one['refreshed'])} | "
            f"{words.points_interval(*(difference[key] for key in ('value', 'low', 'high')))} |"
        )
    yield ""
    yield (
        "Brackets: 95% intervals. The refreshed student took the last one's place because it is not worse beyond them, and a loss of "
        f"{words.percent(found['settings']['max_loss'], 0)} is ruled out on each set."
    )


def _limits(study: Study, chosen: str, student: Student) -> Iterator[str]:
    """What an honest seller says of it before being asked."""
    yield _NARROW
    general = study.part("general")
    if general:
        yield (
            f"Instructions outside the task: {shown(general['before'])} followed before training, {shown(general['after'])} after."
        )
    yield _attacked(student)
    yield f"Recall of private data in scrubbing: {_recall(study)}."
    privacy = study.part("differential_privacy")
    yield (
        f"Differential privacy: epsilon {words.significant(privacy.get('epsilon'))}."
        if privacy
        else "No differential privacy: nothing bounds what one person's records can change in it."
    )
    yield _served(student)
    yield from (f"Not known: {item}" for item in study.facts.get("missing") or ())


def _limits_of_refresh(study: Study, student: Student) -> Iterator[str]:
    """The same of a refresh, which is never trained with differential privacy."""
    yield _NARROW
    yield _attacked(student)
    yield f"Recall of private data in scrubbing, measured in the full run: {_recall(study)}."
    yield "No differential privacy: nothing bounds what one person's records can change in it."
    yield _served(student)
    yield from NOT_MEASURED_AGAIN


_NARROW = "For this task alone, on records like those it learnt from; for anything else it was not measured, or found worse."


def _attacked(student: Student) -> str:
    if student.attack is None:
        return "No attack was made on it: whether it gives away what it learnt is not known."
    result = RESULTS.get(student.attack["result"], student.attack["result"])
    return f"Attack on it: {result}. See the report's section on the attack."


def _recall(study: Study) -> str:
    scrub = study.part("scrub")
    return words.percent_interval(*(scrub.get(key) for key in ("recall", "recall_low", "recall_high")))


def _served(student: Student) -> str:
    gap = (student.parity or {}).get("gap")
    return f"Served by vLLM it is the evaluated model up to rounding: {words.number(gap, 4)} nats a token on average."


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
