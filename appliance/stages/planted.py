"""What the scrub stage keeps of planted secrets: which record carries which, by ids and numbers.

The secrets themselves are in no file: they come from the home's key again, here and in the attack stage.
"""

from __future__ import annotations

import json
import string
from pathlib import Path

from appliance.stages.context import Context
from distill.checkpoints import write_atomically
from privacy.attack import planting
from privacy.attack.canaries import invent
from privacy.attack.planting import Planting
from privacy.scrub import Plant

FILE = "planted.json"


def write(context: Context, key: bytes) -> None:
    """Chooses the carriers among the records of `data`."""
    planned = planting.plan(context.use_case.plant, context.use_case.data, context.base_dir, key)
    told = {"records": planned.records, "carriers": dict(planned.carriers)}
    write_atomically(context.folder / FILE, json.dumps(told))


def read(context: Context, folder: Path, key: bytes) -> Planting:
    """What `write` left in the scrub stage's folder."""
    told = json.loads((folder / FILE).read_text(encoding="utf-8"))
    canaries = invent(context.use_case.plant, key, told["records"])
    return Planting(tuple(canaries), told["carriers"], told["records"])


def planter(context: Context, key: bytes) -> Plant | None:
    """Puts the sentences at the end of the first field that the model is shown."""
    holes = string.Formatter().parse(context.use_case.task.input)
    field = next(name for _, name, _, _ in holes if name is not None)
    return planting.planter(read(context, context.folder, key), field)
