"""A use case in the making, in a home, and a scrubber of rules alone: what previews and reviews are tested on."""

from __future__ import annotations

import functools
import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance import datasets
from appliance.home import Home
from appliance.people.acting import Actor, Role
from appliance.preparing import use_cases
from appliance.preparing.reading import reading_of
from privacy.actions import Replacements
from privacy.scan import Scrubber
from privacy.settings import policy_id
from tests.privacy.fakes import RulesOnly

OPERATOR = Actor("olga", frozenset({Role.OPERATOR}), "console")
OFFICER = Actor("petra", frozenset({Role.PRIVACY_OFFICER}), "console")
SECOND = Actor("paul", frozenset({Role.PRIVACY_OFFICER}), "console")
VIEWER = Actor("vera", frozenset({Role.VIEWER}), "console")

LABELS = ("billing", "outage")
ROWS = [
    {
        "no": f"T-{number}",
        "text": f"Please mail case.{number}@example.com, or ask Zyxw{number} about {'it ' * (number % 7)}.",
        "queue": LABELS[number % 2],
    }
    for number in range(60)
]


def write(path: Path, rows: Sequence[Mapping[str, str]] = ROWS) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def bring_in(home: Home) -> datasets.Dataset:
    """The tickets, in this home: as they were brought into another one, where nothing was done here yet."""
    if any(path.is_file() for path in home.root.rglob("*")):
        return _bring_in(home)
    template, brought = _brought_in()
    shutil.copytree(template.name, home.root, dirs_exist_ok=True)
    return brought


def _bring_in(home: Home) -> datasets.Dataset:
    content = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    return datasets.bring_in(home, OPERATOR, io.BytesIO(content), "tickets.jsonl")


@functools.cache
def _brought_in() -> tuple[tempfile.TemporaryDirectory[str], datasets.Dataset]:
    """Once a session: a file is looked at in a process of its own."""
    folder = tempfile.TemporaryDirectory()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STILLHOUSE_HOME", folder.name)
        return folder, _bring_in(Home.open())


def draft(home: Home, name: str = "tickets", **sections: Any) -> str:
    """The use case `name` with data, task, policy and recorded teacher; `sections` replace these, None leaves one out."""
    brought = bring_in(home)
    use_cases.create(home, OPERATOR, name, "Tickets to queues")
    chosen: dict[str, Any] = {
        "data": {
            "path": str(datasets.raw_path(home, brought.dataset_id)),
            "id": "no",
            "fields": {"message": "text", "queue": "queue"},
        },
        "scrub": {"policy": "gdpr"},
        "task": {
            "kind": "classify",
            "input": "{message}",
            "instructions": "Name the queue: {labels}.",
            "labels": list(LABELS),
        },
        "teacher": {"kind": "recorded", "model": "people", "answer_field": "queue"},
        **sections,
    }
    use_cases.save(home, OPERATOR, name, {key: value for key, value in chosen.items() if value is not None})
    return name


def rules_only(home: Home, name: str) -> Scrubber:
    """Scrubs by the draft's policy, with our rules and no model."""
    from appliance.stages.data import field_rules

    reading, key = reading_of(home, name), home.scrub_key()
    rules = {} if reading.task is None else field_rules(reading.task, reading.answer_fields)
    return Scrubber(
        RulesOnly(),
        Replacements(key, reading.policy.action_by_type()),
        {**reading.source.column_rules(), **rules},
        reading.policy,
        policy_id(reading.policy, key),
        key,
    )


def silently(*_args: Any, **_more: Any) -> None:
    """Progress that nobody watches."""
