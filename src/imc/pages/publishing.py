"""Executing pages and writing them into the book."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imc.errors import UserError
from imc.pages import inputs, parameters
from imc.paths import ROOT
from imc.runs import records

NOTEBOOKS = ROOT / "notebooks"
BOOK = ROOT / "book"

_FIRST = "from imc.pages import inputs as _inputs\n_inputs.watch()"
_LAST = "_inputs.report()"


def every(notebooks: Path = NOTEBOOKS) -> list[str]:
    """All pages that have a source, as ``paper/page``."""
    found = [path for path in notebooks.rglob("*.md") if _ours(path, notebooks)]
    return sorted(path.relative_to(notebooks).with_suffix("").as_posix() for path in found)


def require(pages: Iterable[str], notebooks: Path = NOTEBOOKS) -> None:
    """Refuse a page that has no source.

    Raises:
        UserError: if there is no such page, with those that there are.
    """
    known = every(notebooks)
    for page in pages:
        if page not in known:
            raise UserError(f"there is no page '{page}'; the pages are {', '.join(known) or 'none'}")


def stale(notebooks: Path = NOTEBOOKS, book: Path = BOOK) -> dict[str, str]:
    """The pages whose inputs are not those that their notebook was made from, with the inputs' digest now."""
    found = {}
    for page in every(notebooks):
        names, was = _made_from(book / f"{page}.ipynb")
        now = inputs.fingerprint(notebooks / f"{page}.md", names)
        if now != was:
            found[page] = now
    return found


def book_files(root: Path = ROOT) -> list[Path]:
    """Everything that Sphinx reads: pages, prose, theme and settings."""
    book = root / "book"
    inside = [path for path in book.rglob("*") if path.is_file() and _ours(path, book)]
    return sorted([*inside, root / "_config.yml", root / "_toc.yml"])


def _ours(path: Path, folder: Path) -> bool:
    """Whether `path` below `folder` is no lock, checkpoint or backup that an editor keeps there."""
    return path.name[-1] not in "~#" and not any(
        part.startswith((".", "#")) for part in path.relative_to(folder).parts
    )


def _made_from(path: Path) -> tuple[list[str], str]:
    """Names and digest of the inputs of a published notebook.

    Nothing if it is not there, is torn, or is not as it was published, for example executed in place.
    """
    try:
        notebook = json.loads(path.read_bytes())
        made = notebook["metadata"]["imc"]
        as_published = made["content"] == _content(notebook["cells"])
        return (made["inputs"], made["fingerprint"]) if as_published else ([], "")
    except (OSError, ValueError, KeyError, TypeError):
        return [], ""


def _content(cells: Any) -> str:
    """Digest of what a reader sees of a notebook: its cells, their outputs and their metadata."""
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def publish(
    page: str,
    values: Mapping[str, Any] | None = None,
    notebooks: Path = NOTEBOOKS,
    book: Path = BOOK,
) -> Path:
    """Execute `page` and write its notebook into `book`, atomically, and only if it changed.

    Args:
        page: ``paper/page``.
        values: for the page's ``parameters`` cell in place of its defaults, by name.

    Returns:
        The notebook's path.

    Raises:
        UserError: if there is no such page, it has no such parameter, a value is wrong or nothing can be
            written into `book`, before any work; if it shows what differs from one execution to the next.
        papermill.exceptions.PapermillExecutionError: if a cell fails, with the cell and its traceback.
    """
    import jupytext  # here, because the kernel of every page imports this package
    import nbformat

    from imc.pages.clean import clean

    require([page], notebooks)
    source = notebooks / f"{page}.md"
    notebook = jupytext.read(source)
    _check(notebook, values or {})
    target = book / f"{page}.ipynb"
    try:
        records.probe(target)
    except OSError as error:
        raise UserError(f"no page can be written into {target.parent} ({error.strerror})") from None
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_FIRST))
    notebook.cells.append(nbformat.v4.new_code_cell(_LAST))
    executed = _execute(notebook, dict(values or {}))
    names = inputs.relevant(json.loads(executed.cells.pop().outputs[0].text), page.partition("/")[0])
    del executed.cells[0]
    clean(executed, page)
    executed.nbformat, executed.nbformat_minor = 4, 5
    nbformat.validate(executed)
    plain = json.loads(nbformat.writes(executed))  # texts as lists of lines, as a file has them
    plain["metadata"]["imc"] = {
        "content": _content(plain["cells"]),
        "fingerprint": inputs.fingerprint(source, names),
        "inputs": names,
    }
    _write(target, (json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())
    return target


def _check(notebook: Any, values: Mapping[str, Any]) -> None:
    """Refuse, before a page is executed, what it would refuse itself, and a name that is no name at all."""
    cells = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    known = parameters.declared(cells[0]) if cells else {}
    for name, value in values.items():
        parameters.require_known(name, known)
        known[name].read(value)


def _execute(notebook: Any, parameters: dict[str, Any]) -> Any:
    """`notebook` after papermill, executed in an empty folder: a page may not depend on where it runs.

    Its kernel is that of this environment, also where a hub or a user has installed another ``python3``, and
    writes UTF-8 whatever the locale.
    """
    import nbformat
    import papermill

    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "given.ipynb"), Path(folder, "made.ipynb")
        empty = Path(folder, "empty")
        empty.mkdir()
        nbformat.write(notebook, given)
        os.environ["PYTHONUTF8"] = "1"
        os.environ["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))
        # papermill's own `cwd` would move this process, where other pages are being executed
        where = {"metadata": {"path": str(empty)}}
        papermill.execute_notebook(
            given, made, parameters, kernel_name="python3", resources=where, progress_bar=False
        )
        return nbformat.read(made, as_version=4)


def _write(path: Path, content: bytes) -> None:
    """Replace `path` in one step, unless it holds `content` already."""
    if path.is_file() and path.read_bytes() == content:
        return
    records.replace(path, content)
