"""`make book` in a copy of the repository: what it executes, and two of them at once."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imc.paths import ROOT

COPIED = ("profiles", "src", "tools", "Makefile", "Snakefile")
COPIED += ("_config.yml", "pyproject.toml", "requirements.txt")
PAGES = ("first", "chapter/second")
PAGE = """---
jupytext:
  text_representation: {{extension: .md, format_name: myst}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# The page {name}

```{{code-cell}} ipython3
from imc.paths import ROOT

print("computed by", ROOT.name)
```
"""
NAMES = """work copy's "{a}" $HOME `b` & ; # % * [c] \\ é"""
PLAIN = shutil.which("python3")
TOC = "format: jb-book\nroot: book/prose\nchapters:\n- file: book/first\n- file: book/chapter/second\n"


class Copy:
    """The repository with a small book of two pages and some prose, its data and environment shared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)
        (folder / "data").symlink_to(ROOT / "data")
        shutil.copytree(ROOT / "book/_static", folder / "book/_static")
        shutil.copy(ROOT / "book/references.bib", folder / "book")
        (folder / "_toc.yml").write_text(TOC)
        self.prose.write_text("# Some prose\n\nIt leads to [a page](first.ipynb).\n")
        for page in PAGES:
            self.source(page).parent.mkdir(parents=True, exist_ok=True)
            self.source(page).write_text(PAGE.format(name=page))
        python = folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        python.chmod(0o755)

    @property
    def prose(self) -> Path:
        return self.folder / "book/prose.md"

    def source(self, page: str) -> Path:
        return self.folder / "notebooks" / f"{page}.md"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`make` with this test's environment in place of one of its own; results lie in the copy."""
        command = ["make", "PYTHON=true", *words]
        others = ("MAKE", "MFLAGS", "IMC_RESULTS")
        mine = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        environment = {**mine, "PYTHONPATH": str(self.folder / "src")}
        pipe, joined = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=pipe,
            stderr=joined,
            start_new_session=True,
        )

    def make(self, *words: str) -> str:
        """Output of a `make` that ended well."""
        process = self.start(*words)
        output, _ = process.communicate(timeout=280)
        assert process.returncode == 0, output
        return output

    def notebooks(self) -> dict[str, bytes]:
        return {page: (self.folder / "book" / f"{page}.ipynb").read_bytes() for page in PAGES}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("copy"))


def test_two_at_once_build_one_good_book(copy):
    both = [copy.start("book") for _ in range(2)]
    outputs = [process.communicate(timeout=280)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert (copy.folder / "_build/html/index.html").is_file()
    shown = (copy.folder / "_build/html/book/first.html").read_text()
    assert f"computed by {copy.folder.name}" in shown
    for page in PAGES:
        assert sum(output.count(f"{page}: ") for output in outputs) == 1, "executed once, not twice"


def test_nothing_changed_executes_and_builds_nothing(copy):
    built = copy.folder / "_build/html.digest"
    time = built.stat().st_mtime_ns
    assert copy.make("book") == "the book: _build/html/index.html\n"
    assert built.stat().st_mtime_ns == time


def test_one_lost_page_comes_back_as_it_was(copy):
    before = copy.notebooks()
    (copy.folder / "book/first.ipynb").unlink()
    output = copy.make("book")
    assert copy.notebooks() == before
    assert output.count(".ipynb (") == 1


def test_one_edited_page_is_executed_alone_and_shown(copy):
    before = copy.notebooks()
    source = copy.source("first")
    source.write_text(source.read_text() + "\nA sentence nobody wrote before.\n")
    output = copy.make("book")
    changed = [page for page, content in copy.notebooks().items() if content != before[page]]
    assert changed == ["first"]
    assert output.count(".ipynb (") == 1
    assert "nobody wrote" in (copy.folder / "_build/html/book/first.html").read_text()


def test_what_is_built_from_kept_pages_is_what_is_built_from_all(copy):
    """The page that was edited leads the others, whose sidebars name it."""
    source, built = copy.source("first"), copy.folder / "_build"
    source.write_text(source.read_text().replace("# The page first", "# The page of another title"))
    copy.make("book")
    kept = site(built / "html")
    assert "The page of another title" in kept["book/chapter/second.html"]
    shutil.rmtree(built / "read")
    (built / "html.digest").unlink()
    copy.make("book")
    assert site(built / "html") == kept


def site(html: Path) -> dict[str, str]:
    """The pages of a site."""
    return {path.relative_to(html).as_posix(): path.read_text() for path in html.rglob("*.html")}


def test_a_page_that_fails_stops_the_book_and_keeps_its_notebook(copy):
    before = copy.notebooks()
    source = copy.source("first")
    good = source.read_text()
    source.write_text(good + "\n```{code-cell} ipython3\nraise ValueError('no such luck')\n```\n")
    process = copy.start("book")
    output, _ = process.communicate(timeout=280)
    source.write_text(good)
    assert process.returncode != 0
    assert "no such luck" in output
    assert copy.notebooks() == before


def test_a_warning_fails_the_build_every_time(copy):
    good = copy.prose.read_text()
    copy.prose.write_text(good + "\n[nowhere](no-such-page.md)\n")
    for _ in range(2):
        process = copy.start("book")
        output, _ = process.communicate(timeout=280)
        assert process.returncode != 0
        assert "no-such-page" in output
    copy.prose.write_text(good)
    copy.make("book")


def test_the_book_is_current_whatever_the_dates(copy):
    html = copy.folder / "_build/html/book/prose.html"
    copy.make("book")
    html.unlink()
    copy.make("book")
    assert html.is_file()
    text = copy.prose.read_text()
    copy.prose.write_text(text + "\nFrom a backup.\n")
    os.utime(copy.prose, (0, 0))
    copy.make("book")
    assert "From a backup." in html.read_text()
    extension = copy.folder / "src/imc/pages/sphinx_ext.py"
    code = extension.read_text()
    extension.write_text(code.replace('class="imc-picture"', 'class="imc-other"') + "# more\n")
    digest = (copy.folder / "_build/html.digest").read_text()
    copy.make("book")
    assert (copy.folder / "_build/html.digest").read_text() != digest
    extension.write_text(code)
    copy.prose.write_text(text)


def test_a_page_that_is_gone_does_not_stay_in_the_book(copy):
    page, notebook = copy.source("chapter/second"), copy.folder / "book/chapter/second.ipynb"
    copy.make("book")
    kept = page.read_text(), notebook.read_bytes()
    page.unlink()
    notebook.unlink()
    process = copy.start("book")
    output, _ = process.communicate(timeout=280)
    assert process.returncode != 0
    assert "book/chapter/second" in output
    toc = copy.folder / "_toc.yml"
    toc.write_text(TOC.replace("- file: book/chapter/second\n", ""))
    copy.make("book")
    assert not (copy.folder / "_build/html/book/chapter").exists()
    toc.write_text(TOC)
    page.write_text(kept[0])
    notebook.write_bytes(kept[1])


def test_an_interruption_is_a_line_and_the_next_call_goes_on(copy):
    source = copy.source("first")
    good = source.read_text()
    begun = copy.folder / "begun"
    code = f"import time, pathlib; pathlib.Path({str(begun)!r}).touch(); time.sleep(60)"
    source.write_text(f"{good}\n```{{code-cell}} ipython3\n{code}\n```\n")
    process = copy.start("book")
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    source.write_text(good)
    assert process.returncode != 0
    assert len(output.splitlines()) <= 3, output
    assert "interrupted: " in output
    copy.make("book")


def test_any_folder_name_builds_and_nothing_beside_it_is_touched(tmp_path):
    folder = tmp_path / NAMES / "imc"
    folder.mkdir(parents=True)
    beside = tmp_path / NAMES.split()[0] / "mine"
    beside.mkdir(parents=True)
    copy = Copy(folder)
    copy.source("first").write_text(PAGE.format(name="first") + "\n[nowhere](no-such-page.md)\n")
    process = copy.start("book")
    output, _ = process.communicate(timeout=280)
    assert process.returncode != 0
    assert "no-such-page" in output
    copy.source("first").write_text(PAGE.format(name="first"))
    copy.make("book")
    assert (folder / "_build/html/book/first.html").is_file()
    (folder / "my runs.txt").write_text("reram/rescaled-merge effort=smoke seeds=2 epochs=1\n")
    for _ in range(2):
        output = copy.make("rerun", "LIST=my runs.txt")
    assert "rule run" not in output, "what is there is not made again"
    made = {path.parent.name for path in (folder / "results/reram").rglob("*.log.json")}
    assert made == {"mlp", "rescaled-merge"}
    copy.make("clean", f"PYTHON={PLAIN}")
    assert not (folder / "_build").exists()
    assert beside.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {NAMES, NAMES.split()[0]}


def test_rerun_says_what_is_wrong(copy):
    process = copy.start("rerun", "ONLY=nothing/")
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "has no run that begins with 'nothing/'" in output


def test_a_list_of_runs_is_computed(copy, tmp_path):
    listed = tmp_path / "my runs' $list.txt"
    listed.write_text("# two\nreram/mlp effort=smoke seed=7\nreram/mlp effort=smoke seed=8  # the second\n")
    copy.make("rerun", f"LIST={listed}".replace("$", "$$"))
    results = copy.folder / "results/reram/mlp"
    seeds = [json.loads((results / f"smoke_seed-{n}.json").read_text())["config"]["seed"] for n in (7, 8)]
    assert seeds == [7, 8]


def test_the_cluster_profile_is_understood(tmp_path):
    listed = tmp_path / "runs.txt"
    listed.write_text("reram/mlp effort=smoke seed=9\n")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--dry-run"]
    command += ["--profile", str(ROOT / "profiles/slurm"), "--directory", str(tmp_path)]
    command += ["rerun", "--config", f"list={listed}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "smoke_seed-9.json" in result.stdout + result.stderr
