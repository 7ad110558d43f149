"""A small study on a real Slurm on this machine alone: sent by profiles/slurm, broken in the middle, resumed.

Debian's `slurm-wlm` and `munge` are all it takes. Both daemons of Slurm and munge run as this user, listen on
the loopback, and keep their files in a folder of their own; nothing of the system's configuration is used.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imc.paths import ROOT
from imc.runs import running

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
MISSING = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
CONFIG = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=loop NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=16000
PartitionName=main Nodes=ALL Default=YES State=UP
"""
SEEDS = (7, 8, 9)


def until(what: Callable[[], object], log: Path | None = None) -> None:
    """Wait for `what` to become true; fails after a minute, with the end of `log`."""
    for _ in range(600):
        if what():
            return
        time.sleep(0.1)
    pytest.fail(log.read_text(errors="replace")[-3000:] if log and log.is_file() else f"{what} never came")


class Cluster:
    """munge, a controller and a node of two processors in `folder`, whose path is short, as sockets need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        user, host = subprocess.check_output(["id", "-un"], text=True).strip(), socket.gethostname()
        holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        ports = [holder.getsockname()[1] for holder in holders]
        for holder in holders:
            holder.close()
        config = folder / "slurm.conf"
        config.write_text(CONFIG.format(folder=folder, user=user, host=host.partition(".")[0], ports=ports))
        for name in ("state", "spool", "bin"):
            (folder / name).mkdir()
        # the job's step is started without SLURM_CONF, for which a cluster has /etc/slurm
        srun = folder / "bin" / "srun"
        program = shlex.quote(shutil.which("srun", path=PATH) or "srun")
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={shlex.quote(str(config))} exec {program} "$@"\n')
        srun.chmod(0o755)
        self.environment = os.environ | {"SLURM_CONF": str(config), "PATH": f"{folder}/bin:{PATH}"}
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        names = {
            "key-file": "key",
            "socket": "socket",
            "pid-file": "pid",
            "log-file": "log",
            "seed-file": "seed",
        }
        options = [f"--{option}={folder}/munge.{name}" for option, name in names.items()]
        self.start("munged", "--foreground", "--force", *options)
        until((folder / "munge.socket").exists, folder / "munged.out")
        self.start("slurmctld", "-D")
        self.start("slurmd", "-D", "-N", "loop")
        until(lambda: self.ask("sinfo", "-h", "-t", "idle"), folder / "slurmctld.log")

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            program = shutil.which(name, path=PATH) or name
            self.daemons[name] = subprocess.Popen(
                [program, *words], env=self.environment, stdout=log, stderr=log, cwd=self.folder
            )

    def kill(self, name: str) -> None:
        self.daemons[name].kill()
        self.daemons[name].wait()

    def ask(self, *command: str) -> list[str]:
        """The lines that a command of Slurm answers; none where there is no controller."""
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return result.stdout.split("\n")[:-1] if result.returncode == 0 else []

    def stop(self) -> None:
        self.ask("scancel", "--full", "--signal=KILL", "--state=RUNNING", "--user", str(os.getuid()))
        for name in reversed(self.daemons):
            self.daemons[name].terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    if MISSING:
        pytest.skip(f"no Slurm on this machine: {', '.join(MISSING)} not installed (slurm-wlm and munge)")
    with tempfile.TemporaryDirectory(prefix="imc-slurm-", ignore_cleanup_errors=True) as folder:
        found = Cluster(Path(folder))
        try:
            yield found
        finally:
            found.stop()


def records(folder: Path) -> dict[str, bytes]:
    """All that runs left below `folder`, without their logs, which tell of time and machine."""
    found = [p for p in folder.rglob("*") if p.suffix in {".json", ".safetensors"}]
    return {p.name: p.read_bytes() for p in found if not p.name.endswith(".log.json")}


def test_a_study_survives_the_loss_of_a_job_of_the_controller_and_of_the_session(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, local, listed = tmp_path / "results", tmp_path / "local", tmp_path / "runs.txt"
    listed.write_text("".join(f"reram/mlp effort=smoke seed={seed}\n" for seed in SEEDS))
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", "--directory", str(tmp_path)]
    command += ["rerun", "--seconds-between-status-checks", "1"]
    command += ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5"]
    command += ["--config", f"list={listed}"]
    environment = cluster.environment | {"IMC_RESULTS": str(results)}
    log = tmp_path / "log"

    with log.open("wb") as stream:
        session = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    until(lambda: cluster.ask("squeue", "-h", "-t", "running"), log)
    until(lambda: len(cluster.ask("squeue", "-h")) == len(SEEDS) or records(results), log)
    # a controller that has not saved which jobs run would start them twice, and take the node out for it
    begun, saved = time.time(), cluster.folder / "state" / "job_state"
    until(lambda: saved.is_file() and saved.stat().st_mtime > begun, log)
    job = cluster.ask("squeue", "-h", "-t", "running", "-o", "%A")[0]
    cluster.ask("scancel", "--full", "--signal=KILL", job)
    cluster.kill("slurmctld")
    os.killpg(session.pid, signal.SIGKILL)
    session.wait()
    assert len(records(results)) < len(SEEDS)

    cluster.start("slurmctld", "-D")
    until(lambda: cluster.ask("sinfo", "-h"), cluster.folder / "slurmctld.log")
    again = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=250
    )
    assert again.returncode == 0, again.stderr

    monkeypatch.setenv("IMC_RESULTS", str(local))
    for seed in SEEDS:
        running.obtain("reram/mlp", effort="smoke", seed=seed)
    assert records(local)
    assert records(results) == records(local)
