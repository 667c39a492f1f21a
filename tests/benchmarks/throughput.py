"""Measures how many texts a second the detector scans beside default Presidio, on one core, and what a second process adds.

`python -m tests.benchmarks.throughput --texts FILE.json --rounds 5`: FILE is a list of objects with `full_text`, such as
presidio-research writes; without it the documents of `unseen` are taken. The two take turns, by processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from random import Random

from tests.benchmarks import unseen
from tests.benchmarks.probe import open_detector, open_presidio

_BATCH = 256
_MANY = 6000


def texts_of(path: Path | None, n: int) -> list[str]:
    """Different texts, in a random order that is always the same."""
    if path is None:
        found = [sample.text for sample in unseen.samples(2 * n, 1, "dev")]
    else:
        found = [document["full_text"] for document in json.loads(path.read_text(encoding="utf-8"))]
    found = list(dict.fromkeys(found))
    Random(1).shuffle(found)
    return found[:n]


def one_core(texts: list[str], rounds: int) -> tuple[list[float], list[float]]:
    """Texts a processor second of each round: (ours, Presidio's); a round is all texts for ours and one part of them for Presidio.

    Held to one core, so that a processor second is a second of a machine on which nothing else runs.
    """
    detector, presidio = open_detector(), open_presidio()
    detector.find(texts[:8])
    presidio.find(texts[:8])
    ours, theirs = [], []
    for number in range(rounds):
        part = texts[number::rounds]
        started = time.process_time()
        presidio.find(part)
        theirs.append(len(part) / (time.process_time() - started))
        started = time.process_time()
        for first in range(0, len(texts), _BATCH):
            detector.find(texts[first : first + _BATCH])
        ours.append(len(texts) / (time.process_time() - started))
    return ours, theirs


def with_processes(texts: list[str], processes: int) -> float:
    """Texts a second of the whole way from file to scrubbed records, after the first chunk has loaded the models."""
    from appliance.home import Home
    from appliance.models import resolve_detector
    from privacy.scrub import scrub_source
    from privacy.settings import DetectorSettings, ScrubPolicy, SourceSettings

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "texts.jsonl"
        source.write_text(
            "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(texts)),
            encoding="utf-8",
        )
        settings = SourceSettings(path=str(source), id="id", fields={"text": "text"})
        policy = ScrubPolicy(name="benchmark", processes=processes, max_chars=100_000)
        models = resolve_detector(DetectorSettings(), Home.open(), Path.cwd())
        done, since = 0, 0.0
        for chunk in scrub_source(settings, Path(folder), policy, {}, bytes(range(32)), models):
            if since:
                done += len(chunk.records) + len(chunk.dropped)
            elif chunk.index + 1 >= processes:
                since = time.perf_counter()
        return done / (time.perf_counter() - since)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, help="JSON list of objects with full_text")
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    texts = texts_of(options.texts, options.n)
    chars = statistics.fmean(map(len, texts))
    os.sched_setaffinity(0, cores[:1])
    ours, theirs = one_core(texts, options.rounds)
    os.sched_setaffinity(0, cores[:2])
    # Others of their kind, each only once: a text that came before is not scanned again.
    many = texts_of(None, _MANY)
    pairs = [(with_processes(many, 1), with_processes(many, 2)) for _ in range(2)] if len(cores) > 1 else []
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    scaling = [two / one for one, two in pairs]
    print(f"\n{len(texts)} texts of {chars:.0f} characters, {options.rounds} rounds in turns, one core")
    for name, speeds in (("stillhouse", ours), ("default Presidio", theirs)):
        middle = statistics.median(speeds)
        print(
            f"{name:<20}{middle:8.0f} texts/s (processor)  {middle * chars / 1000:6.1f} kchar/s   ({min(speeds):.0f} to {max(speeds):.0f})"
        )
    print(
        f"{'ratio':<20}{statistics.median(ratios):8.2f}              ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    for one, two in pairs:
        print(
            f"file to records     {one:8.0f} texts/s with one process, {two:.0f} with two: {two / one:.2f} times"
        )
    print(json.dumps({
        "benchmark": "throughput", "texts": len(texts), "chars": chars, "rounds": options.rounds,
        "ours_per_s": statistics.median(ours), "presidio_per_s": statistics.median(theirs),
        "ratio": statistics.median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios),
        "two_processes": statistics.median(scaling) if scaling else None,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
