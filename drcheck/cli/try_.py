"""``drcheck try``: look at one place once, record nothing, and show how each name there is read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from drcheck.cli import options
from drcheck.errors import OutputError, UsageError
from drcheck.registry import READERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drcheck.app.trial import Trial
    from drcheck.core.model.policy import Source
    from drcheck.core.names.tool_repositories import Repository
    from drcheck.settings import Settings

_DESCRIPTION = """\
Look once at the place where backups lie, record nothing, and show the newest
names there and how each one is read: its data set, kind, instant, arrival and
size, and whether it counts. Without --name, a template is proposed from the
names themselves; what no template reads is shown with one that would. At the
end stands a source ready to paste into a policy.
"""

_EPILOG = """\
examples:
  drcheck try backup-host:webshop/           what lies there, and a template
  drcheck try aws:my-bucket/db/ --name "{of}/{data_as_of:%Y-%m-%d}.sql.gz"
                                             what a template of yours reads
  drcheck try --policy policies/webshop.yaml --source dumps
                                             a source as its policy reads it

exit status: 0 something there counts as a backup, 3 nothing surely does or the
place cannot be seen, 2 wrong usage or configuration
"""

_SHOWN: Final = 10


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "try",
        help="look at one place, and show how its names are read",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("at", nargs="?", metavar="CONNECTION:PATH", help="the place, as a source's `at` names it")
    parser.add_argument(
        "--name", action="append", default=[], metavar="TEMPLATE", help="how names tell the instant; may be repeated"
    )
    parser.add_argument("--of", action="append", default=[], metavar="SET", help="a data set; may be repeated")
    parser.add_argument("--name-zone", metavar="ZONE", help="the zone of times in names (default: UTC)")
    parser.add_argument("--policy", metavar="FILE", help="the policy that has the source")
    parser.add_argument("--source", metavar="NAME", help="a source of that policy")
    options.config(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="all names, and tracebacks of clients")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app.trial import try_source
    from drcheck.cli.output import say, trace, write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.wording.text import printable

    settings = load_settings(arguments.config)
    source, service = _source(arguments, settings)
    trial = try_source(settings, source, service)
    if arguments.verbose:
        trace(trial.tracebacks)
    at_most = len(trial.candidates) + len(trial.unread) if arguments.verbose else _SHOWN
    try:
        text = "".join(f"{printable(line)}\n" for line in _lines(trial, at_most, paste=arguments.policy is None))
        write_whole(text.encode(), None)
    except OutputError as error:
        say(error)
    return 3 if trial.gaps or all(why_not for _, why_not in trial.candidates) else 0


def _source(arguments: argparse.Namespace, settings: Settings) -> tuple[Source, str]:
    """Return what is to be looked at, and for which service; raises ``UsageError`` where that is not clear."""
    from drcheck.core.model.policy import Source
    from drcheck.core.model.readers import Tells
    from drcheck.core.names.name_faults import unreadable
    from drcheck.core.names.template import Template
    from drcheck.policyfile import scalar_formats
    from drcheck.policyfile.load import load_policies

    if (arguments.policy is None) != (arguments.source is None) or (arguments.at is None) == (arguments.policy is None):
        raise UsageError(
            "try looks at one place", "Give CONNECTION:PATH, or --policy FILE with --source NAME, and not both."
        )
    if arguments.policy is not None:
        loaded = load_policies([arguments.policy], settings)
        if not loaded.policies:
            raise UsageError(
                f"{arguments.policy} is no policy that can be used",
                f"drcheck lint {arguments.policy} says why.",
            )
        policy = loaded.policies[0]
        if arguments.source not in policy.sources:
            raise UsageError(f"{arguments.source} is no source of it", f"It has {', '.join(policy.sources)}.")
        source = policy.sources[arguments.source]
        if not source.tells(Tells.POINTS):
            raise UsageError(f"{arguments.source} is a log, read by {source.reader}", "try looks at backups.")
        return source, policy.service
    connection, path = scalar_formats.location(arguments.at)
    if connection not in settings.connections:
        raise UsageError(
            f"there is no connection {connection} in {settings.file}",
            f"Known are {', '.join(settings.connections) or 'none'}; add it under connections.",
        )
    if path.startswith("!"):
        raise UsageError(f"{path} is a command's output", "try looks at directories, buckets and containers.")
    parsed = [Template.parse(text) for text in arguments.name]
    zone = arguments.name_zone or "UTC"
    scalar_formats.zone(zone)
    zoneless = any(each.has_instant and not each.has_zone for each in parsed)
    of = tuple(arguments.of) or ("data",)
    for name in of:
        scalar_formats.name(name)
    for fault in unreadable(parsed, sets=len(of), name_zone=True, available_at="storage", complete_when=""):
        raise UsageError(f"--name: {fault.what}", fault.hint)
    source = Source(
        "dumps", connection, path, READERS["objects"], of, templates=tuple(arguments.name),
        name_zone=zone if zoneless or (not parsed and arguments.name_zone) else "",
    )  # fmt: skip
    return source, "data"


def _lines(trial: Trial, at_most: int, *, paste: bool) -> Iterator[str]:
    """Yield everything there is to show."""
    from drcheck.core import words

    source = trial.source
    what = f"{words.counted(trial.names, 'name')}, {words.counted(trial.calls, 'request')}, {trial.seconds:.1f} s"
    yield f"{source.connection}:{source.path}: {what}; nothing was recorded"
    for gap in trial.gaps:
        yield ""
        yield f"not seen: {gap.what}"
        if gap.hint:
            yield f"Hint: {gap.hint}"
    if source.templates or not source.reader.reads_names:
        yield ""
        yield f"read by {' or '.join(source.templates) or source.reader}: {len(trial.candidates)}"
        yield from _candidates(trial, at_most)
    for repository in trial.repositories[:at_most]:
        yield ""
        yield from _repository(source, repository)
    if not trial.repositories and (trial.unread or trial.links):
        yield ""
        small = f", {trial.small} of them smaller than 1 kB" if trial.small else ""
        yield f"read by none: {len(trial.unread) + trial.links}{small}"
        for entry in trial.unread[:at_most]:
            yield f"  {entry.name}  {words.size(entry.size)}  {words.instant(entry.modified)}"
        for proposal in trial.nearest:
            yield f"  would be read, {len(proposal.names)}: {proposal.template}"
        if trial.links:
            links = words.counted(trial.links, "symbolic link")
            yield f"  {links}: links are never followed, so that `at` must name where the files themselves lie"
    if trial.twins:
        yield ""
        yield f"same content: {trial.twins[0]} and {trial.twins[1]}"
        yield "Hint: state identical_dumps: allowed if the data may truly not change, refused if one is an old copy."
    if paste and source.templates and trial.candidates:
        yield ""
        yield "A source to paste:"
        yield from _pasted(source)
    elif paste and trial.nearest:
        yield ""
        yield "The template reads none of these names."
        yield "Hint: give one that would with --name."
    elif paste and trial.names and not trial.gaps and not trial.repositories:
        yield ""
        yield "No name tells an instant that could be read."
        yield "Hint: say how names look with --name; where they tell none, the source says data_as_of: storage."


def _repository(source: Source, repository: Repository) -> Iterator[str]:
    """Yield what a repository of a backup tool is, and the source that reads it, as YAML."""
    import json

    between = "" if not source.path or source.path.endswith("/") else "/"
    path = f"{source.path}{between}{repository.directory}"
    yield f"{source.connection}:{path or '/'} is a repository of {repository.tool}, whose files are no backups each."
    if repository.command:
        yield "A host that has the tool lists it: `outputs` of its connection, and a source"
        yield f"    outputs: {{{repository.tool}: {json.dumps(list(repository.command))}}}"
    else:
        yield "A source to paste:"
    at = f"HOST:!{repository.tool}" if repository.command else f"{source.connection}:{path}"
    yield "sources:"
    yield "  backups:"
    yield f"    at: {json.dumps(at, ensure_ascii=False)}"
    yield f"    reader: {repository.reader}"
    if "TZ=UTC" in repository.command:
        yield "    name_zone: UTC"


def _candidates(trial: Trial, at_most: int) -> Iterator[str]:
    from drcheck.core import words
    from drcheck.core.model.evidence import FOREVER

    for candidate, why_not in trial.candidates[:at_most]:
        arrived = (
            words.between(candidate.available_lo, candidate.available_hi)
            if candidate.available_hi < FOREVER
            else (f"from {words.instant(candidate.available_lo)} on")
        )
        version = "a noncurrent version" if candidate.name in trial.noncurrent else ""
        facts = [
            f"of {candidate.of}",
            candidate.kind,
            version,
            _tier(trial, candidate.name),
            f"data {words.between(candidate.data_lo, candidate.data_hi)}",
            f"arrived {arrived}",
        ]
        yield f"  {candidate.name}"
        yield f"    {', '.join(filter(None, facts))}, {words.size(candidate.size)}: {why_not or 'counts'}"
    if len(trial.candidates) > at_most:
        yield f"  and {len(trial.candidates) - at_most} older (-v shows all)"


def _tier(trial: Trial, name: str) -> str:
    """Return in which archive tier a backup lies, or may lie; empty: it is read at once."""
    from drcheck.core.model import archive_tiers

    tier = trial.archived.get(name)
    return "" if tier is None else f"{'' if tier.holds else 'perhaps '}in {archive_tiers.tier_named(tier.how).title}"


def _pasted(source: Source) -> Iterator[str]:
    """Yield the source as YAML."""
    import json

    name = source.templates[0] if len(source.templates) == 1 else list(source.templates)
    yield "sources:"
    yield "  dumps:"
    yield f"    at: {json.dumps(f'{source.connection}:{source.path}', ensure_ascii=False)}"
    yield "    reader: objects"
    if any("{of}" in text for text in source.templates):
        yield f"    of: [{', '.join(source.of)}]"
    yield f"    name: {json.dumps(name, ensure_ascii=False)}"
    if source.name_zone:
        yield f"    name_zone: {source.name_zone}  # the zone of the clock that wrote the names: check it"
    yield "    max_shrink: 50%"
