"""What keeps a drill off whatever is no target, as values: any overlap is refused, and so is any doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drcheck.drills.guards import ForbiddenHost, Identity, Probed, check
from drcheck.drills.target_directory import TargetError
from drcheck.settings import DrillTarget

TARGET = DrillTarget("lab", "lab-host", "/srv/drills", "lab-1")
MACHINES = st.sampled_from(["", "a" * 32, "b" * 32, "c" * 32])
KEYS = st.frozensets(st.sampled_from(["SHA256:one", "SHA256:two", "SHA256:three"]))
ADDRESSES = st.frozensets(
    st.sampled_from(
        ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "2001:DB8:0::1", "db1.example.com", "DB1.example.com."]
    )
)
IDENTITIES = st.builds(Identity, MACHINES, KEYS, ADDRESSES)
SAME = {"::ffff:192.0.2.1": "192.0.2.1", "2001:DB8:0::1": "2001:db8::1", "DB1.example.com.": "db1.example.com"}


def probed(identity: Identity) -> Probed:
    return Probed(identity, TARGET.directory, TARGET.id, can_detach=True, free=1 << 30)


@given(IDENTITIES, st.lists(IDENTITIES, max_size=3))
def test_any_overlap_with_a_host_that_is_none_is_refused_and_nothing_else_is(
    own: Identity, others: list[Identity]
) -> None:
    def plain(identity: Identity) -> set[str]:
        return {SAME.get(each, each) for each in identity.addresses}

    overlaps = any(
        own.machine == other.machine or own.host_keys & other.host_keys or plain(own) & plain(other) for other in others
    )
    refused = False
    try:
        check(TARGET, probed(own), [ForbiddenHost("production", other) for other in others])
    except TargetError:
        refused = True
    assert refused == (not own.machine or overlaps)


GOOD = probed(Identity("a" * 32, frozenset(), frozenset()))


@pytest.mark.parametrize(
    "found",
    [
        GOOD._replace(marker=""),
        GOOD._replace(marker="lab-2"),
        GOOD._replace(marker="lab-1 "),
        GOOD._replace(directory=""),
        GOOD._replace(directory="/mnt/elsewhere"),
        GOOD._replace(can_detach=False),
        GOOD._replace(identity=replace(GOOD.identity, machine="")),
    ],
)
def test_a_target_that_is_not_what_the_runner_means_is_refused(found: Probed) -> None:
    check(TARGET, GOOD, [])
    with pytest.raises(TargetError):
        check(TARGET, found, [])
