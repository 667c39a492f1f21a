"""The sections on money: what it costs and how that was reckoned, and what would change it."""

from __future__ import annotations

import math

from appliance.report import charts, plots, words
from appliance.report.blocks import Block, Cell, Column, Entry, Figure, Ledger, Section, Table, figure, table
from appliance.report.quality import break_even
from appliance.report.study import Facts, Study, at, cell
from appliance.report.trade import cost_cell, trade

LONGEST_MONTHS = 60  # beyond five years a prediction of costs says nothing


def cost(study: Study) -> Section:
    """What it costs and how that was reckoned, from the price card to the month of break-even."""
    said, traded = trade(study)
    rows = study.rows("cost")
    tokens, requests = (
        words.money_decimals(row.get(name) for row in rows)
        for name in ("per_million_output_tokens", "per_thousand_requests")
    )
    listed = table(
        "Cost of each arm",
        ["Arm", Column("1,000 requests"), Column("1 million output tokens"), "Basis"],
        [
            (
                Cell(words.arm_name(row["arm"]), strong=study.role(row["arm"]) == "student"),
                cost_cell(row, requests),
                cell(
                    row,
                    "per_million_output_tokens",
                    lambda value, row=row: words.money(value, row.get("currency"), tokens),  # type: ignore[misc]
                ),
                words.text(row.get("basis"))
                + (f"; no range: {row['refused']}" if row.get("refused") else ""),
            )
            for row in sorted(rows, key=lambda row: words.arm_order(row["arm"]))
        ],
    )
    intro = (
        "Every amount follows from the load test and from the price card at the end of this section.",
        *said,
    )
    blocks: tuple[Block | None, ...] = (
        *traded,
        _ledger(study),
        *_cumulative(study),
        _whole_devices(study),
        listed,
        _arithmetic(study),
        _card(study),
    )
    return Section("cost", "Cost and the arithmetic", intro, blocks)


def _card(study: Study) -> Table:
    rows = study.rows("price_card")
    ranged = any(row.get("low") is not None for row in rows)
    return table(
        "Price card",
        ["What", Column("Price"), *([Column("Range")] if ranged else []), "Unit", "Source", "Date"],
        [
            (
                words.text(row.get("what")),
                cell(row, "value", words.plain),
                *([_ends(row)] if ranged else []),
                words.text(row.get("unit")),
                words.text(row.get("source")),
                words.day(row.get("date")),
            )
            for row in rows
        ],
        note="Some of these are examples: put your own in their place."
        if any(row.get("example") for row in rows)
        else "",
    )


def _ends(row: Facts) -> Cell | str:
    if row.get("low") is None or row.get("high") is None:
        return "–"
    return Cell(f"{words.plain(row['low'])} to {words.plain(row['high'])}", path=at(row))


def _ledger(study: Study) -> Ledger:
    economics, currency = study.part("economics"), study.currency
    spent = economics.get("monthly_cost") or {}
    teacher, student, one_off = spent.get("teacher"), spent.get("student"), economics.get("one_off")
    saved = None if teacher is None or student is None else teacher - student
    decimals = words.money_decimals([teacher, student, saved, one_off])
    machines: tuple[Entry, ...] = ()
    if "devices" in economics:
        busy = economics.get("busy")
        used = "" if busy is None else f"; this volume uses {words.percent(busy)} of their rate"
        machines = (
            Entry(
                "Machines",
                words.number(economics["devices"]),
                f"paid for whole months, busy or not{used}",
                path=at(economics, "devices"),
            ),
        )
    paths = " ".join(filter(None, (at(spent, "teacher"), at(spent, "student"))))
    return Ledger(
        "The arithmetic of a month",
        (
            Entry(
                "Requests a month",
                words.number(economics.get("requests_per_month")),
                "the volume to be served",
                path=at(economics, "requests_per_month"),
            ),
            _load(economics),
            *machines,
            Entry("Teacher", words.money(teacher, currency, decimals), "a month", path=at(spent, "teacher")),
            Entry(
                words.arm_name(study.swap) if economics.get("arm") else "Student",
                words.money(student, currency, decimals),
                "a month",
                path=at(spent, "student"),
            ),
            Entry(
                "Saved",
                words.money(saved, currency, decimals),
                "teacher less student, a month, reckoned before rounding",
                total=True,
                path="" if saved is None else paths,
            ),
            Entry(
                "One-off cost",
                words.money(one_off, currency, decimals),
                _parts(study),
                path=at(economics, "one_off"),
            ),
            break_even(study),
            *_saving(study),
        ),
    )


def _load(economics: Facts) -> Entry:
    """The mean load that machines are counted by: what a device may have, or less where the peak asks for it."""
    allowed, load = economics.get("utilisation"), economics.get("load")
    how = "mean load over the machine's best rate"
    if load is None:  # reports of an earlier version do not tell it
        return Entry("Utilisation", words.percent(allowed, 0), how, path=at(economics, "utilisation"))
    if allowed is not None and load < allowed:
        how += (
            f"; a device may have {words.percent(allowed, 0)}, but a peak of {words.plain(economics.get('peak_to_mean'))} "
            "times the mean leaves less"
        )
    return Entry("Planned load", words.percent(load, 0), how, path=at(economics, "load"))


def _parts(study: Study) -> str:
    parts = study.part("economics").get("one_off_parts")
    if not parts:
        return "before the first saving"
    names = {"people": "people", "training": "training", "labelling": "the teacher's answers"}
    told = [
        f"{names.get(key, key)} {words.money(value, study.currency)}"
        for key, value in parts.items()
        if value is not None
    ]
    return f"before the first saving: {', '.join(told)}" if told else "before the first saving"


def _saving(study: Study) -> tuple[Entry, ...]:
    """Over the horizon, as a range or refused with the reason."""
    economics = study.part("economics")
    saving = economics.get("saving")
    if not saving:
        return ()
    horizon = words.count(economics.get("horizon_months"), "month", "months")
    how = f"over {horizon}, one-off cost taken off"
    if saving.get("refused"):
        how += f"; no range: {saving['refused']}"
    shown = words.money_interval(saving.get("value"), saving.get("low"), saving.get("high"), study.currency)
    path = "" if saving.get("value") is None else at(saving)
    return (Entry("Saved in all", shown, how, total=True, path=path),)


def _cumulative(study: Study) -> tuple[Figure | None, Table | None]:
    """The two running totals, month by month; nothing unless all three amounts are known."""
    economics, currency = study.part("economics"), study.currency
    spent = economics.get("monthly_cost") or {}
    teacher, student, one_off = spent.get("teacher"), spent.get("student"), economics.get("one_off")
    if teacher is None or student is None or one_off is None:
        return None, None
    until = max(12, math.ceil(2 * (economics.get("break_even_months") or 0)))
    until = min(-(-until // 4) * 4, LONGEST_MONTHS)
    totals = [
        (month, teacher * month, one_off + student * month) for month in range(0, until + 1, until // 4)
    ]
    title, name = "Spending added up, month by month", "Cascade" if study.swap == "cascade" else "Student"
    drawn = charts.lines(
        "cumulative",
        title,
        f"Running totals of teacher and {name.lower()}. The table that follows has the figures.",
        [
            charts.Series("Teacher", "teacher", tuple((month, one) for month, one, _ in totals)),
            charts.Series(name, "student", tuple((month, one) for month, _, one in totals)),
        ],
        x_title="months",
        y_title=currency or "cost",
        steps=True,
        wide=True,
    )
    decimals = words.money_decimals([teacher, student, one_off])
    listed = table(
        f"{title}, in figures",
        ["After", Column("Teacher"), Column(f"{name}, one-off cost included"), Column("Saved by then")],
        [
            (
                words.count(month, "month", "months"),
                *(words.money(amount, currency, decimals) for amount in (old, new, old - new)),
            )
            for month, old, new in totals
        ],
    )
    crossing = "Where the lines cross, the one-off cost has come back."
    if student >= teacher:
        crossing = "The lines never cross: the one-off cost does not come back."
    return figure(crossing, [drawn]), listed


def _whole_devices(study: Study) -> Table | None:
    """Every arm as it would be paid for: machines whole, the one-off cost spread over the horizon."""
    economics, currency = study.part("economics"), study.currency
    rows = economics.get("arms") or []
    if not rows:
        return None
    decimals = words.money_decimals(row.get("per_month") for row in rows)
    each = words.money_decimals(row.get("all_in_per_thousand") for row in rows)
    whole = words.money_decimals([max((abs(row.get("saving") or 0) for row in rows), default=0)])

    def ranged(row: Facts, key: str, low: str, high: str) -> Cell:
        places = whole if key == "saving" else decimals
        shown = words.money_interval(row.get(key), row.get(low), row.get(high), currency, places)
        return Cell(shown, path="" if row.get(key) is None else at(row))

    return table(
        "Each arm as it would be paid for",
        [
            "Arm",
            Column("Machines"),
            Column("A month"),
            Column("1,000 requests, all in"),
            Column(f"Saved in {words.count(economics.get('horizon_months'), 'month', 'months')}"),
            Column("Break-even"),
            Column("Pays from, requests a month"),
        ],
        [
            (
                Cell(words.arm_name(row["arm"]), strong=row["arm"] == study.swap),
                cell(row, "devices"),
                ranged(row, "per_month", "per_month_low", "per_month_high"),
                cell(row, "all_in_per_thousand", lambda value: words.money(value, currency, each)),
                ranged(row, "saving", "saving_low", "saving_high"),
                _never(row, "break_even_months", words.months),
                _never(row, "break_even_requests_per_month", words.number),
            )
            for row in rows
        ],
        note="Machines are paid whole. All in: with the one-off cost spread over that time. Money alone: which arms are good enough "
        "is said under quality, against the bar."
        + _short_prompt(economics.get("short_prompt") or {}, currency),
        dense=True,
    )


def _never(row: Facts, key: str, form: object) -> Cell:
    """Break-even that does not come, where the saving is known, is "never"."""
    if row.get(key) is None and row.get("saving") is not None:
        return Cell("never")
    return cell(row, key, form)  # type: ignore[arg-type]


def _short_prompt(found: Facts, currency: str | None) -> str:
    if found.get("teacher_per_thousand") is None:
        return ""
    said = (
        f" What if: asked with a prompt as short as the student's, the teacher would cost "
        f"{words.money(found['teacher_per_thousand'], currency)} for 1,000 requests"
    )
    cheaper = {True: ", less than the student, all in", False: ", more than the student, all in"}
    return f"{said}{cheaper.get(found.get('cheaper') or False, '')}; its quality was not measured so."


def _arithmetic(study: Study) -> Table | None:
    """Line by line, to be followed with a pocket calculator."""
    rows = study.rows("explain")
    if not rows:
        return None
    refused = (study.part("economics").get("saving") or {}).get("refused")
    return table(
        "The arithmetic, line by line",
        ["Line", "Reckoned from", Column("Value"), "Unit"],
        [
            (
                row["label"],
                words.text(row.get("source"))
                if row.get("formula") is None
                else words.formula(row["formula"]) + (f" = {row['numbers']}" if row.get("numbers") else ""),
                cell(row, "value", words.reckoned),
                words.text(row.get("unit")),
            )
            for row in rows
        ],
        note="The workbook has the same lines as live formulas: change a figure there and see what it does."
        + (
            f" No saving is stated for certain, for {refused}: these lines show what the figures in hand would give."
            if refused
            else ""
        ),
    )


def sensitivity(study: Study) -> Section:
    """What moves the saving, the widest swing first."""
    rows = study.rows("sensitivity")
    currency, economics = study.currency, study.part("economics")
    horizon = words.count(economics.get("horizon_months"), "month", "months")
    base = (economics.get("saving") or {}).get("value")
    if not rows or base is None:
        return Section(
            "sensitivity",
            "What would change it",
            (
                f"How the saving hangs on what was assumed: {words.NOT_MEASURED}, for the saving is not known.",
            ),
            (),
        )
    known = [row for row in rows if row["saving_at_low"] is not None and row["saving_at_high"] is not None]
    drawn = plots.tornado(
        "tornado",
        f"Saved in {horizon}, as one figure moves",
        f"The saving over {horizon} as each input moves from its low to its high end. The table that follows has the figures.",
        [
            plots.Swing(
                row["label"],
                row["saving_at_low"],
                row["saving_at_high"],
                words.money(row["saving_at_low"], currency, 0),
                words.money(row["saving_at_high"], currency, 0),
            )
            for row in known
        ],
        base,
        base_text=f"as reckoned: {words.money(base, currency, 0)}",
        x_title=f"{currency or ''} saved in {horizon}".strip(),
    )
    decimals = words.money_decimals([base])
    listed = table(
        "What moves the saving, in figures",
        [
            "Figure",
            Column("low", group="Its value"),
            Column("as reckoned", group="Its value"),
            Column("high", group="Its value"),
            Column("at low", group=f"Saved in {horizon}"),
            Column("at high", group=f"Saved in {horizon}"),
            Column("at low", group="Break-even"),
            Column("at high", group="Break-even"),
            Column("Range", numeric=False),
        ],
        [
            (
                Cell(
                    f"{row['label']}, {row['unit']}" if row.get("unit") else row["label"],
                    strong=bool(row.get("overturns")),
                ),
                *(cell(row, key, words.four_digits) for key in ("low", "base", "high")),
                *(
                    cell(row, key, lambda value: words.money(value, currency, decimals))
                    for key in ("saving_at_low", "saving_at_high")
                ),
                *(_back(row, end) for end in ("low", "high")),
                f"{words.text(row.get('range'))}: {words.text(row.get('basis'))}",
            )
            for row in rows
        ],
        note="One figure moves, the others stay. Bold: within its range it turns a gain into a loss, or back.",
        dense=True,
    )
    turning = [row["label"] for row in rows if row.get("overturns")]
    intro = (
        "Each figure that was measured or assumed moves over its range, and the saving with it; the widest swing stands first.",
        f"Turns gain into loss within its range: {', '.join(map(words.within, turning))}."
        if turning
        else "No figure turns gain into loss within its range.",
    )
    return Section(
        "sensitivity",
        "What would change it",
        intro,
        (figure("The line is the saving as reckoned.", [drawn]), listed),
    )


def _back(row: Facts, end: str) -> Cell:
    months, saving = row.get(f"break_even_at_{end}"), row.get(f"saving_at_{end}")
    if months is None:
        return Cell("never" if saving is not None else words.NOT_MEASURED)
    return cell(row, f"break_even_at_{end}", words.months)
