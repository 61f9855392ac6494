"""``drcheck discover``: look at one place once, propose policies for what lies there, and tell what none covers."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from drcheck.cli import options
from drcheck.errors import OutputError, UsageError, os_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drcheck.app.discover import Discovery, KnownPolicies, Wrote
    from drcheck.core.names.estate_coverage import Coverage
    from drcheck.core.names.shared_templates import ServiceForm

EXIT_UNCOVERED = 1
EXIT_UNSEEN = 3

_DESCRIPTION = """\
Look once at a place where the backups of many services lie, record nothing, and
propose a policy for each: where they lie, how they are called, how often they
come, how large they are, how far back they reach. What only a person can know
is marked with "# confirm" in each file. Services that are alike share a
template. With --list, say which of the services, buckets or hosts that exist no
policy covers.
"""

_EPILOG = """\
examples:
  drcheck discover backup-host:              what lies there, as a table
  drcheck discover aws:my-bucket/db/ --into policies/
                                             and a policy for each service
  drcheck discover --coverage --list servers.csv
  aws s3api list-buckets --query 'Buckets[].Name' --output text |
    drcheck discover --coverage --list -     what of an estate is not covered

exit status: 0 done, 1 something of the list is not covered, 3 the place cannot
be seen or nothing there is a backup, 2 wrong usage or configuration
"""

_SHOWN: Final = 50
_OF_ALIKE: Final = 3
_LONGEST_LIST: Final = 16 << 20
"""Bytes."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "discover",
        help="propose policies for what lies at a place",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("at", nargs="?", metavar="CONNECTION:PATH", help="the place; all of a host: CONNECTION:")
    parser.add_argument("--into", metavar="DIRECTORY", help="write the policies there; nothing is replaced")
    parser.add_argument("--template", metavar="FILE", help="a template of yours that they extend")
    parser.add_argument("--list", metavar="FILE", help="what exists: a name a line, or CSV; - for standard input")
    parser.add_argument("--coverage", action="store_true", help="hold the policies against --list, and look nowhere")
    options.config(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="all services, and tracebacks of clients")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app import discover
    from drcheck.cli.output import say, trace, write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.wording.text import printable

    _check(arguments)
    settings = load_settings(arguments.config)
    into = arguments.into or ""
    names = None if arguments.list is None else _names(arguments.list)
    discovery: Discovery | None = None
    wrote: Sequence[Wrote] = ()
    known = discover.known_policies(settings, into)
    lines: list[str] = []
    if arguments.at is not None:
        connection, path = discover.place(arguments.at, settings)
        discovery = discover.discover(settings, connection, path, known.policies)
        if into and not discovery.gaps:  # half a listing would show half of the habits
            wrote = discover.write(discovery, into, arguments.template or "", settings)
            known = discover.known_policies(settings, into)
        if arguments.verbose:
            trace(discovery.tracebacks)
        lines += _overview(discovery, None if arguments.verbose else _SHOWN)
        lines += _written(discovery, wrote, into, arguments.config or "")
    met = None
    if names is not None:
        met = discover.coverage(names, known.policies, settings)
        lines += ["", *_coverage(met, known, discovery)] if lines else _coverage(met, known, discovery)
    try:
        write_whole("".join(f"{printable(line)}\n" for line in lines).encode(), None)
    except OutputError as error:
        say(error)
    if met is not None and met.uncovered:
        return EXIT_UNCOVERED
    if discovery is not None and (discovery.gaps or not (discovery.found or discovery.covered)):
        return EXIT_UNSEEN
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    if arguments.coverage and (arguments.at is not None or arguments.list is None):
        raise UsageError("--coverage looks nowhere", "Give it --list FILE, and no CONNECTION:PATH.")
    if arguments.at is None and not arguments.coverage:
        raise UsageError("discover looks at one place", "Give CONNECTION:PATH, or --coverage with --list FILE.")
    if (arguments.template is not None and arguments.into is None) or (arguments.at is None and arguments.into):
        raise UsageError("nothing would be written", "Name a place, and the directory of policies with --into.")


def _names(file: str) -> list[str]:
    """Return the names in a list; raises ``UsageError`` where it cannot be read, or holds none."""
    from drcheck.core.names.estate_coverage import names_in_list

    try:
        if file == "-":
            data = sys.stdin.buffer.read(_LONGEST_LIST + 1)
        else:
            with open(file, "rb") as opened:  # noqa: PTH123  so that --help loads no pathlib
                data = opened.read(_LONGEST_LIST + 1)
    except OSError as error:
        raise UsageError(
            f"the list {file} cannot be read: {os_reason(error)}", "Name a file, or - for a pipe."
        ) from None
    if len(data) > _LONGEST_LIST:
        raise UsageError(f"the list {file} is larger than {_LONGEST_LIST >> 20} MiB", "Give it in several lists.")
    names = names_in_list(data.decode("utf-8-sig", "surrogateescape"))
    if not names:
        raise UsageError(f"the list {file} holds no name", "Write one a line, or a table with a header.")
    return names


def _overview(discovery: Discovery, at_most: int | None) -> Iterator[str]:
    """Yield what was found."""
    from drcheck.core import words

    what = f"{words.counted(discovery.names, 'name')}, {words.counted(discovery.calls, 'request')}"
    place = discovery.place.removesuffix(":")  # all of a connection
    yield f"{place}: {what}, {discovery.seconds:.1f} s; nothing was recorded"
    for gap in discovery.gaps:
        yield ""
        yield f"not seen: {gap.what}"
        if gap.hint:
            yield f"Hint: {gap.hint}"
    if discovery.found:
        yield ""
        yield from _table(discovery, at_most)
    yield from _beside(discovery)
    if not (discovery.found or discovery.covered or discovery.repositories or discovery.gaps):
        yield ""
        yield "Nothing there was recognised as a backup: no name tells an instant."
        yield "Hint: drcheck try says how names are read, and --name tries a template."


def _table(discovery: Discovery, at_most: int | None) -> Iterator[str]:
    """Yield a line a service; of those that are alike a few, unless all are asked for."""
    from drcheck.core import words
    from drcheck.reports.console.cells import fit

    shared = {found.service for common in discovery.alike for found in common.services}
    alone = [found for found in discovery.found if found.service not in shared]
    shown = [(alone, alone[:at_most], "")]
    shown += [
        (list(common.services), list(common.services)[: at_most and _OF_ALIKE], "alike") for common in discovery.alike
    ]
    widest = min(max(len("service"), *(len(one.service) for _, some, _ in shown for one in some)), 28)
    yield f"{fit('service', widest)}  {'backups':>7}  {'newest':<17}  {'seen every':<10}  size"
    for everyone, some, how in shown:
        yield from (_row(one, fit(one.service, widest)) for one in some)
        if len(some) < len(everyone):
            yield f"and {len(everyone) - len(some)} more{f' {how}' if how else ''} (-v shows all)"
    for common in discovery.alike:
        every = common.services[0].seen.every
        often = f", one every {words.duration(every)}" if every else ""
        yield ""
        yield f"alike, and on one template: {len(common.services)} services{often}"


def _row(one: ServiceForm, name: str) -> str:
    from drcheck.core import words

    seen = one.seen
    every = words.duration(seen.every) if seen.every else "-"
    sizes = dict.fromkeys((words.size(seen.smallest), words.size(seen.largest)))
    newest = f"{words.instant(seen.newest)[:16]}Z".replace("T", " ")
    return f"{name}  {seen.backups:>7}  {newest:<17}  {every:<10}  {' to '.join(sizes)}"


def _beside(discovery: Discovery) -> Iterator[str]:
    """Yield what is proposed for nothing."""
    from drcheck.core import words
    from drcheck.reports.console.cells import wrap
    from drcheck.reports.wording.text import printable

    if discovery.covered:
        services = list(dict.fromkeys(service for _, service in discovery.covered))
        yield ""
        yield f"covered already, {len(discovery.covered)}: by the policies of {words.several(services)}"
    if discovery.repositories:
        yield ""
        yield f"repositories of backup tools, {len(discovery.repositories)}: drcheck try has a source for each"
        place = discovery.place if discovery.place.endswith((":", "/")) else f"{discovery.place}/"
        yield from (f"  {place}{one.directory}  {one.tool}" for one in discovery.repositories[:10])
        if len(discovery.repositories) > 10:  # noqa: PLR2004  as many as are named
            yield f"  and {len(discovery.repositories) - 10} more"
    if discovery.unnamed:
        yield ""
        yield f"no policy can name, {len(discovery.unnamed)}:"
        for place, why in discovery.unnamed[:3]:
            yield f"  {place}"
            yield from (f"    {line}" for line in wrap(printable(why), 76))
    if discovery.unread:
        yield ""
        yield f"proposed for nothing, as their names tell no instant, {len(discovery.unread)}:"
        yield from (f"  {one.name}  {words.size(one.size)}" for one in discovery.unread[:3])
        if len(discovery.unread) > 3:  # noqa: PLR2004  as many as are named
            yield f"  and {len(discovery.unread) - 3} more"
    if discovery.links:
        yield ""
        yield f"{words.counted(discovery.links, 'symbolic link')}: links are never followed"


def _written(discovery: Discovery, wrote: Sequence[Wrote], into: str, config: str) -> Iterator[str]:
    from drcheck.core import words

    if not discovery.found:
        return
    yield ""
    if discovery.gaps:
        yield "What was seen is not all of it: nothing is written before that is mended."
        return
    if not into:
        yield "Next: --into DIRECTORY writes a policy for each, with what is to be confirmed."
        return
    new = [one.path for one in wrote if one.written]
    if new:
        yield f"wrote {words.counted(len(new), 'file')} into {into}"
    for one in wrote:
        if not one.written:
            yield f"{one.path} is there already, and is left as it is"
    yield f'Next: look for "# confirm" in them, then run drcheck lint {into}{f" --config {config}" if config else ""}'


def _coverage(met: Coverage, known: KnownPolicies, discovery: Discovery | None) -> Iterator[str]:
    """Yield how the list and the policies meet."""
    from drcheck.core import words

    proposed = set() if discovery is None else {found.service.casefold() for found in discovery.found}
    count = len(met.names) - len(met.uncovered)
    yield f"of {words.counted(len(met.names), 'name')} in the list, policies cover {count}"
    if met.uncovered:
        yield f"not covered, {len(met.uncovered)}:"
        for name in met.uncovered:
            yield f"  {name}" + ("  (proposed above)" if name.casefold() in proposed else "")
    if met.idle:
        yield f"policies that cover nothing of the list, {len(met.idle)}:"
        yield from (f"  {service}" for service in met.idle)
    if known.unusable:
        yield f"policies that cannot be used, and cover nothing, {len(known.unusable)}:"
        yield from (f"  {file}" for file in known.unusable)
