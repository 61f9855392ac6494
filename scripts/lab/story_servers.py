"""Every server of the story, up and filled, and the ``drcheck.yaml`` that leads to them."""

from __future__ import annotations

import contextlib
import getpass
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Self

from lab.processes import REPOSITORY, LabError, free_ports
from lab.servers import Azurite, SeaweedFS, Sshd
from lab.sshd import make_key
from lab.story import Story, tell

RECORDS = (
    "interworks-thessaloniki-files",
    "interworks-records",
    "cloudworkz-records",
    "teamplify-records",
    "amberflo-status",
    "soarsilk-status",
)
"""Hosts that serve nothing but SFTP."""
NOBODYS_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
"""Stands for the keys of hosts that could not be started: drcheck connects to none that it has no key of."""


class StoryServers:
    """The servers, in one directory. What cannot be started is in ``missing``, and its connections lead nowhere.

    Must be built and left in the main thread: a server ends with the thread that started it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.missing: list[str] = []
        self._running = contextlib.ExitStack()
        self.config = directory / "drcheck.yaml"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self._running.close)
            story = tell(int(time.time()))
            connections = self._s3(story) | self._azure(story) | self._hosts(story)
            self._write_config(connections)
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _miss(self, what: str, error: LabError) -> None:
        if (missing := f"{what}: {error}") not in self.missing:
            self.missing.append(missing)

    def _s3(self, story: Story) -> dict[str, dict[str, object]]:
        credentials = self.directory / "s3-credentials"
        pair = SeaweedFS.reader_key
        credentials.write_text(
            f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
        )
        try:
            server = self._running.enter_context(SeaweedFS(self.directory / "seaweedfs", list(story.objects)))
        except LabError as error:
            self._miss("S3 (SeaweedFS)", error)
            endpoint = f"http://127.0.0.1:{free_ports(1)[0]}"
        else:
            endpoint = server.endpoint
            for bucket, objects in story.objects.items():
                server.load(bucket, objects)
        connection: dict[str, object] = {
            "type": "s3",
            "endpoint": endpoint,
            "region": SeaweedFS.region,
            "credentials_file": credentials.name,
            "last_modified": "completion",
        }
        return dict.fromkeys(("interworks-thessaloniki", "cloudworkz-offsite", "teamplify-backups"), connection)

    def _azure(self, story: Story) -> dict[str, dict[str, object]]:
        try:
            server = self._running.enter_context(Azurite(self.directory / "azurite"))
        except LabError as error:
            self._miss("Azure Blob Storage (Azurite)", error)
            account_url, sas = f"http://127.0.0.1:{free_ports(1)[0]}/{Azurite.account}", "sv=none&sig=none"
        else:
            account_url, sas = server.account_url, server.sas(valid_for=timedelta(days=30))
            for container, blobs in story.blobs.items():
                server.load(container, blobs)
        credential = self.directory / "azure.sas"
        credential.write_text(sas)
        connection: dict[str, object] = {
            "type": "azure_blob",
            "account_url": account_url,
            "credential_file": credential.name,
        }
        return dict.fromkeys(("interworks-west-europe", "interworks-west-us"), connection)

    def _hosts(self, story: Story) -> dict[str, dict[str, object]]:
        (self.directory / "known_hosts").write_text("")
        return {
            "cloudworkz-bastion": self._host("cloudworkz-bastion", story, jump_allowed=True),
            "cloudworkz-backup": self._host("cloudworkz-backup", story) | {"jump": "cloudworkz-bastion"},
            **{name: self._host(name, story, sftp_only=True) for name in RECORDS},
            "amberflo-billing-status": self._host("amberflo-billing-status", story, sftp_only=True, stays_up=False),
        }

    def _host(self, name: str, story: Story, *, stays_up: bool = True, **options: bool) -> dict[str, object]:
        directory = self.directory / name
        connection: dict[str, object] = {
            "type": "ssh",
            "host": "127.0.0.1",
            "port": free_ports(1)[0],
            "user": getpass.getuser(),
            "identity_file": f"{name}/client_ed25519",
            "known_hosts": "known_hosts",
            "root": str(directory / "root"),
        }
        try:
            server = Sshd(directory, **options)
        except LabError as error:
            self._miss("hosts (sshd)", error)
            make_key(directory / "client_ed25519")
            known = f"[127.0.0.1]:{connection['port']} {NOBODYS_KEY}\n"
        else:
            self._running.push(server)
            connection["port"] = server.port
            known = server.known_hosts_lines()
            for each in story.files.get(name, ()):
                server.put(each.name, each.content, modified=each.modified, size=each.size)
            if not stays_up:
                server.stop()
        with (self.directory / "known_hosts").open("a") as file:
            file.write(known)
        return connection

    def _write_config(self, connections: dict[str, dict[str, object]]) -> None:
        """Write ``drcheck.yaml``; every value is in JSON's form, which is YAML as well."""
        lines = [
            "# Leads to the servers of the lab. Written anew each time that the lab is brought up.",
            "ledger: sqlite:///drcheck.db",
            f"policies: [{json.dumps(str(REPOSITORY / 'policies'))}]",
            "connections:",
            *(
                f"  {name}: {{{', '.join(f'{key}: {json.dumps(value)}' for key, value in connection.items())}}}"
                for name, connection in connections.items()
            ),
        ]
        self.config.write_text("\n".join(lines) + "\n")
