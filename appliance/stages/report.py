"""The verdict, and the report in all its forms."""

from __future__ import annotations

import json
from collections.abc import Mapping

from appliance import manifest
from appliance.cost.assess import Effort, assess
from appliance.manifest import Manifest, hash_json
from appliance.report.facts import commit, gather
from appliance.report.write import write_report
from appliance.run import external_digest, open_folder
from appliance.stages.context import Context, Facts

_BEFORE = ("scrub", "teach", "curate", "check", "sft", "onpolicy", "evaluate", "attack", "bench")


def report(context: Context) -> tuple[Facts, list[str]]:
    """Money from measured speed and the price card; the verdict; the report."""
    use_case = context.use_case
    stages = {name: context.before(name)[1] for name in _BEFORE}
    bench, evaluated = stages["bench"].facts, stages["evaluate"].facts
    effort = Effort.of(
        {name: stage.facts for name, stage in stages.items()}, use_case.teacher.kind == "recorded"
    )
    found = assess(use_case.prices, use_case.decide, evaluated, bench, effort, _cautions(stages))
    hashes = _hashes(context, evaluated["chosen"])
    facts = gather(context.run_id, use_case, stages, found.facts(), hashes)
    facts["egress"] = _egress(context)
    written = write_report(facts, context.folder)
    return {
        "verdict": found.verdict.kind,
        "headline": found.verdict.headline,
        "costs": facts["cost"],
    }, written


def _cautions(stages: Mapping[str, Manifest]) -> list[str]:
    """What other stages found that whoever reads only the verdict must know."""
    said = []
    chosen = stages["evaluate"].facts["chosen"]
    if stages["attack"].facts["students"].get(chosen, {}).get("result") == "leaks":
        said.append("The student gives away what it learnt from: see the attack before it is released.")
    general = stages["evaluate"].facts.get("general")
    if general and general["difference"]["high"] is not None and general["difference"]["high"] < 0:
        before, after = general["before"]["value"], general["after"]["value"]
        said.append(
            f"Training cost general ability: {before:.0%} of {general['n']} instructions outside the task were done "
            f"before, {after:.0%} after. It is a student for this task and no other."
        )
    return said


def _hashes(context: Context, chosen: str) -> dict[str, str | None]:
    run = open_folder(context.run_folder, context.home)
    return {
        "data": external_digest(run, "data"),
        "config": hash_json(json.loads((context.run_folder / "config.json").read_text())["use_case"]),
        "scrubbed": context.before("scrub")[1].digest,
        "training_set": context.before("curate")[1].digest,
        "teacher": context.before("teach")[1].digest,
        "student_base": hash_json(manifest.hash_outputs(context.model(context.use_case.student.base), ["."])),
        "student": manifest.model_digest(context.before(chosen)[1]),
        "commit": commit(),
    }


def _egress(context: Context) -> Facts | None:
    """Attempts to connect outside, refused and counted by the seal; stages without one (taken over, say) are told."""
    told = [path for name in _BEFORE if (path := context.run_folder / name / "egress.json").exists()]
    if not told:
        return None
    refused = sum(json.loads(path.read_text())["refused"] for path in told)
    return {"refused": refused, "attempts": refused, "sealed_stages": len(told), "stages": len(_BEFORE)}
