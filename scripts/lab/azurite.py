"""Azurite: Azure Blob Storage with real keys and SAS, whose blobs can be given any date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lab.processes import LabError, Server, accepts, free_ports, program

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient


class Blob(NamedTuple):
    """A blob as a listing shows it; its content is its own name."""

    name: str
    size: int
    modified: int
    """Creation time and last_modified, seconds since the epoch."""


class Azurite(Server):
    """One account with its own data, kept in a file between restarts."""

    account = "devstoreaccount1"
    # the emulator's published key; every Azurite has it
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._program = program("azurite-blob", how="install node 20 or newer with npm, then run scripts/test")
        (self._port,) = free_ports(1)
        self.account_url = f"http://127.0.0.1:{self._port}/{self.account}"
        self._start()

    def _start(self) -> None:
        # the SDK speaks a newer version of the API than the emulator knows, hence --skipApiVersionCheck
        address = ["--blobHost", "127.0.0.1", "--blobPort", str(self._port)]
        options = ["--location", str(self.directory), "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
        self.launch([self._program, *options, *address], lambda: accepts(self._port))

    def client(self) -> BlobServiceClient:
        """Return the SDK's client with the account's key."""
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(self.account_url, credential={"account_name": self.account, "account_key": self.key})

    def sas(self, *, permissions: str = "rl", valid_for: timedelta = timedelta(days=1)) -> str:
        """Return a SAS token for the whole account; ``rl`` reads and lists."""
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

        now = datetime.now(UTC)
        return generate_account_sas(
            self.account,
            self.key,
            resource_types=ResourceTypes(service=True, container=True, object=True),
            permission=AccountSasPermissions.from_string(permissions),
            start=now - timedelta(hours=1),
            expiry=now + valid_for,
        )

    def make_container(self, container: str) -> None:
        """Create ``container`` if there is none."""
        own = self.client().get_container_client(container)
        if not own.exists():
            own.create_container()

    def put(self, container: str, name: str, content: bytes) -> None:
        """Upload one blob, now; the container is created if there is none."""
        self.make_container(container)
        self.client().get_blob_client(container, name).upload_blob(content, overwrite=True)

    def load(self, container: str, blobs: Iterable[Blob]) -> int:
        """Add blobs of any date and size, and return how many: uploads them, then edits the emulator's file."""
        wanted = {blob.name: blob for blob in blobs}
        self.make_container(container)
        own = self.client().get_container_client(container)
        for name in wanted:
            own.upload_blob(name, hashlib.sha256(name.encode()).digest(), overwrite=True)
        self.stop()  # it writes the file at its end
        file = self.directory / "__azurite_db_blob__.json"
        database = json.loads(file.read_text())
        (records,) = (each["data"] for each in database["collections"] if each["name"] == "$BLOBS_COLLECTION$")
        edited = 0
        for record in records:
            if record["containerName"] == container and (blob := wanted.get(record["name"])):
                date = datetime.fromtimestamp(blob.modified, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                record["properties"].update(creationTime=date, lastModified=date, contentLength=blob.size)
                edited += 1
        file.write_text(json.dumps(database))
        self._start()
        if edited != len(wanted):
            msg = f"{len(wanted)} blobs were uploaded into {container}, and {edited} were kept"
            raise LabError(msg)
        return edited
