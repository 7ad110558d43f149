"""Training after the merge starts from the merged network."""

from pathlib import Path

import pytest
import torch

from imc.errors import UserError
from imc.papers.reram.evaluation import policies
from imc.papers.reram.experiments import RetrainingConfig
from imc.papers.reram.network import Ensemble, Trained
from imc.papers.reram.retraining import merged_weights, retrain, start_from

TINY = {"effort": "smoke", "epochs": 1, "hidden": 12, "input_size": 8, "further_epochs": 1}


@pytest.mark.parametrize("merge", ["arithmetic", "signed"])
@pytest.mark.parametrize("weight_bits", [1, 3])
def test_the_start_is_the_merged_network(merge: str, weight_bits: int) -> None:
    config = RetrainingConfig.build(**TINY, merge=merge, weight_bits=weight_bits)
    tensors = Ensemble(config.training).tensors()
    g = torch.Generator().manual_seed(1)
    for name, tensor in tensors.items():
        if name[0] in "gbm":
            tensor += torch.randn(tensor.shape, generator=g)
    net = Trained(config.training, tensors)
    nets = start_from(merged_weights(net, config), config.training)
    start = Trained(nets.config, nets.tensors())
    expected, norms = policies(net)[f"{merge}_merge"]
    assert norms == start.norms == [None] * 3
    for layer, wanted in zip(start.layers, expected, strict=True):
        top = 1.0 if weight_bits == 1 else 1 - 2.0 ** (1 - weight_bits)  # a flipped -4 leaves -4 .. 3
        torch.testing.assert_close(layer.w, wanted.w.clamp(max=top))
        torch.testing.assert_close(layer.b, wanted.b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("start", ["trained", "initial"])
def test_a_gain_is_what_training_adds(start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    found = retrain(RetrainingConfig.build(**TINY, start=start), lambda done, note="": None).metrics
    for before, after, gain in zip(*found["accuracy"].values(), found["gain"], strict=True):
        assert gain == pytest.approx(after - before)
    assert len(found["curve"]["test"]) == 1


def test_without_batch_norm_there_is_nothing_to_merge() -> None:
    with pytest.raises(UserError, match="leaves nothing to merge"):
        retrain(RetrainingConfig.build(**TINY, norm="none"), lambda done, note="": None)
