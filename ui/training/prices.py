"""The tab Prices: what the machine costs, what the teacher's answers cost, and the volume; each figure with its source and date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from appliance.config import ConfigError, load_use_case
from appliance.cost.card import card_rows
from appliance.people.acting import Action, may
from appliance.preparing import use_cases
from appliance.report import words
from ui import access, parts
from ui.parts import Column


def show(use_case: str | None) -> None:
    if use_case is None:
        parts.empty(
            "There is no use case yet", "Bring in records and say what is asked of the model first.", "data"
        )
        return
    home, actor = access.home(), access.actor()
    saved: Mapping[str, Any] = use_cases.read(home, use_case).get("prices") or {}
    parts.section(
        "Prices",
        "The report reckons with these, all in one currency, and shows each with its source. No run starts without them.",
    )
    if saved.get("card"):
        st.info(
            parts.plain(
                f"This use case has its prices from a card, {Path(saved['card']).name}: see below. Figures saved here take its place."
            )
        )
        _card(use_case)
    with st.form(f"prices-{use_case}", border=False):
        values = _form(use_case, saved)
        allowed = may(actor, Action.EDIT_USE_CASE)
        if not st.form_submit_button("Save the prices", type="primary", disabled=not allowed):
            if not allowed:
                st.caption("An operator saves.")
            return
    parts.done(_save, use_case, values)


def _card(name: str) -> None:
    """What the card says, which the form below does not hold."""
    try:
        settings = load_use_case(use_cases.path(access.home(), name)).prices
    except ConfigError:  # the page says elsewhere what keeps the use case from being read
        return
    with st.expander("What the card says"):
        parts.table(
            [row for row in card_rows(settings) if row["date"]],
            {
                "what": "What",
                "value": Column("Price", words.plain, right=True),
                "unit": Column("Unit", whole=True),
                "source": "Source",
                "date": Column("Date", words.day, whole=True),
            },
            key="card",
        )


def _save(name: str, values: dict[str, Any]) -> None:
    use_cases.save(access.home(), access.actor(), name, {"prices": values})
    st.toast("Saved. They count from the next run on.")


def _form(name: str, saved: Mapping[str, Any]) -> dict[str, Any]:
    left, right = st.columns(2, gap="large")
    with left:
        st.html(_head("The volume and the machine"))
        volume = _number(name, "Requests a month", saved.get("requests_per_month"), 100_000, whole=True)
        currency = _text(name, "Currency", saved.get("currency"), "EUR", "EUR")
        hour = _number(name, "An hour of the machine, all in", saved.get("device_per_hour"), None)
        device = _source(name, "The machine's price", saved, "device")
        peak = _number(name, "Peak over the mean (may stay empty)", saved.get("peak_to_mean"), None,
                       help="Requests a second in the busiest minutes, over the month's mean. Machines are then counted for the peak.")  # fmt: skip
    with right:
        st.html(_head("The teacher and the people"))
        asked = _number(name, "A million tokens of prompts (may stay empty)", saved.get("teacher_input_per_million"), None,
                        help="Of a teacher that is paid by the token. Empty: the teacher's cost is not known, or it was measured on this machine.")  # fmt: skip
        answered = _number(
            name,
            "A million tokens of answers (may stay empty)",
            saved.get("teacher_output_per_million"),
            None,
        )
        teacher = _source(name, "The teacher's prices", saved, "teacher")
        once = _number(name, "People's time, once", saved.get("one_off"), 0.0)
        upkeep = _number(name, "People's time, a month", saved.get("upkeep_per_month"), 0.0)
    values = {
        "requests_per_month": volume,
        "currency": currency,
        "device_per_hour": hour,
        **device,
        "peak_to_mean": peak,
        "one_off": once,
        "upkeep_per_month": upkeep,
    }
    if asked is not None or answered is not None:
        values |= {"teacher_input_per_million": asked, "teacher_output_per_million": answered, **teacher}
    return {key: value for key, value in values.items() if value not in (None, "")}


def _head(title: str) -> str:
    return f'<h3 style="font-size:1.05rem;padding:0;margin:0">{title}</h3>'


def _source(name: str, whose: str, saved: Mapping[str, Any], key: str) -> dict[str, Any]:
    one, two = st.columns([3, 2])
    with one:
        source = _text(name, f"{whose}: source", saved.get(f"{key}_source"), "", "price list, invoice")
    with two:
        given = saved.get(f"{key}_date")
        looked_up = st.date_input(
            f"{whose}: date",
            date.fromisoformat(given) if given else date.today(),
            key=f"prices-{name}-{key}-date",
        )
    return {f"{key}_source": source, f"{key}_date": looked_up.isoformat()}


def _number(
    name: str, label: str, saved: Any, default: float | None, *, whole: bool = False, help: str | None = None
) -> Any:
    given = default if saved is None else saved
    kind: Any = int if whole else float  # Streamlit wants one type throughout
    return st.number_input(
        label,
        min_value=kind(0),
        value=None if given is None else kind(given),
        step=1 if whole else None,
        format=None if whole else "%.6g",
        key=f"prices-{name}-{label}",
        help=help,
    )


def _text(name: str, label: str, saved: Any, default: str, placeholder: str) -> str:
    value = st.text_input(label, saved or default, key=f"prices-{name}-{label}", placeholder=placeholder)
    return str(value).strip()
