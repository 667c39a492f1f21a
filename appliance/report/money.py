"""The section on what it costs and how that was reckoned."""

from __future__ import annotations

from appliance.report import words
from appliance.report.blocks import Block, Cell, Column, Section, Table, table
from appliance.report.month import cumulative, ledger
from appliance.report.study import Facts, Study, at, cell
from appliance.report.trade import cost_cell, trade


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
        ledger(study),
        *cumulative(study),
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
