"""Fuzzes the scrubber: generated and mutated records through the whole path, in a watched process as in a run.

    .venv/bin/python -m tests.benchmarks.fuzz --n 10000
    .venv/bin/python -m tests.benchmarks.fuzz --hostile

Looked for: an input that fails or hangs (it would cost its record), offsets that are none, text changed outside a
finding, a row neither kept nor dropped, and any trace of an input in logs, standard error or reprs. `--hostile` times
64 kB strings that are made to be slow. Tables, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from privacy.detect import Detector
from privacy.dictionary import OwnTerms
from privacy.fold import fold
from privacy.recognizers.rule import Clock
from privacy.recognizers.secrets import find_secrets
from privacy.records import DetectorModels, DroppedRow, DropReason, RawRecord, ScrubbedRecord, Span
from privacy.scan import Outcome, Scrubber, scrub_records
from privacy.scrub import build_scrubber
from privacy.settings import FieldRule, ScrubPolicy
from privacy.workers import BuildScrubber, Workers, batches
from tests.benchmarks.fuzz_inputs import HOSTILE, generate, marker

KEY = b"a key of thirty-two bytes, more."
RULES = {"text": FieldRule("text"), "answer": FieldRule("json", frozenset({"billing"}))}
TIMEOUT_S = 10.0
HOSTILE_BYTES = 65_536
HOSTILE_LIMIT_S = 1.0


def build(models: DetectorModels, max_chars: int = 20_000) -> Scrubber:
    """The real scrubber; its process logs everything it can, as a careless operator might have set it."""
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    policy = ScrubPolicy(name="fuzz", timeout_s=TIMEOUT_S, max_chars=max_chars)
    return build_scrubber(policy, RULES, KEY, models, OwnTerms((), ()))


@dataclass(slots=True)
class Result:
    inputs: int = 0
    kept: int = 0
    dropped: int = 0
    crashes: int = 0
    """Records dropped because the scan failed: safe, but a defect."""
    hangs: int = 0
    wrong_offsets: int = 0
    changed_outside: int = 0
    leaks_in_logs: int = 0
    """Inputs of which something stands in a log, on standard error or in a repr."""
    seconds: float = 0.0
    failing: list[int] = field(default_factory=list)
    """Numbers of the inputs that crashed, hung or came out wrong."""


def fuzz(build_one: BuildScrubber, texts: Sequence[str], timeout_s: float = TIMEOUT_S) -> Result:
    """Each text with its marker as a text field, and once more inside JSON."""
    records = [_record(number, text) for number, text in enumerate(texts)]
    result, started = Result(inputs=len(texts)), time.monotonic()
    with _standard_error() as written, Workers(build_one, 1, timeout_s) as workers:
        outcomes: list[Outcome] = []
        for batch in batches(records):
            outcomes += workers.submit(batch).result()
    assert len(outcomes) == len(records), "every record is kept or dropped"
    for record, outcome in zip(records, outcomes, strict=True):
        _judge(record, outcome, result)
    told = "".join([*written, *map(repr, outcomes)]).casefold()
    result.leaks_in_logs = sum(marker(record.row).casefold() in told for record in records)
    result.seconds = round(time.monotonic() - started, 1)
    return result


def _record(number: int, text: str) -> RawRecord:
    answer = json.dumps({"queue": "billing", "note": text}) if number % 2 else text
    return RawRecord(f"{number:016x}", number, {"text": text, "answer": answer})


def _judge(record: RawRecord, outcome: Outcome, result: Result) -> None:
    if isinstance(outcome, DroppedRow):
        result.dropped += 1
        result.crashes += outcome.reason is DropReason.SCAN_FAILED
        result.hangs += outcome.reason is DropReason.SCAN_TIMED_OUT
        if outcome.reason in (DropReason.SCAN_FAILED, DropReason.SCAN_TIMED_OUT):
            result.failing.append(record.row)
        return
    result.kept += 1
    wrong = any(not _are_offsets(record.fields[name], spans) for name, spans in outcome.spans.items())
    changed = not _is_same_outside(record, outcome)
    result.wrong_offsets += wrong
    result.changed_outside += changed
    if wrong or changed:
        result.failing.append(record.row)


def _are_offsets(text: str, spans: Sequence[Span]) -> bool:
    """In order, apart, inside the text."""
    position = 0
    for span in spans:
        if not position <= span.start < span.end <= len(text):
            return False
        position = span.end
    return True


def _is_same_outside(record: RawRecord, outcome: ScrubbedRecord) -> bool:
    """What lies between the findings is there still, in its order."""
    text, scrubbed, spans = record.fields["text"], outcome.fields["text"], outcome.spans["text"]
    edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(text)]
    pieces = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if not scrubbed.startswith(pieces[0]) or not scrubbed.endswith(pieces[-1]):
        return False
    position = 0
    for piece in pieces:
        position = scrubbed.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return True


@contextmanager
def _standard_error() -> Iterator[list[str]]:
    """Gains what this process and its children have written to standard error meanwhile."""
    told: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        ours = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield told
        finally:
            sys.stderr.flush()
            os.dup2(ours, 2)
            os.close(ours)
            file.seek(0)
            told.append(file.read().decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Slow:
    family: str
    rules_s: float
    """Of the recognisers, one after the other, in seconds of the processor."""
    slowest: str
    """Of them, with its own seconds."""
    whole_s: float
    """Of the whole path, models included."""
    outcome: str


def hostile(models: DetectorModels) -> list[Slow]:
    """Each family's 64 kB string, those with the slowest rules first."""
    scrubber = build(models, max_chars=HOSTILE_BYTES)
    detector = scrubber.finder
    assert isinstance(detector, Detector)
    rows = []
    for number, (family, text) in enumerate(HOSTILE.items()):
        text = (text * (HOSTILE_BYTES // len(text) + 1))[:HOSTILE_BYTES]
        parts = _rule_seconds(detector, text)
        slowest = max(parts, key=lambda name: parts[name])
        started = time.process_time()
        (outcome,) = scrub_records(scrubber, [RawRecord(f"{number:016x}", number, {"text": text})])
        whole_s = time.process_time() - started
        said = outcome.reason.value if isinstance(outcome, DroppedRow) else "kept"
        rows.append(Slow(family, sum(parts.values()), f"{slowest} {parts[slowest]:.2f}", whole_s, said))
        print(f"{number + 1}/{len(HOSTILE)} {family}: {whole_s:.1f} s", file=sys.stderr)
    return sorted(rows, key=lambda row: -row.rules_s)


def _rule_seconds(detector: Detector, text: str) -> dict[str, float]:
    """Each recogniser alone, on the text as the detector shows it: folded, long runs blank."""
    clock = Clock(600.0)
    steps: dict[str, Callable[[], object]] = {"fold": lambda: fold(text)}
    readable = re.sub(r"\S{150,}", lambda match: " " * len(match.group()), fold(text).text)
    steps["find_secrets"] = lambda: find_secrets(fold(text).text, clock)
    for finder in detector._finders:
        steps[getattr(finder, "__qualname__", repr(finder))] = partial(finder, readable, clock)
    seconds = {}
    for name, step in steps.items():
        started = time.process_time()
        step()
        seconds[name] = time.process_time() - started
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzzes the scrubber.")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hostile", action="store_true", help="time 64 kB strings made to be slow, instead")
    parser.add_argument("--failing", type=Path, help="file for the inputs to look at, as JSON lines")
    asked = parser.parse_args()
    from appliance.home import Home
    from appliance.models import resolve_detector
    from privacy.settings import DetectorSettings

    models = resolve_detector(DetectorSettings(), Home.open(), Path())
    if asked.hostile:
        rows = hostile(models)
        print(f"{'family':<24}{'rules s':>9}{'whole s':>9}  {'outcome':<16}slowest rule")
        for row in rows:
            print(f"{row.family:<24}{row.rules_s:>9.3f}{row.whole_s:>9.2f}  {row.outcome:<16}{row.slowest}")
        over = [row.family for row in rows if row.rules_s > HOSTILE_LIMIT_S]
        print(
            json.dumps(
                {
                    "families": len(rows),
                    "rules_over_limit": over,
                    "max_whole_s": round(max(row.whole_s for row in rows), 2),
                }
            )
        )
        return
    texts = generate(asked.n, asked.seed)
    result = fuzz(partial(build, models), texts)
    told = {name: value for name, value in asdict(result).items() if name != "failing"}
    for name, value in told.items():
        print(f"{name:<18}{value:>10,}")
    if result.failing:
        print("inputs to look at:", ", ".join(map(str, result.failing[:20])))
    if asked.failing is not None:
        asked.failing.write_text("".join(json.dumps(texts[number]) + "\n" for number in result.failing))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
