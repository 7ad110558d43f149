"""Beyond the paper: learning with noise, tasks of another size, a memory behind wires."""

from pathlib import Path
from typing import Any

import pytest
import torch

from imc import runs
from imc.binary.layers import standardize
from imc.binary.signs import bipolar
from imc.binary.xnor import XnorLayer
from imc.errors import UserError
from imc.papers.batmann import noise, training
from imc.papers.batmann.controllers import LAYERS
from imc.papers.batmann.episodes import STREAMS
from imc.papers.batmann.experiments import MemoryConfig, SeedsConfig, TaskConfig, TrainConfig
from imc.papers.batmann.training import Training
from imc.paths import PUBLISHED
from imc.runs import experiments, records, unfinished

CPU = torch.device("cpu")
TINY = {
    "effort": "smoke", "row": "batmann_x", "variant": "released", "channels": 6, "dimension": 32,
    "episodes": 6, "validate_every": 3, "test_episodes": 6,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))


def tiny(**values: Any) -> TrainConfig:
    return TrainConfig.build(**TINY | values)


def layers_of(run: Training) -> dict[str, Any]:
    return {name: run.controller.layers[name] for name in LAYERS}


def test_layers_compute_with_what_the_cells_hold() -> None:
    """Weights of a double column of lognormal cells, by hand from the same random numbers."""
    run = Training(tiny(noise=500.0, noise_meaning="lognormal"), CPU)
    assert run.cells is not None
    run.cells.program(3)
    for name, layer in layers_of(run).items():
        stored = layer.deployed()
        scale = stored.scale.view(-1, *[1] * (layer.weight.ndim - 1))
        expected = scale * (stored.weight + layer.error)
        torch.testing.assert_close(layer.weights().detach(), expected)
        held = (run.cells.arrays.layers[str(LAYERS.index(name))].cells * 1e3).double()  # in ON conductances
        by_hand = (held[:, 0] - held[:, 1]) / 0.9 * stored.weight.abs().max()
        torch.testing.assert_close(
            (stored.weight + layer.error).flatten(1).double(), by_hand, atol=1e-4, rtol=1e-4
        )
        assert layer.error.abs().max() > 0.1


def test_the_gradient_of_a_sign_passes_by_the_noise() -> None:
    """y = alpha (sign w + e) x: the gradient to w is that of e = 0, the gradient to alpha is not."""
    generator = torch.Generator().manual_seed(0)
    weight, x, up = (torch.randn(n, 9, generator=generator) for n in (4, 7, 7))
    error = 0.3 * torch.randn(4, 9, generator=generator)
    gradients = []
    for e in (None, error):
        layer = XnorLayer(weight, None, 0.5)
        layer.error = e
        (layer(x) * up[:, :4]).sum().backward()
        gradients.append((layer.weight.grad, layer.alpha.grad))
    assert torch.equal(gradients[0][0], gradients[1][0])
    extra = (bipolar(standardize(x)) @ error.T * up[:, :4]).sum()
    torch.testing.assert_close(gradients[1][1] - gradients[0][1], extra.view(1, 1))


def test_every_episode_has_its_own_cells_whatever_came_before() -> None:
    run = Training(tiny(noise=500.0), CPU)
    assert run.cells is not None
    errors = []
    for episode in (4, 5, 4):
        run.cells.program(episode)
        errors.append(layers_of(run)["dense"].error)
    assert torch.equal(errors[0], errors[2])
    assert not torch.equal(errors[0], errors[1])


def test_an_interrupted_noisy_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, kind = tiny(noise=800.0), experiments.find("batmann/train")
    whole = runs.compute(kind, config, tmp_path / "whole", bar=False)
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)

    def stop(done: float, note: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(config, stop)
    assert unfinished.path_of("batmann/train", config).is_file()
    assert runs.compute(kind, config, tmp_path / "parts", bar=False).checkpoint == whole.checkpoint


def test_the_checkpoint_is_that_of_the_intended_weights() -> None:
    """What is deployed are signs; the noise of learning is not in them."""
    run = Training(tiny(noise=800.0), CPU)
    run.step()
    assert set(layers_of(run)["conv3"].deployed().weight.unique().tolist()) == {-1.0, 1.0}


def test_only_xnor_layers_learn_with_noise() -> None:
    with pytest.raises(UserError, match="controller = 'xnor' to learn with noise"):
        tiny(row="rbnn", noise=100.0)


def test_a_task_of_the_training_s_size_is_the_training_s_test() -> None:
    config = TaskConfig.build(**TINY, seeds=2, test_ways=5, test_shots=3)
    found = runs.obtain("batmann/task", **config.flat())
    own = runs.obtain(
        "batmann/seeds",
        **{k: v for k, v in config.flat().items() if "test_w" not in k and "test_s" not in k},
    )
    assert found.metric("accuracy.bipolar.dot") == own.metric("accuracy.bipolar.dot")
    harder = runs.obtain("batmann/task", **{**config.flat(), "test_ways": 30, "test_shots": 1})
    assert sum(harder.metric("accuracy.real.cosine")) < sum(found.metric("accuracy.real.cosine"))


def test_a_perfect_memory_is_the_digital_one() -> None:
    config = MemoryConfig.build(
        **TINY, draws=2, splits=2, wires=(0.0, 1000.0), adc_bits=(2, 16), kept=(1, 32)
    )
    found = runs.obtain("batmann/memory", **config.flat()).metric("accuracy")
    assert found["wires"]["0"] == found["adc"]["16"] == found["kept"]["32"] == found["digital"]
    assert found["wires"]["1000"] != found["digital"]
    assert found["kept"]["1"] != found["digital"]


def test_no_more_bits_can_be_kept_than_a_key_has() -> None:
    with pytest.raises(UserError, match="at most 32 bits to keep"):
        MemoryConfig.build(**TINY, kept=(64,))


def test_cells_share_no_random_numbers_with_episodes() -> None:
    assert noise.STREAM not in STREAMS.values()


def test_the_trainings_behind_published_numbers_are_published() -> None:
    """Seeds side by side and other tasks keep no checkpoint of their own."""
    found = [r for r in records.read_all(PUBLISHED) if r.experiment in ("batmann/seeds", "batmann/task")]
    assert found
    for record in found:
        config = SeedsConfig.build(**{n: v for n, v in record.config.items() if n in SeedsConfig.fields()})
        values = config.training.model_dump(exclude={"seed"})
        for seed in range(config.seed, config.seed + config.seeds):
            behind = TrainConfig.build(**values, seed=seed)
            assert records.path_of("batmann/train", behind, PUBLISHED).is_file(), (record.path.stem, seed)
