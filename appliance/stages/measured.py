"""The levels of a load test that are measured, kept one by one: a killed load test goes on after the last whole one.

A file of JSON lines that only grows, in the run's folder: a line for each answer, with its record's id so that an erasure
finds it, then a line that ends the level. A level counts if all its answers are there: one that a kill cut off, or that
lost an answer to an erasure, is measured again. The file stays beside the result: each request with its times.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from appliance.energy import Joules
from appliance.keeping.texts import key_of_texts
from appliance.loadtest import Answer, LevelResult
from appliance.loadtest.server_metrics import ServerFigures
from distill.text_files import put_line, take_line
from distill.values import Request


class Measured:
    """The whole levels so far, each under what was measured: values of JSON."""

    def __init__(self, file: BinaryIO, inputs: str, path: Path) -> None:
        self._file = file
        self._inputs = inputs
        self._key = key_of_texts(path)
        self._levels: dict[str, LevelResult] = {}
        ended, answers = 0, list[Answer]()
        for line in file:
            if not line.endswith(b"\n"):
                break
            text = take_line(line.removesuffix(b"\n"), path, self._key)
            try:
                row = json.loads(text)
            except ValueError:
                break
            if "answer" in row:
                answers.append(Answer(**row["answer"] | {"gaps_s": tuple(row["answer"]["gaps_s"])}))
                continue
            if len(answers) == row["answers"]:
                self._levels[row["level"]] = _level(row["result"], answers)
            ended, answers = file.tell(), []
        file.truncate(ended)  # what a kill left of a level must not be taken for a part of the next one
        file.seek(ended)

    def of(self, *what: Any) -> LevelResult | None:
        """None where it is still to be measured."""
        return self._levels.get(self._named(what))

    def keep(self, level: LevelResult, requests: Sequence[Request], *what: Any) -> None:
        """Durably: once this returns it is not measured again. `requests` are those that the answers' indices name."""
        lines: list[dict[str, Any]] = [
            {"record_id": requests[answer.prompt_index].record_id, "answer": asdict(answer)}
            for answer in level.requests
        ]
        result = asdict(replace(level, requests=()))
        lines.append({"level": self._named(what), "answers": len(level.requests), "result": result})
        written = (put_line(json.dumps(line).encode(), self._key) + b"\n" for line in lines)
        self._file.write(b"".join(written))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._levels[self._named(what)] = level

    def _named(self, what: tuple[Any, ...]) -> str:
        return json.dumps([self._inputs, *what])


def _level(result: dict[str, Any], answers: Sequence[Answer]) -> LevelResult:
    server, energy = result["server"], result["energy"]
    return LevelResult(
        **result
        | {
            "requests": tuple(answers),
            "server": None if server is None else ServerFigures(**server),
            "energy": None if energy is None else Joules(**energy),
        }
    )


@contextmanager
def measured(path: Path, inputs: str) -> Iterator[Measured]:
    """What lies at `path`, made if it is new, as far as it was measured of these inputs (a digest).

    Waits for the process of a killed attempt, which lives some seconds longer.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Measured(file, inputs, path)
