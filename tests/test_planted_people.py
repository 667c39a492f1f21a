"""Invented people in the raw corpus: none in the scrubbed records, none from the student that learnt from these."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.demo_data import write_demo_data
from appliance.home import Home
from appliance.models import resolve_detector
from distill.probe import Probe, overfitted
from distill.sft import SftSettings, train_sft
from distill.student import merge_and_save
from distill.values import Messages
from privacy.attack.audit import Audit, Case
from privacy.attack.extraction import PLACES, emissions, lead_prompt
from privacy.attack.language_model import Prompt
from privacy.attack.planting import Planting, plan, planted_values, planter, surviving
from privacy.attack.settings import AttackSettings, PlantSettings
from privacy.attack.trial import Record, Trial, measure
from privacy.scrub import scrub_source
from privacy.settings import DetectorSettings, ScrubPolicy, SourceSettings
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

KEY = b"a key of thirty-two bytes, more."
INSTRUCTIONS = "Label the ticket."
SOURCE = SourceSettings(
    path="tickets.jsonl", id="ticket_id", fields={"message": "message", "answer": "answer"}
)
POLICY = ScrubPolicy(name="test", processes=1, timeout_s=60.0, chunk_size=64)
PLANT = PlantSettings(canaries=12, people=8, max_share=0.5)


@pytest.fixture(scope="module")
def scrubbed(models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Planting, dict[str, str]]:
    """What was planted, and the messages by record id as the scrubber leaves them."""
    folder = tmp_path_factory.mktemp("planted")
    write_demo_data(folder / "tickets.jsonl", n=120, seed=5)
    planting = plan(PLANT, SOURCE, folder, KEY)
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    (home / "models").symlink_to(models)
    detectors = resolve_detector(DetectorSettings(), Home(home), folder)
    chunks = scrub_source(SOURCE, folder, POLICY, {}, KEY, detectors, plant=planter(planting, "message"))
    texts = {record.record_id: record.fields["message"] for chunk in chunks for record in chunk.records}
    return planting, texts


def test_no_planted_person_or_number_is_left_in_the_scrubbed_records(
    scrubbed: tuple[Planting, dict[str, str]],
) -> None:
    planting, texts = scrubbed
    survivals, _ = surviving(planting, texts)
    counts = {row.family: row for row in survivals}
    for family in ("person", "number"):
        row = counts[family]
        assert row.values > 3
        assert row.exact == row.normalised == row.fuzzy == 0, row
    assert counts["pair"].exact == counts["pair"].values > 3, "what is nobody's passes, or nothing is tested"


def test_the_student_says_none_of_them_and_its_overfitted_copy_is_flagged(
    scrubbed: tuple[Planting, dict[str, str]], tmp_path: Path
) -> None:
    planting, texts = scrubbed
    base = make_tiny_model(tmp_path / "tiny")
    answer = json.dumps({"queue": "billing"})
    chats: list[tuple[Messages, str]] = [
        ([{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": text}], answer)
        for text in texts.values()
    ]
    settings = SftSettings(epochs=1, learning_rate=5e-3, batch_size=8, max_tokens=1024)
    train_sft(base, chats, tmp_path / "sft", settings, "cpu", lambda *_: None)
    merge_and_save(base, tmp_path / "sft" / "adapter", tmp_path / "student")
    records = tuple(Record(Prompt(text, ""), answer) for text in list(texts.values())[:8])
    trial = Trial(planting.canaries, records, (), AttackSettings(records=0, generations=32))
    quiet = lambda *_: None  # noqa: E731
    student = measure(Probe(tmp_path / "student", "cpu", INSTRUCTIONS), trial, quiet)
    assert emissions(planting.canaries, student.said, None) == []
    pairs = [(lead_prompt(c, place), c.secret + c.tail) for c in planting.canaries for place in PLACES]
    control, _ = overfitted(tmp_path / "student", "cpu", INSTRUCTIONS, pairs, 40, 7, quiet)
    _, reached = surviving(planting, texts)
    untouched = measure(Probe(base, "cpu", INSTRUCTIONS), trial, quiet)
    audit = Audit(Case(trial, reached, untouched, measure(control, trial, quiet), None))
    assert audit.positive.has("exposure") and audit.positive.has("extraction")
    verdict = audit.judge(student)
    assert verdict.result == "passes", verdict.reasons
    told = json.dumps([verdict.facts, audit.facts()], ensure_ascii=False)
    assert not [value for canary in planting.canaries for value in planted_values(canary) if value in told]
