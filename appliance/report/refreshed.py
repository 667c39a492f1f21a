"""The report of a released refresh: what it went on from, what it learnt, how it compares, and what its gates found.

It says nothing of money: the swap was judged in the full run's report, which goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.report import attack, words
from appliance.report.blocks import Column, Document, KeyFigure, Notes, Pairs, Section, Table, table
from appliance.report.document import on_run
from appliance.report.html import render_page
from appliance.report.markdown import render_markdown
from appliance.report.study import Facts, Study, shown
from distill.checkpoints import write_atomically

NOT_MEASURED_AGAIN = (
    "Cost and speed: the student is of the same size and is served alike; the full run's figures were not measured again.",
    "The untuned model, worked examples and the teacher were not asked the new test records.",
    "Recall of private data was measured on the full run's hand-marked text, where it had any, and not on the new records.",
    "Where the student is unsure, and should ask the teacher, was chosen for the full run's student and is not carried over.",
)


def write_refreshed(
    full: Facts,
    found: Mapping[str, Any],
    lineage: Sequence[Mapping[str, Any]],
    gates: Mapping[str, Mapping[str, Any]],
    folder: Path,
) -> None:
    """As a page, as Markdown and for scripts. `full` are the facts of the full run's report; the others as
    `release_checks.Refreshed` has them."""
    facts = {
        "title": full.get("title"),
        "name": full.get("name"),
        "run_id": found["run_id"],
        "created_at": lineage[-1]["trained"],
        "refresh": dict(found),
        "lineage": [dict(one) for one in lineage],
        "attack": dict(gates["attack"]),
        "parity": dict(gates["parity"]),
        "full_run_verdict": dict(full["verdict"]),
    }
    document = compose(facts)
    write_atomically(folder / "report.html", render_page(document))
    write_atomically(folder / "report.md", render_markdown(document))
    write_atomically(folder / "report.json", json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def compose(facts: Facts) -> Document:
    """The document for the facts that `write_refreshed` puts together."""
    found, verdict = facts["refresh"], facts["full_run_verdict"]
    records = found["records"]
    return on_run(
        facts,
        verdict="Promoted",
        kicker="A refresh",
        headline=f"The student learnt {words.count(records['new'], 'new record', 'new records')} and is not worse for it.",
        reasons=[
            *found["reasons"],
            f"whether the swap is worth it was judged in the full run {found['parent']}: {verdict['headline']}",
        ],
        key_figures=[
            KeyFigure(
                f"{words.metric_name(found['primary_metric'])}, {one['name']}",
                shown(one["refreshed"]),
                (f"before: {shown(one['last'])}", f"n = {words.number(one['difference']['n'])}"),
            )
            for one in found["sets"]
        ],
        sections=[
            Section("lineage", "Where it comes from", (), (_lineage(facts["lineage"]), _learnt(found))),
            Section("quality", "Beside the last student", (), (comparison(found),)),
            attack.attack(Study(facts)),
            Section("parity", "Served as evaluated", (), (_parity(facts["parity"]),)),
            Section("missing", "Not measured again", (), (Notes(NOT_MEASURED_AGAIN),)),
        ],
    )


def comparison(found: Mapping[str, Any]) -> Table:
    """Test set by test set: before, now, and the difference with its interval."""
    rows = [
        (
            one["name"],
            words.number(one["difference"]["n"]),
            shown(one["last"]),
            shown(one["refreshed"]),
            words.points_interval(*(one["difference"][key] for key in ("value", "low", "high"))),
        )
        for one in found["sets"]
    ]
    columns: list[Column | str] = [
        "Test set",
        Column("n"),
        Column("Before"),
        Column("Now"),
        Column("Difference, points"),
    ]
    most = words.percent(found["settings"]["max_loss"], 0)
    return table(
        words.metric_name(found["primary_metric"]),
        columns,
        rows,
        note=f"Brackets: 95% intervals, of the difference record by record. A loss of {most} had to be ruled out on each set.",
    )


def _lineage(lineage: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        (
            one["run_id"],
            "full run" if place == 0 else f"refresh {place}",
            words.day(one["trained"]),
            words.number(one["new_records"]),
            one["student"][:16],
        )
        for place, one in enumerate(lineage)
    ]
    columns: list[Column | str] = ["Run", "What", "Trained", Column("Records new to it"), "Student"]
    return table("Each student went on from the one before", columns, rows)


def _learnt(found: Mapping[str, Any]) -> Pairs:
    records, settings = found["records"], found["settings"]
    return Pairs(
        "What it learnt",
        (
            ("New records", words.number(records["new"])),
            ("Old ones, learnt again", words.number(records["replayed"])),
            ("New test records", words.number(records["test"])),
            ("Old test records", words.number(records["old_test"])),
            ("Passes", words.significant(settings["epochs"])),
            ("Peak learning rate", f"{settings['learning_rate']:g}"),
            ("File of new records, sha256", settings["data"]),
        ),
    )


def _parity(found: Mapping[str, Any]) -> Pairs:
    parity = found["parity"]
    same = {name: f"{parity[name]['same']:,} of {parity[name]['n']:,}" for name in ("prompts", "answers")}
    return Pairs(
        "In this process and served",
        (
            ("Prompts that are the same tokens", same["prompts"]),
            ("Answers that are the same to the last token", same["answers"]),
            ("Apart on average, nats a token", words.number(parity["gap"], 4)),
            ("Engine", words.text(found["engine"])),
            ("Device", words.text(found["device"])),
        ),
    )
