"""Claims held against the records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imc import runs
from imc.claims.claim import Claim, Measure, Reading
from imc.claims.reference import Reference
from imc.claims.statistics import Estimate, Interval, further_run
from imc.claims.verdicts import Outcome, joint, judge
from imc.errors import UserError
from imc.runs import experiments


@dataclass(frozen=True)
class Judged:
    """One reading of a claim beside our result.

    Attributes:
        here: ours, None while not attempted.
        difference: ours minus the printed value (or the bound).
        verdict: the outcome in words.
        records: the records it rests on, as ``experiment/stem``.
        further: where one more run of ours would lie, 95 %; None unless there are several.
    """

    reading: Reading
    here: Estimate | None
    difference: float | None
    verdict: Outcome
    records: tuple[str, ...]
    further: tuple[float, float] | None = None


@dataclass(frozen=True)
class Verdict:
    """A claim beside our results.

    Attributes:
        readings: each reading, judged.
        verdict: that of the readings which the text supports best.
    """

    claim: Claim
    readings: tuple[Judged, ...]
    verdict: Outcome

    @property
    def main(self) -> Judged:
        """The judgement on the claim's main reading."""
        return next(judged for judged in self.readings if judged.reading is self.claim.main)

    @property
    def paper(self) -> Reference | None:
        """What is printed, None for claims in words; in the main reading."""
        return self.claim.printed

    @property
    def here(self) -> Estimate | None:
        """Our value in the main reading, None while not attempted."""
        return self.main.here

    @property
    def difference(self) -> float | None:
        """Ours minus the printed value (or the bound), in the main reading."""
        return self.main.difference

    @property
    def records(self) -> tuple[str, ...]:
        """The records that the readings rest on."""
        return tuple(dict.fromkeys(record for judged in self.readings for record in judged.records))


def evaluate(claim: Claim, *, compute: bool = False, **overrides: Any) -> Verdict:
    """Hold a claim against the records, in each of its readings.

    Args:
        compute: make missing records instead of leaving the claim "not attempted".
        overrides: replace values of the configurations measured (seeds=2), where these have such a field; a
            fixed reading takes them below full effort only.

    Raises:
        UserError: a wrong override, a metric that the record lacks, or two lists of different lengths.
    """
    judged = tuple(_judged(reading, compute, overrides) for reading in claim.readings)
    return Verdict(claim, judged, joint([j.verdict for j in judged if j.reading.name in claim.best]))


def _judged(reading: Reading, compute: bool, overrides: Mapping[str, Any]) -> Judged:
    if reading.fixed and overrides.get("effort", "full") == "full":
        overrides = {}
    operands = [operand for operand in (reading.measure, reading.minus) if operand]
    found = [_record(operand, compute, overrides) for operand in operands]
    records = [record for record in found if record]
    ours = None
    if operands and len(records) == len(operands):
        values = [record.metric(operand.metric) for record, operand in zip(records, operands, strict=True)]
        ours = values[0] if len(values) == 1 else subtract(*values)
    verdict = judge(reading.kind, reading.expect, reading.limits, ours, reading.interval)
    if ours is None:
        return Judged(reading, None, None, verdict, ())
    here = estimate(ours, reading.interval)
    names = tuple(dict.fromkeys(f"{record.experiment}/{record.path.stem}" for record in records))
    further = further_run(ours, reading.interval) if isinstance(ours, Sequence) and len(ours) > 1 else None
    return Judged(reading, here, here.mean - reading.target, verdict, names, further)


def estimate(ours: float | Sequence[float], interval: Interval = "student") -> Estimate:
    """Our value with its 95 % interval: over runs if there is one value a run, else exact."""
    return Estimate.of_seeds(ours, interval) if isinstance(ours, Sequence) else Estimate.exact(ours)


def subtract(minuend: float | Sequence[float], subtrahend: float | Sequence[float]) -> float | list[float]:
    """Difference, seed by seed; an exact number goes with every seed.

    Raises:
        UserError: if both are lists, of different lengths.
    """
    if not isinstance(minuend, Sequence):
        return [minuend - s for s in subtrahend] if isinstance(subtrahend, Sequence) else minuend - subtrahend
    if not isinstance(subtrahend, Sequence):
        return [m - subtrahend for m in minuend]
    if len(minuend) != len(subtrahend):
        raise UserError(f"{len(minuend)} seeds cannot be paired with {len(subtrahend)}; give both the same")
    return [m - s for m, s in zip(minuend, subtrahend, strict=True)]


def _record(operand: Measure, compute: bool, overrides: Mapping[str, Any]) -> runs.Record | None:
    fields = experiments.find(operand.experiment).config.fields()
    config = operand.config | {name: value for name, value in overrides.items() if name in fields}
    return (runs.obtain if compute else runs.find)(operand.experiment, **config)
