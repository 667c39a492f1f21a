#!/usr/bin/env python3
"""Asks the student of this release, and the teacher where the student is unsure. Python's standard library only.

    python3 cascade.py --student URL --teacher URL < records.jsonl > answers.jsonl

The URLs end in `/v1`. A line of input is an object with the fields that `cascade.json` names in braces, scrubbed as the training records were; a
line of output is {"answer", "by", "logprob"}, in the same order. The student is unsure where the natural logarithm of the
probability of its whole answer, the token that ends it included, is under `logprob_threshold`. The teacher's key, where it
wants one, is read from the environment: TEACHER_API_KEY.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any


class NoAnswer(Exception):
    """One line: who gave no answer, and why. Never the request's text."""


def ask(url: str, body: dict[str, Any], key: str | None) -> dict[str, Any]:
    """The first choice of a chat completion, which has text. Raises NoAnswer."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(
        f"{url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=600) as response:
            choice: dict[str, Any] = json.load(response)["choices"][0]
            if isinstance(choice["message"]["content"], str):
                return choice
    except OSError as error:
        raise NoAnswer(f"{url}: {error}") from None
    except (ValueError, KeyError, IndexError, TypeError):
        pass
    raise NoAnswer(f"{url}: not an OpenAI-compatible answer")


def filled(body: dict[str, Any], record: dict[str, str]) -> dict[str, Any]:
    """The request for one record: `{field}` in the user's turn is replaced. Raises KeyError for a field that is missing."""
    *before, turn = body["messages"]
    return body | {"messages": [*before, turn | {"content": turn["content"].format_map(record)}]}


def answer(told: dict[str, Any], record: dict[str, str], student: str, teacher: str) -> dict[str, Any]:
    """One record's answer, and whose it is. Raises NoAnswer and KeyError."""
    choice = ask(student, filled(told["student"], record), None)
    try:
        logprob = sum(float(token["logprob"]) for token in choice["logprobs"]["content"])
    except (KeyError, TypeError):
        raise NoAnswer(f"{student}: an answer without log-probabilities") from None
    if logprob >= told["logprob_threshold"]:
        return {"answer": choice["message"]["content"], "by": "student", "logprob": logprob}
    choice = ask(teacher, filled(told["teacher"], record), os.environ.get("TEACHER_API_KEY"))
    return {"answer": choice["message"]["content"], "by": "teacher", "logprob": logprob}


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Asks the student, and the teacher where the student is unsure."
    )
    parser.add_argument("--student", required=True, metavar="URL")
    parser.add_argument("--teacher", required=True, metavar="URL")
    asked = parser.parse_args()
    told = json.loads((Path(__file__).parent / "cascade.json").read_text(encoding="utf-8"))
    for number, line in enumerate(sys.stdin, 1):
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError
            found = answer(told, record, asked.student, asked.teacher)
        except NoAnswer as error:
            sys.exit(f"line {number}: {error}")
        except KeyError as error:
            sys.exit(f"line {number}: the field {error} is missing")
        except ValueError:
            sys.exit(f"line {number}: not a JSON object")
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
