"""Nothing quietly ruins a network: each way to do so is a warning that names layer, cause and remedy."""

# pyright: reportArgumentType=false

import warnings

import pytest
import torch
from torch import nn

from imc.crossbar import (
    ADC,
    DAC,
    RRAM_1T1R,
    Array,
    Chip,
    ChipWarning,
    Device,
    DoubleColumn,
    Lognormal,
    Offset,
    RandomEndpointClip,
    ReferenceCurrent,
    SenseAmplifier,
    SingleColumn,
    map_network,
)
from imc.crossbar.variation import Step
from imc.errors import UserError

DEVICE = Device(1e3, 1e4)


def linear(weights, bias=False):
    w = torch.as_tensor(weights, dtype=torch.float32)
    layer = nn.Linear(w.shape[1], w.shape[0], bias=bias)
    layer.weight.data = w
    return layer


def test_two_levels_under_real_weights():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(30, 20), nn.Linear(20, 5))
    with pytest.warns(ChipWarning, match=r"layer '1': 2 levels change its weights by \d+ % .*BitSliced"):
        map_network(net, Chip(RRAM_1T1R))


@pytest.mark.parametrize(
    ("scheme", "wanted"), [(SingleColumn(), -5.6), (ReferenceCurrent(), 7.6), (Offset(), 7.6)]
)
def test_pruned_weights_midway_between_two_levels(scheme, wanted):
    w = torch.zeros(1, 100)
    w[0, 0] = 1
    with pytest.warns(
        ChipWarning, match=r"its zeros \(99 % of them\) lie midway.*DoubleColumn, or an odd number"
    ):
        mapped = map_network(linear(w.tolist()), Chip(Device(1e3, 1e4, 16), scheme))
    assert float(mapped(torch.ones(100))) == pytest.approx(wanted, abs=1e-3)
    for chip in (Chip(Device(1e3, 1e4, 16), DoubleColumn()), Chip(Device(1e3, 1e4, 15), scheme)):
        assert float(
            silent(lambda chip=chip: map_network(linear(w.tolist()), chip)(torch.ones(100)))
        ) == pytest.approx(1, abs=1e-4)


def silent(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ChipWarning)
        return call()


def test_a_dac_below_the_activations():
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Linear(20, 4)), torch.rand(9, 20) * 16
    mapped = map_network(net, Chip(DEVICE, array=Array(dac=DAC(8))))
    with pytest.warns(ChipWarning, match=r"layer '0': its DAC .* lie beyond its limit of 1; pass calibrate="):
        mapped(x)
    silent(lambda: mapped(x))  # once is enough
    mapped = silent(lambda: map_network(net, Chip(DEVICE, array=Array(dac=DAC(8))), calibrate=x))
    torch.testing.assert_close(silent(lambda: mapped(x)), net(x).detach(), atol=0.15, rtol=0)
    assert mapped.layers["0"].ranges.inputs == float(x.max())


def test_negative_inputs_of_an_unsigned_dac_and_too_few_bits():
    torch.manual_seed(0)
    mapped = map_network(nn.Linear(20, 4), Chip(DEVICE, array=Array(dac=DAC(8, limit=3, signed=False))))
    with pytest.warns(ChipWarning, match="or are negative"):
        mapped(torch.randn(50, 20))
    mapped = map_network(nn.Linear(20, 4), Chip(DEVICE, array=Array(dac=DAC(2, limit=16.0))))
    with pytest.warns(ChipWarning, match="2 bits up to 16 are too coarse"):
        mapped(torch.rand(50, 20))


def test_an_adc_too_coarse_or_too_narrow():
    torch.manual_seed(0)
    net, x = nn.Linear(200, 4), torch.rand(50, 200) * 2 - 1
    mapped = map_network(net, Chip(DEVICE, array=Array(dac=DAC(8), adc=ADC(5))))
    with pytest.warns(ChipWarning, match="its ADC .* steps are coarse beside the currents; pass calibrate="):
        mapped(x)
    mapped = map_network(net, Chip(DEVICE, array=Array(dac=DAC(8), adc=ADC(8, range=0.5))))
    with pytest.warns(ChipWarning, match=r"of the currents lie beyond its range; set ADC\(range=...\)"):
        mapped(x)
    chip = Chip(DEVICE, array=Array(dac=DAC(8), adc=ADC(8), differential=True))
    mapped = silent(lambda: map_network(net, chip, calibrate=x))
    wanted = net(x).detach()
    assert (silent(lambda: mapped(x)) - wanted).norm() / wanted.norm() < 0.03


def test_an_adc_without_a_dac_clips_nothing():
    w = [[8, 3, -2], [-4, 7, 5], [3, 4, -12]]
    mapped = map_network(linear(w), Chip(DEVICE, array=Array(adc=ADC(12))))
    x = torch.tensor([9.0, 15, 35])
    got = mapped(x)
    # One step: 3 rows of 35 V over 2047 codes, in ON currents; a weight of 12 is 0.9 of them. Two halves.
    torch.testing.assert_close(
        got, torch.tensor([47.0, 244, -333]), atol=105 / 2047 * 12 / 0.9 * 1.01, rtol=0
    )
    alone = mapped(torch.stack([x, 100 * x]))[0]
    assert torch.equal(alone, got), "an input's neighbours do not matter"


def test_a_chip_that_fits_says_nothing():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 4))
    x = torch.randn(40, 20)
    chip = Chip(DEVICE, variation=Lognormal(100), array=Array(64, 64, dac=DAC(8), adc=ADC(8)))
    silent(lambda: map_network(net, chip, calibrate=x)(x))
    binary = linear(torch.randint(0, 2, (5, 8)) * 2.0 - 1)
    silent(lambda: map_network(binary, Chip(RRAM_1T1R, array=Array(adc=SenseAmplifier())))(torch.ones(1, 8)))


def test_blank_inputs_are_not_taken_for_a_verdict():
    torch.manual_seed(0)
    mapped = map_network(nn.Linear(20, 4), Chip(DEVICE, array=Array(dac=DAC(8))))
    silent(lambda: mapped(torch.zeros(3, 20)))
    with pytest.warns(ChipWarning, match="lie beyond its limit"):
        mapped(torch.full((3, 20), 9.0))


class Returns(Step):
    def __call__(self, g, device, generator):
        return g * 0.5


class Breaks(Step):
    def __call__(self, g, device, generator):
        g.mul_(float("nan"))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Chip(5.0), r"device is 5.0: write Device\(r_on=1e3"),
        (lambda: Chip(DEVICE, DoubleColumn), "scheme is the class DoubleColumn: write an instance"),
        (lambda: Chip(DEVICE, array=DAC(3)), r"array is DAC\(.*: write Array\(128, 128\)"),
        (lambda: Chip(DEVICE, variation=Lognormal), "variation is the class Lognormal"),
        (lambda: Chip(DEVICE, variation=[Lognormal(3), 4]), "variation is 4: write a step such as"),
        (lambda: Chip(DEVICE, limit="one"), "limit = 'one': the largest weight must be positive"),
        (lambda: Chip(DEVICE, scale="row"), "scale = 'row'"),
        (lambda: Chip(DEVICE, limit=1.0, scale="column"), "each output has its own limit"),
        (lambda: Array(2.5), "rows = 2.5: a whole number is wanted; an array needs 1 at least"),
        (lambda: Array(columns=0), "columns = 0: an array needs 1 at least, or None"),
        (lambda: Array(adc=8), r"adc = 8: an ADC or a SenseAmplifier is wanted"),
        (lambda: Array(dac=ADC(8)), "dac = ADC.*: a DAC is wanted"),
        (lambda: Array(wires=1.0), "wires is 1.0: write Wires"),
        (lambda: DAC(7.5), "bits = 7.5: a whole number is wanted; a signed DAC needs 2 bits at least"),
        (
            lambda: Device(1e3, 1e4, levels=2.5),
            "levels = 2.5: a whole number is wanted; a device needs 2 levels",
        ),
        (lambda: ADC(True), "bits = True: a whole number is wanted"),
        (lambda: ADC(8, range=float("nan")), "range = nan"),
        (lambda: map_network(nn.Linear(2, 2), DEVICE), "map_network takes a Chip, not Device"),
        (lambda: map_network(lambda x: x, Chip(DEVICE)), "map_network takes a torch module"),
        (lambda: map_network(nn.Linear(2, 2), Chip(DEVICE), chips={"a": Chip(DEVICE)}), "chips names 'a'"),
        (
            lambda: map_network(nn.Linear(2, 2), Chip(DEVICE, variation=Returns())),
            "Returns returns a Tensor: a step",
        ),
        (
            lambda: map_network(nn.Linear(2, 2), Chip(DEVICE, variation=Breaks())),
            "no finite number, after Breaks",
        ),
    ],
)
def test_what_is_no_chip_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()


def test_one_step_may_stand_alone():
    assert Chip(DEVICE, variation=Lognormal(3)) == Chip(device=DEVICE, variation=(Lognormal(3),))
    assert Chip(DEVICE, variation=[Lognormal(3)]).variation == (Lognormal(3),)


def test_endpoints_that_meet_are_no_nan():
    torch.manual_seed(0)
    net = linear((torch.randint(0, 2, (4, 6)) * 2.0 - 1).tolist())
    mapped = map_network(net, Chip(RRAM_1T1R, variation=RandomEndpointClip(1e5, off=2)))
    for seed in range(200):
        mapped.program(seed)
        assert torch.isfinite(mapped.conductances).all()


def test_layers_may_have_chips_of_their_own():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    other = Chip(DEVICE, SingleColumn())
    mapped = map_network(net, Chip(DEVICE), chips={"1": other})
    assert [layer.chip.scheme for layer in mapped.layers.values()] == [DoubleColumn(), SingleColumn()]
