"""Records: written atomically, the same every time, refused when torn, edited or foreign."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc import runs
from imc.errors import UserError
from imc.papers.reram.results import CircuitResult, MlpResult
from imc.runs import experiments, records
from imc.runs.config import Config
from imc.runs.experiments import Experiment, Outcome
from imc.runs.records import Record

MLP = experiments.find("reram/mlp")
CONFIG = MLP.config.build(seeds=2)
METRICS = {
    "accuracy": {"baseline": [96.5, 96.0]},
    "most_frequent_answer": {"baseline": [11.0, 12.0]},
    "curve": {name: [[1.0, 2.0]] for name in ("train_loss", "test", "in_window1", "in_window2")},
}


def write(base: Path, outcome: Outcome | None = None) -> Record:
    outcome = outcome or Outcome(METRICS, {"w": np.arange(6).reshape(2, 3)})
    return records.write(MLP, CONFIG, outcome, {"mnist": "abc"}, base, {"wall_seconds": 1.0})


def test_round_trip(tmp_path: Path) -> None:
    record = write(tmp_path)
    assert record == records.read(tmp_path / "reram" / "mlp" / "seeds-2.json")
    assert record.metric("accuracy.baseline") == [96.5, 96.0]
    assert record.tensors()["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert record.log() == {"wall_seconds": 1.0}


def test_the_same_outcome_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one"), write(tmp_path / "two")
    for suffix in (".json", ".safetensors"):
        assert one.path.with_suffix(suffix).read_bytes() == two.path.with_suffix(suffix).read_bytes()


def test_nothing_is_left_beside_the_files(tmp_path: Path) -> None:
    write(tmp_path)
    assert {p.name for p in (tmp_path / "reram" / "mlp").iterdir()} == {
        "seeds-2.json", "seeds-2.log.json", "seeds-2.safetensors",
    }  # fmt: skip


def test_changing_any_one_digit_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path).path
    text = path.read_text()
    for place in (i for i, c in enumerate(text) if c.isdigit()):
        path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])
        with pytest.raises(UserError, match=r"edited|torn|schema"):
            records.read(path)


def test_a_record_is_taken_apart_once_and_never_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[object] = []
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda text: parsed.append(text) or loads(text))
    path = write(tmp_path).path
    parsed.clear()
    assert records.read(path).metrics is records.read(path).metrics
    assert not parsed, "writing it has read it"
    before, old = path.stat(), path.read_bytes()
    other = write(tmp_path / "other", Outcome({**METRICS, "accuracy": {"baseline": [96.0, 96.5]}})).path
    path.write_bytes(other.read_bytes().ljust(len(old)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert records.read(path).metric("accuracy.baseline") == [96.0, 96.5]
    path.write_bytes(old)
    assert records.read(path).metric("accuracy.baseline") == [96.5, 96.0]
    path.unlink()
    with pytest.raises(UserError, match="no record"):
        records.read(path)


@pytest.mark.parametrize("text", ["[]", "3", "null", '{"digest": 1}', '"digest"'])
def test_json_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path).path
    path.write_text(text)
    with pytest.raises(UserError, match=r"torn|schema"):
        records.read(path)


@given(length=st.integers(0, 400))
def test_a_torn_record_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = write(tmp_path_factory.mktemp("torn")).path
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match="torn"):
        records.read(path)


def test_a_record_under_another_name_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path).path
    with pytest.raises(UserError, match="not what its name says"):
        records.read(path.rename(path.with_name("seeds-3.json")))


def test_another_version_of_the_experiment_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path).path
    content = json.loads(path.read_text())
    del content["digest"]
    content["version"] = 99
    path.write_text(json.dumps(content | {"digest": records._digest(content)}))
    with pytest.raises(UserError, match="version 99 of reram/mlp"):
        records.read(path)


def test_a_changed_checkpoint_is_refused(tmp_path: Path) -> None:
    record = write(tmp_path)
    blob = bytearray(record.path.with_suffix(".safetensors").read_bytes())
    blob[-1] ^= 1
    record.path.with_suffix(".safetensors").write_bytes(blob)
    with pytest.raises(UserError, match="not the file its record names"):
        record.tensors()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), object()])
def test_metrics_are_finite_numbers(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(UserError, match=r"metric 'a\.b'"):
        write(tmp_path, Outcome({"a": {"b": [1.0, wrong]}}))
    assert not list(tmp_path.rglob("*.json"))


def test_an_unknown_metric_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no metric 'accuracy\.best'; it has baseline"):
        write(tmp_path).metric("accuracy.best")


def test_only_full_effort_is_published(tmp_path: Path) -> None:
    smoke = MLP.config.build(effort="smoke")
    record = records.write(MLP, smoke, Outcome(METRICS), {}, tmp_path, {})
    with pytest.raises(UserError, match="only full effort"):
        runs.publish(record.path)


def test_every_published_record_verifies() -> None:
    for experiment, config in runs.published():
        record = runs.find(experiment.name, **config.flat())
        assert record is not None
        assert record.config["effort"] == "full"
        if record.checkpoint:
            record.tensors()


def test_a_metric_whose_name_holds_a_dot_is_found(tmp_path: Path) -> None:
    metrics = {"cosine": {"nudging0.001": [1.0], "nudging0": 2.0, "0.1": {"b": 3.0}}}
    record = replace(write(tmp_path), metrics=metrics)
    assert record.metric("cosine.nudging0.001") == [1.0]
    assert record.metric("cosine.nudging0") == 2.0
    assert record.metric("cosine.0.1.b") == 3.0
    with pytest.raises(UserError, match="has no metric"):
        record.metric("cosine.nudging0.002")


TYPED = [pytest.param(e, c, id=f"{e.name}-{c.slug()}") for e, c in runs.published() if e.result is not None]


@pytest.mark.parametrize(("experiment", "config"), TYPED)
def test_published_records_are_of_their_result_class(experiment: Experiment, config: Config) -> None:
    record = runs.find(experiment.name, **config.flat())
    assert record
    assert experiment.result
    assert record.results(experiment.result).metrics() == record.metrics


def test_what_is_not_of_the_result_class_is_not_recorded(tmp_path: Path) -> None:
    record = write(tmp_path / "fits")
    assert record.results(MlpResult).accuracy.baseline == [96.5, 96.0]
    with pytest.raises(UserError, match="has MlpResult, not CircuitResult"):
        record.results(CircuitResult)
    for metrics in ({"accuracy": {"baseline": "much"}}, {"accuracy": 3}, {"accurracy": {}}, {}):
        with pytest.raises(UserError, match=r"seeds-2.json is no MlpResult: \w+"):
            write(tmp_path, Outcome({**METRICS, **metrics} if metrics else {}))
    assert not list(tmp_path.glob("reram/**/*.json"))
