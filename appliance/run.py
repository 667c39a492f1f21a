"""Runs the pipeline for one use case: does what is not done, and nothing else."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance import manifest
from appliance.config import UseCase, load_use_case, use_case_from_json, use_case_to_json
from appliance.home import Home, HomeError
from appliance.keeping.erasures import as_it_was
from appliance.lineage import LineageError, Refresh, ancestors_digest, refresh_of
from appliance.manifest import Manifest, hash_json
from appliance.models import ModelError, resolve, resolve_detector
from appliance.offline import QUIET_AND_OFFLINE
from appliance.packages import installed_version
from appliance.pipeline import GATES, PIPELINE, REFRESH, Stage
from appliance.processes import spawn
from appliance.progress import Screen, read_state
from appliance.rewards import rewards_digest
from appliance.store import Store
from distill.checkpoints import file_sha256, sweep, write_atomically

_POLL_S = 0.2
_STOP_GRACE_S = 10.0
_LOOKS, _LOOK_S = 4, 0.05
"""`is_worked_on` holds the lock for an instant: only one that is found held each time is a worker's."""


class RunError(Exception):
    """The run stopped: one line that says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """One use case on one state of its data; its folder holds all its bytes."""

    run_id: str
    folder: Path
    use_case: UseCase
    base_dir: Path
    """Where the use case's relative paths start."""
    home: Home
    refresh: Refresh | None = None
    """What a refresh goes on from; None for a full run."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        return PIPELINE if self.refresh is None else REFRESH

    def stage_dir(self, stage: str) -> Path:
        return self.folder / stage


def open_run(use_case_path: Path, home: Home) -> Run:
    """The run of this use case and this data: the same one each time, until either changes."""
    use_case = load_use_case(use_case_path)
    base_dir = use_case_path.absolute().parent
    return make_run(use_case, base_dir, home)


def make_run(use_case: UseCase, base_dir: Path, home: Home, refresh: Refresh | None = None) -> Run:
    """The run of these settings, its folder made."""
    document = json.loads(use_case_to_json(use_case))
    named_after = _named_after(document, _data_digest(use_case, base_dir, home), refresh)
    run_id = f"{use_case.name}-{'' if refresh is None else 'refresh-'}{named_after}"
    folder = home.runs / run_id
    folder.mkdir(exist_ok=True, mode=0o700)
    return Run(run_id, folder, use_case, base_dir, home, refresh)


def _named_after(document: Any, data: list[str], refresh: Refresh | None) -> str:
    return hash_json([document, data, *([] if refresh is None else [asdict(refresh)])])[:8]


def open_folder(folder: Path, home: Home) -> Run:
    """A run that was started before, from its folder."""
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    use_case = use_case_from_json(json.dumps(document["use_case"]))
    return Run(folder.name, folder, use_case, Path(document["base_dir"]), home, refresh_of(document))


def _data_digest(use_case: UseCase, base_dir: Path, home: Home) -> list[str]:
    """Of the files that the use case names, as they were before anything was erased from them."""
    named = [("data", each.path) for each in (use_case.data, use_case.held_out) if each is not None]
    if use_case.gold_spans is not None:
        named.append(("gold_spans", use_case.gold_spans))
    listed = [each.path for each in use_case.scrub.dictionary] + [
        each.path for each in use_case.scrub.pattern
    ]
    named += [("scrub", path) for path in listed if path is not None]
    digests = []
    for section, name in named:
        path = base_dir / name
        if not path.is_file():
            raise RunError(
                f"{section}: there is no file {path}; relative paths start at the use case's folder"
            )
        digests.append(as_it_was(home, path, file_sha256(path)))
    return digests


def is_data_unchanged(run: Run) -> bool:
    """Whether the files that the run was named after are still there, as they were but for what was erased."""
    document = json.loads((run.folder / "config.json").read_text(encoding="utf-8"))["use_case"]
    try:
        digest = _data_digest(run.use_case, run.base_dir, run.home)
    except RunError:
        return False
    return run.run_id.endswith("-" + _named_after(document, digest, run.refresh))


def external_digest(run: Run, what: str) -> str:
    """The state of something outside the run that a stage reads."""
    if what == "data":
        return hash_json(_data_digest(run.use_case, run.base_dir, run.home))
    if what == "ancestors":
        assert run.refresh is not None, "only the stages of a refresh name it"
        return ancestors_digest(run.home.runs, run.refresh)
    if what == "rewards":
        try:
            return rewards_digest(run.use_case, run.home, run.base_dir)
        except ValueError as error:
            raise RunError(str(error)) from None
    if what == "judges":
        return _judges_digest(run)
    if what == "key":
        return hash_json(["key", run.home.scrub_key().hex()])
    if what == "teacher" and run.use_case.teacher.kind != "local":
        return run.use_case.teacher.model
    judge = run.use_case.onpolicy.teacher
    if what == "token-teacher" and (judge is None or judge.url is not None):
        return ""  # a served one is named in the settings
    if what == "detector":
        models = resolve_detector(run.use_case.detector, run.home, run.base_dir)
        folders = (models.spacy, *models.classifiers)
        return hash_json([manifest.hash_outputs(folder, ["."]) for folder in folders])
    name = {
        "student": run.use_case.student.base,
        "teacher": run.use_case.teacher.model,
        "token-teacher": judge.model if judge is not None else "",
    }
    folder = resolve(name[what], run.home, run.base_dir)
    return hash_json(manifest.hash_outputs(folder, ["."]))


def _judges_digest(run: Run) -> str:
    """Of the models that compare free text, and of what people said of the same answers."""
    judge, names = run.use_case.judge, [run.use_case.evaluate.similarity_model]
    if judge is not None and judge.url is None:
        names.append(judge.model)
    read: list[object] = [
        manifest.hash_outputs(resolve(name, run.home, run.base_dir), ["."])
        for name in names
        if name is not None
    ]
    if judge is not None and judge.golden is not None:
        path = run.base_dir / judge.golden
        if not path.is_file():
            raise RunError(
                f"judge.golden: there is no file {path}; relative paths start at the use case's folder"
            )
        read.append(as_it_was(run.home, path, file_sha256(path)))
    return hash_json(read)


@contextmanager
def alone_with(folder: Path) -> Iterator[None]:
    """One process works on a run at a time; RunError for a second one."""
    with open(folder / "lock", "w") as lock:
        for patience in reversed(range(_LOOKS)):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not patience:
                    raise RunError(
                        f"{folder.name} is being worked on by another process: see `stillhouse status {folder.name}`"
                    ) from None
            time.sleep(_LOOK_S)
        yield


def is_worked_on(folder: Path) -> bool:
    """Whether a process holds the run's lock now."""
    try:
        with open(folder / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False


def run_pipeline(run: Run, screen: Screen) -> Path:
    """Brings every stage to its finished state and gives the last one's folder; raises RunError."""
    with alone_with(run.folder):
        sweep(run.folder)
        _write_config(run)
        _bring_all_about(run, run.stages, {}, screen)
    return run.stage_dir(run.stages[-1].name)


def run_gates(run: Run, screen: Screen) -> None:
    """Brings the gates of a refresh to their finished state, on what its stages left; raises RunError.

    The stages are not looked at again: the new records may be gone by now, and the student is to stay what it is.
    """
    with alone_with(run.folder):
        done: dict[str, Manifest] = {}
        for stage in run.stages:
            found = manifest.read(run.stage_dir(stage.name))
            if found is None:
                raise RunError(
                    f"{run.run_id} has not done '{stage.name}' yet: give its `stillhouse refresh` again"
                )
            done[stage.name] = found
        _bring_all_about(run, GATES, done, screen)


def _bring_all_about(run: Run, stages: Sequence[Stage], done: dict[str, Manifest], screen: Screen) -> None:
    """One after the other, on those that are `done`, and tells the store how it went."""
    store = Store(run.home.store)
    store.begin_run(run.run_id, run.use_case.name, run.use_case.title)
    try:
        for stage in stages:
            done[stage.name] = _bring_about(run, stage, done, screen)
            record(store, run, done[stage.name])
    except BaseException as error:
        ours = isinstance(error, (RunError, LineageError, ModelError, HomeError))
        message = str(error) if ours else f"stopped ({type(error).__name__})"
        store.end_run(run.run_id, "failed", message)
        raise
    store.end_run(run.run_id, "done", verdict=done[run.stages[-1].name].facts["verdict"])


def _write_config(run: Run) -> None:
    """For the stages. Under the lock: a second caller, perhaps from another folder, must not turn the first one's paths."""
    document = {"base_dir": str(run.base_dir), "use_case": json.loads(use_case_to_json(run.use_case))}
    if run.refresh is not None:
        document["refresh"] = asdict(run.refresh)
    write_atomically(run.folder / "config.json", json.dumps(document, indent=1))


def fingerprint(run: Run, stage: Stage, done: dict[str, Manifest]) -> str:
    document = json.loads(use_case_to_json(run.use_case))
    if run.refresh is not None:
        document["refresh"] = asdict(run.refresh)
    return hash_json(
        {
            "stage": [stage.name, stage.version],
            "sections": {section: document[section] for section in stage.sections},
            "inputs": {
                name: asdict(done[name]) if stage.reads_facts else done[name].digest for name in stage.after
            },
            "external": {what: external_digest(run, what) for what in stage.external},
            "packages": {name: installed_version(name) for name in stage.packages},
        }
    )


def _bring_about(run: Run, stage: Stage, done: dict[str, Manifest], screen: Screen) -> Manifest:
    folder = run.stage_dir(stage.name)
    wanted = fingerprint(run, stage, done)
    screen.begin(stage.name)
    try:
        found = manifest.read(folder)
        if found is not None and found.fingerprint == wanted:
            manifest.verify(folder, found)
            screen.end("unchanged")
            return found
        found = manifest.take_over(run.home.runs, stage.name, wanted, folder)
        if found is not None:
            screen.end(f"taken over from {found.reused_from}")
            return found
        manifest.prepare(folder, wanted)
        _work(run, stage, screen)
        finished = manifest.read(folder)
        assert finished is not None, "a stage that ended well has written its manifest"
        screen.end("done")
        return finished
    except manifest.DamagedError as error:
        screen.end("stopped")
        raise RunError(str(error)) from None
    except BaseException:
        screen.end("stopped")
        raise


def _work(run: Run, stage: Stage, screen: Screen) -> None:
    """Runs the stage as a child process and watches it."""
    folder = run.stage_dir(stage.name)
    (folder / "error.txt").unlink(missing_ok=True)
    argv = [sys.executable, "-m", "appliance.stages", str(run.folder), stage.name]
    child = spawn(argv, env=child_environment(run.home, stage.name), log_path=folder / "log.txt")
    try:
        while child.returncode is None:
            screen.show(read_state(folder))
            time.sleep(_POLL_S)
    finally:
        code = child.stop(_STOP_GRACE_S)
    if code != 0:
        error = folder / "error.txt"
        reason = (
            error.read_text()
            if error.exists()
            else f"ended with status {code}; its output is in {folder / 'log.txt'}"
        )
        raise RunError(f"{stage.name}: {reason}")


def child_environment(home: Home, stage: str) -> dict[str, str]:
    """For stages: offline, with an allocator that keeps what it has, and threads that sleep while they wait.

    By default glibc returns every large tensor to the kernel and faults it in again, page by page, at the next step;
    and OpenMP's threads spin, so that a second busy process slows training many times over (docs/decisions.md).
    The attack's tensors are of ever other sizes: kept, they grew to 20 GB.
    """
    tunables = "glibc.malloc.hugetlb=1"
    if stage != "attack":
        tunables += ":glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184"
    return {
        "OMP_WAIT_POLICY": "PASSIVE",
        **os.environ,
        **QUIET_AND_OFFLINE,
        "STILLHOUSE_HOME": str(home.root),
        "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", tunables),
    }


def record(store: Store, run: Run, finished: Manifest) -> None:
    """Tells the store what a stage found; harmless when told again."""
    tables: dict[str, Sequence[dict[str, Any]]] = {
        name: finished.facts[name] for name in ("scores", "serving", "costs") if name in finished.facts
    }
    store.record_stage(run.run_id, finished, tables)
