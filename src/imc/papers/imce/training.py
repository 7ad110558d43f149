"""Training the network of the accuracy table, so that it can be killed and taken up again at any point."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from imc.papers.imce import pictures
from imc.papers.imce.dorefa import Network
from imc.papers.imce.pictures import Part
from imc.papers.imce.recipe import BitWidthConfig
from imc.runs import unfinished
from imc.runs.experiments import Outcome, Progress

EXPERIMENT = "imce/bit-width"
RATE, EPSILON, DECAY = 1e-3, 1e-5, 1e-7
"""Adam's, the decay for the weights of fc7 alone (DoReFa-Net's released recipe)."""
SAVE_SECONDS = 60.0
WINDOWS = 4
"""Parts of an epoch, for each of which the curve has the mean loss and error."""
AT_ONCE = 200


def train(config: BitWidthConfig, progress: Progress) -> Outcome:
    """Train one network and test it after its last epoch.

    Metrics: error (percent of the test pictures, in float32); train_error (the curve's last);
    training_pictures, test_pictures, steps, devices; curve.epoch, curve.loss, curve.error (of training, with
    dropout, percent, at the end of each window); curve.test_epoch, curve.test_error (percent of the watched
    test pictures).
    """
    training = Training(config)
    training.resume()
    saved = time.monotonic()
    while not training.done:
        training.step()
        if time.monotonic() - saved > SAVE_SECONDS:
            training.save()
            saved = time.monotonic()
        if training.position % 5 == 0:
            progress(0.95 * training.position / training.total, training.note)
    training.save()
    progress(0.95, "testing")
    found = training.found
    metrics = {
        "error": round(training.error(training.test, training.network), 4),
        "train_error": found["curve"]["error"][-1],
        "training_pictures": len(training.learnt.labels),
        "test_pictures": len(training.test.labels),
        "steps": training.total,
        **found,
    }
    return Outcome(metrics)


class Training:
    """One training, between two steps.

    Attributes:
        position: steps done, of `total`.
        found: what is recorded of them: curve, devices.
    """

    def __init__(self, config: BitWidthConfig) -> None:
        self.config = config
        self.learnt, self.test = pictures.load(config)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.network = Network(config, self.generator)
        self.parameters = list(self.network.parameters())
        decayed = self.network.weights["fc7"]
        rest = [p for p in self.parameters if p is not decayed]
        self.optimizer = torch.optim.Adam(
            [{"params": rest}, {"params": [decayed], "weight_decay": DECAY}], RATE, eps=EPSILON, fused=True
        )
        self.steps = max(1, len(self.learnt.labels) // config.batch)
        self.total = self.steps * config.epochs
        self.position = 0
        self.window = torch.zeros(3)  # loss, wrong answers, pictures
        curve: dict[str, list[float]] = {
            n: [] for n in ("epoch", "loss", "error", "test_epoch", "test_error")
        }
        self.found: dict[str, Any] = {"curve": curve, "devices": []}

    @property
    def done(self) -> bool:
        return self.position >= self.total

    @property
    def note(self) -> str:
        return f"loss {self.found['curve']['loss'][-1]}" if self.found["curve"]["loss"] else ""

    def step(self) -> None:
        """One batch, and what is due after it."""
        epoch, place = divmod(self.position, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = RATE / 2 ** (epoch // self.config.halved_every)
        chosen = self._order(epoch)[place * self.config.batch : (place + 1) * self.config.batch]
        labels = self.learnt.labels[chosen]
        scores = self._scores(pictures.prepared(self.learnt.images[chosen], self.generator))
        loss = F.cross_entropy(scores, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        wrong = (scores.argmax(1) != labels).sum()
        self.window += torch.stack([loss.detach() * len(labels), wrong, torch.tensor(len(labels))])
        self.position += 1
        self._observe()

    def _order(self, epoch: int) -> Tensor:
        draw = np.random.default_rng([self.config.seed, 1, epoch])
        return torch.from_numpy(draw.permutation(len(self.learnt.labels)))

    def _scores(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            return self.network(x).float()

    def _observe(self) -> None:
        epoch, place = divmod(self.position, self.steps)
        part = max(1, self.steps // WINDOWS)
        curve = self.found["curve"]
        if place == 0 or (place % part == 0 and self.steps - place >= part):
            loss, wrong, count = self.window.tolist()
            curve["epoch"].append(round(self.position / self.steps, 4))
            curve["loss"].append(float(f"{loss / count:.5g}"))
            curve["error"].append(round(100 * wrong / count, 4))
            self.window.zero_()
        if place == 0:
            watched = Part(*(part[: self.config.watched or None] for part in self.test))
            curve["test_epoch"].append(epoch)
            curve["test_error"].append(round(self.error(watched, self._scores), 4))

    @torch.no_grad()
    def error(self, part: Part, scores: Callable[[Tensor], Tensor]) -> float:
        """Wrong answers among pictures, percent; batch norm with its running statistics, no dropout."""
        self.network.eval()
        batches = zip(part.images.split(AT_ONCE), part.labels.split(AT_ONCE), strict=True)
        wrong = sum(int((scores(pictures.prepared(x)).argmax(1) != y).sum()) for x, y in batches)
        self.network.train()
        return 100 * wrong / len(part.labels)

    def save(self) -> None:
        """Keep the state, so that `resume` goes on from here."""
        state = {f"now.{n}": v for n, v in self.network.state_dict().items()}
        for i, parameter in enumerate(self.parameters):
            state |= {f"optimizer.{i}.{n}": v for n, v in self.optimizer.state[parameter].items()}
        state |= {"generator": self.generator.get_state(), "window": self.window}
        arrays = {n: v.detach().contiguous().numpy() for n, v in state.items()}
        unfinished.save(EXPERIMENT, self.config, arrays, {"position": self.position, "found": self.found})

    def resume(self) -> None:
        """Take up the state that an earlier, killed run of this configuration left, if any."""
        state = unfinished.load(EXPERIMENT, self.config)
        if state:
            arrays, content = state
            tensors = {n: torch.from_numpy(a) for n, a in arrays.items()}
            self.position, self.found = content["position"], content["found"]
            self.generator.set_state(tensors.pop("generator"))
            self.window = tensors.pop("window")
            self.network.load_state_dict({n[4:]: v for n, v in tensors.items() if n.startswith("now.")})
            for name, value in tensors.items():
                if name.startswith("optimizer."):
                    _, index, key = name.split(".")
                    parameter = self.parameters[int(index)]
                    # the fused step needs its averages laid out in memory as the parameter is
                    kept = value if key == "step" else torch.empty_like(parameter.detach()).copy_(value)
                    self.optimizer.state[parameter][key] = kept
        device = f"CPU, {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
        if device not in self.found["devices"]:
            self.found["devices"].append(device)
