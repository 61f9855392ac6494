"""``drcheck ledger keygen``, ``checkpoint``, ``prove``, ``verify``, ``export`` and ``import``, and every way to tamper."""

from __future__ import annotations

import base64
import json
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

POLICY = """\
drcheck: 1
service: shop
commitments:
  rpo: {kind: rpo, at_most: 2d, evidence: [dumps]}
sources:
  dumps:
    at: vault:dumps/
    reader: objects
    name: "{data_as_of:%Y-%m-%d}.dump"
    name_zone: UTC
"""
NAME = "backups.example.com/drcheck"


def drcheck(root: Path, *arguments: str, expect: int | None = 0) -> str:
    """Return what is told; ``expect``: None where it does not matter what was judged."""
    done = subprocess.run(
        [sys.executable, "-m", "drcheck", *arguments], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in ({0, 1, 3} if expect is None else {expect}), done.stdout + done.stderr
    return done.stdout + done.stderr


def told(root: Path, *arguments: str, expect: int | None = 0) -> str:
    return " ".join(drcheck(root, *arguments, expect=expect).split())


def estate(root: Path) -> Path:
    (root / "vault" / "dumps").mkdir(parents=True)
    (root / "policies").mkdir()
    (root / "policies" / "shop.yaml").write_text(POLICY)
    (root / "drcheck.yaml").write_text(
        "proof: {key: ledger.key, checkpoints: [seen/]}\nconnections:\n  vault: {type: local, root: vault}\n"
    )
    for days in range(3):
        day = datetime.now(UTC) - timedelta(days=days)
        (root / "vault" / "dumps" / f"{day:%Y-%m-%d}.dump").write_bytes(b"data" * (100 + days))
    return root


def night(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drcheck", "verify"], cwd=root, check=False, timeout=60, capture_output=True
    )
    assert (done.returncode in {0, 1, 3}, done.stderr) == (True, b"")


def newest(root: Path) -> Path:
    return max((root / "seen").iterdir())


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An estate whose ledger was signed by two nights; ``key.pub`` verifies it, ``old`` is the first checkpoint."""
    root = estate(tmp_path_factory.mktemp("signed"))
    (root / "key.pub").write_text(drcheck(root, "ledger", "keygen", NAME))
    night(root)
    shutil.copy(newest(root), root / "old")
    night(root)
    drcheck(root, "ledger", "export", "--output", "export")
    return root


@pytest.fixture
def copy(signed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(signed, tmp_path / "copy"))


def change(root: Path, *statements: str) -> None:
    """Do with the ledger what whoever may write the file can."""
    with closing(sqlite3.connect(root / "drcheck.db", isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.create_function("leaf", 1, leaf)
        for statement in statements:
            connection.execute(statement)
        connection.execute("UPDATE head SET count = (SELECT max(number) FROM entry)")
        connection.execute("DELETE FROM derived")
        for _, sql in triggers:
            connection.execute(sql)


def leaf(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(b"\0" + data).digest()


def test_a_run_signs_the_ledger_and_its_report_says_so(copy: Path) -> None:
    report = json.loads(drcheck(copy, "verify", "--format", "json", expect=None))
    origin, size, root, *_ = report["checkpoint"].split("\n")
    assert origin == NAME
    assert report["checkpoint"] == newest(copy).read_text()
    shown = told(copy, "verify", "--offline", expect=None)
    assert f"the ledger's {size} entries are signed by {NAME}: root {root}" in shown


def test_a_key_is_for_its_owner_alone_and_is_never_written_over(copy: Path) -> None:
    key = copy / "ledger.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_text()
    assert "is there already" in told(copy, "ledger", "keygen", NAME, expect=2)
    assert key.read_text() == before
    key.chmod(0o640)
    assert "may be read or written by others" in told(copy, "ledger", "checkpoint", expect=2)


def test_a_private_key_stands_in_nothing_that_drcheck_writes(copy: Path) -> None:
    drcheck(copy, "ledger", "keygen", "--replace")
    secret = (copy / "ledger.key").read_text().strip().split("+", 4)[4].encode()
    (copy / "report").write_text(drcheck(copy, "verify", "--format", "json", expect=None))
    drcheck(copy, "ledger", "export", "--output", "export")
    for file in copy.rglob("*"):
        if file.is_file() and file.name != "ledger.key":
            assert secret not in file.read_bytes(), file
            assert base64.b64decode(secret)[1:] not in file.read_bytes(), file


def test_a_run_whose_key_is_gone_is_recorded_and_says_what_is_missing(copy: Path) -> None:
    (copy / "ledger.key").unlink()
    shown = told(copy, "verify", expect=None)
    assert "there is no key" in shown
    assert "--lost REASON" in shown
    assert "is whole" in drcheck(copy, "ledger", "check")


def test_who_has_the_public_key_verifies_all_that_leaves_the_ledger(signed: Path) -> None:
    drcheck(signed, "ledger", "prove", "4", "--output", "proof")
    drcheck(signed, "ledger", "prove", "--since", "old", "--output", "growth")
    assert "verified" in told(signed, "ledger", "verify", "--key", "key.pub")
    for file, *more in (
        ("export",),
        ("export", "--since", "old"),
        ("drcheck.db",),
        ("proof",),
        ("growth", "--since", "old"),
        ("old",),
    ):
        shown = told(signed, "ledger", "verify", file, "--key", "key.pub", *more)
        assert "what was observed is not proven to be true" in shown, file
    assert "entry 4 is 'source' about 'shop'" in told(
        signed, "ledger", "verify", "proof", "--key", (signed / "key.pub").read_text()
    )


def test_what_verifies_itself_is_not_verified(signed: Path) -> None:
    drcheck(signed, "ledger", "prove", "4", "--output", "proof")
    for file in ("export", "drcheck.db", "proof", "old"):
        shown = told(signed, "ledger", "verify", file, expect=3)
        assert "the key was not given: whoever made these records could have made it too" in shown
        assert shown.endswith("not verified")


def test_another_key_verifies_nothing(signed: Path, tmp_path: Path) -> None:
    (tmp_path / "drcheck.yaml").write_text("proof: {key: ledger.key}\n")
    (signed / "other.pub").write_text(drcheck(tmp_path, "ledger", "keygen", NAME))
    assert "signed by none of the keys" in told(signed, "ledger", "verify", "export", "--key", "other.pub", expect=3)


def test_a_policy_that_asks_for_a_witness_is_not_satisfied_without_one(signed: Path) -> None:
    from drcheck.core.proof.notes import COSIGNATURE, SigningKey

    witness = SigningKey("witness.example/w", bytes(32), COSIGNATURE)
    key = (signed / "key.pub").read_text().strip()
    (signed / "policy").write_text(f"log {key}\nwitness w {witness.key.text}\nquorum w\n")
    assert "or not by enough" in told(signed, "ledger", "verify", "old", "--key", "policy", expect=3)
    note = (signed / "old").read_text()
    (signed / "cosigned").write_text(note + witness.line(note.partition("\n\n")[0] + "\n", 1_700_000_000))
    shown = told(signed, "ledger", "verify", "cosigned", "--key", "policy")
    assert "the witness witness.example/w saw it at 2023-11-14T22:13:20Z" in shown


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET bytes = CAST(bytes || x'00' AS BLOB), leaf = leaf(CAST(bytes || x'00' AS BLOB)) WHERE number = 4",
        "DELETE FROM entry WHERE number = 4",
        "UPDATE entry SET bytes = x'836161616161a0' WHERE number = 4",
        "UPDATE entry SET (bytes, leaf) = (SELECT bytes, leaf FROM entry WHERE number = 5) WHERE number = 4",
    ],
    ids=["rewritten", "deleted", "flipped", "copied over"],
)
def test_a_ledger_that_was_changed_is_tampered_and_signs_nothing_more(copy: Path, statement: str) -> None:
    change(copy, statement)
    assert told(copy, "ledger", "verify", "drcheck.db", "--key", "key.pub", expect=1).endswith("tampered")
    assert "damaged" in told(copy, "ledger", "checkpoint", expect=2)


def test_a_ledger_whose_schema_was_altered_is_tampered(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "drcheck.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entry_keeps_all")
    for file in ((), ("drcheck.db",)):
        assert told(copy, "ledger", "verify", *file, "--key", "key.pub", expect=1).endswith("tampered")


def test_swapped_deleted_and_inserted_entries_are_found(copy: Path) -> None:
    for statements in (
        (
            "UPDATE entry SET number = -4 WHERE number = 4",
            "UPDATE entry SET number = 4 WHERE number = 5",
            "UPDATE entry SET number = 5 WHERE number = -4",
        ),
        (
            "DELETE FROM entry WHERE number = 4",
            "UPDATE entry SET number = -(number - 1) WHERE number > 4",
            "UPDATE entry SET number = -number WHERE number < 0",
        ),
        (
            "UPDATE entry SET number = -(number + 1) WHERE number >= 4",
            "UPDATE entry SET number = -number WHERE number < 0",
            "INSERT INTO entry SELECT 4, bytes, leaf FROM entry WHERE number = 3",
        ),
    ):
        shutil.copy(copy / "drcheck.db", copy / "kept.db")
        change(copy, *statements)
        shown = told(copy, "ledger", "verify", "drcheck.db", "--key", "key.pub", expect=1)
        assert "are not those that the checkpoint there signs" in shown
        shutil.copy(copy / "kept.db", copy / "drcheck.db")


def test_a_ledger_that_was_cut_off_is_not_what_was_signed_before(copy: Path) -> None:
    """Alone it is as it once was: only who kept a newer checkpoint, or a place that keeps them, finds out."""
    since = newest(copy).name
    size = int((copy / "old").read_text().split("\n")[1])
    change(copy, f"DELETE FROM entry WHERE number > {size + 1}")
    told(copy, "ledger", "verify", "drcheck.db", "--key", "key.pub")
    shown = told(copy, "ledger", "verify", "drcheck.db", "--key", "key.pub", "--since", f"seen/{since}", expect=1)
    assert "were signed before: the last ones are gone" in shown
    assert "the last ones are gone" in told(copy, "ledger", "verify", "--key", "key.pub", expect=1)
    assert "nothing is signed" in told(copy, "ledger", "checkpoint", expect=2)
    assert "nothing is signed" in told(copy, "verify", expect=None)


def test_two_histories_of_one_ledger_are_found_by_whoever_compares_them(copy: Path) -> None:
    """The same key signs one history for one person and another for the next."""
    other = Path(shutil.copytree(copy, copy.parent / "forked"))
    shutil.rmtree(other / "seen")
    night(copy)
    change(other, "DELETE FROM entry WHERE number > 3")
    for _ in range(3):
        night(other)
    ours, theirs = newest(copy), newest(other)
    shown = told(other, "ledger", "verify", "--key", "key.pub", "--since", str(copy / "old"), expect=1)
    assert "entries are not those that were signed before" in shown
    drcheck(copy, "ledger", "prove", "--since", "old", "--output", "growth")
    assert told(copy, "ledger", "verify", "growth", "--since", str(theirs), "--key", "key.pub", expect=3)
    assert told(copy, "ledger", "verify", str(ours), "--since", "old", "--key", "key.pub", expect=3).endswith(
        "not verified"
    )


def test_two_checkpoints_of_one_size_that_differ_are_two_histories(signed: Path) -> None:
    from drcheck.core.proof.checkpoint_text import checkpoint_of
    from drcheck.core.proof.notes import SigningKey
    from drcheck.core.proof.notes import signed as sign

    key = SigningKey.read((signed / "ledger.key").read_text())
    forked = checkpoint_of((signed / "old").read_text())._replace(root=bytes(32))
    (signed / "forked").write_text(sign(forked.text, [key]))
    assert "two histories of" in told(
        signed, "ledger", "verify", "forked", "--since", "old", "--key", "key.pub", expect=1
    )


def entries(root: Path) -> list[bytes]:
    return (root / "export").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (lambda lines: lines[:3] + lines[4:], 1),
        (lambda lines: [*lines[:4], lines[3], *lines[4:]], 1),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 1),
        (lambda lines: lines[:-1], 1),
        (lambda lines: lines[:-4], 1),
        (lambda lines: [*lines, lines[-1]], 1),
        (lambda lines: [*lines[:3], lines[3].replace(b'"bytes": "g', b'"bytes": "h'), *lines[4:]], 1),
        (lambda lines: [*lines[:-1], lines[-1].replace(b"\\n", b"\\n1", 1)], 1),
        (lambda lines: [b"{}\n", *lines[1:]], 1),
        (lambda lines: [b"{" * 9999, *lines[1:]], 1),
    ],
    ids=["deleted", "doubled", "swapped", "no end", "cut off", "two ends", "flipped", "another end", "no head", "nested"],
)  # fmt: skip
def test_an_export_that_was_changed_is_tampered(copy: Path, how, status: int) -> None:
    (copy / "export").write_bytes(b"".join(how(entries(copy))))
    assert told(copy, "ledger", "verify", "export", "--key", "key.pub", expect=status).endswith("tampered")


def test_entries_renumbered_after_one_was_left_out_are_found(copy: Path) -> None:
    kept = [json.loads(line) for line in entries(copy)]
    del kept[4]
    kept[0]["entries"] -= 1
    for number, one in enumerate(kept[1:-1], 1):
        one["number"] = number
    (copy / "export").write_text("".join(f"{json.dumps(one)}\n" for one in kept))
    shown = told(copy, "ledger", "verify", "export", "--key", "key.pub", expect=1)
    assert "are not those that the checkpoint there signs" in shown


def test_no_flip_in_a_proof_is_verified(signed: Path, tmp_path: Path) -> None:
    from drcheck.app.proof import trust_of, verify

    drcheck(signed, "ledger", "prove", "4", "--output", "proof")
    whole, trust = (signed / "proof").read_bytes(), trust_of(str(signed / "key.pub"))
    assert verify(str(signed / "proof"), trust, None).exit_status == 0
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1
        (tmp_path / "flipped").write_bytes(data)
        assert verify(str(tmp_path / "flipped"), trust, None).exit_status != 0, place


def test_a_key_that_was_changed_is_followed_from_the_one_before(copy: Path) -> None:
    new = drcheck(copy, "ledger", "keygen", "--replace").strip()
    night(copy)
    shown = told(copy, "ledger", "verify", "--key", "key.pub")
    assert "handed over to the key" in shown
    assert "handed over" not in told(copy, "ledger", "verify", "--key", new)
    assert stat.S_IMODE((copy / "ledger.key").stat().st_mode) == 0o600


def test_a_lost_key_is_told_to_everybody(copy: Path) -> None:
    (copy / "ledger.key").unlink()
    new = drcheck(copy, "ledger", "keygen", "--lost", "its disk burnt").strip()
    night(copy)
    assert "signed by none of the keys" in told(copy, "ledger", "verify", "--key", "key.pub", expect=3)
    shown = told(copy, "ledger", "verify", "--key", new)
    assert "a key was lost, and the next one follows by nobody's word: its disk burnt" in shown


def test_a_ledger_comes_back_out_of_its_export(copy: Path) -> None:
    assert "has entries already" in told(copy, "ledger", "import", "export", expect=2)
    kept = (copy / "drcheck.db").rename(copy / "kept.db")
    assert "they fit each other" in told(copy, "ledger", "import", "export")
    assert "verified" in told(copy, "ledger", "verify", "--key", "key.pub")
    assert "is whole" in drcheck(copy, "ledger", "check")
    night(copy)
    drcheck(copy, "ledger", "verify", "--key", "key.pub", "--since", "old")
    rows = []
    for file in (kept, copy / "drcheck.db"):
        with closing(sqlite3.connect(file)) as connection:
            rows.append(connection.execute("SELECT number, bytes, leaf FROM entry ORDER BY number").fetchall())
    assert rows[1][: len(rows[0])] == rows[0]


def test_an_export_that_contradicts_itself_is_not_brought_in(copy: Path) -> None:
    (copy / "export").write_bytes(b"".join(entries(copy)[:-1]))
    (copy / "drcheck.db").unlink()
    assert "tampered" in told(copy, "ledger", "import", "export", expect=1)
    assert not (copy / "drcheck.db").exists()


def test_what_cannot_be_done_says_what_to_do_instead(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "drcheck.yaml").write_text("connections: {}\n")
    assert "does not say where the key is" in told(tmp_path, "ledger", "keygen", NAME, expect=2)
    assert "covers entries 1 to" in told(copy, "ledger", "prove", "99999", expect=2)
    assert "which entry is to be proven" in told(copy, "ledger", "prove", expect=2)
    assert "the old checkpoint is none" in told(copy, "ledger", "prove", "--since", "export", expect=2)
    assert "this is no key" in told(copy, "ledger", "verify", "export", "--key", "x", expect=2)
    assert "cannot be read" in told(copy, "ledger", "verify", "nothing", expect=2)
    assert "cannot be read" in told(copy, "ledger", "import", "nothing", expect=2)
    assert "old is no export" in told(copy, "ledger", "import", "old", expect=2)
    (copy / "ledger.key").unlink()
    assert "names no key" in told(copy, "ledger", "keygen", "two words", expect=2)
    (copy / "ledger.key").write_text("PRIVATE+KEY+x\n")
    (copy / "ledger.key").chmod(0o600)
    assert "this is no private key" in told(copy, "ledger", "checkpoint", expect=2)


def test_a_checkpoint_elsewhere_that_no_key_of_the_ledger_signed_stops_the_signing(copy: Path) -> None:
    newest(copy).write_text("nonsense\n")
    assert "is no checkpoint that a key of this ledger signed" in told(copy, "ledger", "checkpoint", expect=2)


def test_a_witness_is_a_process_of_its_own_that_the_runner_asks(copy: Path) -> None:
    copy.joinpath("w.pub").write_text(drcheck(copy, "witness", "keygen", "witness.example/w", "--key", "w.key"))
    assert stat.S_IMODE((copy / "w.key").stat().st_mode) == 0o600
    command = [sys.executable, "-m", "drcheck", "witness", "serve", "--key", "w.key", "--log", "key.pub"]
    with subprocess.Popen([*command, "--listen", "127.0.0.1:0"], cwd=copy, stderr=subprocess.PIPE, text=True) as server:
        try:
            url = server.stderr.readline().split()[-1]
            asked = f'witnesses: {{w: {{url: "{url}", key: "{(copy / "w.pub").read_text().strip()}"}}}}'
            config = (copy / "drcheck.yaml").read_text().replace("checkpoints: [seen/]", asked)
            (copy / "drcheck.yaml").write_text(config)
            night(copy)
        finally:
            server.terminate()
        assert server.wait(timeout=10) == 0
    policy = f"log {(copy / 'key.pub').read_text()}witness w {(copy / 'w.pub').read_text()}quorum w\n"
    (copy / "trusted").write_text(policy)
    assert "the witness witness.example/w saw it at" in told(copy, "ledger", "verify", "--key", "trusted")
    assert "has not cosigned" in told(copy, "verify", expect=None)
    assert "or not by enough" in told(copy, "ledger", "verify", "--key", "trusted", expect=3)


def test_each_test_that_the_page_names_for_tampering_is_one() -> None:
    root = Path(__file__).parents[2]
    named = set(re.findall(r"`(test_\w+)`", (root / "docs/proof.md").read_text()))
    there = {
        name
        for file in (root / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(named) > 10
    assert named <= there


def test_every_command_and_program_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    this_year = str((datetime.now(UTC) - timedelta(days=1)).year)
    page = (Path(__file__).parents[2] / "docs/proof.md").read_text().replace("2026-Q3", this_year)
    root = estate(tmp_path)
    (root / "drcheck.yaml").write_text(
        next(block for block in blocks(page, "yaml")) + "connections:\n  vault: {type: local, root: vault}\n"
    )
    for name in ("root.py", "entry.py"):
        (root / name).write_text(next(block for block in blocks(page, "python") if f"python3 {name}" in block))
    (root / "drcheck").write_text(f'#!/bin/sh\nexec {sys.executable} -m drcheck "$@"\n')
    (root / "drcheck").chmod(0o755)
    signature = next(block for block in blocks(page, "sh") if "openssl" in block)
    received = next(block for block in blocks(page, "sh") if block.startswith("drcheck check"))

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"set -e; PATH=.:$PATH; TMPDIR=.\n{script}"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in {0, 3}, done.stdout + done.stderr
        assert done.returncode == 0 or "drcheck verify" in script.splitlines()[0], done.stdout
        return done.stdout

    for block in blocks(page, "sh"):
        if block not in {signature, received} and "--replace" not in block and "ledger import" not in block:
            for line in block.splitlines():
                run(line)
    with pytest.raises(AssertionError, match="the records are, the verdicts are not"):
        run(received)
    assert "Verified Successfully" in run(signature)
    given = {file.name: file.read_bytes() for file in root.iterdir() if file.is_file()}
    for program, file in (("root.py", "records"), ("entry.py", "proof")):
        assert "that was signed" in run(f"python3 {program} {file} of-{file}").replace("those that were", "that was")
        assert "Verified Successfully" in run(signature.replace("given=checkpoint", f"given=of-{file}"))
        with pytest.raises(AssertionError):
            run(f"python3 {program} {file} of-{file}")  # it is there already
    assert {name: (root / name).read_bytes() for name in given} == given
    whole = (root / "checkpoint").read_text()
    others = (f"— {NAME} {base64.b64encode(bytes(68)).decode()}", f"— w.example {base64.b64encode(bytes(76)).decode()}")
    (root / "checkpoint").write_text(whole + "".join(f"{line}\n" for line in others))
    assert "Verified Successfully" in run(signature)
    forged = (root / "proof").read_text().replace("\nindex 3\n", "\nindex 2\n")
    (root / "proof").write_text(forged)
    with pytest.raises(AssertionError):
        run("python3 entry.py proof new")
    lines = (root / "records").read_bytes().splitlines(keepends=True)
    for kept, why in (
        ([*lines[:3], lines[4], lines[3], *lines[5:]], "not in their order"),
        ([*lines[:3], *lines[4:]], "record 3 is missing"),
    ):
        (root / "records").write_bytes(b"".join(kept))
        with pytest.raises(AssertionError, match=why):
            run("python3 root.py records")
    for wrong in (whole.replace("\n1", "\n2", 1), whole.replace(NAME, "other.example.com", 1)):
        (root / "checkpoint").write_text(wrong)
        with pytest.raises(AssertionError):
            run(signature)
    run(next(block for block in blocks(page, "sh") if "--replace" in block))


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
