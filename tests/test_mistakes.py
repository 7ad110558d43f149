"""A user's mistake is one sentence and an exit status, whatever is wrong and wherever; it leaves no file."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pooch
import pytest

from imc.datasets import store
from imc.errors import UserError
from imc.pages import publishing
from imc.paths import ROOT
from imc.runs import cli, experiments

WRONG = (
    "", "nan", "inf", "-inf", "-1", "1e400", "½", "yes please", "x" * 10_000, "[]", "1,2,3,4;", "\ud83d",
    "0x10", "None", "{}", "9" * 400,
)  # fmt: skip
FIELDS = [(name, field) for name, kind in experiments.every().items() for field in kind.config.fields()]


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=lambda word: word)
def test_every_field_takes_a_value_or_refuses_it_in_a_sentence(name: str, field: str) -> None:
    kind = experiments.find(name).config
    refusals = []
    for text in WRONG:
        try:
            kind.parse([f"{field}={text}"]).slug()
        except UserError as error:
            refusals.append(str(error))
    assert len(refusals) > len(WRONG) // 2
    assert not [words for words in refusals if "\n" in words or len(words) > 1500]


@pytest.mark.parametrize("name", experiments.every())
def test_every_configuration_refuses_what_is_no_field_and_what_has_no_type(name: str) -> None:
    kind = experiments.find(name).config
    wrong: list[dict[str, Any]] = [
        {"": 1}, {"sedes": 2}, {"seed": None}, {"seed": [1]}, {"seed": object()}, {"effort": float("nan")},
    ]  # fmt: skip
    for values in wrong:
        with pytest.raises(UserError) as error:
            kind.build(**values)
        assert "\n" not in str(error.value)


COMMANDS: list[list[str]] = [
    [], ["--nope"], ["runz"], ["run"], ["run", "nope"], ["run", ""], ["run", "reram/mlp", "seeds"],
    ["run", "reram/mlp", "=2"], ["run", "reram/mlp", "seeds=two"], ["run", "reram/mlp", "sedes=2"],
    ["run", "reram/mlp", "--sed", "1"], ["run", "reram/mlp", "--seed", "x"],
    ["run", "reram/mlp", "--effort", "no"],
    ["run", "reram/circuit", "sweep=none", "values=1"], ["run", "batmann/train", "shots=10", "queries=10"],
    ["run", "batmann/train", "row=nope"], ["runs", "--nope"], ["runs", "extra"], ["publish"],
    ["publish", "nofile"], ["publish", "."], ["verify", "--only", "zzz"], ["verify", "extra"],
    ["doctor", "extra"],
    ["data", "nope"], ["data", "fetch", "nope"],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_refuses_in_one_sentence(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["imc", *words])
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert said.startswith("imc: ")
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "results").exists()


OTHERS: list[list[str]] = [
    ["imc.pages", "--nope"], ["imc.pages", "-p", "x"], ["imc.pages", "reram/nope"], ["imc.pages", ""],
    ["imc.pages", "reram/bn-merge", "-p", "seeds", "2"], ["imc.pages", "reram/bn-merge", "--to", "{file}"],
    ["imc.pages", "reram/bn-merge", "--to", "/proc/nowhere"],
    *(["imc.pages", "reram/bn-merge", "--to", "{free}", "-p", *pair] for pair in (
        ("sedes", "2"), ("", "2"), ("a b", "2"), ("class", "2"), ("seeds\nimport os", "2"), ("½", "2"),
        ("effort", "no"), ("effort", ""), ("seeds", "0"), ("seeds", "nan"), ("seeds", "inf"),
        ("seeds", "1e400"), ("seeds", "9" * 5000),
        ("seeds", "-1"), ("seeds", "two"), ("seeds", ""), ("seeds", "9" * 400), ("seeds", "2.0"),
    )),
    *([f"imc.pages.{name}", "extra"] for name in ("build", "crate", "pdf", "project")),
    *([f"benchmarks/{name}.py", "nope"] for name in ("bitwise", "crossbar", "mlp")),
    ["benchmarks/mlp.py", "seeds=0"], ["benchmarks/mlp.py", "sedes=2"], ["benchmarks/training.py", "nope"],
    *([f"benchmarks/{name}.py", "--repeats", wrong] for name in ("analog", "mlp", "training")
      for wrong in ("0", "-1", "nan", "", "1e3", "9" * 400)),
    ["benchmarks/analog.py", "--batch", "0"], ["benchmarks/mlp.py", "--threads", "0"],
    ["benchmarks/training.py", "--channels", "0"], ["benchmarks/training.py", "--precision", "int8"],
    ["benchmarks/training.py", "--repeats", "1"],
]  # fmt: skip


def offline(*_: Any, **__: Any) -> None:
    raise OSError("no network")


@pytest.mark.parametrize("words", OTHERS, ids=lambda words: " ".join(words)[:60])
def test_every_other_command_refuses_in_one_sentence(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: Any, tmp_path: Path
) -> None:
    """Before any work; the last one finds no data set."""
    (tmp_path / "file").touch()
    places = {"{file}": str(tmp_path / "file"), "{free}": str(tmp_path / "free")}
    program, *rest = words
    monkeypatch.setattr(sys, "argv", [program, *(places.get(word, word) for word in rest)])
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(store, "data_dirs", list)
    monkeypatch.setattr(pooch, "retrieve", offline)
    monkeypatch.setattr(publishing, "_execute", lambda *_: pytest.fail("executed first"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kind = runpy.run_module if program.startswith("imc.") else runpy.run_path
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as end:
        kind(program, run_name="__main__")
    assert end.value.code == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert said.startswith("imc: ")
    assert len(said.splitlines()) == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["file"]


def test_nobody_reading_is_no_traceback() -> None:
    command = [sys.executable, "-m", "imc", "runs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert b"Traceback" not in said
