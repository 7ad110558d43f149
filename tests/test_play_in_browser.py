"""Players in a browser without a window: touched, in both themes, on paper, without scripts."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import browser
from imc.pages import figures, players, svg
from imc.paths import ROOT

STATIC = ROOT / "book" / "_static"

needs_browser = pytest.mark.skipif(browser.FOUND is None, reason="needs chromium")


def committed() -> dict[str, str]:
    """The box of every player in the book, by model."""
    found = {}
    for path in sorted((ROOT / "book").rglob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                text = "".join(output.get("data", {}).get("text/markdown", ""))
                if match := re.search(r'<div class="imc-play" data-model="(\w+)".*</div>', text):
                    found[match[1]] = match[0]
    return found


# a model whose page is not written yet starts from nothing
AWAITING = {
    "tikitaka": players.box("tikitaka", "try-pulses", "a cell under pulses", {}),
    "verdicts": players.box("verdicts", "tolerances", "verdicts by tolerance", {}),
}
BOXES = {**AWAITING, **committed()}
ANSWER = "document.querySelector('.imc-play output').value"
SHOWN = "getComputedStyle(document.querySelector('%s')).display !== 'none'"


@pytest.fixture(scope="module")
def tab() -> Iterator[browser.Browser]:
    with browser.browser() as found:
        yield found


def written(folder: Path, *boxes: str) -> Path:
    """A page with players behind their static figures, as the book has them."""
    shutil.copytree(STATIC / "play", folder / "play")
    for name in ("play.js", "play.css", "custom.css", "filter.js"):
        shutil.copy(STATIC / name, folder)
    body = "".join(
        f'<div class="cell_output"><div class="imc-picture"><svg class="imc-figure"></svg></div>{box}</div>'
        for box in boxes
    )
    path = folder / "page.html"
    path.write_text(
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>Play</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="custom.css"><link rel="stylesheet" href="play.css">'
        f'<script defer src="play.js"></script><body>{body}</body></html>'
    )
    return path


def test_the_book_has_its_players():
    assert set(BOXES) == set(players.models())


@needs_browser
@pytest.mark.parametrize("model", sorted(BOXES))
def test_a_player_answers_at_every_touch(model, tab, tmp_path):
    path = written(tmp_path, BOXES[model])
    before = len(tab.errors), len(tab.requests)
    tab.open(path)
    first = tab.run(ANSWER)
    assert tab.run(SHOWN % ".imc-play")
    assert not tab.run(SHOWN % ".imc-picture")
    controls = tab.run(
        "[...document.querySelectorAll('.imc-play-form :is(input, select)')].map((c) => c.name)"
    )
    changed = 0
    for name in controls:  # every control to each of its ends
        for end in ("0", "1"):
            tab.run(
                f"(() => {{ const c = document.querySelector('.imc-play-form [name={name}]');"
                f"if (c.type === 'range') c.value = {end} ? c.max : c.min;"
                f"else if (c.options) c.selectedIndex = {end} ? c.options.length - 1 : 0; else return;"
                "c.dispatchEvent(new Event('input', {bubbles: true})); })()"
            )
            tab.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            answer = tab.run(ANSWER)
            assert answer
            assert "NaN" not in answer
            assert "undefined" not in answer
            changed += answer != first
    assert changed >= len(controls) / 2
    assert not tab.run("document.querySelector('.imc-play').innerHTML.includes('NaN')")
    tab.run(
        "[...document.querySelectorAll('.imc-play button')]"
        ".find((b) => b.textContent === 'start again').click()"
    )
    tab.wait(f"{ANSWER} === {json.dumps(first)}")
    assert tab.errors[before[0] :] == []
    assert all(address.startswith("file:") for address in tab.requests[before[1] :])


@needs_browser
@pytest.mark.parametrize("model", sorted(BOXES))
@pytest.mark.parametrize("dark", [False, True])
def test_a_player_has_words_for_everything_and_fits_a_phone(model, dark, tab, tmp_path):
    tab.open(written(tmp_path, BOXES[model]), width=390, dark=dark)
    if dark:
        tab.run("document.documentElement.dataset.theme = 'dark'")
    nameless = (
        "[...document.querySelectorAll('.imc-play :is(input, select, button, canvas, svg)')]"
        ".filter((c) => !(c.labels?.length || c.textContent.trim() || c.getAttribute('aria-label'))).length"
    )
    assert tab.run(nameless) == 0
    assert tab.run("document.querySelector('.imc-play output').getAttribute('aria-live')") == "polite"
    assert tab.run("document.documentElement.scrollWidth") <= 390
    series = tab.run(
        "getComputedStyle(document.querySelector('.imc-play')).getPropertyValue('--imc-play-0').trim()"
    )
    assert series == ("#528dfb" if dark else "#23699e")


@needs_browser
def test_on_paper_and_without_scripts_the_figure_stands(tab, tmp_path):
    path = written(tmp_path, BOXES["kirchhoff"])
    tab.open(path)
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.run(SHOWN % ".imc-picture")
    assert not tab.run(SHOWN % ".imc-play")
    tab.open(path, scripts=False)
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.run(SHOWN % ".imc-picture")
    assert not tab.run(SHOWN % ".imc-play")


@needs_browser
def test_keys_move_a_player_and_the_address_keeps_it(tab, tmp_path):
    path = written(tmp_path, BOXES["kirchhoff"])
    tab.open(path)
    start = tab.run(ANSWER)
    tab.run("document.querySelector('[name=wire]').focus()")
    tab.key("End")
    tab.wait(f"{ANSWER} !== {json.dumps(start)}")
    tab.run("document.querySelector('.imc-play-array button').focus()")
    tab.key("Enter")
    tab.wait("location.hash.includes('weights=') && location.hash.includes('wire=100')")
    answer, place = tab.run(ANSWER), tab.run("location.hash")
    assert tab.run("document.activeElement.matches('.imc-play-array button')")
    tab.open(path, place)
    assert tab.run(ANSWER) == answer
    tab.open(path, "#try-array?wire=-5&weights=xyz&volts=9&chip=&unknown=1&scheme=triple")
    assert tab.run(ANSWER) == start


@needs_browser
def test_two_players_on_a_page_keep_to_themselves(tab, tmp_path):
    other = BOXES["kirchhoff"].replace('data-name="try-array"', 'data-name="other"')
    tab.open(written(tmp_path, BOXES["kirchhoff"], other), "#other?wire=50")
    values = tab.run("[...document.querySelectorAll('[name=wire]')].map((c) => c.value)")
    assert values == ["0", "50"]
    assert tab.run("[...document.querySelectorAll('.imc-played')].length") == 2


TABLE = """<!doctype html><article class="bd-article"><table class="table">
<thead><tr><th>what</th><th>here</th><th></th></tr></thead><tbody>
<tr><td>beta</td><td>95.97 ± 0.21</td><td>x</td></tr><tr><td>alpha 10</td><td>−3</td><td>x</td></tr>
<tr><td>alpha 9</td><td>1.5 × 10<sup>−3</sup></td><td>x</td></tr><tr><td>Delta</td><td>–</td><td>x</td></tr>
<tr><td>gamma</td><td>118\u202f016</td><td>x</td></tr><tr><td>eta</td><td>≥ 100,000 %</td><td>x</td></tr>
</tbody></table>
<table class="table"><thead><tr><th>short</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>
</article><script src="sort.js"></script>"""


@needs_browser
def test_tables_sort_by_value_and_by_words_with_keys(tab, tmp_path):
    shutil.copy(STATIC / "sort.js", tmp_path)
    (tmp_path / "page.html").write_text(TABLE)
    tab.open(tmp_path / "page.html")
    names = "[...document.querySelectorAll('tbody')[0].rows].map((row) => row.cells[0].textContent)"
    own = tab.run(names)
    assert tab.run("[...document.querySelectorAll('.imc-sort')].map((b) => b.textContent)") == [
        "what",
        "here",
    ]
    tab.run("document.querySelectorAll('.imc-sort')[1].focus()")
    tab.key("Enter")
    up = ["alpha 10", "alpha 9", "beta", "eta", "gamma", "Delta"]
    assert tab.run(names) == up
    assert tab.run("document.querySelectorAll('th')[1].getAttribute('aria-sort')") == "ascending"
    tab.key("Enter")
    assert tab.run(names) == [*up[-2::-1], "Delta"]
    tab.key("Enter")
    assert tab.run(names) == own
    tab.run("document.querySelectorAll('.imc-sort')[0].click()")
    assert tab.run(names) == ["alpha 9", "alpha 10", "beta", "Delta", "eta", "gamma"]
    assert tab.run("document.querySelectorAll('[aria-sort]').length") == 1


@needs_browser
def test_a_mark_that_is_pointed_at_says_its_values(tab, tmp_path):
    figure, ax = figures.axes(height=3, width=5)
    ax.plot([0, 600, 1400], [90, 85.125, 1e-5], marker="o", label="A")
    ax.set(xlabel="σ (Ω)", ylabel="accuracy (%)")
    figures.finish(figure)
    shutil.copy(STATIC / "hover.js", tmp_path)
    drawing = svg.render(figure, "name", "a curve that falls with sigma")
    page = f'<!doctype html><meta charset="utf-8"><body>{drawing}<script src="hover.js"></script>'
    (tmp_path / "page.html").write_text(page)
    tab.open(tmp_path / "page.html")
    point = (
        "(() => { const s = document.querySelector('svg'), f = s.getBoundingClientRect();"
        "const k = f.width / s.viewBox.baseVal.width;"
        "const p = JSON.parse(s.dataset.values)[0].curves[0].points[%d];"
        "return [f.x + k * p[0] + 3, f.y + k * p[1]]; })()"
    )
    for index, words in enumerate(
        ["A: σ 0 Ω, accuracy 90 %", "A: σ 600 Ω, accuracy 85.125 %", "A: σ 1400 Ω, accuracy 1 × 10⁻⁵ %"]
    ):
        x, y = tab.run(point % index)
        tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        tab.wait("!document.querySelector('.imc-hover').hidden")
        assert tab.run("document.querySelector('.imc-hover').textContent").replace("\u00a0", " ") == words
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + 60, y=y - 60)
    tab.wait("document.querySelector('.imc-hover').hidden")
