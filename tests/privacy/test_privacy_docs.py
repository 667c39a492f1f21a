"""What docs/privacy.md says of types, commands and counts is what the program has."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path

import pytest

from appliance.commands.privacy import scrub
from privacy.entities import ENTITY_TYPES
from privacy.ingest import record_id
from privacy.intervals import exact_upper, wilson_n
from privacy.measure import read_gold

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
KEY = b"a key of thirty-two bytes, more."


def test_every_type_that_hipaa_names_stands_beside_its_identifier() -> None:
    rows = re.findall(r"^\| [A-R] [^|]+\| ([A-Z_, ]+) \|", PAGE, re.MULTILINE)
    assert len(rows) == 18
    named = {name for row in rows for name in row.split(", ")}
    assert named == {name for name, row in ENTITY_TYPES.items() if "hipaa" in row.rules}


def test_every_benchmark_named_is_there() -> None:
    modules = re.findall(r"python -m (tests[\w.]+)", PAGE)
    scripts = re.findall(r"python (tests/\S+\.py)", PAGE)
    assert len(modules) + len(scripts) >= 10
    for path in (*scripts, *(module.replace(".", "/") + ".py" for module in modules)):
        assert (ROOT / path).is_file(), path


def test_the_scrub_examples_are_options_that_exist() -> None:
    commands = [
        line for line in PAGE.replace("\\\n", " ").splitlines() if line.startswith("stillhouse scrub ")
    ]
    assert len(commands) == 2
    for command in commands:
        given = scrub.make_context("scrub", shlex.split(command)[2:]).params
        assert given["policy"] in ("gdpr", "hipaa-safe-harbor") and given["check"] == (given["out"] is None)


def test_the_marked_line_is_taken(tmp_path: Path) -> None:
    (line,) = re.findall(r"```json\n(.*)\n```", PAGE)
    (tmp_path / "marks.jsonl").write_text(line)
    marks = read_gold(tmp_path / "marks.jsonl", KEY)
    assert [span.entity_type for span in marks[record_id(KEY, "T-1042"), "message"]] == ["PERSON"]


@pytest.mark.parametrize(("found", "floor", "spans"), [(0.97, 0.90, 71), (0.97, 0.95, 457), (1.0, 0.99, 381)])
def test_the_spans_to_mark_are_as_many_as_said(found: float, floor: float, spans: int) -> None:
    assert wilson_n(found, floor) == spans and re.search(rf"\b{spans} for", PAGE)


@pytest.mark.parametrize(("reviewed", "leaking"), [(300, 100), (3000, 10)])
def test_the_residual_risk_of_no_leak_is_as_said(reviewed: int, leaking: int) -> None:
    assert math.ceil(exact_upper(0, reviewed) * 10_000) == leaking
    assert re.search(rf"\b{leaking}\b(?: of 10,000)?[,.]", PAGE)
