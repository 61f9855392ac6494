"""``drcheck doctor``: rehearse a run, keep nothing, and say what stands in its way."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from drcheck.cli import options
from drcheck.errors import OutputError

if TYPE_CHECKING:
    from drcheck.app.diagnosis import Diagnosis, Topic
    from drcheck.reports.console.terminal import Paper

_DESCRIPTION = """\
Say whether drcheck can do its work, before the first night: rehearse the next
run and keep nothing of it. Of each connection: whether it is reached with the
right keys, how far its clock is off, what its account may do beyond what the
policies need, and how many requests a run takes. Of each source: whether its
template fits what is there. Of each policy: what would be unknown, and why. Of
the ledger: whether it can be read, written and locked. With CONNECTION only
these, also where no policy names them yet. Nothing is written anywhere: what
an account may do is asked, and what that does not tell is said.
"""

_EPILOG = """\
examples:
  drcheck doctor                  everything
  drcheck doctor backup-host aws  two connections
  drcheck doctor --json           for programs

exit status: 0 all is well, 1 something needs attention (an account that is too
strong, a clock, a template that fits nothing, an unknown), 3 something cannot
be reached, read or written, or a policy is invalid, 2 wrong usage or
configuration
"""

_MARKS: Final = {
    "good": ("✓ ", "green"),
    "note": ("· ", "dim"),
    "attention": ("! ", "bold cyan"),
    "failed": ("✗ ", "bold red"),
}
_SORTS: Final = {"ledger": "ledger", "connection": "connections", "source": "sources", "policy": "policies"}


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "doctor",
        help="say whether a run can do its work, and what stands in its way",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("connections", nargs="*", metavar="CONNECTION", help="a connection of drcheck.yaml")
    options.config(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("-v", "--verbose", action="store_true", help="tracebacks of clients, on standard error")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.app.doctor import doctor
    from drcheck.cli.output import say, trace, write_whole
    from drcheck.policyfile.config import load_settings
    from drcheck.reports.console import progress

    settings = load_settings(arguments.config)
    diagnosis = doctor(settings, arguments.connections, progress.awaiting)
    if arguments.verbose:
        trace(diagnosis.tracebacks)
    text = _json(diagnosis) if arguments.json else _text(diagnosis)
    try:
        write_whole(text.encode(errors="backslashreplace"), None)
    except OutputError as error:
        say(error)
    return diagnosis.exit_status


def _text(diagnosis: Diagnosis) -> str:
    """Return everything for people, in lines that fit."""
    import sys

    from drcheck.core import words
    from drcheck.reports.console.terminal import Paper, screen

    paper = Paper(screen(sys.stdout))
    for sort, title in _SORTS.items():
        topics = [topic for topic in diagnosis.topics if topic.sort == sort]
        if topics:
            paper.line((title, "bold"))
            for topic in topics:
                _write(paper, topic)
            paper.blank()
    counts = [
        words.counted(count, *noun)
        for level, noun in (("failed", ("failure",)), ("attention", ("thing to mend", "things to mend")))
        if (count := sum(one.level == level for topic in diagnosis.topics for one in topic.remarks))
    ]
    mark, style = _MARKS[diagnosis.level]
    told = ", ".join(counts) or "all is well"
    requests = words.counted(diagnosis.requests, "request")
    paper.wrapped(
        f"{told}; the next run takes {requests}, this one took {diagnosis.seconds:.1f} s; nothing was recorded",
        first=(mark, style),
    )
    return paper.text()


def _write(paper: Paper, topic: Topic) -> None:
    from drcheck.core import words
    from drcheck.reports.wording.text import prose

    requests = "" if topic.requests is None else f", {words.counted(topic.requests, 'request')}"
    paper.wrapped(f"{prose(topic.name)}{requests}", indent=2, style="bold")
    for remark in topic.remarks:
        paper.wrapped(prose(remark.what), indent=4, first=_MARKS[remark.level])
        if remark.hint:
            paper.wrapped(prose(remark.hint), indent=6, first="→ ")


def _json(diagnosis: Diagnosis) -> str:
    import json

    from drcheck import __version__

    whole = {
        "drcheck": __version__,
        "status": diagnosis.level.value,
        "exit_status": diagnosis.exit_status,
        "requests": diagnosis.requests,
        "seconds": round(diagnosis.seconds, 3),
        "topics": [*map(_object, diagnosis.topics)],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _object(topic: Topic) -> dict[str, object]:
    remarks = [{"level": one.level.value, "what": one.what, "hint": one.hint or None} for one in topic.remarks]
    return {
        "sort": topic.sort,
        "name": topic.name,
        "status": topic.level.value,
        "requests": topic.requests,
        "clock_offset": None if topic.clock_offset is None else round(topic.clock_offset, 3),
        "remarks": remarks,
    }
