"""What the teacher's answers to all records will take, told before anything is spent: tokens, time and money, as ranges.

Reckoned from the preview's counts and the last test's eight records. What was not measured is None, and says what to do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from appliance.config import ConfigError, read_toml, validate
from appliance.cost import PriceCard, PriceSettings
from appliance.cost.prices import TeacherPrice
from appliance.home import Home
from appliance.preparing import preview, teacher_test, use_cases
from appliance.preparing.reading import Reading, reading_of
from distill.tasks.task import field_names

CHARS_PER_TOKEN = (3.0, 5.0)
"""Characters that a token holds, at least and at most, in common vocabularies and Latin script: the range before a teacher has
counted any."""


@dataclass(frozen=True, slots=True)
class Range:
    """A figure between the least and the most that speaks for it."""

    low: float
    value: float | None
    """None where only the ends are known."""
    high: float

    def times(self, factor: float) -> Range:
        return Range(
            self.low * factor, None if self.value is None else self.value * factor, self.high * factor
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """For one pass over all records. None is not known, and `missing` says why."""

    records: int
    prompt_tokens: Range
    answer_tokens: Range
    seconds: Range | None
    cost: Range | None
    currency: str | None
    is_example: bool
    """The prices are an example's."""
    measured: bool
    """Tokens and time come from a test of this teacher with this task."""
    missing: tuple[str, ...]


def estimate(home: Home, name: str) -> Estimate | None:
    """None where nothing is asked of anybody: the answers are recorded. Raises ConfigError where the draft, or its preview,
    does not say enough."""
    teacher, reading = teacher_test.teacher_of(home, name), reading_of(home, name)
    if teacher.kind == "recorded":
        return None
    if reading.task is None:
        raise ConfigError(f"'{name}' has no task yet: say on the page Data what is asked")
    seen = preview.counts(home, name)
    if seen is None or not preview.is_of_now(home, name, seen):
        raise ConfigError("the records are not counted yet: make a preview on the page Data")
    probe = teacher_test.probe(home, name)
    if probe is not None and not teacher_test.is_of_now(home, name, probe):
        probe = None
    chars = _prompt_chars(reading, seen)
    counted = probe is not None and bool(probe.prompt_tokens)
    if probe is not None and counted:
        ratios = [tokens / size for tokens, size in zip(probe.prompt_tokens, probe.prompt_chars, strict=True)]
        mean = sum(probe.prompt_tokens) / sum(probe.prompt_chars)
        prompt = Range(min(ratios), mean, max(ratios)).times(chars * seen.readable)
        said = probe.answer_tokens
        answer = Range(min(said), sum(said) / len(said), max(said)).times(seen.readable)
    else:
        most, least = (chars / each * seen.readable for each in CHARS_PER_TOKEN)
        prompt = Range(least, None, most)
        answer = Range(seen.readable, None, float(seen.readable * reading.task.max_answer_tokens))
    missing = []
    seconds = None
    if probe is not None and probe.seconds is not None and probe.answered:
        each = probe.seconds / probe.answered
        seconds = _spread(probe.answer_tokens, each).times(seen.readable)
    else:
        missing.append("Time: test the connection first.")
    cost, currency, is_example = _cost(home, name, prompt, answer, seconds, missing)
    return Estimate(
        seen.readable, prompt, answer, seconds, cost, currency, is_example, counted, tuple(missing)
    )


def _prompt_chars(reading: Reading, seen: preview.Counts) -> float:
    """Mean characters of a question: the instructions, the template's own words and the fields' mean lengths."""
    task = reading.task
    assert task is not None
    fields = field_names(task.input)
    own = len(task.input) - sum(task.input.count("{" + name + "}") * (len(name) + 2) for name in fields)
    instructions = task.instructions.replace("{labels}", ", ".join(task.labels))
    told = sum(
        float(seen.lengths[name]["mean"]) * task.input.count("{" + name + "}")
        for name in fields
        if name in seen.lengths
    )
    return len(instructions) + own + told


def _spread(answer_tokens: tuple[int, ...], seconds: float) -> Range:
    """A teacher's time goes with the length of its answers: as wide as those were, relative to their mean."""
    if not answer_tokens:
        return Range(seconds / 2, seconds, seconds * 2)
    mean = sum(answer_tokens) / len(answer_tokens)
    return Range(seconds * min(answer_tokens) / mean, seconds, seconds * max(answer_tokens) / mean)


def _cost(
    home: Home, name: str, prompt: Range, answer: Range, seconds: Range | None, missing: list[str]
) -> tuple[Range | None, str | None, bool]:
    card = price_card(home, name)
    if card is None or card.teacher is None:
        missing.append("Cost: the prices of the use case name none for a teacher.")
        return None, None, False
    price = card.teacher
    if price.device is not None:
        if seconds is None or price.devices is None:
            missing.append("Cost: the teacher runs on a machine of its own, whose time is not known yet.")
            return None, card.currency, card.example
        return seconds.times(price.device.per_hour * price.devices.value / 3600), card.currency, card.example
    return _by_token(price, prompt, answer), card.currency, card.example


def _by_token(price: TeacherPrice, prompt: Range, answer: Range) -> Range:
    """The least tokens at the least price, the most at the most."""
    into, out = price.input_per_million, price.output_per_million
    assert into is not None and out is not None
    value = None
    if prompt.value is not None and answer.value is not None:
        value = (prompt.value * into.value + answer.value * out.value) / 1e6
    return Range(
        (prompt.low * into.least + answer.low * out.least) / 1e6,
        value,
        (prompt.high * into.most + answer.high * out.most) / 1e6,
    )


def price_card(home: Home, name: str) -> PriceCard | None:
    """The prices that the draft names; None where it names none yet. Raises ConfigError for a card that does not do."""
    prices = use_cases.read(home, name).get("prices")
    if prices is None:
        return None
    if isinstance(prices.get("card"), str):
        file = use_cases.path(home, name).parent / Path(prices["card"])
        prices = {**prices, "card": json.loads(json.dumps(read_toml(file)))}
    return validate(PriceSettings, prices, "prices").prices
