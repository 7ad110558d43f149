"""Make .venv hold what the requirements say, or do nothing if it does.

    python3.11 tools/environment.py [FILE ...]

Installs requirements.txt and the package itself (editable), then each FILE without its dependencies. A
stamp in .venv holds a digest of the files, so that a second call returns at once; an environment that was
moved, or made by another Python, is made anew. Two calls at the same time wait for each other. Needs
nothing but Python.
"""

import fcntl
import hashlib
import platform
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)


def create(folder: Path) -> None:
    """An empty environment in `folder`, unless this Python made one there before."""
    stamp, wanted = folder / ".stamp-home", f"{folder} {platform.python_version()}"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        venv.create(folder, clear=True, with_pip=True)
        stamp.write_text(wanted)


def ensure(folder: Path, name: str, files: list[Path], arguments: list[str], message: str) -> None:
    """Run ``pip install`` with `arguments` in `folder`, unless its stamp `name` says that it was done."""
    stamp = folder / f".stamp-{name}"
    wanted = hashlib.sha256("\0".join(file.read_text() for file in files).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(message, flush=True)
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    # bytecode is left to the first import: compiling all of it takes longer than everything else
    subprocess.run([*pip, "--no-compile", *arguments], cwd=ROOT, check=True)
    stamp.write_text(wanted)


def main(extras: list[Path]) -> None:
    """Bring ``.venv`` up to date with requirements.txt and `extras`."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {platform.python_version()} is too old: 3.11 or newer is needed (make PYTHON=...)")
    folder, lock = ROOT / ".venv", ROOT / "requirements.txt"
    with (ROOT / ".venv.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        create(folder)
        size = "Installing the environment into .venv: once, for a minute or more (1.5 GB and up)"
        ensure(folder, "lock", [lock], ["-r", str(lock)], size)
        package = ["--no-deps", "--no-build-isolation", "--editable", "."]
        ensure(folder, "imc", [lock, ROOT / "pyproject.toml"], package, "Installing the package imc")
        for extra in extras:
            arguments = ["--no-deps", "-r", str(extra)]
            about = f"Installing {extra.parent.name}/{extra.name}"
            ensure(folder, extra.parent.name, [lock, extra], arguments, about)


if __name__ == "__main__":
    try:
        main([Path(word).resolve() for word in sys.argv[1:]])
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip failed with status {error.returncode}; mend what it says above and call make again")
