"""The pages of the book as they are committed, and that a changed digit does not go unnoticed.

That every page gives its outputs again is nbval's work: ``make test`` runs it over ``book/``.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import papermill
import pytest

from conftest import contents
from imc.errors import UserError
from imc.pages import publishing
from imc.paths import PUBLISHED, ROOT
from imc.runs import records

PAGES = publishing.every()
TAMPERED, RECORD = "reram/bn-merge", "reram/mlp/defaults"
"""The page that the tests below change digits on, and a record whose accuracy it shows."""

_DIGIT = re.compile(r"(?<=\d)\.(\d)")


def committed(page: str) -> nbformat.NotebookNode:
    return nbformat.read(publishing.BOOK / f"{page}.ipynb", as_version=4)


def test_there_are_pages():
    assert len(PAGES) >= 3


def test_every_page_is_published_and_nothing_else_is():
    notebooks = publishing.BOOK.rglob("*.ipynb")
    assert sorted(p.relative_to(publishing.BOOK).with_suffix("").as_posix() for p in notebooks) == PAGES


def test_every_page_is_in_the_table_of_contents():
    listed = contents()
    assert len(listed) == len(set(listed))
    assert {f"book/{page}" for page in PAGES} <= set(listed)
    absent = [name for name in listed if not list(ROOT.glob(f"{name}.*"))]
    assert not absent


def test_every_page_was_published_from_what_is_there():
    assert not list(publishing.stale()), "`make book` executes these pages; commit what comes"


@pytest.mark.parametrize("page", PAGES)
def test_every_cell_was_executed_and_the_page_has_outputs(page):
    cells = [cell for cell in committed(page).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(len(cell.outputs) for cell in cells) > 0
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_its_source_s_cells(page):
    source = jupytext.read(ROOT / "notebooks" / f"{page}.md")
    assert [c.source for c in committed(page).cells] == [c.source for c in source.cells]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_takes_parameters_and_tells_nothing_of_a_machine(page):
    tags = [cell.metadata.get("tags", []) for cell in committed(page).cells]
    assert sum("parameters" in t for t in tags) == 1
    text = (publishing.BOOK / f"{page}.ipynb").read_text()
    assert not re.findall(r"/(?:home|root|work|tmp|Users)/\w+|\bat 0x[0-9a-f]{6,}", text)
    assert "(this machine's)" not in text, "publish the records, then the page"


def nbval(notebook: Path, results: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The check that `make test` makes, on one notebook anywhere."""
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(notebook.parent)]
    command += ["--nbval", "--nbval-current-env", str(notebook)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "IMC_TEST_RESULTS": str(results or "")}
    environment.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_changed_digit_in_a_page_s_output_fails(tmp_path):
    original = (publishing.BOOK / f"{TAMPERED}.ipynb").read_text()
    copy = tmp_path / "page.ipynb"
    copy.write_text(original)
    assert nbval(copy).returncode == 0

    notebook = json.loads(original)
    shown = [o.get("data", {}) for c in notebook["cells"] for o in c.get("outputs", [])]
    table = next(data for data in shown if _DIGIT.search("".join(data.get("text/markdown", ""))))
    text = "".join(table["text/markdown"])
    table["text/markdown"] = _DIGIT.sub(lambda m: f".{(int(m[1]) + 1) % 10}", text, count=1)
    copy.write_text(json.dumps(notebook))
    result = nbval(copy)
    assert result.returncode == 1
    assert "failed" in result.stdout.splitlines()[-1]


def tampered_record(folder: Path, mend_digest: bool) -> Path:
    """A copy of a record that the page reads, one digit of one accuracy changed."""
    source = PUBLISHED / f"{RECORD}.json"
    target = folder / source.relative_to(PUBLISHED)
    target.parent.mkdir(parents=True)
    for path in source.parent.glob(f"{source.stem}.*"):
        shutil.copy(path, target.parent)
    content = json.loads(source.read_text())
    accuracies = content["metrics"]["accuracy"]["baseline"]
    accuracies[0] = round(accuracies[0] - 1, 4)
    if mend_digest:
        content.pop("digest")
        content["digest"] = records._digest(content)
    target.write_text(json.dumps(content))
    return target


def test_a_changed_digit_in_a_record_fails(tmp_path):
    path = tampered_record(tmp_path / "results", mend_digest=False)
    with pytest.raises(UserError, match="was edited"):
        records.read(path)
    copy = Path(shutil.copy(publishing.BOOK / f"{TAMPERED}.ipynb", tmp_path / "page.ipynb"))
    assert nbval(copy, tmp_path / "results").returncode == 1


def test_a_changed_digit_in_a_record_fails_even_with_a_new_digest(tmp_path):
    path = tampered_record(tmp_path / "results", mend_digest=True)
    records.read(path)
    copy = Path(shutil.copy(publishing.BOOK / f"{TAMPERED}.ipynb", tmp_path / "page.ipynb"))
    assert nbval(copy, tmp_path / "results").returncode == 1


@pytest.mark.parametrize("page", PAGES)
def test_papermill_reruns_the_page_at_smoke_effort(page, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)  # papermill takes braces of a whole path for parameters
    notebook, out = f"book/{page}.ipynb", tmp_path / "out.ipynb"
    known = papermill.inspect_notebook(notebook)
    wanted = {"effort": "smoke", "seeds": 2}
    papermill.execute_notebook(
        notebook,
        out,
        {name: value for name, value in wanted.items() if name in known},
        progress_bar=False,
    )
    cells = nbformat.read(out, as_version=4).cells
    assert not [o for c in cells for o in c.get("outputs", []) if o.output_type == "error"]
    if "effort" in known:
        assert "Smoke numbers: do not quote them" in str(cells)


def test_the_command_of_the_guide_works_as_typed(tmp_path):
    """From the repository's root, as in README and guide."""
    line = "papermill book/reram/bn-merge.ipynb out.ipynb -p seeds 2 -p effort smoke"
    assert line in (ROOT / "book/guide/rerunning.md").read_text()
    out = tmp_path / "out.ipynb"
    program, *words = line.split()
    typed = [str(Path(sys.executable).with_name(program)), *(str(out) if w == out.name else w for w in words)]
    result = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert result.returncode == 0, result.stderr
    assert "seeds = 2" in str(nbformat.read(out, as_version=4).cells)
