"""What was found, in eleven sentences: each with a number from the records, and where a page shows it.

The front page prints them. A finding is a function of records alone, so that it changes with them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from imc.claims import reference
from imc.claims.statistics import Estimate
from imc.pages import tables
from imc.papers.batmann import reading
from imc.papers.batmann.results import KeysResult, SeedsResult, TrainResult
from imc.papers.reram.results import CrossbarsResult, MlpResult, RescaledResult
from imc.runs.records import Record

Obtain = Callable[..., Record]
"""As `imc.pages.page.Page.obtain`: an experiment's name and its configuration, to the record."""


@dataclass(frozen=True)
class Finding:
    """One thing that the book found.

    Attributes:
        says: a sentence in Markdown.
        what: what the number is.
        number: from the records, with its interval where chance plays a part.
        unit: of the number, or empty.
        page, anchor: where it is shown.
    """

    says: str
    what: str
    number: Estimate
    unit: str
    page: str
    anchor: str


_NARROW = {"channels": 16, "episodes": 5000, "precision": "bfloat16"}
_CHIP = {
    "row": "batmann_x",
    "variant": "released",
    "episodes": 1000,
    "validate_every": 250,
    "precision": "bfloat16",
}
_EDGE = 1400.0
"""Ohm; the greatest sigma of BATMANN's Figure 3."""


def every(obtain: Obtain) -> list[Finding]:
    """All findings, in the order of the book."""
    return [find(obtain) for find in FINDINGS]


def table(found: Sequence[Finding]) -> pd.DataFrame:
    """The findings as the front page shows them."""
    return pd.DataFrame(
        {
            "finding": _linked(one),
            "number": f"{tables.estimate(one.number)}{one.unit}",
            "of what": one.what,
        }
        for one in found
    )


def _linked(one: Finding) -> str:
    """The sentence, in which what stands out leads to the place."""
    link = rf'<a href="{one.page}.html#{one.anchor}"><b>\1</b></a>'
    return re.sub(r"\*\*(.+?)\*\*", link, one.says, count=1)


def data(found: Sequence[Finding]) -> pd.DataFrame:
    """The findings for computing with."""
    return pd.DataFrame(
        {
            "finding": one.says,
            "number": one.number,
            "unit": one.unit.strip(),
            "what": one.what,
            "page": one.page,
        }
        for one in found
    )


def cliff(obtain: Obtain) -> Finding:
    """BATMANN, Figure 3: which resistance makes the cliff."""
    config: dict[str, Any] = {"meaning": "clip-2", "sigmas": [1000.0, 1200.0, _EDGE], **_CHIP}
    start = np.array(obtain("batmann/keys", **_CHIP).results(KeysResult).accuracy)
    lost = {
        varies: start - reading.accuracy(obtain("batmann/variation", varies=varies, **config), _EDGE)
        for varies in ("on", "off")
    }
    other = Estimate.of_seeds(lost["on"].tolist()).mean
    return Finding(
        "**Figure 3's cliff is made by the draws of R<sub>off</sub>**, not by those of R<sub>on</sub>, "
        "which the paper names.",
        f"accuracy lost at σ = 1400 Ω if R<sub>off</sub> alone varies; {other:.1f} %p if R<sub>on</sub> "
        "alone does",
        Estimate.of_seeds(lost["off"].tolist()),
        " %p",
        "batmann/failing-cells",
        "fig-which-cell",
    )


def diverged(obtain: Obtain) -> Finding:
    """BATMANN, Table I, row 5: what 5.00 % is."""
    config: dict[str, Any] = {"row": "batmann_r", "variant": "released", "test_episodes": 20}
    runs = [obtain("batmann/train", seed=seed, **config).results(TrainResult) for seed in range(3)]
    last = max(run.trained_episodes for run in runs)
    return Finding(
        "**The 5.00 % of Table I's last row is no accuracy**: training has diverged, and the network "
        "gives every query one "
        "answer.",
        f"at the authors' width; the loss is no finite number after {last} episodes at the latest",
        Estimate.of_seeds([run.accuracy.table for run in runs]),
        " %",
        "batmann/collapse",
        "tab-own-size",
    )


def signs(obtain: Obtain) -> Finding:
    """BATMANN, Table I, rows 1 to 4: what the step from real keys to signs costs, and what decides it."""
    config = {"variant": "released", "episodes": 5000, "precision": "bfloat16"}
    runs = [
        obtain("batmann/train", row=row, channels=channels, **config)
        for row in ("fp32", "xnor", "batmann_x", "rbnn")
        for channels in (8, 16, 32, 128)
    ]
    found = [run.results(TrainResult).accuracy for run in runs]
    lost = [one.real.cosine - one.table for one in found]
    return Finding(
        "**What keys lose when only their signs are kept goes with the features' offset**, and this "
        "step, more than any layer, "
        "decides which row of Table I is better.",
        f"rank correlation of loss and offset over {len(runs)} trainings",
        rank_correlation([reading.offset(run) for run in runs], lost),
        "",
        "batmann/full-width",
        "fig-lost",
    )


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> Estimate:
    """Spearman's coefficient with its 95 % interval by Fisher's transform, whose variance is 1.06/(n − 3)."""
    rho = float(pd.Series(x).rank().corr(pd.Series(y).rank()))
    half = 1.96 * (1.06 / (len(x) - 3)) ** 0.5
    low, high = (float(np.tanh(np.arctanh(min(rho, 1 - 1e-12)) + side * half)) for side in (-1, 1))
    return Estimate(rho, low, high, len(x))


def not_as_described(obtain: Obtain) -> Finding:
    """BATMANN, Table I, row 4: the text against the released code."""
    runs = {v: obtain("batmann/seeds", row="rbnn", variant=v, **_NARROW) for v in ("released", "paper")}
    accuracy = {v: np.array(run.results(SeedsResult).accuracy.table) for v, run in runs.items()}
    return Finding(
        "**The RBNN row is not the method that the text describes**: the released code never updates a "
        "rotation, and keeps "
        "inputs and last layer real.",
        f"accuracy after the code; {accuracy['paper'].mean():.1f} % after the text; networks of 16 channels",
        Estimate.of_seeds(accuracy["released"].tolist()),
        " %",
        "batmann/released-code",
        "the-differences",
    )


def gain(obtain: Obtain) -> Finding:
    """Thesis, Table 5: why the arithmetic merge fails at two bits."""
    bits = {"weight_bits": 2}
    merged = np.array(obtain("reram/mlp", **bits).results(MlpResult).accuracy.arithmetic_merge)
    mended = obtain("reram/rescaled-merge", **bits).results(RescaledResult).accuracy.arithmetic_merge
    return Finding(
        "**The arithmetic merge of batch norm does not fail for lack of bits**: one gain a layer mends "
        "it, with weights of one "
        "or two bits.",
        f"accuracy with the gain, 2-bit weights; {merged.mean():.1f} % without",
        Estimate.of_seeds(mended),
        " %",
        "reram/bn-merge",
        "fig-gain",
    )


def best_epoch(obtain: Obtain) -> Finding:
    """Thesis, Table 1: which epoch of a training is printed."""
    printed = reference.table("reram.table1")
    sides = (28, 24, 20, 16, 12)
    runs = {s: obtain("reram/mlp", input_size=s, optimizer="released", epochs=160) for s in sides}

    def off(metric: str) -> list[float]:
        """Ours minus the thesis's, mean over the crops, of each network."""
        each = [np.subtract(run.metric(metric), printed[f"crop{s}"]["accuracy"]) for s, run in runs.items()]
        return np.mean(each, axis=0).tolist()

    last = Estimate.of_seeds(off("accuracy.baseline")).mean
    return Finding(
        "**The accuracies of the thesis's Table 1 fit best test epochs**, not last ones: chosen by the "
        "pictures that they are measured on.",
        "ours minus the printed accuracy at the best test epoch, mean over Table 1; "
        f"{last:.2f} %p after the last",
        Estimate.of_seeds(off("chosen.by_test.test")),
        " %p",
        "reram/input-size",
        "tab-epochs",
    )


def reference_current(obtain: Obtain) -> Finding:
    """Thesis, chapter V: its reference current behind wires."""
    run = obtain("reram/crossbars", seeds=5)
    side, ohm = run.config["sides"].index(64), run.config["ohms"].index(0.1)
    found = run.results(CrossbarsResult).accuracy
    accuracy = {"reference": found.reference.as_is[side][ohm], "double": found.double.as_is[side][ohm]}
    double = Estimate.of_seeds(accuracy["double"]).mean
    return Finding(
        "**The thesis's fixed reference current is what wires break**: it does not shrink with the "
        "currents that it is compared "
        "with, as the second column of a pair does.",
        f"accuracy on 64 × 64 arrays with 0.1 Ω between cells; {double:.1f} % with double columns",
        Estimate.of_seeds(accuracy["reference"]),
        " %",
        "crossbar/wires",
        "fig-accuracy",
    )


def lead(obtain: Obtain) -> Finding:
    """Thesis, Table 7: what the lead over ISAAC is made of."""
    gap = obtain("reram/efficiency").metric("gap.here.area")
    return Finding(
        "**Most of the thesis's lead over ISAAC is bookkeeping**: ISAAC's products have 16 bits, and the "
        "network needs one.",
        f"of the {gap['total']:.0f}-fold lead in area is the change from 16-bit to 1-bit operations",
        Estimate.exact(gap["factors"]["precision"]),
        " times",
        "reram/isaac",
        "fig-gap",
    )


def classifier(obtain: Obtain) -> Finding:
    """IMCE, memory storage: why 12 times and not 64."""
    layers = obtain("imce/storage").metric("layers")
    share = 100 * layers[-1]["binary"] / sum(layer["binary"] for layer in layers)
    return Finding(
        "**Binary AlexNet is 12 times smaller and not 64 times because of one layer**, the classifier, "
        "which stays at 64 bits.",
        "of the binary network's memory is that layer",
        Estimate.exact(share),
        " %",
        "imce/storage",
        "fig-bits",
    )


def better_reference(obtain: Obtain) -> Finding:
    """IMCE, sensing: what a better place of the reference is worth."""
    run = obtain("imce/sensitivity")
    now, best = run.metric("now.or2"), run.metric("best.or2.failure")
    return Finding(
        "**IMCE's reference stands in the wrong place**: moved from the midpoint of the two resistances, "
        "sensing errs far less "
        "often, for free.",
        f"fewer wrong answers of OR, {now:.2g} → {best:.2g} %; exact, for the assumed junction",
        Estimate.exact(now / best),
        " times",
        "imce/sensing-limits",
        "fig-reference",
    )


def zero_shifting(obtain: Obtain) -> Finding:
    """Co-design, zero-shifting and Algorithm 1: which of them makes up for asymmetric devices."""
    devices: dict[str, Any] = {"asymmetry": 0.3, "asymmetry_spread": 0.1, "reference": "symmetry"}
    floating = np.array(obtain("codesign/tiki-taka", device="float").metric("accuracy"))
    behind = {
        way: np.array(obtain("codesign/tiki-taka", **devices, **how).metric("accuracy")) - floating
        for way, how in (("shift", {}), ("algorithm", {"algorithm": "v1", "gamma": 1.0}))
    }
    other = Estimate.of_seeds(behind["algorithm"].tolist()).mean
    return Finding(
        "**Zero-shifting alone does not make up for asymmetric devices**; with the same symmetry points, the "
        "slides' Algorithm 1 does.",
        "accuracy by zero-shifting less that of floating point, both after 10,000 pictures; "
        f"{other:+.1f} %p by Algorithm 1",
        Estimate.of_seeds(behind["shift"].tolist()),
        " %p",
        "codesign/tiki-taka",
        "fig-answer",
    )


FINDINGS = (
    cliff,
    diverged,
    signs,
    not_as_described,
    best_epoch,
    gain,
    reference_current,
    lead,
    classifier,
    better_reference,
    zero_shifting,
)
