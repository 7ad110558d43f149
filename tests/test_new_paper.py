"""The recipe for a new paper, followed: a folder, two files of data, a page; the scoreboard shows it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imc.paths import ROOT

EXPERIMENTS = '''
"""What the toy paper computes."""

from typing import Any

from imc.runs.config import Config
from imc.runs.experiments import Experiment, Outcome, Progress


class TossConfig(Config):
    """Nothing to choose."""


def toss(config: TossConfig, progress: Progress) -> Outcome:
    return Outcome({"answer": 42.0})


EXPERIMENTS = (Experiment("toy/toss", TossConfig, "imc.papers.toy.experiments:toss", "the answer"),)
'''
REFERENCE = """
[documents]
paper = "A toy"

[[value]]
key = "toy.answer"
document = "paper"
printed = "42"
unit = ""
place = "Section 1, 'the answer is 42'"
"""
CLAIMS = """
[paper]
title = "A toy"
order = 99

[[claim]]
id = "toy.answer"
reference = "toy.answer"
text = "The answer is {printed}."
kind = "exact"
why = "It is an integer."
page = "toy/toss"
measure = { experiment = "toy/toss", metric = "answer" }
"""
PAGE = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# The answer

```{code-cell} ipython3
:tags: [parameters]

effort: str = "full"  # how much is computed: full or smoke
```

```{code-cell} ipython3
:tags: [hide-input]

from imc import pages

page = pages.start("toy/toss")
page.verdicts(["toy.answer"])
page.provenance()
```
"""
STANDING = """
import json
from imc.pages import scoreboard
found = [v for v in scoreboard.standing() if v.claim.paper == "toy"]
table = scoreboard.by_paper(found)
print(json.dumps([[v.claim.id, v.verdict] for v in found] + [table.to_string()]))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with a paper more."""
    root = tmp_path_factory.mktemp("paper") / "checkout"
    root.mkdir()
    for name in ("src", "notebooks", "_config.yml", "_toc.yml", "pyproject.toml", "requirements.txt"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True)
        else:
            shutil.copy(source, root / name)
    (root / "data").mkdir()
    for path in (ROOT / "data").iterdir():
        if path.name in ("claims", "reference"):
            shutil.copytree(path, root / "data" / path.name)
        else:
            (root / "data" / path.name).symlink_to(path)
    room = root / "src/imc/papers/toy"
    room.mkdir()
    (room / "__init__.py").write_text('"""A toy."""\n')
    (room / "experiments.py").write_text(EXPERIMENTS)
    (root / "data/reference/toy.toml").write_text(REFERENCE)
    (root / "data/claims/toy.toml").write_text(CLAIMS)
    (root / "notebooks/toy").mkdir()
    (root / "notebooks/toy/toss.md").write_text(PAGE)
    return root


def run(root: Path, *words: str) -> str:
    """What a command of the checkout prints."""
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "IMC_RESULTS": str(root / "results")}
    done = subprocess.run(
        [sys.executable, *words], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_paper_is_a_folder_two_files_and_a_page(checkout: Path) -> None:
    assert "answer: 42.0" in run(checkout, "-m", "imc", "run", "toy/toss")
    run(checkout, "-m", "imc.pages", "toy/toss")
    notebook = (checkout / "book/toy/toss.ipynb").read_text(encoding="utf-8")
    assert "claim-toy-answer" in notebook
    assert "reproduced" in notebook
    *claims, table = json.loads(run(checkout, "-c", STANDING))
    assert claims == [["toy.answer", "reproduced"]]
    assert "A toy" in table


def test_the_guide_estimates_large_networks(tmp_path: Path) -> None:
    guide = (ROOT / "book/guide/your-own.md").read_text(encoding="utf-8")
    lines = [line for line in guide.splitlines() if "/mapped layers=" in line]
    weights = []
    for line in lines:
        words = shlex.split(line)
        environment = {**os.environ, "IMC_RESULTS": str(tmp_path)}
        command = [sys.executable, *words[1:]]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        weights.append(int(done.stdout.split("weights: ")[1].split()[0]))
    assert weights == [138_344_128, 11_678_912], "VGG-16 and ResNet-18, without biases and norms"
