"""What there is to see of a controller: one episode, its similarities, the keys of several, the filters."""

import numpy as np
import torch
from torch import Tensor

from imc.binary.signs import bipolar
from imc.papers.batmann import pictures, testing
from imc.papers.batmann.controllers import Controller
from imc.papers.batmann.deployed import network, pack, unpack
from imc.papers.batmann.episodes import Episode, labels
from imc.papers.batmann.experiments import LookConfig, TrainConfig
from imc.papers.batmann.memory import Memory
from imc.papers.batmann.splits import trained
from imc.runs.experiments import Outcome, Progress

SHOWN = 16
"""Filters, and inputs of each, of the second layer that are kept."""
MEMORIES = {"bipolar": Memory("bipolar"), "cosine": Memory("real", "cosine")}
"""Similarities by name: dot products of signs over d, and cosines of real features."""


def look(config: LookConfig, progress: Progress) -> Outcome:
    """Embed the first test episodes with the controller at `moment`, and keep what a page draws.

    Metrics: accuracy.MEMORY, percent, over these episodes; positive, share of features of 0 and more,
    percent; constant, share of key bits that never change, percent; same.MEMORY and other.MEMORY, mean
    similarity of two drawings of one character, and of two characters of one episode; spread, standard
    deviation of the latter for bipolar keys; tied_parameters, how many more parameters the controller has for
    100-way 5-shot than for 5-way 1-shot; changed_by_storing, how many similarities of all queries to the keys
    of half the characters change when those of the other half are stored as well.

    Tensors: pictures, uint8 (ways, shots + queries, 32, 32), of the first episode, and similarity.MEMORY,
    (queries, support); dots, (d + 1,), the dot products -d, -d + 2, ..., d of bipolar keys; counts.same and
    counts.other, (d + 1,), pairs of pictures at each; ones, (d,), share of pictures whose bit is +1; first,
    (channels, 5, 5), weights of the first layer; second, int8 (16, 16, 5, 5), signs of the next (of what is
    real, its signs).
    """
    training = config.training
    part = pictures.load(training, testing.device()).test
    untrained = config.moment == "start"
    layers = unpack(training, pack(Controller(training))) if untrained else trained(training)
    net = network(layers).to(part.device)
    tasks = testing.episodes(training, "test", config.looked_at, part)
    features: list[Tensor] = []
    for number, task in enumerate(tasks):
        progress(number / len(tasks), f"episode {number}")
        features.append(embedded(net, part, task))
    stacked = torch.stack(features)
    support, queries = stacked.split([training.shots, training.queries], 2)
    support, queries = support.flatten(1, 2), queries.flatten(1, 2)
    values = torch.eye(training.ways).repeat_interleave(training.shots, 0).to(part.device)
    right = labels(training.ways, training.queries, part.device)
    accuracy, arrays = {}, {}
    for name, memory in MEMORIES.items():
        answers = memory.scores(queries, support, values).argmax(-1)
        accuracy[name] = round(100 * (answers == right).double().mean().item(), 4)
        arrays[f"similarity.{name}"] = memory.weights(queries[:1], support[:1])[0].cpu().numpy()
    alone = MEMORIES["bipolar"].weights(queries, support[:, : len(values) // 2])
    together = MEMORIES["bipolar"].weights(queries, support)[..., : len(values) // 2]
    metrics = {
        "accuracy": accuracy,
        **of_pairs(stacked, arrays),
        "tied_parameters": parameters(training, 100, 5) - parameters(training, 5, 1),
        "changed_by_storing": int((alone != together).sum()),
    }
    task = tasks[0]
    both = np.concatenate([task.support, task.queries], 1)
    arrays["pictures"] = task.pictures(part, both).unflatten(0, both.shape).cpu().numpy()
    arrays["first"] = layers["conv1"].weight[:, 0].numpy()
    arrays["second"] = bipolar(layers["conv2"].weight[:SHOWN, :SHOWN]).to(torch.int8).numpy()
    return Outcome(metrics, arrays)


def parameters(config: TrainConfig, ways: int, shots: int) -> int:
    """Of the controller that learns from episodes of this size."""
    controller = Controller(config.model_copy(update={"ways": ways, "shots": shots}))
    return sum(p.numel() for p in controller.parameters())


@torch.no_grad()
def embedded(net: torch.nn.Module, part: Tensor, task: Episode) -> Tensor:
    """Features (ways, shots + queries, d) of an episode."""
    both = np.concatenate([task.support, task.queries], 1)
    x = pictures.normalized(task.pictures(part, both))
    return torch.cat([net(p).float() for p in x.split(testing.PICTURES_AT_ONCE)]).unflatten(0, both.shape)


def of_pairs(features: Tensor, arrays: dict[str, np.ndarray]) -> dict[str, object]:
    """Metrics of features (episodes, ways, drawings, d) by pairs within an episode; counts go to `arrays`."""
    _, ways, drawings, d = features.shape
    flat = features.flatten(1, 2)
    one = torch.arange(ways, device=flat.device).repeat_interleave(drawings)
    pair = torch.ones(len(one), len(one), device=flat.device).triu(1).bool()
    kinds = {"same": pair & (one[:, None] == one), "other": pair & (one[:, None] != one)}
    keys = bipolar(flat)
    found: dict[str, dict[str, float]] = {kind: {} for kind in kinds}
    arrays["dots"] = np.arange(-d, d + 1, 2)
    dots = (keys @ keys.mT).long()
    for kind, chosen in kinds.items():
        for name, memory in MEMORIES.items():
            found[kind][name] = round(float(memory.weights(flat, flat)[:, chosen].mean()), 5)
        counts = torch.bincount(((dots[:, chosen] + d) // 2).flatten(), minlength=d + 1)
        arrays[f"counts.{kind}"] = counts.cpu().numpy()
    ones = (keys > 0).double().mean((0, 1))
    arrays["ones"] = ones.float().cpu().numpy()
    return {
        **found,
        "spread": round(float(dots[:, kinds["other"]].double().std() / d), 5),
        "positive": round(100 * float(ones.mean()), 4),
        "constant": round(100 * float(((ones == 0) | (ones == 1)).double().mean()), 4),
    }
