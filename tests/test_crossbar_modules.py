"""A mapped network is a torch module like others: inputs, attributes, hooks, saving, memory."""

# pyright: reportOptionalMemberAccess=false, reportOptionalSubscript=false, reportArgumentType=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
# (a torch module's attributes have no types)

import copy
import io
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from imc.crossbar import (
    ADC,
    DAC,
    Array,
    Chip,
    Device,
    Lognormal,
    Offset,
    SingleColumn,
    Wires,
    compare,
    load,
    map_network,
    reference,
    save,
)
from imc.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")

DEVICE = Device(1e3, 1e4)
EXACT = Chip(DEVICE, array=Array(8, 8))
CONVERTED = Chip(DEVICE, array=Array(dac=DAC(14, limit=8), adc=ADC(20)))
CHIPS = {"exact": EXACT, "converted": CONVERTED}


def agrees(network, *inputs, chip=EXACT, atol=1e-4, **named):
    network = network.eval()
    with torch.no_grad():
        wanted = network(*inputs, **named)
    got = map_network(network, chip)(*inputs, **named)
    torch.testing.assert_close(got, wanted, atol=atol if chip is EXACT else 0.02, rtol=1e-4)


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("shape", [(6,), (3, 6), (0, 6), (2, 3, 6), (2, 0, 6)])
def test_linear_takes_what_linear_takes(chip, shape):
    agrees(nn.Linear(6, 4), torch.randn(shape), chip=CHIPS[chip])


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("shape", [(2, 4, 7, 6), (4, 7, 6), (0, 4, 7, 6)])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_conv2d_takes_what_conv2d_takes(chip, shape, groups):
    torch.manual_seed(0)
    net = nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(1, 0), groups=groups)
    agrees(net, torch.randn(shape), chip=CHIPS[chip])


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("shape", [(2, 4, 9), (4, 9), (0, 4, 9)])
def test_conv1d_takes_what_conv1d_takes(chip, shape):
    torch.manual_seed(0)
    for net in (
        nn.Conv1d(4, 6, 3, padding="same", dilation=2),
        nn.Conv1d(4, 4, 2, stride=2, groups=4, bias=False),
    ):
        agrees(net, torch.randn(shape), chip=CHIPS[chip])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_groups_have_arrays_of_their_own(data):
    groups = data.draw(st.integers(1, 4))
    channels, outputs = (groups * data.draw(st.integers(1, 3)) for _ in range(2))
    scheme = data.draw(st.sampled_from([SingleColumn(), Offset()]))
    torch.manual_seed(0)
    net = nn.Conv2d(channels, outputs, 2, groups=groups)
    chip = Chip(DEVICE, scheme, Lognormal(200), Array(3, 5, wires=Wires(2.0, 1.0), adc=ADC(9)))
    layer = map_network(net, chip).layers[""]
    assert layer.arrays == groups * sum(1 for _ in chip.tiles(outputs // groups, 4 * channels // groups))
    x = torch.rand(2, channels, 4, 3) * 2 - 1
    rows = layer.conv.patches(x)
    got = layer(x).permute(0, 2, 3, 1).reshape(len(rows), -1).double().numpy()
    own, blocks = outputs // groups, layer.bias_shape[0] // groups
    for g in range(groups):
        bias = (
            None
            if layer.bias_cells is None
            else layer.bias_cells[g * blocks : (g + 1) * blocks].double().numpy()
        )
        part = slice(g * own, (g + 1) * own)
        cells = layer.cells[part].double().numpy()
        args = (
            rows[:, g].double().numpy(),
            chip,
            cells,
            bias,
            layer.limit,
            layer.bias[part].double().numpy(),
        )
        step = 3 * 1e-3 / 255 * float(layer.unit)
        off = np.abs(got[:, part] - reference.linear(*args))
        assert off.max() < 3 * step + 1e-4
        assert (off > 1e-4).mean() < 0.1


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize(
    ("net", "shape", "sentence"),
    [
        (nn.Linear(6, 4), (3, 5), r"takes inputs of shape \(..., 6\), not \(3, 5\)"),
        (nn.Linear(6, 4), (), r"not \(\)"),
        (
            nn.Conv2d(3, 4, 3),
            (2, 2, 8, 8),
            r"takes inputs of shape \(n, 3, height, width\), not \(2, 2, 8, 8\)",
        ),
        (nn.Conv2d(3, 4, 3), (8, 8), "height, width"),
        (nn.Conv2d(3, 4, 3), (1, 3, 2, 8), "at least as large as its kernel"),
        (nn.Conv1d(3, 4, 3), (1, 2, 8), r"\(n, 3, length\)"),
    ],
)
def test_wrong_shapes_are_refused_behind_converters_as_without(chip, net, shape, sentence):
    mapped = map_network(net, CHIPS[chip])
    with pytest.raises(UserError, match=sentence):
        mapped(torch.zeros(shape))


class Two(nn.Module):
    """Takes several inputs, some by name, and gives a dictionary."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(4, 2)

    def forward(self, x, more, *, scale=1.0):
        return {"sum": self.a(x) + scale * self.b(more["y"]), "parts": (x, 3)}


def test_several_inputs_dictionaries_and_names():
    agrees(Two(), torch.randn(5, 3), {"y": torch.randn(5, 4)}, scale=2.0)


def test_attention_maps_with_all_that_it_takes():
    torch.manual_seed(0)
    x, y = torch.randn(2, 5, 8), torch.randn(2, 3, 6)
    agrees(nn.MultiheadAttention(8, 2, batch_first=True), x, x, x, chip=CONVERTED)
    agrees(nn.MultiheadAttention(8, 2), x, x, x, attn_mask=torch.triu(torch.ones(2, 2), 1).bool())
    agrees(nn.MultiheadAttention(8, 2, bias=False, batch_first=True), x, x, x, average_attn_weights=False)
    padding = torch.tensor([[False, False, True], [False, False, False]])
    cross = nn.MultiheadAttention(8, 2, kdim=6, vdim=6, batch_first=True)
    agrees(cross, x, y, y, key_padding_mask=padding, need_weights=False)
    agrees(nn.MultiheadAttention(8, 2), x[0], x[0], x[0])
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    agrees(encoder, x)
    names = list(map_network(encoder, EXACT).layers)
    assert "layers.0.self_attn.q" in names
    assert "layers.1.linear2" in names


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrence_maps_with_all_that_it_takes(kind):
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3)
    agrees(kind(3, 4, 2, batch_first=True, bidirectional=True), x)
    agrees(kind(3, 4, bias=False), x)
    agrees(kind(3, 4), x[0])
    state = torch.randn(1, 5, 4)
    agrees(kind(3, 4), x, (state, -state) if kind is nn.LSTM else state)
    mapped = map_network(kind(3, 4), EXACT)
    assert list(mapped.layers) == ["ih_l0", "hh_l0"]
    with pytest.raises(UserError, match="no packed sequences"):
        mapped(nn.utils.rnn.pack_sequence([x[0]]))


@pytest.mark.parametrize("chip", CHIPS)
def test_attributes_are_readable_and_never_what_memory_held(chip):
    net = nn.Sequential(nn.Linear(6, 4), nn.Conv1d(2, 3, 2))
    layers = map_network(net, CHIPS[chip]).layers
    assert (layers["0"].in_features, layers["0"].out_features) == (6, 4)
    assert (layers["1"].in_channels, layers["1"].out_channels) == (2, 3)
    for mine, plain in zip(layers.values(), net, strict=True):
        torch.testing.assert_close(mine.weight, plain.weight.detach(), atol=1e-6, rtol=0)
        torch.testing.assert_close(mine.bias.data, plain.bias.detach())
    x = torch.randn(2, 6)
    torch.testing.assert_close(
        F.linear(x, layers["0"].weight), x @ net[0].weight.detach().T, atol=1e-5, rtol=0
    )
    assert layers["1"].kernel_size == (2,)
    assert not hasattr(layers["0"], "in_channels")


def test_repr_shows_size_arrays_and_scheme():
    shown = repr(map_network(nn.Linear(20, 4), Chip(DEVICE, SingleColumn(), array=Array(8, 5))))
    assert "CrossbarLayer(20 x 4, 3 arrays of 8 x 5, SingleColumn)" in shown


def test_hooks_stay():
    net, seen = nn.Sequential(nn.Linear(3, 2)), []
    net[0].register_forward_hook(lambda module, x, y: seen.append(y.shape))
    map_network(net, EXACT)(torch.zeros(5, 3))
    assert seen == [(5, 2)]


@pytest.mark.parametrize("scale", ["layer", "column"])
def test_state_dict_holds_all_that_outputs_depend_on(scale, tmp_path):
    torch.manual_seed(0)
    first, second = (
        nn.Sequential(nn.Linear(20, 6), nn.BatchNorm1d(6), nn.Linear(6, 3)).eval() for _ in range(2)
    )
    second[0].weight.data *= 3
    chip = Chip(DEVICE, SingleColumn(), Lognormal(100), Array(dac=DAC(6), adc=ADC(7)), scale=scale)
    x = torch.randn(9, 20)
    one, two = map_network(first, chip, seed=1, calibrate=x), map_network(second, chip, seed=2)
    one.tune(0)
    torch.save(one.state_dict(), tmp_path / "chip.pt")
    two.load_state_dict(torch.load(tmp_path / "chip.pt"))
    assert torch.equal(one(x), two(x))
    assert torch.equal(two.conductances, one.conductances)
    two.program(5)
    one.program(5)
    assert torch.equal(one(x), two(x))


def test_a_state_of_another_chip_or_shape_is_refused_and_nothing_changes():
    mapped = map_network(nn.Linear(6, 4), EXACT)
    before = mapped.conductances.clone()
    with pytest.raises(UserError, match=r"the state is of a network on Chip.*SingleColumn.* not on Chip"):
        mapped.load_state_dict(
            map_network(nn.Linear(6, 4), Chip(DEVICE, SingleColumn(), array=Array(8, 8))).state_dict()
        )
    with pytest.raises(UserError, match=r"'network.ideal' of shape \(4, 7\)"):
        mapped.load_state_dict(map_network(nn.Linear(7, 4), EXACT).state_dict())
    assert torch.equal(mapped.conductances, before)


def test_stored_conductances_are_refused_by_other_weights(tmp_path):
    path = tmp_path / "chip.safetensors"
    one, two = (map_network(nn.Linear(20, 6), Chip(DEVICE)) for _ in range(2))
    save(one, path)
    with pytest.raises(UserError, match=r"holds a network of other weights: 'network.(ideal|bias)' differs"):
        load(two, path)
    with pytest.raises(UserError, match=r"cannot be read as a programmed network"):
        load(two, tmp_path / "nowhere")
    path.write_bytes(b"torn")
    with pytest.raises(UserError, match=r"cannot be read as a programmed network"):
        load(two, path)


def test_copies_and_pickles_answer_alike_and_stand_alone():
    torch.manual_seed(0)
    mapped = map_network(
        nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3)), Chip(DEVICE, variation=Lognormal(100))
    )
    x = torch.randn(2, 5)
    wanted = mapped(x)
    buffer = io.BytesIO()
    torch.save(mapped, buffer)
    buffer.seek(0)
    for other in (copy.deepcopy(mapped), torch.load(buffer, weights_only=False)):
        assert torch.equal(other(x), wanted)
        other.program(9)
        other.conductances.mul_(2)
        other.refresh()
        assert float(other.layers["0"].cells.max()) > 1e-3, "layers hold views of the one tensor"
    assert torch.equal(mapped(x), wanted)


def test_new_weights_are_written_and_checked():
    net = nn.Conv2d(2, 3, 2)
    mapped = map_network(net, Chip(DEVICE, limit=1.0))
    new = torch.rand(3, 2, 2, 2)
    mapped.write({"": new})
    mapped.program(0)
    torch.testing.assert_close(mapped.layers[""].weight, new, atol=1e-6, rtol=0)
    with pytest.raises(UserError, match="a weight of magnitude 2: the limit is 1"):
        mapped.write({"": torch.full((3, 2, 2, 2), 2.0)})
    with pytest.raises(UserError, match=r"weights of shape \(3, 2, 2, 2\), not \(3, 3\)"):
        mapped.write({"": torch.zeros(3, 3)})
    with pytest.raises(UserError, match="no mapped layer is called 'a'"):
        mapped.write({"a": new})


@pytest.mark.parametrize("value", [0.0, 0.5, -0.5])
def test_comparison_of_a_constant_layer_is_finite(value):
    layer = nn.Linear(5, 3)
    layer.weight.data.fill_(value)
    found = compare(map_network(layer, EXACT))[""]
    assert found.weight_error == pytest.approx(0, abs=1e-6)
    assert found.correlation == pytest.approx(1)


def test_a_scale_for_each_column_loses_less_to_levels():
    torch.manual_seed(0)
    net = nn.Linear(30, 3)
    net.weight.data *= torch.tensor([[1.0], [0.1], [0.01]])
    one, each = (map_network(net, Chip(Device(1e3, 1e4, 16), scale=s)) for s in ("layer", "column"))
    errors = [
        (m.layers[""].effective() - net.weight.detach()).norm(dim=1) / net.weight.detach().norm(dim=1)
        for m in (one, each)
    ]
    assert float(errors[0][2]) > 0.9
    assert float(errors[1].max()) < 0.1
    limit = each.layers[""].limit
    torch.testing.assert_close(limit, net.weight.detach().abs().amax(1, keepdim=True))


class Watched(TorchDispatchMode):
    """Counts the bytes of tensors that live at once, and of the largest."""

    def __init__(self):
        super().__init__()
        self.live, self.most, self.largest = 0, 0, 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else (out,):
            if (
                isinstance(tensor, torch.Tensor)
                and (at := tensor.untyped_storage()).data_ptr() not in self.known
            ):
                size = at.nbytes()
                self.known.add(at.data_ptr())
                self.live, self.largest = self.live + size, max(self.largest, size)
                self.most = max(self.most, self.live)
                weakref.finalize(at, self._gone, at.data_ptr(), size)
        return out

    def _gone(self, at, size):
        self.known.discard(at)
        self.live -= size


@pytest.mark.parametrize("serial", [False, True])
def test_memory_behind_an_adc_is_bounded(serial):
    """Beside the outputs a few pieces of four million values live at once, calibration included."""
    array = Array(dac=DAC(2, serial=serial), adc=ADC(8))
    mapped = map_network(nn.Linear(100, 300, bias=False), Chip(DEVICE, array=array))
    x = torch.rand(20_000, 100) - 0.5
    outputs, piece = 4 * 20_000 * 300, 4 * 2**22
    with Watched() as calibrating:
        mapped.calibrate(x)
    with Watched() as reading:
        whole = mapped(x)
    for found in (calibrating, reading):
        assert found.largest <= max(outputs, piece) < 2 * outputs, "the currents of two columns an output"
        assert outputs < found.most < outputs + 7 * piece
    torch.testing.assert_close(whole[-7:], mapped(x[-7:]))
