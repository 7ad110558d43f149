"""What Sphinx does to our pages: figures inside the page, links to lines, no Thebe."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx.application import Sphinx

from imc.pages import figures, sphinx_ext, svg
from imc.paths import ROOT

HUB, LAB = "https://github.com/a/b", "https://gitlab.com/a/b"
LINK = "https://example.org/a/b/blob/main/src/imc/pages/figures.py"
PAGE = f"""
Title
=====

.. image:: ours.svg

.. image:: other.svg

`use <{LINK}#use>`_ `gone <{LINK}#gone>`_ `elsewhere <https://example.org/x#use>`_
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The HTML of a page with our figure, somebody's picture, and three links."""
    folder = tmp_path_factory.mktemp("book")
    figures.use()
    figure, ax = figures.axes()
    ax.set(xlabel="x", ylabel="y")
    (folder / "ours.svg").write_text(svg.render(figure, "ours", "alt"))
    (folder / "other.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
    (folder / "index.rst").write_text(PAGE)
    settings = {"extensions": ["sphinx_thebe", "imc.pages.sphinx_ext"]}
    out = folder / "out"
    app = Sphinx(folder, None, out, folder / "doctrees", "html", settings, status=None, warningiserror=True)
    app.build()
    return (out / "index.html").read_text()


def test_our_figures_stand_in_the_page(page):
    assert page.count('class="imc-figure"') == 1
    assert not re.search(r"<img[^>]*ours\.svg", page)


def test_other_pictures_stay_pictures(page):
    assert re.search(r"<img[^>]*other\.svg", page)


def test_links_to_our_functions_get_their_lines(page):
    lines = Path(figures.__file__).read_text().splitlines()
    line = lines.index("def use() -> None:") + 1
    assert f'href="{LINK}#L{line}"' in page
    assert f'href="{LINK}"' in page
    assert 'href="https://example.org/x#use"' in page


@pytest.mark.parametrize(
    ("address", "buttons"), [("", []), (LAB, ["binderhub_url"]), (HUB, ["binderhub_url", "colab_url"])]
)
def test_buttons_are_there_only_where_a_fork_sets_its_address(monkeypatch, address, buttons):
    monkeypatch.setattr(sphinx_ext, "repository", lambda: address)
    config = SimpleNamespace(html_theme_options={})
    sphinx_ext._buttons(None, config)
    assert list(config.html_theme_options.get("launch_buttons", {})) == buttons
    assert config.html_theme_options.get("repository_url", "") == address


@pytest.mark.parametrize("address", ["", HUB])
def test_the_role_py_is_a_link_where_there_is_an_address(monkeypatch, address):
    monkeypatch.setattr(sphinx_ext, "repository", lambda: address)
    (node,), messages = sphinx_ext._source_link("py", "", "imc.pages.figures.use", 1, None)
    assert not messages
    expected = f"{HUB}/blob/main/src/imc/pages/figures.py#use" if address else None
    assert isinstance(node, nodes.Element)
    assert node.get("refuri") == expected


def test_no_page_names_the_server_that_thebe_loads_from(page):
    assert "unpkg" not in page
    assert "sphinx-thebe.js" not in page


def test_api_pages_link_a_class_to_its_line():
    found = sphinx_ext._source_of("py", {"module": "imc.crossbar", "fullname": "Chip"})
    assert found is not None
    path, line = re.fullmatch(r".*/blob/main/(src/imc/crossbar/arrays\.py)#L(\d+)", found).groups()  # pyright: ignore[reportOptionalMemberAccess]
    assert "class Chip" in (ROOT / path).read_text().splitlines()[int(line) - 1]


@pytest.mark.parametrize(
    "about", [{"module": "imc.crossbar", "fullname": "Chip.steps"}, {"module": "", "fullname": "x"}]
)
def test_members_and_names_without_a_module_have_no_link_of_their_own(about):
    assert sphinx_ext._source_of("py", about) is None


def test_bars_of_magnitudes_are_no_substitutions_and_code_is_left_alone():
    lines = ["mean |w| of each", ">>> a | b", "``|x|``"]
    sphinx_ext._bars(None, "class", "x", None, None, lines)  # pyright: ignore[reportArgumentType]
    assert lines == [r"mean \|w\| of each", ">>> a | b", "``|x|``"]
