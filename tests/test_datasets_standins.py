"""The stand-ins: in form like what they stand for, the same for a seed, and worth learning from."""

import numpy as np
import pytest
from scipy.ndimage import label

from imc import datasets
from imc.datasets import colour_digits, digits, glyphs, handwriting, manifest, strokes


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("glyphs")


@pytest.mark.parametrize("name", ["glyphs", "digits", "colour-digits"])
def test_pinned_libraries_make_the_pinned_arrays(name):
    data = datasets.load(name)
    assert data.digest == datasets.digest(name) == manifest.entry(name).digest
    assert datasets.load(name).digest == data.digest == datasets.fingerprint(datasets.load(name).arrays)


def test_glyphs_have_omniglots_form(drawn):
    for part in ("background", "evaluation"):
        images, classes = drawn.arrays[part], drawn.arrays[f"{part}_classes"]
        assert images.shape == (len(classes), 20, 105, 105)
        assert images.dtype == np.uint8
        assert images.max() == 1
    assert len(drawn.background) + len(drawn.evaluation) >= 1000


def test_glyphs_are_of_many_scripts_none_in_both_parts(drawn):
    scripts = [
        {name.split("/")[0] for name in drawn.arrays[f"{p}_classes"]} for p in ("background", "evaluation")
    ]
    assert len(scripts[0] | scripts[1]) >= 10
    assert not scripts[0] & scripts[1]


def test_no_two_drawings_are_equal(drawn):
    drawings = [
        d.tobytes() for p in ("background", "evaluation") for d in drawn.arrays[p].reshape(-1, 105 * 105)
    ]
    assert len(set(drawings)) == len(drawings)


def test_drawings_have_ink_and_are_mostly_on_the_sheet(drawn):
    for part in ("background", "evaluation"):
        images = drawn.arrays[part]
        assert images.any((2, 3)).all()
        inside = images[:, :, 1:-1, 1:-1].sum((2, 3), dtype=int)
        assert (inside < images.sum((2, 3), dtype=int)).mean() < 0.1  # few touch the edge


def test_characters_that_look_alike_are_one_class(drawn):
    classes = {
        name.split("+")[1] for p in ("background", "evaluation") for name in drawn.arrays[f"{p}_classes"]
    }
    for first, *others in ("Oo\u039f\u041e", "A\u0391\u0410", "Ss", "B\u0412", "X\u03a7\u0425x"):
        assert f"{ord(first):04X}" in classes
        assert not {f"{ord(other):04X}" for other in others} & classes


def test_a_drawing_is_more_like_those_of_its_class(drawn):
    """Twenty-way, one-shot, by the nearest picture after blur and centring: far above chance of 5 %."""
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(20):
        chosen = rng.choice(len(drawn.evaluation), 20, replace=False)
        support, query = (small(drawn.evaluation[chosen, k]) for k in rng.choice(20, 2, replace=False))
        right += int(((query @ support.T).argmax(1) == np.arange(20)).sum())
    assert 0.4 < right / 400 < 0.98


def small(images):
    """Pictures centred on their ink, blurred to 15 x 15 and normalised: (n, 225)."""
    centred = []
    for image in images:
        shift = [52 - int(np.round(np.mean(where))) for where in np.nonzero(image)]
        centred.append(np.roll(image, shift, (0, 1)))
    coarse = np.array(centred, float).reshape(-1, 15, 7, 15, 7).sum((2, 4)).reshape(len(images), -1)
    coarse -= coarse.mean(1, keepdims=True)
    return coarse / np.linalg.norm(coarse, axis=1, keepdims=True)


def test_drawings_depend_on_the_seed_alone():
    lines = np.zeros((1, glyphs.RASTER, glyphs.RASTER), np.uint8)
    lines[0, 10:46, 28] = lines[0, 30, 10:46] = 1
    refined = handwriting.refine(strokes.distances(lines)[0])

    def draw(seed):
        rng = np.random.default_rng(seed)
        return handwriting.draw(refined, handwriting.writers(rng), rng)

    assert np.array_equal(draw(3), draw(3))
    assert not any(np.array_equal(a, b) for a, b in zip(draw(3), draw(4), strict=True))


def test_colour_digits_depend_on_the_seed_alone(monkeypatch):
    monkeypatch.setattr(colour_digits, "TRAINING", 250)
    monkeypatch.setattr(colour_digits, "TEST", 250)
    first, again, other = (datasets.fingerprint(colour_digits.make(seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_colour_digits_have_svhns_form():
    data = datasets.load("colour-digits")
    assert data.train_images.shape == (4000, 32, 32, 3)
    assert data.test_images.shape == (1000, 32, 32, 3)
    for labels in (data.train_labels, data.test_labels):
        assert (np.bincount(labels, minlength=10) > 0.07 * len(labels)).all()


def test_digits_have_mnists_form():
    made = digits.make()
    assert made["train_images"].shape == (1500, 28, 28)
    assert made["test_images"].shape == (297, 28, 28)
    for part in ("train", "test"):
        images = made[f"{part}_images"]
        assert images.max() == 255
        assert not images[:, :4].any()
        assert not images[:, :, -4:].any()
        assert (np.bincount(made[f"{part}_labels"], minlength=10) > 20).all()


def test_thinning_leaves_lines_of_one_pixel_and_keeps_pieces_and_holes():
    rng = np.random.default_rng(5)
    blobs = np.zeros((40, 56, 56), np.uint8)
    for picture in blobs:
        for row, column, height, width in rng.integers((4, 4, 2, 2), (36, 36, 16, 16), (6, 4)):
            picture[row : row + height, column : column + width] ^= 1
    for before, after in zip(blobs, strokes.thin(blobs), strict=True):
        assert not (after > before).any()
        assert pieces(before, np.ones((3, 3))) == pieces(after, np.ones((3, 3)))
        assert pieces(1 - before, None) == pieces(1 - after, None)
        whole = after[:-1, :-1] & after[1:, :-1] & after[:-1, 1:] & after[1:, 1:]
        assert whole.sum() <= 4  # squares remain at most where lines meet


def pieces(picture, structure):
    """How many connected pieces a picture has, pixels touching as ``structure`` says."""
    return label(picture, structure, output=np.empty(picture.shape, np.int32))
