"""A witness over HTTP, and a ledger that asks it: what is found when two people are shown different histories."""

from __future__ import annotations

import http.client
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from drcheck.app.cosigning import policy_of
from drcheck.app.proof import verify_ledger
from drcheck.app.signing import log_keys, new_key, new_witness_key, read_key, sign_off
from drcheck.app.witness import Witness, WitnessServer
from drcheck.core.proof.notes import NotANote, VerifierKey
from drcheck.core.proof.trust import Trust
from drcheck.errors import UsageError
from drcheck.ledger.store import open_ledger
from drcheck.settings import ProofSettings, Settings, Witnessed

NAME = "backups.example.com/drcheck"


class Estate:
    def __init__(self, root: Path) -> None:
        self.root, self.file = root, root / "drcheck.db"
        self.settings = Settings("", ledger=f"sqlite:///{self.file}", proof=ProofSettings(str(root / "ledger.key")))
        self.key = new_key(self.settings, NAME, replace=False, lost="")

    def asks(self, *witnesses: Witnessed, quorum: int = 1) -> None:
        proof = ProofSettings(str(self.root / "ledger.key"), (), witnesses, quorum)
        self.settings = Settings("", ledger=f"sqlite:///{self.file}", proof=proof)

    def night(self, reason: str = "closed") -> tuple[str, list[str]]:
        with open_ledger(self.settings.ledger) as ledger:
            ledger.retire("shop", 1000, reason)
            signed = sign_off(ledger, self.settings)
        return signed.note, [error.message for error in signed.errors]

    def trusted(self) -> Trust:
        return policy_of(self.key, self.settings.proof)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


class Served:
    """A witness that answers on a port of its own until it is stopped."""

    def __init__(self, root: Path, log: VerifierKey, name: str = "w1") -> None:
        self.root, self.log, self.name = root, log, name
        self.key = new_witness_key(f"witness.example/{name}", str(root / f"{name}.key"))
        self.start()

    def start(self, port: int = 0) -> None:
        witness = Witness(read_key(str(self.root / f"{self.name}.key")), [self.log], str(self.root / self.name))
        self.server = WitnessServer(("127.0.0.1", port), witness)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def witnessed(self) -> Witnessed:
        return Witnessed(self.name, f"http://127.0.0.1:{self.port}", self.key.text)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        told = answer.status, answer.read()
        connection.close()
        return told


@pytest.fixture
def served(tmp_path: Path, estate: Estate) -> Iterator[Served]:
    made = Served(tmp_path, estate.key)
    yield made
    made.stop()


def told(found) -> str:
    return "\n".join((found.word, *found.held, *found.open, *found.wrong))


def test_each_night_is_cosigned_and_a_policy_that_asks_for_the_witness_is_satisfied(
    estate: Estate, served: Served
) -> None:
    estate.night()  # before there was a witness
    assert verify_ledger(estate.settings, Trust.of(estate.key)).word == "verified"
    estate.asks(served.witnessed)
    for _ in range(3):
        note, errors = estate.night()
        assert errors == []
        assert note.count("\n— witness.example/w1 ") == 1
    found = verify_ledger(estate.settings, Trust.read(estate.trusted().text))
    assert found.word == "verified"
    assert "the witness witness.example/w1 saw it at" in told(found)


def test_a_witness_forgets_nothing_when_it_is_started_again(estate: Estate, served: Served) -> None:
    estate.asks(served.witnessed)
    estate.night()
    served.stop()
    served.start(served.port)
    assert estate.night()[1] == []


def test_a_ledger_that_was_rolled_back_is_not_cosigned(estate: Estate, served: Served) -> None:
    estate.asks(served.witnessed)
    estate.night()
    shutil.copy(estate.file, estate.root / "older.db")
    for _ in range(3):
        estate.night()
    shutil.copy(estate.root / "older.db", estate.file)
    note, errors = estate.night("another history")
    assert "it was rolled back to an older copy" in errors[0]
    assert "witness.example" not in note
    assert verify_ledger(estate.settings, estate.trusted()).word == "not verified"


def test_of_two_histories_the_witness_cosigns_one(estate: Estate, served: Served) -> None:
    """Who shows one person this, and another one that, has the witness's signature on no more than one of them."""
    estate.asks(served.witnessed)
    estate.night()
    shutil.copy(estate.file, estate.root / "fork.db")
    estate.night("what happened")
    shutil.copy(estate.root / "fork.db", estate.file)
    with open_ledger(estate.settings.ledger) as ledger:
        for _ in range(4):
            ledger.retire("shop", 1000, "what is told instead")
    note, errors = estate.night("what is told instead")
    assert "it has seen another history of this ledger" in errors[0]
    assert "witness.example" not in note
    assert verify_ledger(estate.settings, Trust.of(estate.key)).word == "verified"  # whoever trusts the key alone
    assert verify_ledger(estate.settings, estate.trusted()).word == "not verified"


def test_another_history_of_the_same_length_is_told_as_one(estate: Estate, served: Served) -> None:
    estate.asks(served.witnessed)
    estate.night()
    shutil.copy(estate.file, estate.root / "fork.db")
    estate.night("what happened")
    shutil.copy(estate.root / "fork.db", estate.file)
    note, errors = estate.night("what is told instead")
    assert "it has seen another history of this ledger" in errors[0]
    assert "witness.example" not in note


def test_a_witness_whose_memory_vanishes_or_goes_back_while_it_runs_cosigns_nothing(
    estate: Estate, served: Served
) -> None:
    estate.asks(served.witnessed)
    estate.night()
    (file,) = (estate.root / "w1").glob("*.checkpoint")
    older = file.read_bytes()
    estate.night()
    newer = file.read_bytes()
    for data in (None, older):
        file.unlink()
        if data is not None:
            file.write_bytes(data)
        note, errors = estate.night()
        assert "it answered with 500" in errors[0]
        assert "witness.example" not in note
        file.write_bytes(newer)
    assert estate.night()[1] == []


def test_one_witness_under_two_names_makes_no_quorum_of_two(estate: Estate, served: Served) -> None:
    estate.asks(served.witnessed, served.witnessed._replace(name="w2"), quorum=2)
    with pytest.raises(NotANote, match="the same key stands in it twice"):
        estate.trusted()


def test_a_witness_that_does_not_answer_holds_nothing_up_and_is_asked_again(
    estate: Estate, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drcheck.app.cosigning._ROUND", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = Witnessed("away", f"http://127.0.0.1:{silent.getsockname()[1]}", served.key.text)
        refusing = Witnessed("refusing", "http://127.0.0.1:9", served.key.text)
        estate.asks(served.witnessed, away, refusing, quorum=2)
        note, errors = estate.night()
    assert "witness.example/w1" in note
    assert len(errors) == 3
    assert "1 of 3 witnesses have cosigned, and 2 must" in errors[2]
    estate.asks(served.witnessed)
    assert estate.night()[1] == []


def test_what_a_hostile_witness_answers_is_told_and_taken_for_nothing(estate: Estate, served: Served) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    answers = [
        (200, b"nonsense"), (200, b""), (200, b"\xe2\x80\x94 witness.example/w1 AAAA\n"), (200, b"x" * 1_000_000),
        (409, b"-1\n"), (409, b"99999999999999999999\n"), (409, b"9223372036854775807\n"), (500, b""), (301, b""),
    ]  # fmt: skip

    class Hostile(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answers[0]
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hostile) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        estate.asks(Witnessed("w1", f"http://127.0.0.1:{server.server_address[1]}", served.key.text))
        try:
            while answers:
                note, errors = estate.night()
                assert note, answers[0]
                assert "witness.example" not in note
                assert "has not cosigned" in errors[0]
                answers.pop(0)
        finally:
            server.shutdown()
            thread.join()


def test_monitors_see_the_newest_checkpoint_that_was_cosigned(estate: Estate, served: Served) -> None:
    from drcheck.core.proof.witness import place_of

    path = f"/{place_of(NAME)}/checkpoint"
    assert served.ask("GET", path)[0] == 404
    estate.asks(served.witnessed)
    note, _ = estate.night()
    assert served.ask("GET", path) == (200, note.encode())
    for other in ("/", "/checkpoint", "/../w1.key", "/%2e%2e/w1.key/checkpoint", f"{path}/"):
        assert served.ask("GET", other)[0] == 404


def test_what_is_no_request_is_refused_and_the_next_one_is_served(estate: Estate, served: Served) -> None:
    assert served.ask("POST", "/add-checkpoint", b"nonsense")[0] == 400
    assert served.ask("POST", "/elsewhere", b"nonsense")[0] == 404
    assert served.ask("PUT", "/add-checkpoint", b"nonsense")[0] == 501
    for length in ("-1", "x", "9" * 30, str(1 << 20)):
        assert served.ask("POST", "/add-checkpoint", None, **{"Content-Length": length})[0] == 400
    with socket.create_connection(("127.0.0.1", served.port)) as broken:
        broken.sendall(b"\x00\xff\r\n\r\n")
    estate.asks(served.witnessed)
    assert estate.night()[1] == []


def test_who_sends_byte_after_byte_holds_up_nobody(
    estate: Estate, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drcheck.app.witness._LASTS", 0.3)
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(32)]
    over = threading.Event()

    def trickle() -> None:
        while not over.wait(0.05):
            for one in slow:
                with suppress(OSError):
                    one.send(b"G")

    sending = threading.Thread(target=trickle)
    sending.start()
    try:
        assert served.ask("GET", "/") == (404, b"there is nothing here\n")
    finally:
        over.set()
        sending.join()
        for one in slow:
            one.close()


def test_a_witness_whose_memory_is_damaged_does_not_start(estate: Estate, served: Served) -> None:
    estate.asks(served.witnessed)
    estate.night()
    (file,) = (estate.root / "w1").glob("*.checkpoint")
    file.write_text("nonsense\n")
    note, errors = estate.night()
    assert note
    assert "answered with 500" in errors[0]
    served.stop()
    with pytest.raises(UsageError, match="is no checkpoint"):
        Witness(read_key(str(estate.root / "w1.key")), [estate.key], str(estate.root / "w1"))


def test_the_key_of_a_ledger_is_no_key_of_a_witness(estate: Estate) -> None:
    with pytest.raises(UsageError, match="not a witness's"):
        Witness(read_key(str(estate.root / "ledger.key")), log_keys(estate.key.text), str(estate.root / "w"))


def test_two_witnesses_do_not_share_what_they_saw(estate: Estate, served: Served) -> None:
    with pytest.raises(UsageError, match="another witness"):
        Witness(read_key(str(estate.root / "w1.key")), [estate.key], str(estate.root / "w1"))
    served.stop()
    Witness(read_key(str(estate.root / "w1.key")), [estate.key], str(estate.root / "w1")).close()
