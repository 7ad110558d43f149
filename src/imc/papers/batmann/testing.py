"""Testing a controller on few-shot episodes, each picture embedded once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from imc.papers.batmann import pictures
from imc.papers.batmann.deployed import network, unpack
from imc.papers.batmann.episodes import Episode, Stream, draw, labels
from imc.papers.batmann.experiments import DRAWINGS, TrainConfig
from imc.papers.batmann.memory import Memory

TURNS = 4
PICTURES_AT_ONCE = 100
DOUBLES_AT_ONCE = 16
"""In float64: few enough that im2col stays in memory that is at hand."""
EPISODES_AT_ONCE = 50

SCHEMES = {
    "bipolar": {
        "dot": Memory("bipolar"),
        "dot_abs": Memory("bipolar", sharpening="abs"),
        "dot_softabs": Memory("bipolar", sharpening="softabs"),
    },
    "binary": {"dot": Memory("binary")},
    "real": {
        "dot": Memory("real"),
        "dot_abs": Memory("real", sharpening="abs"),
        "cosine": Memory("real", "cosine"),
        "cosine_softabs": Memory("real", "cosine", "softabs"),
    },
}
"""Inference schemes, by keys and function."""


def device() -> torch.device:
    """Where runs compute: the first CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def name(device: torch.device) -> str:
    """What a record says of a device: results agree to the last bit only on one kind."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"


class Embedded:
    """Features of every picture that a list of episodes uses.

    Args:
        controller: features (n, d) of normalized pictures (n, 1, 32, 32) in `dtype`.
        part: the pictures that the episodes index.
        episodes: all of one size.
    """

    def __init__(
        self,
        controller: Callable[[Tensor], Tensor],
        part: Tensor,
        episodes: list[Episode],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        sets = [np.concatenate([e.support, e.queries], 1) for e in episodes]
        places = [
            (e.characters[:, None] * DRAWINGS + drawings) * TURNS + e.turns
            for e, drawings in zip(episodes, sets, strict=True)
        ]
        used, rows = np.unique(np.stack(places), return_inverse=True)
        self.shots = episodes[0].support.shape[1]
        self.rows = torch.from_numpy(rows.reshape(len(episodes), *sets[0].shape)).to(part.device)
        at_once = DOUBLES_AT_ONCE if dtype == torch.float64 else PICTURES_AT_ONCE
        chosen = torch.from_numpy(used).to(part.device)

        def embed(few: Tensor) -> Tensor:
            return controller(pictures.normalized(_turned(part, few), dtype))

        # written into one tensor: kept piece by piece, they would lie scattered over im2col's freed memory
        self.features = torch.empty(len(chosen), embed(chosen[:1]).shape[1], device=part.device)
        for rows, few in zip(self.features.split(at_once), chosen.split(at_once), strict=True):
            rows.copy_(embed(few))

    def answers(self, memories: list[Memory]) -> Tensor:
        """Classes (memories, episodes, ways * queries) that each memory answers."""
        ways = self.rows.shape[1]
        values = torch.eye(ways, device=self.rows.device).repeat_interleave(self.shots, 0)
        found = []
        for rows in self.rows.split(EPISODES_AT_ONCE):
            support = self.features[rows[..., : self.shots].flatten(1)]
            queries = self.features[rows[..., self.shots :].flatten(1)]
            found.append(torch.stack([m.scores(queries, support, values).argmax(-1) for m in memories]))
        return torch.cat(found, 1)


def _turned(part: Tensor, places: Tensor) -> Tensor:
    """Pictures at places (character * 20 + drawing) * 4 + turns, turned."""
    chosen, turns = part.flatten(0, 1)[places // TURNS], places % TURNS
    for turn in range(1, TURNS):
        chosen[turns == turn] = torch.rot90(chosen[turns == turn], turn, (-2, -1))
    return chosen


def episodes(config: TrainConfig, stream: Stream, count: int, part: Tensor) -> list[Episode]:
    """The first `count` episodes of a stream."""
    return [draw(config, stream, i, len(part)) for i in range(count)]


def percent_right(answers: Tensor, ways: int) -> float:
    """Share of right answers (..., ways * queries), percent."""
    right = answers == labels(ways, answers.shape[-1] // ways, answers.device)
    return 100 * int(right.sum()) / right.numel()


@torch.no_grad()
def measure(config: TrainConfig, arrays: dict[str, np.ndarray], part: Tensor) -> dict[str, Any]:
    """Metrics of a checkpoint on the test characters `part`, percent.

    accuracy.table: the row's own inference, bipolar keys with `test_sharpening`; accuracy.KEYS.FUNCTION:
    every inference scheme; most_frequent_answer: its share of an episode's answers, by the row's own
    inference, on average over the episodes (100: constant answers). Features are computed in float64, so
    that no answer hangs on a rounding and every machine finds the same.
    """
    net = network(unpack(config, arrays), torch.float64).to(part.device)
    tasks = episodes(config, "test", config.test_episodes, part)
    schemes = [(keys, name, memory) for keys, group in SCHEMES.items() for name, memory in group.items()]
    answers = Embedded(net, part, tasks, torch.float64).answers([memory for *_, memory in schemes])
    accuracy: dict[str, Any] = {"table": None} | {keys: {} for keys in SCHEMES}
    for (keys, name, _), given in zip(schemes, answers, strict=True):
        accuracy[keys][name] = round(percent_right(given, config.ways), 4)
    table = "dot_abs" if config.test_sharpening == "abs" else "dot"
    accuracy["table"] = accuracy["bipolar"][table]
    own = answers[list(SCHEMES["bipolar"]).index(table)]
    most = torch.nn.functional.one_hot(own, config.ways).double().mean(1).amax(-1).mean()
    return {"accuracy": accuracy, "most_frequent_answer": round(100 * most.item(), 4)}


def evaluate(config: TrainConfig, tensors: dict[str, np.ndarray]) -> dict[str, Any]:
    """Metrics by address of a checkpoint, for `imc verify`."""
    found = measure(config, tensors, pictures.load(config, device()).test)
    accuracy, most = found["accuracy"], found["most_frequent_answer"]
    flat = {"accuracy.table": accuracy["table"], "most_frequent_answer": most}
    for keys, group in SCHEMES.items():
        flat |= {f"accuracy.{keys}.{name}": accuracy[keys][name] for name in group}
    return flat
