"""The built book: complete, without warnings, and loading nothing from the network."""

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from conftest import contents
from imc.pages.project import repository
from imc.paths import ROOT

BIN = Path(sys.executable).parent
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
LOADING |= {"video": "src", "audio": "src", "embed": "src", "use": "href", "image": "href", "input": "src"}
_IN_CSS = re.compile(r"""(?:@import\s+(?:url\()?|url\()\s*["']?([^"')\s]+)""")


def sources(folder: Path) -> Path:
    """A copy of what Sphinx reads, so that the build has a folder of its own."""
    folder.mkdir()
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "book", folder / "book")
    rules = Path("src/imc/claims/verdicts.py")  # printed by the guide
    (folder / rules).parent.mkdir(parents=True)
    shutil.copy(ROOT / rules, folder / rules)
    return folder


def run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book as `make book` builds it."""
    folder = sources(tmp_path_factory.mktemp("site") / "sources")
    run(BIN / "jupyter-book", "build", ".", "-W", "-n", "--keep-going", "--quiet", cwd=folder)
    return folder / "_build" / "html"


@functools.cache
def loaded(text: str) -> list[str]:
    """Every address that a browser fetches by itself when it shows an HTML page."""
    page = BeautifulSoup(text, "html.parser")
    found = []
    for element in page.find_all(list(LOADING)):
        assert isinstance(element, Tag)
        if {"canonical", "next", "prev", "author"} & set(element.get("rel") or []):
            continue
        names = [LOADING[element.name], "srcset", "xlink:href"]
        found += [str(element[name]) for name in names if element.has_attr(name)]
    styles = [element.get_text() for element in page.find_all("style")]
    styles += [str(element["style"]) for element in page.find_all(style=True) if isinstance(element, Tag)]
    return found + [address for style in styles for address in _IN_CSS.findall(style)]


def shown(site: Path) -> list[Path]:
    """The pages of the site, without the templates that the theme leaves among its static files."""
    return [page for page in site.rglob("*.html") if "_static" not in page.parts]


def outside(addresses: list[str]) -> list[str]:
    return [a for a in addresses if re.match(r"\s*(?:\w+:)?//", a)]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://example/x.png">',
        '<img srcset="https://example/x.png 2x">',
        '<svg><use xlink:href="https://example/x.svg#a"/></svg>',
        "<style>@import 'https://example/x.css';</style>",
        '<p style="background: url(https://example/x.png)">',
    ],
)
def test_the_scan_sees_what_loads(text):
    assert outside(loaded(text))


def test_the_scan_lets_links_and_local_files_be():
    assert not outside(loaded('<a href="https://example">x</a><img src="x.png"><img src="data:image/png,x">'))


def test_no_page_loads_anything_from_the_network(site):
    found = {page.name: outside(loaded(page.read_text())) for page in shown(site)}
    assert found
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_no_style_sheet_loads_anything_from_the_network(site):
    found = {sheet.name: outside(_IN_CSS.findall(sheet.read_text())) for sheet in site.rglob("*.css")}
    assert found
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_everything_that_a_page_loads_is_there(site):
    missing = set()
    for page in shown(site):
        for address in loaded(page.read_text()):
            path = address.split("?")[0].split("#")[0]
            if path and not re.match(r"\w+:", path) and not (page.parent / path).exists():
                missing.add(f"{page.name}: {path}")
    assert missing == set()


def test_every_page_is_built_with_its_notebook_beside_it(site):
    for name in contents():
        assert (site / f"{name}.html").is_file()
        source = next(ROOT.glob(f"{name}.*"))
        assert (site / "_sources" / source.relative_to(ROOT)).is_file()


def test_the_guide_prints_the_rules_of_the_verdicts(site):
    text = BeautifulSoup((site / "book/guide/verdicts.html").read_text(), "html.parser").get_text()
    assert "the 95 % prediction interval lies outside" in " ".join(text.split())


def test_formulas_are_drawn_by_a_local_script(site):
    text = "".join(page.read_text() for page in shown(site))
    assert {Path(a.split("?")[0]).name for a in loaded(text) if "tex-" in a} == {"tex-svg.js"}


def test_sphinx_alone_reads_the_same_pages(tmp_path):
    folder = sources(tmp_path / "sources")
    run(BIN / "jupyter-book", "config", "sphinx", ".", cwd=folder)
    # without writing the same HTML once more
    run(BIN / "sphinx-build", "-b", "dummy", "-W", "-n", "--keep-going", "-q", ".", "out", cwd=folder)
    for name in contents():
        assert (folder / "out" / ".doctrees" / f"{name}.doctree").is_file()


def test_settings_name_no_folder_of_this_machine():
    text = (ROOT / "_config.yml").read_text() + (ROOT / "_toc.yml").read_text()
    assert not re.search(r"/(?:home|root|work|tmp|Users)/", text)


def test_no_button_and_no_link_leads_to_a_repository_that_nobody_has_named(site):
    for page in shown(site):
        named = r"mybinder\.org|colab\.research|/blob/main/|/commit/[0-9a-f]{7}"
        assert bool(re.search(named, page.read_text())) == bool(repository()), page.name


def test_every_page_ends_with_the_line_that_cites_it(site):
    page = BeautifulSoup((site / "book/reram/bn-merge.html").read_text(), "html.parser")
    title, cite = page.find("h1"), page.find(class_="imc-cite")
    assert isinstance(title, Tag)
    assert isinstance(cite, Tag)
    assert title.get_text().rstrip("#") in cite.get_text()
    assert "reram/bn-merge" in cite.get_text()
