"""Where the student loses: gaps to the teacher, slices of the data, classes, and the records to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.report import charts, words
from appliance.report.blocks import Block, Cell, Column, Figure, Section, Table, figure, table
from appliance.report.study import Facts, Study, at, cell, counted, rated

OVERLAP = "Where the intervals overlap, the gap may be chance; where they stand apart, it is hardly that."
MOST_SLICES, MOST_CLASSES, MOST_RECORDS = 12, 12, 10
"""Rows on the page; report.json and the workbook's last sheet have all."""


@dataclass(frozen=True, slots=True)
class Gap:
    metric: str
    own: Facts
    teacher: Facts
    by_teacher: bool  # the teacher is the reference, so it agrees with itself in every case

    @property
    def value(self) -> float | None:
        """Student less teacher; None unless both were measured."""
        own, teacher = self.own.get("value"), 1.0 if self.by_teacher else self.teacher.get("value")
        return None if own is None or teacher is None else own - teacher

    @property
    def path(self) -> str:
        """What the gap is reckoned from."""
        both = (self.own,) if self.by_teacher else (self.own, self.teacher)
        return " ".join(filter(None, (at(score, "value") for score in both)))


def losses(study: Study) -> Section:
    """Every metric of the student in question against the teacher, the largest gap first; then slices, classes, records."""
    gaps = [
        Gap(metric, study.score(study.best, metric), study.score(words.TEACHER, metric), study.by_teacher)
        for metric in study.metrics
    ]
    gaps.sort(key=lambda gap: (gap.value is None, gap.value or 0.0))
    blocks = (_gap_chart(study, gaps), _gap_table(gaps), *_slices(study), _classes(study), _worst(study))
    return Section("losses", "Where the student loses", _gap_intro(study, gaps), blocks)


def _gap_intro(study: Study, gaps: Sequence[Gap]) -> tuple[str, ...]:
    measured = [gap for gap in gaps if gap.value is not None]
    behind = [gap for gap in measured if (gap.value or 0) < 0]
    if not measured:
        return ("Student and teacher share no measured metric, so the gap is not measured.",)
    said = [f"The student scores below the teacher on {len(behind) or 'none'} of {len(measured)} measures."]
    if study.by_teacher:
        said = [
            "The teacher is the reference here, so a gap is where the student's answer differs from its own."
        ]
    if behind:
        name = words.within(words.metric_name(behind[0].metric))
        said.append(f"The largest gap: {name}, {words.points(behind[0].value)} points.")
    flagged = [row for row in study.rows("slices") if row.get("flagged") and row.get("worse") is not False]
    if flagged:
        said.append(f"Surely worse than on the whole: {words.count(len(flagged), 'slice', 'slices')}.")
    elif study.rows("slices"):
        said.append("No slice of the data is surely worse than the whole.")
    return tuple(said)


def _gap_chart(study: Study, gaps: Sequence[Gap]) -> Figure | None:
    name = words.arm_name(study.best)
    legend = [("student", name), ("teacher", words.arm_name(words.TEACHER))]
    compared = [study.best] if study.by_teacher else [study.best, words.TEACHER]
    drawn = charts.dot_rows(
        "losses",
        "Student and teacher, measure by measure",
        f"{name} and teacher on every measure, with 95% intervals. The table that follows has the figures.",
        [
            charts.Row(
                words.metric_name(gap.metric),
                tuple(study.dot(arm, gap.metric) for arm in compared),
                words.points(gap.value),
            )
            for gap in gaps
        ],
        legend=legend[:1] if study.by_teacher else legend,
    )
    return figure("Whiskers are 95% intervals. On the right: the gap in percentage points.", [drawn])


def _gap_table(gaps: Sequence[Gap]) -> Table:
    return table(
        "The gaps in figures",
        ["Measure", Column("Student"), Column("Teacher"), Column("Gap, points"), "Intervals"],
        [
            (
                words.metric_name(gap.metric),
                rated(gap.own, detail=counted(gap.own)),
                Cell("is the reference")
                if gap.by_teacher
                else rated(gap.teacher, detail=counted(gap.teacher)),
                Cell(
                    words.points(gap.value),
                    strong=gap.value is not None and gap.value < 0,
                    path="" if gap.value is None else gap.path,
                ),
                _overlap(gap),
            )
            for gap in gaps
        ],
        note="" if any(gap.by_teacher for gap in gaps) else OVERLAP,
    )


def _overlap(gap: Gap) -> str:
    if gap.by_teacher:
        return "one only"
    own_low, own_high, low, high = (
        score.get(end) for score in (gap.own, gap.teacher) for end in ("low", "high")
    )
    if own_low is None or own_high is None or low is None or high is None:
        return words.NOT_MEASURED
    return "overlap" if own_low <= high and low <= own_high else "apart"


def _slices(study: Study) -> tuple[Block | None, ...]:
    """The weakest slices first, on the measure that decides."""
    rows = sorted(study.rows("slices"), key=lambda row: (row["student"] is None, row["student"] or 0.0))
    if not rows:
        return ()
    whole = study.score(study.best, study.metric).get("value")
    weakest = rows[:MOST_SLICES]
    # What all of them are cut by stands in the title once, and the names have the room.
    shared = {words.slice_by(row["by"]) for row in weakest}
    by = words.within(shared.pop()) if len(shared) == 1 else None
    drawn = charts.dot_rows(
        "slices",
        "The weakest slices of the data" + (f", by {by}" if by else ""),
        f"{words.metric_name(study.metric)} on parts of the test records, with 95% intervals. The table that follows has the figures.",
        [
            charts.Row(
                str(row["value"]) if by else f"{words.slice_by(row['by'])}: {row['value']}",
                (charts.Dot(row["student"], row["low"], row["high"], "student"),),
                words.percent_interval(row["student"], row["low"], row["high"]),
                bool(row["flagged"]),
            )
            for row in weakest
        ],
        reference=None if whole is None else (whole, "the whole"),
    )
    listed = table(
        "Slices in figures",
        ["By", "Value", Column("n"), Column("Student"), Column("Teacher"), Column("p, corrected"), "Result"],
        [
            (
                Cell(words.slice_by(row["by"]), strong=bool(row["flagged"])),
                words.text(row["value"]),
                cell(row, "n"),
                Cell(words.percent_interval(row["student"], row["low"], row["high"]), path=at(row)),
                "is the reference"
                if study.by_teacher
                else Cell(
                    words.percent_interval(
                        row.get("teacher"), row.get("teacher_low"), row.get("teacher_high")
                    ),
                    path=at(row),
                ),
                cell(row, "p_holm", words.chance),
                _flag(row),
            )
            for row in weakest
        ],
        note=f"{words.count(len(rows), 'slice', 'slices')} of at least 5 records were looked at, and p is corrected for that "
        "(Holm). Apart: surely unlike the whole.",
    )
    return figure("Whiskers are 95% intervals.", [drawn]), listed


def _flag(row: Facts) -> str:
    if not row["flagged"]:
        return ""
    return "apart, better" if row.get("worse") is False else "apart, worse"


def _classes(study: Study) -> Table | None:
    rows = [row for row in study.rows("classes") if row["arm"] == study.best]
    if not rows:
        return None
    return table(
        "The weakest classes",
        [
            "Class",
            Column("Records"),
            Column("Said"),
            Column("Recall"),
            Column("Precision"),
            Column("F1"),
            "Most taken for",
        ],
        [
            (
                row["label"],
                cell(row, "n"),
                cell(row, "said"),
                _end(row, "recall"),
                _end(row, "precision"),
                cell(row, "f1", words.percent),
                _taken(row),
            )
            for row in rows[:MOST_CLASSES]
        ],
        note=f"The {min(len(rows), MOST_CLASSES)} with the weakest recall of {len(rows)} classes. Recall: of the records of the "
        "class, the share found. Precision: of the answers that name it, the share that is right.",
        dense=True,
    )


def _end(row: Facts, name: str) -> Cell:
    shown = words.percent_interval(row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high"))
    return Cell(shown, path="" if row.get(name) is None else at(row))


def _taken(row: Facts) -> Cell | str:
    if not row.get("taken_for"):
        return "–"
    return Cell(f"{row['taken_for']} ({words.number(row.get('taken_for_n'))})", path=at(row))


def _worst(study: Study) -> Table | None:
    """Ids only, and labels of a closed set: what a record says is not for a report."""
    rows = study.rows("worst")
    if not rows:
        return None
    labelled = any(row.get("answer") is not None for row in rows)
    return table(
        "Records to look at",
        ["Record", Column("Confidence"), *(["Student said", "Right is"] if labelled else ["Wrong in"])],
        [
            (
                words.text(row["record_id"]),
                cell(row, "confidence", words.percent),
                *(
                    (words.text(row.get("answer")), words.text(row.get("reference")))
                    if labelled
                    else (", ".join(map(words.metric_name, row.get("wrong") or ())),)
                ),
            )
            for row in rows[:MOST_RECORDS]
        ],
        note=f"The student was wrong and the teacher right; most confident first, {min(len(rows), MOST_RECORDS)} of {len(rows)} kept.",
    )
