"""Lists of checksums beside backups whose names begin with fixed text, so that a listing of these shows no others."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from paged_place import DAY, NOW, Place, entry, source

from drcheck.core.model.evidence import LONG_AGO, Fact, Settled
from drcheck.interfaces import CollectorError, LookRequest, Seek
from drcheck.readers.content.checksum_names import STARTS
from drcheck.readers.points import objects

TEMPLATE = "db/shop-{data_as_of:%Y%m%d}.gz"
FROM_THE_FIRST = ("db/", "db/CHECKSU")


def name(days: int) -> str:
    return f"db/shop-{datetime.fromtimestamp(NOW - days * DAY, UTC):%Y%m%d}.gz"


class Bucket(Place):
    """Holds backups, and a list of their checksums of which the newest is wrong."""

    def __init__(self, *, list_name: str = "db/SHA256SUMS", own: bool = False, **more: object) -> None:
        files = {name(days): b"%d" % days * 100 for days in (3, 2, 1)}
        sums = {each: hashlib.sha256(content).hexdigest() for each, content in files.items()} | {name(1): "0" * 64}
        if own:
            files |= {f"{each}.sha256": digest.encode() for each, digest in sums.items()}
        files[list_name] = "".join(f"{digest}  {each.removeprefix('db/')}\n" for each, digest in sums.items()).encode()
        files["db/share"] = b"not asked for"
        entries = [
            entry(each, NOW - DAY * (int(content[:1]) if each.endswith(".gz") else 0), size=len(content))
            for each, content in files.items()
        ]
        super().__init__(entries, files, **more)  # type: ignore[arg-type]

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        return super().read(name, at_most=1 << 20)[offset:][:at_most]

    def beside(self) -> list[tuple[str, str]]:
        """Return what was asked of the directory of backups itself."""
        return [one for one in self.asked if one[0].startswith("db/")]

    def look(self, *facts: Fact, since: int = LONG_AGO, settled=None, verify: bool = True, **told):
        asked = LookRequest(
            since, NOW, 300, "web", frozenset(facts), settled or {}, verify=verify, read_at_most=1 << 20
        )
        return objects.read(self, source(**{"template": TEMPLATE, "name_zone": "UTC"} | told), "", asked)


def broken(seen) -> list[str]:
    return [one.name for one in seen.described if one.fact is Fact.CHECKSUM and one.told.holds is False]


@pytest.mark.parametrize("list_name", ["db/SHA256SUMS", "db/sha256sum.txt", "db/checksums.txt", "db/CHECKSUMS"])
@pytest.mark.parametrize("seek", list(Seek))
@pytest.mark.parametrize("since", [LONG_AGO, NOW - 2 * DAY])
def test_a_list_beside_backups_that_begin_with_fixed_text_is_seen(list_name, seek, since):
    bucket = Bucket(list_name=list_name, seek=seek)
    seen = bucket.look(since=since)
    assert broken(seen) == [name(1)]
    assert seen.look.unaccounted == ()


def test_where_directories_are_walked_that_costs_nothing():
    bucket = Bucket(seek=Seek.NONE)
    bucket.look()
    assert bucket.beside() == [("db/", "")]


def test_what_was_listed_is_not_listed_again():
    bucket = Bucket()
    bucket.look(template="db/{*}-{data_as_of:%Y%m%d}.gz")
    assert bucket.beside() == [("db/", "")]


def test_it_is_looked_for_beside_what_is_new_alone():
    bucket = Bucket()
    seen = bucket.look()
    assert bucket.beside()[1:] == [FROM_THE_FIRST]
    bucket.asked.clear()
    settled = {one.name: Settled(one, {}) for one in seen.candidates}
    bucket.look(settled=settled)
    assert len(bucket.asked) == 1
    bucket.look(verify=False)
    assert len(bucket.asked) == 2
    del settled[name(1)]
    assert broken(bucket.look(settled=settled)) == [name(1)]


def test_it_is_looked_for_every_time_where_checksums_are_promised():
    bucket = Bucket()
    settled = {one.name: Settled(one, {}) for one in bucket.look().candidates}
    assert broken(bucket.look(Fact.CHECKSUM, settled=settled)) == [name(1)]


def test_beside_backups_with_checksums_of_their_own_it_is_not_looked_for():
    bucket = Bucket(own=True)
    assert broken(bucket.look(Fact.CHECKSUM)) == [name(1)]
    assert len(bucket.asked) == 1


def test_in_at_most_ten_directories_lists_are_looked_for_unasked():
    names = [f"{of:02}/shop-20260920.gz" for of in range(30)]
    sets = tuple(f"{of:02}" for of in range(30))
    for promised, directories in ((False, 10), (True, 30)):
        place = Place([entry(each) for each in names], dict.fromkeys(names, b"x" * 100))
        facts = frozenset({Fact.CHECKSUM}) if promised else frozenset()
        asked = LookRequest(NOW - 2 * DAY, NOW, 300, "web", facts, verify=True, read_at_most=1 << 20)
        template = "{of}/shop-{data_as_of:%Y%m%d}.gz"
        objects.read(place, source(template=template, name_zone="UTC", of=sets), "", asked)
        assert len([after for _, after in place.asked if after.endswith("/CHECKSU")]) == directories


@pytest.mark.parametrize("list_name", ["db/MD5SUMS", "db/SHA256SUMS", "db/sha256sums", "db/CHECKSUM"])
@pytest.mark.parametrize(
    ("between", "further"),
    [("0", []), ("DB", ["MD5", "SHA", "checksum", "md5", "sha"]), ("d", ["md5", "sha"]), ("t", [])],
)
def test_what_lies_beyond_a_page_takes_a_request_for_each_beginning(list_name, between, further):
    bucket = Bucket(list_name=list_name)
    bucket.entries = [*bucket.entries, *(entry(f"db/{between}{number:04}") for number in range(1000))]
    assert broken(bucket.look()) == [name(1)]
    assert bucket.beside()[1:] == [FROM_THE_FIRST, *((f"db/{start}", "") for start in further)]


def test_where_a_listing_cannot_begin_at_lists_what_sorts_before_them_is_not_paged_through():
    class Azure(Bucket):
        def list(self, prefix: str, *, after: str = ""):
            return (one for one in super().list(prefix) if one.name > after)

    bucket = Azure(seek=Seek.PREFIX, page=5000)
    bucket.entries = [*bucket.entries, *(entry(f"db/0{number:05}") for number in range(20_000))]
    assert broken(bucket.look()) == [name(1)]
    assert bucket.beside()[1:] == [(f"db/{start}", "") for start in ["", *sorted(STARTS)]]


def test_where_only_the_backups_may_be_listed_nothing_is_hidden_by_that():
    class Narrow(Bucket):
        def list(self, prefix: str, *, after: str = ""):
            if not prefix.startswith("db/shop-"):
                raise CollectorError("access is denied", "Grant it.")
            return super().list(prefix, after=after)

    seen = Narrow().look()
    assert seen.look.gaps == ()
    assert len(seen.candidates) == 3


@pytest.mark.parametrize("seek", list(Seek))
def test_a_list_further_up_is_seen_and_costs_what_one_in_a_directory_does(seek):
    names = [f"2026/09/{day}/shop.gz" for day in (18, 19, 20)]
    content = {each: each.encode() * 50 for each in names}
    sums = {each: hashlib.sha256(held).hexdigest() for each, held in content.items()} | {names[-1]: "0" * 64}
    content["SHA256SUMS"] = "".join(f"{digest}  {each}\n" for each, digest in sums.items()).encode()
    place = Bucket(seek=seek)
    place.files, place.entries = content, [entry(each, size=len(held)) for each, held in content.items()]
    since = NOW - 10 * DAY
    seen = place.look(template="{data_as_of:%Y/%m/%d}/shop.gz", since=since)
    assert broken(seen) == names[-1:]
    directories = {name.rpartition("/")[0] + "/" for name in names} | {"2026/09/", "2026/", ""}
    assert len(place.asked) <= 1 + 7 * len(directories)
