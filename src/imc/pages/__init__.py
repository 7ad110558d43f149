"""Pages: how a number is shown: figures, tables, claims beside our values, and the notebook in the book.

    notebooks/<paper>/<page>.md ─ jupytext ─ papermill ─ clean ─► book/<paper>/<page>.ipynb

``pages.start`` begins a page. `publishing` executes pages and writes them into the book, `clean` takes out
what differs from one execution to the next, and `inputs` knows what a page was made from, so that only pages
whose inputs changed are executed again.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imc.pages.page import Page, start

__all__ = ["Page", "start"]


def __getattr__(name: str) -> Any:
    """The face, imported at first use: what executes pages needs neither pandas nor IPython."""
    if name in __all__:
        from imc.pages import page

        return getattr(page, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
