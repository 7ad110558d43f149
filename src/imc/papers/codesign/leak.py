"""Weights that leak, and what is kept when they are moved to lasting cells."""

import math

import torch
from torch import Generator, Tensor, nn

from imc import runs
from imc.analog import AnalogLinear, Capacitor
from imc.analog.algorithms import SGDTile
from imc.errors import UserError
from imc.papers.codesign.retention_experiments import LeakConfig, LossConfig, TransferConfig, compared
from imc.papers.codesign.training import accuracy, analog, pictures, trained
from imc.runs.experiments import Outcome, Progress


def epochs(minutes: float, cycle: float, updates: int) -> float:
    """A time constant, min, in epochs of so many updates of `cycle` seconds each.

    >>> [float(f"{epochs(775, cycle, 60_000):.3g}") for cycle in (200e-9, 100e-6, 10e-3)]
    [3880000.0, 7750.0, 77.5]
    """
    return minutes * 60 / (cycle * updates)


def check(config: LeakConfig, progress: Progress) -> Outcome:
    """A time constant in epochs, and one cell left alone.

    Metrics: ``epochs`` and ``updates``, the time constant by `cycles`; ``lost_an_epoch``, percent of a
    weight. ``rest.distance``, a list over cells: what is left, after five time constants, of the distance
    from the resting point; ``law``, largest difference of that share from (1 - 1/tau)^n over the 5 tau.
    """
    in_epochs = [epochs(config.minutes, cycle, config.updates) for cycle in config.cycles]
    chance = Generator().manual_seed(config.seed)
    cells = Capacitor(states=1000, tau=config.tau, rest=config.rest).array((1, config.seeds), chance)
    cells.program(torch.linspace(-1, -0.5, config.seeds).view(1, -1))
    start, left, worst = cells.weight - config.rest, torch.ones(1), 0.0
    for n in range(1, round(5 * config.tau) + 1):
        cells.wait(1)
        left = (cells.weight - config.rest) / start
        worst = max(worst, float((left - (1 - 1 / config.tau) ** n).abs().max()))
    return Outcome(
        {
            "epochs": in_epochs,
            "updates": [e * config.updates for e in in_epochs],
            "lost_an_epoch": [-100 * math.expm1(-1 / e) for e in in_epochs],
            "rest": {"distance": left.flatten().tolist()},
            "law": worst,
        }
    )


def loss(config: LossConfig, progress: Progress) -> Outcome:
    """What the leak costs networks that train alike.

    Metric ``loss``, a list over seeds: test error with the leak less that without, %p.
    """
    leaking, lasting = (runs.obtain(name, **values).metric("error") for name, values in compared(config))
    return Outcome({"loss": [round(a - b, 4) for a, b in zip(leaking, lasting, strict=True)]})


@torch.no_grad()
def move(layer: AnalogLinear, error: float, chance: Generator) -> None:
    """Write what a layer weighs, as one sum, to its lasting cells; its leaking cells come to rest.

    A layer's weight is that of its leaking cells less a reference; the lasting cells are the reference with
    the opposite sign, beyond the resting point.

    Args:
        layer: trained by SGD, its reference stored (`Reference("rest")`).
        error: SD of what is written, a weight.
        chance: draws it.
    """
    tile = layer.tile
    assert isinstance(tile, SGDTile)
    bound = tile.setting.device.bound
    lasting = _written(tile.weight, error, bound, chance)
    rest = tile.c.resting_point()
    tile.c.program(rest)
    tile.reference.copy_(tile.c.weight - lasting)


def _written(weight: Tensor, error: float, bound: float, chance: Generator) -> Tensor:
    z = torch.empty_like(weight).normal_(generator=chance)
    return (weight + error * z).clamp_(-bound, bound)


def transfer(config: TransferConfig, progress: Progress) -> Outcome:
    """Train `config.seeds` networks and move their weights.

    Metrics, lists over seeds: ``accuracy.before`` and ``accuracy.after`` the last transfer, percent, and
    ``change``, the difference; ``transfers``, how many there were.

    Raises:
        UserError: if the configuration's cells have no resting point, or another algorithm is named.
    """
    if config.device != "capacitor" or config.reference != "rest" or config.algorithm != "sgd":
        raise UserError(
            "codesign/transfer: weights move from leaking cells trained by SGD: device=capacitor, "
            f"reference=rest and algorithm=sgd, not {config.device}, {config.reference}, {config.algorithm}"
        )
    train, judges = pictures(config)
    error = config.transfer_error * 2 * config.bound
    every = config.samples if config.transfer == "offline" else config.transfer_every
    before: list[float] = []
    after: list[float] = []
    for number in range(config.seeds):
        chance = Generator().manual_seed(config.seed + number + 2**30)
        due, last = every, config.samples // every * every

        def carry(net: nn.Sequential, seen: int, chance: Generator = chance, last: int = last) -> None:
            nonlocal due
            if seen < due:
                return
            if due == last:
                before.append(accuracy(net, judges))
            for layer in analog(net):
                move(layer, error, chance)
            if due == last:
                after.append(accuracy(net, judges))
            due += every

        trained(config, config.seed + number, train, carry)
        progress((number + 1) / config.seeds, f"network {number + 1}: {after[-1]:.2f} %")
    change = [round(a - b, 4) for a, b in zip(after, before, strict=True)]
    return Outcome(
        {
            "accuracy": {"before": before, "after": after},
            "change": change,
            "transfers": config.samples // every,
        }
    )
