"""A source's state as bytes, so that a night need not fold all entries again: a head, and its stretches of old data.

Snapshots are derived: each can be dropped, and is made anew from the entries. Like entries they are CBOR, compressed.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

import cbor2
from msgspec import Struct
from msgspec.structs import replace

from drcheck.core.history.likeness import Likeness
from drcheck.core.history.look_changes import LookChanges
from drcheck.core.history.looks import Looks, Reach
from drcheck.core.history.sealed_stretches import Index, NewestData, Sealed, StretchSightings, index, seal
from drcheck.core.history.sighting_table import SightingTable
from drcheck.core.history.sightings import Sighting
from drcheck.core.history.source_history import History
from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, LastTold
from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.commitments import Standing
from drcheck.core.model.evidence import FOREVER, LONG_AGO, Fact, FactValue
from drcheck.core.time.spans import Span
from drcheck.ledger import byte_planes, encoding, entries, look_columns, notifications
from drcheck.ledger.drills import DrillAnnounced, DrillsState, DrillTold
from drcheck.ledger.interface import Log
from drcheck.ledger.look_columns import Facts, read_text, writable_text
from drcheck.ledger.state import ChannelState, Key, PastPolicy, PastRun, PastVerdict, SourceState, State, fold

_LEVEL: Final = 1
_HOLDS: Final = (None, False, True)


def packed(value: Any) -> bytes:
    """Return a value as compressed CBOR."""
    return zlib.compress(cbor2.dumps(value, canonical=True), _LEVEL)


def unpacked(data: bytes) -> Any:
    """Return what :func:`packed` was given."""
    return cbor2.loads(zlib.decompress(data))


class StoredShelf(Struct):
    """The stretches of one source, as the log keeps them; one that is lost is made anew from the entries."""

    log: Log
    key: Key
    upto: int
    """The entry after which the snapshot was made."""
    written_at: Mapping[int, int]
    """Stretch to the entry after which it was written: a run may have put another one in its place meanwhile."""
    _folded: History | None = None

    def load(self, stretch: int) -> StretchSightings:
        """Return all of a stretch."""
        facts = self._part(stretch, "rows")
        return self._fold(stretch) if facts is None else read_rows(facts)

    def table(self, stretch: int) -> SightingTable:
        """Return all of a stretch as columns."""
        facts = self._part(stretch, "rows")
        return table(written_sightings(self._fold(stretch)) if facts is None else facts)

    def index(self, stretch: int) -> Index:
        """Return the hashes of a stretch."""
        facts = self._part(stretch, "index")
        return (
            index(self._fold(stretch))
            if facts is None
            else Index(*(byte_planes.read(facts[what], "Q") for what in ("names", "contents")))
        )

    def _part(self, stretch: int, what: str) -> Facts | None:
        data = self.log.kept(part(entries.source_key(*self.key), stretch, what))
        facts: Facts = {} if data is None else unpacked(data)
        return facts if facts.get("at") == self.written_at[stretch] else None

    def _fold(self, stretch: int) -> StretchSightings:
        if self._folded is None:
            self._folded = fold(self.log, State(), {self.key}, upto=self.upto).source(self.key).history
        return rows_of(self._folded, {stretch})[stretch]


class SnapshotLost(Exception):  # noqa: N818  a word that reads well where it is caught
    """There is no snapshot, or a part of it that all else hangs on is damaged: the entries are folded instead."""


class Mixed(SnapshotLost):
    """Parts of the snapshot that are whole are not of one time."""


def part(name: str, stretch: int, what: str) -> str:
    """Return the name of one part of a stretch."""
    return f"{name}\n{stretch}\n{what}"


def stretches(history: History, name: str, at: int) -> tuple[dict[str, bytes], dict[int, Sealed]]:
    """Return the stretches that changed as bytes by name, and what must be known of each without reading it."""
    parts: dict[str, bytes] = {}
    sealed: dict[int, Sealed] = {}
    for stretch, both in rows_of(history, history.changed).items():
        hashes = index(both)
        parts[part(name, stretch, "rows")] = packed({"at": at, **written_sightings(both)})
        parts[part(name, stretch, "index")] = packed(
            {
                "at": at,
                "names": byte_planes.written_integers(hashes.names),
                "contents": byte_planes.written_integers(hashes.contents),
            }
        )
        sealed[stretch] = seal(both, at)
    return parts, sealed


def rows_of(history: History, only: AbstractSet[int]) -> dict[int, StretchSightings]:
    """Return the sightings in memory of the stretches ``only``, in an order that does not hang on how they came."""
    found: dict[int, tuple[list[Sighting], list[Sighting]]] = {stretch: ([], []) for stretch in only}
    for which, sightings in enumerate((history.standing.peeks(only), history.past)):
        for seen in sightings:
            if (its := found.get(seen.stretch)) is not None:
                its[which].append(seen)
    for its in found.values():
        for those in its:
            those.sort(key=lambda seen: (seen.shown.name, seen.first_seen, seen.last_seen))
    return {stretch: StretchSightings(*its) for stretch, its in found.items()}


def all_known(source: SourceState) -> Facts:
    """Return all that is known of a source, however it came to be known, for comparing."""
    history = source.history
    history.read_all()
    stretches = rows_of(history, {*history.standing.stretches(), *(seen.stretch for seen in history.past)})
    return {
        **_head(source, {}),
        "rows": {stretch: written_sightings(both) for stretch, both in sorted(stretches.items())},
    }


def sealed_facts(sealed: dict[int, Sealed]) -> list[Any]:
    """Return what is known of stretches without reading them, as it is written."""
    return [
        [
            stretch, one.at, one.broken_since, one.rotten,
            [
                [
                    writable_text(of), its.data_lo, its.data_hi, its.standing, its.in_order, its.oldest,
                    *map(writable_text, its.names or ()),
                ]
                for of, its in one.newest.items()
            ],
        ]
        for stretch, one in sealed.items()
    ]  # fmt: skip


def read_sealed(facts: Sequence[Any]) -> dict[int, Sealed]:
    """Return what :func:`sealed_facts` was given."""
    return {
        stretch: Sealed(
            {
                read_text(of): NewestData(
                    data_lo,
                    data_hi,
                    standing,
                    (read_text(names[0]), read_text(names[1])) if names else None,
                    in_order,
                    oldest,
                )
                for of, data_lo, data_hi, standing, in_order, oldest, *names in newest
            },
            broken_since,
            rotten,
            at,
        )
        for stretch, at, broken_since, rotten, newest in facts
    }


def written_sightings(both: StretchSightings) -> Facts:
    """Return the sightings of a stretch as they are written."""
    sightings = [*both.standing, *both.past]
    row_of = {id(seen): row for row, seen in enumerate(sightings)}
    return {"standing": len(both.standing), **_written(sightings, row_of)}


def _written(sightings: Sequence[Sighting], row_of: dict[int, int]) -> dict[str, Any]:
    return {
        "names": byte_planes.written_names([seen.shown.name for seen in sightings]),
        "shown": look_columns.written_texts(CandidateColumns.made_of(seen.shown for seen in sightings)),
        "integers": _written_integers(sightings),
        "gone": [[row, seen.gone_lo, seen.gone_hi] for row, seen in enumerate(sightings) if seen.gone_lo != FOREVER],
        "replaced": [
            [row, row_of.get(id(seen.replaced_by), -1), seen.replaced_by.data_lo, seen.in_a_row]
            for row, seen in enumerate(sightings)
            if seen.replaced_by is not None
        ],
        "rewritings": [
            [row, _written(seen.rewritings, {id(one): number for number, one in enumerate(seen.rewritings)})]
            for row, seen in enumerate(sightings)
            if seen.rewritings
        ],
        "like": [[row, seen.like.value] for row, seen in enumerate(sightings) if seen.like is not Likeness.SAME],
        "whole": [
            [row, seen.formed, seen.whole, None if seen.lost_from == FOREVER else seen.lost_from]
            for row, seen in enumerate(sightings)
            if seen.formed != LONG_AGO
        ],
        "facts": [
            [row, fact.value, look, _HOLDS.index(told.holds), writable_text(told.how), told.until]
            for row, seen in enumerate(sightings)
            for fact, steps in seen.facts.items()
            for look, told in steps
        ],
    }


def read_rows(facts: Facts) -> StretchSightings:
    """Return what :func:`written_sightings` was given."""
    sightings = _read(facts)
    return StretchSightings(sightings[: facts["standing"]], sightings[facts["standing"] :])


_INTEGERS: Final[Mapping[str, tuple[str, Callable[[Sighting], int]]]] = {
    "data_lo": ("", lambda seen: seen.shown.data_lo),
    "data_hi": ("data_lo", lambda seen: seen.shown.data_hi),
    "available_lo": ("", lambda seen: seen.shown.available_lo),
    "available_hi": ("available_lo", lambda seen: seen.shown.available_hi),
    "size": ("", lambda seen: seen.shown.size),
    "first_data_lo": ("data_lo", lambda seen: seen.data_lo),
    "first_data_hi": ("data_hi", lambda seen: seen.data_hi),
    "known_available_lo": ("available_lo", lambda seen: seen.available_lo),
    "known_available_hi": ("available_hi", lambda seen: seen.available_hi),
    "first_seen": ("", lambda seen: seen.first_seen),
    "last_seen": ("first_seen", lambda seen: seen.last_seen),
}
"""Columns of integers by their key: the one before to which each is mostly equal, and then not written; its value."""


def _written_integers(sightings: Sequence[Sighting]) -> Facts:
    made = {key: array("q", map(value, sightings)) for key, (_, value) in _INTEGERS.items()}
    return {
        key: byte_planes.written_integers(made[key])
        for key, (base, _) in _INTEGERS.items()
        if made[key] != made.get(base)
    }


def _read_integers(facts: Facts) -> dict[str, array[int]]:
    """Return the columns by their keys; where two are equal they are the same."""
    found: dict[str, array[int]] = {}
    for key, (base, _) in _INTEGERS.items():
        found[key] = byte_planes.read(facts[key]) if key in facts else found[base]
    return found


def _read(facts: Facts) -> list[Sighting]:
    its = _read_integers(facts["integers"])
    # Each look showed many: they share its instant.
    shared: dict[int, int] = {}
    first_seen, last_seen = (
        [shared.setdefault(look, look) for look in its[key]] for key in ("first_seen", "last_seen")
    )
    sightings = list(
        map(
            Sighting,
            _shown(facts, its),
            its["first_data_lo"],
            its["first_data_hi"],
            its["known_available_lo"],
            its["known_available_hi"],
            first_seen,
            last_seen,
        )
    )
    for row, lo, hi in facts["gone"]:
        sightings[row].gone_lo, sightings[row].gone_hi = lo, hi
    _tell(facts, dict(enumerate(sightings)))
    return sightings


def table(facts: Facts) -> SightingTable:
    """Return what :func:`written_sightings` was given as columns, and what these do not tell wholly as sightings."""
    its = _read_integers(facts["integers"])
    shown = _shown(facts, its)
    gone_lo, gone_hi = (array("q", [FOREVER]) * len(shown) for _ in range(2))
    for row, lo, hi in facts["gone"]:
        gone_lo[row], gone_hi[row] = lo, hi
    rows = SightingTable(
        shown.name, shown.of, shown.kind, shown.data_lo, shown.data_hi,
        its["known_available_lo"], its["known_available_hi"], shown.size, shown.checksum,
        its["first_seen"], its["last_seen"], gone_lo, gone_hi,
    )  # fmt: skip
    odd = set() if all(shown.complete) else {row for row, whole in enumerate(shown.complete) if not whole}
    odd.update(row for key in ("rewritings", "like", "whole", "facts") for row, *_ in facts[key])
    odd.update(row for pair in facts["replaced"] for row in pair[:2] if row >= 0)
    for first, last in (("first_data_lo", "data_lo"), ("first_data_hi", "data_hi")):
        if its[first] is not its[last]:
            odd.update(row for row, (one, other) in enumerate(zip(its[first], its[last], strict=True)) if one != other)
    special: dict[int, Sighting] = {}
    for row in odd:
        seen = rows.sighting(row)
        seen.shown = shown[row]
        seen.data_lo, seen.data_hi = its["first_data_lo"][row], its["first_data_hi"][row]
        special[row] = seen
    _tell(facts, special)
    return replace(rows, special=special) if special else rows


def _shown(facts: Facts, its: Mapping[str, array[int]]) -> CandidateColumns:
    """Return candidates as the newest look showed each."""
    return CandidateColumns(
        **look_columns.read_texts(facts["shown"]),
        name=byte_planes.read_names(facts["names"]),
        data_lo=its["data_lo"],
        data_hi=its["data_hi"],
        available_lo=its["available_lo"],
        available_hi=its["available_hi"],
        size=its["size"],
    )


def _tell(facts: Facts, sightings: Mapping[int, Sighting]) -> None:
    """Add to ``sightings``, by row, what columns do not tell of them."""
    for row, by, data, in_a_row in facts["replaced"]:
        seen = sightings[row]
        # What replaced it lies in another stretch where only its beginning matters.
        seen.replaced_by = sightings.get(by) or Sighting(seen.shown, data, data, data, data, 0, 0)
        seen.in_a_row = in_a_row
    for row, its in facts["rewritings"]:
        sightings[row].rewritings = _read(its)
    for row, like in facts["like"]:
        sightings[row].like = Likeness(like)
    for row, formed, whole, lost_from in facts["whole"]:
        seen = sightings[row]
        seen.formed, seen.whole = formed, whole
        seen.lost_from = FOREVER if lost_from is None else lost_from
    for row, fact, look, holds, how, until in facts["facts"]:
        sightings[row].steps_of(Fact(fact)).append((look, FactValue(_HOLDS[holds], read_text(how), until)))


def _head(source: SourceState, sealed: dict[int, Sealed]) -> Facts:
    """Return everything of a source but its candidates, as it is written."""
    history = source.history
    return {
        "looks": [byte_planes.written_integers(column) for column in history.looks.columns],
        "hidden": [row for row, look in enumerate(history.looks) if not look.complete],
        "last": look_columns.written_changes(LookChanges(history.looks[-1])) if history.looks else {},
        "turnovers": [[writable_text(of), again, looks] for (of, again), looks in history.turnovers.items()],
        "ended": _written([seen for seen, _ in history.ended], {}),
        "ended_again": [again for _, again in history.ended],
        "unlisted": [writable_text(name) for name in history.unlisted],
        "unread": history.unread,
        "unaccounted": look_columns.written_names(history.unaccounted),
        "told": look_columns.stretches(history.stretches),
        "tests": look_columns.tests(history.tests),
        "inventories": [look_columns.inventory(one) for one in history.inventories],
        "stretches": sealed_facts(sealed),
        "log": source.log,
        "standing": source.standing.name,
    }


def _read_head(facts: Facts, log: Log, key: Key, upto: int) -> SourceState:
    begin, took, asked_from, size = map(byte_planes.read, facts["looks"])
    newest = look_columns.read(facts["last"]).look if begin else None
    looks = Looks.of(begin, took, asked_from, size, facts["hidden"], newest=newest)
    sealed = read_sealed(facts["stretches"])
    history = History(
        looks=looks,
        unlisted=tuple(map(read_text, facts["unlisted"])),
        unread=facts["unread"],
        unaccounted=look_columns.read_names(facts["unaccounted"]),
        stretches=look_columns.read_stretches(facts["told"]),
        tests=dict.fromkeys(look_columns.read_tests(facts["tests"])),
        inventories=[look_columns.read_inventory(one) for one in facts["inventories"]],
        sealed=dict(sealed),
        origin=sealed,
        shelf=StoredShelf(log, key, upto, {stretch: one.at for stretch, one in sealed.items()}),
        turnovers={(read_text(of), again): list(its) for of, again, its in facts["turnovers"]},
        ended=list(zip(_read(facts["ended"]), facts["ended_again"], strict=True)) if facts["ended_again"] else [],
        reach=Reach.of(looks),
    )
    return SourceState(history, Standing[facts["standing"]], facts["log"])


STATE: Final = "state"
"""Name of the part that holds all but the sources."""
FORMAT: Final = 15
"""Of all parts. A snapshot of another format, which another version of drcheck made, is none."""


def position(log: Log) -> int:
    """Return after which entry the snapshot is; 0: there is none."""
    try:
        return int(_state(log)["upto"])
    except SnapshotLost:
        return 0


def _state(log: Log) -> Facts:
    data = log.kept(STATE)
    facts: Facts = {} if data is None else unpacked(data)
    if facts.get("format") != FORMAT:
        raise SnapshotLost(STATE)
    return facts


def of_state(state: State, source_of: Callable[[Key], SourceState]) -> dict[str, bytes]:
    """Return a whole state as parts by name; what did not change since it was read from a snapshot is left out.

    ``source_of`` reads a source, of those that have changed one after the other: all of them need not fit into memory.
    """
    parts: dict[str, bytes] = {}
    heads = dict(state.heads)
    for key in state.unread:
        name, source = entries.source_key(*key), source_of(key)
        fresh, sealed = stretches(source.history, name, state.upto)
        parts |= fresh
        parts[name] = packed({"at": state.upto, **_head(source, source.history.origin | sealed)})
        heads[key] = state.upto
    written = {entries.source_key(*key).encode("utf-8", "surrogatepass"): at for key, at in heads.items()}
    parts[STATE] = packed({**small(state), "heads": written})
    return parts


def small(state: State) -> Facts:
    """Return all that is known but what is known of sources, however it came to be known, as it is written."""
    its = state.compacted()
    return {
        "format": FORMAT,
        "upto": its.upto,
        "sources": sorted(entries.source_key(*key).encode("utf-8", "surrogatepass") for key in its.looked_at),
        "runs": [
            [encoding.encode(run.began), run.number, run.state, run.published, sorted(run.judged)]
            for run in its.runs.values()
        ],
        "policies": [[one.service, writable_text(one.file), *one[2:]] for one in its.policies],
        "texts": its.texts,
        "retired": its.retired,
        "judged_until": its.judged_until,
        "jobs": {writable_text(job): began for job, began in its.jobs.items()},
        "channels": [[writable_text(name), *_channel(channel)] for name, channel in its.channels.items()],
        "drills": [
            [service, one.shown, [[number, encoding.encode(entry)] for number, entry in one.told]]
            for service, one in sorted(its.drills.items())
        ],
        "named": [[number, writable_text(entries.source_key(*key))] for number, key in its.named.items()],
        "verdicts": [
            [one.run, service, commitment, look_columns.without_empty(one.found.facts())]
            for (service, commitment), verdicts in sorted(its.verdicts.items())
            for one in verdicts
        ],
        "shown": [[*key, [list(span) for span in spans]] for key, spans in sorted(its.shown.items())],
    }


def read_state(log: Log, wanted: Collection[Key] | None) -> State:
    """Return the snapshot's state, of sources only those ``wanted``; raises :class:`SnapshotLost` without one."""
    facts = _state(log)
    if facts["upto"] > log.count:
        raise Mixed(STATE)
    state = State(
        upto=facts["upto"], texts=facts["texts"], retired=facts["retired"], judged_until=facts["judged_until"],
        jobs={read_text(job): began for job, began in facts["jobs"].items()},
        channels={read_text(name): _read_channel(*rest) for name, *rest in facts["channels"]},
    )  # fmt: skip
    state.policies = [PastPolicy(service, read_text(file), *rest) for service, file, *rest in facts["policies"]]
    for began, number, how, published, judged in facts["runs"]:
        run = encoding.decode(began)
        assert isinstance(run, entries.RunBegan)
        state.runs[run.run] = PastRun(run, number, how, published=published, judged=set(judged))
    for service, shown, told in facts["drills"]:
        drills = state.drills[service] = DrillsState(shown=shown)
        for number, data in told:
            entry = encoding.decode(data)
            assert isinstance(entry, DrillTold | DrillAnnounced)
            drills.apply(number, entry)
    state.named = {number: Key(*entries.of_source(read_text(name))) for number, name in facts["named"]}
    for run_id, service, commitment, found in facts["verdicts"]:
        verdict = entries.RecordedVerdict.read(service, commitment, found)
        its = state.verdicts.setdefault((service, commitment), [])
        its.append(PastVerdict(run_id, state.runs[run_id].began.window, verdict))
    for service, commitment, spans in facts["shown"]:
        state.shown[service, commitment] = tuple(Span(*span) for span in spans)
    state.kept_upto = state.upto
    state.heads = {Key(*entries.of_source(read_text(name))): at for name, at in facts["heads"].items()}
    for key, at in state.heads.items():
        if wanted is None or key in wanted:
            state.sources[key] = read_source(log, key, at, state.upto)
    return state


def _channel(channel: ChannelState) -> list[Any]:
    known = [[key.what.value, key.service, writable_text(key.name), *told] for key, told in channel.known.items()]
    return [known, notifications.written_events(channel.waiting), channel.claimed_at, channel.claimed_by]


def _read_channel(
    known: Sequence[Any], waiting: Sequence[Any], claimed_at: int | None, claimed_by: str
) -> ChannelState:
    return ChannelState(
        {
            ConditionSubject(ConditionKind(what), service, read_text(name)): LastTold(
                since, told_at, holds, tuple(began), *rest
            )
            for what, service, name, since, told_at, holds, began, *rest in known
        },
        list(notifications.read_events(waiting)),
        claimed_at,
        claimed_by,
    )


def read_source(log: Log, key: Key, at: int, upto: int) -> SourceState:
    """Return a source of the snapshot that was made after entry ``upto``, the source's own part of it after ``at``.

    Raises :class:`SnapshotLost` where it is not there.
    """
    name = entries.source_key(*key)
    head = log.kept(name)
    if head is None:
        raise SnapshotLost(name)
    its = unpacked(head)
    if its["at"] != at:
        raise Mixed(name)
    return _read_head(its, log, key, upto)
