"""SVHN, cropped digits: 32 x 32 colour pictures of house numbers, and the part of it that is at hand.

`svhn`, the official train and test files:

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (73257, 32, 32, 3) | row, column, RGB |
| `train_labels` | uint8 | (73257,) | 0 to 9 (the official label 10 is 0) |
| `test_images` | uint8 | (26032, 32, 32, 3) | |
| `test_labels` | uint8 | (26032,) | |

`svhn-extra`, the official extra file, easier pictures to train on:

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (531131, 32, 32, 3) | |
| `train_labels` | uint8 | (531131,) | |

`svhn-part`, the first 1,083 of the official training pictures, another data set with results of its own:

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (1083, 32, 32, 3) | |
| `train_labels` | uint8 | (1083,) | |
| `train_photographs` | uint16 | (1083,) | 1 to 499: the photograph ``N.png`` that a digit was cut from |

`svhn-11k`, the same 1,083 and the first 10,000 of the official test pictures. It is not the official split:
whoever trains on some of its test pictures says so, and compares with no result on the official one.

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (1083, 32, 32, 3) | |
| `train_labels` | uint8 | (1083,) | |
| `train_photographs` | uint16 | (1083,) | 1 to 499, of the training photographs |
| `test_images` | uint8 | (10000, 32, 32, 3) | |
| `test_labels` | uint8 | (10000,) | |
| `test_photographs` | uint16 | (10000,) | 1 to 5033, of the test photographs, which are others |

Digits of one photograph follow one another and often overlap: a split must keep them together.
"""

from pathlib import Path

import numpy as np

from imc.errors import UserError

# Digits in each photograph, 1.png to 499.png, counted in the official annotation (digitStruct); the
# part ends after the first digit of the last.
_DIGITS_OF_PHOTOGRAPH = (
    "222222233222222222321322322232322212222223232322332222423212122222232242122233422221222123"
    "322242231322132221221322232432421123122132212122212123242323232111212321313323223222313224"
    "222433221231122133232331223132221133123231321313213242333232224222112223222222122324222133"
    "231323222122322223223123222321122232233222223223223223323232213422332232121221121143312212"
    "223121222212223211223323323212223134322231332322222422322224322122213112213222223122231223"
    "2323223331222242212222243442233423321212111322321"
)


def read_official(paths: list[Path]) -> dict[str, np.ndarray]:
    """The four arrays of `svhn` from ``train_32x32.mat`` and ``test_32x32.mat``."""
    arrays = {}
    for part, path in zip(("train", "test"), paths, strict=True):
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = _read_mat(path)
    return arrays


def read_extra(paths: list[Path]) -> dict[str, np.ndarray]:
    """The two arrays of `svhn-extra` from ``extra_32x32.mat``."""
    images, labels = _read_mat(paths[0])
    return {"train_images": images, "train_labels": labels}


def read_part(paths: list[Path]) -> dict[str, np.ndarray]:
    """The three arrays of `svhn-part` from ``svhn.npz``."""
    counts = np.array(list(_DIGITS_OF_PHOTOGRAPH), dtype=np.intp)
    with np.load(paths[0], allow_pickle=False) as part:
        return {
            "train_images": part["train_images"],
            "train_labels": part["train_labels"],
            "train_photographs": np.repeat(np.arange(1, counts.size + 1, dtype=np.uint16), counts),
        }


def read_11k(paths: list[Path]) -> dict[str, np.ndarray]:
    """The six arrays of `svhn-11k` from ``svhn_11k.npz``."""
    kinds = {"images": "images", "labels": "labels", "photo": "photographs"}
    with np.load(paths[0], allow_pickle=False) as file:
        return {
            f"{part}_{name}": file[f"{part}_{theirs}"]
            for part in ("train", "test")
            for theirs, name in kinds.items()
        }


def _read_mat(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from scipy.io import loadmat

    content = loadmat(path, variable_names=("X", "y"))
    images, labels = content["X"], content["y"].reshape(-1)
    if images.dtype != np.uint8 or images.shape != (32, 32, 3, labels.size):
        raise UserError(
            f"{path} holds X of {images.dtype} {images.shape} instead of uint8 (32, 32, 3, {labels.size})"
        )
    if not np.isin(labels, np.arange(1, 11)).all():
        raise UserError(f"{path} holds labels y that are not 1 to 10")
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2)), (labels % 10).astype(np.uint8)
