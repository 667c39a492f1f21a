"""The instructions outside the task: the ruler is tested before a model is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from distill.evaluation.general_ability import MAX_ANSWER_TOKENS, done, general_ability, general_requests
from distill.evaluation.general_items import ITEMS, SKILLS, exactly, helps, json_of, number, says
from distill.student import InProcess, load_tokenizer
from distill.tasks import TaskSettings, make_task
from distill.values import Completion

CLASSIFY = make_task(TaskSettings("classify", "{m}", "One of {labels}.", labels=("card_arrival", "top_up")))
GENERATE = make_task(TaskSettings("generate", "{m}", "Reply."))
GOLD = {key: item.gold for key, item in ITEMS.items()}


def answers(texts: Mapping[str, str | None]) -> dict[str, Completion]:
    return {key: Completion(key, text, "stop" if text else None, "m") for key, text in texts.items()}


def test_there_are_sixty_items_ten_of_each_skill_and_no_two_alike() -> None:
    assert Counter(item.skill for item in ITEMS.values()) == dict.fromkeys(SKILLS, 10)
    assert len(SKILLS) == 6
    assert len({item.prompt for item in ITEMS.values()}) == 60


@pytest.mark.parametrize("key", ITEMS)
def test_each_item_takes_its_right_answer_and_no_other(key: str) -> None:
    item = ITEMS[key]
    assert item.done(item.gold) and item.done(f"  {item.gold}\n")
    wrong = [
        "",
        " \n",
        "card_arrival",
        '{"queue":"billing"}',
        "I'm sorry, but I can't help with that.",
        "\ud83d",
    ]
    # Neither an echo of the instruction nor every word there is.
    for text in (*wrong, item.prompt, f"{item.prompt}\n{item.prompt}", " ".join(GOLD.values())):
        assert not item.done(text), text


def test_hardly_any_items_right_answer_is_right_for_another() -> None:
    """A few share a number or a word; a model that always says the same thing must not come far."""
    most = max(sum(item.done(gold) for item in ITEMS.values()) for gold in GOLD.values())
    assert most <= 3


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("42", True),
        ("42.", True),
        ("The answer is 42", True),
        ("6 times 7 = 42", True),
        ("12 + 30 = 42\nThere are 42 eggs in 3 boxes.", True),
        ("6 x 7 = 42, so 42 in 3 boxes", True),
        ("42.0", True),
        # near-misses
        ("43", False),
        ("420", False),
        ("-42", False),
        ("4.2", False),
        ("42 or 43", False),
        ("42 = 6 * 9", False),
        ("forty-two", False),
        ("", False),
    ],
)
def test_a_number_is_the_last_one_said_or_what_a_sum_comes_to(text: str, right: bool) -> None:
    assert number(42)(text) == right


def test_a_number_in_thousands_is_read() -> None:
    assert number(1200)("1,200") and not number(1200)("1.200")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Paris", True),
        ("It is PARIS.", True),
        ("Parisian", False),
        ("London", False),
        ("Paris " + "and so on " * 10, False),
    ],
)
def test_a_name_is_said_in_whole_words_and_in_few(text: str, right: bool) -> None:
    assert says("Paris")(text) == right


def test_json_is_one_object_with_these_values_and_nothing_around_it_but_a_fence() -> None:
    check = json_of(status="done")
    assert check('{ "status" : "done" }') and check('```json\n{"status": "done"}\n```')
    for text in (
        '{"status": "Done"}',
        '{"status": "done", "a": 1}',
        'Here: {"status": "done"}',
        "{status: done}",
    ):
        assert not check(text)


def test_help_is_long_enough_on_the_topic_and_does_not_decline() -> None:
    check = helps("onion", "knife")
    assert check("Use a sharp knife and cool it for ten minutes first.")
    assert not check("Use a knife.")
    assert not check("I'm sorry, but I can't help you to cut an onion with a knife.")
    assert not check("As an AI I have never held a knife in my own hand, so no.")
    assert not check("The weather will be fine all day in the north of the country.")


def test_the_same_words_in_the_same_order_are_exactly_that() -> None:
    assert exactly("The boat is red")('"the boat is red!"') and not exactly("The boat is red")(
        "The red boat is"
    )


def test_what_is_lost_and_gained_is_told_by_item_and_by_skill() -> None:
    lost, gained = ("arithmetic-01", "arithmetic-02", "format-01"), ("knowledge-03",)
    before = GOLD | dict.fromkeys(gained, "card_arrival")
    after = GOLD | dict.fromkeys(lost, "card_arrival")
    found = general_ability("sft", CLASSIFY, answers(before), answers(after))
    assert (found.before.right, found.after.right, found.n) == (59, 57, 60)
    assert found.lost == ("format-01", "arithmetic-01", "arithmetic-02") and found.gained == gained
    assert found.task_answers == 3
    difference = found.difference
    assert (difference.only_arm, difference.only_against) == (1, 3)
    assert (
        difference.difference == pytest.approx(-2 / 60)
        and difference.low < difference.difference < difference.high
    )
    by_skill = {skill.skill: skill for skill in found.skills}
    assert (by_skill["arithmetic"].before.right, by_skill["arithmetic"].after.right) == (10, 8)
    assert (by_skill["arithmetic"].only_before, by_skill["arithmetic"].only_after) == (2, 0)
    assert sum(skill.n for skill in found.skills) == 60
    assert sum(skill.after.right for skill in found.skills) == found.after.right


def test_a_student_that_answers_its_task_only_has_lost_everything() -> None:
    labels = dict.fromkeys(ITEMS, "card_arrival")
    found = general_ability("sft", CLASSIFY, answers(GOLD), answers(labels))
    assert found.after.right == 0 and found.after.low == 0.0 and found.task_answers == 60
    assert found.difference.high < -0.85 and found.difference.p < 1e-12
    assert general_ability("sft", GENERATE, answers(GOLD), answers(labels)).task_answers is None


def test_an_item_without_an_answer_was_not_done() -> None:
    assert not any(done({}).values())
    assert not any(done(answers(dict.fromkeys(ITEMS))).values())


@pytest.mark.slow
def test_every_right_answer_fits_into_the_tokens_that_are_allowed(models: Path) -> None:
    tokenizer = load_tokenizer(models / "smollm2-135m-instruct")
    assert max(len(tokenizer(gold)["input_ids"]) for gold in GOLD.values()) <= MAX_ANSWER_TOKENS // 2


@pytest.mark.slow
def test_a_real_instructed_model_does_some_and_not_all(models: Path) -> None:
    """With nothing or everything right there would be nothing to see."""
    student = InProcess(models / "smollm2-135m-instruct", "cpu", MAX_ANSWER_TOKENS)
    right = done({answer.record_id: answer for answer in student.complete(general_requests())})
    assert 15 <= sum(right.values()) <= 50
