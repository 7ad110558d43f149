"""The data sets themselves: the pins, and what is known of their content from elsewhere."""

import numpy as np
import pytest

from imc import datasets
from imc.datasets import manifest, store


def present(name):
    if store.locate(manifest.entry(name)) is None:
        pytest.skip(f"{name} is not on this machine: `python -m imc data` says where it is searched")
    return datasets.load(name)


@pytest.mark.parametrize(
    "name", [n for n, entry in manifest.entries().items() if entry.forms and entry.digest]
)
def test_arrays_have_the_pinned_digest(name):
    data = present(name)
    assert (
        datasets.fingerprint(data.arrays)
        == data.digest
        == manifest.entry(name).digest
        == datasets.digest(name)
    )


def test_omniglot():
    data = present("omniglot")
    assert data.background.shape == (964, 20, 105, 105)
    assert data.evaluation.shape == (659, 20, 105, 105)
    assert data.background.dtype == data.evaluation.dtype == np.uint8
    alphabets = [
        {name.split("/")[0] for name in data.arrays[f"{p}_classes"]} for p in ("background", "evaluation")
    ]
    assert [len(names) for names in alphabets] == [30, 20]
    assert not alphabets[0] & alphabets[1]
    # All drawings differ but one pair, 03 and 19 of Braille's single dot: so they stand in their order.
    braille = data.background[list(data.background_classes).index("Braille/character01")]
    assert np.array_equal(braille[2], braille[18])
    drawings = np.concatenate([data.background, data.evaluation]).reshape(-1, 105 * 105)
    assert drawings.max() == 1
    assert len({drawing.tobytes() for drawing in drawings}) == 1623 * 20 - 1


def test_mnist():
    data = present("mnist")
    assert data.train_images.shape == (60000, 28, 28)
    assert data.test_images.shape == (10000, 28, 28)
    assert data.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(data.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_part_of_svhn_keeps_photographs_together():
    data = present("svhn-part")
    assert data.train_images.shape == (1083, 32, 32, 3)
    assert np.bincount(data.train_labels).tolist() == [66, 227, 141, 134, 110, 112, 78, 70, 78, 67]
    photographs = data.train_photographs
    assert (photographs[0], photographs[-1], len(np.unique(photographs))) == (1, 499, 499)
    steps = np.diff(photographs.astype(int))
    assert set(steps.tolist()) == {0, 1}
    # Digits of one photograph share its colours: the step in mean colour is far smaller within than across.
    colour = np.abs(np.diff(data.train_images.mean((1, 2)), axis=0)).mean(1)
    assert round(float(np.median(colour[steps == 0])), 1) == 5.1
    assert round(float(np.median(colour[steps == 1])), 1) == 38.0


def test_11k_of_svhn():
    data = present("svhn-11k")
    assert data.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(data.test_labels).tolist() == [684, 1968, 1590, 1104, 964, 909, 773, 767, 621, 620]
    photographs = data.test_photographs
    assert (photographs[0], photographs[-1], len(np.unique(photographs))) == (1, 5033, 5033)
    steps = np.diff(photographs.astype(int))
    assert set(steps.tolist()) == {0, 1}
    # As above: a photograph's digits share its colours, which the labels' order thus fits.
    colour = np.abs(np.diff(data.test_images.mean((1, 2)), axis=0)).mean(1)
    assert round(float(np.median(colour[steps == 0])), 1) == 4.8
    assert round(float(np.median(colour[steps == 1])), 1) == 45.0
    everything = np.concatenate([data.train_images, data.test_images]).reshape(11_083, -1)
    assert len({picture.tobytes() for picture in everything}) == 11_083
    if store.locate(manifest.entry("svhn-part")):
        part = datasets.load("svhn-part").arrays
        assert all(np.array_equal(array, data.arrays[name]) for name, array in part.items())


def test_cifar10_as_jpeg():
    data = present("cifar10-jpeg")
    assert np.array_equal(data.train_labels, np.repeat(np.arange(10), 5000))
    assert np.array_equal(data.test_labels, np.repeat(np.arange(10), 1000))
    assert np.round(data.train_images[::7].mean((0, 1, 2)) / 255, 2).tolist() == [0.49, 0.48, 0.45]
