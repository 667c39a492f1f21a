"""What answers cost with the teacher and with each arm in its place, and whether the swap is worth it.

`prices` and `card` hold what is typed in · `rates` what is measured · `unit_costs` prices a thousand requests · `months`
knows bills over time · `swap` makes them of prices and rates · `sensitivity` and `explain` read a swap · `standing`,
`sentences` and `verdict` decide ·
`assess` puts all together.
"""

from __future__ import annotations

from appliance.cost.names import ARM_NAMES
from appliance.cost.prices import PriceCard, PriceSettings
from appliance.cost.standing import DecideSettings
from appliance.cost.unit_costs import Cost
from appliance.cost.verdict import Verdict

__all__ = ["ARM_NAMES", "Cost", "DecideSettings", "PriceCard", "PriceSettings", "Verdict"]
