"""Roll-up: the cost of a hierarchy is the sum over its parts of count times cost.

The same tree adds up area and power (counts are instances) and energy (counts are uses).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from imc.cost.components import Component
from imc.errors import UserError


@dataclass(frozen=True)
class Block:
    """Something built from parts.

    Attributes:
        name: how it is called.
        parts: how many of which; a part is a component or again a block.

    Raises:
        UserError: for a count below zero, or two different components of one name.

    >>> cell = Component("cell", {"area_mm2": 1e-6}, "assumed", "a guess")
    >>> array = Block("array", ((128 * 128, cell),))
    >>> round(Block("chip", ((10, array),)).total("area_mm2"), 5)
    0.16384
    """

    name: str
    parts: tuple[tuple[float, "Component | Block"], ...]

    def __post_init__(self) -> None:
        for count, part in self.parts:
            if not (math.isfinite(count) and count >= 0):
                raise UserError(f"{self.name} has {count} of {part.name}; a count is zero or more")
        known: dict[str, Component] = {}
        for _, component in self.leaves():
            if known.setdefault(component.name, component) != component:
                raise UserError(f"{self.name} has two different components called {component.name!r}")

    def leaves(self) -> Iterator[tuple[float, Component]]:
        """Every component with its count in the whole, in the order of the parts."""
        for count, part in self.parts:
            if isinstance(part, Block):
                yield from ((count * inner, component) for inner, component in part.leaves())
            else:
                yield count, part

    def total(self, quantity: str) -> float:
        """The cost of the whole; raises as `Component.total` does."""
        return math.fsum(count * part.total(quantity) for count, part in self.parts)

    def breakdown(self, quantity: str) -> dict[str, float]:
        """Cost by component, over the whole hierarchy."""
        found: dict[str, float] = {}
        for count, component in self.leaves():
            found[component.name] = found.get(component.name, 0.0) + count * component.total(quantity)
        return found

    def amount(self, quantity: str, *names: str) -> float:
        """What the components of these names cost together.

        Raises:
            UserError: if the block has no component of such a name.
        """
        parts = self.breakdown(quantity)
        for name in names:
            if name not in parts:
                raise UserError(f"{self.name} has no component {name!r}; it has {', '.join(parts)}")
        return math.fsum(parts[name] for name in names)

    def without(self, *names: str) -> "Block":
        """The same block, at every level without the components of these names."""
        kept = tuple(
            (count, part.without(*names) if isinstance(part, Block) else part)
            for count, part in self.parts
            if part.name not in names
        )
        return Block(self.name, kept)

    def energy_pj(self, nanoseconds: float) -> float:
        """Energy of running for so long at the block's power: 1 mW for 1 ns is 1 pJ."""
        return self.total("power_mw") * nanoseconds
