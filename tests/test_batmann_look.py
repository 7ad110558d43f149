"""What the page on learning draws: pairs, keys and filters of a small controller."""

import numpy as np
import pytest
import torch

from imc import runs
from imc.papers.batmann.look import of_pairs

TINY = {
    "effort": "smoke", "row": "batmann_x", "variant": "released", "channels": 6, "dimension": 32,
    "episodes": 4, "validate_every": 2, "test_episodes": 2, "looked_at": 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_results(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))


def test_pairs_of_known_features() -> None:
    """Two characters of two drawings; keys of four bits, of which the first is always +1."""
    features = torch.tensor([[[[1.0, 2, 3, 4], [1.0, 2, 3, -4]], [[1.0, -2, -3, -4], [1.0, -2, -3, -4]]]])
    arrays: dict[str, np.ndarray] = {}
    found = of_pairs(features, arrays)
    assert arrays["dots"].tolist() == [-4, -2, 0, 2, 4]
    assert arrays["counts.same"].tolist() == [0, 0, 0, 1, 1]
    assert arrays["counts.other"].tolist() == [0, 2, 2, 0, 0]
    assert found["same"]["bipolar"] == pytest.approx(0.75)  # pyright: ignore
    assert found["other"]["bipolar"] == pytest.approx(-0.25)  # pyright: ignore
    assert found["other"]["cosine"] == pytest.approx(np.mean([-28, 4]) / 30, abs=1e-5)  # pyright: ignore
    assert found["constant"] == 25
    assert found["positive"] == pytest.approx(100 * 9 / 16)


def test_untrained_controller_of_bias_one_answers_constantly_by_signs_alone() -> None:
    """Features that are all positive have equal signs; their cosines still tell characters apart."""
    values = TINY | {"row": "fp32", "ways": 5}
    metrics = runs.obtain("batmann/look", **values, moment="start").metrics
    assert metrics["positive"] > 99
    assert metrics["constant"] > 95
    assert metrics["accuracy"]["bipolar"] < metrics["accuracy"]["cosine"] - 20


def test_look_before_and_after_training() -> None:
    start, end = (runs.obtain("batmann/look", **TINY, moment=m) for m in ("start", "end"))
    before, after = start.tensors(), end.tensors()
    assert after["pictures"].shape == (5, 6, 32, 32)
    assert after["similarity.bipolar"].shape == (15, 15)
    assert set(np.unique(after["second"])) <= {-1, 1}
    assert after["first"].shape == (6, 5, 5)
    np.testing.assert_array_equal(before["pictures"], after["pictures"])
    assert (before["first"] != after["first"]).any()
    pairs = 2 * 30 * 29 // 2
    assert after["counts.same"].sum() + after["counts.other"].sum() == pairs
    assert after["counts.same"].sum() == 2 * 5 * 15
    assert end.metrics["tied_parameters"] == end.metrics["changed_by_storing"] == 0
    trained = runs.find("batmann/train", **{k: v for k, v in TINY.items() if k != "looked_at"})
    assert trained
    assert end.metric("accuracy.bipolar") == pytest.approx(trained.metric("accuracy.bipolar.dot"), abs=1e-3)
    assert end.metric("accuracy.cosine") == pytest.approx(trained.metric("accuracy.real.cosine"), abs=4)
