"""``drcheck doctor`` as a process: at real servers with accounts of different strength, and at what is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lab.faultproxy import Fault, FaultProxy
from lab.seaweedfs import KeyPair
from lab.servers import Azurite, SeaweedFS, Sshd
from lab.sshd import make_key

DAY = 86400


class Done(NamedTuple):
    """What a run of it came to."""

    status: int
    text: str
    topics: Mapping[str, Any]
    """Name of a topic to it."""

    def remarks(self, topic: str, level: str) -> list[str]:
        return [one["what"] for one in self.topics[topic]["remarks"] if one["level"] == level]


@pytest.fixture
def doctor(tmp_path: Path) -> Callable[..., Done]:
    """Return what examines the given connections and policies, as text of 80 columns and as JSON, which must agree."""

    def run(connections: Mapping[str, object], *arguments: str, config: str = "", **policies: object) -> Done:
        (tmp_path / "policies").mkdir(exist_ok=True)
        for name, policy in policies.items():
            text = policy if isinstance(policy, str) else json.dumps(policy)
            (tmp_path / "policies" / f"{name}.yaml").write_text(text)
        (tmp_path / "drcheck.yaml").write_text(f"connections: {json.dumps(connections)}\n{config}")
        before = lying(tmp_path)
        command = [sys.executable, "-m", "drcheck", "doctor", *arguments]
        done = [
            subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
            for more in ([], ["--json"])
        ]
        assert lying(tmp_path) == before, "something was written"
        text, read = done
        assert text.returncode == read.returncode
        if text.returncode == 2:
            return Done(2, text.stderr, {})
        assert text.stderr == ""
        assert all(len(line) <= 80 for line in text.stdout.splitlines())
        whole = json.loads(read.stdout)
        assert whole["exit_status"] == read.returncode
        return Done(read.returncode, text.stdout, {one["name"]: one for one in whole["topics"]})

    return run


def lying(directory: Path) -> set[Path]:
    """Return what lies there; SQLite's own files beside a ledger come and go with whoever reads it."""
    return {one for one in directory.rglob("*") if not one.name.endswith(("-wal", "-shm"))}


def day(ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * DAY))


def policy(place: str, *, name: str = "db-{data_as_of:%F}.gz", **sources: object) -> dict[str, object]:
    dumps = {"at": place, "reader": "objects", "name": name, "name_zone": "UTC", "identical_dumps": "allowed"}
    rpo = {"kind": "rpo", "at_most": "80h", "evidence": ["dumps"]}
    drills = {"rto": {"kind": "rto", "at_most": "4h", "evidence": ["drills"]}} if "drills" in sources else {}
    return {
        "drcheck": 1, "service": "shop", "sources": {"dumps": dumps, **sources}, "commitments": {"rpo": rpo, **drills}
    }  # fmt: skip


def fill(directory: Path, *names: str) -> None:
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 500)


def ssh(server: Sshd, **other: object) -> dict[str, object]:
    values: dict[str, object] = {
        "type": "ssh", "host": server.host, "port": server.port, "user": server.user, "root": str(server.root),
        "identity_file": str(server.identity_file), "known_hosts": str(server.known_hosts), "deadline": "20s",
    }  # fmt: skip
    return values | other


class TestAtS3:
    @pytest.fixture
    def bucket(self, seaweedfs: SeaweedFS) -> str:
        bucket = f"open-doctor-{uuid.uuid4().hex[:8]}"
        for ago in (1, 2, 3):
            seaweedfs.put(bucket, f"db/db-{day(ago)}.gz", f"{ago}".encode() * 3000)
        return bucket

    @staticmethod
    def connection(seaweedfs: SeaweedFS, tmp_path: Path, pair: KeyPair) -> dict[str, object]:
        keys = f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
        (tmp_path / "keys").write_text(keys)
        return {
            "type": "s3", "endpoint": seaweedfs.endpoint, "region": SeaweedFS.region, "credentials_file": "keys",
            "last_modified": "completion",
        }  # fmt: skip

    def test_a_key_that_lists_alone_is_all_that_is_needed(self, doctor, seaweedfs, bucket, tmp_path):
        store = self.connection(seaweedfs, tmp_path, SeaweedFS.lister_key)
        done = doctor({"store": store}, shop=policy(f"store:{bucket}/db/"))
        assert done.status == 0, done.text
        assert "`name` reads 3 of 3 names there" in done.text
        assert "1 commitment can be judged" in done.text
        assert "it may not read content" in done.text
        assert done.remarks("store", "note") == [
            "whether it may write or delete cannot be told: S3 does not tell without trying"
        ]
        assert done.topics["store"]["requests"] == done.topics["shop: dumps"]["requests"] > 0

    def test_a_key_that_reads_what_no_policy_needs_is_too_strong(self, doctor, seaweedfs, bucket, tmp_path):
        store = self.connection(seaweedfs, tmp_path, SeaweedFS.content_key)
        done = doctor({"store": store}, shop=policy(f"store:{bucket}/db/"))
        assert done.status == 1
        (too_strong,) = done.remarks("store", "attention")
        assert too_strong.startswith("it may read content, which no policy needs: ")

    def test_where_a_log_lies_the_key_must_read(self, doctor, seaweedfs, bucket, tmp_path):
        seaweedfs.put(bucket, "drills.jsonl", b"")
        store = self.connection(seaweedfs, tmp_path, SeaweedFS.content_key)
        drills = {"at": f"store:{bucket}/drills.jsonl", "reader": "restore-log"}
        done = doctor({"store": store}, shop=policy(f"store:{bucket}/db/", drills=drills))
        assert done.remarks("store", "attention") == []
        store = self.connection(seaweedfs, tmp_path, SeaweedFS.lister_key)
        done = doctor({"store": store}, shop=policy(f"store:{bucket}/db/", drills=drills))
        assert done.status == 3
        assert len(done.remarks("shop: drills", "failed")) == 1
        assert "Mend drills first" in done.text

    def test_a_checksum_or_a_manifest_that_may_not_be_read_is_told(self, doctor, seaweedfs, bucket, tmp_path):
        store = self.connection(seaweedfs, tmp_path, SeaweedFS.lister_key)
        seaweedfs.put(bucket, f"db/db-{day(1)}.gz.sha256", b"0" * 64)
        done = doctor({"store": store}, shop=policy(f"store:{bucket}/db/"))
        assert done.status == 1
        assert done.remarks("shop: dumps", "attention") == [f"store may not see db/db-{day(1)}.gz.sha256 in {bucket}"]
        stated = policy(f"store:{bucket}/db/")
        stated["sources"]["dumps"]["complete_when"] = {"file": "{dir}/state.json", "says": {"phase": "done"}}
        seaweedfs.put(bucket, "db/state.json", b'{"phase": "done"}')
        done = doctor({"store": store}, shop=stated)
        assert any(one.startswith("state.json, which says") for one in done.remarks("shop: dumps", "attention"))
        assert any(one.startswith("rpo is unknown") for one in done.remarks("shop", "attention"))

    def test_a_secret_that_is_wrong_is_said_once(self, doctor, seaweedfs, bucket, tmp_path):
        store = self.connection(seaweedfs, tmp_path, SeaweedFS.lister_key._replace(secret_key="x"))
        other = {"at": f"store:{bucket}/more/", "reader": "objects", "name": "{data_as_of:%F}", "name_zone": "UTC"}
        whole = policy(f"store:{bucket}/db/", more=other)
        whole["commitments"]["more"] = {"kind": "rpo", "at_most": "1d", "evidence": ["more"]}
        done = doctor({"store": store}, shop=whole)
        assert done.status == 3
        assert done.remarks("store", "failed") == ["store has a secret that does not fit its key"]
        for source in ("dumps", "more"):
            assert done.remarks(f"shop: {source}", "failed") == ["not seen, as nothing of store was"]


class TestAtAzure:
    @pytest.mark.parametrize(
        ("letters", "days", "status", "said"),
        [
            ("l", 60, 0, []),
            ("l", 3, 1, ["its credential ends"]),
            ("rwdl", 60, 1, ["read content, which no policy needs: its SAS token says sp=rwdl",
                             "write or delete: its SAS token says sp=rwdl"]),
        ],
    )  # fmt: skip
    def test_a_sas_token_is_held_against_what_the_policies_need(
        self, doctor, azurite: Azurite, monkeypatch, letters, days, status, said
    ):
        container = f"doctor-{uuid.uuid4().hex[:8]}"
        for ago in (1, 2):
            azurite.put(container, f"db-{day(ago)}.gz", f"{ago}".encode() * 3000)
        sas = azurite.sas(permissions=letters, valid_for=timedelta(days=days))
        monkeypatch.setenv("DOCTOR_SAS", sas)
        there = {"type": "azure_blob", "account_url": azurite.account_url, "credential_env": "DOCTOR_SAS"}
        done = doctor({"there": there}, shop=policy(f"there:{container}/"))
        assert done.status == status, done.text
        told = done.remarks("there", "attention")
        assert len(told) == len(said)
        assert all(one in each for one, each in zip(said, told, strict=True))
        assert sas.rpartition("sig=")[2] not in done.text

    def test_a_credential_that_is_not_there_is_said_of_the_connection(self, doctor, azurite: Azurite):
        there = {"type": "azure_blob", "account_url": azurite.account_url, "credential_env": "DOCTOR_NOWHERE"}
        done = doctor({"there": there}, shop=policy("there:nowhere/"))
        assert done.status == 3
        assert done.remarks("there", "failed") == [
            "there is no credential for there in the environment variable DOCTOR_NOWHERE"
        ]
        assert done.remarks("shop: dumps", "failed") == ["not seen, as nothing of there was"]

    def test_the_key_of_the_account_may_do_everything(self, doctor, azurite: Azurite, monkeypatch):
        container = f"doctor-{uuid.uuid4().hex[:8]}"
        azurite.put(container, f"db-{day(1)}.gz", b"1" * 3000)
        monkeypatch.setenv("DOCTOR_KEY", Azurite.key)
        there = {"type": "azure_blob", "account_url": azurite.account_url, "credential_env": "DOCTOR_KEY"}
        done = doctor({"there": there}, shop=policy(f"there:{container}/"))
        assert (done.status, len(done.remarks("there", "attention"))) == (1, 1)
        assert Azurite.key not in done.text


class TestOnHosts:
    def test_a_shell_is_more_than_is_needed_unless_a_command_is(self, doctor, sshd: Sshd):
        own = f"doctor-{uuid.uuid4().hex[:8]}"
        fill(sshd.root / own, *(f"db-{day(ago)}.gz" for ago in (1, 2)))
        done = doctor({"host": ssh(sshd)}, shop=policy(f"host:{own}/"))
        assert done.status == 1
        assert any(one.startswith("it may run any command") for one in done.remarks("host", "attention"))
        done = doctor({"host": ssh(sshd, outputs={"list": ["ls"]})}, shop=policy(f"host:{own}/"))
        assert "it may run any command" not in done.text

    def test_read_only_sftp_is_all_that_is_needed(self, doctor, sftp_only: Sshd):
        own = f"doctor-{uuid.uuid4().hex[:8]}"
        fill(sftp_only.root / own, *(f"db-{day(ago)}.gz" for ago in (1, 2)))
        done = doctor({"host": ssh(sftp_only)}, shop=policy(f"host:{own}/"))
        assert "it may not write or delete or run any command" in " ".join(done.text.split())
        too_strong = ["it may pass over all permissions: it is called root"] if sftp_only.user == "root" else []
        assert done.remarks("host", "attention") == too_strong

    def test_a_host_that_is_down_and_one_with_another_key_hold_up_nobody(
        self, doctor, sftp_only: Sshd, tmp_path_factory: pytest.TempPathFactory
    ):
        directory = tmp_path_factory.mktemp("keys")
        make_key(directory / "other")
        kind, key, *_ = (directory / "other.pub").read_text().split()
        (directory / "known").write_text(f"[{sftp_only.host}]:{sftp_only.port} {kind} {key}\n")
        (directory / "down").write_text(f"[127.0.0.1]:1 {kind} {key}\n")
        own = f"doctor-{uuid.uuid4().hex[:8]}"
        fill(sftp_only.root / own, f"db-{day(1)}.gz")
        connections = {
            "well": ssh(sftp_only),
            "wrong": ssh(sftp_only, known_hosts=str(directory / "known")),
            "down": ssh(sftp_only, port=1, known_hosts=str(directory / "down")),
            "unknown": ssh(sftp_only, known_hosts=str(directory / "down")),
        }
        done = doctor(connections, shop=policy(f"well:{own}/"))
        assert done.status == 3
        assert done.topics["well"]["status"] != "failed"
        assert "is not the one in known_hosts" in done.remarks("wrong", "failed")[0]
        assert done.remarks("down", "failed") == ["127.0.0.1 port 1 refused the connection"]
        assert "is not known" in done.remarks("unknown", "failed")[0]
        assert all(one["hint"] for name in ("wrong", "down", "unknown") for one in done.topics[name]["remarks"])
        assert doctor(connections, "well", shop=policy(f"well:{own}/")).status != 3

    def test_a_host_that_says_nothing_ends_at_its_deadline(self, doctor, sftp_only: Sshd, tmp_path_factory):
        with FaultProxy(sftp_only.host, sftp_only.port, Fault.BLACK_HOLE) as proxy:
            known = tmp_path_factory.mktemp("keys") / "known"
            known.write_text(sftp_only.known_hosts.read_text().replace(f":{sftp_only.port} ", f":{proxy.port} "))
            silent = ssh(sftp_only, port=proxy.port, known_hosts=str(known), deadline="2s")
            done = doctor({"silent": silent}, shop=policy("silent:x/"))
        assert done.status == 3
        assert done.remarks("silent", "failed") == ["silent took longer than 2 s"]

    def test_a_clock_that_is_wrong_is_said_of_the_connection_alone(self, doctor, tmp_path_factory):
        directory = tmp_path_factory.mktemp("clock")
        (directory / "date").write_text("#!/bin/sh\nexec /bin/date -d '20 minutes ago' \"$@\"\n")
        (directory / "login").write_text(
            f'#!/bin/sh\nPATH={directory}:$PATH\nexport PATH\ncase "$SSH_ORIGINAL_COMMAND" in\n'
            '*sftp*) exec /usr/lib/openssh/sftp-server -R;;\n*) exec sh -c "$SSH_ORIGINAL_COMMAND";;\nesac\n'
        )
        for name in ("date", "login"):
            (directory / name).chmod(0o755)
        with Sshd(directory / "server") as server:
            server.authorized_keys.write_text(f'command="{directory}/login" {server.authorized_keys.read_text()}')
            fill(server.root, f"db-{day(1)}.gz")
            done = doctor({"host": ssh(server)}, shop=policy("host:"))
        assert done.status == 1
        clock = [one for one in done.remarks("host", "attention") if "clock" in one]
        assert len(clock) == 1
        assert "s behind ours; 300 s are tolerated" in clock[0]
        assert abs(done.topics["host"]["clock_offset"] + 1200) < 60
        assert done.remarks("shop: dumps", "good") == ["`name` reads 1 of 1 name there"]

    def test_a_jump_host_is_said_to_lead_on_and_is_asked_nothing(self, doctor, sftp_only: Sshd, bastion: Sshd):
        own = f"doctor-{uuid.uuid4().hex[:8]}"
        fill(sftp_only.root / own, f"db-{day(1)}.gz")
        done = doctor({"far": ssh(sftp_only, jump="gate"), "gate": ssh(bastion)}, shop=policy(f"far:{own}/"))
        assert done.topics["far"]["status"] != "failed"
        assert done.remarks("gate", "note") == ["it leads to far, and was asked nothing itself"]


class TestOnDisks:
    def test_a_template_that_fits_nothing_is_named_with_one_that_would(self, doctor, tmp_path: Path):
        fill(tmp_path / "d", *(f"db_{day(ago)}.gz" for ago in (1, 2)))
        done = doctor({"disk": {"type": "local", "root": "d"}}, shop=policy("disk:"))
        assert done.status == 1
        (fit,) = done.remarks("shop: dumps", "attention")
        assert fit == f"`name` reads none of 2 names there; db_{{data_as_of:%Y-%m-%d}}.gz would read db_{day(1)}.gz"
        assert any("rpo is unknown" in one for one in done.remarks("shop", "attention"))
        assert "Mend dumps first: see above." in done.text

    def test_nothing_at_all_is_something_to_mend(self, doctor, tmp_path: Path):
        (tmp_path / "d").mkdir()
        done = doctor({"disk": {"type": "local", "root": "d"}}, shop=policy("disk:"))
        assert done.remarks("shop: dumps", "attention") == ["nothing lies there, of what a run would list"]

    def test_names_of_others_move_no_cursor(self, doctor, tmp_path: Path):
        fill(tmp_path / "d", f"a\x1b[31m\u202eb-{day(1)}.gz")
        done = doctor({"disk": {"type": "local", "root": "d"}}, shop=policy("disk:"))
        assert "a\\x1b[31m\\u202eb-" in done.text
        assert not any(mark in done.text for mark in ("\x1b", "\u202e", "\r"))

    def test_a_connection_can_be_examined_before_the_first_policy(self, doctor, tmp_path: Path):
        (tmp_path / "d").mkdir()
        connections = {"disk": {"type": "local", "root": "d"}, "gone": {"type": "local", "root": "nowhere"}}
        assert doctor(connections, "disk").status == (1 if os.geteuid() == 0 else 0)
        done = doctor(connections, "gone")
        assert done.status == 3
        assert done.topics["gone"]["requests"] is None
        assert "is not a directory here" in done.remarks("gone", "failed")[0]
        assert doctor(connections).status == 2

    def test_a_bucket_that_no_policy_names_is_asked_nothing(self, doctor):
        done = doctor({"store": {"type": "s3", "endpoint": "http://127.0.0.1:1"}}, "store")
        assert done.status == 0
        assert done.remarks("store", "note") == ["no policy names a BUCKET/PREFIX there, so that nothing can be asked"]

    def test_a_policy_that_is_invalid_is_named_and_the_others_are_examined(self, doctor, tmp_path: Path):
        fill(tmp_path / "d", f"db-{day(1)}.gz")
        done = doctor({"disk": {"type": "local", "root": "d"}}, shop=policy("disk:"), bad="drcheck: 1\n")
        assert done.status == 3
        assert done.topics["policies/bad.yaml"]["status"] == "failed"
        assert done.remarks("shop", "good") == ["1 commitment can be judged"]

    @pytest.mark.parametrize("wrong", [["nowhere"], ["--config", "missing.yaml"]])
    def test_wrong_usage_examines_nothing(self, doctor, wrong):
        assert doctor({"disk": {"type": "local", "root": "d"}}, *wrong, shop=policy("disk:")).status == 2


class TestTheLedger:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> dict[str, object]:
        fill(tmp_path / "d", *(f"db-{day(ago)}.gz" for ago in (1, 2)))
        return {"disk": {"type": "local", "root": "d"}}

    def test_it_is_rehearsed_upon_and_stands_as_it_was(self, doctor, disk, tmp_path: Path):
        assert doctor(disk, shop=policy("disk:")).remarks(f"{tmp_path}/drcheck.db", "good")[0].startswith("none yet")
        command = [sys.executable, "-m", "drcheck", "verify"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode == 0
        before = (tmp_path / "drcheck.db").read_bytes()
        done = doctor(disk, shop=policy("disk:"))
        assert " entries in " in done.remarks(f"{tmp_path}/drcheck.db", "good")[0]
        assert (tmp_path / "drcheck.db").read_bytes() == before

    def test_a_directory_that_is_not_there_is_a_failure(self, doctor, disk, tmp_path: Path):
        done = doctor(disk, config="ledger: sqlite:///gone/drcheck.db\n", shop=policy("disk:"))
        assert done.status == 3
        (failed,) = done.remarks(f"{tmp_path}/gone/drcheck.db", "failed")
        assert "cannot be used: no such file or directory" in failed

    def test_one_that_is_damaged_is_a_failure_and_the_rest_is_examined(self, doctor, disk, tmp_path: Path):
        (tmp_path / "drcheck.db").write_bytes(b"no ledger" * 1000)
        done = doctor(disk, shop=policy("disk:"))
        assert done.status == 3
        assert len(done.remarks(f"{tmp_path}/drcheck.db", "failed")) == 1
        assert done.remarks("shop", "good") == ["1 commitment can be judged"]
