"""Who may do what: the one table, and the one way in which an action is allowed, done and written into the audit log."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from appliance import audit
from appliance.home import Home


class Role(StrEnum):
    """What a person is trusted with. One person may hold several."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    PRIVACY_OFFICER = "privacy-officer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be done, as the audit log names it."""

    VIEW = "view"
    """Runs, scores, reports and their exports: no text of a record."""
    BRING_IN_DATA = "bring-in-data"
    DELETE_DATA = "delete-data"
    EDIT_USE_CASE = "edit-use-case"
    EDIT_POLICY = "edit-policy"
    REVIEW = "review"
    """Mark personal data by hand. The one action that shows raw text."""
    SEE_TEXT = "see-text"
    """Scrubbed records, and answers to them."""
    START_JOB = "start-job"
    RETRY_JOB = "retry-job"
    STOP_JOB = "stop-job"
    TEST_TEACHER = "test-teacher"
    RATE = "rate"
    """Say which of two answers is better."""
    ASK_RELEASE = "ask-release"
    DECIDE_RELEASE = "decide-release"
    """Never the person who started the run's job or asked: `appliance.approvals` sees to that."""
    ERASE = "erase"
    """Take a record, or all of a person's, out of the home for good."""
    MANAGE_ACCOUNTS = "manage-accounts"
    MANAGE_MODELS = "manage-models"
    BACK_UP = "back-up"
    READ_AUDIT = "read-audit"
    CHANGE_OWN_PASSWORD = "change-own-password"
    LOG_IN = "log-in"
    LOG_OUT = "log-out"


_EVERYONE = frozenset(Role)
_OPERATOR = frozenset({Role.OPERATOR})
_OFFICER = frozenset({Role.PRIVACY_OFFICER})
_APPROVER = frozenset({Role.APPROVER})
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})

MAY: Mapping[Action, frozenset[Role]] = {
    Action.VIEW: _EVERYONE,
    Action.BRING_IN_DATA: _OPERATOR,
    Action.DELETE_DATA: _OPERATOR | _ADMINISTRATOR,
    Action.EDIT_USE_CASE: _OPERATOR,
    Action.EDIT_POLICY: _OFFICER,
    Action.REVIEW: _OFFICER,
    Action.SEE_TEXT: _OPERATOR | _OFFICER | _APPROVER,
    Action.START_JOB: _OPERATOR,
    Action.RETRY_JOB: _OPERATOR,
    Action.STOP_JOB: _OPERATOR | _ADMINISTRATOR,
    Action.TEST_TEACHER: _OPERATOR,
    Action.RATE: _OPERATOR | _APPROVER | _OFFICER,
    Action.ASK_RELEASE: _OPERATOR,
    Action.DECIDE_RELEASE: _APPROVER,
    Action.ERASE: _OFFICER,
    Action.MANAGE_ACCOUNTS: _ADMINISTRATOR,
    Action.MANAGE_MODELS: _ADMINISTRATOR,
    Action.BACK_UP: _ADMINISTRATOR,
    Action.READ_AUDIT: _ADMINISTRATOR | _OFFICER,
    Action.CHANGE_OWN_PASSWORD: _EVERYONE,
    Action.LOG_IN: _EVERYONE,
    Action.LOG_OUT: _EVERYONE,
}

_WITHOUT_A_ROLE = frozenset({Action.CHANGE_OWN_PASSWORD, Action.LOG_IN, Action.LOG_OUT})
"""What an account may do that has to change its one-time password first, and so acts in no role."""

_LOOKING = frozenset({Action.SEE_TEXT, Action.READ_AUDIT})
"""Changes nothing, and a page asks again each time it is drawn: the same person looking at the same thing is written down
once in a while, before it is shown. VIEW is not written down at all."""
_LOOKING_AGAIN_S = 900.0


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for one request."""

    name: str
    roles: frozenset[Role]
    origin: str
    """"console", "shell" or "job"."""


class NotAllowed(Exception):
    """One line: who may not do what, and which role may."""


def may(actor: Actor, action: Action) -> bool:
    return action in _WITHOUT_A_ROLE or bool(actor.roles & MAY[action])


@contextmanager
def acting(
    home: Home, actor: Actor, action: Action, **objects: str | int | None
) -> Iterator[dict[str, str | int | None]]:
    """The block is what the actor does to the objects (names and ids; never text of a record); what it makes itself, such
    as a job's id, it puts into the mapping that it is given, for the entry on how it ended.

    Refused, and the refusal written down, where no role of the actor's allows it: raises NotAllowed. Otherwise the log says
    that it was begun before anything happens, so that a kill hides nothing and a log that cannot be written stops the
    action; and how it ended (`done`, or `failed` with the type of the error).
    """
    if not may(actor, action):
        audit.append(home, actor.name, actor.origin, action, "refused", objects)
        raise NotAllowed(f"{actor.name} may not {_words(action)}: {_or(MAY[action])} may")
    made: dict[str, str | int | None] = {}
    if action is Action.VIEW:
        yield made
        return
    if action in _LOOKING:
        audit.append_unless_recent(
            home, actor.name, actor.origin, action, "done", objects, within_s=_LOOKING_AGAIN_S
        )
        yield made
        return
    begun = audit.append(home, actor.name, actor.origin, action, "begun", objects)
    try:
        yield made
    except BaseException as error:
        failed = {**objects, **made, "error": type(error).__name__}
        audit.append(home, actor.name, actor.origin, action, "failed", failed, begun)
        raise
    audit.append(home, actor.name, actor.origin, action, "done", {**objects, **made}, begun)


def shell_actor() -> Actor:
    """The owner of the home at a terminal: whoever can read the home's files can do everything to them anyway."""
    user = os.getuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = str(user)  # in a container the user may have no name
    return Actor(f"shell:{name}", _EVERYONE, "shell")


def _words(action: Action) -> str:
    return action.value.replace("-", " ")


def _or(roles: frozenset[Role]) -> str:
    return " or ".join(f"the {role.value.replace('-', ' ')}" for role in Role if role in roles)
