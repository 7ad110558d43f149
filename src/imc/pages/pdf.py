"""``python -m imc.pages.pdf``: the whole book as one PDF, printed by Chromium from the book's own HTML.

The articles of all pages are put one behind the other in the order of the contents, with the numbers of their
chapters; ids get their page's name in front, so that links lead to places in the same document. Figures stay
vectors and text stays text. The PDF goes into the book, and the front page then links to it.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from imc.errors import UserError
from imc.pages import build
from imc.pages.project import project
from imc.paths import ROOT
from imc.runs import commands

NAME = "in-memory-computing-recomputed.pdf"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ARTICLE = re.compile(r'<article class="bd-article"[^>]*>(.*)</article>', re.DOTALL)
_DROPPED = re.compile(
    r'<a class="headerlink".*?</a>|<a class="imc-csv".*?</a>|<script\b.*?</script>'
    r'|<p class="imc-take".*?</p>'
    r'|<div class="[^"]*tag_parameters.*?</pre>\s*</div>\s*</div>\s*</div>\s*</div>'
    r'|<details class="admonition hide.*?</details>',
    re.DOTALL,
)
_ID = re.compile(r'\b(id|aria-labelledby|for)="([^"]*)"')
_LOCAL = re.compile(r'\b(href="|url\()#([^")]*)')
_PAGE = re.compile(r'href="([^":#?]*\.html)(?:\?[^"#]*)?(?:#([^"]*))?"')
_IMAGE = re.compile(r'src="((?:\.\./)*_(?:images|static)/[^"]*)"')
_HEADING = re.compile(r"<(/?)h([1-5])\b")
_MATHS = '<script>window.MathJax = {options: {enableMenu: false, processHtmlClass: "math"}}</script>'


def make(root: Path = ROOT) -> Path:
    """Build the book if it is due, print it, and link it on the front page; returns the PDF's path.

    Raises:
        UserError: if the book cannot be built, no browser is found, or it fails to print.
    """
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise UserError(f"a PDF needs Chromium to print it, under one of the names {', '.join(_BROWSERS)}")
    build.build(root)
    html = root / "_build" / "html"
    with tempfile.TemporaryDirectory(dir=root / "_build", prefix="pdf-") as folder:
        whole, made = Path(folder, "book.html"), Path(folder, NAME)
        whole.write_text(document(html, contents(root)), encoding="utf-8")
        _print(browser, whole, made, Path(folder, "profile"))
        build.attach([made], root)
    return html / NAME


def contents(root: Path) -> list[tuple[str, list[str]]]:
    """The parts of the book, each with its pages; the front page is a part of no name."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(part["caption"], [chapter["file"] for chapter in part["chapters"]]) for part in toc["parts"]]
    return [("", [toc["root"]]), *parts]


def document(html: Path, parts: list[tuple[str, list[str]]]) -> str:
    """One HTML document of all pages below `html`, which lies beside the document's folder."""
    pages = [page for _, chapters in parts for page in chapters]
    listed, body = [], []
    number = 0
    for caption, chapters in parts:
        if caption:
            listed.append(f'<li class="part">{caption}</li>')
            body.append(f"<h1>{caption}</h1>")
        for page in chapters:
            number += bool(caption)
            text = article(html, page, pages, str(number) if caption else "")
            title = re.search(r"<h2[^>]*>(.*?)</h2>", text, re.DOTALL)
            listed.append(f'<li><a href="#{_prefix(page)}">{title[1] if title else page}</a></li>')
            body.append(text)
    book = project()
    title = f'<div class="imc-title"><h1>{book.title}</h1><p>{book.abstract}</p><p>{book.author}</p>'
    title += f"<p>Version {book.version}, {book.released}</p></div>"
    styles = "".join(
        f'<link rel="stylesheet" href="../html/_static/{name}.css">'
        for name in ("custom", "pygments", "print")
    )
    scripts = f'{_MATHS}<script src="../html/_static/tex-svg.js"></script>'
    head = f'<meta charset="utf-8"><title>{book.title}</title>{styles}{scripts}'
    inside = f'<nav class="imc-contents"><h2>Contents</h2><ol>{"".join(listed)}</ol></nav>'
    return (
        f'<!doctype html><html lang="en" data-theme="light"><head>{head}</head>'
        f"<body>{title}{inside}{''.join(body)}</body></html>"
    )


def article(html: Path, page: str, pages: list[str], number: str) -> str:
    """What the page `page` shows, with its links turned into links inside the whole book.

    Headings go down by one; the title gets `number`, and figures and tables get it in front of theirs.
    """
    found = _ARTICLE.search((html / f"{page}.html").read_text(encoding="utf-8"))
    if found is None:
        raise UserError(f"{page}.html has no article: it was not made by the book's theme")
    text = _DROPPED.sub("", found[1])
    mine = _prefix(page)
    text = _ID.sub(rf'\1="{mine}--\2"', text)
    text = _LOCAL.sub(rf"\1#{mine}--\2", text)
    text = _PAGE.sub(lambda match: _inside(page, match, pages), text)
    text = _IMAGE.sub(lambda match: f'src="../html/{match[1].replace("../", "")}"', text)
    text = _HEADING.sub(lambda match: f"<{match[1]}h{int(match[2]) + 1}", text)
    if number:
        text = re.sub(r"(<h2[^>]*>)", rf"\g<1>{number}. ", text, count=1)
        text = re.sub(r"<strong>(Figure|Table) (\d+)\.</strong>", rf"<strong>\1 {number}.\2.</strong>", text)
    return f'<section id="{mine}">{text}</section>'


def _prefix(page: str) -> str:
    return page.replace("/", "-")


def _inside(page: str, match: re.Match[str], pages: list[str]) -> str:
    """A link from `page` to another page as a link to that page's place in the document."""
    steps = [*page.split("/")[:-1], *match[1].removesuffix(".html").split("/")]
    path: list[str] = []
    for step in steps:
        if step == "..":
            path = path[:-1]
        elif step != ".":
            path.append(step)
    target = "/".join(path)
    if target not in pages:
        return 'href="#"'
    return f'href="#{_prefix(target)}--{match[2]}"' if match[2] else f'href="#{_prefix(target)}"'


def _print(browser: str, source: Path, target: Path, profile: Path) -> None:
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}"]
    words += ["--no-pdf-header-footer", "--generate-pdf-document-outline", "--virtual-time-budget=60000"]
    words += [f"--print-to-pdf={target}", source.as_uri()]
    done = subprocess.run([browser, *words], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode or not target.is_file():
        last = next(_last_lines(done.stderr), "it gave no reason")
        raise UserError(f"{browser} could not print the book: {last}")


def _last_lines(text: str) -> Iterator[str]:
    return (line for line in reversed(text.splitlines()) if line.strip())


def main() -> None:
    """The command."""
    commands.Parser(prog="python -m imc.pages.pdf", description=__doc__).parse_args()
    print(f"the book as one PDF: {make().relative_to(ROOT)}")


if __name__ == "__main__":
    commands.end(main)
