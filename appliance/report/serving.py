"""The section on speed: closed and open loop, what met the objective, and what the engine says of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.report import charts, words
from appliance.report.blocks import Block, Cell, Column, Figure, Group, Notes, Section, Table, figure, table
from appliance.report.canvas import Chart
from appliance.report.study import Facts, Study, at, cell

Setups = dict[tuple[str, str, str], list[Facts]]  # (arm, engine, device) -> its runs, by load
_RowOf = Callable[[Facts], tuple[Cell, ...]]


def serving(study: Study) -> Section:
    """Speed under load: small charts, then every measured number."""
    rows = study.rows("serving")
    closed = _setups([row for row in rows if (row.get("loop") or "closed") == "closed"], "concurrency")
    opened = _setups([row for row in rows if row.get("loop") == "open"], "offered_per_s")
    intro = (
        "How fast answers come when several are asked for at once, and when they are asked for at a given rate.",
        "The median is the middle one of all answers (p50); of twenty answers, one is slower than p95.",
    )
    blocks = (
        _objective(study),
        _closed_panels(study, closed),
        _closed_table(closed),
        _open_panels(study, opened),
        _open_table(opened),
        _engine(rows),
        _energy(study, rows),
        _notes(study),
    )
    return Section("serving", "Serving", intro, blocks)


def _setups(rows: Sequence[Facts], load: str) -> Setups:
    setups: Setups = {}
    for row in sorted(rows, key=lambda row: (words.arm_order(row["arm"]), row.get(load) or 0)):
        setup = (row["arm"], words.text(row.get("engine")), words.text(row.get("device")))
        setups.setdefault(setup, []).append(row)
    return setups


def _objective(study: Study) -> Table | None:
    """The best rate of each arm at which enough requests were in time."""
    asked, found = study.part("objective"), study.part("slo")
    if not found:
        return None
    targets = [
        f"{name} within {words.plain(asked[key])} s"
        for name, key in (
            ("first token", "ttft_s"),
            ("each further token", "tpot_s"),
            ("whole answer", "e2e_s"),
        )
        if asked.get(key) is not None
    ]
    return table(
        "The best rate at the objective",
        [
            "Arm",
            Column("Requests a second"),
            Column("Good ones a second"),
            Column("In time"),
            Column("Tokens a second"),
            "At",
        ],
        [
            (
                Cell(words.arm_name(arm), strong=study.role(arm) == "student"),
                _rate(one) if one.get("meets") else "not met",
                cell(one, "goodput_per_s", _two),
                cell(one, "good_share", words.percent),
                cell(one, "output_tokens_per_s", _one),
                _level(one),
            )
            for arm, one in sorted(found.items(), key=lambda item: words.arm_order(item[0]))
        ],
        note=f"The objective: {', '.join(targets)}, for {words.percent(asked.get('share'), 0)} of all requests, and no failure.",
    )


def _rate(row: Facts) -> Cell:
    value, low, high = (row.get(f"requests_per_s{end}") for end in ("", "_low", "_high"))
    if low is None or high is None:
        return Cell(_two(value), path=at(row, "requests_per_s"))
    return Cell(f"{_two(value)} ({_two(low)} to {_two(high)})", path=at(row))


def _level(row: Facts) -> str | Cell:
    if row.get("concurrency") is not None:
        return Cell(f"{words.number(row['concurrency'])} at once", path=at(row, "concurrency"))
    if row.get("offered_per_s") is not None:
        return Cell(f"{_two(row['offered_per_s'])} asked for a second", path=at(row, "offered_per_s"))
    return "–"


def _one(value: float | None) -> str:
    return words.number(value, 1)


def _two(value: float | None) -> str:
    return words.number(value, 2)


def _milli(value: float | None) -> str:
    return words.number(None if value is None else value * 1000)


def _milli_fine(value: float | None) -> str:
    return words.number(None if value is None else value * 1000, 1)


def _panel(
    study: Study,
    setups: Setups,
    key: str,
    title: str,
    unit: str,
    measures: Sequence[str],
    load: tuple[str, str],
) -> Chart | None:
    """One measure over the load, by arm; a second measure is dashed."""
    drawn = []
    for (arm, engine, _), rows in setups.items():
        alone = sum(other == arm for other, _, _ in setups) == 1
        short = words.SHORT_ARMS.get(arm, arm)
        for measure in measures:
            found = [(row.get(load[0]), row.get(measure)) for row in rows if not row.get("saturated")]
            points = tuple((x, y) for x, y in found if x is not None and y is not None)
            drawn.append(
                charts.Series(
                    short if alone else f"{short}, {engine}",
                    study.role(arm),
                    points,
                    dashed=measure != measures[0],
                    dotted=True,
                )
            )
    desc = f"{title} over {load[1]}, by arm. The table that follows has the figures."
    steps = load[0] == "concurrency"
    return charts.lines(key, title, desc, drawn, x_title=load[1], y_title=unit, steps=steps)


def _closed_panels(study: Study, setups: Setups) -> Figure | None:
    at_once = ("concurrency", "requests at once")
    drawn = [
        _panel(study, setups, key, title, unit, measures, at_once)
        for key, title, unit, measures in (
            ("tokens", "Output tokens", "tokens a second", ("output_tokens_per_s",)),
            ("requests", "Requests answered", "requests a second", ("requests_per_s",)),
            ("ttft", "Time to the first token", "seconds", ("ttft_p50_s", "ttft_p95_s")),
            ("e2e", "Time to the whole answer", "seconds", ("e2e_p50_s", "e2e_p95_s")),
        )
    ]
    return figure("Solid: throughput, or the median (p50). Dashed: the 95th percentile (p95).", drawn)


def _open_panels(study: Study, setups: Setups) -> Figure | None:
    asked = ("offered_per_s", "requests asked for a second")
    drawn = [
        _panel(study, setups, key, title, unit, measures, asked)
        for key, title, unit, measures in (
            (
                "open-ttft",
                "Time to the first token, at a given rate",
                "seconds",
                ("ttft_p50_s", "ttft_p95_s"),
            ),
            ("open-e2e", "Time to the whole answer, at a given rate", "seconds", ("e2e_p50_s", "e2e_p95_s")),
        )
    ]
    return figure(
        "Solid: the median (p50). Dashed: p95. Rates that the server could not keep up with are left out: there the wait "
        "only tells how long was measured.",
        drawn,
    )


_FIRST, _EACH, _WHOLE = "First token, ms", "Each further token, ms", "Whole answer, s"
_LATENCY = (
    *(Column(end, group=name) for name in (_FIRST, _EACH) for end in ("p50", "p95")),
    *(Column(end, group=_WHOLE) for end in ("p50", "p95", "p99")),
)


def _latency(row: Facts) -> tuple[Cell, ...]:
    return (
        *(cell(row, f"ttft_{end}_s", _milli) for end in ("p50", "p95")),
        *(cell(row, f"tpot_{end}_s", _milli_fine) for end in ("p50", "p95")),
        *(cell(row, f"e2e_{end}_s", _two) for end in ("p50", "p95", "p99")),
    )


def _groups(setups: Setups, row_of: _RowOf) -> tuple[Group, ...]:
    return tuple(
        Group(tuple(row_of(row) for row in rows), f"{words.arm_name(arm)} · {engine} · {device}")
        for (arm, engine, device), rows in setups.items()
    )


def _closed_table(setups: Setups) -> Table:
    columns = (
        Column("At once"),
        Column("Answered", group="Requests"),
        Column("Failed", group="Requests"),
        Column("tokens", group="A second"),
        Column("requests", group="A second"),
        Column("good", group="A second"),
        *_LATENCY,
        Column("in", group="Mean tokens"),
        Column("out", group="Mean tokens"),
    )

    def shown(row: Facts) -> tuple[Cell, ...]:
        return (
            cell(row, "concurrency"),
            cell(row, "num_ok"),
            cell(row, "num_failed"),
            cell(row, "output_tokens_per_s", _one),
            cell(row, "requests_per_s", _two),
            cell(row, "goodput_per_s", _two),
            *_latency(row),
            cell(row, "mean_prompt_tokens"),
            cell(row, "mean_output_tokens"),
        )

    return Table("Load test in figures", columns, _groups(setups, shown), dense=True)


def _open_table(setups: Setups) -> Table | None:
    if not setups:
        return None
    columns = (
        Column("asked for", group="Requests a second"),
        Column("answered", group="Requests a second"),
        Column("good", group="Requests a second"),
        Column("In time"),
        Column("Failed"),
        *_LATENCY,
        Column("Kept up"),
    )

    def shown(row: Facts) -> tuple[Cell, ...]:
        return (
            cell(row, "offered_per_s", _two),
            cell(row, "requests_per_s", _two),
            cell(row, "goodput_per_s", _two),
            cell(row, "good_share", words.percent),
            cell(row, "num_failed"),
            *_latency(row),
            Cell(words.NOT_MEASURED if row.get("saturated") is None else "no" if row["saturated"] else "yes"),
        )

    return Table(
        "Requests at a given rate (open loop) in figures",
        columns,
        _groups(setups, shown),
        note="Arrivals follow a Poisson process; time counts from when a request was due, not from when it could be sent.",
        dense=True,
    )


def _engine(rows: Sequence[Facts]) -> Table | None:
    """The server's own figures beside the client's."""
    told = [row for row in rows if row.get("server_e2e_mean_s") is not None]
    if not told:
        return None
    return table(
        "What the engine says of itself",
        [
            "Arm and load",
            Column("First token, ms"),
            Column("Each token, ms"),
            Column("Whole, s"),
            Column("In the queue, ms"),
            Column("Most running"),
            Column("Most waiting"),
            Column("Preempted"),
            Column("Prompt from cache"),
        ],
        [
            (
                f"{words.SHORT_ARMS.get(row['arm'], row['arm'])}, {_level(row)}",
                cell(row, "server_ttft_mean_s", _milli),
                cell(row, "server_tpot_mean_s", _milli_fine),
                cell(row, "server_e2e_mean_s", _two),
                cell(row, "server_queue_mean_s", _milli),
                cell(row, "server_running_max"),
                cell(row, "server_waiting_max"),
                cell(row, "server_preemptions"),
                cell(row, "server_prefix_hit_share", words.percent),
            )
            for row in sorted(
                told,
                key=lambda row: (
                    words.arm_order(row["arm"]),
                    row.get("loop") or "",
                    row.get("concurrency") or 0,
                ),
            )
        ],
        note="Means over a level, from the server's own counters.",
        dense=True,
    )


def _energy(study: Study, rows: Sequence[Facts]) -> Table | None:
    measured = [row for row in rows if row.get("cpu_j") is not None or row.get("gpu_j") is not None]
    if not measured:
        return None
    return table(
        "Energy",
        [
            "Arm and load",
            Column("Processor, J"),
            Column("Accelerator, J"),
            Column("Seconds"),
            Column("Answered"),
        ],
        [
            (
                f"{words.SHORT_ARMS.get(row['arm'], row['arm'])}, {_level(row)}",
                cell(row, "cpu_j", _one),
                cell(row, "gpu_j", _one),
                cell(row, "wall_s", _one),
                cell(row, "num_ok"),
            )
            for row in measured
        ],
        note="Of the whole device, what it draws when idle included.",
        dense=True,
    )


def _notes(study: Study) -> Block | None:
    energy, quantised = study.part("energy"), study.part("quantised")
    said = [f"Energy: {words.NOT_MEASURED}; {words.within(energy['note'])}"] if energy.get("note") else []
    said += [
        f"{words.arm_name(arm)}: {words.NOT_MEASURED}; {why}" for arm, why in study.part("not_served").items()
    ]
    if quantised:
        share = quantised.get("same", 0) / quantised["n"] if quantised.get("n") else None
        said.append(
            f"The 8-bit student ({words.text(quantised.get('method'))}) gives the merged one's answer, letter by letter, in "
            f"{words.percent_interval(share, quantised.get('low'), quantised.get('high'))} of {words.number(quantised.get('n'))} "
            "cases."
        )
    return Notes(tuple(said)) if said else None
