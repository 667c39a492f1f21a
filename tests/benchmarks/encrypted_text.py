"""Measures what encryption of text costs: records and answers written and read under a key and without, in turns.

`python -m tests.benchmarks.encrypted_text --folder FOLDER [--records 100000] [--turns 5]`; processor time, since the machine may be
shared; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

from appliance.home import Home
from appliance.keeping.at_rest import new_key
from appliance.keeping.texts import key_of_texts
from appliance.stages.context import read_answers, read_records, write_records
from distill.text_files import put_line
from distill.values import Completion
from privacy.records import ScrubbedRecord, Span

_CHUNK = 2000
_CHARACTERS = 400
_WORDS = "please help today since morning again twice never still waiting answer slowly quickly better worse because".split()


def make_records(count: int) -> list[ScrubbedRecord]:
    """Of about 400 characters, with two replaced places each."""
    source, records = Random(5), []
    for number in range(count):
        text = " ".join(source.choices(_WORDS, k=_CHARACTERS // 7))
        spans = (Span(0, 6, "PERSON", 0.9, "rule"), Span(20, 30, "PHONE_NUMBER", 0.8, "rule"))
        records.append(ScrubbedRecord(f"{number:016x}", {"message": text}, {"message": spans}, "p"))
    return records


def write(folder: Path, records: list[ScrubbedRecord]) -> None:
    """As scrub and teach do: chunks as Parquet, answers line by line."""
    for start in range(0, len(records), _CHUNK):
        path = folder / "scrub" / "records" / f"data-{start // _CHUNK:05d}.parquet"
        write_records(path, records[start : start + _CHUNK], held_out=False)
    path = folder / "teach" / "completions.jsonl"
    key = key_of_texts(path)
    with path.open("wb") as file:
        for record in records:
            said = asdict(Completion(record.record_id, "billing, and soon", "stop", "m", 90, 6))
            file.write(put_line(json.dumps({**said, "likeliest": None}).encode(), key) + b"\n")
            file.flush()


def read(folder: Path, count: int) -> None:
    assert len(read_records(folder / "scrub")[0]) == count
    assert len(read_answers(folder / "teach" / "completions.jsonl")) == count


def taken(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    records = make_records(asked.records)
    folders = {}
    for name in ("plain", "encrypted"):
        os.environ.pop("STILLHOUSE_KEY_FILE", None)
        if name == "encrypted":
            new_key(asked.folder / "key")
            os.environ["STILLHOUSE_KEY_FILE"] = str(asked.folder / "key")
        os.environ["STILLHOUSE_HOME"] = str(asked.folder / name)
        folders[name] = Home.open().runs / "a-1"
        for stage in ("scrub/records", "teach"):
            (folders[name] / stage).mkdir(parents=True)
    seconds: dict[str, list[float]] = {}
    for _ in range(asked.turns):
        for name, folder in folders.items():
            seconds.setdefault(f"write {name}", []).append(taken(lambda at=folder: write(at, records)))
            seconds.setdefault(f"read {name}", []).append(taken(lambda at=folder: read(at, len(records))))
    sizes = {
        name: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        for name, folder in folders.items()
    }
    for name, found in sorted(seconds.items()):
        print(f"{name:16} {statistics.median(found):6.2f} s  ({min(found):.2f} to {max(found):.2f})")
    print(json.dumps({"records": asked.records, "turns": asked.turns, "seconds": seconds, "bytes": sizes}))


if __name__ == "__main__":
    main()
