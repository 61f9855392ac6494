"""The same situations at a real S3 server: a bucket beside the disk, under the connection ``s3``."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

from lab.servers import Object, SeaweedFS
from situation import Situation


class Bucket:
    """A bucket of its own for one situation, which ``drcheck`` may only look at."""

    def __init__(self, server: SeaweedFS, situation: Situation, *, versioned: bool = False) -> None:
        """Make the bucket, and add the connection to the situation's configuration."""
        self.name = f"open-{uuid.uuid4().hex[:12]}"
        self.server = server
        self.client = server.client()
        server.make_bucket(self.name)
        if versioned:
            self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        pair = SeaweedFS.reader_key
        secrets: Path = situation.root / "credentials"
        secrets.write_text(
            f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
        )
        with (situation.root / "drcheck.yaml").open("a") as configuration:
            configuration.write(
                f"  s3: {{type: s3, endpoint: '{server.endpoint}', region: {SeaweedFS.region}, "
                "credentials_file: credentials, last_modified: completion}\n"
            )

    def put(self, key: str, content: bytes, storage_class: str = "STANDARD") -> None:
        """Write an object, or a version of it."""
        self.client.put_object(Bucket=self.name, Key=key, Body=content, StorageClass=storage_class)

    def load(self, key: str, written: datetime) -> None:
        """Add an object of 9000 bytes that was written at ``written``; none of it can be read."""
        self.server.load(self.name, [Object(key, 9000, int(written.timestamp()))], count=False)

    def delete(self, key: str) -> None:
        """Delete an object; where versions are kept, that is a marker on top of them."""
        self.client.delete_object(Bucket=self.name, Key=key)
