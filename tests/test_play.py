"""Players: what a page gives them, and every model of the reader's browser against Python."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from html import unescape
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.special import ndtr

from imc import pages
from imc.cost.matrices import network
from imc.cost.networks import NETWORKS
from imc.crossbar import variation
from imc.crossbar.cells import Device
from imc.crossbar.mapping import DoubleColumn, SingleColumn
from imc.crossbar.reference import solve_network
from imc.crossbar.wires import Wires, effective_conductances
from imc.errors import UserError
from imc.pages import figures, players
from imc.pages import page as page_module
from imc.papers.codesign.players import Learning
from imc.papers.imce import area, components, energy, subarray, tails
from imc.papers.imce.bitwise import Code
from imc.papers.imce.gates import Gate, reference, states
from imc.papers.imce.mapping import SubArray, place
from imc.papers.imce.memory_experiments import CellConfig
from imc.papers.imce.players import machine as machine_of_imce
from imc.papers.reram.players import currents, drawn, merged, packed
from imc.paths import PUBLISHED, ROOT
from imc.runs.records import read

NODE = shutil.which("node")
STATIC = ROOT / "book" / "_static"
EXACT = 1e-9

needs_node = pytest.mark.skipif(NODE is None, reason="needs node, which runs the browser's models")


def node(model: str, expression: str, **given: Any) -> Any:
    """The value of an expression in JavaScript, in which the model is `m` and what is given `d`."""
    program = (
        f"const m = require({json.dumps(str(players.FOLDER / model))});"
        "const d = JSON.parse(require('fs').readFileSync(0));"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    command = [str(NODE), "-e", program]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def close(found: Any, wanted: Any, rel: float = EXACT) -> bool:
    return bool(np.allclose(found, wanted, rtol=rel, atol=rel * float(np.abs(wanted).max() or 1)))


# ---- the box on a page -------------------------------------------------------------------------------


def test_data_survives_the_page_with_sorted_keys_and_rounded_numbers():
    data = {"b": np.array([0.1 + 0.2, 3.0]), "a": {"z": 'it\'s <b> & "so"'}, "n": np.int64(7)}
    box = players.box("kirchhoff", "try", 'say "it"', data)
    text = unescape(box.split("data-play='")[1].split("'")[0])
    assert text.startswith('{"a":')
    assert "</" not in box.split("data-play")[1].split("'")[1]
    assert json.loads(text) == {"a": {"z": 'it\'s <b> & "so"'}, "b": [0.3, 3], "n": 7}
    assert box.endswith("hidden></div>")
    assert "\n" not in box


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, float("-inf")], np.array([np.nan])])
def test_a_number_that_json_cannot_say_is_refused(value):
    with pytest.raises(UserError, match="has to be finite"):
        players.box("kirchhoff", "try", "x", {"v": {"w": value}})


@pytest.mark.parametrize("model", ["kirchoff", "numbers", "panel", "../play"])
def test_an_unknown_model_is_refused(model):
    with pytest.raises(UserError, match="there is no player"):
        players.box(model, "try", "x", {})


# ---- what all models share ---------------------------------------------------------------------------


@needs_node
def test_the_normal_law():
    z = np.concatenate([np.linspace(-37, 37, 149), [-3, -2.999999, 3, 3.000001, 0]])
    wanted = ndtr(z)
    found = np.array(node("numbers", "d.z.map(m.ndtr)", z=z.tolist()))
    assert np.abs(found / wanted - 1).max() < 1e-12


@needs_node
def test_chance_is_reproducible_and_normal():
    program = "[...m.generator(d.seed).normals(20001)]"
    one, again, other = (np.array(node("numbers", program, seed=s)) for s in (1, 1, 2))
    assert (one == again).all()
    assert not (one == other).any()
    n = len(one)
    assert abs(one.mean()) < 4 / np.sqrt(n)
    assert abs(one.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((one**4).mean() - 3) < 4 * np.sqrt(96 / n)
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 4 / np.sqrt(n)


@needs_node
def test_linear_equations():
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(9, 9)), draw.normal(size=9)
    a[0, 0] = 0  # takes a pivot
    assert close(node("numbers", "m.solve(d.a, d.b)", a=a.tolist(), b=b.tolist()), np.linalg.solve(a, b))


# ---- crossbar ----------------------------------------------------------------------------------------


@needs_node
@pytest.mark.parametrize("shape", [(1, 1), (4, 6), (5, 3), (7, 1)])
@pytest.mark.parametrize("ohm", [0.0, 0.5, 20.0, 1000.0])
def test_a_crossbar_with_wires(shape, ohm):
    draw = np.random.default_rng(1)
    g, v = draw.uniform(1e-5, 1e-3, shape), draw.uniform(-1, 1, shape[0])
    found = node("kirchhoff", "m.currents(d.g, d.v, d.ohm)", g=g.tolist(), v=v.tolist(), ohm=ohm)
    assert close(found, v @ effective_conductances(g, Wires(ohm, ohm)))
    if ohm:
        assert close(found, solve_network(g, ohm, ohm, v))


@needs_node
@pytest.mark.parametrize(("name", "scheme"), [("double", DoubleColumn()), ("single", SingleColumn())])
def test_signed_weights_on_cells(name, scheme):
    draw, device = np.random.default_rng(2), Device(1e3, 7e3, levels=2)
    w, v = draw.choice([-1.0, 1.0], (4, 3)), draw.uniform(-1, 1, 4)
    program = (
        "(() => { const g = m.cells(d.w, d.name, d.on, d.off, Array(99).fill(1));"
        "return [g, m.outputs(m.currents(g, d.v, 0), d.name, d.on, d.off)]; })()"
    )
    g, outputs = node(
        "kirchhoff", program, w=w.tolist(), v=v.tolist(), name=name, on=device.g_on, off=device.g_off
    )
    k = len(scheme.signs)
    wanted = torch.empty(3, k, 4, dtype=torch.float64)
    scheme.targets(torch.tensor(w.T), 1.0, device.g_off, device.g_on, wanted)
    cells = np.array(g)[:, 1:] if name == "single" else np.array(g)
    assert close(cells, wanted.permute(2, 0, 1).reshape(4, 3 * k).numpy())
    assert close(outputs, v @ w)


# ---- what sigma means --------------------------------------------------------------------------------

LAWS = {
    "gaussian": variation.GaussianResistance(700),
    "clip": variation.OneSidedClip(700, off=1.5),
    "conductance": variation.GaussianConductance(700),
    "lognormal": variation.Lognormal(700),
}


@needs_node
@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("state", ["on", "off"])
def test_laws_draw_by_draw(name, state, monkeypatch):
    device, z, y = Device(1e3, 1e4), *torch.linspace(-4, 4, 41, dtype=torch.float64).expand(2, 41).clone()
    y = y.flip(0)
    given = iter((z, y))
    home = sys.modules[type(LAWS[name]).__module__]  # where the law takes its draws from
    monkeypatch.setattr(home, "normal_like", lambda g, _: next(given).clone())
    target = device.r_on if state == "on" else device.r_off
    g = torch.full((41,), 1 / target, dtype=torch.float64)
    LAWS[name](g, device, torch.Generator())
    program = "d.z.map((z, i) => m.LAWS[d.name](d.r, 700, z, d.y[i], 1e3, 1e4, 700, 1050))"
    found = node("variation", program, z=z.tolist(), y=y.tolist(), r=target, name=name)
    assert close(found, g.numpy())


@needs_node
def test_the_truncated_law_is_the_same_distribution():
    program = (
        f"(() => {{ const g = require('{players.FOLDER}/numbers.js').generator(3), z = g.normals(8000);"
        "return Array.from({length: 4000}, (_, i) => 1 / m.LAWS.truncated("
        "1e3, 900, z[i], 0, 1e3, 1e4, 900, 900, () => g.normals(2)[0])); })()"
    )
    found = np.sort(node("variation", program))
    low = ndtr(-999 / 900)
    uniform = (ndtr((found - 1000) / 900) - low) / (1 - low)
    assert found.min() >= 1
    assert np.abs(uniform - np.arange(0.5, 4000) / 4000).max() < 1.95 / np.sqrt(4000)  # Kolmogorov, 1 in 1000


@needs_node
def test_a_layer_in_the_browser_is_one_more_chip_of_the_record():
    from imc.papers.batmann.players import chips

    record = read(PUBLISHED / "crossbar" / "variation" / "defaults.json")
    cases = [
        (n, s)
        for n in ("gaussian", "truncated", "clip", "clip-2", "conductance", "lognormal")
        for s in (200, 600, 1000, 1400)
    ]
    program = (
        "(() => { const layer = m.layer(512, 64, 7), bins = {n: 60, width: 300};"
        "return d.cases.map(([name, s]) => layer.program(name === 'clip-2' ? 'clip' : name, 1e3, 1e4, s,"
        "name === 'clip-2' ? 2 * s : s, bins).correlation); })()"
    )
    found = node("variation", program, cases=cases)
    sigmas = record.config["sigmas"]
    missed = []
    for (name, sigma), here in zip(cases, found, strict=True):
        mean, low, high = chips(record.metric(f"correlation.double.{name}")[sigmas.index(sigma)], 512)
        wide = 1.5  # twenty-four points together: their joint miss is less likely than one in a thousand
        if not mean - wide * (mean - low) <= here <= mean + wide * (high - mean):
            missed.append((name, sigma, here, low, high))
    assert missed == []


# ---- sensing -----------------------------------------------------------------------------------------


@needs_node
@pytest.mark.parametrize("cells", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("tmr", "ra", "spread", "offset"), [(171.2, 5, 10, 0), (90, 8, 4, 0), (171.2, 5, 10, 2), (300, 3, 15, 6)]
)
def test_sensing_is_integrated_as_in_python(cells, tmr, ra, spread, offset):
    percents = {
        "tmr_percent": tmr,
        "sigma_ra_percent": ra,
        "sigma_tmr_percent": spread,
        "offset_percent": offset,
    }
    config = CellConfig.model_validate(percents)
    program = "m.sensing(...d.percents.map((p) => p / 100), d.cells)"
    found = node("sensing", program, percents=list(percents.values()), cells=cells)
    r_p = config.junction.r_p
    assert close(found["states"], states(config.junction, cells) / r_p)
    for operation in ("and", "or") if cells > 1 else ("read",):
        gate = Gate(operation, cells)
        key = "and" if operation == "read" else operation
        ref = reference(config.junction, gate)
        assert close(found["references"][key], ref / r_p)
        wanted = np.array(tails.errors(config, gate, ref))
        here = np.array(found["wrong"][key])
        seen = wanted > 1e-12
        assert np.abs(here[seen] / wanted[seen] - 1).max(initial=0) < EXACT
        assert np.abs(here - wanted).max() < EXACT


def test_every_model_is_small_and_stands_alone():
    for path in [STATIC / "play.js", *players.FOLDER.glob("*.js")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert len(text) < 20_000, path.name
        assert not any(word in text for word in ("fetch(", "XMLHttpRequest", "import(", "http:", "https:")), (
            path.name
        )


def test_pages_keep_what_the_player_is_given(monkeypatch):
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(page_module, "display", lambda data, raw: shown.append(data))

    def labelled() -> Figure:
        figure, ax = figures.axes()
        ax.plot([1, 2], [3, 4])
        ax.set(xlabel="toss", ylabel="heads (%)")
        return figure

    page = pages.start("coin/toss")
    page.play(
        "kirchhoff",
        name="try",
        data={"x": 1},
        figure=labelled(),
        caption="It tosses.",
        alt="Heads against tosses, rising",
        csv=None,
    )
    assert list(shown[0]) == ["image/svg+xml", "text/plain"]
    assert "It tosses." in shown[1]["text/markdown"]
    assert "data-play='{\"x\":1}'" in shown[2]["text/markdown"]
    with pytest.raises(UserError, match="needs a caption"):
        page.play(
            "kirchhoff",
            name="two",
            data={},
            figure=labelled(),
            caption=" ",
            alt="Heads against tosses, rising",
            csv=None,
        )


# ---- the thesis's network ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, np.ndarray]:
    return read(PUBLISHED / "reram" / "mlp" / "defaults.json").tensors()


def test_the_merge_without_torch_is_the_merge(checkpoint):
    from imc.papers.reram.merge import Layer, Norm, signed_merge

    checkpoint = {name: array.copy() for name, array in checkpoint.items()}
    checkpoint["gamma2"][0, :3] = 0  # dead channels
    for chosen in (0, 4):
        for number, found in enumerate(merged(checkpoint, chosen), 1):
            t = {name: torch.from_numpy(array).double()[chosen] for name, array in checkpoint.items()}
            layer = Layer(t[f"w{number}"], t[f"b{number}"])
            wanted = signed_merge(layer, Norm(*(t[f"{field}{number}"] for field in Norm._fields)))
            assert (found.w == wanted.w.numpy()).all()
            assert close(found.b, wanted.b.numpy())


def given(checkpoint: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    return [
        {"bits": packed(layer.w), "bias": layer.b.tolist(), "rows": len(layer.w)}
        for layer in merged(checkpoint)
    ]


@needs_node
def test_the_network_answers_digits_and_noise_as_in_python(checkpoint):
    layers = merged(checkpoint)
    noise = np.random.default_rng(5).integers(0, 2, (20, 400))
    pictures = [*(drawn(d).reshape(-1) for d in range(10)), *noise]
    program = (
        "(() => { const l = d.layers.map(m.unpack);"
        "return d.pictures.map((x) => [...m.currents(l, x).at(-1)]); })()"
    )
    found = node("thesis", program, layers=given(checkpoint), pictures=[p.tolist() for p in pictures])
    assert close(found, [currents(layers, p) for p in pictures])


@needs_node
def test_pixels_that_turn_the_answer_are_all_found(checkpoint):
    layers, picture = merged(checkpoint), drawn(8).reshape(-1)
    here = int(currents(layers, picture).argmax())
    wanted = []
    for i in range(400):
        other = picture.copy()
        other[i] = 1 - other[i]
        if int(currents(layers, other).argmax()) != here:
            wanted.append(i)
    found = node(
        "thesis", "m.tipping(d.layers.map(m.unpack), d.x)", layers=given(checkpoint), x=picture.tolist()
    )
    assert found == wanted


@needs_node
@pytest.mark.parametrize(("spread", "ratio", "offset"), [(0.2, 100, 0), (0.1, 2, 3), (0.0, 1.5, 5)])
def test_cells_that_vary_are_those_of_the_crossbar(spread, ratio, offset, checkpoint, monkeypatch):
    """The same normals give the same currents as a mapped layer with the same chip."""
    layers, picture = merged(checkpoint), drawn(5).reshape(-1)
    setting = {"spread": spread, "ratio": ratio, "offset": offset}
    program = (
        "(() => { const l = d.layers.map(m.unpack), c = m.chip(l, 9);"
        "return [m.currents(l, d.x, d.setting, c).map((y) => [...y]),"
        "c.map((k) => [k.cells.map((r) => [...r]), [...k.offsets]])]; })()"
    )
    found, draws = node("thesis", program, layers=given(checkpoint), x=picture.tolist(), setting=setting)
    device = Device(1.0, float(ratio), levels=2)
    x = picture.astype(float)
    for layer, here, (z, offsets) in zip(layers, found, draws, strict=True):
        g = torch.from_numpy(np.where(layer.w > 0, device.g_on, device.g_off))
        if spread:
            monkeypatch.setattr(variation, "normal_like", lambda g, _, z=z: torch.tensor(z, dtype=g.dtype))
            variation.Lognormal(spread * device.r_on)(g, device, torch.Generator())
        unit = (device.g_on - device.g_off) / 2
        y = x @ (g.numpy() - device.g_half) / unit + layer.b
        if layer is not layers[-1]:
            y = y + offset * np.array(offsets)
        assert close(here, y)
        x = (np.array(here) >= 0).astype(float)


@needs_node
def test_chips_differ_and_are_normal(checkpoint):
    program = "m.chip(d.layers.map(m.unpack), d.seed).map((k) => k.cells.map((r) => [...r]))[1].flat()"
    one, other = (np.array(node("thesis", program, layers=given(checkpoint), seed=s)) for s in (1, 2))
    n = len(one)
    assert n == 128 * 128
    assert abs(one.mean()) < 4 / np.sqrt(n)
    assert abs(one.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(n)


# ---- convolution by AND ------------------------------------------------------------------------------------


@needs_node
def test_the_slides_steps_for_other_numbers():
    draw = np.random.default_rng(6)
    for bits in (1, 2, 3, 4):
        x, w = draw.integers(0, 2**bits, (2, 7))
        _, steps = subarray.dot(x, w, bits)
        found = node("bitwise", "m.dot(d.x, d.w, d.b, d.b, 'unsigned')", x=x.tolist(), w=w.tolist(), b=bits)
        keys = ("n", "m", "count", "shifted", "total")
        here = [tuple(s[{"shifted": "adds"}.get(k, k)] for k in keys) for s in found["steps"]]
        assert here == [tuple(getattr(s, k) for k in keys) for s in steps]
        assert [s["anded"] for s in found["steps"]] == [s.anded.tolist() for s in steps]
        assert found["total"] == int(x @ w)


@needs_node
@pytest.mark.parametrize("name", ["unsigned", "twos-complement", "symmetric"])
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_codes_of_weights(name, bits):
    code = Code(name, bits)
    found = node("bitwise", "[m.code(d.name, d.bits), m.values(d.name, d.bits)]", name=name, bits=bits)
    assert (tuple(found[0]["worth"]), found[0]["offset"], found[1]) == (
        code.worth,
        code.offset,
        code.values.tolist(),
    )
    draw = np.random.default_rng(7)
    x, w = draw.integers(0, 8, 6), draw.choice(code.values, 6)
    program = "m.dot(d.x, d.w, 3, d.bits, d.name).total"
    assert node("bitwise", program, x=x.tolist(), w=w.tolist(), bits=bits, name=name) == int(x @ w)


# ---- cost --------------------------------------------------------------------------------------------------


@needs_node
@pytest.mark.parametrize("text", ["", "400", "400x0", "400x128x", "4x4w0", "12 x 3", "a", "4x4i2w2"])
def test_what_is_no_network_is_none_in_either_language(text):
    with pytest.raises(UserError):
        network(text.split() or [text])
    assert node("cost", "m.parse(d.text) ?? null", text=text) is None


@needs_node
@pytest.mark.parametrize("name", [*NETWORKS, "odd"])
@pytest.mark.parametrize(("rows", "columns", "sensed"), [(256, 512, "occupied"), (64, 128, "rows")])
def test_networks_on_imce(name, rows, columns, sensed):
    layers = NETWORKS.get(name) or network(["1200x128x729w2i3g2", "77x500w4i1", "3x3"])
    placed = place(layers, SubArray(rows, columns))
    parts = components.energies(0.01, energy.nominal())
    whole = energy.picture("x", energy.uses(placed, sensed), parts)
    machine = machine_of_imce(10.0)
    program = (
        "(() => { const l = m.parse(d.text);"
        "return l.map((x, k) => m.imce(x, l[Math.min(k + 1, l.length - 1)], d.array, d.machine)); })()"
    )
    array = {"rows": rows, "columns": columns, "sensed": sensed}
    found = node("cost", program, text=" ".join(map(str, layers)), array=array, machine=machine)
    assert [f["arrays"] for f in found] == [p.sub_arrays for p in placed]
    assert close([f["energy"] for f in found], [1e-6 * part.total("energy_pj") for _, part in whole.parts])
    assert close(
        [f["latency"] for f in found],
        [p.nanoseconds(machine["write_ns"], machine["and_ns"]) / 1e3 for p in placed],
    )
    if (rows, columns) == (256, 512):
        block = area.sub_arrays_by_cell()["value"]
        assert close([f["area"] for f in found], [p.sub_arrays * block.total("area_mm2") for p in placed])


@needs_node
def test_a_weight_that_no_sub_array_holds_has_no_cost():
    program = "m.imce(m.parse('8x8w60i8')[0], {inputBits: 1}, {rows: 64, columns: 64}, {}) ?? null"
    assert node("cost", program) is None


@needs_node
@pytest.mark.parametrize("name", [*NETWORKS, "odd"])
def test_networks_on_the_thesis_circuits(name):
    from imc.papers.reram import efficiency, mapped
    from imc.papers.reram.experiments import EfficiencyConfig

    layers = NETWORKS.get(name) or network(["1200x128x729w2i3g2", "77x500w4i1", "3x3"])
    config = EfficiencyConfig.model_validate({"column_share": 0.4})
    kit, cycle = efficiency.circuits(config), 1e3 / config.clock_mhz
    given = {"parts": efficiency.ours(config)["each"], "cycle_ns": cycle}
    program = "m.parse(d.text).map((x) => m.thesis(x, 128, d.machine))"
    found = node("cost", program, text=" ".join(map(str, layers)), machine=given)
    counts = [mapped.inventory(layer) for layer in layers]
    assert [f["arrays"] for f in found] == [c.arrays for c in counts]
    assert [f["cells"] for f in found] == [c.cells for c in counts]
    assert close(
        [f["energy"] for f in found], [1e-6 * mapped.energy_pj(layer, kit, cycle) for layer in layers]
    )
    assert close([f["area"] for f in found], [kit.chip(c).total("area_mm2") for c in counts])
    assert close([f["latency"] for f in found], [1e-3 * layer.reads * cycle for layer in layers])


@needs_node
def test_cells_alone_are_two_a_weight():
    assert node("cost", "m.batmann(m.parse('10x4x3g2')[0], 2e-12)") == {
        "cells": 160,
        "energy": pytest.approx(4.8e-4),
    }


# ---- devices that are trained by pulses --------------------------------------------------------------------

RESPONSES = ("constant", "soft", "power", "exponential")


def device_of(response: str, asymmetry: float, cycle: float = 0.3) -> tuple[Any, dict[str, Any]]:
    """The same device in Python and for the browser."""
    analog = pytest.importorskip("imc.analog.devices")
    kinds = {
        "constant": analog.ConstantStep,
        "soft": analog.SoftBounds,
        "power": analog.Power,
        "exponential": analog.Exponential,
    }
    here = kinds[response](states=60, bound=0.7, asymmetry=asymmetry, cycle_spread=cycle)
    there = {"response": response, "states": 60, "bound": 0.7, "asymmetry": asymmetry, "cycle": cycle}
    return here, there


class Given:
    """Chance that gives out what it was given."""

    def __init__(self, normals: list[float], uniforms: Sequence[float] = ()) -> None:
        self._normals, self._uniforms = iter(normals), iter(uniforms)

    def random(self) -> float:
        return next(self._uniforms)

    def standard_normal(self) -> float:
        return next(self._normals)


@needs_node
@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("asymmetry", [-0.3, 0.0, 0.2])
def test_steps_and_the_symmetry_point(response, asymmetry):
    here, there = device_of(response, asymmetry)
    w = np.linspace(-0.7, 0.7, 15).tolist()
    steps = "d.w.map((w) => m.up(d.device, w)), d.w.map((w) => m.down(d.device, w))"
    program = f"[{steps}, m.symmetryPoint(d.device) ?? null]"
    up, down, point = node("tikitaka", program, w=w, device=there)
    assert close(up, [here.up(v) for v in w])
    assert close(down, [here.down(v) for v in w])
    if response == "constant":
        assert point is None
    else:
        assert point == pytest.approx(here.symmetry_point(), abs=EXACT)


@needs_node
@pytest.mark.parametrize("response", RESPONSES)
def test_one_array_and_tiki_taka_pulse_by_pulse(response):
    loops = pytest.importorskip("imc.analog.loops")
    here, there = device_of(response, 0.2)
    setting = {
        "target": -0.4,
        "noise": 1.0,
        "lr": 0.03,
        "gamma": 0.3,
        "every": 3,
        "transfer": 0.2,
        "steps": 300,
    }
    draw = np.random.default_rng(8)
    uniforms, normals = draw.random(1000).tolist(), draw.standard_normal(20_000).tolist()
    program = (
        "(() => { let u = 0, z = 0; return m.learn(d.device, d.setting,"
        "{uniform: () => d.uniforms[u++], normal: () => d.normals[z++]}); })()"
    )
    found = node("tikitaka", program, device=there, setting=setting, uniforms=uniforms, normals=normals)
    chance, uniform = Given(normals), iter(uniforms)

    def write(w: float, wanted: float) -> float:
        exact = abs(wanted) / here.dw_min
        for _ in range(int(exact) + (next(uniform) < exact % 1)):
            w = loops.pulsed(w, 1 if wanted > 0 else -1, here, chance)
        return w

    zero = 0.0 if response == "constant" else here.symmetry_point()
    w, a, c = 0.0, zero, 0.0
    wanted = [(w, a - zero, c)]
    for k in range(1, 301):
        error = setting["noise"] * chance.standard_normal()
        w = write(w, -setting["lr"] * (w - setting["target"] + error))
        a = write(a, -setting["lr"] * (setting["gamma"] * (a - zero) + c - setting["target"] + error))
        if k % 3 == 0:
            c = write(c, setting["transfer"] * (a - zero))
        wanted.append((w, a - zero, c))
    columns = np.array(wanted).T
    for name, column in zip(("descent", "a", "c"), columns, strict=True):
        assert close(found[name], column)
    assert close(found["tikitaka"], setting["gamma"] * columns[1] + columns[2])


@needs_node
def test_the_figure_behind_the_player_is_what_it_starts_with():
    start = Learning(steps=300)
    draw = np.random.default_rng(9)
    uniforms, normals = draw.random(1000).tolist(), draw.standard_normal(20_000).tolist()
    device = {"response": "soft", "states": 200, "bound": 1, "asymmetry": 0.2, "cycle": 0.3}
    setting = {"target": -0.5, "noise": 1, "lr": 0.02, "gamma": 0, "every": 2, "transfer": 0.1, "steps": 300}
    program = (
        "(() => { let u = 0, z = 0; return m.learn(d.device, d.setting,"
        "{uniform: () => d.uniforms[u++], normal: () => d.normals[z++]}); })()"
    )
    found = node("tikitaka", program, device=device, setting=setting, uniforms=uniforms, normals=normals)
    wanted = start.learned(Given(normals, uniforms))  # type: ignore[arg-type]
    for here, there in (("one", "descent"), ("a", "a"), ("c", "c")):
        assert close(found[there], wanted[here])


@needs_node
def test_noise_pulls_one_array_to_its_symmetry_point_and_two_arrays_less():
    setting = {"target": -0.5, "noise": 1, "lr": 0.02, "gamma": 0, "every": 2, "transfer": 0.1, "steps": 4000}
    device = {"response": "soft", "states": 200, "bound": 1, "asymmetry": 0.2, "cycle": 0.3}
    program = (
        f"[1,2,3,4,5].map((seed) => {{ const g = require('{players.FOLDER}/numbers.js').generator(seed);"
        "const f = m.learn(d.device, d.setting, {uniform: g.uniform, normal: () => g.normals(1)[0]});"
        "return ['descent', 'tikitaka'].map((k) => f[k].slice(2000).reduce((a, b) => a + b) / 2001); })"
    )
    found = np.array(node("tikitaka", program, device=device, setting=setting))
    assert (found[:, 0] - -0.5 > 0.15).all()
    assert (np.abs(found[:, 1] - -0.5) < 0.5 * (found[:, 0] - -0.5)).all()
