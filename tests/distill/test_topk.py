"""A teacher's likeliest tokens: kept small, read back as they were, and a loss that is the KL divergence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill.topk import Journal, TopKStore, batch_targets, has_bytes, topk_kl, write_topk
from distill.values import TopTokens
from distill.vocabulary import vocabulary_bytes

END = 2


def answer(*steps: dict[Any, float]) -> TopTokens:
    """Each step's first token is the one said."""
    return TopTokens(tuple(next(iter(step)) for step in steps), tuple(tuple(step.items()) for step in steps))


def stored(folder: Path, answers: dict[str, TopTokens], k: int, finished: bool = True) -> Path:
    journal = Journal(folder / "topk.journal")
    for record_id, each in answers.items():
        journal.append(record_id, each, finished)
    journal.close()
    write_topk(journal, folder / "topk.parquet", k)
    return folder / "topk.parquet"


# --- the file -------------------------------------------------------------------------------------------------------


def test_what_was_told_is_read_back_with_gaps_where_less_than_k_was_told(tmp_path: Path) -> None:
    path = stored(tmp_path, {"a": answer({7: -0.5, 9: -1.0}, {END: -0.25}), "b": answer({END: 0.0})}, k=3)
    found = TopKStore(path, END)
    assert set(found) == {"a", "b"} and found.num_stored == 2 and not has_bytes(path)
    assert found["a"].token_ids.tolist() == [7, END]
    assert found["a"].top_ids.tolist() == [[7, 9, -1], [END, -1, -1]]
    assert found["a"].top_logprobs.tolist() == [[-0.5, -1.0, -math.inf], [-0.25, -math.inf, -math.inf]]
    assert found["b"].top_ids.shape == (1, 3)


def test_an_answer_whose_end_the_server_kept_back_gets_it_as_the_only_choice(tmp_path: Path) -> None:
    found = TopKStore(stored(tmp_path, {"a": answer({7: -0.5, 9: -1.0})}, k=2), END)["a"]
    assert found.token_ids.tolist() == [7, END]
    assert found.top_ids[-1].tolist() == [END, -1] and found.top_logprobs[-1].tolist() == [0.0, -math.inf]


def test_an_answer_cut_off_is_kept_and_not_learnt_from(tmp_path: Path) -> None:
    found = TopKStore(stored(tmp_path, {"a": answer({7: -0.5})}, k=1, finished=False), END)
    assert len(found) == 0 and found.num_stored == 1


def test_tokens_told_as_bytes_become_the_students_and_what_it_lacks_falls_into_the_rest(
    tmp_path: Path,
) -> None:
    told = {
        "a": answer({"top": -0.1, "Ã¼": -3.0, "bill": -4.0}, {"_up": -0.2}),
        "b": answer({"unheard": -0.1, "top": -3.0}),
    }
    path = stored(tmp_path, told, k=3)
    assert has_bytes(path)
    found = TopKStore(path, END, {b"top": 11, b"_up": 12, "ü".encode(): 13})
    assert set(found) == {"a"}, "the student cannot say `unheard`"
    assert found["a"].token_ids.tolist() == [11, 12, END]
    assert found["a"].top_ids[0].tolist() == [11, 13, -1]
    assert found["a"].top_logprobs[0, 2] == -math.inf
    with pytest.raises(ValueError, match="vocabulary is needed"):
        TopKStore(path, END)


def test_a_kill_loses_the_line_being_written_and_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    for name in "abc":
        journal.append(name, answer({5: -0.5}), True)
    journal.close()
    whole = (tmp_path / "j").read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        (tmp_path / "j").write_bytes(whole[:cut])
        again = Journal(tmp_path / "j")
        assert len(again) == sum(end <= cut for end in ends)
        again.append("d", answer({6: -0.5}), True)
        again.close()
        assert "d" in Journal(tmp_path / "j") and len(Journal(tmp_path / "j")) == len(again)


def test_the_file_does_not_tell_in_which_order_answers_came(tmp_path: Path) -> None:
    told = {name: answer({"x" + name: -0.5}) for name in "abcd"}
    for folder, names in (("one", "abcd"), ("two", "dbca")):
        (tmp_path / folder).mkdir()
        stored(tmp_path / folder, {name: told[name] for name in names}, k=1)
    assert (tmp_path / "one/topk.parquet").read_bytes() == (tmp_path / "two/topk.parquet").read_bytes()


def test_an_answer_given_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append("a", answer({5: -0.5}), True)
    journal.append("a", answer({6: -0.5}), True)
    journal.close()
    write_topk(journal, tmp_path / "f.parquet", 1)
    assert TopKStore(tmp_path / "f.parquet", 6)["a"].token_ids.tolist() == [6]


def test_rounding_moves_a_log_probability_by_at_most_a_2000th_of_it(tmp_path: Path) -> None:
    values = -np.random.default_rng(7).exponential(3.0, 4000)
    found = TopKStore(
        stored(tmp_path, {str(n): answer({END: value}) for n, value in enumerate(values)}, 1), END
    )
    back = np.array([found[str(n)].top_logprobs[0, 0] for n in range(len(values))])
    assert np.all(np.abs(back - values) <= np.abs(values) / 2000 + 2**-25)
    # So a probability is off by at most 0.00018 (p ln p is at most 1/e), and a sum of them by a 2,000th of the entropy.
    assert np.max(np.abs(np.exp(back) - np.exp(values))) < 1.8e-4


def test_ids_and_bytes_in_one_file_are_refused(tmp_path: Path) -> None:
    for first, second in ((5, "x"), ("x", 5)):
        with pytest.raises(ValueError, match="token ids with some answers and text with others"):
            stored(tmp_path, {"a": answer({first: -0.5}), "b": answer({second: -0.5})}, 1)
        (tmp_path / "topk.journal").unlink()


def test_a_file_without_an_answer_is_read_as_such(tmp_path: Path) -> None:
    assert len(TopKStore(stored(tmp_path, {}, k=3), END)) == 0


def test_more_answers_than_a_row_group_are_all_read_back(tmp_path: Path) -> None:
    found = TopKStore(stored(tmp_path, {f"{n:05d}": answer({n + 3: -0.5}) for n in range(2100)}, 1), END)
    assert [found[key].token_ids[0] for key in sorted(found)] == list(range(3, 2103))


def peaked(rng: np.random.Generator, k: int, vocabulary: int) -> dict[int, float]:
    """Log-probabilities with the shape of a language model's: Zipf's law with a random steepness, ids by frequency."""
    logits = -rng.uniform(0.8, 6.0) * np.log(np.arange(1, k + 1)) + rng.normal(0, 0.3, k)
    logits = np.sort(logits)[::-1] - np.logaddexp.reduce(logits) - rng.exponential(0.02)
    ids = rng.permutation(np.unique((vocabulary ** rng.random(3 * k)).astype(int)))[:k]
    return dict(zip(ids.tolist(), logits[: len(ids)].tolist(), strict=True))


def test_a_token_with_its_20_likeliest_takes_less_than_300_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    told = {str(n): answer(*(peaked(rng, 20, 150_000) for _ in range(24))) for n in range(60)}
    path = stored(tmp_path, told, k=20)
    assert path.stat().st_size / (60 * 24) < 130


# --- the loss -------------------------------------------------------------------------------------------------------


def distributions(seed: int, n: int, size: int, spread: float = 3.0) -> tuple[Any, Any]:
    import torch

    generator = torch.Generator().manual_seed(seed)
    student = spread * torch.randn(n, size, generator=generator, dtype=torch.float64)
    teacher = (spread * torch.randn(n, size, generator=generator, dtype=torch.float64)).log_softmax(-1)
    return student.requires_grad_(), teacher


def full_kl(student: Any, teacher: Any) -> Any:
    import torch

    return torch.nn.functional.kl_div(
        student.log_softmax(-1), teacher, reduction="none", log_target=True
    ).sum(-1)


def likeliest(teacher: Any, k: int) -> tuple[Any, Any]:
    top = teacher.topk(k, dim=-1)
    return top.indices, top.values


@pytest.mark.parametrize("tail", [True, False])
def test_with_the_whole_vocabulary_the_loss_and_its_gradient_are_those_of_the_exact_divergence(
    tail: bool,
) -> None:
    import torch

    student, teacher = distributions(1, 40, 30)
    loss = topk_kl(student, *likeliest(teacher, 30), tail=tail)
    exact = full_kl(student, teacher)
    assert torch.allclose(loss, exact, atol=1e-6)
    (gradient,) = torch.autograd.grad(loss.sum(), student)
    (wanted,) = torch.autograd.grad(exact.sum(), student)
    assert torch.allclose(gradient, wanted, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(3, 40), spread=st.floats(0.1, 12), data=st.data())
def test_the_loss_is_never_negative_nor_above_the_exact_divergence_and_grows_with_k(
    seed: int, size: int, spread: float, data: st.DataObject
) -> None:
    import torch

    student, teacher = distributions(seed, 6, size, spread)
    k = data.draw(st.integers(1, size - 1))
    loss = topk_kl(student, *likeliest(teacher, k))
    finer = topk_kl(student, *likeliest(teacher, k + 1))
    assert torch.all(loss >= -1e-6)
    assert torch.all(loss <= finer + 1e-5) and torch.all(finer <= full_kl(student, teacher) + 1e-5)


def test_a_student_that_is_its_teacher_has_no_loss_and_no_gradient() -> None:
    import torch

    _, teacher = distributions(3, 10, 50)
    student = (teacher + 5.0).requires_grad_()  # logits are free up to a constant
    loss = topk_kl(student, *likeliest(teacher, 8))
    (gradient,) = torch.autograd.grad(loss.sum(), student)
    assert torch.all(loss.abs() < 1e-6) and torch.all(gradient.abs() < 1e-6)


@pytest.mark.parametrize("tail", [True, False])
def test_the_gradient_is_that_of_finite_differences(tail: bool) -> None:
    import torch

    student, teacher = distributions(4, 5, 12)
    ids, logprobs = likeliest(teacher, 4)
    ids[0, 2:] = -1
    assert torch.autograd.gradcheck(
        lambda logits: topk_kl(logits, ids, logprobs, tail=tail), (student,), eps=1e-5, atol=1e-4
    )


def test_a_sure_teacher_and_a_sure_student_give_finite_losses_and_gradients() -> None:
    import torch

    logits = torch.tensor([[90.0, 0.0, 0.0, 0.0], [0.0, 90.0, 0.0, 0.0]], requires_grad=True)
    ids = torch.tensor([[0, -1], [0, 3]])
    loss = topk_kl(logits, ids, torch.tensor([[0.0, -math.inf], [-1e-4, -9999.0]]))
    loss.sum().backward()
    assert loss[0].item() == pytest.approx(0.0, abs=1e-6) and 80 < loss[1].item() < 91
    assert torch.isfinite(logits.grad).all()


def test_one_likeliest_told_as_certain_is_the_cross_entropy() -> None:
    import torch

    student, _ = distributions(5, 9, 20)
    said = torch.arange(9)
    sure = topk_kl(student, said[:, None], torch.zeros(9, 1))
    assert torch.allclose(sure, torch.nn.functional.cross_entropy(student, said, reduction="none"))


def test_what_rounding_does_to_the_loss_is_far_below_what_is_learnt() -> None:
    student, teacher = distributions(6, 400, 1000, spread=2.0)
    ids, logprobs = likeliest(teacher, 20)
    exact = topk_kl(student, ids, logprobs)
    rounded = topk_kl(student, ids, logprobs.half().double())
    assert (exact - rounded).abs().max() < 5e-3 and (exact.mean() - rounded.mean()).abs() < 1e-3


def test_rows_of_several_answers_come_one_below_the_other(tmp_path: Path) -> None:
    import torch

    found = TopKStore(stored(tmp_path, {"a": answer({7: -0.5, 9: -1.0}), "b": answer({END: 0.0})}, 2), END)
    said, ids, logprobs = batch_targets([found["a"], found["b"]])
    assert said.tolist() == [7, END, END] and ids.shape == logprobs.shape == (3, 2)
    assert torch.isfinite(topk_kl(torch.randn(3, 20), ids, logprobs)).all()


# --- vocabularies ---------------------------------------------------------------------------------------------------


def tokenizer(vocabulary: list[str], added: list[str]) -> Any:
    numbers = {token: n for n, token in enumerate([*added, *vocabulary])}
    return SimpleNamespace(
        get_vocab=lambda: numbers, get_added_vocab=lambda: {each: numbers[each] for each in added}
    )


@pytest.mark.parametrize(
    ("vocabulary", "written", "token"),
    [
        (["Ġcard", "top"], b" card", "Ġcard"),
        (["Ġcard", "Ã¼"], "ü".encode(), "Ã¼"),
        (["Ġcard", "Ã"], b"\xc3", "Ã"),
        (["Ġcard", "Ċ"], b"\n", "Ċ"),
        (["Ġcard"], b"<|im_end|>", "<|im_end|>"),
        (["▁card", "ü"], "ü".encode(), "ü"),
        (["▁card", "ü"], b" card", "▁card"),
        (["▁card", "<0x0A>"], b"\n", "<0x0A>"),
        (["▁card", "▁x", "Ġ"], "Ġ".encode(), "Ġ"),
    ],
)
def test_a_tokens_bytes_are_found_in_either_way_of_writing_them(
    vocabulary: list[str], written: bytes, token: str
) -> None:
    kind = tokenizer(vocabulary, ["<|im_end|>"])
    assert vocabulary_bytes(kind)[written] == kind.get_vocab()[token]


def test_tokens_that_cannot_be_told_apart_are_left_out() -> None:
    found = vocabulary_bytes(tokenizer(["▁card", "A", "<0x41>", "\ufffd"], []))
    assert b"A" not in found and "\ufffd".encode() not in found and found[b" card"] == 0


@pytest.mark.slow
def test_each_token_of_a_real_tokenizer_decodes_to_its_bytes(tmp_path: Path) -> None:
    from distill.student import load_tokenizer
    from tests.tiny_model import make_tiny_model

    loaded = load_tokenizer(make_tiny_model(tmp_path / "tiny"))
    found = vocabulary_bytes(loaded)
    assert len(found) == len(loaded.get_vocab())
    text = "Grüße 🦜: top_up\n failed"
    ids = loaded(text, add_special_tokens=False)["input_ids"]
    by_id = {number: written for written, number in found.items()}
    assert b"".join(by_id[number] for number in ids) == text.encode()
    json.dumps([by_id[number].decode("latin-1") for number in ids])
