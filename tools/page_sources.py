"""Lets papermill take a page's source, ``notebooks/….md``, for the notebook that it describes.

`tools/environment.py` puts this file beside the packages of .venv, and names it to papermill as its reader.
"""

import jupytext
import nbformat
from papermill.iorw import LocalHandler


class Reader(LocalHandler):
    """Files as ever, but for sources of notebooks in Markdown."""

    def read(self, path: str) -> str:
        """The notebook at `path`, as JSON."""
        text = super().read(path)
        return nbformat.writes(jupytext.reads(text, "md:myst")) if path.endswith(".md") else text


READER = Reader()
