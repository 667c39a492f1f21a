"""The reward `judge`: a model says, in both orders, whether an answer is as good as the teacher's."""

from __future__ import annotations

from distill.completer import Completer
from distill.evaluation.judge import comparison, read_reply
from distill.rewards.reward import Judge, RewardScore
from distill.rewards.settings import RewardSettings
from distill.tasks import Task
from distill.tasks.task import render
from distill.values import Example, Request

_FIRST, _SECOND = "first", "second"
_BEST = {_FIRST: "a", _SECOND: "b"}
"""Where the student's answer stood -> the reply that says it is the better one."""


def as_good(settings: RewardSettings, task: Task, completer: Completer) -> Judge:
    """1 where the judge finds the answer better than the teacher's or as good, 0 where worse, the mean of both orders.

    A judge that names the same place in both orders has judged the place: that is not judged, nor is an unreadable
    reply. An answer that is the teacher's, or empty, is not shown to the judge.
    """

    def judge(example: Example, completion: str) -> RewardScore:
        name, teachers = settings.name, example.answer
        if not teachers:
            return RewardScore(name, None, "the teacher has no answer")
        if not completion.strip() or completion.strip() == teachers.strip():
            return RewardScore(name, float(bool(completion.strip())))
        question = "\n\n".join(message["content"] for message in render(task.settings, example.fields))
        requests = [
            Request(
                place,
                comparison(
                    settings.rubric or "",
                    question,
                    *((completion, teachers)[:: 1 if place == _FIRST else -1]),
                ),
            )
            for place in (_FIRST, _SECOND)
        ]
        replies = {reply.record_id: read_reply(reply.text) for reply in completer.complete(requests)}
        if any(replies.get(place) is None for place in _BEST):
            return RewardScore(name, None, "the judge's reply cannot be read")
        if replies[_FIRST] == replies[_SECOND] != "tie":
            return RewardScore(name, None, "the judge contradicts itself")
        earned = [float(replies[place] in ("tie", best)) for place, best in _BEST.items()]
        return RewardScore(name, sum(earned) / len(earned))

    return judge
