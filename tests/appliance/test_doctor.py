from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import doctor, models
from appliance.doctor import Check, examine
from appliance.home import Home
from appliance.store import Store
from distill.checkpoints import seal


def check(home: Home, name: str) -> Check:
    return next(found for found in examine(home) if found.name == name)


@pytest.fixture
def home() -> Home:
    return Home.open()


def test_what_fails_carries_its_remedy_and_what_is_well_carries_none(home: Home) -> None:
    for found in examine(home):
        assert found.ok == (found.remedy is None), found
        assert found.found and len(found.found.splitlines()) == 1


def test_a_home_that_others_can_read_needs_mending(home: Home) -> None:
    assert check(home, "home") == Check("home", True, f"{home.root}, mode 700")
    home.root.chmod(0o750)
    assert check(home, "home").remedy == f"run `chmod 700 {home.root}`: others can read the state"


@pytest.mark.parametrize(("limit", "ok"), [(0, True), (10**9, False)])
def test_room_and_memory_are_held_against_what_a_run_needs(
    home: Home, monkeypatch: pytest.MonkeyPatch, limit: int, ok: bool
) -> None:
    monkeypatch.setattr(doctor, "MIN_FREE_GIB", limit)
    monkeypatch.setattr(doctor, "MIN_MEMORY_GIB", limit)
    assert (check(home, "disk").ok, check(home, "memory").ok) == (ok, ok)


@pytest.mark.parametrize("state", ["not fetched", "damaged", "intact"])
def test_a_model_is_intact_damaged_or_not_fetched(
    home: Home, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = replace(models.CATALOGUE[0], name="words")
    monkeypatch.setattr(doctor, "CATALOGUE", (model,))
    path = home.models / "words"
    if state != "not fetched":
        path.mkdir()
        (path / "config.json").write_text("{}")
        seal(path)
    if state == "damaged":
        (path / "config.json").write_text("[]")
    remedy = None if state == "intact" else "run `stillhouse models fetch words`"
    assert check(home, "model words") == Check("model words", state == "intact", state, remedy)


def test_a_model_of_an_earlier_conversion_is_told_and_nothing_fails_for_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = replace(models.CATALOGUE[0], name="words", conversion=2)
    monkeypatch.setattr(doctor, "CATALOGUE", (model,))
    path = home.models / "words"
    path.mkdir()
    for conversion, words in ((1, "converted by an earlier version"), (2, "intact")):
        (path / "origin.json").write_text(json.dumps({"conversion": conversion}))
        seal(path)
        told = check(home, "model words")
        assert told.ok and words in told.found
        assert (told.remedy is None) == (conversion == 2)


def test_a_store_that_is_well_tells_its_version(home: Home) -> None:
    assert check(home, "store") == Check("store", True, "schema version 2")


def test_the_air_gap_is_shown_with_what_was_tried_and_by_whom(home: Home) -> None:
    assert check(home, "outside attempts").found == "nothing has run under the seal yet"
    attempt = {
        "pid": 7,
        "program": "python3.11",
        "call": "connect",
        "family": "AF_INET",
        "port": 443,
        "count": 2,
    }
    for run, stage, attempts in (
        ("a-1", "sft", []),
        ("a-1", "bench", [attempt | {"address": "192.0.2.1"}]),
        ("b-2", "sft", []),
    ):
        folder = home.runs / run / stage
        folder.mkdir(parents=True)
        told = {"refused": sum(one["count"] for one in attempts), "attempts": attempts}
        (folder / "egress.json").write_text(json.dumps(told))
    found = check(home, "outside attempts").found
    assert found == "2 refused in 3 sealed stages of 2 runs; python3.11 to 192.0.2.1 (bench of a-1)"
    (home.jobs / "1").mkdir(parents=True)
    (home.jobs / "1" / "egress.json").write_text('{"refused": 0, "attempts": []}')
    assert "2 runs and in 1 sealed job;" in check(home, "outside attempts").found
    (folder / "egress.json").write_text('{"refused": 2, "attempts": ["x"]}')
    damaged = check(home, "outside attempts")
    assert not damaged.ok and damaged.remedy and "b-2/sft/egress.json is damaged" in damaged.found


def damage(path: Path) -> None:
    path.write_bytes(b"not a database" * 999)


def make_newer(path: Path) -> None:
    import duckdb

    Store(path).schema_version()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE schema_version SET version = 99")


@pytest.mark.parametrize(
    ("change", "remedy"),
    [(damage, "move it aside"), (make_newer, "written by a newer release; install that one")],
)
def test_a_store_that_is_not_well_is_told_and_not_raised(home: Home, change: object, remedy: str) -> None:
    assert callable(change)
    change(home.store)
    found = check(home, "store")
    assert (found.ok, found.found) == (False, "unusable")
    assert found.remedy is not None and remedy in found.remedy
