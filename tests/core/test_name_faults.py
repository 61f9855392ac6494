"""What no look could answer of a source is said of the very key that asks it, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from drcheck.core.model.policy import Arrival
from drcheck.core.names.name_faults import unreadable
from drcheck.core.names.template import Template

TIMED = "{of}-{data_as_of:%Y%m%dT%H%M%SZ}.gz"
ZONELESS = "{of}-{data_as_of:%Y%m%d}.gz"
PLAIN = "{of}.gz"


def faults(*names: str, **said: Any) -> list[str]:
    """Return the keys of a source of which something is wrong."""
    usual = {"sets": 1, "name_zone": False, "available_at": Arrival.STORAGE, "complete_when": ""}
    return [fault.key for fault in unreadable([Template.parse(name) for name in names], **(usual | said))]


@pytest.mark.parametrize(
    ("names", "said", "keys"),
    [
        ([TIMED], {}, []),
        ([PLAIN], {}, []),
        # The instant is told by the names or by the policy: by both only where not every name tells it.
        ([PLAIN], {"data_as_of": "mtime"}, []),
        ([TIMED], {"data_as_of": "mtime"}, ["data_as_of"]),
        ([TIMED, PLAIN], {"data_as_of": "mtime"}, []),
        # Kinds.
        ([PLAIN], {"kinds": {"f": "full"}}, ["kinds"]),
        (["{of}.{kind}.gz"], {"kinds": {"f": "full"}}, []),
        ([PLAIN, "{of}.{kind}.gz"], {"kinds": {"f": "full"}}, []),
        ([PLAIN], {"kind": "full"}, []),
        (["{of}.{kind}.gz"], {"kind": "full"}, ["kind"]),
        ([PLAIN, "{of}.{kind}.gz"], {"kind": "full"}, []),
        # Parts.
        ([PLAIN], {"parts": True}, ["parts"]),
        (["{of}.{part}.gz"], {"parts": True}, []),
        ([PLAIN, "{of}.{part}.gz"], {"parts": True}, []),
        (["{of}.{part}-{parts}.gz"], {}, []),
        (["{of}.{parts}.gz"], {}, ["name"]),
        # Versions stand for themselves alone.
        ([PLAIN], {"versions": True}, []),
        ([PLAIN], {"versions": True, "marked": True}, ["versions"]),
        (["{of}.{part}.gz"], {"versions": True}, ["versions"]),
        (["{of}.{part}.gz"], {"marked": True}, []),
        # Data sets.
        ([PLAIN], {"sets": 2}, []),
        (["dump.gz"], {"sets": 1}, []),
        (["dump.gz"], {"sets": 2}, ["name"]),
        # Zones.
        ([ZONELESS], {}, ["name"]),
        ([ZONELESS], {"name_zone": True}, []),
        # Arrival.
        ([PLAIN], {"available_at": Arrival.NAME}, ["available_at"]),
        ([TIMED], {"available_at": Arrival.NAME}, []),
        ([TIMED], {"available_at": Arrival.MANIFEST}, ["available_at"]),
        # Markers.
        ([TIMED], {"complete_when": "{name}.sha256"}, []),
        ([TIMED], {"complete_when": "done"}, ["complete_when"]),
        # Paths.
        (["a//{of}.gz"], {}, ["name"]),
        (["../{of}.gz"], {}, ["name"]),
    ],
)
def test_what_cannot_be_read_is_said_of_the_key_that_asks_it(names: list[str], said: dict[str, Any], keys: list[str]):
    assert faults(*names, **said) == keys
