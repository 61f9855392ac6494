"""What keeps a drill off whatever is not a target: a drill that is in doubt does not begin.

Nothing here is asked of a policy: what may be a target, and what never, stands in the runner's configuration, and in a
file on the target itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

from msgspec import Struct

from drcheck.core.words import several
from drcheck.drills import scripts
from drcheck.drills.target_directory import ANSWER, TargetError
from drcheck.errors import UsageError
from drcheck.interfaces import Shell
from drcheck.settings import DrillTarget, Forbidden


class Identity(Struct, frozen=True):
    """By what a host is known again."""

    machine: str
    """Its ``/etc/machine-id``; empty: not known."""
    host_keys: frozenset[str]
    """Fingerprints, as ``SHA256:…``."""
    addresses: frozenset[str]

    def overlaps(self, other: Identity) -> Iterator[str]:
        """Yield in words what two hosts have in common."""
        if self.machine and self.machine == other.machine:
            yield f"the machine id {self.machine}"
        for key in sorted(self.host_keys & other.host_keys):
            yield f"the host key {key}"
        for address in sorted(comparable(self.addresses) & comparable(other.addresses)):
            yield f"the address {address}"


class ForbiddenHost(NamedTuple):
    """A host that must not be the target, and why."""

    why: str
    """In words, as "the runner's list of production"."""
    identity: Identity


class Probed(NamedTuple):
    """What a host says of itself."""

    identity: Identity
    directory: str
    """Where the target's directory really lies; empty: it is not there."""
    marker: str
    """What the marker file holds."""
    can_detach: bool
    free: int | None
    """Bytes that are free there."""


def comparable(addresses: Iterable[str]) -> frozenset[str]:
    """Return addresses in the form that compares equal where they are: ``::ffff:192.0.2.1`` is ``192.0.2.1``."""
    return frozenset(map(_plain, addresses))


def _plain(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return address.lower().rstrip(".")
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def is_here(addresses: Iterable[str]) -> bool:
    """Return whether one of some addresses is that by which every machine reaches itself."""
    for each in comparable(addresses):
        with suppress(ValueError):
            if (parsed := ip_address(each)).is_loopback or parsed.is_unspecified:
                return True
    return False


def probe(shell: Shell, directory: str = "/") -> Probed:
    """Ask a host what it is; raises :class:`~drcheck.interfaces.CollectorError` where it does not answer."""
    ran = shell.run(scripts.PROBE, (directory,), within=ANSWER)
    told: dict[str, list[str]] = {}
    for line in ran.output.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition("=")
        told.setdefault(key, []).append(value.strip())

    def first(key: str) -> str:
        return told.get(key, [""])[0]

    free = first("free")
    return Probed(
        Identity(first("machine"), shell.host_keys, shell.addresses | frozenset(filter(None, told.get("address", ())))),
        first("directory"),
        first("marker"),
        first("setsid") == "yes",
        int(free) * 1024 if free.isdigit() else None,
    )


def listed_hosts(forbidden: Iterable[Forbidden]) -> Iterator[ForbiddenHost]:
    """Yield what the runner's list of production names."""
    for one in forbidden:
        yield ForbiddenHost(
            f"what `production` in drcheck.yaml calls {one.name}",
            Identity(one.machine_id, frozenset(filter(None, [one.host_key])), frozenset(one.addresses)),
        )


def check(target: DrillTarget, found: Probed, others: Iterable[ForbiddenHost]) -> None:
    """Raise :class:`TargetError` unless the host is the target that the runner means, and none of ``others``."""
    if found.directory != target.directory:
        raise TargetError(
            f"{target.directory} of the target {target.name} "
            + (f"is a link to {found.directory}" if found.directory else "is missing"),
            "Make the directory, and name it in drcheck.yaml where it really lies.",
        )
    if found.marker != target.id:
        what = "is missing or empty" if not found.marker else f"holds {found.marker[:100]!r}, not its id"
        raise TargetError(
            f"the marker file {target.directory}/{scripts.MARKER} of the target {target.name} {what}",
            f"Whoever owns that host allows drills there by writing the target's id {target.id} into it.",
        )
    if not found.identity.machine:
        raise TargetError(
            f"the target {target.name} tells no machine id, so that nobody can say that it is no production host",
            "Give it an /etc/machine-id (systemd-machine-id-setup).",
        )
    if not found.can_detach:
        raise TargetError(
            f"the target {target.name} has no setsid, without which no step outlives a lost connection",
            "Install util-linux there.",
        )
    for other in others:
        if common := [*found.identity.overlaps(other.identity)]:
            raise TargetError(
                f"the target {target.name} is {other.why}: they share {several(common)}",
                "A drill never runs on such a host; name another target.",
            )


def check_programs(shell: Shell, target: str, needs: Iterable[str]) -> None:
    """Raise :class:`TargetError` where programs that a runbook needs are not there."""
    wanted = tuple(needs)
    ran = shell.run(scripts.HAVE, wanted, within=ANSWER)
    if missing := ran.output.decode("utf-8", "replace").split():
        raise TargetError(f"the target {target} lacks {several(missing)}", "Install what the runbook needs there.")


def allowed(targets: Iterable[DrillTarget], name: str, file: str) -> DrillTarget:
    """Return the target of that name; raises ``UsageError`` where the runner's configuration allows none such."""
    for one in targets:
        if one.name == name:
            return one
    raise UsageError(
        f"the runner's configuration allows no drill on {name}",
        f"Name it in `drills.targets` of {file}, and put its marker file there.",
    )
