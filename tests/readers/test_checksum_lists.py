"""Which files the lines of a list of checksums are of, and what a list names that is not there."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paged_place import DAY, NOW, Place, entry
from test_checksums import CONTENT, look, only, put, rot, told
from tools import run

from drcheck.core.model.evidence import FactValue
from drcheck.core.model.policy import Arrival
from drcheck.readers.content import checksums
from drcheck.readers.content.checksum_lists import Names, match, parse

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
WHOLE = f"orders/{datetime.fromtimestamp(NOW - DAY, UTC):%Y%m%d}/"


def held(text: str | bytes, *names: str, list_name: str = "d/SHA256SUMS", whole: str = "d/"):
    lines = parse(text if isinstance(text, bytes) else text.encode())
    return match(list_name, lines, Names([*names, list_name]), whole)


def lacking(*args: object, **where: str) -> list[str]:
    return [one.written for one in held(*args, **where).lacking]  # type: ignore[arg-type]


def listed(*names: str) -> str:
    return "".join(f"{A}  {name}\n" for name in names)


# What a list names that is not there


def test_a_file_that_is_gone_is_not_taken_for_another_of_the_same_last_name():
    assert lacking(listed("PG_VERSION", "base/1/PG_VERSION"), "d/PG_VERSION") == ["base/1/PG_VERSION"]
    names = ["PG_VERSION", *(f"base/{n}/PG_VERSION" for n in (1, 5, 16384))]
    there = [f"d/{name}" for name in names if name != "base/5/PG_VERSION"]
    for before in ("", "./", "/var/lib/pg/", "stage/", "../pg/"):
        assert lacking(listed(*(before + name for name in names)), *there) == [f"{before}base/5/PG_VERSION"]


def test_a_list_may_have_been_made_in_another_directory():
    there = ["d/base/1", "d/base/2", "d/global/1"]
    assert lacking(listed("base/1", "base/2", "base/3"), *there) == ["base/3"]
    assert lacking(listed("1", "2", "3"), *there) == ["3"]  # in base/
    assert lacking(listed("d/base/1", "d/base/2", "d/base/3"), *there) == ["d/base/3"]  # above
    assert lacking(listed("/old/d/base/1", "/old/d/base/3"), *there) == ["/old/d/base/3"]
    assert lacking(listed("base/1", "base/2", "base/3"), *there, list_name="d.sha256") == ["base/3"]
    assert lacking(listed("d/base/1", "d/base/2", "d/base/3"), *there, list_name="d.sha256") == ["d/base/3"]
    assert lacking(listed("/x/base/1", "/x/base/2", "/x/base/3"), *there, list_name="d.sha256") == ["/x/base/3"]


def test_a_copy_further_down_does_not_stand_for_what_is_gone():
    there = ["d/a", "d/b", "d/old/a", "d/old/b", "d/old/c"]
    assert lacking(listed("a", "b", "c"), *there) == ["c"]


def test_each_file_accounts_for_at_most_one_name_of_a_list():
    assert lacking(listed("café", "cafe\u0301", "x"), "d/caf\u00e9", "d/x") == ["cafe\u0301"]


def test_where_nothing_of_a_list_is_there_all_of_it_is_lacking():
    assert lacking(listed("/var/a", "/var/b"), "d/unrelated") == ["/var/a", "/var/b"]
    assert lacking(listed("a", "b")) == ["a", "b"]
    assert lacking(listed("a", "b"), "d/unrelated", list_name="d.sha256") == ["a", "b"]
    assert lacking(listed("d.tar"), "d/unrelated", list_name="d.sha256") == []


def test_what_lies_outside_of_the_backup_is_nothing_that_it_lacks():
    assert lacking(listed("a", "../a", "../../etc/passwd", "/etc/hosts", "x/../b"), "d/a", "d/b") == []
    assert lacking(listed("a", "../d/b", "../d/c"), "d/a", "d/b") == ["../d/c"]


@pytest.mark.parametrize(
    "other",
    [
        "SHA256SUMS", "./SHA256SUMS", "SHA256SUMS.tmp", "SHA256SUMS.a8Xk2z", ".SHA256SUMS.swp", "SHA256SUMS~",
        "MD5SUMS", "SHA256SUMS.asc", "tmp.a8Xk2zQw1b", "sums.tmp",
    ],
)  # fmt: skip
def test_a_list_that_names_itself_or_what_it_was_made_in_breaks_no_backup(other):
    nothing = hashlib.sha256().hexdigest()
    assert lacking(f"{A}  a\n{nothing}  {other}\n", "d/a") == []


def test_an_empty_file_that_is_gone_is_lacking():
    assert lacking(f"{A}  a\n{hashlib.sha256().hexdigest()}  standby.signal\n", "d/a") == ["standby.signal"]


def test_backslashes_are_part_of_a_name_or_what_parts_it():
    assert lacking(listed(r"my\x2dunit.slice"), r"d/my\x2dunit.slice") == []
    assert lacking(listed(r"base\1", r"base\2"), "d/base/1") == ["base/2"]
    assert lacking(listed(r"C:\dumps\base\1", r"C:\dumps\base\2"), "d/base/1", "d/base/2") == []
    assert list(held(listed(r"C:\dumps\base\1"), "d/base/1").kept) == ["d/base/1"]


def test_a_name_that_is_not_utf_8_is_as_collectors_give_it_and_else_in_doubt():
    line = A.encode() + b"  caf\xe9\n"
    assert lacking(line, r"d/caf\xe9") == []
    (one,) = held(line + listed("x").encode(), "d/café", "d/x").lacking
    assert "not UTF-8" in one.doubt


# How lists are written


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{A}  a b\r\n{B} *c\r\n", ["a b", "c"]),
        (f"\ufeff{A}  a\n", ["a"]),
        (f"SHA256 (a b) = {A}\nSHA2-256(c)= {B.upper()}\nSHA256(d)= {C}\r", ["a b", "c", "d"]),
        (f"# made by hand\n\n; so it was\n{A}\ta\n{A}    b\n{A} c\n", ["a", "b", "c"]),
        (f"{A}  a\0{B}  b\0", ["a", "b"]),
        (f"{A.upper()}  A\n", ["A"]),
        (f"SHA1 (a) = {A}\nMD5 (a) = {A}\n{'a' * 63}  a\n{'a' * 65}  a\n", []),
        ("", []),
        (f"\\{A}  a\\\\b\\nc\\rd\n", ["a\\b\nc\rd"]),
        (f"\\SHA256 (a\\\\b) = {A}\n", ["a\\b"]),
        (f"{A}  a\\\\b\n", [r"a\\b"]),
    ],
)
def test_each_form_of_line_is_read(text, names):
    lines = parse(text.encode())
    assert [line.whose for line in lines] == names
    assert {line.digest for line in lines} <= {A, B, C}


def test_a_list_that_powershell_wrote_is_read():
    assert [line.whose for line in parse(f"{A}  café\r\n".encode("utf-16"))] == ["café"]


TABLE = f"""
Algorithm       Hash                                                                   Path
---------       ----                                                                   ----
SHA256          {A.upper()}       C:\\b\\my dump.gz
SHA256          {B.upper()}       C:\\b\\other.gz

"""
LIST = f"""

Algorithm : SHA256
Hash      : {A.upper()}
Path      : C:\\b\\my dump.gz

Algorithm : SHA256
Hash      : {B.upper()}
Path      : C:\\b\\other.gz
"""
SPACED = " ".join(B[at : at + 2] for at in range(0, 64, 2))
CERTUTIL = (
    f"SHA256 hash of my dump.gz:\n{A}\nCertUtil: -hashfile command completed successfully.\n"
    f"SHA256 hash of file other.gz:\n{SPACED}\nCertUtil: -hashfile command completed successfully.\n"
)


@pytest.mark.parametrize("text", [TABLE, LIST, CERTUTIL], ids=["table", "list", "certutil"])
def test_what_windows_tools_write_is_read(text):
    lines = parse(text.replace("\n", "\r\n").encode("utf-16"))
    assert [(line.algorithm, line.digest, line.tagged) for line in lines] == [("sha256", A, True), ("sha256", B, True)]
    found = held(text, "d/my dump.gz", "d/other.gz", list_name="d/checksums.txt", whole="")
    assert {name: (one.digest, one.stated) for name, one in found.kept.items()} == {
        "d/my dump.gz": (A, True), "d/other.gz": (B, True),
    }  # fmt: skip


def test_a_path_that_a_table_cuts_off_is_no_name():
    (line,) = parse(f"SHA256          {A}       C:\\very\\long...\n".encode())
    assert (line.digest, line.whose) == (A, "")


def test_of_several_algorithms_the_strongest_counts_and_of_one_the_last_line():
    text = f"{'a' * 32}  a\n{B}  a\n{A}  a\n{'c' * 40}  a\n"
    kept = held(text, "d/a").kept["d/a"]
    assert (kept.algorithm, kept.digest, kept.earlier) == ("sha256", A, (B,))


# Whose a checksum without a name is


@pytest.mark.parametrize(
    ("list_name", "whose"),
    [
        ("d/dump.sql.gz.sha256", "d/dump.sql.gz"),
        ("d/dump.sql.gz.SHA256SUM.txt", "d/dump.sql.gz"),
        ("d/dump.sql.sha256", "d/dump.sql"),
        ("d/dump.sha256", None),
        ("d/other.sha256", None),
    ],
)
@pytest.mark.parametrize("text", [A, f"{A}  -\n", f"{A}  dump.tmp\n", f"(stdin)= {A}\n", f"SHA2-256(stdin)= {A}\n"])
def test_one_checksum_is_of_the_longest_name_that_its_file_bears(list_name, whose, text):
    for whole in ("", "d/"):
        found = held(text, "d/dump.sql", "d/dump.sql.gz", "d/dump.sql.gz.sha256", list_name=list_name, whole=whole)
        assert list(found.kept) == ([whose] if whose else [])


def test_a_checksum_without_a_name_whose_file_is_gone_leaves_a_doubt():
    assert lacking(A, "d/b", "d/b.sha256", list_name="d/a.sha256") == ["d/a"]
    assert held(A, "d/b", list_name="d/a.sha256").lacking[0].doubt
    assert lacking(A, "d/a.dump", list_name="d/a.sha256") == []
    assert lacking(A, "d/a.sql.gz", list_name="d/a.sql.sha256") == []


def test_one_checksum_with_the_name_of_a_file_is_of_that_file():
    found = held(f"{A}  dump.sql\n", "d/dump.sql", "d/dump.sql.gz", list_name="d/dump.sql.gz.sha256")
    assert list(found.kept) == ["d/dump.sql"]


# At a place


def write(top: Path, files: dict[str, bytes], ago: int = DAY) -> None:
    for name, content in files.items():
        path = top / WHOLE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (NOW - ago, NOW - ago))


def judged(top: Path, **more: object) -> FactValue:
    return told(look(top, template="{of}/{data_as_of:%Y%m%d}/", available_at=Arrival.MTIME, **more))[WHOLE]


def test_a_directory_summed_into_itself_is_whole(tmp_path: Path):
    write(tmp_path, {"a": b"a", "sub/b": b"b", "SHA256SUMS": b""})
    sums = run("sh", "-c", "sha256sum SHA256SUMS a sub/b", cwd=tmp_path / WHOLE)
    write(tmp_path, {"SHA256SUMS": sums})
    assert judged(tmp_path).holds is True


@pytest.mark.parametrize("name", [r"my\x2dunit.slice", " blank", "*star", "ümläut"])
def test_odd_names_that_coreutils_sums_are_held_against_their_files(tmp_path: Path, name):
    write(tmp_path, {name: b"a", "b": b"b"})
    write(tmp_path, {"SHA256SUMS": run("sha256sum", name, "b", cwd=tmp_path / WHOLE)})
    assert judged(tmp_path).holds is True
    rot(tmp_path, WHOLE + name, b"?")
    assert judged(tmp_path).holds is False
    (tmp_path / WHOLE / name).unlink()
    assert "is not there" in judged(tmp_path).how


def test_one_file_that_cannot_be_read_keeps_no_other_from_being_checked(tmp_path: Path):
    write(tmp_path, {"a\nb": b"a", "c": b"c"})  # nothing with a line break is asked of any place
    write(tmp_path, {"SHA256SUMS": run("sha256sum", "a\nb", "c", cwd=tmp_path / WHOLE)})
    assert "line break" in judged(tmp_path).how
    rot(tmp_path, WHOLE + "c", b"?")
    assert judged(tmp_path).holds is False


def test_a_list_in_another_encoding_leaves_at_most_a_doubt(tmp_path: Path):
    write(tmp_path, {"café": b"a", "b": b"b"})
    sums = run("sha256sum", "café", "b", cwd=tmp_path / WHOLE)
    write(tmp_path, {"SHA256SUMS": sums.decode().encode("latin-1")})
    assert judged(tmp_path).holds is None
    assert "not UTF-8" in judged(tmp_path).how


def test_a_file_whose_name_is_not_utf_8_is_said_to_be_unread(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9")
    write(tmp_path, {name: b"a"})
    write(tmp_path, {"SHA256SUMS": run("sha256sum", name, cwd=tmp_path / WHOLE)})
    assert judged(tmp_path) == FactValue(None, "it cannot be read by its name, which is not UTF-8")


def test_a_link_that_a_list_names_is_no_file_that_is_gone(tmp_path: Path):
    write(tmp_path, {"a": b"a"})
    (tmp_path / WHOLE / "latest").symlink_to("a")
    write(tmp_path, {"SHA256SUMS": run("sha256sum", "a", "latest", cwd=tmp_path / WHOLE)})
    assert judged(tmp_path).holds is None
    assert "Links" in judged(tmp_path).how or "link" in judged(tmp_path).how.lower()


def test_what_matches_no_checksum_that_a_list_has_of_it_is_broken(tmp_path: Path):
    name = put(tmp_path, 1)
    right = hashlib.sha256(CONTENT).hexdigest()
    for digests, holds in (([A, B], False), ([A, right], True), ([right, A], None), ([right, right], True)):
        (tmp_path / "orders/SHA256SUMS").write_text("".join(f"{one}  {Path(name).name}\n" for one in digests))
        assert only(look(tmp_path)).holds is holds


@pytest.mark.parametrize("whole", [True, False])
def test_a_bare_digest_of_what_was_compressed_says_nothing_of_what_was_not(tmp_path: Path, whole):
    files = {"dump.sql": b"plain", "dump.sql.gz": b"packed"}
    files["dump.sql.gz.sha256"] = hashlib.sha256(b"packed").hexdigest().encode()
    files["dump.sql.sha256"] = hashlib.sha256(b"plain").hexdigest().encode()
    write(tmp_path, files)
    names = {} if whole else {"template": ("{of}/{data_as_of:%Y%m%d}/dump.sql", "{of}/{data_as_of:%Y%m%d}/dump.sql.gz")}
    if whole:
        assert judged(tmp_path).holds is True
        (tmp_path / WHOLE / "dump.sql.sha256").unlink()
        assert judged(tmp_path) == FactValue(None, "no checksum is kept beside it")
        return
    seen = told(look(tmp_path, templates=names.pop("template"), template="{of}/{data_as_of:%Y%m%d}/dump.sql"))
    assert {one.holds for one in seen.values()} == {True}


def test_what_is_newer_than_a_list_makes_no_other_file_unchecked(tmp_path: Path):
    write(tmp_path, {"a": b"a", "b": b"b"})
    write(tmp_path, {"SHA256SUMS": run("sha256sum", "a", "b", cwd=tmp_path / WHOLE)})
    write(tmp_path, {"backup.log": b"done"}, ago=DAY - 600)
    rot(tmp_path, WHOLE + "a", b"?")
    assert judged(tmp_path).holds is False


def test_a_marker_that_comes_last_leaves_a_checksum_valid(tmp_path: Path):
    name = put(tmp_path, 1, CONTENT[::-1])
    for beside, ago in ((".sha256", DAY), (".done", DAY - 60)):
        (tmp_path / f"{name}{beside}").write_text(hashlib.sha256(CONTENT).hexdigest())
        os.utime(tmp_path / f"{name}{beside}", (NOW - ago, NOW - ago))
    assert only(look(tmp_path, complete_when="{name}.done", available_at=Arrival.MTIME)).holds is False


@pytest.mark.parametrize(("later", "holds"), [(0, False), (3000, False), (4000, None)])
def test_a_list_of_what_a_directory_held_before_does_not_say_what_it_lacks(tmp_path: Path, later, holds):
    write(tmp_path, {"a": b"a", "b": b"b", "c": b"c"})
    write(tmp_path, {"SHA256SUMS": run("sha256sum", "a", "b", "c", cwd=tmp_path / WHOLE)})
    (tmp_path / WHOLE / "c").unlink()
    write(tmp_path, {"a": b"anew", "b": b"anew", "d": b"new"}, ago=DAY - later)
    found = judged(tmp_path)
    assert found.holds is holds
    assert "c, which" in found.how


def test_a_list_too_large_to_be_read_is_said_to_be(tmp_path: Path, monkeypatch):
    write(tmp_path, {"a": b"a", "SHA256SUMS": listed("a", "b").encode()})
    write(tmp_path, {"a.sha256": run("sha256sum", "a", cwd=tmp_path / WHOLE)})
    monkeypatch.setattr(checksums, "LARGEST_LIST", 100)
    assert judged(tmp_path).holds is None
    assert "SHA256SUMS is too large" in judged(tmp_path).how


# What it costs


def test_many_files_with_checksums_in_one_directory_are_found_at_once():
    count = 20_000
    names = [f"orders/20260920/{n:05}.gz" for n in range(count)]
    beside = {f"{name}.sha256": entry(f"{name}.sha256") for name in names}
    beside["orders/20260920/SHA256SUMS"] = entry("orders/20260920/SHA256SUMS", size=100 * count)
    text = listed(*(f"{n:05}.gz" for n in range(count)), "gone/00001.gz")
    there = Place(files={"orders/20260920/SHA256SUMS": text.encode()})
    files = [*names, *beside]
    lists = checksums.Lists(there, beside, files, [("orders/20260920/", files)])  # type: ignore[arg-type]
    found = lists.held("orders/20260920/SHA256SUMS", "orders/20260920/", str)
    assert found is not None
    assert [one.written for one in found.lacking] == ["gone/00001.gz"]
    assert len(lists.of_whole("orders/20260920/", files, "")) == count + 1
    for name in names:
        assert lists.of(name) == [f"{name}.sha256", "orders/20260920/SHA256SUMS"]
    assert there.calls == 1


@pytest.mark.parametrize("text", [b"\r" * (1 << 20) + b"x", f"{A}  ".encode() + b"a/" * (1 << 19)])
def test_a_list_of_which_a_line_has_no_end_is_passed_over_at_once(text):
    assert parse(text + f"\n{B}  b\r\r\n".encode()) == parse(f"{B}  b".encode())
