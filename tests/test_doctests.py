"""The examples in docstrings give what they say: all of the library's rooms, and wherever else some stand."""

import doctest
import importlib

import pytest
import torch

from imc.pages.api import ROOMS
from imc.paths import ROOT

PACKAGE = ROOT / "src" / "imc"
MODULES = sorted(
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.stem != "cli"
    and (path.relative_to(PACKAGE).parts[0] in ROOMS or ">>> " in path.read_text(encoding="utf-8"))
)


@pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    state = torch.get_rng_state()
    try:
        found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    finally:
        torch.set_rng_state(state)
    assert not found.failed


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in ("imc.crossbar.network", "imc.analog.tikitaka", "imc.binary.signs", "imc.cost.table"):
        assert any(test.examples for test in finder.find(importlib.import_module(name)))
