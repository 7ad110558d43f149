"""The scoreboard: every claim once, counted alike in table, picture and data."""

import pytest
from matplotlib.patches import Rectangle

from imc import claims
from imc.claims import Verdict, files
from imc.pages import claim_rows, overview, scoreboard, svg
from imc.paths import ROOT


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return scoreboard.standing()


def test_every_claim_stands_there_once(verdicts):
    assert [v.claim.id for v in verdicts] == list(claims.load())
    assert len(scoreboard.table(verdicts)) == len(verdicts)
    assert list(dict.fromkeys(claim_rows.as_data(verdicts)["id"])) == list(claims.load())


def test_counts_add_up_to_all_claims(verdicts):
    counts = scoreboard.counts(verdicts)
    assert sum(counts["claims"]) == len(verdicts)
    assert set(counts["paper"]) == set(scoreboard.titles().values())


def test_every_kind_and_verdict_has_its_place_in_the_picture(verdicts):
    assert {v.claim.kind for v in verdicts} <= set(scoreboard.KINDS)
    bars = [patch for ax in scoreboard.picture(verdicts).axes for patch in ax.patches]
    assert sum(bar.get_width() for bar in bars if isinstance(bar, Rectangle)) == len(verdicts)


def test_numbers_lead_to_their_claims(verdicts):
    text = scoreboard.by_paper(verdicts).to_string()
    assert 'href="scoreboard.html?paper=ReRAM+thesis&amp;verdict=' in text


def test_links_lead_to_pages_that_the_book_has(verdicts, monkeypatch):
    monkeypatch.setattr(scoreboard, "_contents", lambda: {"book/reram/bn-merge"})
    links = {link for link in map(scoreboard.page_link, verdicts) if link}
    assert links == {"[bn merge](reram/bn-merge.ipynb)"}


def test_a_claim_leads_to_its_very_row(verdicts):
    """The anchor stands on the page, and so does everything that opens there."""
    missing = []
    for v in verdicts:
        if scoreboard.page_link(v):
            page = (ROOT / "book" / f"{v.claim.page}.ipynb").read_text(encoding="utf-8")
            missing += [] if f'id=\\"{v.claim.anchor}\\"' in page else [f"{v.claim.id}: {v.claim.page}"]
            assert f'href="{v.claim.page}.html#{v.claim.anchor}"' in scoreboard.table([v])["claim"][0]
    assert missing == []


def test_a_claim_without_a_page_has_its_reasons_on_the_scoreboard(verdicts):
    without = [v for v in verdicts if not scoreboard.page_link(v)]
    assert without
    for cell, v in zip(scoreboard.table(without)["claim"], without, strict=True):
        assert 'class="imc-why"' in cell
        assert f'id="{v.claim.anchor}"' in cell


def test_a_new_paper_is_a_new_file(tmp_path, monkeypatch):
    claim = 'id = "made.a"\nplace = "Page 1"\ntext = "So."\nkind = "quoted"\nwhy = "Repeated."\n'
    (tmp_path / "made.toml").write_text(f'[paper]\ntitle = "A made-up paper"\n\n[[claim]]\n{claim}')
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    for cached in (files._all, files._papers):
        cached.cache_clear()
    try:
        standing = scoreboard.standing()
        assert list(scoreboard.table(standing)["paper"]) == ["A made-up paper"]
        assert list(scoreboard.by_paper(standing)["paper"]) == ["A made-up paper"]
        assert "A made-up paper" in svg.render(scoreboard.picture(standing), "made", "alt")
    finally:
        for cached in (files._all, files._papers):
            cached.cache_clear()


def test_overview_names_every_level_and_document():
    text = svg.render(overview.picture(), "overview", "alt")
    for word in (*overview.LEVELS, *overview.DOCUMENTS):
        assert f">{word}</text>" in text
