"""Files on disk: where they are searched, whether they are the pinned ones, how they are downloaded."""

import hashlib
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

    def identity(self) -> list:
        """Changes whenever a file does: path, size in bytes and time of change of each."""
        stats = [(path.resolve(), path.stat()) for path in self.paths]
        return [[str(path), stat.st_size, stat.st_mtime_ns] for path, stat in stats]

    def check(self) -> None:
        """Refuse, with a `UserError`, a file whose size or SHA-256 is not the pinned one."""
        for file, path in zip(self.form.files, self.paths, strict=True):
            if wrong := _fault(file, path):
                raise UserError(
                    f"{path} is torn or altered: it has {wrong}; "
                    f"delete it, then `python -m imc data fetch {self.entry.name}`"
                )


def _fault(file: File, path: Path) -> str | None:
    size = path.stat().st_size
    if size != file.size:
        return f"{size:,} bytes instead of {file.size:,}"
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return None if sha256 == file.sha256 else f"the sha256 {sha256} instead of {file.sha256}"


def locate(entry: Entry) -> Found | None:
    """The first of `imc.paths.data_dirs` with all the files of a form, or none."""
    for folder in data_dirs():
        for form in entry.forms:
            found = Found(entry, form, folder)
            if all(path.is_file() for path in found.paths):
                return found
    return None


def download(entry: Entry) -> Found:
    """Get a data set from its official addresses into the cache, with a progress bar.

    Every file goes to a temporary name first and moves to its own once its SHA-256 is right: a
    download that fails leaves nothing half-written, and a `UserError` that says what was tried.
    """
    form = next((form for form in entry.forms if all(file.addresses for file in form.files)), None)
    if form is None:
        raise UserError(
            f"{_missing(entry)}, and has no address to download it from: put it there or set IMC_DATA"
        )
    for file in form.files:
        _download(entry, form, file)
    return Found(entry, form, cache_dir())


def _download(entry: Entry, form: Form, file: File) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    target = cache_dir() / file.path
    failures = []
    for address in file.addresses:
        try:
            pooch.retrieve(address, f"sha256:{file.sha256}", target.name, target.parent, progressbar=True)
        except OSError as error:  # requests' errors among them; their own messages run over several lines
            failures.append(f"{address} ({type(error).__name__})")
        except ValueError:
            failures.append(f"{address} (not the pinned file)")
        else:
            return
    raise UserError(
        f"{_missing(entry)}, and could not be downloaded from {' or '.join(failures)}: "
        f"connect to the network, or put {_files(form)} into a folder and set IMC_DATA to that folder"
    )


def _missing(entry: Entry) -> str:
    files = ", or ".join(_files(form) for form in entry.forms)
    return f"{entry.name} ({files}) is in none of {', '.join(str(folder) for folder in data_dirs())}"


def _files(form: Form) -> str:
    return " and ".join(file.path for file in form.files)
