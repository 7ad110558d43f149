"""What all commands share: a user's mistake is one sentence and exit status 2, an interruption one line."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from imc.errors import UserError

_MOST = 4096


class Parser(argparse.ArgumentParser):
    """An argument parser that raises its complaints as `UserError`, in one sentence without the usage."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; --help lists what there is")


def count(text: str) -> int:
    """How many: a whole number from 1 on, as the ``type`` of an argument.

    >>> count("8")
    8
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"{text[:60]!r} should be a whole number from 1 to {_MOST}")
    return int(text)


def end(main: Callable[[], int | None]) -> NoReturn:
    """Call `main` and exit with the status that it returns; whatever a user can mend is said in one line."""
    try:
        sys.exit(main() or 0)
    except UserError as error:
        if sentence := " ".join(str(error).split()):
            print(f"imc: {sentence}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("imc: interrupted; what is finished is kept", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # whoever read what is printed has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that may not be written
        if not error.filename:
            raise
        print(f"imc: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
