"""Remove what was built, by its name in this checkout: no shell takes such a path apart.

python tools/remove.py NAME ...
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def remove(name: str, root: Path = ROOT) -> None:
    """Remove the file or folder called `name` directly or deeper inside `root`; nothing if it is not there.

    Raises:
        SystemExit: if it lies elsewhere.
    """
    path = root / name
    if root not in path.parent.resolve().joinpath(path.name).parents:
        sys.exit(f"{name} is no part of {root}: nothing was removed")
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    for word in sys.argv[1:]:
        remove(word)
