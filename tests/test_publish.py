"""From a page's source to its notebook: what is written, and when it is written again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from papermill.exceptions import PapermillExecutionError

from imc import paths
from imc.errors import UserError
from imc.pages import inputs, printed, publishing
from imc.pages.clean import _names, clean
from imc.paths import PUBLISHED, ROOT

HEAD = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"
PAGE = """# A page

```{code-cell} ipython3
:tags: [parameters]

effort = "full"
seeds = 5
```

```{code-cell} ipython3
:tags: [hide-input]

import sys
from pathlib import Path
from imc.paths import ROOT

(ROOT / "data" / "datasets.toml").read_text()
sys.audit("imc.record", "nowhere/absent")
print("to the terminal", file=sys.stderr)
print("seeds", seeds)
print("folder", sorted(Path().iterdir()))
seeds / 2
```
"""


def source(folder: Path, text: str, page: str = "demo/one") -> Path:
    """The source of a page, written below `folder`."""
    path = folder / f"{page}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + text)
    return path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `notebooks/demo/one.md` and what came of it in `book/`."""
    folder = tmp_path_factory.mktemp("publish")
    source(folder / "notebooks", PAGE)
    publishing.publish("demo/one", notebooks=folder / "notebooks", book=folder / "book")
    return folder


@pytest.fixture
def notebook(published: Path) -> nbformat.NotebookNode:
    return nbformat.read(published / "book/demo/one.ipynb", as_version=4)


def test_a_page_executed_in_place_is_published_anew(published, tmp_path):
    book = tmp_path / "book"
    shutil.copytree(published / "book", book)
    assert not publishing.stale(published / "notebooks", book)
    path = book / "demo/one.ipynb"
    content = json.loads(path.read_text())
    content["cells"][-1]["outputs"][0]["text"] = ["seeds 2\n"]
    path.write_text(json.dumps(content))
    assert list(publishing.stale(published / "notebooks", book)) == ["demo/one"]


def test_folders_named_relatively_mean_where_the_command_began(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    code = "import os; from imc.paths import *; os.chdir('elsewhere'); print(results_dir(), data_dirs()[0])"
    environment = {**os.environ, "IMC_RESULTS": "mine", "IMC_DATA": "data"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path / "mine"), str(tmp_path / "data")]


def test_the_notebook_has_the_source_and_its_outputs(notebook):
    text, parameters, code = notebook.cells
    assert text.source == "# A page"
    assert parameters.metadata.tags == ["parameters"]
    assert [cell.id for cell in notebook.cells] == ["cell-00", "cell-01", "cell-02"]
    assert [parameters.execution_count, code.execution_count] == [1, 2]
    assert code.outputs[0].text == "seeds 5\nfolder []\n"
    assert code.outputs[1].data["text/plain"] == "2.5"
    assert len(code.outputs) == 2, "standard error belongs to the terminal"


def test_nothing_in_it_is_of_this_time_or_machine(published, notebook):
    text = (published / "book/demo/one.ipynb").read_text()
    assert str(ROOT) not in text
    assert "papermill" not in text
    assert "version" not in notebook.metadata.language_info
    assert set(notebook.metadata) == {"imc", "kernelspec", "language_info"}


def test_it_knows_its_inputs(notebook):
    names = notebook.metadata.imc.inputs
    assert "data/datasets.toml" in names
    assert "src/imc/paths.py" in names
    assert "requirements.txt" in names
    assert "record:nowhere/absent.json" in names


def test_executing_it_again_gives_the_same_bytes_and_leaves_the_file_alone(published):
    target = published / "book/demo/one.ipynb"
    content, time = target.read_bytes(), target.stat().st_mtime_ns
    publishing.publish("demo/one", notebooks=published / "notebooks", book=published / "book")
    assert target.read_bytes() == content
    assert target.stat().st_mtime_ns == time


def test_other_parameters_are_injected_and_folded_away(published, tmp_path):
    path = publishing.publish("demo/one", {"seeds": 2}, notebooks=published / "notebooks", book=tmp_path)
    cells = nbformat.read(path, as_version=4).cells
    assert cells[2].metadata.tags == ["injected-parameters", "hide-input"]
    assert cells[3].outputs[0].text.startswith("seeds 2\n")


def test_a_page_is_stale_when_its_source_changes(published):
    folders = published / "notebooks", published / "book"
    assert publishing.stale(*folders) == {}
    path = published / "notebooks/demo/one.md"
    before = path.read_text()
    try:
        path.write_text(before + "\nMore.\n")
        assert list(publishing.stale(*folders)) == ["demo/one"]
    finally:
        path.write_text(before)
    path.touch()
    assert publishing.stale(*folders) == {}, "a new date alone changes nothing"


def test_a_page_is_stale_when_a_record_comes_or_changes(published, monkeypatch, tmp_path):
    folders = published / "notebooks", published / "book"
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    assert publishing.stale(*folders) == {}
    record = tmp_path / "nowhere/absent.json"
    record.parent.mkdir()
    record.write_text("{}")
    assert list(publishing.stale(*folders)) == ["demo/one"]


def test_a_page_is_stale_when_its_notebook_is_missing_or_torn(published, tmp_path):
    notebooks = published / "notebooks"
    assert list(publishing.stale(notebooks, tmp_path)) == ["demo/one"]
    torn = tmp_path / "demo/one.ipynb"
    torn.parent.mkdir()
    torn.write_text((published / "book/demo/one.ipynb").read_text()[:-100])
    assert list(publishing.stale(notebooks, tmp_path)) == ["demo/one"]


def test_what_an_editor_leaves_is_no_page_and_no_part_of_the_book(tmp_path):
    left = (
        "a/.#one.md",
        "a/#one.md#",
        "a/one.md~",
        "a/.one.md.swp",
        "a/.ipynb_checkpoints/one-checkpoint.md",
    )
    for name in ("a/one.md", *left):
        (tmp_path / "book" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "book" / name).touch()
    (tmp_path / "book/a/.#two.md").symlink_to("me@nowhere.1234")
    assert publishing.every(tmp_path / "book") == ["a/one"]
    names = [path.relative_to(tmp_path).as_posix() for path in publishing.book_files(tmp_path)]
    assert names == ["_config.yml", "_toc.yml", "book/a/one.md"]


def test_a_page_runs_in_this_environment_whatever_jupyter_path_offers(monkeypatch, tmp_path):
    kernel = tmp_path / "jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text('{"argv": ["/nowhere/python"], "display_name": "Another", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    source(tmp_path, "```{code-cell} ipython3\nprint(1)\n```\n")
    assert publishing.publish("demo/one", notebooks=tmp_path, book=tmp_path / "book").is_file()


def test_an_ascii_locale_changes_nothing(tmp_path):
    source(tmp_path, "Café ±\n\n```{code-cell} ipython3\nprint('née ±')\n```\n")
    script = (
        f"from pathlib import Path; from imc.pages import publishing as p; here = Path({str(tmp_path)!r}); "
    )
    script += "p.publish('demo/one', notebooks=here, book=here / 'book'); print(p.stale(here, here / 'book'))"
    ascii_ = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, env=os.environ | ascii_, capture_output=True, text=True, check=False)
    assert result.stdout == "{}\n", result.stderr
    notebook = nbformat.read(tmp_path / "book/demo/one.ipynb", as_version=4)
    assert notebook.cells[0].source == "Café ±"
    assert notebook.cells[1].outputs[0].text == "née ±\n"


def test_inputs_are_named_after_the_repository_and_the_records(monkeypatch, tmp_path):
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    assert inputs.name_of(str(ROOT / "src/imc/paths.py")) == "src/imc/paths.py"
    assert inputs.name_of(str(tmp_path / "reram/mlp/x.json")) == "record:reram/mlp/x.json"
    assert inputs.name_of(str(PUBLISHED / "reram/mlp/x.json")) == "record:reram/mlp/x.json"
    assert inputs.name_of("/etc/hostname") is None


def test_a_page_depends_on_its_own_paper_alone():
    names = [
        "claim:reram.table1.crop28.accuracy",
        "src/imc/papers/imce/experiments.py",
        "src/imc/pages/page.py",
    ]
    assert inputs.relevant(names, "reram") == [names[0], names[2]]
    assert inputs.relevant(names, "scoreboard") == names


def test_a_page_depends_on_the_claims_that_it_shows(monkeypatch):
    files = printed._files("claims"), printed._files("reference")
    claim, value = "claim:reram.table1.crop28.accuracy", "printed:reram.table1"
    before = {name: printed.content(name) for name in (claim, value, "claim:")}
    changed = json.loads(json.dumps(files))
    by_folder = dict(zip(("claims", "reference"), changed, strict=True))
    monkeypatch.setattr(printed, "_files", by_folder.__getitem__)
    changed[0]["imce"]["claim"][0]["why"] = "another reason"
    assert {name: printed.content(name) for name in (claim, value)} == {n: before[n] for n in (claim, value)}
    assert printed.content("claim:") != before["claim:"]
    for table in changed[1]["reram"]["table"]:
        if table["key"] == "reram.table1":
            table["rows"]["crop28"][1] = "1.00"
    assert printed.content(claim) != before[claim]
    assert printed.content(value) != before[value]


def test_what_a_page_asks_for_is_told():
    code = "import json; from imc.pages import inputs; inputs.watch(); from imc import claims\n"
    code += "from imc.claims import reference; claims.load()['reram.table1.crop28.accuracy']\n"
    code += "reference.table('reram.table2'); inputs.report()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = [name for name in json.loads(done.stdout) if ":" in name or name.startswith("data/")]
    assert told == ["claim:reram.table1.crop28.accuracy", "printed:reram.table2"]


def test_a_failing_page_changes_nothing(tmp_path):
    source(tmp_path, "```{code-cell} ipython3\n1 / 0\n```\n")
    target = tmp_path / "book/demo/one.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text("the last good one")
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        publishing.publish("demo/one", notebooks=tmp_path, book=tmp_path / "book")
    assert target.read_text() == "the last good one"
    assert [p.name for p in target.parent.iterdir()] == ["one.ipynb"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [(f"{ROOT}/data", "a path of this machine"), ("<Axes at 0x7f12345678>", "an object's address")],
)
def test_what_differs_from_one_time_to_the_next_is_refused(text, complaint):
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    cell = nbformat.v4.new_code_cell("f()", outputs=[output])
    with pytest.raises(UserError, match=complaint):
        clean(nbformat.v4.new_notebook(cells=[cell]), "demo/one")


@pytest.mark.parametrize("root", ["/imc", "/a", "/work copy/it's"])
def test_only_a_path_of_the_checkout_is_one(root):
    other = "https://imc.org/imc-companion </a> an/a and/imc text/a /a-b /imc2 <a>/b"
    assert not _names(other, Path(root))
    for text in (
        root,
        f"{root}/data",
        f"see '{root}'",
        f"x\n{root}\n",
        Path(root).as_uri(),
        f"[{root}/x.py]",
    ):
        assert _names(text, Path(root)), text


def test_a_path_is_found_in_an_ascii_locale_too():
    as_ascii = Path(os.fsencode("/née/imc").decode("ascii", "surrogateescape"))
    assert _names("see /née/imc/data", as_ascii)
    assert _names("see /n%C3%A9e/imc/data", as_ascii)
    assert not _names("see /nie/imc/data", as_ascii)


def test_texts_that_a_kernel_splits_are_joined():
    parts = [nbformat.v4.new_output("stream", name="stdout", text=t) for t in ("a", "b\n")]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("f()", outputs=parts)])
    assert [o.text for o in clean(book, "demo/one").cells[0].outputs] == ["ab\n"]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imc.pages", *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_says_in_a_sentence_what_is_wrong():
    unknown = command("reram/no-such-page")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("imc: there is no page 'reram/no-such-page'; the pages are ")
    assert len(unknown.stderr.splitlines()) == 1
    for path in ("../README", "reram/../reram/bn-merge", str(ROOT / "README")):
        assert command(path).stderr.startswith(f"imc: there is no page '{path}'; the pages are ")
    into_the_book = command("reram/no-such-page", "-p", "seeds", "2")
    assert into_the_book.returncode == 2
    assert "--to FOLDER" in into_the_book.stderr


def test_the_ledger_is_readable(published):
    made = json.loads((published / "book/demo/one.ipynb").read_text())["metadata"]["imc"]
    assert made["inputs"] == sorted(made["inputs"])
    assert len(made["fingerprint"]) == 64


def test_a_record_of_this_machine_counts_unless_it_is_the_published_one(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path / "published")
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path / "results"))
    mine, published = tmp_path / "results/reram/mlp/x.json", tmp_path / "published/reram/mlp/x.json"
    assert paths.record_path("reram/mlp/x") == published
    for path in (mine, published):
        path.parent.mkdir(parents=True)
        path.write_text("the same")
    assert paths.record_path("reram/mlp/x") == published
    mine.write_text("another")
    assert paths.record_path("reram/mlp/x") == mine
