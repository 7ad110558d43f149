"""Where a number comes from: commit, versions, machine."""

import hashlib
import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from imc.paths import ROOT

_PACKAGES = ("numpy", "scipy", "torch")


@cache
def commit() -> str:
    """Short hash of the project's commit, with ``+`` if ``src/`` differs from it; ``unknown`` outside git."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "src")
        return git("rev-parse", "--short=10", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@cache
def versions() -> dict[str, str]:
    """Versions of Python, this package and those that compute."""
    found = {"python": platform.python_version(), "imc": metadata.version("imc")}
    return found | {name: metadata.version(name) for name in _PACKAGES}


def machine() -> dict[str, str | int]:
    """What a log says of the machine: processor family and cores, no names or addresses."""
    return {"system": platform.system(), "processor": _processor(), "cores": len(os.sched_getaffinity(0))}


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
