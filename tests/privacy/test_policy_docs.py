"""What docs/policy.md shows is what the program takes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import regex
from pydantic import TypeAdapter

from privacy.presets import ACTIONS, GENERALISED, PRESETS
from privacy.settings import ScrubPolicy, SourceSettings

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def test_the_examples_are_taken_as_they_stand() -> None:
    scrub, data = (tomllib.loads(block) for block in regex.findall(r"```toml\n(.*?)```", PAGE, regex.DOTALL))
    policy = TypeAdapter(ScrubPolicy).validate_json(json.dumps(scrub["scrub"]), strict=True)
    assert policy.action_by_type()["PASSPORT"] == "drop" and len(policy.pattern) == 2
    source = TypeAdapter(SourceSettings).validate_json(json.dumps(data["data"]), strict=True)
    assert set(source.column_rules()) == {"caller", "plan"}


def test_every_action_and_preset_has_its_row() -> None:
    rows = regex.findall(r"^\| `([\w-]+)` \|(.*)$", PAGE, regex.MULTILINE)
    assert [name for name, _ in rows] == [*ACTIONS, *PRESETS]
    assert all(name in dict(rows)["generalise"] for name in GENERALISED)
