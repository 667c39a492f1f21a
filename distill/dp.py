"""Differential privacy of a training: what is asked for, what is promised, and the randomness the promise rests on.

The promise: with and without any one unit (a person, or a record where persons are not known), the odds of every
outcome of the training differ by at most a factor of e^epsilon, up to a probability delta. Not covered: how the training
set came about (a duplicate's removal looks at other records), the number of units, which counts as public, figures that
are told beside the weights (losses, scores), and floating-point arithmetic, which is not that of real numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from distill.training import TrainingError

if TYPE_CHECKING:
    import numpy as np

Unit = Literal["person", "record"]

ACCOUNTANTS_AGREE = 0.01
"""Two independent computations of epsilon that differ by more than this part of it are no promise."""
MAX_DELTA = 0.01
"""A bound that may fail once in a hundred is none. By default this takes 66 persons."""
_DELTA_EXPONENT = 1.1
_AIM, _PRECISION = 0.995, 0.002
"""Of the target: the noise is sought for a little less, so that neither accountant ends above it, and to this precision."""


@dataclass(frozen=True)
class DpSettings:
    """The `[sft.dp]` table: supervised training with differential privacy."""

    epsilon: Annotated[float, Ge(0.1), Le(20)] = 8.0
    """Bound on what one person's records can change; smaller is stronger. Over 20 the promise would be empty."""
    delta: Annotated[float, Gt(0), Lt(1)] | None = None
    """Probability that the bound may fail; below one in the number of persons n. Default: 1 / n^1.1."""
    clip: Annotated[float, Gt(0)] = 1.0
    """Largest L2 norm of the gradient that one person adds to a step."""


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What a finished training promises, with all that is needed to compute it again."""

    unit: Unit
    """What a neighbouring data set has more or less: all of one person's records, or a single record."""
    units: int
    target_epsilon: float
    delta: float
    epsilon_prv: float
    """By Opacus, from privacy-loss random variables (Gopi, Lee, Wutschitz 2021); an upper bound."""
    epsilon_pld: float
    """By dp-accounting, from privacy-loss distributions (Meiser, Mohammadi 2018); an upper bound."""
    noise_multiplier: float
    """Standard deviation of the noise on a step's summed gradient, in units of `clip`."""
    clip: float
    sample_rate: float
    """Probability that a unit takes part in a step, each independently."""
    steps: int

    @property
    def epsilon(self) -> float:
        """The larger of the two: what may be claimed."""
        return max(self.epsilon_prv, self.epsilon_pld)


def group_units(subjects: Sequence[str | None] | None, num_examples: int) -> list[list[int]]:
    """Positions of each unit's examples, in the order of first appearance; without `subjects` each is its own.

    Examples whose person is not known (None) are one unit together: whoever they belong to is then protected.
    """
    if subjects is None:
        return [[position] for position in range(num_examples)]
    assert len(subjects) == num_examples, "each example has a subject, or None"
    units: dict[str | None, list[int]] = {}
    for position, subject in enumerate(subjects):
        units.setdefault(subject, []).append(position)
    return list(units.values())


def promise(settings: DpSettings, unit: Unit, units: int, batch_size: int, epochs: float) -> Guarantee:
    """The noise that reaches the target at `batch_size` units a step on average, for `epochs` passes over the units.

    Takes some seconds. Raises TrainingError for what cannot be promised, or if the two accountants disagree.
    """
    delta = settings.delta if settings.delta is not None else units**-_DELTA_EXPONENT
    if delta > MAX_DELTA:
        raise TrainingError(
            f"sft.dp: delta = {delta:.2g} with {units} {unit}s, over {MAX_DELTA:g}: a bound that fails so often is none; "
            "bring more records, set a smaller sft.dp.delta, or remove [sft.dp]"
        )
    if delta >= 1 / units:
        raise TrainingError(
            f"sft.dp.delta = {delta:g} is not below one in {units} {unit}s: a training that publishes a whole {unit} "
            "would keep it; lower it or leave it out"
        )
    rate = min(1.0, batch_size / units)
    steps = math.ceil(epochs * units / min(batch_size, units))
    noise = _noise_multiplier(settings.epsilon, delta, rate, steps)
    guarantee = Guarantee(
        unit=unit,
        units=units,
        target_epsilon=settings.epsilon,
        delta=delta,
        epsilon_prv=epsilon_by_prv(noise, rate, steps, delta, _PRECISION * settings.epsilon),
        epsilon_pld=epsilon_by_pld(noise, rate, steps, delta),
        noise_multiplier=noise,
        clip=settings.clip,
        sample_rate=rate,
        steps=steps,
    )
    check(guarantee)
    return guarantee


def check(guarantee: Guarantee) -> None:
    """Raises TrainingError where two computations of epsilon differ, or one is over the target: nothing is claimed."""
    low, high = sorted((guarantee.epsilon_prv, guarantee.epsilon_pld))
    agree = math.isfinite(high) and high - low <= ACCOUNTANTS_AGREE * high
    if not agree or high > guarantee.target_epsilon:
        raise TrainingError(
            f"sft.dp: no epsilon can be claimed: the PRV accountant says {guarantee.epsilon_prv:.4f}, the PLD accountant "
            f"{guarantee.epsilon_pld:.4f}, the target is {guarantee.target_epsilon:g}; change sft.batch_size or sft.epochs"
        )


def _noise_multiplier(epsilon: float, delta: float, rate: float, steps: int) -> float:
    from opacus.accountants.utils import get_noise_multiplier

    error = _PRECISION * epsilon
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # log(0) at the domain's edge, which the accountant handles
            found = get_noise_multiplier(
                target_epsilon=_AIM * epsilon,
                target_delta=delta,
                sample_rate=rate,
                steps=steps,
                accountant="prv",
                epsilon_tolerance=error,
                eps_error=error,
            )
    except (ValueError, RuntimeError, MemoryError):
        raise TrainingError(
            f"sft.dp: no noise was found for epsilon = {epsilon:g}, delta = {delta:g}, {steps} steps at a sampling rate "
            f"of {rate:.3g}: raise sft.dp.epsilon, or lower sft.epochs"
        ) from None
    return float(found)


def epsilon_by_prv(noise_multiplier: float, rate: float, steps: int, delta: float, error: float) -> float:
    """Opacus' bound for `steps` Poisson-sampled Gaussian releases, where one unit is added or removed; `error` too high at most."""
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(noise_multiplier, rate, steps)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(accountant.get_epsilon(delta, eps_error=error))


def epsilon_by_pld(noise_multiplier: float, rate: float, steps: int, delta: float) -> float:
    """dp-accounting's bound for the same."""
    import dp_accounting

    accountant = dp_accounting.pld.PLDAccountant(dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE)
    step = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise_multiplier))
    accountant.compose(dp_accounting.SelfComposedDpEvent(step, steps))
    return float(accountant.get_epsilon(delta))


class SecretStream:
    """Random numbers that nobody without the secret can foresee, the same again for who has it.

    AES-256 in counter mode under a key derived from the secret and a purpose. An ordinary seeded generator would not do:
    its seed stands in the report, and noise that can be drawn again can be taken off.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        key = hmac.new(secret, f"dp stream\0{purpose}".encode(), hashlib.sha256).digest()
        self._encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()

    def uniform(self, count: int) -> np.ndarray:
        """`count` numbers from [0, 1), multiples of 2^-53, float64."""
        import numpy as np

        words = np.frombuffer(self._encryptor.update(bytes(8 * count)), dtype="<u8")
        return (words >> np.uint64(11)) * 2.0**-53

    def normal(self, count: int) -> np.ndarray:
        """`count` standard normal numbers, float64 (Box and Muller 1958)."""
        import numpy as np

        half = (count + 1) // 2
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(half)))
        angle = 2.0 * np.pi * self.uniform(half)
        return np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))[:count]


def draw_batch(units: Sequence[Sequence[int]], rate: float, secret: bytes, step: int) -> list[int]:
    """The examples of a step (Poisson sampling): each unit with probability `rate`, one of its examples at random.

    Often another number than `rate` × units, sometimes none: both are what the accountants assume.
    """
    stream = SecretStream(secret, f"sample {step}")
    taken = (stream.uniform(len(units)) < rate).nonzero()[0]
    which = stream.uniform(len(taken))
    return [
        units[unit][int(position * len(units[unit]))] for unit, position in zip(taken, which, strict=True)
    ]
