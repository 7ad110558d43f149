"""Bit slices and bit-serial inputs, as ISAAC has them: exact where the converter resolves a digit."""

# pyright: reportArgumentType=false

import pytest
import torch
from torch import nn

from imc.crossbar import ADC, DAC, Array, BitSliced, Chip, Device, Lognormal, map_network
from imc.errors import UserError

DEVICE = Device(1e3, 1e12)  # OFF conducts next to nothing, as ISAAC's arithmetic has it
CELLS, BITS = 8, 2
TOP = 2**15 - 1


def isaac(adc_bits=9):
    """16-bit weights on 8 cells of 2 bits, 16-bit inputs bit by bit, an ADC whose step is one digit."""
    adc = ADC(adc_bits, range=(2**adc_bits - 1) / 3)
    return Chip(
        DEVICE,
        BitSliced(CELLS, BITS),
        array=Array(128, 128, dac=DAC(16, TOP, serial=True), adc=adc),
        limit=TOP,
    )


def test_isaac_multiplies_16_bit_integers_exactly():
    g = torch.Generator().manual_seed(0)
    w = torch.randint(-TOP, TOP + 1, (20, 200), generator=g)
    w[0, 0] = TOP
    x = torch.randint(-TOP, TOP + 1, (5, 200), generator=g)
    layer = nn.Linear(200, 20, bias=False)
    layer.weight.data = w.float()
    got = map_network(layer, isaac())(x.float())
    wanted = (x.double() @ w.double().T).float()
    assert float(((got - wanted) / wanted.norm(dim=1, keepdim=True)).abs().max()) < 1e-6  # of float32 itself


def test_digits_lie_on_cells_lowest_first():
    layer = nn.Linear(3, 1, bias=False)
    layer.weight.data = torch.tensor([[0.0, 1.0, -TOP]])
    cells = map_network(layer, isaac()).layers[""].cells
    digits = torch.round(cells[0] * 3e3).int().tolist()
    codes = [2**15, 2**15 + 1, 1]
    assert digits == [[code >> 2 * place & 3 for code in codes] for place in range(CELLS)]


def test_an_adc_of_a_bit_less_clips():
    layer = nn.Linear(128, 1, bias=False)
    layer.weight.data.fill_(TOP)
    x = torch.full((1, 128), float(TOP))
    exact, clipped = (map_network(layer, isaac(bits)) for bits in (9, 8))
    assert float(exact(x)) == pytest.approx(128 * TOP**2, rel=1e-6)
    with pytest.warns(match="currents lie beyond its range"):
        assert float(clipped(x)) < 0.9 * 128 * TOP**2


def test_slices_keep_more_of_a_weight_than_one_cell_of_as_many_levels():
    torch.manual_seed(0)
    net = nn.Linear(30, 5)
    chip = Chip(Device(1e3, 1e4, 4), BitSliced(4, 2))
    layer = map_network(net, chip).layers[""]
    assert float((layer.effective() - net.weight.detach()).abs().max()) < layer.limit / 127 / 2 * 1.01
    assert float(layer.effective().sum()) == float(layer.effective().sum())
    noisy = map_network(net, Chip(Device(1e3, 1e4, 4), BitSliced(4, 2), Lognormal(100))).layers[""]
    assert float((noisy.effective() - net.weight.detach()).norm()) > 0.01


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: BitSliced(1.5, 2), "cells = 1.5: a whole number is wanted"),
        (lambda: BitSliced(1, 1), "a weight takes 2 to 24 bits together"),
        (
            lambda: Chip(Device(1e3, 1e4, 8), BitSliced(4, 2)),
            "levels = 8: slices of 2 bits need a device of 4 levels",
        ),
        (
            lambda: Chip(Device(1e3, 1e4), BitSliced(8, 2), array=Array(columns=7)),
            "BitSliced needs an array of 8",
        ),
    ],
)
def test_slices_that_do_not_fit_are_refused(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()
