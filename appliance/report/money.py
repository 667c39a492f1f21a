"""The sections on speed and money: serving, and the arithmetic of the cost."""

from __future__ import annotations

import math

from appliance.report import charts, words
from appliance.report.blocks import (
    Block,
    Cell,
    Column,
    Entry,
    Figure,
    Group,
    Ledger,
    Section,
    Table,
    figure,
    table,
)
from appliance.report.canvas import Chart
from appliance.report.quality import break_even
from appliance.report.study import Facts, Study

Setups = dict[tuple[str, str, str], list[Facts]]  # (arm, engine, device) -> its runs, by concurrency

LONGEST_MONTHS = 60  # beyond five years a prediction of costs says nothing


def serving(study: Study) -> Section:
    """Speed under load: four small charts, then every measured number."""
    runs = study.rows("serving")
    setups: Setups = {}
    for row in sorted(runs, key=lambda row: (words.arm_order(row["arm"]), row.get("concurrency") or 0)):
        setup = (row["arm"], words.text(row.get("engine")), words.text(row.get("device")))
        setups.setdefault(setup, []).append(row)
    intro = (
        "How fast answers come when several are asked for at once.",
        "The median is the middle one of all answers (p50); of twenty answers, one is slower than p95.",
    )
    blocks = (_panels(study, setups), _serving_table(setups))
    return Section("serving", "Serving", intro, blocks)


def _panels(study: Study, setups: Setups) -> Figure | None:
    def panel(key: str, title: str, unit: str, solid: str, dashed: str | None = None) -> Chart | None:
        drawn = []
        for (arm, engine, _), rows in setups.items():
            alone = sum(other == arm for other, _, _ in setups) == 1
            name = words.SHORT_ARMS.get(arm, arm) if alone else f"{words.SHORT_ARMS.get(arm, arm)}, {engine}"
            for measure in filter(None, (solid, dashed)):
                found = [(row.get("concurrency"), row.get(measure)) for row in rows]
                points = tuple((x, y) for x, y in found if x is not None and y is not None)
                faint = measure == dashed
                drawn.append(charts.Series(name, study.role(arm), points, dashed=faint, dotted=True))
        desc = f"{title} over the number of requests at once, by arm. The table that follows has the figures."
        return charts.lines(key, title, desc, drawn, x_title="requests at once", y_title=unit, steps=True)

    return figure(
        "Solid: throughput, or the median (p50). Dashed: the 95th percentile (p95).",
        [
            panel("tokens", "Output tokens", "tokens a second", "output_tokens_per_s"),
            panel("requests", "Requests answered", "requests a second", "requests_per_s"),
            panel("ttft", "Time to the first token", "seconds", "ttft_p50_s", "ttft_p95_s"),
            panel("e2e", "Time to the whole answer", "seconds", "e2e_p50_s", "e2e_p95_s"),
        ],
    )


def _serving_table(setups: Setups) -> Table:
    first, each, whole = "First token, ms", "Each further token, ms", "Whole answer, s"
    columns = (
        Column("At once"),
        Column("Answered", group="Requests"),
        Column("Failed", group="Requests"),
        Column("tokens", group="A second"),
        Column("requests", group="A second"),
        *(Column(end, group=name) for name in (first, each, whole) for end in ("p50", "p95")),
        Column("in", group="Mean tokens"),
        Column("out", group="Mean tokens"),
    )
    groups = tuple(
        Group(tuple(_serving_row(row) for row in rows), f"{words.arm_name(arm)} · {engine} · {device}")
        for (arm, engine, device), rows in setups.items()
    )
    return Table("Load test in figures", columns, groups, dense=True)


def _serving_row(row: Facts) -> tuple[Cell, ...]:
    def milli(name: str) -> str:
        seconds = row.get(name)
        return words.number(None if seconds is None else seconds * 1000, 1 if name.startswith("tpot") else 0)

    return tuple(
        Cell(one)
        for one in (
            words.number(row.get("concurrency")),
            words.number(row.get("num_ok")),
            words.number(row.get("num_failed")),
            words.number(row.get("output_tokens_per_s"), 1),
            words.number(row.get("requests_per_s"), 2),
            *(milli(f"{name}_{end}_s") for name in ("ttft", "tpot") for end in ("p50", "p95")),
            *(words.number(row.get(f"e2e_{end}_s"), 2) for end in ("p50", "p95")),
            words.number(row.get("mean_prompt_tokens")),
            words.number(row.get("mean_output_tokens")),
        )
    )


def cost(study: Study) -> Section:
    """What it costs and how that was reckoned, from the price card to the month of break-even."""
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
                words.money(row.get("per_thousand_requests"), row.get("currency"), requests),
                words.money(row.get("per_million_output_tokens"), row.get("currency"), tokens),
                words.text(row.get("basis")),
            )
            for row in sorted(rows, key=lambda row: words.arm_order(row["arm"]))
        ],
    )
    card = table(
        "Price card",
        ["What", Column("Price"), "Unit", "Source", "Date"],
        [
            (
                words.text(row.get("what")),
                words.plain(row.get("value")),
                words.text(row.get("unit")),
                words.text(row.get("source")),
                words.day(row.get("date")),
            )
            for row in study.rows("price_card")
        ],
    )
    intro = ("Every amount follows from the load test and from the price card at the end of this section.",)
    blocks: list[Block | None] = [_ledger(study), *_cumulative(study), listed, card]
    return Section("cost", "Cost and the arithmetic", intro, tuple(blocks))


def _ledger(study: Study) -> Ledger:
    economics, currency = study.part("economics"), study.currency
    spent = economics.get("monthly_cost") or {}
    teacher, student, one_off = spent.get("teacher"), spent.get("student"), economics.get("one_off")
    saved = None if teacher is None or student is None else teacher - student
    decimals = words.money_decimals([teacher, student, saved, one_off])
    machines: tuple[Entry, ...] = ()
    if "devices" in economics:
        machines = (
            Entry("Machines", words.number(economics["devices"]), "paid for whole months, busy or not"),
        )
    return Ledger(
        "The arithmetic of a month",
        (
            Entry(
                "Requests a month",
                words.number(economics.get("requests_per_month")),
                "the volume to be served",
            ),
            Entry(
                "Utilisation",
                words.percent(economics.get("utilisation"), 0),
                "mean load over the machine's best rate",
            ),
            *machines,
            Entry("Teacher", words.money(teacher, currency, decimals), "a month"),
            Entry("Student", words.money(student, currency, decimals), "a month"),
            Entry(
                "Saved", words.money(saved, currency, decimals), "teacher less student, a month", total=True
            ),
            Entry("One-off cost", words.money(one_off, currency, decimals), "before the first saving"),
            break_even(study),
        ),
    )


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
    title = "Spent so far, month by month"
    drawn = charts.lines(
        "cumulative",
        title,
        "Running totals of teacher and student. The table that follows has the figures.",
        [
            charts.Series("Teacher", "teacher", tuple((month, one) for month, one, _ in totals)),
            charts.Series("Student", "student", tuple((month, one) for month, _, one in totals)),
        ],
        x_title="months",
        y_title=currency or "cost",
        steps=True,
        wide=True,
    )
    decimals = words.money_decimals([teacher, student, one_off])
    listed = table(
        f"{title}, in figures",
        ["After", Column("Teacher"), Column("Student, one-off cost included"), Column("Saved so far")],
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
