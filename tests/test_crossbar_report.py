"""Every number of a report, against a computation by hand on networks small enough for it."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from imc.cost.crossbars import Cost, Range, Work, components, cost
from imc.cost.table import FOLDER, Entry, read
from imc.crossbar import (
    ADC,
    DAC,
    RRAM_1T1R,
    Array,
    Chip,
    CrossbarNetwork,
    Device,
    DoubleColumn,
    Lognormal,
    SenseAmplifier,
    SingleColumn,
    StuckCells,
    Wires,
    map_network,
)
from imc.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")

DEVICE = Device(1e3, 1e4)
SIMPLE = {
    "read_time": 100.0, "adc_rate": 1.0, "read_voltage": 0.5, "adc_energy": 2.0, "adc_per_bit": 2.0,
    "comparison": 0.1,
    "dac_energy": 0.5, "dac_per_bit": 2.0, "sample_hold_energy": 0.25, "shift_add_energy": 0.125,
    "register_energy": 16.0, "cell_area": 1e-6, "adc_area": 1e-2, "comparator_area": 1e-4, "dac_area": 1e-4,
    "sample_hold_area": 1e-5, "shift_add_area": 1e-3, "register_area": 1e-2,
}  # fmt: skip


def table(values=SIMPLE, spread=1.0):
    return {
        name: Entry(name, name, "", value, value / spread, value * spread, "assumed", "a test", "a test")
        for name, value in values.items()
    }


def dense(weights, bias=None):
    w = torch.tensor(weights)
    layer = nn.Linear(w.shape[1], w.shape[0], bias=bias is not None)
    layer.weight.data = w
    if bias is not None:
        layer.bias.data = torch.tensor(bias)
    return layer


def small():
    """Two layers, 4-3-2, with simple weights; inputs, and the labels that the network gives but for one."""
    first = dense([[1.0, -0.5, 0.0, 0.25], [0.5, 1.0, -1.0, 0.0], [0.0, 0.25, 0.5, -1.0]])
    net = nn.Sequential(first, nn.ReLU(), dense([[1.0, -1.0, 0.5], [-0.5, 0.5, 1.0]], [0.1, -0.1]))
    x = torch.rand(40, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    labels = net(x).argmax(-1)
    labels[3] = 1 - labels[3]
    return net, x, labels


def test_accuracy_is_that_of_each_chip_and_its_interval_students():
    net, x, labels = small()
    chip = Chip(DEVICE, variation=(Lognormal(600), StuckCells(on=0.05)))
    mapped = map_network(net, chip, seed=7)
    before = mapped.conductances.clone()
    found = mapped.report(x, labels, chips=6, seed=11, batch=7)
    each = []
    for seed in range(11, 17):
        each.append(100 * float((map_network(net, chip, seed=seed)(x).argmax(-1) == labels).double().mean()))
    assert found.accuracy.each == pytest.approx(each)
    assert found.digital == pytest.approx(97.5)
    mean, sd = np.mean(each), np.std(each, ddof=1)
    assert sd > 0
    half = 2.570581835636314 * sd / math.sqrt(6)  # Student's t, 97.5 %, 5 degrees of freedom
    assert found.accuracy.mean == pytest.approx(mean)
    assert found.accuracy.low == pytest.approx(max(0, mean - half))
    assert found.accuracy.high == pytest.approx(min(100, mean + half))
    assert found.alone == {"variation": found.accuracy}
    assert torch.equal(mapped.conductances, before), "the network stays as it is"


def test_each_cause_alone_is_the_chip_with_nothing_else():
    net, x, labels = small()
    wires, dac, adc, steps = Wires(20.0, 20.0), DAC(3, limit=1.0), ADC(6, range=2.0), (Lognormal(400),)
    chip = Chip(RRAM_1T1R, DoubleColumn(), steps, Array(3, 4, wires, dac, adc))
    found = map_network(net, chip).report(x, labels, chips=4, alone=3)

    def accuracy(own, seeds=(0,)):
        mapped = [map_network(net, own, seed=seed)(x) for seed in seeds]
        return [100 * float((y.argmax(-1) == labels).double().mean()) for y in mapped]

    plain = Array(3, 4)
    alone = {
        "levels": accuracy(Chip(RRAM_1T1R, array=plain)),
        "variation": accuracy(Chip(DEVICE, variation=steps, array=plain), range(3)),
        "wires": accuracy(Chip(DEVICE, array=Array(3, 4, wires))),
        "converters": accuracy(Chip(DEVICE, array=Array(3, 4, None, dac, adc))),
    }
    assert {name: list(got.each) for name, got in found.alone.items()} == alone
    assert list(found.accuracy.each) == accuracy(chip, range(4))
    assert found.alone["wires"].low == found.alone["wires"].high == found.alone["wires"].mean


def test_layer_errors_are_of_its_outputs_for_ideal_inputs():
    net, x, labels = small()
    chip = Chip(RRAM_1T1R, array=Array(wires=Wires(20.0, 20.0)))
    found = map_network(net, chip).report(x, labels, sample=10)
    hidden = net[1](net[0](x[:10]))
    for name, inputs, layer in (("0", x[:10], net[0]), ("2", hidden, net[2])):
        wanted = layer(inputs).detach()
        own = next(r for r in found.layers if r.name == name)
        for cause, device, wires in (
            ("levels", RRAM_1T1R, None),
            ("wires", DEVICE, Wires(20.0, 20.0)),
            ("all", RRAM_1T1R, Wires(20.0, 20.0)),
        ):
            got = map_network(layer, Chip(device, array=Array(wires=wires)))(inputs.detach())
            assert own.errors[cause] == pytest.approx(
                float(100 * (got - wanted).norm() / wanted.norm()), rel=1e-4
            )
    assert list(found.layers[0].errors) == ["levels", "wires", "all"]


def test_clipped_inputs_and_outputs_are_counted():
    net = dense([[1.0, -1.0], [0.5, 1.0]])
    x = torch.tensor([[0.5, 0.5], [2.0, 1.0], [-3.0, 0.25], [1.0, -1.0]])
    chip = Chip(
        DEVICE, DoubleColumn(), array=Array(dac=DAC(12, limit=1.0), adc=ADC(12, range=1.0), differential=True)
    )
    found = map_network(net, chip).report(x, torch.zeros(4, dtype=torch.long), sample=4).layers[0]
    assert found.clipped_inputs == pytest.approx(100 * 2 / 8)  # 2 and -3 of eight
    # Clipped inputs (.5 .5) (1 1) (-1 .25) (1 -1) give products (0 .75) (0 1.5) (-1.25 -.25) (2 -.5) weights,
    # of 0.9 ON currents each: beyond 1 are 1.35, -1.125 and 1.8, three of eight.
    assert found.clipped_outputs == pytest.approx(100 * 3 / 8)


def test_no_converter_no_clipping_and_one_chip_where_all_are_one():
    net, x, labels = small()
    found = map_network(net, Chip(DEVICE)).report(x, labels)
    assert found.alone == {}
    assert len(found.accuracy.each) == 1
    assert (found.layers[0].clipped_inputs, found.layers[0].clipped_outputs) == (None, None)


def test_twenty_chips_are_twenty_programmings_and_inferences(monkeypatch):
    net, x, labels = small()
    mapped = map_network(net, Chip(DEVICE, variation=Lognormal(100)))
    counted = {"program": 0, "forward": 0}
    for name in counted:
        inner = getattr(CrossbarNetwork, name)

        def counting(self, *args, name=name, inner=inner, **named):
            counted[name] += 1
            return inner(self, *args, **named)

        monkeypatch.setattr(CrossbarNetwork, name, counting)
    mapped.report(x, labels, chips=20, sample=4)
    assert counted == {"program": 20, "forward": 22}  # one digital inference, one of the sample


def test_energy_area_and_latency_of_a_layer_by_hand():
    """3 inputs, 2 outputs in double columns on arrays of 2 x 4 cells: two arrays, the second of one row."""
    net = dense([[1.0, -0.5, 0.0], [0.25, 0.0, 1.0]])
    x = torch.tensor([[1.0, -1.0, 0.5], [0.0, 1.0, 1.0]])
    chip = Chip(DEVICE, array=Array(2, 4, dac=DAC(8, limit=2.0), adc=ADC(6)))
    labels = torch.zeros(2, dtype=torch.long)
    found = map_network(net, chip).report(x, labels, table=table())
    layer = found.layers[0]
    assert (layer.arrays, layer.cells) == (2, 12)
    # Conductances of each row, mS, four cells of which OFF is 0.1: weights take 0.9 of |w| more in all.
    row = np.array([0.4 + 0.9 * 1.25, 0.4 + 0.9 * 0.5, 0.4 + 0.9 * 1.0]) * 1e-3
    volts = np.rint(x.numpy() / 2 * 127) / 127  # of full input, 2
    cells = (volts**2 @ row).mean() * 0.5**2 * 100e-9
    assert layer.cost.energy_by["cells"] == pytest.approx(cells, rel=1e-5)
    by = {
        "dac": 3 * 0.5 * 2**7,  # rows, each 8 bits
        "adc": 8 * 2.0 * 2**-2,  # 4 columns of 2 arrays, 6 bits
        "sample_hold": 8 * 0.25,
        "shift_add": 8 * 0.125,
        "register": 2 * 16.0,
    }
    for name, pj in by.items():
        assert layer.cost.energy_by[name] == pytest.approx(pj * 1e-12), name
    assert found.cost.energy.value == pytest.approx(cells + sum(by.values()) * 1e-12)
    area = {
        "cells": 16 * 1e-6, "dac": 4 * 1e-4 * 2**7, "adc": 2 * 1e-2 / 4, "sample_hold": 8 * 1e-5,
        "shift_add": 2 * 1e-3, "register": 2 * 1e-2,
    }  # fmt: skip
    assert layer.cost.area_by == pytest.approx(area)
    assert found.cost.area.value == pytest.approx(sum(area.values()))
    assert found.cost.latency.value == pytest.approx(100e-9)  # 4 conversions of 1 ns are sooner done


def test_a_convolution_reads_once_a_place_and_bits_of_a_serial_input_one_by_one():
    net = nn.Conv2d(1, 3, 2, bias=False)
    x = torch.rand(2, 1, 4, 5)
    serial = Chip(
        DEVICE, SingleColumn(), array=Array(dac=DAC(4, limit=1.0, signed=False, serial=True), adc=ADC(8))
    )
    found = map_network(net, serial).report(x, torch.zeros(2), right=lambda y, t: t == 0, table=table())
    by = found.layers[0].cost.energy_by
    reads = 3 * 4 * 4  # places, bits
    assert by["dac"] == pytest.approx(reads * 4 * 0.5e-12)
    assert by["adc"] == pytest.approx(reads * 4 * 2e-12)  # three columns and the bias column
    assert found.cost.latency.value == pytest.approx(reads * 100e-9)
    cells = map_network(net, serial).layers[""]
    assert cells.bias_cells is not None
    per_row = (cells.cells.sum((0, 1)) + cells.bias_cells[0]).double().numpy()
    ones = np.zeros(4)
    codes = np.rint(x.numpy() * 15).astype(int)
    for bit in range(4):
        plane = (codes >> bit) & 1
        for i, (r, c) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            ones[i] += plane[:, 0, r : r + 3, c : c + 4].sum()
    assert by["cells"] == pytest.approx(float(ones @ per_row) / 2 * 0.25 * 100e-9, rel=1e-5)


def test_sense_amplifiers_summed_currents_and_groups():
    amplifiers = Chip(DEVICE, array=Array(2, 4, adc=SenseAmplifier()))
    net, x, labels = dense([[1.0, -0.5, 0.0], [0.25, 0.0, 1.0]]), torch.rand(2, 3), torch.zeros(2)
    found = map_network(net, amplifiers).report(x, labels, table=table()).layers[0].cost
    assert found.energy_by["comparator"] == pytest.approx(4 * 0.1e-12)  # two outputs of two arrays
    assert found.area_by["comparator"] == pytest.approx(4 * 1e-4)
    assert "adc" not in found.energy_by
    summed = Chip(DEVICE, array=Array(2, 4, adc=ADC(8), analog_sums=True))
    found = map_network(net, summed).report(x, labels, table=table()).layers[0].cost
    assert found.energy_by["adc"] == pytest.approx(4 * 2e-12)
    assert found.area_by["adc"] == pytest.approx(1e-2)
    grouped = nn.Conv1d(4, 4, 2, groups=4)
    found = map_network(grouped, summed).report(
        torch.rand(3, 4, 6), torch.zeros(3), right=lambda y, t: t == 0
    )
    assert found.layers[0].arrays == 4


def test_ranges_are_those_of_every_component_at_its_ends():
    work = Work("a layer", 2, 4, 4, 6, 8, 8, 2, 10.0, 1, 8, 6, False, 1e-3)
    found = cost(work, table(spread=2.0))
    cells = 1e-3 * np.array([0.25 * 100, 0.0625 * 50, 1.0 * 200]) * 1e3
    # An ADC of 6 bits: 2 bits fewer, at 1, 2 and 4 a bit; a DAC of 8: 7 bits more.
    adc, dac = 80 * np.array([2.0 / 4, 1.0 / 16, 4.0]), 60 * np.array([0.5 * 2**7, 0.25, 1.0 * 4**7])
    rest = 80 * 0.25 + 80 * 0.125 + 20 * 16.0
    wanted = (cells + adc + dac + rest * np.array([1.0, 0.5, 2.0])) * 1e-12
    assert [found.energy.value, found.energy.low, found.energy.high] == pytest.approx(wanted.tolist())
    latency = [10 * 100e-9, 10 * 50e-9, 10 * 200e-9]
    assert [found.latency.value, found.latency.low, found.latency.high] == pytest.approx(latency)
    both = Cost.total([found, found])
    assert isinstance(both.energy, Range)
    assert [both.energy.value, both.energy.low, both.energy.high] == pytest.approx((2 * wanted).tolist())
    assert both.area_by["adc"] == pytest.approx(2 * found.area_by["adc"])


def test_a_slow_adc_makes_reads_wait():
    work = Work("a layer", 1, 128, 128, 128, 128, 128, 1, 10.0, 1, 8, 8, False, 0.0)
    assert cost(work, table()).latency.value == pytest.approx(10 * 128e-9)


def test_a_network_costs_what_its_layers_cost_and_the_page_prints_these_numbers():
    """4 to 3 to 2 on one array each: 4 + 3 rows and 6 + 4 columns in use, one read of each."""
    net, x, labels = small()
    chip = Chip(DEVICE, array=Array(8, 8, dac=DAC(8, limit=1.0), adc=ADC(8)))
    found = map_network(net, chip).report(x, labels, table=table())
    by = found.cost.energy_by
    assert by["dac"] == pytest.approx((4 + 3) * 0.5 * 2**7 * 1e-12)
    assert by["adc"] == pytest.approx((6 + 4) * 2e-12)
    assert by["register"] == pytest.approx(2 * 16e-12)
    assert found.cost.area_by["adc"] == pytest.approx(2 * 1e-2)
    assert found.cost.area_by["cells"] == pytest.approx(2 * 64 * 1e-6)
    assert found.cost.latency.value == pytest.approx(2 * 100e-9)  # one layer after the other
    assert found.cost.energy.value == pytest.approx(sum(by.values()))
    assert found.cost.energy.value == pytest.approx(sum(r.cost.energy.value for r in found.layers))
    assert [r.cells for r in found.layers] == [2 * 4 * 3, 2 * 3 * 2]
    lines = str(found).splitlines()
    printed = {line.split()[0]: line for line in lines if line}
    assert f"digital {found.digital:.2f} %" in printed["accuracy"]
    change = found.alone["converters"].mean - found.digital
    assert printed["converters"].split("alone: ")[1] == f"{found.alone['converters']}, {change:+.2f}"
    assert f"energy      {1e12 * found.cost.energy.value:.3g} pJ (" in printed["energy"]
    assert f"area        {found.cost.area.value:.3g} (" in printed["area"]
    assert "latency     200 ns (" in printed["latency"]
    for layer in found.layers:
        errors = [f"{error:.2f}" for error in layer.errors.values()]
        clips = [f"{layer.clipped_inputs:.2f}", f"{layer.clipped_outputs:.2f}"]
        shown = printed[layer.name].replace("%", "").split()
        assert shown[1:-2] == [str(layer.arrays), *errors, *clips]
        assert shown[-2:] == [f"{1e12 * layer.cost.energy.value:.3g}", "pJ"]


def test_what_stays_digital_is_named():
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)).eval()
    mapped = map_network(net, Chip(DEVICE), keep=["2"])
    found = mapped.report(torch.rand(5, 4), torch.zeros(5))
    assert found.kept == ("1 (BatchNorm1d)", "2 (Linear)")
    shown = str(found)
    assert "digital: 1 (BatchNorm1d), 2 (Linear)" in shown
    assert f"accuracy    {found.accuracy}" in shown


def test_a_tuned_network_is_tuned_on_every_chip():
    net, x, labels = small()
    chip = Chip(DEVICE, variation=Lognormal(800))
    mapped = map_network(net, chip)
    mapped.tune(0)
    found = mapped.report(x, labels, chips=2).accuracy.each
    other = map_network(net, chip, seed=1)
    other.tune(1)
    assert found[1] == pytest.approx(100 * float((other(x).argmax(-1) == labels).double().mean()))


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        ((torch.rand(3, 4), torch.zeros(2)), {}, "3 inputs and 2 labels"),
        ((torch.rand(0, 4), torch.zeros(0)), {}, "one input at least"),
        ((torch.rand(2, 4), torch.zeros(2)), {"chips": 0}, "chips = 0"),
        ((torch.rand(2, 4), torch.zeros(2)), {"chips": 2.5}, "chips = 2.5: a whole number"),
        ((torch.rand(2, 4), torch.zeros(2)), {"table": {}}, "the table of components has no 'read_voltage'"),
    ],
)
def test_what_gives_no_report_is_refused(arguments, options, sentence):
    with pytest.raises(UserError, match=sentence):
        map_network(nn.Linear(4, 2), Chip(DEVICE)).report(*arguments, **options)


def test_every_component_has_a_source_and_a_range():
    for entry in components().values():
        assert entry.low <= entry.value <= entry.high
        assert entry.low < entry.high, f"{entry.name} has no uncertainty"
        assert len(entry.source) > 20
        assert entry.spread
        assert entry.origin in ("quoted", "derived", "assumed")
    assert set(components()) == set(SIMPLE)


def test_components_derived_from_isaac_are_its_printed_numbers():
    """Powers of a block of 8 arrays of 128 x 128, read in 100 ns: data/reference/isaac.toml."""
    derived = {
        "adc_energy": 16 / 8 / 1.2, "dac_energy": 4 / 1024 * 100, "sample_hold_energy": 0.01 / 1024 * 100,
        "shift_add_energy": 0.2 / 4 / 1.2, "register_energy": (1.24 + 0.23) / 8 * 100,
        "cell_area": 0.0002 / 8 / 128**2, "adc_area": 0.0096 / 8, "dac_area": 0.00017 / 1024,
        "sample_hold_area": 0.00004 / 1024, "shift_add_area": 0.00024 / 8,
        "register_area": (0.0021 + 0.00077) / 8,
    }  # fmt: skip
    for name, value in derived.items():
        assert components()[name].value == pytest.approx(value, rel=2e-3), name


def test_a_table_with_a_fault_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    good = (FOLDER / "crossbar.toml").read_text()
    for text, sentence in (
        ("[[component", "cannot be read as a table"),
        ("", "holds no"),
        (good.replace('unit = "ns"', 'units = "ns"'), "component 'read_time' has"),
        (good.replace("value = 100.0", "value = 500.0"), "read_time = 500.0 lies outside"),
        (good.replace("value = 100.0", "value = nan"), "numbers of 0 or more"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=sentence):
            read(path)
