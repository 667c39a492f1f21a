"""What a job can do: the one table. A kind is a function of the home and the job, called in a process of the job's own.

It may be killed at any moment and called again with the next attempt, so it goes on from what is there. What it gives
back is the job's result: plain JSON, its `message` the one line that people read. It raises `JobError` for what people
can mend; of anything else only the error's type is told, since its words might hold a record's. Longer work tells how
far it is with a `progress.Reporter` on the job's folder; where it works on a run, the run's stages tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from appliance.home import Home
from appliance.jobs.attempts import tell_run
from appliance.jobs.journal import JobError
from appliance.jobs.states import Job, Lane

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row."""

    lane: Lane
    """One heavy and one light job run at a time."""
    work: Callable[[Home, Job], Result]
    ready: Callable[[Home, dict[str, Any]], dict[str, Any]] = lambda _home, arguments: arguments
    """Called when the job is asked for, in the asker's process, so light: completes the arguments, or refuses with
    `JobError`."""
    reaches: Callable[[Home, Job], list[tuple[str, int]] | None] = lambda _home, _job: []
    """The addresses beside this machine's that the kernel lets its process reach. None: the process is not sealed, since the
    work seals its own children (a sealed tree cannot be sealed again), or since an address is a name."""


def run(home: Home, job: Job) -> Result:
    """The whole pipeline for a use case, as it was saved when the job was asked for; later attempts go on with that run."""
    from appliance.preparing import use_cases
    from appliance.progress import Screen
    from appliance.run import open_folder, open_run, run_pipeline

    with _told_in_one_line():
        if job.run_id is not None and (home.runs / job.run_id / "config.json").exists():
            opened = open_folder(home.runs / job.run_id, home)
        else:
            name, version = job.arguments["use_case"], job.arguments["version"]
            opened = open_run(use_cases.path(home, name, version), home)
            tell_run(home, job, opened.run_id)
        folder = run_pipeline(opened, Screen(quiet=True))
    verdict = json.loads((folder / "report.json").read_text(encoding="utf-8"))["verdict"]
    return {"message": verdict["headline"], "run_id": opened.run_id, "verdict": verdict["kind"]}


def ready_run(home: Home, arguments: dict[str, Any]) -> dict[str, Any]:
    """Pins the use case as it is now; raises JobError where something is missing in it."""
    from appliance.preparing import use_cases

    name = str(arguments["use_case"])
    if name not in use_cases.names(home):
        raise JobError(f"there is no use case '{name[:60]}'")
    missing = use_cases.problems(home, name)
    if missing:
        raise JobError(f"'{name}' is not ready: {missing[0]}")
    return {"use_case": name, "version": use_cases.version(home, name)}


def refresh(home: Home, job: Job) -> Result:
    """New records for the student of `run_id`, from the dataset `dataset_id`."""
    from appliance import datasets
    from appliance.progress import Screen
    from appliance.refresh import Options, finish, open_refresh
    from appliance.run import open_folder, run_pipeline

    with _told_in_one_line():
        if job.run_id is not None and (home.runs / job.run_id / "config.json").exists():
            opened = open_folder(home.runs / job.run_id, home)
        else:
            chosen = Options(**job.arguments["options"])
            data = datasets.raw_path(home, job.arguments["dataset_id"])
            opened = open_refresh(job.arguments["run_id"], data, chosen, home)
            tell_run(home, job, opened.run_id)
        run_pipeline(opened, Screen(quiet=True))
        found = finish(opened)
    said = (
        "The refreshed student takes the last one's place" if found["promoted"] else "The last student stays"
    )
    return {"message": f"{said}: {found['verdict'].replace('-', ' ')}", "run_id": opened.run_id}


def ready_refresh(home: Home, arguments: dict[str, Any]) -> dict[str, Any]:
    """Raises JobError where the run or the dataset is not there, or an option is none."""
    from appliance import datasets
    from appliance.refresh import Options

    run_id, options = str(arguments["run_id"]), dict(arguments.get("options") or {})
    if run_id not in {path.name for path in home.runs.iterdir()}:
        raise JobError(f"there is no run '{run_id[:80]}'")
    try:
        dataset_id = datasets.dataset(home, str(arguments["dataset_id"])).dataset_id
        Options(**options)
    except datasets.DataError as error:
        raise JobError(str(error)) from None
    except TypeError:
        raise JobError("a refresh has no such option") from None
    return {"run_id": run_id, "dataset_id": dataset_id, "options": options}


def gates(home: Home, job: Job) -> Result:
    """What the release of a promoted refresh asks for besides: the attack, and the served student beside the evaluated one."""
    from appliance.progress import Screen
    from appliance.refresh import open_promoted
    from appliance.run import run_gates

    with _told_in_one_line():
        opened = open_promoted(job.arguments["run_id"], home)
        tell_run(home, job, opened.run_id)
        run_gates(opened, Screen(quiet=True))
    return {"message": "passed: a release can be asked for", "run_id": opened.run_id}


def ready_gates(home: Home, arguments: dict[str, Any]) -> dict[str, Any]:
    """Raises JobError where the run is not a refresh that was promoted."""
    from appliance.refresh import open_promoted

    with _told_in_one_line():
        return {"run_id": open_promoted(str(arguments["run_id"]), home).run_id}


def release(home: Home, job: Job) -> Result:
    """Writes the folder that an approver agreed to, if it is still what was agreed to."""
    from appliance import approvals

    with _told_in_one_line():
        tell_run(home, job, job.arguments["run_id"])
        folder = approvals.carry_out(home, job.arguments["request_id"])
    return {"message": f"released: {folder}", "folder": str(folder)}


def only_by_approval(_home: Home, _arguments: dict[str, Any]) -> dict[str, Any]:
    raise JobError("a release is not started by hand: ask for it, and another person approves it")


def find(home: Home, job: Job) -> Result:
    """A sample of records for the privacy officers' review, and what the policy finds in it."""
    from appliance.preparing import review_sample

    with _told_in_one_line():
        return review_sample.find(home, job)


def preview(home: Home, job: Job) -> Result:
    """Counts of a use case's data, and some records after scrubbing."""
    from appliance.preparing import preview

    with _told_in_one_line():
        return preview.work(home, job)


def teacher_test(home: Home, job: Job) -> Result:
    """Whether a use case's teacher answers, and how fast."""
    from appliance.preparing import teacher_test

    with _told_in_one_line():
        return teacher_test.work(home, job)


def teachers_address(home: Home, job: Job) -> list[tuple[str, int]] | None:
    from appliance.airgap.addresses import addresses_of
    from appliance.preparing import teacher_test

    with _told_in_one_line():
        url = teacher_test.teacher_of(home, job.arguments["use_case"]).url
    return addresses_of([] if url is None else [url])


def seals_its_children(_home: Home, _job: Job) -> None:
    return None


def load_test(home: Home, job: Job) -> Result:
    """The finished student of `run_id` served and loaded at the levels asked for; the result is kept beside the run."""
    from appliance.views import load_tests

    with _told_in_one_line():
        return load_tests.work(home, job)


def ready_load_test(home: Home, arguments: dict[str, Any]) -> dict[str, Any]:
    from appliance.views import load_tests

    with _told_in_one_line():
        return load_tests.ready(home, arguments)


KINDS: dict[str, Kind] = {
    "run": Kind("heavy", run, ready_run, seals_its_children),
    "refresh": Kind("heavy", refresh, ready_refresh, seals_its_children),
    "gates": Kind("heavy", gates, ready_gates, seals_its_children),
    "release": Kind("light", release, only_by_approval),
    "find": Kind("light", find),
    "preview": Kind("light", preview),
    "teacher-test": Kind("light", teacher_test, reaches=teachers_address),
    "load-test": Kind("heavy", load_test, ready_load_test, seals_its_children),
}


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """Errors of ours that say what to mend, as the job's message."""
    from appliance.config import ConfigError
    from appliance.home import HomeError
    from appliance.lineage import LineageError
    from appliance.manifest import DamagedError
    from appliance.models import ModelError
    from appliance.release_checks import ReleaseError
    from appliance.run import RunError
    from appliance.views.load_tests import LoadTestError

    ours = (
        ConfigError,
        DamagedError,
        HomeError,
        LineageError,
        LoadTestError,
        ModelError,
        ReleaseError,
        RunError,
    )
    try:
        yield
    except ours as error:
        raise JobError(str(error)) from None
