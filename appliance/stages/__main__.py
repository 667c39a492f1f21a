"""One stage as a process, sealed: `python -m appliance.stages RUN_FOLDER STAGE`.

Where the kernel can, the stage's whole process tree is kept from connecting anywhere but loopback, and each refused
attempt is counted in `egress.json`, which the report tells. Where it cannot, the stage runs and nothing is claimed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from appliance.airgap import go_sealed
from appliance.airgap.addresses import addresses_of


def allowed(run_folder: Path, stage: str) -> list[tuple[str, int]] | None:
    """The address of the teacher, or of a judge, for the stage that asks it; None if that is a name, which takes lookups
    to resolve."""
    use_case = json.loads((run_folder / "config.json").read_text(encoding="utf-8"))["use_case"]
    onpolicy = use_case["onpolicy"]
    judges = [*onpolicy["reward"], *([onpolicy["teacher"]] if onpolicy["teacher"] else [])]
    compares = [use_case["judge"]] if use_case.get("judge") else []
    asked = {"teach": [use_case["teacher"]], "onpolicy": judges, "evaluate": compares}.get(stage, [])
    return addresses_of(each["url"] for each in asked if each["url"] is not None)


def main(run_folder: Path, stage: str) -> int:
    go_sealed(allowed(run_folder, stage), run_folder / stage)
    from appliance.stages.work import main as work

    return work(run_folder, stage)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
