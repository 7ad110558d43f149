"""Kernels that begin with their slow imports done.

Pages import the same large packages, which takes longer than what most pages do. Inside `warm` every kernel
of this environment is forked from one server process that has imported them. It is the same kernel in a
process of its own, and the package itself is no part of it: each page imports that anew, so that
`imc.pages.inputs` sees what it uses. Where processes cannot be forked safely, kernels start as ever.
"""

import contextlib
import multiprocessing
import multiprocessing.context
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar
from weakref import WeakSet

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

IMPORTS = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "pandas",
    "pydantic",
    "safetensors.numpy",
    "scipy.stats",
)
"""What nearly all pages import, directly or through this package."""
_NAME = "imc-warm"


class Provisioner(LocalProvisioner):
    """Starts this environment's kernel from the server, and any other one as a program of its own."""

    forks: ClassVar = False
    started: ClassVar["WeakSet[Provisioner]"] = WeakSet()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """As `LocalProvisioner`, whose signals and waiting serve here too."""
        self.started.add(self)
        if not self.forks or cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"]:
            return await super().launch_kernel(cmd, **kwargs)
        cwd = os.fspath(kwargs.get("cwd") or os.getcwd())
        process = _context().Process(target=_kernel, args=(cmd[3:], kwargs["env"], cwd), daemon=True)
        process.start()
        self.process = _Process(process)
        self.pid = self.pgid = process.pid
        self.cwd = cwd
        return self.connection_info


class _Process:
    """What a provisioner asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _context() -> multiprocessing.context.ForkServerContext:
    return multiprocessing.get_context("forkserver")


def _kernel(arguments: list[str], environment: Mapping[str, str], folder: str) -> None:
    """The life of a kernel, in the forked process."""
    from ipykernel.kernelapp import launch_new_instance

    os.setsid()  # an interruption of the terminal is for the one who executes the page
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # it ends with the server, which ends with the one who executes the page
    launch_new_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


@contextlib.contextmanager
def warm(*more: str, fork: bool = True) -> Iterator[None]:
    """Within, this environment's kernels begin with `IMPORTS` and the modules called `more` imported.

    The server is started with the first kernel and ends with this process. Without `fork`, which does not pay
    for one kernel, they only can be ended by `kill`.
    """
    Provisioner.forks = fork and sys.platform == "linux"  # Apple's frameworks do not survive a fork
    factory = KernelProvisionerFactory.instance()
    before = factory.default_provisioner_name
    factory.provisioners[_NAME] = EntryPoint(_NAME, f"{__name__}:{Provisioner.__name__}", factory.GROUP_NAME)
    _context().set_forkserver_preload([*IMPORTS, *more])
    factory.default_provisioner_name = _NAME
    try:
        yield
    finally:
        factory.default_provisioner_name = before


def kill() -> None:
    """End every kernel that was started inside `warm`, so that nobody waits for one any longer."""
    for provisioner in list(Provisioner.started):
        if process := provisioner.process:
            process.kill()
