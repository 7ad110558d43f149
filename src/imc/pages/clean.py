"""Taking out of an executed notebook what differs from one execution to the next."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode

from imc.errors import UserError
from imc.paths import ROOT

_LANGUAGE = ("codemirror_mode", "file_extension", "mimetype", "name", "pygments_lexer")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")  # by a progress bar
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
# The checkout's path as a path: in /imc or /a, neither https://x.org/imc-companion nor </a> is one.
_HERE = r"(?<![\w.<-])(?<!:/){}(?![\w-])"


def clean(notebook: NotebookNode, page: str) -> NotebookNode:
    """`notebook`, changed in place: stable ids and counts, no durations, dates, versions or machine paths.

    The cell that papermill injects is folded away. What cells wrote to standard error goes to this process's
    and not onto the page.

    Raises:
        UserError: if a cell failed, or printed a path of this machine or the address of an object.
    """
    language = notebook.metadata.get("language_info", {})
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={name: language[name] for name in _LANGUAGE if name in language},
    )
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position:02d}"
        for volatile in ("papermill", "execution", "collapsed"):
            cell.metadata.pop(volatile, None)
        tags = cell.metadata.get("tags")
        if tags == []:
            del cell.metadata["tags"]
        elif tags and "injected-parameters" in tags and "hide-input" not in tags:
            tags.append("hide-input")
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _outputs(cell, f"{page}, cell {position}", count)
    return notebook


def _names(text: str, folder: Path) -> bool:
    """Whether `text` holds the path of `folder`, by itself or as the beginning of a longer one."""
    name = os.fsencode(folder)  # in an ASCII locale, its text has surrogates for other letters
    paths = {name.decode("utf-8", "replace"), quote(name)}
    return any(re.search(_HERE.format(re.escape(path)), text) for path in paths)


def _texts(value: Any) -> Iterator[str]:
    """All text inside nested outputs, as it is: `str` of them would escape quotes and line ends."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _outputs(cell: NotebookNode, where: str, count: int) -> list[NotebookNode]:
    """The outputs of `cell` without standard error, texts of one stream joined."""
    kept: list[NotebookNode] = []
    errors = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
    if errors:
        print(f"{where}: {_OVERWRITTEN.sub('', errors).strip()}", file=sys.stderr)
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            continue
        if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
            kept[-1].text += output.text
            continue
        if output.output_type == "execute_result":
            output.execution_count = count
        kept.append(output)
    text = "\n".join(_texts(kept))
    if _names(text, ROOT):
        raise UserError(f"{where} shows a path of this machine, {ROOT}..., and would differ on another")
    if found := _ADDRESS.search(text):
        raise UserError(f"{where} shows an object's address ('{found[0]}'), which differs every time")
    return kept
