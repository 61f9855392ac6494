"""From names to a template that reads them: what is a date or a time in them, a kind, a part, and what varies.

A proposal is only made if the template reads every name that it is proposed for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from functools import cache, lru_cache
from itertools import product
from typing import Final, NamedTuple

from drcheck.core.model.policy import is_name
from drcheck.core.names.directives import DIRECTIVES, SHORT
from drcheck.core.names.matching import LONGEST_NAME, Matcher, is_beside
from drcheck.core.names.template import KINDS, Template
from drcheck.core.time.spans import Span
from drcheck.errors import DrcheckError


class Proposal(NamedTuple):
    """A template, and the names it was made of."""

    template: str
    of: tuple[str, ...]
    """The data sets that the names tell; empty: they tell none."""
    names: tuple[str, ...]


class Field(NamedTuple):
    """A stretch of a name that is no literal text."""

    start: int
    end: int
    text: str
    """As it stands in a template."""

    @property
    def is_instant(self) -> bool:
        """Whether it tells the instant of the data, or a piece of it."""
        return self.text.startswith(_INSTANT)

    def fits(self, text: str) -> bool:
        """Return whether ``text`` can stand in its place."""
        if self.is_instant:
            return form_of(self.text[len(_INSTANT) : -1]).fullmatch(text) is not None
        return text in KINDS if self.text == "{kind}" else text.isalnum()

    def begins(self, name: str, at: int) -> Field | None:
        """Return this instant where it stands at ``at`` of a name; None: it does not, or it is no instant."""
        found = form_of(self.text[len(_INSTANT) : -1]).match(name, at) if self.is_instant else None
        return None if found is None else Field(at, found.end(), self.text)


_INSTANT: Final = "{data_as_of:"

_DATES: Final = (
    *(form.replace("|", sep) for sep in ("-", "_", ".", "/", "", " ") for form in ("%Y|%m|%d", "%d|%m|%Y", "%m|%d|%Y")),
    *(form.replace("|", sep) for sep in ("-", "_", ".", "", " ") for form in ("%d|%b|%Y", "%Y|%b|%d", "%d|%B|%Y")),
    "%G-W%V-%u", "%G-W%V", "%GW%V", "%Y/%m", "%Y-%m", "%Y_%m", "%s", "%y%m%d",
    "%y-%m-%d", "%y_%m_%d", "%d-%m-%y", "%m-%d-%y", "%d-%b-%y", "%b-%d-%Y", "%B-%d-%Y",
)  # fmt: skip
"""In the order of preference where several are equally long."""
_TIMES: Final = (
    *(
        f"{joint}{form.replace('|', sep)}"
        for joint, sep in product(
            ("-", "_", "T", " ", ".", "", "--", "__", "@", "/", " - ", "_T", "-T", "t", "_at_", " at "),
            ("-", ":", "_", ".", ""),
        )
        for form in ("%H|%M|%S", "%H|%M", "%I|%M|%S %p", "%I|%M|%S%p", "%I|%M|%p", "%I|%M%p")
    ),
    "_%Hh%Mm%Ss", "_%Hh%Mm", "-%Hh%Mm", "_%Hh%M", "T%H", "_%Hh",
)  # fmt: skip
_TAILS: Final = (".%f%z", ".%f", "-%f", "_%f", "%f", "%z", "_%A", "-%a", "")
_TIME_ALONE: Final = ("%H-%M-%S", "%H_%M_%S", "%H.%M.%S", "%H%M%S", "%H-%M", "%H_%M", "%H%M")
_EDGE: Final = r"(?![0-9])"
_PLAUSIBLE: Final = range(2000, 2060)


@cache
def form_of(form: str) -> re.Pattern[str]:
    """Return what an instant of that format looks like."""
    form = re.sub("%([FT])", lambda found: SHORT[found[1]], form)
    parts = re.findall("%(.)|([^%]+)", form)
    return re.compile("".join(DIRECTIVES[letter] if letter else re.escape(text) for letter, text in parts))


_HIDDEN: Final = re.compile(r"(?:^|/)\.[^/]*$")
_SIGNATURES: Final = re.compile(r"\.sigtar(?:\.gpg|\.gz)?$")
"""What duplicity writes beside the volumes, with a name like theirs."""


def propose(names: Iterable[str]) -> list[Proposal]:
    """Return templates that read ``names``, the one that reads most of them first; what none can read is left out."""
    several = [name for name in names if _is_whole(name)]
    kept = [name for name in several if not _is_beside(name)] or several
    directories: dict[str, list[str]] = defaultdict(list)
    for name in kept:
        directories[_directory_of(name)].append(name)
    groups: dict[tuple[str, ...], list[tuple[str, list[Field]]]] = defaultdict(list)
    within: dict[str, list[str]] = {}
    for directory, its in directories.items():
        together = len(its) > 1 and any("/" in name[len(directory) :] for name in its)
        within.update({directory: its} if directory and together else {name: [name] for name in its})
    for name in within:
        if fields := fields_of(name):
            sort = "/" if name.endswith("/") else ""
            groups[*(field.text for field in fields), sort].append((name, fields))
    proposals = (of_group(group, within) for group in groups.values())
    return sorted((each for each in proposals if each is not None), key=lambda proposal: -len(proposal.names))


def may_be_backup(name: str) -> bool:
    """Return whether a name is not that of a side-car, nor of what is hidden, unfinished or failed."""
    return _is_whole(name) and not _is_beside(name)


def _is_whole(name: str) -> bool:
    """Return whether a name is no hidden one, which is that of what is not there yet: rsync's, or a tool's own."""
    return len(name) <= LONGEST_NAME and not _HIDDEN.search(name)


def _is_beside(name: str) -> bool:
    """Return whether a name, or that of a directory in it, is one of a side-car, or of what is not finished."""
    return bool(_SIGNATURES.search(name)) or any(map(is_beside, name.split("/")))


def _directory_of(name: str) -> str:
    """Return the directory, with its slash, that tells the last instant in a name; empty: the file's own name does."""
    *_, last = [field.end for field in _instants(name)] or [len(name)]
    return name[: end + 1] if (end := name.find("/", last)) >= 0 else ""


def of_group(group: Sequence[tuple[str, list[Field]]], within: Mapping[str, Sequence[str]]) -> Proposal | None:
    """Return the proposal for names with the same fields; ``within``: the files that each of them stands for.

    None: no template reads them all.
    """
    files = tuple(file for name, _ in group for file in within[name])
    names = tuple(name for name, _ in group)
    literals = [literals_of(name, fields) for name, fields in group]
    fields = [field.text for field in group[0][1]]
    columns = [list(column) for column in zip(*literals, strict=True)]
    written = [_column(column) for column in columns]
    varying = [index for index, (_, middles, _) in enumerate(written) if len(set(middles)) > 1]
    for of_at in (*varying, None):
        sets = tuple(dict.fromkeys(written[of_at][1])) if of_at is not None else ()
        # What changes with every name is no data set.
        if of_at is not None and (not all(map(is_name, sets)) or (len(sets) == len(names) > 3)):  # noqa: PLR2004
            continue
        for forms in _readings(fields):
            text = ""
            for index, (prefix, middles, suffix) in enumerate(written):
                middle = ""
                if any(middles):
                    deep = any("/" in each for each in middles)
                    middle = "{of}" if index == of_at else "{**}" if deep else "{*}"
                text += f"{_escaped(prefix)}{middle}{_escaped(suffix)}{forms[index] if index < len(forms) else ''}"
            if _reads(text, sets, files):
                return Proposal(text, sets, files)
    return None


def _readings(fields: list[str]) -> Iterator[list[str]]:
    """Yield ways to take several instants: as one, or the last, or the first, as that of the data."""
    yield fields
    dated = [index for index, field in enumerate(fields) if field.startswith(_INSTANT)]
    # Of several the last is mostly the backup's own, the one before it that of what it builds on; a number of ten
    # digits beside a date is mostly something else.
    for chosen in sorted(dated, key=lambda index: ("%s" in fields[index], -index)) if len(dated) > 1 else ():
        yield [
            field.replace(_INSTANT, "{other:") if index in dated and index != chosen else field
            for index, field in enumerate(fields)
        ]


def _reads(text: str, of: tuple[str, ...], names: Sequence[str]) -> bool:
    try:
        match = matcher(text, of)
    except DrcheckError:
        return False
    return all(match(name) is not None for name in names)


@lru_cache(maxsize=256)
def matcher(text: str, of: tuple[str, ...]) -> Matcher:
    """Return what reads names by a proposed template, instants without a zone as UTC; raises :class:`DrcheckError`."""
    return Matcher(Template.parse(text), of or ("data",), UTC)


def literals_of(name: str, fields: Sequence[Field]) -> list[str]:
    """Return the literal text of a name: before, between and behind its fields."""
    starts = [0, *(field.end for field in fields)]
    ends = [*(field.start for field in fields), len(name)]
    return [name[start:end] for start, end in zip(starts, ends, strict=True)]


def _column(texts: Sequence[str]) -> tuple[str, list[str], str]:
    """Return what begins and what ends all texts, up to a separator, and what each has between."""
    if len(set(texts)) == 1:
        prefix, middle, suffix = texts[0], "", ""
        if unique := re.search(
            r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16,})(?![0-9A-Za-z])", prefix
        ):
            prefix, middle, suffix = prefix[: unique.start()], unique[0], prefix[unique.end() :]
            return prefix, [middle] * len(texts), suffix
        return prefix, [""] * len(texts), ""
    prefix = _begins(texts)
    prefix = prefix[: max((prefix.rfind(sep) for sep in "-_./ @:"), default=-1) + 1]
    rests = [text[len(prefix) :] for text in texts]
    suffix = _begins([rest[::-1] for rest in rests])[::-1]
    at = min((suffix.find(sep) for sep in "-_./ @:" if sep in suffix), default=len(suffix))
    suffix = suffix[at:]
    return prefix, [rest[: len(rest) - len(suffix)] for rest in rests], suffix


def _begins(texts: Sequence[str]) -> str:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)
    alike = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:alike]


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}").replace("*", "{*}").replace("?", "{*}")


def fields_of(name: str) -> list[Field]:
    """Return the instants, kinds and parts in a name, in their order; none without an instant."""
    found = list(_instants(name))
    if not found:
        return []
    if all("%H" not in field.text and "%s" not in field.text and "%I" not in field.text for field in found):
        found += _time_alone(name, found[-1].end)
    for field in (*_kinds(name), *_parts(name)):
        if not any(Span(*field[:2]).overlaps(other[:2]) for other in found):
            found.append(field)
    return sorted(found)


def _instants(name: str) -> Iterator[Field]:
    at = 0
    while at < len(name):
        longest = None
        if not (at and name[at - 1].isdigit()) and (name[at].isdigit() or name[at].isalpha()):
            longest = _instant_at(name, at)
        if longest is None:
            at += 1
            continue
        end, form = longest
        yield Field(at, end, f"{_INSTANT}{form}}}")
        at = end


def _instant_at(name: str, at: int) -> tuple[int, str] | None:
    """Return the end and the format of the longest instant that begins at ``at``."""
    best: tuple[int, str] | None = None
    if not name[at].isdigit() and (at and name[at - 1].isalpha()):
        return None
    for date in _DATES:
        begun = form_of(date).match(name, at)
        if begun is None or not _plausible(date, begun[0]):
            continue
        ends = [(begun.end(), date)]
        for time in _TIMES if date != "%s" and "%d" in date else ():
            if (timed := form_of(time).match(name, begun.end())) is not None:
                tails = _TAILS if "%S" in time else ("%z", "_%A", "")
                ends += [
                    (
                        told.end(),
                        date + time + (f"{tail[:-2]}Z" if tail.endswith("%z") and told[0].endswith("Z") else tail),
                    )
                    for tail in tails
                    if (told := form_of(tail).match(name, timed.end())) is not None
                ]
        for end, form in ends:
            if not name[end : end + 1].isdigit() and (best is None or end > best[0]):
                best = end, form
    return best


def _plausible(form: str, text: str) -> bool:
    if form == "%s":
        return text.startswith("1")
    if "%y" in form:
        return "15" <= (text if form.startswith("%y") else text[-2:]) < "60"
    year = re.search("(?:19|20)[0-9][0-9]" if form.startswith(("%Y", "%G")) else "(?:19|20)[0-9][0-9]$", text)
    return year is None or int(year[0]) in _PLAUSIBLE


def _time_alone(name: str, after: int) -> list[Field]:
    """Return the only time of day that stands apart from its date, behind it."""
    for form in _TIME_ALONE:
        found = [
            told
            for told in re.finditer(f"(?<![0-9A-Za-z]){form_of(form).pattern}(?![0-9A-Za-z])", name)
            if told.start() >= after
        ]
        if len(found) == 1:
            return [Field(found[0].start(), found[0].end(), f"{_INSTANT}{form}}}")]
    return []


def _kinds(name: str) -> Iterator[Field]:
    words = "|".join(sorted((word for word in KINDS if len(word) > 2), key=len, reverse=True))  # noqa: PLR2004
    spelled = [
        (found.start(), found.end()) for found in re.finditer(f"(?<![0-9A-Za-z])(?:{words})(?![0-9A-Za-z])", name)
    ]
    if len({name[start:end] for start, end in spelled}) == 1 and not name.endswith((".log", ".snap")):
        for start, end in spelled:
            yield Field(start, end, "{kind}")


def _parts(name: str) -> Iterator[Field]:
    if found := re.search(r"(?<![0-9])([0-9]{1,6})[-_ ]?of[-_ ]?([0-9]{1,6})(?![0-9])", name):
        yield Field(found.start(1), found.end(1), "{part}")
        yield Field(found.start(2), found.end(2), "{parts}")
    elif (found := re.search(r"(?:part|vol|chunk|piece|disk)[-_.]?([0-9]{1,6}|[a-z]{2,3})(?![0-9A-Za-z])", name)) or (
        found := re.search(r"\.(?:z|r|7z\.)?([0-9]{2,4})$", name)
    ):
        yield Field(found.start(1), found.end(1), "{part}")
