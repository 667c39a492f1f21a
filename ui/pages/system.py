"""The page System."""

from __future__ import annotations

from appliance.acting import Action
from ui import access, parts

access.require(Action.VIEW)
parts.page_head("System", "Nothing is shown here yet.")
