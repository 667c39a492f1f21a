"""The sections on quality: key figures, where the student loses, the arms, cost against quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.report import charts, words
from appliance.report.blocks import Cell, Column, Entry, Figure, KeyFigure, Section, Table, figure, table
from appliance.report.study import Facts, Study, counted, shown


def key_figures(study: Study) -> tuple[KeyFigure, ...]:
    """The four numbers of the first page, each beside the one to hold it against."""
    own, teacher = study.score(study.best, study.metric), study.score(words.TEACHER, study.metric)
    name = words.arm_name(study.best) if study.best else "Best student"
    economics = study.part("economics")
    spent = economics.get("monthly_cost") or {}
    currency, volume = study.currency, words.number(economics.get("requests_per_month"))
    quality = KeyFigure(
        f"{words.metric_name(study.metric)}, {name[0].lower() + name[1:]}",
        words.percent(own.get("value")),
        f"{words.interval(own.get('low'), own.get('high'))}, {counted(own)}. Teacher: {shown(teacher)}"
        if own.get("value") is not None
        else f"Teacher: {shown(teacher)}",
    )
    monthly = KeyFigure(
        "Cost a month",
        words.money(spent.get("student"), currency),
        f"Teacher: {words.money(spent.get('teacher'), currency)}. Requests a month: {volume}",
    )
    return quality, _cost_figure(study), monthly, _break_even_figure(study)


def _cost_figure(study: Study) -> KeyFigure:
    own, teacher = (study.cost(arm) for arm in (study.best, words.TEACHER))
    price, other = own.get("per_thousand_requests"), teacher.get("per_thousand_requests")
    beside = f"Teacher: {words.money(other, teacher.get('currency'))}"
    if price and other and own.get("currency") == teacher.get("currency"):
        ratio, dearer = (
            (other / price, "the student's") if other >= price else (price / other, "the teacher's")
        )
        who = "" if other >= price else "; the student costs"
        beside += f"{who or ','} {words.significant(ratio, 2)} times {dearer}"
    return KeyFigure("Cost of 1,000 requests", words.money(price, own.get("currency")), beside)


def _break_even_figure(study: Study) -> KeyFigure:
    ends = break_even(study)
    one_off = words.money(study.part("economics").get("one_off"), study.currency)
    return KeyFigure("Break-even after", ends.value, f"One-off cost: {one_off}")


def break_even(study: Study) -> Entry:
    """When the one-off cost has come back. "Never" is an answer; it differs from not having measured."""
    economics = study.part("economics")
    spent = economics.get("monthly_cost") or {}
    months, teacher, student = economics.get("break_even_months"), spent.get("teacher"), spent.get("student")
    if months is None and teacher is not None and student is not None and student >= teacher:
        return Entry("Break-even", "never", "the student costs no less each month", total=True)
    return Entry("Break-even", words.months(months), "one-off cost ÷ saving a month", total=True)


@dataclass(frozen=True, slots=True)
class Gap:
    metric: str
    own: Facts
    teacher: Facts

    @property
    def value(self) -> float | None:
        """Student less teacher; None unless both were measured."""
        own, teacher = self.own.get("value"), self.teacher.get("value")
        return None if own is None or teacher is None else own - teacher


def losses(study: Study) -> Section:
    """Every metric of the student in question against the teacher, the largest gap first."""
    gaps = [
        Gap(metric, study.score(study.best, metric), study.score(words.TEACHER, metric))
        for metric in study.metrics
    ]
    gaps.sort(key=lambda gap: (gap.value is None, gap.value or 0.0))
    measured = [gap for gap in gaps if gap.value is not None]
    behind = [gap for gap in measured if (gap.value or 0) < 0]
    if not measured:
        intro = "Student and teacher share no measured metric, so the gap is not measured."
    elif not behind:
        intro = f"The student scores below the teacher on none of {len(measured)} measures."
    else:
        intro = (
            f"The student scores below the teacher on {len(behind)} of {len(measured)} measures. The largest gap: "
            f"{words.metric_name(behind[0].metric)}, {words.points(behind[0].value)} points."
        )
    return Section("losses", "Where the student loses", (intro,), (_gap_chart(study, gaps), _gap_table(gaps)))


def _gap_chart(study: Study, gaps: Sequence[Gap]) -> Figure | None:
    name = words.arm_name(study.best)
    drawn = charts.dot_rows(
        "losses",
        "Student and teacher, measure by measure",
        f"{name} and teacher on every measure, with 95% intervals. The table that follows has the figures.",
        [
            charts.Row(
                words.metric_name(gap.metric),
                (study.dot(study.best, gap.metric), study.dot(words.TEACHER, gap.metric)),
                words.points(gap.value),
            )
            for gap in gaps
        ],
        legend=[("student", name), ("teacher", words.arm_name(words.TEACHER))],
    )
    return figure("Whiskers are 95% intervals. On the right: the gap in percentage points.", [drawn])


def _gap_table(gaps: Sequence[Gap]) -> Table:
    return table(
        "The gaps in figures",
        ["Measure", Column("Student"), Column("Teacher"), Column("Gap, points"), "Intervals"],
        [
            (
                words.metric_name(gap.metric),
                Cell(shown(gap.own), counted(gap.own)),
                Cell(shown(gap.teacher), counted(gap.teacher)),
                Cell(words.points(gap.value), strong=gap.value is not None and gap.value < 0),
                _overlap(gap),
            )
            for gap in gaps
        ],
        note="Where the intervals overlap, the gap may be chance; where they stand apart, it is hardly that.",
    )


def _overlap(gap: Gap) -> str:
    own_low, own_high, low, high = (
        score.get(end) for score in (gap.own, gap.teacher) for end in ("low", "high")
    )
    if own_low is None or own_high is None or low is None or high is None:
        return words.NOT_MEASURED
    return "overlap" if own_low <= high and low <= own_high else "apart"


def arms(study: Study) -> Section:
    """All arms on the primary metric, then every other metric of every arm."""
    name = words.metric_name(study.metric)
    teacher = study.score(words.TEACHER, study.metric).get("value")
    drawn = charts.dot_rows(
        "arms",
        f"{name}, by arm",
        f"{name} of each arm with its 95% interval. The table that follows has the figures.",
        [
            charts.Row(
                words.arm_name(arm), (study.dot(arm, study.metric),), shown(study.score(arm, study.metric))
            )
            for arm in study.arms
        ],
        reference=None if teacher is None else (teacher, "the teacher's level"),
    )
    primary = table(
        f"{name}, in figures",
        ["Arm", Column("Share"), Column("95% interval"), Column("n"), Column("Failed"), "Note"],
        [_arm_row(study, arm) for arm in study.arms],
    )
    others = table(
        "The other measures",
        ["Measure", *(Column(words.arm_name(arm)) for arm in study.arms)],
        [
            (words.metric_name(metric), *(_cell(study.score(arm, metric)) for arm in study.arms))
            for metric in study.metrics[1:]
        ],
    )
    intro = (
        "Prompting is often enough, so the untuned and the few-shot student stand beside the trained ones."
    )
    blocks = (figure("Whiskers are 95% intervals.", [drawn]), primary, others)
    return Section("arms", "Quality of the arms", (intro,), blocks)


def _arm_row(study: Study, arm: str) -> tuple[Cell | str, ...]:
    score = study.score(arm, study.metric)
    value, strong = score.get("value"), study.role(arm) == "student"
    return (
        Cell(words.arm_name(arm), strong=strong),
        Cell(words.percent(value), strong=strong),
        words.NOT_MEASURED if value is None else words.interval(score.get("low"), score.get("high")),
        words.number(score.get("n")),
        words.number(score.get("failed")),
        score.get("note") or "–",
    )


def _cell(score: Facts) -> Cell:
    if score.get("value") is None:
        return Cell(words.NOT_MEASURED)
    return Cell(
        words.percent(score["value"]),
        f"{words.interval(score.get('low'), score.get('high'))}\n{counted(score)}",
    )


def trade(study: Study) -> Section:
    """What each arm costs against what it gets right."""
    name, currency = words.metric_name(study.metric), study.currency
    costs = study.rows("cost")
    priced = [
        charts.Priced(
            words.arm_name(row["arm"]), row["per_thousand_requests"], study.dot(row["arm"], study.metric)
        )
        for row in costs
        if row.get("per_thousand_requests") is not None and currency is not None
    ]
    drawn = charts.scatter(
        "trade",
        "Cost against quality",
        f"{name} of each arm over its cost of 1,000 requests. The table that follows has the figures.",
        priced,
        x_title=f"{currency} for 1,000 requests",
        y_title=name,
    )
    names = sorted({*study.arms, *(row["arm"] for row in costs)}, key=words.arm_order)
    prices = {arm: study.cost(arm).get("per_thousand_requests") for arm in names}
    decimals = words.money_decimals(prices.values())
    listed = table(
        "Cost and quality in figures",
        ["Arm", Column("Cost of 1,000 requests"), Column(name), Column("n"), Column("Failed")],
        [
            (
                Cell(words.arm_name(arm), strong=study.role(arm) == "student"),
                words.money(prices[arm], study.cost(arm).get("currency"), decimals),
                shown(study.score(arm, study.metric)),
                words.number(study.score(arm, study.metric).get("n")),
                words.number(study.score(arm, study.metric).get("failed")),
            )
            for arm in names
        ],
    )
    intro = "Further left is cheaper, higher up is better."
    if costs and currency is None:
        intro = "The arms are priced in different currencies, so they share no axis."
    return Section(
        "trade", "Cost against quality", (intro,), (figure("Whiskers are 95% intervals.", [drawn]), listed)
    )
