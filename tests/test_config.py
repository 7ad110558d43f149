"""Configurations are validated at the door, and name their files."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imc import runs
from imc.errors import UserError
from imc.papers.batmann.experiments import KeysConfig, TrainConfig
from imc.papers.reram.experiments import CircuitConfig, MlpConfig
from imc.runs import experiments
from imc.runs.config import Config


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"weight_bits": 9}, ("weight_bits", "9", "less than or equal to 8")),
        ({"norm": "layer"}, ("norm", "layer", "'batch', 'none', 'shared' or 'scale'")),
        ({"input_size": 21}, ("input_size", "21", "multiple of 2")),
        ({"wight_bits": 2}, ("wight_bits", "weight_bits")),
        ({"seed": -1}, ("seed", "-1")),
        ({"effort": "fast"}, ("effort", "fast", "'full' or 'smoke'")),
        ({"learning_rate": "much"}, ("learning_rate", "much")),
    ],
)
def test_a_mistake_is_one_sentence_with_name_value_and_what_is_allowed(values: dict, words: tuple) -> None:
    with pytest.raises(UserError) as error:
        MlpConfig.build(**values)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_parse_needs_an_equals_sign() -> None:
    with pytest.raises(UserError, match="'seeds' is not of the form name=value"):
        MlpConfig.parse(["seeds"])


def test_smoke_replaces_defaults_but_not_what_is_given() -> None:
    smoke = MlpConfig.build(effort="smoke", epochs=1)
    assert (smoke.epochs, smoke.seeds, smoke.data) == (1, 2, "digits")
    assert smoke.slug() == "smoke_epochs-1"


def test_slugs() -> None:
    assert MlpConfig.build().slug() == "defaults"
    assert MlpConfig.build(norm="shared", activation_bits=2).slug() == "activation_bits-2_norm-shared"
    assert MlpConfig.build(learning_rate=0.001).slug() == "learning_rate-0.001"


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        MlpConfig.build().seeds = 3  # pyright: ignore[reportAttributeAccessIssue]


configs = st.builds(
    MlpConfig,
    seed=st.integers(0, 5),
    effort=st.sampled_from(["full", "smoke"]),
    seeds=st.integers(1, 4),
    weight_bits=st.integers(1, 8),
    norm=st.sampled_from(["batch", "none", "shared", "scale"]),
    learning_rate=st.floats(1e-6, 1),
    stochastic_neurons=st.booleans(),
)


@given(configs, configs)
def test_two_configurations_share_a_file_name_only_if_they_are_one(a: MlpConfig, b: MlpConfig) -> None:
    assert (a.slug() == b.slug()) == (a == b)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4))
def test_several_values_are_parted_by_commas(values: list[float]) -> None:
    config = CircuitConfig.build(sweep="offset", values=tuple(values))
    assert CircuitConfig.parse(["sweep=offset", f"values={','.join(map(str, values))}"]) == config
    assert CircuitConfig.parse(["sweep=offset", f"values={config.values}"]) == config


@given(configs)
def test_a_configuration_survives_the_command_line(config: MlpConfig) -> None:
    words = [f"{name}={value}" for name, value in config.model_dump().items()]
    assert MlpConfig.parse(words) == config


@st.composite
def runs_of_any_experiment(draw: st.DrawFn) -> tuple[type[Config], dict]:
    """An experiment's configurations and some values for them, taken from where they are published."""
    name = draw(st.sampled_from(sorted(experiments.every())))
    kind = experiments.find(name).config
    effort = draw(st.sampled_from(["full", "smoke"]))
    mine = [c.flat() for e, c in published() if e.name == name] or [kind.build().flat()]
    values = draw(st.sampled_from(mine))
    names = draw(st.lists(st.sampled_from(sorted(values)), unique=True))
    return kind, {n: values[n] for n in names} | {"effort": effort, "seed": draw(st.integers(0, 9))}


@cache
def published() -> list[tuple[experiments.Experiment, Config]]:
    return runs.published()


@given(runs_of_any_experiment())
@settings(max_examples=300)
def test_what_is_held_stands_side_by_side_in_words_records_and_names(run: tuple[type[Config], dict]) -> None:
    kind, values = run
    try:
        config = kind.build(**values)
    except UserError:  # values of several records that do not go together
        assume(False)
        raise
    assert kind.build(**config.flat()) == config
    assert kind.build(**json.loads(json.dumps(config.flat("json")))) == config
    assert list(config.flat()) == list(kind.fields())
    assert kind.parse(_words(config.flat())) == kind.parse(_words(values)) == config
    assert kind.build(effort=config.effort, **config.given()) == config
    assert kind(**values) == config, "the plain constructor and build agree"
    assert config.model_copy() == kind.build(**config.model_dump()) == config
    for name in kind.holds():
        held = getattr(config, name)
        assert (held.seed, held.effort) == (config.seed, config.effort)
        assert kind.build(**{name: held}, **values) == config
        assert kind.build(**values, **{name: held.flat()}) == config


def _words(values: dict) -> list[str]:
    """As the command line gives them, several at a time parted by commas."""
    return [
        f"{name}={','.join(map(str, value)) if isinstance(value, list | tuple) else value}"
        for name, value in values.items()
        if value is not None
    ]


def test_what_does_not_fit_in_what_is_held_is_said_of_the_field() -> None:
    with pytest.raises(UserError, match="weight_bits = 9 in CircuitConfig"):
        CircuitConfig.build(weight_bits=9)
    with pytest.raises(UserError, match=r"no field 'wight_bits' \(did you mean weight_bits\?\)"):
        CircuitConfig.build(wight_bits=1)
    with pytest.raises(UserError, match="CircuitConfig should have norm=batch with"):
        CircuitConfig.build(norm="none", norm_arithmetic="shift-based")
    with pytest.raises(UserError, match="no value for 'training', but for its fields"):
        CircuitConfig.parse(["training=best"])
    with pytest.raises(UserError, match="weight_bits = 9 in CircuitConfig"):
        CircuitConfig.build().model_copy(update={"weight_bits": 9})
    with pytest.raises(UserError, match="hidden = 0 in CircuitConfig"):
        CircuitConfig.build(training={"hidden": 0})


def test_a_field_of_its_own_cannot_be_called_as_one_of_what_it_holds() -> None:
    with pytest.raises(TypeError, match="Twice has hidden twice"):

        class Twice(Config):
            training: MlpConfig
            hidden: int = 3


def test_rows_choose_defaults_however_a_training_is_built() -> None:
    row = TrainConfig.build(row="rbnn", variant="released")
    plain: Any = TrainConfig  # pyright knows of no defaults written as Field(x)
    assert plain(row="rbnn", variant="released") == row != plain()
    assert KeysConfig.build(row="rbnn", variant="released").training == row
    assert row.model_copy(update={"seed": 3}).model_copy(update={"seed": 0}) == row
    with pytest.raises(UserError, match="row = 'bnn' in TrainConfig"):
        row.model_copy(update={"row": "bnn"})


def test_a_copy_is_validated() -> None:
    assert MlpConfig.build(seeds=2).model_copy(update={"weight_bits": 2}) == MlpConfig.build(
        seeds=2, weight_bits=2
    )
    with pytest.raises(UserError, match="weight_bits = 9"):
        MlpConfig.build().model_copy(update={"weight_bits": 9})
