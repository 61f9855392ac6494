"""``python -m drcheck``, and the command ``drcheck``."""

import gc
import os
import sys
from contextlib import suppress
from typing import Final, NoReturn

from drcheck.cli import main

COLLECT_AFTER: Final = 50_000
"""Objects that are made before circles among them are sought: seeking after each 700, as is usual, finds none that are
worth it, and costs a twelfth of a run over one local source."""


def run() -> NoReturn:
    """Run the command line, and end the process at once.

    Everything is written and closed by then; taking apart what was loaded would cost a tenth of a run's time.
    """
    gc.set_threshold(COLLECT_AFTER)
    status = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # what was still to be said there was said in vain, and the status tells
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
