"""Rows of Table I, the controller, its checkpoint and its test, on the stand-in with tiny networks."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from imc import datasets, runs
from imc.errors import UserError
from imc.papers.batmann import pictures, testing
from imc.papers.batmann.controllers import LAYERS, Controller
from imc.papers.batmann.deployed import kind, network, pack, unpack
from imc.papers.batmann.episodes import draw, labels
from imc.papers.batmann.experiments import SeedsConfig, TrainConfig
from imc.papers.batmann.memory import Memory
from imc.papers.batmann.rows import PRESETS
from imc.papers.batmann.testing import Embedded, evaluate, measure
from imc.paths import ROOT
from imc.runs import batch, experiments

ROWS = ("fp32", "xnor", "batmann_x", "rbnn", "batmann_r")
TINY = {
    "effort": "smoke",
    "channels": 6,
    "dimension": 24,
    "episodes": 3,
    "validate_every": 2,
    "test_episodes": 4,
}
every_row = pytest.mark.parametrize(("row", "variant"), list(itertools.product(ROWS, ("paper", "released"))))


def tiny(**values: object) -> TrainConfig:
    return TrainConfig.build(**TINY | values)


def lively(config: TrainConfig) -> Controller:
    """A controller whose every parameter differs from its special initial value."""
    controller = Controller(config)
    g = torch.Generator().manual_seed(1)
    for name, parameter in controller.named_parameters():
        if not name.endswith("weight"):
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=g).to(parameter)
    return controller


def noise(n: int = 4) -> torch.Tensor:
    grey = torch.randint(256, (n, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    return pictures.normalized(grey)


@every_row
def test_presets_build_and_name_their_record(row: str, variant: str) -> None:
    config = TrainConfig.build(row=row, variant=variant)
    assert config.slug() == f"row-{row.replace('_', '~')}_variant-{variant}"
    assert TrainConfig.build(**config.model_dump()) == config
    assert {name: getattr(config, name) for name in PRESETS[row, variant]} == PRESETS[row, variant]
    changed = TrainConfig.build(row=row, variant=variant, seed=2, learning_rate=0.5)
    assert changed.slug() == f"row-{row.replace('_', '~')}_variant-{variant}_seed-2_learning_rate-0.5"
    assert not set(PRESETS[row, variant]) & set(TrainConfig.smoke), "smoke would be overridden"


def test_defaults_are_a_row() -> None:
    config = TrainConfig.build()
    assert {name: getattr(config, name) for name in PRESETS["batmann_x", "paper"]} == PRESETS[
        "batmann_x", "paper"
    ]


def test_variants_differ_where_text_and_code_do() -> None:
    """The table in `imc.papers.batmann.rows`, field by field."""
    expected = {
        "fp32": {"sharpening", "test_sharpening", "validation"},
        "xnor": {"keys", "sharpening", "test_sharpening", "validation", "bias"},
        "batmann_x": {"keys", "sharpening", "test_sharpening", "validation"},
        "rbnn": {
            "keys", "sharpening", "test_sharpening", "validation", "activations", "last_layer",
            "rotate_every", "beta", "bias",
        },
        "batmann_r": {
            "keys", "sharpening", "test_sharpening", "validation", "activations", "rotate_every", "beta",
        },
    }  # fmt: skip
    for row, fields in expected.items():
        paper, released = (TrainConfig.build(row=row, variant=v).model_dump() for v in ("paper", "released"))
        assert {n for n in paper if paper[n] != released[n]} - {"variant"} == fields


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"row": "bnn"}, "row = 'bnn' in TrainConfig"),
        ({"shots": 10, "queries": 6}, "15 shots and queries together"),
        ({"loss": "log"}, "normalization = 'sum' for the log loss"),
        ({"row": "fp32", "last_layer": "binary"}, "xnor, xnor-net or rbnn for binary layers"),
    ],
)
def test_mistakes_are_one_sentence(values: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        TrainConfig.build(**values)


def test_sizes_are_karunaratnes() -> None:
    """28, 24, 12, 10, 8, 4 pixels a side, 2,048 inputs and 512 outputs of the dense layer."""
    config = TrainConfig.build(row="fp32", variant="released")
    sizes: list[tuple[int, ...]] = []
    net = network({n: layer.deployed() for n, layer in Controller(config).layers.items()})  # pyright: ignore
    for module in net:
        module.register_forward_hook(lambda m, i, o: sizes.append(tuple(o.shape[1:])))
    assert net(noise(1)).shape == (1, 512)
    sides = [s[1] for s in sizes if len(s) == 3]
    assert [side for side, _ in itertools.groupby(sides)] == [28, 24, 12, 10, 8, 4]
    assert (2048,) in sizes


def test_initial_weights_are_the_released_codes() -> None:
    controller = Controller(TrainConfig.build(row="batmann_x", variant="released"))
    for name, deviation, alpha in (
        ("conv2", (2 / (25 * 128)) ** 0.5, 0.5 / 3200**0.5),
        ("conv4", (2 / (9 * 128)) ** 0.5, 0.5 / 1152**0.5),
        ("dense", 0.01, 0.5 / 2048**0.5),
    ):
        layer = controller.layers[name]
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.01)  # pyright: ignore
        assert layer.alpha.unique().tolist() == pytest.approx([alpha])  # pyright: ignore
    assert controller.layers["dense"].bias.unique().tolist() == [1]  # pyright: ignore


@every_row
def test_a_picture_does_not_depend_on_those_beside_it(row: str, variant: str) -> None:
    controller = lively(tiny(row=row, variant=variant))
    x = noise()
    assert torch.allclose(controller(x)[1:2], controller(x[1:2]), atol=1e-4)


@every_row
def test_deployed_network_is_the_controller(row: str, variant: str) -> None:
    """Stored and read again, the network of plain layers gives the controller's features."""
    config = tiny(row=row, variant=variant)
    controller = lively(config)
    arrays = pack(controller)
    net = network(unpack(config, arrays))
    assert torch.allclose(net(noise()), controller(noise()), atol=1e-3)
    for module in net:
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert module.bias is None


@every_row
def test_binary_weights_take_one_bit(row: str, variant: str) -> None:
    config = tiny(row=row, variant=variant)
    arrays = pack(Controller(config))
    for name in LAYERS:
        weights = Controller(config).layers[name].weight.numel()  # pyright: ignore
        stored = arrays[f"{name}.{kind(config, name)}"]
        bits = {"signs": 1, "integers": (8, 16), "real": 32}[kind(config, name)]
        assert 8 * stored.nbytes / weights in (bits if isinstance(bits, tuple) else (bits,)) or bits == 1
        if bits == 1:
            assert stored.nbytes == -(-weights // 8)
    binary = {"fp32": 0, "xnor": 3, "batmann_x": 4, "rbnn": 3, "batmann_r": 4}[row]
    assert sum(name.endswith("signs") for name in arrays) == binary


def test_embedding_each_picture_once_changes_nothing() -> None:
    """Answers from shared features against one episode after the other."""
    config = tiny(row="batmann_x", variant="paper")
    part = pictures.load(config, torch.device("cpu")).test
    net = network(unpack(config, pack(Controller(config))), torch.float64)
    tasks = testing.episodes(config, "test", 4, part)
    memories = [Memory("bipolar", sharpening="abs"), Memory("real", "cosine", "softabs")]
    found = Embedded(net, part, tasks, torch.float64).answers(memories)
    values = torch.eye(config.ways).repeat_interleave(config.shots, 0)
    for i, task in enumerate(tasks):
        sets = [task.pictures(part, drawings) for drawings in (task.support, task.queries)]
        support, queries = (net(pictures.normalized(p, torch.float64)).float() for p in sets)
        for memory, answers in zip(memories, found, strict=True):
            assert torch.equal(memory.scores(queries, support, values).argmax(-1), answers[i])


@every_row
def test_packing_keeps_every_answer(row: str, variant: str) -> None:
    """The same features, bit by bit, from the layers before they are packed and after."""
    config = tiny(row=row, variant=variant)
    controller = lively(config)
    before = network({n: layer.deployed() for n, layer in controller.layers.items()}, torch.float64)  # pyright: ignore
    after = network(unpack(config, pack(controller)), torch.float64)
    x = noise().double()
    assert torch.equal(before(x), after(x))


def test_a_constant_network_scores_chance() -> None:
    """Exactly 1/ways, whatever makes it constant: equal features, or numbers that are none."""
    config = tiny(row="rbnn", variant="paper", test_episodes=10)
    part = pictures.load(config, torch.device("cpu")).test
    for value in (0.0, float("nan")):
        arrays = pack(Controller(config))
        arrays["dense.scale"][:] = value
        found = measure(config, arrays, part)
        assert found["accuracy"]["table"] == 100 / config.ways
        assert found["most_frequent_answer"] == 100


def test_measure_names_the_rows_own_inference() -> None:
    part = pictures.load(tiny(), torch.device("cpu")).test
    arrays = pack(lively(tiny()))
    for sharpening, name in (("abs", "dot_abs"), ("identity", "dot")):
        found = measure(tiny(test_sharpening=sharpening), arrays, part)["accuracy"]
        assert found["table"] == found["bipolar"][name]


def test_labels_are_in_the_order_of_the_pictures() -> None:
    config = tiny()
    task = draw(config, "test", 0, 50)
    part = torch.arange(50, dtype=torch.uint8).view(50, 1, 1, 1).expand(50, 20, 32, 32)
    found = task.pictures(part, task.queries)[:, 0, 0]
    assert torch.equal(found.long(), torch.from_numpy(task.characters)[labels(config.ways, config.queries)])


def test_seeds_gathers_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    values = {**TINY, "row": "xnor", "variant": "released"}
    config = SeedsConfig.build(**values, seeds=2, seed=5)
    record = runs.compute(experiments.find("batmann/seeds"), config, bar=False)
    single = [runs.find("batmann/train", **values, seed=seed) for seed in (5, 6)]
    assert all(single)
    for address in ("accuracy.table", "accuracy.real.cosine", "most_frequent_answer"):
        assert record.metric(address) == [run.metric(address) for run in single if run]


def test_a_record_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    config = tiny(row="batmann_x", variant="released")
    record = runs.compute(experiments.find("batmann/train"), config, bar=False)
    found = evaluate(config, record.tensors())
    assert len(found) == 10
    for address, value in found.items():
        assert value == record.metric(address)
    assert np.isfinite(record.metric("curve.loss")).all()


def test_lists_of_runs_fit_together() -> None:
    """No run stands twice in the list of trainings, and it has every seed that the other list gathers."""
    folder = ROOT / "data" / "runs"
    trained = batch.chosen(str(folder / "batmann.txt"))
    lines = [line for line in (folder / "batmann.txt").read_text().splitlines() if line and line[0] != "#"]
    assert len(trained) == len(lines)
    gathered = [j.words.split() for j in batch.chosen(str(folder / "batmann-seeds.txt")).values()]
    for words in (words for name, *words in gathered if name == "batmann/seeds"):
        config = SeedsConfig.parse(words)
        values = config.training.model_dump(exclude={"seed"})
        for seed in range(config.seed, config.seed + config.seeds):
            assert f"batmann/train/{TrainConfig.build(**values, seed=seed).slug()}" in trained


def test_printed_numbers_are_held_against_each_other() -> None:
    found = runs.obtain("batmann/printed", effort="smoke").metrics
    assert found["row"]["batmann_x"] == 96.53
    assert found["minus_fp32"]["rbnn"] == pytest.approx(0.74)
    assert found["constant_answer"] == 5.0
    data = datasets.load("glyphs")
    assert found["characters"] == len(data.background) + len(data.evaluation)
    assert found["drawings"] == 20
