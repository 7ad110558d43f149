"""Networks on crossbars: the fast paths against the float64 oracle, and what a user relies on."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from imc.crossbar import (
    ADC,
    DAC,
    RRAM_1T1R,
    Array,
    BitSliced,
    Chip,
    Device,
    DoubleColumn,
    GaussianResistance,
    Lognormal,
    Offset,
    OneSidedClip,
    ReadNoise,
    ReferenceCurrent,
    Retention,
    SenseAmplifier,
    SingleColumn,
    Wires,
    map_network,
    meaning,
    reference,
)
from imc.errors import UserError

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
    pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning"),
]

DEVICE = Device(1e3, 1e4)
SCHEMES = {
    "double": DoubleColumn(),
    "single": SingleColumn(),
    "single, ideal bias": SingleColumn(ideal_bias=True),
    "reference": ReferenceCurrent(),
    "offset": Offset(),
    "slices": BitSliced(cells=3, cell_bits=2),
}
ARRAYS = {
    "one array": Array(),
    "tiles": Array(5, 6),
    "tiles and wires": Array(5, 6, wires=Wires(3.0, 2.0)),
    "DAC": Array(5, 6, dac=DAC(4)),
    "ADC each tile": Array(5, 6, adc=ADC(6)),
    "ADC clipping": Array(5, 6, dac=DAC(4), adc=ADC(6, range=1.5)),
    "ADC of sums": Array(5, 6, adc=ADC(6), analog_sums=True),
    "ADC of differences": Array(5, 6, dac=DAC(3, limit=2), adc=ADC(5, range=2), differential=True),
    "bit by bit": Array(5, 6, dac=DAC(3, serial=True), adc=ADC(7)),
    "unsigned bit by bit": Array(5, 6, dac=DAC(3, limit=2.0, signed=False, serial=True), adc=ADC(7)),
    "two phases": Array(5, 6, dac=DAC(4, two_phase=True), adc=ADC(7)),
    "two phases of differences": Array(
        5, 6, dac=DAC(4, limit=0.5, two_phase=True), adc=ADC(6, range=2), differential=True
    ),
    "unsigned, wires": Array(5, 6, dac=DAC(1, signed=False), adc=ADC(7), wires=Wires(3.0, 2.0)),
    "sense amplifier": Array(adc=SenseAmplifier()),
    "sense amplifiers of tiles": Array(5, 6, adc=SenseAmplifier(), wires=Wires(1.0, 1.0)),
    "sense amplifier of sums": Array(5, 6, adc=SenseAmplifier(), analog_sums=True),
}
DIGITAL_REFERENCE_HAS_NO_DIFFERENCE = {
    name for name, a in ARRAYS.items() if a.differential or "sense" in name
}


def linear(inputs=13, outputs=7, seed=0):
    torch.manual_seed(seed)
    return nn.Linear(inputs, outputs)


def small_cnn():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 5, (3, 4), padding="same"), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(5, 4, (2, 3), stride=(2, 1), bias=False), nn.Tanh(), nn.Flatten(), nn.Linear(16, 3),
    ).eval()  # fmt: skip


def oracle(layer, x):
    """The layer's outputs for rows of inputs, by the float64 reference."""
    bias = None if layer.bias_cells is None else layer.bias_cells.double().numpy()
    own = np.zeros(len(layer.ideal)) if layer.bias is None else layer.bias.double().numpy()
    return reference.linear(x, layer.chip, layer.cells.double().numpy(), bias, layer.limit, own)


@pytest.mark.parametrize(
    ("scheme", "array"),
    [
        pair
        for pair in itertools.product(SCHEMES, ARRAYS)
        if not (pair[0] in ("offset", "slices") and pair[1] in DIGITAL_REFERENCE_HAS_NO_DIFFERENCE)
    ],
)
def test_linear_layer_agrees_with_the_oracle(scheme, array):
    chip = Chip(DEVICE, SCHEMES[scheme], (Lognormal(200),), ARRAYS[array])
    mapped = map_network(linear(), chip, seed=3)
    x = torch.rand(11, 13, generator=torch.Generator().manual_seed(1)) * 2 - 1
    got = mapped(x).double().numpy()
    want = oracle(mapped.layers[""], x.double().numpy())
    if chip.array.adc is None:
        np.testing.assert_allclose(got, want, atol=2e-5)
        return
    # A current within float32 of the edge between two codes may fall to either side.
    off = np.abs(got - want) > 2e-5
    assert off.mean() <= 0.03
    assert np.unique(want).size > 1


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("array", ["one array", "ADC each tile"])
def test_convolution_agrees_with_the_oracle(scheme, array):
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0))
    mapped = map_network(conv, Chip(DEVICE, SCHEMES[scheme], (Lognormal(200),), ARRAYS[array]), seed=3)
    x = torch.rand(2, 3, 7, 6) * 2 - 1
    rows = reference.patches(x.double().numpy(), (3, 2), (2, 1), (1, 0))
    want = oracle(mapped.layers[""], rows.reshape(-1, rows.shape[-1])).reshape(*rows.shape[:3], -1)
    off = np.abs(mapped(x).double().numpy().transpose(0, 2, 3, 1) - want) > 2e-5
    assert off.mean() <= (0.0 if array == "one array" else 0.03)


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme != "slices"])  # they round weights
@pytest.mark.parametrize("name", ["gaussian", "clip-2-random-endpoint", "lognormal"])
def test_a_network_without_variation_is_the_digital_one(scheme, name):
    network = small_cnn()
    mapped = map_network(network, Chip(DEVICE, SCHEMES[scheme], (meaning(name, 0),), Array(8, 8)))
    x = torch.randn(5, 2, 9, 8)
    with torch.no_grad():
        torch.testing.assert_close(mapped(x), network(x), atol=2e-6, rtol=1e-5)


def test_double_and_single_column_are_one_for_binary_weights_and_ideal_bias():
    net = linear()
    net.weight.data.sign_()
    x = torch.randn(9, 13)
    outputs = [
        map_network(net, Chip(RRAM_1T1R, s))(x) for s in (DoubleColumn(), SingleColumn(ideal_bias=True))
    ]
    torch.testing.assert_close(*outputs, atol=3e-6, rtol=0)


def test_a_noisy_bias_column_adds_an_error_common_to_all_outputs():
    net, x = linear(40, 6), torch.randn(3, 40)
    chips = [Chip(DEVICE, SingleColumn(ideal_bias=b), (GaussianResistance(50),)) for b in (True, False)]
    ideal, noisy = (map_network(net, chip, seed=5)(x) for chip in chips)
    common = noisy - ideal
    torch.testing.assert_close(common, common[:, :1].expand_as(common), atol=2e-5, rtol=0)
    assert common.std() > 0.01


def test_wires_in_the_fast_path_act_before_the_difference():
    chip = Chip(DEVICE, DoubleColumn(), (), Array(6, 4, wires=Wires(5.0, 5.0)))
    layer = map_network(linear(), chip).layers[""]
    alone = map_network(linear(), Chip(DEVICE, array=Array(6, 4))).layers[""]
    assert torch.equal(layer.cells, alone.cells)
    assert (layer.effective() - layer.ideal).abs().max() > 1e-3


def test_two_level_cells_round_weights_to_the_nearest_pair_of_levels():
    net = linear()
    layer = map_network(net, Chip(RRAM_1T1R, limit=0.3)).layers[""]
    want = torch.where(net.weight.abs() > 0.15, net.weight.sign() * 0.3, 0.0)
    torch.testing.assert_close(layer.effective(), want.detach(), atol=1e-6, rtol=0)


def test_the_outcome_depends_on_the_seed_and_on_nothing_else():
    mapped = map_network(small_cnn(), Chip(DEVICE, variation=(GaussianResistance(200),)))
    x = torch.randn(12, 2, 9, 8)
    mapped.program(7)
    alone, cells = mapped(x), mapped.conductances.clone()
    for seed in (3, 8, 7):  # other trials in between leave no trace
        mapped.program(seed)
    assert torch.equal(mapped.conductances, cells)
    assert torch.equal(mapped(x), alone)
    torch.testing.assert_close(torch.cat([mapped(part) for part in x.split(5)]), alone, atol=1e-6, rtol=1e-6)
    mapped.program(8)
    assert not torch.equal(mapped.conductances, cells)


def test_every_cell_gets_its_own_draw():
    mapped = map_network(nn.Linear(300, 200), Chip(RRAM_1T1R, variation=(Lognormal(300),), limit=1e6))
    g = mapped.conductances
    assert g.unique().numel() > 0.97 * g.numel()


def test_bfloat16_products_stay_near_float32_and_conductances_stay_exact():
    mapped = map_network(small_cnn(), Chip(DEVICE, variation=(GaussianResistance(100),)))
    x = torch.randn(4, 2, 9, 8)
    exact, cells = mapped(x), mapped.conductances.clone()
    mapped.to(torch.bfloat16)
    assert mapped(x).dtype == torch.float32
    assert torch.equal(mapped.conductances, cells)
    assert 0 < float((mapped(x) - exact).norm() / exact.norm()) < 0.03


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_cuda_agrees_with_the_oracle():
    mapped = map_network(
        linear(), Chip(DEVICE, variation=(Lognormal(200),), array=Array(5, 6, adc=ADC(6)))
    ).cuda()
    mapped.program(1)
    x = torch.rand(11, 13) * 2 - 1
    got = mapped(x.cuda()).cpu().double().numpy()
    want = oracle(mapped.cpu().layers[""], x.double().numpy())
    assert (np.abs(got - want) > 2e-5).mean() <= 0.03


def test_autograd_is_off_and_the_original_is_untouched():
    net = linear()
    before = net.weight.clone()
    mapped = map_network(net, Chip(DEVICE, variation=(GaussianResistance(300),)))
    assert not mapped(torch.randn(2, 13)).requires_grad
    assert torch.equal(net.weight, before)
    assert type(net) is nn.Linear


def test_keep_leaves_named_layers_digital_and_shared_layers_share_cells():
    shared = nn.Linear(6, 6)
    net = nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(6, 2))
    mapped = map_network(net, Chip(DEVICE), keep=["3"])
    assert list(mapped.layers) == ["0"]
    x = torch.randn(3, 6)
    with torch.no_grad():
        torch.testing.assert_close(mapped(x), net(x), atol=2e-6, rtol=1e-5)


def test_disturb_ages_the_cells_as_they_stand():
    mapped = map_network(linear(), Chip(DEVICE))
    programmed = mapped.conductances.clone()
    mapped.disturb(Retention(60, 60, rest=0.0), seed=0)
    torch.testing.assert_close(mapped.conductances, programmed * float(np.exp(-1)))
    mapped.conductances.copy_(programmed)
    mapped.refresh()
    first = mapped(torch.ones(1, 13))
    mapped.disturb(ReadNoise(1.0), seed=1)
    assert not torch.equal(mapped(torch.ones(1, 13)), first)


def test_tuning_takes_out_a_common_gain():
    mapped = map_network(linear(100, 50), Chip(DEVICE, variation=(OneSidedClip(600, off=2),)), seed=2)
    layer = mapped.layers[""]

    def gain():
        effective = layer.effective()
        return float((effective * layer.ideal).sum() / (effective * effective).sum())

    assert gain() > 1.05  # the clip only ever weakens ON cells
    mapped.tune(seed=0, samples=2000)
    assert gain() == pytest.approx(1, abs=0.02)
    mapped.program(2)
    assert layer.slope == 1.0


def test_tuning_a_perfect_layer_changes_nothing_whatever_its_inputs_are_rounded_to():
    mapped = map_network(linear(), Chip(DEVICE, array=Array(dac=DAC(1, signed=False))))
    mapped.tune(seed=0)
    layer = mapped.layers[""]
    assert layer.slope == pytest.approx(1, abs=1e-5)
    assert layer.intercept == pytest.approx(0, abs=1e-5)


def test_tuned_slope_and_intercept_are_those_of_least_squares():
    mapped = map_network(linear(), Chip(DEVICE, Offset(), array=Array(adc=ADC(5))))
    layer = mapped.layers[""]
    x = torch.empty(50, 13).uniform_(-1, 1, generator=torch.Generator().manual_seed(4))
    mapped.program(0)
    got = (mapped(x) - layer.bias).flatten().double().numpy()
    want = (x @ layer.ideal.T).flatten().double().numpy()
    mapped.tune(seed=4, samples=50)
    np.testing.assert_allclose([layer.slope, layer.intercept], np.polyfit(got, want, 1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("network", "chip", "sentence"),
    [
        (nn.Linear(2, 2), Chip(DEVICE, limit=0.01), "a weight of magnitude .*: the limit is 0.01"),
        (nn.Sequential(nn.ReLU()), Chip(DEVICE), "no layer to map"),
        (nn.Sequential(nn.Conv3d(1, 1, 3)), Chip(DEVICE), "'0' is a Conv3d with weights 'weight'"),
        (nn.Sequential(nn.Embedding(3, 2)), Chip(DEVICE), "'0' is a Embedding with weights 'weight'"),
        (nn.LSTM(2, 3, proj_size=2), Chip(DEVICE), "is an LSTM with proj_size = 2"),
        (nn.MultiheadAttention(4, 2, add_zero_attn=True), Chip(DEVICE), "with add_bias_kv or add_zero_attn"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), Chip(DEVICE), "is a ParametrizationList"),
        (prune.identity(nn.Linear(2, 2), "weight"), Chip(DEVICE), "weight is computed from 'weight_mask'"),
        (nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), Chip(DEVICE), "padding_mode = 'reflect'"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_refused_in_a_sentence(network, chip, sentence):
    with pytest.raises(UserError, match=sentence):
        map_network(network, chip)


class Scaled(nn.Linear):
    """A kind of Linear that does something else with its weights."""

    def forward(self, input):
        return super().forward(input) * 2


def test_a_layer_that_only_looks_linear_is_refused():
    with pytest.raises(UserError, match="layer '0' is a Scaled"):
        map_network(nn.Sequential(Scaled(2, 2)), Chip(DEVICE))


def test_weights_that_are_no_numbers_and_unknown_names_are_refused():
    net = linear()
    net.weight.data[0, 0] = float("nan")
    with pytest.raises(UserError, match="a weight that is not a finite number"):
        map_network(net, Chip(DEVICE))
    with pytest.raises(UserError, match="keep names 'fc9', but the network has no such layer"):
        map_network(linear(), Chip(DEVICE), keep=["fc9"])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ADC(0), "bits = 0: an ADC needs 1 bit at least"),
        (lambda: DAC(1), "bits = 1: a signed DAC needs 2 bits at least"),
        (lambda: DAC(4, limit=-1), "limit = -1: a DAC's largest input must be positive"),
        (lambda: ADC(4, range=0), "range = 0: an ADC's range"),
        (lambda: Chip(DEVICE, array=Array(adc=ADC(1))), "an ADC of 1 bit cannot tell signed currents apart"),
        (lambda: Chip(DEVICE, Offset(), array=Array(adc=SenseAmplifier())), "Offset is taken away digitally"),
        (lambda: Chip(DEVICE, SingleColumn(), array=Array(columns=1)), "SingleColumn needs an array of 2"),
    ],
)
def test_bad_periphery_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()


def test_sense_amplifiers_cannot_be_tuned():
    with pytest.raises(UserError, match="signs have no slope to tune"):
        map_network(linear(), Chip(DEVICE, array=Array(adc=SenseAmplifier()))).tune(seed=0)
