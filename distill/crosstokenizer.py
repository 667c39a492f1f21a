"""A teacher that cuts text into other tokens than the student: where both end a token, what they say can be compared.

Two ways to learn from one. `CrossTokenizerTeacher` scores rollouts, so any teacher will do that tells the probability
of a text, a served one too. `universal_loss` compares whole distributions, for a teacher in this process.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from distill.rollouts import Rollout
from distill.student import prompt_ids
from distill.token_teacher import TokenScores, TokenTeacher
from distill.values import Messages
from distill.vocabulary import vocabulary_bytes

Groups = list[tuple[range, range]]
"""Answer positions of the student and of the teacher that spell the same piece of text, in order."""


def token_ends(tokenizer: Any, ids: Sequence[int], text: str) -> list[int | None]:
    """How many characters of `text`, which `ids` spell, stand before the end of each token.

    None where a token ends inside a character, or the tokenizer's own decoding leaves the text. Decodes each beginning
    of the answer, so it asks nothing of the kind of tokenizer, and costs the square of the answer's length.
    """
    ends: list[int | None] = []
    for count in range(1, len(ids) + 1):
        begun = tokenizer.decode(
            list(ids[:count]), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        whole = text.startswith(begun) and not begun.endswith("\N{REPLACEMENT CHARACTER}")
        ends.append(len(begun) if whole else None)
    if ends:
        ends[-1] = len(text)
    return ends


def align(student_ends: Sequence[int | None], teacher_ends: Sequence[int | None]) -> Groups:
    """The finest cut of the text at which tokens of both end; every token is in one group.

    Both must end at the same character. A token without a character of its own joins its neighbours.
    """
    assert bool(student_ends) == bool(teacher_ends), "both spell the same text"
    assert not student_ends or student_ends[-1] == teacher_ends[-1], "both spell the whole text"
    student = {end: place + 1 for place, end in enumerate(student_ends) if end}
    teacher = {end: place + 1 for place, end in enumerate(teacher_ends) if end}
    groups, begun = [], (0, 0)
    for end in sorted(student.keys() & teacher.keys()):
        groups.append((range(begun[0], student[end]), range(begun[1], teacher[end])))
        begun = student[end], teacher[end]
    return groups


@dataclass(frozen=True, slots=True)
class Respelled:
    """A student's answer in the teacher's tokens."""

    teacher_ids: tuple[int, ...] = field(repr=False)
    """With the teacher's end of an answer where the student's answer has its own."""
    groups: Groups


def respell(student: Any, teacher: Any, answer_ids: Sequence[int], finished: bool) -> Respelled:
    """The answer through its text. `finished`: its last token is the student's end, which is the teacher's end too.

    An answer without any text has no tokens of the teacher, but for the end.
    """
    body = list(answer_ids[: len(answer_ids) - finished])
    text = student.decode(body, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    ids = list(teacher(text, add_special_tokens=False)["input_ids"]) if text else []
    groups = align(token_ends(student, body, text), token_ends(teacher, ids, text)) if ids else []
    if finished:
        groups = [*groups, (range(len(body), len(body) + 1), range(len(ids), len(ids) + 1))]
        ids.append(teacher.eos_token_id)
    return Respelled(tuple(ids), groups)


class CrossTokenizerTeacher:
    """A `TokenTeacher` for a student of another vocabulary: the same text, asked and answered in the teacher's tokens."""

    distributions = False

    def __init__(
        self,
        inner: TokenTeacher,
        student: Any,
        teacher: Any,
        prompts: Mapping[tuple[int, ...], Messages],
    ) -> None:
        """`inner` scores in the vocabulary of the tokenizer `teacher`; `prompts` are the chats behind the rollouts'
        `prompt_ids`, which the teacher is asked in its own template."""
        self._inner = inner
        self._student = student
        self._teacher = teacher
        self._prompts = prompts

    @property
    def name(self) -> str:
        return self._inner.name

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        """See `TokenTeacher.score`.

        A piece of text that is one token to both has the teacher's own figure. Where it is several, the chain rule
        gives the teacher's log-probability of the piece, and its difference from the sampler's is shared out evenly
        among the student's tokens: their sum is the teacher's.
        """
        spelled = [
            respell(self._student, self._teacher, rollout.answer_ids, rollout.finished)
            for rollout in rollouts
        ]
        asked = [
            Rollout(
                tuple(prompt_ids(self._teacher, self._prompts[rollout.prompt_ids])),
                answer.teacher_ids,
                (),
                rollout.finished,
            )
            for rollout, answer in zip(rollouts, spelled, strict=True)
            if answer.teacher_ids
        ]
        # A teacher that makes whole distributions needs memory for each token: it is given a prompt's answers at a time.
        parts = [asked]
        if self._inner.distributions:
            parts = [
                list(part) for _, part in itertools.groupby(asked, key=lambda rollout: rollout.prompt_ids)
            ]
        told = iter([scores for part in parts for scores in self._inner.score(part)])
        return [
            TokenScores(_share_out(rollout, answer, next(told) if answer.teacher_ids else None))
            for rollout, answer in zip(rollouts, spelled, strict=True)
        ]


def _share_out(rollout: Rollout, answer: Respelled, told: TokenScores | None) -> tuple[float | None, ...]:
    shares: list[float | None] = [None] * len(rollout.answer_ids)
    for mine, theirs in answer.groups if told is not None else []:
        values = [told.logprobs[place] for place in theirs] if told is not None else []
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            continue
        difference = sum(known) - sum(rollout.logprobs[place] for place in mine)
        for place in mine:
            shares[place] = rollout.logprobs[place] + difference / len(mine)
    return tuple(shares)


@dataclass(frozen=True, slots=True)
class SharedVocabulary:
    """The tokens that both know."""

    student_ids: Any
    """Long tensor, shape (shared,)."""
    teacher_ids: Any
    """The same tokens in the teacher's vocabulary, shape (shared,)."""


def shared_vocabulary(student: Any, teacher: Any) -> SharedVocabulary:
    """Tokens of the same bytes, and the two ends of an answer, which have names of their own."""
    import torch

    theirs = vocabulary_bytes(teacher)
    pairs = {
        token_id: theirs[spelling]
        for spelling, token_id in vocabulary_bytes(student).items()
        if theirs.get(spelling, teacher.eos_token_id) != teacher.eos_token_id
    }
    pairs[student.eos_token_id] = teacher.eos_token_id
    mine = sorted(pairs)
    return SharedVocabulary(torch.tensor(mine), torch.tensor([pairs[token_id] for token_id in mine]))


def universal_loss(
    student_logits: Any,
    student_ids: Sequence[int],
    teacher_logits: Any,
    teacher_ids: Sequence[int],
    groups: Groups,
    shared: SharedVocabulary,
) -> Any:
    """How far the student is from the teacher on one answer: a scalar tensor, to be averaged over answers.

    Logits have the shape (answer tokens, vocabulary); row i is the one that predicts answer token i. A piece of text
    that is several tokens has the distribution of its last one, times the probability of those before it (chain
    rule). Shared tokens are compared by Jensen-Shannon divergence; the rest by the L1 distance of the sorted
    probabilities (Boizard et al. 2024, arXiv:2402.12030, equation 4); weighted by the share of the teacher's
    vocabulary that is shared. The same as TRL's `ULDLoss` (hybrid, "bayesian"), which a test holds it to, except that
    the end of an answer is learnt too.
    """
    import torch

    mine = _of_groups(student_logits, student_ids, [group for group, _ in groups])
    with torch.no_grad():
        theirs = _of_groups(teacher_logits, teacher_ids, [group for _, group in groups])
    share = len(shared.teacher_ids) / theirs.shape[-1]
    known = _jensen_shannon(mine[:, shared.student_ids], theirs[:, shared.teacher_ids])
    other = _sorted_distance(_without(mine, shared.student_ids), _without(theirs, shared.teacher_ids))
    return (share * known + (1 - share) * other) / len(groups)


def _of_groups(logits: Any, ids: Sequence[int], groups: Sequence[range]) -> Any:
    """Probabilities by piece of text, shape (groups, vocabulary)."""
    import torch

    logprobs = logits.float().log_softmax(-1)
    chosen = logprobs.gather(1, torch.tensor(ids, device=logits.device)[:, None])[:, 0]
    before = torch.cat([chosen.new_zeros(1), chosen.cumsum(0)])
    first = torch.tensor([group.start for group in groups], device=logits.device)
    last = torch.tensor([group.stop - 1 for group in groups], device=logits.device)
    return (logprobs[last] + (before[last] - before[first])[:, None]).exp()


def _jensen_shannon(mine: Any, theirs: Any) -> Any:
    """Of probabilities that need not sum to 1, summed over all entries."""
    floor = 1e-8
    mine, theirs = mine.clamp_min(floor), theirs.clamp_min(floor)
    middle = ((mine + theirs) / 2).log()
    return ((mine * (mine.log() - middle)).sum() + (theirs * (theirs.log() - middle)).sum()) / 2


def _without(probabilities: Any, ids: Any) -> Any:
    import torch

    kept = torch.ones(probabilities.shape[-1], dtype=torch.bool, device=probabilities.device)
    kept[ids] = False
    return probabilities[:, kept]


def _sorted_distance(mine: Any, theirs: Any) -> Any:
    import torch

    width = max(mine.shape[-1], theirs.shape[-1])
    mine, theirs = (
        torch.nn.functional.pad(side.sort(dim=-1, descending=True).values, (0, width - side.shape[-1]))
        for side in (mine, theirs)
    )
    return (mine - theirs).abs().sum()
