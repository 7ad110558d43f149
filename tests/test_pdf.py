"""The book as one document: its order, its numbers, links that stay inside, and that a browser prints it."""

import re
import shutil
from pathlib import Path

import pytest

from imc.errors import UserError
from imc.pages import build, pdf
from imc.paths import ROOT

PARTS = [("", ["book/intro"]), ("First part", ["book/a/one", "book/two"])]
TEXTS = {
    "book/intro": '<h1>Front</h1><a href="a/one.html">1</a><p class="imc-take"><span data-file="NAME" hidden>'
    '<a href="../NAME">PDF</a></span></p>',
    "book/a/one": '<h1 id="top">One<a class="headerlink" href="#top">#</a></h1><h2>More</h2>'
    '<a href="../two.html#fig-x">there</a><a href="#fig-x">here</a><a href="https://doi.org/x">away</a>'
    '<a href="../two.html?word=x">search</a><svg><g clip-path="url(#c)"/></svg><p id="fig-x">'
    "<strong>Figure 2.</strong> Words</p>",
    "book/two": '<h1>Two</h1><p id="fig-x">x</p><img src="../_images/p.png"><details class="admonition hide">'
    "code</details>",
}


@pytest.fixture
def html(tmp_path: Path) -> Path:
    """A built book of three pages."""
    folder = tmp_path / "_build" / "html"
    for page, text in TEXTS.items():
        path = folder / f"{page}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'<article class="bd-article">{text.replace("NAME", pdf.NAME)}</article>')
    return folder


def test_pages_come_in_the_order_of_the_contents_with_their_numbers(html):
    text = pdf.document(html, PARTS)
    heads = [re.sub("<.*?>", "", head) for head in re.findall(r"<h[12][^>]*>.*?</h[12]>", text)]
    assert heads[1:] == ["Contents", "Front", "First part", "1. One", "2. Two"]
    assert "<strong>Figure 1.2.</strong>" in text


def test_every_link_leads_to_a_place_of_the_document_or_out_of_it(html):
    text = pdf.document(html, PARTS)
    targets = re.findall(r'href="([^"]*)"', text.partition("<body>")[2])
    ids = set(re.findall(r'\bid="([^"]*)"', text))
    assert {t.removeprefix("#") for t in targets if t.startswith("#")} <= ids
    assert [t for t in targets if not t.startswith("#")] == ["https://doi.org/x"]
    assert {"book-a-one--fig-x", "book-two--fig-x"} <= ids
    assert "url(#book-a-one--c)" in text


def test_what_is_for_the_screen_alone_is_left_out(html):
    text = pdf.document(html, PARTS)
    assert "headerlink" not in text
    assert "<details" not in text
    assert 'src="../html/_images/p.png"' in text


def test_the_parts_are_those_of_the_book():
    parts = pdf.contents(ROOT)
    assert parts[0] == ("", ["book/intro"])
    assert all((list(ROOT.glob(f"{page}.*"))) for _, pages in parts for page in pages)


def test_without_a_browser_it_says_so_before_any_work(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(build, "build", lambda _: pytest.fail("built"))
    with pytest.raises(UserError, match="Chromium"):
        pdf.make()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_book_is_printed_and_linked_and_stays_as_it_is(html, monkeypatch):
    root = html.parents[1]
    parts = "parts:\n- caption: First part\n  chapters: [{file: book/a/one}, {file: book/two}]\n"
    (root / "_toc.yml").write_text(f"root: book/intro\n{parts}")
    (root / "_build" / "html.digest").write_text("sources html")
    monkeypatch.setattr(build, "build", lambda _: False)
    made = pdf.make(root)
    assert made.read_bytes().startswith(b"%PDF-")
    assert f'data-file="{pdf.NAME}"><a' in (html / "book" / "intro.html").read_text()
    was, sealed = (root / "_build" / "html.digest").read_text().split()
    assert was == "sources"
    assert sealed != "html"
