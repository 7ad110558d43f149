"""Layer tables and storage of IMCE, each number with its arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.errors import UserError
from imc.papers.imce import networks, storage
from imc.papers.imce.memory_experiments import StorageConfig
from imc.papers.imce.networks import Conv, Full, Layer, Pool, chain
from imc.papers.imce.storage import Counting

METRICS = storage.measure(StorageConfig.build(), lambda done, note="": None).metrics


def by_loops(layer: Layer) -> tuple[int, int]:
    """Weights and multiply-accumulates, counted one group and position at a time."""
    padded = layer.in_side + 2 * layer.padding
    starts = range(0, padded - layer.kernel + 1, layer.stride)
    weights = sum(
        (layer.in_channels // layer.groups) * layer.kernel**2 * (layer.out_channels // layer.groups)
        for _ in range(layer.groups)
    )
    return weights, sum(weights for _ in starts for _ in starts)


# ---- Layer tables -------------------------------------------------------------------------------------


def test_alexnet_is_the_known_one():
    # 96 x 363 + 256 x 2400 + 384 x 2304 + 384 x 3456 + 256 x 3456 + 4096 x (9216 + 4096) + 1000 x 4096
    assert networks.ALEXNET.weights == 62_367_776
    assert networks.ALEXNET.weights + networks.ALEXNET.biases == 62_378_344
    assert networks.ALEXNET_GROUPED.weights + networks.ALEXNET_GROUPED.biases == 60_965_224
    assert networks.ALEXNET_GROUPED.macs == 724_406_816
    assert [layer.out_side for layer in networks.ALEXNET.layers] == [55, 27, 13, 13, 13, 1, 1, 1]
    assert [layer.out_side for layer in networks.ALEXNET_DOREFA.layers] == [54, 54, 27, 14, 14, 1, 1, 1]
    assert networks.ALEXNET_DOREFA["fc6"].fan_in == networks.ALEXNET["fc6"].fan_in == 9216


def test_the_svhn_network():
    net = networks.SVHN
    assert [layer.out_side for layer in net.layers] == [36, 18, 18, 7, 7, 5, 1, 1]
    assert net.macs == 41_735_424
    last_two = net["conv6"].weights + net["fc7"].weights
    assert 100 * last_two / net.weights == pytest.approx(79.0, abs=0.05)


def test_the_lenets():
    assert networks.LENET.weights + networks.LENET.biases == 431_080
    assert networks.LENET_5.weights + networks.LENET_5.biases == 61_706


@pytest.mark.parametrize(
    "net",
    [networks.ALEXNET, networks.ALEXNET_GROUPED, networks.ALEXNET_DOREFA, networks.SVHN, networks.LENET],
)
def test_counts_against_loops(net):
    for layer in net.layers:
        assert (layer.weights, layer.macs) == by_loops(layer)
    for before, after in zip(net.layers, net.layers[1:], strict=False):
        assert after.in_channels == before.out_channels
        assert after.in_side <= before.out_side


@given(
    side=st.integers(5, 40),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    groups=st.sampled_from([1, 2, 4]),
)
def test_a_chain_of_any_sizes(side, kernel, stride, padding, groups):
    conv = Conv("a", 8, kernel, stride=stride, padding=padding, groups=groups)
    net = chain("any", 4, side, (conv, Full("b", 3)))
    assert (net["a"].weights, net["a"].macs) == by_loops(net["a"])
    assert net["b"].fan_in == net["a"].outputs
    assert net.weights == net["a"].weights + net["b"].weights


def test_chains_that_cannot_be():
    with pytest.raises(UserError, match="nothing is left of a picture of side 4"):
        chain("x", 1, 4, (Conv("a", 1, 5),))
    with pytest.raises(UserError, match="nothing is left"):
        chain("x", 1, 4, (Conv("a", 1, 3, pool=Pool(3, 2)),))
    with pytest.raises(UserError, match="3 groups do not divide"):
        chain("x", 4, 8, (Conv("a", 6, 3, groups=3),))
    with pytest.raises(UserError, match="has no layer 'conv9'; its layers are conv1"):
        networks.ALEXNET["conv9"]


# ---- Storage ------------------------------------------------------------------------------------------


def test_binary_alexnet_by_hand():
    plain = Counting("ungrouped", "first and last", 64, False, "nothing", "MiB")
    middle = 62_367_776 - 34_848 - 4_096_000
    assert plain.size() == pytest.approx((64 * (34_848 + 4_096_000) + middle) / 8 / 2**20)
    biases = Counting("ungrouped", "first and last", 64, True, "nothing", "MiB")
    assert biases.size() - plain.size() == pytest.approx(10_568 * 8 / 2**20)
    picture = Counting("ungrouped", "first and last", 64, False, "full picture", "MiB")
    assert picture.size() - plain.size() == pytest.approx(227 * 227 * 3 * 8 / 2**20)
    small = Counting("ungrouped", "first and last", 64, False, "8-bit picture", "MB")
    nothing = Counting("ungrouped", "first and last", 64, False, "nothing", "MB")
    assert small.size() - nothing.size() == pytest.approx(227 * 227 * 3 / 1e6)
    maps = Counting("ungrouped", "first and last", 64, False, "full picture and maps", "MB")
    full = Counting("ungrouped", "first and last", 64, False, "full picture", "MB")
    outputs = 96 * 55**2 + 256 * 27**2 + (384 + 384 + 256) * 13**2 + 2 * 4096
    assert maps.size() - full.size() == pytest.approx(outputs / 8e6)


def test_all_binary_is_a_64th():
    none = Counting("grouped", "none", 32, False, "nothing", "MB")
    assert none.size() == pytest.approx(60_954_656 / 8e6)


def test_every_way_is_counted_once_and_ordered():
    ways = list(storage.countings())
    assert len(ways) == len(set(ways)) == METRICS["rounding"]["all"]
    # of 3 x 4 x 2 x 2 x 4 x 2, those without anything at full width come once, not twice
    assert len(ways) == 384 - 3 * 2 * 2
    misses = [abs(c["difference"]) for c in METRICS["countings"]]
    assert misses == sorted(misses)
    assert METRICS["nearest"] == METRICS["countings"][0]
    assert METRICS["nearest"]["size"] - METRICS["nearest"]["difference"] == pytest.approx(39.7)
    assert METRICS["rounding"]["same_digits"] == sum(m <= 0.05 for m in misses)


def test_ratios_and_totals():
    assert METRICS["over_printed"]["double"]["MiB"] == pytest.approx(62_378_344 * 8 / 2**20 / 39.7)
    assert METRICS["over_printed"]["single"]["MiB"] == pytest.approx(62_378_344 * 4 / 2**20 / 39.7)
    table = METRICS["layers"]
    assert sum(r["double"] for r in table) == pytest.approx(METRICS["totals"]["ungrouped"]["double_MiB"])
    kept = Counting("ungrouped", "first and last", 64, False, "nothing", "MiB")
    assert sum(r["binary"] for r in table) == pytest.approx(kept.size())


@given(narrow=st.integers(1, 63), kept=st.sampled_from(["none", "first", "last", "first and last"]))
def test_a_wider_weight_needs_more(narrow, kept):
    less, more = (sum(storage.weight_bits(networks.SVHN, w, kept, 64).values()) for w in (narrow, narrow + 1))
    binarized = [x for x in networks.SVHN.layers if x.name not in storage.kept_layers(networks.SVHN, kept)]
    assert more - less == sum(x.weights for x in binarized) > 0
    assert METRICS["smallest_step"] > 0


def test_kept_bits_move_the_table_alone():
    eight = storage.measure(StorageConfig.build(kept_bits=8), lambda done, note="": None).metrics
    last = [r["binary"] for r in eight["layers"]][-1]
    assert last == pytest.approx(4_096_000 / 2**20)
    assert eight["nearest"] == METRICS["nearest"]
