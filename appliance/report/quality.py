"""The sections on quality: key figures, the arms, how they compare record by record."""

from __future__ import annotations

from appliance.report import charts, confidence, general, words
from appliance.report.blocks import Cell, Column, Entry, KeyFigure, Section, Table, figure, table
from appliance.report.study import Facts, Study, at, cell, counted, shown


def key_figures(study: Study) -> tuple[KeyFigure, ...]:
    """The four numbers of the first page, each beside the one to hold it against."""
    own, teacher = study.score(study.swap, study.metric), study.score(words.TEACHER, study.metric)
    name = words.arm_name(study.swap) if study.swap else "Best student"
    economics = study.part("economics")
    spent = economics.get("monthly_cost") or {}
    currency, volume = study.currency, words.number(economics.get("requests_per_month"))
    quality = KeyFigure(
        f"{words.metric_name(study.metric)}, {words.within(name)}",
        words.percent(own.get("value")),
        (*_certainty(own), f"Teacher: {'is the reference' if study.by_teacher else shown(teacher)}"),
        at(own, "value"),
    )
    monthly = KeyFigure(
        "Cost a month",
        words.money(spent.get("student"), currency),
        (f"Teacher: {words.money(spent.get('teacher'), currency)}", f"Requests a month: {volume}"),
        at(spent, "student"),
    )
    return quality, _cost_figure(study), monthly, _break_even_figure(study)


def _certainty(score: Facts) -> tuple[str, ...]:
    if score.get("value") is None:
        return ()
    return (f"Between {words.interval(score.get('low'), score.get('high'), ' and ')}", counted(score))


def _cost_figure(study: Study) -> KeyFigure:
    own, teacher = (study.cost(arm) for arm in (study.swap, words.TEACHER))
    price, other = own.get("per_thousand_requests"), teacher.get("per_thousand_requests")
    beside = []
    if own.get("per_thousand_low") is not None and own.get("per_thousand_high") is not None:
        ends = [
            words.money(own[f"per_thousand_{end}"], own.get("currency"), words.money_decimals([price]))
            for end in ("low", "high")
        ]
        beside.append(f"Between {ends[0]} and {ends[1]}")
    beside.append(f"Teacher: {words.money(other, teacher.get('currency'))}")
    # On a machine that is busy as planned; the month divided by its requests is more, since machines are paid whole.
    for plan in study.part("economics").get("arms") or ():
        if plan["arm"] == study.swap and plan["all_in_per_thousand"] is not None:
            beside.append(
                f"All in, at this volume: {words.money(plan['all_in_per_thousand'], study.currency)}"
            )
    return KeyFigure(
        "Cost of 1,000 requests",
        words.money(price, own.get("currency")),
        tuple(beside),
        at(own, "per_thousand_requests"),
    )


def _break_even_figure(study: Study) -> KeyFigure:
    ends = break_even(study)
    one_off = words.money(study.part("economics").get("one_off"), study.currency)
    return KeyFigure("Break-even after", ends.value, (f"One-off cost: {one_off}",), ends.path)


def break_even(study: Study) -> Entry:
    """When the one-off cost has come back. "Never" is an answer; it differs from not having measured."""
    economics = study.part("economics")
    spent = economics.get("monthly_cost") or {}
    months, teacher, student = economics.get("break_even_months"), spent.get("teacher"), spent.get("student")
    if months is None and teacher is not None and student is not None and student >= teacher:
        return Entry("Break-even", "never", "the student costs no less each month", total=True)
    path = "" if months is None else at(economics, "break_even_months")
    return Entry("Break-even", words.months(months), "one-off cost ÷ saving a month", total=True, path=path)


def arms(study: Study) -> Section:
    """All arms on the primary metric, every other metric, tests between them; confidence, other abilities, the judge."""
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
        "Prompting is often enough, so students that were not trained stand beside those that were.",
        *_evidence(study),
    ]
    if study.by_teacher:
        intro.append("No human reference was given: correct means here that the answer is the teacher's.")
    blocks = (
        figure("Whiskers are 95% intervals.", [drawn]),
        primary,
        others if others.num_rows else None,
        _paired(study),
        _settled(study),
        *confidence.calibration(study),
        *confidence.cascade(study),
        *general.before_and_after(study),
        *general.judged(study),
    )
    return Section("arms", "Quality of the arms", tuple(intro), blocks)


def _arm_row(study: Study, arm: str) -> tuple[Cell | str, ...]:
    score = study.score(arm, study.metric)
    value, strong = score.get("value"), study.role(arm) == "student"
    return (
        Cell(words.arm_name(arm), strong=strong),
        cell(score, "value", words.percent, strong=strong),
        words.NOT_MEASURED
        if value is None
        else Cell(words.interval(score.get("low"), score.get("high")), path=at(score)),
        cell(score, "n"),
        cell(score, "failed"),
        score.get("note") or "–",
    )


def _cell(score: Facts) -> Cell:
    if score.get("value") is None:
        return Cell(words.NOT_MEASURED)
    interval = words.interval(score.get("low"), score.get("high"))
    return Cell(words.percent(score["value"]), f"{interval}\n{counted(score)}", path=at(score))


def _paired(study: Study) -> Table | None:
    """Tests on the same records, of the measure that decides."""
    rows = [row for row in study.rows("paired") if row["metric"] == study.metric]
    if not rows:
        return None
    return table(
        "Arm against arm, on the same records",
        [
            "Arm",
            "Against",
            Column("Difference, points"),
            Column("Only the first right"),
            Column("Only the second"),
            Column("n"),
            Column("p"),
            "Test",
        ],
        [
            (
                Cell(words.arm_name(row["arm"]), strong=bool(_apart(row))),
                words.arm_name(row["against"]),
                Cell(
                    words.points_interval(row["difference"], row["low"], row["high"]),
                    strong=_apart(row),
                    path=at(row),
                ),
                cell(row, "only_arm"),
                cell(row, "only_against"),
                cell(row, "n"),
                cell(row, "p", words.chance),
                words.TESTS.get(row["test"], words.text(row["test"])),
            )
            for row in rows
        ],
        note="Differences in bold are more than chance: their 95% interval does not hold nought. p is of each test alone.",
    )


def _apart(row: Facts) -> bool:
    low, high = row["low"], row["high"]
    return low is not None and high is not None and (low > 0 or high < 0)


def _evidence(study: Study) -> tuple[str, ...]:
    evidence = study.part("evidence")
    if not evidence or evidence.get("enough") is None:
        return ()
    n, least = words.number(evidence.get("n")), words.number(evidence.get("least"))
    if evidence["enough"]:
        return (f"{n} test records answer for these figures; at least {least} are asked for.",)
    return (f"Not enough evidence: {n} test records, where at least {least} are asked for.",)


def _settled(study: Study) -> Table | None:
    """Each arm against the bar: met, missed or open, and how many records would settle it."""
    evidence = study.part("evidence")
    rows = evidence.get("arms") or []
    if not rows:
        return None
    verdicts = {True: "meets the bar", False: "misses the bar", None: "not settled"}
    return table(
        f"Against the bar: {words.percent(evidence.get('ratio'), 0)} of the teacher's quality",
        ["Arm", Column("Quality"), Column("Over the bar, points"), "Result", Column("Records to settle it")],
        [
            (
                Cell(words.arm_name(row["arm"]), strong=study.role(row["arm"]) == "student"),
                cell(row, "value", words.percent),
                Cell(
                    words.points_interval(row.get("margin"), row.get("low"), row.get("high")),
                    path="" if row.get("margin") is None else at(row),
                ),
                verdicts[row.get("meets")],
                _to_settle(row),
            )
            for row in rows
        ],
    )


def _to_settle(row: Facts) -> Cell:
    if row.get("meets") is not None:
        return Cell("settled")
    if row.get("records_to_settle") is None:
        return Cell("more than a million")
    return Cell(f"about {words.number(row['records_to_settle'])}", path=at(row, "records_to_settle"))
