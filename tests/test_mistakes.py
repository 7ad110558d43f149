"""A user's mistake is one sentence and an exit status, whatever is wrong and wherever; it leaves no file."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imc.errors import UserError
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


def test_nobody_reading_is_no_traceback() -> None:
    command = [sys.executable, "-m", "imc", "runs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert b"Traceback" not in said
