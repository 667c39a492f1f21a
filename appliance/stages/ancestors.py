"""What a refresh takes from the runs before it: training records, test records, answers, and the student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance import lineage, manifest
from appliance.lineage import Refresh
from appliance.stages.context import Context, GateError, finished, read_answers, read_examples, split_of
from distill.curate import input_key
from distill.values import Completion, Example


def section(context: Context) -> Refresh:
    assert context.refresh is not None, "only the stages of a refresh ask"
    return context.refresh


def folders(context: Context) -> list[Path]:
    """Of the runs that the student has gone through, the full one first."""
    return lineage.chain(context.home.runs, section(context).start)


def learnt(context: Context) -> list[Example]:
    """The training records that the student has seen, once each; of equal inputs the one that it saw last."""
    latest = {
        input_key(context.task, example.fields): example
        for folder in folders(context)
        for example in split_of(read_examples(finished(folder, "curate")[0]), "train")
    }
    return list(latest.values())


def tested(context: Context) -> list[Example]:
    """The test records of all runs so far."""
    return [example for folder in folders(context) for example in tested_in(folder)]


def tested_in(folder: Path) -> list[Example]:
    return split_of(read_examples(finished(folder, "curate")[0]), "test")


def answers(folder: Path) -> Mapping[str, Completion]:
    """What the student of a run, the one to release, said to all test records it was asked, by record id."""
    evaluated, found = finished(folder, "evaluate")
    names = (
        ("refreshed-old", "refreshed-new")
        if lineage.read_refresh(folder)
        else (f"{found.facts['chosen']}-test",)
    )
    return {
        key: completion
        for name in names
        for key, completion in read_answers(evaluated / "answers" / f"{name}.jsonl").items()
    }


def student(context: Context) -> Path:
    """The folder of the stage that left the student, its files verified."""
    refresh = section(context)
    folder, found = finished(context.home.runs / refresh.start, refresh.stage)
    if manifest.model_digest(found) != refresh.student:
        raise GateError(
            f"the student in {folder} is not the one this refresh began with: give the command again, for a new refresh"
        )
    return folder


def start(context: Context) -> tuple[Path, Path | None]:
    """The model that is trained, and the adapter whose training goes on; without one all weights are trained."""
    use_case, folder = context.use_case, student(context)
    if use_case.sft.method == "full":
        return folder / "model", None
    if use_case.student.layers is None:
        return context.model(use_case.student.base), folder / "adapter"
    return finished(context.home.runs / section(context).parent, "sft")[0] / "pruned", folder / "adapter"


def distributions(context: Context) -> Iterator[Path]:
    """Files of likeliest tokens that the teacher left in the runs before, the newest first."""
    for folder in reversed(folders(context)):
        path = finished(folder, "teach")[0] / "topk.parquet"
        if path.exists():
            yield path
