"""A use case that a tiny student learns in seconds, and a finished run of it: what a refresh goes on from."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

from appliance.home import Home
from appliance.manifest import Manifest
from appliance.pipeline import PIPELINE
from appliance.progress import Screen
from appliance.run import Run, _bring_about, _write_config, alone_with, open_run
from tests.tiny_model import make_tiny_model

LABELS = {"billing": "billing", "cards": "card", "rates": "battery", "meters": "meter"}
"""Label -> the word that gives it away, three times in a message."""
_WORDS = (
    "please help today since morning again twice never still waiting answer slowly quickly quietly better worse because "
    "without another morning evening something nothing everything anyway maybe always often seldom really hardly"
).split()
_TEXT = """\
name = "tiny"
title = "Messages to queues"

[data]
path = "{data}"
id = "number"
subject = "customer"
fields = {{ message = "text", answer = "queue" }}

[scrub]
name = "secrets alone"
preset = "secrets-only"
processes = 1
chunk_size = 50

[detector]
classifiers = []

[task]
kind = "classify"
input = "{{message}}"
instructions = "Name the queue: {{labels}}."
student_instructions = "Name the queue."
max_answer_tokens = 8
labels = ["billing", "cards", "rates", "meters"]

[teacher]
kind = "recorded"
model = "recorded replies"
answer_field = "answer"

[student]
base = "tiny"
device = "cpu"

[split]
test = 40
validation = 10
near_duplicate_jaccard = 1.0

[sft]
epochs = 6
learning_rate = 5e-3
batch_size = 8
checkpoint_every_steps = 3

[onpolicy]
steps = 0

[plant]
canaries = 0
people = 0

[attack]
generations = 8
records = 40

[bench.serve]
enforce_eager = true
max_model_len = 256
start_timeout_s = 540

[prices]
currency = "EUR"
device_per_hour = 0.08
device_source = "list price"
device_date = "2026-11-01"
requests_per_month = 2_000_000
teacher_input_per_million = 0.60
teacher_output_per_million = 2.40
teacher_source = "list price"
teacher_date = "2026-11-01"
"""


def write_records(path: Path, first: int, count: int, *, scrambled: bool = False) -> Path:
    """Messages numbered from `first`, the same text for the same number; with `scrambled` each has another's label."""
    names = list(LABELS)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["number", "customer", "text", "queue"])
        for number in range(first, first + count):
            chance = Random(number)
            label = names[number % len(names)]
            words = chance.sample(_WORDS, 2)
            for _ in range(3):
                words.insert(chance.randrange(len(words) + 1), LABELS[label])
            told = names[(number + 1) % len(names)] if scrambled else label
            rows.writerow([f"m{number}", f"c{number % 50}", " ".join(words), told])
    return path


def write_use_case(folder: Path, count: int = 200) -> Path:
    """The file, with its data and its student beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "tiny").exists():
        make_tiny_model(folder / "tiny")
    write_records(folder / "messages.csv", 0, count)
    path = folder / "tiny.toml"
    path.write_text(_TEXT.format(data="messages.csv"))
    return path


def run_to_the_evaluation(use_case: Path, last: str = "evaluate") -> Run:
    """What a refresh reads of a full run: all stages but the attack, the bench and the report; or fewer."""
    run = open_run(use_case, Home.open())
    done: dict[str, Manifest] = {}
    with alone_with(run.folder):
        _write_config(run)
        for stage in PIPELINE:
            done[stage.name] = _bring_about(run, stage, done, Screen(quiet=True))
            if stage.name == last:
                break
    return run
