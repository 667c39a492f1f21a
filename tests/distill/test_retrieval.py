"""The nearest training texts, against BM25 written out, and the prompts that show them."""

from __future__ import annotations

import math
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from distill.evaluate import EvaluateSettings, requests_for, untrained_arms, worked_examples
from distill.evaluation.retrieval import nearest
from distill.tasks import TaskSettings, make_task
from distill.values import Example

TASK = make_task(TaskSettings("classify", "Message: {m}", "Labels: {labels}", labels=("a", "b")))


def bm25(corpus: list[str], query: str) -> list[float]:
    """Lucene's form: k1 = 1.5, b = 0.75."""
    texts = [text.split() for text in corpus]
    mean = sum(map(len, texts)) / len(texts)
    scores = []
    for text in texts:
        counts, score = Counter(text), 0.0
        for word in query.split():
            df = sum(word in other for other in texts)
            idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
            tf = counts[word]
            score += idf * tf / (tf + 1.5 * (1 - 0.75 + 0.75 * len(text) / mean))
        scores.append(score)
    return scores


def test_the_nearest_are_those_of_the_formula_written_out() -> None:
    rng = random.Random(4)
    words = [f"w{number}" for number in range(30)]
    corpus = [" ".join(rng.choices(words, k=rng.randint(3, 15))) for _ in range(60)]
    queries = [" ".join(rng.choices(words, k=6)) for _ in range(20)]
    for query, found in zip(queries, nearest(corpus, queries, 5), strict=True):
        scores = bm25(corpus, query)
        assert [round(scores[place], 4) for place in found] == [
            round(score, 4) for score in sorted(scores, reverse=True)[:5]
        ]


def test_case_and_punctuation_do_not_matter_and_no_language_does() -> None:
    corpus = ["Wo bleibt meine KARTE?", "Der Wechselkurs ist hoch", "Où est ma carte"]
    assert nearest(corpus, ["karte!", "wechselkurs", "carte"], 1) == [[0], [1], [2]]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=12), st.integers(0, 9))
def test_any_text_is_answered_with_as_many_as_there_are(corpus: list[str], query: str, k: int) -> None:
    (found,) = nearest(corpus, [query], k)
    assert len(found) == len(set(found)) == min(k, len(corpus))
    assert nearest(corpus, [query], k) == [found]


def example(record_id: str, text: str, answer: str | None, split: str = "train") -> Example:
    return Example(record_id, split, {"m": text}, answer, None)


EXAMPLES = [
    example("1", "card lost today", "a"),
    example("2", "rate too high", "b"),
    example("3", "card lost in the sea", "a"),
    example("4", "card lost", None),
    example("5", "card lost", "a", "val"),
]
TESTS = [example("6", "my card is lost", "a", "test"), example("7", "high rate", "b", "test")]


def test_each_record_is_shown_its_own_examples_the_most_similar_last_and_training_ones_only() -> None:
    worked = worked_examples(TASK, EXAMPLES, TESTS, EvaluateSettings(few_shot=2), lambda _: True)
    first, second = requests_for(TASK, "retrieved", TESTS, worked)
    assert [turn["content"] for turn in first.messages[1:]] == [
        "Message: card lost in the sea", "a", "Message: card lost today", "a", "Message: my card is lost"
    ]  # fmt: skip
    assert second.messages[-3:] == [
        {"role": "user", "content": "Message: rate too high"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "Message: high rate"},
    ]
    few = requests_for(TASK, "few-shot", TESTS, worked)
    assert few[0].messages[:-1] == few[1].messages[:-1], "these share theirs"


def test_a_prompt_that_does_not_fit_has_fewer_examples_and_is_never_cut() -> None:
    def fits(messages: list[dict[str, str]]) -> bool:
        return len(messages) <= 4

    worked = worked_examples(TASK, EXAMPLES, TESTS, EvaluateSettings(few_shot=3), fits)
    for arm in ("few-shot", "retrieved"):
        assert [len(request.messages) for request in requests_for(TASK, arm, TESTS, worked)] == [4, 4]
    kept = requests_for(TASK, "retrieved", TESTS, worked)[0].messages[1]["content"]
    assert kept == "Message: card lost today", "the most similar one stays"
    assert not any(
        shots
        for shown in worked_examples(TASK, EXAMPLES, TESTS, EvaluateSettings(), lambda _: False).values()
        for shots in shown.values()
    )


def test_retrieval_shows_as_many_as_few_shot_or_as_it_is_told_or_is_left_out() -> None:
    for asked, shown in ((None, 3), (1, 1)):
        worked = worked_examples(
            TASK, EXAMPLES, TESTS, EvaluateSettings(few_shot=3, retrieved=asked), lambda _: True
        )
        assert len(worked["retrieved"]["6"]) == shown
    assert untrained_arms(EvaluateSettings(retrieved=0)) == ("untuned", "few-shot")
    assert untrained_arms(EvaluateSettings()) == ("untuned", "few-shot", "retrieved")
