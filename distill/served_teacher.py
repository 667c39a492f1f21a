"""A teacher on a vLLM server that scores the student's own tokens; both must spell text with the same vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distill.rollouts import Rollout
from distill.served_model import ServedModel
from distill.token_teacher import TokenScores


class ServedTeacher:
    """A `TokenTeacher` that tells the log-probability of what was sampled (`prompt_logprobs`), and no distribution.

    It sees the rollout's own prompt, in the student's chat template.
    """

    distributions = False

    def __init__(self, server: ServedModel) -> None:
        self._server = server

    @property
    def name(self) -> str:
        return self._server.model

    def score(self, rollouts: Sequence[Rollout]) -> list[TokenScores]:
        """See `TokenTeacher.score`. Raises ServedModelError."""
        found = self._server.score([(*rollout.prompt_ids, *rollout.answer_ids) for rollout in rollouts])
        return [
            TokenScores(
                tuple(
                    position[token]
                    for token, position in zip(
                        rollout.answer_ids, positions[-len(rollout.answer_ids) :], strict=True
                    )
                )
            )
            for rollout, positions in zip(rollouts, found, strict=True)
        ]


def check_same_vocabulary(student: Any, teacher: Any) -> None:
    """Refuses two tokenizers that spell the student's tokens otherwise, or end an answer otherwise.

    A teacher may know more tokens than the student. Raises ValueError with how many differ and the remedy.
    """
    known = {token_id: token for token, token_id in teacher.get_vocab().items()}
    vocabulary = student.get_vocab()
    different = sum(known.get(token_id) != token for token, token_id in vocabulary.items())
    if different:
        raise ValueError(
            f"{different:,} of the student's {len(vocabulary):,} tokens are others to the teacher: "
            "choose a teacher of its family, or name the teacher's tokenizer in onpolicy.teacher.tokenizer"
        )
    if student.eos_token_id != teacher.eos_token_id:
        raise ValueError(
            f"the student ends an answer with token {student.eos_token_id}, the teacher with {teacher.eos_token_id}: "
            "take both as instruction-tuned models, or both as base models"
        )


def check_served_vocabulary(student: Any, server: ServedModel) -> None:
    """The same for a teacher whose directory is not at hand: the server decodes each of the student's tokens.

    Bytes that are no text of their own all decode to the same sign and are not told apart; how an answer ends is not
    asked. Raises ValueError, or ServedModelError.
    """
    ids = sorted(student.get_vocab().values())
    if server.decode_ids(ids) != student.decode(ids):
        raise ValueError(
            f"the teacher {server.model} at {server.url} spells the student's tokens otherwise: "
            "choose a teacher of its family, or name the teacher's tokenizer in onpolicy.teacher.tokenizer"
        )
