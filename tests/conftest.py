"""What tests share: no records but the published ones, numbers in notebooks compared as numbers."""

import base64
import contextlib
import math
import os
import re
import signal
import tempfile
from typing import Any

import pytest
import yaml
from hypothesis import settings
from nbval.plugin import IPyNbCell

from imc.pages import kernels
from imc.paths import ROOT

settings.register_profile("imc", deadline=None)  # a test asserts what is right, never how fast
settings.load_profile("imc")
# in the background, as under nohup, an interruption is ignored, and so it would be by all that tests start
signal.signal(signal.SIGINT, signal.default_int_handler)

TOLERANCE = 1e-6
"""Relative difference up to which two decimal fractions on a page are the same; integers must be equal."""

_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_EMBEDDED = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]+")


def alike(left: str, right: str) -> bool:
    """Whether two outputs have the same text around the same numbers, embedded CSV files included."""
    left, right = (_EMBEDDED.sub(_decoded, text) for text in (left, right))
    if left == right:
        return True
    if _NUMBER.split(left) != _NUMBER.split(right):
        return False
    return all(map(_close, _NUMBER.findall(left), _NUMBER.findall(right)))


def _decoded(match: re.Match[str]) -> str:
    return base64.b64decode(match[0]).decode(errors="replace")


def _close(left: str, right: str) -> bool:
    a, b = (float(text.replace("−", "-")) for text in (left, right))
    return a == b or ("." in left + right and math.isclose(a, b, rel_tol=TOLERANCE))


class Output(str):
    """An output's text that equals another one when they are alike; nbval compares with ``!=``."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and alike(str(self), str(other))

    def __ne__(self, other: object) -> bool:
        return not self == other


def _sanitize(self: IPyNbCell, s: Any) -> Any:
    return Output(s) if isinstance(s, str) else s


def contents() -> list[str]:
    """The files that the book's table of contents names, as paths without suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    return [toc["root"], *re.findall(r"'file': '([^']+)'", str(toc["parts"]))]


def pytest_configure(config: pytest.Config) -> None:
    """Give nbval the tolerance, and keep this machine's own results out of every test and page."""
    IPyNbCell.sanitize = _sanitize
    results = tempfile.TemporaryDirectory(prefix="imc-results-")
    config.add_cleanup(results.cleanup)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; small sums are slower on more
    os.environ["IMC_RESULTS"] = os.environ.get("IMC_TEST_RESULTS") or results.name
    _share_imports(config)


def _share_imports(config: pytest.Config) -> None:
    """Fork the kernels of all notebooks that a worker of ``-n`` executes from one process.

    Torch is for smoke runs, which train; alone, a notebook's kernel starts as a reader's does.
    """
    stack = contextlib.ExitStack()
    if hasattr(config, "workerinput"):
        stack.enter_context(kernels.warm("torch._dynamo"))
    config.add_cleanup(stack.close)
