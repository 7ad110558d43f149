"""The front page's findings: numbers come from their records, links lead to places that exist."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from imc import runs
from imc.claims import reference
from imc.claims.statistics import Estimate
from imc.papers import findings
from imc.paths import ROOT
from imc.runs.records import Record


def obtain(experiment: str, /, **config: Any) -> Record:
    """A published record; nothing is computed."""
    record = runs.find(experiment, **config)
    assert record, (experiment, config)
    return record


@pytest.fixture(scope="module")
def found() -> list[findings.Finding]:
    return findings.every(obtain)


def test_there_are_eleven_each_with_a_number(found):
    assert len(found) == 11
    assert all(np.isfinite(one.number.mean) for one in found)
    assert len({one.says for one in found}) == 11


@pytest.mark.parametrize("find", findings.FINDINGS, ids=lambda f: f.__name__)
def test_the_number_follows_its_records(find):
    """If every list and number of the records changes, so does the finding's number."""
    changed, was = find(lambda *a, **k: _scaled(obtain(*a, **k))), find(obtain)
    if find in (findings.lead, findings.classifier, findings.better_reference, findings.signs):
        return  # ratios and ranks, which a common factor leaves; their numbers are tested below
    if find is findings.best_epoch:  # ours minus the paper's: twice ours is once more the paper's
        printed = np.mean([row["accuracy"] for row in reference.table("reram.table1").values()])
        assert changed.number.mean == pytest.approx(2 * was.number.mean + printed)
        return
    assert changed.number.mean == pytest.approx(2 * was.number.mean)


def test_ratios_are_those_of_the_records():
    layers = obtain("imce/storage").metric("layers")
    share = layers[-1]["binary"] / sum(layer["binary"] for layer in layers)
    assert findings.classifier(obtain).number == Estimate.exact(100 * share)
    gap = obtain("reram/efficiency").metric("gap.here.area.factors.precision")
    assert findings.lead(obtain).number.mean == gap
    run = obtain("imce/sensitivity")
    assert findings.better_reference(obtain).number.mean == pytest.approx(
        run.metric("now.or2") / run.metric("best.or2.failure")
    )


@pytest.mark.parametrize(
    ("y", "rho"), [([1, 2, 3, 4, 5], 1.0), ([5, 4, 3, 2, 1], -1.0), ([2, 1, 4, 3, 5], 0.8)]
)
def test_rank_correlation_is_spearman_s(y, rho):
    here = findings.rank_correlation([1, 2, 3, 4, 5], y)
    assert here.mean == pytest.approx(rho)
    assert -1 <= here.low <= here.mean + 1e-9
    assert here.mean - 1e-9 <= here.high <= 1


def test_every_finding_leads_to_a_place_on_its_page(found):
    for one in found:
        source = (ROOT / "notebooks" / f"{one.page}.md").read_text(encoding="utf-8")
        kind, _, name = one.anchor.partition("-")
        if kind in ("fig", "tab"):
            assert re.search(rf'name="{name}"', source), one.anchor
        else:
            heads = re.findall(r"(?m)^#+ (.+)$", source)
            assert one.anchor in {re.sub(r"[^a-z0-9]+", "-", head.lower()).strip("-") for head in heads}


def test_the_table_links_what_stands_out(found):
    cells = findings.table(found)["finding"]
    assert all(f'<a href="{one.page}.html#' in cell for one, cell in zip(found, cells, strict=True))
    assert not any("**" in cell for cell in cells)


def _scaled(record: Record) -> Record:
    return replace(record, metrics=_twice(record.metrics))


def _twice(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _twice(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_twice(one) for one in value]
    return 2 * value if isinstance(value, int | float) and not isinstance(value, bool) else value
