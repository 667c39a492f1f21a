"""From a file to scrubbed chunks with the real detector: kept plus dropped is what was seen, however it runs."""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from privacy.detect import Detector
from privacy.dictionary import read_terms
from privacy.records import DetectorModels, DropReason, RawRecord, ScrubbedRecord
from privacy.scrub import ScrubbedChunk, build_scrubber, scrub_source
from privacy.settings import FieldRule, ScrubPolicy, SourceSettings
from privacy.workers import Workers
from tests.benchmarks import unseen
from tests.privacy.fakes import KEY, POLICY

pytestmark = pytest.mark.slow
SOURCE = SourceSettings(
    path="in.jsonl", id="id", fields={"message": "m", "intent": "i"}, max_bad_fraction=0.5
)
RULES = {"intent": FieldRule("closed", frozenset({"refund"}))}


@pytest.fixture
def base_dir(tmp_path: Path) -> Path:
    lines = []
    for number in range(40):
        message = f"Hello, I am Gertrude Stein from Lisbon, account number 4411-{number:02d}, mail g{number}@corp.com"
        lines.append(json.dumps({"id": number, "m": message, "i": "refund" if number % 10 else "John"}))
    lines[5] = "{broken"
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    return tmp_path


def run(
    base_dir: Path, detector_models: DetectorModels, policy: ScrubPolicy, skip_chunks: int = 0
) -> list[ScrubbedChunk]:
    return list(scrub_source(SOURCE, base_dir, policy, RULES, KEY, detector_models, skip_chunks))


def test_kept_plus_dropped_is_seen_alike_in_one_process_and_in_two(
    base_dir: Path, detector_models: DetectorModels
) -> None:
    policy = replace(POLICY, chunk_size=8, processes=1, timeout_s=30.0)
    here = run(base_dir, detector_models, policy)
    assert [len(chunk.records) + len(chunk.dropped) for chunk in here] == [8] * 5
    dropped = [row for chunk in here for row in chunk.dropped]
    assert [(row.row, row.reason) for row in dropped] == [
        (1, DropReason.NOT_IN_CLOSED_SET),
        (6, DropReason.BAD_SYNTAX),
        (11, DropReason.NOT_IN_CLOSED_SET),
        (21, DropReason.NOT_IN_CLOSED_SET),
        (31, DropReason.NOT_IN_CLOSED_SET),
    ]
    text = " ".join(record.fields["message"] for chunk in here for record in chunk.records)
    for secret in ("Gertrude", "Stein", "Lisbon", "4411-", "@corp.com"):
        assert secret not in text
    assert run(base_dir, detector_models, policy, skip_chunks=3) == here[3:]

    def without_policy(chunks: list[ScrubbedChunk]) -> list[object]:
        return [
            (chunk.dropped, [(r.record_id, r.fields, r.spans) for r in chunk.records]) for chunk in chunks
        ]

    two = run(base_dir, detector_models, replace(policy, processes=2))
    assert without_policy(two) == without_policy(here)


def test_a_scrubbing_process_has_one_thread(detector_models: DetectorModels) -> None:
    build = partial(build_scrubber, POLICY, {}, KEY, detector_models, read_terms(POLICY, Path()))
    with Workers(build, 1, timeout_s=60.0) as workers:
        (outcome,) = workers.submit([RawRecord("a", 1, {"m": "Ask Gertrude Stein. " * 50})]).result()
        (child,) = multiprocessing.active_children()
        assert isinstance(outcome, ScrubbedRecord)
        assert len(list(Path(f"/proc/{child.pid}/task").iterdir())) == 1


def test_a_wrong_model_folder_is_named(base_dir: Path, tmp_path: Path) -> None:
    nothing = DetectorModels(tmp_path / "nothing", ())
    with pytest.raises(ValueError, match="not a spaCy model folder"):
        run(base_dir, nothing, replace(POLICY, processes=1))


def test_mistakes_of_the_caller_are_named(base_dir: Path, detector_models: DetectorModels) -> None:
    with pytest.raises(ValueError, match="no column is mapped to 'intnet'"):
        next(scrub_source(SOURCE, base_dir, POLICY, {"intnet": FieldRule()}, KEY, detector_models))
    with pytest.raises(ValueError, match="needs 16"):
        next(scrub_source(SOURCE, base_dir, POLICY, {}, b"short", detector_models))


@pytest.fixture(scope="module")
def detector(detector_models: DetectorModels) -> Detector:
    return Detector(detector_models)


FOUND = [
    ("card 4556 6019 3807 1755", "CREDIT_CARD", "4556 6019 3807 1755"),
    ("SSN 374-15-9928", "US_SSN", "374-15-9928"),
    ("from 192.168.10.7", "IP_ADDRESS", "192.168.10.7"),
    ("pay DE89370400440532013000", "IBAN_CODE", "DE89370400440532013000"),
    ("key " + "aB3." * 50, "UNREADABLE", "aB3." * 50),
]


@pytest.mark.parametrize(("text", "entity_type", "value"), FOUND)
def test_the_surest_recogniser_names_the_type(
    detector: Detector, text: str, entity_type: str, value: str
) -> None:
    (spans,) = detector.find([text])
    assert (entity_type, value) in [(span.entity_type, text[span.start : span.end]) for span in spans]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["a.", "1-", "@", "1", "www.", "a@a.", "::", "12 ", "John ", "\t1"])
def test_a_hostile_text_is_scanned_soon_or_reported(detector: Detector, piece: str) -> None:
    (spans,) = detector.find([(piece * 20000)[:20000]])
    assert len(spans) < 20000


def test_a_document_of_64_kB_goes_through_within_its_time(
    tmp_path: Path, detector_models: DetectorModels
) -> None:
    text = " ".join(sample.text for sample in unseen.samples(1500, 5, "dev"))[:65_536]
    assert len(text) == 65_536
    (tmp_path / "long.jsonl").write_text(json.dumps({"m": text}))
    source = SourceSettings(path="long.jsonl", fields={"message": "m"}, max_row_bytes=200_000)
    policy = replace(POLICY, max_chars=100_000, timeout_s=60.0)
    started = time.monotonic()
    (chunk,) = scrub_source(source, tmp_path, policy, {}, KEY, detector_models)
    assert len(chunk.records) == 1 and time.monotonic() - started < 60


def test_a_scan_without_time_is_an_error(detector_models: DetectorModels) -> None:
    with pytest.raises(TimeoutError):
        Detector(detector_models, timeout_s=1e-9).find(["Mr. Smith"])


def test_a_kept_type_shields_nothing_else(detector_models: DetectorModels) -> None:
    detector = Detector(detector_models, keep_types=("URL",))
    text = "see http://corp.com/ or write to jo@corp.com"
    assert [text[span.start : span.end] for span in detector.find([text])[0]] == ["jo@corp.com"]
