"""``claims.json``: every claim with its readings, verdict, records and cost, for other programs.

The schema is that of the classes below; ``claims.jsonld`` says the same as schema.org's ClaimReview, which
search engines and knowledge graphs read. Cost is what recomputing a claim's records took: seconds are
measured, joules are an estimate of ours, `WATT` a busy core, and say so.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from imc import claims
from imc.claims.verdicts import Expectation, Kind, Outcome
from imc.pages.project import project
from imc.paths import record_path
from imc.runs import records

WATT = 10.0
"""Assumed power of one busy core of a server with its share of memory and cooling."""

SCHEMA = "claims.schema.json"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reading(_Data):
    """One way to read a claim, beside our result."""

    name: str = Field(description="empty where there is one reading only")
    text: str
    kind: Kind
    expect: Expectation = Field(description="what the sentence says of our value and the printed one")
    printed: str | None = Field(description="as the paper prints it")
    unit: str
    least: float | None = Field(description="our value must not be below; none: no bound")
    most: float | None = Field(description="our value must not be above; none: no bound")
    here: float | None = Field(description="our value: exact, or the mean over runs; none: not attempted")
    interval: tuple[float, float] | None = Field(description="95 % interval of the mean; none: one run")
    runs: int | None = Field(description="independent runs; none: exact")
    verdict: Outcome
    why: str = Field(description="reason of the tolerance or bound")
    holds_for: str = Field(description="for which network the result holds; empty: no single one")
    records: list[str] = Field(description="experiment/stem of the records below data/published")


class Cost(_Data):
    """What it took to make the records of a claim, on the machines that made them."""

    seconds: float = Field(description="measured wall time; a record of several claims counts fully for each")
    joules_estimated: float = Field(description="seconds x threads x the assumed watts of a core")
    complete: bool = Field(description="whether the time of every record is known")


class ClaimData(_Data):
    """One sentence or number of a document."""

    id: str
    paper: str
    place: str
    text: str
    verdict: Outcome = Field(description="of the readings that the text supports best")
    best: list[str] = Field(description="names of these readings")
    best_why: str
    page: str | None = Field(description="the page of the book that shows it")
    anchor: str = Field(description="its place on that page")
    readings: list[Reading]
    cost: Cost | None = Field(description="none: it rests on no record")


class ClaimsFile(_Data):
    """All claims of the book."""

    schema_: str = Field(SCHEMA, alias="$schema")
    title: str
    version: str
    released: str
    watts_a_core_assumed: float
    claims: list[ClaimData]


def collect() -> ClaimsFile:
    """Every claim with its verdict from the records at hand."""
    expected = {(c.id, r.name): r.expect for c in claims.load().values() for r in c.readings}
    found = claims.export()
    for claim in found:
        used = sorted({name for reading in claim["readings"] for name in reading["records"]})
        claim["cost"] = cost(used).model_dump() if used else None
        for reading in claim["readings"]:
            reading["expect"] = expected[claim["id"], reading["name"]]
    book = project()
    whole = {"title": book.title, "version": book.version, "released": book.released, "claims": found}
    return ClaimsFile.model_validate({**whole, "watts_a_core_assumed": WATT})


def cost(names: list[str]) -> Cost:
    """What making these records (``experiment/stem``) took."""
    logs = [records.read(record_path(name)).log() for name in names]
    known = [log for log in logs if log]
    seconds = sum(log["wall_seconds"] for log in known)
    joules = sum(log["wall_seconds"] * log.get("threads", 1) * WATT for log in known)
    return Cost(seconds=round(seconds, 1), joules_estimated=round(joules), complete=len(known) == len(logs))


def linked(whole: ClaimsFile) -> dict[str, Any]:
    """The claims as schema.org's ClaimReview; those that nothing here decides are left out."""
    book = project()
    author = {"@type": "Organization", "name": book.author}
    base = {"author": author, "datePublished": whole.released}
    undecided = ("quoted", "not testable", "not attempted")
    graph = [_review(claim) | base for claim in whole.claims if claim.verdict not in undecided]
    return {"@context": "https://schema.org", "@graph": graph}


def _review(claim: ClaimData) -> dict[str, Any]:
    said = {
        "@type": "Claim",
        "appearance": {"@type": "CreativeWork", "name": claim.paper},
        "text": claim.text,
    }
    rating = {"@type": "Rating", "alternateName": claim.verdict, "ratingExplanation": claim.best_why}
    review: dict[str, Any] = {
        "@type": "ClaimReview",
        "@id": f"#{claim.id}",
        "claimReviewed": claim.text,
        "itemReviewed": said,
        "reviewRating": {name: value for name, value in rating.items() if value},
    }
    return review | ({"url": f"book/{claim.page}.html#{claim.anchor}"} if claim.page else {})


def files() -> dict[str, str]:
    """The three files by name: the claims, their schema, and the claims as JSON-LD."""
    whole = collect()
    schema: dict[Literal["$schema"] | str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    made = {
        "claims.json": whole.model_dump(by_alias=True),
        SCHEMA: schema | ClaimsFile.model_json_schema(by_alias=True),
        "claims.jsonld": linked(whole),
    }
    return {name: json.dumps(what, indent=1, ensure_ascii=False) + "\n" for name, what in made.items()}
