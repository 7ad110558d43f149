"""The best linear classifier: what a network has to beat before it can be said to have learned."""

import torch
from torch import Tensor

from imc.papers.codesign.pictures import CLASSES, Digits
from imc.papers.codesign.splitting_experiments import LinearConfig
from imc.runs.experiments import Outcome, Progress

PENALTIES = (0.0, 1e-4, 1e-3, 1e-2)
"""Of the squared weights, half of their sum; the best on the test pictures counts, in the line's favour."""


def measure(config: LinearConfig, progress: Progress) -> Outcome:
    """Softmax regression at each penalty.

    Metrics: accuracy.best, percent of test pictures; accuracy.by_penalty, list; penalty.
    """
    digits = Digits.load(config.data, config.train, config.test, config.pool)
    found = []
    for penalty in PENALTIES:
        weight = fit(digits.train, digits.train_labels, penalty, config.steps)
        answer = (_with_one(digits.test) @ weight).argmax(-1)
        found.append(round(100 * (answer == digits.test_labels).double().mean().item(), 4))
        progress(len(found) / len(PENALTIES))
    best = max(found)
    return Outcome({"accuracy": {"best": best, "by_penalty": found}, "penalty": PENALTIES[found.index(best)]})


def fit(pictures: Tensor, labels: Tensor, penalty: float, steps: int) -> Tensor:
    """Weights of softmax regression, (pixels + 1, classes), by L-BFGS.

    Args:
        pictures: (n, pixels).
        labels: (n,).
        penalty: of the squared weights, half of their sum.
        steps: iterations at most.
    """
    inputs = _with_one(pictures)
    weight = torch.zeros(inputs.shape[1], CLASSES, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight], max_iter=steps, max_eval=2 * steps, tolerance_change=1e-9, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(inputs @ weight, labels)
        value = value + penalty / 2 * weight[:-1].square().sum()
        value.backward()
        return value.item()

    optimizer.step(loss)
    return weight.detach()


def _with_one(pictures: Tensor) -> Tensor:
    return torch.cat([pictures, torch.ones(len(pictures), 1)], 1)
