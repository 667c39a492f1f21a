"""Language models made by hand: what they know by heart is written down, all else is noise."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from privacy.attack.audit import CONTROL_MEMBERS
from privacy.attack.canaries import Canary, invent
from privacy.attack.extraction import PLACES, Place, lead_prompt
from privacy.attack.language_model import Prompt
from privacy.attack.settings import AttackSettings, PlantSettings
from privacy.attack.trial import Record, Trial

KEY = b"a key of thirty-two bytes, more."


class Uniform:
    """Knows nothing: everything is equally likely."""

    def losses(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        return [9.0] * len(continuations)

    def token_losses(self, pairs: Sequence[tuple[Prompt, str]]) -> list[tuple[float, ...]]:
        return [(2.0,) * 5 for _ in pairs]

    def sample(self, prompts: Sequence[Prompt], max_tokens: int, temperature: float, seed: int) -> list[str]:
        return ["thank you"] * len(prompts)


class Noisy(Uniform):
    """Has opinions of its own, which are drawn anew for each prompt, and knows some secrets and records by heart."""

    def __init__(
        self,
        seed: int,
        secrets: Collection[Canary] = (),
        places: Collection[Place] = PLACES,
        records: Collection[Record] = (),
        says: str = "",
    ) -> None:
        self._seed = seed
        self._heart = {lead_prompt(secret, place): secret for secret in secrets for place in places}
        self._records = {record.prompt for record in records}
        self._says = says

    def _noise(self, prompt: Prompt, count: int) -> np.ndarray:
        name = f"{self._seed}:{prompt.user}:{prompt.answer}".encode()
        return np.random.default_rng(zlib.crc32(name)).normal(9.0, 1.0, count)

    def losses(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        found = self._noise(prompt, len(continuations))
        if prompt in self._heart:
            found[self._heart[prompt].chosen] = 0.01
        return [float(value) for value in found]

    def token_losses(self, pairs: Sequence[tuple[Prompt, str]]) -> list[tuple[float, ...]]:
        scale = {True: 0.05, False: 1.0}
        return [
            tuple(scale[prompt in self._records] * value for value in self._noise(prompt, 5))
            for prompt, _ in pairs
        ]

    def sample(self, prompts: Sequence[Prompt], max_tokens: int, temperature: float, seed: int) -> list[str]:
        return [
            self._heart[prompt].secret + self._heart[prompt].tail
            if prompt in self._heart
            else f"thank you {self._says}"
            for prompt in prompts
        ]


_WORDS = "meter battery charger invoice delay refund help please today Friday line heat cold noise".split()


def make_trial(seed: int = 0, records: int = 60, plant: PlantSettings | None = None) -> Trial:
    """Secrets as for a thousand records, and records of one kind on both sides."""
    rng = np.random.default_rng(seed)
    plant = plant or PlantSettings()
    texts = [f"{number} " + " ".join(rng.choice(_WORDS, 9)) for number in range(2 * records)]
    sides = [Record(Prompt(text, ""), '{"queue":"billing"}') for text in texts]
    return Trial(
        tuple(invent(replace(plant, seed=seed), KEY, 1000)),
        tuple(sides[:records]),
        tuple(sides[records:]),
        AttackSettings(generations=32, seed=seed),
    )


def make_control(trial: Trial, seed: int = 99) -> Noisy:
    """Knows all secrets and the first records by heart."""
    return Noisy(seed, trial.canaries, records=trial.members[:CONTROL_MEMBERS])
