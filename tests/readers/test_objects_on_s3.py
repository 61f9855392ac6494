"""Windows over a real S3 server, whose keys are in order but for its own ideas about directories."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lab.servers import Object, SeaweedFS
from paged_place import source

from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.names.template import Template
from drcheck.interfaces import LookRequest
from drcheck.readers.points.objects import read

NOW = int(datetime(2026, 11, 2, 0, 30, tzinfo=UTC).timestamp())
HOUR, DAY = 3600, 86400
TEMPLATES = {
    "flat": "{of}-{data_as_of:%Y-%m-%dT%H%M}Z.gz",
    "days": "{of}/{data_as_of:%Y/%m/%d/%H%M}Z.gz",
    "labels": "{of}/{data_as_of:%Y-%m-%dT%H}Z/base.tar",
    "dates": "{data_as_of:%Y-%m-%d}Z/{of}.tar",
    "bare": "{of}/{data_as_of:%s}",
    "kinds": "{of}/{kind}/{data_as_of:%Y%m%d%H%M}Z",
}


@pytest.fixture(scope="module")
def filled(seaweedfs: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> S3Connection:
    """A bucket with 50 days of three data sets under each template; one of them stopped after the first 20."""
    keys: dict[str, int] = {}
    for top, template in TEMPLATES.items():
        parsed = Template.parse(template)
        for of, last in (("a", NOW), ("a-b", NOW), ("stopped", NOW - 30 * DAY)):
            for instant in range(NOW - 50 * DAY, last, HOUR if top == "days" else 6 * HOUR):
                keys[f"{top}/{parsed.write(instant, of=of, kind='full')}"] = instant
    seaweedfs.load("open-windows", (Object(key, 100, instant + 60) for key, instant in keys.items()))
    file = tmp_path_factory.mktemp("s3") / "credentials"
    reader = seaweedfs.reader_key
    file.write_text(f"[default]\naws_access_key_id={reader.access_key}\naws_secret_access_key={reader.secret_key}\n")
    return S3Connection("lab", endpoint=seaweedfs.endpoint, region="us-east-1", credentials_file=str(file))


def look(connection: S3Connection, top: str, since: int, of=("a", "a-b")):
    told = source(template=TEMPLATES[top], of=of)
    with Connections() as pool:
        return read(open_s3(connection, f"open-windows/{top}/", pool), told, "", LookRequest(since, NOW, 10**9, "web"))


@pytest.mark.parametrize("top", TEMPLATES)
def test_a_window_holds_all_that_the_whole_listing_has_in_it(filled, top):
    everything = look(filled, top, LONG_AGO)
    assert everything.look.complete
    # Windows that begin at each edge of a directory, and in the middle of one.
    midnight = NOW // DAY * DAY
    for days in (1, 2, 33):
        for since in (midnight - days * DAY - 1, midnight - days * DAY, midnight - days * DAY + 1, NOW - days * DAY):
            seen = look(filled, top, since)
            assert seen.look.asked_from == since
            asked = {one for one in everything.candidates if one.data_lo >= since}
            assert asked <= {*seen.candidates} <= {*everything.candidates}
            # The rest is at most what names cannot tell apart from the window's beginning.
            assert len(seen.candidates) - len(asked) <= 2 * 4


def test_a_month_of_hourly_backups_takes_one_request_a_data_set(filled):
    seen = look(filled, "days", NOW - 30 * DAY)
    assert (seen.look.calls, seen.look.gaps) == (2, ())
    assert len({one.name for one in seen.candidates if one.data_lo >= NOW - 30 * DAY}) == 2 * 720


@pytest.mark.parametrize("top", [top for top in TEMPLATES if top != "dates"])
def test_backups_that_stopped_are_found_behind_the_window(filled, top):
    seen = look(filled, top, NOW - 10 * DAY, of=("a", "stopped"))
    newest = max(one.data_lo for one in seen.candidates if one.of == "stopped")
    assert NOW - 30 * DAY - 7 * HOUR <= newest < NOW - 30 * DAY
    assert seen.look.complete
    assert seen.look.asked_from == NOW - 10 * DAY
