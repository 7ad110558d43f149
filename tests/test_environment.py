"""The set-up that every make target does for itself, and the lock that keeps two of them apart."""

import ast
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path
from types import ModuleType

import pytest
from papermill.iorw import load_notebook_node

from imc.paths import ROOT

ALONE = [sys.executable, str(ROOT / "tools" / "alone.py")]


@pytest.fixture
def environment() -> ModuleType:
    """tools/environment.py as a module."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "tools" / "environment.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_packages_are_installed_once_and_again_when_the_lock_changes(environment, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(environment.subprocess, "run", lambda command, **_: calls.append(command))
    lock = tmp_path / "requirements.txt"
    for content, expected in [("a==1", 1), ("a==1", 1), ("a==2", 2), ("a==2", 2)]:
        lock.write_text(content)
        environment.ensure(tmp_path, "lock", [lock], ["-r", str(lock)], "installing")
        assert len(calls) == expected
    assert calls[0][-2:] == ["-r", str(lock)]


def test_a_failed_installation_is_tried_again(environment, monkeypatch, tmp_path):
    def fail(command, **_):
        raise subprocess.CalledProcessError(1, command)

    lock = tmp_path / "requirements.txt"
    lock.write_text("a==1")
    monkeypatch.setattr(environment.subprocess, "run", fail)
    for _ in range(2):
        with pytest.raises(subprocess.CalledProcessError):
            environment.ensure(tmp_path, "lock", [lock], [], "installing")


def test_an_environment_that_was_moved_is_made_anew(environment, monkeypatch, tmp_path):
    made = []

    def create(folder, **_):
        made.append(folder)
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    monkeypatch.setattr(environment.venv, "create", create)
    here, there = tmp_path / "here", tmp_path / "there"
    environment.create(here)
    environment.create(here)
    assert made == [here]
    here.rename(there)
    environment.create(there)
    assert made == [here, there]
    (there / "bin" / "python").unlink()
    environment.create(there)
    assert made == [here, there, there], "its Python is gone"


def distribution(folder: Path, name: str, version: str) -> Path:
    """A package of one module as pip leaves it in the environment `folder`; returns the module."""
    site = folder / "lib/python3.11/site-packages"
    info, module = site / f"{name}-{version}.dist-info", site / name / "part.py"
    info.mkdir(parents=True)
    module.parent.mkdir()
    module.touch()
    (info / "RECORD").write_text(f"{name}/part.py,sha256=x,0\n../../../bin/x,,\n{name}/part.pyc,,\n")
    return module


def test_what_an_environment_lost_is_installed_again(environment, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(environment.subprocess, "run", lambda command, **_: calls.append(command))
    lock = tmp_path / "requirements.txt"
    lock.write_text("whole-one==1.0\nHalf==1.0\nother==1.0\ngone==1.0  # why\n")
    distribution(tmp_path, "whole_one", "1.0+cpu")
    distribution(tmp_path, "other", "2.0")
    half = distribution(tmp_path, "half", "1.0")
    assert environment.broken(tmp_path, [lock]) == ["other==1.0", "gone==1.0"]
    half.unlink()
    environment.mend(tmp_path, [lock])
    assert calls[0][-3:] == ["Half==1.0", "other==1.0", "gone==1.0"]
    lock.write_text("whole-one==1.0\n")
    environment.mend(tmp_path, [lock])
    assert len(calls) == 1


def test_the_package_is_found_whatever_the_folder_is_called(environment, monkeypatch, tmp_path):
    root = tmp_path / "it's {a} $b é"
    venv.create(root / ".venv", symlinks=True)
    (root / "src/imc").mkdir(parents=True)
    (root / "src/imc/__init__.py").write_text("print('found')")
    (root / "pyproject.toml").write_text('[project]\nname = "imc"\nversion = "3.2.1"\n')
    monkeypatch.setattr(environment, "ROOT", root)
    environment.link(root / ".venv")
    command = [
        str(root / ".venv/bin/python"),
        "-c",
        "import imc, importlib.metadata as m; print(m.version('imc'))",
    ]
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    assert subprocess.run(command, env=mine, capture_output=True, check=True).stdout == b"found\n3.2.1\n"


def test_commands_work_whatever_the_folder_is_called(environment, tmp_path):
    folder = tmp_path / 'it\'s "{a}" $HOME `b` \\ é' / ".venv"
    venv.create(folder, symlinks=True)
    command = folder / "bin/hello"
    start = f"""#!/bin/sh\n'''exec' "{folder}/bin/python" "$0" "$@"\n' '''\n"""  # as pip writes it
    command.write_text(f"{start}print('hello')\n")
    command.chmod(0o755)
    environment.quote(folder)
    words = ["sh", "-c", '. "$1/bin/activate"; hello; echo "$VIRTUAL_ENV"', "sh", str(folder)]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == f"hello\n{folder}\n"


def test_this_environment_is_whole(environment):
    assert environment.broken(Path(sys.prefix), [ROOT / "requirements.txt"]) == []


@pytest.mark.parametrize("tool", ["environment.py", "alone.py", "remove.py"])
def test_an_old_python_comes_as_far_as_the_sentence(tool):
    text = (ROOT / "tools" / tool).read_text()
    ast.parse(text, feature_version=(3, 8))
    assert "from __future__ import annotations" in text or "|" not in text


@pytest.mark.parametrize("tool", ["environment.py", "alone.py"])
def test_windows_is_refused_in_a_sentence(tool):
    script = (
        "import runpy, sys; sys.modules['fcntl'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    command = [sys.executable, "-c", script, str(ROOT / "tools" / tool)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("make works on Linux and macOS; on Windows")
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    for name in ("environment.py", "alone.py"):
        shutil.copytree(ROOT / "tools", tmp_path / name / "tools")
    (tmp_path / "environment.py" / ".venv.lock").mkdir()  # as root, a read-only folder is no hindrance
    (tmp_path / "alone.py" / "lock").mkdir()
    for name, words in (("environment.py", []), ("alone.py", ["lock", "true"])):
        command = [sys.executable, f"tools/{name}", *words]
        result = subprocess.run(command, cwd=tmp_path / name, capture_output=True, text=True, check=False)
        assert result.returncode == 1
        assert result.stderr.startswith("cannot write ")
        assert len(result.stderr.splitlines()) == 1


def test_a_path_that_no_environment_can_have_is_refused(tmp_path):
    shutil.copytree(ROOT / "tools", tmp_path / "a:b" / "tools")
    command = [sys.executable, str(tmp_path / "a:b" / "tools/environment.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "a ':' or a line end in its path" in result.stderr
    assert [path.name for path in (tmp_path / "a:b").iterdir()] == ["tools"]


def test_nothing_outside_the_checkout_is_removed(tmp_path):
    here, beside = tmp_path / "here", tmp_path / "beside"
    shutil.copytree(ROOT / "tools", here / "tools")
    (here / "_build/deep").mkdir(parents=True)
    beside.mkdir()
    (here / "link").symlink_to(beside)
    remove = [sys.executable, str(here / "tools/remove.py")]
    for name in ("../beside", str(beside), "link/../../beside", ".", ""):
        assert subprocess.run([*remove, name], check=False, capture_output=True).returncode == 1, name
    subprocess.run([*remove, "_build", "link", "absent"], check=True)
    assert sorted(path.name for path in here.iterdir()) == ["tools"]
    assert beside.is_dir()


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {package.lower().replace("_", "-"): version for package, version in found}


def test_the_lock_holds_every_direct_pin_and_no_local_version():
    direct, lock = pins("requirements.in"), pins("requirements.txt")
    assert direct
    assert {name: lock.get(name) for name in direct} == direct
    assert not [version for version in lock.values() if "+" in version]
    assert len(lock) == (ROOT / "requirements.txt").read_text().count("\n"), "one pin a line, nothing else"


def test_help_has_a_line_for_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE)) - {"environment"}
    result = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True)
    lines = [line for line in result.stdout.splitlines() if line.startswith("  make ")]
    assert {line.split()[1] for line in lines} == targets
    assert all(len(line.split()) > 3 for line in lines)


def test_one_command_at_a_time(tmp_path):
    lock, trace = tmp_path / "lock", tmp_path / "trace"
    script = f"echo begin >> {trace}; sleep 0.3; echo end >> {trace}"
    both = [subprocess.Popen([*ALONE, str(lock), "sh", "-c", script]) for _ in range(2)]
    assert [process.wait(timeout=30) for process in both] == [0, 0]
    assert trace.read_text().split() == ["begin", "end"] * 2


def test_what_goes_wrong_is_shown_and_an_interruption_is_one_line(tmp_path):
    lock, log = str(tmp_path / "lock"), str(tmp_path / "log")
    noisy = "echo riddle >&2; exit 3"
    failed = subprocess.run([*ALONE, lock, "--log", log, "sh", "-c", noisy], capture_output=True, check=False)
    assert (failed.returncode, failed.stderr) == (3, b"riddle\n")
    script = f"echo riddle >&2; touch {tmp_path}/begun; sleep 60"
    pipe = subprocess.PIPE
    begun = subprocess.Popen(
        [*ALONE, lock, "--log", log, "sh", "-c", script], stdout=pipe, stderr=pipe, start_new_session=True
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    os.killpg(begun.pid, signal.SIGINT)
    output, errors = begun.communicate(timeout=20)
    assert (begun.returncode, errors) == (130, b"")
    assert output.startswith(b"interrupted: ")
    assert len(output.splitlines()) == 1


def test_the_lock_passes_the_status_on_and_does_not_outlive_a_kill(tmp_path):
    lock = str(tmp_path / "lock")
    assert subprocess.run([*ALONE, lock, "sh", "-c", "exit 3"], check=False).returncode == 3
    begun = tmp_path / "begun"
    holder = subprocess.Popen([*ALONE, lock, "sh", "-c", f"touch {begun}; sleep 60"], start_new_session=True)
    while not begun.exists():
        time.sleep(0.01)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    result = subprocess.run([*ALONE, lock, "true"], capture_output=True, timeout=20, check=True)
    assert result.stdout == b""
    subprocess.run(["pkill", "-g", str(holder.pid)], check=False)


def test_papermill_takes_the_source_of_a_page(monkeypatch):
    """By any way of writing its path: from the root, from here, from beside, in full."""
    monkeypatch.chdir(ROOT)
    source = "notebooks/reram/bn-merge.md"
    for path in (source, f"./{source}", f"../{ROOT.name}/{source}", str(ROOT / source)):
        cells = load_notebook_node(path).cells
        assert sum("parameters" in cell.metadata.get("tags", ()) for cell in cells) == 1, path
    assert load_notebook_node("./book/reram/bn-merge.ipynb").cells
