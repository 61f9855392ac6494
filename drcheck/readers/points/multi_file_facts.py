"""Facts of a backup of several files: each file is asked, and what holds for the whole must hold for every one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from drcheck.core.model.evidence import Candidate, Described, Fact, FactValue, Settled
from drcheck.interfaces import Entry, LookRequest


def files_of(
    candidates: Sequence[Candidate], files: Mapping[str, Sequence[tuple[str, Entry]]], asked: LookRequest
) -> tuple[list[Candidate], LookRequest]:
    """Return the candidates with each file in the place of what consists of several, and what is asked of them.

    ``files`` are by the name of such a backup, each with its name within it. What is settled of a backup is settled of
    its files.
    """
    if not files:
        return list(candidates), asked
    each: list[Candidate] = []
    settled: dict[str, Settled] = dict(asked.settled)
    for one in candidates:
        if one.pieces is None:
            each.append(one)
            continue
        known = asked.settled.get(one.name)
        for _, file in files[one.name]:
            its = one._replace(name=file.name, size=file.size, checksum=file.checksum, pieces=None)
            each.append(its)
            if known is not None and known.shown == one:
                settled[file.name] = Settled(its, known.facts)
    return each, replace(asked, settled=settled)


def joined_facts(
    described: Iterable[Described], candidates: Iterable[Candidate], files: Mapping[str, Sequence[tuple[str, Entry]]]
) -> tuple[Described, ...]:
    """Return what was told of files as facts of the backups that they are pieces of, where enough of them is known."""
    several = [one for one in candidates if one.pieces is not None]
    of_file = {name: one for one in several for name in (one.name, *(file.name for _, file in files[one.name]))}
    told: dict[tuple[str, Fact], list[FactValue]] = {}
    whole: list[Described] = []
    for one in described:
        if (backup := of_file.get(one.name)) is None:
            whole.append(one)
        else:
            told.setdefault((backup.name, one.fact), []).append(one.told)
    for (name, fact), answers in told.items():
        if fact is Fact.DIGEST:
            continue  # the digest of one file is not that of the whole, and files that stay alike would make twins
        # What is empty is not asked of its data: only files that hold some must have been.
        holding = sum(1 for _, file in files[name] if file.size or fact in {Fact.LOCK, Fact.LEGAL_HOLD})
        worst = min(answers, key=lambda one: ((False, None, True).index(one.holds), one.until))
        if worst.holds is False or len(answers) >= holding:
            whole.append(Described(name, fact, worst))
    return tuple(whole)
