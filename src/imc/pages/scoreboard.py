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
_LOOK: dict[str, tuple[str, str]] = {
    "reproduced": (figures.COLOURS[2], ""),
    "open": (PAPER, "...."),
    "not reproduced": (figures.COLOURS[4], "////"),
    "contradicted": (figures.COLOURS[1], "xxxx"),
    "calibrated": (figures.COLOURS[0], "||||"),
    "quoted": (figures.COLOURS[5], "----"),
    "not testable": (figures.COLOURS[3], "\\\\"),
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
    found = _counted(verdicts)
    papers = titles()
    every = itertools.product(papers, KINDS, _LOOK)
    rows = [(papers[p], k, o, found[p, k, o]) for p, k, o in every if found[p, k, o]]
    return pd.DataFrame(rows, columns=["paper", "kind", "verdict", "claims"])


def _counted(verdicts: Sequence[Verdict]) -> Counter[tuple[str, str, str]]:
    return Counter((v.claim.paper, v.claim.kind, v.verdict) for v in verdicts)


def picture(verdicts: Sequence[Verdict]) -> Figure:
    """One panel a paper: its claims by kind, each bar divided by verdict."""
    found = _counted(verdicts)
    papers = titles()
    figure, panels = figures.axes(1, len(papers), height=2.7, width=7.2, sharey=True)
    for ax, (paper, title) in zip(panels, papers.items(), strict=True):
        start = [0] * len(KINDS)
        for outcome, (colour, hatch) in _LOOK.items():
            long = [found[paper, kind, outcome] for kind in KINDS]
            look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "hatchcolor": PAPER}
            look |= {"edgecolor": INK, "linewidth": 0.6, "label": _label(outcome)}
            ax.barh(KINDS, long, left=start, height=0.7, **look)
            start = [a + b for a, b in zip(start, long, strict=True)]
        ax.set_title(title)
        ax.grid(visible=False, axis="y")
        ax.tick_params(axis="y", length=0)
    panels[0].invert_yaxis()
    panels[0].set_ylabel("kind of claim")
    figure.supxlabel("claims", fontsize=9.5)
    figures.legend(figure, 3)
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
