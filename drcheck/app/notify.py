"""Notify: tell each channel what a recorded run found that those behind it do not know yet, once.

What is new is claimed in the ledger with the end of the run that found it, before it is sent, and said to be sent after
it. So of two runners one tells it, what could not be sent is told with the next run, what a runner claimed that died is
told by the next one, and only one that dies right behind a message leaves something that is told twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from drcheck import clock
from drcheck.app.conditions import Ends, conditions, passed
from drcheck.app.look import unwatched
from drcheck.app.question import Question
from drcheck.app.verify import verify
from drcheck.channels import apprise_url, ping
from drcheck.core import words
from drcheck.core.judging import summary, transitions
from drcheck.core.judging.transitions import ConditionKind, ConditionSubject, End, Event
from drcheck.errors import DrcheckError, UsageError, os_reason
from drcheck.ledger.encoding import is_of
from drcheck.ledger.errors import Busy, LedgerError
from drcheck.ledger.notifications import Notification, Sending
from drcheck.ledger.state import CLAIM_LASTS, ChannelState, State
from drcheck.ledger.store import open_ledger
from drcheck.reports.message import Message, message
from drcheck.run_report import Report
from drcheck.settings import Channel, Notify, Secret, Settings

OWNER: Final = "{owner}"
PATIENCE: Final = (1, 5, 20, 60, 120)
"""Seconds to wait, one after the other, for a ledger that another run holds."""
_CLAIMED_ANEW: Final = CLAIM_LASTS // 2
"""Seconds after which what is still to be sent is claimed anew: channels may be many, and slow."""


class Address(NamedTuple):
    """Where messages go: a channel, and of one whose URL names the owner each owner."""

    id: str
    """Under which the ledger keeps what was told there."""
    channel: Channel
    owners: tuple[str, ...]
    """Those whose services it tells of; empty: of all."""


class AddressPlan(NamedTuple):
    """What there is to tell at one address."""

    address: Address
    entry: Notification | None
    """What the ledger has to know of it; None: nothing is new."""
    message: Message | None
    """What is told now; None: nothing, or later."""
    events: int = 0
    """How many the message tells of."""


def deliver(settings: Settings, plans: Sequence[AddressPlan]) -> list[DrcheckError]:
    """Send what was claimed, say what became of it, and return what could not be sent."""
    outcomes: list[Notification] = []
    errors: list[DrcheckError] = []
    claims = {plan.address.id: plan.entry for plan in plans if plan.message is not None and plan.entry is not None}
    for address, _, told, events in plans:
        if told is None or address.id not in claims:
            continue
        claims, refused = _kept(settings, claims, clock.now())
        errors += refused
        if (claim := claims.pop(address.id, None)) is None:
            continue
        try:
            send(address, told)
        except DrcheckError as error:
            errors.append(DrcheckError(f"{address.id}: {error.message}", error.hint))
            outcome = Notification(address.id, claim.run, clock.now(), Sending.FAILED, error=error.message)
        else:
            outcome = Notification(address.id, claim.run, clock.now(), Sending.SENT, count=events)
        outcomes.append(outcome)
        # One after the other: whoever is stopped leaves no more than one message that is told twice.
        with suppress(LedgerError):
            _settle(settings, outcomes)
            outcomes = []
    for pause in (*PATIENCE, 0) if outcomes else ():
        try:
            _settle(settings, outcomes)
            break
        except LedgerError as error:
            if not pause or not isinstance(error, Busy):
                what = f"that {words.counted(len(outcomes), 'message')} went out could not be recorded"
                errors.append(LedgerError(f"{what}: {error.message}", "A later run sends the same once more."))
                break
        clock.pause(pause)
    return errors


def _kept(
    settings: Settings, claims: dict[str, Notification], at: int
) -> tuple[dict[str, Notification], list[DrcheckError]]:
    """Return which of ``claims``, by address, still hold at ``at``, after claiming anew what will not for long.

    One that somebody else has taken over since, as his own run took this one for dead, is his. What has lapsed while
    another run holds the ledger is left to that one, and told as an error.
    """
    if all(0 <= at - claim.at < _CLAIMED_ANEW for claim in claims.values()):
        return claims, []
    try:
        with open_ledger(settings.ledger, must_exist=True) as ledger:
            channels = ledger.state(()).channels
            anew = {
                address: replace(claim, at=at, events=())
                for address, claim in claims.items()
                if (known := channels.get(address)) and (known.claimed_at, known.claimed_by) == (claim.at, claim.run)
            }
            ledger.tell(anew.values())
    except LedgerError as error:
        held = {address: claim for address, claim in claims.items() if 0 <= at - claim.at < CLAIM_LASTS}
        lost = [address for address in claims if address not in held]
        told = f"{words.several(lost)} was not told: {error.message}"
        return held, [LedgerError(told, "The next run tells it.")] if lost else []
    return anew, []


def lapses_at(state: State, at: int) -> int | None:
    """Return when messages that are claimed may be claimed by others, which may have passed; None: there are none."""
    claimed = [known for known in state.channels.values() if known.claimed_at is not None]
    return max(
        ((known.claimed_at or at) + CLAIM_LASTS if known.is_claimed(at) else at for known in claimed), default=None
    )


def tell_left(settings: Settings) -> list[DrcheckError]:
    """Send what somebody claimed who died before it was sent, and return what could not be; raises LedgerError."""
    with open_ledger(settings.ledger, must_exist=True) as ledger:
        state, at = ledger.state(()), clock.now()
        plans = [
            _plan(settings.notify, address, known, (), known.claimed_by, at)
            for address in _addresses(settings.notify, set(), state)
            if (known := state.channels.get(address.id)) and known.claimed_at is not None and not known.is_claimed(at)
        ]
        ledger.tell([plan.entry for plan in plans if plan.entry is not None])
    return deliver(settings, plans)


def _settle(settings: Settings, outcomes: Sequence[Notification]) -> None:
    with open_ledger(settings.ledger, must_exist=True) as ledger:
        ledger.tell(outcomes)


def planned(notify: Notify, report: Report, state: State, at: int, *, whole: bool) -> Iterator[AddressPlan]:
    """Yield for each address what is new there."""
    owner_of = {judged.policy.service: judged.policy.owner for judged in report.services}
    addresses = [*_addresses(notify, {*owner_of.values()} - {""}, state)]
    general = [one for one in addresses if not one.owners]
    settled = owner_of.keys() | state.retired.keys()
    elsewhere = {key.place.partition(":")[0] for key in state.named.values() if key.service not in settled}
    now, over = conditions(report, notify, at, elsewhere=() if whole else elsewhere), [*passed(report)]
    ends = Ends(report, at, whole=whole, retired=state.retired)
    rules = transitions.Rules(notify.remind_every)
    for address in addresses:
        known = state.channels.get(address.id) or ChannelState()

        def concerns(subject: ConditionSubject, address: Address = address, known: ChannelState = known) -> bool:
            if not address.owners:
                return True
            if subject.what not in {ConditionKind.INVALID, ConditionKind.UNSEEN}:
                return owner_of.get(subject.service) in address.owners
            # Where nobody is told of everything, every owner is whose policies this run judges.
            return not general and (subject in known.known or not {*owner_of.values()}.isdisjoint(address.owners))

        def ended(subject: ConditionSubject, since: int) -> End | None:
            return End(at, "it is somebody else's now", elsewhere=True) if subject in now else ends.of(subject, since)

        new = transitions.events(
            {subject: condition for subject, condition in now.items() if concerns(subject)},
            [one for one in over if concerns(one.subject)],
            known.known,
            at,
            rules,
            ended,
        )
        yield _plan(notify, address, known, tuple(new), report.run, at)


def _plan(
    notify: Notify, address: Address, known: ChannelState, new: tuple[Event, ...], run: str, at: int
) -> AddressPlan:
    """Return what is told at ``address`` of what waits there and what is ``new``."""
    waiting = [*known.waiting, *new]
    tell = transitions.merged_events(waiting)
    claimed = known.is_claimed(at)
    quiet = address.channel.quiet_hours is not None and _is_quiet(address.channel, notify.timezone, at)
    if not tell and waiting and not claimed:
        return AddressPlan(address, Notification(address.id, run, at, Sending.HELD, new, len(waiting)), None)
    if not tell or claimed or (quiet and all(event.waits for event in tell)):
        return AddressPlan(address, Notification(address.id, run, at, Sending.HELD, new) if new else None, None)
    entry = Notification(address.id, run, at, Sending.CLAIMED, new, len(waiting))
    return AddressPlan(address, entry, message(tell, run, at), len(waiting))


def send(address: Address, told: Message) -> None:
    """Send a message; raises :class:`DrcheckError` where it was not taken."""
    url = read(address.channel.url)
    if OWNER in url:
        url = url.replace(OWNER, quote(address.owners[0] if address.owners else "", safe=""))
    apprise_url.send(url, told.title, told.body, urgent=told.urgent)


def test(settings: Settings, names: Sequence[str]) -> Iterator[tuple[str, DrcheckError | None]]:
    """Send a message that says that it is none to each channel of ``names``, none: to all; yield how it went."""
    _check(settings, names)
    channels = settings.notify.channels
    trial = Message("drcheck: a trial", "This channel works. Nothing happened; somebody tried it.", urgent=False)
    for name in names or channels:
        owners = channels[name].owners
        try:
            send(Address(name, channels[name], owners), trial)
        except DrcheckError as error:
            yield name, error
        else:
            yield name, None


def notified(settings: Settings, names: Sequence[str]) -> list[Notification]:
    """Return what the ledger says was told to each channel of ``names``, none: to any, and what became of it."""
    with open_ledger(settings.ledger, read_only=True) as ledger:
        told = (ledger.entry(stored.number) for stored in ledger.log.read() if is_of(stored.data, Notification.KIND))
        return [
            one
            for one in told
            if isinstance(one, Notification) and (not names or one.channel.partition("/")[0] in names)
        ]


def dry_run(settings: Settings, names: Sequence[str]) -> list[AddressPlan]:
    """Return what each channel of ``names``, none: each, would be told now by what the ledger knows."""
    _check(settings, names)
    outcome = verify(settings, (), Question(offline=True), unwatched)
    with open_ledger(settings.ledger, read_only=True) as ledger:
        plans = [*planned(settings.notify, outcome.report, ledger.state(()), clock.now(), whole=True)]
    return [plan for plan in plans if not names or plan.address.channel.name in names]


def _check(settings: Settings, names: Sequence[str]) -> None:
    channels = settings.notify.channels
    if not channels:
        raise UsageError(
            f"{settings.file} has no channels",
            "Add one: notify: {channels: {operations: {url_env: DRCHECK_OPERATIONS}}}.",
        )
    if unknown := [name for name in names if name not in channels]:
        raise UsageError(f"there is no channel {unknown[0]}", f"drcheck.yaml has: {', '.join(channels)}.")


def tell_end(settings: Settings, status: int, what: str) -> DrcheckError | None:
    """Call what waits for the end of each run; return why it could not be, if so."""
    if settings.notify.ping is None:
        return None
    try:
        judged = status in {0, summary.EXIT_BREACHED, summary.EXIT_UNKNOWN}
        ping.call(read(settings.notify.ping), f"exit status {status}: {what}\n", failed=not judged)
    except DrcheckError as error:
        return error
    return None


def read(secret: Secret) -> str:
    """Return a URL that stands somewhere else; raises ``UsageError`` where there is none."""
    if secret.variable:
        url, where = os.environ.get(secret.variable, ""), f"the variable {secret.variable}"
    else:
        where = secret.file
        try:
            url = Path(secret.file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = os_reason(error) if isinstance(error, OSError) else "it is no text"
            raise UsageError(f"{secret.file} cannot be read: {why}", "Put the URL there, and nothing else.") from None
    if not url.strip():
        raise UsageError(f"{where} holds no URL", "Put the URL there, and nothing else.")
    return url.strip()


def _addresses(notify: Notify, owners: set[str], state: State) -> Iterator[Address]:
    """Yield where messages go of a run that judged policies of ``owners``, and where somebody still waits for one."""
    for channel in notify.channels.values():
        try:
            by_owner = OWNER in read(channel.url)
        except UsageError:
            by_owner = False  # sending tells why
        if by_owner:
            of_channel = f"{channel.name}/"
            told = (known.removeprefix(of_channel) for known in state.channels if known.startswith(of_channel))
            for owner in channel.owners or sorted(owners.union(told)):
                yield Address(f"{channel.name}/{owner}", channel, (owner,))
        else:
            yield Address(channel.name, channel, channel.owners)


def _is_quiet(channel: Channel, zone: str, at: int) -> bool:
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    hours = channel.quiet_hours
    return hours is not None and hours.hold(local.hour * 3600 + local.minute * 60 + local.second)
