"""What a page was made from: it is executed again when that changes, and only then.

While a page executes, its kernel notes what it uses: the modules of this package, the files of the repository
that it opens, the records, claims and printed values that it asks for (through audit events of their own).
Their names are kept in the notebook together with one digest of their contents. No modification times take
part, so a fresh clone is as good as an old one.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imc.pages import printed
from imc.paths import PUBLISHED, ROOT, record_path, results_dir

_PLACES = ("src", "data", "book/_static", "_config.yml", "_toc.yml")
_ALWAYS = ("requirements.txt", "src/imc/pages/clean.py")
_NEVER = ("imc.pages.kernels",)
"""How a page is executed is nothing that it is made from."""
_noted: set[str] = set()


def watch() -> None:
    """Begin to note what this process uses; for the page's kernel, before its first cell."""
    sys.addaudithook(_note)


def report() -> None:
    """Print the names of everything used so far as JSON; for the page's kernel, after its last cell."""
    mine = {n: m for n, m in sys.modules.items() if n.startswith("imc") and n not in _NEVER}
    loaded = {name_of(m.__file__) for m in mine.values() if m.__file__}
    print(json.dumps(sorted((_noted | loaded | {*_ALWAYS}) - {None}, key=str)))


def _note(event: str, details: tuple[Any, ...]) -> None:
    if event == "imc.record":
        _noted.add(f"record:{details[0]}.json")
    elif event in ("imc.claim", "imc.printed"):
        _noted.add(f"{event.removeprefix('imc.')}:{details[0]}")
    elif event == "open" and isinstance(details[0], str | os.PathLike):
        reading = not details[2] & (os.O_WRONLY | os.O_RDWR)
        name = name_of(os.fspath(details[0]))
        if reading and name and "__pycache__" not in name and not printed.is_table(name):
            _noted.add(name)


def name_of(file: str | bytes | None) -> str | None:
    """How an input is called: path in the repository, or ``record:...`` below the records, else None."""
    path = Path(os.path.abspath(os.fsdecode(file or "")))
    for base in (results_dir(), PUBLISHED):
        if path.is_relative_to(base):
            return f"record:{path.relative_to(base).as_posix()}"
    if any(path.is_relative_to(ROOT / place) for place in _PLACES) and not path.is_dir():
        return path.relative_to(ROOT).as_posix()
    return None


def relevant(names: Iterable[str], paper: str) -> list[str]:
    """`names` without the code of other papers, for a page of `paper`.

    Looking up an experiment reads those of all papers; a page depends on its own, and on other papers' only
    through records. Pages of no paper, such as the scoreboard, keep everything.
    """
    papers = {path.stem for path in (ROOT / "data" / "claims").glob("*.toml")}
    others = papers - {paper} if paper in papers else set()
    code = tuple(f"src/imc/papers/{other}/" for other in others)
    return [name for name in names if not name.startswith(code)]


def fingerprint(source: Path, names: Iterable[str]) -> str:
    """One digest of a page's source and of all inputs called `names`, as they are now.

    A record counts as the pages find it (see `imc.paths.record_path`). What does not exist
    counts too, so that its coming is noticed.
    """
    total = hashlib.sha256(_content(source))
    for name in sorted({*names}):
        known = printed.content(name) if name.partition(":")[0] in printed.KINDS else _content(_resolve(name))
        total.update(f"\0{name}\0".encode() + hashlib.sha256(known).digest())
    return total.hexdigest()


def _resolve(name: str) -> Path:
    _, colon, file = name.partition(":")
    if not colon:
        return ROOT / name
    stem = file.removesuffix(".safetensors").removesuffix(".json").removesuffix(".log")
    return record_path(stem).parent / Path(file).name


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b"absent"
