"""The sections that back the numbers: privacy, training, data and lineage, method, what is missing."""

from __future__ import annotations

from appliance.report import charts, promise, teacher, words
from appliance.report.blocks import Cell, Column, Notes, Pairs, Section, Table, figure, table
from appliance.report.study import Facts, Study, at, cell, shown

MOST_ROWS_LISTED = 12
CURVE_COLUMNS = 7


def privacy(study: Study) -> Section:
    scrub = study.part("scrub")
    floor = scrub.get("recall_floor")
    kinds = scrub.get("recall_by_type") or []
    drawn = charts.dot_rows(
        "recall",
        "Recall by type of private data",
        "Share of labelled spans found, by type, with 95% intervals. The table that follows has the figures.",
        [
            charts.Row(
                words.text(kind.get("entity_type")),
                (charts.Dot(kind.get("recall"), kind.get("low"), kind.get("high"), "student"),),
                words.percent_interval(kind.get("recall"), kind.get("low"), kind.get("high")),
            )
            for kind in kinds
        ],
        reference=None if floor is None else (floor, f"floor {words.percent(floor, 0)}"),
    )
    summary = Pairs(
        "Scrubbing",
        (
            ("Recall", Cell(_recall(scrub), path=at(scrub, "recall", "recall_low", "recall_high"))),
            ("Floor in the policy", cell(scrub, "recall_floor", words.percent)),
            ("Labelled spans", cell(scrub, "recall_n")),
            ("Labelled records with a span missed", cell(scrub, "leaking_records")),
            ("Records seen", cell(scrub, "seen")),
            ("Records kept", cell(scrub, "kept")),
            ("Records dropped", cell(scrub, "dropped")),
            ("Spans replaced", cell(scrub, "spans")),
            ("Preset", words.text(scrub.get("preset"))),
            ("Surrogates that equal a removed value", cell(scrub, "surrogates_equal_to_removed")),
            ("Detector", words.text(scrub.get("detector"))),
            ("Policy", words.text(scrub.get("policy_id"))),
        ),
    )
    chart = figure("Whiskers are 95% intervals.", [drawn])
    blocks = (summary, chart, _types(scrub), _dropped(scrub), promise.figures(study))
    intro = (
        against_floor(scrub),
        *filter(None, [scrub.get("residual_risk")]),
        *promise.sentences(study),
    )
    return Section("privacy", "Privacy", intro, blocks)


def _recall(scrub: Facts) -> str:
    return words.percent_interval(scrub.get("recall"), scrub.get("recall_low"), scrub.get("recall_high"))


def against_floor(scrub: Facts) -> str:
    recall, low, floor = scrub.get("recall"), scrub.get("recall_low"), scrub.get("recall_floor")
    if recall is None or floor is None:
        return "How much of the private data the scrubbing finds was not measured."
    if recall < floor:
        return f"Recall {_recall(scrub)} is below the floor of {words.percent(floor)}."
    if low is None or low < floor:
        return f"Recall {_recall(scrub)} is above the floor of {words.percent(floor)}, its interval is not."
    return (
        f"Recall {_recall(scrub)} is above the floor of {words.percent(floor)}, and so is its whole interval."
    )


def _types(scrub: Facts) -> Table:
    replaced = scrub.get("spans_by_type") or {}
    measured = {kind.get("entity_type"): kind for kind in scrub.get("recall_by_type") or []}
    rows = []
    for name in dict.fromkeys([*measured, *replaced]):
        kind = measured.get(name, {})
        score = {"value": kind.get("recall"), "low": kind.get("low"), "high": kind.get("high")}
        rows.append(
            (
                words.text(name),
                cell(replaced, name),
                cell(kind, "n"),
                Cell(shown(score), path=at(kind)),
            )
        )
    columns: list[Column | str] = ["Type", Column("Replaced"), Column("Labelled"), Column("Recall")]
    return table("By type", columns, rows)


def _dropped(scrub: Facts) -> Table | None:
    where: dict[str, list[str]] = {}
    for row in scrub.get("dropped_rows") or []:
        where.setdefault(words.text(row.get("reason")), []).append(words.number(row.get("row")))
    rows = []
    reasons = scrub.get("dropped_by_reason") or {}
    if not reasons and scrub.get("dropped") == 0:
        return None
    for reason in reasons:
        listed = where.get(reason, [])
        more = len(listed) - MOST_ROWS_LISTED
        places = ", ".join(listed[:MOST_ROWS_LISTED]) + (f" and {more} more" if more > 0 else "")
        rows.append((reason, cell(reasons, reason), places or words.NOT_RECORDED))
    return table("Dropped, by reason", ["Reason", Column("Records"), "Rows of the source"], rows)


def training(study: Study) -> Section:
    stages = study.rows("training")
    panels, curves, rows = [], [], []
    drawn = sum(1 + len(stage.get("more_curves") or {}) for stage in stages)
    for index, stage in enumerate(stages):
        what, name = stage.get("curve_name") or "loss", _stage_name(stage)
        told = {what: stage.get("curve") or [], **(stage.get("more_curves") or {})}
        for number, (figure_name, points) in enumerate(told.items()):
            curve = [(point[0], point[1]) for point in points if point[1] is not None]
            stride = -(-len(curve) // 500) or 1  # more points than pixels only make the file heavier
            title = f"{name}: {figure_name}"
            panels.append(
                charts.lines(
                    f"curve-{index}-{number}",
                    title,
                    f"{figure_name} over training steps, {name}. The table that follows has points of the curve.",
                    [charts.Series("", "student", tuple(curve[::stride]))],
                    x_title="step",
                    y_title=figure_name,
                    zero=False,
                    wide=drawn == 1,
                )
            )
            curves.append(_curve_table(title, figure_name, curve))
        ends = (cell(stage, f"{end}_{what}", words.significant) for end in ("first", "last"))
        rows.append((name, *_trained(stage), what.capitalize(), *ends))
    listed = table(
        "What was trained",
        [
            "Stage",
            "Method",
            Column("Time"),
            Column("Examples"),
            Column("Steps"),
            "Curve",
            Column("First"),
            Column("Last"),
        ],
        rows,
    )
    both = {stage.get("stage") for stage in stages} >= {"sft", "onpolicy"}
    intro = ("The student first learns from the teacher's answers, then from its own.",) if both else ()
    return Section("training", "Training", intro, (figure("", panels), *curves, listed))


def _trained(stage: Facts) -> tuple[Cell | str, ...]:
    return (
        words.text(stage.get("method")),
        cell(stage, "seconds", words.duration),
        cell(stage, "examples"),
        cell(stage, "steps"),
    )


def _stage_name(stage: Facts) -> str:
    return {"sft": "SFT", "onpolicy": "On-policy"}.get(
        stage.get("stage") or "", words.text(stage.get("stage"))
    )


def _curve_table(title: str, what: str, curve: list[tuple[float, float]]) -> Table | None:
    if not curve:
        return None
    last = len(curve) - 1
    picked = sorted({round(last * index / (CURVE_COLUMNS - 1)) for index in range(CURVE_COLUMNS)})
    columns: list[Column | str] = ["Step", *(Column(words.number(curve[index][0])) for index in picked)]
    return table(
        f"{title}, points of the curve",
        columns,
        [(what, *(words.significant(curve[index][1]) for index in picked))],
    )


def lineage(study: Study) -> Section:
    """What went in, through which stages, on which machine."""
    data, curate, machine = study.part("data"), study.part("curate"), study.part("environment")
    rejected = curate.get("rejected_by_reason") or {}
    names = {"train": "Training", "val": "Validation", "test": "Test", "overlap": "In both training and test"}
    counts = Pairs(
        "Records",
        (
            ("Answered by the teacher", cell(curate, "answered")),
            ("Accepted", cell(curate, "accepted")),
            *((f"Rejected: {why}", cell(rejected, why)) for why in rejected),
            *((name, cell(data, key)) for key, name in names.items()),
        ),
    )
    stages = table(
        "Stages of the run",
        ["Stage", Column("Time"), "State"],
        [
            (
                words.text(row.get("stage")),
                cell(row, "seconds", words.duration),
                words.text(row.get("status")),
            )
            for row in study.rows("stages")
        ],
    )
    titles = {
        "data": "Data",
        "config": "Config",
        "scrubbed": "Scrubbed records",
        "training_set": "Training set",
        "teacher": "Teacher's answers",
        "student_base": "Base model",
        "student": "Student",
        "commit": "Commit",
    }
    found = study.part("hashes")
    hashes = Pairs(
        "Hashes",
        tuple((titles.get(key, key), words.text(found.get(key))) for key in dict.fromkeys([*titles, *found])),
        look="mono",
    )
    environment = Pairs(
        "Machine",
        (
            ("Processor", words.text(machine.get("cpu"))),
            ("Cores", cell(machine, "cores")),
            ("Memory, GiB", cell(machine, "memory_gib", lambda value: words.number(value, 1))),
            ("System", words.text(machine.get("system"))),
            ("Python", words.text(machine.get("python"))),
            *((name, words.text(version)) for name, version in (machine.get("packages") or {}).items()),
        ),
    )
    intro = (
        "Whoever holds these hashes can check that a model, a data set or a config is the one measured here.",
    )
    blocks = (counts, teacher.checked(study), stages, hashes, environment)
    return Section("lineage", "Data and lineage", intro, blocks)


def method(study: Study) -> Section:
    agreement, egress = study.facts.get("agreement"), study.facts.get("egress")
    if not agreement or agreement.get("n") is None or agreement.get("same") is None:
        served = f"Whether the served student answers like the evaluated one: {words.NOT_MEASURED}."
    else:
        served = (
            f"The served student gave the same answer as the evaluated one "
            f"in {agreement['same']:,} of {agreement['n']:,} cases."
        )
    parity = study.facts.get("parity")
    if parity:
        served += (
            f" Token by token, on {words.number(parity['prompts']['n'])} prompts: the log-probabilities are "
            f"{words.number(parity['gap'], 3)} nats apart on average "
            f"({words.number(parity['gap_low'], 3)} to {words.number(parity['gap_high'], 3)}); the server holds "
            f"{parity['likeliest']['same']:,} of {parity['likeliest']['n']:,} evaluated tokens likeliest, too."
        )
    attempts = (egress or {}).get("attempts")
    outside = f"Attempts of the run to reach a network outside: {words.number(attempts)}."
    return Section(
        "method",
        "How it was measured",
        (),
        (
            Notes(
                (
                    f"Quality is judged on test records kept out of training. The measure that decides is "
                    f"“{words.within(words.metric_name(study.metric))}”.",
                    _reference(study),
                    "Figures in brackets are 95% intervals (Wilson). n is the number of records behind "
                    "a share. Failed ones got no readable answer: they are in n and count as wrong.",
                    "A gap between two shares is in percentage points.",
                    served,
                    outside,
                    f"“{words.NOT_MEASURED.capitalize()}” means that no number exists, never nought.",
                )
            ),
            _terms(),
        ),
    )


def _reference(study: Study) -> str:
    if study.facts.get("reference") is None:
        return f"Who says what is right: {words.NOT_RECORDED}."
    if study.by_teacher:
        return "No human reference was given: an answer counts as right if it is the teacher's."
    return (
        "An answer counts as right if it is the one people gave; the teacher is scored against that as well."
    )


def _terms() -> Pairs:
    return Pairs(
        "Words used here",
        (
            ("Teacher", "the large model whose answers the student learns from"),
            ("Student", "the small model that would take its place"),
            ("Arm", "one way to answer, measured on the same records as the others"),
            ("Untuned", "the student as it comes, before any training"),
            ("Few-shot", "the untuned student, shown worked examples in its prompt"),
            ("Retrieved", "the untuned student, shown the worked examples most like the question"),
            ("SFT", "supervised fine-tuning: learning from the teacher's answers"),
            ("On-policy", "learning from the student's own answers, graded"),
            ("Cascade", "the student answers, and the teacher where the student is unsure"),
            ("The bar", "the least quality that is good enough, a share of the teacher's"),
            (
                "95% interval",
                "where the true value lies, wrong once in twenty times; more records make it narrower",
            ),
            ("p", "how often chance alone would show as much; small means that it is not chance"),
            (
                "F1",
                "between precision and recall; macro: the mean over all answers, rare ones as heavy as common ones",
            ),
            ("Recall", "of the private data present, the share that was found"),
            ("Token", "a piece of a word, the unit in which models read, write and are priced"),
        ),
        look="prose",
    )


def missing(study: Study) -> Section:
    items = tuple(study.facts.get("missing") or ())
    intro = () if items else ("The run reported nothing as missing.",)
    return Section("missing", "What is missing", intro, (Notes(items),) if items else ())
