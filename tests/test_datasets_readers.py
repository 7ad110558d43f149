"""Official archives and the mirror give the same arrays: small archives in the official forms."""

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from imc.datasets import cifar10, fingerprint, mnist, omniglot, svhn
from imc.errors import UserError

RNG = np.random.default_rng(7)


# Omniglot


def omniglot_part(path, folder, alphabets):
    """An archive as the authors': FOLDER/Alphabet/characterNN/XXXX_NN.png, ink black, members in no order."""
    classes, images, members = [], [], []
    for number, (alphabet, character) in enumerate((a, c) for a, n in alphabets for c in range(1, n + 1)):
        drawings = (RNG.random((20, 105, 105)) < 0.05).astype(np.uint8)
        classes.append(f"{alphabet}/character{character:02d}")
        images.append(drawings)
        for k, drawing in enumerate(drawings, 1):
            stream = io.BytesIO()
            Image.fromarray(drawing == 0).save(stream, "PNG")
            members.append((f"{folder}/{classes[-1]}/{number + 1:04d}_{k:02d}.png", stream.getvalue()))
    RNG.shuffle(members)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/", "")
        for name, content in members:
            archive.writestr(str(name), bytes(content))
    return np.array(images), np.array(classes)


def test_omniglot_mirror_and_official_archives_are_equal(tmp_path):
    zips = [tmp_path / "images_background.zip", tmp_path / "images_evaluation.zip"]
    background, names = omniglot_part(zips[0], "images_background", [("Greek", 3), ("Latin", 2)])
    evaluation, others = omniglot_part(zips[1], "images_evaluation", [("Angelic", 2)])
    np.savez(
        tmp_path / "omniglot.npz",
        images_background=np.packbits(background, axis=-1),
        images_evaluation=np.packbits(evaluation, axis=-1),
        background_classes=names,
        evaluation_classes=others,
    )
    official, mirror = omniglot.read_archives(zips), omniglot.read_packed([tmp_path / "omniglot.npz"])
    assert fingerprint(official) == fingerprint(mirror)
    assert np.array_equal(official["background"], background)
    assert official["background_classes"].tolist() == names.tolist()


@pytest.mark.parametrize(
    "member", ["../evil.png", "/tmp/evil.png", "images/../../evil.png", "images\\..\\evil.png"]
)
def test_archive_that_points_outside_itself_is_refused(tmp_path, member):
    path = tmp_path / "images.zip"
    omniglot_part(path, "images", [("Greek", 1)])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, b"evil")
    with pytest.raises(UserError, match="outside"):
        omniglot.read_archives([path, path])
    assert [p.name for p in tmp_path.iterdir()] == ["images.zip"]


def test_character_without_all_drawings_is_refused(tmp_path):
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images/Greek/character01/0001_01.png", b"")
    with pytest.raises(UserError, match="1 drawings instead of 20"):
        omniglot.read_archives([path, path])


# MNIST


def idx(path, array, kind=8):
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))
    return path


def test_mnist_reads_the_official_form(tmp_path):
    sources = [RNG.integers(0, 256, shape, np.uint8) for shape in ((5, 28, 28), (5,), (2, 28, 28), (2,))]
    read = mnist.read([idx(tmp_path / f"{k}.gz", array) for k, array in enumerate(sources)])
    assert list(read) == ["train_images", "train_labels", "test_images", "test_labels"]
    for array, source in zip(read.values(), sources, strict=True):
        assert np.array_equal(array, source)


def test_mnist_refuses_another_type_and_a_short_file(tmp_path):
    with pytest.raises(UserError, match="unsigned bytes"):
        mnist.read([idx(tmp_path / "a.gz", np.zeros(3, np.uint8), kind=13)] * 4)
    (tmp_path / "b.gz").write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 5) + b"four"))
    with pytest.raises(UserError, match="announces"):
        mnist.read([tmp_path / "b.gz"] * 4)


# SVHN


def test_svhn_reads_the_official_form(tmp_path):
    images, labels = (
        RNG.integers(0, 256, (7, 32, 32, 3), np.uint8),
        np.array([1, 9, 10, 2, 3, 10, 5], np.uint8),
    )
    for name in ("train", "test"):
        savemat(tmp_path / f"{name}.mat", {"X": images.transpose(1, 2, 3, 0), "y": labels[:, None]})
    read = svhn.read_official([tmp_path / "train.mat", tmp_path / "test.mat"])
    assert np.array_equal(read["train_images"], images)
    assert read["test_labels"].tolist() == [1, 9, 0, 2, 3, 0, 5]
    assert read["test_labels"].dtype == np.uint8


@pytest.mark.parametrize("wrong", [{"y": np.zeros((7, 1))}, {"X": np.zeros((32, 32, 3, 6), np.uint8)}])
def test_svhn_refuses_another_content(tmp_path, wrong):
    good = {"X": np.zeros((32, 32, 3, 7), np.uint8), "y": np.ones((7, 1), np.uint8)}
    savemat(tmp_path / "train.mat", good | wrong)
    with pytest.raises(UserError, match="holds"):
        svhn.read_official([tmp_path / "train.mat"] * 2)


def test_svhn_11k_keeps_parts_apart_and_rows_together(tmp_path):
    arrays = {}
    for part, count in (("train", 3), ("test", 5)):
        arrays[f"{part}_images"] = RNG.integers(0, 256, (count, 32, 32, 3), np.uint8)
        arrays[f"{part}_labels"] = RNG.integers(0, 10, count, np.uint8)
        arrays[f"{part}_photo"] = np.arange(1, count + 1, dtype=np.uint16)
    np.savez(tmp_path / "s.npz", **arrays)
    read = svhn.read_11k([tmp_path / "s.npz"])
    assert {name.replace("photographs", "photo") for name in read} == set(arrays)
    for name, array in read.items():
        assert np.array_equal(array, arrays[name.replace("photographs", "photo")])


# CIFAR-10


_Pickler: Any = pickle._Pickler  # the one in Python, whose opcodes can be chosen


class Python2(_Pickler):
    """Writes what Python 2 wrote: byte strings as its `str`, and numpy's module under its old name."""

    dispatch: ClassVar = dict(_Pickler.dispatch)

    def save_bytes(self, obj):
        self.write(pickle.BINSTRING + struct.pack("<i", len(obj)) + obj)
        self.memoize(obj)

    def save_text(self, obj):
        self.save_bytes(obj.encode("latin-1"))

    def save_global(self, obj, name=None):
        module, name = obj.__module__.replace("numpy._core", "numpy.core"), obj.__name__
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    dispatch[bytes] = save_bytes
    dispatch[str] = save_text
    dispatch[type] = save_global
    dispatch[type(len)] = save_global


def cifar_archive(path, batches):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return [path]


def batch(pickler=Python2):
    images, labels = RNG.integers(0, 256, (4, 32, 32, 3), np.uint8), RNG.integers(0, 10, 4).tolist()
    stream = io.BytesIO()
    content = {
        b"data": images.transpose(0, 3, 1, 2).reshape(4, 3072),
        b"labels": labels,
        b"batch_label": b"one",
    }
    pickler(stream, protocol=2).dump(content)
    return stream.getvalue(), images, labels


def test_cifar10_reads_the_official_form(tmp_path):
    order = [
        "data_batch_4",
        "readme.html",
        "data_batch_1",
        "test_batch",
        *(f"data_batch_{k}" for k in (5, 2, 3)),
    ]
    made = {name: batch() for name in order}
    read = cifar10.read_official(
        cifar_archive(tmp_path / "c.tar.gz", {name: content for name, (content, _, _) in made.items()})
    )
    train = [made[f"data_batch_{k}"] for k in range(1, 6)]
    assert np.array_equal(read["train_images"], np.concatenate([images for _, images, _ in train]))
    assert read["train_labels"].tolist() == [label for _, _, labels in train for label in labels]
    assert np.array_equal(read["test_images"], made["test_batch"][1])
    assert read["train_images"].dtype == read["train_labels"].dtype == np.uint8


def test_cifar10_refuses_code_in_a_pickle(tmp_path):
    class Evil:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'evil')!r}, 'w')",)

    names = [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]
    paths = cifar_archive(tmp_path / "c.tar.gz", dict.fromkeys(names, pickle.dumps({"data": Evil()}, 2)))
    with pytest.raises(UserError, match="exec"):
        cifar10.read_official(paths)
    assert not (tmp_path / "evil").exists()


def test_cifar10_names_a_missing_batch(tmp_path):
    content, _, _ = batch()
    with pytest.raises(UserError, match=r"data_batch_2.*test_batch"):
        cifar10.read_official(cifar_archive(tmp_path / "c.tar.gz", {"data_batch_1": content}))


def test_cifar10_jpeg_puts_every_picture_at_its_place(tmp_path):
    arrays, colours = {}, RNG.integers(0, 256, (5, 3))
    for part, count in (("train", 3), ("test", 2)):
        files = []
        for colour in colours[:count]:
            stream = io.BytesIO()
            Image.new("RGB", (32, 32), tuple(colour.tolist())).save(stream, "JPEG", quality=75)
            files.append(stream.getvalue())
        arrays[f"{part}_jpeg"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{part}_labels"] = np.arange(count, dtype=np.uint8)
    np.savez(tmp_path / "c.npz", **arrays)
    read = cifar10.read_jpeg([tmp_path / "c.npz"])
    assert read["train_images"].shape == (3, 32, 32, 3)
    assert (
        np.abs(read["train_images"].mean((1, 2)) - colours[:3]).max() < 4
    )  # JPEG is lossy, even over one colour
    assert np.array_equal(read["test_images"], read["train_images"][:2])
