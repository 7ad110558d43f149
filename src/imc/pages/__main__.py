"""``python -m imc.pages [PAGE ...]``: execute pages into the book; without a name, those that are stale."""

import logging
import os
import sys
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from imc.errors import UserError
from imc.pages import publishing
from imc.pages.parameters import typed
from imc.runs import commands


def main() -> None:
    """Publish the named pages."""
    parser = commands.Parser(prog="python -m imc.pages", description=__doc__)
    parser.add_argument("page", nargs="*", help="paper/page, for example reram/activation-precision")
    parser.add_argument("--stale", action="store_true", help="only list the pages whose inputs changed")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write below FOLDER, not into the book")
    parser.add_argument(
        "--workers", type=commands.count, default=os.cpu_count() or 1, metavar="N",
        help="pages at once; default: as many as cores",
    )  # fmt: skip
    parser.add_argument(
        "-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
        help="another value for the page's parameter NAME; needs --to",
    )  # fmt: skip
    options = parser.parse_args()
    if options.stale:
        print(*publishing.stale(), sep="\n")
        return
    if options.parameter and not options.to:
        raise UserError("the book shows every page at its own parameters; give --to FOLDER with -p")
    parameters = {name: typed(value) for name, value in options.parameter}
    if pages := options.page or list(publishing.stale()):
        _publish(pages, parameters, options.to or publishing.BOOK, options.workers)


def _publish(pages: Collection[str], parameters: Mapping[str, Any], book: Path, workers: int) -> None:
    """Publish all `pages`, several at once, those after one that fails too."""
    from imc.pages import kernels

    publishing.require(pages)
    with kernels.warm(fork=len(pages) > 1), ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(_published, page, parameters, book): page for page in pages}
        try:
            wait(running)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            logging.disable()  # of what follows from the kernels' end
            kernels.kill()
            raise
    failed = [error for one in running if (error := one.exception())]
    if failed:
        raise failed[0]


def _published(page: str, parameters: Mapping[str, Any], book: Path) -> None:
    from papermill.exceptions import PapermillExecutionError

    begin = time.perf_counter()
    try:
        target = publishing.publish(page, parameters, book=book)
    except PapermillExecutionError as error:
        if error.ename == UserError.__name__:
            raise UserError(f"{page}: {error.evalue}") from None
        print(error, file=sys.stderr)
        raise UserError(
            f"{page}: {error.ename} in the cell above; the book keeps the notebook it had"
        ) from None
    print(f"{page}: {target} ({time.perf_counter() - begin:.1f} s)", flush=True)


commands.end(main)
