"""Claims: well formed, backed by records once attempted, and judged by rules that hold for any number."""

import json
import math
import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imc import claims, runs
from imc.claims import Claim, Measure, Reading, joint
from imc.claims.statistics import Estimate, further_run
from imc.claims.verdicts import FEWEST_RUNS
from imc.errors import UserError
from imc.paths import PUBLISHED, ROOT
from imc.runs import batch, experiments, records

EVERY = list(claims.load().values())
READINGS = [(claim.id, reading) for claim in EVERY for reading in claim.readings]
OPERANDS = [(identifier, o) for identifier, r in READINGS for o in (r.measure, r.minus) if o]


def test_every_claim_names_place_kind_and_reason():
    for claim in EVERY:
        assert claim.place.strip(), claim.id
        assert claim.text.strip().endswith("."), claim.id
        assert not claim.best_why or claim.best_why.strip().endswith("."), claim.id
    for identifier, reading in READINGS:
        assert reading.kind, identifier
        assert reading.why.strip().endswith("."), identifier
        assert not reading.holds_for or reading.holds_for.strip().endswith("."), identifier


def test_ids_are_unique_and_sorted_by_paper():
    ids = [claim.id for claim in claims.read(claims.FOLDER)]
    assert len(ids) == len(set(ids))
    papers = list(claims.papers())
    order = [papers.index(claim.paper) for claim in EVERY]
    assert order == sorted(order)
    assert {claim.paper for claim in EVERY} == {*papers}


def test_no_text_is_left_with_an_unfilled_name():
    for claim in EVERY:
        texts = (claim.id, claim.place, claim.text, claim.best_why)
        of_readings = (text for r in claim.readings for text in (r.text, r.why, r.holds_for))
        for text in (*texts, *of_readings):
            assert not re.search(r"\{[a-z_]+\}", text), claim.id


def test_numeric_claims_say_what_they_are_held_against():
    for identifier, reading in READINGS:
        if reading.kind in ("exact", "trained", "simulated", "mechanism"):
            assert math.isfinite(reading.target), identifier


def test_no_number_of_a_paper_is_claimed_twice():
    keys = [key for claim in EVERY for key in (*{r.reference for r in claim.readings}, *claim.also) if key]
    assert [key for key in dict.fromkeys(keys) if keys.count(key) > 1] == []


def test_a_bootstrap_has_runs_to_draw_from():
    for identifier, reading in READINGS:
        if reading.interval == "bootstrap" and reading.measure:
            judged = next(
                j for j in claims.evaluate(claims.load()[identifier]).readings if j.reading == reading
            )
            assert judged.here is not None, identifier
            assert judged.here.n >= 10, identifier


def test_every_attempted_claim_has_a_valid_experiment():
    refused: dict[str, str] = {}
    for identifier, operand in OPERANDS:
        try:
            experiments.find(operand.experiment).config.build(**operand.config)
        except UserError as error:
            refused[identifier] = str(error)
    assert not refused


def test_every_attempted_claim_has_its_published_record_or_waits_for_a_listed_run():
    """A measure is written before its runs: until these are published, they stand in a list of runs."""
    lists = sorted((ROOT / "data" / "runs").glob("*.txt"))
    waiting = {f"{stem}.json" for path in lists for stem in batch.chosen(str(path))}
    missing: dict[str, str] = {}
    for identifier, operand in OPERANDS:
        config = experiments.find(operand.experiment).config.build(**operand.config)
        path = records.path_of(operand.experiment, config, PUBLISHED)
        if path.is_file():
            records.read(path).metric(operand.metric)
        elif path.relative_to(PUBLISHED).as_posix() not in waiting:
            missing.setdefault(str(path.relative_to(PUBLISHED)), identifier)
    listed = "\n".join(f"  {path}  (first needed by {identifier})" for path, identifier in missing.items())
    assert not missing, f"{len(missing)} records that claims rest on are not published:\n{listed}"


# Rules of the verdict.

finite = st.floats(-1e6, 1e6)
samples = st.lists(st.floats(-1e3, 1e3), min_size=FEWEST_RUNS, max_size=8)
measured_kinds = st.sampled_from(["exact", "trained", "simulated", "mechanism"])
chance_kinds = st.sampled_from(["trained", "simulated", "mechanism"])
expectations = st.sampled_from(["equals", "at least", "at most"])
intervals = st.sampled_from(["student", "bootstrap"])


def reading(
    kind: str, expect: str = "equals", bound: float = 0.0, tolerance: float | None = None, **more: Any
) -> Reading:
    measured = kind not in ("quoted", "not testable")
    return Reading.model_validate(
        {
            "text": "A test.",
            "kind": kind,
            "expect": expect,
            "bound": bound,
            "tolerance": (tolerance or 0.0) if expect == "equals" else None,
            "why": "For the test.",
            "measure": {"experiment": "reram/mlp", "metric": "accuracy.baseline"} if measured else None,
        }
        | more
    )


def judge(reading: Reading, ours: Any) -> str:
    return claims.judge(reading.kind, reading.expect, reading.limits, ours, reading.interval)


RANK = {"contradicted": 0, "not reproduced": 0, "open": 1, "reproduced": 2}


def opposite(one: str, other: str) -> bool:
    return abs(RANK[one] - RANK[other]) == 2


@given(chance_kinds, expectations, finite, st.lists(finite, min_size=1, max_size=2), st.floats(0, 1e9))
def test_fewer_than_three_runs_are_always_open(kind, expect, bound, values, tolerance):
    assert judge(reading(kind, expect, bound, tolerance), values) == "open"
    assert judge(reading(kind, expect, bound, tolerance), values[0]) == "open"


@given(
    chance_kinds, expectations, st.floats(-100, 100), samples, st.floats(0, 100), st.floats(0, 1), intervals
)
def test_a_narrower_interval_about_the_same_mean_never_gives_the_opposite(
    kind, expect, bound, values, tolerance, factor, interval
):
    mean = math.fsum(values) / len(values)
    narrower = [mean + factor * (value - mean) for value in values]
    held = reading(kind, expect, bound, tolerance, interval=interval)
    assert not opposite(judge(held, values), judge(held, narrower))


@given(st.sampled_from(["trained", "simulated"]), st.integers(-100, 100), samples, st.floats(0, 100))
def test_printed_value_and_mean_may_change_places(kind, printed, values, tolerance):
    mean = math.fsum(values) / len(values)
    swapped = [printed + (value - mean) for value in values]
    here, further = Estimate.of_seeds(values), further_run(values)
    edges = [abs(end - mean) + side * abs(mean - printed) for end in (here.low, *further) for side in (1, -1)]
    assume(all(abs(abs(edge) - tolerance) > 1e-5 for edge in edges))
    one = judge(reading(kind, bound=printed, tolerance=tolerance), values)
    other = judge(reading(kind, bound=mean, tolerance=tolerance), swapped)
    assert one == other


@given(measured_kinds, finite, samples, st.floats(0, 1e3), st.floats(0, 1e3))
def test_a_wider_tolerance_never_makes_a_verdict_worse(kind, bound, values, tolerance, more):
    narrow = judge(reading(kind, bound=bound, tolerance=tolerance), values)
    wide = judge(reading(kind, bound=bound, tolerance=tolerance + more), values)
    assert RANK[wide] >= RANK[narrow]


@given(measured_kinds, st.floats(-1e3, 1e3), samples, st.floats(0, 1e3))
def test_above_and_below_are_judged_alike(kind, bound, values, tolerance):
    mirrored = [-value for value in values]
    assert judge(reading(kind, bound=bound, tolerance=tolerance), values) == judge(
        reading(kind, bound=-bound, tolerance=tolerance), mirrored
    )
    assert judge(reading(kind, "at least", bound), values) == judge(
        reading(kind, "at most", -bound), mirrored
    )


@given(measured_kinds, expectations, st.floats(-100, 100), samples, st.integers(-1000, 1000))
def test_only_distance_matters(kind, expect, bound, values, shift):
    """Moving paper and result together changes nothing, away from the limit itself."""
    claim, moved = reading(kind, expect, bound, 1.0), reading(kind, expect, bound + shift, 1.0)
    here = Estimate.of_seeds(values)
    edges = [limit for limit in claim.limits if math.isfinite(limit)]
    points = (*values, here.low, here.high, *further_run(values))
    assume(all(abs(x - edge) > 1e-5 for x in points for edge in edges))
    assume(max(values) - min(values) > 1e-6 or len({*values}) == 1)
    assert judge(claim, values) == judge(moved, [value + shift for value in values])


@given(st.floats(-1e3, 1e3), finite)
def test_an_exact_value_is_either_reproduced_or_contradicted_never_both_ways(bound, value):
    at_least, at_most = (judge(reading("exact", expect, bound), value) for expect in ("at least", "at most"))
    assert {at_least, at_most} <= {"reproduced", "contradicted"}
    assert "reproduced" in (at_least, at_most)


@given(expectations, st.floats(-1e3, 1e3), samples, intervals)
def test_mechanisms_ask_for_the_whole_interval(expect, bound, values, interval):
    claim = reading("mechanism", expect, bound, 1.0, interval=interval)
    here = Estimate.of_seeds(values, interval)
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
        # Student's t of three runs is 4.30: the mean's interval is ± 2.48 s, a further run's ± 4.97 s
        ("trained", "equals", 96.0, 0.5, [96.1, 96.2, 96.15], "reproduced"),
        ("trained", "equals", 96.0, 0.5, [95.0, 96.0, 97.5], "open"),
        ("trained", "equals", 96.0, 0.5, [97.0, 97.1, 97.2], "not reproduced"),
        ("trained", "equals", 96.0, 0.5, [96.8, 96.9, 97.0], "open"),
        ("trained", "equals", 96.0, 0.5, [96.5, 96.5, 96.5], "reproduced"),
        ("trained", "equals", 96.0, 0.5, [96.6, 96.6, 96.6], "not reproduced"),
        ("trained", "at most", 20.0, None, [9.0, 10.0, 11.0], "reproduced"),
        ("trained", "at most", 20.0, None, [0.0, 24.0, 48.0], "open"),
        ("simulated", "equals", 50.0, 1.0, [47.0, 50.0], "open"),
        ("mechanism", "at least", 0.0, None, [1.0, 1.1, 0.9], "reproduced"),
        ("mechanism", "at least", 0.0, None, [-1.0, -1.1, -0.9], "contradicted"),
        ("mechanism", "at least", 0.0, None, [-1.0, 1.0, 2.0], "open"),
        ("mechanism", "at least", 0.0, None, [5.0], "open"),
        ("mechanism", "at least", 0.0, None, 5.0, "open"),
        ("calibrated", "equals", 0.0, 0.0, 123.0, "calibrated"),
        ("calibrated", "equals", 0.0, 0.0, None, "not attempted"),
        ("exact", "equals", 0.0, 0.0, None, "not attempted"),
        ("exact", "equals", 0.0, 0.0, math.nan, "contradicted"),
        ("trained", "equals", 0.0, 1.0, [math.nan, 0.0, 0.0], "open"),
        ("mechanism", "at most", 0.0, None, [math.nan, 0.0, 0.0], "open"),
        ("quoted", "equals", 0.0, None, None, "quoted"),
        ("not testable", "equals", 0.0, None, None, "not testable"),
    ],
)
def test_verdicts(kind: str, expect: str, bound: float, tolerance: float | None, ours: Any, verdict: str):
    assert judge(reading(kind, expect, bound, tolerance), ours) == verdict


def test_one_run_in_ten_can_decide_where_the_claim_says_so():
    """Nine chips as they should be and one that fails: Student's interval reaches over the bound of 100 %."""
    chips = [96.7] * 9 + [43.5]
    assert Estimate.of_seeds(chips).high > 100
    assert Estimate.of_seeds(chips, "bootstrap").high == pytest.approx(96.7)
    below = {"kind": "mechanism", "expect": "at most", "bound": 99.0}
    assert judge(reading(**below), chips) == "open"
    assert judge(reading(**below, interval="bootstrap"), chips) == "reproduced"


outcomes = st.lists(st.sampled_from(["reproduced", "open", "not reproduced", "contradicted"]), min_size=1)


@given(outcomes)
def test_a_sentence_of_several_cases_is_as_good_as_its_worst(several):
    found = joint(several)
    assert RANK[found] == min(RANK[outcome] for outcome in several)
    assert found in several


def test_cases_not_all_attempted_leave_the_sentence_open():
    assert joint(["not attempted", "not attempted"]) == "not attempted"
    assert joint(["reproduced", "not attempted"]) == "open"
    assert joint(["contradicted", "not attempted"]) == "contradicted"


def test_exact_claims_default_to_half_the_last_printed_digit():
    claim = claims.load()["batmann.text.xnor_loss"]
    assert claim.main.limits == pytest.approx((0.065, 0.075))
    assert claims.load()["reram.input.size_reduction"].main.limits == pytest.approx((41.5, 42.5))


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


def claim_of(*readings: Reading, best: Sequence[str] = ()) -> Claim:
    names = [r.name for r in readings]
    fields = {
        "id": "reram.test",
        "paper": "reram",
        "place": "nowhere",
        "text": "A test.",
        "page": "reram/test",
    }
    return Claim(**fields, readings=readings, best=tuple(best or names), best_why="For the test.")  # type: ignore


def pair(minus: dict[str, Any] | None = None, **more: Any) -> Claim:
    return claim_of(reading("mechanism", "at least", 1.0, minus=minus and Measure(**minus), **more))


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
    fixed = pair(fixed=True)
    assert evaluated(monkeypatch, found, fixed, effort="full", seeds=2)[1] == [{}]
    smoke = {"effort": "smoke", "seeds": 2}
    assert evaluated(monkeypatch, found, fixed, **smoke)[1] == [smoke]


def test_missing_records_are_made_on_request(monkeypatch):
    made = SimpleNamespace(
        experiment="reram/mlp", path=SimpleNamespace(stem="new"), metric=lambda address: [5.0, 5.1, 4.9]
    )
    monkeypatch.setattr(runs, "obtain", lambda experiment, /, **config: made)
    assert claims.evaluate(pair(), compute=True).verdict == "reproduced"


def test_a_claim_takes_the_verdict_of_the_reading_that_the_text_supports_best(monkeypatch):
    found = {"defaults": {"accuracy.baseline": [9.0, 9.5, 9.2]}}
    low, high = (reading("mechanism", "at least", b, name=n) for n, b in (("low", 5.0), ("high", 20.0)))
    for best, verdict in (("low", "reproduced"), ("high", "contradicted")):
        held, _ = evaluated(monkeypatch, found, claim_of(low, high, best=[best]))
        assert [j.verdict for j in held.readings] == ["reproduced", "contradicted"]
        assert held.verdict == verdict
        assert held.main.reading.name == best
    both, _ = evaluated(monkeypatch, found, claim_of(low, high))
    assert both.verdict == "contradicted"


@given(samples, st.floats(-1e3, 1e3))
def test_a_single_number_pairs_with_every_seed(values: Sequence[float], number: float):
    assert claims.subtract(values, number) == [value - number for value in values]
    assert claims.subtract(number, values) == [number - value for value in values]


def test_unequal_seeds_cannot_be_paired():
    with pytest.raises(UserError, match="3 seeds cannot be paired with 2"):
        claims.subtract([1.0, 2.0, 3.0], [1.0, 2.0])


# Files.

HEAD = '[paper]\ntitle = "A thesis"\n\n'
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
    (tmp_path / "reram.toml").write_text(f"{HEAD}[[claim]]\n{body}\n")
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
        ({"also": '["reram.table4.act2.baseline"]'}, "is not the same number as the reference"),
        ({"best": '"other"'}, "best = 'other' is none of the readings"),
        ({"readings": '[{ reading = "a" }, { reading = "a" }]'}, "several readings needs a name of its own"),
        ({"readings": '[{ reading = "a" }, { reading = "b" }]', "best": '"a"'}, "best_why has to say why"),
        ({"readings": '[{ reading = "a", bouund = 1.0 }]'}, "the name 'bouund' of an entry is no field"),
        (
            {"readings": '[{ reading = "a" }, { reading = "b", kind = "calibrated" }]'},
            "cannot hold with others",
        ),
        ({"text": '"{who}."'}, "{who} is none of the names it can stand for (none)"),
        ({"each": "[{ n = 1 }, { n = 2 }]", "text": '"{n}."'}, "the id 'reram.a' is given twice"),
    ],
)
def test_a_bad_claim_is_refused_in_one_sentence(tmp_path, changes: dict[str, str | None], sentence: str):
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        written(tmp_path, **changes)
    assert str(caught.value).startswith("reram.toml, claim ")


def test_an_unknown_section_is_refused(tmp_path):
    (tmp_path / "imce.toml").write_text("[[claims]]\n")
    with pytest.raises(UserError, match=r"imce\.toml: the sections allowed are paper and claim, it"):
        claims.read(tmp_path)


def test_a_file_without_its_head_and_a_folder_without_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="there are no claims in"):
        claims.read(tmp_path)
    (tmp_path / "imce.toml").write_text("")
    with pytest.raises(UserError, match=r"imce\.toml, section paper: the field 'title' is missing"):
        claims.read(tmp_path)


def test_a_paper_is_found_from_its_file(tmp_path):
    for name, order in (("zeta", 1), ("alpha", 2)):
        (tmp_path / f"{name}.toml").write_text(f'[paper]\ntitle = "The {name} paper"\norder = {order}\n')
    assert [p.title for p in claims.read_papers(tmp_path).values()] == ["The zeta paper", "The alpha paper"]


def test_readings_take_what_they_leave_out_from_the_claim(tmp_path):
    (claim,) = written(
        tmp_path,
        readings="""[
            { reading = "a", text = "{bits} bits.", bits = 2 },
            { reading = "b", bits = 3, bound = 9.0 },
        ]""",
        why='"For {bits} bits."',
        best='"b"',
        best_why='"Because."',
        measure='{ experiment = "reram/mlp", config = { activation_bits = "{bits}" }, metric = "m" }',
    )
    one, two = claim.readings
    assert (one.text, one.bound, one.why) == ("2 bits.", 1.0, "For 2 bits.")
    assert (two.text, two.bound, two.why) == ("True.", 9.0, "For 3 bits.")
    assert claim.main == two
    assert two.measure is not None
    assert two.measure.config == {"activation_bits": 3}


def test_the_export_is_plain_data():
    found = claims.export()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [entry["id"] for entry in found] == list(claims.load())


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
    assert two.main.measure is not None
    assert two.main.measure.config == {"activation_bits": 2}
