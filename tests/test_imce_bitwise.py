"""AND, bit count and shift: exact for every width and code, packed or in memory; what a sub-array does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imc import runs
from imc.cost.matrices import Matrix
from imc.errors import UserError
from imc.papers.imce.bitwise import Code, CodeName, Shape, bitwise, direct, patches, planes
from imc.papers.imce.mapping import Placement
from imc.papers.imce.mapping import SubArray as Size
from imc.papers.imce.packed import WORD, PackedConvolution, pack, products
from imc.papers.imce.subarray import PIPELINE, SubArray, convolve, dot, example

NAMES: tuple[CodeName, ...] = ("unsigned", "twos-complement", "symmetric")
BITS = st.integers(1, 8)
CODES = st.builds(Code, st.sampled_from(NAMES), BITS)
SHAPES = st.builds(Shape, st.integers(1, 3), st.integers(1, 2), st.integers(0, 2))


def layer(seed: int, bits: int, code: Code, kernel: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (2, channels, 5, 5) and weights of 4 kernels, extremes among them."""
    draw = np.random.default_rng(seed)
    x = draw.integers(0, 2**bits, (2, channels, 5, 5), dtype=np.uint8)
    x.flat[0] = 2**bits - 1
    weights = draw.choice(code.values, (4, channels, kernel, kernel))
    weights[0] = code.values.min()
    return x, weights


@pytest.mark.parametrize(
    ("name", "bits", "values"),
    [
        ("unsigned", 2, [0, 1, 2, 3]),
        ("twos-complement", 1, [0, -1]),
        ("twos-complement", 3, [0, 1, 2, 3, -4, -3, -2, -1]),
        ("symmetric", 1, [-1, 1]),
        ("symmetric", 2, [-3, -1, 1, 3]),
    ],
)
def test_what_the_stored_words_mean(name: CodeName, bits: int, values: list[int]) -> None:
    assert Code(name, bits).values.tolist() == values


@given(CODES)
def test_every_weight_has_its_word(code: Code) -> None:
    assert np.array_equal(code.encode(code.values), np.arange(2**code.bits))


def test_dorefa_levels_are_the_symmetric_code() -> None:
    """What `imc.binary.dorefa` makes of weights, times 2^k - 1, are the code's odd numbers."""
    import torch

    from imc.binary.dorefa import quantize_weight

    levels = torch.unique(quantize_weight(torch.linspace(-3, 3, 999, dtype=torch.float64), 3)) * 7
    assert np.array_equal(levels.round().numpy(), np.sort(Code("symmetric", 3).values))


@given(st.lists(st.integers(0, 255), min_size=1), st.integers(8, 8))
def test_planes_add_up(values: list[int], bits: int) -> None:
    x = np.array(values)
    found = planes(x, bits).astype(int)
    assert set(np.unique(found)) <= {0, 1}
    assert np.array_equal(sum(2**n * plane for n, plane in enumerate(found)), x)


@given(st.integers(0, 2**32), BITS, CODES, SHAPES)
def test_and_count_and_shift_are_the_convolution(seed: int, bits: int, code: Code, shape: Shape) -> None:
    x, weights = layer(seed, bits, code, shape.kernel)
    assert np.array_equal(bitwise(x, weights, shape, bits, code), direct(x, weights, shape))


def test_direct_sums_are_those_of_another_library() -> None:
    import torch

    x, weights = layer(0, 4, Code("twos-complement", 4), 3)
    want = torch.nn.functional.conv2d(
        torch.from_numpy(x).double(), torch.from_numpy(weights).double(), stride=2, padding=1
    )
    assert np.array_equal(direct(x, weights, Shape(3, 2, 1)), want.numpy())


@settings(max_examples=40)
@given(st.integers(0, 2**32), BITS, CODES, SHAPES, st.sampled_from([1, 63, 64, 65, 130]))
def test_the_packed_engine_is_exact(seed: int, bits: int, code: Code, shape: Shape, channels: int) -> None:
    x, weights = layer(seed, bits, code, shape.kernel, channels)
    found = PackedConvolution(weights, shape, bits, code)(x)
    assert np.array_equal(found, direct(x, weights, shape))


def test_blocks_of_the_packed_engine_fit_together() -> None:
    """More rows, columns and words than one block has, and both orders of the two sides."""
    draw = np.random.default_rng(0)
    left = draw.integers(0, 2**64, (7, 37), dtype=np.uint64)
    right = draw.integers(0, 2**64, (7, 1100), dtype=np.uint64)
    want = np.bitwise_count(left[:, :, None] & right[:, None]).sum(0, dtype=np.int64)
    assert np.array_equal(products([left], [1], [right], [1]), want)
    assert np.array_equal(products([right], [1], [left], [3]), 3 * want.T)


def test_full_words_do_not_overflow() -> None:
    ones = np.full((1023, 1), 2**64 - 1, np.uint64)
    assert products([ones], [1], [ones], [1]).tolist() == [[1023 * WORD]]


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_packing_keeps_every_bit(bits: list[bool]) -> None:
    words = pack(np.array(bits, dtype=np.uint8))
    assert len(words) == -(-len(bits) // WORD)
    assert int(np.bitwise_count(words).sum()) == sum(bits)


@pytest.mark.parametrize("wrong", [256, -1])
def test_what_has_no_code_is_refused(wrong: int) -> None:
    with pytest.raises(UserError, match="not all"):
        planes(np.array([wrong]), 8)
    with pytest.raises(UserError, match="8-bit unsigned"):
        Code("unsigned", 8).encode(np.array([wrong]))


def test_zero_is_no_symmetric_weight() -> None:
    with pytest.raises(UserError):
        Code("symmetric", 2).encode(np.array([0]))


def test_the_worked_example_has_what_the_slide_prints() -> None:
    array, steps = example()
    rows = ["".join(map(str, row)) for row in array.cells]
    assert rows[5] == "0110"
    (step,) = (s for s in steps if (s.n, s.m) == (2, 1))
    assert (f"{step.count:04b}", step.shift, f"{step.shifted:04b}") == ("0001", 3, "1000")
    assert steps[-1].total == 4 * 1 + 3 * 6 + 5 * 3 + 2 * 2
    assert (array.writes, array.ands, array.cycles) == (6, 9, 15 + PIPELINE)


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), min_size=1, max_size=30))
def test_a_sub_array_multiplies_and_adds(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs).T
    assert dot(a, b, 4)[1][-1].total == int(a @ b)


def test_and_touches_two_rows() -> None:
    array = SubArray.empty(3, 4)
    array.write(0, np.array([1, 1, 0, 0], dtype=np.uint8))
    array.write(2, np.array([1, 0, 1, 0], dtype=np.uint8))
    assert array.both(0, 2).tolist() == [1, 0, 0, 0]
    assert array.both(0, 1).sum() == 0
    assert array.cycles == 2 + 2 + PIPELINE


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 4), st.builds(Code, st.sampled_from(NAMES), st.integers(1, 3)))
def test_in_memory_it_is_exact_however_it_is_cut(seed: int, bits: int, code: Code) -> None:
    x, weights = layer(seed, bits, code, 3)
    shape = Shape(3, 2)
    found = convolve(x, weights, shape, bits, code, rows=bits + 2 * code.bits, columns=10)
    assert np.array_equal(found.outputs, direct(x, weights, shape))
    assert found.arrays == 3 * 2


def test_cycles_are_the_closed_form_of_the_layer() -> None:
    """Simulated row by row, against the formula that energy and latency use."""
    code, bits, shape = Code("unsigned", 2), 3, Shape(3)
    x, weights = layer(0, bits, code, 3)
    found = convolve(x, weights, shape, bits, code, rows=8, columns=20)
    positions = len(x) * 9
    matrix = Matrix(27, 4, positions, 2, bits)
    placed = Placement(matrix, Size(8, 20))
    assert found.arrays == placed.sub_arrays
    assert found.busy == positions * (bits + placed.sequential_ands) + PIPELINE
    assert found.busy - PIPELINE == placed.nanoseconds(1.0, 1.0)
    assert found.loaded == 2 * 2


def test_an_offset_costs_a_read_for_each_plane() -> None:
    x, weights = layer(0, 3, Code("symmetric", 2), 3)
    plain = convolve(x, np.abs(weights), Shape(3), 3, Code("unsigned", 2))
    signed = convolve(x, weights, Shape(3), 3, Code("symmetric", 2))
    assert signed.busy - plain.busy == 3 * len(patches(x, Shape(3)).reshape(-1, 27))


def test_too_few_rows_are_refused() -> None:
    x, weights = layer(0, 3, Code("unsigned", 2), 3)
    with pytest.raises(UserError, match="4 rows hold no 2-bit weight"):
        convolve(x, weights, Shape(3), 3, Code("unsigned", 2), rows=4)


def test_the_experiments_run() -> None:
    found = runs.obtain("imce/bitwise", effort="smoke")
    assert set(found.metric("wrong").values()) == {0}
    assert found.metric("quantizer.steps") == pytest.approx(0.5)
    speed = runs.obtain("imce/bitwise-speed", effort="smoke", widths=("1:1", "2:2"))
    assert speed.metric("total.packed.w2i2.wrong") == 0
    assert speed.metric("conv4.packed.w1i1.ms") > speed.metric("conv4.packed.w1i1.packing_ms") > 0


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (
            np.zeros((1, 2, 4, 4), np.uint8),
            r"inputs of shape \(1, 2, 4, 4\): they should be \(n, 3, height, width\)",
        ),
        (np.zeros((3, 4, 4), np.uint8), r"should be \(n, 3"),
        (np.zeros((1, 3, 2, 4), np.uint8), "smaller than the kernel"),
        (np.full((1, 3, 4, 4), 4, np.uint8), "inputs from 4 to 4 .*integers of 2 bits"),
        (np.full((1, 3, 4, 4), -1), "inputs from -1 to -1"),
        (np.full((1, 3, 4, 4), 0.5), "integers of 2 bits"),
    ],
)
def test_the_packed_engine_refuses_what_it_would_misread(x: np.ndarray, sentence: str) -> None:
    engine = PackedConvolution(np.ones((2, 3, 3, 3), np.int64), Shape(3), 2, Code("unsigned", 1))
    with pytest.raises(UserError, match=sentence):
        engine(x)
    with pytest.raises(UserError, match="weights of shape"):
        PackedConvolution(np.ones((2, 3, 5, 5), np.int64), Shape(3), 2, Code("unsigned", 1))
