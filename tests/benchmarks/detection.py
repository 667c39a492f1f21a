"""Measures the detector on marked documents that somebody else made, beside default Presidio in the same run.

`python -m tests.benchmarks.detection FILE.json`: FILE is a list of `{"full_text", "spans": [{"start_position", "end_position",
"entity_type"}]}`, as presidio-research writes it. A span is found when every letter and digit of it is masked by something.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from privacy.intervals import wilson
from privacy.measure import SpanScores, score_spans
from privacy.propagate import propagate
from privacy.recognizers.rule import Clock
from privacy.records import Span
from tests.benchmarks.probe import Finder, open_detector, open_presidio, told

_BATCH = 256


def read(path: Path) -> tuple[list[str], list[tuple[Span, ...]]]:
    """(texts, their marked spans)"""
    documents = json.loads(path.read_text(encoding="utf-8"))
    gold = [
        tuple(
            Span(span["start_position"], span["end_position"], span["entity_type"], 1.0, "gold")
            for span in document["spans"]
        )
        for document in documents
    ]
    return [document["full_text"] for document in documents], gold


def measure(
    finder: Finder, texts: list[str], gold: list[tuple[Span, ...]], carry: bool
) -> tuple[SpanScores, float]:
    """Scores and seconds. `carry`: follow each finding through its document, as the scrubber does."""
    started = time.perf_counter()
    found: list[tuple[Span, ...]] = []
    for first in range(0, len(texts), _BATCH):
        found += finder.find(texts[first : first + _BATCH])
    if carry:
        found = [propagate([text], [spans], Clock(60))[0] for text, spans in zip(texts, found, strict=True)]
    seconds = time.perf_counter() - started
    places = [(str(number), "text") for number in range(len(texts))]
    scores = score_spans(
        dict(zip(places, texts, strict=True)),
        dict(zip(places, found, strict=True)),
        dict(zip(places, gold, strict=True)),
    )
    return scores, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path)
    options = parser.parse_args()
    texts, gold = read(options.texts)
    with_any = sum(map(bool, gold))
    print(f"{len(texts)} documents, {with_any} with personal data, {sum(map(len, gold))} spans")
    last: dict[str, object] = {
        "benchmark": "detection",
        "documents": len(texts),
        "documents_with_spans": with_any,
    }
    for name, finder, carry in (
        ("stillhouse", open_detector(), True),
        ("default Presidio", open_presidio(), False),
    ):
        scores, seconds = measure(finder, texts, gold, carry)
        low, high = wilson(scores.leaking_documents, len(texts))
        print(f"\n{name}, {seconds:.0f} s")
        for kind, value in sorted(scores.recall_by_type.items(), key=lambda item: item[1].value or 0):
            print(f"  {kind:<24}{told(value)}")
        print(f"  {'full-cover recall':<24}{told(scores.recall)}")
        print(f"  {'character precision':<24}{scores.char_precision:.3f}")
        print(
            f"  {'leaking documents':<24}{scores.leaking_documents / len(texts):.3f} [{low:.3f}, {high:.3f}]"
        )
        last[name] = {
            "recall": asdict(scores.recall), "char_precision": scores.char_precision, "leaking": scores.leaking_documents / len(texts),
            "leaking_low": low, "leaking_high": high, "seconds": seconds,
        }  # fmt: skip
    print(json.dumps(last))


if __name__ == "__main__":
    main()
