"""The formats that our schemas name: what a JSON Schema pattern cannot say about a scalar."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from fractions import Fraction
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from drcheck.core.model.policy import NEVER, is_name
from drcheck.core.names.line_template import LineTemplate
from drcheck.core.names.marker_names import marker_fault
from drcheck.core.names.name_faults import HOW_TO_MARK, template_fault
from drcheck.core.names.paths import below
from drcheck.core.names.template import Template
from drcheck.core.words import quoted
from drcheck.errors import DrcheckError
from drcheck.policyfile import units

if TYPE_CHECKING:
    from jsonschema import FormatChecker

_ALIAS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_SAMPLE: Final = 10
"""Ticks of a cron expression that are looked at to see how close together they lie."""
_LONGEST_PATH: Final = 1024
"""Bytes; S3 and Azure allow no longer names."""
_UNPORTABLE: Final = ("localtime", "posixrules", "posix/", "right/", "Factory")
"""Files beside the zones on many machines: they mean another zone on each machine, or count leap seconds."""


class Malformed(ValueError):  # noqa: N818  what jsonschema calls a format's failure
    """A scalar that its format refuses, in plain words."""

    def __init__(self, error: DrcheckError) -> None:
        hint = error.hint.removesuffix(".")
        first = hint[:1] if hint[1:2].isupper() else hint[:1].lower()
        self.told = f"{error.message} ({first}{hint[1:]})" if hint else error.message
        super().__init__(self.told)


@cache
def checker() -> FormatChecker:
    """Return what checks formats; failures have :class:`Malformed` as their cause."""
    from jsonschema import FormatChecker

    formats = FormatChecker(formats=())
    for name, check in _CHECKS.items():
        formats.checks(f"drcheck-{name}", raises=Malformed)(_checked(check))
    return formats


def accepts(name: str, text: str) -> bool:
    """Return whether ``text`` is of the format ``name``, as schemas name it."""
    try:
        _CHECKS[name.removeprefix("drcheck-")](text)
    except DrcheckError:
        return False
    return True


def _checked(check: Callable[[str], object]) -> Callable[[object], bool]:
    def holds(value: object) -> bool:
        if isinstance(value, str):
            try:
                check(value)
            except DrcheckError as error:
                raise Malformed(error) from None
        return True

    return holds


def name(text: str) -> None:
    """Refuse what is no name of a service, site, scenario, source, data set or commitment."""
    if not is_name(text):
        raise DrcheckError(
            f"{quoted(text)} is not a name",
            "Use letters A to Z, digits, dot, dash and underscore, at most 100 of them.",
        )


def alias(text: str) -> None:
    """Refuse what is no alias of a connection."""
    if not _ALIAS.fullmatch(text):
        raise DrcheckError(
            f"{quoted(text)} is not a name of a connection", "Use letters A to Z, digits, dash and underscore."
        )


DEFAULT_ZONE: Final = "UTC"
"""The zone of a policy that names none."""


@lru_cache(maxsize=256)
def zone(text: str) -> ZoneInfo:
    """Return the zone of that name."""
    if _ZONE.fullmatch(text) and not text.startswith(_UNPORTABLE):
        with suppress(KeyError, ValueError, OSError):  # no such zone, a file that is none, a directory
            return ZoneInfo(text)
    import difflib  # where something is misspelt

    close = difflib.get_close_matches(text, available_timezones(), n=1)
    raise DrcheckError(
        f"{quoted(text)} is not a zone",
        f"Did you mean {close[0]}?" if close else "Write a zone of the IANA database, like Europe/Stockholm or UTC.",
    )


_CRON_FIELDS: Final = ("minute", "hour", "day of month", "month", "day of week")


@lru_cache(maxsize=256)
def cron(text: str) -> None:
    """Refuse what is no cron expression of five fields, or one that never comes."""
    how = 'Write minute, hour, day of month, month and day of week, like "15 * * * *".'
    if len(text.split()) != 5 or text != " ".join(text.split()):  # noqa: PLR2004  the fields of cron
        raise DrcheckError(f"{quoted(text)} has not five fields with one space between them", how)
    try:
        next(CronSim(text, units.SOME_DAY))
    except (CronSimError, StopIteration):
        # Which of both the library says of a 30 February depends on its release.
        for field, standing in zip(_CRON_FIELDS, text.split(), strict=True):
            if not _stands(field, standing):
                raise DrcheckError(f"{quoted(text)} is not a cron expression: {standing} is no {field}", how) from None
        raise DrcheckError(f"{quoted(text)} names a date that never comes", how) from None


@lru_cache(maxsize=256)
def shortest_interval(text: str) -> int:
    """Return the seconds between two of the first ticks of a cron expression that lie closest together."""
    cron(text)
    some = list(islice(CronSim(text, units.SOME_DAY), _SAMPLE))
    return min((int((after - before).total_seconds()) for before, after in pairwise(some)), default=0)


def _stands(field: str, text: str) -> bool:
    """Return whether ``text`` can stand in ``field``, beside asterisks in the others."""
    try:
        CronSim(" ".join(text if each == field else "*" for each in _CRON_FIELDS), units.SOME_DAY)
    except CronSimError:
        return False
    return True


def location(text: str) -> tuple[str, str]:
    """Return connection and path of ``CONNECTION:PATH``."""
    how = "Write CONNECTION:PATH, and say in drcheck.yaml what the connection is."
    if "://" in text:
        raise DrcheckError(f"{quoted(text)} is a URL", f"A policy names no endpoint. {how}")
    connection, colon, path = text.partition(":")
    if not colon or not _ALIAS.fullmatch(connection):
        raise DrcheckError(f"{quoted(text)} names no connection", how)
    if path.startswith("!"):
        if not _ALIAS.fullmatch(path[1:]):
            raise DrcheckError(
                f"{quoted(path)} is not a named read", "Write CONNECTION:!NAME: a policy holds no command."
            )
        return connection, path
    if path.startswith("/"):
        raise DrcheckError(f"{quoted(path)} is absolute", "Paths start below the connection's root: leave the / out.")
    if ".." in path.split("/"):
        raise DrcheckError(
            f"{quoted(path)} leaves its directory", "Paths stay below the connection's root: leave the .. out."
        )
    if "\\" in path or not path.isprintable():
        raise DrcheckError(f"{quoted(path)} is not a path", "Its parts are joined by / and hold no line ends.")
    if why := below(path):
        raise DrcheckError(
            f"{quoted(path)} is refused: {why}", "Paths have single slashes between their parts: dumps/, not ./dumps/."
        )
    if len(path.encode()) > _LONGEST_PATH:
        raise DrcheckError(f"{quoted(path)} is longer than {_LONGEST_PATH} bytes", "Nothing can have so long a name.")
    return connection, path


def template(text: str) -> Template:
    """Return the name template; refuse one that no name below a source's path fits, or that shows not all it holds."""
    parsed = Template.parse(text)
    if (why := template_fault(parsed)) or not text.isprintable():
        raise DrcheckError(
            why or f"{quoted(text)} holds what cannot be seen",
            "Write single slashes between its parts, no part . or .., and nothing that cannot be seen.",
        )
    return parsed


def line(text: str) -> LineTemplate:
    """Return the template of a text log's lines; refuse one by which no line could be read in one way."""
    if not text.isprintable():
        raise DrcheckError(f"{quoted(text)} holds what cannot be seen", "A line is one line of plain text.")
    return LineTemplate.parse(text)


def marker(text: str) -> None:
    """Refuse a marker that is not told by the name of its backup."""
    if text == "{name}":
        raise DrcheckError(
            "a backup cannot be its own marker", "Add what the marker's name has more, as in {name}.sha256."
        )
    if marker_fault(text) or not text.isprintable():
        raise DrcheckError(f"{quoted(text)} is not a marker's name", HOW_TO_MARK)


def thinned(text: str) -> int:
    """Return seconds, or ``NEVER``."""
    return NEVER if text == "never" else units.duration(text)


def shrink(text: str) -> Fraction:
    """Return the share by which a size may shrink; ``none``: all of it."""
    return Fraction(1) if text == "none" else units.percentage(text)


@cache
def _countries() -> frozenset[str]:
    # Imported here: the package is large, and few policies name a country.
    from holidays.registry import COUNTRIES

    return frozenset(code for _, code, *_ in COUNTRIES.values())


def country(text: str) -> None:
    """Refuse a country whose public holidays are not known."""
    if text not in _countries():
        raise DrcheckError(
            f"no public holidays are known for {quoted(text)}", "Write an ISO 3166-1 code of two letters, like SE."
        )


def ledger(text: str) -> None:
    """Refuse what is no ledger's URL; it is not shown, for it may hold a password."""
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return
    postgresql = text.startswith(("postgres:", "postgresql:"))
    raise DrcheckError(
        "PostgreSQL ledgers are not supported yet" if postgresql else "this is not the URL of a ledger",
        "Write sqlite:///drcheck.db.",
    )


def endpoint(text: str) -> None:
    """Refuse what is no http or https URL, and secrets in it."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise DrcheckError("this is not an http or https URL", "Write it like https://s3.example.com.")
    _no_secret(text)


def _no_secret(text: str) -> None:
    # The value is not shown: it may hold a secret.
    parts = urlsplit(text)
    if parts.password is not None or parts.query or parts.fragment or parts.username:
        raise DrcheckError(
            "this URL seems to hold a secret", "A configuration names secrets, it never holds one: leave ? and @ out."
        )


_CHECKS: Final[dict[str, Callable[[str], object]]] = {
    "name": name,
    "alias": alias,
    "duration": units.duration,
    "tolerance": units.tolerance,
    "target": units.target,
    "size": units.size,
    "percentage": units.percentage,
    "money": units.money,
    "notice": units.notice,
    "instant": lambda text: units.instant(text, UTC),
    "until": lambda text: units.until(text, UTC),
    "hours": units.hours,
    "night": lambda text: units.hours(text, over_midnight=True),
    "month-day": units.month_day,
    "zone": zone,
    "cron": cron,
    "location": location,
    "template": template,
    "line": line,
    "marker": marker,
    "thinned": thinned,
    "shrink": shrink,
    "country": country,
    "ledger": ledger,
    "endpoint": endpoint,
}
