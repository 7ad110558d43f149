"""How many threads a piece of linear algebra gets: as many as it can keep busy, one if it is small.

A library of linear algebra hands every product to all of its threads and waits for the slowest. On a machine
that does other things as well, that wait is many times longer than a small product itself.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any

OPERATIONS_PER_THREAD = 1e9
"""Floating-point operations of one product that are worth a thread of their own: tens of milliseconds."""


def worth(operations: float) -> int:
    """Threads, 1 or more, for products of so many floating-point operations each.

    >>> worth(2 * 128**3)
    1
    """
    return max(1, min(_processors(), int(operations / OPERATIONS_PER_THREAD)))


@contextmanager
def for_products(operations: float) -> Iterator[int]:
    """Within, numpy, scipy and torch use `worth(operations)` threads, or fewer if they had fewer before.

    Args:
        operations: floating-point operations of one product, not of all of them together: a thousand small
            products one after another are as ill served by many threads as one is.

    Yields:
        The number of threads.

    >>> with for_products(1e6) as threads:
    ...     threads
    1
    """
    threads = worth(operations)
    with ExitStack() as stack:
        loaded = frozenset({"numpy", "scipy.linalg", "sklearn", "torch"} & sys.modules.keys())
        for pool in _pools(loaded).lib_controllers:
            stack.enter_context(_Limit(pool.get_num_threads, pool.set_num_threads, threads))
        if torch := sys.modules.get("torch"):
            stack.enter_context(_Limit(torch.get_num_threads, torch.set_num_threads, threads))
        yield threads


class _Limit:
    """One pool of threads, held to a number while a piece of work runs."""

    def __init__(self, get: Any, set_: Any, threads: int) -> None:
        self.before, self.set, self.threads = get(), set_, threads

    def __enter__(self) -> None:
        if self.before > self.threads:
            self.set(self.threads)

    def __exit__(self, *_: object) -> None:
        if self.before > self.threads:
            self.set(self.before)


@lru_cache(maxsize=8)
def _pools(loaded: frozenset[str]) -> Any:
    """The pools of BLAS threads of this process; looked for again once another library has been `loaded`."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _processors() -> int:
    allowed = getattr(os, "sched_getaffinity", None)  # systems other than Linux do not say
    return len(allowed(0)) if allowed else os.cpu_count() or 1
