"""Three floors: imports run downwards only, and papers do not know each other."""

import ast
from pathlib import Path

import pytest

import imc

ROOT = Path(imc.__file__).parent
LIBRARY = {"analog", "binary", "cost", "crossbar", "datasets"}
MACHINERY = ("runs", "claims", "pages")
"""From below: a room may use those before it."""
FILES = sorted(ROOT.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names of this package that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("imc.")}


def allowed(path: Path) -> tuple[str, ...]:
    """What a file may import, as beginnings of dotted names."""
    room, *rest = path.relative_to(ROOT).parts
    base = ("imc.errors", "imc.paths", "imc.threads", *(f"imc.{name}" for name in LIBRARY))
    if room in LIBRARY:
        return base
    if room in MACHINERY:
        # experiments are found in the papers' rooms by name: the one thing that looks upwards
        finder = ("imc.papers",) if path.name == "experiments.py" else ()
        return (*base, *(f"imc.{name}" for name in MACHINERY[: MACHINERY.index(room) + 1]), *finder)
    if room == "papers" and len(rest) > 1:
        return (*base, *(f"imc.{name}" for name in MACHINERY), f"imc.papers.{rest[0]}")
    return ("imc.",)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_downwards_only(path):
    rooms = allowed(path)
    upwards = {
        name for name in imported(path) if not any(name == r or name.startswith(f"{r}.") for r in rooms)
    }
    assert rooms == ("imc.",) or not upwards


def test_the_root_holds_no_rooms_of_its_own():
    assert {p.name for p in ROOT.glob("*.py")} == {
        "__init__.py", "__main__.py", "errors.py", "paths.py", "threads.py",
    }  # fmt: skip
    known = {*LIBRARY, *MACHINERY, "papers"}
    assert {p.name for p in ROOT.iterdir() if p.is_dir()} - {"__pycache__"} <= known
