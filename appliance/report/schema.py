"""What report.json holds, as a JSON Schema that is shipped; every report is held against it before it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from appliance.report.study import Facts

SCHEMA_VERSION = 2
"""Raised when a name in the facts changes its meaning or goes away."""

PATH = Path(__file__).with_name("report.schema.json")


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def mismatches(facts: Facts) -> list[str]:
    """Where the facts are not what the schema says: the place and the rule, never the value."""
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema()).iter_errors(facts)
    return sorted(f"{error.json_path}: {error.validator}" for error in errors)
