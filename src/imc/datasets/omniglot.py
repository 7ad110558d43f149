"""Omniglot: 1,623 characters of 50 alphabets, each drawn once by 20 people, 105 x 105 one-bit pixels.

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `background` | uint8 | (964, 20, 105, 105) | 1 ink, 0 paper; 30 alphabets |
| `evaluation` | uint8 | (659, 20, 105, 105) | 20 other alphabets |
| `background_classes` | str | (964,) | `Alphabet/characterNN`, sorted |
| `evaluation_classes` | str | (659,) | likewise |

The drawings of a character stand in the order of their file names (``0001_01`` to ``0001_20``).
"""

import io
import re
import zipfile
from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np

from imc.errors import UserError

SIDE = 105
DRAWINGS = 20


def read_packed(paths: list[Path]) -> dict[str, np.ndarray]:
    """The arrays from ``omniglot.npz``, where each row of 105 pixels is packed into 14 bytes."""
    with np.load(paths[0], allow_pickle=False) as packed:
        return {
            "background": np.unpackbits(packed["images_background"], axis=-1, count=SIDE),
            "evaluation": np.unpackbits(packed["images_evaluation"], axis=-1, count=SIDE),
            "background_classes": packed["background_classes"],
            "evaluation_classes": packed["evaluation_classes"],
        }


def read_archives(paths: list[Path]) -> dict[str, np.ndarray]:
    """The arrays from the two official archives, ``images_background.zip`` and ``images_evaluation.zip``."""
    arrays = {}
    for part, path in zip(("background", "evaluation"), paths, strict=True):
        arrays[part], arrays[f"{part}_classes"] = _read_archive(path)
    return arrays


def _read_archive(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image

    with zipfile.ZipFile(path) as archive:
        characters = _members(archive, path)
        images = np.empty((len(characters), DRAWINGS, SIDE, SIDE), np.uint8)
        for place, members in zip(images, characters.values(), strict=True):
            for drawing, member in zip(place, members, strict=True):
                with Image.open(io.BytesIO(archive.read(member))) as picture:
                    if picture.size != (SIDE, SIDE):
                        raise UserError(f"{path}: {member} is not a picture of {SIDE} x {SIDE} pixels")
                    drawing[:] = np.asarray(picture.convert("1")) == 0  # ink is black
    return images, np.array(list(characters))


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, list[str]]:
    """Names of the drawings of each character, both sorted."""
    characters = defaultdict(list)
    for member in sorted(archive.namelist()):
        parts = PurePosixPath(member).parts
        # Nothing is unpacked to disk, yet an archive that points outside itself is not the official one.
        if member.startswith("/") or ".." in parts or "\\" in member:
            raise UserError(f"{path} is refused: its member {member!r} points outside the archive")
        if len(parts) == 4 and re.fullmatch(r"\d{4}_\d\d\.png", parts[3]):
            characters[f"{parts[1]}/{parts[2]}"].append(member)
    for character, members in characters.items():
        if len(members) != DRAWINGS:
            raise UserError(f"{path}: {character} has {len(members)} drawings instead of {DRAWINGS}")
    if not characters:
        raise UserError(f"{path} holds no drawings named FOLDER/Alphabet/character01/0001_01.png")
    return dict(sorted(characters.items()))
