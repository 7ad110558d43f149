"""A claim: one number or testable sentence of a paper, in one or more readings."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from imc.claims import reference
from imc.claims.reference import Reference
from imc.claims.statistics import Interval
from imc.claims.verdicts import JUDGED, Expectation, Kind

_ROUNDING = 1e-9
"""Relative slack on a claim's limit: differences of decimal fractions are not exact in binary."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paper(_Strict):
    """A paper as the head of its file of claims introduces it.

    Attributes:
        id: the name of its file, and the first word of its claims' ids.
        title: as the book calls it.
        order: its place among the papers, lowest first.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9]*$")
    title: str = Field(min_length=1)
    order: float = 0


class Measure(_Strict):
    """Where our value is found: a metric of the record of one configuration."""

    experiment: str
    config: dict[str, Any] = {}
    metric: str


class Reading(_Strict):
    """What a claim says if it is understood in one way, and what that is held against.

    Attributes:
        name: a word for it; empty where the claim has one reading only.
        text: this way in words.
        expect: our value against the reference or the `bound`.
        tolerance: for "equals", in the value's unit; exact claims default to half a unit of the last digit.
        why: why this tolerance or bound, or why it cannot be tested.
        holds_for: what our runs repeat and what they hold fixed, where that is less than everything.
        measure: our value; absent until attempted.
        minus: a second value to subtract from it, paired by seed.
        fixed: measured at these configurations, whatever other size the page that shows it has.
        interval: how the interval over runs is found.
    """

    name: str = Field("", pattern=r"^[a-z0-9_]*$")
    text: str = Field(min_length=1)
    kind: Kind
    reference: str | None = None
    expect: Expectation = "equals"
    bound: float | None = Field(None, allow_inf_nan=False)
    tolerance: float | None = Field(None, ge=0, allow_inf_nan=False)
    why: str = Field(min_length=1)
    holds_for: str = ""
    measure: Measure | None = None
    minus: Measure | None = None
    fixed: bool = False
    interval: Interval = "student"

    @property
    def printed(self) -> Reference | None:
        """What the paper prints, where the claim is about a printed number."""
        return reference.look_up(self.reference) if self.reference else None

    @property
    def target(self) -> float:
        """The value that ours is held against: printed, else the bound; NaN if there is neither."""
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
    def _consistent(self) -> "Reading":
        numeric = self.reference is not None or self.bound is not None
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
        if (self.minus or self.fixed) and not self.measure:
            raise ValueError("minus and fixed need a measure")
        measured_by_chance = self.kind in ("trained", "simulated") and numeric
        if measured_by_chance and self.expect == "equals" and self.tolerance is None:
            raise ValueError(f"a {self.kind} value needs a tolerance, written before the run")
        return self


class Claim(_Strict):
    """One number or testable sentence of a paper, counted once, in the place where it stands.

    Attributes:
        place: where it stands; with a reference, that value's place unless given.
        also: further printed values that are this one, printed again.
        page: the page that shows it, ``paper/name``.
        readings: the ways to understand it, or the cases that it speaks of.
        best: the readings that the text supports best; if there are several, it says all of them.
        best_why: why the text supports these; needed where some readings are left out.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(\.[a-z0-9_]+)+$")
    paper: str
    place: str = Field(min_length=1)
    text: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    page: str | None = Field(None, pattern=r"^[a-z]+/[a-z0-9-]+$")
    readings: tuple[Reading, ...] = Field(min_length=1)
    best: tuple[str, ...] = Field(min_length=1)
    best_why: str = ""

    @property
    def anchor(self) -> str:
        """What its row on its page is called in a link."""
        return f"claim-{self.id.replace('.', '-').replace('_', '-')}"

    @property
    def taken(self) -> tuple[Reading, ...]:
        """The readings whose verdict the claim takes."""
        return tuple(reading for reading in self.readings if reading.name in self.best)

    @property
    def main(self) -> Reading:
        """The first of these, which stands for the claim where there is room for one number."""
        return self.taken[0]

    @property
    def kind(self) -> Kind:
        """The kind of its main reading."""
        return self.main.kind

    @property
    def why(self) -> str:
        """The reason of its main reading."""
        return self.main.why

    @property
    def printed(self) -> Reference | None:
        """What the paper prints, in its main reading."""
        return self.main.printed

    @property
    def target(self) -> float:
        """The value that ours is held against in its main reading."""
        return self.main.target

    @model_validator(mode="after")
    def _consistent(self) -> "Claim":
        names = [reading.name for reading in self.readings]
        if not self.id.startswith(f"{self.paper}."):
            raise ValueError(f"the id has to start with '{self.paper}.', the paper whose file it stands in")
        if len(names) > 1 and (len({*names}) < len(names) or "" in names):
            raise ValueError("each of several readings needs a name of its own")
        if unknown := [name for name in self.best if name not in names]:
            raise ValueError(f"best = {unknown[0]!r} is none of the readings, {', '.join(names)}")
        kinds = {reading.kind for reading in self.taken}
        if len(kinds) > 1 and not kinds <= {*JUDGED}:
            raise ValueError(f"readings of kinds other than {', '.join(JUDGED)} cannot hold with others")
        if len(self.taken) < len(self.readings) and not self.best_why:
            raise ValueError("best_why has to say why the text supports these readings best")
        if any(reading.measure for reading in self.readings) and not self.page:
            raise ValueError("what is measured needs the page that shows it")
        for key in self.also:
            if not self.printed or reference.look_up(key).value != self.printed.value:
                raise ValueError(f"also = {key!r} is not the same number as the reference")
        return self
