"""The network of the accuracy table: its shape, its pictures, and that a killed training goes on to the same
record."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from imc import datasets, runs
from imc.datasets import svhn
from imc.errors import UserError
from imc.papers.imce import pictures, training
from imc.papers.imce.dorefa import CHANNELS_FIRST, QUANTIZED, SIDE, Network
from imc.papers.imce.networks import SVHN
from imc.papers.imce.recipe import BitWidthConfig
from imc.papers.imce.training import Training, train
from imc.runs import experiments, unfinished

KIND = experiments.find("imce/bit-width")


@pytest.fixture(autouse=True)
def _own_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))


def smoke(**values: object) -> BitWidthConfig:
    return BitWidthConfig.build(effort="smoke", **values)


def quiet(done: float, note: str = "") -> None:
    """No progress shown."""


def network(**values: object) -> Network:
    return Network(smoke(**values), torch.Generator().manual_seed(0))


def test_the_data_chooses_the_recipe() -> None:
    full = BitWidthConfig.build(data="svhn", weight_bits=1, input_bits=2)
    assert (full.epochs, full.batch, full.halved_every, full.pictures) == (200, 128, 100, 0)
    assert KIND.datasets(full) == ("svhn", "svhn-extra")
    assert (full.activation, full.pooling) == ("abs", "max")
    assert full.slug() == "weight_bits-1_input_bits-2_data-svhn"
    assert BitWidthConfig.parse(["data=svhn-part", "epochs=3"]).slug() == "data-svhn-part_epochs-3"
    folds = BitWidthConfig.build(data="svhn-11k", activation="abs")
    assert (folds.epochs, folds.batch, folds.halved_every, folds.watched) == (30, 64, 5, 0)
    assert folds.slug() == "data-svhn-11k_activation-abs"
    assert BitWidthConfig.build().gradient_bits == 32
    assert BitWidthConfig.parse(["weight_bits=1"]).gradient_bits == 8


@pytest.mark.parametrize(
    "values",
    [
        {"weight_bits": 9},
        {"input_bits": 0},
        {"gradient_bits": 8},
        {"batch": 1},
        {"data": "svhn-11k", "pictures": 9_001},
    ],
)
def test_wrong_recipes_are_refused(values: dict) -> None:
    with pytest.raises(UserError):
        BitWidthConfig.build(**values)


def test_multiplications_are_those_of_the_layer_table() -> None:
    net, found = network(), []

    class Counted(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if function in (torch.conv2d, torch.nn.functional.linear):
                found.append(result[0].numel() * args[1][0].numel())
            return result

    with Counted():
        assert net(torch.rand(2, 3, SIDE, SIDE)).shape == (2, 10)
    assert found == [layer.macs for layer in SVHN.layers]


def test_a_product_over_the_whole_input_is_the_convolution() -> None:
    net = network().double()
    x = torch.rand(2, 128, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weight = net.weights["conv6"]
    convolved = torch.nn.functional.conv2d(x, weight.permute(CHANNELS_FIRST))
    assert torch.allclose(net._multiplied("conv6", x, weight), convolved, atol=1e-12)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_pooling_is_the_chosen_one(pooling: str) -> None:
    net = network(pooling=pooling)
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert net.pool(x, 2).flatten().tolist() == (
        [2.5, 4.5, 10.5, 12.5] if pooling == "average" else [5, 7, 13, 15]
    )


def test_only_the_middle_layers_see_few_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(weight_bits=2, input_bits=1)
    seen = []

    def watched(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def seeing(x: torch.Tensor, w: torch.Tensor, *rest: object, **more: object) -> torch.Tensor:
            seen.append((x.detach().unique().numel(), w.detach().unique().numel()))
            return function(x, w, *rest, **more)

        return seeing

    for name in ("conv2d", "linear"):
        monkeypatch.setattr(torch.nn.functional, name, watched(getattr(torch.nn.functional, name)))
    net.eval()(torch.rand(4, 3, SIDE, SIDE))
    assert min(seen[0]) > 100
    assert all(inputs <= 2 and weights == 4 for inputs, weights in seen[1:-1])
    assert min(seen[-1]) > 4
    assert len(seen) == 2 + len(QUANTIZED)


def test_dropout_falls_in_training_only_and_from_the_seed() -> None:
    net = network().train()
    x = torch.ones(50, 128, 5, 5)
    kept = net._dropout(x)
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    assert abs(float(kept.mean()) - 1) < 0.02
    assert net.eval()._dropout(x) is x


def test_enlarged_pictures() -> None:
    images = torch.full((2, 32, 32, 3), 128, dtype=torch.uint8)
    images[1, :, 16:] = 0
    x = pictures.prepared(images)
    assert x.shape == (2, 3, SIDE, SIDE)
    assert torch.allclose(x[0], torch.tensor(0.5))
    assert torch.allclose(x[1, :, :, :19], torch.tensor(0.5))
    assert torch.all(x[1, :, :, 21:] == 0)


def test_jitter_moves_mean_and_contrast_of_each_picture() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(90, 160, (400, 32, 32, 3), generator=generator, dtype=torch.uint8)
    plain, changed = pictures.prepared(images), pictures.prepared(images, generator)
    moved = 256 * (changed.mean((1, 2, 3)) - plain.mean((1, 2, 3)))
    factor = changed.std((1, 2, 3)) / plain.std((1, 2, 3))
    assert -30 <= moved.min() < -25
    assert 25 < moved.max() <= 30
    assert 0.5 <= factor.min() < 0.55
    assert 1.45 < factor.max() < 1.51


def test_a_photographs_digits_stay_on_one_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a made data set whose pictures hold their photograph's number."""
    photographs = np.repeat(np.arange(1, 101, dtype=np.uint16), 3)
    images = np.broadcast_to(photographs[:, None, None, None].astype(np.uint8), (300, 32, 32, 3))
    arrays = {"train_images": images, "train_labels": photographs % 10, "train_photographs": photographs}
    made = datasets.Dataset("svhn-part", arrays, "", "")
    monkeypatch.setattr(datasets, "load", lambda name: made)
    learnt, test = pictures.load(BitWidthConfig.build(data="svhn-part"))
    sides = [set(part.images[:, 0, 0, 0].tolist()) for part in (learnt, test)]
    assert sides[0].isdisjoint(sides[1])
    assert [len(s) for s in sides] == [80, 20]
    other = pictures.load(BitWidthConfig.build(data="svhn-part", seed=1))[1]
    assert set(other.images[:, 0, 0, 0].tolist()) != sides[1]


@given(st.lists(st.integers(1, 4), min_size=5, max_size=40), st.integers(0, 20))
def test_five_seeds_test_every_picture_once_and_no_photograph_twice(digits: list[int], first: int) -> None:
    """Of photographs with so many digits each; five seeds from a multiple of five on."""
    photographs = np.repeat(np.arange(1, len(digits) + 1), digits)
    folds = [pictures.in_fold(photographs, 5 * first + i) for i in range(5)]
    assert sorted(np.concatenate(folds)) == list(range(len(photographs)))
    for fold in folds:
        assert set(photographs[fold]).isdisjoint(np.delete(photographs, fold))
        assert len(np.unique(photographs[fold])) in (len(digits) // 5, -(-len(digits) // 5))


def test_another_five_seeds_divide_otherwise() -> None:
    photographs = np.arange(100)
    assert set(pictures.in_fold(photographs, 0)) != set(pictures.in_fold(photographs, 5))


def made_11k(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set in the form of `svhn-11k`, whose pictures hold the part, and their photograph's number."""
    arrays = {}
    for part, mark, count in (("train", 1, 30), ("test", 2, 50)):
        photographs = np.repeat(np.arange(1, count + 1, dtype=np.uint16), 2)
        images = np.zeros((len(photographs), 32, 32, 3), np.uint8)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = mark, photographs
        arrays |= {f"{part}_images": images, f"{part}_photographs": photographs}
        arrays[f"{part}_labels"] = (photographs % 10).astype(np.uint8)
    monkeypatch.setattr(datasets, "load", lambda name: datasets.Dataset(name, arrays, "", ""))


def test_the_11k_train_on_four_photographs_in_five_and_on_all_training_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made_11k(monkeypatch)
    learnt, test = pictures.load(BitWidthConfig.build(data="svhn-11k", seed=3))
    sides = [{tuple(p) for p in part.images[:, 0, 0, :2].tolist()} for part in (learnt, test)]
    assert sides[0].isdisjoint(sides[1])
    assert {mark for mark, _ in sides[1]} == {2}
    assert sum(mark == 1 for mark, _ in sides[0]) == 30
    assert (len(learnt.labels), len(test.labels)) == (60 + 80, 20)
    for part in (learnt, test):
        assert torch.equal(part.labels, part.images[:, 0, 0, 1].long() % 10)


def test_fewer_training_pictures_are_the_first_of_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made_11k(monkeypatch)
    few, many = (pictures.load(BitWidthConfig.build(data="svhn-11k", pictures=n)) for n in (20, 0))
    assert torch.equal(few[0].images, many[0].images[:20])
    assert torch.equal(few[1].images, many[1].images)


def test_official_svhn_from_its_files_to_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three .mat files in their form, tiny; one epoch of the released recipe on train and extra."""
    draw = np.random.default_rng(0)
    paths = []
    for name, count in (("train", 6), ("test", 4), ("extra", 10)):
        images = draw.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
        labels = draw.integers(1, 11, (count, 1), dtype=np.uint8)
        paths.append(tmp_path / f"{name}_32x32.mat")
        savemat(paths[-1], {"X": images, "y": labels})
    made = {"svhn": svhn.read_official(paths[:2]), "svhn-extra": svhn.read_extra(paths[2:])}
    monkeypatch.setattr(datasets, "load", lambda name: datasets.Dataset(name, made[name], "", ""))
    config = BitWidthConfig.build(data="svhn", weight_bits=1, input_bits=2, epochs=1, batch=4)
    learnt, test = pictures.load(config)
    assert (len(learnt.labels), len(test.labels)) == (16, 4)
    both = np.concatenate([made["svhn"]["train_labels"], made["svhn-extra"]["train_labels"]])
    assert sorted(learnt.labels.tolist()) == sorted(both.tolist())
    metrics = train(config, quiet).metrics
    assert (metrics["steps"], metrics["test_pictures"]) == (4, 4)


def files(folder: Path) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.rglob("*.json")) if not p.name.endswith(".log.json")]


def test_an_interrupted_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = smoke(weight_bits=1, input_bits=2)
    runs.compute(KIND, config, tmp_path / "whole", bar=False)
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    step, done = Training.step, []

    def killed(self: Training) -> None:
        if self.position == 4 and not done:
            done.append(True)
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(Training, "step", killed)
    with pytest.raises(KeyboardInterrupt):
        runs.compute(KIND, config, tmp_path / "parts", bar=False)
    assert unfinished.load("imce/bit-width", config) is not None
    runs.compute(KIND, config, tmp_path / "parts", bar=False)
    assert done
    assert files(tmp_path / "whole") == files(tmp_path / "parts")
    assert unfinished.load("imce/bit-width", config) is None


def test_training_learns() -> None:
    metrics = train(smoke(pictures=96, epochs=8, halved_every=4), quiet).metrics
    loss = metrics["curve"]["loss"]
    assert loss[-1] < 0.9 * loss[0]
    assert metrics["steps"] == 8 * 6
    assert metrics["curve"]["test_epoch"] == list(range(1, 9))


def test_seeds_stand_side_by_side() -> None:
    record = runs.obtain("imce/bit-width-seeds", effort="smoke", seeds=2, epochs=1)
    second = runs.obtain("imce/bit-width", effort="smoke", seed=1, epochs=1)
    assert record.metric("error")[1] == second.metric("error")
    assert len(record.metric("curve.loss")) == 2
