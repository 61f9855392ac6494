"""No secret ever comes out: canaries in every place that may hold one, searched in every output and in the ledger.

The servers are real where the credentials are right or denied; a server that hands back whatever it was sent stands
for the worst that an error answer can hold, which no real server does.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
import zipfile
import zlib
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import cbor2
import pytest
from lab.sshd import make_key

from drcheck.registry import FORMATS

CANARY = "cAnArY7q3xZ"
AZURE_KEY = "Y0FuQXJZN3EzeFpjQW5BclkNCg=="
SAS = f"sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2030-01-01&sig={CANARY}%2Fsas%3D"
DUMPS = '{at: "%s:open-canary/x/", reader: objects, name: "{data_as_of:%%Y-%%m-%%d}Z.gz"}'
LOG = '{at: "%s:log.jsonl", reader: restore-log}'


class Echo(BaseHTTPRequestHandler):
    """Answers every request with all of it, as an error's text, a page or an XML error."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        sent = f"{self.requestline}\n{self.headers}\n{unquote(self.path)}"
        bucket = unquote(self.path)
        if "page" in bucket:
            status, body = 200, f"<html><body>{sent}</body></html>"
        elif "empty" in bucket:
            status, body = 200, ""
        else:
            status, body = (
                403,
                f"<?xml version='1.0'?><Error><Code>Odd</Code><Message><![CDATA[{sent}]]></Message></Error>",
            )
        self.send_response(status, sent.split("\n", 1)[0])
        self.send_header("Content-Type", "text/html" if "page" in bucket else "application/xml")
        self.send_header("x-ms-error-code", sent.replace("\r", " ").replace("\n", " "))
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_HEAD = do_POST = do_GET  # noqa: N815  the standard library's names

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def place(tmp_path, seaweedfs, azurite, sshd, echo):
    """A runner with secrets in every place, most of them wrong, and a policy that uses them all."""
    secret = f"[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = {CANARY}/aws\n"
    files = {
        "aws": secret,
        "aws-torn": secret.replace("[default]\n", ""),
        "sas": SAS,
        "key": AZURE_KEY,
        "no-key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----\n",
        "no-pem": f"{CANARY}\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    make_key(tmp_path / "denied-key")
    (tmp_path / "known_hosts").write_text(sshd.known_hosts.read_text())
    s3, web = seaweedfs.endpoint, f"http://127.0.0.1:{echo}"
    ssh = {"type": "ssh", "host": sshd.host, "port": sshd.port, "user": sshd.user, "known_hosts": "known_hosts"}
    connections = {
        "s3-denied": {"type": "s3", "endpoint": s3, "credentials_file": "aws"},
        "s3-torn": {"type": "s3", "endpoint": s3, "credentials_file": "aws-torn"},
        "s3-echo": {"type": "s3", "endpoint": web, "credentials_file": "aws"},
        "s3-refused": {"type": "s3", "endpoint": "http://127.0.0.1:1", "credentials_file": "aws"},
        "s3-env": {"type": "s3", "endpoint": web},
        "az-denied": {"type": "azure_blob", "account_url": azurite.account_url, "credential_env": "CANARY_SAS"},
        "az-file": {"type": "azure_blob", "account_url": azurite.account_url, "credential_file": "sas"},
        "az-key": {"type": "azure_blob", "account_url": azurite.account_url, "credential_file": "key"},
        "az-echo": {"type": "azure_blob", "account_url": f"{web}/account", "credential_env": "CANARY_SAS"},
        "az-echo-key": {"type": "azure_blob", "account_url": f"{web}/account", "credential_file": "key"},
        "az-refused": {"type": "azure_blob", "account_url": "http://127.0.0.1:1/account", "credential_file": "sas"},
        "ssh-denied": ssh | {"identity_file": "denied-key"},
        "ssh-no-key": ssh | {"identity_file": "no-key"},
        "ssh-no-pem": ssh | {"identity_file": "no-pem"},
        "ssh-swapped": ssh | {"identity_file": "denied-key", "known_hosts": "denied-key"},
    }  # fmt: skip
    config = {
        "connections": {
            name: {"region": "us-east-1"} | one if one["type"] == "s3" else one for name, one in connections.items()
        }
    }
    for one in config["connections"].values():
        one["deadline"] = "10s"
    (tmp_path / "drcheck.yaml").write_text(json.dumps(config))
    sources = {name: (LOG if name.startswith("ssh") else DUMPS) % name for name in connections}
    sources |= {
        f"{name}-{kind}": (DUMPS % name).replace("canary", f"{kind}")
        for name in ("s3-echo", "az-echo")
        for kind in ("page", "empty")
    }
    kinds = {
        name: "restore_test, every: 180d" if "restore-log" in at else "rpo, at_most: 8h" for name, at in sources.items()
    }
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "shop.yaml").write_text(
        "drcheck: 1\nservice: shop\nsources:\n"
        + "".join(f"  {name}: {at}\n" for name, at in sources.items())
        + "commitments:\n"
        + "".join(f"  {name}: {{kind: {kind}, evidence: [{name}]}}\n" for name, kind in kinds.items())
    )
    return tmp_path


def kept(ledger):
    """Yield every value of the ledger, as it is and, where it was compressed, as it was."""
    with closing(sqlite3.connect(ledger)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for value in (each for table in tables for row in connection.execute(f"SELECT * FROM {table}") for each in row):
            yield str(value).encode()
            if isinstance(value, bytes):
                yield value
                with suppress(zlib.error):
                    yield zlib.decompress(value)
                with suppress(ValueError, TypeError, cbor2.CBORDecodeError, zlib.error):
                    *_, facts = cbor2.loads(value)
                    yield zlib.decompress(facts) if isinstance(facts, bytes) else repr(facts).encode()


def plain(said):
    """Return what is said, without the compression of a workbook."""
    if not zipfile.is_zipfile(io.BytesIO(said)):
        return said
    with zipfile.ZipFile(io.BytesIO(said)) as parts:
        return b"\n".join(map(parts.read, parts.namelist()))


def test_no_secret_comes_out(place):
    environment = {
        **os.environ,
        "CANARY_SAS": SAS,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": f"{CANARY}/env",
    }
    said = {}
    for arguments in (
        ("verify",), ("verify", "--verbose"), ("verify", "--format", "json"), ("history",),
        ("history", "--format", "json"), ("ledger", "show"), ("ledger", "check"), ("lint", "--explain"),
        ("doctor", "--verbose"), ("doctor", "--json"),
        *(("verify", "--offline", "--verbose", "--format", name) for name in FORMATS),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "drcheck", *arguments],
            cwd=place, env=environment, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode in {0, 3}, (done.stdout + done.stderr).decode()
        said[" ".join(arguments)] = plain(done.stdout) + done.stderr
    said |= {f"ledger {number}": value for number, value in enumerate(kept(place / "drcheck.db"))}
    said |= {path.name: path.read_bytes() for path in place.glob("drcheck.db*")}
    body = (place / "denied-key").read_text().split("\n")[1:-2]
    found = [
        (where, text[max(0, text.index(canary) - 200) :][:400])
        for canary in (CANARY.encode(), AZURE_KEY[:12].encode(), *(line.encode() for line in body))
        for where, text in said.items()
        if canary in text
    ]
    assert found == []
    assert b"Traceback" not in said["verify"]
    assert said["verify"].count(b"\xc2\xb7 s3-") + said["verify"].count(b"\xc2\xb7 az-") >= 10
