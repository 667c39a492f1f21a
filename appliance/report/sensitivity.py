"""The section on what would change the saving: each figure over its range, the widest swing first."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.report import plots, words
from appliance.report.blocks import Cell, Column, Figure, Section, Table, figure, table
from appliance.report.study import Facts, Study, cell


def sensitivity(study: Study) -> Section:
    """What moves the saving, the widest swing first."""
    rows = study.rows("sensitivity")
    economics = study.part("economics")
    horizon = words.count(economics.get("horizon_months"), "month", "months")
    base = (economics.get("saving") or {}).get("value")
    if not rows or base is None:
        said = f"How the saving hangs on what was assumed: {words.NOT_MEASURED}, for the saving is not known."
        return Section("sensitivity", "What would change it", (said,), ())
    turning = [row["label"] for row in rows if row.get("overturns")]
    intro = (
        "Each figure that was measured or assumed moves over its range, and the saving with it; the widest swing stands first.",
        f"Turns gain into loss within its range: {', '.join(map(words.within, turning))}."
        if turning
        else "No figure turns gain into loss within its range.",
    )
    blocks = (_swings(rows, base, horizon, study.currency), _listed(rows, base, horizon, study.currency))
    return Section("sensitivity", "What would change it", intro, blocks)


def _swings(rows: Sequence[Facts], base: float, horizon: str, currency: str | None) -> Figure | None:
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
    return figure("The line is the saving as reckoned.", [drawn])


def _listed(rows: Sequence[Facts], base: float, horizon: str, currency: str | None) -> Table:
    decimals = words.money_decimals([base])
    return table(
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


def _back(row: Facts, end: str) -> Cell:
    months, saving = row.get(f"break_even_at_{end}"), row.get(f"saving_at_{end}")
    if months is None:
        return Cell("never" if saving is not None else words.NOT_MEASURED)
    return cell(row, f"break_even_at_{end}", words.months)
