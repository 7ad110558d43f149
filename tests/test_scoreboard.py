"""The scoreboard: every claim once, counted alike in table, picture and data."""

import pytest
from matplotlib.patches import Rectangle

from imc import claims
from imc.claims import Verdict
from imc.pages import claim_rows, overview, scoreboard, svg


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


def test_overview_names_every_level_and_document():
    text = svg.render(overview.picture(), "overview", "alt")
    for word in (*overview.LEVELS, *overview.DOCUMENTS):
        assert f">{word}</text>" in text
