"""Mistakes of a newcomer, one sentence each; and what only looks like a mistake, answered right."""

import math
import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn

from imc.crossbar import (
    ADC,
    DAC,
    Array,
    BitSliced,
    Chip,
    ChipWarning,
    Device,
    Drift,
    Lognormal,
    Measured,
    ProgrammingError,
    ReadNoise,
    Retention,
    SenseAmplifier,
    SingleColumn,
    Step,
    StuckCells,
    Wires,
    compare,
    load,
    map_network,
    published,
    save,
)
from imc.errors import UserError

DEVICE = Device(1e3, 1e4)
PLAIN = Chip(DEVICE)
CONVERTERS = Chip(DEVICE, array=Array(4, 8, dac=DAC(8), adc=ADC(8)))
SERIAL = Chip(DEVICE, array=Array(4, 8, dac=DAC(8, serial=True), adc=ADC(8)))
COMPARATORS = Chip(DEVICE, array=Array(4, 8, adc=SenseAmplifier()))


class Returning(Step):
    def __call__(self, g, device, generator):
        return g * 0.5


class Negating(Step):
    def __call__(self, g, device, generator):
        g.neg_()


class Short(Step):
    def __call__(self, g, device):
        g.mul_(0.5)


class Parts(nn.Module):
    """Takes one dictionary, and a list with it."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(6, 3), nn.Linear(4, 3)

    def forward(self, given, more=None):
        return self.left(given["left"]) + self.right(given["right"]) + (0 if more is None else more[0])


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Device("1k", 1e4), "r_on = '1k' ohm: a device's resistance must be positive"),  # pyright: ignore
        (lambda: Device(1e3, True), "r_off = True ohm"),
        (lambda: Device(1e-40, 1e4), "single precision holds conductances"),
        (lambda: Chip(DEVICE, variation="lognormal"), "variation is 'lognormal': write a step"),  # pyright: ignore
        (lambda: Chip(DEVICE, variation=Short()), "Short cannot be called as a step is"),
        (lambda: Array(differential="yes"), "differential = 'yes': write True or False"),  # pyright: ignore
        (lambda: Array(analog_sums=1), "analog_sums = 1: write True or False"),  # pyright: ignore
        (lambda: DAC(8, signed="no"), "signed = 'no': write True or False"),  # pyright: ignore
        (lambda: DAC(64), "bits = 64: single precision holds converters of up to 24 bits"),
        (lambda: ADC(25), "bits = 25: single precision"),
        (lambda: SingleColumn(ideal_bias=0), "ideal_bias = 0: write True or False"),  # pyright: ignore
        (lambda: Wires("a", 1), "word = 'a' ohm"),  # pyright: ignore
        (lambda: Wires(1, 1, sense=None), "sense = None ohm"),  # pyright: ignore
        (lambda: StuckCells("a"), "on = 'a' and off = 0.0"),  # pyright: ignore
        (lambda: Drift("a"), "seconds = 'a': drift counts"),  # pyright: ignore
        (lambda: Drift(100, since="a"), "that are .a. s old"),  # pyright: ignore
        (lambda: ReadNoise(None), "seconds = None: read noise"),  # pyright: ignore
        (lambda: Retention("a", 1, 1), "seconds = 'a', tau = 1 s"),  # pyright: ignore
        (lambda: ProgrammingError(3), "coefficients = 3"),  # pyright: ignore
        (lambda: ProgrammingError(("a",)), "coefficients = .'a',"),  # pyright: ignore
        (lambda: Measured(3), "pairs of intended and measured"),  # pyright: ignore
        (lambda: Measured(((1, 2, 3),)), "pairs of intended and measured"),  # pyright: ignore
        (lambda: published(3), "name = 3: write one of"),  # pyright: ignore
    ],
)
def test_what_describes_no_chip_is_refused(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"chip": replace(PLAIN, variation=Returning())}, "Returning returns a Tensor"),
        (
            {"chip": replace(PLAIN, variation=Negating())},
            "layer '0' has a conductance below 0, after Negating",
        ),
        ({"keep": 0}, "keep = 0: write names"),
        ({"seed": 1.5}, "seed = 1.5: a seed is a whole number"),
        ({"seed": 2**70}, "a seed is a whole number below 2\\^63"),
        ({"chips": {"0": DEVICE}}, "the chip of '0' is Device"),
        ({"chips": [PLAIN]}, "chips is a list"),
        ({"calibrate": torch.rand(0, 6)}, "calibrate needs one input at least"),
        ({"calibrate": "abc"}, "calibrate takes tensors as the network does.*not a str"),
        ({"calibrate": torch.full((3, 6), math.inf)}, "calibrate holds an input that is not a finite number"),
    ],
)
def test_what_maps_to_nothing_is_refused(net, options, sentence):
    with pytest.raises(UserError, match=sentence):
        map_network(net, **({"chip": CONVERTERS} | options))


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (nn.LazyLinear(3), "LazyLinear without weights yet: call it once"),
        (nn.Linear(6, 4, device="meta"), "weights without values"),
        (nn.Linear(6, 4, dtype=torch.complex64), "complex weights"),
    ],
)
def test_weights_that_are_no_numbers_are_refused(layer, sentence):
    with pytest.raises(UserError, match=sentence):
        map_network(nn.Sequential(layer), PLAIN)


@pytest.mark.parametrize("chip", [PLAIN, CONVERTERS, SERIAL, COMPARATORS, replace(PLAIN, scale="column")])
@pytest.mark.parametrize("magnitude", [1e-42, 3e38])
def test_weights_beyond_single_precision_are_refused(chip, magnitude):
    layer = nn.Linear(6, 4)
    nn.init.constant_(layer.weight, magnitude)
    with pytest.raises(UserError, match=r"layer '' has weights up to .* scale them"):
        map_network(layer, chip)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m([1, 2, 3]), "layer '0' takes a tensor, not a list"),
        (lambda m: m(torch.rand(3, 6).numpy()), "layer '0' takes a tensor, not a ndarray"),
        (lambda m: m(torch.rand(3, 6).to(torch.complex64)), "real, dense tensors"),
        (lambda m: m(torch.rand(3, 6).to_sparse()), "real, dense tensors"),
        (lambda m: m.program("a"), "seed = 'a'"),
        (lambda m: m.write(3), "weights by the names of layers, not a int"),
        (lambda m: m.write({"0": 3}), "layer '0' takes a tensor of weights, not a int"),
        (lambda m: m.disturb(Drift, seed=1), "step is the class Drift"),
        (lambda m: m.disturb(3, seed=1), "step is 3"),
        (lambda m: m.disturb(Drift(100), seed=None), "seed = None"),
        (lambda m: m.tune(1, samples=1), "samples = 1: a slope needs 2 at least"),
        (lambda m: m.calibrate(3), "calibrate takes tensors"),
        (lambda m: m.load_state_dict(3), "not a int"),
        (lambda m: m.load_state_dict({}), "the state has no 'network.0._extra_state'"),
        (
            lambda m: m.load_state_dict(m.state_dict() | {"x": 1}),
            "the state has 'x', which this network has not",
        ),
        (lambda m: m.load_state_dict(m.network[0].state_dict()), "of one not mapped"),
        (lambda m: save(m, "/nowhere/x"), "/nowhere/x cannot be written"),
        (lambda m: save(m.network, "x"), "a network on crossbars is wanted"),  # pyright: ignore
        (lambda m: load(m, 3), "path = 3: write the name of a file"),  # pyright: ignore
        (lambda m: compare(nn.Linear(2, 2)), "a network on crossbars is wanted"),  # pyright: ignore
    ],
)
def test_wrong_calls_are_refused_in_a_sentence(net, call, sentence):
    with pytest.raises(UserError, match=sentence):
        call(map_network(net, PLAIN))


@pytest.mark.parametrize(
    ("labels", "options", "sentence"),
    [
        (torch.tensor([[0], [1], [0]]), {}, r"labels of \(3, 1\): the class of each output"),
        (torch.rand(3, 2), {}, r"labels of \(3, 2\): the class of each output"),
        (torch.tensor([0, 1, 2]), {}, "labels from 0 to 2: the network's outputs have the classes 0 to 1"),
        (torch.tensor([0, -1, 1]), {}, "labels from -1 to 1"),
        ("abc", {}, "labels of a str"),
        (torch.tensor([0, 1, 0]), {"right": 3}, "right = 3: write a function"),
        (torch.tensor([0, 1, 0]), {"right": lambda y, truth: True}, "right gives a bool"),
        (torch.tensor([0, 1, 0]), {"table": 3}, "table = 3"),
        (torch.tensor([0, 1, 0]), {"seed": "a"}, "seed = 'a'"),
    ],
)
def test_labels_that_would_be_compared_wrongly_are_refused(net, labels, options, sentence):
    with pytest.raises(UserError, match=sentence):
        map_network(net, PLAIN).report(torch.rand(3, 6), labels, **options)


def test_outputs_that_are_no_classes_of_inputs_are_refused():
    mapped = map_network(nn.Conv2d(1, 2, 3), PLAIN)
    with pytest.raises(UserError, match=r"right=\.\.\."):
        mapped.report(torch.rand(3, 1, 5, 5), torch.tensor([0, 1, 0]))


@pytest.mark.parametrize("inputs", [torch.full((3, 6), math.nan), (torch.rand(3, 6), torch.rand(2, 6))])
def test_inputs_that_give_no_report_are_refused(net, inputs):
    with pytest.raises(UserError, match=r"not a finite number|2 inputs and 3 labels"):
        map_network(net, PLAIN).report(inputs, [0, 1, 0])


@pytest.mark.parametrize("chip", [PLAIN, CONVERTERS, SERIAL, COMPARATORS])
def test_nan_stays_nan_and_says_nothing_of_the_chip(chip):
    mapped = map_network(nn.Linear(6, 4), chip)
    x = torch.rand(3, 6)
    x[1, 2] = math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error", ChipWarning)
        y = mapped(x)
    assert y.isnan().all(1).tolist() == [False, True, False]


def test_one_name_is_kept_without_a_list():
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(11)))
    assert list(map_network(net, PLAIN, keep="10").layers) == [str(i) for i in range(10)]


def test_lists_and_dictionaries_go_where_the_network_takes_them():
    torch.manual_seed(0)
    x, labels = {"left": torch.rand(5, 6), "right": torch.rand(5, 4)}, [0, 1, 2, 1, 0]
    net, more = Parts(), [torch.rand(5, 3)]
    wanted = 100 * float((net(x, more).argmax(-1) == torch.tensor(labels)).double().mean())
    for inputs in ((x, more), {"given": x, "more": more}):
        mapped = map_network(net, CONVERTERS, calibrate=inputs)
        assert all(layer.ranges.inputs for layer in mapped.layers.values())
        assert mapped.report(inputs, labels, batch=2).digital == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("net", "inputs", "sentence"),
    [
        (
            nn.LSTM(4, 5),
            (torch.rand(7, 3, 4), (torch.rand(1, 2, 5),) * 2),
            r"a pair of states of shape \(1, 3, 5\)",
        ),
        (nn.LSTM(4, 5), (torch.rand(7, 3, 4), (torch.rand(3, 3, 5),) * 2), "a pair of states"),
        (nn.LSTM(4, 5), (torch.rand(7, 3, 4), torch.rand(1, 3, 5)), "a pair of states"),
        (nn.GRU(4, 5), (torch.rand(7, 3, 4), (torch.rand(1, 3, 5),)), r"a state of shape \(1, 3, 5\)"),
        (nn.RNN(4, 5), (torch.rand(0, 3, 4),), "one time step at least"),
        (nn.RNN(4, 5), ([1.0],), "not a list"),
        (
            nn.MultiheadAttention(8, 2),
            (torch.rand(5, 2, 8), torch.rand(4, 2, 8), torch.rand(3, 2, 8)),
            "of one length",
        ),
        (nn.MultiheadAttention(8, 2), (torch.rand(5, 2, 8), *(torch.rand(4, 3, 8),) * 2), "of one length"),
        (nn.MultiheadAttention(8, 2), (torch.rand(8),) * 3, "2 or 3 axes each"),
        (
            nn.MultiheadAttention(8, 2),
            (torch.rand(5, 2, 8),) * 3 + (torch.zeros(3, 5),),
            r"of shape \(2, 5\)",
        ),
        (
            nn.MultiheadAttention(8, 2),
            (torch.rand(5, 2, 8),) * 3 + (None, True, torch.zeros(4, 4)),
            r"attn_mask of shape \(5, 5\) or \(4, 5, 5\), not \(4, 4\)",
        ),
    ],
)
def test_states_masks_and_lengths_that_do_not_fit_are_refused(net, inputs, sentence):
    with pytest.raises(UserError, match=sentence):
        map_network(net, PLAIN)(*inputs)


@pytest.mark.parametrize(
    "chip", [PLAIN, SERIAL, replace(PLAIN, scheme=BitSliced(4, 2)), replace(PLAIN, scale="column")]
)
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_layers_of_one_weight_over_and_over_are_right(chip, value):
    layer = nn.Linear(6, 4)
    nn.init.constant_(layer.weight, value)
    x = torch.tensor([[1.0, 0.5, 0.0, -0.5, -1.0, 0.25], [0.0] * 6])
    assert torch.allclose(map_network(layer, chip)(x), layer(x), atol=0.3 if chip is SERIAL else 1e-5)


def test_a_variation_of_the_library_may_still_make_open_cells():
    mapped = map_network(nn.Linear(6, 4), Chip(DEVICE, variation=(Lognormal(0), ProgrammingError((25.0,)))))
    assert float(mapped.conductances.min()) == 0
