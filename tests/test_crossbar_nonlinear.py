"""Cells that bend, and reads of signed inputs by drivers of one polarity."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from imc.cost.crossbars import components
from imc.crossbar import (
    ADC,
    DAC,
    Array,
    Chip,
    ChipWarning,
    Device,
    DoubleColumn,
    Lognormal,
    Offset,
    ReferenceCurrent,
    SenseAmplifier,
    SingleColumn,
    Sinh,
    Wires,
    map_network,
    reference,
)
from imc.errors import UserError

LAW = Sinh(v0=0.25, read=0.5)
BENT = Device(1e3, 1e4, nonlinearity=LAW)
PLAIN = Device(1e3, 1e4)


def dense(weight, bias=None):
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None)
    layer.weight = nn.Parameter(torch.tensor(weight))
    if bias is not None:
        layer.bias = nn.Parameter(torch.tensor(bias))
    return layer


@given(st.floats(0.05, 20.0), st.floats(-1.0, 1.0))
def test_a_bent_current_is_the_ratio_of_two_sinhs(steep, u):
    law = Sinh(v0=0.1, read=0.1 * steep)
    got = float(law(torch.tensor(u, dtype=torch.float64)))
    assert got == pytest.approx(math.sinh(steep * u) / math.sinh(steep), rel=1e-9, abs=1e-12)
    assert float(law(torch.tensor(-u, dtype=torch.float64))) == -got


def test_half_the_voltage_gives_what_the_docstring_says_and_full_voltage_the_conductance():
    half, whole = LAW(torch.tensor([0.5, 1.0], dtype=torch.float64)).tolist()
    assert half == pytest.approx(1 / (2 * math.cosh(LAW.read / (2 * LAW.v0))))
    assert whole == pytest.approx(1)
    x = torch.linspace(-1, 1, 9)
    assert torch.allclose(Sinh(v0=1e6, read=0.1)(x), x)
    assert torch.allclose(Sinh(v0=1.0, read=0.05)(x), x, atol=2e-4)


@pytest.mark.parametrize("scheme", [DoubleColumn(), SingleColumn()])
@pytest.mark.parametrize("adc", [None, ADC(7), ADC(6, range=1.5)])
@pytest.mark.parametrize("two_phase", [False, True])
def test_bent_arrays_agree_with_the_oracle(scheme, adc, two_phase):
    torch.manual_seed(0)
    array = Array(5, 6, dac=DAC(4, limit=2.0, two_phase=two_phase), adc=adc)
    mapped = map_network(nn.Linear(13, 7), Chip(BENT, scheme, Lognormal(200), array), seed=3)
    layer = mapped.layers[""]
    x = 6 * torch.rand(11, 13) - 3
    bias = None if layer.bias_cells is None else layer.bias_cells.double().numpy()
    assert layer.bias is not None
    assert isinstance(layer.limit, float)
    want = reference.linear(
        x.double().numpy(), layer.chip, layer.cells.double().numpy(), bias, layer.limit,
        layer.bias.detach().double().numpy(),
    )  # fmt: skip
    off = np.abs(mapped(x).double().numpy() - want) > 5e-5
    assert off.mean() <= (0 if adc is None else 0.03)


def test_convolutions_bend_each_input_by_itself():
    conv = nn.Conv2d(2, 3, 2, padding=1)
    x = torch.rand(2, 2, 4, 4) * 2 - 1
    mapped = map_network(conv, Chip(BENT, array=Array(dac=DAC(12))))
    levels = DAC(12)(x).double()
    bent = torch.sinh(levels * 2) / math.sinh(2)
    assert torch.allclose(mapped(x), conv(bent.float()), atol=1e-5)


def test_pulses_of_full_height_do_not_bend():
    torch.manual_seed(0)
    layer, x = nn.Linear(6, 4), torch.rand(5, 6) * 2 - 1
    array = Array(dac=DAC(6, serial=True), adc=ADC(10))
    for scheme in (DoubleColumn(), Offset(), ReferenceCurrent()):
        bent, plain = (map_network(layer, Chip(device, scheme, array=array)) for device in (BENT, PLAIN))
        assert torch.equal(bent(x), plain(x))


def test_training_sees_the_slope_of_the_bent_current():
    layer = dense([[1.0, -1.0]])
    mapped = map_network(layer, Chip(BENT, array=Array(dac=DAC(12)))).train()
    x = torch.tensor([[0.5, -0.25]], requires_grad=True)
    mapped(x).sum().backward()
    assert x.grad is not None
    slope = [2 * math.cosh(2 * v) / math.sinh(2) for v in (0.5, 0.25)]
    assert x.grad[0].tolist() == pytest.approx([slope[0], -slope[1]], rel=1e-2)


def test_a_steep_cell_is_warned_of_and_the_remedy_works():
    torch.manual_seed(0)
    layer, x = nn.Linear(50, 5), torch.rand(20, 50)
    steep = Device(1e3, 1e4, nonlinearity=Sinh(0.1, 0.5))
    array = Array(dac=DAC(8), adc=ADC(12))
    with pytest.warns(ChipWarning, match=r"its cells' nonlinearity changes .* use DAC\(serial=True\)"):
        map_network(layer, Chip(steep, array=array), calibrate=x)(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ChipWarning)
        map_network(layer, Chip(steep, array=replace(array, dac=DAC(8, serial=True))), calibrate=x)(x)
        map_network(layer, Chip(Device(1e3, 1e4, nonlinearity=Sinh(1.0)), array=array), calibrate=x)(x)


def test_report_tells_the_loss_and_takes_voltage_times_current():
    layer = dense([[1.0, 0.5], [-1.0, 0.25]])
    x, labels = torch.tensor([[1.0, 0.5], [0.5, -1.0], [0.5, 0.5], [0.25, 0.0]]), torch.tensor([0, 0, 0, 0])
    found = map_network(layer, Chip(BENT, array=Array(dac=DAC(12)))).report(x, labels, sample=4)
    assert set(found.alone) == {"nonlinearity", "converters"}
    u = DAC(12)(x).double().numpy()
    bent = np.sinh(2 * u) / math.sinh(2)
    weight = layer.weight.detach().double().numpy()
    lost = np.linalg.norm((bent - x.numpy()) @ weight.T) / np.linalg.norm(x.numpy() @ weight.T)
    assert found.layers[0].errors["all"] == pytest.approx(100 * lost, rel=1e-4)
    assert found.layers[0].errors["nonlinearity"] == pytest.approx(100 * lost, rel=2e-3)
    assert found.layers[0].errors["converters"] < 0.1
    # Row i holds |w| + OFF on one column and OFF on its partner, for each of two outputs.
    rows = np.abs(weight).sum(0) * (1e-3 - 1e-4) + 4 * 1e-4
    joules = float((u * bent @ rows).sum() / 4) * LAW.read**2 * components()["read_time"].value * 1e-9
    assert found.cost.energy_by["cells"] == pytest.approx(joules, rel=1e-5)


def test_two_phases_are_two_reads_of_everything_and_of_magnitudes():
    layer, x = dense([[1.0, -0.5], [0.5, 1.0]]), torch.tensor([[0.5, -0.25], [-1.0, 1.0]])
    labels = torch.tensor([0, 1])
    both, one = (
        map_network(layer, Chip(PLAIN, array=Array(dac=dac, adc=ADC(8))))
        .report(x, labels, sample=2)
        .layers[0]
        for dac in (DAC(8, two_phase=True), DAC(8))
    )
    assert both.cost.latency.value == 2 * one.cost.latency.value
    for part in ("adc", "sample_hold", "shift_add", "register"):
        assert both.cost.energy_by[part] == pytest.approx(2 * one.cost.energy_by[part])
    # twice the drives, each of 7 bits where there were 8
    ratio = 2 / components()["dac_per_bit"].value
    assert both.cost.energy_by["dac"] == pytest.approx(ratio * one.cost.energy_by["dac"])
    # each cell conducts in one of the two, as it did in the one
    assert both.cost.energy_by["cells"] == pytest.approx(one.cost.energy_by["cells"], rel=1e-6)
    assert both.cost.area_by["adc"] == one.cost.area_by["adc"]


def test_two_phases_use_the_converter_s_codes_for_one_sign():
    layer = dense([[1.0]])
    x = torch.tensor([[1.0], [0.5], [-0.5], [-1.0]])
    mapped = map_network(layer, Chip(PLAIN, array=Array(dac=DAC(8, two_phase=True), adc=ADC(3, range=1.0))))
    # Both columns are unsigned: 7 steps of 1/7 ON current; OFF columns give 0.1 and 0.05.
    volts = [127 / 127, 64 / 127]
    read = [(round(v * 7) - round(0.1 * v * 7)) / 7 / 0.9 for v in volts]
    assert mapped(x).flatten().tolist() == pytest.approx([*read, *(-r for r in reversed(read))], rel=1e-5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Sinh(0), "v0 = 0: a cell's voltage of bending must be positive"),
        (lambda: Sinh(0.1, -1), "read = -1"),
        (lambda: Sinh(0.001, 1), "a sinh of 80 at most"),
        (lambda: Device(1e3, 1e4, nonlinearity=0.25), "nonlinearity is 0.25: write Sinh"),  # pyright: ignore
        (lambda: Chip(BENT), "a nonlinear cell without a DAC"),
        (lambda: Chip(BENT, array=Array(dac=DAC(8), wires=Wires(1, 1))), "a nonlinear cell behind wires"),
        (lambda: Chip(BENT, Offset(), array=Array(dac=DAC(8))), "a nonlinear cell under Offset"),
        (lambda: Chip(BENT, ReferenceCurrent(), array=Array(dac=DAC(8))), "a nonlinear cell under Reference"),
        (lambda: DAC(8, two_phase=1), "two_phase = 1: write True or False"),  # pyright: ignore
        (lambda: DAC(8, signed=False, two_phase=True), "two_phase = True: .* unsigned ones have one"),
        (lambda: DAC(8, serial=True, two_phase=True), "two_phase = True: .* two's complement"),
        (lambda: Array(dac=DAC(8, two_phase=True), adc=SenseAmplifier()), "a DAC of two phases beside sense"),
    ],
)
def test_what_does_not_go_together_is_refused(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()


def test_options_not_used_leave_a_chips_name_as_it_was():
    assert repr(Device(1.0, 2.0)) == "Device(r_on=1.0, r_off=2.0, levels=None)"
    assert repr(DAC(8)) == "DAC(bits=8, limit=None, signed=True, serial=False)"
    assert "Sinh(v0=0.25, read=0.5)" in repr(BENT)
    assert "two_phase=True" in repr(DAC(8, two_phase=True))
