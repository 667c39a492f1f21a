"""Larkfield Home Energy's house rules: how its support desk labels a ticket. The prompt never states them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

QUEUES = ("billing", "tariffs", "field", "exchange", "remote", "planning")
PRIORITIES = ("low", "normal", "high")
PRODUCTS = ("meter", "battery", "inverter", "charger", "heatpump", "thermostat")

# The product stands first: the queue depends on it, and a model that writes left to right can look back.
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "product": {"type": "string", "enum": list(PRODUCTS)},
        "queue": {"type": "string", "enum": list(QUEUES)},
        "priority": {"type": "string", "enum": list(PRIORITIES)},
        "needs_refund": {"type": "boolean"},
    },
    "required": ["product", "queue", "priority", "needs_refund"],
    "additionalProperties": False,
}

SYSTEM_PROMPT = (
    "Label the support ticket. "
    "Reply with one line of JSON with the keys product, queue, priority, needs_refund. "
    f"product: {', '.join(PRODUCTS)}. queue: {', '.join(QUEUES)}. priority: {', '.join(PRIORITIES)}. "
    "needs_refund: true, false."
)


class Matter(StrEnum):
    """What the customer writes about."""

    OVERCHARGE = "overcharge"
    BILL_QUESTION = "bill-question"
    FAULT = "fault"
    CONNECTION = "connection"
    NO_SHOW = "no-show"
    APPOINTMENT = "appointment"
    MOVE = "move"


class Cue(StrEnum):
    """What a customer adds that bears on the priority. An angry tone is none of them, on purpose."""

    SAFETY = "safety"
    BUSINESS = "business"
    SECOND_CONTACT = "second-contact"
    DEADLINE = "deadline"
    NO_RUSH = "no-rush"


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the rules look at."""

    matter: Matter
    product: str
    is_recent: bool
    """What the ticket says about when: under three months ago, or longer."""
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The four labels of a ticket."""

    product: str
    queue: str
    priority: str
    needs_refund: bool

    def to_json(self) -> str:
        """One compact line, keys in the schema's order: each character is a token to learn and to pay for."""
        labels = {key: getattr(self, key) for key in ANSWER_SCHEMA["required"]}
        return json.dumps(labels, separators=(",", ":"))


# What fits in a parcel is swapped by post and on a tariff; what is fitted for good gets an engineer.
_POSTED = ("meter", "charger", "thermostat")
_QUEUE: Mapping[Matter, tuple[str, str]] = {  # (fitted product, posted product)
    Matter.OVERCHARGE: ("billing", "tariffs"),
    Matter.BILL_QUESTION: ("billing", "tariffs"),
    Matter.FAULT: ("field", "exchange"),
    Matter.CONNECTION: ("remote", "remote"),
    Matter.NO_SHOW: ("field", "field"),
    Matter.APPOINTMENT: ("planning", "planning"),
    Matter.MOVE: ("planning", "planning"),
}
# A deadline changes nothing: the desk asks for the date anyway.
_STEP: Mapping[Cue, int] = {
    Cue.SAFETY: 1,
    Cue.BUSINESS: 1,
    Cue.SECOND_CONTACT: 1,
    Cue.DEADLINE: 0,
    Cue.NO_RUSH: -1,
}


def decide(situation: Situation) -> Answer:
    """The labels the rules give. An overcharge is paid back for three months, later it becomes a credit note;
    a visit nobody came to is always paid back."""
    fitted, posted = _QUEUE[situation.matter]
    level = PRIORITIES.index("normal") + sum(_STEP[cue] for cue in situation.cues)
    return Answer(
        product=situation.product,
        queue=posted if situation.product in _POSTED else fitted,
        priority=PRIORITIES[min(level, 2)],
        needs_refund=situation.matter is Matter.NO_SHOW
        or (situation.matter is Matter.OVERCHARGE and situation.is_recent),
    )
