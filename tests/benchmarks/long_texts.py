"""Measures what one long text full of personal data costs: prose, rows, chats, JSON and logs of 64 kB.

`python -m tests.benchmarks.long_texts --texts FILE.json --rounds 5`: FILE is a list of objects with `full_text`, such as
presidio-research writes. Processor time on one core, the texts taking turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks import unseen
from tests.benchmarks.probe import open_detector
from tests.benchmarks.throughput import texts_of

CHARS = 64_000
_SHORT = 250


def long_texts(path: Path | None = None) -> dict[str, str]:
    """Kind -> a text of CHARS characters in which hardly a sentence comes twice; `path` as in `throughput.texts_of`."""
    samples = unseen.samples(3000, 5, "dev")
    documents = [sample.text for sample in samples]
    values: dict[str, list[str]] = {}
    for sample in samples:
        for span in sample.gold:
            values.setdefault(span.entity_type, []).append(sample.text[span.start : span.end])
    people = [
        {
            "name": values["PERSON"][number],
            "born": values["DATE_OF_BIRTH"][number % len(values["DATE_OF_BIRTH"])],
            "address": values["ADDRESS"][number % len(values["ADDRESS"])].replace("\n", ", "),
            "phone": values["PHONE_NUMBER"][number % len(values["PHONE_NUMBER"])],
            "email": values["EMAIL_ADDRESS"][number % len(values["EMAIL_ADDRESS"])],
        }
        for number in range(len(values["PERSON"]))
    ]
    sentences = [line.strip() for document in documents for line in document.splitlines() if line.strip()]
    made: dict[str, Iterable[str]] = {
        "documents": documents,
        "one line": (" ".join(document.split()) + " " for document in documents),
        "rows": (",".join(f'"{value}"' for value in person.values()) for person in people),
        "chat": (
            f"[{number // 60 % 24:02}:{number % 60:02}] {people[number // 3 % 40]['name']}: {sentence}"
            for number, sentence in enumerate(sentences)
        ),
        "json": (json.dumps(person, indent=1) for person in people),
        "log": (
            f"2026-03-{number // 900 + 1:02}T{number // 60 % 24:02}:{number % 60:02}:07Z INFO portal[{4000 + number % 9}]: user={person['email'].split('@')[0]} "
            f"opened the record of {person['name']} from 10.2.{number % 250}.{number % 199}"
            for number, person in enumerate(people)
        ),
    }
    if path is not None:
        made["short documents"] = texts_of(path, 5000)
    return {kind: _joined(parts, "" if kind == "one line" else "\n") for kind, parts in made.items()}


def _joined(parts: Iterable[str], between: str) -> str:
    text = between.join(dict.fromkeys(parts))
    assert len(text) >= CHARS, "too few different parts"
    return text[:CHARS]


def main() -> None:
    parser = argparse.ArgumentParser(description="Times single long texts.")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    texts = long_texts(asked.texts)
    # So that a processor second is a second of a machine on which nothing else runs.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    detector = open_detector()
    seconds: dict[str, list[float]] = {kind: [] for kind in texts}
    short: dict[str, list[float]] = {kind: [] for kind in texts}
    num_spans = {}
    detector.find([text[:2000] for text in texts.values()])
    for _ in range(asked.rounds):
        for kind, text in texts.items():
            started = time.process_time()
            num_spans[kind] = len(detector.find([text])[0])
            seconds[kind].append(time.process_time() - started)
            started = time.process_time()
            detector.find([text[at : at + _SHORT] for at in range(0, len(text), _SHORT)])
            short[kind].append(time.process_time() - started)
    print(f"{'kind':<18}{'seconds':>9}{'in pieces of ' + str(_SHORT):>18}{'findings':>10}")
    for kind, times in seconds.items():
        print(
            f"{kind:<18}{statistics.median(times):>9.2f}{statistics.median(short[kind]):>18.2f}{num_spans[kind]:>10}"
        )
    print(json.dumps({kind: [round(value, 3) for value in times] for kind, times in seconds.items()}))


if __name__ == "__main__":
    main()
