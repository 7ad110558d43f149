"""Runs: how a number comes about and is kept: configuration, computation, record, verification.

This room knows no paper: experiments are found in ``imc.papers``.
"""

from imc.runs.records import Record
from imc.runs.running import compute, find, make, obtain, publish, published

__all__ = ["Record", "compute", "find", "make", "obtain", "publish", "published"]
