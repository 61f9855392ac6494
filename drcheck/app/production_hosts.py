"""The hosts on which no drill runs: those of production, and those that hold recovery points."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, Final, cast
from urllib.parse import urlsplit

from msgspec.structs import replace

from drcheck import registry
from drcheck.collectors.pool import Connections
from drcheck.core import words
from drcheck.core.model.policy import Source
from drcheck.core.model.readers import Tells
from drcheck.drills import guards
from drcheck.drills.guards import ForbiddenHost, Identity
from drcheck.drills.target_directory import TargetError
from drcheck.errors import UsageError
from drcheck.interfaces import CollectorError
from drcheck.policyfile.load import load_policies
from drcheck.settings import Connection, Settings

_MACHINE_ID: Final = 200
"""Bytes that the file of a machine id may have."""


def production_hosts(settings: Settings, pool: Connections, unknown: list[str]) -> list[ForbiddenHost]:
    """Return the hosts on which no drill runs, each by its addresses too where it is named.

    What has only a loopback address is this machine, if nothing else is known of it. What cannot be told of a host goes
    to ``unknown``, in words.
    """
    hosts: list[ForbiddenHost] = []
    for why, identity in (*guards.listed_hosts(settings.drills.production), *_hosts_of_points(settings, pool, unknown)):
        resolved = {name: _addresses(name) for name in identity.addresses}
        addresses = identity.addresses.union(*resolved.values())
        if nowhere := sorted(name for name, several in resolved.items() if not several):
            unknown.append(f"the addresses of {words.several(nowhere)}, {why}")
            if not identity.machine and not identity.host_keys and len(nowhere) == len(resolved):
                raise TargetError(
                    f"nobody can say whether the target is {why}: {words.several(nowhere)} has no address here",
                    "Name its machine id, its host key or an address in drcheck.yaml.",
                )
        hosts.append(ForbiddenHost(why, replace(identity, addresses=addresses)))
        if not identity.machine and not identity.host_keys and guards.is_here(addresses):
            here = guards.probe(registry.this_machine()).identity
            hosts.append(ForbiddenHost(why, replace(here, addresses=frozenset())))
    return hosts


def _hosts_of_points(settings: Settings, pool: Connections, unknown: list[str]) -> Iterator[ForbiddenHost]:
    """Yield the hosts that hold a source of recovery points of any policy; what cannot be told goes to ``unknown``.

    Raises ``UsageError`` where a policy cannot be read: nobody knows where its sources are.
    """
    loaded = load_policies([], settings)
    if loaded.faults:
        raise UsageError(
            "a policy cannot be read, so that nobody knows on which hosts its recovery points lie",
            "`drcheck lint` says what is wrong with it; a drill begins once all policies can be read.",
        )
    holding: dict[str, Source] = {}
    for policy in loaded.policies:
        for source in policy.sources.values():
            if source.tells(Tells.POINTS):
                holding.setdefault(source.connection, source)
    for alias in holding:
        connection = settings.connections[alias]
        why = f"the host of {alias}, which holds recovery points"
        if not registry.runs_commands(connection):
            name = urlsplit(connection.location()).hostname
            yield ForbiddenHost(why, Identity("", frozenset(), frozenset({name} if name else ())))
            continue
        with closing(registry.shell(connection, pool)) as shell:
            if not shell.addresses:  # this machine
                yield ForbiddenHost(why, guards.probe(shell).identity)
                continue
            machine, everywhere = "", cast("dict[str, Any]", {"root": "/"})
            try:
                host: Connection = replace(connection, **everywhere)
                with closing(registry.opener(host)("etc/", pool)) as collector:
                    machine = collector.read("machine-id", at_most=_MACHINE_ID).decode("ascii", "replace").strip()
            except CollectorError as error:
                unknown.append(f"the machine id of {alias}: {error.message}")
            yield ForbiddenHost(why, Identity(machine, shell.host_keys, shell.addresses))


def _addresses(name: str) -> frozenset[str]:
    """Return the addresses that a name, or an address, has; none: nobody here knows any."""
    with suppress(OSError, UnicodeError):
        return frozenset(str(address[0]) for *_, address in socket.getaddrinfo(name, None))
    return frozenset()
