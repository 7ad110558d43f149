"""``python -m imc.pages.crate``: the repository as an RO-Crate, a research object that archives can read.

Records, claims, pages and code lie in ``_build/crate`` beside ``ro-crate-metadata.json``, which says what
each of them is (RO-Crate 1.1), and are packed into ``_build/crate.zip``.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from imc.pages import build, claims_data
from imc.pages.project import project
from imc.paths import ROOT
from imc.runs import commands

FOLDERS = {
    "data": "What the documents print and claim, tables of components, and the published records",
    "book": "The pages of the book, executed, and its prose",
    "notebooks": "The sources of the pages, with their parameters",
    "src": "The package that computes, judges and shows the results",
    "tests": "The tests of package and pages",
    "benchmarks": "The benchmarks",
    "tools": "What the Makefile needs",
    "profiles": "Settings of the workflow for one machine and for a cluster",
}
FILES = {
    "Snakefile": "The workflow: runs, pages, book",
    "Makefile": "The targets",
    "README.md": "How to begin",
    "CONTRIBUTING.md": "How to add a run, a page or a paper",
    "CHANGELOG.md": "What changed, and why",
    "LICENSE": "The licence",
    "CITATION.cff": "How to cite the book",
    "codemeta.json": "The book as software",
    "requirements.in": "The pinned packages",
    "requirements.txt": "The complete lock of the environment",
    "pyproject.toml": "The package's settings",
    "_config.yml": "The book's settings",
    "_toc.yml": "The book's contents",
}
CLAIMS = {
    "claims.json": "Every claim with its readings, verdict, records and cost",
    "claims.schema.json": "JSON Schema of claims.json",
    "claims.jsonld": "The claims as schema.org's ClaimReview",
}
_TYPES = {
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".ipynb": "application/x-ipynb+json",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".toml": "application/toml",
    ".safetensors": "application/octet-stream",
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_LICENCE = "https://spdx.org/licenses/"
_CONFORMS = "https://w3id.org/ro/crate/1.1"


def make(root: Path = ROOT) -> Path:
    """Write the crate anew, and pack it; returns the packed file. A built book gets the claims."""
    crate = root / "_build" / "crate"
    if crate.is_dir():
        shutil.rmtree(crate)
    crate.mkdir(parents=True)
    for name in FOLDERS:
        if (root / name).is_dir():
            shutil.copytree(root / name, crate / name, ignore=_hidden)
    for name in FILES:
        if (root / name).is_file():
            shutil.copy(root / name, crate)
    for name, text in claims_data.files().items():
        (crate / name).write_text(text, encoding="utf-8")
    said = json.dumps(metadata(crate), indent=1, ensure_ascii=False)
    (crate / "ro-crate-metadata.json").write_text(said + "\n", encoding="utf-8")
    if (root / "_build" / "html.digest").is_file():
        build.attach([crate / name for name in CLAIMS], root)
    return Path(shutil.make_archive(str(crate), "zip", crate))


def metadata(crate: Path) -> dict[str, Any]:
    """What ``ro-crate-metadata.json`` says of the files below `crate`."""
    book = project()
    files = sorted(
        path for path in crate.rglob("*") if path.is_file() and path.name != "ro-crate-metadata.json"
    )
    folders = [name for name in FOLDERS if (crate / name).is_dir()]
    entities = [_file(crate, path) for path in files]
    inside = {name: [_ref(e["@id"]) for e in entities if e["@id"].startswith(f"{name}/")] for name in folders}
    top = [_ref(entity["@id"]) for entity in entities if "/" not in entity["@id"]]
    licence = _LICENCE + book.licence
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "about": _ref("./"),
                "conformsTo": _ref(_CONFORMS),
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": book.title,
                "description": book.abstract,
                "version": book.version,
                "datePublished": book.released,
                "license": _ref(licence),
                "author": _ref("#author"),
                "publisher": _ref("#author"),
                "keywords": ", ".join(book.keywords),
                "hasPart": [*[_ref(f"{name}/") for name in folders], *top],
            },
            {"@id": "#author", "@type": "Organization", "name": book.author},
            {
                "@id": licence,
                "@type": "CreativeWork",
                "name": f"{book.licence} licence",
                "description": f"Code and text are under the {book.licence} licence.",
            },
            *[
                {
                    "@id": f"{name}/",
                    "@type": "Dataset",
                    "name": name,
                    "description": FOLDERS[name],
                    "hasPart": inside[name],
                }
                for name in folders
            ],
            *entities,
        ],
    }


def _file(crate: Path, path: Path) -> dict[str, Any]:
    name = path.relative_to(crate).as_posix()
    content = path.read_bytes()
    kind = ["File", "SoftwareSourceCode"] if path.suffix == ".py" else "File"
    said: dict[str, Any] = {
        "@id": name,
        "@type": kind,
        "name": _title(name, content),
        "contentSize": str(len(content)),
        "encodingFormat": _TYPES.get(path.suffix, "text/plain"),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    about = FILES.get(name) or CLAIMS.get(name)
    return said | ({"description": about} if about else {})


def _title(name: str, content: bytes) -> str:
    """A page's title, a record's experiment and name; else the file's name."""
    if name.endswith(".ipynb"):
        found = re.search(r'"# (.+?)(?:\\n)?"', content.decode())
        return found[1] if found else name
    if name.startswith("data/published/") and name.endswith(".json") and not name.endswith(".log.json"):
        return f"Record {name.removeprefix('data/published/').removesuffix('.json')}"
    return name


def _ref(name: str) -> dict[str, str]:
    return {"@id": name}


def _hidden(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".") or name == "__pycache__"}


def main() -> None:
    """The command."""
    commands.Parser(prog="python -m imc.pages.crate", description=__doc__).parse_args()
    print(f"the repository as an RO-Crate: {make().relative_to(ROOT)}")


if __name__ == "__main__":
    commands.end(main)
