"""Detectors that need no model: one that finds words, and several that go wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from privacy.actions import Replacements
from privacy.arbitrate import arbitrate
from privacy.recognizers.contact import find_contacts
from privacy.recognizers.ids import find_ids
from privacy.recognizers.people import find_people
from privacy.recognizers.rule import Clock
from privacy.records import Span
from privacy.scan import Scrubber
from privacy.settings import FieldRule, ScrubPolicy, policy_id

KEY = b"a key of thirty-two bytes, more."
POLICY = ScrubPolicy(name="test", timeout_s=2.0)


class RulesOnly:
    """Our rules without Presidio and spaCy."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> tuple[Span, ...]:
        clock = Clock(60)
        return arbitrate(text, find_contacts(text, clock) + find_ids(text, clock) + find_people(text, clock))


class Raising(RulesOnly):
    """Raises, quoting the text as careless code does, when a text holds a trigger word."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        for text in texts:
            if "BOOM" in text:
                raise RuntimeError(f"cannot scan: {text}")
            if "SLOW" in text:
                raise TimeoutError(f"too slow: {text}")
        return super().find(texts)


class Deadly(RulesOnly):
    """Kills its process or hangs in it when a text holds a trigger word."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        for text in texts:
            if "DIE" in text:
                os._exit(3)
            if "HANG" in text:
                time.sleep(3600)
        return super().find(texts)


def scrubber(
    finder: RulesOnly, rules: dict[str, FieldRule] | None = None, policy: ScrubPolicy = POLICY
) -> Scrubber:
    replacements = Replacements(KEY, policy.action_by_type())
    return Scrubber(finder, replacements, rules or {}, policy, policy_id(policy, KEY), KEY)


def deadly_scrubber() -> Scrubber:
    return scrubber(Deadly())


def broken_scrubber() -> Scrubber:
    raise ValueError("no model here")
