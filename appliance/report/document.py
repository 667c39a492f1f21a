"""The report of a run as one document: its sections in the order of the decision."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.report import attack, evidence, losses, money, quality, sensitivity, serving, words
from appliance.report.blocks import Document, KeyFigure, Section
from appliance.report.study import Facts, Study

SECTIONS = (
    losses.losses,
    quality.arms,
    serving.serving,
    money.cost,
    sensitivity.sensitivity,
    evidence.privacy,
    attack.attack,
    evidence.training,
    evidence.lineage,
    evidence.method,
    evidence.missing,
)


def compose(facts: Facts) -> Document:
    """The document for the facts of one run. What is None or absent shows as not measured, never as nought."""
    study = Study(facts)
    verdict = study.part("verdict")
    kind = verdict.get("kind") or "not-enough-evidence"
    verdict_words = words.VERDICTS.get(kind, kind)
    headline = verdict.get("headline") or verdict_words
    return on_run(
        facts,
        verdict=verdict_words,
        kicker=words.kicker({"kind": kind, "headline": headline}),
        headline=headline,
        # "n = 400" stays on one line.
        reasons=tuple(
            reason.replace("n = ", "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
            for reason in verdict.get("reasons") or ()
        ),
        cautions=verdict.get("cautions") or (),
        key_figures=quality.key_figures(study),
        sections=[section(study) for section in SECTIONS],
    )


def on_run(
    facts: Facts,
    *,
    verdict: str,
    kicker: str,
    headline: str,
    reasons: Sequence[str],
    cautions: Sequence[str] = (),
    key_figures: Sequence[KeyFigure],
    sections: Sequence[Section],
) -> Document:
    """A document on the run that the facts name."""
    return Document(
        title=facts.get("title") or words.text(facts.get("name")),
        name=words.text(facts.get("name")),
        run_id=words.text(facts.get("run_id")),
        created=words.day(facts.get("created_at")),
        verdict=verdict,
        kicker=kicker,
        headline=headline,
        reasons=tuple(reasons),
        cautions=tuple(cautions),
        key_figures=tuple(key_figures),
        sections=tuple(sections),
    )
