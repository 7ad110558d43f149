"""The book's look: colours that everybody can read on light and dark pages, and the scoreboard's filter."""

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from imc.pages import figures, svg
from imc.paths import ROOT

STATIC = ROOT / "book" / "_static"
PAPER = {"light": "#ffffff", "dark": "#121212"}  # sphinx-book-theme's backgrounds

# Colour vision: linear-light matrices of Machado et al. 2009, severity 1.
VISION = {
    "normal": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deutan": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(one: str, two: str) -> float:
    low, high = sorted(float(XYZ[1] @ linear(c)) for c in (one, two))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    t = XYZ @ rgb.clip(0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def variables(theme: str) -> dict[str, str]:
    """The style sheet's colours in a theme."""
    block = re.search(
        rf'html\[data-theme="{theme}"\] \{{(.*?)\}}', (STATIC / "custom.css").read_text(), re.DOTALL
    )
    assert block
    return dict(re.findall(r"--imc-([\w-]+): (#[0-9a-f]{6});", block[1]))


@pytest.mark.parametrize("colour", svg.COLOURS)
@pytest.mark.parametrize("theme", PAPER)
def test_series_stand_out_where_no_style_sheet_helps(colour, theme):
    assert contrast(colour, PAPER[theme]) >= 3


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", PAPER)
def test_series_are_apart_for_every_vision(vision, theme):
    colours = [variables(theme).get(f"series-{i}", colour) for i, colour in enumerate(svg.COLOURS)]
    seen = [lab(VISION[vision] @ linear(c)) for c in colours]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 14


def test_series_differ_in_more_than_colour():
    looks = [figures.series(i) for i in range(6)]
    assert len({look["marker"] for look in looks}) == len({str(look["linestyle"]) for look in looks}) == 6


@pytest.mark.parametrize("theme", PAPER)
def test_words_of_the_style_sheet_are_readable(theme):
    known = variables(theme)
    for name in ("good", "fair", "bad", "fitted", "muted"):
        assert contrast(known[name], PAPER[theme]) >= 4.5, name
    assert contrast(known["fair"], known["warm"]) >= 3


def test_mathjax_is_a_local_file_with_its_licence():
    assert (STATIC / "tex-svg.js").stat().st_size > 1_000_000
    assert "Apache License" in (STATIC / "tex-svg.LICENSE.txt").read_text()


PAGE = """<!doctype html><div class="imc-filterable" data-filter="paper,verdict"><table>
<thead><tr><th>paper</th><th>claim</th><th>verdict</th></tr></thead><tbody>
<tr><td>ReRAM thesis</td><td>alpha</td><td><span>✓ reproduced</span></td></tr>
<tr><td>ReRAM thesis</td><td>beta</td><td><span>○ not reproduced</span></td></tr>
<tr><td>IMCE</td><td>alpha</td><td><span>✓ reproduced</span></td></tr>
</tbody></table></div><script src="filter.js"></script>"""


def shown(tmp_path: Path, query: str) -> str:
    """The page's elements in a browser, after its scripts have run."""
    shutil.copy(STATIC / "filter.js", tmp_path)
    (tmp_path / "page.html").write_text(PAGE)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom"]
    command = [
        "chromium",
        *flags,
        f"--user-data-dir={tmp_path}/profile",
        f"file://{tmp_path}/page.html{query}",
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_filter_shows_what_the_address_asks_for(tmp_path: Path):
    page = shown(tmp_path, "?paper=ReRAM+thesis&verdict=reproduced")
    assert re.findall(r"<tr( hidden=\"\")?><td", page) == ["", ' hidden=""', ' hidden=""']
    assert ">1 of 3</output>" in page
    assert re.findall(r"<label>(\w+)<(?:select|input)", page) == ["paper", "verdict", "words"]
