"""The audit log for people: who may read it, and that they did is in it too."""

from __future__ import annotations

from appliance import audit
from appliance.audit import Entry
from appliance.home import Home
from appliance.people.acting import Action, Actor, acting


def read(
    home: Home,
    actor: Actor,
    offset: int = 0,
    limit: int = 50,
    *,
    by: str | None = None,
    action: str | None = None,
    outcome: str | None = None,
) -> list[Entry]:
    """Newest first; see `audit.entries`. Raises NotAllowed."""
    with acting(home, actor, Action.READ_AUDIT, by=by, only=action, outcome=outcome, offset=offset or None):
        return audit.entries(home, offset, limit, actor=by, action=action, outcome=outcome)
