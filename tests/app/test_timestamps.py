"""Timestamps of an authority of openssl's, over HTTP: verified by drcheck, and by openssl alone."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from drcheck.app import timestamps
from drcheck.app.ledger_excerpt import records
from drcheck.app.signing import new_key, sign_off
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.errors import DrcheckError, UsageError
from drcheck.ledger.store import open_ledger
from drcheck.settings import ProofSettings, Settings

CONFIG = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[tsa]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[service]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
"""


class Authority:
    """Certificates, and a service that dates what it is sent; ``answer`` takes the place of what it says."""

    def __init__(self, root: Path) -> None:
        self.root, self.certificates, self.answer = root, root / "ca.pem", None
        root.mkdir()
        (root / "c").write_text(CONFIG)
        (root / "serial").write_text("01\n")
        self.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca -config c -extensions authority"
        )
        self.run(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa -config c"
        )
        self.run(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 2 -extfile c -extensions tsa"
        )
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                body = authority.dated(query) if authority.answer is None else authority.answer
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def run(self, arguments: str) -> str:
        done = subprocess.run(
            ["openssl", *arguments.split()], cwd=self.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def dated(self, query: bytes) -> bytes:
        (self.root / "q.tsq").write_bytes(query)
        self.run("ts -reply -queryfile q.tsq -out r.tsr -config c -section service")
        return (self.root / "r.tsr").read_bytes()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority") / "a")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def honest(authority: Authority) -> Iterator[None]:
    yield
    authority.answer = None


def settings(root: Path, url: str) -> Settings:
    proof = ProofSettings(str(root / "ledger.key"), timestamp=url)
    return Settings("", ledger=f"sqlite:///{root / 'drcheck.db'}", proof=proof)


def night(its: Settings) -> tuple[dict[str, bytes], list[str]]:
    with open_ledger(its.ledger) as ledger:
        ledger.retire("shop", 1000, "closed")
        signed = sign_off(ledger, its)
        assert signed.note
        return records(ledger.log, 0, "", None, ()), [error.message for error in signed.errors]


def told(files: dict[str, bytes], certificates: Path, *, checkpoint: bytes | None = None) -> LedgerVerification:
    found = LedgerVerification()
    note = files["ledger/checkpoint"] if checkpoint is None else checkpoint
    timestamps.verify(found, note, files["ledger/checkpoint.tsr"], str(certificates))
    return found


def test_a_checkpoint_is_dated_and_both_drcheck_and_openssl_verify_it(tmp_path: Path, authority: Authority) -> None:
    its = settings(tmp_path, authority.url)
    new_key(its, "log.example/drcheck", replace=False, lost="")
    night(its)
    files, errors = night(its)
    assert errors == []
    found = told(files, authority.certificates)
    assert found.word == "verified"
    assert found.held[0].startswith("it had been signed at 2")
    for name in ("checkpoint", "checkpoint.tsr"):
        (authority.root / name).write_bytes(files[f"ledger/{name}"])
    assert "Verification: OK" in authority.run("ts -verify -data checkpoint -in checkpoint.tsr -CAfile ca.pem")


def test_a_timestamp_of_another_checkpoint_or_of_another_authority_is_found(
    tmp_path: Path, authority: Authority
) -> None:
    its = settings(tmp_path, authority.url)
    new_key(its, "log.example/drcheck", replace=False, lost="")
    files, _ = night(its)
    assert told(files, authority.certificates, checkpoint=b"another").word == "tampered"
    other = Authority(tmp_path / "other")
    other.stop()
    assert told(files, other.certificates).word == "tampered"
    assert told({**files, "ledger/checkpoint.tsr": b"nonsense"}, authority.certificates).word == "tampered"
    with pytest.raises(UsageError, match="holds no certificates"):
        told(files, authority.root / "c")


def test_an_authority_that_says_something_else_dates_nothing(tmp_path: Path, authority: Authority) -> None:
    its = settings(tmp_path, authority.url)
    new_key(its, "log.example/drcheck", replace=False, lost="")
    files, _ = night(its)
    for answer in (b"", b"nonsense", files["ledger/checkpoint.tsr"]):  # the last one is of the night before
        authority.answer = answer
        files, errors = night(its)
        assert "the checkpoint has no timestamp" in errors[0]
        assert "ledger/checkpoint.tsr" not in files


def test_an_authority_that_does_not_answer_holds_nothing_up(tmp_path: Path) -> None:
    its = settings(tmp_path, "http://127.0.0.1:9")
    new_key(its, "log.example/drcheck", replace=False, lost="")
    assert "it could not be asked" in night(its)[1][0]
    with pytest.raises(DrcheckError):
        timestamps.stamped("http://127.0.0.1:9", "note")
