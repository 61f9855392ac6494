"""Become a program that ends when the process that started it does: ``launch.py PARENT PROGRAM ARGUMENT…``.

Run as a program of its own, so that nothing has to happen between fork and exec of a parent with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h; other systems have no such thing, there stop() alone ends a server


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):  # it ended before it could be watched
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
