"""Who may do what: each action that the appliance has, tried in each role by the function that does it.

The table of calls is held against the source: a public function that takes an actor has a row here, and an action that
nothing does is not one.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import approvals, audit, datasets, jobs, models
from appliance.audit import view as audit_view
from appliance.home import Home
from appliance.keeping import backup, erase
from appliance.keeping.trace import Asked
from appliance.people import accounts, sessions
from appliance.people.acting import MAY, Action, Actor, NotAllowed, Role, acting, may
from appliance.preparing import mapping, policies, preview, review, review_sample, teacher_test, use_cases
from appliance.quality import agreement, answers, rounds
from appliance.quality.evaluated import Evaluated, evaluated
from appliance.training import form as training_form
from appliance.training import view as training_view
from appliance.views import reports as report_view
from tests.appliance.drafted_case import OFFICER, OPERATOR, draft, rules_only, silently
from tests.appliance.evaluated_run import RUN, make_run
from tests.conftest import weaken

ROOT = Path(__file__).parents[2]
GOOD = "otters swim at noon"
ADMIN = Actor("root", frozenset({Role.ADMINISTRATOR}), "console")
NOW = time.time()
PAIRS = [f"the answer to letter {place}" for place in range(4)]

WITHOUT_ACTING = {
    "people.acting.may": "says whether, and does nothing",
    "people.acting.acting": "is it",
    "keeping.backup.restore_backup": "fills an empty home, whose log comes with the backup; from a shell only",
    "views.overview.needs": "shows less to some, and nothing that VIEW does not",
    "views.releases.why_not_decide": "says why a button is not there",
}
"""Public functions that take an actor and need not ask."""


@dataclass(frozen=True)
class Call:
    """One function that acts."""

    name: str
    """Module and function."""
    action: Action
    do: Callable[[Home, Actor], object]
    ends: str = "done"
    """How it ends for who may, on the home below: "failed" where the rest that it needs is another test's."""


def run_of(home: Home) -> Evaluated:
    found = evaluated(home, RUN)
    assert found is not None
    return found


def round_of(home: Home) -> rounds.Round:
    return rounds.rounds(home, RUN)[0]


def job_of(home: Home, status: jobs.Status) -> str:
    return next(each.job_id for each in jobs.jobs(home) if each.status is status)


def first_record(home: Home) -> str:
    drawn = review_sample.sample(home, "tickets")
    assert drawn is not None
    return drawn.to_review[0].record_id


def learning(home: Home) -> dict[str, object]:
    return {**training_form.values_of(use_cases.read(home, "tickets")), "student.base": "a folder"}


def log_in(home: Home, actor: Actor) -> str:
    return sessions.log_in(home, actor.name, GOOD, NOW, "::1")


CALLS = [
    Call("views.reports.export", Action.VIEW, lambda h, a: report_view.export(h, a, RUN, "pdf"), "failed"),
    Call("views.reports.signed_privacy_report", Action.VIEW, lambda h, a: report_view.signed_privacy_report(h, a, RUN), "failed"),
    Call("quality.agreement.result", Action.VIEW, lambda h, a: agreement.result(h, a, round_of(h))),
    Call("datasets.shelf.bring_in", Action.BRING_IN_DATA, lambda h, a: datasets.bring_in(h, a, io.BytesIO(b"no,text\n1,a\n2,b\n"), "two.csv")),
    Call("datasets.shelf.delete", Action.DELETE_DATA, lambda h, a: datasets.delete(h, a, datasets.bring_in(h, OPERATOR, io.BytesIO(b"no,text\n1,a\n2,c\n"), "b.csv").dataset_id if may(a, Action.DELETE_DATA) else "x")),
    Call("datasets.shelf.label_values", Action.EDIT_USE_CASE, lambda h, a: datasets.label_values(h, a, datasets.datasets(h)[0].dataset_id, "queue")),
    Call("preparing.use_cases.create", Action.EDIT_USE_CASE, lambda h, a: use_cases.create(h, a, "letters", "Letters")),
    Call("preparing.use_cases.save", Action.EDIT_USE_CASE, lambda h, a: use_cases.save(h, a, "tickets", {"title": "Other"})),
    Call("training.form.save", Action.EDIT_USE_CASE, lambda h, a: training_form.save(h, a, "tickets", learning(h))),
    Call("training.form.start", Action.EDIT_USE_CASE, lambda h, a: training_form.start(h, a, "tickets", learning(h)), "failed"),
    Call("preparing.mapping.save", Action.EDIT_USE_CASE, lambda h, a: mapping.save(h, a, "tickets", mapping.form_of(h, "tickets"))),
    Call("preparing.policies.save", Action.EDIT_POLICY, lambda h, a: policies.save(h, a, "ours", {"name": "ours", "preset": "gdpr"})),
    Call("preparing.review_sample.ask_for_sample", Action.REVIEW, lambda h, a: review_sample.ask_for_sample(h, a, "tickets", 12)),
    Call("preparing.review.take_batch", Action.REVIEW, lambda h, a: review.take_batch(h, a, "tickets", NOW)),
    Call("preparing.review.look", Action.REVIEW, lambda h, a: review.look(h, a, "tickets", first_record(h), NOW)),
    Call("preparing.review.decide", Action.REVIEW, lambda h, a: review.decide(h, a, "tickets", first_record(h), [], 0, NOW)),
    Call("preparing.review.hand_over", Action.REVIEW, lambda h, a: review.hand_over(h, a, "tickets"), "failed"),
    Call("preparing.use_cases.measure_against_marks", Action.REVIEW, lambda h, a: use_cases.measure_against_marks(h, a, "tickets")),
    Call("preparing.preview.records", Action.SEE_TEXT, lambda h, a: preview.records(h, a, "tickets")),
    Call("preparing.teacher_test.answers", Action.SEE_TEXT, lambda h, a: teacher_test.answers(h, a, "tickets")),
    Call("training.view.answers", Action.SEE_TEXT, lambda h, a: training_view.answers(h, a, RUN)),
    Call("quality.answers.texts", Action.SEE_TEXT, lambda h, a: answers.texts(h, a, run_of(h), [f"{0:016x}"], ["untuned"])),
    Call("quality.rounds.next_pair", Action.SEE_TEXT, lambda h, a: rounds.next_pair(h, a, run_of(h), round_of(h))),
    Call("jobs.queue.enqueue", Action.START_JOB, lambda h, a: jobs.enqueue(h, a, "no such kind", {}), "failed"),
    Call("preparing.preview.ask", Action.START_JOB, lambda h, a: preview.ask(h, a, "tickets")),
    Call("jobs.queue.retry", Action.RETRY_JOB, lambda h, a: jobs.retry(h, a, job_of(h, jobs.Status.STOPPED))),
    Call("jobs.queue.stop", Action.STOP_JOB, lambda h, a: jobs.stop(h, a, job_of(h, jobs.Status.QUEUED))),
    Call("preparing.teacher_test.ask", Action.TEST_TEACHER, lambda h, a: teacher_test.ask(h, a, "tickets")),
    Call("quality.rounds.start", Action.RATE, lambda h, a: rounds.start(h, a, run_of(h), "untuned", "onpolicy", 2)),
    Call("quality.rounds.rate", Action.RATE, lambda h, a: rounds.rate(h, a, run_of(h), round_of(h), round_of(h).records[0], "first")),
    Call("quality.rounds.take_back", Action.RATE, lambda h, a: rounds.take_back(h, a, round_of(h))),
    Call("quality.rounds.end", Action.RATE, lambda h, a: rounds.end(h, a, round_of(h)), "failed"),
    Call("quality.agreement.write_golden", Action.RATE, lambda h, a: agreement.write_golden(h, a, RUN, "letters")),
    Call("approvals.ask", Action.ASK_RELEASE, lambda h, a: approvals.ask(h, a, RUN, "good enough"), "failed"),
    Call("approvals.decide", Action.DECIDE_RELEASE, lambda h, a: approvals.decide(h, a, "no such", True, "good enough"), "failed"),
    Call("keeping.erase.erase", Action.ERASE, lambda h, a: erase.erase(h, a, Asked(frozenset({"e" * 16}), "e" * 16, None), "asked for by the person")),
    Call("people.accounts.create", Action.MANAGE_ACCOUNTS, lambda h, a: accounts.create(h, a, "new", [Role.VIEWER])),
    Call("people.accounts.set_roles", Action.MANAGE_ACCOUNTS, lambda h, a: accounts.set_roles(h, a, "viewer", [Role.OPERATOR])),
    Call("people.accounts.disable", Action.MANAGE_ACCOUNTS, lambda h, a: accounts.disable(h, a, "viewer")),
    Call("people.accounts.enable", Action.MANAGE_ACCOUNTS, lambda h, a: accounts.enable(h, a, "viewer")),
    Call("people.accounts.reset_password", Action.MANAGE_ACCOUNTS, lambda h, a: accounts.reset_password(h, a, "viewer")),
    Call("people.sessions.end", Action.MANAGE_ACCOUNTS, lambda h, a: sessions.end(h, a, "0123456789abcdef")),
    Call("models.fetch", Action.MANAGE_MODELS, lambda h, a: models.fetch(h, a, "no such model", print), "failed"),
    Call("keeping.backup.write_backup", Action.BACK_UP, lambda h, a: backup.write_backup(h, a, h.cache / "backup")),
    Call("audit.view.read", Action.READ_AUDIT, lambda h, a: audit_view.read(h, a)),
    Call("people.accounts.set_password", Action.CHANGE_OWN_PASSWORD, lambda h, a: accounts.set_password(h, a, GOOD, "another of good length")),
    Call("people.sessions.log_in", Action.LOG_IN, log_in),
    Call("people.sessions.log_out", Action.LOG_OUT, lambda h, a: sessions.log_out(h, log_in(h, a))),
]  # fmt: skip
"""The roles' accounts are named after them."""


pytestmark = pytest.mark.usefixtures("little_work")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home in which each call finds what it acts on."""
    with pytest.MonkeyPatch.context() as patch:
        weaken(patch)
        patch.setenv("STILLHOUSE_HOME", str(tmp_path_factory.mktemp("roles") / "home"))
        home = Home.open()
        accounts.create_first(home, "root", GOOD)
        for role in Role:
            once = accounts.create(home, ADMIN, role.value, [role])
            accounts.set_password(home, Actor(role.value, frozenset({role}), "console"), once, GOOD)
        name = draft(home)
        (home.root / "marks.jsonl").write_text("{}\n")
        preview.look_over(home, name, rules_only(home, name), silently)
        review_sample.search(home, name, 12, rules_only(home, name), silently)
        review.take_batch(home, OFFICER, name, 0.0)
        stopped = preview.ask(home, OPERATOR, name)
        jobs.stop(home, OPERATOR, stopped.job_id)
        review_sample.ask_for_sample(home, OFFICER, name, 12)
        said: list[str | None] = [*PAIRS]
        make_run(
            home, {"onpolicy": [*reversed(said)], "untuned": said, "teacher": said}, PAIRS, kind="generate"
        )
        rounds.start(home, OPERATOR, run_of(home), "onpolicy", "untuned", 4)
        yield home


def files_of(home: Home) -> dict[str, str]:
    """What is in the home, but for the log."""
    return {
        str(path.relative_to(home.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.root.rglob("*")
        if path.is_file() and path.name != "audit.jsonl" and path.parent.name != "audit-heads"
    }


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_each_role_does_what_it_may_and_nothing_else(
    call: Call, prepared: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = {}
    for role in Role:
        home = Home(tmp_path / role.value)
        shutil.copytree(prepared.root, home.root)
        moved(home, prepared)
        monkeypatch.setenv("STILLHOUSE_HOME", str(home.root))
        actor = Actor(role.value, frozenset({role}), "console")
        before, lines = files_of(home), audit.verify(home).lines
        try:
            call.do(home, actor)
            outcomes[role] = "done"
        except NotAllowed:
            outcomes[role] = "refused"
            assert files_of(home) == before, "and the home is as it was"
        except Exception as error:
            assert call.ends == "failed", repr(error)
            outcomes[role] = "failed"
        entries = [entry for entry in audit.entries(home, limit=20) if entry.line > lines]
        written = {
            entry.outcome for entry in entries if (entry.actor, entry.action) == (actor.name, call.action)
        }
        # What failed may have done that much, and failed at the next.
        assert call.action is Action.VIEW or (
            written if outcomes[role] == "failed" else outcomes[role] in written
        )
    assert outcomes == {role: call.ends if role in MAY[call.action] else "refused" for role in Role}


def moved(home: Home, prepared: Home) -> None:
    """A copied home's own files name their places in it."""
    for path in home.root.rglob("*"):
        if path.suffix in (".toml", ".json") and path.is_file():
            text = path.read_text(encoding="utf-8")
            if str(prepared.root) in text:
                path.write_text(text.replace(str(prepared.root), str(home.root)), encoding="utf-8")


def test_each_action_has_its_roles_and_something_that_does_it() -> None:
    assert set(MAY) == set(Action)
    assert {call.action for call in CALLS} == set(Action)


@pytest.mark.parametrize("action", Action)
def test_who_has_no_role_may_see_to_the_password_and_go(action: Action) -> None:
    nobody = Actor("anna", frozenset(), "console")
    assert may(nobody, action) == (action in {Action.LOG_IN, Action.LOG_OUT, Action.CHANGE_OWN_PASSWORD})


def test_who_trains_may_not_approve_who_administers_may_not_read() -> None:
    """What must never come together in one role."""
    for one, other in [
        (Action.START_JOB, Action.DECIDE_RELEASE),
        (Action.ASK_RELEASE, Action.DECIDE_RELEASE),
        (Action.START_JOB, Action.EDIT_POLICY),
        (Action.MANAGE_ACCOUNTS, Action.SEE_TEXT),
        (Action.MANAGE_ACCOUNTS, Action.REVIEW),
    ]:
        assert not MAY[one] & MAY[other]


# ---- The table against the source


@functools.cache
def sources() -> list[tuple[str, ast.Module]]:
    return [
        (
            str(path.relative_to(ROOT / "appliance").with_suffix("")).replace("/", "."),
            ast.parse(path.read_text()),
        )
        for path in sorted((ROOT / "appliance").rglob("*.py"))
        if path.parent.name != "commands"
    ]


def takes_an_actor(function: ast.FunctionDef) -> bool:
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return any(each.annotation is not None and "Actor" in ast.unparse(each.annotation) for each in arguments)


def acts(function: ast.FunctionDef) -> list[str]:
    """The actions that the body is in, from its first statement that does anything."""
    found = []
    for node in ast.walk(function):
        for item in node.items if isinstance(node, ast.With) else ():
            call = item.context_expr
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "acting":
                assert ast.unparse(call.args[0]) == "home" and ast.unparse(call.args[1]) == "actor"
                found.append(ast.unparse(call.args[2]).removeprefix("Action."))
    return found


def hands_on(function: ast.FunctionDef, to: Collection[str]) -> bool:
    """Whether it calls one of these functions for the actor."""
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in to
        and any(ast.unparse(argument) == "actor" for argument in node.args)
        for node in ast.walk(function)
    )


def acting_functions() -> dict[str, ast.FunctionDef]:
    return {
        f"{name}.{node.name}": node
        for name, tree in sources()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and takes_an_actor(node)
    }


def test_every_public_function_that_takes_an_actor_asks_whether_they_may() -> None:
    found = acting_functions()
    asks = {name.rpartition(".")[2] for name, function in found.items() if acts(function)}
    without = {
        name for name, function in found.items() if not acts(function) and not hands_on(function, asks)
    }
    assert without == set(WITHOUT_ACTING)


def test_every_function_that_acts_is_in_the_table_with_its_action() -> None:
    found = {name: function for name, function in acting_functions().items() if name not in WITHOUT_ACTING}
    table = {call.name: call for call in CALLS}
    assert set(table) - {"people.sessions.log_in", "people.sessions.log_out"} == set(found)
    for name, function in found.items():
        for action in acts(function):
            assert table[name].action.name == action, name


def test_nothing_but_the_log_itself_writes_entries_past_acting() -> None:
    """Outcomes of jobs and their pruning, log-ins of nobody known, and what a restored home's log could not hold before."""
    appends = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("append", "append_unless_recent")
        and ast.unparse(node.value) == "audit"
    }
    assert appends == {"people.acting", "keeping.backup", "jobs.attempts", "jobs.prune", "people.sessions"}


def test_no_class_takes_an_actor_past_the_rule() -> None:
    methods = [
        f"{name}.{owner.name}.{node.name}"
        for name, tree in sources()
        for owner in tree.body
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef) and takes_an_actor(node)
    ]
    assert methods == []


def test_the_rule_sees_a_function_that_does_not_ask() -> None:
    (function,) = ast.parse("def spill(home: Home, actor: Actor) -> str:\n    return read(home)").body
    assert isinstance(function, ast.FunctionDef)
    assert takes_an_actor(function) and not acts(function) and not hands_on(function, {"read"})


def test_a_refusal_names_who_what_and_which_role() -> None:
    home = Home.open()
    anna = Actor("anna", frozenset({Role.VIEWER}), "console")
    with pytest.raises(NotAllowed) as caught, acting(home, anna, Action.SEE_TEXT, run="letters-1"):
        pytest.fail("not reached")
    assert str(caught.value) == (
        "anna may not see text: the operator or the privacy officer or the approver may"
    )
    (line,) = audit.log_path(home).read_bytes().splitlines()
    assert json.loads(line)["objects"] == {"run": "letters-1"}
