"""Where a number comes from: commit, versions, threads, machine."""

import hashlib
import os
import platform
import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from imc.paths import ROOT

_PACKAGES = ("numpy", "scipy", "torch")
_SOURCES = ("src", "data/components", "data/reference", "data/datasets.toml")
"""What a run's outcome may come from."""


def commit() -> str:
    """Short hash of the project's commit, with ``+`` if its sources differ from it.

    ``unknown`` outside git, and where the checkout only lies inside somebody else's repository.
    """
    # a hook or a shell may have set GIT_DIR and its kin, which would name another repository
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=clean).stdout.strip()

    try:
        if not Path(git("rev-parse", "--show-toplevel")).samefile(ROOT):
            return "unknown"
        changed = git("status", "--porcelain", "--", *_SOURCES)
        return git("rev-parse", "--short=10", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@cache
def versions() -> dict[str, str]:
    """Versions of Python, this package and those that compute."""
    found = {"python": platform.python_version(), "imc": metadata.version("imc")}
    return found | {name: metadata.version(name) for name in _PACKAGES}


def cores() -> int:
    """Processors that this process may use; those of the machine where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):  # Linux; a Mac has none
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """Threads that a product is divided among: what ``OMP_NUM_THREADS`` begins with, else one a core.

    As OpenMP reads it: ``4,2`` means 4 on the outer level, and what is no positive whole number counts for
    nothing.
    """
    match = re.fullmatch(r"\s*0*([1-9]\d{0,5})\s*(,.*)?", os.environ.get("OMP_NUM_THREADS", ""))
    return int(match[1]) if match else cores()


def machine() -> dict[str, str | int]:
    """What a log says of the machine: processor family and cores, no names or addresses."""
    return {"system": platform.system(), "processor": _processor(), "cores": cores()}


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        return platform.machine()
    return platform.machine()


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
