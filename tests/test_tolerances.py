"""The verdicts with other tolerances, in Python and in the reader's browser, against the rules."""

import json
from html import unescape
from unittest import mock

import pytest

from imc import claims
from imc.claims import Verdict, evaluation, joint
from imc.claims.statistics import Interval
from imc.pages import players, scoreboard, tolerances
from test_play import needs_node, node

FACTORS = (0.125, 0.5, 1.0, 1.7, 4.0)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return scoreboard.standing()


@pytest.fixture(scope="module")
def ruled() -> dict[float, list[str]]:
    """The verdicts by the rules themselves, every claim judged anew with other limits."""
    own = evaluation.judge
    found = {}
    for factor in FACTORS:

        def judge(kind, expect, limits, ours, interval: Interval = "student", factor=factor):
            low, high = limits
            middle, half = (low + high) / 2, (high - low) / 2
            slack = 1e-9 * max(1.0, abs(middle))
            if kind not in ("exact", "calibrated") and expect == "equals" and half > slack:
                half = factor * (half - slack) + slack
                limits = middle - half, middle + half
            return own(kind, expect, limits, ours, interval)

        with mock.patch.object(evaluation, "judge", judge):
            found[factor] = [claims.evaluate(claim).verdict for claim in claims.load().values()]
    return found


def test_every_claim_turns_where_the_rules_say(verdicts, ruled):
    for factor in FACTORS:
        assert [tolerances.at(v, factor) for v in verdicts] == ruled[factor]
    assert ruled[1.0] == [v.verdict for v in verdicts]
    assert len({tuple(found) for found in ruled.values()}) == len(FACTORS)


@needs_node
def test_the_browser_says_the_same_of_every_claim(verdicts, ruled):
    movable = [any(map(tolerances.turns, v.readings)) for v in verdicts]
    box = players.box("verdicts", "x", "x", tolerances.moving(verdicts)["data"])
    data = json.loads(unescape(box.split("data-play='")[1].split("'")[0]))
    found = node(
        "verdicts", "d.factors.map((f) => d.claims.map((c) => m.verdict(c, f)))", factors=FACTORS, **data
    )
    for factor, mine in zip(FACTORS, found, strict=True):
        assert mine == [v for v, moves in zip(ruled[factor], movable, strict=True) if moves]


@needs_node
@pytest.mark.parametrize(
    "outcomes",
    [
        ["reproduced"],
        ["open", "open"],
        ["reproduced", "open"],
        ["reproduced", "not reproduced", "open"],
        ["not reproduced", "contradicted"],
        ["not attempted", "reproduced"],
    ],
)
def test_a_sentence_of_several_cases(outcomes):
    assert node("verdicts", "m.joint(d.outcomes)", outcomes=outcomes) == joint(outcomes)
