"""What Sphinx does to our pages while it builds the book.

Figures are put into the page itself instead of being shown as images, so that they take the page's text
colour and font, and can be linked by their names. Links to ``.../src/imc/x.py#name`` get the line where
``name`` is defined, the role ``{py}`imc.x.name``` is such a link, and so is [source] on the API pages. Each
page ends with the line that cites it. Where a fork has set the repository's address, pages get the buttons
that need one.
"""

import ast
import functools
import html
import importlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from imc.pages.project import citation, repository
from imc.paths import ROOT

_SOURCE = re.compile(r"(?P<file>.*/blob/[^/]+/(?P<path>src/imc/[\w/]+\.py))#(?P<name>[A-Za-z_]\w*)")
_IDS = re.compile(r'\bid="((?:fig|tab|claim)-[\w.-]+)"')
_OURS = '<svg xmlns="http://www.w3.org/2000/svg" class="imc-figure"'


class InlineFigures(SphinxPostTransform):
    """Replaces images drawn by `imc.pages.svg` with their text."""

    default_priority = 5
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Replace each image of the document."""
        for node in list(self.document.findall(nodes.image)):
            path = Path(self.app.srcdir, node["uri"])
            if path.suffix == ".svg" and path.is_file():
                text = path.read_text(encoding="utf-8")
                if text.startswith(_OURS):
                    node.replace_self(nodes.raw("", f'<div class="imc-picture">{text}</div>', format="html"))


class LinksToFigures(SphinxPostTransform):
    """Leads ``[Figure 2](#fig-name)`` to the caption of that id, which Sphinx sees as raw HTML only."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        """Resolve each such link of the document."""
        known = {found for node in self.document.findall(nodes.raw) for found in _IDS.findall(node.astext())}
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node.get("reftarget") in known:
                link = nodes.reference("", "", *node.children, internal=True, refid=node["reftarget"])
                node.replace_self(link)


class SourceLines(SphinxPostTransform):
    """Points links to our own functions at their lines."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        """Rewrite each link of the document."""
        for node in self.document.findall(nodes.reference):
            match = _SOURCE.fullmatch(node.get("refuri", ""))
            if match:
                line = _lines(ROOT / match["path"]).get(match["name"])
                node["refuri"] = f"{match['file']}#L{line}" if line else match["file"]


@functools.cache
def _lines(path: Path) -> dict[str, int]:
    """Line of each function and class at a module's top level."""
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    return {d.name: d.lineno for d in body if isinstance(d, ast.FunctionDef | ast.ClassDef)}


def _source_link(
    _role: str, rawtext: str, text: str, lineno: int, inliner: Any, _options: Any = None, _content: Any = ()
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The role ``py``: a function or class of ours by its full name; a warning if there is none such."""
    module, _, name = text.rpartition(".")
    file = f"src/{module.replace('.', '/')}.py"
    if name not in _lines(ROOT / file):
        return [nodes.literal(rawtext, text)], [inliner.reporter.warning(f"there is no {text}", line=lineno)]
    if not repository():
        return [nodes.literal(rawtext, text)], []
    address = f"{repository()}/blob/main/{file}#{name}"
    return [nodes.reference(rawtext, "", nodes.literal(rawtext, text), refuri=address)], []


def _source_of(domain: str, about: dict[str, str]) -> str | None:
    """Where the source of a documented function or class stands, for `sphinx.ext.linkcode`."""
    name = about.get("fullname", "")
    if domain != "py" or not about.get("module") or "." in name:
        return None
    home = getattr(getattr(importlib.import_module(about["module"]), name, None), "__module__", None) or ""
    file = f"src/{home.replace('.', '/')}.py"
    line = _lines(ROOT / file).get(name)
    return f"{repository()}/blob/main/{file}#L{line}" if line and repository() else None


def _api(app: Sphinx, config: Any) -> None:
    """Where the book has API pages: what they need beside their extensions' settings."""
    if "sphinx.ext.autodoc" in app.extensions:
        app.connect("autodoc-process-docstring", _bars)
    if "sphinx.ext.linkcode" in app.extensions:
        config.linkcode_resolve = _source_of


def _bars(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Docstrings write magnitudes as |x|, which reStructuredText takes for a substitution."""
    lines[:] = [
        line if line.lstrip().startswith((">>>", "...")) or "``" in line else line.replace("|", r"\|")
        for line in lines
    ]
class CiteThisPage(SphinxPostTransform):
    """Ends each page of the book with the line that cites it."""

    default_priority = 900

    def run(self, **_: Any) -> None:
        """Add the line; the book as one document has its own."""
        page = self.env.docname.removeprefix("book/")
        if self.app.builder.name == "html" and page != self.env.docname:
            text = html.escape(citation(self.env.titles[self.env.docname].astext(), page))
            block = f'<p class="imc-cite"><strong>Cite this page</strong> {text}</p>'
            last = next(reversed(list(self.document.findall(nodes.section))), self.document)
            last.append(nodes.raw("", block, format="html"))


def _buttons(_app: Sphinx | None, config: Any) -> None:
    """Buttons that lead to the repository, where there is one."""
    address = repository()
    if address:
        launch = {"binderhub_url": "https://mybinder.org"}
        if "//github.com/" in address:  # Colab opens nothing else
            launch["colab_url"] = "https://colab.research.google.com"
        buttons = {"use_repository_button": True, "use_issues_button": True, "launch_buttons": launch}
        config.html_theme_options |= {"repository_url": address, **buttons}


_THEME = {
    # What the theme calls its buttons is not what they show, and its first bar is no landmark (axe-core).
    'class="bd-sidebar-primary': 'role="complementary" aria-label="All pages" class="bd-sidebar-primary',
    'title="Search" aria-label="Search"': 'title="Search"',
    'data-mode="light" title="Light"': 'data-mode="light"',
    'data-mode="dark"  title="Dark"': 'data-mode="dark"',
    'data-mode="auto"  title="System Settings"': 'data-mode="auto"',
    '<summary aria-label="Toggle hidden content">': "<summary>",
    'role="doc-biblioentry"': 'role="listitem"',
}


def _accessible(app: Sphinx, error: Exception | None) -> None:
    """Mend the theme's own HTML, which no template of ours writes."""
    if error is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            mended = functools.reduce(lambda t, one: t.replace(*one), _THEME.items(), text)
            if mended != text:
                page.write_text(mended, encoding="utf-8")


def _without_thebe(app: Sphinx, _: object) -> None:
    """Jupyter Book always adds Thebe, which no page of ours uses and which names a server to load from."""
    for listeners in app.events.listeners.values():
        listeners[:] = [entry for entry in listeners if entry.handler.__module__ != "sphinx_thebe"]
    app.registry.css_files[:] = [entry for entry in app.registry.css_files if "thebe" not in entry[0]]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx, which finds this module under ``extra_extensions`` in ``_config.yml``."""
    app.connect("config-inited", _without_thebe)
    app.connect("config-inited", _api)
    app.connect("config-inited", _buttons)
    app.connect("build-finished", _accessible)
    app.add_role("py", _source_link)
    app.add_post_transform(InlineFigures)
    app.add_post_transform(LinksToFigures)
    app.add_post_transform(SourceLines)
    app.add_post_transform(CiteThisPage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
