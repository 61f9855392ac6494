"""After a listing: what must be known of each backup beside it, asked with the fewest requests.

Newest data first, as much as one look may ask; the ledger keeps what was told, so the next looks go on where this one
ended. What cannot be asked is a gap of that fact alone: the listing stays whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, NamedTuple

from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import Candidate, Described, Fact, Gap, Told
from drcheck.core.model.policy import Arrival, Source
from drcheck.core.names.markers import marker_of
from drcheck.core.time.wallclock import HOUR
from drcheck.interfaces import Archived, Asked, Collector, CollectorError, Entry, NotFound
from drcheck.readers import looks
from drcheck.readers.content import checksum_names, checksums, ciphers, restic_and_borg

MOST_ASKED: Final = 2500
"""Requests that one look makes beside its listing: a minute or so, well within its deadline."""
IN_A_ROW: Final = 3
"""Answers in a row that a fact cannot be told, after which it is not asked of the rest: a thousand others would be
refused as well."""

MOST_VERIFIED: Final = 10
"""How many of the newest backups of a data set are verified where nobody asks for it: what is older was, or is not read
for the first time long after it was made."""

LOCKS: Final = frozenset({Fact.LOCK, Fact.LEGAL_HOLD})
_BY_STORAGE: Final = LOCKS | {Fact.STORAGE_ENCRYPTION}
_OF_DATA: Final = frozenset({Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION, Fact.CHECKSUM})
"""Facts of the data itself: what is empty has none."""
_GRANT: Final = (
    "Grant the right to see this, if there is one (docs/connections.md); else a commitment of its own can rest on an "
    "attestation."
)
_WORDS: Final = {
    Fact.STORAGE_ENCRYPTION: "encryption by the storage",
    Fact.CLIENT_ENCRYPTION: "encryption of the content",
    Fact.LOCK: "lock",
    Fact.LEGAL_HOLD: "legal hold",
    Fact.CHECKSUM: "checksum",
    Fact.STATE: "state",
}


def describe(
    collector: Collector,
    source: Source,
    candidates: Sequence[Candidate],
    asked: Asked,
    beside: Mapping[str, Entry] | None = None,
    archived: Mapping[str, Told] | None = None,
    wholes: Wholes | None = None,
) -> tuple[tuple[Described, ...], tuple[Gap, ...]]:
    """Return what ``asked.facts`` of ``candidates`` are, as far as one look may ask, and what could not be asked.

    ``beside`` is what was listed and is no backup, by name; None: the listing broke off, so that it is not known what
    lies there. ``archived`` says of candidates whether they lie in an archive tier: the content of those is not read.
    ``wholes`` are the backups that candidates are files of. Nothing raises: each gap names its fact.
    """
    asking = _Asking(collector, source, asked, archived or {}, wholes or Wholes())
    asking.ask(sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True))
    if Fact.CHECKSUM in asked.facts or asked.verify:
        asking.check(candidates, beside)
    asking.tell_frozen()
    return tuple(asking.told), tuple(asking.gaps)


class Wholes(NamedTuple):
    """Backups of several files."""

    backups: Sequence[tuple[Candidate, Sequence[str]]] = ()
    """Each with the names of all its files, those with checksums included."""
    whole_of: Callable[[str], str] = str
    """Return the name of the backup of several files that a file would belong to by its name; empty: to none."""


@dataclass(slots=True)
class _Asking:
    """What one look has asked so far."""

    collector: Collector
    source: Source
    asked: Asked
    archived: Mapping[str, Told]
    """Name to whether it lies in an archive tier."""
    wholes: Wholes
    told: list[Described] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    stopped: set[Fact] = field(default_factory=set)
    """Facts that need not be asked further: the place answered for all, refused, or failed."""
    answered: set[Fact] = field(default_factory=set)
    """Facts that were told of at least one backup."""
    refusals: dict[Fact, tuple[Told, int, str]] = field(default_factory=dict)
    """The newest answer of each fact if it was a refusal, how many times in a row it came, and what to do about it."""
    left: dict[Fact, int] = field(default_factory=dict)
    """How many backups each fact was not asked of for want of requests."""
    frozen: dict[Fact, list[str]] = field(default_factory=dict)
    """The backups whose content could not be read for each fact, as they lie in an archive tier."""
    repositories: dict[str, Told | None] = field(default_factory=dict)
    """Directory to whether the repository in it encrypts; None: there is none."""
    vain: dict[Fact, int] = field(default_factory=dict)
    """How many times in a row each fact, which nobody could tell before, could not be told again."""
    until: int = 0

    def __post_init__(self) -> None:
        self.until = self.collector.calls + MOST_ASKED

    @property
    def spent(self) -> bool:
        """Whether no further request may be made."""
        return self.collector.calls >= self.until

    def ask(self, candidates: Sequence[Candidate]) -> None:
        """Ask everything but checksums of ``candidates``, in their order."""
        wanted = {one.name: facts for one in candidates if (facts := self._wanted(one) - {Fact.CHECKSUM})}
        self._ask_place(frozenset().union(*wanted.values()) & LOCKS, wanted)
        for one in candidates:
            facts = wanted.get(one.name, frozenset()) - self.stopped
            facts -= {fact for fact in facts if self._in_vain(one, fact) and self.vain.get(fact, 0) >= IN_A_ROW}
            if not facts:
                continue
            if self.spent:
                self._leave(facts)
                continue
            try:
                encrypted = self._ask_storage(one, facts & _BY_STORAGE)
                if Fact.CLIENT_ENCRYPTION in facts and not encrypted:
                    self._ask_content(one)
            except NotFound:
                continue  # it went after it was listed
        self._close()

    def _wanted(self, candidate: Candidate) -> frozenset[Fact]:
        """Return what is not known of a candidate yet."""
        facts = self.asked.facts if candidate.size else self.asked.facts - _OF_DATA
        settled = self.asked.settled.get(candidate.name)
        if settled is None or settled.shown != candidate:
            return facts
        known = settled.facts.get(Fact.STORAGE_ENCRYPTION)
        if self.asked.either_encrypts and known is not None and known.holds:
            facts -= {Fact.CLIENT_ENCRYPTION}
        return facts - {fact for fact, told in settled.facts.items() if told.holds is not None}

    def _in_vain(self, candidate: Candidate, fact: Fact) -> bool:
        """Return whether an earlier look asked the same, and nobody could tell.

        Credentials, or another version of drcheck, may tell it now: the newest few show whether it is worth asking.
        """
        settled = self.asked.settled.get(candidate.name)
        return settled is not None and settled.shown == candidate and fact in settled.facts

    def _ask_place(self, facts: frozenset[Fact], wanted: Mapping[str, frozenset[Fact]]) -> None:
        """Ask the place as a whole: what holds for nothing there is not asked of anything there."""
        if not facts:
            return
        try:
            answers = self.collector.describe(None, facts)
        except CollectorError as error:
            self._fail(facts, error)
            return
        for fact in sorted(facts):
            if answers[fact].holds is None:
                self._count(fact, answers[fact])
            elif not answers[fact].holds:
                self.stopped.add(fact)
                self.told += (Described(name, fact, answers[fact]) for name, its in wanted.items() if fact in its)

    def _ask_storage(self, candidate: Candidate, facts: frozenset[Fact]) -> bool:
        """Ask the storage of one candidate; return whether it told that nothing else need be asked."""
        if not facts:
            return False
        try:
            answers = self.collector.describe(candidate.name, facts)
        except NotFound:
            raise
        except CollectorError as error:
            self._fail(facts, error)
            return False
        for fact in sorted(facts):
            self._put(candidate, fact, answers[fact])
            self._count(fact, answers[fact])
        encryption = answers.get(Fact.STORAGE_ENCRYPTION)
        return self.asked.either_encrypts and encryption is not None and encryption.holds is True

    def _count(self, fact: Fact, told: Told, hint: str = _GRANT) -> None:
        """Stop asking for a fact once refusals came one after the other."""
        if told.holds is not None:
            self.answered.add(fact)
            self.refusals.pop(fact, None)
            return
        _, times, _ = self.refusals.get(fact, (told, 0, hint))
        self.refusals[fact] = told, times + 1, hint
        if times + 1 >= IN_A_ROW:
            self.stopped.add(fact)

    def _by_default(self) -> str:
        """Return how the place encrypts what is written to it, where what lies there may not be asked."""
        try:
            told = self.collector.describe(None, frozenset({Fact.STORAGE_ENCRYPTION}))[Fact.STORAGE_ENCRYPTION]
        except CollectorError:
            return ""  # what is refused stands in the gap already
        return f"; by default it encrypts ({told.how}), which tells nothing of what is older" if told.holds else ""

    def _ask_content(self, candidate: Candidate) -> None:
        """Read the first bytes of one candidate, unless the repository that it is a part of answers for it."""
        name = candidate.name
        if (known := self._in_repository(name, seek=False)) is not None:
            self._put(candidate, Fact.CLIENT_ENCRYPTION, known)
            return
        if self._is_frozen(candidate, Fact.CLIENT_ENCRYPTION):
            return
        if self.spent:
            self._leave({Fact.CLIENT_ENCRYPTION})
            return
        try:
            head = self.collector.read(name, at_most=ciphers.HEAD)
            told = ciphers.told(head, candidate.size, lambda offset, most: self._more(name, offset, most))
            if told == ciphers.UNKNOWN:
                told = self._in_repository(name, seek=True) or restic_and_borg.of_segment(head) or told
        except NotFound:
            raise
        except Archived:
            self._freeze(candidate, Fact.CLIENT_ENCRYPTION, "an archive tier")
            return
        except CollectorError as error:
            # One that cannot be read says nothing of the others.
            told = Told(None, error.message)
            self._count(Fact.CLIENT_ENCRYPTION, told, error.hint)
        else:
            # What begins like nothing known was read all the same.
            self.refusals.pop(Fact.CLIENT_ENCRYPTION, None)
            self.answered.add(Fact.CLIENT_ENCRYPTION)
        self._put(candidate, Fact.CLIENT_ENCRYPTION, told)

    def _more(self, name: str, offset: int, at_most: int) -> bytes:
        return self.collector.read(name, offset=offset, at_most=at_most)

    def _in_repository(self, name: str, *, seek: bool) -> Told | None:
        """Return what the repository that ``name`` is a part of says; each is looked for once, if at all."""
        for root in restic_and_borg.roots(name):
            if seek and root not in self.repositories:
                self.repositories[root] = restic_and_borg.at(self.collector, root)
            if (told := self.repositories.get(root)) is not None:
                return told
        return None

    def check(self, candidates: Sequence[Candidate], beside: Mapping[str, Entry] | None) -> None:
        """Compare as much content as may be read with the checksums beside it."""
        lists = checksums.Lists(self.collector, beside or {})
        content, most = self.asked.read_at_most, self.asked.read_at_most
        promised = Fact.CHECKSUM in self.asked.facts
        due = [one for one in candidates if one.complete and self._verifiable(one)]
        wholes = [whole for whole in self.wholes.backups if whole[0].complete and self._verifiable(whole[0])]
        if not promised:
            due = _newest(due)
            newest = {one.name for one in _newest([whole for whole, _ in wholes])}
            wholes = [whole for whole in wholes if whole[0].name in newest]
        if beside is not None and not self._find_missing(wholes, lists, beside):
            return
        own = {
            file: its
            for _, files in wholes
            if (its := list(filter(checksum_names.holds_checksums, files)))
            for file in files
        }
        for one in checksums.in_order(due, begin=self.asked.begin, min_size=self.source.least_size):
            marker = marker_of(self.source.complete_when, one.name)
            names = checksums.side_cars(one.name, marker, beside or {}, own.get(one.name, ()))
            if not names and not (promised and checksums.is_manifest(one)):
                if promised and beside is not None:
                    self._put(one, Fact.CHECKSUM, Told(None, "no checksum is kept beside it"))
                continue
            if not promised and (self.spent or one.size > content or self._lies_in_archive(one)):
                continue
            if self._is_frozen(one, Fact.CHECKSUM):
                continue
            if one.size > most:
                why = f"its {one.size} bytes are more than the {most} that one look may read (read_at_most)"
                self._put(one, Fact.CHECKSUM, Told(None, why))
                continue
            if self.spent or one.size > content:
                self._leave({Fact.CHECKSUM})
                continue
            try:
                content -= self._check(one, lists, names, beside or {})
            except NotFound:
                continue
            except Archived:
                if promised:
                    self._freeze(one, Fact.CHECKSUM, "an archive tier")
                continue
            except CollectorError as error:
                self._fail({Fact.CHECKSUM}, error)
                return
        if count := self.left.pop(Fact.CHECKSUM, 0):
            self.gaps.append(
                Gap(
                    f"{_counted(count)} not read for {'its' if count == 1 else 'their'} checksum in this look",
                    f"A look reads {most} bytes and takes others each day; raise read_at_most to read more.",
                    fact=Fact.CHECKSUM,
                )
            )

    def _find_missing(
        self, wholes: Sequence[tuple[Candidate, Sequence[str]]], lists: checksums.Lists, beside: Mapping[str, Entry]
    ) -> bool:
        """Tell which backups lack a file that a list of checksums names; return whether the lists could be read."""
        for whole, files in wholes:
            own = [name for name in files if checksum_names.holds_checksums(name)]
            marker = marker_of(self.source.complete_when, whole.name)
            for name in checksums.side_cars(whole.name, marker, beside, own):
                if self.spent or self._is_of_before(beside[name], whole):
                    continue
                try:
                    missing = lists.missing(frozenset(files), name, self.wholes.whole_of, whole.name)
                except (NotFound, Archived):
                    continue  # without the list nothing is known to be missing
                except CollectorError as error:
                    self._fail({Fact.CHECKSUM}, error)
                    return False
                if missing:
                    how = f"{missing}, which {name} names, is not there"
                    self._put(whole, Fact.CHECKSUM, Told(False, how, self.asked.begin))
                    break
        return True

    def _is_of_before(self, list_of_sums: Entry, whole: Candidate) -> bool:
        """Return whether a list may be of what the name held before: it is written anew, and the list is too old."""
        if whole.data_hi < whole.available_hi:
            return False  # a name of its own for each backup
        usual = HOUR if self.source.max_duration is None else self.source.max_duration
        return list_of_sums.modified < whole.available_lo - usual

    def _check(
        self, candidate: Candidate, lists: checksums.Lists, names: list[str], beside: Mapping[str, Entry]
    ) -> int:
        """Check one candidate; return how much of its content was read."""
        kept = lists.kept_for(candidate, names) if names else checksums.of_manifest(self.collector, candidate)
        if isinstance(kept, str):
            self._put(candidate, Fact.CHECKSUM, Told(None, kept))
            return 0
        told = checksums.check(self.collector, candidate, kept, begin=self.asked.begin)
        if told is not None and told.holds is False and names:
            if not checksums.is_of(kept, candidate.name):
                told = Told(None, f"the checksum beside it is of {kept.whose}, and differs")
            elif self._is_older(beside[kept.file], candidate):
                told = Told(None, f"the checksum in {kept.file} is of something older: it came before the backup")
            elif lists.again(candidate, names) != kept:
                told = None  # both are being replaced
        if told is not None:
            self._put(candidate, Fact.CHECKSUM, told)
            if told.holds and kept.covers is None and self.asked.tells_apart:
                self._put(candidate, Fact.DIGEST, Told(True, checksums.as_told(kept)))
        return candidate.size

    def _is_older(self, digest: Entry, candidate: Candidate) -> bool:
        """Return whether a file with checksums surely came before a backup, so that it is of what stood there then."""
        arrived = digest.modified if self.source.available_at is Arrival.MTIME else digest.arrived_hi
        return arrived < candidate.available_lo

    def _verifiable(self, candidate: Candidate) -> bool:
        """Return whether a candidate's checksum is to be verified, as far as it is not settled."""
        settled = self.asked.settled.get(candidate.name)
        known = settled is not None and settled.shown == candidate and Fact.CHECKSUM in settled.facts
        return bool(candidate.size) and not known

    def tell_frozen(self) -> None:
        """Say how many backups were not read as they lie in an archive tier."""
        for fact, names in sorted(self.frozen.items()):
            more = f" and {len(names) - 1} more" if names[1:] else ""
            lie = "they lie" if more else "it lies"
            what = f"the {_WORDS[fact]} of {names[0]}{more} cannot be read: {lie} in an archive tier"
            hint = "Keep the newest backups in a tier that is read at once, or rest this on tests of restored copies."
            self.gaps.append(Gap(what, hint, fact=fact))

    def _is_frozen(self, candidate: Candidate, fact: Fact) -> bool:
        """Say of a candidate in an archive tier that its content cannot be read; returns whether it lies in one."""
        if not self._lies_in_archive(candidate):
            return False
        self._freeze(candidate, fact, archive_tiers.named(self.archived[candidate.name].how).title)
        return True

    def _lies_in_archive(self, candidate: Candidate) -> bool:
        """Return whether a candidate surely lies in an archive tier; where the listing cannot tell, reading shows."""
        told = self.archived.get(candidate.name)
        return told is not None and told.holds is True

    def _freeze(self, candidate: Candidate, fact: Fact, tier: str) -> None:
        """Say that the content cannot be read; that is no refusal after which others need not be asked."""
        told = Told(None, f"it lies in {tier}, and cannot be read before it is brought back")
        self.told.append(Described(candidate.name, fact, told))
        self.frozen.setdefault(fact, []).append(candidate.name)

    def _put(self, candidate: Candidate, fact: Fact, told: Told) -> None:
        if self._in_vain(candidate, fact):
            self.vain[fact] = self.vain.get(fact, 0) + 1 if told.holds is None else 0
        self.told.append(Described(candidate.name, fact, told))

    def _leave(self, facts: frozenset[Fact] | set[Fact]) -> None:
        for fact in facts:
            self.left[fact] = self.left.get(fact, 0) + 1

    def _fail(self, facts: frozenset[Fact] | set[Fact], error: CollectorError) -> None:
        """Stop asking for ``facts``, as the place could not be asked."""
        self.stopped |= facts
        self.gaps += (replace(looks.gap(error), fact=fact) for fact in sorted(facts))

    def _close(self) -> None:
        """Say what was refused, and what is left for the next looks."""
        for fact, (told, _, hint) in sorted(self.refusals.items()):
            if fact in self.answered - self.stopped:
                continue  # of single ones, which are told by name
            default = self._by_default() if fact is Fact.STORAGE_ENCRYPTION else ""
            self.gaps.append(Gap(f"the {_WORDS[fact]} of backups cannot be told: {told.how}{default}", hint, fact=fact))
        for fact, count in sorted(self.left.items()):
            what = f"{_counted(count)} not asked for {'its' if count == 1 else 'their'} {_WORDS[fact]} yet"
            hint = f"The next runs go on with them, newest first, {MOST_ASKED} requests each."
            self.gaps.append(Gap(what, hint, fact=fact))
        self.left.clear()


def _newest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the newest few of each data set; files of one backup are of one instant, and count once."""
    found: dict[str, dict[int, list[Candidate]]] = {}
    for one in sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True):
        found.setdefault(one.of, {}).setdefault(one.data_hi, []).append(one)
    return [one for those in found.values() for its in islice(those.values(), MOST_VERIFIED) for one in its]


def _counted(count: int) -> str:
    return "1 backup was" if count == 1 else f"{count} backups were"
