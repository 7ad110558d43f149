"""The set-up that every make target does for itself, and the lock that keeps two of them apart."""

import importlib.util
import re
import signal
import subprocess
import sys
import time
from types import ModuleType

import pytest

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
        folder.mkdir(exist_ok=True)

    monkeypatch.setattr(environment.venv, "create", create)
    here, there = tmp_path / "here", tmp_path / "there"
    environment.create(here)
    environment.create(here)
    assert made == [here]
    here.rename(there)
    environment.create(there)
    assert made == [here, there]


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
