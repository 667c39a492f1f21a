"""The promise of differential privacy: two accountants, an honest sampler, a real bound on each person, real noise."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq  # type: ignore[import-untyped]
from scipy.stats import binom, chisquare, kstest, norm  # type: ignore[import-untyped]

from distill.dp import (
    ACCOUNTANTS_AGREE,
    DpSettings,
    Guarantee,
    SecretStream,
    check,
    draw_batch,
    epsilon_by_pld,
    epsilon_by_prv,
    group_units,
    promise,
)
from distill.dp_sft import _secret, _Training, train_dp_sft
from distill.lora import with_lora
from distill.sft import SftSettings, answer_rows
from distill.student import load_model, load_tokenizer
from distill.training import Metrics, TrainingError, TrainingResult
from tests.distill.training_runs import EXAMPLES
from tests.tiny_model import make_tiny_model

KEY = b"a key of this test, not a secret"
GUARANTEE = Guarantee(
    unit="person",
    units=40,
    target_epsilon=8.0,
    delta=1e-3,
    epsilon_prv=7.9,
    epsilon_pld=7.9,
    noise_multiplier=0.7,
    clip=0.5,
    sample_rate=0.2,
    steps=10,
)


# --- who takes part ---------------------------------------------------------------------------------------------------


def test_a_unit_is_all_of_a_persons_examples_and_the_unknown_are_one_person() -> None:
    assert group_units(["b", "a", "b", None, "a", None], 6) == [[0, 2], [1, 4], [3, 5]]
    assert group_units(None, 3) == [[0], [1], [2]]
    with pytest.raises(AssertionError):
        group_units(["a"], 2)


def test_batches_are_poisson_samples_of_the_units() -> None:
    """Sizes are binomial, each unit comes as often as any other, and whether one comes says nothing about another."""
    units, rate, steps = [[n] for n in range(50)], 0.1, 2000
    drawn = np.zeros((steps, len(units)), bool)
    for step in range(steps):
        drawn[step, draw_batch(units, rate, KEY, step)] = True
    sizes = np.bincount(drawn.sum(axis=1), minlength=12)
    expected = steps * binom.pmf(range(12), len(units), rate)
    seen = np.append(sizes[:12], sizes[12:].sum())
    assert chisquare(seen, np.append(expected, steps - expected.sum())).pvalue > 1e-4
    assert seen[0] > 0, "nobody is drawn now and then: such a step must not be drawn again"
    assert chisquare(drawn.sum(axis=0)).pvalue > 1e-4
    together = np.corrcoef(drawn.T)[np.triu_indices(len(units), 1)]
    assert abs(together.mean()) < 4 / math.sqrt(steps * len(together)) and np.abs(together).max() < 0.13
    assert abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 4 / math.sqrt(drawn.size)


def test_a_drawn_person_adds_one_example_any_of_theirs() -> None:
    units = [[0], [1, 2, 3, 4], [5, 6]]
    counts = np.zeros(7)
    for step in range(1000):
        batch = draw_batch(units, 0.5, KEY, step)
        assert [sum(n in unit for n in batch) <= 1 for unit in units] == [True] * 3
        counts[batch] += 1
    assert chisquare(counts[1:5]).pvalue > 1e-4 and chisquare(counts[5:]).pvalue > 1e-4
    assert counts[0] == pytest.approx(500, abs=64)
    assert counts[1:5].sum() == pytest.approx(500, abs=64)


def test_the_stream_is_uniform_and_normal_to_the_tails() -> None:
    stream = SecretStream(KEY, "test")
    assert kstest(stream.uniform(200_000), "uniform").pvalue > 1e-4
    drawn = stream.normal(400_001)
    assert len(drawn) == 400_001 and np.isfinite(drawn).all()
    assert kstest(drawn, "norm").pvalue > 1e-4
    assert (np.abs(drawn) > 4).sum() == pytest.approx(len(drawn) * 2 * norm.sf(4), abs=25)


def test_the_stream_is_the_same_for_a_secret_and_a_purpose_and_for_no_other() -> None:
    first = SecretStream(KEY, "noise 1").normal(100)
    assert (SecretStream(KEY, "noise 1").normal(100) == first).all()
    for other in (
        SecretStream(KEY, "noise 2"),
        SecretStream(KEY, "sample 1"),
        SecretStream(KEY[::-1], "noise 1"),
    ):
        assert abs(np.corrcoef(first, other.normal(100))[0, 1]) < 0.45


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prv", "pld"),
    [(7.9, 7.7), (7.7, 7.9), (7.9, math.inf), (math.inf, math.inf), (7.9, math.nan), (8.2, 8.2)],
)
def test_nothing_is_claimed_where_the_accountants_disagree_or_the_target_is_missed(
    prv: float, pld: float
) -> None:
    check(GUARANTEE)
    with pytest.raises(TrainingError, match="no epsilon can be claimed"):
        check(replace(GUARANTEE, epsilon_prv=prv, epsilon_pld=pld))


REFUSED = [
    (DpSettings(), 30, r"delta = 0\.024 with 30 persons, over 0\.01: .*bring more records"),
    (DpSettings(), 1, r"delta = 1 with 1 persons"),
    (DpSettings(delta=0.02), 5000, r"delta = 0\.02 with 5000 persons"),
    (DpSettings(delta=0.001), 5000, r"sft\.dp\.delta = 0\.001 is not below one in 5000 persons"),
]


@pytest.mark.parametrize(("settings", "units", "said"), REFUSED)
def test_an_empty_promise_is_refused_in_one_line(settings: DpSettings, units: int, said: str) -> None:
    with pytest.raises(TrainingError, match=said) as caught:
        promise(settings, "person", units, batch_size=16, epochs=1.0)
    assert "\n" not in str(caught.value)


# --- what is claimed --------------------------------------------------------------------------------------------------


def gaussian_epsilon(noise: float, steps: int, delta: float) -> float:
    """Of `steps` Gaussian releases without sampling: Balle and Wang 2018, theorem 8, for sensitivity 1."""
    sigma = noise / math.sqrt(steps)

    def excess(epsilon: float) -> float:
        left, right = norm.cdf(0.5 / sigma - epsilon * sigma), norm.cdf(-0.5 / sigma - epsilon * sigma)
        return float(left - math.exp(epsilon) * right - delta)

    return float(brentq(excess, 0, 100))


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "steps", "delta"), [(4.0, 10, 1e-3), (2.0, 1, 1e-5), (8.0, 200, 1e-6)])
def test_both_accountants_find_the_exact_epsilon_where_there_is_a_formula(
    noise: float, steps: int, delta: float
) -> None:
    exact = gaussian_epsilon(noise, steps, delta)
    assert epsilon_by_prv(noise, 1.0, steps, delta, 0.002 * exact) == pytest.approx(exact, rel=0.01)
    assert epsilon_by_pld(noise, 1.0, steps, delta) == pytest.approx(exact, rel=0.01)


# noise multiplier, sampling rate, steps, delta
RELEASES = [
    (0.6, 0.064, 60, 1e-3),
    (0.87, 0.064, 60, 1e-3),
    (1.1, 256 / 60_000, 14_062, 1e-5),
    (4.4, 0.016, 188, 5e-4),
    (0.45, 0.04, 250, 3e-3),
]


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "rate", "steps", "delta"), RELEASES)
def test_two_accountants_agree(noise: float, rate: float, steps: int, delta: float) -> None:
    pld = epsilon_by_pld(noise, rate, steps, delta)
    prv = epsilon_by_prv(noise, rate, steps, delta, 0.002 * pld)
    assert prv == pytest.approx(pld, rel=ACCOUNTANTS_AGREE)
    assert epsilon_by_pld(noise, rate, 2 * steps, delta) > pld > epsilon_by_pld(2 * noise, rate, steps, delta)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("epsilon", "units", "batch_size", "epochs"),
    [(8.0, 500, 32, 4), (3.0, 500, 32, 4), (1.0, 80, 80, 5), (8.0, 5000, 16, 2)],
)
def test_a_promise_reaches_its_target_and_not_more(
    epsilon: float, units: int, batch_size: int, epochs: float
) -> None:
    made = promise(DpSettings(epsilon=epsilon), "person", units, batch_size, epochs)
    assert 0.98 * epsilon < made.epsilon <= epsilon
    assert made.delta == pytest.approx(units**-1.1) and made.delta < 1 / units
    assert made.steps == math.ceil(epochs * units / batch_size)
    assert made.sample_rate == pytest.approx(batch_size / units)


# --- the bound on each person -----------------------------------------------------------------------------------------

Row = dict[str, list[int]]


@pytest.fixture(scope="module")
def rows(tiny_model: Path) -> list[Row]:
    return answer_rows(load_tokenizer(tiny_model), EXAMPLES, 64)


@pytest.fixture
def training(tiny_model: Path) -> Iterator[_Training]:
    """A model whose factors are both away from zero, so that both have gradients; one thread, hooks on."""
    import torch
    from opacus.grad_sample import GradSampleHooks

    torch.manual_seed(1)
    model = with_lora(load_model(tiny_model, "cpu"), 4, 8, 7, through_merged=False).train()
    made = _Training(model, GUARANTEE, pad=0)
    with torch.no_grad():
        for parameter in made.parameters:
            parameter.add_(0.05 * torch.randn_like(parameter))
    hooks = GradSampleHooks(model, loss_reduction="sum")
    yield made
    hooks.cleanup()


def flat(tensors: Sequence[Any]) -> Any:
    import torch

    return torch.cat([tensor.flatten() for tensor in tensors])


def alone(training: _Training, row: Row) -> Any:
    """An example's gradient by plain autograd."""
    import torch

    loss = training._losses([row]).sum()
    gradient = flat(torch.autograd.grad(loss, training.parameters))
    for parameter in training.parameters:
        parameter.grad_sample = None  # the hooks fired here too
    return gradient


@pytest.mark.slow
def test_each_examples_gradient_is_the_one_it_has_alone(training: _Training, rows: list[Row]) -> None:
    """Through Opacus' hooks on PEFT's layers, in one batch with padding; the model's bf16 bounds the precision."""
    training._losses(rows[:6]).sum().backward()
    samples = [parameter.grad_sample for parameter in training.parameters]
    for number, row in enumerate(rows[:6]):
        together, apart = flat([sample[number] for sample in samples]), alone(training, row)
        assert float((together - apart).norm()) < 0.05 * float(apart.norm())
        assert float(apart.norm()) > 0.5, "longer than the clip, or nothing below would be clipped"


@pytest.mark.slow
def test_what_is_added_up_is_each_gradient_cut_to_the_clip(training: _Training, rows: list[Row]) -> None:
    apart = [alone(training, row) for row in rows[:6]]
    total, losses = training.clipped_sum(rows[:6])
    expected = sum(gradient * min(1.0, GUARANTEE.clip / float(gradient.norm())) for gradient in apart)
    assert float((flat(total) - expected).norm()) < 0.05 * float(expected.norm())
    assert losses == pytest.approx(float(training._losses(rows[:6]).sum()), rel=0.02)
    assert all(parameter.grad is None and parameter.grad_sample is None for parameter in training.parameters)


@pytest.mark.slow
def test_a_person_more_changes_the_sum_by_the_clip_at_most(training: _Training, rows: list[Row]) -> None:
    """Computed one at a time, so that only the mathematics is tested and not bf16's rounding within a batch."""

    def added(batch: Sequence[Row]) -> Any:
        return sum(flat(training.clipped_sum([row])[0]) for row in batch)

    others = added(rows[:5])
    for row in rows[5:15]:
        change = float((added([*rows[:5], row]) - others).norm())
        assert change <= GUARANTEE.clip * 1.0001
        assert change > 0.99 * GUARANTEE.clip, "these gradients are long: the bound is reached"
    swapped = float((added([*rows[:4], rows[9]]) - others).norm())
    assert swapped <= 2 * GUARANTEE.clip * 1.0001


@pytest.mark.slow
def test_a_short_gradient_is_not_lengthened(training: _Training, rows: list[Row]) -> None:
    training.guarantee = replace(GUARANTEE, clip=1e6)
    total, _ = training.clipped_sum(rows[:1])
    apart = alone(training, rows[0])
    assert float((flat(total) - apart).norm()) < 0.01 * float(apart.norm())


@pytest.mark.slow
def test_opacus_own_optimizer_clips_to_the_same_sum(training: _Training, rows: list[Row]) -> None:
    import torch
    from opacus.optimizers import DPOptimizer

    ours = flat(training.clipped_sum(rows[:8])[0])
    adam = torch.optim.AdamW(training.parameters)
    optimizer = DPOptimizer(adam, noise_multiplier=0.0, max_grad_norm=GUARANTEE.clip, expected_batch_size=8)
    by_length = sorted(rows[:8], key=lambda row: len(row["input_ids"]))
    training._losses(by_length).sum().backward()
    optimizer.clip_and_accumulate()
    theirs = flat([parameter.summed_grad for parameter in training.parameters])
    assert float((ours - theirs).norm()) < 1e-4 * float(theirs.norm())


@pytest.mark.slow
def test_the_size_of_the_parts_computed_at_once_changes_nothing_but_rounding(
    training: _Training, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = flat(training.clipped_sum(rows[:12])[0])
    monkeypatch.setattr("distill.dp_sft.PHYSICAL_BATCH", 5)
    parts = flat(training.clipped_sum(rows[:12])[0])
    assert float((whole - parts).norm()) < 0.05 * float(whole.norm())


@pytest.mark.slow
def test_the_noise_is_as_wide_as_promised_and_an_empty_batch_gets_it_too(training: _Training) -> None:
    total, losses = training.clipped_sum([])
    assert losses == 0.0 and float(flat(total).norm()) == 0.0
    training._release(total, 8.0, SecretStream(KEY, "noise 1"))
    drawn = flat([parameter.grad for parameter in training.parameters]).double().numpy() * 8.0
    std = GUARANTEE.noise_multiplier * GUARANTEE.clip
    assert len(drawn) > 10_000 and kstest(drawn / std, "norm").pvalue > 1e-4
    training._release(total, 8.0, SecretStream(KEY, "noise 2"))
    again = flat([parameter.grad for parameter in training.parameters]).double().numpy() * 8.0
    assert abs(np.corrcoef(drawn, again)[0, 1]) < 4 / math.sqrt(len(drawn))


@pytest.mark.slow
def test_the_merged_form_has_no_gradients_by_example_and_is_refused_not_trained(
    tiny_model: Path, rows: list[Row]
) -> None:
    from opacus.grad_sample import GradSampleHooks

    model = with_lora(load_model(tiny_model, "cpu"), 4, 8, 7).train()
    training = _Training(model, GUARANTEE, pad=0)
    GradSampleHooks(model, loss_reduction="sum")
    with pytest.raises(AssertionError, match="has a gradient for each example"):
        training.clipped_sum(rows[:4])


# --- the whole training -----------------------------------------------------------------------------------------------

MANY = [
    ([*messages[:-1], {"role": "user", "content": f"{messages[-1]['content']} ({copy})"}], answer)
    for copy in range(8)
    for messages, answer in EXAMPLES
]
SUBJECTS = [f"person {n % 120}" for n in range(len(MANY))]
SETTINGS = SftSettings(
    epochs=4,
    learning_rate=1e-2,
    batch_size=40,
    lora_rank=4,
    lora_alpha=8,
    max_tokens=64,
    checkpoint_every_steps=4,
    dp=DpSettings(epsilon=8.0),
)


class KilledError(Exception):
    """Stands for a kill: nothing after the step is done."""


def train(
    base: Path,
    out: Path,
    settings: SftSettings = SETTINGS,
    key: bytes = KEY,
    examples: Sequence[Any] = MANY,
    subjects: Sequence[str | None] | None = SUBJECTS,
    kill_at: int = 0,
) -> tuple[TrainingResult, Guarantee]:
    def progress(done: int, total: int, note: str) -> None:
        if done == kill_at:
            raise KilledError

    out.mkdir(exist_ok=True)
    return train_dp_sft(base, examples, subjects, out, settings, "cpu", key, progress)


def digest(out: Path) -> str:
    return hashlib.sha256((out / "adapter" / "adapter_model.safetensors").read_bytes()).hexdigest()


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainingResult, Guarantee]:
    out = tmp_path_factory.mktemp("dp") / "whole"
    return out, *train(tiny_model, out)


@pytest.mark.slow
def test_a_student_learns_under_the_promise(whole: tuple[Path, TrainingResult, Guarantee]) -> None:
    _, result, guarantee = whole
    assert (guarantee.unit, guarantee.units, guarantee.steps) == ("person", 120, 12)
    assert guarantee.sample_rate == pytest.approx(1 / 3) and 7.8 < guarantee.epsilon <= 8.0
    assert result.steps == guarantee.steps
    assert result.last < result.first - 0.3


@pytest.mark.slow
def test_a_killed_training_ends_as_an_undisturbed_one(
    tiny_model: Path, whole: tuple[Path, TrainingResult, Guarantee], tmp_path: Path
) -> None:
    """The same people, the same noise: one release, however often it was begun."""
    out, result, guarantee = whole
    for kill_at in (3, 6):  # before the first checkpoint, and after it
        with pytest.raises(KilledError):
            train(tiny_model, tmp_path / "killed", kill_at=kill_at)
    again, promised = train(tiny_model, tmp_path / "killed")
    assert digest(tmp_path / "killed") == digest(out) and promised == guarantee
    assert replace(again, seconds=0) == replace(result, seconds=0)
    assert [row["step"] for row in Metrics(tmp_path / "killed" / "metrics.jsonl").rows()] == list(
        range(1, 13)
    )


@pytest.mark.slow
def test_whatever_changes_the_gradients_changes_the_noise(
    tiny_model: Path, rows: list[Row], tmp_path: Path
) -> None:
    """Had trainings on neighbouring data the same noise, their difference would be the neighbour."""
    other_base = make_tiny_model(tmp_path / "other", seed=1)
    units = [[0, 1], *([n] for n in range(2, len(rows)))]
    shorter = [[0, 1], *([n] for n in range(2, len(rows) - 1))]
    secrets = [
        _secret(KEY, tiny_model, rows, units, SETTINGS),
        _secret(KEY[::-1], tiny_model, rows, units, SETTINGS),
        _secret(KEY, other_base, rows, units, SETTINGS),
        _secret(KEY, tiny_model, rows[:-1], shorter, SETTINGS),
        _secret(KEY, tiny_model, rows, [[n] for n in range(len(rows))], SETTINGS),
        _secret(KEY, tiny_model, rows, units, replace(SETTINGS, learning_rate=1e-3)),
        _secret(KEY, tiny_model, rows, units, replace(SETTINGS, dp=DpSettings(epsilon=7.9))),
    ]
    assert len(set(secrets)) == len(secrets)
    assert _secret(KEY, tiny_model, rows, units, SETTINGS) == secrets[0]


@pytest.mark.slow
def test_a_short_key_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it needs 16 or more"):
        train(tiny_model, tmp_path, key=b"short")
