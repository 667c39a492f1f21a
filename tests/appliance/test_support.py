from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import audit, manifest
from appliance.cli import main
from appliance.home import Home
from appliance.keeping.support import told
from appliance.manifest import Manifest
from appliance.store import Store

CANARY = "Ortrud-Canary-4711"


@pytest.fixture
def home() -> Home:
    """With the same word in every place that people or records write to."""
    home = Home.open()
    store = Store(home.store)
    store.begin_run(f"{CANARY}-1", CANARY, f"Letters of {CANARY}")
    store.end_run(f"{CANARY}-1", "failed", f"teach: {CANARY} did not answer")
    folder = home.runs / f"{CANARY}-1"
    settings = {
        "name": CANARY,
        "data": {"path": f"/srv/{CANARY}.csv", CANARY: 3},
        "sft": {"epochs": 2, "note": CANARY, "dp": {CANARY: 1}},
    }
    (folder / "scrub").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"base_dir": CANARY, "use_case": settings}))
    (folder / "scrub" / "egress.json").write_text(
        json.dumps({"refused": 2, "attempts": [{"program": CANARY, "address": CANARY}]})
    )
    (folder / "scrub" / "log.txt").write_text(CANARY)
    manifest.write(folder / "scrub", Manifest("scrub", CANARY, {}, {"fact": CANARY}, 2.0, 1.0))
    (folder / "teach").mkdir()
    audit.append(home, CANARY, "console", "delete-data", "done", {"dataset": CANARY})
    (home.root / "data").mkdir()
    (home.root / "data" / f"{CANARY}.csv").write_text(CANARY)
    return home


def test_nothing_that_people_or_records_write_is_in_it(home: Home) -> None:
    assert CANARY not in json.dumps(told(home))
    assert str(home.root) not in json.dumps(told(home))


def test_it_says_what_is_needed_to_help(home: Home) -> None:
    found = told(home)
    (run,) = found["runs"]
    assert (run["status"], run["failed_in"]) == ("failed", "teach")
    assert run["settings"] == {"sft.epochs": 2}
    assert run["stages"]["scrub"] == {"status": "done", "seconds": 2.0, "refused_connections": 2}
    assert run["stages"]["attack"]["refused_connections"] is None
    assert found["audit"] == {"delete-data done": 1}
    assert found["bytes"]["data"] == len(CANARY) and found["bytes"]["jobs"] is None


def test_it_is_read_before_it_is_sent(home: Home, tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["support-bundle"])
    assert json.loads(shown.output).keys() == told(home).keys()
    wrote = CliRunner().invoke(main, ["support-bundle", "-o", str(tmp_path / "support.json")])
    assert "read it before you send it" in wrote.output
    assert json.loads((tmp_path / "support.json").read_text()).keys() == told(home).keys()
