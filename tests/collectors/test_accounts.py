"""What an account may do beyond what a look takes, told by real servers without trying any of it."""

from __future__ import annotations

import os
import re
import uuid
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from lab.seaweedfs import KeyPair
from lab.servers import Azurite, SeaweedFS, Sshd

from drcheck import clock
from drcheck.collectors.azure.account import account_of
from drcheck.collectors.azure.collector import open_azure_blob
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.local.collector import open_local
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.collector import open_s3
from drcheck.collectors.ssh.collector import open_ssh
from drcheck.core.model.evidence import Fact
from drcheck.interfaces import Account, CollectorError, Power
from tests.collectors.places import Place, s3_connection, ssh_connection

ROOT = os.geteuid() == 0
CONNECTIONS = (Path(__file__).parents[2] / "docs/connections.md").read_text()
RECIPE = re.compile(r'^    (restrict,command="internal-sftp.*?)ssh-ed25519', re.MULTILINE)
IAM = re.compile(r'^(\{"Version": "2012-10-17".*?\]\})$', re.MULTILINE | re.DOTALL)
JUMP = re.compile(r"^    (restrict,port-forwarding.*?)ssh-ed25519", re.MULTILINE)


def powers(account: Account) -> dict[Power, bool | None]:
    return {right.power: right.held for right in account.rights}


def how(account: Account, power: Power) -> str:
    (right,) = [one for one in account.rights if one.power is power]
    return right.how


def test_every_place_tells_of_each_power_once_with_what_to_do(place: Place):
    place.put("a", b"a")
    with closing(place.open()) as collector:
        names = [entry.name for entry in collector.list("")]
        account = collector.account()
        assert len(powers(account)) == len(account.rights)
        assert all(right.how and right.remedy.endswith((".", ")")) for right in account.rights)
        assert [entry.name for entry in collector.list("")] == names == ["a"]  # nothing was written


class TestOnADisk:
    @pytest.mark.parametrize(("uid", "access"), [(0, True), (1000, False), (1000, True)])
    def test_the_kernel_says_who_looks_and_whether_it_may_write(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, access: bool
    ):
        monkeypatch.setattr(os, "geteuid", lambda: uid)
        monkeypatch.setattr(os, "access", lambda *_, **__: access)
        with Connections() as pool:
            account = open_local(LocalConnection("disk", root=str(tmp_path)), "", pool).account()
        assert powers(account) == {Power.SUPERUSER: uid == 0, Power.WRITE: access}

    def test_a_directory_that_is_not_there_is_an_error(self, tmp_path: Path):
        with Connections() as pool, pytest.raises(CollectorError, match="is not a directory here"):
            open_local(LocalConnection("disk", root=str(tmp_path)), "gone/", pool).account()


class TestOnAHost:
    @staticmethod
    def account(server: Sshd, **other: object) -> Account:
        connection = ssh_connection(server, **other)
        with Connections() as pool, closing(open_ssh(connection, "", pool)) as collector:
            return collector.account()

    def test_a_shell_tells_who_it_is_and_whether_it_may_write(self, sshd: Sshd):
        account = self.account(sshd)
        assert powers(account) == {Power.SUPERUSER: ROOT, Power.COMMANDS: True, Power.WRITE: True}
        assert how(account, Power.SUPERUSER) == f"its user id is {os.geteuid()}"

    def test_read_only_sftp_says_that_it_is(self, sftp_only: Sshd):
        account = self.account(sftp_only)
        assert powers(account) == {
            Power.SUPERUSER: sftp_only.user == "root", Power.COMMANDS: False, Power.WRITE: False
        }  # fmt: skip
        assert how(account, Power.WRITE) == "its SFTP is read-only"

    def test_the_line_of_the_recipe_in_authorized_keys_leaves_nothing_to_do(self, tmp_path: Path):
        with Sshd(tmp_path / "server") as server:
            key = server.authorized_keys.read_text()
            server.authorized_keys.write_text(f"{RECIPE.search(CONNECTIONS)[1]}{key}")
            account = self.account(server)
        assert (powers(account)[Power.COMMANDS], powers(account)[Power.WRITE]) == (False, False)

    def test_the_line_of_the_recipe_for_a_jump_host_leads_to_one_host_and_runs_nothing(
        self, tmp_path: Path, sftp_only: Sshd
    ):
        with Sshd(tmp_path / "gate", jump_allowed=True) as gate:
            key = gate.authorized_keys.read_text()
            recipe = JUMP.search(CONNECTIONS)[1]
            assert "backup1.example.com:22" in recipe
            for port, leads in ((sftp_only.port, True), (sftp_only.port + 1, False)):
                line = recipe.replace("backup1.example.com:22", f"{sftp_only.host}:{port}")
                gate.authorized_keys.write_text(f"{line}{key}")
                others = {"gate": ssh_connection(gate, name="gate")}
                with (
                    Connections(others) as pool,
                    closing(open_ssh(ssh_connection(sftp_only, jump="gate"), "", pool)) as collector,
                ):
                    if leads:
                        assert powers(collector.account())[Power.WRITE] is False
                    else:
                        with pytest.raises(CollectorError, match="gate does not lead to"):
                            collector.account()

    @pytest.mark.parametrize(("mode", "held"), [(0o777, True), (0o755, None)])
    def test_sftp_that_is_not_read_only_leaves_it_to_the_modes_of_files(
        self, tmp_path: Path, mode: int, held: bool | None
    ):
        with Sshd(tmp_path / "server") as server:
            key = server.authorized_keys.read_text()
            server.authorized_keys.write_text(f'restrict,command="internal-sftp" {key}')
            server.root.chmod(mode)
            account = self.account(server)
        assert (powers(account)[Power.COMMANDS], powers(account)[Power.WRITE]) == (False, held)

    def test_a_wrapper_that_runs_only_what_a_look_takes_runs_not_any_command(self, tmp_path: Path):
        wrapper = tmp_path / "wrapper"
        wrapper.write_text(
            '#!/bin/sh\ncase "$SSH_ORIGINAL_COMMAND" in\n"date "*) exec $SSH_ORIGINAL_COMMAND;;\n'
            '"internal-sftp") exec /usr/lib/openssh/sftp-server -R;;\n*) exit 1;;\nesac\n'
        )
        wrapper.chmod(0o755)
        with Sshd(tmp_path / "server") as server:
            key = server.authorized_keys.read_text()
            server.authorized_keys.write_text(f'restrict,command="{wrapper}" {key}')
            account = self.account(server)
        assert (powers(account)[Power.COMMANDS], powers(account)[Power.WRITE]) == (False, False)

    def test_an_account_called_root_is_the_superuser_also_where_no_command_runs(self, sftp_only: Sshd):
        assert powers(self.account(sftp_only))[Power.SUPERUSER] is (sftp_only.user == "root")


class TestAtS3:
    @pytest.mark.parametrize(
        ("pair", "reads"),
        [(SeaweedFS.reader_key, True), (SeaweedFS.content_key, True), (SeaweedFS.lister_key, False),
         (SeaweedFS.locks_key, False), (SeaweedFS.admin_key, True)],
    )  # fmt: skip
    def test_whether_a_key_reads_is_told_by_an_object_and_whether_it_writes_is_not(
        self, seaweedfs: SeaweedFS, tmp_path: Path, pair: KeyPair, reads: bool
    ):
        seaweedfs.put("open-accounts", "db/a", b"a")
        connection = s3_connection(seaweedfs, tmp_path / "credentials", pair=pair)
        with Connections() as pool:
            collector = open_s3(connection, "open-accounts/db/", pool)
            unlisted = powers(collector.account())
            assert unlisted == {Power.READ: None if reads else False, Power.WRITE: None}
            assert [entry.name for entry in collector.list("")] == ["a"]
            before = collector.calls
            assert powers(collector.account()) == {Power.READ: reads, Power.WRITE: None}
            assert collector.calls == before + 1

    def test_the_recipes_for_iam_allow_what_they_are_for_and_nothing_else(self, seaweedfs: SeaweedFS, tmp_path: Path):
        bucket = f"recipes-{uuid.uuid4().hex[:8]}"
        seaweedfs.make_bucket(bucket, object_lock=True)
        for name in ("PREFIX/a", "drills/log.jsonl"):
            seaweedfs.put(bucket, name, b"a", lock="COMPLIANCE", until=clock.now() + 60)
        logs, locks = (policy.replace("BUCKET", bucket) for policy in IAM.findall(CONNECTIONS))
        for policy, reads in (
            (logs, {"PREFIX/": False, "drills/": True}),
            (locks, {"PREFIX/": False, "drills/": False}),
        ):
            pair = seaweedfs.key_allowed(policy)
            connection = s3_connection(seaweedfs, tmp_path / "credentials", pair=pair)
            with Connections() as pool:
                for root, may in reads.items():
                    collector = open_s3(connection, f"{bucket}/{root}", pool)
                    (entry,) = collector.list("")
                    assert powers(collector.account()) == {Power.READ: may, Power.WRITE: None}
                    assert isinstance(_reading(collector.read, entry.name), bytes) is may
                    if policy == locks and root == "PREFIX/":
                        assert collector.describe("a", frozenset({Fact.LOCK}))[Fact.LOCK].holds
            with pytest.raises(ClientError, match="AccessDenied"):
                seaweedfs.client(pair).put_object(Bucket=bucket, Key="drills/more", Body=b"")

    def test_a_key_that_nobody_knows_reads_nothing(self, seaweedfs: SeaweedFS, tmp_path: Path):
        connection = s3_connection(seaweedfs, tmp_path / "credentials", pair=KeyPair("nobody", "knows"))
        with Connections() as pool:
            account = open_s3(connection, "open-accounts/db/", pool).account()
        assert powers(account)[Power.READ] is False  # an answer to HEAD has no body that could say more


class TestAtAzure:
    @pytest.mark.parametrize(("letters", "reads", "writes"), [("l", False, False), ("rl", True, False),
                                                              ("rwdl", True, True), ("cl", False, True)])  # fmt: skip
    def test_a_sas_token_says_itself_what_it_allows_and_until_when(
        self, azurite: Azurite, monkeypatch: pytest.MonkeyPatch, letters: str, reads: bool, writes: bool
    ):
        container = f"accounts-{uuid.uuid4().hex[:8]}"
        azurite.put(container, "a", b"a")
        monkeypatch.setenv("ACCOUNT_SAS", azurite.sas(permissions=letters, valid_for=timedelta(days=3)))
        connection = AzureConnection("azure", account_url=azurite.account_url, credential_env="ACCOUNT_SAS")
        with Connections() as pool:
            collector = open_azure_blob(connection, f"{container}/", pool)
            assert [entry.name for entry in collector.list("")] == ["a"]
            account = collector.account()
            # the server agrees with what the token says
            refused = isinstance(_reading(collector.read), CollectorError)
        assert powers(account) == {Power.READ: reads, Power.WRITE: writes}
        assert refused is not reads
        assert account.expires is not None
        assert abs(account.expires - clock.now() - 3 * 86400) < 600
        assert "sig" not in str(account)

    def test_the_key_of_an_account_allows_everything(self):
        assert powers(account_of(Azurite.key, lambda: True)) == {Power.SUPERUSER: True}

    @pytest.mark.parametrize("reads", [True, False])
    def test_of_a_role_reading_is_told_by_what_is_not_there(self, reads: bool):
        assert powers(account_of(None, lambda: reads)) == {Power.READ: reads, Power.WRITE: None}

    def test_a_token_that_leaves_it_to_a_stored_policy_does_not_tell(self):
        account = account_of("sv=2022-11-02&si=readers&sr=c&sig=x", lambda: True)
        assert (powers(account), account.expires) == ({Power.READ: None, Power.WRITE: None}, None)

    @pytest.mark.parametrize("end", ["2027-01-01", "2027-01-01T00:00Z", "2027-01-01T00:00:00Z"])
    def test_every_form_of_the_end_of_a_token_is_read(self, end: str):
        assert account_of(f"sp=l&se={end}&sig=x", lambda: True).expires == 1798761600


def _reading(read, name: str = "a") -> bytes | CollectorError:
    try:
        return read(name, at_most=10)
    except CollectorError as error:
        return error
