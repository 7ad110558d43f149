"""Where the book stands: every claim of the five documents with its verdict, as a table and as a picture."""

import itertools
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure

from imc import claims
from imc.claims import Verdict
from imc.pages import claim_rows, figures, tables
from imc.pages.svg import INK, PAPER
from imc.paths import ROOT

KINDS = ("exact", "trained", "simulated", "mechanism", "calibrated", "quoted", "not testable")

# Fill and hatch of each verdict; what is not attempted is an empty outline.
_LOOK: dict[str, tuple[Any, str]] = {
    "reproduced": (figures.COLOURS[2], ""),
    "open": (figures.COLOURS[3], "...."),
    "not reproduced": (figures.COLOURS[4], "////"),
    "contradicted": (figures.COLOURS[1], "xxxx"),
    "calibrated": (figures.COLOURS[0], "||||"),
    "quoted": (figures.COLOURS[5], "----"),
    "not testable": ((figures.COLOURS[5], 0.35), ""),
    "not attempted": ("none", ""),
}


def standing() -> list[Verdict]:
    """The verdict on every claim from the records at hand, without computing any."""
    return [claims.evaluate(claim) for claim in claims.load().values()]


def titles() -> dict[str, str]:
    """The papers' titles by id, in their order."""
    return {paper.id: paper.title for paper in claims.papers().values()}


def counts(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """How many claims by paper, kind and verdict: one row for each combination that occurs."""
    found = Counter((v.claim.paper, v.claim.kind, v.verdict) for v in verdicts)
    papers = titles()
    every = itertools.product(papers, KINDS, _LOOK)
    rows = [(papers[p], k, o, found[p, k, o]) for p, k, o in every if found[p, k, o]]
    return pd.DataFrame(rows, columns=["paper", "kind", "verdict", "claims"])


def picture(verdicts: Sequence[Verdict]) -> Figure:
    """A bar a paper, as long as its claims are many, divided by verdict."""
    found = Counter((v.claim.paper, v.verdict) for v in verdicts)
    papers = titles()
    figure, ax = figures.axes(height=1.3 + 0.4 * len(papers), width=7.2)
    start = [0] * len(papers)
    for outcome, (colour, hatch) in _LOOK.items():
        long = [found[paper, outcome] for paper in papers]
        look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "hatchcolor": PAPER}
        look |= {"edgecolor": INK, "linewidth": 0.6, "label": _label(outcome)}
        ax.barh(list(papers.values()), long, left=start, height=0.7, **look)
        start = [a + b for a, b in zip(start, long, strict=True)]
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.set_ylabel("paper")
    ax.set_xlabel("claims")
    figures.legend(figure, 4)
    return figure


def by_paper(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """One row a paper: how many claims of each verdict, linked into the scoreboard."""
    found = Counter((v.claim.paper, v.verdict) for v in verdicts)
    rows = []
    for paper, title in titles().items():
        mine = [v for v in verdicts if v.claim.paper == paper]
        row: dict[str, Any] = {"paper": title, "claims": _link(str(len(mine)), paper=title)}
        for outcome in _LOOK:
            number = found[paper, outcome]
            row[_label(outcome)] = _link(str(number), paper=title, verdict=outcome) if number else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def pages(verdicts: Sequence[Verdict]) -> str:
    """A Markdown list: each paper that has pages in the book, with links to them."""
    lines = []
    for paper, title in titles().items():
        links = dict.fromkeys(page_link(v) for v in verdicts if v.claim.paper == paper)
        lines += [f"- **{title}**: {', '.join(link for link in links if link)}"] if any(links) else []
    return "\n".join(lines)


def table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Every claim, one row each, for reading; the sentence leads to the claim's row on its page.

    Where no page shows a claim, its reasons are folded below it.
    """
    papers = titles()
    return pd.DataFrame(
        {
            "verdict": tables.verdict(v.verdict),
            "claim": _sentence(v),
            "paper says": claim_rows.paper(v),
            "here": claim_rows.ours(v),
            "kind": v.claim.kind,
            "paper": papers[v.claim.paper],
        }
        for v in verdicts
    )


def _sentence(verdict: Verdict) -> str:
    """The claim's sentence and place: a link to its row if the book has its page, else with its reasons."""
    if not page_link(verdict):
        return f"{claim_rows.anchored(verdict)}{claim_rows.details(verdict)}"
    claim = verdict.claim
    place = f'<span class="imc-place">{tables.prose(claim.place)}</span>'
    return f'<a href="{claim.page}.html#{claim.anchor}">{tables.prose(claim.text)}</a><br>{place}'


def page_link(verdict: Verdict) -> str:
    """A link to the page that shows the claim, if the book has it."""
    page = verdict.claim.page
    if page is None or f"book/{page}" not in _contents():
        return ""
    return f"[{page.partition('/')[2].replace('-', ' ')}]({page}.ipynb)"


@cache
def _contents() -> set[str]:
    """The files that the book's table of contents names."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {chapter["file"] for part in contents["parts"] for chapter in part["chapters"]}


def _link(text: str, **chosen: str) -> str:
    query = "&amp;".join(f"{name}={value.replace(' ', '+')}" for name, value in chosen.items())
    return f'<a href="scoreboard.html?{query}">{text}</a>'


def _label(outcome: str) -> str:
    return f"{tables.SYMBOLS[outcome]} {outcome}"
