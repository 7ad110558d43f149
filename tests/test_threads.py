"""Small products get one thread, and what was set before is set again afterwards."""

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from imc import threads


def blas() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_a_thread_needs_work_of_its_own(monkeypatch):
    monkeypatch.setattr(threads, "_processors", lambda: 4)
    assert [threads.worth(n) for n in (0, 1e6, 1.9e9, 2e9, 1e12)] == [1, 1, 1, 2, 4]


def test_small_products_have_one_thread_whatever_was_set_and_it_is_set_again(monkeypatch):
    monkeypatch.setattr(threads, "_processors", lambda: 2)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with threads.for_products(1e6) as n:
            assert n == torch.get_num_threads() == 1
            assert set(blas()) == {1}
            np.linalg.inv(np.eye(3))
        assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError), threads.for_products(1e6):
            raise ZeroDivisionError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_large_products_get_no_more_threads_than_the_user_allowed(monkeypatch):
    monkeypatch.setattr(threads, "_processors", lambda: 8)
    before, torch_before = blas(), torch.get_num_threads()
    with threads.for_products(1e12) as n:
        assert n == 8
        assert blas() == before
        assert torch.get_num_threads() == torch_before
