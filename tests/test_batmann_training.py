"""Algorithm 1: what it learns, where it stops, and that a killed run goes on to the same record."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from imc import runs
from imc.errors import UserError
from imc.papers.batmann import training
from imc.papers.batmann.experiments import TrainConfig
from imc.papers.batmann.training import Training, train
from imc.runs import experiments, unfinished

KIND = experiments.find("batmann/train")
TINY = {
    "effort": "smoke",
    "channels": 4,
    "dimension": 32,
    "ways": 3,
    "test_episodes": 5,
    "validation_episodes": 3,
}


def tiny(**values: object) -> TrainConfig:
    return TrainConfig.build(**TINY | values)


def quiet(done: float, note: str = "") -> None:
    """No progress shown."""


@pytest.fixture(autouse=True)
def _own_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a run but its log."""
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*.*")) if not p.name.endswith(".log.json")}


@pytest.mark.parametrize(
    "values", [{"row": "fp32", "variant": "released"}, {"row": "batmann_x", "variant": "released"}]
)
def test_training_learns(values: dict) -> None:
    """Far above chance (20 %) on new characters after a few dozen episodes."""
    config = TrainConfig.build(
        effort="smoke",
        **values,
        episodes=60,
        validate_every=30,
        channels=12,
        learning_rate=3e-3,
        test_episodes=40,
    )
    assert train(config, quiet).metrics["accuracy"]["real"]["cosine"] > 50


@pytest.mark.parametrize(
    "values", [{"row": "fp32", "variant": "released"}, {"row": "batmann_x", "variant": "released"}]
)
def test_an_episode_seen_again_and_again_is_learnt(values: dict) -> None:
    """The loss on one episode falls. Those of different episodes scatter more than a short training gains:
    their order at its two ends depends on a processor's rounding."""
    found = Training(tiny(**values, channels=12, learning_rate=3e-3), torch.device("cpu"))
    losses = []
    for _ in range(20):
        found.episode = 0
        losses.append(found.step()[2].item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("row", ["fp32", "batmann_r"])
def test_the_same_run_twice_is_the_same(row: str, tmp_path: Path) -> None:
    config = tiny(row=row, variant="paper", episodes=4, validate_every=2)
    for name in ("one", "two"):
        runs.compute(KIND, config, tmp_path / name, bar=False)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(files(tmp_path / "one")) == 2


@pytest.mark.parametrize(("row", "variant"), [("rbnn", "paper"), ("xnor", "released")])
def test_an_interrupted_run_goes_on(
    row: str, variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after every window in turn, with momenta, rotations, best network and curves on the way."""
    config = tiny(row=row, variant=variant, episodes=8, validate_every=3)
    runs.compute(KIND, config, tmp_path / "whole", bar=False)
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    seen: list[float] = []

    def stop(done: float, note: str = "") -> None:
        seen.append(done)
        raise KeyboardInterrupt

    for _ in range(8):
        with pytest.raises(KeyboardInterrupt):
            train(config, stop)
    assert seen == sorted(set(seen)), "no window was done twice"
    assert unfinished.path_of("batmann/train", config).is_file()
    runs.compute(KIND, config, tmp_path / "parts", bar=False)
    assert files(tmp_path / "whole") == files(tmp_path / "parts")
    assert not unfinished.path_of("batmann/train", config).exists()


SCRIPT = """
import sys, time
from imc import runs
from imc.runs import experiments
from imc.papers.batmann import training
training.SAVE_SECONDS = 0.0
inner = training.Training.window
def slow(self):
    inner(self)
    time.sleep(0.2)
training.Training.window = slow
kind = experiments.find("batmann/train")
runs.compute(kind, kind.config.parse(sys.argv[1:]), bar=False)
"""


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    config = tiny(row="batmann_x", variant="paper", episodes=30, validate_every=5)
    runs.compute(KIND, config, tmp_path / "whole", bar=False)
    given = {**config.given(), "effort": "smoke"}
    words = [f"{name}={value}" for name, value in given.items()]
    state = unfinished.path_of("batmann/train", config)
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, *words], env=environment)
    deadline = time.monotonic() + 120
    while not state.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was over before it could be killed"
    found = unfinished.load("batmann/train", config)
    assert found is not None
    assert 0 < found[1]["episode"] < 30
    runs.compute(KIND, config, tmp_path / "parts", bar=False)
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


def test_the_state_of_another_configuration_or_library_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(episodes=4)
    begun = Training(config, torch.device("cpu"))
    begun.window()
    begun.save()
    assert unfinished.load("batmann/train", tiny(episodes=5)) is None
    monkeypatch.setattr(unfinished.provenance, "versions", lambda: {"torch": "other"})
    assert unfinished.load("batmann/train", config) is None


def test_a_torn_state_is_refused() -> None:
    config = tiny(episodes=4)
    path = unfinished.path_of("batmann/train", config)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0" * 20)
    with pytest.raises(UserError, match="is not the state of a run; delete it"):
        train(config, quiet)


def test_the_best_validation_is_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(row="xnor", variant="paper", episodes=6, validate_every=2)
    values = iter([40.0, 70.0, 70.0])
    monkeypatch.setattr(training.testing, "percent_right", lambda answers, ways: next(values))
    found = Training(config, torch.device("cpu"))
    states = []
    while not found.stopped:
        found.window()
        states.append({n: v.clone() for n, v in found.controller.state_dict().items()})
    assert found.found["validation"] == {"episode": [2, 4, 6], "accuracy": [40, 70, 70]}
    assert found.found["best_episode"] == 4
    assert all(torch.equal(value, states[3][name]) for name, value in found.best.items())
    assert found.found["stopped"] == "episodes"


def test_the_threshold_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(row="fp32", variant="released", episodes=9, validate_every=2, threshold=60)
    values = iter([60.0, 61.0])
    monkeypatch.setattr(training.testing, "percent_right", lambda answers, ways: next(values))
    found = Training(config, torch.device("cpu"))
    while not found.stopped:
        found.window()
    assert found.found["stopped"] == "threshold"
    assert found.found["trained_episodes"] == found.found["best_episode"] == 4


def test_divergence_stops_at_chance() -> None:
    """A learning rate beyond reason: the loss is no number, and constant answers give exactly 1/ways."""
    config = tiny(row="batmann_r", variant="released", learning_rate=10, episodes=200, ways=4, bias=1e18)
    metrics = train(config, quiet).metrics
    assert metrics["stopped"] == "diverged"
    assert metrics["trained_episodes"] < 200
    assert metrics["curve"]["loss"][-1] is None
    assert metrics["accuracy"]["table"] == 25


def test_curves_say_what_froze() -> None:
    """BATMANN's own RBNN: no binary weight changes its sign; with RBNN's angles they do."""
    curves = {}
    for beta in ("right", "uniform"):
        config = tiny(row="batmann_r", variant="released", episodes=5, beta=beta)
        curves[beta] = train(config, quiet).metrics["curve"]
    binary = ["conv2", "conv3", "conv4", "dense"]
    assert list(curves["right"]["flipped"]) == binary
    assert all(set(curves["right"]["flipped"][name]) == {0} for name in binary)
    assert all(max(curves["right"]["gradient"][name]) == 0 for name in binary)
    assert all(curves["uniform"]["flipped"][name][-1] > 0 for name in binary)
    assert curves["right"]["sine"]["conv2"][0] == pytest.approx(1)
    for name in ("angle", "rotated_angle"):
        assert all(0 < a < 90 for a in curves["uniform"][name]["conv3"])


def test_updated_rotations_reduce_the_angle() -> None:
    config = tiny(row="rbnn", variant="paper", episodes=5, rotate_every=1, channels=8)
    curve = train(config, quiet).metrics["curve"]
    still = train(config.model_copy(update={"rotate_every": 0}), quiet).metrics["curve"]
    assert curve["rotated_angle"]["conv2"][-1] < still["rotated_angle"]["conv2"][-1]


def test_support_and_queries_both_learn() -> None:
    """Real or bipolar keys, gradients reach the controller from both sides; every layer gets one."""
    for values in ({"row": "xnor", "variant": "paper"}, {"row": "fp32", "variant": "released"}):
        found = Training(tiny(**values), torch.device("cpu"))
        found.step()
        for name, parameter in found.controller.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name


def test_cosine_schedule_of_sgd() -> None:
    found = Training(tiny(row="rbnn", variant="released", episodes=4), torch.device("cpu"))
    rates = []
    for _ in range(4):
        found.step()
        rates.append(found.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.1, 0.1 * (1 + 0.5**0.5) / 2, 0.05, 0.1 * (1 - 0.5**0.5) / 2])
    assert found.optimizer.param_groups[0]["momentum"] == 0.9
    assert found.optimizer.param_groups[0]["weight_decay"] == 1e-4


def test_bfloat16_trains_alike() -> None:
    """One step: the loss agrees with float32 to the precision of the products."""
    losses = []
    for precision in ("float32", "bfloat16"):
        found = Training(tiny(row="batmann_x", variant="released", precision=precision), torch.device("cpu"))
        losses.append(found.step()[2].item())
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]
