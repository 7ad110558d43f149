"""Glyphs: a stand-in for Omniglot, drawn from the fonts that matplotlib ships.

The arrays are Omniglot's, with as many characters as the fonts give:

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `background` | uint8 | (n, 20, 105, 105) | 1 ink, 0 paper |
| `evaluation` | uint8 | (m, 20, 105, 105) | other scripts |
| `background_classes` | str | (n,) | `Script/U+0041` |
| `evaluation_classes` | str | (m,) | likewise |

A glyph is thinned to its centre lines, what a pen would trace, and drawn by 20 hands
(`imc.datasets.handwriting`). A character whose lines run along those of an earlier one is left out:
Latin A, Greek Alpha and Cyrillic A are one class, and so are c and C, for size tells nothing.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imc import threads
from imc.datasets import handwriting, strokes
from imc.datasets.omniglot import DRAWINGS, SIDE

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

INNER = 48
"""Longer side of every glyph's box, in pixels of the raster that it is thinned in."""
RASTER = 56
"""Side of that raster: the box and a margin."""
TOLERANCE = 4.5
"""Characters within this distance look alike, in pixels of that raster: about a tenth of the box."""


class Script(NamedTuple):
    """Parts of a font."""

    name: str
    font: str
    codes: str
    """Unicode points and ranges, hexadecimal; all but plain letters and signs is passed over."""


SCRIPTS = (
    Script("Latin", "DejaVuSans", "0041-005A 0061-007A"),
    Script("Greek", "DejaVuSans", "0391-03C9 03D0-03FB"),
    Script("Cyrillic", "DejaVuSans", "0400-052F"),
    Script("Latin_extended", "DejaVuSans", "00C0-024F"),
    Script("Phonetic", "DejaVuSans", "0250-02AF"),
    Script("Canadian_syllabics", "DejaVuSans", "1401-14E0"),
    Script("Chancery", "STIXGeneral", "1D49C-1D4CF 210A-210B 2110 2112 211B 212C 212F-2131 2133-2134"),
    Script("Double_struck", "STIXGeneral", "1D538-1D56B"),
    Script("Braille", "DejaVuSans", "2801-283F"),
    Script("Armenian", "DejaVuSans", "0531-0556 0561-0587"),
    Script("Hebrew", "DejaVuSans", "05D0-05EA"),
    Script("Arabic", "DejaVuSans", "0621-064A 066E-06D5"),
    Script("Nko", "DejaVuSans", "07C0-07EA"),
    Script("Lao", "DejaVuSans", "0E81-0EDF"),
    Script("Georgian", "DejaVuSans", "10D0-10FC"),
    Script("Asomtavruli", "DejaVuSans", "10A0-10C5"),
    Script("Nuskhuri", "DejaVuSans", "2D00-2D25"),
    Script("Ogham", "DejaVuSans", "1681-169A"),
    Script("Tifinagh", "DejaVuSans", "2D30-2D65"),
    Script("Fraktur", "STIXGeneral", "1D504-1D537 210C 2111 211C 2128 212D"),
)
BACKGROUND = 9
"""So many of the scripts, the first ones, are the background set; the others are the evaluation set."""


def make(seed: int = 0) -> dict[str, np.ndarray]:
    """The four arrays; the seed chooses all writers and their drawings."""
    with threads.for_products(1):  # its matrices are small
        images, classes, scripts = _draw_all(seed)
    cut = np.searchsorted(scripts, BACKGROUND)
    return {
        "background": images[:cut],
        "evaluation": images[cut:],
        "background_classes": classes[:cut],
        "evaluation_classes": classes[cut:],
    }


def _draw_all(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drawings (n, DRAWINGS, SIDE, SIDE) of all characters, their class names and indices in SCRIPTS."""
    distances, classes, scripts = characters()
    images = np.empty((len(classes), DRAWINGS, SIDE, SIDE), np.uint8)
    for number in range(len(SCRIPTS)):
        rng = np.random.default_rng([seed, number])
        hands = handwriting.writers(rng)
        for place in np.flatnonzero(scripts == number):
            images[place] = handwriting.draw(handwriting.refine(distances[place]), hands, rng)
    return images, classes, scripts


def characters() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every distinct character, in the order of SCRIPTS.

    Returns the distance of each pixel from the character's centre lines, float (n, RASTER, RASTER) in
    pixels, the class names (n,), and the indices in SCRIPTS (n,).
    """
    found = [
        (glyph, f"{script.name}/U+{code:04X}", number)
        for number, script in enumerate(SCRIPTS)
        for code, glyph in _glyphs(script)
    ]
    glyphs, classes, scripts = (np.array(column) for column in zip(*found, strict=True))
    lines = strokes.thin(glyphs)
    distances = strokes.distances(lines)
    kept = strokes.distinct(lines, distances, TOLERANCE)
    return distances[kept], classes[kept], scripts[kept]


def _glyphs(script: Script) -> Iterator[tuple[int, np.ndarray]]:
    """The characters of a script that its font really has: Unicode point and picture (RASTER, RASTER)."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    font = FT2Font(str(Path(get_data_path(), "fonts", "ttf", f"{script.font}.ttf")))
    present = font.get_charmap()
    for code in _codes(script.codes):
        character = chr(code)
        # A letter with an accent decomposes into two; a mathematical one into itself "in that font".
        parts = unicodedata.decomposition(character).removeprefix("<font> ").split()
        if code in present and unicodedata.category(character) in _CATEGORIES and len(parts) < 2:
            yield code, _render(font, character)


_CATEGORIES = ("Lu", "Ll", "Lo", "Nd", "So")  # letters, digits, and signs such as Braille's


def _codes(ranges: str) -> Iterator[int]:
    for item in ranges.split():
        first, _, last = item.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def _render(font: "FT2Font", character: str) -> np.ndarray:
    """One glyph, its longer side INNER pixels, in the middle of the raster."""
    from matplotlib.ft2font import LoadFlags

    font.set_size(INNER, 72)
    left, bottom, right, top = font.load_char(ord(character), flags=LoadFlags.NO_HINTING).bbox
    font.set_size(INNER * INNER * 64 / max(right - left, top - bottom), 72)  # the box is in 1/64 pixel
    font.set_text(character, 0, flags=LoadFlags.NO_HINTING)
    font.draw_glyphs_to_bitmap(antialiased=True)
    ink = np.asarray(font.get_image()) > 127
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    raster = np.zeros((RASTER, RASTER), np.uint8)
    row, column = ((RASTER - length) // 2 for length in ink.shape)
    raster[row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    return raster
