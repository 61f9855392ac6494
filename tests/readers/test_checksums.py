"""Checksums beside backups, as the real tools write them, and samples that fit into what may be read."""

from __future__ import annotations

import hashlib
import lzma
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paged_place import DAY, NOW, source
from tools import place, run

from drcheck.core.model.evidence import LONG_AGO, Candidate, Fact, FactValue
from drcheck.core.model.policy import Arrival
from drcheck.interfaces import CollectorError, LookRequest
from drcheck.readers.content import checksum_lists, checksums
from drcheck.readers.points import objects

TEMPLATE = "{of}/{data_as_of:%Y%m%d}.gz"
CONTENT = random.Random(3).randbytes(100_000)
TODAY = datetime.fromtimestamp(NOW, UTC)


def put(top: Path, days: int, content: bytes = CONTENT, of: str = "orders") -> str:
    """Write a backup of some days ago and return its name."""
    name = f"{of}/{datetime.fromtimestamp(NOW - days * DAY, UTC):%Y%m%d}.gz"
    path = top / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return name


def rot(top: Path, name: str, content: bytes) -> None:
    """Change a backup's content, not its time: a checksum older than what it stands beside would tell nothing."""
    path = top / name
    times = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def look(top: Path, *, most: int = 1 << 20, begin: int = NOW, collector=None, **told):
    told = source(**{"template": TEMPLATE, "name_zone": "UTC"} | told)
    asked = LookRequest(LONG_AGO, begin, 10**9, "web", frozenset({Fact.CHECKSUM}), read_at_most=most)
    return objects.read(collector or place(top), told, "", asked)


def told(seen) -> dict[str, FactValue]:
    return {one.name: one.told for one in seen.described}


def only(seen) -> FactValue:
    (one,) = told(seen).values()
    return one


# What is kept beside a backup


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1", "md5"])
@pytest.mark.parametrize("options", [(), ("--binary",), ("--tag",)], ids=["text", "binary", "bsd"])
def test_a_side_car_of_coreutils_proves_the_content(tmp_path: Path, algorithm, options):
    name = put(tmp_path, 1)
    line = run(f"{algorithm}sum", *options, Path(name).name, cwd=tmp_path / "orders")
    (tmp_path / f"{name}.{algorithm}").write_bytes(line)
    assert only(look(tmp_path)) == FactValue(True, algorithm, NOW)
    rot(tmp_path, name, CONTENT[:-1] + b"?")
    assert only(look(tmp_path)) == FactValue(False, f"{algorithm} differs from the one kept beside it", NOW)


def test_a_list_of_b2sum_is_of_another_algorithm_of_as_many_digits(tmp_path: Path):
    name = put(tmp_path, 1)
    (tmp_path / "orders" / "checksums.txt").write_bytes(run("b2sum", Path(name).name, cwd=tmp_path / "orders"))
    assert only(look(tmp_path)) == FactValue(True, "blake2b", NOW)
    (tmp_path / "orders" / "checksums.txt").rename(tmp_path / "orders" / "SHA512SUMS")
    rot(tmp_path, name, CONTENT[:-1] + b"?")
    assert only(look(tmp_path)).holds is False


def test_what_differs_from_a_list_that_may_be_of_another_algorithm_is_in_doubt_until_another_file_fits(tmp_path: Path):
    names = [put(tmp_path, days, CONTENT + bytes([days])) for days in (1, 2)]
    beside = tmp_path / "orders" / "checksums.txt"
    # As b3sum writes it: BLAKE3, which has as many digits as SHA-256.
    beside.write_text("".join(f"{digit * 64}  {Path(name).name}\n" for digit, name in zip("ab", names, strict=True)))
    found = told(look(tmp_path))
    assert [(one.holds, one.until) for one in found.values()] == [(None, NOW)] * 2
    assert all("named SHA256SUMS it would say so" in one.how for one in found.values())
    beside.write_text(f"SHA256 ({Path(names[0]).name}) = {'a' * 64}\n")
    assert told(look(tmp_path))[names[0]].holds is False
    fitting = run("sha256sum", Path(names[1]).name, cwd=tmp_path / "orders").decode()
    beside.write_text(f"{'a' * 64}  {Path(names[0]).name}\n{fitting}")
    assert [told(look(tmp_path))[name].holds for name in names] == [False, True]


def test_a_checksum_that_came_before_its_backup_and_differs_is_told_for_every_promise(tmp_path: Path):
    name = put(tmp_path, 1)
    beside = tmp_path / f"{name}.sha256"
    beside.write_bytes(run("sha256sum", Path(name).name, cwd=tmp_path / "orders"))
    rot(tmp_path, name, CONTENT[:-1] + b"?")
    came = (tmp_path / name).stat().st_mtime
    os.utime(beside, (came - 60, came - 60))
    seen = look(tmp_path, available_at=Arrival.MTIME)
    assert only(seen).holds is None
    (gap,) = seen.look.gaps
    assert (gap.fact, gap.hides) == (Fact.DIGEST, False)
    assert f"{name} cannot be verified: the checksum in {name}.sha256 differs, and came before it" in gap.what


def test_openssl_and_bare_digests_are_understood(tmp_path: Path):
    name = put(tmp_path, 1)
    beside = tmp_path / f"{name}.sha256"
    beside.write_bytes(run("openssl", "dgst", "-sha256", "-r", name, cwd=tmp_path))
    assert only(look(tmp_path)).holds is True
    for text in ("{}", "{}\n", "{}  \r\n", "# made by the backup\n{}\n", "{}  -\n", "\ufeff{}\n"):
        beside.write_text(text.format(hashlib.sha256(CONTENT).hexdigest().upper()), newline="")
        assert only(look(tmp_path)).holds is True


@pytest.mark.parametrize("where", ["orders/SHA256SUMS", "SHA256SUMS"])
def test_one_file_of_checksums_serves_all_backups_below_it(tmp_path: Path, where):
    names = [put(tmp_path, days, CONTENT + bytes([days])) for days in (1, 2, 3)]
    directory = (tmp_path / where).parent
    listed = [os.path.relpath(tmp_path / name, directory) for name in names[:2]]
    (tmp_path / where).write_bytes(run("sha256sum", *listed, cwd=directory))
    rot(tmp_path, names[1], CONTENT + b"?")
    seen = told(look(tmp_path))
    assert [seen[name].holds for name in names] == [True, False, None]
    assert seen[names[2]].how == f"{where} holds no checksum of it"


def test_names_that_coreutils_escapes_are_read_back(tmp_path: Path):
    (tmp_path / "a\\b\nc").write_bytes(CONTENT)
    escaped = run("sha256sum", "a\\b\nc", cwd=tmp_path)
    assert escaped.startswith(b"\\")
    (kept,) = checksum_lists.parse(escaped)
    assert (kept.whose, kept.digest) == ("a\\b\nc", hashlib.sha256(CONTENT).hexdigest())


def test_the_strongest_checksum_decides(tmp_path: Path):
    name = put(tmp_path, 1)
    (tmp_path / f"{name}.md5").write_text(hashlib.md5(CONTENT).hexdigest())
    (tmp_path / f"{name}.sha256").write_text(hashlib.sha256(CONTENT).hexdigest())
    assert only(look(tmp_path)).how == "sha256"


def test_a_marker_that_is_a_checksum_may_lie_elsewhere(tmp_path: Path):
    name = put(tmp_path, 1)
    (tmp_path / "done" / "orders").mkdir(parents=True)
    (tmp_path / "done" / f"{name}.sha256").write_text(hashlib.sha256(CONTENT).hexdigest())
    assert only(look(tmp_path, complete_when="done/{name}.sha256")).holds is True


def test_a_checksum_of_another_name_proves_if_it_fits_and_disproves_nothing(tmp_path: Path):
    name = put(tmp_path, 1)
    (tmp_path / f"{name}.sha256").write_text(f"{hashlib.sha256(CONTENT).hexdigest()}  dump.tmp\n")
    assert only(look(tmp_path)).holds is True
    rot(tmp_path, name, CONTENT[:-1] + b"?")
    assert only(look(tmp_path)) == FactValue(None, "the checksum beside it is of dump.tmp, and differs")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no checksum of it"),
        ("no such file\n", "no checksum of it"),
        (f"SHA1 ({'x'}) = {'a' * 64}\n", "no checksum of it"),
        (f"{'a' * 64}  one\n{'b' * 64}  other\n", "no checksum of it"),
        ("a" * (checksums.LARGEST_LIST + 1), "too large"),
    ],
)
def test_a_side_car_that_tells_nothing_leaves_it_unknown(tmp_path: Path, text, why):
    name = put(tmp_path, 1)
    (tmp_path / f"{name}.sha256").write_text(text)
    one = only(look(tmp_path))
    assert one.holds is None
    assert why in one.how


def test_a_backup_without_a_checksum_is_told_at_no_request(tmp_path: Path):
    put(tmp_path, 1)
    seen = look(tmp_path)
    assert only(seen) == FactValue(None, "no checksum is kept beside it")
    assert seen.look.calls == 2  # its two directories


def test_a_backup_that_is_not_complete_is_not_checked(tmp_path: Path):
    name = put(tmp_path, 1)
    (tmp_path / f"{name}.sha256").write_text(hashlib.sha256(b"").hexdigest())
    assert look(tmp_path, complete_when="{name}.done").described == ()


# What may be read


class Counting:
    """A place that counts what is read of its backups, and never gives more than asked."""

    def __init__(self, top: Path) -> None:
        self.inner = place(top)
        self.seek, self.in_place = self.inner.seek, self.inner.in_place
        self.read_bytes = 0
        self.largest = 0
        self.touched: list[str] = []

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, name, *, offset=0, at_most):
        content = self.inner.read(name, offset=offset, at_most=at_most)
        if name.endswith(".gz"):
            self.read_bytes += len(content)
            self.largest = max(self.largest, at_most)
            if name not in self.touched:
                self.touched.append(name)
        return content


def summed(top: Path, days: int, content: bytes = CONTENT, of: str = "orders") -> str:
    name = put(top, days, content, of)
    (top / f"{name}.sha256").write_text(hashlib.sha256(content).hexdigest())
    return name


def test_the_newest_of_each_data_set_comes_first_and_no_more_is_read_than_may_be(tmp_path: Path):
    names = {of: [summed(tmp_path, days, of=of) for days in range(1, 11)] for of in ("orders", "stock")}
    counting = Counting(tmp_path)
    seen = look(tmp_path, collector=counting, most=5 * len(CONTENT) + 7, of=("orders", "stock"))
    assert counting.read_bytes == 5 * len(CONTENT)
    assert set(counting.touched[:2]) == {names["orders"][0], names["stock"][0]}
    assert set(told(seen)) == set(counting.touched)
    (gap,) = seen.look.gaps
    assert (gap.fact, gap.what) == (Fact.CHECKSUM, "15 backups were not read for their checksum in this look")
    assert seen.look.complete


def test_a_sample_can_be_reproduced_and_is_another_one_each_day(tmp_path: Path):
    for days in range(1, 31):
        summed(tmp_path, days)
    samples = []
    for begin in (NOW, NOW + 60, NOW + DAY, NOW + 2 * DAY):
        counting = Counting(tmp_path)
        look(tmp_path, collector=counting, most=6 * len(CONTENT), begin=begin)
        samples.append(counting.touched)
    assert samples[0] == samples[1]
    assert len({frozenset(one) for one in samples}) == 3
    assert {one[0] for one in samples} == {f"orders/{datetime.fromtimestamp(NOW - DAY, UTC):%Y%m%d}.gz"}


def test_a_smaller_backup_still_fits_behind_a_larger_one_that_does_not(tmp_path: Path):
    large = [summed(tmp_path, days, CONTENT) for days in (1, 2, 3)]
    small = summed(tmp_path, 4, CONTENT[:100])
    seen = told(look(tmp_path, most=len(CONTENT) + 100))
    assert seen[large[0]].holds is True
    assert seen[small].holds is True
    assert len(seen) == 2


def test_a_stub_does_not_take_the_place_of_the_newest_that_can_count(tmp_path: Path):
    summed(tmp_path, 1, b"stub")
    second = summed(tmp_path, 2)
    summed(tmp_path, 3)
    assert list(told(look(tmp_path, most=len(CONTENT), min_size=1000))) == [second]


def test_a_backup_larger_than_all_that_may_be_read_is_told_with_the_setting(tmp_path: Path):
    summed(tmp_path, 1)
    one = only(look(tmp_path, most=1000))
    assert one == FactValue(None, "its 100000 bytes are more than the 1000 that one look may read (read_at_most)")


def test_a_large_backup_is_read_piece_by_piece(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(checksums, "CHUNK", 1000)
    for days, length in enumerate((1, 999, 1000, 1001, 100_000), start=1):
        summed(tmp_path, days, CONTENT[:length])
    counting = Counting(tmp_path)
    seen = look(tmp_path, collector=counting)
    assert {one.holds for one in told(seen).values()} == {True}
    assert len(told(seen)) == 5
    assert counting.largest == 1000


# What changes meanwhile


@pytest.mark.parametrize("change", [b"", CONTENT[:-1], CONTENT + b"?", None], ids=["emptied", "cut", "grown", "gone"])
def test_a_backup_that_changes_while_it_is_read_is_left_out(tmp_path: Path, change):
    name = summed(tmp_path, 1)
    counting = Counting(tmp_path)
    inner = counting.inner.read

    def reading(which, **where):
        content = inner(which, **where)
        if which.endswith(".sha256"):
            (tmp_path / name).unlink() if change is None else (tmp_path / name).write_bytes(change)
        return content

    counting.inner.read = reading
    assert look(tmp_path, collector=counting).described == ()


def test_a_backup_and_its_checksum_that_are_replaced_together_are_left_out(tmp_path: Path):
    name = summed(tmp_path, 1)
    counting = Counting(tmp_path)
    inner = counting.inner.read

    def reading(which, **where):
        content = inner(which, **where)
        if which.endswith(".sha256"):
            summed(tmp_path, 1, CONTENT[::-1])
        return content

    counting.inner.read = reading
    assert name
    assert look(tmp_path, collector=counting).described == ()


def test_a_read_that_fails_is_a_gap_of_checksums_alone(tmp_path: Path):
    for days in (1, 2):
        summed(tmp_path, days)
    counting = Counting(tmp_path)

    def failing(which, **where):
        raise CollectorError("the disk does not answer", "Try again.")

    counting.inner.read = failing
    seen = look(tmp_path, collector=counting)
    assert [(gap.fact, gap.what) for gap in seen.look.gaps] == [(Fact.CHECKSUM, "the disk does not answer")]
    assert seen.look.complete
    assert len(seen.candidates) == 2


# PostgreSQL's manifest


def test_a_manifest_of_postgresql_vouches_for_itself(tmp_path: Path):
    # As pg_basebackup 15 wrote it of an empty cluster; a server only for this would be the largest tool of the tests.
    recorded = lzma.decompress(Path(__file__).with_name("backup_manifest.xz").read_bytes())
    (tmp_path / "20260920").mkdir()
    manifest = tmp_path / "20260920" / "backup_manifest"
    names = {"template": "{data_as_of:%Y%m%d}/backup_manifest"}
    for content, holds in (
        (recorded, True),
        (recorded.replace(b'"Size": 3', b'"Size": 4', 1), False),
        (recorded[:-20], None),
        (b"{}", None),
    ):
        manifest.write_bytes(content)
        assert only(look(tmp_path, **names)).holds is holds


# The order is a permutation, whatever the names


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50), st.integers(0, 3)), max_size=20), st.integers(0, 9)
)
def test_every_candidate_has_exactly_one_turn(rows, begin):
    candidates = [
        Candidate(f"n{n}", of, "", at, at, at, at, size, "", complete=True) for n, (of, at, size) in enumerate(rows)
    ]
    order = checksums.in_order(candidates, begin=begin * DAY, min_size=1)
    assert sorted(order) == sorted(candidates)
    able = {one.of for one in candidates if one.size >= 1}
    assert {one.of for one in order[: len(able)]} == able


@given(st.binary(max_size=200))
def test_no_bytes_make_a_list_of_checksums_fail(content):
    checksum_lists.parse(content)


# What consists of several files


def directory(top: Path, *, damaged: str = "") -> str:
    """Write a directory that is a backup, with SHA256SUMS in it, and return its name."""
    name = f"orders/{datetime.fromtimestamp(NOW - DAY, UTC):%Y%m%d}/"
    (top / name / "sub").mkdir(parents=True)
    for number, file in enumerate(("a", "b", "sub/c")):
        (top / name / file).write_bytes(CONTENT[number:])
    (top / name / "SHA256SUMS").write_bytes(run("sha256sum", "a", "b", "sub/c", cwd=top / name))
    if damaged:
        content = (top / name / damaged).read_bytes()
        (top / name / damaged).write_bytes(bytes([content[0] ^ 255]) + content[1:])
    for file in ("a", "b", "sub/c", "SHA256SUMS"):
        os.utime(top / name / file, (NOW - DAY, NOW - DAY))
    return name


@pytest.mark.parametrize(("damaged", "holds"), [("", True), ("b", False), ("sub/c", False)])
def test_checksums_within_a_directory_are_those_of_its_files(tmp_path: Path, damaged, holds):
    name = directory(tmp_path, damaged=damaged)
    seen = look(tmp_path, template="{of}/{data_as_of:%Y%m%d}/", available_at=Arrival.MTIME)
    (one,) = seen.candidates
    assert (one.name, one.pieces.number) == (name, 4)
    assert told(seen)[name].holds is holds


def test_a_digest_of_one_part_is_not_taken_for_that_of_the_whole(tmp_path: Path):
    whole = f"orders/{datetime.fromtimestamp(NOW - DAY, UTC):%Y%m%d}.gz"
    for part in ("aa", "ab"):
        name = put(tmp_path, 1)
        (tmp_path / name).rename(tmp_path / f"{name}.{part}")
        line = run("md5sum", f"{Path(name).name}.{part}", cwd=tmp_path / "orders")
        (tmp_path / f"{name}.{part}.md5").write_bytes(line)
    asked = LookRequest(LONG_AGO, NOW, 300, "web", verify=True, read_at_most=1 << 20, tells_apart=True)
    seen = objects.read(place(tmp_path), source(template=f"{TEMPLATE}.{{part}}", name_zone="UTC"), "", asked)
    facts = {(one.name, one.fact) for one in seen.described}
    assert (f"{whole}.{{part}}", Fact.CHECKSUM) in facts
    assert Fact.DIGEST not in {fact for _, fact in facts}
