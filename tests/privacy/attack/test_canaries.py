"""Planted secrets: drawn fairly, never twice alike, few enough, and found again after a scrubber."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from privacy.attack.canaries import Canary, invent, repetitions, values_of
from privacy.attack.planting import Planting, plan, planted_values, planter, surviving
from privacy.attack.settings import PlantSettings
from privacy.ingest import read_rows
from privacy.records import DroppedRow, RawRecord
from privacy.settings import SourceSettings

KEY = b"a key of thirty-two bytes, more."


def test_secrets_are_the_same_for_the_same_key_and_seed_and_others_for_others() -> None:
    settings = PlantSettings()
    first = invent(settings, KEY, 1000)
    assert first == invent(settings, KEY, 1000)
    for other in (invent(settings, b"x" * 32, 1000), invent(replace(settings, seed=8), KEY, 1000)):
        assert sum(a.secret == b.secret for a, b in zip(first, other, strict=True)) <= 1


def test_no_two_secrets_share_a_beginning_or_an_identifier() -> None:
    secrets = invent(PlantSettings(canaries=256, people=256), KEY, 1_000_000)
    assert len(secrets) == 512
    assert len({secret.lead for secret in secrets}) == 512
    identifiers = [value for secret in secrets if secret.family != "pair" for value in secret.identifiers]
    assert len(set(identifiers)) == len(identifiers)


def test_secrets_and_their_rivals_are_uniform_over_their_family() -> None:
    """Chosen and other are exchangeable: that a coin was fair is what the lower bound of epsilon rests on."""
    drawn = [
        secret for seed in range(8) for secret in invent(PlantSettings(256, 256, 0.5, seed), KEY, 1_000_000)
    ]
    for places in ([s.chosen for s in drawn], [s.other for s in drawn]):
        parts = Counter(
            place * 8 // len(values_of(secret.family)) for secret, place in zip(drawn, places, strict=True)
        )
        assert all(abs(count - len(drawn) / 8) < 4 * (len(drawn) / 8) ** 0.5 for count in parts.values())
    assert abs(sum(s.chosen < s.other for s in drawn) - len(drawn) / 2) < 2 * len(drawn) ** 0.5
    assert all(secret.chosen != secret.other for secret in drawn)


@pytest.mark.parametrize("records", [0, 10, 60, 200, 1000, 5000, 100_000])
@pytest.mark.parametrize(
    "settings", [PlantSettings(), PlantSettings(64, 64), PlantSettings(0, 8), PlantSettings(8, 0)]
)
def test_no_more_than_the_allowed_share_of_the_records_carries_a_secret(
    settings: PlantSettings, records: int
) -> None:
    planted = sum(secret.repeats for secret in invent(settings, KEY, records))
    assert planted <= settings.max_share * records


def test_some_secrets_are_planted_4_and_16_times_where_there_is_room() -> None:
    assert repetitions(16, 42) == [16, 4, 4] + [1] * 13
    assert repetitions(16, 1000) == [16] * 4 + [4] * 4 + [1] * 8
    assert repetitions(16, 3) == [1, 1, 1]
    assert repetitions(0, 100) == []


def test_a_secret_shows_nothing_of_itself() -> None:
    for secret in invent(PlantSettings(), KEY, 1000):
        assert not any(value in repr(secret) for value in planted_values(secret))


@pytest.fixture
def source(tmp_path: Path) -> SourceSettings:
    rows = [json.dumps({"id": n, "m": f"message {n}", "a": "yes"}) for n in range(400)]
    rows[3] = "{broken"
    (tmp_path / "in.jsonl").write_text("\n".join(rows))
    return SourceSettings(path="in.jsonl", id="id", fields={"message": "m", "answer": "a"})


def test_planting_adds_sentences_to_its_carriers_and_leaves_all_else(
    source: SourceSettings, tmp_path: Path
) -> None:
    planting = plan(PlantSettings(), source, tmp_path, KEY)
    assert planting.records == 399
    assert Counter(planting.carriers.values()) == {c.index: c.repeats for c in planting.canaries}
    plant = planter(planting, "message")
    assert plant is not None
    before, after = (
        list(rows) for rows in (read_rows(source, tmp_path, KEY), plant(read_rows(source, tmp_path, KEY)))
    )
    changed = 0
    for row, planted in zip(before, after, strict=True):
        if isinstance(row, DroppedRow):
            assert planted == row
            continue
        assert isinstance(planted, RawRecord)
        assert (planted.record_id, planted.row, planted.fields["answer"]) == (row.record_id, row.row, "yes")
        index = planting.carriers.get(row.record_id)
        added = "" if index is None else f" {planting.canaries[index].sentence}"
        assert planted.fields["message"] == row.fields["message"] + added
        changed += index is not None
    assert changed == len(planting.carriers) > 0
    assert plan(PlantSettings(), source, tmp_path, KEY) == planting


def test_nothing_is_planted_where_nothing_is_asked_for(source: SourceSettings, tmp_path: Path) -> None:
    planting = plan(PlantSettings(canaries=0, people=0), source, tmp_path, KEY)
    assert planting == Planting((), {}, 0) and planter(planting, "message") is None


def _one_of_each() -> tuple[Planting, dict[str, Canary]]:
    secrets = {secret.family: secret for secret in invent(PlantSettings(), KEY, 1000)}
    canaries = tuple(replace(secret, index=place) for place, secret in enumerate(secrets.values()))
    carriers = {f"r{canary.index}": canary.index for canary in canaries}
    return Planting(canaries, carriers, 1000), {canary.family: canary for canary in canaries}


def test_what_a_scrubber_left_is_counted_by_how_it_can_be_read() -> None:
    planting, by_family = _one_of_each()
    person, number, pair = (by_family[name] for name in ("person", "number", "pair"))
    texts = {
        f"r{person.index}": f"Customer <ID> is {person.secret}, reached at <EMAIL>.",
        f"r{number.index}": number.sentence.replace("-", " "),
        f"r{pair.index}": pair.sentence,
    }
    survivals, readable = surviving(planting, texts)
    counts = {row.family: (row.values, row.exact, row.normalised, row.fuzzy) for row in survivals}
    assert counts == {"person": (3, 1, 0, 0), "number": (1, 0, 1, 0), "pair": (1, 1, 0, 0)}
    assert readable == {0, 1, 2}


def test_a_dropped_carrier_is_not_counted() -> None:
    planting, _ = _one_of_each()
    assert surviving(planting, {}) == ([], frozenset())
