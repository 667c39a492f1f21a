"""The judge in the evaluate stage: who is compared, which ratings are of use, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.config import load_use_case, use_case_to_json
from appliance.home import Home
from appliance.run import Run, RunError, external_digest
from appliance.stages.__main__ import allowed
from appliance.stages.context import Context
from appliance.stages.judging import judged
from distill.evaluate import Outcome
from distill.evaluation.golden import answers_digest
from distill.values import Example
from tests.appliance import small_use_case
from tests.distill.scripted_server import Reply, ScriptedServer, answer

GENERATE = (
    ('kind = "classify"', 'kind = "generate"'),
    ('labels = ["billing", "repairs"]\n', ""),
    ("{labels}", "briefly"),
)
ANSWERS = {
    "untuned": "hm",
    "few-shot": "well",
    "sft": "Your meter comes on Tuesday",
    "teacher": "Your meter comes next Tuesday, and thank you",
}
TESTS = [Example(f"r{n}", "test", {"message": f"question {n}"}, "a", "a") for n in range(12)]


def longest(prompt: str, _attempt: int) -> Reply:
    shown = json.loads(prompt)
    return answer("A" if len(shown["answer_a"]) > len(shown["answer_b"]) else "B")


def outcomes() -> dict[str, list[Outcome]]:
    quality = {"untuned": 0.1, "few-shot": 0.2, "sft": 0.7, "teacher": 0.9}
    return {
        arm: [
            Outcome(example.record_id, arm, False, {"rouge_l": quality[arm]}, f"{text} {example.record_id}")
            for example in TESTS
        ]
        for arm, text in ANSWERS.items()
    }


def context(folder: Path, judge: str) -> Context:
    path = small_use_case.write(folder, *GENERATE, ("[evaluate]\n", f"{judge}\n[evaluate]\n"))
    run = folder / "run"
    (run / "evaluate").mkdir(parents=True, exist_ok=True)
    document = {"base_dir": str(folder), "use_case": json.loads(use_case_to_json(load_use_case(path)))}
    (run / "config.json").write_text(json.dumps(document))
    return Context(run, "evaluate")


def section(url: str, **more: Any) -> str:
    lines = [
        f"{name} = {json.dumps(value)}" for name, value in {"model": "judge", "url": url, **more}.items()
    ]
    return "\n".join(["[judge]", *lines, ""])


def rating(record: int, preference: str, arms: tuple[str, str] = ("sft", "teacher"), **more: Any) -> str:
    return json.dumps(
        {"record_id": f"r{record}", "arm_a": arms[0], "arm_b": arms[1], "preference": preference, **more}
    )


def judge_with(folder: Path, script: Any = longest, **settings: Any) -> tuple[Mapping[str, Any], int]:
    with ScriptedServer(script) as server:
        facts = judged(context(folder, section(server.url, **settings)), "sft", TESTS, outcomes())
        assert facts is not None
        return facts, len(server.bodies)


def test_the_chosen_student_is_held_against_the_teacher_and_the_best_untrained_arm(tmp_path: Path) -> None:
    facts, asked = judge_with(tmp_path, records=10)
    assert [(row["arm"], row["against"]) for row in facts["pairs"]] == [
        ("sft", "teacher"),
        ("sft", "few-shot"),
    ]
    teacher, few_shot = facts["pairs"]
    assert (teacher["n"], teacher["loss"]["count"]) == (10, 10)
    assert (few_shot["n"], few_shot["win"]["count"]) == (10, 10)
    assert asked == 2 * 10 * 2
    assert facts["golden"] is None and facts["trusted"] is False
    assert json.loads(json.dumps(facts)) == facts


def test_no_answer_and_no_question_is_told_in_the_facts(tmp_path: Path) -> None:
    facts, _ = judge_with(tmp_path)
    assert not any(text in json.dumps(facts) for text in ("Tuesday", "question", "well"))


def test_without_a_judge_nothing_is_told(tmp_path: Path) -> None:
    assert judged(context(tmp_path, ""), "sft", TESTS, outcomes()) is None


def test_the_judges_replies_are_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    with ScriptedServer(longest) as server:
        stage = context(tmp_path, section(server.url))
        first, asked = judged(stage, "sft", TESTS, outcomes()), len(server.bodies)
        assert judged(stage, "sft", TESTS, outcomes()) == first
        assert len(server.bodies) == asked == 2 * 12 * 2


def test_a_judge_that_names_places_is_found_out(tmp_path: Path) -> None:
    facts, _ = judge_with(tmp_path, script=lambda prompt, attempt: answer("A"))
    teacher = facts["pairs"][0]
    assert (teacher["tie"]["count"], teacher["loss"]["count"]) == (12, 0)
    assert (teacher["position_bias"]["contradicted"], teacher["position_bias"]["first"]) == (12, 12)


def test_a_judge_that_talks_is_not_read(tmp_path: Path) -> None:
    facts, _ = judge_with(tmp_path, script=lambda prompt, attempt: answer("I prefer A."))
    assert facts["pairs"][0]["unreadable"] == 12 and facts["pairs"][0]["win"]["value"] is None


def test_ratings_make_a_judge_trusted_and_what_cannot_be_used_is_counted(tmp_path: Path) -> None:
    digest = answers_digest(f"{ANSWERS['sft']} r4", f"{ANSWERS['teacher']} r4")
    rows = [
        *(rating(n, "b") for n in range(4)),
        rating(4, "b", answers=digest),
        *(rating(n, "b", ("few-shot", "sft")) for n in range(6)),  # the other way round
        # left out
        rating(0, "a", ("teacher", "sft")),
        rating(5, "b", answers=digest),
        rating(99, "a"),
        rating(1, "a", ("sft", "onpolicy")),
    ]
    (tmp_path / "rated.jsonl").write_text("\n".join(rows))
    facts, asked = judge_with(tmp_path, golden="rated.jsonl", min_golden=11)
    golden = facts["golden"]
    assert (golden["rows"], golden["n"], golden["agreement"]["count"]) == (15, 11, 11)
    assert golden["left_out"] == {
        "the pair was rated before": 1,
        "the answers have changed since": 1,
        "the record or the arm is not in this run": 2,
    }
    assert golden["kappa"]["value"] == pytest.approx(1.0) and facts["trusted"] is True
    assert asked == 2 * 12 * 2  # pairs that people rated are judged once, like the others


def test_rated_pairs_of_other_arms_are_judged_too(tmp_path: Path) -> None:
    (tmp_path / "rated.jsonl").write_text(
        "\n".join(rating(n, "a", ("untuned", "few-shot")) for n in range(5))
    )
    facts, asked = judge_with(tmp_path, golden="rated.jsonl", records=3)
    assert asked == 2 * (3 * 2 + 5)
    assert facts["golden"]["agreement"]["count"] == 0 and facts["trusted"] is False


@pytest.mark.parametrize(
    ("model", "side"), [("student", "student"), ("recorded replies", "teacher"), ("big", None)]
)
def test_a_judge_that_is_one_of_the_sides_is_told(model: str, side: str | None, tmp_path: Path) -> None:
    assert judge_with(tmp_path, model=model)[0]["is_also"] == side


def test_the_seal_lets_the_evaluate_stage_reach_the_judge_and_nobody_else(tmp_path: Path) -> None:
    stage = context(tmp_path, section("http://10.1.2.3:8000/v1"))
    assert allowed(stage.run_folder, "evaluate") == [("10.1.2.3", 8000)]
    assert allowed(stage.run_folder, "sft") == []
    assert allowed(context(tmp_path / "none", "").run_folder, "evaluate") == []


def test_new_ratings_are_a_new_state_of_what_the_stage_reads(tmp_path: Path) -> None:
    stage = context(tmp_path, section("http://127.0.0.1:1/v1", golden="rated.jsonl"))
    run = Run("small", stage.run_folder, stage.use_case, tmp_path, Home.open())
    with pytest.raises(RunError, match=r"judge\.golden: there is no file"):
        external_digest(run, "judges")
    digests = set()
    for preference in ("a", "b"):
        (tmp_path / "rated.jsonl").write_text(rating(0, preference))
        digests.add(external_digest(run, "judges"))
    assert len(digests) == 2
