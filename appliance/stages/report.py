"""The verdict, and the report in all its forms."""

from __future__ import annotations

import json

from appliance import manifest
from appliance.cost import (
    Cost,
    TeacherTokens,
    decide,
    economics,
    served_cost,
    teacher_cost,
)
from appliance.loadtest import Serving
from appliance.manifest import hash_json
from appliance.report.facts import commit, gather
from appliance.report.write import write_report
from appliance.run import external_digest, open_folder
from appliance.stages.context import Context, Facts
from distill.evaluate import UNTRAINED_ARMS
from distill.values import Score

_BEFORE = ("scrub", "teach", "curate", "check", "sft", "onpolicy", "evaluate", "attack", "bench")


def report(context: Context) -> tuple[Facts, list[str]]:
    """Money from measured speed and the price card; the verdict; the report."""
    use_case = context.use_case
    stages = {name: context.before(name)[1] for name in _BEFORE}
    bench, evaluated = stages["bench"].facts, stages["evaluate"].facts
    rows = [Serving(**row) for row in bench["serving"]]
    by_arm = {arm: [row for row in rows if row.arm == arm] for arm in {row.arm for row in rows}}
    costs = _costs(context, by_arm, bench)
    chosen = evaluated["chosen"]
    primary = {
        row["arm"]: Score(**row)
        for row in evaluated["scores"]
        if row["metric"] == evaluated["primary_metric"]
    }
    money = economics(
        use_case.prices,
        by_arm.get(chosen, []),
        costs[chosen],
        costs["teacher"],
        training_hours=sum(stages[name].facts["seconds"] for name in context.trained_arms) / 3600,
        teacher_requests=stages["teach"].facts["asked"],
    )
    verdict = decide(primary, chosen, costs, money, use_case.decide)
    facts = gather(
        context.run_id, use_case, stages, list(costs.values()), money, verdict, _hashes(context, chosen)
    )
    facts["egress"] = _egress(context)
    written = write_report(facts, context.folder)
    return {"verdict": verdict.kind, "headline": verdict.headline, "costs": facts["cost"]}, written


def _costs(context: Context, by_arm: dict[str, list[Serving]], bench: Facts) -> dict[str, Cost]:
    prices = context.use_case.prices
    costs = {arm: served_cost(arm, by_arm.get(arm, []), prices) for arm in UNTRAINED_ARMS}
    for arm in context.trained_arms:
        measured = arm if arm in by_arm else bench["chosen"]
        costs[arm] = served_cost(
            arm, by_arm.get(measured, []), prices, like=None if measured == arm else measured
        )
    if "teacher" in by_arm:
        costs["teacher"] = served_cost("teacher", by_arm["teacher"], prices)
    else:
        tokens = bench["teacher_tokens"]
        costs["teacher"] = teacher_cost(prices, None if tokens is None else TeacherTokens(**tokens))
    return costs


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
