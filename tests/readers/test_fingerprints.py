"""What tells the contents of new backups from each other, and what reading that costs."""

from __future__ import annotations

import hashlib

import pytest
from msgspec import Struct, field
from msgspec.structs import replace
from paged_place import DAY, NOW, entry

from drcheck.core.model.candidate_columns import CandidateColumns
from drcheck.core.model.evidence import Candidate, Fact, Pieces, Settled
from drcheck.core.model.policy import Source
from drcheck.interfaces import CollectorError, LookRequest, NotFound
from drcheck.readers.content import fingerprints
from drcheck.readers.content.fingerprints import MOST_TAKEN, PIECE, PIECES
from drcheck.registry import READERS

SOURCE = Source("dumps", "host", "", READERS["objects"], ("db",))
ASKED = LookRequest(NOW - 30 * DAY, NOW, 300, "shop", tells_apart=True)


class Files(Struct):
    """A place that only lets its files be read, and counts how often."""

    content: dict[str, bytes]
    refused: frozenset[str] = frozenset()
    reads: list[tuple[str, int]] = field(default_factory=list)

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        self.reads.append((name, offset))
        if name in self.refused:
            raise CollectorError("permission denied")
        if name not in self.content:
            raise NotFound(f"there is no {name}")
        return self.content[name][offset : offset + at_most]


def candidate(name, size=100, *, age=0, checksum="", complete=True, of="db"):
    data = NOW - DAY - age
    return Candidate(name, of, "", data, data, data, data, size, checksum, complete)


def taken(files, candidates, asked=ASKED, beside=None, within=None):
    described, gaps = fingerprints.take(
        files, SOURCE, CandidateColumns.made_of(candidates), within or {}, asked, beside or {}
    )
    return {one.name: (one.fact, one.told.how) for one in described}, gaps


def test_content_differs_wherever_a_piece_of_it_does():
    size = 3 * PIECES * PIECE + 7
    plain = bytes(size)
    for at in (0, PIECE - 1, size - 1, size - PIECE, 7 * (size - PIECE) // 15):
        other = plain[:at] + b"x" + plain[at + 1 :]
        found, _ = taken(Files({"a": plain, "b": other}), [candidate("a", size), candidate("b", size)])
        assert found["a"] != found["b"], at
        assert {fact for fact, _ in found.values()} == {Fact.PIECES}
    files = Files({"a": plain, "b": plain})
    found, _ = taken(files, [candidate("a", size), candidate("b", size)])
    assert found["a"] == found["b"]
    assert len(files.reads) == 2 * PIECES


def test_a_small_backup_is_read_whole_at_one_request():
    files = Files({"a": b"x" * 100})
    assert Fact.PIECES in taken(files, [candidate("a")])[0]["a"]
    assert len(files.reads) == 1


@pytest.mark.parametrize("content", [b"x" * 99, b"x" * 101])
def test_what_is_not_any_more_as_it_was_listed_makes_no_claim(content):
    assert taken(Files({"a": content}), [candidate("a")]) == ({}, ())
    assert taken(Files({}), [candidate("a")]) == ({}, ())


def test_each_backup_is_read_once_as_long_as_its_listing_stays():
    known, new = candidate("a", age=DAY), candidate("b")
    files = Files({"a": b"x" * 100, "b": b"y" * 100})
    asked = replace(ASKED, settled={"a": Settled(known, {})})
    assert set(taken(files, [known, new], asked)[0]) == {"b"}
    touched = known._replace(available_lo=known.available_lo + 1)
    assert set(taken(files, [touched, new], asked)[0]) == {"a", "b"}


def test_a_first_look_reads_the_newest_ten_of_each_data_set():
    many = [candidate(f"{of}{n}", age=n, of=of) for n in range(15) for of in ("db", "files")]
    files = Files({one.name: b"x" * 100 for one in many})
    assert set(taken(files, many)[0]) == {f"{of}{n}" for n in range(10) for of in ("db", "files")}


def test_a_look_reads_so_many_and_no_more():
    old = candidate("old", age=10**6)
    many = [candidate(f"n{n}", age=n) for n in range(MOST_TAKEN + 20)]
    files = Files({one.name: b"x" * 100 for one in many})
    found, _ = taken(files, [old, *many], replace(ASKED, settled={"old": Settled(old, {})}))
    assert len(found) == MOST_TAKEN


def test_what_the_storage_tells_a_checksum_of_and_what_is_empty_or_unfinished_is_not_read():
    files = Files({})
    those = [candidate("a", checksum="x"), candidate("b", 0), candidate("c", complete=False)]
    assert taken(files, those) == ({}, ())
    assert taken(files, [candidate("e")], replace(ASKED, tells_apart=False)) == ({}, ())
    assert files.reads == []


@pytest.mark.parametrize(("algorithm", "before"), [("md5", ""), ("sha256", "sha256:")])
def test_a_digest_beside_a_backup_is_a_checksum_and_spares_reading_it(algorithm, before):
    digest = hashlib.new(algorithm, b"x").hexdigest()
    beside = {f"a.{algorithm}": entry(f"a.{algorithm}")}
    files = Files({f"a.{algorithm}": f"{digest}  a\n".encode()})
    assert taken(files, [candidate("a")], beside=beside)[0] == {"a": (Fact.DIGEST, f"{before}{digest}")}
    assert len(files.reads) == 1


def test_a_digest_that_came_before_the_backup_is_of_an_older_one():
    beside = {"a.md5": entry("a.md5", NOW - 3 * DAY)}
    files = Files({"a.md5": hashlib.md5(b"x", usedforsecurity=False).hexdigest().encode(), "a": b"x" * 100})
    assert taken(files, [candidate("a")], beside=beside)[0]["a"][0] is Fact.PIECES


def test_what_may_not_be_read_is_tried_three_times_and_leaves_the_listing_whole():
    many = [candidate(f"n{n}", age=n) for n in range(9)]
    files = Files({}, refused=frozenset(one.name for one in many))
    found, (gap,) = taken(files, many)
    assert (found, len(files.reads), gap.hides, gap.fact) == ({}, 3, False, Fact.PIECES)
    assert "permission denied" in gap.what


def directory(name, files):
    """Return a backup of several files, by name within it, and where they lie."""
    size = sum(map(len, files.values()))
    whole = candidate(name, size)._replace(pieces=Pieces(b"0000" * len(files)))
    entries = tuple((inner, replace_size(entry(f"{name}{inner}"), len(content))) for inner, content in files.items())
    return whole, entries, {f"{name}{inner}": content for inner, content in files.items()}


def replace_size(one, size):
    return one._replace(size=size)


def of_directories(*each):
    backups = [directory(f"{number}/", files) for number, files in enumerate(each)]
    place = Files({name: content for _, _, its in backups for name, content in its.items()})
    found, gaps = taken(place, [one for one, _, _ in backups], within={one.name: its for one, its, _ in backups})
    assert not gaps
    return [found[f"{number}/"] for number in range(len(each))], len(place.reads)


def test_directories_are_alike_where_names_sizes_and_pieces_of_their_files_are():
    files = {f"{number:03}": bytes([number % 256]) * 5000 for number in range(300)}
    renamed = {**{name: data for name, data in files.items() if name != "007"}, "7": files["007"]}
    changed = {**files, "299": b"x" * 5000}
    moved = {**files, "001": files["001"] + b"x", "002": files["002"][1:]}
    (plain, again, *others), reads = of_directories(files, files, renamed, changed, moved)
    assert plain == again
    assert plain not in others
    assert plain[0] is Fact.PIECES
    assert reads == 5 * PIECES


def test_a_directory_of_few_small_files_is_read_whole():
    (one, other, alike), reads = of_directories(
        {"a": b"x" * 10, "b": b""}, {"a": b"x" * 9 + b"y", "b": b""}, {"a": b"x" * 10, "b": b""}
    )
    assert one == alike != other
    assert reads == 3


def test_a_file_of_a_directory_that_changed_since_it_was_listed_makes_no_claim():
    whole, entries, content = directory("a/", {"x": b"1" * 100, "y": b"2" * 100})
    files = Files({**content, "a/y": b"2" * 99})
    assert taken(files, [whole], within={"a/": entries}) == ({}, ())


@pytest.mark.parametrize("size", [1, 4096, (1 << 20) + 7])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_a_checksum_of_zeros_is_known_without_reading_any(algorithm, size):
    digest = hashlib.new(algorithm, bytes(size)).hexdigest()
    told = digest if algorithm == "md5" else f"{algorithm}:{digest}"
    assert fingerprints.is_of_zeros(told, size)
    assert not fingerprints.is_of_zeros(told, size + 1)
    assert not fingerprints.is_of_zeros("crc32c:00000000", size)
