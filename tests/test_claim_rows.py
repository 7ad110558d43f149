"""A claim's row: digits as printed or as the interval supports, reasons and readings folded, an anchor."""

import dataclasses

import pytest

from imc import claims
from imc.claims import Claim, Judged, Reading, Verdict, reference
from imc.claims.statistics import Estimate
from imc.pages import claim_rows

EVERY = [claims.evaluate(claim) for claim in claims.load().values()]


def held(mean: float, printed: str, monkeypatch: pytest.MonkeyPatch, **fields: object) -> Judged:
    value, half_digit = reference.parse(printed)
    paper = reference.Reference("reram.x", value, printed, "uJ", "Table 1", half_digit=half_digit)
    monkeypatch.setattr(Reading, "printed", paper)
    reading = Reading.model_construct(name="", kind="exact", expect="equals", bound=value, **fields)  # type: ignore
    return Judged(reading, Estimate.exact(mean), mean - value, "reproduced", ())


@pytest.mark.parametrize(
    ("mean", "printed", "here", "difference"),
    [
        (6, "6", "6\u00a0µJ", "+0"),
        (23.0636, "23.06", "23.064\u00a0µJ", "+0.004"),
        (361.02, "361.02", "361.02\u00a0µJ", "+0.00"),
        (22.9, "23.06", "22.90\u00a0µJ", "−0.16"),
        (118019.2, "118 016", "118,019.2\u00a0µJ", "+3.2"),
    ],
)
def test_an_exact_value_is_shown_to_the_printed_digits_or_one_more(
    mean, printed, here, difference, monkeypatch
):
    judged = held(mean, printed, monkeypatch, tolerance=0.2)
    assert claim_rows.here(judged) == here
    assert claim_rows.difference(judged) == difference
    assert claim_rows.printed(judged) == f"{printed}\u00a0µJ (±0.2)"


def test_a_single_run_says_so_behind_the_unit(monkeypatch):
    judged = dataclasses.replace(held(6.5, "6", monkeypatch), here=Estimate.of_seeds([6.5]))
    assert claim_rows.here(judged) == "6.5\u00a0µJ (1 run)"


def test_every_claim_is_one_row_with_its_reasons_folded_and_an_anchor_of_its_own():
    table = claim_rows.table(EVERY)
    assert len(table) == len(EVERY)
    anchors = {held.claim.anchor for held in EVERY}
    assert len(anchors) == len(EVERY)
    for cell, held in zip(table["claim"], EVERY, strict=True):
        assert f'id="{held.claim.anchor}"' in cell
        assert cell.count("<details") == cell.count("</details>") == 1
        assert "\n" not in cell
        assert all(claim_rows.prose(reading.why) in cell for reading in held.claim.readings)


def several(*means: float, best: tuple[str, ...]) -> Verdict:
    """A claim of readings a, b, ... with these results."""
    fixed = {"kind": "mechanism", "expect": "at least", "bound": 0.0, "why": "So."}
    readings = tuple(
        Reading.model_validate({"name": n, "text": f"As {n}.", **fixed})
        for n, _ in zip("abc", means, strict=False)
    )
    fields = {"id": "x.y", "paper": "x", "place": "p", "text": "T.", "best_why": "It says so."}
    claim = Claim.model_validate({**fields, "readings": readings, "best": best})
    judged = tuple(
        Judged(r, Estimate(m, m - 1, m + 1, 5), m, "reproduced", ())
        for r, m in zip(readings, means, strict=True)
    )
    return Verdict(claim, judged, "reproduced")


def test_readings_stand_in_the_row_and_the_best_are_marked():
    text = claim_rows.details(several(1.0, 1.0, best=("b",)))
    assert "why · mechanism · 5 runs · 2 readings" in text
    assert "<b>▸</b> As b." in text
    assert "<b>▸</b> As a." not in text
    assert "It says so." in text


def test_cases_that_hold_together_show_how_far_they_reach():
    found = several(2.0, 7.5, best=("a", "b"))
    assert (claim_rows.paper(found), claim_rows.ours(found)) == ("≥ 0", "2 to 7.5")


def test_below_full_effort_no_verdict_is_shown_anywhere():
    table = claim_rows.table(EVERY, without_verdict="none at smoke")
    assert set(table["verdict"]) == {"none at smoke"}
    assert not table["claim"].str.contains("imc-verdict").any()
