"""Configurations are validated at the door, and name their files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.errors import UserError
from imc.papers.reram.experiments import CircuitConfig, MlpConfig


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


def test_a_copy_is_validated() -> None:
    assert MlpConfig.build(seeds=2).model_copy(update={"weight_bits": 2}) == MlpConfig.build(
        seeds=2, weight_bits=2
    )
    with pytest.raises(UserError, match="weight_bits = 9"):
        MlpConfig.build().model_copy(update={"weight_bits": 9})
