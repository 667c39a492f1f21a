"""What the report says about the teacher as it was found before training: how good, how alike, under which licence."""

from __future__ import annotations

from appliance.report import words
from appliance.report.blocks import Pairs
from appliance.report.study import Facts, Study

_VERDICTS = {
    "free": "allowed, no condition",
    "conditions": "allowed under conditions",
    "forbidden": "the licence speaks against it",
    "unknown": "not known: have the licence read",
}
_GIB = 2**30


def checked(study: Study) -> Pairs | None:
    """One block; None for a run that was not checked."""
    check: Facts = study.part("check")
    if not check:
        return None
    accuracy, licence, memory = check.get("accuracy"), check.get("licence") or {}, check.get("memory") or {}
    rows = [
        (
            f"{words.metric_name((accuracy or {}).get('metric'))}, against people"
            if accuracy
            else "Against people",
            words.NOT_MEASURED
            if not accuracy
            else words.percent_interval(accuracy.get("value"), accuracy.get("low"), accuracy.get("high"))
            + f", n = {words.number(accuracy.get('n'))}",
        ),
        ("Floor (teacher.min_accuracy)", _floor(check.get("min_accuracy"))),
    ]
    for teacher in check.get("teachers") or ():
        alike = ", ".join(
            f"{what} {'not known' if teacher.get(key) is None else 'the same' if teacher[key] else 'different'}"
            for what, key in (
                ("vocabulary", "same_vocabulary"),
                ("end of turn", "same_end"),
                ("template", "same_template"),
            )
        )
        rows.append((f"{words.text(teacher.get('model'))} beside the student", alike))
    likeliest = check.get("likeliest")
    if likeliest:
        rows.append(
            (
                "Answers that can be learnt token by token",
                f"{words.number(likeliest.get('same'))} of {words.number(likeliest.get('n'))}, "
                f"{words.number(likeliest.get('k'))} likeliest tokens each",
            )
        )
    rows += [
        ("Licence", words.text(licence.get("name"))),
        ("Learning from its answers", _VERDICTS.get(licence.get("verdict") or "", words.NOT_RECORDED)),
        ("What it asks", words.text(licence.get("clause"))),
        ("Read in", words.text(licence.get("source"))),
        (
            "Memory that training needs, by estimate",
            f"{_gib(memory.get('needed_bytes'))} of {_gib(memory.get('free_bytes'))} free",
        ),
        *(("Remark", remark) for remark in check.get("remarks") or ()),
    ]
    return Pairs("The teacher, checked before training", tuple(rows), look="prose")


def _gib(value: float | None) -> str:
    return words.NOT_MEASURED if value is None else f"{words.number(value / _GIB, 1)} GiB"


def _floor(value: float | None) -> str:
    return "none" if value is None else words.percent(value)
