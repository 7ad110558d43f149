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
from imc.pages import figures, tables
from imc.pages.svg import INK, PAPER
from imc.paths import ROOT

PAPERS = {"batmann": "BATMANN", "reram": "ReRAM thesis", "imce": "IMCE", "codesign": "Co-design"}
KINDS = ("exact", "trained", "simulated", "mechanism", "calibrated", "quoted", "not testable")

# Fill and hatch of each verdict; what is not attempted is an empty outline.
_LOOK: dict[str, tuple[str, str]] = {
    "reproduced": (figures.COLOURS[2], ""),
    "not reproduced": (figures.COLOURS[4], "////"),
    "contradicted": (figures.COLOURS[1], "xxxx"),
    "calibrated": (figures.COLOURS[0], "||||"),
    "quoted": (figures.COLOURS[5], "----"),
    "not attempted": ("none", ""),
}


def standing() -> list[Verdict]:
    """The verdict on every claim from the records at hand, without computing any."""
    return [claims.evaluate(claim) for claim in claims.load().values()]


def counts(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """How many claims by paper, kind and verdict: one row for each combination that occurs."""
    found = _counted(verdicts)
    every = itertools.product(PAPERS, KINDS, _LOOK)
    rows = [(PAPERS[p], k, o, found[p, k, o]) for p, k, o in every if found[p, k, o]]
    return pd.DataFrame(rows, columns=["paper", "kind", "verdict", "claims"])


def _counted(verdicts: Sequence[Verdict]) -> Counter[tuple[str, str, str]]:
    return Counter((v.claim.paper, v.claim.kind, v.verdict) for v in verdicts)


def picture(verdicts: Sequence[Verdict]) -> Figure:
    """One panel a paper: its claims by kind, each bar divided by verdict."""
    found = _counted(verdicts)
    figure, panels = figures.axes(1, len(PAPERS), height=2.7, width=7.2, sharey=True)
    for ax, paper in zip(panels, PAPERS, strict=True):
        start = [0] * len(KINDS)
        for outcome, (colour, hatch) in _LOOK.items():
            long = [found[paper, kind, outcome] for kind in KINDS]
            look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "hatchcolor": PAPER}
            look |= {"edgecolor": INK, "linewidth": 0.6, "label": _label(outcome)}
            ax.barh(KINDS, long, left=start, height=0.7, **look)
            start = [a + b for a, b in zip(start, long, strict=True)]
        ax.set_title(PAPERS[paper])
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
    for paper, title in PAPERS.items():
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
    for paper, title in PAPERS.items():
        links = dict.fromkeys(page_link(v) for v in verdicts if v.claim.paper == paper)
        lines += [f"- **{title}**: {', '.join(link for link in links if link)}"] if any(links) else []
    return "\n".join(lines)


def table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Every claim, one row each, for reading."""
    return pd.DataFrame(
        {
            "paper": PAPERS[v.claim.paper],
            "claim": tables.claim(v.claim, kind=False),
            "kind": v.claim.kind,
            "printed (±)": f"{tables.printed(v)}{_allowed(v)}",
            "here": tables.here(v),
            "verdict": tables.verdict(v.verdict),
            "page": page_link(v) or tables.NOTHING,
        }
        for v in verdicts
    )


def data(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Every claim, one row each, for computing with."""
    return pd.DataFrame(
        {
            "id": v.claim.id,
            "place": v.claim.place,
            "text": v.claim.text,
            "kind": v.claim.kind,
            "printed": v.paper.printed if v.paper else None,
            "unit": v.paper.unit if v.paper else None,
            "least": v.claim.limits[0],
            "most": v.claim.limits[1],
            "here": v.here,
            "verdict": v.verdict,
            "page": v.claim.page,
        }
        for v in verdicts
    )


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


def _allowed(verdict: Verdict) -> str:
    tolerance = tables.tolerance(verdict)
    return "" if tolerance == tables.NOTHING else f"<br>({tolerance})"


def _link(text: str, **chosen: str) -> str:
    query = "&amp;".join(f"{name}={value.replace(' ', '+')}" for name, value in chosen.items())
    return f'<a href="scoreboard.html?{query}">{text}</a>'


def _label(outcome: str) -> str:
    return f"{tables.SYMBOLS[outcome]} {outcome}"
