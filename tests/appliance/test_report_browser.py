"""The report in a real browser: it is drawn, in both themes and two widths, and nothing runs out of the page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.report.document import compose
from appliance.report.html import render_page
from tests.appliance.report_facts import banking77_facts

CHROMIUM = shutil.which("chromium")
CSS = Path(__file__).parents[2] / "appliance" / "report" / "report.css"
MARGIN = 12
"""Pixels at the right edge that must stay empty; the page's own margin is wider."""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (800, "light"), (800, "dark"), (1280, "light")])
def test_the_page_is_drawn_and_nothing_runs_out_of_it(tmp_path: Path, width: int, theme: str) -> None:
    page, picture = tmp_path / "report.html", tmp_path / "report.png"
    page.write_text(render_page(compose(banking77_facts())), encoding="utf-8")
    subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},3000", f"--screenshot={picture}",
            f"--blink-settings=preferredColorScheme={0 if theme == 'dark' else 1}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    image = pytest.importorskip("PIL.Image").open(picture).convert("RGB")
    paper = image.getpixel((0, 0))
    assert paper == ((0x11, 0x14, 0x17) if theme == "dark" else (255, 255, 255))
    edge = image.crop((width - MARGIN, 0, width, image.height))
    assert {colour for _, colour in edge.getcolors()} == {paper}, "something runs over the right edge"
    ground = next(num for num, colour in image.getcolors(1 << 24) if colour == paper)
    assert ground < 0.98 * width * image.height, "hardly anything was drawn"


@pytest.mark.parametrize("theme", [0, 1])
def test_every_text_stands_out_from_its_ground(theme: int) -> None:
    """WCAG 2.2, AA: 4.5 to 1, of each colour of letters on each ground that they stand on."""
    found = re.findall(r":root \{(.*?)\}", CSS.read_text(encoding="utf-8"), re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", found[0])) | dict(
        re.findall(r"--(\w+): (#[0-9a-f]{6})", found[theme])
    )

    def light(name: str) -> float:
        parts = [int(colours[name][at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for text in ("ink", "soft", "accent"):
        for ground in ("paper", "wash", "faint"):
            dark, bright = sorted((light(text), light(ground)))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
