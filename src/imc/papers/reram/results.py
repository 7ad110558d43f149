"""What the records of the thesis's experiments hold; the runners say what each number is."""

from typing import Generic, TypeVar

from imc.runs.results import Result

T = TypeVar("T")

Seeds = list[float]
"""A number by network, usually percent."""
Epochs = list[Seeds]
"""By epoch."""
Grid = list[list[Seeds]]
"""By side of the arrays and ohm of the wires."""


class ByPolicy(Result):
    """By batch-norm policy; the merges where there is batch norm to merge."""

    baseline: Seeds
    arithmetic_merge: Seeds | None = None
    signed_merge: Seeds | None = None
    signed_merge_output_exact: Seeds | None = None


class Chosen(Result):
    """What the epochs that someone chooses have."""

    class ByTest(Result):
        """The best on the test pictures."""

        test: Seeds
        epoch: list[int]
        held_out: Seeds | None = None

    class ByHeldOut(Result):
        """The best on the held-out pictures."""

        test: Seeds
        epoch: list[int]

    class Last(Result):
        """The last."""

        held_out: Seeds

    by_test: ByTest
    by_held_out: ByHeldOut | None = None
    last: Last | None = None


class Learning(Result):
    """What a training was watched by, by epoch."""

    train_loss: Epochs
    test: Epochs
    in_window1: Epochs
    in_window2: Epochs
    held_out: Epochs | None = None


class MlpResult(Result):
    """`reram/mlp`."""

    accuracy: ByPolicy
    most_frequent_answer: ByPolicy
    chosen: Chosen | None = None
    curve: Learning


class Merged(Result):
    """Of the arithmetic merge alone."""

    arithmetic_merge: Seeds


class RescaledResult(Result):
    """`reram/rescaled-merge`."""

    accuracy: Merged
    most_frequent_answer: Merged


class Swept(Result):
    """Of the digital networks, and of the circuit by value of the sweep."""

    digital: Seeds
    swept: list[Seeds] | None = None


class CircuitResult(Result):
    """`reram/circuit`; without a sweep, how the ideal circuit differs from the digital networks."""

    accuracy: Swept
    flips: int | None = None
    answers_differ: int | None = None
    arrays: int | None = None
    largest_side: int | None = None
    half_hrs_ratio: float | None = None
    zero_input_error: float | None = None
    priority: Seeds | None = None


class Tuned(Result):
    """With and without one digital slope and intercept a layer."""

    as_is: Grid
    tuned: Grid


class ByScheme(Result, Generic[T]):
    """By how signed weights lie in columns."""

    reference: T
    double: T


class CrossbarsResult(Result):
    """`reram/crossbars`."""

    digital: Seeds
    differing: list[int]
    accuracy: ByScheme[Tuned]
    kept: ByScheme[Grid]
