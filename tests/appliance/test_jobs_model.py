"""The queue on disk against a model of it in fifty lines: whatever is done to both in whatever order, they agree."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fast_jobs import FAST, MARIA, NILS
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from appliance import jobs
from appliance.home import Home
from appliance.jobs import Job, JobError, RefusedError, Status, attempts, journal
from appliance.jobs.kinds import KINDS
from appliance.people.acting import Actor

ACTORS = st.sampled_from([MARIA, NILS])


@dataclass
class Modelled:
    """What a job should look like."""

    key: str
    starters: list[str]
    status: str = "queued"
    attempt: int = 0
    message: str | None = None

    @property
    def unfinished(self) -> bool:
        return self.status in ("queued", "running", "stopping")


@dataclass
class Model:
    """The queue as a list in memory."""

    jobs: dict[str, Modelled] = field(default_factory=dict)

    def same(self, key: str) -> str | None:
        return next(
            (one for one, job in self.jobs.items() if key and job.key == key and job.unfinished), None
        )

    def stop(self, job: Modelled) -> bool:
        after = {"queued": "stopped", "running": "stopping", "stopping": "stopping"}.get(job.status)
        job.status = after or job.status
        return after is not None

    def retry(self, job: Modelled, name: str) -> bool:
        if job.status not in ("failed", "stopped") or self.same(job.key):
            return False
        job.status, job.message = "queued", None
        job.starters += [name] if name not in job.starters else []
        return True

    def begin(self, job: Modelled) -> bool:
        if job.status not in ("queued", "running"):
            return False
        job.status, job.attempt, job.message = "running", job.attempt + 1, None
        return True

    def finish(self, job: Modelled, attempt: int, outcome: str) -> bool:
        allowed = {"running": ("done", "failed"), "stopping": ("done", "failed", "stopped")}
        if attempt != job.attempt or outcome not in allowed.get(job.status, ()):
            return False
        job.status, job.message = outcome, f"attempt {attempt}"
        return True


class Queue(RuleBasedStateMachine):
    asked = Bundle("asked")
    begun = Bundle("begun")

    def __init__(self) -> None:
        super().__init__()
        self.home = Home(Path(tempfile.mkdtemp()))
        self.home.runs.mkdir()
        self.home.keys.mkdir()
        self.model = Model()

    @initialize()
    def fresh(self) -> None:
        journal._load.cache_clear()

    @rule(target=asked, actor=ACTORS, key=st.sampled_from(["", "one", "two"]))
    def ask(self, actor: Actor, key: str) -> str:
        made = jobs.enqueue(self.home, actor, "steps", {"steps": 1}, key=key).job_id
        same = self.model.same(key)
        if same is None:
            assert made not in self.model.jobs
            self.model.jobs[made] = Modelled(key, [actor.name])
        else:
            assert made == same
        return made

    @rule(job_id=asked, actor=ACTORS)
    def stop(self, job_id: str, actor: Actor) -> None:
        expected = self.model.stop(self.model.jobs[job_id])
        assert self.happens(lambda: jobs.stop(self.home, actor, job_id)) == expected

    @rule(job_id=asked, actor=ACTORS)
    def retry(self, job_id: str, actor: Actor) -> None:
        expected = self.model.retry(self.model.jobs[job_id], actor.name)
        assert self.happens(lambda: jobs.retry(self.home, actor, job_id)) == expected

    @rule(target=begun, job_id=asked)
    def begin(self, job_id: str) -> object:
        if not self.model.begin(self.model.jobs[job_id]):
            assert not self.happens(lambda: attempts.begin(self.home, job_id))
            return multiple()
        return attempts.begin(self.home, job_id)

    @rule(job=begun, outcome=st.sampled_from(["done", "failed", "stopped"]))
    def finish(self, job: Job, outcome: str) -> None:
        """Perhaps by one that was thought dead, perhaps twice."""
        expected = self.model.finish(self.model.jobs[job.job_id], job.attempt, outcome)
        said = f"attempt {job.attempt}"
        assert (
            self.happens(lambda: attempts.finish(self.home, job, outcome, said, {"by": job.attempt}))
            == expected
        )

    @rule(job_id=asked, torn=st.binary(min_size=1, max_size=30).filter(lambda each: b"\n" not in each))
    def tear(self, job_id: str, torn: bytes) -> None:
        """A writer is killed in the middle of a line."""
        with open(self.home.jobs / job_id / "events.jsonl", "ab") as file:
            file.write(torn)

    @rule(job=consumes(begun))
    def forget(self, job: Job) -> None:
        """Its worker is gone for good."""

    @rule()
    def restart(self) -> None:
        journal._load.cache_clear()

    @invariant()
    def agree(self) -> None:
        listed = jobs.jobs(self.home, limit=None)
        assert [job.job_id for job in listed] == sorted(self.model.jobs, reverse=True)
        for job in listed:
            modelled = self.model.jobs[job.job_id]
            assert (job.status.value, job.attempt, job.message, list(job.started_by)) == (
                modelled.status,
                modelled.attempt,
                modelled.message,
                modelled.starters,
            )
            if job.status is Status.DONE:
                assert jobs.result(self.home, job.job_id) == {"by": job.attempt}

    def teardown(self) -> None:
        shutil.rmtree(self.home.root)

    @staticmethod
    def happens(do: object) -> bool:
        try:
            do()  # type: ignore[operator]
        except (JobError, RefusedError):
            return False
        return True


@pytest.fixture(scope="module", autouse=True)
def fast_kinds() -> object:
    with pytest.MonkeyPatch.context() as patch:
        for name, kind in FAST.items():
            patch.setitem(KINDS, name, kind)
        yield


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=25, stateful_step_count=25)
TestQueue.pytestmark = [pytest.mark.slow]
