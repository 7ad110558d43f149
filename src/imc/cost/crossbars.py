"""Energy, area and time of one inference on crossbars, from a stated table of components.

Counted are cells, converters, drivers, sample-and-holds, shift-and-adds, and the registers of each array; not
counted are the memory and network between arrays, control, leakage and the digital layers. A layer's arrays
read at once, each with one ADC (one for each stack where their currents are summed first); layers follow each
other, one copy of each. A read of signed inputs by drivers of both polarities is one read; by drivers of one
polarity it is two, with everything that a read takes; bit by bit it is as many as bits.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self

from imc.cost.components import Component
from imc.cost.rollup import Block
from imc.cost.table import FOLDER, Entry, Table, read
from imc.errors import UserError

ADC_BITS = 8
"""Resolution that the table's ADC is for."""


@cache
def components() -> Table:
    """The table that counts unless another is given: ``tables/crossbar.toml``.

    >>> components()["adc_rate"].unit
    'GS/s'
    """
    return read(FOLDER / "crossbar.toml")


@dataclass(frozen=True)
class Work:
    """What one inference asks of a layer.

    Attributes:
        name: of the layer.
        arrays: arrays in use.
        array_rows, array_columns: size of each.
        rows, columns: wordlines and bitlines in use, over all arrays.
        conversions: values that converters give in one cycle.
        adcs: ADCs, or sense amplifiers, of all arrays.
        reads: input vectors an inference.
        cycles: cycles of one read: 1, one for each bit of a serial input, or one for each sign.
        dac_bits, adc_bits: resolution; None without such converters.
        comparators: whether the converters are sense amplifiers.
        volt2_siemens: sum over reads, cycles and cells of voltage times current, full input 1 V; that of
            resistors is voltage squared times conductance.
        read_voltage: volt of a full input, if the cells say so; None: the table's.

    >>> work = Work(
    ...     "fc", arrays=1, array_rows=128, array_columns=128, rows=64, columns=20, conversions=20, adcs=1,
    ...     reads=1, cycles=1, dac_bits=8, adc_bits=8, comparators=False, volt2_siemens=1e-3,
    ... )
    >>> work.rows * work.columns  # cells in use
    1280
    """

    name: str
    arrays: int
    array_rows: int
    array_columns: int
    rows: int
    columns: int
    conversions: int
    adcs: int
    reads: float
    cycles: int
    dac_bits: int | None
    adc_bits: int | None
    comparators: bool
    volt2_siemens: float
    read_voltage: float | None = None


@dataclass(frozen=True)
class Range:
    """A number with the range that the table leaves: every component at its least and at its most.

    >>> Range.total([Range(2.0, 1.0, 3.0), Range(5.0, 4.0, 8.0)])
    Range(value=7.0, low=5.0, high=11.0)
    """

    value: float
    low: float
    high: float

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """The sum of several, ends with ends: they err together."""
        ends = [(p.value, p.low, p.high) for p in parts]
        return cls(*(math.fsum(end) for end in zip(*ends, strict=True)) if ends else (0.0, 0.0, 0.0))


@dataclass(frozen=True)
class Cost:
    """What a layer, or a network, costs.

    Attributes:
        energy: joule an inference.
        area: square millimetres.
        latency: seconds an inference.
        energy_by, area_by: nominal energy, joule, and area, mm2, of each component.

    >>> work = Work(
    ...     "fc", arrays=1, array_rows=128, array_columns=128, rows=64, columns=20, conversions=20, adcs=1,
    ...     reads=1, cycles=1, dac_bits=8, adc_bits=8, comparators=False, volt2_siemens=1e-3,
    ... )
    >>> both = Cost.total([cost(work), cost(work)])
    >>> both.energy.value == 2 * cost(work).energy.value
    True
    """

    energy: Range
    area: Range
    latency: Range
    energy_by: Mapping[str, float]
    area_by: Mapping[str, float]

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """The cost of layers that follow each other."""
        each = list(parts)
        return cls(
            Range.total(part.energy for part in each),
            Range.total(part.area for part in each),
            Range.total(part.latency for part in each),
            _added([part.energy_by for part in each]),
            _added([part.area_by for part in each]),
        )


def cost(work: Work, table: Table | None = None) -> Cost:
    """Energy, area and latency of one inference of a layer.

    Raises:
        UserError: if the table lacks a component that is needed.

    >>> work = Work(
    ...     "fc", arrays=1, array_rows=128, array_columns=128, rows=64, columns=20, conversions=20, adcs=1,
    ...     reads=1, cycles=1, dac_bits=8, adc_bits=8, comparators=False, volt2_siemens=1e-3,
    ... )
    >>> found = cost(work)
    >>> found.energy.low < found.energy.value < found.energy.high
    True
    >>> sorted(found.area_by)
    ['adc', 'cells', 'dac', 'register', 'sample_hold', 'shift_add']
    """
    known = components() if table is None else table
    blocks = [_blocks(work, known, end) for end in range(3)]
    energy = [1e-12 * block.total("energy_pj") for block, _ in blocks]
    area = [block.total("area_mm2") for _, block in blocks]
    slow = [_latency(work, known, end) for end in (0, 1, 2)]
    return Cost(
        Range(energy[0], min(energy), max(energy)),
        Range(area[0], min(area), max(area)),
        Range(slow[0], min(slow), max(slow)),
        {name: 1e-12 * pj for name, pj in blocks[0][0].breakdown("energy_pj").items()},
        blocks[0][1].breakdown("area_mm2"),
    )


def _blocks(work: Work, table: Table, end: int) -> tuple[Block, Block]:
    """The layer by energy and by area, with every component at its value (end 0), low (1) or high (2)."""

    def of(name: str) -> float:
        return _entry(table, name).range[end]

    def growth(name: str, bits: int) -> float:
        found = [factor**bits for factor in _entry(table, name).range]
        return (found[0], min(found), max(found))[end]

    times = work.reads * work.cycles
    volt = of("read_voltage") if work.read_voltage is None else work.read_voltage
    energy = [("cells", 1.0, work.volt2_siemens * volt**2 * of("read_time") * 1e3, "read_voltage")]
    area = [("cells", work.arrays * work.array_rows * work.array_columns, of("cell_area"), "cell_area")]
    if work.dac_bits is not None:
        factor = growth("dac_per_bit", work.dac_bits - 1)
        energy.append(("dac", work.rows * times, of("dac_energy") * factor, "dac_energy"))
        area.append(("dac", work.arrays * work.array_rows, of("dac_area") * factor, "dac_area"))
    if work.comparators:
        energy.append(("comparator", work.conversions * times, of("comparison"), "comparison"))
        area.append(("comparator", work.adcs, of("comparator_area"), "comparator_area"))
    if work.adc_bits is not None:
        factor = growth("adc_per_bit", work.adc_bits - ADC_BITS)
        energy.append(("adc", work.conversions * times, of("adc_energy") * factor, "adc_energy"))
        energy.append(("sample_hold", work.columns * times, of("sample_hold_energy"), "sample_hold_energy"))
        energy.append(("shift_add", work.conversions * times, of("shift_add_energy"), "shift_add_energy"))
        area.append(("adc", work.adcs, of("adc_area") * factor, "adc_area"))
        area.append(
            ("sample_hold", work.arrays * work.array_columns, of("sample_hold_area"), "sample_hold_area")
        )
        area.append(("shift_add", work.arrays, of("shift_add_area"), "shift_add_area"))
    energy.append(("register", work.arrays * times, of("register_energy"), "register_energy"))
    area.append(("register", work.arrays, of("register_area"), "register_area"))
    return tuple(
        Block(
            work.name,
            tuple((count, _component(name, unit, each, table[entry])) for name, count, each, entry in parts),
        )
        for unit, parts in (("energy_pj", energy), ("area_mm2", area))
    )  # pyright: ignore[reportReturnType]


def _component(name: str, unit: str, each: float, entry: Entry) -> Component:
    return Component(name, {unit: each}, entry.origin, entry.source)


def _latency(work: Work, table: Table, end: int) -> float:
    """Seconds: reads wait for the cells or for the shared ADC, whichever is slower."""
    settle, rate = _entry(table, "read_time"), _entry(table, "adc_rate")
    wait = settle.range[end] * 1e-9
    if work.adc_bits is not None:
        # the slowest ADC makes the longest time
        wait = max(
            wait, math.ceil(work.conversions / work.adcs) / ((rate.value, rate.high, rate.low)[end] * 1e9)
        )
    return work.reads * work.cycles * wait


def _entry(table: Table, name: str):
    if name not in table:
        raise UserError(f"the table of components has no '{name}'; it has {', '.join(sorted(table))}")
    return table[name]


def _added(parts: list[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in parts:
        for name, amount in part.items():
            found[name] = found.get(name, 0.0) + amount
    return found
