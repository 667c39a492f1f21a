"""Invented support tickets with all that a run needs: recorded answers, references, gold spans."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from appliance.demo_data.compose import GoldSpan, draw_situation, write_message
from appliance.demo_data.people import new_people
from appliance.demo_data.rules import (
    ANSWER_SCHEMA,
    PRIORITIES,
    PRODUCTS,
    QUEUES,
    SYSTEM_PROMPT,
    Answer,
    decide,
)

__all__ = ["ANSWER_SCHEMA", "SYSTEM_PROMPT", "gold_path", "write_demo_data"]

# A good teacher, not a perfect one: curation must have something to reject and the teacher a score below 1.
_WRONG_FIELD = 0.04
_MALFORMED = 0.01
_REFUSAL = "I'm sorry, but I can't help with that."


def gold_path(path: Path) -> Path:
    """Where the gold spans of a ticket file lie: `tickets.jsonl` has `tickets.gold.jsonl` beside it."""
    return path.with_name(f"{path.stem}.gold.jsonl")


def write_demo_data(path: Path, *, n: int = 600, seed: int = 7) -> None:
    """Write `n` tickets to `path` and their gold spans beside it: JSON Lines, the same bytes for a seed.

    A ticket has ticket_id, received, message, answer (the recorded teacher) and reviewed (the human
    reference); a gold row has id, field and spans, empty where the message holds nothing personal.
    Raises ValueError if n < 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}: demo data needs at least 1 ticket")
    tickets = _tickets(n, seed)
    teacher = _recorded_answers([answer for _, _, answer in tickets], Random(f"teacher:{seed}"))
    rows, gold = [], []
    for i, ((message, spans, reviewed), answer) in enumerate(zip(tickets, teacher, strict=True)):
        ticket_id = f"T-{i + 1:06d}"
        received = date(2025, 1, 2) + timedelta(days=i * 300 // n)
        rows.append(
            {
                "ticket_id": ticket_id,
                "received": received.isoformat(),
                "message": message,
                "answer": answer,
                "reviewed": reviewed.to_json(),
            }
        )
        gold.append({"id": ticket_id, "field": "message", "spans": [asdict(span) for span in spans]})
    _write_lines(gold_path(path), gold)
    _write_lines(path, rows)


def _tickets(n: int, seed: int) -> list[tuple[str, tuple[GoldSpan, ...], Answer]]:
    rng = Random(f"tickets:{seed}")
    next_person = new_people(seed)
    tickets: dict[str, tuple[tuple[GoldSpan, ...], Answer]] = {}
    while len(tickets) < n:
        situation = draw_situation(rng)
        message, spans = write_message(rng, situation, next_person())
        tickets.setdefault(message, (spans, decide(situation)))
    return [(message, spans, answer) for message, (spans, answer) in tickets.items()]


def _recorded_answers(reviewed: list[Answer], rng: Random) -> list[str]:
    """What the teacher said: the reference, but for a fixed share that is wrong or not JSON at all."""
    recorded = [answer.to_json() for answer in reviewed]
    num_wrong, num_malformed = round(_WRONG_FIELD * len(reviewed)), round(_MALFORMED * len(reviewed))
    picked = rng.sample(range(len(reviewed)), num_wrong + num_malformed)
    for i in picked[:num_wrong]:
        recorded[i] = _with_one_wrong_field(reviewed[i], rng).to_json()
    for k, i in enumerate(picked[num_wrong:]):
        recorded[i] = _REFUSAL if k % 2 == 0 else recorded[i][: rng.randrange(15, 45)]
    return recorded


def _with_one_wrong_field(answer: Answer, rng: Random) -> Answer:
    wrong_field = rng.choices(("queue", "priority", "product", "needs_refund"), weights=(3, 4, 1, 2))[0]
    if wrong_field == "needs_refund":
        return replace(answer, needs_refund=not answer.needs_refund)
    allowed = {"queue": QUEUES, "priority": PRIORITIES, "product": PRODUCTS}[wrong_field]
    others = [value for value in allowed if value != getattr(answer, wrong_field)]
    changed = asdict(answer) | {wrong_field: rng.choice(others)}
    return Answer(**changed)


def _write_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
