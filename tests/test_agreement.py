"""Our arrays beside outside solvers, live where they are installed, and in the record everywhere."""

import json
import warnings

import numpy as np
import pytest

from imc.crossbar.wires import Wires, effective_conductances
from imc.errors import UserError
from imc.papers.arrays import agreement, outside
from imc.papers.arrays.experiments import AgreementConfig
from imc.paths import PUBLISHED

SHAPES = [(1, 1), (1, 6), (6, 1), (3, 5), (17, 12)]
KINDS = [*agreement.WIRES.values(), Wires(0, 0), Wires(0.7, 0, sense=5.0)]


def cells(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(shape[0] + 10 * shape[1])
    return draw.uniform(1e-4, 1e-3, shape), draw.uniform(-1, 1, shape[0])


@pytest.mark.skipif(outside.ngspice_version() is None, reason="ngspice is not installed")
@pytest.mark.parametrize("wires", KINDS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_ngspice_agrees_to_a_millionth(shape, wires):
    g, volts = cells(shape)
    theirs = outside.ngspice(g, wires, volts)
    np.testing.assert_allclose(
        volts @ effective_conductances(g, wires), theirs, rtol=0, atol=1e-6 * np.abs(theirs).max()
    )


@pytest.mark.skipif(outside.ngspice_version() is None, reason="ngspice is not installed")
def test_open_cells_are_no_resistors_to_ngspice_either():
    g, volts = cells((4, 3))
    g[1, 2] = g[3, 0] = 0
    wires = Wires(5.0, 2.0)
    theirs = outside.ngspice(g, wires, volts)
    np.testing.assert_allclose(volts @ effective_conductances(g, wires), theirs, rtol=1e-6)


@pytest.mark.skipif(outside.badcrossbar_version() is None, reason="badcrossbar is not installed")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_badcrossbar_agrees_to_a_millionth(shape):
    with warnings.catch_warnings(record=True):
        pytest.importorskip("badcrossbar")
    g, volts = cells(shape)
    for wires in (Wires(1.0, 1.0), Wires(3.0, 0.2)):
        theirs = outside.badcrossbar(g, wires, volts)
        np.testing.assert_allclose(volts @ effective_conductances(g, wires), theirs, rtol=1e-9, atol=1e-16)


@pytest.mark.skipif(outside.aihwkit_version() is None, reason="AIHWKit is not installed")
def test_aihwkit_programs_and_drifts_as_we_do():
    for level in agreement.LEVELS:
        ours = agreement.moments_of_ours(level, 0)
        theirs = outside.aihwkit_moments(level, agreement.SECONDS, agreement.CELLS, 0)
        for name, value in ours.items():
            spread = ours[name.split("_")[0] + "_sd"]
            assert theirs[name] == pytest.approx(value, abs=6 * spread * (2 / agreement.CELLS) ** 0.5), name


def test_a_netlist_holds_every_cell_and_every_stretch_once():
    g, volts = cells((2, 3))
    lines = outside.netlist(g, Wires(1.0, 2.0, source=7.0, sense=9.0), volts).splitlines()
    resistors = [line.split() for line in lines if line.startswith("R")]
    assert sorted(float(ohm) for *_, ohm in resistors) == pytest.approx(
        sorted([*(1 / g).ravel(), 8, 8, 1, 1, 1, 1, 2, 2, 2, 11, 11, 11])
    )
    assert len({tuple(r[1:3]) for r in resistors}) == len(resistors) == 18


def test_the_record_that_the_page_shows_agrees_to_a_millionth():
    record = json.loads((PUBLISHED / "crossbar/agreement/defaults.json").read_text())
    found = record["metrics"]
    assert {"ngspice", "badcrossbar"} <= set(found["versions"])
    for solver in ("ngspice", "badcrossbar"):
        for kind in found[solver].values():
            assert max(map(abs, kind["low"] + kind["high"])) < 1e-6


def test_solvers_that_are_not_here_are_counted_and_left_out(monkeypatch):
    monkeypatch.setattr(agreement, "VERSIONS", {name: lambda: None for name in agreement.VERSIONS})
    found = agreement.compare(AgreementConfig.build(effort="smoke"), lambda done, note="": None)
    assert found.metrics == {"versions": {}, "absent": 3}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: outside.badcrossbar(np.ones((1, 1)), Wires(0, 1, 2), np.ones(1)), "badcrossbar"),
        (lambda: outside.ngspice(np.ones((1, 1)), Wires(0, 1), np.array([np.nan])), "ngspice"),
    ],
)
def test_what_a_solver_cannot_do_is_said_in_a_sentence(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
