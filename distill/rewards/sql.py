"""The reward `sql`: a query earns 1 if it finds the rows that the teacher's query finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from distill.rewards.reward import Judge, RewardScore, said
from distill.rewards.settings import RewardSettings
from distill.rewards.sql_sandbox import SqlSandbox, Verdict
from distill.tasks import Task
from distill.values import Example

_FENCE = re.compile(r"\s*```(?:sql)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL | re.IGNORECASE)

_UNJUDGED = {
    Verdict.NO_REFERENCE: "the teacher's query fails",
    Verdict.EMPTY_REFERENCE: "the teacher's query finds no rows",
    Verdict.LOST: "the SQL sandbox died",
}


def finds_the_same(settings: RewardSettings, task: Task, base_dir: Path) -> tuple[Judge, Callable[[], None]]:
    """The reward, and what ends its process. Raises ValueError, with the remedy, where the tables cannot be made."""
    assert settings.tables is not None, "settings.py refuses the kind without them"
    try:
        tables = (base_dir / settings.tables).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"onpolicy.reward: tables = '{settings.tables}' cannot be read ({type(error).__name__}): name a UTF-8 file of "
            "CREATE TABLE and INSERT statements"
        ) from None
    sandbox = SqlSandbox(tables, timeout_s=settings.timeout_s, max_rows=settings.max_rows)
    sandbox.start()  # so that bad tables are told before anything is trained
    name = settings.name

    def judge(example: Example, completion: str) -> RewardScore:
        reference = _query(task, settings.field, example.answer or "")
        if reference is None:
            return RewardScore(name, None, "the teacher has no query")
        query = _query(task, settings.field, completion)
        if query is None:
            return RewardScore(name, 0.0)
        verdict = sandbox.compare(query, reference)
        if verdict in _UNJUDGED:
            return RewardScore(name, None, _UNJUDGED[verdict])
        return RewardScore(name, float(verdict is Verdict.SAME))

    return judge, sandbox.close


def _query(task: Task, field: str | None, text: str) -> str | None:
    """The SQL without the fence that models like to put around it; None where there is none."""
    value = said(task, field, text)
    if not isinstance(value, str) or not value.strip():
        return None
    fenced = _FENCE.fullmatch(value)
    return fenced[1] if fenced else value
