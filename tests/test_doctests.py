"""The examples in the library's docstrings give what they say."""

import doctest
import importlib

import pytest
import torch

from imc.pages.api import ROOMS
from imc.paths import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for room in ROOMS
    for path in (ROOT / "src/imc" / room).glob("*.py")
    if path.stem != "cli"
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
