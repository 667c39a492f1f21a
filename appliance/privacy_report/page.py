"""The privacy report as one HTML file, in the form of the run's report: no script, no outside resource."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from appliance.report import charts, words
from appliance.report.attack import RESULTS
from appliance.report.attack import attack as attack_section
from appliance.report.blocks import Column, KeyFigure, Notes, Pairs, Section, Table, figure, table
from appliance.report.document import on_run
from appliance.report.evidence import against_floor
from appliance.report.html import render_page
from appliance.report.study import Study, shown
from privacy.entities import ENTITY_TYPES

Facts = Mapping[str, Any]


def render(facts: Facts, key_sha256: str) -> str:
    """The page for facts from `gather`; `key_sha256` names the key that signs them."""
    scrub = facts["scrub"]
    document = on_run(
        facts,
        verdict="Privacy report",
        kicker="Privacy report",
        headline=scrub.get("residual_risk") or "How much private data is left was not measured.",
        reasons=_reasons(facts),
        key_figures=_key_figures(facts),
        sections=[
            _policy(facts),
            _found(facts),
            _recall(facts),
            attack_section(Study(facts)),
            _differential_privacy(facts),
            _air_gap(facts),
            Section("not-tested", "What was not tested", (), (Notes(tuple(facts["not_tested"])),)),
            _evidence(facts, key_sha256),
        ],
    )
    return render_page(document)


def _reasons(facts: Facts) -> list[str]:
    scrub, attack = facts["scrub"], facts["attack"]
    return [
        f"Of {words.number(scrub['seen'])} records seen, {words.number(scrub['dropped'])} were dropped because they could "
        f"not be scanned or were refused; in the others {words.number(scrub['spans'])} places were replaced.",
        "Leak test of the students: " + ("did not run." if attack is None else f"{_results(attack)}."),
        "Differential privacy: " + _promise(facts["differential_privacy"]),
    ]


def _results(attack: Facts) -> str:
    return "; ".join(
        f"{words.arm_name(arm)}: {RESULTS.get(student['result'], student['result'])}"
        for arm, student in attack["students"].items()
    )


def _promise(guarantee: Facts | None) -> str:
    if guarantee is None:
        return "none."
    return (
        f"epsilon {words.significant(guarantee['epsilon'])} at delta {guarantee['delta']:.2g}, "
        f"the unit is one {guarantee['unit']}."
    )


def _key_figures(facts: Facts) -> tuple[KeyFigure, ...]:
    scrub = facts["scrub"]
    upper = scrub.get("leak_upper")
    counts = [row["refused"] for row in facts["air_gap"] if row["refused"] is not None]
    leaks = (
        f"{words.number(scrub.get('leaking_records'))} of {words.number(scrub.get('measured_records'))} reviewed",
    )
    return (
        KeyFigure(
            "Recall of private data",
            words.percent(scrub.get("recall")),
            (
                f"Between {words.interval(scrub.get('recall_low'), scrub.get('recall_high'), ' and ')}",
                f"Floor {words.percent(scrub.get('recall_floor'))}, n {words.number(scrub.get('recall_n'))}",
            ),
        ),
        KeyFigure(
            "Records of 10,000 with a readable value, at most",
            words.number(None if upper is None else math.ceil(round(upper * 10_000, 6))),
            leaks,
        ),
        KeyFigure(
            "Records dropped", words.number(scrub["dropped"]), (f"of {words.number(scrub['seen'])} seen",)
        ),
        KeyFigure(
            "Connections outside, refused",
            words.number(sum(counts) if counts else None),
            (f"{len(counts)} of {len(facts['air_gap'])} stages counted",),
        ),
    )


def _policy(facts: Facts) -> Section:
    policy = facts["policy"]
    told = Pairs(
        "Policy",
        (
            ("Name", words.text(policy["name"])),
            ("Preset", words.text(policy["preset"])),
            ("Recall must reach", words.percent(policy["recall_floor"])),
            ("Hash of policy and key", words.text(policy["policy_id"])),
        ),
    )
    said = tuple(policy["in_words"]) or (f"What is done with each type: {words.NOT_RECORDED}.",)
    return Section("policy", "Policy", ("What the privacy officer signed.",), (told, Notes(said)))


def _found(facts: Facts) -> Section:
    scrub = facts["scrub"]
    rows = [
        (
            name,
            ENTITY_TYPES[name].description if name in ENTITY_TYPES else words.NOT_RECORDED,
            words.number(count),
        )
        for name, count in sorted(scrub["spans_by_type"].items(), key=lambda row: (-row[1], row[0]))
    ]
    found = table("What was found, by type", ["Type", "Meaning", Column("Places")], rows)
    drops = table(
        "Records dropped, by reason",
        ["Reason", Column("Records")],
        [(reason, words.number(count)) for reason, count in sorted(scrub["dropped_by_reason"].items())],
        note="" if scrub["dropped"] else "None was dropped.",
    )
    return Section(
        "found",
        "What was found",
        (),
        (found, drops if scrub["dropped"] else Notes(("No record was dropped.",))),
    )


def _recall(facts: Facts) -> Section:
    """Recall by type beside the ways of counting, with the risk in words."""
    scrub = facts["scrub"]
    kinds = scrub.get("recall_by_type") or []
    chart = charts.dot_rows(
        "recall",
        "Recall by type of private data",
        "Share of labelled spans of which every letter is masked, by type, with 95% intervals.",
        [
            charts.Row(
                words.text(kind["entity_type"]),
                (charts.Dot(kind["recall"], kind["low"], kind["high"], "student"),),
                words.percent_interval(kind["recall"], kind["low"], kind["high"]),
            )
            for kind in kinds
        ],
        reference=None
        if scrub.get("recall_floor") is None
        else (scrub["recall_floor"], f"floor {words.percent(scrub['recall_floor'], 0)}"),
    )
    more = scrub.get("records_to_review")
    notes = [
        "A span counts as found when every letter and digit of it is masked. The intervals take into account that the "
        "spans of one record are found or missed together.",
        *([f"About {more:,} more reviewed records would bring the interval over the floor."] if more else []),
    ]
    return Section(
        "recall",
        "Recall",
        (against_floor(scrub), *filter(None, [scrub.get("residual_risk")])),
        (_ways(scrub), figure("Whiskers are 95% intervals.", [chart]), _by_type(kinds), Notes(tuple(notes))),
    )


def _ways(scrub: Facts) -> Table:
    whole = {"value": scrub.get("recall"), "low": scrub.get("recall_low"), "high": scrub.get("recall_high")}
    rows = [("Covered in full", shown(whole), words.NOT_MEASURED)]
    for name, key in (
        ("Touched, any type", "overlap"),
        ("Same place and type", "typed"),
        ("Letters and digits", "characters"),
    ):
        both = scrub.get(key) or {}
        rows.append((name, shown(both.get("recall") or {}), shown(both.get("precision") or {})))
    return table(
        "Recall and precision, by way of counting", ["Counted", Column("Recall"), Column("Precision")], rows
    )


def _by_type(kinds: list[Facts]) -> Table:
    rows = [
        (
            kind["entity_type"],
            words.number(kind["n"]),
            words.percent_interval(kind["recall"], kind["low"], kind["high"]),
            shown(kind.get("typed") or {}),
        )
        for kind in kinds
    ]
    columns: list[Column | str] = [
        "Type",
        Column("Labelled"),
        Column("Covered in full"),
        Column("Same place and type"),
    ]
    return table("Recall by type", columns, rows)


def _differential_privacy(facts: Facts) -> Section:
    guarantee = facts["differential_privacy"]
    if guarantee is None:
        return Section(
            "differential-privacy",
            "Differential privacy",
            ("None: no bound is claimed on what a student may tell of one person.",),
            (),
        )
    names = {
        "unit": "Unit",
        "units": "Units in the training set",
        "epsilon": "Epsilon claimed",
        "epsilon_prv": "Epsilon by privacy-loss random variables",
        "epsilon_pld": "Epsilon by privacy-loss distributions",
        "delta": "Delta",
        "noise_multiplier": "Noise multiplier",
        "clip": "Clipping norm",
        "sample_rate": "Sampling rate",
        "steps": "Steps",
    }
    pairs = tuple((name, words.text(guarantee.get(key))) for key, name in names.items())
    return Section(
        "differential-privacy",
        "Differential privacy",
        (_promise(guarantee).capitalize(),),
        (Pairs("The promise", pairs),),
    )


def _air_gap(facts: Facts) -> Section:
    rows = [(row["stage"], words.number(row["refused"])) for row in facts["air_gap"]]
    said = table(
        "Attempts to connect outside this machine",
        ["Stage", Column("Refused")],
        rows,
        note="The kernel refuses and counts them. A stage taken over from another run has no count here.",
    )
    return Section(
        "air-gap", "Air gap", ("Each stage runs in a process that cannot reach a network.",), (said,)
    )


def _evidence(facts: Facts, key_sha256: str) -> Section:
    split = facts["training_set"] or {}
    counts = Pairs(
        "Records",
        tuple(
            (name, words.number(split.get(key)))
            for key, name in (
                ("train", "Training"),
                ("val", "Validation"),
                ("test", "Test"),
                ("overlap", "In both"),
            )
        ),
    )
    students = table(
        "Students",
        ["Stage", "Method", "SHA-256"],
        [(row["stage"], words.text(row["method"]), row["sha256"]) for row in facts["students"]],
    )
    stages = table(
        "Stages",
        ["Stage", "Outputs, SHA-256", "Taken over from"],
        [(row["stage"], row["outputs_sha256"], row["reused_from"] or "") for row in facts["stages"]],
    )
    hashes = Pairs(
        "Signature",
        (("Key, SHA-256", key_sha256), ("Configuration, SHA-256", facts["config_sha256"])),
        look="mono",
    )
    intro = ("The JSON file beside this page holds the same facts, signed. This page's hash is in it.",)
    return Section("evidence", "Evidence", intro, (counts, students, stages, hashes))
