"""The thesis's network: sizes to the printed digit, the ensemble against one network at a time and loops."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from imc import runs
from imc.claims import reference
from imc.errors import UserError
from imc.papers.reram import size
from imc.papers.reram.choice import choose
from imc.papers.reram.evaluation import evaluate, measure, policies
from imc.papers.reram.experiments import ChoiceConfig, MlpConfig
from imc.papers.reram.network import Ensemble, Trained
from imc.papers.reram.pictures import Pictures, binarize
from imc.papers.reram.training import train
from imc.runs import experiments
from imc.runs.experiments import Outcome

TINY = {"effort": "smoke", "epochs": 1, "hidden": 12, "input_size": 8}


def run(**values: object) -> Outcome:
    return train(MlpConfig.build(**TINY | values), lambda done, note="": None)


def networks(**values: object) -> Trained:
    """Random networks with lively norms, without training."""
    config = MlpConfig.build(**TINY | values)
    tensors = Ensemble(config).tensors()
    g = torch.Generator().manual_seed(1)
    for name, tensor in tensors.items():
        if name[0] in "bgm":
            tensor += torch.randn(tensor.shape, generator=g)
    return Trained(config, tensors)


def test_sizes_are_those_of_tables_1_and_2() -> None:
    assert [size.bits(s, 128) for s in (28, 24, 20, 16, 12)] == [118_016, 91_392, 68_864, 50_432, 36_096]
    assert [size.bits(20, h) for h in (192, 160, 128, 96, 64)] == [115_584, 91_200, 68_864, 48_576, 30_336]
    assert size.bits(20, 128) == reference.value("reram.table1.crop20.size").value


def test_hidden_sizes_of_table_3_are_the_nearest() -> None:
    for weight_bits in (2, 3, 4, 6, 8):
        hidden = size.hidden_for_bits(68_864, 20, weight_bits)
        gap = {h: abs(size.bits(20, h, weight_bits) - 68_864) for h in range(1, 200)}
        assert gap[hidden] == min(gap.values())
    with pytest.raises(UserError, match="hold no network"):
        size.hidden_for_bits(100, 20, 1)


def test_crop_is_central_and_threshold_inclusive() -> None:
    picture = np.zeros((1, 28, 28), np.uint8)
    picture[0, 4, 4], picture[0, 23, 23], picture[0, 3, 3] = 128, 127, 255
    found = binarize(picture, 20, 0.5).reshape(20, 20)
    assert found[0, 0] == 1
    assert found.sum() == 1


@pytest.mark.parametrize("values", [{}, {"weight_bits": 3, "activation_bits": 2}, {"norm": "shared"}])
def test_inference_is_the_textbook_loop(values: dict) -> None:
    """One picture, neuron by neuron in Python floats, against the batched networks."""
    net = networks(**values)
    x = (torch.rand(3, 64, generator=torch.Generator().manual_seed(2)) > 0.5).double()
    scores = net.pre_activations(x)[-1]
    top = 2**net.config.activation_bits - 1
    for n in range(net.config.seeds):
        for picture in range(3):
            a = x[picture].tolist()
            for i, (layer, norm) in enumerate(zip(net.layers, net.norms, strict=True)):
                assert norm is not None
                z = []
                for j in range(layer.b.shape[-1]):
                    y = sum(a[k] * layer.w[n, k, j].item() for k in range(len(a))) + layer.b[n, j].item()
                    gamma, beta, mean, sigma = (p[n, j].item() for p in norm)
                    z.append((y - mean) / sigma * gamma + beta)
                if i < 2 and net.config.activation_bits == 1:
                    a = [float(v >= 0) for v in z]
                elif i < 2:
                    a = [np.floor((np.tanh(v) / 2 + 0.5) * top + 0.5) / top for v in z]
            assert scores[n, picture].tolist() == pytest.approx(z, rel=1e-9)


def test_a_network_does_not_depend_on_those_beside_it() -> None:
    pair, first, second = run(seeds=2), run(seeds=1), run(seeds=1, seed=1)
    for name, tensor in pair.tensors.items():
        assert np.array_equal(tensor[0], first.tensors[name][0]), name
        assert np.array_equal(tensor[1], second.tensors[name][0]), name


@pytest.mark.parametrize("values", [{}, {"norm": "none"}, {"norm": "shared", "activation_bits": 3}])
def test_the_same_run_twice_is_the_same(values: dict) -> None:
    one, two = run(**values), run(**values)
    assert one.metrics == two.metrics
    for name, tensor in one.tensors.items():
        assert np.array_equal(tensor, two.tensors[name])


def test_training_learns() -> None:
    """A few epochs on the stand-in bring the loss down and the accuracy far above chance."""
    curve = run(epochs=4, hidden=64, input_size=20).metrics["curve"]
    assert max(curve["train_loss"][-1]) < min(curve["train_loss"][0])
    assert min(curve["test"][-1]) > 50


def test_signed_merge_with_an_exact_output_layer_answers_as_batch_norm() -> None:
    """Equations (6), (7) before the sign activations, picture for picture."""
    net = networks(seeds=3)
    x = (torch.rand(200, 64, generator=torch.Generator().manual_seed(3)) > 0.5).double()
    exact = net.pre_activations(x, *policies(net)["baseline"])[-1]
    assert torch.equal(exact, net.pre_activations(x, *policies(net)["signed_merge_output_exact"])[-1])
    assert not torch.equal(
        exact.argmax(-1), net.pre_activations(x, *policies(net)["signed_merge"])[-1].argmax(-1)
    )


def test_only_batch_norm_can_be_merged() -> None:
    assert list(policies(networks(norm="shared"))) == ["baseline"]


def test_a_run_stores_what_verification_finds(tmp_path: Path) -> None:
    config = MlpConfig.build(**TINY)
    record = runs.compute(experiments.find("reram/mlp"), config, tmp_path, bar=False)
    for address, found in evaluate(config, record.tensors()).items():
        assert found == record.metric(address)


def test_measure_counts_the_most_frequent_answer() -> None:
    net = networks(norm="none", weight_bits=2)
    test = Pictures(net.config).test
    found = measure(net, test)
    answers = net.pre_activations(test[0])[-1].argmax(-1)
    expected = [100 * n.bincount().max().item() / len(n) for n in answers]
    assert found["most_frequent_answer"]["baseline"] == pytest.approx(expected, abs=1e-4)


def test_the_choice_is_the_smallest_within_the_allowed_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accuracy = {192: [97.0, 96.8], 160: [96.6, 96.8], 128: [96.2, 96.0], 96: [95.0, 95.4], 64: [93.0, 93.0]}

    class Fake:
        def __init__(self, hidden: int) -> None:
            self.hidden = hidden

        def results(self, _kind: type) -> SimpleNamespace:
            return SimpleNamespace(accuracy=SimpleNamespace(baseline=accuracy[self.hidden]))

    monkeypatch.setattr(runs, "obtain", lambda name, *, hidden, **rest: Fake(hidden))
    for allowed, best in ((1.0, 128), (0.5, 160), (0.1, 192), (10.0, 64)):
        found = choose(ChoiceConfig.build(allowed_loss=allowed), lambda done, note="": None)
        assert found.metrics["best"] == best
