"""What the records of the slides' trainings hold; the runners say what each number is."""

from typing import Generic, TypeVar

from imc.runs.results import Result

T = TypeVar("T")


class Learning(Result, Generic[T]):
    """What a training was watched by. `T` is a list over windows or epochs, or one of these a seed."""

    epoch: T
    loss: T
    error: T
    test_epoch: T
    test_error: T


class BitWidthResult(Result):
    """`imce/bit-width`."""

    error: float
    train_error: float
    training_pictures: int
    test_pictures: int
    steps: int
    curve: Learning[list[float]]
    devices: list[str]


class BitWidthSeedsResult(Result):
    """`imce/bit-width-seeds`, lists over seeds."""

    error: list[float]
    train_error: list[float]
    curve: Learning[list[list[float]]]
