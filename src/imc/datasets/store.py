"""Files on disk: where they are searched, how they are downloaded, and what has been verified.

Verified once, a data set leaves a stamp in the cache, (path, size, time of change) of each file and
the digest of the arrays, so that the next load trusts it without hashing again.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from imc.datasets.manifest import Entry, File, Form
from imc.errors import UserError
from imc.paths import cache_dir, data_dirs


@dataclass(frozen=True)
class Found:
    """A data set on disk: all the files of one of its forms, in one folder."""

    entry: Entry
    form: Form
    folder: Path

    @property
    def paths(self) -> list[Path]:
        return [self.folder / file.path for file in self.form.files]


def locate(entry: Entry) -> Found | None:
    """The first searched folder with all the files of a form, or none."""
    for folder in data_dirs():
        for form in entry.forms:
            found = Found(entry, form, folder)
            if all(path.is_file() for path in found.paths):
                return found
    return None


def check_files(found: Found) -> None:
    """Refuse, with a `UserError`, a file whose size or SHA-256 is not the pinned one."""
    for file, path in zip(found.form.files, found.paths, strict=True):
        if path.stat().st_size != file.size:
            wrong = f"has {path.stat().st_size:,} bytes instead of {file.size:,}"
        else:
            with path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            if sha256 == file.sha256:
                continue
            wrong = f"has the sha256 {sha256} instead of {file.sha256}"
        raise UserError(f"{path} {wrong}: it is torn or altered; delete it, then `imc data fetch {found.entry.name}`")


def fetch(entry: Entry, progressbar: bool = True) -> Found:
    """Download a data set from its official addresses into the cache.

    Every file goes to a temporary name first and moves to its own once its SHA-256 is right: a
    download that fails leaves nothing half-written.
    """
    form = next((form for form in entry.forms if form.downloadable), None)
    if form is None:
        raise UserError(f"{_missing(entry)}; it has no download address: put it in one of them or set IMC_DATA")
    for file in form.files:
        _download(entry, file, progressbar)
    return Found(entry, form, cache_dir())


def _download(entry: Entry, file: File, progressbar: bool) -> None:
    import pooch

    target = cache_dir() / file.path
    failures = []
    for address in file.addresses:
        try:
            pooch.retrieve(
                address, f"sha256:{file.sha256}", target.name, target.parent,
                downloader=pooch.HTTPDownloader(progressbar=progressbar),
            )  # fmt: skip
        # requests' errors are OSErrors; pooch says ValueError to a wrong hash.
        except (OSError, ValueError) as error:
            failures.append(f"{address} ({_reason(error)})")
        else:
            return
    raise UserError(
        f"{_missing(entry)}, and the download failed from {' and '.join(failures)}: "
        f"connect to the network, or put {file.path} in a folder and set IMC_DATA to that folder"
    )


def _missing(entry: Entry) -> str:
    files = " nor ".join(", ".join(file.path for file in form.files) for form in entry.forms)
    return f"{entry.name} ({files}) is not in {', '.join(str(folder) for folder in data_dirs())}"


def _reason(error: Exception) -> str:
    """A short reason; requests' own messages run over several lines of nested representations."""
    if isinstance(error, ValueError):
        return "not the pinned file"
    return type(error).__name__


def read_stamp(found: Found) -> str | None:
    """Digest of the arrays if these very files were verified before, else none."""
    try:
        stamp = json.loads(_stamp_path(found.entry).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp["digest"] if stamp["files"] == _identity(found) and stamp["pin"] == found.entry.digest else None


def write_stamp(found: Found, digest: str) -> None:
    """Remember that these files were verified and gave arrays of this digest."""
    stamp = {"digest": digest, "pin": found.entry.digest, "files": _identity(found)}
    path = _stamp_path(found.entry)
    with contextlib.suppress(OSError):  # a cache that cannot be written costs the time of verifying, no more
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as stream:
            json.dump(stamp, stream)
        os.replace(stream.name, path)


def _stamp_path(entry: Entry) -> Path:
    return cache_dir() / "verified" / f"{entry.name}.json"


def _identity(found: Found) -> list[list]:
    stats = [(path, path.stat()) for path in found.paths]
    return [[str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in stats]
