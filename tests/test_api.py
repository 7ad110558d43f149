"""The library's public face: every name is documented, with an example that runs, and stands in the book."""

import ast
import importlib
import re
from collections import Counter
from itertools import pairwise

import pytest

from imc.pages.api import ROOMS, Public, public
from imc.paths import ROOT

NAMES = [found for room in ROOMS for found in public(room)]
FILES = [file for room in ROOMS for file in (ROOT / "src/imc" / room).glob("*.py")]
WITHOUT_EXAMPLE: dict[str, str] = {}
"""Public names without an example, and why."""


def is_value(found: Public) -> bool:
    """Whether it is a constant or an alias of a type, which has no docstring of its own."""
    return not getattr(found.value, "__module__", "").startswith("imc.") or not callable(found.value)


def commented() -> dict[str, str]:
    """The text below each assignment at a module's top level, by the name assigned."""
    texts: dict[str, str] = {}
    for file in FILES:
        body = ast.parse(file.read_text()).body
        for statement, after in pairwise(body):
            if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                if isinstance(target, ast.Name) and isinstance(after.value, ast.Constant):
                    texts[target.id] = str(after.value.value)
    return texts


COMMENTS = commented()


@pytest.mark.parametrize("found", NAMES, ids=str)
def test_every_public_name_is_documented_with_an_example_or_a_reason(found):
    if is_value(found):
        assert COMMENTS.get(found.name, "").strip(), f"{found}: no text below it says what it is"
        return
    text = found.value.__doc__ or ""
    assert text.strip(), f"{found} has no docstring"
    assert (">>>" in text) != (str(found) in WITHOUT_EXAMPLE), f"{found}: an example, or a reason, is wanted"


def test_reasons_are_of_names_that_there_are():
    assert set(WITHOUT_EXAMPLE) <= {str(found) for found in NAMES}


@pytest.mark.parametrize("room", ROOMS)
def test_the_room_has_a_page_with_every_name_once(room):
    text = (ROOT / f"book/api/{room}.md").read_text()
    shown = re.findall(r"^\.\. auto\w+:: (imc\.[\w.]+)$", text, re.MULTILINE)
    short = [re.sub(rf"^(imc\.{room})\..*\.(\w+)$", r"\1.\2", name) for name in shown]
    wanted = [re.sub(rf"^(imc\.{room})\..*\.(\w+)$", r"\1.\2", str(found)) for found in public(room)]
    assert len(set(shown)) == len(shown)
    assert not Counter(wanted) - Counter(short)  # what they give back may stand there too


@pytest.mark.parametrize("room", ROOMS)
def test_every_name_of_a_page_can_be_imported(room):
    text = (ROOT / f"book/api/{room}.md").read_text()
    for name in re.findall(r"^\.\. auto\w+:: (imc\.[\w.]+)$", text, re.MULTILINE):
        module, _, own = name.rpartition(".")
        assert hasattr(importlib.import_module(module), own), name


def test_docstrings_show_code_as_examples_that_run_or_say_that_it_is_a_sketch():
    """An indented block after a single colon is neither run nor set as code."""
    loose = []
    for found in NAMES:
        text = "" if is_value(found) else found.value.__doc__ or ""
        if re.search(r"[^:]:\n\n {8}\S+(?:\.\w+\(| = )", text):
            loose.append(str(found))
    assert loose == []
