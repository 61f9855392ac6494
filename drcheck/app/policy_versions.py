"""Which texts of a policy bind, now and in the past, out of what the ledger knows was judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from drcheck.core import words
from drcheck.core.judging.reach import needed_since
from drcheck.core.judging.unreadable_texts import UnreadableText
from drcheck.core.judging.wordings import Version, corrections_of, wordings_of
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.policy import Policy, Source
from drcheck.core.model.readers import Tells
from drcheck.core.model.verdict import Window
from drcheck.core.names import estate_coverage
from drcheck.core.time.spans import Span, Spans
from drcheck.ledger.state import State
from drcheck.ledger.store import Ledger
from drcheck.policyfile.load import Loaded, reload
from drcheck.run_report import Fault
from drcheck.settings import Settings


class Versions(NamedTuple):
    """What the ledger knows of the wordings of one policy."""

    policy: Policy
    """Today's."""
    first_seen: int
    """When the text of today was first judged, since when without another one in between."""
    earlier: tuple[Version, ...]
    bound: tuple[tuple[Policy, int], ...]
    """Every text that a commitment of today was ever judged by, and until when at most."""
    unreadable: tuple[UnreadableText, ...] = ()
    """Those that cannot be read any more, oldest first."""
    covering: Mapping[str, Spans] = {}
    """Where it rests on a list of what exists: what policies cover, by name, and when."""

    @property
    def readable(self) -> tuple[Version, ...]:
        """Every text that was ever judged and can be read, oldest first: today's is the last."""
        return (*self.earlier, Version(self.first_seen, self.policy))

    @property
    def texts(self) -> Iterator[Policy]:
        """Every text that may bind, today's first."""
        yield self.policy
        yield from (text for text, _ in self.bound)

    def since(self, source: Source, window: Window, *, with_bases: bool = True) -> int:
        """Return the oldest data at a source that judging by the wording of today, or an earlier one, needs.

        ``with_bases``: and of what that builds on, however old it is.
        """
        needed = (
            needed_since(self.policy, source, window, with_bases=with_bases)
            if source.name in self.policy.sources
            else window.start
        )
        for text, until in self.bound:
            if source.name in text.sources and text.sources[source.name].identity == source.identity:
                since = needed_since(text, source, window, with_bases=with_bases)
                # What began before a text was replaced may be owed by it for as long as it says, and nothing else is.
                needed = min(needed, since) if since < until else needed
        return needed


def versions(ledger: Ledger, state: State, policies: Iterable[Policy], now: int) -> dict[str, Versions]:
    """Return for each service every text that was ever judged, oldest first.

    ``now`` is when the text of today came, if it is new. No text is left out for its age: a slot of last year may be
    owed until today by the text of its day, and one that takes effect in the future leaves an old one in force.
    """
    read = cache(lambda digest: reload(ledger.policy_text(state, digest)))  # a text may have come back again and again
    by_service: dict[str, Versions] = {}
    for policy in policies:
        texts = [past for past in state.policies if past.service == policy.service]
        current = texts.pop() if texts and texts[-1].sha256 == policy.sha256 else None
        known = [(past.first_seen, read(past.sha256)) for past in texts]
        earlier = tuple(Version(first_seen, text) for first_seen, text in known if text is not None)
        first_seen = now if current is None else current.first_seen
        bound = _bound(policy, (*earlier, Version(first_seen, policy)))
        unreadable = tuple(_unreadable(known, first_seen))
        by_service[policy.service] = Versions(policy, first_seen, earlier, bound, unreadable)
    estates = [service for service, its in by_service.items() if any(map(_names_inventory, its.texts))]
    if estates:
        covering = estate_coverage.covering(_in_force(by_service, state, read))
        by_service |= {service: by_service[service]._replace(covering=covering) for service in estates}
    return by_service


def _names_inventory(policy: Policy) -> bool:
    return any(source.tells(Tells.INVENTORY) for source in policy.sources.values())


def _in_force(
    known: Mapping[str, Versions], state: State, read: Callable[[str], Policy | None]
) -> Iterator[tuple[Policy, Span]]:
    """Yield every text of every service, also of those that are not judged now, and when it is in force.

    A service whose policy is gone or invalid is told as that; what it covered is covered until it is retired.
    """
    texts = {service: its.readable for service, its in known.items()}
    past: dict[str, list[Version]] = defaultdict(list)
    for one in state.policies:
        if one.service not in texts and (text := read(one.sha256)) is not None:
            past[one.service].append(Version(one.first_seen, text))
    for service, its in (*texts.items(), *past.items()):
        ends = [*(one.in_force_from for one in its[1:]), state.retired.get(service, FOREVER)]
        for (since, policy), until in zip(its, ends, strict=True):
            effective, over = policy.agreement.effective, policy.agreement.ends
            begins = since if effective is None else max(since, effective)
            yield policy, Span(begins, until if over is None else min(until, over))


def _unreadable(known: Sequence[tuple[int, Policy | None]], first_seen: int) -> Iterator[UnreadableText]:
    """Yield the texts that cannot be read, of all before that of today, which was first seen at ``first_seen``.

    The earliest text of all also binds what lies before it.
    """
    after = 0
    for number, (seen, text) in enumerate(known):
        if text is not None:
            after += 1
            continue
        until = known[number + 1][0] if number + 1 < len(known) else first_seen
        # Where the clock was set back since, it came at an unknown time after what was first seen before that.
        before = seen if seen < until else max((one for one, _ in known[:number] if one < until), default=LONG_AGO)
        yield UnreadableText(Span(before if number else LONG_AGO, until), after)


def _bound(policy: Policy, earlier: Sequence[Version]) -> tuple[tuple[Policy, int], ...]:
    if len(earlier) == 1:
        return ()
    until: dict[str, tuple[Policy, int]] = {}
    for commitment in policy.commitments:
        corrected = (wording for correction in corrections_of(commitment, earlier) for wording in correction.before)
        for wording in (*wordings_of(commitment, earlier), *corrected):
            _, latest = until.get(wording.policy.sha256, (policy, LONG_AGO))
            until[wording.policy.sha256] = (wording.policy, max(latest, wording.binds.end))
    return tuple(until.values())


def gone(ledger: Ledger, state: State, loaded: Loaded, settings: Settings, now: int) -> Iterator[Fault]:
    """Yield the services that were judged and have no policy any more: what nobody looks at is unknown.

    A service that was retired since, or whose agreement has ended, owes nothing; a policy that lies elsewhere and was
    judged by name is not missing.
    """
    faulty = {str(Path(fault.file).absolute()) for fault in loaded.faults}
    here = {policy.service for policy in loaded.policies}
    newest = {past.service: past for past in state.policies}
    for service, past in sorted(newest.items()):
        if service in here or past.file in faulty or service in state.retired:
            continue
        # A file of these directories that is still there was read just now, and is a template or of another service.
        read = any(Path(past.file).is_relative_to(directory) for directory in settings.policies)
        if not read and Path(past.file).exists():
            continue
        policy = reload(ledger.policy_text(state, past.sha256))
        if policy is None or policy.agreement.ends is None or policy.agreement.ends > now:
            yield Fault(
                past.file,
                f"{past.file}: the policy of service {service}, judged until {words.instant(past.last_seen)}, is gone "
                f"(restore it, or say why: drcheck ledger retire {service} --reason …)",
                gone=True,
            )
