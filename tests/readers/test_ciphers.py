"""Formats told by their first bytes, as the real tools write them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools import gpg, run

from drcheck.readers.content import ciphers, openpgp

TEXT = b"what was kept\n" * 40
NOISE = random.Random(7).randbytes(150_000)


def told(content: bytes):
    """Judge ``content``, and see that no read goes beyond it."""

    def more(offset: int, at_most: int) -> bytes:
        assert 0 <= offset <= len(content)
        assert 0 < at_most <= 4 << 20
        return content[offset : offset + at_most]

    return ciphers.encryption_of(content[: ciphers.HEAD], len(content), more)


def holds(content: bytes, how: str) -> bool | None:
    one = told(content)
    assert how in one.how
    return one.holds


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory):
    made = tmp_path_factory.mktemp("ciphers")
    (made / "text").write_bytes(TEXT)
    (made / "noise").write_bytes(NOISE)
    (made / "empty").touch()
    (made / "both").mkdir()
    (made / "both" / "text").write_bytes(TEXT)
    (made / "both" / "noise").write_bytes(NOISE)
    (made / "both" / "empty").touch()
    return made


# age, openssl and the like


@pytest.mark.parametrize("armor", [(), ("--armor",)])
def test_age_encrypts(work: Path, armor):
    run("age-keygen", "-o", f"key{len(armor)}", cwd=work)
    key = run("age-keygen", "-y", f"key{len(armor)}", cwd=work).decode().strip()
    assert holds(run("age", *armor, "-r", key, cwd=work, stdin=TEXT), "age") is True


@pytest.mark.parametrize("base64", [(), ("-base64",)])
def test_openssl_enc_encrypts(work: Path, base64):
    content = run("openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-k", "x", *base64, cwd=work, stdin=TEXT)
    assert holds(content, "openssl enc") is True


def test_openssl_without_salt_cannot_be_told_from_noise(work: Path):
    content = run("openssl", "enc", "-aes-256-ctr", "-K", "00" * 32, "-iv", "01" * 16, "-nosalt", cwd=work, stdin=NOISE)
    assert told(content) == ciphers.UNKNOWN


# OpenPGP


@pytest.fixture(scope="module")
def keyring(work: Path):
    for name in ("rsa2048", "ed25519"):
        gpg("--quick-generate-key", f"{name}@example.com", name, "default", "never", cwd=work)
        listed = gpg("--list-keys", "--with-colons", f"{name}@example.com", cwd=work).decode()
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        gpg("--quick-add-key", fingerprint, name.replace("ed", "cv"), "encr", "never", cwd=work)
    yield work
    run("gpgconf", "--kill", "all", cwd=work)


@pytest.mark.parametrize(
    ("armor", "content"), [((), b"x"), ((), NOISE), (("--armor",), TEXT)], ids=["tiny", "large", "armor"]
)
@pytest.mark.parametrize(
    ("options", "how"),
    [
        (("--encrypt", "-r", "rsa2048@example.com"), "public key"),
        (("--encrypt", "-r", "ed25519@example.com"), "public key"),
        (("--encrypt", "-R", "rsa2048@example.com"), "public key"),
        (("--encrypt", "--sign", "-r", "rsa2048@example.com"), "public key"),
        (("--symmetric",), "passphrase"),
        (("--symmetric", "--cipher-algo", "3DES", "--rfc2440"), "passphrase"),
        (("--symmetric", "--encrypt", "-r", "rsa2048@example.com"), "passphrase and public key"),
    ],
    ids=["rsa", "ecc", "anonymous", "signed", "passphrase", "rfc2440", "both"],
)
def test_an_openpgp_message_is_encrypted(keyring: Path, options, how, armor, content):
    assert holds(gpg(*armor, *options, cwd=keyring, stdin=content), f"OpenPGP, {how}") is True


def test_an_openpgp_message_to_more_keys_than_are_read_is_encrypted(keyring: Path):
    message = gpg("--encrypt", *["-r", "rsa2048@example.com"], cwd=keyring, stdin=TEXT)
    key_packet = message[: 3 + int.from_bytes(message[1:3], "big")]
    assert holds(key_packet * 20 + message, "OpenPGP, public key") is True
    # A file that ends with its keys holds nothing that they open.
    assert told(key_packet) == ciphers.UNKNOWN


@pytest.mark.parametrize(("armor", "content"), [((), NOISE), (("--armor",), TEXT)], ids=["large", "armor"])
@pytest.mark.parametrize(
    "options",
    [
        ("--sign",),
        ("--sign", "--compress-algo", "zlib"),
        ("--sign", "--compress-algo", "bzip2"),
        ("--sign", "--compress-algo", "none"),
        ("--store",),
        ("--store", "--compress-algo", "none"),
        ("--detach-sign",),
    ],
    ids=" ".join,
)
def test_an_openpgp_message_that_is_only_signed_or_stored_is_not_encrypted(keyring: Path, options, armor, content):
    assert holds(gpg(*armor, *options, cwd=keyring, stdin=content), "OpenPGP") is False


def test_a_signed_text_is_not_encrypted(keyring: Path):
    assert holds(gpg("--clear-sign", cwd=keyring, stdin=TEXT), "OpenPGP, signed only") is False


def test_armor_around_nothing_is_not_known():
    assert told(b"-----BEGIN PGP MESSAGE-----\n\nnothing\n-----END PGP MESSAGE-----\n").holds is None
    assert told(b"-----BEGIN PGP MESSAGE-----").holds is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # RFC 9580: version 6 session keys and version 2 of encrypted data, which no tool of the lab writes yet.
        (b"\xc1\x21\x06\x00\x19" + bytes(30) + b"\xd2\xff\x00\x00\x01\x00\x02\x09\x02\x06" + bytes(252), True),
        (b"\xc3\x1a\x06\x0c\x09\x02\x06\x03" + bytes(20) + b"\xd2\x25\x02\x09\x02\x06" + bytes(33), True),
        # LibrePGP's encrypted data, which GnuPG 2.3 and later write.
        (b"\x8c\x0d\x05\x09\x02\x03" + bytes(9) + b"\xd4\x25\x01\x09\x02\x10" + bytes(33), True),
        # A marker before it, which readers must ignore.
        (b"\xca\x03PGP\x8c\x04\x04\x09\x03\x08\xd2\x25\x01" + bytes(36), True),
        # Encrypted data alone, with and without integrity protection: nothing vouches for the latter.
        (b"\xd2\x25\x01" + bytes(36), True),
        (b"\xc9\x25\x01" + bytes(36), None),
        # A session key that nothing follows that it would open, and one that runs beyond the file's end.
        (b"\x8c\x04\x04\x09\x03\x08\xcb\x0bb\x00" + bytes(9), None),
        (b"\x8c\xf0\x04\x09\x03\x08" + bytes(40), None),
        # An algorithm that does not exist.
        (b"\x8c\x04\x04\x63\x03\x08\xd2\x25\x01" + bytes(36), None),
    ],
)  # fmt: skip
def test_packets_of_openpgp_are_judged_by_their_bodies(content, expected):
    assert told(content).holds is expected


@given(st.integers(0x80, 0xFF), st.binary(max_size=24), st.booleans())
def test_no_short_packets_make_it_fail(first, rest, whole):
    content = bytes([first]) + rest
    openpgp.is_encrypted(content, len(content) if whole else 1 << 20)


def test_noise_is_not_taken_for_openpgp():
    noise = random.Random(1)
    taken = sum(openpgp.is_encrypted(noise.randbytes(300), 1 << 20) is not None for _ in range(100_000))
    assert taken <= 1  # in a hundred thousand


# LUKS


@pytest.mark.parametrize("version", ["1", "2"])
def test_luks_encrypts(work: Path, version):
    image = work / f"luks{version}"
    image.touch()
    os.truncate(image, 20 << 20)
    pbkdf = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    run("cryptsetup", "luksFormat", "-q", "--type", f"luks{version}", *pbkdf, image, "-", cwd=work, stdin=b"x")
    content = image.read_bytes()
    assert holds(content, f"LUKS{version}") is True
    # The kernel's null cipher, which cryptsetup only formats where a kernel has it, and a segment in plain.
    null = (
        content.replace(b'"encryption":"aes-xts-plain64"', b'"encryption":"cipher_null-ec"')
        if version == "2"
        else (content[:8] + b"cipher_null".ljust(32, b"\0") + content[40:])
    )
    assert told(null).holds is False
    if version == "2":
        assert told(content.replace(b'"type":"crypt"', b'"type":"linea"')).holds is False
        assert told(content[:4096] + bytes(len(content) - 4096)).holds is None


# zip


def test_a_zip_whose_every_file_is_encrypted_by_zip_is_weakly_encrypted(work: Path):
    run("zip", "-q", "-r", "-P", "x", "weak.zip", "both", cwd=work)
    assert holds((work / "weak.zip").read_bytes(), "which is weak") is True


@pytest.mark.parametrize(("method", "how"), [("AES256", "AES-256"), ("AES128", "AES-128"), ("ZipCrypto", "weak")])
def test_a_zip_made_by_7_zip_tells_its_cipher(work: Path, method, how):
    run("7zz", "a", "-tzip", "-px", f"-mem={method}", f"{method}.zip", "both", cwd=work)
    assert holds((work / f"{method}.zip").read_bytes(), f"zip, {how}" if how != "weak" else how) is True


def test_one_plain_file_makes_a_zip_plain_whatever_comes_first(work: Path):
    run("zip", "-q", "-P", "x", "mixed.zip", "noise", cwd=work)
    run("zip", "-q", "mixed.zip", "text", cwd=work)
    content = (work / "mixed.zip").read_bytes()
    assert content[6] & 1  # the first file's own header says encrypted
    assert holds(content, "1 of 2 files not encrypted") is False


def test_a_zip_written_to_a_pipe_and_one_with_a_comment_are_read_by_their_directory(work: Path):
    streamed = run("zip", "-q", "-P", "x", "-", "-", cwd=work, stdin=TEXT)
    assert holds(streamed, "weak") is True
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("text", TEXT)
        archive.comment = b"PK" * 30_000
    assert holds(made.getvalue(), "1 of 1 files not encrypted") is False


def test_a_zip64_is_read_whole_by_its_directory(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 100)  # as if there were more files than 16 bits can count
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for index in range(2_000):
            archive.writestr(str(index), b"x")
    assert holds(made.getvalue(), "2000 of 2000") is False


def test_a_zip_that_holds_nothing_or_is_cut_short():
    made = io.BytesIO()
    zipfile.ZipFile(made, "w").close()
    assert holds(made.getvalue(), "without files") is False
    with zipfile.ZipFile(made, "w") as archive:  # behind the empty one, whose end is not the file's
        archive.writestr("text", TEXT)
    assert told(made.getvalue()[:-30]).holds is None


def test_a_zip_whose_directory_swallows_a_file_of_its_own_is_not_believed():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("one", TEXT)
        archive.writestr("other", TEXT)
    content = bytearray(made.getvalue())
    first = content.find(b"PK\x01\x02")
    second = content.find(b"PK\x01\x02", first + 4)
    content[first + 8] |= 1  # encrypted, it says
    content[first + 32 : first + 34] = (len(content) - 22 - second).to_bytes(2, "little")  # its comment: all the rest
    assert told(bytes(content)).holds is None


# 7z


@pytest.mark.parametrize(
    ("options", "expected", "how"),
    [
        ((), False, "1 of 1"),
        (("-mhc=off",), False, "1 of 1"),
        (("-px",), True, "AES-256"),
        (("-px", "-mhc=off"), True, "AES-256"),
        (("-px", "-mhe=on"), True, "names too"),
        (("-px", "-ms=off"), True, "AES-256"),
        (("-px", "-m0=LZMA", "-ms=off"), True, "AES-256"),
        (("-px", "-m0=PPMd"), True, "AES-256"),
        (("-px", "-m0=BCJ2", "-m1=LZMA2", "-m2=LZMA", "-m3=LZMA", "-mb0:1", "-mb0s1:2", "-mb0s2:3"), True, "AES-256"),
        (("-m0=Copy",), False, "2 of 2"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_7z_archive_tells_its_coders(work: Path, options, expected, how):
    name = f"made{''.join(options)}.7z"
    run("7zz", "a", *options, name, "both", cwd=work)
    assert holds((work / name).read_bytes(), how) is expected


def test_one_plain_file_makes_a_7z_archive_plain(work: Path):
    run("7zz", "a", "-px", "mixed.7z", "noise", cwd=work)
    run("7zz", "a", "mixed.7z", "text", cwd=work)
    assert holds((work / "mixed.7z").read_bytes(), "1 of 2 streams not encrypted") is False


def test_a_7z_archive_of_empty_files_or_cut_short(work: Path):
    run("7zz", "a", "-px", "empty.7z", "empty", cwd=work)
    content = (work / "empty.7z").read_bytes()
    assert told(content).holds is False
    run("7zz", "a", "-px", "cut.7z", "both", cwd=work)
    content = (work / "cut.7z").read_bytes()
    for length in (20, 32, 5000, len(content) - 1):
        assert told(content[:length]).holds is None


# What is plain


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("text")
        member.size = len(TEXT)
        archive.addfile(member, io.BytesIO(TEXT))
    return made.getvalue()


def database(tmp_path: Path) -> bytes:
    with sqlite3.connect(tmp_path / "db") as connection:
        connection.execute("create table t (x)")
    connection.close()
    return (tmp_path / "db").read_bytes()


def test_plain_formats_are_a_proof_that_nothing_is_encrypted(work: Path, tmp_path: Path):
    assert holds(gzip.compress(TEXT), "gzip") is False
    assert holds(bz2.compress(TEXT), "bzip2") is False
    assert holds(bz2.compress(b""), "bzip2") is False
    assert holds(lzma.compress(TEXT), "xz") is False
    assert holds(tarred(), "tar") is False
    assert holds(run("tar", "--format=gnu", "-cf", "-", "text", cwd=work), "tar") is False
    assert holds(database(tmp_path), "SQLite") is False
    # Formats of tools that the tests do not install, by what their documentation says that they begin with.
    assert holds(b"PGDMP\x01\x0e\x00" + NOISE, "PostgreSQL custom dump") is False
    assert holds(b"\x28\xb5\x2f\xfd" + NOISE, "zstd") is False
    assert holds(bytes(32 << 10) + b"\x01CD001\x01\x00", "ISO 9660") is False


def test_an_archive_of_ciphertext_reads_as_what_it_is_outside(work: Path):
    inner = run("openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-k", "x", cwd=work, stdin=TEXT)
    assert holds(gzip.compress(inner), "gzip") is False


@pytest.mark.parametrize(
    "text",
    [
        "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n",
        "-- MySQL dump 10.19  Distrib 10.3.39\n",
        "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
        "\ufeffinsert into orders values ('grün');\n",
    ],
)
def test_sql_is_plain(text):
    assert holds(text.encode(), "SQL") is False


@pytest.mark.parametrize(
    "content",
    [
        b"", b"x", bytes(100), bytes(100_000), NOISE, TEXT, b"PK", b"BZh9", b"LUKS\xba\xbe\x00\x03", b"7z\xbc\xaf\x27\x1c",
        b"-----BEGIN RSA PRIVATE KEY-----\n", b"SELECTED", b"-- \x00\x01\x02",
    ],
)  # fmt: skip
def test_what_no_format_tells_is_not_known(content):
    assert told(content).holds is None


# Nothing that lies at a place can make it fail

BEGINNINGS = st.sampled_from(
    [b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c\x00\x04", b"LUKS\xba\xbe\x00\x02", b"QFI\xfb", b"\x8c", b"\xc1",
     b"-----BEGIN PGP MESSAGE-----\n\n", b"\xa3\x01", b"BZh9", b""]
)  # fmt: skip


@given(
    BEGINNINGS, st.binary(max_size=300), st.sampled_from([b"", b"PK\x05\x06", b"PK\x06\x07"]), st.binary(max_size=60)
)
def test_no_bytes_make_it_fail(beginning, middle, mark, end):
    told(beginning + middle + mark + end)


@pytest.mark.parametrize("options", [("-px",), ("-px", "-mhc=off"), ("-mhc=off",)], ids=" ".join)
def test_no_damage_to_a_7z_header_makes_it_fail(work: Path, options):
    name = f"damaged{len(options)}{options[-1]}.7z"
    run("7zz", "a", *options, name, "text", "noise", cwd=work)
    content = bytearray((work / name).read_bytes())
    for at in [*range(12, 32), *range(len(content) - 300, len(content))]:
        for value in (0, 1, 0x17, 0x7F, 0xFF):
            told(bytes(content[:at] + bytes([value]) + content[at + 1 :]))


def test_a_luks2_header_that_is_no_json_or_huge_is_not_known():
    head = b"LUKS\xba\xbe\x00\x02" + (16384).to_bytes(8, "big") + bytes(4080)
    for area in (b"[]", b"{}", b'{"segments": []}', b'{"segments": {"0": {}}}', b'{"segments": {}}', b"[" * 12_000):
        assert told(head + area.ljust(12_288, b"\0")).holds is None
    assert told(head[:8] + (1 << 40).to_bytes(8, "big") + bytes(8192)).holds is None
