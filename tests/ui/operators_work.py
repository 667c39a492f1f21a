"""What people of a site change through the console, as registers that can be read: before a change, after it, nothing between.

As a program, `python -m tests.ui.operators_work SEED`: a process that makes such changes one after the other in the home that
the environment names, by the functions that the pages call, and says of each when it begins and when it was done.
"""

from __future__ import annotations

import io
import json
import random
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from appliance import approvals, audit, datasets, jobs
from appliance.home import Home
from appliance.people import accounts, sessions
from appliance.people.acting import Actor, Role
from appliance.preparing import policies, review, review_book, review_sample, use_cases
from appliance.quality import rounds
from appliance.quality.evaluated import Evaluated, evaluated
from appliance.store import Store
from tests.appliance.drafted_case import draft, rules_only, silently
from tests.appliance.evaluated_run import RUN as LETTERS
from tests.appliance.evaluated_run import make_run
from tests.appliance.finished_run import finish

OLGA = Actor("olga", frozenset({Role.OPERATOR, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR}), "console")
ANNA = Actor("anna", frozenset({Role.APPROVER}), "console")
CASE, POLICY, STUDENT = "tickets", "own", "small-00000001"
PAIRS = 100


def furnish(home: Home, folder: Path) -> None:
    """All that there is to change: accounts, a use case with a sample drawn, a policy, a run to rate, a run to release."""
    for who in (OLGA, ANNA):
        accounts.create(
            home, Actor("setup", frozenset(Role), "shell"), who.name, who.roles, f"{who.name}@example.org"
        )
    review_sample.search(home, draft(home), 60, rules_only(home, CASE), silently)
    policies.save(home, OLGA, POLICY, {"name": "Own 0", "preset": "gdpr"})
    said = {
        arm: [f"{arm} says {place}" for place in range(PAIRS)] for arm in ("untuned", "onpolicy", "teacher")
    }
    make_run(home, said, said["teacher"], kind="generate")
    Store(home.store).begin_run(LETTERS, "letters", "Letters")
    rounds.start(home, OLGA, _letters(home), "untuned", "onpolicy", PAIRS)
    finish(home, folder / "small", STUDENT)
    Store(home.store).begin_run(STUDENT, "small", "Small")


def _letters(home: Home) -> Evaluated:
    found = evaluated(home, LETTERS)
    assert found is not None
    return found


@dataclass(frozen=True)
class Register:
    """One thing of a home that people change. Its state is plain JSON."""

    read: Callable[[Home], Any]
    next: Callable[[Any, random.Random], Any]
    """What a change would make of a state."""
    change: Callable[[Home, Any], object]
    """From the state now to this one."""


def _accounts(home: Home) -> list[str]:
    return [f"{each.name}: {', '.join(sorted(each.roles))}" for each in accounts.accounts(home)]


def _roles_changed(told: list[str], draw: random.Random) -> list[str]:
    others = [
        roles
        for roles in ("approver", "approver, viewer", "administrator, approver")
        if told[0] != f"anna: {roles}"
    ]
    return [f"anna: {draw.choice(others)}", *told[1:]]


def _change_roles(home: Home, wanted: list[str]) -> None:
    accounts.set_roles(home, OLGA, "anna", [role for role in Role if role.value in wanted[0]])


def _decided(home: Home) -> int:
    return sum(map(len, review_book.read_book(home, CASE).decisions.values()))


def _decide(home: Home, wanted: int) -> None:
    drawn, book = review_sample.sample(home, CASE), review_book.read_book(home, CASE)
    assert drawn is not None
    record = drawn.to_review[wanted % len(drawn.to_review)].record_id
    marks = review_sample.found_in(drawn.scanned[record])
    review.decide(home, OLGA, CASE, record, marks, len(book.decisions.get(record, ())), time.time())


def file_of(number: int) -> bytes:
    """One to bring in, each number another."""
    return b"".join(
        b'{"no": "%d-%d", "text": "line %d"}\n' % (number, row, row) for row in range(200 + number % 7)
    )


def _shelf(home: Home) -> list[str]:
    return [each.sha256 for each in datasets.datasets(home)[::-1] if each.filename.startswith("file-")]


def _bring_in(home: Home, wanted: list[str]) -> None:
    number = next(n for n in range(10_000) if sha256(file_of(n)).hexdigest() in {*wanted} - {*_shelf(home)})
    datasets.bring_in(home, OLGA, io.BytesIO(file_of(number)), f"file-{number}.jsonl")


def _one_more_file(there: list[str], _draw: random.Random) -> list[str]:
    return [
        *there,
        next(digest for n in range(10_000) if (digest := sha256(file_of(n)).hexdigest()) not in there),
    ]


def _jobs(home: Home) -> list[str]:
    return sorted(
        f"{job.job_id} {job.status}" for job in jobs.jobs(home, limit=None) if job.kind == "load-test"
    )


def _num_jobs(home: Home) -> list[int]:
    """How many there are, and how many of them wait."""
    told = _jobs(home)
    return [len(told), sum(each.endswith("queued") for each in told)]


def _change_jobs(home: Home, wanted: list[int]) -> None:
    if wanted[1]:
        jobs.enqueue(
            home, OLGA, "load-test", {"run_id": STUDENT, "concurrency": [1]}, key=f"load-test {STUDENT}"
        )
    else:
        jobs.stop(home, OLGA, next(each.split()[0] for each in _jobs(home) if each.endswith("queued")))


def _rated(home: Home) -> int:
    return len(rounds.ratings_of(home, rounds.rounds(home, LETTERS)[0], OLGA.name).preferences)


def _rate(home: Home, wanted: int) -> None:
    made = rounds.rounds(home, LETTERS)[0]
    if wanted < _rated(home):
        rounds.take_back(home, OLGA, made)
    else:
        rounds.rate(home, OLGA, _letters(home), made, made.records[wanted - 1], "first")


def _releases(home: Home) -> list[str]:
    return [each.standing.value for each in approvals.requests(home)]


def _release(home: Home, wanted: list[str]) -> None:
    if wanted[0] == "asked":
        approvals.ask(home, OLGA, STUDENT, "It was looked at.")
    else:
        newest = approvals.requests(home)[0].request_id
        approvals.decide(home, ANNA, newest, wanted[0] == "approved", "It was read.")


def _sessions(home: Home) -> list[str]:
    return [each.session_id for each in sessions.sessions(home, time.time()) if each.peer == "10.0.0.1"]


def _log_in_or_out(home: Home, wanted: int) -> None:
    there = _sessions(home)
    if wanted < len(there):
        sessions.end(home, OLGA, there[0])
    else:
        sessions.log_in_by_email(home, "olga@example.org", time.time(), "10.0.0.1")


REGISTERS = {
    "accounts": Register(_accounts, _roles_changed, _change_roles),
    "exam": Register(
        lambda home: use_cases.read(home, CASE).get("split", {}).get("test", 100),
        lambda told, draw: draw.choice([n for n in range(10, 30) if n != told]),
        lambda home, wanted: use_cases.save(home, OLGA, CASE, {"split": {"test": wanted}}),
    ),
    "policy": Register(
        lambda home: [policies.read(home, POLICY)["name"], len(policies.history(home, POLICY))],
        lambda told, _draw: [f"Own {told[1]}", told[1] + 1],
        lambda home, wanted: policies.save(home, OLGA, POLICY, {"name": wanted[0], "preset": "gdpr"}),
    ),
    "marks": Register(_decided, lambda told, _draw: told + 1, _decide),
    "files": Register(_shelf, _one_more_file, _bring_in),
    "jobs": Register(
        _num_jobs, lambda told, _draw: [told[0], 0] if told[1] else [told[0] + 1, 1], _change_jobs
    ),
    "ratings": Register(
        _rated, lambda told, draw: told - 1 if told > 50 or (told and draw.random() < 0.3) else told + 1, _rate
    ),
    "releases": Register(
        _releases,
        lambda told, draw: [draw.choice(["approved", "refused"]), *told[1:]] if told[:1] == ["asked"] else ["asked", *told],
        _release,
    ),
    "sessions": Register(
        lambda home: len(_sessions(home)), lambda told, _draw: told - 1 if told > 2 else told + 1, _log_in_or_out
    ),
}  # fmt: skip


def whole(home: Home) -> None:
    """No half file, no damaged job, every dataset as it came in, and an audit log in which nothing is missing."""
    for path in home.root.rglob("*"):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix == ".json":
            json.loads(path.read_bytes())
        elif path.suffix == ".toml":
            tomllib.loads(path.read_text(encoding="utf-8"))
    for each in datasets.datasets(home):
        content = datasets.raw_path(home, each.dataset_id).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (each.bytes, each.sha256)
        assert datasets.profile(home, each.dataset_id).rows == each.rows
    assert all(job.kind != "unknown" for job in jobs.jobs(home, limit=None))
    verified = audit.verify(home)
    assert verified.problem is None, verified.problem


def main(seed: int) -> None:
    home, draw = Home.open(), random.Random(seed)
    while True:
        name = draw.choice(list(REGISTERS))
        register = REGISTERS[name]
        before = register.read(home)
        wanted = register.next(before, draw)
        print(json.dumps({"begins": name, "before": before, "wanted": wanted}), flush=True)
        register.change(home, wanted)
        print(json.dumps({"done": name, "now": wanted}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
