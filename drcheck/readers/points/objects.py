"""Backups that lie as files or objects: the name tells data set, instant and kind, the place tells arrival and size.

What does not match the template (side-cars, partial files, anything else) is counted and is never a candidate. Times
are judged as ``judging.md`` says: what is uncertain stays a pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec.structs import replace

from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import LONG_AGO, Candidate, Described, Fact, FactValue, Gap
from drcheck.core.model.observation import Observation
from drcheck.core.model.policy import Source
from drcheck.core.names.source_naming import matcher_of, names_of
from drcheck.errors import DrcheckError
from drcheck.interfaces import Collector, CollectorError, LookRequest
from drcheck.readers import look_clock
from drcheck.readers.content import fingerprints
from drcheck.readers.content.checksum_names import holds_checksums
from drcheck.readers.points import lists_beside, retained_versions, unfinished
from drcheck.readers.points.candidates import Candidates
from drcheck.readers.points.listing import Listing
from drcheck.readers.points.multi_file_facts import files_of, joined_facts
from drcheck.readers.points.unaccounted_names import unaccounted


def read(collector: Collector, source: Source, name: str, asked: LookRequest) -> Observation:
    """Look at a source whose backups are told by their names; ``name`` is not used, the whole place is looked at."""
    del name
    try:
        templates, zone = names_of(source)
        listing = Listing(collector, source, asked, templates, zone, matcher_of(source))
    except DrcheckError as error:
        gap = Gap(error.message, error.hint)
        return Observation(look_clock.close_look(source, asked, asked_from=LONG_AGO, gaps=(gap,)))
    before = collector.calls
    if asked.facts:
        # Imported here: few policies promise more than what a listing shows, and it takes all that reads contents.
        from drcheck.readers.content import fact_requests

        if locks := asked.facts & fact_requests.LOCKS:
            # Azure's listing tells of locks where the place has told that there may be any. What fails now fails again.
            with suppress(CollectorError):
                collector.describe(None, locks)
    asked_from = listing.gather()
    listing.look_around()
    gaps, offset = tuple(listing.gaps), None
    if Fact.EARLIER in asked.facts:
        asked = replace(asked, facts=asked.facts - {Fact.EARLIER})
        gaps += () if gaps else retained_versions.retained(collector, listing)
    if not gaps or listing.rows:
        offset, beyond = look_clock.clock_of(collector, source, asked)
        gaps += beyond
    ahead = offset if offset is not None and abs(offset) > asked.clock_tolerance else 0.0
    made = Candidates(listing, fresh_from=asked.begin + int(offset or 0) - unfinished.FRESH)
    candidates = made.make(ahead)
    archived = listing.archived()
    made.states += unfinished.doubted(collector, made.fresh)
    doubted = {state.name for state in made.states}
    settled = (name for name in candidates.name if name in asked.states and name not in doubted)
    at_rest = {name: listing.rows[name][1] for name in settled if name in listing.rows}
    made.states += unfinished.settled(at_rest, asked.states)
    described = (*made.states, *_tiers(candidates, made, archived))
    if Fact.INODE in asked.facts:
        asked = replace(asked, facts=asked.facts - {Fact.INODE})
        described += tuple(Described(name, Fact.INODE, FactValue(True, which)) for name, which in made.inodes.items())
    linked, beyond_links = listing.linked()
    gaps += listing.markers.manifests.gaps() + linked + listing.unread_sums()
    asked_from = max(asked_from, beyond_links)
    lists_beside.find(listing, candidates, made.names_of)
    kept = listing.kept_within() if asked.facts or asked.verify else {}
    if asked.facts or (asked.verify and (kept or any(map(holds_checksums, listing.others)))):
        from drcheck.readers.content import checksum_verification, fact_requests

        beside = None if listing.gaps else {**listing.others, **kept}
        # As beside a backup that is one file, what only holds checksums is not asked for anything itself.
        files = {of: [one for one in its if one[1].name not in kept] for of, its in made.files.items()}
        each, of_each = files_of(candidates, files, asked)
        several = [(one, made.names_of(one)) for one in candidates if one.pieces is not None]
        its_files = checksum_verification.BackupFiles(
            {name: entry for name, (_, entry) in listing.rows.items()},
            several,
            lambda name: its.whole if (its := listing.match(name)) else "",
        )
        more, untold = fact_requests.describe(collector, source, each, of_each, beside, archived, its_files)
        described, gaps = described + joined_facts(more, candidates, files), gaps + untold
    # What lies in an archive tier cannot be read, nor what has a file there.
    at_hand = candidates
    if archived:
        there = (row for row, one in enumerate(candidates) if archived.keys().isdisjoint(made.names_of(one)))
        at_hand = candidates.only(list(there))
    alike, unread = fingerprints.take(
        collector, source, at_hand, made.files, asked, {} if listing.gaps else listing.others
    )
    described, gaps = described + alike, gaps + unread
    return Observation(
        look=look_clock.close_look(
            source,
            asked,
            asked_from=asked_from,
            gaps=gaps,
            clock_offset=offset,
            calls=collector.calls - before,
            names=len(listing.rows) + len(listing.others),
            matched=len(listing.rows),
            unaccounted=unaccounted(source, listing.rows.last_modified(), listing.others, asked, listing.accounts_for)
            or listing.links_alone(),
        ),
        candidates=candidates,
        described=described,
        unlisted=tuple(sorted(listing.unlisted)),
        unread=len(listing.others),
    )


def _tiers(candidates: Iterable[Candidate], made: Candidates, archived: Mapping[str, FactValue]) -> Iterator[Described]:
    """Yield which candidates lie in an archive tier; of several files the slowest decides."""
    if not archived:
        return
    for one in candidates:
        told = archive_tiers.slowest(archived[name] for name in made.names_of(one) if name in archived)
        if told is not None and told != archive_tiers.AT_HAND:
            yield Described(one.name, Fact.ARCHIVED, told)
