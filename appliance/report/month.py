"""The money of a month, and how it adds up month by month until the one-off cost has come back."""

from __future__ import annotations

import math

from appliance.report import charts, words
from appliance.report.blocks import Column, Entry, Figure, Ledger, Table, figure, table
from appliance.report.quality import break_even
from appliance.report.study import Facts, Study, at

LONGEST_MONTHS = 60  # beyond five years a prediction of costs says nothing


def ledger(study: Study) -> Ledger:
    """What a month costs with either, what it saves, and after how many the one-off cost is back."""
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


def cumulative(study: Study) -> tuple[Figure | None, Table | None]:
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
