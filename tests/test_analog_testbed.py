"""The test bed: known outcomes of learning one fixed matrix."""

import pytest

from imc.analog import SGD, Ideal, Reference, SoftBounds, TikiTaka, learn_matrix
from imc.errors import UserError


def test_ideal_devices_learn_the_matrix_to_less_than_a_step():
    course = learn_matrix(Ideal(states=1000), SGD(), lr=0.05, samples=4000)
    assert course.samples == tuple(range(400, 4001, 400))
    assert course.error[-1] < 0.02
    assert course.pulses["c"] > 0


def test_asymmetric_devices_fail_with_sgd_and_learn_with_tiki_taka():
    """Soft bounds of few states: the drift to the symmetry point holds SGD back, and drives Tiki-Taka."""
    device = SoftBounds(states=100, asymmetry=0.5)
    sgd = learn_matrix(device, SGD(), lr=0.05, samples=6000, noise=0.1)
    algorithm = TikiTaka(gamma=0.1, every=1, transfer_lr=0.2, reference=Reference("symmetry"))
    taka = learn_matrix(device, algorithm, lr=0.05, samples=6000, noise=0.1)
    assert taka.error[-1] < sgd.error[-1] / 1.5


def test_the_same_seed_gives_the_same_course():
    device = SoftBounds(states=100, step_spread=0.2, cycle_spread=0.2)
    assert learn_matrix(device, SGD(), samples=200) == learn_matrix(device, SGD(), samples=200)
    assert learn_matrix(device, SGD(), samples=200) != learn_matrix(device, SGD(), samples=200, seed=1)


@pytest.mark.parametrize("options", [{"size": 0}, {"samples": 0}, {"scale": 0}, {"noise": -1}, {"lr": -1}])
def test_bad_input_is_one_sentence(options):
    (name,) = options
    with pytest.raises(UserError, match=name):
        learn_matrix(SoftBounds(states=100), SGD(), **options)
