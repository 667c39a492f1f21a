"""What each arm costs against what it gets right: the chart that a decision is read from."""

from __future__ import annotations

from appliance.report import charts, words
from appliance.report.blocks import Block, Cell, Column, Figure, figure, table
from appliance.report.study import Facts, Study, at, cell, rated


def trade(study: Study) -> tuple[tuple[str, ...], tuple[Figure | None, Block]]:
    """Sentences, and the chart with its table."""
    name, currency = words.metric_name(study.metric), study.currency
    costs = study.rows("cost")
    scored = [row for row in costs if row["arm"] in study.arms]
    priced = {
        row["arm"]: charts.Priced(words.arm_name(row["arm"]), row["per_thousand_requests"], _dot(study, row))
        for row in scored
        if row.get("per_thousand_requests") is not None and currency is not None
    }
    priced = {arm: one for arm, one in priced.items() if one.dot.value is not None}
    drawn = charts.scatter(
        "trade",
        "Cost against quality",
        f"{name} of each arm over its cost of 1,000 requests; a dashed line joins the efficient arms. The table that follows "
        "has the figures.",
        list(priced.values()),
        x_title=f"{currency} for 1,000 requests",
        y_title=name,
    )
    front = charts.efficient(list(priced.values()))
    names = sorted({*study.arms, *(row["arm"] for row in costs)}, key=words.arm_order)
    prices = {arm: study.cost(arm).get("per_thousand_requests") for arm in names}
    decimals = words.money_decimals(prices.values())
    listed = table(
        "Cost and quality in figures",
        ["Arm", Column("Cost of 1,000 requests"), Column(name), Column("n"), Column("Failed"), "Efficient"],
        [
            (
                Cell(words.arm_name(arm), strong=study.role(arm) == "student"),
                cost_cell(study.cost(arm), decimals),
                rated(study.score(arm, study.metric)),
                cell(study.score(arm, study.metric), "n"),
                cell(study.score(arm, study.metric), "failed"),
                ("yes" if priced[arm] in front else "no") if arm in priced else "–",
            )
            for arm in names
        ],
        note="Efficient: no other arm is at least as good for less."
        + (" The teacher is the reference and stands at 100% by definition." if study.by_teacher else ""),
    )
    said = ["In the chart, further left is cheaper and higher up is better."]
    if len(study.currencies) > 1:
        said = ["The arms are priced in different currencies, so they share no axis."]
    elif drawn:
        absent = [arm for arm in names if arm not in priced]
        listing = ", ".join(words.within(words.arm_name(arm)) for arm in absent)
        said += [f"Not in the chart, for want of a cost or a share: {listing}."] if absent else []
    caption = "Whiskers are 95% intervals. The dashed line joins the efficient arms."
    return tuple(said), (figure(caption, [drawn]), listed)


def _dot(study: Study, row: Facts) -> charts.Dot:
    if row["arm"] == words.TEACHER and study.by_teacher:
        return charts.Dot(1.0, None, None, "teacher")
    return study.dot(row["arm"], study.metric)


def cost_cell(row: Facts, decimals: int) -> Cell:
    """The cost of 1,000 requests with its range, where it has one."""
    price, low, high = (
        row.get(key) for key in ("per_thousand_requests", "per_thousand_low", "per_thousand_high")
    )
    shown = words.money_interval(price, low, high, row.get("currency"), decimals)
    ranged = low is not None and high is not None
    return Cell(shown, path="" if price is None else at(row) if ranged else at(row, "per_thousand_requests"))
