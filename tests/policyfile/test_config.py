"""The runner's configuration becomes settings, or one error with every fault."""

from __future__ import annotations

import pytest

from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.local.settings import LocalConnection
from drcheck.collectors.s3.settings import LastModified, S3Connection
from drcheck.collectors.ssh.settings import SshConnection
from drcheck.core.proof.notes import COSIGNATURE, SigningKey, VerifierKey
from drcheck.errors import UsageError
from drcheck.policyfile.config import load_settings
from drcheck.settings import Settings

from .places import WHOLE


def refused(tmp_path, text):
    path = tmp_path / "drcheck.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_settings(str(path))
    return caught.value.message.replace(f"{tmp_path}/", "").split("\n")


def test_the_configuration_of_the_contract_is_read(monkeypatch):
    monkeypatch.chdir(WHOLE)
    settings = load_settings(None)
    assert settings.file == "drcheck.yaml"
    assert settings.ledger == f"sqlite:///{WHOLE}/drcheck.db"
    assert settings.policies == (f"{WHOLE}/policies",)
    assert (settings.workers, settings.clock_tolerance) == (32, 300)
    assert settings.connections == {
        "aws": S3Connection("aws", region="eu-north-1", profile="drcheck-readonly"),
        "minio": S3Connection("minio", endpoint="https://s3.example.com", last_modified=LastModified.COMPLETION),
        "azure-backup": AzureConnection("azure-backup", account_url="https://example.blob.core.windows.net"),
        "backup-host": SshConnection(
            "backup-host", host="backup1.example.com", port=22, user="drcheck", jump="bastion", root="/srv/backup",
            identity_file="/etc/drcheck/id_ed25519", known_hosts="/etc/drcheck/known_hosts",
            outputs={"restic-web": ("restic", "--repo", "/srv/restic", "snapshots", "--json")},
        ),
        "bastion": SshConnection(
            "bastion", host="bastion.example.com", user="drcheck", identity_file="/etc/drcheck/id_ed25519",
            known_hosts="/etc/drcheck/known_hosts",
        ),
        "vault": LocalConnection("vault", root="/mnt/vault"),
        "drill-host": LocalConnection("drill-host", root=f"{WHOLE}/drills"),
        "status": S3Connection(
            "status", endpoint="http://127.0.0.1:9000", credentials_file=f"{WHOLE}/keys/aws", deadline=90
        ),
    }  # fmt: skip


def test_an_empty_mapping_gives_the_usual_settings(tmp_path):
    (tmp_path / "drcheck.yaml").write_text("workers: 8\n")
    settings = load_settings(str(tmp_path / "drcheck.yaml"))
    assert settings == Settings(
        str(tmp_path / "drcheck.yaml"), f"sqlite:///{tmp_path}/drcheck.db", (f"{tmp_path}/policies",), workers=8
    )


def test_what_one_look_may_list_is_a_number(tmp_path):
    path = tmp_path / "drcheck.yaml"
    path.write_text("workers: 8\n")
    assert load_settings(str(path)).list_at_most == 5_000_000
    path.write_text("list_at_most: 20000000\n")
    assert load_settings(str(path)).list_at_most == 20_000_000
    assert refused(tmp_path, "list_at_most: 0\n")
    assert refused(tmp_path, "list_at_most: all\n")


def test_what_one_look_may_read_is_a_size(tmp_path):
    path = tmp_path / "drcheck.yaml"
    path.write_text("workers: 8\n")
    assert load_settings(str(path)).read_at_most == 256 << 20
    path.write_text("read_at_most: 2 GiB\n")
    assert load_settings(str(path)).read_at_most == 2 << 30
    assert refused(tmp_path, "read_at_most: 5\n") == [
        'drcheck.yaml:1:15: read_at_most: "5" has no unit (write 5 B for bytes, 5 kB, 5 MiB and so on)'
    ]


def test_an_absolute_ledger_stays_as_it_is(tmp_path):
    path = tmp_path / "drcheck.yaml"
    path.write_text("ledger: sqlite:////var/lib/drcheck.db\n")
    assert load_settings(str(path)).ledger == "sqlite:////var/lib/drcheck.db"


@pytest.mark.parametrize("url", ["postgresql://drcheck@db.example.com/drcheck", "postgres://u:CANARY@db/x"])
def test_a_ledger_in_postgresql_is_refused_as_it_is_read(tmp_path, url):
    (told,) = refused(tmp_path, f"ledger: {url}\n")
    assert told == "drcheck.yaml:1:9: ledger: PostgreSQL ledgers are not supported yet (write sqlite:///drcheck.db)"


def test_a_missing_configuration_names_the_next_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"there is no configuration drcheck\.yaml") as caught:
        load_settings(None)
    assert "drcheck init" in caught.value.hint


def test_one_key_of_a_witness_under_two_names_is_told_as_it_would_count_twice(tmp_path):
    key = SigningKey("witness.example/w1", bytes(range(32)), COSIGNATURE).key
    also = VerifierKey("witness.example/w2", COSIGNATURE, key.public).text
    text = f"""\
proof:
  key: k
  witnesses:
    w: {{url: https://w.example.com, key: {key.text}}}
    v: {{url: https://v.example.com, key: {key.text}}}
    u: {{url: https://u.example.com, key: {also}}}
  quorum: 2
"""
    remedy = "its key is that of w (each witness has a key of its own: leave one of them out)"
    assert refused(tmp_path, text) == [
        f"drcheck.yaml:5:5: proof.witnesses.v: {remedy}",
        f"drcheck.yaml:6:5: proof.witnesses.u: {remedy}",
    ]


def test_places_and_witnesses_of_a_proof_that_cannot_be_are_told(tmp_path):
    text = """\
connections:
  h: {type: ssh, host: h.example.com, user: u, identity_file: i, known_hosts: k}
proof:
  key: k
  checkpoints: [seen/, "h:seen/", "other:seen/"]
  witnesses:
    w: {url: https://w.example.com, key: x}
    v: {url: https://v.example.com, key: log.example/drcheck+2bd7ae8a+AaEHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg}
  quorum: 3
"""
    assert refused(tmp_path, text) == [
        'drcheck.yaml:5:24: proof.checkpoints: drcheck writes nothing at "h:seen/" (name a connection of type s3 or azure_blob, or a directory)',
        "drcheck.yaml:7:5: proof.witnesses.w: its key is none of a witness (copy what drcheck witness keygen printed)",
        "drcheck.yaml:8:5: proof.witnesses.v: its key is none of a witness (copy what drcheck witness keygen printed)",
        "drcheck.yaml:9:11: proof.quorum: there are 2 witnesses (ask for no more than there are)",
    ]


@pytest.mark.parametrize("text", ["", "[]\n", "text\n"])
def test_a_file_without_a_mapping_is_refused(tmp_path, text):
    assert "holds no mapping" in refused(tmp_path, text)[0]


def test_all_faults_are_told_at_once_with_their_places(tmp_path):
    text = """\
ledger: mysql://x
polices: [x]
workers: 0
clock_tolerance: 5
connections:
  a: {type: ssh, host: h, user: u, identity_file: i, known_hosts: k, jump: b, prot: 22}
  b: {type: ssh, host: h, user: u, identity_file: i, known_hosts: k, jump: a, root: srv}
  c: {type: ssh, host: "-oProxyCommand=x", user: u, jump: d}
  d: {type: s4}
  e: {type: azure_blob, account_url: example, credential_env: "A B", credential_file: f}
  f: {type: local}
  "g h": {type: local, root: /}
"""
    assert refused(tmp_path, text) == [
        "drcheck.yaml:1:9: ledger: this is not the URL of a ledger (write sqlite:///drcheck.db)",
        'drcheck.yaml:2:1: unknown key "polices" (did you mean policies?)',
        "drcheck.yaml:3:10: workers: 0 is too small (at least 1)",
        'drcheck.yaml:4:18: clock_tolerance: "5" has no unit (write 5m for minutes, 5h for hours or 5d for days)',
        "drcheck.yaml:6:76: connections.a.jump: a goes through b goes through a (end the circle)",
        'drcheck.yaml:6:79: connections.a: unknown key "prot" (did you mean port?)',
        "drcheck.yaml:7:76: connections.b.jump: b goes through a goes through b (end the circle)",
        'drcheck.yaml:7:85: connections.b.root: "srv" is not an absolute path (write it like /srv/backup)',
        "drcheck.yaml:8:3: connections.c: identity_file is missing (write it like identity_file: /etc/drcheck/id_ed25519)",
        "drcheck.yaml:8:3: connections.c: known_hosts is missing (write it like known_hosts: /etc/drcheck/known_hosts)",
        'drcheck.yaml:8:24: connections.c.host: "-oProxyCommand=x" is not a host name (write it like backup1.example.com)',
        'drcheck.yaml:8:59: connections.c.jump: there is no ssh connection "d" (name a connection of type ssh)',
        'drcheck.yaml:9:13: connections.d.type: "s4" is not known here (one of s3, azure_blob, ssh, local)',
        "drcheck.yaml:10:38: connections.e.account_url: this is not an http or https URL (write it like https://s3.example.com)",
        'drcheck.yaml:10:63: connections.e.credential_env: "A B" is not the name of an environment variable (write it like DRCHECK_AZURE_SAS)',
        "drcheck.yaml:10:70: connections.e: credential_env and credential_file exclude each other (keep one of them)",
        "drcheck.yaml:11:3: connections.f: root is missing (write it like root: /mnt/vault)",
        'drcheck.yaml:12:3: connections: "g h" is not a name of a connection (use letters A to Z, digits, dash and underscore)',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "connections: {a: {type: azure_blob, account_url: 'https://x.blob.core.windows.net/?sv=1&sig=CANARY'}}\n",
        "connections: {a: {type: s3, endpoint: 'https://key:CANARY@s3.example.com'}}\n",
        "connections: {a: {type: s3, endpoint: 'https://CANARY@s3.example.com'}}\n",
        "ledger: postgresql://u:CANARY@db/drcheck\n",
        "ledger: mysql://u:CANARY@db/drcheck\n",
        "connections: {a: {type: s3, secret_access_key: CANARY}}\n",
        "connections: {a: {type: azure_blob, account_url: 'CANARY'}}\n",
    ],
)
def test_a_secret_in_the_configuration_is_refused_and_not_repeated(tmp_path, text):
    told = "\n".join(refused(tmp_path, text))
    assert told
    assert "CANARY" not in told


def test_strict_yaml_holds_for_the_configuration_too(tmp_path):
    assert refused(tmp_path, "workers: 8\nworkers: 9\n") == [
        "drcheck.yaml:2:1: workers stands twice, first in line 1 (keep one of them)"
    ]


def test_clocks_may_be_trusted_to_the_second(tmp_path):
    (tmp_path / "drcheck.yaml").write_text("clock_tolerance: 0m\n")
    assert load_settings(str(tmp_path / "drcheck.yaml")).clock_tolerance == 0
