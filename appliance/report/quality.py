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
        f"{words.metric_name(study.metric)}, {words.within(name)}",
        words.percent(own.get("value")),
        (*_certainty(own), f"Teacher: {'is the reference' if study.by_teacher else shown(teacher)}"),
    )
    monthly = KeyFigure(
        "Cost a month",
        words.money(spent.get("student"), currency),
        (f"Teacher: {words.money(spent.get('teacher'), currency)}", f"Requests a month: {volume}"),
    )
    return quality, _cost_figure(study), monthly, _break_even_figure(study)


def _certainty(score: Facts) -> tuple[str, ...]:
    if score.get("value") is None:
        return ()
    return (f"Between {words.interval(score.get('low'), score.get('high'), ' and ')}", counted(score))


def _cost_figure(study: Study) -> KeyFigure:
    own, teacher = (study.cost(arm) for arm in (study.best, words.TEACHER))
    price, other = own.get("per_thousand_requests"), teacher.get("per_thousand_requests")
    beside = [f"Teacher: {words.money(other, teacher.get('currency'))}"]
    if price and other and own.get("currency") == teacher.get("currency"):
        ratio = words.significant(max(price, other) / min(price, other), 2)
        beside.append(
            f"{ratio} times the student's" if other >= price else f"The student costs {ratio} times that"
        )
    return KeyFigure("Cost of 1,000 requests", words.money(price, own.get("currency")), tuple(beside))


def _break_even_figure(study: Study) -> KeyFigure:
    ends = break_even(study)
    one_off = words.money(study.part("economics").get("one_off"), study.currency)
    return KeyFigure("Break-even after", ends.value, (f"One-off cost: {one_off}",))


def break_even(study: Study) -> Entry:
    """When the one-off cost has come back. "Never" is an answer; it differs from not having measured."""
    economics = study.part("economics")
    spent = economics.get("monthly_cost") or {}
    months, teacher, student = economics.get("break_even_months"), spent.get("teacher"), spent.get("student")
    if months is None and teacher is not None and student is not None and student >= teacher:
        return Entry("Break-even", "never", "the student costs no less each month", total=True)
    return Entry("Break-even", words.months(months), "one-off cost ÷ saving a month", total=True)


OVERLAP = "Where the intervals overlap, the gap may be chance; where they stand apart, it is hardly that."


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


def losses(study: Study) -> Section:
    """Every metric of the student in question against the teacher, the largest gap first."""
    gaps = [
        Gap(metric, study.score(study.best, metric), study.score(words.TEACHER, metric), study.by_teacher)
        for metric in study.metrics
    ]
    gaps.sort(key=lambda gap: (gap.value is None, gap.value or 0.0))
    blocks = (_gap_chart(study, gaps), _gap_table(gaps))
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
                Cell(shown(gap.own), counted(gap.own)),
                Cell("is the reference")
                if gap.by_teacher
                else Cell(shown(gap.teacher), counted(gap.teacher)),
                Cell(words.points(gap.value), strong=gap.value is not None and gap.value < 0),
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
                words.arm_name(arm),
                (study.dot(arm, study.metric),),
                shown(study.score(arm, study.metric)),
                study.role(arm) == "student",
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
        even=True,
    )
    intro = [
        "Prompting is often enough, so the untuned and the few-shot student stand beside the trained ones."
    ]
    if study.by_teacher:
        intro.append("No human reference was given: correct means here that the answer is the teacher's.")
    blocks = (figure("Whiskers are 95% intervals.", [drawn]), primary, others if others.num_rows else None)
    return Section("arms", "Quality of the arms", tuple(intro), blocks)


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
    intro = ["Further left is cheaper, higher up is better."]
    if len(study.currencies) > 1:
        intro = ["The arms are priced in different currencies, so they share no axis."]
    elif drawn:
        absent = [arm for arm in names if prices[arm] is None or study.dot(arm, study.metric).value is None]
        listing = ", ".join(words.within(words.arm_name(arm)) for arm in absent)
        intro += [f"Not in the chart, for want of a cost or a share: {listing}."] if absent else []
    blocks = (figure("Whiskers are 95% intervals.", [drawn]), listed)
    return Section("trade", "Cost against quality", tuple(intro), blocks)
