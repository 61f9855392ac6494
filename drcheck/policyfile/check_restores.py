"""What a schema cannot say of logs of restore tests: which of their keys fit which form, and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from drcheck.core.model.readers import Tells
from drcheck.core.names.line_template import LineTemplate
from drcheck.errors import DrcheckError
from drcheck.policyfile import scalar_formats
from drcheck.policyfile.check_faults import reference_to
from drcheck.policyfile.yaml_nodes import MappingNode, Problem
from drcheck.registry import READERS

_OF_TEXT: Final = ("outcomes", "other_lines")


def check(root: MappingNode, source: MappingNode, at: str) -> Iterator[Problem]:
    """Yield everything wrong with a log of restore tests that the schema does not find."""
    yield from _form(source, at)
    tests = source.fields("tests")
    for scalar in tests.scalars("scenarios"):
        yield from reference_to("scenario", scalar, root.fields("scenarios").entries, f"{at}.tests.scenarios")
    yield from reference_to(
        "site", tests.scalar("target_site"), root.fields("sites").entries, f"{at}.tests.target_site"
    )
    origin = tests.scalar("restored_from")
    yield from reference_to("source", origin, root.fields("sources").entries, f"{at}.tests.restored_from")
    reader = READERS.get(root.fields("sources").fields(origin.text).text("reader")) if origin is not None else None
    if origin is not None and reader is not None and Tells.POINTS not in reader.yields:
        what = f"{at}.tests.restored_from: {origin.text} is a log (name the source of the backups)"
        yield Problem(origin.mark, what)


def _form(source: MappingNode, at: str) -> Iterator[Problem]:
    path = ""
    with suppress(DrcheckError):
        _, path = scalar_formats.location(source.text("at"))
    junit = PurePosixPath(path).suffix == ".xml"
    template: LineTemplate | None = None
    line = source.scalar("line")
    if line is not None:
        with suppress(DrcheckError):  # told as a format
            template = scalar_formats.line(line.text)
        if PurePosixPath(path).suffix in {".xml", ".csv", ".jsonl"}:
            what = f"{at}.line: {path} is read by its own form, not line by line (name the log .log, or leave line out)"
            yield Problem(line.mark, what)
    for key in _OF_TEXT:
        if key in source.entries and line is None:
            yield Problem(source.entries[key].key, f"{at}.{key}: it says how lines of text are read (add line)")
    if "suite" in source.entries and not junit:
        yield Problem(source.entries["suite"].key, f"{at}.suite: only JUnit's XML has suites (name a file in .xml)")
    zone = source.scalar("zone")
    if template is not None and template.needs_zone and zone is None and line is not None:
        yield Problem(line.mark, f"{at}.line: its instants carry no zone (add zone, such as UTC, or %z)")
    if zone is not None and not junit and (line is None or (template is not None and not template.needs_zone)):
        yield Problem(zone.mark, f"{at}.zone: the instants in it carry their zone (leave zone out)")
    tests = source.fields("tests")
    for key in ("begins_with", "ends_with"):
        if template is not None and not template.tells_duration and key in tests.entries:
            what = f"{at}.tests.{key}: its lines do not tell how long a test took (add started_at, or took)"
            yield Problem(tests.entries[key].key, what)
