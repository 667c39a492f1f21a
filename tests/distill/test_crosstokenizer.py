"""Teachers of another vocabulary: pieces of text that both end are compared, and a student learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill.crosstokenizer import (
    CrossTokenizerTeacher,
    align,
    respell,
    shared_vocabulary,
    token_ends,
    universal_loss,
)
from distill.rollouts import Rollout
from distill.student import load_model, load_tokenizer, prompt_ids
from distill.token_teacher import TokenScores

TEXTS = ("billing", "top_up_failed", '{"queue":"Größe 12,50 €"}', "naïve 🙂 café", " two  spaces ")


@pytest.fixture(scope="module")
def student(tiny_model: Path) -> Any:
    return load_tokenizer(tiny_model)


@pytest.fixture(scope="module")
def teacher(tiny_model: Path) -> Any:
    """Bytes alone and few merges, other ids, another end of an answer, another template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "<end>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["failing queues are billed, filling forms"] * 3, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<pad>")
    fast.chat_template = "{% for m in messages %}{{ m['role'] }}={{ m['content'] }};{% endfor %}answer="
    return fast


def network(vocabulary: int, seed: int) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
        )
    )


def answer_logits(model: Any, prompt: Sequence[int], answer: Sequence[int]) -> Any:
    import torch

    logits = model(torch.tensor([[*prompt, *answer]])).logits[0]
    return logits[len(prompt) - 1 : -1]


# --- alignment ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "theirs", "groups"),
    [
        ([2, 4], [2, 4], [([0], [0]), ([1], [1])]),
        ([4], [1, 4], [([0], [0, 1])]),
        ([1, 3, 4], [2, 3, 4], [([0, 1], [0, 1]), ([2], [2])]),
        ([None, 2, 4], [2, 3, 4], [([0, 1], [0]), ([2], [1, 2])]),
        ([0, 2, 2], [2], [([0, 1, 2], [0])]),
        ([1, 2], [None, None, 2], [([0, 1], [0, 1, 2])]),
        ([], [], []),
    ],
)
def test_the_text_is_cut_where_both_end_a_token(
    mine: list[int | None], theirs: list[int | None], groups: list[tuple[list[int], list[int]]]
) -> None:
    assert [(list(a), list(b)) for a, b in align(mine, theirs)] == groups


@given(st.text(max_size=40))
def test_any_text_is_covered_once_by_groups_of_the_same_text(text: str) -> None:
    student, teacher = _tokenizers()
    ids = student(text, add_special_tokens=False)["input_ids"]
    spelled = respell(student, teacher, [*ids, student.eos_token_id], finished=True)
    assert [place for mine, _ in spelled.groups for place in mine] == list(range(len(ids) + 1))
    assert [place for _, theirs in spelled.groups for place in theirs] == list(
        range(len(spelled.teacher_ids))
    )
    assert spelled.teacher_ids[-1] == teacher.eos_token_id
    for mine, theirs in spelled.groups:
        said = student.decode(
            [[*ids, student.eos_token_id][place] for place in mine], skip_special_tokens=True
        )
        assert said == teacher.decode(
            [spelled.teacher_ids[place] for place in theirs], skip_special_tokens=True
        )


_CACHE: list[Any] = []


def _tokenizers() -> tuple[Any, Any]:
    return _CACHE[0], _CACHE[1]


@pytest.fixture(scope="module", autouse=True)
def _for_hypothesis(student: Any, teacher: Any) -> None:
    _CACHE[:] = [student, teacher]


def test_a_sampled_spelling_that_no_tokenizer_would_choose_is_aligned_too(student: Any, teacher: Any) -> None:
    """The student spells a word letter by letter; through its text alone that would be lost."""
    letters = [student.convert_tokens_to_ids(letter) for letter in "billing"]
    assert len(letters) > len(student("billing", add_special_tokens=False)["input_ids"])
    spelled = respell(student, teacher, letters, finished=False)
    assert token_ends(student, letters, "billing") == [1, 2, 3, 4, 5, 6, 7]
    assert len(spelled.groups) == len(spelled.teacher_ids) < len(letters)


def test_bytes_that_are_no_text_are_aligned_as_one_piece(student: Any, teacher: Any) -> None:
    euro = student("€", add_special_tokens=False)["input_ids"]
    ids = student.convert_tokens_to_ids(list("â")) if len(euro) == 1 else euro[:1]
    spelled = respell(student, teacher, [*ids, *student("ab", add_special_tokens=False)["input_ids"]], False)
    assert [place for mine, _ in spelled.groups for place in mine] == list(
        range(len(ids) + len(student("ab", add_special_tokens=False)["input_ids"]))
    )


# --- scores ---------------------------------------------------------------------------------------------------------


class ByPlace:
    """A teacher whose figures can be added by hand: a token's log-probability is minus its place in the answer - 1."""

    name = "by place"
    distributions = False

    def __init__(self) -> None:
        self.asked: list[Rollout] = []

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        self.asked += rollouts
        return [
            TokenScores(tuple(-1.0 - place for place in range(len(rollout.answer_ids))))
            for rollout in rollouts
        ]


def test_the_teacher_is_asked_in_its_own_tokens_and_its_sum_is_kept(student: Any, teacher: Any) -> None:
    chat = [{"role": "user", "content": "my card"}]
    prompt = tuple(prompt_ids(student, chat))
    rollouts = []
    for text in TEXTS:
        ids = [*student(text, add_special_tokens=False)["input_ids"], student.eos_token_id]
        rollouts.append(
            Rollout(prompt, tuple(ids), tuple(-0.1 * (1 + place) for place in range(len(ids))), True)
        )
    inner = ByPlace()
    scores = CrossTokenizerTeacher(inner, student, teacher, {prompt: chat}).score(rollouts)
    for text, rollout, asked, scored in zip(TEXTS, rollouts, list(inner.asked), scores, strict=True):
        assert teacher.decode(asked.prompt_ids) == "user=my card;answer="
        assert teacher.decode(asked.answer_ids) == text + "<end>"
        told = inner.score([asked])[0].logprobs
        assert sum(value for value in scored.logprobs if value is not None) == pytest.approx(
            sum(value for value in told if value is not None)
        )
        assert scored.logprobs[-1] == told[-1], "the end is one token to both"
        for mine, theirs in respell(student, teacher, rollout.answer_ids, True).groups:
            gaps = [(scored.logprobs[place] or 0) - rollout.logprobs[place] for place in mine]
            assert gaps == pytest.approx([gaps[0]] * len(gaps))
            if len(mine) == len(theirs) == 1:
                assert scored.logprobs[mine[0]] == pytest.approx(told[theirs[0]])


def test_a_teacher_of_whole_distributions_is_given_one_prompt_at_a_time(student: Any, teacher: Any) -> None:
    class Wide(ByPlace):
        distributions = True

        def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
            assert len({rollout.prompt_ids for rollout in rollouts}) == 1
            return super().score(rollouts)

    chats = {(5, number): [{"role": "user", "content": f"card {number}"}] for number in range(3)}
    ids = tuple(student("billing", add_special_tokens=False)["input_ids"])
    rollouts = [Rollout(prompt, ids, (-1.0,) * len(ids), False) for prompt in chats for _ in range(2)]
    scores = CrossTokenizerTeacher(Wide(), student, teacher, chats).score(rollouts)
    assert scores == CrossTokenizerTeacher(ByPlace(), student, teacher, chats).score(rollouts)
    assert len(scores) == 6


def test_what_the_teacher_cannot_place_is_none(student: Any, teacher: Any) -> None:
    class Partial(ByPlace):
        def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
            return [TokenScores((None, *scores.logprobs[1:])) for scores in super().score(rollouts)]

    prompt = (5, 6)
    special = student.convert_tokens_to_ids("<|im_start|>")
    chat = [{"role": "user", "content": "x"}]
    no_text = Rollout(prompt, (special,), (-1.0,), finished=False)
    some = Rollout(
        prompt, tuple(student("billing", add_special_tokens=False)["input_ids"]), (-1.0,) * 9, False
    )
    cross = CrossTokenizerTeacher(Partial(), student, teacher, {prompt: chat})
    nothing, partly = cross.score([no_text, some])
    assert nothing.logprobs == (None,)
    assert partly.logprobs[0] is None


# --- the loss -------------------------------------------------------------------------------------------------------


def test_the_loss_is_nought_for_a_student_that_is_its_teacher(student: Any) -> None:
    import torch

    model = network(len(student), 0)
    ids = [*student("billing field", add_special_tokens=False)["input_ids"], student.eos_token_id]
    spelled = respell(student, student, ids, finished=True)
    shared = shared_vocabulary(student, student)
    with torch.no_grad():
        logits = answer_logits(model, [5, 6], ids)
        assert universal_loss(logits, ids, logits, ids, spelled.groups, shared) == pytest.approx(0, abs=1e-6)
        other = answer_logits(network(len(student), 1), [5, 6], ids)
        assert universal_loss(logits, ids, other, ids, spelled.groups, shared) > 1e-3


@pytest.mark.slow
def test_a_student_learns_the_answer_and_its_end_from_a_teacher_of_another_vocabulary(
    student: Any, teacher: Any
) -> None:
    import torch

    wanted = "top_up_failed"
    chat = [{"role": "user", "content": "my card"}]
    mine = prompt_ids(student, chat)
    theirs = prompt_ids(teacher, chat)
    ids = [*student(wanted, add_special_tokens=False)["input_ids"], student.eos_token_id]
    spelled = respell(student, teacher, ids, finished=True)
    assert len(spelled.groups) < len(spelled.teacher_ids), "the pair spells the answer differently"
    learnt, taught = network(len(student), 0), network(len(teacher), 1)
    optimizer = torch.optim.AdamW(taught.parameters(), lr=3e-3)
    for _ in range(25):  # the teacher comes to know the answer
        logits = answer_logits(taught, theirs, spelled.teacher_ids)
        torch.nn.functional.cross_entropy(logits, torch.tensor(spelled.teacher_ids)).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        told = answer_logits(taught, theirs, spelled.teacher_ids)
    shared = shared_vocabulary(student, teacher)
    optimizer = torch.optim.AdamW(learnt.parameters(), lr=3e-3)
    losses, chances = [], []
    for _ in range(60):
        logits = answer_logits(learnt, mine, ids)
        loss = universal_loss(logits, ids, told, spelled.teacher_ids, spelled.groups, shared)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        chances.append(logits.detach().log_softmax(-1)[range(len(ids)), ids])
    assert losses[-1] < 0.3 * losses[0]
    first, last = chances[0].exp(), chances[-1].exp()
    assert last[-1] > 0.5 > first[-1], "where the answer ends is learnt"
    assert last.log().sum() > first.log().sum() + 10


@pytest.mark.slow  # importing TRL's trainer takes ten seconds, and loads vLLM
def test_the_loss_is_that_of_trl(student: Any, teacher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    from types import SimpleNamespace

    from trl.experimental.gold.gold_trainer import ULDLoss
    from trl.experimental.utils import encode_with_byte_offsets

    settings = SimpleNamespace(
        uld_crossentropy_weight=0.0,
        uld_distillation_weight=1.0,
        uld_student_temperature=1.0,
        uld_teacher_temperature=1.0,
        uld_skip_student_eos=False,
        uld_skip_teacher_eos=False,
        use_extended_uld=True,
        uld_token_merge_strategy="bayesian",
        uld_use_hybrid_loss=True,
        uld_hybrid_matched_weight=None,
        uld_hybrid_unmatched_weight=None,
        beta=0.5,
    )
    trl = ULDLoss(settings, student_tokenizer=student, teacher_tokenizer=teacher)
    models = {side: network(len(side), seed) for seed, side in enumerate((student, teacher))}
    shared = shared_vocabulary(student, teacher)
    # TRL knows shared spellings only: without the pair of ends the two are to agree to the last digits.
    spelling = shared.student_ids != student.eos_token_id
    shared = type(shared)(shared.student_ids[spelling], shared.teacher_ids[spelling])
    for text in ("billing", "top_up_failed", "card arrival: 12.50"):  # TRL also cuts inside characters
        sides = {}
        for side, model in models.items():
            ((ids, offsets),) = encode_with_byte_offsets(side.backend_tokenizer, [text])
            full = torch.tensor([[7, 8, *ids]])
            labels = full.clone()
            labels[:, :2] = -100
            padded = torch.tensor([[(0, 0), (0, 0), *offsets]])
            with torch.no_grad():
                sides[side] = model(full).logits, labels, full, padded, ids
        mine, theirs = sides[student], sides[teacher]
        expected = trl(mine[0], theirs[0], mine[1], theirs[1], mine[2], theirs[2], mine[3], theirs[3])
        spelled = respell(student, teacher, mine[4], finished=False)
        assert list(spelled.teacher_ids) == theirs[4]
        loss = universal_loss(
            mine[0][0, 1:-1], mine[4], theirs[0][0, 1:-1], theirs[4], spelled.groups, shared
        )
        assert float(loss) == pytest.approx(float(expected), rel=1e-4)


def test_shared_tokens_are_those_of_the_same_spelling_and_the_two_ends(student: Any, teacher: Any) -> None:
    shared = shared_vocabulary(student, teacher)
    pairs = dict(zip(shared.student_ids.tolist(), shared.teacher_ids.tolist(), strict=True))
    assert pairs.pop(student.eos_token_id) == teacher.eos_token_id
    assert len(pairs) >= 256, "each byte is shared"
    assert all(student.convert_ids_to_tokens(a) == teacher.convert_ids_to_tokens(b) for a, b in pairs.items())
    assert len(set(pairs.values())) == len(pairs)


def test_the_tiny_models_own_weights_give_the_same_groups(tiny_model: Path, student: Any) -> None:
    """The loss takes logits as models make them: bf16, and padded vocabularies."""
    import torch

    model = load_model(tiny_model, "cpu")
    ids = student("card_arrival", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = answer_logits(model, [5], ids)
    spelled = respell(student, student, ids, finished=False)
    padded = torch.nn.functional.pad(logits, (0, 24), value=-100.0)
    loss = universal_loss(logits, ids, padded, ids, spelled.groups, shared_vocabulary(student, student))
    assert 0 <= float(loss) < 1e-2
