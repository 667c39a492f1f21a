"""Nearly the same text is found, whatever the index overlooks; what only looks alike is not."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from distill.near_duplicates import NearDuplicates, _bands, shingles, similarity


def pieces(text: str) -> set[str]:
    words = " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split()).ljust(5)
    return {words[n : n + 5] for n in range(len(words) - 4)}


def varied(count: int, seed: int) -> dict[str, str]:
    """Sentences of a small vocabulary, every other one made from an earlier one by some changed words."""
    draw = random.Random(seed)
    words = [
        f"{a}{b}" for a in ("card", "top", "pay", "rate", "fee", "bank") for b in ("", "s", "ing", " up")
    ]
    texts: list[str] = []
    for n in range(count):
        if n % 2 and texts:
            old = draw.choice(texts).split()
            for _ in range(draw.randint(1, 3)):
                old[draw.randrange(len(old))] = draw.choice(words)
            texts.append(" ".join(old))
        else:
            texts.append(" ".join(draw.choices(words, k=draw.randint(3, 25))))
    return {f"r{n}": text for n, text in enumerate(texts)}


@pytest.mark.parametrize("jaccard", [0.6, 0.8, 0.9])
def test_what_is_near_is_what_all_pairs_compared_say(jaccard: float) -> None:
    texts = varied(200, seed=3)
    near = NearDuplicates(texts, jaccard)
    kept: list[set[str]] = []
    found = truth = 0
    for key, text in texts.items():
        own = pieces(text)
        exact = any(len(own & other) / len(own | other) >= jaccard for other in kept)
        told = near.is_near(key, "test")
        assert not told or exact, "nothing that is less similar is called near"
        found, truth = found + told, truth + exact
        near.keep(key, "test")
        kept.append(own)
    assert truth > 10 and found >= 0.99 * truth


@pytest.mark.parametrize(
    ("first", "second", "near"),
    [
        ("Where is my card?", "where is my CARD", True),
        ("My top up didn't work.", "My top-up didn't work.", True),
        ("Hi, would you please activate my card?", "Could you please activate my card?", True),
        ("What should I do if I lost my card?", "What should I do if I lost my phone?", False),
        ("How do I change my PIN?", "How do I change my PIN abroad?", False),
        ("yes", "no", False),
        ("yes", "Yes!", True),
        ("???", "!!!", False),
        ("", " ", True),
        ("我的卡在哪里？我等了三个星期了", "我的卡在哪里?我等了三个星期了!", True),
    ],
)
def test_at_the_default_a_spelling_is_near_and_another_question_is_not(
    first: str, second: str, near: bool
) -> None:
    found = NearDuplicates({"a": first, "b": second}, 0.8)
    found.keep("a", "test")
    assert found.is_near("b", "test") is near


def test_groups_do_not_see_each_other() -> None:
    found = NearDuplicates({"a": "the same words", "b": "the same words"}, 0.8)
    found.keep("a", "test")
    assert found.is_near("b", "test") and not found.is_near("b", "learnt")


def test_similarity_is_that_of_the_sets_of_pieces() -> None:
    texts = list(varied(60, seed=5).values())
    for first, second in itertools.pairwise(texts):
        a, b = pieces(first), pieces(second)
        assert similarity(shingles(first), shingles(second)) == pytest.approx(len(a & b) / len(a | b))
        assert len(shingles(first)) == len(a) and np.all(np.diff(shingles(first).astype(np.int64)) > 0)


@pytest.mark.parametrize("jaccard", [0.3, 0.5, 0.8, 0.95, 1.0])
def test_a_pair_at_the_threshold_is_overlooked_once_in_a_thousand_at_most(jaccard: float) -> None:
    bands, rows = _bands(jaccard)
    assert (1 - jaccard**rows) ** bands <= 1e-3 and bands * rows <= 128
