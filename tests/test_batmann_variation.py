"""BATMANN on crossbars: exact without variation, the right cells disturbed, one device for a whole draw."""

from typing import Any, get_args

import numpy as np
import pytest
import torch

from imc import runs
from imc.binary.layers import Deployed
from imc.binary.signs import bipolar
from imc.crossbar.cells import Device
from imc.crossbar.variation import MEANINGS, GaussianResistance
from imc.papers.batmann import testing, variation
from imc.papers.batmann.controllers import Controller
from imc.papers.batmann.deployed import Signs, network, pack, unpack
from imc.papers.batmann.episodes import draw
from imc.papers.batmann.experiments import KeysConfig, Meaning, TrainConfig, VariationConfig, training_of
from imc.papers.batmann.on_crossbars import Hardware, OneState, disturbance
from imc.papers.batmann.splits import Episodes, digital, in_parts
from imc.runs import experiments, unfinished

CPU = torch.device("cpu")
TINY = {
    "effort": "smoke", "row": "batmann_x", "variant": "released", "channels": 6, "dimension": 32,
    "episodes": 8, "validate_every": 4, "test_episodes": 3, "draws": 3, "splits": 4,
}  # fmt: skip
DEVICE = Device(1e3, 1e4)


@pytest.fixture(autouse=True, scope="module")
def _results(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMC_RESULTS", str(tmp_path_factory.mktemp("results")))
        yield


def tiny(**values: Any) -> VariationConfig:
    return VariationConfig.build(**TINY | values)


def untrained(config: TrainConfig) -> dict[str, Deployed]:
    controller = Controller(config)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in controller.named_parameters():
        if not name.endswith("weight"):
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator).to(parameter)
    controller.layers["dense"].bias.data.normal_(0, 0.1, generator=generator)  # pyright: ignore
    return unpack(config, pack(controller))


def cells(*ohm: float) -> torch.Tensor:
    return 1 / torch.tensor(ohm).repeat(2000, 1)


def test_every_meaning_of_the_engine_can_be_asked_for() -> None:
    assert get_args(Meaning) == tuple(MEANINGS)


@pytest.mark.parametrize("columns", ["double", "single"])
def test_without_variation_crossbars_are_the_digital_controller_and_memory(columns: str) -> None:
    """Bit by bit and answer by answer; the 8-bit layer digital, since its conductances are rounded."""
    config = tiny(columns=columns, first="digital")
    layers, episodes = untrained(config.embedding.training), Episodes(config.embedding)
    hardware = Hardware(config, layers, 0.0, CPU)
    for index in range(config.embedding.draws):
        x = episodes.pictures(index)
        expected = in_parts(network(layers), x)
        assert torch.equal(hardware.keys(x, index), expected)
        keys = episodes.split(index, expected)
        answers = episodes.answers(keys, keys, digital)
        assert torch.equal(episodes.answers(keys, keys, hardware.memory(index)), answers)
        assert len(answers.unique()) > 1


def test_with_the_8_bit_layer_in_cells_features_agree_to_rounding() -> None:
    config = tiny()
    layers = untrained(config.embedding.training)
    x = Episodes(config.embedding).pictures(0)
    hardware = Hardware(config, layers, 0.0, CPU)
    same = torch.isclose(hardware.controller(x), network(layers)(x), atol=1e-4).float().mean()
    assert same > 0.99


@pytest.mark.parametrize("tuned", [False, True])
@pytest.mark.parametrize("meaning", ["clip-2", "gaussian"])
def test_disturbed_controller_against_float64(meaning: str, tuned: bool) -> None:
    """The keys of plain float64 layers that hold the disturbed, corrected weights."""
    config = tiny(meaning=meaning, tuned=tuned, products="float32")
    layers, x = untrained(config.embedding.training), Episodes(config.embedding).pictures(0)
    hardware = Hardware(config, layers, 200.0, CPU)
    keys = hardware.keys(x, 0)
    reference = network(layers, torch.float64)
    for name, mapped in hardware.controller.layers.items():
        plain = reference.get_submodule(name)
        weight = mapped.effective().double()
        if mapped.conv:
            weight = weight.unflatten(1, (*mapped.conv.kernel, -1)).permute(0, 3, 1, 2)
        plain.weight = torch.nn.Parameter(weight, requires_grad=False)
        plain.bias = torch.nn.Parameter(torch.full((len(weight),), mapped.intercept).double())
        assert tuned == (mapped.slope != 1)
    for module in reference:
        if isinstance(module, Signs):
            module.dtype = torch.float64
    expected = bipolar(reference(x.double()))
    assert (keys == expected).float().mean() > 0.995
    assert (keys != in_parts(network(layers), x)).float().mean() > 0.01


def test_bfloat16_products_stray_less_than_devices() -> None:
    config = tiny(dimension=256)
    layers, x = untrained(config.embedding.training), Episodes(config.embedding).pictures(0)
    exact, fast, other = (
        Hardware(tiny(dimension=256, products=p), layers, 600.0, CPU).keys(x, index)
        for p, index in (("float32", 0), ("bfloat16", 0), ("float32", 1))
    )
    assert (exact != fast).float().mean() < 0.5 * (exact != other).float().mean()


def test_one_state_varies_and_the_other_stays() -> None:
    for state, stays in (("on", 1), ("off", 0)):
        for name in ("gaussian", "truncated", "conductance", "lognormal"):
            g = cells(1e3, 1e4)
            step = disturbance(name, 300.0, state)
            assert isinstance(step, OneState)
            step(g, DEVICE, torch.Generator().manual_seed(0))
            assert torch.equal(g[:, stays], cells(1e3, 1e4)[:, stays])
            assert g[:, 1 - stays].std() > 0


def test_one_limit_of_the_clamp_varies_and_the_other_stays() -> None:
    for name, off in (("clip", 1), ("clip-2", 2), ("clip-2-random-endpoint", 2)):
        for state in ("on", "off"):
            g = cells(1e3, 1e4)
            step = disturbance(name, 300.0, state)
            low, high = step.endpoints(DEVICE.g_off, DEVICE.g_on, DEVICE, torch.Generator().manual_seed(3))
            step(g, DEVICE, torch.Generator().manual_seed(0))
            ohm = (1 / g.double()).numpy()
            if state == "on":
                assert low == pytest.approx(1e-4, rel=1e-6)
                assert ohm[:, 0].mean() == pytest.approx(1e3 + 300 / np.sqrt(2 * np.pi), rel=0.02)
                np.testing.assert_allclose(ohm[:, 1], 1e4, rtol=1e-6)
            else:
                assert high == pytest.approx(1e-3, rel=1e-6)
                np.testing.assert_allclose(ohm[:, 0], 1e3, rtol=1e-6)
                assert ohm[:, 1].mean() == pytest.approx(1e4 - off * 300 / np.sqrt(2 * np.pi), rel=0.01)


def test_varying_both_is_the_engines_own_meaning() -> None:
    assert disturbance("gaussian", 300.0, "both") == GaussianResistance(300.0)


def test_memory_holds_signs_at_full_range_in_one_device_a_draw() -> None:
    config = tiny(dimension=64, meaning="lognormal")
    hardware = Hardware(config, untrained(config.embedding.training), 50.0, CPU)
    generator = torch.Generator().manual_seed(0)
    k, q = (torch.randint(0, 2, (3, n, 64), generator=generator) * 2.0 - 1 for n in (15, 9))
    k[2] = k[0]
    q[2] = q[0]
    found = hardware.memory(0)(q, k)
    assert torch.equal(found[2], found[0]), "written again into the same cells"
    assert not torch.equal(hardware.memory(1)(q, k)[0], found[0]), "another draw is another device"
    assert torch.allclose(found, q @ k.mT, atol=4)
    assert torch.corrcoef(torch.stack([found.flatten(), (q @ k.mT).flatten()]))[0, 1] > 0.99


def test_first_split_is_the_tests_own_and_others_only_shuffle_within_a_character() -> None:
    config = tiny()
    training = config.embedding.training
    episodes, task = Episodes(config.embedding), draw(training, "test", 1, 50)
    each = training.shots + training.queries
    names = torch.arange(training.ways * each).float()[:, None]
    split = episodes.split(1, names)[..., 0]
    assert torch.equal(split[0].flatten(), names[:, 0])
    for one in split:
        assert torch.equal(one.sort(-1).values, split[0])
    assert not torch.equal(split[1], split[2])
    assert episodes.pictures(1).shape[0] == task.characters.size * each


def test_first_splits_make_the_accuracy_of_training() -> None:
    """`batmann/keys` with one split finds what `batmann/train` found on the same episodes."""
    values = TINY | {"splits": 1}
    kept = runs.obtain("batmann/keys", **values)
    name, needed = training_of(KeysConfig.build(**values).training)
    record = runs.find(name, **needed)
    assert record
    assert np.mean(kept.metrics["accuracy"]) == pytest.approx(record.metric("accuracy.table"), abs=1e-3)
    for kind in ("double", "single"):
        assert kept.metric(f"different_bits.{kind}") == kept.metric(f"different_answers.{kind}") == 0
    assert kept.metrics["bits"] == 3 * 5 * 6 * 32


def test_a_sweep_starts_digital_and_ends_at_chance() -> None:
    record = runs.obtain("batmann/variation", **TINY, sigmas=(0, 600, 1000, 1400))
    digital_accuracy = runs.obtain("batmann/keys", **TINY).metrics["accuracy"]
    for where in variation.WHERE:
        accuracy = record.metric(f"accuracy.{where}")
        assert accuracy["0"] == digital_accuracy
        assert accuracy["0"] != accuracy["1400"]
        for i, edge in enumerate(record.metric(f"edge.{where}")):
            at = {s: accuracy[s][i] for s in accuracy}
            assert edge == pytest.approx((at["1000"] - at["1400"]) - (at["600"] - at["1000"]), abs=1e-3)
    assert record.metric("flipped.0") == [0, 0, 0]
    assert min(record.metric("flipped.1400")) > 1
    assert record.metric("cells.conv1") == 2 * 25 * 6
    assert record.metric("floor.dense.600") == [0, 0, 0]


def test_cells_at_the_floor_are_counted() -> None:
    config = tiny(meaning="gaussian", dimension=64)
    hardware = Hardware(config, untrained(config.embedding.training), 1000.0, CPU)
    hardware.keys(Episodes(config.embedding).pictures(0), 0)
    count = hardware.floored()["dense"]
    on, off = (6 * 16 * 64 * p for p in (0.15866, 0.0))  # half of the cells are ON: Phi(-0.999)
    assert count == pytest.approx(on + off, rel=0.15)


def test_another_device_for_the_queries_changes_them_alone() -> None:
    same, redrawn = (
        runs.obtain("batmann/variation", **TINY, devices=d, meaning="lognormal", sigmas=(0, 600)).metrics
        for d in ("same", "redrawn")
    )
    assert same["flipped"] == redrawn["flipped"]
    assert same["accuracy"]["memory"] == redrawn["accuracy"]["memory"]
    assert same["accuracy"]["controller"]["600"] != redrawn["accuracy"]["controller"]["600"]


def test_levelling_takes_the_mean_error_off_every_layer() -> None:
    layers = untrained(tiny().embedding.training)
    for levelled in (False, True):
        config = tiny(columns="single", levelled=levelled, products="float32", tuned=levelled)
        hardware = Hardware(config, layers, 600.0, CPU)
        hardware.keys(Episodes(config.embedding).pictures(0), 0)
        for layer in hardware.controller.layers.values():
            error = float((layer.matrix - layer.ideal).mean() / layer.limit)
            assert (abs(error) < 1e-6) == levelled


def test_a_killed_sweep_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(sigmas=(0, 300, 900), seed=3)
    kind = experiments.find("batmann/variation")
    whole = kind.run(config, lambda done, note="": None).metrics
    unfinished.forget("batmann/variation", config)
    at, seen = variation.Sweep.at, []

    def dying(self: variation.Sweep, sigma: float) -> dict[str, Any]:
        seen.append(sigma)
        if seen == [0, 300]:
            raise KeyboardInterrupt
        return at(self, sigma)

    monkeypatch.setattr(variation, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(variation.Sweep, "at", dying)
    with pytest.raises(KeyboardInterrupt):
        kind.run(config, lambda done, note="": None)
    assert kind.run(config, lambda done, note="": None).metrics == whole
    assert seen == [0, 300, 300, 900]


def test_testing_and_splits_agree_on_ties() -> None:
    """Equal scores: the first class answers, on crossbars and off."""
    config = tiny()
    training, splits = config.embedding.training, config.embedding.splits
    episodes = Episodes(config.embedding)
    keys = torch.ones(splits, training.ways, training.shots + training.queries, 32)
    layers = untrained(training)
    memory = Hardware(config, layers, 0.0, CPU).memory(0)
    for similarities in (digital, memory):
        assert (episodes.answers(keys, keys, similarities) == 0).all()
    assert testing.percent_right(episodes.answers(keys, keys, digital), training.ways) == 100 / training.ways
