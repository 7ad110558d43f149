"""Run a command while nobody else runs one under the same lock.

    python tools/alone.py LOCK COMMAND [WORD ...]

The lock goes with the process, however it ends: nothing to clean up after a kill.
"""

import fcntl
import subprocess
import sys
from pathlib import Path


def main(lock: str, command: list[str]) -> int:
    """Run `command` holding `lock`; returns its exit status."""
    with Path(lock).open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: the same is being made by another process ({lock})", flush=True)
            fcntl.flock(guard, fcntl.LOCK_EX)
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
