"""One model on trial: the same questions to every model, and nothing but its losses and texts kept.

Covered: all that needs the model, so that it is loaded once. Not covered: what the answers mean (`judge`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from privacy.attack.canaries import Canary, values_of
from privacy.attack.extraction import PLACES, Place, free_prompts, lead_prompt, named_prompts
from privacy.attack.language_model import LanguageModel, Prompt
from privacy.attack.settings import AttackSettings

TEMPERATURE = 1.0

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""


@dataclass(frozen=True, slots=True)
class Record:
    """A scrubbed record as the student is asked about it, and the answer that it learnt or would have learnt."""

    prompt: Prompt = field(repr=False)
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """What every model is asked."""

    canaries: tuple[Canary, ...] = field(repr=False)
    members: tuple[Record, ...] = field(repr=False)
    others: tuple[Record, ...] = field(repr=False)
    """Held-out records of the same draw, learnt by none."""
    settings: AttackSettings


@dataclass(frozen=True, slots=True)
class Measured:
    """What one model answered."""

    losses: dict[Place, list[np.ndarray]] = field(repr=False)
    """Place -> canary -> the loss of every value of its family after its lead."""
    members: list[tuple[float, ...]] = field(repr=False)
    """A record's losses, token by token."""
    others: list[tuple[float, ...]] = field(repr=False)
    completions: dict[Place, list[str]] = field(repr=False)
    """Place -> canary -> the greedy text after its lead."""
    said: list[tuple[Prompt, str]] = field(repr=False)
    """All texts, those above too, with their prompts."""

    def secret_losses(self, place: Place, canaries: Sequence[Canary]) -> dict[int, float]:
        return {canary.index: float(self.losses[place][canary.index][canary.chosen]) for canary in canaries}


def measure(model: LanguageModel, trial: Trial, progress: Progress) -> Measured:
    """Asks everything. Equal model, trial and settings give equal answers."""
    settings, canaries = trial.settings, trial.canaries
    steps = len(PLACES) * len(canaries) + 3
    losses: dict[Place, list[np.ndarray]] = {place: [] for place in PLACES}
    for place in PLACES:
        for canary in canaries:
            found = model.losses(lead_prompt(canary, place), values_of(canary.family))
            losses[place].append(np.asarray(found, dtype=np.float32))
            progress(sum(map(len, losses.values())), steps, "every value a secret could have had")
    records = [*trial.members, *trial.others]
    tokens = model.token_losses([(record.prompt, record.answer) for record in records])
    progress(steps - 2, steps, "records learnt from and held out")
    leads = {place: [lead_prompt(canary, place) for canary in canaries] for place in PLACES}
    greedy = [prompt for place in PLACES for prompt in leads[place]] + named_prompts(canaries)
    texts = model.sample(greedy, settings.generation_tokens, 0.0, settings.seed) if greedy else []
    progress(steps - 1, steps, "greedy texts")
    free = free_prompts(settings.generations)
    sampled = model.sample(free, settings.generation_tokens, TEMPERATURE, settings.seed) if free else []
    progress(steps, steps, "sampled texts")
    count = len(canaries)
    return Measured(
        losses=losses,
        members=tokens[: len(trial.members)],
        others=tokens[len(trial.members) :],
        completions={
            place: texts[number * count : (number + 1) * count] for number, place in enumerate(PLACES)
        },
        said=[*zip(greedy, texts, strict=True), *zip(free, sampled, strict=True)],
    )
