"""A bundle whose records are signed, as it was filed and after somebody had it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from msgspec.structs import replace

from drcheck.app import ledger_excerpt
from drcheck.app.ledger_excerpt import RECORDS, records
from drcheck.core.model.commitments import Standing
from drcheck.core.model.drill import Drill, Ending, Origin
from drcheck.core.model.verdict import Window
from drcheck.core.proof.notes import SigningKey, VerifierKey
from drcheck.core.proof.trust import Trust
from drcheck.ledger import checkpoints
from drcheck.ledger.drills import DrillTold
from drcheck.ledger.state import Key
from drcheck.ledger.store import Ledger, open_ledger
from tests.cli.test_proof import NAME, blocks, change, drcheck, estate, newest, night, told
from tests.ledger.ledgers import found, look, policy
from tests.ledger.memory_log import MemoryLog

KEY = SigningKey(NAME, bytes(range(32)))


def this_year() -> str:
    return str((datetime.now(UTC) - timedelta(days=1)).year)


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = estate(tmp_path_factory.mktemp("filed"))
    (root / "key.pub").write_text(drcheck(root, "ledger", "keygen", NAME))
    for _ in range(2):
        night(root)
    drcheck(root, "report", "--quiet", "--period", this_year(), "--format", "bundle", "--output", "q.zip")
    return root


@pytest.fixture
def copy(filed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filed, tmp_path / "copy"))


def rewrite(file: Path, how) -> None:
    """Write a bundle anew with other files, and with the digests that these have."""
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != "digests.sha256"}
    how(files)
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {"digests.sha256": lines.encode(), **files}.items():
            archive.writestr(name, data)


def lines_of(files: dict[str, bytes]) -> list[dict]:
    return [json.loads(line) for line in files[RECORDS].splitlines()]


def put(files: dict[str, bytes], lines: list[dict]) -> None:
    files[RECORDS] = "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def test_who_has_the_key_verifies_the_records_of_a_bundle(filed: Path) -> None:
    shown = told(filed, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml")
    assert "and none is missing" in shown
    assert "that the report rests on began with record" in shown
    assert "the ledger goes on from the" in shown
    assert shown.endswith(
        "verified what was observed is not proven to be true: only that it was written then, and stands as it was written"
    )


def test_what_is_complete_and_what_is_missing_is_proven_by_the_records(filed: Path) -> None:
    report = json.loads(zipfile.ZipFile(filed / "q.zip").read("report.json"))
    complete = report["completeness"]
    assert (complete["recorded"], complete["whole"], complete["not_judged"], complete["not_in_report"]) == (
        2,
        True,
        [],
        [],
    )
    days = complete["without_run"][0]  # both runs were of today
    assert days["from"] == f"{this_year()}-01-01T00:00:00Z"
    shown = told(filed, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml")
    assert f"missing: no run began on {this_year()}-01-01" in shown


def test_a_service_that_report_and_manifest_leave_out_is_named_by_the_records(copy: Path) -> None:
    def how(files: dict[str, bytes]) -> None:
        report, manifest = json.loads(files["report.json"]), json.loads(files["manifest.json"])
        report["services"], manifest["services"] = report["services"][1:], manifest["services"][1:]
        report["completeness"]["whole"] = False
        files |= {"report.json": json.dumps(report).encode(), "manifest.json": json.dumps(manifest).encode()}

    (copy / "policies" / "wiki.yaml").write_text((copy / "policies" / "shop.yaml").read_text().replace("shop", "wiki"))
    night(copy)
    drcheck(copy, "report", "--quiet", "--period", this_year(), "--format", "bundle", "--output", "q.zip")
    told(copy, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml")
    rewrite(copy / "q.zip", how)
    assert "not complete: shop was judged in the period, and the report leaves it out" in told(
        copy, "check", "q.zip", "--key", "key.pub", expect=1
    )


@pytest.mark.parametrize(
    "how",
    [
        lambda complete: complete.update(without_run=[]),
        lambda complete: complete.update(recorded=7),
        lambda complete: complete.update(drills={}),
        lambda complete: complete.update(drills_without_end=[]),
    ],
)
def test_nights_and_drills_that_a_report_is_silent_of_are_found(drilled: Path, tmp_path: Path, how) -> None:
    def rewritten(files: dict[str, bytes]) -> None:
        report = json.loads(files["report.json"])
        how(report["completeness"])
        files["report.json"] = json.dumps(report).encode()

    copy = Path(shutil.copytree(drilled, tmp_path / "copy"))
    rewrite(copy / "q.zip", rewritten)
    assert "otherwise of its completeness" in told(copy, "check", "q.zip", "--key", "key.pub", expect=1)
    assert "otherwise of its completeness" in told(copy, "check", "q.zip", "--config", "drcheck.yaml", expect=1)


def test_a_failed_drill_that_is_dropped_from_the_records_is_found(drilled: Path, tmp_path: Path) -> None:
    def dropped(files: dict[str, bytes]) -> None:
        lines = lines_of(files)
        for line in lines[1:-1]:
            if b"failed" in base64.b64decode(line.get("bytes", "")):
                line["leaf"] = base64.b64encode(
                    hashlib.sha256(b"\0" + base64.b64decode(line.pop("bytes"))).digest()
                ).decode()
        put(files, lines)

    copy = Path(shutil.copytree(drilled, tmp_path / "copy"))
    rewrite(copy / "q.zip", dropped)
    shown = told(copy, "check", "q.zip", "--key", "key.pub", expect=1)
    assert "the report says otherwise of its completeness than the records: drills" in shown


@pytest.fixture(scope="module")
def drilled(filed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a period with a drill that failed, and another one that began and never ended."""
    root = Path(shutil.copytree(filed, tmp_path_factory.mktemp("drilled") / "estate"))
    with open_ledger(f"sqlite:///{root / 'drcheck.db'}") as ledger:
        now = int(datetime.now(UTC).timestamp()) - 60
        for number, outcome in enumerate((Ending.FAILED, None)):
            drill = Drill(f"d{number}", "shop", now, Origin.RUN)
            ledger.tell_of_drill(DrillTold(now, drill))
            if outcome is not None:
                ledger.tell_of_drill(DrillTold(now, replace(drill, outcome=outcome, ended_at=now + 5)))
    night(root)
    drcheck(root, "report", "--quiet", "--period", this_year(), "--format", "bundle", "--output", "q.zip")
    shown = told(root, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml")
    assert "missing: the drill d1 of shop began" in shown
    return root


STATEMENTS = "ledger/statements.intoto.jsonl"


def of_statements(files: dict[str, bytes]) -> list[dict]:
    return [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in files[STATEMENTS].splitlines()]


def test_each_verdict_and_each_drill_is_a_signed_statement_of_in_toto(drilled: Path) -> None:
    with zipfile.ZipFile(drilled / "q.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    verdict, drill = of_statements(files)
    report = json.loads(files["report.json"])
    assert {verdict["_type"], drill["_type"]} == {"https://in-toto.io/Statement/v1"}
    assert verdict["predicateType"] == "https://in-toto.io/attestation/svr/v0.1"
    assert verdict["subject"][0]["digest"] == {"sha256": report["services"][0]["policy_sha256"]}
    assert verdict["predicate"]["verifier"]["id"] == f"https://{NAME}"
    assert verdict["predicate"]["properties"] == []  # unknown before the first look of the year
    assert drill["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert drill["predicate"]["result"] == "FAILED"
    shown = told(drilled, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml")
    assert "2 statements for other tools are signed, and say what the report does" in shown


def test_statements_are_signed_as_plain_tools_verify_them(drilled: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(drilled / "q.zip") as archive:
        envelope = json.loads(archive.read(STATEMENTS).splitlines()[0])
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
    (tmp_path / "text").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload))
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    public = base64.b64decode((drilled / "key.pub").read_text().strip().split("+", 2)[2])[-32:]
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile signature"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)


def left_out(files):
    files[STATEMENTS] = files[STATEMENTS].splitlines(keepends=True)[0]  # that of the failed drill


def embellished(files):
    lines = [json.loads(line) for line in files[STATEMENTS].splitlines()]
    payload = json.loads(base64.b64decode(lines[0]["payload"]))
    payload["predicate"]["properties"] = ["DRCHECK_RPO:rpo"]
    lines[0]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    files[STATEMENTS] = "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def signed_by_another(files):
    from drcheck.core.proof.envelopes import sealed

    payloads = (base64.b64decode(json.loads(line)["payload"]) for line in files[STATEMENTS].splitlines())
    files[STATEMENTS] = "".join(f"{sealed(payload, KEY)}\n" for payload in payloads).encode()


@pytest.mark.parametrize(
    ("how", "status"),
    [(left_out, 1), (embellished, 1), (signed_by_another, 3), (lambda files: files.update({STATEMENTS: b"[]\n"}), 1)],
)
def test_statements_that_say_something_else_are_found(drilled: Path, tmp_path: Path, how, status: int) -> None:
    copy = Path(shutil.copytree(drilled, tmp_path / "copy"))
    rewrite(copy / "q.zip", how)
    told(copy, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml", expect=status)


def test_verdicts_that_were_changed_are_never_verified_by_the_records_beside_them(copy: Path) -> None:
    def how(files: dict[str, bytes]) -> None:
        report, manifest = json.loads(files["report.json"]), json.loads(files["manifest.json"])
        for service, listed in zip(report["services"], manifest["services"], strict=True):
            for commitment in service["commitments"]:
                assert commitment["status"] != "met"
                commitment["status"] = "met"
            listed["commitments"] = dict.fromkeys(listed["commitments"], "met")
        files |= {"report.json": json.dumps(report).encode(), "manifest.json": json.dumps(manifest).encode()}

    rewrite(copy / "q.zip", how)
    shown = told(copy, "check", "q.zip", "--key", "key.pub", expect=1)
    assert "the statements in ledger/statements.intoto.jsonl are not those of the report" in shown
    rewrite(copy / "q.zip", lambda files: files.pop(STATEMENTS))
    shown = told(copy, "check", "q.zip", "--key", "key.pub", expect=3)
    assert "the records are signed, and not what the report says of them" in shown
    assert shown.endswith("not verified: the records are, the verdicts are not")
    told(copy, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml", expect=1)


def test_a_zip_that_is_broken_within_is_told_and_no_fault_of_drcheck(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "q.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("report.json", "x" * 5000)
    data = bytearray((tmp_path / "q.zip").read_bytes())
    data[60] ^= 0xFF
    (tmp_path / "q.zip").write_bytes(data)
    drcheck(tmp_path, "check", "q.zip", expect=2)


def test_a_file_that_is_not_there_may_have_been_a_bundle_or_a_pdf(tmp_path: Path) -> None:
    shown = told(tmp_path, "check", "q.zip", expect=2)
    assert "no such file or directory Hint: Name a bundle, or a report as PDF" in shown


def test_a_bundle_that_brings_its_own_key_is_not_verified(filed: Path, tmp_path: Path) -> None:
    shown = told(filed, "check", "q.zip", expect=3)
    assert "the key was not given: whoever made these records could have made it too" in shown
    assert shown.endswith("not verified")
    (tmp_path / "drcheck.yaml").write_text("proof: {key: ledger.key}\n")
    other = drcheck(tmp_path, "ledger", "keygen", NAME).strip()
    assert "signed by none of the keys" in told(filed, "check", "q.zip", "--key", other, expect=3)


def test_an_auditor_judges_again_by_an_export_alone(filed: Path, tmp_path: Path) -> None:
    drcheck(filed, "ledger", "export", "--output", str(tmp_path / "records"))
    for name in ("q.zip", "key.pub"):
        shutil.copy(filed / name, tmp_path)
    page = (Path(__file__).parents[2] / "docs/proof.md").read_text()
    (block,) = (block for block in blocks(page, "sh") if "ledger import" in block)
    (tmp_path / "drcheck").write_text(f'#!/bin/sh\nexec {sys.executable} -m drcheck "$@"\n')
    (tmp_path / "drcheck").chmod(0o755)
    script = f"set -e; PATH=.:$PATH\n{block.replace('q3.zip', 'q.zip')}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "\nverified\n" in done.stdout


def program(file: Path) -> Path:
    """Write down the program of the page by which whoever has Python alone verifies records."""
    page = (Path(__file__).parents[2] / "docs/proof.md").read_text()
    file.write_text(next(block for block in blocks(page, "python") if "python3 root.py" in block))
    return file


def run_of_python(root: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_python_alone_verifies_the_records_of_a_bundle_and_names_one_that_is_missing(
    filed: Path, tmp_path: Path
) -> None:
    program(tmp_path / "root.py")
    for how, status, said in (
        (lambda files: None, 0, "are those that were signed, 0 by their hash alone"),
        (without(4), 1, "record 4 is missing (1 in all)\n"),
        (flipped, 1, "these are not the records that were signed\n"),
        (swapped, 1, "these are not the records that were signed\n"),
        (cut_off, 1, "is missing (2 in all)\n"),
    ):
        shutil.copy(filed / "q.zip", tmp_path)
        rewrite(tmp_path / "q.zip", how)
        shutil.unpack_archive(tmp_path / "q.zip", tmp_path / "q")
        found = run_of_python(tmp_path, "root.py", "q/ledger/records.jsonl")
        assert (found[0], said in found[1], "Traceback" in found[1]) == (status, True, False), found


def test_other_tools_verify_the_proof_of_its_run(filed: Path, tmp_path: Path) -> None:
    subprocess.run(["unzip", "-q", filed / "q.zip", "-d", tmp_path], check=True)
    assert Trust.read((tmp_path / "ledger/policy").read_text()).logs[0].text == (filed / "key.pub").read_text().strip()
    shown = told(tmp_path, "ledger", "verify", "ledger/run.tlog-proof", "--key", "ledger/policy")
    assert "is 'run began' about" in shown


def without(number):
    def how(files):
        lines = lines_of(files)
        del lines[number]
        put(files, lines)

    return how


def renumbered(files):
    lines = lines_of(files)
    del lines[4]
    for number, line in enumerate(lines[1:-1], lines[0]["first"]):
        line["number"] = number
    put(files, lines)


def flipped(files):
    lines = lines_of(files)
    data = bytearray(base64.b64decode(lines[4]["bytes"]))
    data[-1] ^= 1
    lines[4]["bytes"] = base64.b64encode(data).decode()
    put(files, lines)


def hidden(files):
    lines = lines_of(files)
    lines[4] = {"number": lines[4]["number"], "leaf": base64.b64encode(bytes(32)).decode()}
    put(files, lines)


def swapped(files):
    lines = lines_of(files)
    lines[4]["bytes"], lines[5]["bytes"] = lines[5]["bytes"], lines[4]["bytes"]
    put(files, lines)


def cut_off(files):
    put(files, [*lines_of(files)[:-3], lines_of(files)[-1]])


def another_checkpoint(files):
    files["ledger/checkpoint"] = files["ledger/checkpoint"].replace(b"\n1", b"\n2", 1)


def another_in_the_report(files):
    files["report.json"] = files["report.json"].replace(NAME.encode(), b"other.example.com/drcheck")


@pytest.mark.parametrize(
    "how", [without(4), without(-1), renumbered, flipped, hidden, swapped, cut_off, another_checkpoint, another_in_the_report,
            lambda files: files.pop(RECORDS), lambda files: files.update({RECORDS: b"{}"})],
)  # fmt: skip
def test_a_bundle_whose_records_were_changed_is_tampered(copy: Path, how) -> None:
    rewrite(copy / "q.zip", how)
    assert " tampered" in f" {told(copy, 'check', 'q.zip', '--key', 'key.pub', expect=1)}"


@pytest.mark.parametrize(
    ("key", "value"), [("checkpoint", 7), ("run", []), ("window", {}), ("services", None), ("window", {"from": "x"})]
)
def test_a_bundle_whose_report_has_not_its_form_is_tampered(copy: Path, key: str, value: object) -> None:
    def how(files: dict[str, bytes]) -> None:
        files["report.json"] = json.dumps(json.loads(files["report.json"]) | {key: value}).encode()

    rewrite(copy / "q.zip", how)
    drcheck(copy, "check", "q.zip", "--key", "key.pub", expect=1)


def test_a_checkpoint_that_claims_more_entries_than_there_can_be_costs_nothing(copy: Path) -> None:
    def how(files: dict[str, bytes]) -> None:
        lines = files["ledger/checkpoint"].decode().split("\n")
        lines[1] = str(2**62)
        files["ledger/checkpoint"] = "\n".join(lines).encode()

    rewrite(copy / "q.zip", how)
    assert "are not those that were signed" in told(copy, "check", "q.zip", expect=1)


def test_a_bundle_that_names_a_run_of_no_record_is_not_verified(copy: Path) -> None:
    def how(files: dict[str, bytes]) -> None:
        report = json.loads(files["report.json"])
        report["run"] = "20200101T000000Z-00000000"
        del files[STATEMENTS]
        files["report.json"] = json.dumps(report).encode()

    rewrite(copy / "q.zip", how)
    assert "is not among the records" in told(copy, "check", "q.zip", "--key", "key.pub", expect=3)


def test_a_bundle_without_its_signature_is_not_verified(copy: Path) -> None:
    rewrite(copy / "q.zip", lambda files: [files.pop(name) for name in [*files] if name.startswith("ledger/")])
    assert "nothing in it is signed" in told(copy, "check", "q.zip", "--key", "key.pub", expect=3)


@pytest.fixture(scope="module")
def pdf(filed: Path) -> Path:
    drcheck(filed, "report", "--quiet", "--period", this_year(), "--format", "pdf", "--output", "r.pdf")
    return filed / "r.pdf"


def attach(file: Path, how) -> None:
    """Change what is attached to a document, with the digests that this has."""
    with pikepdf.open(file, allow_overwriting_input=True) as opened:
        files = {name: one.get_file().read_bytes() for name, one in opened.attachments.items()}
        del files["digests.sha256"]
        how(files)
        lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
        for name in [*opened.attachments]:
            del opened.attachments[name]
        for name, data in {"digests.sha256": lines.encode(), **files}.items():
            opened.attachments[name] = pikepdf.AttachedFileSpec(opened, data, filename=name)
        opened.save(file)


def test_a_pdf_carries_what_proves_it_and_says_the_same_as_the_bundle(filed: Path, pdf: Path) -> None:
    for file in ("r.pdf", "q.zip"):
        shown = told(filed, "check", file, "--key", "key.pub", "--config", "drcheck.yaml")
        assert "and none is missing" in shown
        assert f"missing: no run began on {this_year()}-01-01" in shown
        assert shown.endswith("only that it was written then, and stands as it was written")
    assert told(filed, "check", "r.pdf", "--key", "key.pub", expect=3).endswith(
        "not verified: the records are, the verdicts are not"
    )


@pytest.mark.parametrize("how", [without(4), flipped, cut_off, another_checkpoint, lambda files: files.pop(RECORDS)])
def test_a_pdf_whose_records_were_changed_is_tampered(pdf: Path, tmp_path: Path, how) -> None:
    copied = Path(shutil.copy(pdf, tmp_path / "r.pdf"))
    shutil.copy(pdf.parent / "key.pub", tmp_path)
    attach(copied, how)
    assert " tampered" in f" {told(tmp_path, 'check', 'r.pdf', '--key', 'key.pub', expect=1)}"


def test_the_pages_of_a_report_show_its_checkpoint(filed: Path) -> None:
    size, root = newest(filed).read_text().split("\n")[1:3]
    with zipfile.ZipFile(filed / "q.zip") as archive:
        page = " ".join(archive.read("pages/index.html").decode().replace("&#43;", "+").split())
    assert f"{size} entries of {NAME}, root {root}" in page
    assert VerifierKey.read((filed / "key.pub").read_text().strip()).id.hex() in page


def test_a_ledger_that_was_rewritten_since_does_not_go_on_from_a_bundle(copy: Path) -> None:
    change(
        copy,
        "UPDATE entry SET bytes = CAST(bytes || x'00' AS BLOB), leaf = leaf(CAST(bytes || x'00' AS BLOB)) WHERE number = 1",
    )
    with pytest.raises(AssertionError, match="the ledger"):
        drcheck(copy, "check", "q.zip", "--key", "key.pub", "--config", "drcheck.yaml")


@pytest.fixture
def ledger():
    """A ledger of two services, looked at in three runs, and signed."""
    made = Ledger(MemoryLog())
    shop, wiki = Key("shop", "dumps\nvault:shop/"), Key("wiki", "dumps\nvault:wiki/")
    for at in (1000, 2000, 3000):
        with made.start(Window(0, at), version="1", started_at=at) as run:
            run.policies([policy("shop", "service: shop\n"), policy("wiki", "service: wiki\n")])
            for key in (shop, wiki):
                run.looked(key, Standing.STORAGE, look(at, f"{key.service}-secret-{at}"))
            run.found([found(service="shop"), found(service="wiki")])
            run.finish(0)
    checkpoints.sign(made.log, KEY, 4000)
    return made


def checked(ledger, files, run, since, services=("shop",)):
    from drcheck.app.completeness import of_log
    from drcheck.app.ledger_excerpt import verify_records
    from drcheck.core.proof.checkpoint_text import checkpoint_of
    from drcheck.core.proof.ledger_verification import LedgerVerification
    from drcheck.core.words import instant
    from drcheck.reports.json import completeness_object

    result, window = LedgerVerification(), Window(since, 10_000)
    signed = checkpoint_of(files["ledger/checkpoint"]).size
    report = {
        "checkpoint": files["ledger/checkpoint"].decode(),
        "run": run,
        "services": [{"service": one, "policy_sha256": ""} for one in services],
        "window": {"from": instant(since), "to": instant(10_000)},
        "completeness": completeness_object(of_log(ledger.log, window, services, whole=False, upto=signed)),
    }
    verify_records(result, files, report, Trust.of(KEY.key))
    return result


def test_records_of_other_services_are_proven_and_not_shown(ledger) -> None:
    state = ledger.state((), folded=True)
    newest = [*state.runs][-1]
    text = policy("shop", "service: shop\n").sha256
    files = records(ledger.log, 0, newest, {"shop"}, {text})
    whole = b"".join(base64.b64decode(line["bytes"]) for line in lines_of(files) if "bytes" in line)
    assert b"wiki" not in whole
    assert b"vault:shop/" in whole
    found = checked(ledger, files, newest, 0)
    assert "and none is missing" in found.held[1]
    assert found.open == ["what 3 runs judged is not shown: it tells of other services as well"]
    everything = records(ledger.log, 0, newest, None, ())
    assert all("bytes" in line for line in lines_of(everything)[1:-1])
    assert checked(ledger, everything, newest, 0, ("shop", "wiki")).word == "verified"


@pytest.mark.parametrize("since", [0, 2001, 9000])
def test_python_alone_verifies_records_that_are_hidden_and_what_lies_before(ledger, tmp_path: Path, since: int) -> None:
    newest = [*ledger.state((), folded=True).runs][-1]
    (tmp_path / "ledger").mkdir()
    for name, data in records(ledger.log, since, newest, {"shop"}, {policy("shop", "service: shop\n").sha256}).items():
        (tmp_path / name).write_bytes(data)
    program(tmp_path / "root.py")
    status, shown = run_of_python(tmp_path, "root.py", "ledger/records.jsonl")
    assert (status, "are those that were signed, 0 by" in shown) == (0, False), shown
    assert "by their hash alone" in shown


def test_records_begin_with_the_last_run_before_the_period_and_whoever_cuts_them_shorter_is_found(ledger) -> None:
    runs = ledger.state((), folded=True).runs
    newest = [*runs][-1]
    began = [run.number for run in runs.values()]
    for since, first in ((0, 1), (1500, began[0]), (2000, began[0]), (2001, began[1]), (9000, began[2])):
        files = records(ledger.log, since, newest, None, ())
        assert lines_of(files)[0]["first"] == first
        assert checked(ledger, files, newest, since, ("shop", "wiki")).word == "verified"
    shorter = records(ledger.log, 9000, newest, None, ())
    found = checked(ledger, shorter, newest, 2500, ("shop", "wiki"))
    assert f"that records before {began[2]} are none of the period is not shown" in found.open


def test_records_begin_with_the_last_run_of_a_job_that_died_before_the_period_unless_it_was_taken_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Ledger(MemoryLog())

    def night(at, job, due=(), gone=()):
        told = {"job": job, "schedule": "every 1000", "due": due, "gone": gone}
        with made.start(Window(0, at), version="1", started_at=at, **told) as run:
            run.policies([policy("shop", "service: shop\n")])
            run.found([found(service="shop")])
            run.finish(0)
        return made.state((), folded=True).runs[run.id].number

    night(1000, "a")
    died = night(2000, "a")
    numbers = [night(at, "b", ("a", "b")) for at in (3000, 4000, 5000)]
    checkpoints.sign(made.log, KEY, 6000)
    newest = [*made.state((), folded=True).runs][-1]
    files = records(made.log, 4500, newest, None, ())
    assert lines_of(files)[0]["first"] == died
    assert "missing: a was due 5 times from" in str(checked(made, files, newest, 4500).noted)
    monkeypatch.setattr(ledger_excerpt, "_first", lambda *_: numbers[1])
    cut = records(made.log, 4500, newest, None, ())
    assert (
        f"that records before {numbers[1]} are none of the period is not shown" in checked(made, cut, newest, 4500).open
    )
    monkeypatch.undo()
    ended = night(6000, "b", ("b",), ("a",))
    night(7000, "b", ("b",), ("a",))
    checkpoints.sign(made.log, KEY, 8000)
    assert lines_of(records(made.log, 6500, newest, None, ()))[0]["first"] == ended


def test_policies_that_came_before_the_period_are_among_the_records(ledger) -> None:
    newest = [*ledger.state((), folded=True).runs][-1]
    files = records(ledger.log, 9000, newest, None, ())
    alone = lines_of(files)[1 : 1 + lines_of(files)[0]["alone"]]
    assert [b"service: shop" in base64.b64decode(line["bytes"]) for line in alone] == [True, False]
    lines = lines_of(files)
    del lines[1]
    lines[0]["alone"] = 1
    put(files, lines)
    assert checked(ledger, files, newest, 9000, ("shop", "wiki")).word == "tampered"


def test_a_ledger_that_was_never_signed_has_no_records_to_prove() -> None:
    assert records(MemoryLog(), 0, "", (), ()) == {}
