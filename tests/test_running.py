"""Making a record: what it needs comes first, one process makes it, and nothing that was computed is lost."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import Field

from imc import runs
from imc.errors import UserError
from imc.runs import batch, experiments, provenance, records, running, sources
from imc.runs.config import Config
from imc.runs.experiments import Experiment, Outcome

TWO_AT_ONCE = """
import sys
from imc import runs
runs.obtain(sys.argv[1], effort="smoke", epochs=3)
"""


def test_two_dependents_at_once_train_once(tmp_path: Path) -> None:
    environment = {**os.environ, "IMC_RESULTS": str(tmp_path)}
    kinds = ("reram/circuit", "reram/rescaled-merge")
    started = [
        subprocess.Popen([sys.executable, "-c", TWO_AT_ONCE, kind], env=environment, stderr=subprocess.PIPE)
        for kind in kinds
    ]
    said = [process.communicate(timeout=120)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert sum("waiting: another process makes reram/mlp" in words for words in said) == 1
    assert len(list((tmp_path / "reram" / "mlp").glob("*.log.json"))) == 1


class NoteConfig(Config):
    smoke: ClassVar = {}

    value: float = Field(1.0)


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Experiment]:
    """Experiments of this test's own: a note, and what is computed from it."""
    own = {
        "toy/note": Experiment("toy/note", NoteConfig, f"{__name__}:note", "notes its value"),
        "toy/twice": Experiment(
            "toy/twice", NoteConfig, f"{__name__}:twice", "twice a note",
            needs=lambda config: [("toy/note", {"value": config.value})],
        ),
        "toy/sly": Experiment("toy/sly", NoteConfig, f"{__name__}:twice", "twice a note, undeclared"),
    }  # fmt: skip
    monkeypatch.setattr(experiments, "every", lambda: own)
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))
    return own


def note(config: NoteConfig, progress: Any) -> Outcome:
    return Outcome({"value": math.log(config.value) if config.value > 0 else -math.inf})


def twice(config: NoteConfig, progress: Any) -> Outcome:
    return Outcome({"value": 2 * runs.obtain("toy/note", value=config.value).metric("value")})


def test_what_a_run_needs_is_made_before_it(made_up: dict[str, Experiment]) -> None:
    assert runs.obtain("toy/twice", value=3.0).metric("value") == 2 * math.log(3)
    assert runs.find("toy/note", value=3.0) is not None


def test_a_run_finds_only_what_it_declares(made_up: dict[str, Experiment]) -> None:
    with pytest.raises(RuntimeError, match="toy/sly asks for toy/note value-3, which its needs lack"):
        runs.obtain("toy/sly", value=3.0)


def test_a_batch_holds_what_its_runs_need(made_up: dict[str, Experiment], tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(
        "\ufefftoy/twice value=3  # a mark in front, as some editors write it\n"
    )
    found = batch.chosen(str(tmp_path / "list.txt"))
    assert set(found) == {"toy/twice/value-3", "toy/note/value-3"}
    assert found["toy/twice/value-3"].needs == (str(tmp_path / "results/toy/note/value-3.json"),)
    assert found["toy/note/value-3"].needs == ()


def test_a_torn_record_is_not_up_to_date(made_up: dict[str, Experiment], tmp_path: Path) -> None:
    path = runs.obtain("toy/note", value=3.0).path
    (tmp_path / "list.txt").write_text("toy/note value=3\n")
    batch.chosen(str(tmp_path / "list.txt"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match="torn"):
        batch.chosen(str(tmp_path / "list.txt"))


def test_a_list_with_an_open_quote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("reram/mlp seeds=2\nreram/mlp 'seeds=2\n")
    with pytest.raises(UserError, match="line 2: No closing quotation"):
        batch.chosen(str(tmp_path / "list.txt"))


def test_what_cannot_be_recorded_is_kept(made_up: dict[str, Experiment]) -> None:
    with pytest.raises(UserError, match="was computed and cannot be recorded: metric 'value'") as error:
        runs.obtain("toy/note", value=0.0)
    kept = Path(str(error.value).split("; ")[-1].removesuffix(" holds it"))
    assert "Infinity" in kept.read_text()


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome({(1, 2): object()}),  # pyright: ignore[reportArgumentType]
        Outcome({"value": object()}),
        Outcome({"value": 1.0}, {"w": np.array([None, "text"], dtype=object)}),
        Outcome({"value": math.nan}, {"a/b": np.ones(2)}),
    ],
    ids=["tuples", "an object", "objects", "no number"],
)
def test_whatever_a_run_finds_is_kept(
    outcome: Outcome, made_up: dict[str, Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Experiment, "run", lambda *_: outcome)
    with pytest.raises(UserError, match="was computed and cannot be recorded") as error:
        runs.obtain("toy/note")
    kept = Path(str(error.value).split("; ")[-1].removesuffix(" holds it"))
    assert kept.name.startswith("toy-note-")
    assert kept.read_text()
    assert kept.with_suffix(".npz").is_file() == bool(outcome.tensors)


def test_a_folder_that_cannot_be_written_is_found_before_computing(
    made_up: dict[str, Experiment], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "file"))
    monkeypatch.setattr(Experiment, "run", lambda *_: pytest.fail("computed first"))
    with pytest.raises(UserError, match="no record can be written"):
        runs.obtain("toy/note")


def test_runs_of_no_kind_need_what_no_experiment_makes() -> None:
    """Every experiment's needs are runs that exist, at both efforts."""
    for experiment in experiments.every().values():
        for effort in ("full", "smoke"):
            config = experiment.config.build(effort=effort)
            for name, values in experiment.needs(config):
                experiments.find(name).config.build(**values)


@pytest.mark.parametrize(
    ("given", "threads"),
    [("2", 2), ("4,2", 4), (" 3 ", 3), ("", 7), ("1.5", 7), ("0", 7), ("-1", 7), ("many", 7)],
)
def test_threads_are_what_openmp_makes_of_the_variable(
    given: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "cores", lambda: 7)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert provenance.threads() == threads


def test_cores_are_known_where_the_system_has_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert provenance.cores() >= 1
    assert provenance.machine()["cores"] == provenance.cores()


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True
    ).stdout


def test_the_commit_is_the_checkouts_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    git(tmp_path, "init", "-q")
    (inside / "file").write_text("one")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "somebody's")
    monkeypatch.setattr(provenance, "ROOT", inside)
    assert provenance.commit() == "unknown", "the commit of a repository around the checkout"
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    own = provenance.commit()
    assert own != "unknown"
    (tmp_path / "data" / "components").mkdir(parents=True)
    (tmp_path / "data" / "components" / "new.toml").write_text("x = 1")
    assert provenance.commit() == f"{own}+", "components are sources too"


def test_a_record_is_refused_when_its_source_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = experiments.find("imce/energy")
    config = kind.config.build()
    record = records.write(kind, config, Outcome({"a": 1.0}), {}, tmp_path, {})
    assert set(record.sources) == set(kind.reads)
    assert records.read(record.path) == record
    monkeypatch.setattr(sources, "digests", lambda names: dict.fromkeys(names, "other"))
    with pytest.raises(UserError, match="was made before data/components/imce changed"):
        records.read(record.path)


def test_digests_follow_what_numbers_come_from(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    file = tmp_path / "reference" / "toy.toml"

    def digest(text: str) -> str:
        file.write_text(text)
        sources._printed.cache_clear()
        return sources.digests(["printed/toy.one"], tmp_path)["printed/toy.one"]

    entry = '[[value]]\nkey = "toy.one"\nprinted = "{}"\nplace = "{}"\n'
    first = digest(entry.format("1.0", "page 1"))
    assert digest(entry.format("1.0", "page 2")) == first, "a place is for the reader"
    assert digest(entry.format("1.0", "page 1") + '[[value]]\nkey = "toy.ones"\nprinted = "2"\n') == first
    assert digest(entry.format("1.1", "page 1")) != first
    with pytest.raises(UserError, match=r"toy\.toml cannot be read as TOML"):
        digest("[[value]\n")
    sources._printed.cache_clear()
    with pytest.raises(UserError, match=r"components/none\.toml, which is not there"):
        sources.digests(["components/none"], tmp_path)


READING = """
import json, sys
from pathlib import Path
from imc.claims import reference
from imc.paths import ROOT
from imc.runs import experiments

read = set()
components = str(ROOT / "data" / "components")
def note(event, details):
    if event == "open" and str(details[0]).startswith(components):
        read.add("components/" + Path(str(details[0])).stem)
sys.addaudithook(note)
for name in ("value", "table"):
    def wrapped(key, original=getattr(reference, name)):
        read.add("printed/" + key)
        return original(key)
    setattr(reference, name, wrapped)
kind = experiments.find(sys.argv[1])
kind.run(kind.config.build(effort="smoke"), lambda *_: None)
print(json.dumps(sorted(read)))
"""
QUICK = (
    "batmann/printed", "crossbar/identities", "imce/device", "imce/energy", "imce/mapped", "imce/operations",
    "imce/sensing", "imce/storage", "reram/arithmetic", "reram/efficiency", "reram/mapped",
)  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_an_experiment_declares_what_it_reads(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", READING, name], capture_output=True, text=True, check=True)
    declared = experiments.find(name).reads
    for source in json.loads(done.stdout.splitlines()[-1]):
        assert any(f"{source}.".startswith(f"{d}.") for d in declared), f"{name} reads {source}"


def test_publishing_wants_arrays_and_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = experiments.find("reram/algebra")
    made = {"commit": "0123456789", "threads": 1}
    written = records.write(
        kind,
        kind.config.build(layers=2),
        Outcome({"a": 1}, {"w": np.ones(3)}),
        {},
        tmp_path,
        {"wall_seconds": 1.0},
        made,
    )
    monkeypatch.setattr(running, "PUBLISHED", tmp_path / "published")
    assert runs.publish(written.path).is_file()
    log = records.log_of(written.path)
    log.write_text('{"wall_sec')
    with pytest.raises(UserError, match="torn"):
        runs.publish(written.path)
    log.write_text("{}")
    with pytest.raises(UserError, match="says nothing"):
        runs.publish(written.path)
    log.write_text('{"wall_seconds": 1.0}')
    arrays = written.path.with_suffix(".safetensors")
    arrays.write_bytes(os.urandom(arrays.stat().st_size))
    with pytest.raises(UserError, match="not the file its record names"):
        runs.publish(written.path)
    arrays.unlink()
    with pytest.raises(UserError, match="missing"):
        runs.publish(written.path)


def test_a_name_is_short_whatever_changes() -> None:
    config = experiments.find("reram/mapped").config
    long = config.build(layers=tuple(f"{100 + i}x{100 + i}" for i in range(40)))
    assert len(long.slug()) <= 100
    other = config.build(layers=tuple(f"{100 + i}x{101 + i}" for i in range(40)))
    assert long.slug() != other.slug()
