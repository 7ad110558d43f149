"""Algorithm 1: training a controller on episodes, so that it can be killed and taken up again at any
point."""

import math
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from imc.papers.batmann import noise, observing, pictures, testing
from imc.papers.batmann.controllers import LAYERS, Controller
from imc.papers.batmann.deployed import pack
from imc.papers.batmann.episodes import Episode, draw, labels
from imc.papers.batmann.experiments import TrainConfig
from imc.papers.batmann.memory import Memory
from imc.papers.batmann.testing import Embedded
from imc.runs import unfinished
from imc.runs.experiments import Outcome, Progress

EXPERIMENT = "batmann/train"
SAVE_SECONDS = 30.0
"""A run's state is saved so often; a killed run repeats at most this and one window of `observing`."""
MOMENTUM, DECAY = 0.9, 1e-4


def train(config: TrainConfig, progress: Progress) -> Outcome:
    """Train the controller, keep its best validation, test that.

    Metrics: those of `testing.measure`; last, the same of the controller as its last episode left it, since
    the first best validation may come early; validation.episode and validation.accuracy (percent);
    trained_episodes, best_episode, devices (what it was trained on), stopped ("episodes", "threshold" or
    "diverged": the loss is no finite number); and curve, by window of episodes: curve.episode (its end),
    curve.loss and curve.accuracy (queries in learning, percent; means over the window), curve.gradient.LAYER
    (norm of the weights' gradient, mean), curve.features (of the window's last episode) and what
    `observing.Watch.look` finds. None stands for what is not finite.
    """
    place = testing.device()
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        training = Training(config, place)
        training.resume()
        saved = time.monotonic()
        while not training.stopped:
            training.window()
            if time.monotonic() - saved > SAVE_SECONDS:
                training.save()
                saved = time.monotonic()
            progress(0.9 * training.episode / config.episodes, training.note)
        training.save()
        progress(0.9, "testing")
        last = pack(training.controller)
        training.controller.load_state_dict(training.best)
        arrays = pack(training.controller)
        metrics = testing.measure(config, arrays, training.pictures.test)
        if training.found["best_episode"] == training.episode:
            metrics["last"] = {name: metrics[name] for name in ("accuracy", "most_frequent_answer")}
        else:
            progress(0.95, "testing the last episode's controller")
            metrics["last"] = testing.measure(config, last, training.pictures.test)
    return Outcome(metrics | training.found, arrays)


class Training:
    """One training, between two episodes.

    Attributes:
        episode: episodes done.
        found: what is recorded of them, as `train` says.
        best: the controller's state at its best validation, or the first one.
        stopped: whether it is over.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        self.pictures = pictures.load(config, device)
        self.controller = Controller(config).to(device)
        self.controller.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.memory = Memory(config.keys, config.similarity, config.sharpening, config.normalization)
        self.parameters = list(self.controller.parameters())
        if config.optimizer == "adam":
            self.optimizer = torch.optim.Adam(self.parameters, config.learning_rate)
        else:
            self.optimizer = torch.optim.SGD(
                self.parameters, config.learning_rate, momentum=MOMENTUM, weight_decay=DECAY
            )
        self.cells = noise.Cells(config, self.controller) if config.noise else None
        self.watch = observing.Watch(self.controller)
        self.episode = 0
        self.best: dict[str, Tensor] = {}
        self.found: dict[str, Any] = {
            "validation": {"episode": [], "accuracy": []}, "best_episode": 0, "trained_episodes": 0,
            "stopped": "", "devices": [], "curve": {},
        }  # fmt: skip

    @property
    def stopped(self) -> bool:
        return bool(self.found["stopped"])

    @property
    def note(self) -> str:
        curve = self.found["curve"]
        return f"loss {curve['loss'][-1]}, {curve['accuracy'][-1]} % right"

    def window(self) -> None:
        """Train to the end of the present window, observe, and validate where it is due."""
        steps, right, loss = 0, torch.zeros((), device=self.device), torch.zeros((), device=self.device)
        norms = torch.zeros(len(LAYERS), device=self.device)
        while True:
            task, support, step_loss, step_right = self.step()
            loss, right, steps = loss + step_loss, right + step_right, steps + 1
            norms += torch.stack([self._gradient_norm(name) for name in LAYERS])
            validate = self.episode % self.config.validate_every == 0
            if validate or observing.window_end(self.episode, self.config.episodes):
                break
        gradients = (norms / steps).tolist()
        values = {
            "episode": self.episode,
            "loss": observing.number(loss / steps),
            "accuracy": observing.number(100 * right / steps),
            "gradient": {n: observing.number(g) for n, g in zip(LAYERS, gradients, strict=True)},
            "features": observing.of_features(support, self.config.shots),
            **self.watch.look(),
        }
        observing.append(self.found["curve"], values)
        if values["loss"] is None:
            self.found["stopped"] = "diverged"
        elif self.episode == self.config.episodes:
            self.found["stopped"] = "episodes"
        if validate or self.stopped:
            self._validate(task, support)
        self.found["trained_episodes"] = self.episode

    def step(self) -> tuple[Episode, Tensor, Tensor, Tensor]:
        """One episode: its support features, the loss, and the share of queries answered rightly."""
        config, part = self.config, self.pictures.train
        task = draw(config, "train", self.episode, len(part))
        batch = torch.cat([task.pictures(part, task.support), task.pictures(part, task.queries)])
        self.controller.prepare(self.episode)
        if self.cells is not None:
            self.cells.program(self.episode)
        features = self.features(pictures.normalized(batch))
        support, queries = features.split([config.ways * config.shots, config.ways * config.queries])
        answers = labels(config.ways, config.queries, self.device)
        scores = self.memory.scores(queries, support, self._values())
        loss = _loss(config, scores, answers)
        self._set_rate()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.episode += 1
        return task, support.detach(), loss.detach(), (scores.argmax(-1) == answers).float().mean()

    def features(self, batch: Tensor) -> Tensor:
        """Features (n, d), float32, of normalized pictures; products are in the training's precision."""
        low = self.config.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=low):
            return self.controller(batch).float()

    def _values(self) -> Tensor:
        return torch.eye(self.config.ways, device=self.device).repeat_interleave(self.config.shots, 0)

    def _set_rate(self) -> None:
        if self.config.optimizer == "sgd":
            done = self.episode / self.config.episodes
            rate = self.config.learning_rate * (1 + math.cos(math.pi * done)) / 2
            self.optimizer.param_groups[0]["lr"] = rate

    def _gradient_norm(self, name: str) -> Tensor:
        gradient = self.controller.layers[name].weight.grad
        assert isinstance(gradient, Tensor)
        return gradient.norm()

    @torch.no_grad()
    def _validate(self, task: Episode, support: Tensor) -> None:
        """Line 12: accuracy in the way of learning; on held-out characters, or on the last episode's (whose
        250 draws of 3 out of 5 drawings, in BATMANN's code, become the mean over all 5; its keys are those
        of the step before the last update, as there).
        """
        config = self.config
        if config.validation == "held-out":
            part = self.pictures.validation
            tasks = testing.episodes(config, "validation", config.validation_episodes, part)
            (answers,) = Embedded(self.features, part, tasks).answers([self.memory])
        else:
            pool = self.features(pictures.normalized(task.pictures(self.pictures.train, task.pool)))
            answers = self.memory.scores(pool, support, self._values()).argmax(-1)
        accuracy = round(testing.percent_right(answers, config.ways), 4)
        record = self.found["validation"]
        if not self.best or accuracy > max(record["accuracy"]):
            self.best = {name: value.clone() for name, value in self.controller.state_dict().items()}
            self.found["best_episode"] = self.episode
        record["episode"].append(self.episode)
        record["accuracy"].append(accuracy)
        if accuracy > config.threshold and not self.stopped:
            self.found["stopped"] = "threshold"

    def save(self) -> None:
        """Keep the state, so that `resume` goes on from here."""
        state = {f"now.{n}": v for n, v in self.controller.state_dict().items()}
        state |= {f"best.{n}": v for n, v in self.best.items()}
        state |= {f"start.{n}": v for n, v in self.watch.start.items()}
        for i, parameter in enumerate(self.parameters):
            memory = self.optimizer.state[parameter]
            state |= {f"optimizer.{i}.{n}": v for n, v in memory.items() if v is not None}
        arrays: dict[str, np.ndarray] = {n: v.detach().cpu().contiguous().numpy() for n, v in state.items()}
        unfinished.save(EXPERIMENT, self.config, arrays, {"episode": self.episode, "found": self.found})

    def resume(self) -> None:
        """Take up the state that an earlier, killed run of this configuration left, if any."""
        state = unfinished.load(EXPERIMENT, self.config)
        if state:
            self._restore(*state)
        device = testing.name(self.device)
        if device not in self.found["devices"]:
            self.found["devices"].append(device)

    def _restore(self, arrays: dict[str, np.ndarray], content: dict[str, Any]) -> None:
        self.episode, self.found = content["episode"], content["found"]
        groups: dict[str, dict[str, Tensor]] = {"now": {}, "best": {}, "start": {}, "optimizer": {}}
        for name, array in arrays.items():
            group, _, rest = name.partition(".")
            groups[group][rest] = torch.from_numpy(array).to(self.device)
        self.controller.load_state_dict(groups["now"])
        self.best, self.watch.start = groups["best"], groups["start"]
        for name, value in groups["optimizer"].items():
            index, _, key = name.partition(".")
            self.optimizer.state[self.parameters[int(index)]][key] = value.cpu() if key == "step" else value


def _loss(config: TrainConfig, scores: Tensor, answers: Tensor) -> Tensor:
    """Softmax cross-entropy of the scores; or the log loss of Karunaratne et al., binary cross-entropy of
    every score, a share of the attention, against the one-hot label."""
    if config.loss == "cross-entropy":
        return F.cross_entropy(scores, answers)
    return F.binary_cross_entropy(scores.clamp(0, 1), F.one_hot(answers, config.ways).float())
