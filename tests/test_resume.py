"""A batch that is killed goes on where it was: nothing finished is computed again, nothing is torn."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from imc.paths import ROOT

SEEDS = range(4)


class Batch:
    """A few smoke runs through the Snakefile, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.log = folder / "log.txt"
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        self.list = folder / "runs.txt"
        self.list.write_text("".join(f"reram/mlp seed={s} effort=smoke\n" for s in SEEDS))

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "snakemake", "--directory", str(self.work)]
        command += [
            "--profile",
            "profiles/local",
        ]  # as make does: of a whole path, brackets would be a pattern
        command += ["--cores", "2", "rerun", "--config", f"list={self.list}"]
        # a record names the project's commit, which may change while the tests run: hide it
        environment = {**os.environ, "IMC_RESULTS": str(self.results), "GIT_DIR": "/nowhere"}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def finish(self) -> None:
        """Start, wait for the end, and check that it was a good one."""
        status = self.start().wait(timeout=240)
        assert status == 0, self.log.read_text()

    def records(self) -> dict[str, bytes]:
        """Content of every finished record and its arrays, by name."""
        return {p.name: p.read_bytes() for p in self._files() if not p.name.endswith(".log.json")}

    def logs(self) -> dict[str, bytes]:
        """The logs of the finished runs by name; they hold the time, so computing again changes them."""
        done = {p.with_suffix(".log.json") for p in self._files() if p.suffix == ".json"}
        return {p.name: p.read_bytes() for p in done if p.is_file()}

    def processes(self) -> list[psutil.Process]:
        """Everything that computes for this batch, whoever its parent is."""
        return [p for p in psutil.process_iter() if _environment(p).get("IMC_RESULTS") == str(self.results)]

    def _files(self) -> list[Path]:
        return [p for p in self.results.rglob("*") if p.is_file() and not p.name.startswith(".")]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def wait_for_a_record(batch: Batch, process: subprocess.Popen[bytes]) -> None:
    """Return when the first record is there and others are being computed."""
    end = time.monotonic() + 120
    while not batch.logs():
        assert process.poll() is None, batch.log.read_text()
        assert time.monotonic() < end, "no record in two minutes"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the batch leaves when nobody kills it."""
    batch = Batch(tmp_path_factory.mktemp("undisturbed"))
    batch.finish()
    return batch.records()


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Batch]:
    """A fresh batch, whose processes are gone after the test."""
    batch = Batch(tmp_path)
    yield batch
    for process in batch.processes():
        process.kill()


def test_all_killed(batch, undisturbed):
    process = batch.start()
    wait_for_a_record(batch, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not batch.processes()
    before = batch.logs()
    assert 1 <= len(before) < len(SEEDS), "the kill was to come in mid-run"

    batch.finish()
    assert batch.records() == undisturbed
    assert before.items() <= batch.logs().items(), "a finished run was computed again"


def test_parent_killed_alone(batch, undisturbed):
    process = batch.start()
    wait_for_a_record(batch, process)
    process.kill()
    process.wait()
    orphans = batch.processes()
    before = batch.logs()
    assert orphans, "the children were to outlive their parent"
    assert 1 <= len(before) < len(SEEDS), "the kill was to come in mid-run"

    batch.finish()  # while the orphans still compute and write
    psutil.wait_procs(orphans, timeout=60)
    assert batch.records() == undisturbed
    assert before.items() <= batch.logs().items(), "a finished run was computed again"
