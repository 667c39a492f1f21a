"""The page that auditors read says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.people.acting import MAY, Action, Role

ROOT = Path(__file__).parents[2]


def test_the_documented_table_of_roles_is_the_one_that_is_enforced() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in (ROOT / "docs" / "security.md").read_text().splitlines()
        if line.startswith("|")
    ]
    head = next(row for row in rows if row[1:2] == ["viewer"])
    roles = [Role(name.replace(" ", "-")) for name in head[1:]]
    table = {}
    for row in rows:
        for name in re.findall(r"`([a-z-]+)`", row[0]) if len(row) == len(head) else ():
            table[Action(name)] = {role for role, cell in zip(roles, row[1:], strict=True) if cell == "yes"}
    assert table == {action: set(roles) for action, roles in MAY.items()}


def test_the_page_knows_how_long_the_verifier_is() -> None:
    lines = len((ROOT / "deploy" / "verify_audit.py").read_text().splitlines())
    assert f"A verifier of {lines} lines" in (ROOT / "docs" / "security.md").read_text()
