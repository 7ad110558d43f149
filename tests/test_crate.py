"""Claims as data, and the repository as an RO-Crate."""

import json
from pathlib import Path

import pytest

from imc import claims
from imc.pages import claims_data, crate
from imc.paths import PUBLISHED


@pytest.fixture(scope="module")
def whole() -> claims_data.ClaimsFile:
    return claims_data.collect()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small repository, as it lies in a crate."""
    for name, text in {
        "README.md": "x",
        "claims.json": "{}",
        "src/imc/x.py": "",
        "book/a/page.ipynb": json.dumps({"cells": [{"source": ["# Table 4: precision\n", "more"]}]}),
        "data/published/reram/mlp/defaults.json": "{}",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_every_claim_is_there_with_its_readings(whole):
    assert [claim.id for claim in whole.claims] == list(claims.load())
    assert all(claim.readings for claim in whole.claims)


def test_what_is_written_is_what_the_schema_describes(whole):
    text = whole.model_dump_json(by_alias=True)
    assert claims_data.ClaimsFile.model_validate_json(text) == whole
    assert json.loads(text)["$schema"] == claims_data.SCHEMA


def test_cost_is_what_the_records_took():
    log = json.loads((PUBLISHED / "reram" / "mlp" / "defaults.log.json").read_text())
    cost = claims_data.cost(["reram/mlp/defaults"])
    assert cost.seconds == pytest.approx(log["wall_seconds"], abs=0.1)
    assert cost.joules_estimated == pytest.approx(
        log["wall_seconds"] * log["threads"] * claims_data.WATT, abs=1
    )
    assert cost.complete


def test_linked_data_reviews_what_our_results_decide_and_nothing_else(whole):
    graph = claims_data.linked(whole)["@graph"]
    decided = {c.id: c for c in whole.claims if c.verdict not in ("quoted", "not testable", "not attempted")}
    assert [review["@id"].removeprefix("#") for review in graph] == list(decided)
    for review in graph:
        claim = decided[review["@id"].removeprefix("#")]
        assert review["reviewRating"]["alternateName"] == claim.verdict
        assert ("url" in review) == (claim.page is not None)


def test_every_file_is_described_once_and_every_reference_has_its_entity(folder):
    graph = crate.metadata(folder)["@graph"]
    ids = [entity["@id"] for entity in graph]
    assert len(ids) == len(set(ids))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files <= set(ids)
    for entity in graph:
        for name in ("hasPart", "author", "publisher", "license", "about"):
            found = entity.get(name, [])
            for one in found if isinstance(found, list) else [found]:
                assert one["@id"] in ids, one


def test_pages_and_records_have_names_that_say_what_they_are(folder):
    names = {entity["@id"]: entity.get("name") for entity in crate.metadata(folder)["@graph"]}
    assert names["book/a/page.ipynb"] == "Table 4: precision"
    assert names["data/published/reram/mlp/defaults.json"] == "Record reram/mlp/defaults"


def test_a_digest_changes_with_its_file(folder):
    def digest() -> str:
        return next(e["sha256"] for e in crate.metadata(folder)["@graph"] if e["@id"] == "README.md")

    was = digest()
    (folder / "README.md").write_text("y")
    assert digest() != was
