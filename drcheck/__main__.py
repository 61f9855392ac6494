"""``python -m drcheck``, and the command ``drcheck``."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from drcheck.cli import main


def run() -> NoReturn:
    """Run the command line, and end the process at once.

    Everything is written and closed by then; taking apart what was loaded would cost a tenth of a run's time.
    """
    status = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # what was still to be said there was said in vain, and the status tells
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
