"""Kernels forked from one process: kernels like any other, several at once."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from imc.pages import kernels

CODE = """
import os, sys
print(os.getpid(), os.getcwd(), os.environ["IMC_MARK"], 'imc.pages.page' in sys.modules)
"""


def execute(code: str, folder: Path) -> list[str]:
    """What the one cell of a notebook prints, in words."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook.cells[0].outputs[0].text.split()


@pytest.mark.parametrize("fork", [True, False])
def test_each_kernel_is_a_process_of_its_own_in_its_folder(tmp_path, monkeypatch, fork):
    monkeypatch.setenv("IMC_MARK", "one")
    with kernels.warm(fork=fork):
        first = execute(CODE, tmp_path)
        monkeypatch.setenv("IMC_MARK", "two")
        second = execute(CODE, tmp_path)
    assert [words[1:] for words in (first, second)] == [
        [str(tmp_path), "one", "False"],
        [str(tmp_path), "two", "False"],
    ]
    assert len({first[0], second[0], str(os.getpid())}) == 3


def test_a_kernel_that_is_killed_is_not_waited_for(tmp_path):
    with kernels.warm(), pytest.raises(DeadKernelError):
        execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", tmp_path)


def test_an_interruption_ends_the_kernels_and_says_one_line(tmp_path):
    """Two pages that sleep; Ctrl-C reaches the command alone, the kernels are ended by it."""
    script = """
    import multiprocessing, os, signal, sys, threading, time
    from pathlib import Path
    from imc.pages import publishing
    here = Path(sys.argv.pop(1))
    def interrupt():
        while len(list(here.glob("begun-*"))) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt, daemon=True).start()
    publishing.NOTEBOOKS = here
    publishing.every.__defaults__ = (here,)
    publishing.require.__defaults__ = (here,)
    publishing.publish.__defaults__ = (None, here, here)
    import runpy
    runpy.run_module("imc.pages", run_name="__main__")
    """
    source = """\
    ---
    kernelspec: {display_name: Python 3, language: python, name: python3}
    ---

    ```{code-cell} ipython3
    import os, pathlib, time
    pathlib.Path(FOLDER, f"begun-{os.getpid()}").touch()
    time.sleep(100)
    ```
    """
    for name in ("one", "two"):
        text = textwrap.dedent(source).replace("FOLDER", repr(str(tmp_path)))
        (tmp_path / f"{name}.md").write_text(text)
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(script),
        str(tmp_path),
        "--to",
        str(tmp_path),
        "one",
        "two",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "imc: interrupted; what is finished is kept\n"
    for begun in tmp_path.glob("begun-*"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(begun.name.partition("-")[2]), 0)
