"""``drcheck init``: write a commented policy and configuration to start from."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Final

from drcheck.errors import OutputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_FILES: Final = ("drcheck.yaml", "policies/webshop.yaml")

_DESCRIPTION = """\
Write a commented configuration, drcheck.yaml, and a commented policy,
policies/webshop.yaml, to start from. A file that is there already is never
touched.
"""

_EPILOG = """\
examples:
  drcheck init                 in the working directory
  drcheck init /etc/drcheck    somewhere else
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "init",
        help="write a policy and a configuration to start from",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", nargs="?", default=".", metavar="DIRECTORY", help="where to (default: here)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status; raises :class:`UsageError` where a file is in the way."""
    # Imported here, so that --help answers at once.
    from pathlib import Path

    from drcheck.cli.output import say, write_whole

    directory = Path(arguments.directory)
    targets = {name: directory / name for name in _FILES}
    for target in targets.values():
        if target.exists() or target.is_symlink():
            raise _in_the_way(target)
    starter = Path(__file__).with_name("starter")
    for name, target in targets.items():
        try:
            _create(target, (starter / name).read_bytes())
        except FileExistsError:
            raise _in_the_way(target) from None
        except OSError as error:
            raise UsageError(
                f"{target} cannot be written: {(error.strerror or 'error').lower()}",
                "Name a directory you may write to.",
            ) from None
    options = "" if directory.samefile(".") else f" --config {targets['drcheck.yaml']}"
    wrote = "".join(f"wrote {target}\n" for target in targets.values())
    try:
        write_whole(f"{wrote}Next: fit both to your service, then run drcheck lint{options}\n".encode(), None)
    except OutputError as error:
        say(error)  # both are written all the same
    return 0


def _in_the_way(target: Path) -> UsageError:
    return UsageError(
        f"{target} is there already, and is left as it is", "Name another directory: drcheck init DIRECTORY."
    )


def _create(target: Path, data: bytes) -> None:
    """Put ``target`` in place whole, or not at all; raises FileExistsError rather than replace anything."""
    import tempfile
    from pathlib import Path

    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fchmod(opened.fileno(), 0o644)
            os.fsync(opened.fileno())
        os.link(temporary, target)  # unlike a rename, it fails where something came in between
    finally:
        Path(temporary).unlink(missing_ok=True)
