"""What the student can do besides its task, before and after training; and what a judge says of its answers."""

from __future__ import annotations

from appliance.report import charts, words
from appliance.report.blocks import Block, Cell, Column, Notes, Pairs, figure, table
from appliance.report.study import Facts, Study, at, cell, rated


def before_and_after(study: Study) -> tuple[Block | None, ...]:
    """Skill by skill; nothing where it was not measured."""
    found = study.part("general")
    if not found:
        return ()
    rows = [("All skills", found), *((row["skill"].capitalize(), row) for row in found["skills"])]
    drawn = charts.dot_rows(
        "general",
        "Instructions outside the task, before and after training",
        "Share of a fixed set of instructions that the base model and the trained student follow, with 95% intervals. "
        "The table that follows has the figures.",
        [
            charts.Row(
                name,
                tuple(
                    charts.Dot(row[side]["value"], row[side]["low"], row[side]["high"], css)
                    for side, css in (("before", "other"), ("after", "student"))
                ),
                f"{words.number(row['before']['right'])} → {words.number(row['after']['right'])} of {words.number(row['n'])}",
                name == "All skills",
            )
            for name, row in rows
        ],
        legend=[("other", "Before training"), ("student", words.arm_name(found.get("arm")))],
    )
    listed = table(
        "Other abilities in figures",
        [
            "Skill",
            Column("Before"),
            Column("After"),
            Column("n"),
            Column("Lost"),
            Column("Gained"),
        ],
        [
            (
                Cell(name, strong=row is found),
                rated(row["before"]),
                rated(row["after"]),
                cell(row, "n"),
                _changed(row, "only_before"),
                _changed(row, "only_after"),
            )
            for name, row in rows
        ],
        note=_difference(found),
    )
    return figure("Whiskers are 95% intervals.", [drawn]), listed


_PAIRED = {"only_before": "only_against", "only_after": "only_arm"}
"""What a comparison of two arms calls them."""


def _changed(row: Facts, key: str) -> Cell:
    return cell(row, key) if key in row else cell(row["difference"], _PAIRED[key])


def _difference(found: Facts) -> str:
    difference = found["difference"]
    said = (
        f"Difference: {words.points_interval(difference['difference'], difference['low'], difference['high'])} points, "
        f"p {words.equals(words.chance(difference['p']))} (McNemar's exact test)."
    )
    if found.get("task_answers"):
        said += (
            f" {words.number(found['task_answers'])} of {words.number(found['n'])} answers after training are an answer to the "
            "task that was learnt: the student has forgotten that there is anything else."
        )
    return said


def judged(study: Study) -> tuple[Block | None, ...]:
    """A judge's preferences; told as not trusted until it agrees with people."""
    found = study.part("judge")
    if not found:
        return ()
    golden = found.get("golden") or {}
    trust = Pairs(
        "The judge",
        (
            ("Model", words.text(found.get("model"))),
            ("Its scores", "count" if found.get("trusted") else "do not count"),
            ("Why", words.text(found.get("why"))),
            ("Agreement with people", _part(golden, "agreement")),
            ("Beyond chance (Cohen's kappa)", _kappa(golden)),
            ("Answers that people rated", cell(golden, "n")),
        ),
        look="prose",
    )
    if not found.get("trusted"):
        return trust, Notes(("Its preferences are in report.json and are not shown: they do not count.",))
    return trust, table(
        "The judge's preferences",
        [
            "Arm",
            "Against",
            Column("Better"),
            Column("As good"),
            Column("Worse"),
            Column("n"),
            Column("p"),
            Column("Contradicted itself"),
        ],
        [
            (
                words.arm_name(row["arm"]),
                words.arm_name(row["against"]),
                *(rated(row[name]) for name in ("win", "tie", "loss")),
                cell(row, "n"),
                cell(row, "p", words.chance),
                cell(row["position_bias"], "value", words.percent),
            )
            for row in found["pairs"]
        ],
        note="Each pair was shown in both orders; a preference counts where both agree, all else is as good.",
        dense=True,
    )


def _part(golden: Facts, key: str) -> Cell:
    return rated(golden[key]) if golden.get(key) else Cell(words.NOT_MEASURED)


def _kappa(golden: Facts) -> Cell:
    kappa = golden.get("kappa")
    if not kappa or kappa.get("value") is None:
        return Cell(words.NOT_MEASURED)
    low, high = (words.number(kappa.get(end), 2) for end in ("low", "high"))
    return Cell(f"{words.number(kappa['value'], 2)} ({low} to {high})", path=at(kappa))
