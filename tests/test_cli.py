"""The command line: what a user types, and what mistakes answer."""

import sys
from pathlib import Path

import numpy as np
import pytest

from imc import runs
from imc.runs import cli, doctor, experiments, records, verify
from imc.runs.experiments import Outcome

TINY = ["epochs=1", "hidden=8", "input_size=8"]


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["imc", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "reram/mpl"], "there is no experiment 'reram/mpl'; did you mean reram/mlp"),
        (["run", "reram/mlp", "weight_bits=9"], "weight_bits = '9' in MlpConfig"),
        (["run", "reram/mlp", "seeds"], "'seeds' is not of the form name=value"),
        (["run", "reram/mlp", "--seed", "-1"], "seed = '-1' in MlpConfig"),
        (["publish", "nowhere.json"], "there is no record at nowhere.json"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, words: list, sentence: str
) -> None:
    assert call(monkeypatch, *words) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert not list(results.rglob("*"))


def test_run_computes_once_and_then_finds(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    words = ("run", "reram/mlp", *TINY, "--effort", "smoke", "--seed", "3")
    assert call(monkeypatch, *words) == 0
    (path,) = (p for p in results.rglob("*.json") if not p.name.endswith(".log.json"))
    assert path.name == "smoke_seed-3_input_size-8_hidden-8_epochs-1.json"
    made = path.stat().st_mtime_ns
    assert call(monkeypatch, *words) == 0
    assert path.stat().st_mtime_ns == made
    assert "accuracy.baseline" in capsys.readouterr().out


def test_runs_lists_every_experiment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert call(monkeypatch, "runs") == 0
    said = capsys.readouterr().out
    assert all(name in said for name in experiments.every())


def test_verify_finds_what_a_checkpoint_does_not_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A true record passes; one whose networks were exchanged for others does not."""
    kind = experiments.find("reram/mlp")
    config = kind.config.parse([*TINY, "effort=smoke"])
    monkeypatch.setattr(verify, "PUBLISHED", tmp_path)
    record = runs.compute(kind, config, tmp_path, bar=False)
    assert call(monkeypatch, "verify") == 0
    changed = {name: -a if a.dtype == np.int8 else a for name, a in record.tensors().items()}
    records.write(kind, config, Outcome(record.metrics, changed), record.data, tmp_path, {})
    assert call(monkeypatch, "verify") == 2
    assert "1 of the published checkpoints" in capsys.readouterr().err
    name = f"{record.experiment}/{record.path.stem}"
    assert call(monkeypatch, "verify", "--only", name) == 2
    assert name in capsys.readouterr().out.replace("\n", "")
    assert call(monkeypatch, "verify", "--only", f"{name}-more") == 2
    assert f"starts with '{name}-more'" in capsys.readouterr().err.replace("\n", " ")


def test_doctor_tells_machine_data_and_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_torch", lambda: iter([]))
    said = dict(line for line in doctor.report() if line[0])
    assert {"machine", "versions", "data", "records", "recompute"} <= set(said)
    assert said["records"].startswith(f"{len(runs.published())} published, all verified")
