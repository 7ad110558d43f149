"""What the records of the paper's experiments hold; the runners say what each number is."""

from typing import Generic, TypeVar

from imc.runs.results import Result

T = TypeVar("T")

Curve = list[float | None]
"""A number by window of episodes; None where it was not finite."""
ByLayer = dict[str, Curve]
Draws = list[float]
"""Percent, by draw of the devices."""
BySigma = dict[str, Draws]
"""By sigma in ohm, as in "600"."""


class Bipolar(Result, Generic[T]):
    """By function of the dot products of signs."""

    dot: T
    dot_abs: T
    dot_softabs: T


class Binary(Result, Generic[T]):
    """Of signs as 0 and 1."""

    dot: T


class Real(Result, Generic[T]):
    """By function of the similarities of features as they are."""

    dot: T
    dot_abs: T
    cosine: T
    cosine_softabs: T


class Accuracy(Result, Generic[T]):
    """Right answers, percent, under every inference scheme; `table` is the row's own.

    `T` is a number for one training, a list over seeds for several.
    """

    table: T
    bipolar: Bipolar[T]
    binary: Binary[T]
    real: Real[T]


class Tested(Result):
    """A controller's test."""

    accuracy: Accuracy[float]
    most_frequent_answer: float


class Validation(Result):
    """Accuracy in the loop, percent, after these episodes."""

    episode: list[int]
    accuracy: list[float]


class Features(Result):
    """Statistics of an episode's features, by window."""

    mean: Curve
    deviation: Curve
    largest: Curve
    positive: Curve
    within: Curve
    between: Curve


class Learning(Result):
    """What a training was watched by, by window of episodes; the last two for RBNN's layers alone."""

    episode: list[int]
    loss: Curve
    accuracy: Curve
    gradient: ByLayer
    features: Features
    flipped: ByLayer
    angle: ByLayer
    rotated_angle: ByLayer | None = None
    sine: ByLayer | None = None


class TrainResult(Tested):
    """`batmann/train`."""

    last: Tested | None = None
    validation: Validation
    best_episode: int
    trained_episodes: int
    stopped: str
    devices: list[str]
    curve: Learning


class SeedsResult(Result):
    """`batmann/seeds`, lists over seeds."""

    accuracy: Accuracy[list[float]]
    most_frequent_answer: list[float]
    best_episode: list[int]
    trained_episodes: list[int]
    stopped: list[str]


class TaskResult(Result):
    """`batmann/task`, lists over seeds."""

    accuracy: Accuracy[list[float]]


class ByKind(Result):
    """How many differ on crossbars of a kind."""

    double: int
    single: int
    first_in_cells: int


class KeysResult(Result):
    """`batmann/keys`."""

    accuracy: Draws
    bits: int
    answers: int
    different_bits: ByKind
    different_answers: ByKind


class Memories(Result):
    """Accuracy, percent, by ohm, bits of a converter, or bits of a key."""

    digital: Draws
    wires: dict[str, Draws]
    adc: dict[str, Draws]
    kept: dict[str, Draws]


class MemoryResult(Result):
    """`batmann/memory`."""

    accuracy: Memories


class OnCrossbars(Result, Generic[T]):
    """By what lies on crossbars."""

    controller: T
    memory: T
    both: T


class VariationResult(Result):
    """`batmann/variation`; `edge` where the sweep has the sigmas that it compares."""

    accuracy: OnCrossbars[BySigma]
    flipped: BySigma
    floor: dict[str, dict[str, list[int]]]
    cells: dict[str, int]
    edge: OnCrossbars[Draws] | None = None


class ByMemory(Result):
    """By similarity of the key memory."""

    bipolar: float
    cosine: float


class LookResult(Result):
    """`batmann/look`."""

    accuracy: ByMemory
    same: ByMemory
    other: ByMemory
    spread: float
    positive: float
    constant: float
    tied_parameters: int
    changed_by_storing: int
