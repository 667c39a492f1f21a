"""A use case with every part small and beside it: its models are folders, so nothing is fetched and nothing is loaded."""

from __future__ import annotations

from pathlib import Path

TEXT = """\
name = "small"
title = "Messages to queues"
gold_spans = "gold.jsonl"

[data]
path = "messages.csv"
id = "number"
fields = { message = "text", answer = "queue", reviewed = "checked" }

[held_out]
path = "exam.csv"
id = "number"
fields = { message = "text", answer = "queue", reviewed = "checked" }

[scrub]
name = "small policy"
actions = { LOCATION = "keep" }

[detector]
spacy = "spacy"
classifiers = []

[task]
kind = "classify"
input = "{message}"
instructions = "Name the queue: {labels}."
student_instructions = "Name the queue."
labels = ["billing", "repairs"]

[teacher]
kind = "recorded"
model = "recorded replies"
answer_field = "answer"

[student]
base = "student"

[split]
test = 60
validation = 20

[evaluate]
reference_field = "reviewed"

[bench.load]
concurrency = [1, 4]

[bench.serve]
max_model_len = 512

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

[decide]
horizon_months = 12
"""


def replaced(*pairs: tuple[str, str]) -> str:
    """The text with each first part replaced by its second; each must be there once."""
    text = TEXT
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the use case"
        text = text.replace(old, new)
    return text


def write(folder: Path, *pairs: tuple[str, str]) -> Path:
    """The use case, changed as `replaced` does, with its data and models beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = "number,text,queue,checked\n1,the bill is wrong,billing,billing\n2,no heat,repairs,repairs\n"
    for name, text in {
        "messages.csv": rows,
        "exam.csv": rows,
        "gold.jsonl": "",
        "spacy/meta.json": "{}",
        "student/config.json": "{}",
    }.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_text(text)
    use_case = folder / "small.toml"
    use_case.write_text(replaced(*pairs))
    return use_case
