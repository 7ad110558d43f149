"""Episodes: balance, disjoint sets, one turn each, and the same whatever was drawn before."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imc import datasets
from imc.errors import UserError
from imc.papers.batmann import pictures
from imc.papers.batmann.episodes import draw, generator, labels
from imc.papers.batmann.experiments import TrainConfig


@settings(max_examples=50)
@given(
    st.integers(0, 2**32 - 1), st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 7), st.integers(1, 8)
)
def test_sets_are_disjoint_and_balanced(seed: int, index: int, ways: int, shots: int, queries: int) -> None:
    config = TrainConfig.build(seed=seed, ways=ways, shots=shots, queries=queries)
    episode = draw(config, "train", index, 30)
    assert len(set(episode.characters.tolist())) == ways
    assert episode.support.shape == (ways, shots)
    assert episode.queries.shape == (ways, queries)
    for sets in zip(episode.support, episode.queries, episode.pool, strict=True):
        drawings = np.concatenate(sets)
        assert len(set(drawings.tolist())) == shots + queries + 5
        assert set(drawings.tolist()) <= set(range(20))


def test_an_episode_does_not_depend_on_history() -> None:
    config = TrainConfig.build(seed=3)
    forward = [draw(config, "train", i, 100) for i in range(5)]
    for i in (4, 0, 2):
        alone = draw(config, "train", i, 100)
        for name in ("characters", "support", "queries", "pool", "turns"):
            assert np.array_equal(getattr(alone, name), getattr(forward[i], name))


def test_seeds_streams_and_episodes_differ() -> None:
    numbers = [
        generator(seed, stream, index).integers(2**63)
        for seed in (0, 1)
        for stream in ("train", "validation", "test")
        for index in (0, 1)
    ]
    assert len(set(numbers)) == len(numbers)


def test_every_character_drawing_and_turn_comes_as_often() -> None:
    config = TrainConfig.build(ways=5, shots=5)
    tasks = [draw(config, "train", i, 25) for i in range(2000)]
    counts = np.bincount(np.concatenate([t.characters for t in tasks]), minlength=25)
    assert abs(counts / 400 - 1).max() < 0.2  # 400 each; five deviations
    drawings = np.bincount(np.concatenate([t.support.flatten() for t in tasks]), minlength=20)
    assert abs(drawings / 2500 - 1).max() < 0.1
    turns = Counter(t.turns for t in tasks)
    assert all(abs(turns[n] / 500 - 1) < 0.2 for n in range(4))


def test_pictures_are_those_drawn_turned_alike() -> None:
    config = TrainConfig.build(ways=3, shots=2, queries=4)
    part = torch.randint(256, (9, 20, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for index in range(8):
        task = draw(config, "test", index, 9)
        found = task.pictures(part, task.queries)
        assert found.shape == (12, 32, 32)
        for n, picture in enumerate(found):
            character, drawing = task.characters[n // 4], task.queries[n // 4, n % 4]
            assert np.array_equal(picture.numpy(), np.rot90(part[character, drawing].numpy(), task.turns))
    assert labels(3, 4).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]


def test_too_few_characters() -> None:
    with pytest.raises(UserError, match="ways = 20: the test part of omniglot has 7 characters"):
        draw(TrainConfig.build(), "test", 0, 7)


def smoke(**values: object) -> TrainConfig:
    return TrainConfig.build(effort="smoke", **values)


def test_splits_share_out_all_characters() -> None:
    raw = datasets.load("glyphs")
    count, total = len(raw.background), len(raw.background) + len(raw.evaluation)
    for split in ("characters", "alphabets"):
        held = pictures.load(smoke(split=split, validation="held-out"), torch.device("cpu"))
        assert len(held.validation) == round(0.15 * count)
        assert len(held.train) + len(held.validation) == count
        assert len(held.test) == total - count
        whole = pictures.load(smoke(split=split, validation="episode"), torch.device("cpu"))
        assert len(whole.train) == count
        assert len(whole.validation) == 0
        assert torch.equal(whole.test, held.test)
    official = pictures.load(smoke(split="alphabets"), torch.device("cpu"))
    assert np.array_equal(official.test.numpy(), pictures.grey("glyphs")[0][count:])
    assert not torch.equal(official.test, pictures.load(smoke(), torch.device("cpu")).test)


def test_pictures_are_black_on_white_and_normalized() -> None:
    grey, _ = pictures.grey("glyphs")
    assert grey.dtype == np.uint8
    assert grey.shape[1:] == (20, 32, 32)
    assert np.median(grey) == 255
    x = pictures.normalized(torch.from_numpy(grey[:2]))
    assert x.shape == (40, 1, 32, 32)
    assert x.max().item() == pytest.approx((1 - 0.92206) / 0.08426, rel=1e-5)
    assert x.min().item() >= -0.92206 / 0.08426 - 1e-4


@pytest.mark.parametrize("damage", ["other pictures", "torn", "no folder"])
def test_only_the_pictures_that_were_kept_come_out_of_the_cache(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ink = np.random.default_rng(0).integers(0, 2, (3, 2, 50, 50), np.uint8)
    made = SimpleNamespace(background=ink[:2], evaluation=ink[2:])
    monkeypatch.setattr(datasets, "load", lambda name: made)
    monkeypatch.setattr(datasets, "digest", lambda name: "f" * 64)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if damage == "no folder":
        (tmp_path / "cache").touch()
    first, count = pictures.grey.__wrapped__("toy")
    assert (first.shape, count) == ((3, 2, 32, 32), 2)
    for path in tmp_path.rglob("*.npz"):
        other: dict[str, Any] = {"pictures": np.zeros_like(first), "background": np.array([2])}
        if damage == "other pictures":
            np.savez(path, allow_pickle=True, **other)
        else:
            path.write_bytes(path.read_bytes()[:99])
    assert np.array_equal(pictures.grey.__wrapped__("toy")[0], first)
    monkeypatch.setattr(pictures, "_shrunk", lambda ink: pytest.fail("shrunk again"))
    if damage != "no folder":
        assert np.array_equal(pictures.grey.__wrapped__("toy")[0], first)


def test_shrinking_keeps_the_ink() -> None:
    """Lanczos weights sum to one: the mean grey level stays, up to rounding and clipping."""
    raw = datasets.load("glyphs")
    ink = raw.background[:10].mean()
    assert 1 - pictures.grey("glyphs")[0][:10].mean() / 255 == pytest.approx(ink, abs=0.01)
