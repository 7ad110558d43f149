"""What the book says of itself: one source, and no link where there is nothing to lead to."""

import json
from collections.abc import Iterator

import pytest
import yaml

from imc.pages import project
from imc.pages.provenance_strip import strip
from imc.paths import PUBLISHED, ROOT
from imc.runs import records

ADDRESS = "https://github.com/someone/companion"


@pytest.fixture
def fork(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if a fork had set its address."""
    monkeypatch.setattr(project, "repository", lambda: ADDRESS)
    project.project.cache_clear()
    yield
    project.project.cache_clear()


@pytest.mark.parametrize("name", project.files())
def test_the_files_for_archives_say_what_pyproject_says(name):
    assert (ROOT / name).read_text(encoding="utf-8") == project.files()[name], "python -m imc.pages.project"


def test_the_package_has_the_version_that_is_cited():
    import imc

    assert imc.__version__ == project.project().version


def test_citation_file_has_what_its_format_requires():
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(said)
    assert isinstance(said["date-released"], str)
    assert json.loads((ROOT / "codemeta.json").read_text())["version"] == said["version"]


def test_a_page_s_citation_names_page_version_and_day():
    text = project.citation("Table 4: activation precision", "reram/activation-precision")
    book = project.project()
    assert all(word in text for word in ("Table 4", "reram/activation", book.version, book.released))


def test_no_link_leads_to_a_repository_that_nobody_has_named(monkeypatch):
    monkeypatch.setattr(project, "repository", lambda: "")
    monkeypatch.setattr("imc.pages.provenance_strip.repository", lambda: "")
    record = records.read(PUBLISHED / "reram" / "mlp" / "defaults.json")
    assert "http" not in strip([record])
    assert project.link("text", "src/x.py") == "text"


@pytest.mark.usefixtures("fork")
def test_a_fork_s_address_is_in_every_link(monkeypatch):
    monkeypatch.setattr("imc.pages.provenance_strip.repository", lambda: ADDRESS)
    record = records.read(PUBLISHED / "reram" / "mlp" / "defaults.json")
    assert strip([record]).count(ADDRESS) >= 2
    assert project.codemeta()["codeRepository"] == project.cff()["repository-code"] == ADDRESS
    assert ADDRESS in project.citation("x", "y")


def test_the_strip_says_on_which_day_the_newest_run_was_made():
    record = records.read(PUBLISHED / "reram" / "mlp" / "defaults.json")
    assert f"**Last computed** {record.log()['started'][:10]}" in strip([record])
