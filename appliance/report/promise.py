"""What the report says about differential privacy: the promise with its figures and limits, or plainly that there is none."""

from __future__ import annotations

import math

from appliance.report import words
from appliance.report.blocks import Pairs
from appliance.report.study import Facts, Study

NONE = (
    "No differential privacy: nothing bounds how much one person's records can change the student. [sft.dp] sets such a "
    "bound, at a cost in quality."
)
LIMITS = (
    "The bound holds for the student after SFT, from the training set on: not for the choice and cleaning of the records, "
    "not for the losses and scores on this page, and not for worked examples in a prompt. How many there are counts as "
    "public."
)


def sentences(study: Study) -> tuple[str, ...]:
    """The promise and what it does not cover."""
    if "differential_privacy" not in study.facts:
        return (f"Whether the training had differential privacy: {words.NOT_RECORDED}.",)
    dp = study.part("differential_privacy")
    if not dp:
        return (NONE,)
    unit = dp.get("unit") or "unit"
    what = "all records of any one person" if unit == "person" else "any one record"
    said = (
        f"Differential privacy with ε = {_up(dp.get('epsilon'))}, δ = {_up(dp.get('delta'))} for each of "
        f"{words.number(dp.get('units'))} {unit}s: with or without {what}, the odds of whatever comes out of the training "
        "differ by a factor of e to the power of ε at most, but for a probability of δ."
    )
    weaker = (
        (
            "The unit is the record, for the source names no person (data.subject): who has several records is "
            "protected less.",
        )
        if unit == "record"
        else ()
    )
    return said, *weaker, LIMITS


def figures(study: Study) -> Pairs | None:
    """All that is needed to compute both epsilons again."""
    dp: Facts = study.part("differential_privacy")
    if not dp:
        return None
    return Pairs(
        "Differential privacy",
        (
            ("Unit", words.text(dp.get("unit"))),
            ("Units", words.number(dp.get("units"))),
            ("ε asked for", words.significant(dp.get("target_epsilon"))),
            ("ε by the PRV accountant", words.significant(dp.get("epsilon_prv"), 4)),
            ("ε by the PLD accountant", words.significant(dp.get("epsilon_pld"), 4)),
            ("δ", _up(dp.get("delta"))),
            ("Noise multiplier", words.significant(dp.get("noise_multiplier"), 4)),
            ("Clip", words.plain(dp.get("clip"))),
            ("Sampling rate", words.significant(dp.get("sample_rate"), 4)),
            ("Steps", words.number(dp.get("steps"))),
        ),
    )


def _up(value: float | None) -> str:
    """Three significant digits, never rounded down: a promise is not told as stronger than it is."""
    if not value:
        return words.significant(value)
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return words.significant(math.ceil(value / step - 1e-9) * step)
