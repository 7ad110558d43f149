"""What the book says of itself: title, version, date, author, and its address on the web if it has one.

``pyproject.toml`` is where all of it stands but the address, which a fork puts into ``_config.yml``. The two
files that archives and reference managers read, ``CITATION.cff`` and ``codemeta.json``, are written from it::

    python -m imc.pages.project
"""

import functools
import json
from dataclasses import dataclass
from typing import Any

import yaml

from imc.paths import ROOT, read_toml
from imc.runs import commands


@dataclass(frozen=True)
class Project:
    """The book as a work that can be cited.

    Attributes:
        released: the day of this version, ``2026-11-25``.
        address: of its repository, without a slash at the end; empty while there is none.
    """

    title: str
    version: str
    released: str
    author: str
    licence: str
    abstract: str
    keywords: tuple[str, ...]
    python: str
    address: str

    @property
    def year(self) -> str:
        """Of this version."""
        return self.released[:4]


@functools.cache
def project() -> Project:
    """What ``pyproject.toml`` and ``_config.yml`` say."""
    whole = read_toml(ROOT / "pyproject.toml")
    said, more = whole["project"], whole["tool"]["imc"]
    return Project(
        title=more["title"],
        version=said["version"],
        released=more["released"],
        author=said["authors"][0]["name"],
        licence=said["license"],
        abstract=said["description"],
        keywords=tuple(said["keywords"]),
        python=said["requires-python"],
        address=repository(),
    )


def repository() -> str:
    """The repository's address on the web, as a fork writes it into ``_config.yml``; empty if none is set."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return (settings.get("repository") or {}).get("url", "").rstrip("/")


def link(text: str, path: str) -> str:
    """`text` as a Markdown link to a file of the repository; `text` alone while it has no address.

    Example:
        >>> link("`imc.runs`", "src/imc/runs/__init__.py").startswith(("`imc.runs`", "[`imc.runs`]("))
        True
    """
    address = repository()
    return f"[{text}]({address}/blob/main/{path})" if address else text


def citation(title: str, page: str) -> str:
    """One line that cites the page `page` (``paper/page``) called `title`."""
    book = project()
    where = f"{book.address}, page {page}" if book.address else f"page {page}"
    return f"{book.author}, “{title}”, in: {book.title}, version {book.version} ({book.released}), {where}."


def cff() -> dict[str, Any]:
    """What ``CITATION.cff`` says (Citation File Format 1.2.0)."""
    book = project()
    said: dict[str, Any] = {
        "cff-version": "1.2.0",
        "title": book.title,
        "message": "If you use this book or its code, please cite it, and the documents that you discuss.",
        "type": "software",
        "authors": [{"name": book.author}],
        "version": book.version,
        "date-released": book.released,
        "license": book.licence,
        "abstract": book.abstract,
        "keywords": list(book.keywords),
    }
    return said | ({"repository-code": book.address} if book.address else {})


def codemeta() -> dict[str, Any]:
    """What ``codemeta.json`` says (CodeMeta 3.0)."""
    book = project()
    said: dict[str, Any] = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": book.title,
        "description": book.abstract,
        "version": book.version,
        "dateModified": book.released,
        "author": [{"@type": "Organization", "name": book.author}],
        "license": f"https://spdx.org/licenses/{book.licence}",
        "keywords": list(book.keywords),
        "programmingLanguage": {"@type": "ComputerLanguage", "name": "Python", "version": book.python},
    }
    return said | ({"codeRepository": book.address} if book.address else {})


def files() -> dict[str, str]:
    """The two files at the root, by name, as they should be."""
    return {
        "CITATION.cff": yaml.safe_dump(cff(), sort_keys=False, allow_unicode=True, width=100),
        "codemeta.json": json.dumps(codemeta(), indent=2, ensure_ascii=False) + "\n",
    }


def main() -> None:
    """The command."""
    commands.Parser(prog="python -m imc.pages.project", description=__doc__).parse_args()
    for name, text in files().items():
        (ROOT / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    commands.end(main)
