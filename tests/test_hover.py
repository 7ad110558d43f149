"""The numbers behind a figure's marks: where they stand, what they say, what is left out."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from imc.claims.statistics import Estimate
from imc.pages import figures, hover, svg


def panels(figure: Figure) -> list[dict]:
    """What the finished SVG carries."""
    figures.finish(figure)
    found = ElementTree.fromstring(svg.render(figure, "name", "alt"))
    return json.loads(found.get("data-values", "[]"))


def test_points_stand_where_their_markers_are_drawn():
    figures.use()
    figure, ax = figures.axes(height=3.1, width=5.3)
    ax.plot([1, 2, 4], [3.0, 30.0, 0.3], marker="o", label="a")
    ax.set(xlabel="x (Ω)", ylabel="y (%)", yscale="log")
    figures.finish(figure)
    text = svg.render(figure, "name", "alt")
    (panel,) = json.loads(ElementTree.fromstring(text).get("data-values", ""))
    assert (panel["x"], panel["y"], panel["curves"][0]["label"]) == ("x (Ω)", "y (%)", "a")
    uses = re.findall(r'<use [^>]*?\bx="([\d.]+)" y="([\d.]+)"[^>]*#name-m[^>]*', text) or re.findall(
        r'<use [^>]*?\bx="([\d.]+)" y="([\d.]+)"', text
    )
    drawn = np.array(uses, dtype=float)
    for right, down, *_ in panel["curves"][0]["points"]:
        assert np.hypot(*(drawn - [right, down]).T).min() < 0.2
    assert [p[2:] for p in panel["curves"][0]["points"]] == [[1, 3], [2, 30], [4, 0.3]]


def test_intervals_and_bars_keep_their_labels_and_categories():
    figure, (left, right) = figures.axes(1, 2)
    figures.intervals(left, [1, 2], [Estimate(5, 4, 6, 3), Estimate(7, 6, 8, 3)], 0, "ours")
    left.set(xlabel="x", ylabel="y")
    bars = right.bar(["one", "two"], [3, 4], label="bars")
    right.bar_label(bars)
    right.set(xlabel="kind", ylabel="height (mm)")
    right.set_xticks([0, 1], ["one", "two"])
    first, second = panels(figure)
    assert [(c["label"], [p[2:] for p in c["points"]]) for c in first["curves"]] == [
        ("ours", [[1, 5], [2, 7]])
    ]
    assert [(c["label"], [p[2:] for p in c["points"]]) for c in second["curves"]] == [
        ("bars", [["one", 3], ["two", 4]])
    ]


def test_what_shows_no_value_is_left_out():
    figure, axes = figures.axes(1, 3)
    axes[0].axhline(1)
    axes[0].axvline(1)
    axes[0].plot([0, 1], [0, 1])  # a straight line through the panel
    axes[1].plot([1, 2, 3, 4], [1, np.nan, np.inf, 2], marker="o")
    axes[1].set_ylim(0, 1.5)
    axes[2].plot(range(1000), range(1000), label="_private")
    for ax in axes:
        ax.set(xlabel="x", ylabel="y")
    first, second = panels(figure)
    assert [p[2:] for p in first["curves"][0]["points"]] == [[1, 1]]
    assert len(second["curves"][0]["points"]) == hover.MOST
    assert second["curves"][0]["label"] == ""
    assert second["curves"][0]["points"][-1][2:] == [999, 999]


@pytest.mark.parametrize("switched_off", [True, False])
def test_a_drawing_carries_nothing(switched_off):
    figure, ax = figures.axes()
    if switched_off:
        ax.plot([1, 2, 3], [1, 2, 3], marker="o")
    ax.set_axis_off()
    assert panels(figure) == []
