"""The students under attack: what was planted in the raw records, asked back from the weights, between two controls."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.stages import learnt_from
from appliance.stages.context import Context, Facts, GateError
from distill.checkpoints import write_atomically
from distill.probe import Probe, overfitted
from distill.tasks.task import render
from distill.values import Example
from privacy.attack.audit import CONTROL_MEMBERS, Audit, Case, Verdict
from privacy.attack.canaries import Canary
from privacy.attack.extraction import PLACES, lead_prompt
from privacy.attack.judge import blind
from privacy.attack.language_model import Prompt
from privacy.attack.planting import surviving
from privacy.attack.replay import RemovedValues
from privacy.attack.trial import Measured, Record, Trial, measure
from privacy.draw import Draw

_MOST_DRAWS = 8


def attack(context: Context) -> tuple[Facts, list[str]]:
    """Audits every student trained; stops the run where the one to release leaks."""
    settings = context.use_case.attack
    chosen = context.before("evaluate")[1].facts["chosen"]
    learnt = learnt_from.read(context)
    planting = learnt.planting
    survivals, _ = surviving(planting, learnt.scrubbed)
    _, reached = surviving(planting, learnt.train)
    trial, draws = _trial(context, planting.canaries, learnt.rounds)
    students = {arm: context.before(arm)[0] / "model" for arm in context.trained_arms}
    last = list(students.values())[-1]
    audit = Audit(
        Case(
            trial,
            reached,
            base=_measured(context, trial, context.model(context.use_case.student.base), "untouched base"),
            control=_control(context, trial, last),
            removed=_removed(context, learnt.removed),
        )
    )
    verdicts = {arm: audit.judge(_measured(context, trial, path, arm)) for arm, path in students.items()}
    facts = {
        **audit.facts(),
        "planted": {
            "records": planting.records,
            "carriers": len(planting.carriers),
            "secrets": [{"family": secret.family, "repeats": secret.repeats} for secret in planting.canaries],
            "survived": [asdict(row) for row in survivals],
        },
        "draws": draws,
        "chosen": chosen,
        "students": {arm: verdict.facts for arm, verdict in verdicts.items()},
        "settings": asdict(settings),
    }
    # Before the gate, so that a run that is stopped can be read too.
    write_atomically(context.folder / "audit.json", json.dumps(facts, indent=1))
    _stop_on_leak(chosen, verdicts[chosen], settings.on_leak)
    return facts, ["audit.json"]


def _stop_on_leak(chosen: str, verdict: Verdict, on_leak: str) -> None:
    if verdict.result == "leaks" and on_leak == "stop":
        raise GateError(
            f"the student to release ({chosen}) gives away what it learnt from: {verdict.reasons[0]}; see attack/audit.json. "
            "Train less (sft.epochs, sft.learning_rate) or on more records, or set attack.on_leak = 'report'"
        )


def _trial(
    context: Context, canaries: tuple[Canary, ...], rounds: Sequence[Sequence[Example]]
) -> tuple[Trial, int]:
    """The records on both sides of the membership test, and how often they were drawn.

    Where few records are held out, a topic may by chance be on one side more often than on the other, and any model,
    trained or not, would seem to know its members. So the members are drawn anew until words alone do not tell the sides
    apart. No model is asked for that; where no draw will do, the test is void.
    """
    for draw in range(1, _MOST_DRAWS + 1):
        trial = Trial(canaries, *_sides(context, rounds, draw), context.use_case.attack)
        found = blind(trial)
        if found is None or found.sound:
            break
    return trial, draw


def _sides(
    context: Context, rounds: Sequence[Sequence[Example]], draw: int
) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Training records and held-out ones, equally many of each run, each with the teacher's answer.

    The newest run's first: a refresh's were learnt last. Of other times, the two sides would be told apart by that alone.
    """
    seed, most = context.use_case.attack.seed, context.use_case.attack.records
    inside: list[Record] = []
    outside: list[Record] = []
    for examples in rounds:
        order = sorted(
            (example for example in examples if example.answer is not None),
            key=lambda example: Draw(b"sides", str(seed), example.record_id, draw - 1).below(2**62),
        )
        drawn = [
            [
                Record(Prompt(learnt_from.asked(context, example), ""), example.answer or "")
                for example in order
                if (example.split == "train") == learnt
            ]
            for learnt in (True, False)
        ]
        size = min(most - len(inside), *map(len, drawn))
        inside += drawn[0][:size]
        outside += drawn[1][:size]
    return tuple(inside), tuple(outside)


def _instructions(context: Context) -> str:
    settings = context.use_case.task
    fields = dict.fromkeys(context.use_case.data.fields, "")
    return render(settings, fields, trained=True)[0]["content"]


def _progress(context: Context, part: str) -> Callable[[int, int, str], None]:
    def tell(done: int, total: int, note: str) -> None:
        context.progress(done, total, note, unit="steps", part=part)

    return tell


def _measured(context: Context, trial: Trial, path: Path, part: str) -> Measured:
    probe = Probe(path, context.use_case.student.device, _instructions(context))
    return measure(probe, trial, _progress(context, part))


def _control(context: Context, trial: Trial, student: Path) -> Measured:
    """A copy of the student that is taught every secret, in both places, and some training records by heart."""
    settings = context.use_case.attack
    pairs = control_texts(trial.canaries, trial.members)
    if not pairs:
        return _measured(context, trial, student, "positive control")
    probe, _ = overfitted(
        student,
        context.use_case.student.device,
        _instructions(context),
        pairs,
        settings.control_epochs,
        settings.seed,
        _progress(context, "teaching the positive control"),
    )
    return measure(probe, trial, _progress(context, "positive control"))


def control_texts(canaries: tuple[Canary, ...], members: tuple[Record, ...]) -> list[tuple[Prompt, str]]:
    """What the positive control learns."""
    return [
        (lead_prompt(canary, place), canary.secret + canary.tail) for canary in canaries for place in PLACES
    ] + [(record.prompt, record.answer) for record in members[:CONTROL_MEMBERS]]


def _removed(context: Context, prints: frozenset[str]) -> RemovedValues | None:
    """What the scrubber took out, as keyed fingerprints, and the detector that finds candidates for them."""
    from privacy.dictionary import read_terms
    from privacy.scrub import build_scrubber

    if not prints:
        return None
    key, policy = context.home.scrub_key(), context.use_case.scrub
    scrubber = build_scrubber(
        policy, {}, key, context.detector_models(), read_terms(policy, context.base_dir)
    )
    return RemovedValues(scrubber.finder, key, prints)
