"""The library without the book: it runs on the dependencies that it declares."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from imc.crossbar import devices
from imc.paths import ROOT

ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BOOK:
            raise ModuleNotFoundError(f"{name} belongs to the book")

BOOK = set(sys.argv[1:])
sys.meta_path.insert(0, Absent())
import torch
from imc.binary.xnor import XnorLayer
from imc.crossbar import *

array = Array(8, 8, Wires(1.0, 1.0), dac=DAC(8), adc=ADC(8))
chip = Chip(device=Device(r_on=5e3, r_off=2e5), variation=Lognormal(500), array=array)
inputs = torch.rand(6, 5)
mapped = map_network(torch.nn.Linear(5, 2), chip, calibrate=inputs)
assert "mm2" in str(mapped.report(inputs, torch.zeros(6), chips=2))
assert published("batmann-rram").cell.levels == 2
XnorLayer(torch.rand(2, 3), None, 1.0)
assert not any(name.startswith(("imc.papers", "imc.pages", "imc.runs", "imc.claims")) for name in sys.modules)
"""

IMPORTED_AS = {
    "jupyter-book": "jupyter_book",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
    "myst-nb": "myst_nb",
}


def test_the_library_runs_without_the_book():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    book = [name.partition("<")[0] for name in project["optional-dependencies"]["book"]]
    names = [str(IMPORTED_AS.get(name, name)) for name in book]
    ran = subprocess.run([sys.executable, "-c", ALONE, *names], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_the_component_tables_are_packed():
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert configured["imc.cost"] == ["tables/*.toml"]
    assert (ROOT / "src/imc/cost/tables").resolve() == ROOT / "data/components"
    assert devices.FILE.parent == ROOT / "src/imc/cost/tables"


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, inside functions too, but for type checkers' eyes."""
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        pending += ast.iter_child_nodes(node)


def test_what_the_library_imports_is_declared():
    source = ROOT / "src"
    rooms = ("crossbar", "analog", "binary", "cost")
    pending = [path for room in rooms for path in (source / "imc" / room).glob("*.py")]
    seen: set[Path] = set()
    outside: set[str] = set()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        for module in imported(path):
            own = source / module.replace(".", "/")
            if not module.startswith("imc"):
                outside.add(module.partition(".")[0])
            elif found := [file for file in (own.with_suffix(".py"), own / "__init__.py") if file.is_file()]:
                pending += found
    outside -= {*sys.stdlib_module_names}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert outside == {name.partition(">")[0] for name in project["dependencies"]}
