"""Whether a use case's teacher answers, how fast, and what its answers to all records will take: before anything is spent.

The work is a light job: one harmless question, then eight records of the last preview, which are scrubbed. Figures go into
the job's result and `teacher-test.json`; the eight answers lie in a file of their own, for those who may see text.
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from appliance.config import ConfigError, validate
from appliance.home import Home
from appliance.keeping import texts
from appliance.keeping.private_files import write_private
from appliance.manifest import hash_json
from appliance.people.acting import Action, Actor, acting
from appliance.preparing import preview, use_cases
from appliance.preparing.reading import Reading, reading_of
from distill.teach import TeacherSettings

if TYPE_CHECKING:
    from appliance.jobs import Job
    from distill.completer import Completer

PROBES = 8
QUESTION = "Reply with the single word OK."
"""Says nothing of anybody."""
_FIGURES, _ANSWERS = "teacher-test.json", "teacher-test-answers.json"
_TIMEOUT_S = 60.0
_OF_FREE_MEMORY = 0.6
"""A test takes no more than this of what is free, since other work may be running."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a test of the teacher found. None was not told or not measured."""

    at: float
    """Unix time."""
    model: str
    kind: str
    ok: bool
    said: str
    """One sentence: what works, or what does not and what to do."""
    latency_s: float | None
    """Of the harmless question, asked alone."""
    context_tokens: int | None
    engine: str | None
    asked: int
    """Scrubbed records that were asked about."""
    answered: int
    readable: int
    """Answers that obey the task."""
    seconds: float | None
    """From the first question about a record to the last answer, `concurrency` in flight."""
    prompt_tokens: tuple[int, ...]
    answer_tokens: tuple[int, ...]
    prompt_chars: tuple[int, ...]
    concurrency: int
    state: str
    """Digest of the teacher's settings and the task."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One scrubbed record's question, as asked, and the answer."""

    row: int
    asked: str = field(repr=False)
    said: str | None = field(repr=False)
    error: str | None
    readable: bool


def teacher_of(home: Home, name: str) -> TeacherSettings:
    """The draft's teacher; raises ConfigError where none is chosen."""
    document = use_cases.read(home, name)
    if "teacher" not in document:
        raise ConfigError(f"'{name}' has no teacher yet: choose one and save it")
    return validate(TeacherSettings, document["teacher"], "teacher")


def reaches(url: str) -> str:
    """Where an address leads: `here`, `site` (a private range), `outside`, or `name` (only a look-up would tell)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return "here"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "name"
    if address.is_loopback:
        return "here"
    return "site" if address.is_private else "outside"


def ask(home: Home, actor: Actor, name: str) -> Job:
    """Starts a test. Raises NotAllowed, and ConfigError in one line where the draft names no teacher or no task yet."""
    from appliance import jobs

    with acting(home, actor, Action.TEST_TEACHER, use_case=name[:60]):
        teacher_of(home, name)
        if reading_of(home, name).task is None:
            raise ConfigError(f"'{name}' has no task yet: say on the page Data what is asked")
        return jobs.put(home, actor.name, "teacher-test", {"use_case": name}, key=f"teacher-test {name}")


def probe(home: Home, name: str) -> Probe | None:
    """What the last test found; None before the first."""
    path = use_cases.path(home, name).parent / _FIGURES
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    lists = ("prompt_tokens", "answer_tokens", "prompt_chars")
    return Probe(**told | {each: tuple(told[each]) for each in lists})


def is_of_now(home: Home, name: str, found: Probe) -> bool:
    """Whether teacher and task are still what they were."""
    try:
        return found.state == _state(teacher_of(home, name), reading_of(home, name))
    except ValueError:
        return False


def answers(home: Home, actor: Actor, name: str) -> list[Answer]:
    """The eight questions and answers of the last test. Raises NotAllowed."""
    with acting(home, actor, Action.SEE_TEXT, use_case=name[:60], what="teacher test"):
        path = use_cases.path(home, name).parent / _ANSWERS
        try:
            return [Answer(**each) for each in json.loads(texts.read(path))]
        except FileNotFoundError:
            return []


def _state(teacher: TeacherSettings, reading: Reading) -> str:
    task = None if reading.task is None else asdict(reading.task)
    return str(hash_json([asdict(teacher), task]))


# ---- The job


def work(home: Home, job: Job) -> dict[str, Any]:
    """The work of a `teacher-test` job. A teacher that does not answer is a finding, not a failure of the job."""
    from appliance.progress import Reporter

    name = job.arguments["use_case"]
    teacher, reading = teacher_of(home, name), reading_of(home, name)
    assert reading.task is not None, "asked for only where there is a task"
    records = _scrubbed(home, name)
    Reporter(home.jobs / job.job_id)(0, 1 + len(records), unit="questions")
    test = {"recorded": _recorded, "endpoint": _endpoint, "local": _local}[teacher.kind]
    found, said = test(home, teacher, reading, records)
    folder = use_cases.path(home, name).parent
    texts.write(folder / _ANSWERS, json.dumps([asdict(each) for each in said]).encode())
    write_private(folder / _FIGURES, json.dumps(asdict(found)).encode())
    return {"ok": found.ok, "message": found.said}


def _scrubbed(home: Home, name: str) -> list[preview.Scrubbed]:
    """The first of the last preview; none where there is no preview, or another policy or other data since."""
    seen = preview.counts(home, name)
    if seen is None or not preview.is_of_now(home, name, seen):
        return []
    return preview.records_for_a_job(home, name)[:PROBES]


Found = tuple[Probe, list[Answer]]


def _nothing(teacher: TeacherSettings, reading: Reading, said: str) -> Probe:
    """A test that got no answer, with the reason."""
    return Probe(
        time.time(), teacher.model, teacher.kind, False, said, None, None, None, 0, 0, 0, None, (), (), (),
        teacher.concurrency, _state(teacher, reading),
    )  # fmt: skip


def _recorded(
    _home: Home, teacher: TeacherSettings, reading: Reading, records: Sequence[preview.Scrubbed]
) -> Found:
    """Answers that the data holds: whether they can be read."""
    from distill.tasks import make_task

    assert reading.task is not None and teacher.answer_field is not None
    if teacher.answer_field not in reading.source.fields:
        said = (
            f"The field '{teacher.answer_field}' is not among the data's fields: choose it on the page Data."
        )
        return _nothing(teacher, reading, said), []
    if not records:
        said = "There is no preview of the data as it is now: make one on the page Data, then test again."
        return _nothing(teacher, reading, said), []
    task, answers = make_task(reading.task), []
    for record in records:
        text = record.fields[teacher.answer_field]
        answers.append(Answer(record.row, _asked(reading, record), text, None, task.parse(text) is not None))
    readable = sum(answer.readable for answer in answers)
    found = _nothing(teacher, reading, _read_in_words(readable, len(answers), "recorded"))
    return replace(
        found, ok=readable > 0, asked=len(answers), answered=len(answers), readable=readable
    ), answers


def _endpoint(
    _home: Home, teacher: TeacherSettings, reading: Reading, records: Sequence[preview.Scrubbed]
) -> Found:
    """A server: one harmless question, what it tells of itself, then the records."""
    from distill.completer import Endpoint, ask_server

    assert reading.task is not None and teacher.url is not None
    key = None if teacher.api_key_env is None else os.environ.get(teacher.api_key_env)
    if teacher.api_key_env is not None and key is None:
        said = (
            f"The variable {teacher.api_key_env} is not set where the worker runs: set it in the worker's "
            "environment and start the worker again."
        )
        return _nothing(teacher, reading, said), []
    server = Endpoint(
        teacher.url, teacher.model, key, reading.task.max_answer_tokens, teacher.concurrency, 1, _TIMEOUT_S
    )
    found, greeting = _greet(server, teacher, reading)
    if greeting is not None:
        return replace(found, said=_remedy(greeting, teacher)), []
    told = ask_server(server)
    found = replace(found, context_tokens=told.max_context_tokens, engine=told.engine)
    return _ask_records(server, found, reading, records)


def _local(
    home: Home, teacher: TeacherSettings, reading: Reading, records: Sequence[preview.Scrubbed]
) -> Found:
    """A folder of weights: whether it may be loaded and fits, then the same questions."""
    from appliance.models import ModelError, resolve
    from distill.memory_plan import free_memory
    from distill.student import InProcess, check_model_dir, resolve_device

    assert reading.task is not None
    try:
        path = resolve(teacher.model, home, reading.base_dir)
        check_model_dir(path)
    except (ModelError, ValueError) as error:  # both say which folder and what to do
        return _nothing(teacher, reading, f"{error}."), []
    device = resolve_device("auto")
    weights, free = sum(file.stat().st_size for file in path.glob("*.safetensors")), free_memory(device)
    if free is not None and weights > _OF_FREE_MEMORY * free:
        said = (
            f"Its weights take {weights / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free on the {device}: wait until "
            "other work is done, or serve it on another machine and choose its address."
        )
        return _nothing(teacher, reading, said), []
    model = InProcess(path, "auto", reading.task.max_answer_tokens)
    found, greeting = _greet(model, teacher, reading)
    assert greeting is None, "a model in this process answers"
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    found = replace(found, context_tokens=config.get("max_position_embeddings"), engine="this machine")
    return _ask_records(model, found, reading, records)


def _greet(teacher: Completer, settings: TeacherSettings, reading: Reading) -> tuple[Probe, str | None]:
    """The harmless question; with the error where no answer came."""
    from distill.values import Request

    started = time.monotonic()
    (answer,) = teacher.complete([Request("greeting", [{"role": "user", "content": QUESTION}])])
    found = replace(_nothing(settings, reading, "It answers."), latency_s=time.monotonic() - started)
    if answer.text is None:
        return replace(found, latency_s=None), answer.error or "no answer"
    return replace(found, ok=True), None


def _ask_records(
    teacher: Completer, found: Probe, reading: Reading, records: Sequence[preview.Scrubbed]
) -> Found:
    """The scrubbed records' questions, as a run would ask them."""
    from distill.tasks import make_task
    from distill.tasks.task import render
    from distill.values import Request

    assert reading.task is not None
    if not records:
        words = "It answers. Preview the data first to have it tried on eight scrubbed records, for time and cost."
        return replace(found, said=words), []
    task = make_task(reading.task)
    requests = [Request(str(record.row), render(reading.task, record.fields)) for record in records]
    chars = {
        request.record_id: sum(len(turn["content"]) for turn in request.messages) for request in requests
    }
    started = time.monotonic()
    completions = list(teacher.complete(requests))
    seconds = time.monotonic() - started
    answered = [each for each in completions if each.text is not None]
    counted = [each for each in answered if each.prompt_tokens and each.completion_tokens]
    by_row = {each.record_id: each for each in completions}
    said = [
        Answer(
            record.row,
            _asked(reading, record),
            by_row[str(record.row)].text,
            by_row[str(record.row)].error,
            task.parse(by_row[str(record.row)].text or "") is not None,
        )
        for record in records
    ]
    readable = sum(each.readable for each in said)
    words = _read_in_words(readable, len(said), "given")
    if len(answered) < len(said):
        error = next(each.error for each in completions if each.text is None)
        words = f"It answered {len(answered)} of {len(said)} records ({error}). {words}"
    return replace(
        found,
        ok=readable > 0,
        said=words,
        asked=len(said),
        answered=len(answered),
        readable=readable,
        seconds=seconds if len(answered) == len(said) else None,
        prompt_tokens=tuple(each.prompt_tokens for each in counted if each.prompt_tokens is not None),
        answer_tokens=tuple(each.completion_tokens for each in counted if each.completion_tokens is not None),
        prompt_chars=tuple(chars[each.record_id] for each in counted),
    ), said


def _asked(reading: Reading, record: preview.Scrubbed) -> str:
    assert reading.task is not None
    return reading.task.input.format_map(record.fields)


def _read_in_words(readable: int, asked: int, how: str) -> str:
    if readable == asked:
        return f"All {asked} {how} answers can be read as the task wants them."
    if readable == 0:
        return (
            f"None of {asked} {how} answers can be read as the task wants them: look at them below, then mend the "
            "instructions or the labels."
        )
    return (
        f"{readable} of {asked} {how} answers can be read as the task wants them: the others would not be learnt from; look "
        "at them below."
    )


_REMEDIES = {
    "ConnectError": "Nothing answers at {url}: is the server started, and are address and port right?",
    "ConnectTimeout": "Nothing answers at {url} within a minute: is the address right, and does a firewall let it through?",
    "ReadTimeout": "The server at {url} took the question and gave no answer within a minute: is it overloaded, or loading?",
    "HTTP 400": "The server refuses the question (HTTP 400): is '{model}' a model that takes a system message and chats?",
    "HTTP 401": "The server wants a key, or another one (HTTP 401): name the variable that holds it.",
    "HTTP 403": "The key does not allow this model (HTTP 403): ask for access, or name another model.",
    "HTTP 404": "The server knows no model '{model}', or {url} is not its address up to and including /v1 (HTTP 404).",
    "HTTP 429": "The server has too much to do (HTTP 429): lower the requests in flight, or try again later.",
    "not an OpenAI-compatible answer": "Something answers at {url}, but not as an OpenAI-compatible server does: check the address.",
}  # fmt: skip


def _remedy(error: str, teacher: TeacherSettings) -> str:
    """One sentence for what a server's silence says; an error that is not in the table is told as it is."""
    for name, words in _REMEDIES.items():
        if error.startswith(name):
            return words.format(url=teacher.url, model=teacher.model)
    if error.startswith("HTTP 5"):
        return f"The server at {teacher.url} fails ({error.split(',')[0]}): look into its log."
    return f"No answer from {teacher.url} ({error.split(',')[0]}): check the address and the server's log."
