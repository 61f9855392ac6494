"""What a configuration says of an S3 service, and how a path there is written."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import ClassVar, Final

from drcheck.core.words import quoted
from drcheck.settings import ConfigKeys, Connection, at_once_key, base_url, server

_BUCKET: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""What every client of S3 sends (botocore's ``VALID_BUCKET``); AWS itself allows less, other servers as much."""


class LastModified(StrEnum):
    """What the time of a multipart upload means on an S3 server; AWS shows its initiation."""

    INITIATION = "initiation"
    COMPLETION = "completion"


class S3Connection(Connection, frozen=True):
    """An S3 service: AWS, or a server at ``endpoint``."""

    region: str = ""
    profile: str = ""
    credentials_file: str = ""
    """An AWS credentials file; empty: the SDK's own chain."""
    endpoint: str = ""
    last_modified: LastModified = LastModified.INITIATION

    type: ClassVar[str] = "s3"
    client: ClassVar[str] = "the S3 client"
    files: ClassVar[tuple[str, ...]] = ("credentials_file",)
    dates_arrival: ClassVar[bool] = True
    keeps_versions: ClassVar[bool] = True
    path_form: ClassVar[str] = "BUCKET/PREFIX"
    keys: ClassVar[ConfigKeys] = ConfigKeys(
        "an S3 service",
        "An S3 service: AWS, or a server at `endpoint`.",
        {
            **at_once_key(),
            "region": {"$ref": "#/$defs/text", "description": "The region.", "examples": ["eu-north-1"]},
            "profile": {
                "$ref": "#/$defs/text",
                "description": "A profile of the AWS configuration.",
                "examples": ["drcheck-readonly"],
            },
            "credentials_file": {
                "$ref": "#/$defs/text",
                "description": "A credentials file in AWS's format. Default: the SDK's own chain.",
                "examples": ["/etc/drcheck/aws-credentials"],
            },
            "endpoint": {
                "type": "string",
                "title": "an endpoint",
                "format": "drcheck-endpoint",
                "description": "The URL of a server that is not AWS.",
                "examples": ["https://s3.example.com"],
            },
            "last_modified": {
                "type": "string",
                "enum": [*LastModified],
                "default": LastModified.INITIATION,
                "description": "What the server shows as the time of a multipart upload: AWS its initiation, most "
                "others its completion.",
                "examples": ["completion"],
            },
        },
        values={"last_modified": LastModified},
    )

    @property
    def place(self) -> str:
        """What is asked: a server, or AWS in a region."""
        return server(self.location()) if self.endpoint else f"s3://{self.region}"

    def location(self) -> str:
        """Return where it is: an object at an endpoint of its own has its URL in path style."""
        return base_url(self.endpoint) if self.endpoint else "s3://"

    def path_fault(self, path: str) -> str:
        """Return why no object can lie at ``path``: it begins with a bucket."""
        bucket = path.partition("/")[0]
        if not bucket:
            return "it names no bucket"
        possible = _BUCKET.fullmatch(bucket) is not None and bucket.strip(".")
        return "" if possible else f"{quoted(bucket)} is not the name of a bucket"
