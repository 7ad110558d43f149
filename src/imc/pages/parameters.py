"""Parameters of a page: what its ``parameters`` cell declares, and what a reader gives instead.

One line of the cell declares one parameter; what papermill's ``--help-notebook`` shows of it is enforced::

    seeds: int = 5  # networks trained side by side: 1 to 64
    weights: list[int] = [1, 2, 3]  # bits of a weight: 1 to 8
    policy: str = "baseline"  # of batch norm: baseline, arithmetic_merge or signed_merge

A range ``A to B`` at the end of the comment holds for the number, or for each of a list; after a colon, words
parted by commas and ``or`` are all that a text may be. The default's type is the parameter's. What it is at
smoke effort, configurations say (`imc.runs.config.Config.smoke`), or a last ``(smoke: 2)`` where none does.
"""

import ast
import difflib
import math
import re
import reprlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imc.errors import UserError

INJECTED = "# Parameters\n"
"""How the cell begins that papermill puts behind the declared parameters."""
_RANGE = re.compile(r"(-?[\d.][\d._e+-]*) to (-?[\d.][\d._e+-]*)\s*$")
_SMOKE = re.compile(r"\s*\(smoke: (.+)\)\s*$")
_CHOICE = re.compile(r": ((?:[\w.-]+, )*[\w.-]+ or [\w.-]+)\s*$")
_MANY = 25
"""So many names are no help in a sentence."""
_KINDS = {bool: "True or False", int: "a whole number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    Attributes:
        name, default: as declared.
        low, high: the range of its numbers, ends included; infinite where none is declared.
        choices: all that its texts may be; empty where nothing is declared.
        smoke: its value at smoke effort, None where configurations say.
    """

    name: str
    default: Any
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    smoke: Any = None

    def read(self, given: Any) -> Any:
        """`given` as this parameter takes it: lists also as text, ``"64, 32"``, or as one value.

        Raises:
            UserError: if it has another type, or lies out of range.
        """
        if not isinstance(self.default, list | tuple):
            return self._one(given, type(self.default))
        items = list(given) if isinstance(given, list | tuple) else [given]
        if isinstance(given, str):
            parts = given.strip(" ()[]").split(",")
            items = [typed(part.strip(" '\"")) for part in parts if part.strip()]
        if not items:
            raise UserError(f"{self.name} is empty: it should be one value or more, as in {self.default}")
        return [self._one(item, type(self.default[0])) for item in items]

    def _one(self, given: Any, kind: type) -> Any:
        value = typed(given) if isinstance(given, str) and kind is not str else given
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) < sys.float_info.max else math.inf
        if type(value) is not kind or not self._within(value):
            raise UserError(f"{self.name} = {reprlib.repr(given)}: it should be {self._allowed(kind)}")
        if kind is str and self.choices and value not in self.choices:
            near = difflib.get_close_matches(str(value), self.choices, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UserError(
                f"{self.name} = {reprlib.repr(given)}: it should be {' or '.join(self.choices)}{hint}"
            )
        return value

    def _within(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        # a whole number may be too long for a fraction, and is compared as it is
        return (isinstance(value, int) or math.isfinite(value)) and self.low <= value <= self.high

    def _allowed(self, kind: type) -> str:
        if kind in (int, float) and math.isfinite(self.low):
            return f"{_KINDS[kind]} from {self.low:g} to {self.high:g}"
        return _KINDS.get(kind, f"of the type of {self.default!r}")


def typed(text: str) -> Any:
    """A value as papermill reads it from the command line: None, True, False, a number, else the text."""
    if text in ("None", "True", "False"):
        return ast.literal_eval(text)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def declared(cell: str) -> dict[str, Parameter]:
    """The parameters that the source of a cell declares, by name.

    Raises:
        UserError: for a line that is no declaration.
    """
    found = {}
    lines = cell.splitlines()
    for statement in ast.parse(cell).body:
        target = statement.target if isinstance(statement, ast.AnnAssign) else None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        value = getattr(statement, "value", None)
        if not isinstance(target, ast.Name) or value is None:
            raise UserError(f"'{ast.unparse(statement)}' is no parameter; a line is name = value  # about it")
        comment = lines[(statement.end_lineno or statement.lineno) - 1].partition("#")[2]
        found[target.id] = _parameter(target.id, ast.literal_eval(value), comment)
    return found


def _parameter(name: str, default: Any, comment: str) -> Parameter:
    smoke = _SMOKE.search(comment)
    comment = _SMOKE.sub("", comment)
    ends, words = _RANGE.search(comment), _CHOICE.search(comment)
    low, high = (float(ends[1]), float(ends[2])) if ends else (-math.inf, math.inf)
    choices = tuple(re.split(r", | or ", words[1])) if words and not ends else ()
    found = Parameter(name, default, low, high, choices)
    return replace(found, smoke=found.read(smoke[1])) if smoke else found


def given(cells: list[str], smoke: Callable[[str], Any] = lambda name: None) -> dict[str, Any]:
    """The checked values of every parameter, from the sources of a page's cells up to the one that starts it.

    Args:
        cells: among them one that declares parameters, and perhaps papermill's own behind it.
        smoke: what configurations take for a parameter at smoke effort; None if they do not have it.

    Returns:
        What papermill injected; else, at smoke effort, the smoke value; else the declared one. Empty without
        a cell that declares ``effort``.

    Raises:
        UserError: for a parameter that the page does not have, naming the nearest, or a wrong value.
    """
    known = _declaration([cell for cell in cells if not cell.startswith(INJECTED)])
    chosen: dict[str, Any] = {}
    for cell in cells:
        for name, value in _injected(cell).items() if cell.startswith(INJECTED) else ():
            require_known(name, known)
            chosen[name] = known[name].read(value)
    values = {name: parameter.read(parameter.default) for name, parameter in known.items()} | chosen
    if values.get("effort") == "smoke":
        for name in values.keys() - chosen.keys():
            small = known[name].smoke if known[name].smoke is not None else smoke(name)
            values[name] = values[name] if small is None else known[name].read(small)
    return values


def require_known(name: str, known: Mapping[str, object]) -> None:
    """Refuse a parameter that is none of the `known`, naming the nearest.

    Raises:
        UserError: if it is none.
    """
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        have = f"; its parameters are {', '.join(known) or 'none'}" if len(known) < _MANY else ""
        raise UserError(f"this page has no parameter '{name}'{hint}{have}")


def _declaration(cells: list[str]) -> dict[str, Parameter]:
    """What the last of the cells that declares ``effort`` declares: a reader may edit it and run it again."""
    for cell in reversed(cells):
        if re.search(r"^effort\b", cell, re.MULTILINE):
            return declared(cell)
    return {}


def _injected(cell: str) -> dict[str, Any]:
    """What papermill injected; NaN and infinities are calls in its cell."""
    values = {}
    for statement in ast.parse(cell).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                value = ast.literal_eval(statement.value)
            except ValueError:
                call = ast.unparse(statement.value)
                match = re.fullmatch(r"float\('(-?\w+)'\)", call)
                value = float(match[1]) if match else call
            values[statement.targets[0].id] = value
    return values
