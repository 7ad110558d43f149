"""The key-value memory against a naive loop."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imc.papers.batmann.memory import SHARPENINGS, Memory, cosh, softabs


def features(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def naive(memory: Memory, queries: list, support: list, labels: list[int], ways: int) -> list[list[float]]:
    """Class scores in plain Python: one query, one key, one shot at a time."""

    def encode(x: list[float]) -> list[float]:
        signs = [1.0 if v >= 0 else -1.0 for v in x]
        return {"real": x, "bipolar": signs, "binary": [(s + 1) / 2 for s in signs]}[memory.keys]

    functions = {
        "identity": lambda a: a,
        "abs": abs,
        "softmax": math.exp,
        "softabs": lambda a: 1 / (1 + math.exp(-10 * (a - 0.5))) + 1 / (1 + math.exp(-10 * (-a - 0.5))),
        "cosh": lambda a: math.exp(10 * (a - 0.5)) + math.exp(10 * (-a - 0.5)),
    }
    rows = []
    for query in map(encode, queries):
        row = []
        for key in map(encode, support):
            a = sum(x * y for x, y in zip(query, key, strict=True))
            if memory.similarity == "cosine":
                a /= math.hypot(*query) * math.hypot(*key) + 1e-8
            else:
                a /= len(query)
            row.append(functions[memory.sharpening](a))
        if memory.normalization != "none":
            row = [w / sum(row) for w in row]
        rows.append(row)
    if memory.normalization == "z-score":
        every = [w for row in rows for w in row]
        mean = sum(every) / len(every)
        deviation = math.sqrt(sum((w - mean) ** 2 for w in every) / (len(every) - 1))
        rows = [[(w - mean) / deviation for w in row] for row in rows]
    return [
        [sum(w for w, c in zip(row, labels, strict=True) if c == way) for way in range(ways)] for row in rows
    ]


@pytest.mark.parametrize("keys", ["real", "bipolar", "binary"])
@pytest.mark.parametrize("similarity", ["cosine", "dot"])
@pytest.mark.parametrize("sharpening", SHARPENINGS)
@pytest.mark.parametrize("normalization", ["none", "sum", "z-score"])
def test_scores_are_the_naive_loop(keys, similarity, sharpening, normalization) -> None:
    memory = Memory(keys, similarity, sharpening, normalization)
    queries, support = features(2, 4, 16, seed=0), features(2, 6, 16, seed=1)
    labels = [2, 0, 1, 1, 2, 0]  # in no order: values are any one-hot labels
    values = torch.nn.functional.one_hot(torch.tensor(labels)).double()
    found = memory.scores(queries, support, values)
    for episode in range(2):
        expected = naive(memory, queries[episode].tolist(), support[episode].tolist(), labels, 3)
        for row, other in zip(found[episode].tolist(), expected, strict=True):
            assert row == pytest.approx(other, rel=1e-9, abs=1e-9)


@given(st.floats(-1, 1))
def test_softabs_is_even_and_sharpens_one_half(a: float) -> None:
    found = softabs(torch.tensor([a, -a], dtype=torch.float64))
    assert found[0].item() == pytest.approx(found[1].item(), rel=1e-12)
    assert (found[0].item() > softabs(torch.tensor(0.0)).item()) or abs(a) < 1e-3


def test_softabs_by_hand() -> None:
    assert softabs(torch.tensor(0.5)).item() == pytest.approx(0.5 + 1 / (1 + math.exp(10)))
    assert softabs(torch.tensor(0.0)).item() == pytest.approx(2 / (1 + math.exp(5)))


@given(st.floats(-1, 1))
def test_released_softabs_is_a_hyperbolic_cosine(a: float) -> None:
    """2 exp(-5) cosh(10 a); the later "+ 1" in its exponents is a factor e that normalization cancels."""
    x = torch.tensor([a, 0.3], dtype=torch.float64)
    assert cosh(x)[0].item() == pytest.approx(2 * math.exp(-5) * math.cosh(10 * a), rel=1e-9)
    edited = 1 / torch.exp(-(10 * (x - 0.5) + 1)) + 1 / torch.exp(-(10 * (-x - 0.5) + 1))
    assert torch.allclose(edited / edited.sum(), cosh(x) / cosh(x).sum())


def test_bipolar_scores_are_exact_multiples_of_one_over_d() -> None:
    scores = Memory("bipolar").weights(
        features(1, 3, 512, seed=0).float(), features(1, 3, 512, seed=1).float()
    )
    assert torch.equal(512 * scores, (512 * scores).round())
    assert torch.equal(
        scores, Memory("bipolar", "cosine").weights(*[features(1, 3, 512, seed=s) for s in (0, 1)]).float()
    )


def test_z_score_and_sum_change_no_answer() -> None:
    queries, support = features(5, 20, 32, seed=0), features(5, 15, 32, seed=1)
    values = torch.eye(5, dtype=torch.float64).repeat_interleave(3, 0)
    answers = [
        Memory("real", "cosine", "cosh", n).scores(queries, support, values).argmax(-1)
        for n in ("none", "sum", "z-score")
    ]
    assert not torch.equal(answers[0], torch.zeros_like(answers[0]))
    assert torch.equal(answers[1], answers[2])


def test_bipolar_keys_learn_within_the_window() -> None:
    """The gradient of a key's sign passes where its feature lies in (-1, 1), on both sides of the product."""
    queries, support = 2 * features(2, 8, seed=0), 2 * features(3, 8, seed=1)
    for tensor in (queries, support):
        tensor.requires_grad_()
    upstream = features(2, 3, seed=2)
    Memory("bipolar").weights(queries, support).backward(upstream)
    signs = [torch.where(t.detach() >= 0, 1.0, -1.0).double() for t in (queries, support)]
    assert queries.grad is not None
    assert support.grad is not None
    assert torch.allclose(queries.grad, upstream @ signs[1] / 8 * (queries.detach().abs() < 1))
    assert torch.allclose(support.grad, upstream.T @ signs[0] / 8 * (support.detach().abs() < 1))


def test_equal_bipolar_keys_pass_no_gradient() -> None:
    """Why bipolar keys cannot start from a bias of 1: equal keys share a gradient that cancels."""
    features_ = (features(10, 16, seed=0).abs() * 0.1 + 0.2).requires_grad_()
    values = torch.eye(5, dtype=torch.float64)
    scores = Memory("bipolar").scores(features_[5:], features_[:5], values)
    torch.nn.functional.cross_entropy(scores, torch.arange(5)).backward()
    assert features_.grad is not None
    assert features_.grad.abs().max() < 1e-12
