"""A reader's own network on his own chips, with and without mistakes, and trained to stand their spread.

The pages "Your own network" and "Train it on your chip".
"""

import copy
import warnings
from dataclasses import asdict
from typing import Any

from torch import Tensor

from imc import threads
from imc.crossbar import ADC, DAC, Array, Chip, ChipWarning, Device, Lognormal, map_network
from imc.papers.arrays import digits
from imc.papers.arrays.experiments import OnChipTrainingConfig, OwnNetworkConfig
from imc.runs.experiments import Outcome, Progress

CELL = Device(r_on=5e3, r_off=2e5)
ARRAY = Array(128, 128, dac=DAC(8), adc=ADC(8))


def ask(config: OwnNetworkConfig, progress: Progress) -> Outcome:
    """What `report` says of a network on a sensible chip, and what is said of four mistaken ones.

    Metrics: ``report``, the fields of `imc.crossbar.Report`, ``text``, what it prints, and ``warnings``, the
    texts; ``mistakes.<name>``: ``warnings``, and ``accuracy``, the mean and interval over chips, percent.
    """
    with threads.for_products(1):
        train, test = digits.pictures()
        network = digits.fit(digits.perceptron(config.hidden, config.seed), train, config.steps)
        spread, some = Lognormal(config.sigma), train[0][:200]
        cases: dict[str, tuple[Chip, Tensor | None]] = {
            "none": (Chip(device=CELL, variation=spread, array=ARRAY), some),
            "two states": (Chip(device=Device(5e3, 2e5, levels=2), variation=spread, array=ARRAY), some),
            "ranges not calibrated": (Chip(device=CELL, variation=spread, array=ARRAY), None),
            "DAC of 2 bits": (
                Chip(device=CELL, variation=spread, array=Array(128, 128, dac=DAC(2), adc=ADC(8))),
                some,
            ),
            "ADC of 3 bits": (
                Chip(device=CELL, variation=spread, array=Array(128, 128, dac=DAC(8), adc=ADC(3))),
                some,
            ),
        }
        metrics: dict[str, Any] = {"mistakes": {}}
        for done, (name, (chip, inputs)) in enumerate(cases.items()):
            progress(done / len(cases), name)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", ChipWarning)
                mapped = map_network(network, chip, calibrate=inputs)
                mapped(some)  # converters are looked at on the first call
                report = mapped.report(*test, chips=config.chips, seed=config.seed)
            texts = [str(w.message) for w in said if issubclass(w.category, ChipWarning)]
            if name == "none":
                metrics |= {"report": asdict(report), "text": str(report), "warnings": texts}
            else:
                metrics["mistakes"][name] = {"warnings": texts, "accuracy": asdict(report)["accuracy"]}
    progress(1, "done")
    return Outcome(metrics)


def train_on_chip(config: OnChipTrainingConfig, progress: Progress) -> Outcome:
    """Accuracy over chips of a network, of one trained as long without a chip, and of one trained through it.

    Metrics, each [spread][chip] in percent: ``before``, ``longer`` (as many further steps, without chips),
    ``after`` (these steps through the chip); ``digital``: the same networks without chips, ``before`` and
    ``longer`` one number, ``after`` [spread].
    """
    with threads.for_products(1):
        train, test = digits.pictures()
        network = digits.fit(digits.perceptron(config.hidden, config.seed), train, config.steps)
        longer = digits.fit(copy.deepcopy(network), train, config.further, config.rate)
        found: dict[str, list[list[float]]] = {"before": [], "longer": [], "after": []}
        digital: dict[str, Any] = {
            "before": digits.accuracy(network, test), "longer": digits.accuracy(longer, test), "after": []
        }  # fmt: skip
        for done, sigma in enumerate(config.sigmas):
            progress(done / len(config.sigmas), f"{sigma:g} ohm")
            chip = Chip(device=CELL, variation=Lognormal(sigma))
            trained = digits.fit(map_network(network, chip), train, config.further, config.rate)
            rivals = {"before": map_network(network, chip), "longer": map_network(longer, chip)}
            for name, mapped in (rivals | {"after": trained}).items():
                report = mapped.report(*test, chips=config.chips, seed=config.seed + 1)
                found[name].append(list(report.accuracy.each))
            digital["after"].append(report.digital)
    progress(1, "done")
    return Outcome({**found, "digital": digital})
