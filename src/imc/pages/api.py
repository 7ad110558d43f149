"""What the library's rooms make public, for the book's API pages and for the tests that hold them complete.

A room's face is its ``__all__``. A name there that is a module stands for the functions, classes and
constants that the module defines itself.
"""

import ast
import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOMS = ("crossbar", "analog", "binary", "cost", "datasets")


@dataclass(frozen=True)
class Public:
    """One public name.

    Attributes:
        module: from which it is imported, ``imc.crossbar``.
        name: there.
        value: what it is.
    """

    module: str
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def public(room: str) -> list[Public]:
    """Every public name of a room, sorted within its module."""
    face = importlib.import_module(f"imc.{room}")
    found = []
    for name in face.__all__:
        value = _value(face, name)
        if isinstance(value, ModuleType):
            found += [Public(value.__name__, own, getattr(value, own)) for own in _defined(value)]
        else:
            found.append(Public(face.__name__, name, value))
    return found


def _value(face: ModuleType, name: str) -> Any:
    try:
        return getattr(face, name)
    except AttributeError:  # a module that nobody has imported yet
        return importlib.import_module(f"{face.__name__}.{name}")


def _defined(module: ModuleType) -> list[str]:
    """Functions, classes and constants at the module's top level, without a leading underscore."""
    assert module.__file__
    names: set[str] = set()
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return sorted(name for name in names if not name.startswith("_"))
