"""`stillhouse refresh`: new records arrive, the last student goes on, and takes its own place only without regression."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.home import Home
from appliance.keeping.erasures import as_it_was
from appliance.lineage import PROMOTED, LineageError, Refresh, chain, chosen_stage, read_refresh
from appliance.report.words import count
from appliance.run import Run, RunError, make_run, open_folder
from appliance.stages.refresh_decision import points
from distill.checkpoints import file_sha256, write_atomically

LEARNING_RATE_SHARE = 0.25
"""Of the full run's peak rate, where none is given. Chosen, not yet measured: what is known must survive the warm-up."""
DECISION = "refresh.json"
"""What a refresh found, in its run's folder."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator may choose."""

    replay: float = 1.0
    """Old training records that are learnt again, as a multiple of the new ones."""
    test_share: float = 0.2
    """Share of the new records that are held out."""
    epochs: float = 1.0
    learning_rate: float | None = None
    """Default: `LEARNING_RATE_SHARE` of the full run's."""
    max_loss: float = 0.1
    """Of the primary metric, that must be ruled out on each test set."""


def open_refresh(run_id: str, data: Path, options: Options, home: Home) -> Run:
    """The refresh of a full run with a file of new records: the same one each time, and for ever once it was promoted.

    Raises RunError or LineageError in one line.
    """
    parent_folder = home.runs / run_id
    if (
        run_id not in {path.name for path in home.runs.iterdir()}
        or not (parent_folder / "config.json").exists()
    ):
        raise RunError(f"there is no run '{run_id}'; `stillhouse status` lists them")
    refresh = read_refresh(parent_folder)
    if refresh is not None:
        raise RunError(
            f"{run_id} is a refresh itself: name the full run, {refresh.parent}; its last promoted student goes on"
        )
    if not data.is_file():
        raise RunError(f"there is no file {data}")
    parent = open_folder(parent_folder, home)
    if parent.use_case.sft.dp is not None:
        raise RunError(
            f"{run_id} was trained with differential privacy: what replays its records without noise would void the "
            "promise; run the use case on all records instead"
        )
    start = last_promoted(parent_folder)
    folders = chain(home.runs, run_id if start is None else start)
    digest = as_it_was(home, data, file_sha256(data))
    for folder in folders:
        refresh = read_refresh(folder)
        if refresh is not None and refresh.data == digest:
            return open_folder(folder, home)  # these records have been learnt
    stage = chosen_stage(folders[-1])
    student = manifest.read(folders[-1] / stage)
    if student is None:
        raise LineageError(f"{folders[-1] / stage} holds no student: finish the run with `stillhouse run`")
    refresh = Refresh(
        parent=run_id,
        start=folders[-1].name,
        stage=stage,
        student=manifest.model_digest(student),
        data=digest,
        replay=options.replay,
        test_share=options.test_share,
        max_loss=options.max_loss,
    )
    use_case = parent.use_case
    rate = options.learning_rate or use_case.sft.learning_rate * LEARNING_RATE_SHARE
    changed = replace(
        use_case,
        data=replace(use_case.data, path=str(data.absolute()), limit=None),
        held_out=None,
        gold_spans=None,  # marks the old records
        sft=replace(use_case.sft, epochs=options.epochs, learning_rate=rate),
        onpolicy=replace(use_case.onpolicy, steps=0),
    )
    return make_run(changed, parent.base_dir, home, refresh)


def last_promoted(parent: Path) -> str | None:
    """The refresh of a full run that was promoted last; None where none was."""
    path = parent / PROMOTED
    if not path.exists():
        return None
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["run_id"])
    except (ValueError, KeyError, TypeError):
        raise LineageError(f"{path} is damaged: delete it to go on from the full run's student") from None


def finish(run: Run) -> dict[str, Any]:
    """Promotes the student where the decision says so, and leaves what was found in the run's folder."""
    facts = summary(run)
    if facts["promoted"]:
        _promote(run, facts)
    write_atomically(run.folder / DECISION, json.dumps(facts, indent=1))
    return facts


def _promote(run: Run, facts: Mapping[str, Any]) -> None:
    """Raises RunError where another refresh was promoted since this one began: this one knows nothing of its records."""
    refresh, parent = _refresh(run), run.home.runs / _refresh(run).parent
    with open(parent / f"{PROMOTED}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = last_promoted(parent) or refresh.parent
        if run.folder in chain(run.home.runs, newest):
            return  # by an earlier call
        if newest != refresh.start:
            raise RunError(
                f"{newest} was promoted since {run.run_id} began, which knows nothing of its records: give the command "
                "again, to go on from there"
            )
        promoted = {
            "run_id": run.run_id,
            "folder": facts["student"]["folder"],
            "sha256": facts["student"]["sha256"],
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_atomically(parent / PROMOTED, json.dumps(promoted, indent=1))


def open_promoted(run_id: str, home: Home) -> Run:
    """A refresh whose gates may be run. Raises RunError in one line where it is none that was promoted."""
    if run_id not in {path.name for path in home.runs.iterdir() if (path / "config.json").is_file()}:
        raise RunError(f"there is no run '{run_id}'; `stillhouse status` lists them")
    run = open_folder(home.runs / run_id, home)
    promoted(run)
    return run


def promoted(run: Run) -> dict[str, Any]:
    """What a refresh found that took the last student's place. Raises RunError where it did not, or is not what it was."""
    if run.refresh is None:
        raise RunError(f"{run.run_id} is a full run, which has the attack and the bench among its stages")
    path = run.folder / DECISION
    if not path.is_file() or any(manifest.read(run.stage_dir(stage.name)) is None for stage in run.stages):
        raise RunError(f"{run.run_id} has not come to its decision yet: give its `stillhouse refresh` again")
    told, facts = json.loads(path.read_text(encoding="utf-8")), summary(run)
    if not (told["promoted"] and facts["promoted"]):
        raise RunError(
            f"{run.run_id} was not promoted ({facts['verdict'].replace('-', ' ')}): {facts['reasons'][0]}; the last student stays"
        )
    newest = last_promoted(run.home.runs / run.refresh.parent)
    if (
        told["student"] != facts["student"]
        or newest is None
        or run.folder not in chain(run.home.runs, newest)
    ):
        raise RunError(
            f"{run.run_id} has another student than the one that was promoted: give its `stillhouse refresh` again"
        )
    return facts


def _refresh(run: Run) -> Refresh:
    assert run.refresh is not None, "a full run is not promoted"
    return run.refresh


def summary(run: Run) -> dict[str, Any]:
    """What a finished refresh found, JSON-ready."""
    refresh, settings = _refresh(run), run.use_case.sft
    stages = {stage.name: manifest.read(run.stage_dir(stage.name)) for stage in run.stages}
    curated, trained, evaluated = (stages[name] for name in ("curate", "sft", "evaluate"))
    assert curated and trained and evaluated, "the stages are finished"
    return {
        "run_id": run.run_id,
        "parent": refresh.parent,
        "started_from": {"run_id": refresh.start, "stage": refresh.stage, "sha256": refresh.student},
        "student": {"folder": "sft/model", "sha256": manifest.model_digest(trained)},
        "promoted": evaluated.facts["verdict"] == "promoted",
        "verdict": evaluated.facts["verdict"],
        "reasons": evaluated.facts["reasons"],
        "primary_metric": evaluated.facts["primary_metric"],
        "sets": evaluated.facts["sets"],
        "records": {
            name: curated.facts[name]
            for name in ("new", "replayed", "test", "old_test", "rejected_by_reason")
        },
        "settings": asdict(refresh) | {"epochs": settings.epochs, "learning_rate": settings.learning_rate},
        "seconds": sum(found.seconds for found in stages.values() if found is not None),
        "seconds_of_full_run": _seconds(run.home.runs / refresh.parent),
    }


def lineage(run: Run) -> list[dict[str, Any]]:
    """The full run first, then each refresh up to this one: its student, and how many records were new to it."""
    told = []
    for folder in chain(run.home.runs, run.run_id):
        stage = chosen_stage(folder)
        trained, curated = manifest.read(folder / stage), manifest.read(folder / "curate")
        if trained is None or curated is None:
            raise LineageError(f"{folder / stage} holds no student: bring it back")
        new = curated.facts["train" if read_refresh(folder) is None else "new"]
        day = datetime.fromtimestamp(trained.finished_at, UTC).isoformat(timespec="seconds")
        told.append(
            {
                "run_id": folder.name,
                "student": manifest.model_digest(trained),
                "new_records": new,
                "trained": day,
            }
        )
    return told


def _seconds(folder: Path) -> float:
    """Of a run's stages, as far as it has come."""
    return sum(
        found.seconds
        for path in sorted(folder.glob("*/manifest.json"))
        if (found := manifest.read(path.parent))
    )


def lines(facts: Mapping[str, Any]) -> list[str]:
    """For people."""
    records, start = facts["records"], facts["started_from"]
    said = [
        f"went on from the student '{start['stage']}' of {start['run_id']}",
        f"learnt {count(records['new'], 'new record', 'new records')}, and {records['replayed']:,} old ones again",
    ]
    for found in facts["sets"]:
        difference = found["difference"]
        said.append(
            f"{found['name']} (n = {difference['n']:,}): {facts['primary_metric']} {found['last']['value']:.1%} before, "
            f"{found['refreshed']['value']:.1%} now: {points(difference['value'])} "
            f"(95% interval {points(difference['low'])} to {points(difference['high'])}; "
            f"better on {difference['won']:,}, worse on {difference['lost']:,})"
        )
    said.append("promoted" if facts["promoted"] else f"not promoted ({facts['verdict'].replace('-', ' ')})")
    said += [f"  {reason}" for reason in facts["reasons"]]
    if facts["promoted"]:
        run_id = facts["run_id"]
        said.append(f"to release it: `stillhouse gates {run_id}`, then `stillhouse release {run_id}`")
    share = facts["seconds"] / facts["seconds_of_full_run"] if facts["seconds_of_full_run"] else None
    of_full = (
        "" if share is None else f", {share:.1%} of the full run's {facts['seconds_of_full_run']:,.0f} s"
    )
    return [*said, f"took {facts['seconds']:,.0f} s{of_full}"]
