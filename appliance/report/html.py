"""The report as one HTML file: no script, no outside resource, readable from a disk and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.report import attack, evidence, money, quality, words
from appliance.report.study import Study

SECTIONS = (
    quality.losses,
    quality.arms,
    quality.trade,
    money.serving,
    money.cost,
    evidence.privacy,
    attack.attack,
    evidence.training,
    evidence.lineage,
    evidence.method,
    evidence.missing,
)


def render_html(facts: Mapping[str, Any]) -> str:
    """The page for the facts of one run. What is None or absent shows as not measured, never as nought."""
    study = Study(facts)
    verdict = study.part("verdict")
    kind = verdict.get("kind") or "not-enough-evidence"
    verdict_words = words.VERDICTS.get(kind, kind)
    headline = verdict.get("headline") or verdict_words
    repeated = headline.casefold().startswith(verdict_words.casefold())
    return render_page(
        facts,
        verdict=verdict_words,
        kicker="Verdict" if repeated else f"Verdict: {verdict_words}",
        headline=headline,
        reasons=verdict.get("reasons") or [],
        key_figures=quality.key_figures(study),
        sections=[section(study) for section in SECTIONS],
    )


def render_page(facts: Mapping[str, Any], **parts: Any) -> str:
    """The page of any report on a run: `verdict` (for the title), `kicker`, `headline`, `reasons`, `key_figures`, `sections`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        title=facts.get("title") or words.text(facts.get("name")),
        name=words.text(facts.get("name")),
        run_id=words.text(facts.get("run_id")),
        created=words.day(facts.get("created_at")),
        absent=(words.NOT_MEASURED, words.NOT_RECORDED),
        **parts,
    )
