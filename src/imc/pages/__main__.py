"""``python -m imc.pages [PAGE ...]``: execute pages into the book; without a name, those that are stale."""

import sys
import time
from pathlib import Path

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
    for page in options.page or publishing.stale():
        _publish(page, parameters, options.to or publishing.BOOK)


def _publish(page: str, parameters: dict, book: Path) -> None:
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
