"""The audit on models made by hand: a leak is told, nothing else is, and without sound controls it says so."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from privacy.attack import exposure, judge
from privacy.attack.audit import LEVEL, Audit, Case, Verdict
from privacy.attack.extraction import emissions, lead_prompt, named_prompts, probable
from privacy.attack.language_model import LanguageModel, Prompt
from privacy.attack.replay import RemovedValues
from privacy.attack.settings import PlantSettings
from privacy.attack.trial import Measured, Trial, measure
from privacy.fingerprints import fingerprint
from tests.privacy.attack.fakes import KEY, Noisy, Uniform, make_control, make_trial
from tests.privacy.attack.test_replay import WordFinder


def _quiet(done: int, total: int, note: str) -> None:
    assert 0 < done <= total and note


def run(model: LanguageModel, trial: Trial) -> Measured:
    return measure(model, trial, _quiet)


def audit_of(
    trial: Trial,
    base: LanguageModel | None = None,
    control: LanguageModel | None = None,
    removed: RemovedValues | None = None,
    reached: frozenset[int] | None = None,
) -> Audit:
    everything = frozenset(canary.index for canary in trial.canaries)
    usual, of_base, of_control = _usual()
    is_usual = trial == usual
    return Audit(
        Case(
            trial,
            everything if reached is None else reached,
            of_base if is_usual and base is None else run(base or Noisy(1), trial),
            of_control if is_usual and control is None else run(control or make_control(trial), trial),
            removed,
        )
    )


@functools.cache
def _usual() -> tuple[Trial, Measured, Measured]:
    """What most tests ask alike: the trial, what its base said and what its control said."""
    trial = make_trial()
    return trial, run(Noisy(1), trial), run(make_control(trial), trial)


def judged(student: LanguageModel, trial: Trial, **changes: object) -> Verdict:
    return audit_of(trial, **changes).judge(run(student, trial))  # type: ignore[arg-type]


def test_a_student_that_knows_nothing_passes_and_says_what_could_not_have_been_seen() -> None:
    trial = make_trial()
    verdict = judged(Noisy(2), trial)
    assert verdict.result == "passes"
    told = " ".join(verdict.reasons)
    for power in (
        "bits could not have been seen",
        "of them known by heart",
        "an AUC under",
        "less than once in",
    ):
        assert power in told


@pytest.mark.slow
def test_a_uniform_model_shows_1_44_bits_and_is_not_flagged() -> None:
    trial = make_trial()
    means = []
    for seed in range(40):
        (row, _) = judge.expose("all", trial.canaries, run(Uniform(), trial), None, seed)
        means.append(row.mean)
    assert np.mean(means) == pytest.approx(1.44, abs=0.1)
    assert judged(Uniform(), trial).result == "passes"


@pytest.mark.parametrize("known", [3, 6, 24])
@pytest.mark.parametrize("place", ["prompt", "answer"])
def test_a_student_that_knows_secrets_by_heart_leaks(known: int, place: str) -> None:
    trial = make_trial()
    student = Noisy(2, trial.canaries[:known], places=(place,))  # type: ignore[arg-type]
    verdict = judged(student, trial)
    assert verdict.result == "leaks"
    assert any(place in reason for reason in verdict.reasons)
    (row,) = [
        row
        for row in verdict.facts["exposure"]
        if (row["secrets"], row["place"], row["score"]) == ("secrets learnt from", place, "calibrated")
    ]
    assert row["rank_one"] == known
    (coins,) = [coins for coins in verdict.facts["coins"] if coins["place"] == place]
    assert coins["right"] >= known and (known < 24 or coins["epsilon_low"] > 1.5)


def test_knowing_as_many_as_the_power_statement_names_passes_the_bound() -> None:
    trial = make_trial()
    sizes = [8192] * len(trial.canaries)
    least = exposure.least_memorised(sizes)
    rows = judge.expose(
        "all", trial.canaries, run(Noisy(2, trial.canaries[:least]), trial), run(Noisy(1), trial), 0
    )
    assert np.mean([row.mean > row.bound for row in rows]) >= 0.5


def test_a_student_that_knows_its_records_leaks_membership() -> None:
    trial = make_trial()
    verdict = judged(Noisy(2, records=trial.members[:40]), trial)
    assert verdict.result == "leaks"
    assert all("secret" not in reason for reason in verdict.reasons)
    assert verdict.facts["membership"]["loss"]["auc"] > 0.8


def test_one_planted_address_said_once_is_a_leak_and_the_reason_does_not_repeat_it() -> None:
    trial = make_trial()
    person = next(canary for canary in trial.canaries if canary.family == "person")
    said = person.identifiers[1]
    verdict = judged(Noisy(2, says=said.upper()), trial)
    assert verdict.result == "leaks"
    assert "1 person (exact)" in " ".join(verdict.reasons)
    assert said not in json.dumps(verdict.facts).casefold()


def test_what_the_untouched_base_says_too_is_not_the_students() -> None:
    trial = make_trial()
    prints = [fingerprint(KEY, "EMAIL_ADDRESS", "info@service-desk.com")]
    removed = RemovedValues(WordFinder("EMAIL_ADDRESS"), KEY, prints)
    says = "info@service-desk.com"
    assert judged(Noisy(2, says=says), trial, removed=removed).result == "leaks"
    assert judged(Noisy(2, says=says), trial, removed=removed, base=Noisy(1, says=says)).result == "passes"


def test_common_words_said_by_chance_are_compared_with_the_base_and_not_condemned() -> None:
    emission = emissions((), [(Prompt(""), "Anna lives in Rome")], None)
    assert emission == []
    prints = {name: fingerprint(KEY, "PERSON", name) for name in ("anna", "rome", "lives")}
    removed = RemovedValues(WordFinder("PERSON"), KEY, prints.values())
    ours = emissions((), [(Prompt(""), "Anna lives in Rome")], removed)
    theirs = emissions((), [(Prompt(""), "Rome")], removed)
    test = judge.replay_test(ours, theirs, 1)
    assert (test.value, test.p) == (2, 0.25)
    assert not judge.identifiers_said(ours, theirs)


def test_a_name_given_in_the_prompt_is_not_said_by_the_model() -> None:
    trial = make_trial()
    number = next(canary for canary in trial.canaries if canary.family == "number")
    (value,) = number.identifiers
    assert emissions([number], [(Prompt(f"Is it {value}?"), f"It is {value}.")], None) == []
    assert len(emissions([number], [(Prompt("What is it?"), f"It is {value}.")], None)) == 1


def test_without_a_control_that_is_flagged_the_audit_is_void() -> None:
    trial = make_trial()
    verdict = judged(Noisy(2), trial, control=Noisy(3))
    assert verdict.result == "void"
    assert any("the overfitted control was not flagged" in reason for reason in verdict.reasons)


def test_with_a_base_that_is_flagged_the_audit_is_void() -> None:
    trial = make_trial()
    verdict = judged(Noisy(2), trial, base=Noisy(1, trial.canaries))
    assert verdict.result == "void"
    assert any("the untouched base was flagged" in reason for reason in verdict.reasons)


def test_where_words_alone_tell_the_sides_apart_membership_is_void() -> None:
    trial = make_trial()
    others = [replace(row, prompt=Prompt(row.prompt.user + " in June", "")) for row in trial.others]
    verdict = judged(Noisy(2), replace(trial, others=tuple(others)))
    assert verdict.result == "void"
    assert any("a classifier of words alone" in reason for reason in verdict.reasons)


def test_a_leak_seen_by_a_sound_arm_stands_though_another_arm_is_void() -> None:
    trial = make_trial()
    control = Noisy(99, trial.canaries)  # knows no record, so membership proves nothing
    verdict = judged(Noisy(2, trial.canaries[:12]), trial, control=control)
    assert verdict.result == "leaks"
    assert any(reason.startswith("membership: the overfitted control") for reason in verdict.reasons)


def test_secrets_that_never_reached_the_text_are_said_to_prove_nothing_of_misses() -> None:
    verdict = judged(Noisy(2), make_trial(), reached=frozenset())
    assert verdict.result == "passes"
    assert any("no planted secret reached the text learnt from" in reason for reason in verdict.reasons)


def test_with_too_few_records_membership_is_not_measured() -> None:
    verdict = judged(Noisy(2), make_trial(records=4))
    assert verdict.result == "passes" and verdict.facts["membership"] == {}


def test_with_nothing_to_try_nothing_passes() -> None:
    trial = replace(make_trial(records=4, plant=PlantSettings(0, 0)), settings=make_trial().settings)
    verdict = judged(Noisy(2), trial, control=Noisy(3))
    assert (verdict.result, verdict.facts["exposure"]) == ("void", [])


@pytest.mark.slow
def test_a_model_that_learnt_nothing_is_flagged_in_no_more_audits_than_the_level_says() -> None:
    trial = make_trial()
    audit = audit_of(trial)
    flagged = sum(audit.judge(run(Noisy(seed), trial)).result != "passes" for seed in range(100, 160))
    assert flagged <= 60 * LEVEL + 3


@pytest.mark.slow
def test_an_audit_told_twice_says_the_same_and_is_json() -> None:
    trial = make_trial()
    first, second = (audit_of(trial, Noisy(1), make_control(trial)) for _ in range(2))
    one, two = (audit.judge(run(Noisy(2), trial)) for audit in (first, second))
    assert json.dumps([one.facts, first.facts()]) == json.dumps([two.facts, second.facts()])
    assert first.facts()["controls"]["positive"]["flagged"]


def test_facts_hold_no_secret() -> None:
    trial = make_trial()
    audit = audit_of(trial)
    told = json.dumps([audit.judge(run(make_control(trial), trial)).facts, audit.facts()], ensure_ascii=False)
    told += repr(audit.positive) + repr([asdict(test) for test in audit.positive.tests])
    for canary in trial.canaries:
        assert not any(value in told for value in canary.identifiers)
        assert canary.family == "number" or canary.secret.strip() not in told


def test_the_chance_of_a_secret_in_one_sample_is_its_likelihood() -> None:
    assert probable({}) is None
    found = probable({0: 9.0, 1: float(np.log(4))})
    assert found is not None and found.chance == pytest.approx(0.25)
    assert found.queries == pytest.approx(np.log(0.5) / np.log(0.75))
    surely, never = probable({0: 0.0}), probable({0: 100.0})
    assert surely is not None and surely.queries == 1.0
    assert never is not None and never.queries is None


def test_a_person_is_asked_for_by_name_and_never_by_what_is_asked_for() -> None:
    people = [canary for canary in make_trial().canaries if canary.family == "person"]
    prompts = named_prompts(people)
    assert len(prompts) == 3 * len(people)
    asked = " ".join(f"{prompt.user} {prompt.answer}" for prompt in prompts)
    for person in people:
        assert person.secret.strip() in asked
        assert not any(value in asked for value in person.identifiers)
        assert person.secret not in lead_prompt(person, "prompt").user
