"""Claims: well formed, backed by records once attempted, and judged by rules that hold for any number."""

import math
import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imc import claims, runs
from imc.claims import Claim, Measure, judge
from imc.claims.statistics import Estimate
from imc.errors import UserError
from imc.paths import PUBLISHED
from imc.runs import experiments, records

EVERY = list(claims.load().values())
OPERANDS = [(claim.id, o) for claim in EVERY for o in (claim.measure, claim.minus) if o]


def test_every_claim_names_place_kind_and_reason():
    for claim in EVERY:
        assert claim.place.strip(), claim.id
        assert claim.kind, claim.id
        assert claim.why.strip().endswith("."), claim.id
        assert claim.text.strip().endswith("."), claim.id


def test_ids_are_unique_and_sorted_by_paper():
    ids = [claim.id for claim in claims.read(claims.FOLDER)]
    assert len(ids) == len(set(ids))
    order = [claims.PAPERS.index(claim.paper) for claim in EVERY]
    assert order == sorted(order)
    assert {claim.paper for claim in EVERY} == set(claims.PAPERS)


def test_no_text_is_left_with_an_unfilled_name():
    for claim in EVERY:
        for text in (claim.id, claim.place, claim.text, claim.why):
            assert not re.search(r"\{[a-z_]+\}", text), claim.id


def test_numeric_claims_say_what_they_are_held_against():
    for claim in EVERY:
        if claim.kind in ("exact", "trained", "simulated", "mechanism"):
            assert math.isfinite(claim.target), claim.id


def test_every_attempted_claim_has_a_valid_experiment():
    refused: dict[str, str] = {}
    for identifier, operand in OPERANDS:
        try:
            experiments.find(operand.experiment).config.build(**operand.config)
        except UserError as error:
            refused[identifier] = str(error)
    assert not refused


def test_every_attempted_claim_has_its_published_record_and_metric():
    missing: dict[str, str] = {}
    for identifier, operand in OPERANDS:
        config = experiments.find(operand.experiment).config.build(**operand.config)
        path = records.path_of(operand.experiment, config, PUBLISHED)
        if path.is_file():
            records.read(path).metric(operand.metric)
        else:
            missing.setdefault(str(path.relative_to(PUBLISHED)), identifier)
    listed = "\n".join(f"  {path}  (first needed by {identifier})" for path, identifier in missing.items())
    assert not missing, f"{len(missing)} records that claims rest on are not published:\n{listed}"


# Rules of the verdict.

finite = st.floats(-1e6, 1e6)
samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=8)
measured_kinds = st.sampled_from(["exact", "trained", "simulated", "mechanism"])
expectations = st.sampled_from(["equals", "at least", "at most"])


def make(kind: str, expect: str = "equals", bound: float = 0.0, tolerance: float | None = None) -> Claim:
    return Claim.model_validate(
        {
            "id": "reram.test",
            "paper": "reram",
            "place": "nowhere",
            "text": "A test.",
            "kind": kind,
            "expect": expect,
            "bound": bound,
            "tolerance": (tolerance or 0.0) if expect == "equals" else None,
            "why": "For the test.",
            "page": "reram/test",
            "measure": {"experiment": "reram/mlp", "metric": "accuracy.baseline"},
        }
    )


RANK = {"contradicted": 0, "not reproduced": 1, "reproduced": 2}


@given(measured_kinds, finite, samples, st.floats(0, 1e3), st.floats(0, 1e3))
def test_a_wider_tolerance_never_makes_a_verdict_worse(kind, bound, values, tolerance, more):
    narrow = judge(make(kind, bound=bound, tolerance=tolerance), values)
    wide = judge(make(kind, bound=bound, tolerance=tolerance + more), values)
    assert RANK[wide] >= RANK[narrow]


@given(measured_kinds, st.floats(-1e3, 1e3), samples, st.floats(0, 1e3))
def test_above_and_below_are_judged_alike(kind, bound, values, tolerance):
    mirrored = [-value for value in values]
    assert judge(make(kind, bound=bound, tolerance=tolerance), values) == judge(
        make(kind, bound=-bound, tolerance=tolerance), mirrored
    )
    assert judge(make(kind, "at least", bound), values) == judge(make(kind, "at most", -bound), mirrored)


@given(measured_kinds, expectations, st.floats(-100, 100), samples, st.integers(-1000, 1000))
def test_only_distance_matters(kind, expect, bound, values, shift):
    """Moving paper and result together changes nothing, away from the limit itself."""
    claim, moved = make(kind, expect, bound, 1.0), make(kind, expect, bound + shift, 1.0)
    here = Estimate.of_seeds(values)
    edges = [limit for limit in claim.limits if math.isfinite(limit)]
    assume(all(abs(x - edge) > 1e-5 for x in (*values, here.low, here.mean, here.high) for edge in edges))
    assert judge(claim, values) == judge(moved, [value + shift for value in values])


@given(st.sampled_from(["exact", "mechanism"]), st.floats(-1e3, 1e3), finite)
def test_a_certain_value_is_either_reproduced_or_contradicted_never_both_ways(kind, bound, value):
    at_least, at_most = (judge(make(kind, expect, bound), value) for expect in ("at least", "at most"))
    assert {at_least, at_most} <= {"reproduced", "contradicted"}
    assert "reproduced" in (at_least, at_most)


@given(expectations, st.floats(-1e3, 1e3), samples)
def test_mechanisms_ask_for_the_whole_interval(expect, bound, values):
    claim, here = make("mechanism", expect, bound, 1.0), Estimate.of_seeds(values)
    low, high = claim.limits
    verdict = judge(claim, values)
    assert (verdict == "reproduced") == (low <= here.low and here.high <= high)
    assert (verdict == "contradicted") == (here.high < low or here.low > high)


@pytest.mark.parametrize(
    ("kind", "expect", "bound", "tolerance", "ours", "verdict"),
    [
        ("exact", "equals", 1.0, 0.0, 1.0, "reproduced"),
        ("exact", "equals", 1.0, 0.0, 1.001, "contradicted"),
        ("exact", "equals", 0.0, 0.0, [0.0, 0.0], "reproduced"),
        ("exact", "equals", 0.0, 0.0, [0.0, 0.01], "contradicted"),
        ("exact", "equals", 1.07, 0.005, 97.30 - 96.23, "reproduced"),
        ("exact", "at most", 1.0, None, 97.30 - 96.23, "contradicted"),
        ("exact", "at least", 2000.0, None, 2016, "reproduced"),
        ("trained", "equals", 96.0, 0.5, [95.0, 96.0, 97.5], "reproduced"),
        ("trained", "equals", 96.0, 0.5, [97.0, 97.1, 97.2], "not reproduced"),
        ("trained", "equals", 96.0, 0.5, [96.5, 96.5], "reproduced"),
        ("trained", "at most", 20.0, None, [9.0, 10.0, 11.0], "reproduced"),
        ("simulated", "equals", 50.0, 1.0, [47.0, 50.0], "not reproduced"),
        ("mechanism", "at least", 0.0, None, [1.0, 1.1, 0.9], "reproduced"),
        ("mechanism", "at least", 0.0, None, [-1.0, -1.1, -0.9], "contradicted"),
        ("mechanism", "at least", 0.0, None, [-1.0, 1.0, 2.0], "not reproduced"),
        ("mechanism", "at least", 0.0, None, [5.0], "not reproduced"),
        ("mechanism", "at least", 0.0, None, 5.0, "reproduced"),
        ("calibrated", "equals", 0.0, 0.0, 123.0, "calibrated"),
        ("exact", "equals", 0.0, 0.0, None, "not attempted"),
        ("exact", "equals", 0.0, 0.0, math.nan, "contradicted"),
        ("trained", "equals", 0.0, 1.0, [math.nan, 0.0], "not reproduced"),
        ("mechanism", "at most", 0.0, None, [math.nan, 0.0], "not reproduced"),
    ],
)
def test_verdicts(kind: str, expect: str, bound: float, tolerance: float | None, ours: Any, verdict: str):
    assert judge(make(kind, expect, bound, tolerance), ours) == verdict


def test_what_is_quoted_or_not_testable_is_not_judged():
    quoted = next(claim for claim in EVERY if claim.kind == "quoted")
    untestable = next(claim for claim in EVERY if claim.kind == "not testable")
    assert judge(quoted, None) == "quoted"
    assert judge(untestable, None) == "not attempted"


def test_exact_claims_default_to_half_the_last_printed_digit():
    claim = claims.load()["batmann.text.xnor_loss"]
    assert claim.limits == pytest.approx((0.065, 0.075))
    assert claims.load()["reram.input.size_reduction"].limits == pytest.approx((41.5, 42.5))


# Evaluation against records.


def evaluated(monkeypatch, metrics: dict[str, Any], claim: Claim, **options: Any):
    """Evaluate with records that hold `metrics` by stem; also returns the configurations asked for."""
    asked: list[dict[str, Any]] = []

    def find(experiment: str, /, **config: Any):
        asked.append(config)
        stem = "_".join(f"{k}-{v}" for k, v in config.items()) or "defaults"
        if stem not in metrics:
            return None
        return SimpleNamespace(
            experiment=experiment,
            path=SimpleNamespace(stem=stem),
            metric=lambda address: metrics[stem][address],
        )

    monkeypatch.setattr(runs, "find", find)
    return claims.evaluate(claim, **options), asked


def pair(minus: dict[str, Any] | None = None) -> Claim:
    claim = make("mechanism", "at least", 1.0)
    return claim.model_copy(update={"minus": Measure.model_validate(minus)}) if minus else claim


MINUS = {"experiment": "reram/mlp", "config": {"norm": "none"}, "metric": "accuracy.baseline"}


def test_a_missing_record_leaves_the_claim_unattempted(monkeypatch):
    verdict, _ = evaluated(monkeypatch, {"defaults": {"accuracy.baseline": [9.0, 9.5]}}, pair(MINUS))
    assert (verdict.verdict, verdict.here, verdict.records) == ("not attempted", None, ())


def test_differences_are_paired_by_seed(monkeypatch):
    found = {
        "defaults": {"accuracy.baseline": [90.0, 95.0, 99.0]},
        "norm-none": {"accuracy.baseline": [87.0, 92.0, 96.0]},
    }
    verdict, _ = evaluated(monkeypatch, found, pair(MINUS))
    assert verdict.here == Estimate(3.0, 3.0, 3.0, 3)
    assert verdict.difference == 2.0
    assert verdict.verdict == "reproduced"
    assert verdict.records == ("reram/mlp/defaults", "reram/mlp/norm-none")


def test_overrides_reach_only_the_fields_an_experiment_has(monkeypatch):
    found = {"seeds-2": {"accuracy.baseline": [2.0, 2.5]}}
    verdict, asked = evaluated(monkeypatch, found, pair(), seeds=2, ways=5)
    assert asked == [{"seeds": 2}]
    assert verdict.here is not None
    assert verdict.here.n == 2


def test_a_fixed_claim_takes_a_page_s_size_below_full_effort_only(monkeypatch):
    found = {"defaults": {"accuracy.baseline": [3.0]}, "effort-smoke_seeds-2": {"accuracy.baseline": [2.0]}}
    fixed = pair().model_copy(update={"fixed": True})
    assert evaluated(monkeypatch, found, fixed, effort="full", seeds=2)[1] == [{}]
    smoke = {"effort": "smoke", "seeds": 2}
    assert evaluated(monkeypatch, found, fixed, **smoke)[1] == [smoke]


def test_missing_records_are_made_on_request(monkeypatch):
    made = SimpleNamespace(
        experiment="reram/mlp", path=SimpleNamespace(stem="new"), metric=lambda address: 5.0
    )
    monkeypatch.setattr(runs, "obtain", lambda experiment, /, **config: made)
    assert claims.evaluate(pair(), compute=True).verdict == "reproduced"


@given(samples, st.floats(-1e3, 1e3))
def test_a_single_number_pairs_with_every_seed(values: Sequence[float], number: float):
    assert claims.subtract(values, number) == [value - number for value in values]
    assert claims.subtract(number, values) == [number - value for value in values]


def test_unequal_seeds_cannot_be_paired():
    with pytest.raises(UserError, match="3 seeds cannot be paired with 2"):
        claims.subtract([1.0, 2.0, 3.0], [1.0, 2.0])


# Files.

GOOD = {
    "id": '"reram.a"',
    "place": '"Section 1"',
    "text": '"True."',
    "kind": '"trained"',
    "bound": "1.0",
    "tolerance": "0.1",
    "why": '"Because."',
    "page": '"reram/a"',
    "measure": '{ experiment = "reram/mlp", metric = "accuracy.baseline" }',
}


def written(tmp_path, **changes: str | None) -> tuple[Claim, ...]:
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    body = "\n".join(f"{name} = {value}" for name, value in fields.items())
    (tmp_path / "reram.toml").write_text(f"[[claim]]\n{body}\n")
    return claims.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colour": '"red"'}, "the field 'colour' is unknown"),
        ({"place": None}, "the field 'place' is missing"),
        ({"kind": None}, "the field 'kind' is missing"),
        ({"why": None}, "the field 'why' is missing"),
        ({"why": '""'}, "the field 'why' is ''"),
        ({"kind": '"rumour"'}, "the field 'kind' is 'rumour': Input should be 'exact', 'trained'"),
        ({"expect": '"more"'}, "the field 'expect' is 'more'"),
        ({"tolerance": "-1.0"}, "the field 'tolerance' is -1.0"),
        ({"tolerance": "nan"}, "the field 'tolerance' is nan"),
        ({"id": '"imce.a"'}, "the id has to start with 'reram.'"),
        ({"reference": '"reram.table4.act2.basline"'}, "nearest: reram.table4.act2.baseline"),
        ({"reference": '"reram.table4.act2.baseline"'}, "either a reference or a bound, not both"),
        ({"reference": '"reram.table7.chen.weight_bits"', "bound": None}, "is no number but 'ternary'"),
        ({"page": None}, "needs the page that shows it"),
        ({"bound": None, "tolerance": None}, "needs a reference or a bound"),
        ({"tolerance": None}, "a trained value needs a tolerance"),
        ({"expect": '"at least"'}, 'a tolerance belongs to expect = "equals"'),
        ({"kind": '"quoted"'}, "a claim of kind 'quoted' is not measured"),
        ({"measure": '{ experiment = "reram/mlp" }'}, "the field 'measure.metric' is missing"),
        ({"measure": None, "minus": GOOD["measure"]}, "minus and fixed need a measure"),
        ({"measure": None, "fixed": "true"}, "minus and fixed need a measure"),
        ({"text": '"{who}."'}, "{who} is none of the names it can stand for (none)"),
        ({"each": "[{ n = 1 }, { n = 2 }]"}, "the id 'reram.a' is given twice"),
    ],
)
def test_a_bad_claim_is_refused_in_one_sentence(tmp_path, changes: dict[str, str | None], sentence: str):
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        written(tmp_path, **changes)
    assert str(caught.value).startswith("reram.toml, claim ")


def test_an_unknown_section_is_refused(tmp_path):
    (tmp_path / "imce.toml").write_text("[[claims]]\n")
    with pytest.raises(UserError, match=r"imce\.toml: the only section allowed is claim, it has claims"):
        claims.read(tmp_path)


def test_one_entry_stands_for_many_claims_and_keeps_types(tmp_path):
    one, two = written(
        tmp_path,
        id='"reram.a{bits}"',
        text='"{bits} bits give {printed} %."',
        place=None,
        bound=None,
        reference='"reram.table4.act{bits}.baseline"',
        measure='{ experiment = "reram/mlp", config = { activation_bits = "{bits}" }, metric = "m" }',
        each="[{ bits = 1 }, { bits = 2 }]",
    )
    assert (one.id, two.id) == ("reram.a1", "reram.a2")
    assert two.text == "2 bits give 95.97 %."
    assert "row 2-bit" in two.place
    assert two.measure is not None
    assert two.measure.config == {"activation_bits": 2}
