"""The papers' claims, and what our own results say about each.

``data/claims/<paper>.toml`` lists them in the paper's order. A ``[[claim]]`` with ``each = [{...}, ...]``
stands for one claim per entry, so that the cells of a column share one text, one tolerance and one reason:
``{name}`` in its texts becomes the entry's value, and a field that is ``"{name}"`` and nothing else takes the
value with its type. ``{printed}`` becomes what the paper prints.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from imc import runs
from imc.claims import reference
from imc.claims.reference import Reference
from imc.claims.statistics import Estimate
from imc.errors import UserError
from imc.paths import ROOT
from imc.runs import experiments

FOLDER = ROOT / "data" / "claims"
PAPERS = ("batmann", "reram", "imce", "codesign")

Paper = Literal["batmann", "reram", "imce", "codesign"]
Kind = Literal["exact", "trained", "simulated", "mechanism", "calibrated", "quoted", "not testable"]
Expectation = Literal["equals", "at least", "at most"]
Outcome = Literal["reproduced", "not reproduced", "contradicted", "calibrated", "quoted", "not attempted"]

_ROUNDING = 1e-9
"""Relative slack on a claim's limit: differences of decimal fractions are not exact in binary."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Strict):
    """Where our value is found: a metric of the record of one configuration."""

    experiment: str
    config: dict[str, Any] = {}
    metric: str


class Claim(_Strict):
    """One number or testable sentence of a paper.

    Attributes:
        place: where it stands; with a `reference`, that value's place unless given.
        expect: our value against the reference or the `bound`.
        tolerance: for "equals", in the value's unit; exact claims default to half a unit of the last digit.
        why: why this tolerance or bound, or why it cannot be tested.
        page: the page that shows it, ``paper/name``.
        measure: our value; absent until attempted.
        minus: a second value to subtract from it, paired by seed.
        fixed: measured at these configurations, whatever other size the page that shows it has.
    """

    id: str = Field(pattern=r"^[a-z]+(\.[a-z0-9_]+)+$")
    paper: Paper
    place: str = Field(min_length=1)
    text: str = Field(min_length=1)
    kind: Kind
    reference: str | None = None
    expect: Expectation = "equals"
    bound: float | None = Field(None, allow_inf_nan=False)
    tolerance: float | None = Field(None, ge=0, allow_inf_nan=False)
    why: str = Field(min_length=1)
    page: str | None = Field(None, pattern=r"^[a-z]+/[a-z0-9-]+$")
    measure: Measure | None = None
    minus: Measure | None = None
    fixed: bool = False

    @property
    def printed(self) -> Reference | None:
        """What the paper prints, where the claim is about a printed number."""
        return reference.value(self.reference) if self.reference else None

    @property
    def target(self) -> float:
        """The value that ours is held against: printed, else the bound; NaN if the claim has neither."""
        if self.printed:
            return self.printed.value
        return math.nan if self.bound is None else self.bound

    @property
    def limits(self) -> tuple[float, float]:
        """The range of our value, ends included, for which the claim is true."""
        slack = _ROUNDING * max(1.0, abs(self.target))
        if self.expect == "at least":
            return self.target - slack, math.inf
        if self.expect == "at most":
            return -math.inf, self.target + slack
        half_digit = self.printed.half_digit if self.printed else 0.0
        tolerance = half_digit if self.tolerance is None else self.tolerance
        return self.target - tolerance - slack, self.target + tolerance + slack

    @model_validator(mode="after")
    def _consistent(self) -> "Claim":
        numeric = self.reference is not None or self.bound is not None
        if not self.id.startswith(f"{self.paper}."):
            raise ValueError(f"the id has to start with '{self.paper}.', the paper whose file it stands in")
        if self.reference is not None and self.bound is not None:
            raise ValueError("either a reference or a bound, not both")
        if self.printed and math.isnan(self.printed.value):
            raise ValueError(f"the reference {self.reference!r} is no number but {self.printed.printed!r}")
        if self.tolerance is not None and (self.expect != "equals" or not numeric):
            raise ValueError('a tolerance belongs to expect = "equals" with a reference or a bound')
        if self.measure and not numeric:
            raise ValueError("what is measured needs a reference or a bound to be held against")
        if self.measure and self.kind in ("quoted", "not testable"):
            raise ValueError(f"a claim of kind {self.kind!r} is not measured")
        if self.measure and not self.page:
            raise ValueError("what is measured needs the page that shows it")
        if (self.minus or self.fixed) and not self.measure:
            raise ValueError("minus and fixed need a measure")
        measured_by_chance = self.kind in ("trained", "simulated") and numeric
        if measured_by_chance and self.expect == "equals" and self.tolerance is None:
            raise ValueError(f"a {self.kind} value needs a tolerance, written before the run")
        return self


@dataclass(frozen=True)
class Verdict:
    """A claim beside our result.

    Attributes:
        paper: what is printed, None for claims in words.
        here: ours, None while not attempted.
        difference: ours minus the printed value (or the bound).
        verdict: the outcome in words.
        records: the records it rests on, as ``experiment/stem``.
    """

    claim: Claim
    paper: Reference | None
    here: Estimate | None
    difference: float | None
    verdict: Outcome
    records: tuple[str, ...]


@cache
def load() -> dict[str, Claim]:
    """Every claim by id: papers in their order, claims in their papers' order.

    Raises:
        UserError: a claim that is not well formed; the sentence names file, claim and field.
    """
    return {claim.id: claim for claim in read(FOLDER)}


def read(folder: Path) -> tuple[Claim, ...]:
    """Read and check the claims of a folder; raises as `load` does."""
    found: dict[str, Claim] = {}
    for paper in PAPERS:
        path = folder / f"{paper}.toml"
        content = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if set(content) - {"claim"}:
            raise UserError(f"{path.name}: the only section allowed is claim, it has {', '.join(content)}")
        for raw in content.get("claim", []):
            where = f"{path.name}, claim {raw.get('id', 'without id')!r}"
            try:
                for claim in _expand(raw, paper):
                    if claim.id in found:
                        raise UserError(f"the id {claim.id!r} is given twice")
                    found[claim.id] = claim
            except ValidationError as error:
                raise UserError(f"{where}: {reference.explain(error)}") from None
            except UserError as error:
                raise UserError(f"{where}: {error}") from None
    return tuple(found.values())


def evaluate(claim: Claim, *, compute: bool = False, **overrides: Any) -> Verdict:
    """Hold a claim against the records.

    Args:
        compute: make missing records instead of leaving the claim "not attempted".
        overrides: replace values of the configurations measured (seeds=2), where these have such a field; a
            fixed claim takes them below full effort only.

    Raises:
        UserError: a wrong override, a metric that the record lacks, or two lists of different lengths.
    """
    operands = [operand for operand in (claim.measure, claim.minus) if operand]
    if claim.fixed and overrides.get("effort", "full") == "full":
        overrides = {}
    found = [_record(operand, compute, overrides) for operand in operands]
    if not operands or None in found:
        return Verdict(claim, claim.printed, None, None, judge(claim, None), ())
    records = [record for record in found if record]
    values = [record.metric(operand.metric) for record, operand in zip(records, operands, strict=True)]
    ours = values[0] if len(values) == 1 else subtract(*values)
    here = estimate(ours)
    names = tuple(dict.fromkeys(f"{record.experiment}/{record.path.stem}" for record in records))
    return Verdict(claim, claim.printed, here, here.mean - claim.target, judge(claim, ours), names)


def judge(claim: Claim, ours: float | Sequence[float] | None) -> Outcome:
    """The verdict on a claim, from it and our value alone: one exact number, one per seed, or None if absent.

    - exact: every value within the limits is reproduced, any other contradicted.
    - trained and simulated "equals": the mean within the limits is reproduced, else not reproduced.
    - all others: the whole 95 % interval within the limits is reproduced, wholly outside on one side
      contradicted, else not reproduced.
    """
    if claim.kind == "quoted":
        return "quoted"
    if ours is None or claim.measure is None:
        return "not attempted"
    if claim.kind == "calibrated":
        return "calibrated"
    low, high = claim.limits
    if claim.kind == "exact":
        values = ours if isinstance(ours, Sequence) else [ours]
        return "reproduced" if all(low <= value <= high for value in values) else "contradicted"
    here = estimate(ours)
    if claim.kind in ("trained", "simulated") and claim.expect == "equals":
        return "reproduced" if low <= here.mean <= high else "not reproduced"
    if low <= here.low and here.high <= high:
        return "reproduced"
    return "contradicted" if here.high < low or here.low > high else "not reproduced"


def estimate(ours: float | Sequence[float]) -> Estimate:
    """Our value with its 95 % interval: over seeds if there is one value a seed, else exact."""
    return Estimate.of_seeds(ours) if isinstance(ours, Sequence) else Estimate.exact(ours)


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
    fields = experiments.find(operand.experiment).config.model_fields
    config = operand.config | {name: value for name, value in overrides.items() if name in fields}
    return (runs.obtain if compute else runs.find)(operand.experiment, **config)


def _expand(raw: Mapping[str, Any], paper: str) -> Iterator[Claim]:
    """The claims that one ``[[claim]]`` stands for."""
    shared = {name: value for name, value in raw.items() if name != "each"}
    for entry in raw.get("each", [{}]):
        fields = {"paper": paper}
        if "reference" in raw:
            printed = reference.value(_filled(raw["reference"], entry))
            fields |= {"place": printed.place}
            entry = {**entry, "printed": printed.printed}
        yield Claim.model_validate(fields | _filled(shared, entry))


def _filled(value: Any, entry: Mapping[str, Any]) -> Any:
    """`value` with every ``{name}`` in its texts replaced by the entry's value of that name."""
    if isinstance(value, Mapping):
        return {name: _filled(v, entry) for name, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, entry) for v in value]
    if not isinstance(value, str):
        return value
    for name in re.findall(r"\{(\w+)\}", value):
        if name not in entry:
            raise UserError(
                f"{{{name}}} is none of the names it can stand for ({', '.join(entry) or 'none'})"
            )
    alone = re.fullmatch(r"\{(\w+)\}", value)
    return entry[alone[1]] if alone else re.sub(r"\{(\w+)\}", lambda m: str(entry[m[1]]), value)
