"""Matplotlib figures as SVG that follows the page they stand on.

What matplotlib writes is made fit to stand inside an HTML page: ink becomes ``currentColor``, paper becomes
the page's background, text stays text in the page's own font, and no ``id`` or style leaks into the page.
The same figure always gives the same bytes.
"""

import re
from io import StringIO
from typing import Any
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.figure import Figure

from imc.pages import hover

INK = "#010101"
"""Drawn in the colour of the page's text."""

PAPER = "#fefefe"
"""Drawn in the colour of the page's background."""

COLOURS = ("#23699e", "#ad4a1c", "#1ba669", "#e653c8", "#b98808", "#8e8e9c")
"""The series: contrast of 3:1 and more on white and on #121212, apart for colour-blind readers as well.

The book's style sheet brightens them on its dark pages.
"""

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
_COLOURS = {
    INK: "currentColor",
    "#000000": "currentColor",
    # A viewer without the book's style sheet shows its own background through.
    PAPER: "var(--pst-color-background, none)",
    **{colour: f"var(--imc-series-{i}, {colour})" for i, colour in enumerate(COLOURS)},
}
# Between black and white: readable wherever a viewer does not say what its text colour is.
_ALONE = "#7a7a7a"
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def render(figure: Figure, name: str, alt: str) -> str:
    """The figure as one ``<svg>`` element without prolog; `name` keeps its ids apart from other figures'."""
    buffer = StringIO()
    options: dict[Any, Any] = {"svg.hashsalt": name, "svg.fonttype": "none", "svg.id": None}
    with rc_context(options):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    return clean(buffer.getvalue(), name, alt, hover.values(figure))


def clean(text: str, name: str, alt: str, values: str = "") -> str:
    """An SVG document as `render` returns it; `values` are its numbers, for a reader who points at them."""
    drawn = ElementTree.fromstring(text)
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": _SVG,
            "class": "imc-figure",
            "role": "img",
            "aria-label": alt,
            "viewBox": drawn.attrib["viewBox"],
            "width": f"{float(drawn.attrib['width'].removesuffix('pt')) * 1.5:.0f}",
            "color": _ALONE,
            "fill": "currentColor",
            "font-family": _FONTS,
            # Matplotlib says these two in a style sheet for `*`, which would reach the whole page.
            "stroke-linejoin": "round",
            "stroke-linecap": "butt",
            **({"data-values": values} if values else {}),
        },
    )
    root.extend(child for child in drawn if _tag(child) != "metadata")
    used = _used_ids(root)
    for element in list(root.iter()):
        element.tag = _tag(element)
        _attributes(element, name, used)
        if element.tag != "text" and element.tag != "tspan":
            element.text = None
        element.tail = "\n"
    _flatten(root)
    return ElementTree.tostring(root, encoding="unicode").strip()


def _flatten(parent: ElementTree.Element) -> None:
    """Take out style sheets, empty containers, and groups that say nothing of their members."""
    children: list[ElementTree.Element] = []
    for child in parent:
        _flatten(child)
        if child.tag == "g" and not child.attrib:
            children.extend(child)
        elif child.tag != "style" and (len(child) or child.tag not in ("defs", "g")):
            children.append(child)
    parent[:] = children


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _used_ids(root: ElementTree.Element) -> set[str]:
    used: set[str] = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            used.update(_REFERENCE.findall(value))
            if key in (_LINK, "href") and value.startswith("#"):
                used.add(value[1:])
    return used


def _attributes(element: ElementTree.Element, name: str, used: set[str]) -> None:
    """Rename ids and references, colours and fonts; shorten numbers to what the eye can tell."""
    for key, value in list(element.attrib.items()):
        if key == "id":
            del element.attrib[key]
            if value in used:
                element.set("id", f"{name}-{value}")
        elif key in (_LINK, "href"):
            del element.attrib[key]
            element.set("href", f"#{name}-{value[1:]}" if value.startswith("#") else value)
        elif key == "style":
            element.set(key, _style(value, name))
        elif key == "fill" and value in _COLOURS:  # of a hatched area; only a style may name a variable
            del element.attrib[key]
            element.set("style", f"fill: {_COLOURS[value]}")
        elif key == "transform" and value.startswith("rotate(-0 "):
            del element.attrib[key]
        elif key in ("clip-path", "mask"):
            element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
        elif key in ("d", "x", "y", "width", "height", "points", "transform") and _tag(element) != "svg":
            element.set(key, _NUMBER.sub(lambda m: f"{float(m[0]):.2f}", " ".join(value.split())))


def _style(value: str, name: str) -> str:
    kept = []
    for rule in value.split(";"):
        key, _, what = rule.partition(":")
        key, what = key.strip(), what.strip()
        if key and key != "font-family":
            what = _REFERENCE.sub(rf"url(#{name}-\1)", _COLOURS.get(what, what))
            kept.append(f"{key}: {what}")
    return "; ".join(kept)
