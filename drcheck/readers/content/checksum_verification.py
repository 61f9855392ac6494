"""Which backups have the checksums that were kept beside them, and all the files that lists of checksums name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Final, NamedTuple

from drcheck.core.model.evidence import Candidate, Fact, FactValue, Gap
from drcheck.core.model.policy import Arrival
from drcheck.core.names.marker_names import marker_of
from drcheck.core.time.wallclock import HOUR
from drcheck.interfaces import Archived, CollectorError, Entry, NotFound
from drcheck.readers import arrivals
from drcheck.readers.content import checksums
from drcheck.readers.content.checksum_lists import StoredChecksum
from drcheck.readers.content.checksum_names import holds_checksums
from drcheck.readers.content.request_budget import IN_A_ROW, FactRequests, backups_counted

MOST_MISSED: Final = 10
"""Files that a list names and a listing did not show, which are asked for one by one."""
MOST_VERIFIED: Final = 10
"""How many of the newest backups of a data set are verified where nobody asks for it: what is older was, or is not read
for the first time long after it was made."""


class BackupFiles(NamedTuple):
    """The files that backups consist of."""

    listed: Mapping[str, Entry] = MappingProxyType({})
    """What was listed of each, by name."""
    wholes: Sequence[tuple[Candidate, Sequence[str]]] = ()
    """The backups of several files, each with the names of them all, those with checksums included."""
    whole_of: Callable[[str], str] = str
    """Return the name of the backup of several files that a file would belong to by its name; empty: to none."""


class ChecksumVerification:
    """Compares as much content as one look may read with the checksums beside it."""

    def __init__(
        self,
        asking: FactRequests,
        files: BackupFiles,
        candidates: Sequence[Candidate],
        beside: Mapping[str, Entry] | None,
    ) -> None:
        """``beside`` is what was listed and is no backup; None: it is not known what lies there."""
        self._asking, self._files, self._candidates = asking, files, candidates
        self._source = asking.source
        self._promised = Fact.CHECKSUM in asking.asked.facts
        self._begin = asking.asked.begin
        self._is_listed, self._beside = beside is not None, beside or {}
        self._lists = checksums.Lists(
            asking.collector,
            self._beside,
            chain((one.name for one in candidates), self._beside),
            ((whole.name, names) for whole, names in files.wholes),
        )
        self._unread: set[str] = set()
        """Files of backups with lists that were not read: whether these hold their checksums is not known."""
        self._unreadable: list[CollectorError] = []
        self._older: list[tuple[str, str]] = []
        """What differs from a checksum, and the file with that, which came before it."""
        self._unlike: list[tuple[Candidate, StoredChecksum]] = []
        """What differs from a checksum that does not say of what algorithm it is."""

    def check(self) -> None:
        """Tell which backups lack a file, and which have their checksums; what could not be read is a gap."""
        self._find_lacking()
        due = [one for one in self._candidates if one.complete and self._is_due(one)]
        if not self._promised:
            due = _newest(due)
        most = left = self._asking.asked.read_at_most
        in_a_row = 0
        for one in checksums.in_order(due, begin=self._begin, min_size=self._source.least_size):
            names = self._lists.of(one.name, self._marker(one))
            if not self._is_to_be_read(one, names, left):
                continue
            try:
                left -= self._check(one, names)
                in_a_row = 0
            except NotFound:
                continue
            except Archived:
                if self._promised:
                    self._asking.freeze(one, Fact.CHECKSUM, "an archive tier")
            except CollectorError as error:
                # One that cannot be read says nothing of the others.
                self._put_untold(one, error.message)
                self._unreadable.append(error)
                in_a_row += 1
                if in_a_row == IN_A_ROW:
                    break
        self._tell_unlike()
        if self._older:
            (name, file), more = self._older[0], len(self._older) - 1
            self._asking.gaps.append(
                Gap(
                    f"{name}{f' and {more} more' if more else ''} cannot be verified: the checksum in {file} differs, "
                    "and came before it, so that it may be of something older",
                    "Write checksums after what they are of, or name the digest in `complete_when`.",
                    fact=Fact.DIGEST,
                )
            )
        if self._unreadable:
            self._asking.fail({Fact.CHECKSUM}, self._unreadable[-1])
        if count := self._asking.left.pop(Fact.CHECKSUM, 0):
            self._asking.gaps.append(
                Gap(
                    f"{backups_counted(count)} not read for {'its' if count == 1 else 'their'} checksum in this look",
                    f"A look reads {most} bytes and takes others each day; raise read_at_most to read more.",
                    fact=Fact.CHECKSUM,
                )
            )

    def _is_to_be_read(self, one: Candidate, names: Sequence[str], left: int) -> bool:
        """Return whether a candidate's content is to be compared; where it is owed and cannot be, that is told."""
        most = self._asking.asked.read_at_most
        if not self._promised:
            fits = one.size <= left and not self._asking.spent
            return bool(names) and fits and not self._asking.lies_in_archive(one)
        if not names and one.name in self._unread:
            self._asking.leave({Fact.CHECKSUM})
        elif not names and not checksums.is_manifest(one):
            if self._is_listed:
                self._put_untold(one, "no checksum is kept beside it")
        elif self._asking.is_frozen(one, Fact.CHECKSUM):
            pass
        elif one.size > most:
            self._put_untold(
                one, f"its {one.size} bytes are more than the {most} that one look may read (read_at_most)"
            )
        elif self._asking.spent or one.size > left:
            self._asking.leave({Fact.CHECKSUM})
        else:
            return True
        return False

    def _check(self, candidate: Candidate, names: Sequence[str]) -> int:
        """Check one candidate; return how much of its content was read."""
        asking, marker = self._asking, self._marker(candidate)
        if names:
            kept = self._lists.kept_for(candidate, names, marker)
        else:
            kept = checksums.of_manifest(asking.collector, candidate)
        if isinstance(kept, str):
            asking.put(candidate, Fact.CHECKSUM, FactValue(None, kept))
            return 0
        told = checksums.check(asking.collector, candidate, kept, begin=self._begin)
        if told is not None and told.holds is False and names:
            file = self._files.listed.get(candidate.name)
            if not checksums.is_of(kept, candidate.name):
                told = FactValue(None, f"the checksum beside it is of {kept.other}, and differs")
            elif file is not None and self._came_before(self._beside[kept.file], file):
                told = FactValue(None, f"the checksum in {kept.file} is of something older: it came before the backup")
                self._older.append((candidate.name, kept.file))
            elif self._lists.again(candidate, kept, marker) != kept:
                told = None  # both are being replaced
            elif not kept.stated:
                self._unlike.append((candidate, kept))
                return candidate.size
        if told is None and "\\x" in candidate.name:
            self._put_untold(candidate, "it cannot be read by its name, which is not UTF-8")
        if told is not None:
            asking.put(candidate, Fact.CHECKSUM, told)
            if told.holds and kept.covers is None and asking.asked.tells_apart:
                asking.put(candidate, Fact.DIGEST, FactValue(True, checksums.as_told(kept)))
        return candidate.size

    def _tell_unlike(self) -> None:
        """Tell of what differs from a checksum that does not say its algorithm whether it is broken.

        It is, where another file has the checksum that the same list has of it; else nobody knows.
        """
        passed = {one.name for one in self._asking.told if one.fact is Fact.CHECKSUM and one.told.holds}
        passed |= {one.name for one in self._candidates if self._has_passed(one)}
        for candidate, kept in self._unlike:
            how = f"{kept.algorithm} differs from the one kept beside it"
            told = FactValue(False, how, self._begin)
            if passed.isdisjoint(self._lists.also_kept(kept)):
                sums = f"{kept.algorithm.upper()}SUMS"
                told = FactValue(
                    None, f"{how}, if that is what {kept.file} holds: named {sums} it would say so", self._begin
                )
            self._asking.put(candidate, Fact.CHECKSUM, told)

    def _has_passed(self, candidate: Candidate) -> bool:
        """Return whether an earlier look found that a candidate has its checksum."""
        settled = self._asking.asked.settled.get(candidate.name)
        told = None if settled is None else settled.facts.get(Fact.CHECKSUM)
        return told is not None and told.holds is True

    def _find_lacking(self) -> None:
        """Tell which backups lack a file that a list of checksums names."""
        wholes = [one for one in self._files.wholes if one[0].complete and self._is_due(one[0])]
        if not self._promised:
            newest = {one.name for one in _newest([whole for whole, _ in wholes])}
            wholes = [one for one in wholes if one[0].name in newest]
        for whole, names in wholes:
            for name in self._lists.of_whole(whole.name, names, self._marker(whole)):
                if self._asking.spent or len(self._unreadable) == IN_A_ROW:
                    self._unread.update(names)
                    continue
                try:
                    told = self._lacks(whole, names, self._beside[name])
                except (NotFound, Archived):
                    continue  # without the list nothing is known to be missing
                except CollectorError as error:
                    self._unreadable.append(error)
                    self._unread.update(names)
                    continue
                if told is not None and told.holds is False:
                    self._asking.put(whole, Fact.CHECKSUM, told)
                    break
                if told is not None:
                    self._put_untold(whole, told.how)

    def _lacks(self, whole: Candidate, names: Sequence[str], of: Entry) -> FactValue | None:
        """Return that a backup lacks a file which the list ``of`` checksums names, or may; None: it has all of them.

        Raises :class:`CollectorError` if the list cannot be read.
        """
        held = self._lists.held(of.name, whole.name, self._files.whole_of)
        if held is None:
            return FactValue(None, checksums.too_large(of.name))
        doubt = None
        for lacking in sorted(held.lacking, key=lambda one: bool(one.doubt))[:MOST_MISSED]:
            what = f"{lacking.written}, which {of.name} names,"
            if lacking.doubt:
                doubt = FactValue(None, f"{what} is not there; {lacking.doubt}")
            elif why := self._why_unlisted(lacking.name):
                doubt = FactValue(None, f"{what} is not in the listing: {why}")
            elif self._is_of_before(of, [name for name in names if name in held.kept] or names):
                return FactValue(
                    None, f"{what} is not there, but the list is older than what is, and may be of what was"
                )
            else:
                return FactValue(False, f"{what} is not there", self._begin)
        return doubt

    def _why_unlisted(self, name: str) -> str:
        """Return why a file that was not listed is there all the same, as a link is; empty: it is not there."""
        try:
            if name:
                self._asking.collector.read(name, at_most=1)
                return "it came since"
        except NotFound:
            pass
        except CollectorError as error:
            return error.message
        return ""

    def _is_of_before(self, list_of_sums: Entry, names: Sequence[str]) -> bool:
        """Return whether a list is so much older than one of these files that it may be of what stood there before.

        Where all are copied, the list may come first, by as long as the backup takes.
        """
        usual = HOUR if self._source.max_duration is None else self._source.max_duration
        listed = (self._files.listed.get(name) for name in names if not holds_checksums(name))
        return any(self._came_before(list_of_sums, file, by=usual) for file in listed if file is not None)

    def _came_before(self, list_of_sums: Entry, file: Entry, *, by: int = 0) -> bool:
        """Return whether a file with checksums surely came before another file, by more than ``by`` seconds."""
        if self._source.available_at is Arrival.NAME:
            return False  # the times of the place tell nothing
        came = arrivals.arrival(self._source, list_of_sums)[1]
        return came < arrivals.arrival(self._source, file)[0] - by

    def _put_untold(self, candidate: Candidate, why: str) -> None:
        """Tell why nobody knows whether a candidate has its checksum, where that is owed."""
        if self._promised:
            self._asking.put(candidate, Fact.CHECKSUM, FactValue(None, why))

    def _marker(self, candidate: Candidate) -> str:
        return marker_of(self._source.complete_when, candidate.name)

    def _is_due(self, candidate: Candidate) -> bool:
        """Return whether a candidate's checksum is to be verified, as far as it is not settled."""
        settled = self._asking.asked.settled.get(candidate.name)
        known = settled is not None and settled.shown == candidate and Fact.CHECKSUM in settled.facts
        return bool(candidate.size) and not known


def _newest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the newest few of each data set; files of one backup are of one instant, and count once."""
    found: dict[str, dict[int, list[Candidate]]] = {}
    for one in sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True):
        found.setdefault(one.of, {}).setdefault(one.data_hi, []).append(one)
    return [one for those in found.values() for its in islice(those.values(), MOST_VERIFIED) for one in its]
