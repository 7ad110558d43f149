"""The house style: byte-stable SVG that follows the page, what the paper prints always looks the same."""

import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from imc.claims.statistics import Estimate
from imc.errors import UserError
from imc.pages import figures, svg

OURS = {
    "with BN": [Estimate(96.0, 95.8, 96.2, 5), Estimate(97.0, 96.9, 97.1, 5)],
    "merged": [Estimate.exact(95)] * 2,
}


def drawing() -> Figure:
    figures.use()
    figure, ax = figures.axes()
    figures.compare(ax, [1, 2], OURS, {"with BN": [95.97, float("nan")]})
    ax.set(xlabel="activation precision (bit)", ylabel="test accuracy (%)")
    figures.legend(figure)
    figures.finish(figure)
    return figure


def test_a_users_matplotlibrc_changes_nothing():
    with matplotlib.rc_context({"lines.markersize": 30, "axes.labelpad": 30}):
        figures.use()
        assert matplotlib.rcParams["axes.labelpad"] == 4.0
        assert matplotlib.rcParams["lines.markersize"] == figures.STYLE["lines.markersize"]


def test_the_same_figure_gives_the_same_bytes():
    assert svg.render(drawing(), "page-accuracy", "alt") == svg.render(drawing(), "page-accuracy", "alt")


def test_svg_stands_alone_and_follows_the_page():
    text = svg.render(drawing(), "page-accuracy", 'bars & "quotes"')
    root = ElementTree.fromstring(text)
    assert root.attrib["aria-label"] == 'bars & "quotes"'
    assert root.attrib["role"] == "img"
    for absent in (svg.INK, "#000000", svg.PAPER, "<style", "<metadata", "font-family:", "DOCTYPE", "xlink"):
        assert absent not in text.replace("font-family=", "")
    assert "currentColor" in text
    assert "test accuracy (%)" in text  # words, not outlines: to be selected and searched


def test_ids_are_the_figures_own_and_all_references_resolve():
    text = svg.render(drawing(), "page-accuracy", "alt")
    ids = re.findall(r'\bid="([^"]+)"', text)
    references = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text))
    assert len(ids) == len(set(ids))
    assert {a or b for a, b in references} == set(ids)
    assert all(i.startswith("page-accuracy-") for i in ids)


def test_two_figures_on_one_page_share_no_id():
    first, second = (svg.render(drawing(), name, "alt") for name in ("page-one", "page-two"))
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_the_paper_prints_is_an_open_diamond_of_ink():
    figures.use()
    _, ax = figures.axes()
    figures.paper(ax, [1], [2])
    (line,) = ax.get_lines()
    assert (line.get_marker(), line.get_markerfacecolor(), line.get_markeredgecolor()) == (
        "D",
        "none",
        svg.INK,
    )
    assert line.get_label() == "paper"


def test_compare_draws_each_interval_to_its_ends():
    figures.use()
    _, ax = figures.axes()
    figures.compare(ax, ["a", "b"], OURS)
    bars = ax.containers[0].lines[2][0].get_segments()
    assert [y for segment in bars for y in segment[:, 1]] == pytest.approx([95.8, 96.2, 96.9, 97.1])


def test_a_single_seed_is_drawn_without_an_infinite_bar():
    figures.use()
    _, ax = figures.axes()
    figures.intervals(ax, [0], [Estimate.of_seeds([3.0])])
    assert np.isfinite(ax.containers[0].lines[2][0].get_segments()).all()


def test_curve_takes_mean_and_band_over_seeds():
    figures.use()
    _, ax = figures.axes()
    figures.curve(ax, [1, 2], [[1.0, 4.0], [3.0, 4.0]])
    assert ax.get_lines()[0].get_ydata().tolist() == [2.0, 4.0]
    assert len(ax.collections) == 1


def test_histogram_shows_shares_that_add_up_to_one():
    figures.use()
    _, ax = figures.axes()
    figures.histogram(ax, np.arange(10.0), [0, 5, 10])
    assert ax.patches[0].get_path().vertices[:, 1].max() == pytest.approx(0.5)


def test_a_logarithmic_axis_is_labelled_in_plain_text():
    figures.use()
    figure, ax = figures.axes()
    ax.plot([1, 2], [1e-6, 1e-3])
    ax.set(yscale="log", xlabel="x", ylabel="y")
    figures.finish(figure)
    assert "10⁻⁵" in svg.render(figure, "log", "alt")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: figures.series(6), "six series"),
        (lambda: figures.compare(figures.axes()[1], [1], OURS), "2 values for 1 categories"),
        (lambda: figures.compare(figures.axes()[1], [1, 2], OURS, {"x": [1, 2]}), "'x' is none of ours"),
        (lambda: figures.finish(figures.axes()[0]), "x axis of panel 1 needs a label"),
    ],
)
def test_mistakes_are_one_sentence(call, says):
    with pytest.raises(UserError, match=says):
        call()


@pytest.mark.parametrize("upright", [False, True])
def test_a_part_of_a_stacked_bar_lies_where_it_says(upright):
    figures.use()
    _, ax = figures.axes()
    figures.segment(ax, 2, 10.0, 5.0, 1, "ADC", "33 %", upright=upright)
    fill, hatched = ax.patches
    start, length = (fill.get_y(), fill.get_height()) if upright else (fill.get_x(), fill.get_width())
    assert (start, length) == (10.0, 5.0)
    assert hatched.get_hatch() == figures.HATCHES[1]
    assert ax.texts[0].get_position() == ((2, 12.5) if upright else (12.5, 2))


def test_panels_of_one_figure_can_share_a_legend():
    figures.use()
    _, axs = figures.axes(2, 1)
    figures.compare(axs[0], [1, 2], OURS)
    figures.compare(axs[1], [1, 2], {"without": OURS["merged"]}, first=2)
    colours = [bars[0].get_color() for ax in axs for bars in ax.containers]
    assert colours == list(figures.COLOURS[:3])
