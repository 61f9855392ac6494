"""What was surely meant otherwise in a name template: globs, placeholders of other tools, misspelt fields.

A template that holds one of these would match nothing, or not what its author thinks, and nobody would notice before
the night on which it matters. Each is refused with what would be right.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Typo(NamedTuple):
    """What is wrong, as the end of a sentence about the template, and what would be right."""

    what: str
    hint: str


FIELDS: Final = ("of", "kind", "part", "parts", "data_as_of", "other", "since")
_WITH_FORMAT: Final = ("data_as_of", "other", "since")
_MEANT: Final = {
    "of": "db database dataset data_set set service schema site table",
    "kind": "type level method",
    "part": "chunk volume number n i index piece",
    "parts": "total count of_parts",
    "data_as_of": "date time datetime date_time timestamp ts now today day at when stamp asof as_of created_at",
    "*": "any anything rest text random id uuid host hostname server user version",
    "**": "path dir dirs directory directories",
}
"""What people call a field."""
_CALLED: Final = {word: field for field, words in _MEANT.items() for word in words.split()}

_SPELLED: Final = (
    ("YYYY", "%Y"), ("yyyy", "%Y"), ("YY", "%y"), ("yy", "%y"), ("MMM", "%b"), ("MM", "%m"), ("DD", "%d"), ("dd", "%d"),
    ("HH24", "%H"), ("HH", "%H"), ("hh", "%H"), ("mm", "%m"), ("MI", "%M"), ("SS", "%S"), ("ss", "%S"), ("Mon", "%b"),
)  # fmt: skip
"""Dates as other programs write them, and their directives."""
_LIKE_A_DATE: Final = re.compile(
    r"(?:YYYY|yyyy|YY|yy)[-_./]?(?:MM|mm)[-_./]?(?:DD|dd)(?:[-_T./ :h]?(?:HH|hh|HH24|mm|MM|MI|SS|ss|m|s))*"
)
_DIRECTIVES_OUTSIDE: Final = re.compile(
    r"%(?:[YymHMSsjTz]|[dF](?![0-9A-Fa-f]))(?:[-_.:T hm]?%[A-Za-z])*(?![0-9A-Fa-f](?![A-Za-z%]))"
)
_MISTAKEN: Final = {
    "e": "%d with a leading zero: days without one are not read",
    "k": "%H with a leading zero: hours without one are not read",
    "l": "%I with a leading zero: hours without one are not read",
    "-": "%d, %m or %H with a leading zero: numbers without one are not read",
    "_": "%d, %m or %H with a leading zero: padding by spaces is not read",
    "N": "%f for the fraction of a second",
    "L": "%f for the fraction of a second",
    "3": "%f for the fraction of a second",
    "6": "%f for the fraction of a second",
    "9": "%f for the fraction of a second",
    "P": "%p for AM or PM, in either case",
    "h": "%b for the month's short name",
    "D": "%m/%d/%y, or what of it the names hold",
    "R": "%H:%M",
    "U": "%V with %G: weeks are those of ISO 8601",
    "W": "%V with %G: weeks are those of ISO 8601",
    "w": "%u for the day of the week, 1 to 7 from Monday",
    "Z": "%z for an offset like +0100; write an abbreviation such as UTC as it stands, and state name_zone",
}
"""Directives of ``date`` and ``strftime`` that are not read, and what to write for each."""


def in_text(text: str) -> Typo | None:
    """Return what was meant otherwise in the literal text of a template."""
    if "*" in text or "?" in text:
        sign = "*" if "*" in text else "?"
        fixed = re.sub(r"\*+|\?+", lambda found: "{**}" if "**" in found[0] else "{*}", text)
        return Typo(
            f"looks like a glob: {sign} stands outside braces",
            f"Write {{*}} for any text without a slash and {{**}} for any text: {fixed!r}.",
        )
    if found := re.search(r"\[(?:[0-9a-zA-Z]-[0-9a-zA-Z])+\][+*]?|\\[dwDWsS]\+?", text):
        return Typo(
            f"looks like a pattern: {found[0]}", "Write {*} for any text without a slash, and fields for the rest."
        )
    if found := re.search(r"\$\([^)]*\)?|`[^`]*`|(?<![0-9A-Za-z])\$[A-Za-z_]\w*", text):
        form = re.search(r"\+['\"]?((?:%[A-Za-z]|[^'\")`])+)", found[0])
        field = f"{{data_as_of:{form[1].strip()}}}" if form else "{data_as_of:%Y-%m-%d}"
        return Typo(
            f"holds {found[0]}, which only a shell fills in",
            f"Write what stands in its place in the names: {field} for an instant, {{*}} for any text.",
        )
    if found := _DIRECTIVES_OUTSIDE.search(text):
        return Typo(f"has {found[0]} outside braces", f"Write it as {{data_as_of:{found[0]}}}.")
    if found := _LIKE_A_DATE.search(text):
        return Typo(
            f"holds {found[0]}, which is read as it stands", f"Write it as {{data_as_of:{directives_of(found[0])}}}."
        )
    if found := re.search(r"<([A-Za-z][A-Za-z _-]*)>", text):
        return Typo(f"holds {found[0]}, which is read as it stands", f"Fields stand in braces: {_meant(found[1])}.")
    return None


def in_field(field: str) -> Typo:
    """Return what was meant by an unknown field, given with its braces."""
    inside = field[1:-1]
    name, colon, form = inside.partition(":")
    if name in _WITH_FORMAT:
        return Typo(f"has {field} without a format", f"Say how the instant looks, as in {{{name}:%Y-%m-%d}}.")
    if name in FIELDS:
        return Typo(f"has an unknown field {field}", f"{{{name}}} takes no format: write it so.")
    if set(inside) == {"*"}:
        return Typo(f"has an unknown field {field}", "Write {*} for any text without a slash, {**} for any text.")
    if re.search("%[A-Za-z]", inside) and not colon:
        return Typo(f"has an unknown field {field}", f"Write it as {{data_as_of:{inside}}}.")
    if _LIKE_A_DATE.fullmatch(inside):
        return Typo(f"has an unknown field {field}", f"Write it as {{data_as_of:{directives_of(inside)}}}.")
    return Typo(f"has an unknown field {field}", f"Perhaps {_meant(name, form)} is meant.")


def in_format(form: str) -> Typo | None:
    """Return what was meant otherwise in the format of an instant."""
    if "%" not in form:
        spelled = directives_of(form)
        shown = spelled if "%" in spelled else "%Y-%m-%d"
        return Typo(f"has no directive in {form!r}", f"Write it with strftime's codes, as {{data_as_of:{shown}}}.")
    if found := re.search(r"(%[HI][-_.:hH]?)%m", form):
        return Typo(
            f"has the month, %m, after the hour in {form!r}",
            f"Minutes are %M: {form[: found.start()]}{found[1]}%M{form[found.end() :]}.",
        )
    if found := re.search(r"(%[Yy][-_./]?)%M", form):
        return Typo(
            f"has minutes, %M, after the year in {form!r}",
            f"The month is %m: {form[: found.start()]}{found[1]}%m{form[found.end() :]}.",
        )
    return None


def in_directive(letter: str) -> str:
    """Return the hint for a directive that is not read; empty: nothing better is known than the list of all."""
    return f"Write {_MISTAKEN[letter]}." if letter in _MISTAKEN else ""


def directives_of(text: str) -> str:
    """Return a date that is spelled as in other programs (YYYY-MM-DD) with directives."""
    written, rest = "", text
    while rest:
        spelling, directive = next((each for each in _SPELLED if rest.startswith(each[0])), (rest[0], rest[0]))
        # MM and mm are the month, and behind an hour minutes.
        written += "%M" if directive == "%m" and "%H" in written else directive
        rest = rest[len(spelling) :]
    return written


def _meant(name: str, form: str = "") -> str:
    """Return the field that ``name`` most likely means, as it is written."""
    import difflib  # where something is misspelt

    plain = re.sub("[- ]", "_", name.strip().casefold())
    field = plain if plain in FIELDS else _CALLED.get(plain, "")
    if not field:
        close = difflib.get_close_matches(plain, [*FIELDS, *_CALLED], n=1)
        field = _CALLED.get(close[0], close[0]) if close else ""
    if not field:
        return "{*}, for any text without a slash"
    if field not in _WITH_FORMAT:
        return f"{{{field}}}"
    if "%" not in form:
        form = directives_of(form)
    return f"{{{field}:{form if '%' in form else '%Y-%m-%d'}}}"
