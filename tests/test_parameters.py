"""Parameters of a page: declared in one line each, checked before any work, as users write them."""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from papermill.exceptions import PapermillExecutionError

from imc.errors import UserError
from imc.pages import parameters, publishing
from imc.paths import ROOT

CELL = """\
effort: str = "full"  # how much is computed: full or smoke
seeds: int = 5  # networks: 1 to 64
epochs: int = 60  # passes: 1 to 2000
rate: float = 0.5  # share: 0 to 1
kept: bool = True  # whether it is kept
weights: list[int] = [1, 2, 3]  # bits: 1 to 8
rows: list[str] = ["fp32", "xnor"]  # rows of the table: fp32, xnor or rbnn
free: float = 1.0  # anything
longer: int = 500  # episodes: 1 to 1000 (smoke: 20)
"""


def read(injected: str = "", smoke: dict | None = None) -> dict:
    cells = [CELL] + ([f"# Parameters\n{injected}\n"] if injected else [])
    return parameters.given(cells, (smoke or {}).get)


def test_what_is_declared() -> None:
    assert read() == {
        "effort": "full", "seeds": 5, "epochs": 60, "rate": 0.5, "kept": True, "weights": [1, 2, 3],
        "rows": ["fp32", "xnor"], "free": 1.0, "longer": 500,
    }  # fmt: skip


def test_smoke_values_come_from_configurations_and_given_ones_win() -> None:
    found = read('effort = "smoke"\nseeds = 3', {"seeds": 2, "epochs": 2})
    assert (found["seeds"], found["epochs"], found["longer"], found["rate"]) == (3, 2, 20, 0.5)


@pytest.mark.parametrize(
    ("injected", "name", "value"),
    [
        ('weights = "[8, 4]"', "weights", [8, 4]),
        ('weights = "8,4"', "weights", [8, 4]),
        ("weights = [8, 4]", "weights", [8, 4]),
        ("weights = 8", "weights", [8]),
        ('rows = "fp32,rbnn"', "rows", ["fp32", "rbnn"]),
        ("rows = \"['rbnn']\"", "rows", ["rbnn"]),
        ("rate = 1", "rate", 1.0),
        ("rate = 1e-2", "rate", 0.01),
        ('seeds = "3"', "seeds", 3),
        ("kept = False", "kept", False),
    ],
)
def test_values_as_users_write_them(injected: str, name: str, value: object) -> None:
    assert read(injected)[name] == value


@pytest.mark.parametrize(
    ("injected", "words"),
    [
        ('efort = "smoke"', "no parameter 'efort' (did you mean effort?)"),
        ("sedes = 2", "did you mean seeds?"),
        ("zzzz = 2", "no parameter 'zzzz'; its parameters are effort, seeds"),
        ("seeds = 0", "seeds = 0: it should be a whole number from 1 to 64"),
        ("seeds = 65", "from 1 to 64"),
        ("seeds = 2.0", "a whole number"),
        ("seeds = True", "a whole number"),
        ("seeds = None", "a whole number"),
        ('seeds = "two"', "seeds = 'two': it should be a whole number"),
        ("seeds = 1000000000000", "from 1 to 64"),
        ("seeds = " + 400 * "9", "from 1 to 64"),
        ("rate = " + 400 * "9", "from 0 to 1"),
        ("free = " + 400 * "9", "a number"),
        ("rate = float('nan')", "rate = nan: it should be a number from 0 to 1"),
        ("rate = float('inf')", "from 0 to 1"),
        ('rate = "½"', "a number from 0 to 1"),
        ('effort = "fast"', "effort = 'fast': it should be full or smoke"),
        ('kept = "yes"', "True or False"),
        ("kept = 1", "True or False"),
        ("weights = [0]", "weights = 0: it should be a whole number from 1 to 8"),
        ("weights = []", "weights is empty"),
        ('weights = ""', "weights is empty"),
        ('weights = "1;2"', "a whole number"),
        ('rows = "fp23"', "did you mean fp32?"),
        ("weights = {1: 2}", "a whole number"),
    ],
)
def test_mistakes_are_one_sentence(injected: str, words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)) as error:
        read(injected)
    assert "\n" not in str(error.value)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_any_value_is_taken_or_refused_in_a_sentence(value: object) -> None:
    for parameter in parameters.declared(CELL).values():
        try:
            found = parameter.read(value)
        except UserError:
            continue
        assert parameter.read(found) == found


def test_a_value_edited_in_the_cell_is_checked_too() -> None:
    with pytest.raises(UserError, match="seeds = 0"):
        parameters.given([CELL, CELL.replace("seeds: int = 5", "seeds: int = 0")])


@pytest.mark.parametrize("text", ["1e2", "100", "-1.5", "True", "None", "text", "[1, 2]", "nan"])
def test_text_is_read_as_papermill_reads_it(text: str) -> None:
    from papermill.cli import _resolve_type

    assert repr(parameters.typed(text)) == repr(_resolve_type(text))


@pytest.mark.parametrize("page", publishing.every())
def test_every_page_declares_type_and_range_of_its_parameters(page: str) -> None:
    """What papermill's --help-notebook shows."""
    cells = jupytext.read(publishing.NOTEBOOKS / f"{page}.md").cells
    (cell,) = [c.source for c in cells if "parameters" in c.metadata.get("tags", [])]
    declared = parameters.declared(cell)
    assert "effort" in declared
    for line, parameter in zip(cell.splitlines(), declared.values(), strict=True):
        assert re.match(r"\w+: (str|int|float|bool|list\[\w+\]) = .+  # .{5,}", line), line
        assert parameter.read(parameter.default) == parameter.default
        one = parameter.default[0] if isinstance(parameter.default, list) else parameter.default
        if isinstance(one, str):
            assert parameter.choices, line
        elif not isinstance(one, bool):
            assert parameter.high < float("inf"), line


PAGE = "book/reram/weight-precision.ipynb"


def test_papermill_refuses_before_any_work(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("papermill"), PAGE, tmp_path / "out.ipynb"]
    command += ["-p", "efort", "smoke"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode != 0
    assert "imc: this page has no parameter 'efort'" in done.stderr


@pytest.mark.parametrize(("name", "value"), [("weights", "[0]"), ("hidden", "1e12")])
def test_papermill_refuses_a_value_that_is_out_of_range(name: str, value: str, tmp_path: Path) -> None:
    values = {name: parameters.typed(value)}
    with pytest.raises(PapermillExecutionError, match=f"imc: {name} = "):
        papermill.execute_notebook(ROOT / PAGE, tmp_path / "out.ipynb", values, progress_bar=False)
