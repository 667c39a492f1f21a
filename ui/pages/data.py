"""The page Data."""

from __future__ import annotations

from appliance.acting import Action
from ui import access, parts

access.require(Action.VIEW)
parts.page_head("Data", "Nothing is shown here yet.")
