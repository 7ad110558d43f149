"""``python -m imc.pages.build``: the book's HTML in ``_build/html``, as its sources are now.

Sphinx goes by dates, tells of a warning only while it reads a page anew, and leaves the HTML of pages that
are gone. So the whole book is built beside the old one and takes its place when it is good. A digest of all
that it was made from, and of all that was made, says when there is nothing to do; dates play no part.

What a good build has read of a page is kept in ``_build/read`` and serves the next one, as long as nothing
but pages has changed; all HTML is written every time.
"""

import contextlib
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from imc.errors import UserError
from imc.pages import publishing
from imc.paths import ROOT
from imc.runs import commands


def build(root: Path = ROOT) -> bool:
    """Make ``_build/html`` the book as it is now; returns whether there was anything to do.

    Raises:
        UserError: if Sphinx fails or warns; the book that was there stays.
    """
    built = root / "_build"
    html, new, made = built / "html", built / "new", built / "html.digest"
    wanted = _digest(_sources(root), root)
    if made.is_file() and made.read_text() == f"{wanted} {_digest(_below(html), html)}":
        return False
    _remove(new)  # left by a build that was killed
    now = {path.relative_to(root).as_posix(): _digest([path], root) for path in _sources(root)}
    _reuse(built / "read", new / "_build", now)
    _sphinx(root, new)
    made.unlink(missing_ok=True)
    _remove(html)
    (new / "_build" / "html").rename(html)
    _seal(root, wanted)
    (new / "_build" / "sources.json").write_text(json.dumps(now))
    (new / "_build").rename(built / "read")
    _remove(new)
    return True


def attach(files: Iterable[Path], root: Path = ROOT) -> None:
    """Add copies of `files` to the book that is built; its front page then shows the links to them.

    Such a link is written with ``data-file="NAME" hidden``, so that none leads nowhere.
    """
    html = root / "_build" / "html"
    front = html / "book" / "intro.html"
    text = front.read_text(encoding="utf-8")
    for file in files:
        shutil.copy(file, html / file.name)
        text = re.sub(rf'(data-file="{re.escape(file.name)}") hidden(?:="")?', r"\1", text)
    front.write_text(text, encoding="utf-8")
    _seal(root, (root / "_build" / "html.digest").read_text().split()[0])


def _seal(root: Path, wanted: str) -> None:
    """Remember that ``_build/html`` as it is was made of sources of digest `wanted`."""
    html = root / "_build" / "html"
    (root / "_build" / "html.digest").write_text(f"{wanted} {_digest(_below(html), html)}")


def _reuse(read: Path, new: Path, now: Mapping[str, str]) -> None:
    """Begin `new` with what the last good build has read, less the pages that are not as they were.

    Other files may count for every page: if one of them changed, everything is read anew.

    Args:
        now: the digest of every source.
    """
    try:
        was = json.loads((read / "sources.json").read_text())
    except (OSError, ValueError):
        was = {}
    changed = {name for name, _ in {*was.items()} ^ {*now.items()}}
    if was and all(map(_is_page, changed)):
        new.parent.mkdir(parents=True)
        read.rename(new)
        for name in changed:  # a page whose tree is missing is read, whatever its date
            (new / ".doctrees" / name).with_suffix(".doctree").unlink(missing_ok=True)
    _remove(read)


def _is_page(name: str) -> bool:
    return name.startswith("book/") and name.endswith((".ipynb", ".md"))


def _sources(root: Path) -> list[Path]:
    """All that the HTML depends on; the package, for its Sphinx extension and the lines that links name."""
    package = [path for path in _below(root / "src" / "imc") if path.suffix == ".py"]
    return [*publishing.book_files(root), *package, root / "pyproject.toml", root / "requirements.txt"]


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(files: Iterable[Path], base: Path) -> str:
    """One digest of the names below `base` and the contents of `files`."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"\0{file.relative_to(base).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def _sphinx(root: Path, target: Path) -> None:
    from jupyter_book.cli.main import main  # slow, and not needed where nothing changed

    words = ["build", str(root), "--path-output", str(target), "-W", "-n", "--keep-going", "--quiet"]
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # progress; what is wrong goes to standard error
            main(words, standalone_mode=False)
    except (RuntimeError, SystemExit):
        raise UserError(
            "the book could not be built, for what is said above; the one that was there stays"
        ) from None


def main() -> None:
    """The command."""
    commands.Parser(prog="python -m imc.pages.build", description=__doc__).parse_args()
    build()


if __name__ == "__main__":
    commands.end(main)
