"""What the student's own confidence is worth: whether it can be believed, and what asking the teacher below a level brings."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.report import charts, plots, words
from appliance.report.blocks import Block, Cell, Column, Pairs, figure, table
from appliance.report.study import Facts, Study, at, cell

_WAYS = {"raw": "as the student gives it", "calibrated": "calibrated on validation records"}
_PICKED = {
    "interval": "the least share whose whole interval on validation records is over the target",
    "value": "the least share whose quality on validation records is over the target; its interval is not",
    "best": "the best quality: no share reached the target on validation records",
}


def calibration(study: Study) -> tuple[Block | None, ...]:
    """Reliability by tenths of confidence, before and after calibration; nothing where it was not measured."""
    found = study.part("calibration")
    ways = [(way, found[way]) for way in _WAYS if found.get(way)]
    if not ways:
        return ()
    drawn = [
        plots.reliability(
            f"reliability-{way}",
            f"Confidence {_WAYS[way]}",
            f"Share of answers that are right over the student's confidence, {_WAYS[way]}. On the line, it is worth what it says.",
            [
                (one["confidence"], charts.Dot(one["score"], one["low"], one["high"], "student"))
                for one in part["bins"]
                if one.get("confidence") is not None
            ],
        )
        for way, part in ways
    ]
    listed = table(
        "What the confidence is worth",
        [
            "Confidence",
            Column("Mean"),
            Column("Right"),
            Column("Off by (ECE)"),
            Column("Off by, if perfect"),
            Column("n"),
        ],
        [
            (
                _WAYS[way].capitalize(),
                cell(part, "mean_confidence", words.percent),
                cell(part, "mean_score", words.percent),
                Cell(words.percent_interval(part["ece"], part["low"], part["high"]), path=at(part)),
                cell(part, "ece_if_calibrated", words.percent),
                cell(found, "n"),
            )
            for way, part in ways
        ],
        note=f"{words.arm_name(found.get('arm'))}. ECE: the mean gap between confidence and share right. So few records show "
        "a gap even where the confidence is perfect.",
    )
    each = table(
        "Confidence by tenths of the answers",
        [
            Column("Tenth"),
            *(
                Column(text, group=f"Confidence {_WAYS[way]}")
                for way, _ in ways
                for text in ("range, %", "n", "right")
            ),
        ],
        [
            (
                words.number(place + 1),
                *(shown for _, part in ways for shown in _tenth(part["bins"], place)),
            )
            for place in range(max(len(part["bins"]) for _, part in ways))
        ],
    )
    return (
        figure("Whiskers are 95% intervals. The slanted line is a confidence to be believed.", drawn),
        listed,
        each,
    )


def _tenth(bins: Sequence[Facts], place: int) -> tuple[Cell, Cell, Cell]:
    if place >= len(bins):
        return Cell("–"), Cell("–"), Cell("–")
    one = bins[place]
    return (
        Cell(words.interval(one.get("confidence_low"), one.get("confidence_high")), path=at(one)),
        cell(one, "n"),
        Cell(words.percent_interval(one["score"], one["low"], one["high"]), path=at(one)),
    )


def cascade(study: Study) -> tuple[Block | None, ...]:
    """Quality over the share of requests that go on to the teacher, and the threshold that was picked."""
    found = study.part("cascade")
    if not found:
        return ()
    name = words.metric_name(study.metric)
    series = []
    for split, css in (("validation", "other"), ("test", "student")):
        points = sorted((one[split] for one in found["curve"]), key=lambda one: one["share"])
        points = [one for one in points if one["value"] is not None]
        series.append(
            charts.Series(
                split.capitalize(),
                css,
                tuple((one["share"] * 100, one["value"] * 100) for one in points),
                band=tuple(
                    (one["share"] * 100, one["low"] * 100, one["high"] * 100)
                    for one in points
                    if split == "test" and one["low"] is not None
                ),
            )
        )
    drawn = charts.lines(
        "cascade",
        "Cascade: quality over the share that goes on to the teacher",
        f"{name} over the share of requests answered by the teacher. The table that follows has the figures.",
        series,
        x_title="% of requests answered by the teacher",
        y_title=f"{name}, %",
        zero=False,
        wide=True,
    )
    test, validation = found["test"], found["validation"]
    told = Pairs(
        "The cascade that was picked",
        (
            ("Answers first", words.arm_name(found["arm"])),
            ("Goes on to the teacher below a confidence of", cell(found, "threshold", words.percent)),
            ("Picked by", _PICKED.get(found.get("picked_by") or "", words.NOT_RECORDED)),
            ("Share to the teacher, validation", _share(validation, "share_low", "share_high", "share")),
            ("Share to the teacher, test", _share(test, "share_low", "share_high", "share")),
            (f"{name}, validation", _share(validation, "low", "high", "value")),
            (f"{name}, test", _share(test, "low", "high", "value")),
            ("Target on the test records", cell(test, "target", words.percent)),
            *(
                [
                    (
                        "To know",
                        "the teacher is the reference here, so where it answers it is right by definition",
                    )
                ]
                if found.get("teacher_by_definition")
                else []
            ),
        ),
        look="prose",
    )
    return figure("The band is the 95% interval on test records.", [drawn]), told, _curve(found, name)


def _share(split: Facts, low: str, high: str, key: str) -> Cell:
    return Cell(
        words.percent_interval(split.get(key), split.get(low), split.get(high)),
        path="" if split.get(key) is None else at(split),
    )


def _curve(found: Facts, name: str) -> Block:
    return table(
        "The cascade's curve in figures",
        [
            Column("Threshold"),
            Column("To the teacher", group="Validation"),
            Column(name, group="Validation"),
            Column("To the teacher", group="Test"),
            Column(name, group="Test"),
        ],
        [
            (
                cell(one, "threshold", words.percent),
                *(
                    shown
                    for split in ("validation", "test")
                    for shown in (
                        cell(one[split], "share", words.percent),
                        _share(one[split], "low", "high", "value"),
                    )
                ),
            )
            for one in found["curve"]
        ],
    )
