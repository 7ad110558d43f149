"""The thesis's circuit against the digital network."""

from pathlib import Path

import pytest
import torch

from filled import filled
from imc import runs
from imc.crossbar.network import map_network
from imc.errors import UserError
from imc.papers.reram.circuit import ARRAY_SIDE, Comparator, chip, digital, drawn, sweep
from imc.papers.reram.experiments import CircuitConfig, MlpConfig
from imc.papers.reram.network import Ensemble, Trained
from imc.papers.reram.results import MlpResult
from imc.runs import experiments, records
from imc.runs.experiments import Outcome

TINY = {"effort": "smoke", "input_size": 20, "hidden": 16, "epochs": 1}


def configuration(**values: object) -> CircuitConfig:
    return CircuitConfig.build(**TINY | values)


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Random networks with lively norms, stored as if they had been trained."""
    config = MlpConfig.build(**TINY)
    tensors = Ensemble(config).tensors()
    g = torch.Generator().manual_seed(1)
    for name in ("gamma", "beta", "mean"):
        for layer in (1, 2, 3):
            tensors[f"{name}{layer}"] += torch.randn(tensors[f"{name}{layer}"].shape, generator=g)
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    outcome = Outcome(filled(MlpResult, {}), {name: t.numpy() for name, t in tensors.items()})
    records.write(experiments.find("reram/mlp"), config, outcome, {}, tmp_path, {})
    assert runs.find("reram/mlp", **TINY)
    return Trained(config, tensors)


def run(**values: object) -> dict:
    return dict(sweep(configuration(**values), lambda done, note="": None).metrics)


def test_ideal_devices_give_the_digital_network_bit_for_bit(networks: Trained) -> None:
    found = run()
    assert (found["flips"], found["answers_differ"], found["zero_input_error"]) == (0, 0, 0)


@pytest.mark.parametrize("ratio", [1.5, 10.0, 1e6])
def test_the_on_off_ratio_alone_changes_nothing(networks: Trained, ratio: float) -> None:
    x = (torch.rand(50, 400, generator=torch.Generator().manual_seed(2)) > 0.5).float()
    plain = digital(networks, 0)
    mapped = map_network(plain, chip(configuration(on_off_ratio=ratio), None))
    assert torch.equal(mapped.network[:2](x), plain[:2](x))  # pyright: ignore
    torch.testing.assert_close(mapped(x), plain(x), rtol=1e-4, atol=1e-4)


def test_the_thesis_network_takes_six_arrays(networks: Trained) -> None:
    config = MlpConfig.build(seeds=1)
    full = digital(Trained(config, Ensemble(config).tensors()), 0)
    shapes = [m.weight.shape for m in full if isinstance(m, torch.nn.Linear)]
    assert sum(-(-rows // ARRAY_SIDE) * -(-columns // ARRAY_SIDE) for columns, rows in shapes) == 6


@pytest.mark.parametrize(
    ("what", "value"), [("variation", 0.0), ("offset", 0.0), ("wires", 0.0), ("on_off_ratio", 1e6)]
)
def test_each_sweep_begins_at_the_digital_network(networks: Trained, what: str, value: float) -> None:
    accuracy = run(sweep=what, values=(value,), spread=0.0)["accuracy"]
    assert accuracy["swept"] == [accuracy["digital"]]


@pytest.mark.parametrize(("what", "value"), [("variation", 1.0), ("offset", 30.0), ("wires", 100.0)])
def test_each_sweep_changes_outputs_and_is_repeatable(networks: Trained, what: str, value: float) -> None:
    x = (torch.rand(50, 400, generator=torch.Generator().manual_seed(2)) > 0.5).float()
    config, plain = configuration(sweep=what, values=(value,)), digital(networks, 0)
    first, second = ([mapped(x) for mapped in drawn(config, plain, value, seed=5)] for _ in range(2))
    assert len(first) == (1 if what == "wires" else config.draws)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not any(torch.allclose(a, plain(x), atol=1e-2) for a in first)


def test_a_comparator_is_at_its_threshold_on() -> None:
    comparator = Comparator(3)
    assert comparator(torch.tensor([[-1e-6, 0.0, 2.0]])).tolist() == [[0, 1, 1]]
    comparator.offset = torch.tensor([1e-6, -1e-6, 0.0])
    assert comparator(torch.tensor([[-1e-6, 0.0, 2.0]])).tolist() == [[1, 0, 1]]


def test_half_the_hrs_is_not_the_reference(networks: Trained) -> None:
    """2/(1/R_L + 1/R_H) over R_H/2 is 4/(ratio + 1): one only at a ratio of 3 (section 5.1)."""
    assert run(on_off_ratio=3.0)["half_hrs_ratio"] == pytest.approx(1)
    assert run(on_off_ratio=100.0)["half_hrs_ratio"] == pytest.approx(4 / 101)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sweep": "offset"}, "one at least"),
        ({"values": (1.0,)}, "none for none"),
        ({"sweep": "on_off_ratio", "values": (1.0,)}, "above 1"),
        ({"sweep": "wires", "values": (-1.0,)}, "above 0"),
    ],
)
def test_values_have_to_fit_the_sweep(values: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        configuration(**values)


def test_only_the_binary_network_fits_the_circuit() -> None:
    config = MlpConfig.build(**TINY, weight_bits=2)
    with pytest.raises(UserError, match="weight_bits = 2"):
        digital(Trained(config, Ensemble(config).tensors()), 0)
