"""One network on several machines: the lines are the papers' networks, the thesis's model is its chip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.claims import reference
from imc.cost.matrices import Matrix
from imc.cost.networks import NETWORKS
from imc.papers.batmann import controllers
from imc.papers.batmann.experiments import TrainConfig
from imc.papers.imce import networks, operations
from imc.papers.reram import efficiency
from imc.papers.reram import mapped as on_reram
from imc.papers.reram.experiments import EfficiencyConfig, MappedConfig
from imc.papers.reram.size import layer_shapes


def quiet(done: float, note: str = "") -> None:
    pass


def estimated(**values):
    return on_reram.estimate(MappedConfig.build(**values), quiet).metrics


KIT = efficiency.circuits(EfficiencyConfig.build())
side, bits = st.integers(1, 600), st.integers(1, 8)
matrices = st.builds(Matrix, side, side, st.integers(1, 50), bits, bits, st.integers(1, 3))


@pytest.mark.parametrize(
    ("name", "network"), [("lenet", networks.LENET), ("svhn", networks.SVHN), ("alexnet", networks.ALEXNET)]
)
def test_the_slides_networks_are_as_their_shapes_say(name, network):
    assert NETWORKS[name] == tuple(operations.matrices(network, 1, 1, operations.PIXELS).values())


def test_the_thesis_s_network_is_as_its_shapes_say():
    assert [(m.inputs, m.outputs) for m in NETWORKS["thesis"]] == layer_shapes(20, 128)
    assert all(m.bit_products == m.weights for m in NETWORKS["thesis"])


def test_batmann_s_controller_is_as_its_shapes_say():
    shapes = controllers.shapes(TrainConfig.build())
    sides = {"conv1": 28, "conv2": 24, "conv3": 10, "conv4": 8, "dense": 1}
    for matrix, (layer, (outputs, *inputs)) in zip(NETWORKS["controller"], shapes.items(), strict=True):
        fan_in = 1
        for n in inputs:
            fan_in *= n
        assert (matrix.inputs, matrix.outputs, matrix.reads) == (fan_in, outputs, sides[layer] ** 2)


def test_batmann_s_controller_takes_three_and_a_half_million_devices():
    # 2 x (3,200 + 409,600 + 2 x 147,456 + 1,048,576)
    assert 2 * sum(m.weights for m in NETWORKS["controller"]) == 3_512_576


def test_on_its_own_circuits_the_thesis_s_network_is_its_chip():
    found = estimated()
    printed = {
        name: reference.value(f"reram.table7.ours.{name}_efficiency").value for name in ("area", "energy")
    }
    tops = 2 * 68_864 * 100e6 / 1e12
    assert found["area_mm2"] == pytest.approx(tops / printed["area"])
    assert found["energy_uj"] == pytest.approx(1e6 * 2 * 68_864 / (printed["energy"] * 1e12))
    assert (found["arrays"], found["neurons"], found["columns"]) == (6, 266, 650)
    assert found["area_mm2_columns"] == pytest.approx(found["area_mm2"])
    assert found["pictures_per_s"] == pytest.approx(100e6)


@given(matrices)
def test_energy_grows_with_places_and_groups_and_area_only_with_groups(layer):
    one = Matrix(layer.inputs, layer.outputs, 1, layer.weight_bits, layer.input_bits)
    times = layer.reads * layer.groups
    assert on_reram.energy_pj(layer, KIT, 10) == pytest.approx(times * on_reram.energy_pj(one, KIT, 10))
    assert on_reram.area_mm2([layer], KIT) == pytest.approx(layer.groups * on_reram.area_mm2([one], KIT))


@given(matrices)
def test_cells_are_products_of_bits(layer):
    found = on_reram.inventory(layer)
    assert found.cells * layer.reads == layer.bit_products
    assert found.arrays * 128**2 >= found.cells
    assert found.largest_side <= 128


def test_a_faster_clock_takes_less_time_and_no_more_energy_a_read():
    slow, fast = estimated(layers=("128x128x10",)), estimated(layers=("128x128x10",), clock_mhz=200.0)
    assert fast["latency_total_us"] == slow["latency_total_us"] / 2
    # the printed efficiencies fix operations a joule, whatever the clock
    assert fast["energy_uj"] == pytest.approx(slow["energy_uj"], rel=0.1)
