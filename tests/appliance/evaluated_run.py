"""A small evaluated run on the disk, with the files that the evaluate stage leaves: for tests that look at one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.home import Home
from appliance.keeping import texts
from appliance.manifest import Manifest
from appliance.stages.context import write_examples, write_rows
from distill.evaluate import score_arm
from distill.tasks import TaskSettings, make_task
from distill.values import Completion, Example

RUN = "letters-0a1b2c3d"
LABELS = ("billing", "delivery", "refund")


def make_run(
    home: Home,
    answers: Mapping[str, Sequence[str | None]],
    right: Sequence[str],
    *,
    kind: str = "classify",
    run_id: str = RUN,
    more_facts: Mapping[str, Any] | None = None,
) -> Path:
    """A run whose arms gave these answers to as many test records, "letter 0" being asked first; `onpolicy` is chosen.

    `answers` names the teacher among the arms; `right` is what people say.
    """
    settings: dict[str, Any] = {"kind": kind, "input": "{message}", "instructions": "Answer."}
    if kind == "classify":
        settings["labels"] = list(LABELS)
    task = make_task(TaskSettings(**{**settings, "labels": tuple(settings.get("labels", ()))}))
    examples = [
        Example(f"{place:016x}", "test", {"message": f"letter {place}", "label": wanted}, wanted, wanted)
        for place, wanted in enumerate(right)
    ]
    folder = home.runs / run_id
    for stage in ("curate", "teach", "evaluate/answers"):
        (folder / stage).mkdir(parents=True)
    use_case = {"name": run_id.rpartition("-")[0], "title": "Letters", "task": settings}
    (folder / "config.json").write_text(json.dumps({"use_case": use_case, "base_dir": str(home.root)}))
    train = Example("f" * 16, "train", {"message": "a letter learnt", "label": right[0]}, right[0], right[0])
    write_examples(folder / "curate" / "examples.parquet", [*examples, train])
    rows: list[dict[str, Any]] = []
    scores = []
    for arm, said in answers.items():
        completions = {
            example.record_id: Completion(example.record_id, text, "stop", "a model", logprob=-0.1)
            for example, text in zip(examples, said, strict=True)
            if text is not None
        }
        path = folder / "evaluate" / "answers" / f"{arm}-test.jsonl"
        if arm == "teacher":
            path = folder / "teach" / "completions.jsonl"
        told = [{**asdict(each), "likeliest": None} for each in completions.values()]
        texts.write(path, "".join(json.dumps(row) + "\n" for row in told).encode())
        outcomes, summed = score_arm(task, arm, examples, completions)
        scores += [asdict(score) for score in summed]
        rows += [
            {"record_id": each.record_id, "arm": arm, "failed": each.failed, "scores": json.dumps(dict(each.scores))}
            for each in outcomes
        ]  # fmt: skip
    write_rows(folder / "evaluate" / "outcomes.parquet", rows, ("record_id", "arm", "failed", "scores"))
    facts = {
        "primary_metric": task.primary_metric, "scores": scores, "chosen": "onpolicy", "reference": "human", "paired": [],
        "classes": [], "calibration": None, "cascade": None, "slices": [], "worst": [], "general": None, "judge": None,
        **(more_facts or {}),
    }  # fmt: skip
    manifest.write(folder / "evaluate", Manifest("evaluate", "f", {}, facts, 1.0, 1_790_000_000.0))
    return folder
