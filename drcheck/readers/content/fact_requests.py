"""After a listing: what must be known of each backup beside it, asked with the fewest requests.

Newest data first, as much as one look may ask; the ledger keeps what was told, so the next looks go on where this one
ended. What cannot be asked is a gap of that fact alone: the listing stays whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import field

from drcheck.core.model.evidence import Candidate, Described, Fact, FactValue, Gap
from drcheck.core.model.policy import Source
from drcheck.interfaces import Archived, Collector, CollectorError, Entry, LookRequest, NotFound
from drcheck.readers.content import ciphers, repository_encryption
from drcheck.readers.content.checksum_verification import BackupFiles, ChecksumVerification
from drcheck.readers.content.request_budget import FACT_NAMES, IN_A_ROW, MOST_ASKED, FactRequests, backups_counted

LOCKS: Final = frozenset({Fact.LOCK, Fact.LEGAL_HOLD})
_BY_STORAGE: Final = LOCKS | {Fact.STORAGE_ENCRYPTION}
_OF_DATA: Final = frozenset({Fact.STORAGE_ENCRYPTION, Fact.CLIENT_ENCRYPTION, Fact.CHECKSUM})
"""Facts of the data itself: what is empty has none."""
_GRANT: Final = (
    "Grant the right to see this, if there is one (docs/connections.md); else a commitment of its own can rest on an "
    "attestation."
)


def describe(
    collector: Collector,
    source: Source,
    candidates: Sequence[Candidate],
    asked: LookRequest,
    beside: Mapping[str, Entry] | None = None,
    archived: Mapping[str, FactValue] | None = None,
    files: BackupFiles | None = None,
) -> tuple[tuple[Described, ...], tuple[Gap, ...]]:
    """Return what ``asked.facts`` of ``candidates`` are, as far as one look may ask, and what could not be asked.

    ``beside`` is what was listed and is no backup, by name; None: the listing broke off, so that it is not known what
    lies there. ``archived`` says of candidates whether they lie in an archive tier: the content of those is not read.
    ``files`` are those that backups consist of. Nothing raises: each gap names its fact.
    """
    asking = _Describing(collector, source, asked, archived or {})
    asking.ask(sorted(candidates, key=lambda one: (one.data_hi, one.name), reverse=True))
    if Fact.CHECKSUM in asked.facts or asked.verify:
        ChecksumVerification(asking, files or BackupFiles(), candidates, beside).check()
    asking.tell_frozen()
    return tuple(asking.told), tuple(asking.gaps)


class _Describing(FactRequests):
    """Asks everything but checksums."""

    answered: set[Fact] = field(default_factory=set)
    """Facts that were told of at least one backup."""
    refusals: dict[Fact, tuple[FactValue, int, str]] = field(default_factory=dict)
    """The newest answer of each fact if it was a refusal, how many times in a row it came, and what to do about it."""
    repositories: dict[str, FactValue | None] = field(default_factory=dict)
    """Directory to whether the repository in it encrypts; None: there is none."""

    def ask(self, candidates: Sequence[Candidate]) -> None:
        """Ask everything but checksums of ``candidates``, in their order."""
        wanted = {one.name: facts for one in candidates if (facts := self._wanted(one) - {Fact.CHECKSUM})}
        self._ask_place(frozenset().union(*wanted.values()) & LOCKS, wanted)
        for one in candidates:
            facts = wanted.get(one.name, frozenset()) - self.stopped
            facts -= {fact for fact in facts if self.in_vain(one, fact) and self.vain.get(fact, 0) >= IN_A_ROW}
            if not facts:
                continue
            if self.spent:
                self.leave(facts)
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

    def _ask_place(self, facts: frozenset[Fact], wanted: Mapping[str, frozenset[Fact]]) -> None:
        """Ask the place as a whole: what holds for nothing there is not asked of anything there."""
        if not facts:
            return
        try:
            answers = self.collector.describe(None, facts)
        except CollectorError as error:
            self.fail(facts, error)
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
            self.fail(facts, error)
            return False
        for fact in sorted(facts):
            self.put(candidate, fact, answers[fact])
            self._count(fact, answers[fact])
        encryption = answers.get(Fact.STORAGE_ENCRYPTION)
        return self.asked.either_encrypts and encryption is not None and encryption.holds is True

    def _count(self, fact: Fact, told: FactValue, hint: str = _GRANT) -> None:
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
            self.put(candidate, Fact.CLIENT_ENCRYPTION, known)
            return
        if self.is_frozen(candidate, Fact.CLIENT_ENCRYPTION):
            return
        if self.spent:
            self.leave({Fact.CLIENT_ENCRYPTION})
            return
        try:
            head = self.collector.read(name, at_most=ciphers.HEAD)
            told = ciphers.encryption_of(head, candidate.size, lambda offset, most: self._more(name, offset, most))
            if told == ciphers.UNKNOWN:
                told = self._in_repository(name, seek=True) or repository_encryption.of_segment(head) or told
        except NotFound:
            raise
        except Archived:
            self.freeze(candidate, Fact.CLIENT_ENCRYPTION, "an archive tier")
            return
        except CollectorError as error:
            # One that cannot be read says nothing of the others.
            told = FactValue(None, error.message)
            self._count(Fact.CLIENT_ENCRYPTION, told, error.hint)
        else:
            # What begins like nothing known was read all the same.
            self.refusals.pop(Fact.CLIENT_ENCRYPTION, None)
            self.answered.add(Fact.CLIENT_ENCRYPTION)
        self.put(candidate, Fact.CLIENT_ENCRYPTION, told)

    def _more(self, name: str, offset: int, at_most: int) -> bytes:
        return self.collector.read(name, offset=offset, at_most=at_most)

    def _in_repository(self, name: str, *, seek: bool) -> FactValue | None:
        """Return what the repository that ``name`` is a part of says; each is looked for once, if at all."""
        for root in repository_encryption.roots(name):
            if seek and root not in self.repositories:
                self.repositories[root] = repository_encryption.at(self.collector, root)
            if (told := self.repositories.get(root)) is not None:
                return told
        return None

    def _close(self) -> None:
        """Say what was refused, and what is left for the next looks."""
        for fact, (told, _, hint) in sorted(self.refusals.items()):
            if fact in self.answered - self.stopped:
                continue  # of single ones, which are told by name
            default = self._by_default() if fact is Fact.STORAGE_ENCRYPTION else ""
            self.gaps.append(
                Gap(f"the {FACT_NAMES[fact]} of backups cannot be told: {told.how}{default}", hint, fact=fact)
            )
        for fact, count in sorted(self.left.items()):
            what = f"{backups_counted(count)} not asked for {'its' if count == 1 else 'their'} {FACT_NAMES[fact]} yet"
            hint = f"The next runs go on with them, newest first, {MOST_ASKED} requests each."
            self.gaps.append(Gap(what, hint, fact=fact))
        self.left.clear()
