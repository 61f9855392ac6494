"""Checkpoints that lie elsewhere, and what is found by them when the ledger is not what it was."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest
from lab.servers import Azurite, SeaweedFS
from msgspec.structs import replace

from drcheck.app.proof import trust_of, verify_ledger
from drcheck.app.signing import new_key, sign, sign_off
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.ledger.errors import LedgerError
from drcheck.ledger.store import open_ledger
from drcheck.settings import ProofSettings, Settings
from tests.collectors.places import s3_connection

NAME = "backups.example.com/drcheck"


class Estate:
    """A ledger that is signed, and places for its checkpoints."""

    def __init__(self, root: Path, connections, places) -> None:
        self.root, self.file = root, root / "drcheck.db"
        ledger = f"sqlite:///{self.file}"
        proof = ProofSettings(str(root / "ledger.key"), places)
        self.settings = Settings(str(root / "drcheck.yaml"), ledger=ledger, proof=proof, connections=connections)
        self.key = new_key(self.settings, NAME, replace=False, lost="").text

    def night(self, reason: str = "closed") -> tuple[str, list[str]]:
        with open_ledger(self.settings.ledger) as ledger:
            ledger.retire("shop", 1000, reason)
            signed = sign_off(ledger, self.settings)
        return signed.note, [error.message for error in signed.errors]

    def verified(self) -> LedgerVerification:
        return verify_ledger(self.settings, trust_of(self.key))


@pytest.fixture
def estate(tmp_path: Path, seaweedfs: SeaweedFS, azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Estate:
    own = uuid.uuid4().hex[:8]
    seaweedfs.make_bucket("checkpoints")
    azurite.make_container("checkpoints")
    monkeypatch.setenv("DRCHECK_TEST_WRITE", azurite.sas(permissions="rlcw"))
    connections = {
        "offsite": s3_connection(seaweedfs, tmp_path / "credentials", pair=seaweedfs.admin_key),
        "azure": AzureConnection("azure", account_url=azurite.account_url, credential_env="DRCHECK_TEST_WRITE"),
    }
    places = (str(tmp_path / "seen"), f"offsite:checkpoints/{own}/", f"azure:checkpoints/{own}/")
    return Estate(tmp_path, connections, places)


def told(found: LedgerVerification) -> str:
    return "\n".join((found.word, *found.held, *found.open, *found.wrong, *found.noted))


def test_each_place_gets_each_checkpoint_and_the_ledger_goes_on_from_all(estate: Estate) -> None:
    assert [estate.night()[1], estate.night()[1]] == [[], []]
    found = estate.verified()
    assert found.word == "verified"
    assert "it goes on from 6 checkpoints elsewhere" in found.held
    assert told(found).count("2 checkpoints, the newest of which nothing there keeps from being changed") == 3


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_ledger_that_was_rolled_back_to_an_older_copy_is_found_by_each_place(estate: Estate, place: int) -> None:
    estate.night()
    shutil.copy(estate.file, estate.root / "older.db")
    estate.night()
    shutil.copy(estate.root / "older.db", estate.file)
    alone = (estate.settings.proof.checkpoints[place],)
    estate.settings = replace(estate.settings, proof=estate.settings.proof._replace(checkpoints=alone))
    found = estate.verified()
    assert "the last ones are gone" in told(found)
    assert found.word == "tampered"
    note, errors = estate.night("another reason")
    assert note == ""
    assert "nothing is signed" in errors[0]


def test_a_forked_history_is_found_by_the_places_that_have_the_other_one(estate: Estate) -> None:
    estate.night()
    shutil.copy(estate.file, estate.root / "fork.db")
    estate.night()
    away = replace(estate.settings, proof=estate.settings.proof._replace(checkpoints=()))
    shutil.copy(estate.root / "fork.db", estate.file)
    with open_ledger(estate.settings.ledger) as ledger:  # whoever shows the fork to somebody keeps it off the places
        for number in range(4):
            ledger.retire("shop", 2000 + number, "another history")
        sign(ledger, away)
    found = estate.verified()
    assert found.word == "tampered"
    assert "another history was signed" in told(found)
    with open_ledger(estate.settings.ledger) as ledger, pytest.raises(LedgerError, match="nothing is signed"):
        sign(ledger, estate.settings)


def test_a_place_that_cannot_be_reached_is_told_and_tried_again_by_the_next_run(estate: Estate) -> None:
    estate.night()
    whole, offsite = estate.settings, estate.settings.connections["offsite"]
    gone = {**whole.connections, "offsite": replace(offsite, endpoint="http://127.0.0.1:9", deadline=2)}
    estate.settings = replace(whole, connections=gone)
    note, errors = estate.night()
    assert note
    assert len(errors) == 1
    assert "could not be compared" in told(estate.verified())
    assert estate.verified().word == "not verified"
    estate.settings = whole
    assert estate.night()[1] == []
    assert "it goes on from 8 checkpoints elsewhere" in told(estate.verified())


def test_what_no_key_of_the_ledger_signed_is_no_proof_against_it(estate: Estate) -> None:
    estate.night()
    other = estate.root / "seen" / f"{7:020}.checkpoint"
    other.write_text("nonsense\n")
    found = estate.verified()
    assert (found.wrong, found.word) == ([], "not verified")
    assert "is no checkpoint that a key of this ledger signed" in told(found)


def test_a_bucket_with_object_lock_is_told_to_keep_them(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    seaweedfs.make_bucket("checkpoints-locked", object_lock=True)
    seaweedfs.lock_by_default("checkpoints-locked", "COMPLIANCE", 1)
    connection = s3_connection(seaweedfs, tmp_path / "credentials", pair=seaweedfs.admin_key)
    locked = Estate(tmp_path, {"offsite": connection}, (f"offsite:checkpoints-locked/{uuid.uuid4().hex}/",))
    assert locked.night()[1] == []
    assert "the newest of which is kept from being changed until" in told(locked.verified())
