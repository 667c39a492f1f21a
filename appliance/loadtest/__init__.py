"""Load tests of a chat endpoint: in a closed loop of n clients, and in an open loop of arrivals that do not wait.

`client` asks and takes the times · `level` runs one level of load · `intervals` says how sure a percentile is ·
`server_metrics` reads the engine's own figures · `summary` makes one row of a level and finds the best at an objective.
"""

from __future__ import annotations

from appliance.loadtest.client import Answer, Messages
from appliance.loadtest.intervals import percentile
from appliance.loadtest.level import LevelResult, arrivals, closed_loop, open_loop
from appliance.loadtest.settings import LoadtestSettings, SloSettings
from appliance.loadtest.summary import Serving, best_at, summarise

__all__ = [
    "Answer",
    "LevelResult",
    "LoadtestSettings",
    "Messages",
    "Serving",
    "SloSettings",
    "arrivals",
    "best_at",
    "closed_loop",
    "open_loop",
    "percentile",
    "summarise",
]
