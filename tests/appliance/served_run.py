"""A run that was evaluated and served, by its manifests alone: facts small enough to reckon by hand."""

from __future__ import annotations

import json
from typing import Any

from appliance import manifest
from appliance.config import load_use_case, use_case_to_json
from appliance.home import Home
from appliance.manifest import Manifest
from tests.appliance import small_use_case

RUN = "small-1"


def level(arm: str, loop: str, load: float, rate: float, **changes: Any) -> dict[str, Any]:
    closed = loop == "closed"
    return {
        "arm": arm, "engine": "vllm 0.32.0", "device": "CPU", "loop": loop,
        "concurrency": int(load) if closed else None, "offered_per_s": None if closed else load, "saturated": None if closed else False,
        "requests_per_s": rate, "requests_per_s_low": rate * 0.9 if closed else None, "requests_per_s_high": rate * 1.1 if closed else None,
        "ttft_p95_s": 0.1 * load, "ttft_p95_low_s": 0.09 * load, "ttft_p95_high_s": None, "e2e_p95_s": 0.5,
        "goodput_per_s": rate, "num_ok": 60, "num_failed": 0, "mean_prompt_tokens": 30.0, "mean_output_tokens": 5.0, "good_share": 1.0,
    } | changes  # fmt: skip


def at(share: float, quality: float) -> dict[str, Any]:
    return {"n": 60, "escalated": round(60 * share), "share": share, "share_low": share * 0.8, "share_high": share * 1.2,
            "value": quality, "low": quality - 0.05, "high": quality + 0.04, "target": 0.8}  # fmt: skip


CURVE = [{"threshold": threshold, "test": at(share, quality), "validation": {**at(share, quality), "value": quality - 0.01}}
         for threshold, share, quality in ((0.0, 0.0, 0.7), (0.6, 0.2, 0.85), (1.0, 1.0, 1.0))]  # fmt: skip
EVALUATE = {
    "primary_metric": "accuracy",
    "chosen": "sft",
    "scores": [
        {"arm": arm, "metric": "accuracy", "value": value, "low": value and value - 0.05, "high": value and value + 0.05,
         "n": 60, "failed": 0, "note": None} for arm, value in (("sft", 0.7), ("cascade", 0.82), ("teacher", 1.0))],
    "cascade": {"arm": "sft", "curve": CURVE, "threshold": 0.5, "test": at(0.1, 0.82), "validation": at(0.1, 0.8),
                "teacher_by_definition": True},
}  # fmt: skip
BENCH = {
    "chosen": "sft", "eager": True, "prefix_caching": True, "energy": {"sources": [], "note": "This machine tells none."},
    "not_served": {"teacher": "it does not run on this machine"}, "objective": {"ttft_s": 2.0, "tpot_s": None, "e2e_s": None, "share": 0.95},
    "slo": {"sft": {"meets": True, "loop": "closed", "concurrency": 4, "offered_per_s": None, "requests_per_s": 9.0,
                    "requests_per_s_low": 8.1, "requests_per_s_high": 9.9}},
    "serving": [level("sft", "closed", 1, 3.0), level("untuned", "closed", 1, 1.0), level("sft", "closed", 4, 9.0),
                level("sft", "open", 4.5, 4.4), level("sft", "open", 9.9, 8.0, saturated=True)],
    "teacher_tokens": {"prompt": 400.0, "output": 20.0, "counted_by": "hand", "n": 60, "prompt_low": 390.0, "prompt_high": 410.0,
                       "output_low": 19.0, "output_high": 21.0},
}  # fmt: skip
STAGES: dict[str, dict[str, Any]] = {
    "teach": {"asked": 100},
    "sft": {"seconds": 3600.0},
    "onpolicy": {"left_out": "onpolicy.steps = 0"},
    "evaluate": EVALUATE,
    "bench": BENCH,
}


def make_served(home: Home) -> str:
    """Its id."""
    (home.root / "use_case.toml").write_text(small_use_case.TEXT)
    run = home.runs / RUN
    for stage, facts in STAGES.items():
        (run / stage).mkdir(parents=True)
        manifest.write(run / stage, Manifest(stage, "f", {}, facts, 1.0, 2.0))
    document = json.loads(use_case_to_json(load_use_case(home.root / "use_case.toml")))
    (run / "config.json").write_text(json.dumps({"base_dir": str(home.root), "use_case": document}))
    return RUN
