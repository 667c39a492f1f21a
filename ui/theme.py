"""How the console looks: colours, type and spacing, light and dark. Streamlit, the charts and the login page take theirs here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Palette:
    """One side of the theme. Text on its grounds has a contrast of at least 4.5 to 1."""

    ground: str
    raised: str
    """Sidebar, table heads, wells."""
    text: str
    quiet: str
    """Second lines, units, axis labels."""
    border: str
    accent: str
    """Links and the one button that matters."""
    on_accent: str
    good: str
    bad: str
    warn: str
    series: tuple[str, ...]
    """Lines and bars, told apart by people who see no red or no green."""


LIGHT = Palette(
    ground="#ffffff",
    raised="#f6f4f1",
    text="#1d2125",
    quiet="#5d6268",
    border="#dedad4",
    accent="#96470f",
    on_accent="#ffffff",
    good="#1b6e45",
    bad="#b3261e",
    warn="#865400",
    series=("#96470f", "#14707c", "#5b4b9a", "#8a6d00", "#2f6db5", "#6b7076", "#a3356f", "#3d7a2a"),
)
DARK = Palette(
    ground="#131619",
    raised="#1c2024",
    text="#e9e7e4",
    quiet="#a5abb2",
    border="#353b41",
    accent="#e5935a",
    on_accent="#1a1005",
    good="#63c795",
    bad="#ff9189",
    warn="#e9b44c",
    series=("#e5935a", "#4fb9c6", "#a99be6", "#d4b33c", "#78aef0", "#a5abb2", "#e58fbb", "#93c878"),
)


def streamlit_options() -> dict[str, Any]:
    """Streamlit's theme, as options of its configuration."""
    options: dict[str, Any] = {
        "theme.baseFontSize": 15,
        "theme.baseRadius": "6px",
        "theme.headingFontSizes": ["1.7rem", "1.25rem", "1.05rem", "1rem", "0.95rem", "0.9rem"],
        "theme.headingFontWeights": [650, 600, 600, 600, 600, 600],
        "theme.showWidgetBorder": True,
        "theme.showSidebarBorder": True,
        "theme.linkUnderline": True,
        "theme.paddingTop": "1.25rem",
    }
    for side, palette in (("light", LIGHT), ("dark", DARK)):
        options |= {
            f"theme.{side}.primaryColor": palette.accent,
            f"theme.{side}.backgroundColor": palette.ground,
            f"theme.{side}.secondaryBackgroundColor": palette.raised,
            f"theme.{side}.textColor": palette.text,
            f"theme.{side}.linkColor": palette.accent,
            f"theme.{side}.borderColor": palette.border,
            f"theme.{side}.dataframeBorderColor": palette.border,
            f"theme.{side}.greenColor": palette.good,
            f"theme.{side}.redColor": palette.bad,
            f"theme.{side}.orangeColor": palette.warn,
            f"theme.{side}.chartCategoricalColors": list(palette.series),
            f"theme.{side}.sidebar.backgroundColor": palette.raised,
            f"theme.{side}.sidebar.borderColor": palette.border,
        }
    return options


def css_variables() -> str:
    """The palettes as CSS custom properties; `light-dark` follows the theme the reader chose."""
    names = ("ground", "raised", "text", "quiet", "border", "accent", "on_accent", "good", "bad", "warn")
    return "".join(
        f"--sh-{name.replace('_', '-')}:light-dark({getattr(LIGHT, name)},{getattr(DARK, name)});"
        for name in names
    )
