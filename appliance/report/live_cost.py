"""The cost in the workbook as live formulas: assumptions on one sheet, what follows from them on the next.

Every figure has its key as a defined name, so a formula reads as the report writes it, and changing an assumption
changes all that hangs on it. The stored values are the report's, for programs that do not calculate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.report.study import Facts, step

if TYPE_CHECKING:
    from appliance.report.xlsx import Styles

ASSUMPTIONS, COST = "Assumptions", "Cost model"
_BREAK_EVEN = "break_even_months"
"""The one line that has no number where the swap never pays; which side that is may change with an assumption."""


def write_cost(styles: Styles, facts: Facts) -> None:
    """Both sheets; none where the arithmetic is not known."""
    lines = [(index, line) for index, line in enumerate(facts.get("explain") or ())]
    given = [(index, line) for index, line in lines if line["formula"] is None and line["key"] != _BREAK_EVEN]
    worked_out = [
        (index, line) for index, line in lines if line["formula"] is not None or line["key"] == _BREAK_EVEN
    ]
    if not worked_out:
        return
    _assumptions(styles, given)
    _cost(styles, worked_out, {line["key"] for _, line in lines})


def _assumptions(styles: Styles, given: list[tuple[int, Any]]) -> None:
    sheet = _sheet(
        styles,
        ASSUMPTIONS,
        "Change a figure in the blue column: the sheet “Cost model” follows at once.",
        (
            "Figure",
            "Value",
            "Unit",
            "As reported",
            "Where it comes from",
            "Name in formulas",
            "In report.json",
        ),
    )
    for row, (index, line) in enumerate(given, start=3):
        sheet.write_string(row, 0, line["label"], styles(text_wrap=True))
        if line["value"] is None:
            sheet.write_string(row, 1, "not measured", styles.soft)
        else:
            sheet.write_number(
                row, 1, line["value"], styles(font_color="#0000c0", bg_color="#eef3ff", num_format="General")
            )
            sheet.write_number(row, 3, line["value"], styles(font_color="#565f68"))
        sheet.write_string(row, 2, line["unit"] or "", styles())
        sheet.write_string(row, 4, line["source"] or "", styles(text_wrap=True))
        _name(styles, sheet, ASSUMPTIONS, row, index, line)


def _cost(styles: Styles, worked_out: list[tuple[int, Any]], keys: set[str]) -> None:
    sheet = _sheet(
        styles,
        COST,
        "Reckoned from the sheet “Assumptions” by live formulas.",
        ("Figure", "Value", "Unit", "As reported", "Formula", "Name in formulas", "In report.json"),
    )
    for row, (index, line) in enumerate(worked_out, start=3):
        formula = line["formula"]
        if line["key"] == _BREAK_EVEN and {"saved_per_month", "one_off"} <= keys:
            formula = 'IF(saved_per_month > 0, one_off / saved_per_month, "never")'
        sheet.write_string(row, 0, line["label"], styles(text_wrap=True))
        stored = "never" if line["value"] is None else line["value"]
        if formula is not None:
            sheet.write_formula(row, 1, f"={formula}", styles(bold=True, num_format="#,##0.00######"), stored)
        if line["value"] is not None:
            sheet.write_number(
                row, 3, line["value"], styles(font_color="#565f68", num_format="#,##0.00######")
            )
        sheet.write_string(row, 2, line["unit"] or "", styles())
        sheet.write_string(row, 4, formula or "", styles(text_wrap=True))
        _name(styles, sheet, COST, row, index, line)


def _sheet(styles: Styles, name: str, said: str, heads: tuple[str, ...]) -> Any:
    sheet = styles.book.add_worksheet(name)
    sheet.write_string(0, 0, said, styles.soft)
    for column, head in enumerate(heads):
        sheet.write_string(2, column, head, styles.head)
    for column, width in enumerate((44, 16, 14, 16, 60, 28, 18)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(3, 0)
    return sheet


def _name(styles: Styles, sheet: Any, where: str, row: int, index: int, line: Any) -> None:
    styles.book.define_name(line["key"], f"='{where}'!$B${row + 1}")
    sheet.write_string(row, 5, line["key"], styles(font_color="#565f68"))
    sheet.write_string(row, 6, step("/explain", index), styles(font_color="#565f68"))
