"""Run a command while nobody else runs one under the same lock.

    python tools/alone.py LOCK [--log FILE] COMMAND [WORD ...]

With --log, what it writes to standard error goes to FILE, and is shown if it fails. The lock goes with the
process, however it ends: nothing to clean up after a kill.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:
    sys.exit("make works on Linux and macOS; on Windows, call it inside its Linux subsystem (WSL)")


def main(lock: str, command: list[str], log: str = "") -> int:
    """Run `command` holding `lock`; returns its exit status."""
    with Path(lock).open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: the same is being made by another process ({lock})", flush=True)
            fcntl.flock(guard, fcntl.LOCK_EX)
        if not log:
            return run(command)
        with Path(log).open("wb") as errors:
            status = run(command, errors)
        if status not in (0, INTERRUPTED):
            sys.stderr.buffer.write(Path(log).read_bytes())
        return status


INTERRUPTED = 130
"""Exit status after Ctrl-C."""


def run(command: list[str], errors: object = None) -> int:
    """Exit status of `command`; the terminal tells it of Ctrl-C too, and it is waited for."""
    process = subprocess.Popen(command, stderr=errors)  # pyright: ignore[reportArgumentType, reportCallIssue]
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        print("interrupted: what is finished is kept, and the same command goes on from there", flush=True)
        return INTERRUPTED


if __name__ == "__main__":
    words = sys.argv[2:]
    given = words[1] if words[0] == "--log" else ""
    try:
        sys.exit(main(sys.argv[1], words[2:] if given else words, given))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as error:
        sys.exit(f"cannot write {error.filename}: {error.strerror}")
