"""Asks the teacher about every record once: an answer paid for is never asked again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from distill.checkpoints import write_atomically
from distill.completer import Completer
from distill.text_files import TextKey, put_line, read_lines
from distill.topk import Journal
from distill.values import Completion, Request


@dataclass(frozen=True)
class TeacherSettings:
    """The `[teacher]` section: who is learnt from."""

    kind: Literal["recorded", "endpoint", "local"]
    """`recorded`: the answers are in the data. `endpoint`: an OpenAI-compatible server. `local`: a model directory."""
    model: str
    """Its name, as the server knows it and the report shows it; for `local` the directory."""
    answer_field: str | None = None
    """`recorded`: the field of the record that holds the answer."""
    url: str | None = None
    """`endpoint`: the address up to and including `/v1`."""
    api_key_env: str | None = None
    """`endpoint`: the environment variable that holds the key; keys do not belong into this file."""
    concurrency: Annotated[int, Ge(1)] = 8
    """`endpoint`: requests in flight."""
    max_attempts: Annotated[int, Ge(1)] = 5
    """`endpoint`: tries per record, with growing pauses."""
    top_logprobs: Annotated[int, Ge(1)] | None = None
    """`endpoint`, `local`: so many of the likeliest tokens are kept at each place of an answer, to be learnt from one by
    one. 20 is the field's usual number and the most that OpenAI and, by default, vLLM give. Default: none."""
    min_accuracy: Annotated[float, Gt(0), Le(1)] | None = None
    """Nothing is trained when the teacher is surely worse than this against `evaluate.reference_field`. Default: told only."""

    def __post_init__(self) -> None:
        needs = {"recorded": "answer_field", "endpoint": "url", "local": None}[self.kind]
        for option in ("answer_field", "url"):
            if option == needs and getattr(self, option) is None:
                raise ValueError(f"teacher.{option} is missing: kind = '{self.kind}' needs it")
            if option != needs and getattr(self, option) is not None:
                raise ValueError(f"teacher.{option} does not go with kind = '{self.kind}': remove it")
        if self.kind == "recorded" and self.top_logprobs is not None:
            raise ValueError("teacher.top_logprobs does not go with kind = 'recorded': remove it")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError(
                "teacher.url must begin with http:// or https://, and go up to and including /v1"
            )


def read_completions(path: Path, key: TextKey | None = None) -> dict[str, Completion]:
    """The answers in a completions file by record id; a line cut by a kill ends it. Raises TextFileError."""
    found = {}
    for line in read_lines(path, key):
        try:
            completion = Completion(**json.loads(line))
        except (ValueError, TypeError):
            break
        found[completion.record_id] = completion
    return found


def teach(
    completer: Completer,
    requests: Sequence[Request],
    path: Path,
    progress: Callable[[int, int, str], None],
    journal: Journal | None = None,
    key: TextKey | None = None,
) -> dict[str, Completion]:
    """Every request's completion, appended to `path` as it comes. What `path` holds already is not asked again.
    With a key each line is encrypted.

    Answers that failed are not kept, so that the next call tries them again. With a journal the likeliest tokens are
    appended to it, before the answer, so that none is without them; answers that it does not hold are asked again.
    """
    answered = {
        record_id: value
        for record_id, value in read_completions(path, key).items()
        if value.text is not None and (journal is None or record_id in journal)
    }
    write_atomically(
        path, b"".join(_line(value, key) for value in answered.values())
    )  # less a torn last line
    failed: dict[str, Completion] = {}
    waiting = [request for request in requests if request.record_id not in answered]
    with path.open("ab") as file:
        for completion in completer.complete(waiting):
            if completion.text is None:
                failed[completion.record_id] = completion
            else:
                if journal is not None:
                    assert completion.likeliest is not None, "asked for, so given or an error"
                    journal.append(
                        completion.record_id, completion.likeliest, completion.finish_reason == "stop"
                    )
                completion = replace(completion, likeliest=None)
                answered[completion.record_id] = completion
                file.write(_line(completion, key))
                file.flush()
            progress(len(answered) + len(failed), len(requests), f"{len(failed)} without an answer")
        os.fsync(file.fileno())
    return answered | failed


def _line(completion: Completion, key: TextKey | None) -> bytes:
    """Escaped to ASCII: a model may answer with half a surrogate pair, which UTF-8 cannot hold."""
    written = asdict(completion)
    del written["likeliest"]
    if completion.logprob is None:
        del written["logprob"]
    return put_line(json.dumps(written).encode(), key) + b"\n"
