"""The strip at a page's end: which records, made from which sources and data, with what, where, how long."""

from collections.abc import Iterable, Mapping
from typing import Any

from imc.pages.project import link, repository
from imc.paths import PUBLISHED, ROOT
from imc.runs import experiments
from imc.runs.records import Record

_FEW = 3
"""More records than this are folded away."""


def strip(used: list[Record]) -> str:
    """The facts behind `used`, as a Markdown list of one line each."""
    if not used:
        return "- **Records** none: everything on this page is computed as it is shown."
    logs = [log for record in used if (log := record.log())]
    commits = _join(_commit(record.made["commit"]) for record in used)
    data = _join(f"{name} `{digest[:12]}`" for record in used for name, digest in record.data.items())
    lines = {
        "Records": _listed([_link(record) for record in used]),
        "Made by": f"{_join(_functions(used))} at commit {commits}",
        "Data": data or "none",
        "Seeds": _join(_seeds(record.config) for record in used),
        "With": _join(f"{k} {v}" for record in used for k, v in record.made.items() if k != "commit"),
    }
    if logs:
        lines["On"] = _join(f"{log['machine']['processor']}, {log['machine']['cores']} cores" for log in logs)
        seconds = sum(log["wall_seconds"] for log in logs)
        unknown = f" for {len(logs)} of the {len(used)} records" if len(logs) < len(used) else ""
        lines["In"] = duration(seconds) + unknown
        lines["Last computed"] = max(log["started"] for log in logs)[:10]
    return "\n".join(f"- **{name}** {text}" for name, text in lines.items())


def expected_seconds(used: Iterable[Record], changes: Mapping[str, str]) -> float:
    """Expected wall time on 2 cores of making `used` again with `changes` in their configurations."""
    total = 0.0
    for record in used:
        kind = experiments.find(record.experiment)
        given = kind.config.build(**record.config).given()
        known = {name: value for name, value in changes.items() if name in kind.config.fields()}
        total += kind.seconds(kind.config.build(**{**given, **known}))
    return total


def duration(seconds: float) -> str:
    """``3 s``, ``12 min``, ``1.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _link(record: Record) -> str:
    """A record's name, linked into the repository if it is published."""
    name = f"`{record.experiment}/{record.path.stem}`"
    if not record.path.is_relative_to(PUBLISHED):
        return f"{name} (this machine's)"
    return link(name, record.path.relative_to(ROOT).as_posix())


def _listed(links: list[str]) -> str:
    if len(links) <= _FEW:
        return ", ".join(links)
    inside = "\n".join(f"  - {link}" for link in links)
    return f"{len(links)}\n\n  <details><summary>their names</summary>\n\n{inside}\n\n  </details>"


def _functions(used: list[Record]) -> Iterable[str]:
    """Each record's runner, linked to its source; the book's build turns the name after # into a line."""
    for record in used:
        module, function = experiments.find(record.experiment).runner.split(":")
        file = f"src/{module.replace('.', '/')}.py"
        yield link(f"`{module}.{function}`", f"{file}#{function}")


def _commit(name: str) -> str:
    address = repository()
    if name == "unknown" or name.endswith("+") or not address:
        return f"`{name}`"
    return f"[`{name}`]({address}/commit/{name})"


def _seeds(config: Mapping[str, Any]) -> str:
    first, count = config["seed"], config.get("seeds", 1)
    return str(first) if count == 1 else f"{first} to {first + count - 1}"


def _join(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
