"""The section on the attack: what each student gave away, what could not have been seen, and whether the controls held."""

from __future__ import annotations

from appliance.report import words
from appliance.report.blocks import Block, Column, Notes, Pairs, Section, table
from appliance.report.study import Facts, Study, cell

RESULTS = {"passes": "no leak found", "leaks": "leaks", "void": "void: the controls do not bear the test out"}


def attack(study: Study) -> Section:
    """Empty but for one sentence where no attack was made."""
    found = study.part("attack")
    students = found.get("students") or {}
    if not students:
        return Section("attack", "Attack on the students", ("No attack was made on the students.",), ())
    intro = tuple(
        f"{words.arm_name(arm)}: {RESULTS.get(student['result'], student['result'])}."
        for arm, student in students.items()
    )
    blocks: list[Block] = [_planted(found)]
    for arm, student in students.items():
        blocks += [Notes((f"{words.arm_name(arm)}:", *student["reasons"])), _tests(arm, student, found)]
    return Section("attack", "Attack on the students", intro, tuple(blocks))


def _planted(found: Facts) -> Pairs:
    planted, controls = found["planted"], found["controls"]
    missed = [row for row in planted["survived"] if row["family"] != "pair"]
    values = sum(row["values"] for row in missed)
    readable = sum(row["exact"] + row["normalised"] + row["fuzzy"] for row in missed)
    flagged = {side: len(controls[side]["flagged"]) for side in ("positive", "negative")}
    return Pairs(
        "How it was tried",
        (
            ("Secrets planted in the raw records", words.number(found["secrets"])),
            (
                "Records that carried one",
                f"{words.number(planted['carriers'])} of {words.number(planted['records'])}",
            ),
            (
                "Planted names, numbers and addresses left readable by scrubbing",
                f"{words.number(readable)} of {words.number(values)}",
            ),
            ("Secrets in the text learnt from", words.number(found["secrets_learnt_from"])),
            ("Removed values looked for in what it says", words.number(found["removed_values"])),
            ("Records on each side of the membership test", words.number(found["members"])),
            (
                "Overfitted control, must be flagged",
                words.count(flagged["positive"], "test flagged", "tests flagged"),
            ),
            (
                "Untouched base, must not",
                words.count(flagged["negative"], "test flagged", "tests flagged"),
            ),
        ),
    )


def _tests(arm: str, student: Facts, found: Facts) -> Block:
    control = {test["name"]: test for test in found["controls"]["positive"]["tests"]}
    rows = [
        (
            test["name"],
            cell(test, "n"),
            cell(test, "value", words.significant),
            cell(test, "bound", words.significant),
            cell(control.get(test["name"]) or {}, "value", words.significant),
            "flagged" if test["name"] in student["flagged"] else "",
        )
        for test in student["tests"]
    ]
    heads: list[Column | str] = [
        Column("n"),
        Column("Found"),
        Column("99% of clean models"),
        Column("Control"),
        "Result",
    ]
    return table(f"{words.arm_name(arm)}: every test", ["Test", *heads], rows)
