"""Make .venv hold what the requirements say, or do nothing if it does.

    python3.11 tools/environment.py [FILE ...]

Installs requirements.txt and puts src/ on the path, then installs each FILE without its dependencies. A
stamp in .venv holds a digest of the files, so that a second call returns at once; an environment that was
moved, or made by another Python, is made anew, and a package that is gone or not whole is installed again.
Two calls at the same time wait for each other. Needs nothing but Python, and says so to an old one.
"""

from __future__ import annotations  # so that an old Python comes as far as the sentence about its age

import hashlib
import os
import platform
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

try:
    import fcntl
except ImportError:
    sys.exit("make works on Linux and macOS; on Windows, call it inside its Linux subsystem (WSL)")

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)


def create(folder: Path) -> None:
    """An empty environment in `folder`, unless this Python made one there before."""
    stamp, wanted = folder / ".stamp-home", f"{folder} {platform.python_version()}"
    python = folder / "bin" / "python"
    if not (python.exists() and stamp.is_file() and stamp.read_text() == wanted):
        venv.create(folder, clear=True, with_pip=True)
        stamp.write_text(wanted)


def ensure(folder: Path, name: str, files: list[Path], arguments: list[str], message: str) -> None:
    """Run ``pip install`` with `arguments` in `folder`, unless its stamp `name` says that it was done."""
    stamp = folder / f".stamp-{name}"
    wanted = hashlib.sha256("\0".join(file.read_text() for file in files).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    install(folder, arguments, message)
    stamp.write_text(wanted)


def install(folder: Path, arguments: list[str], message: str) -> None:
    """Run ``pip install`` with `arguments` in `folder`, after saying `message`."""
    print(message, flush=True)
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    # bytecode is left to the first import: compiling all of it takes longer than everything else
    subprocess.run([*pip, "--no-compile", *arguments], cwd=ROOT, check=True)


def broken(folder: Path, files: list[Path]) -> list[str]:
    """The pins in `files` whose package is not in `folder`, is of another version, or lacks a file."""
    site = next(folder.glob("lib/python3*/site-packages"), folder)
    found = {}
    for info in site.glob("*.dist-info"):
        name, version = info.name[: -len(".dist-info")].rsplit("-", 1)
        if whole(info):
            found[name.lower()] = version.partition("+")[0]
    pins = re.findall(r"^([\w.-]+)==([^\s#+]+)", "\n".join(map(Path.read_text, files)), re.MULTILINE)
    return [f"{name}=={pin}" for name, pin in pins if found.get(re.sub("[-.]", "_", name.lower())) != pin]


def whole(info: Path) -> bool:
    """Whether every module that a package's list of files names is there."""
    try:
        lines = (info / "RECORD").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    names = (line.rsplit(",", 2)[0].strip('"') for line in lines)
    return all(os.path.exists(info.parent / name) for name in names if name.endswith((".py", ".so", ".pth")))


def main(extras: list[Path]) -> None:
    """Bring ``.venv`` up to date with requirements.txt and `extras`."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {platform.python_version()} is too old: 3.11 or newer is needed (make PYTHON=...)")
    if os.pathsep in str(ROOT) or "\n" in str(ROOT):
        sys.exit(f"no Python environment works in {str(ROOT)!r}: a '{os.pathsep}' or a line end in its path")
    folder, lock = ROOT / ".venv", ROOT / "requirements.txt"
    with (ROOT / ".venv.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        create(folder)
        size = "Installing the environment into .venv: once, for a minute or more (1.5 GB and up)"
        ensure(folder, "lock", [lock], ["-r", str(lock)], size)
        mend(folder, [lock])
        link(folder)
        for extra in extras:
            arguments = ["--no-deps", "-r", str(extra)]
            about = f"Installing {extra.parent.name}/{extra.name}"
            ensure(folder, extra.parent.name, [lock, extra], arguments, about)
        mend(folder, extras)
        quote(folder)


def link(folder: Path) -> None:
    """Put the package on the environment's path, by a line that spells no folder's name out; its version, and a
    reader of pages' sources for papermill.

    Building it for an editable installation would fail where the path has braces or a dollar.
    """
    site = next(folder.glob("lib/python3*/site-packages"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.findall(r'^version = "(.+)"', project, re.MULTILINE)[0]
    info = site / f"imc-{version}.dist-info"
    info.mkdir(exist_ok=True)
    metadata = f"Metadata-Version: 2.1\nName: imc\nVersion: {version}\n"
    # papermill asks the readers of a path by how it begins
    readers = "".join(f"{start} = page_sources:READER\n" for start in ("notebooks/", "./", "../", "/"))
    texts = {
        info / "METADATA": metadata,
        info / "entry_points.txt": f"[papermill.io]\n{readers}",
        site / "page_sources.py": Path(__file__).with_name("page_sources.py").read_text(encoding="utf-8"),
        site / "imc.pth": os.path.relpath(ROOT / "src", site) + "\n",
    }
    for file, text in texts.items():  # not again what is there: another process may be reading it
        if not (file.is_file() and file.read_text() == text):
            file.write_text(text)


def quote(folder: Path) -> None:
    """Let the commands in `folder` work where its path has a quote or a dollar, which pip and venv forget.

    A command finds Python beside itself instead of by its path, and ``activate`` has the path in quotes.
    """
    if not {*'"$`\\'} & {*str(folder)}:
        return
    for file in (folder / "bin").iterdir():
        content = file.read_bytes() if file.is_file() and not file.is_symlink() else b""
        mended = content.replace(b'"%b/bin/python' % os.fsencode(folder), b'"$(dirname -- "$0")/python', 1)
        if file.name == "activate":
            mended = content.replace(b'"%b"' % os.fsencode(folder), os.fsencode(shlex.quote(str(folder))))
        if mended != content:  # under another name first, as another process may be running it
            new = file.with_name(f".{file.name}.new")
            new.write_bytes(mended)
            new.chmod(file.stat().st_mode)
            new.replace(file)


def mend(folder: Path, files: list[Path]) -> None:
    """Install again what of the pins in `files` is broken."""
    if pins := broken(folder, files):
        arguments = ["--no-deps", "--force-reinstall", *pins]
        install(folder, arguments, f"Installing again what .venv has lost: {', '.join(pins)}")


if __name__ == "__main__":
    try:
        main([Path(word).resolve() for word in sys.argv[1:]])
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip failed with status {error.returncode}; mend what it says above and call make again")
    except OSError as error:
        sys.exit(
            f"cannot write {error.filename or ROOT}: {error.strerror}; make needs a checkout it may write to"
        )
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on")
