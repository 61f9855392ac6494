"""What a configuration says of a host over SSH, and how a path there is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from urllib.parse import quote

from msgspec import field

from drcheck.core.names.paths import part_too_long
from drcheck.settings import ConfigKeys, Connection, at_once_key, directory_url

SSH_PORT: Final = 22
SOURCES_AT_ONCE: Final = 4
"""A source takes two sessions at most, and sshd allows ten on a connection unless told otherwise (MaxSessions)."""


class SshConnection(Connection, frozen=True):
    """A host over SSH."""

    at_once: int = SOURCES_AT_ONCE
    host: str = ""
    port: int = SSH_PORT
    user: str = ""
    identity_file: str = ""
    known_hosts: str = ""
    jump: str = ""
    """The alias of the SSH connection to go through."""
    root: str = "/"
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Named reads: the only commands ever run."""

    type: ClassVar[str] = "ssh"
    client: ClassVar[str] = "the SSH client"
    files: ClassVar[tuple[str, ...]] = ("identity_file", "known_hosts")
    keys: ClassVar[ConfigKeys] = ConfigKeys(
        "a host over SSH",
        "A host over SSH. No ssh_config and no agent is used, and its key must be known.",
        {
            **at_once_key(SOURCES_AT_ONCE),
            "host": {
                "type": "string",
                "title": "a host name",
                "pattern": "^[A-Za-z0-9:][A-Za-z0-9.:_-]*$",
                "description": "Its name or address.",
                "examples": ["backup1.example.com"],
            },
            "port": {
                "type": "integer",
                "minimum": 1,
                "maximum": 65535,
                "default": SSH_PORT,
                "description": f"Its port. Default: {SSH_PORT}.",
                "examples": [SSH_PORT],
            },
            "user": {
                "$ref": "#/$defs/text",
                "description": "The account there: one that can only read.",
                "examples": ["drcheck"],
            },
            "identity_file": {
                "$ref": "#/$defs/text",
                "description": "The private key.",
                "examples": ["/etc/drcheck/id_ed25519"],
            },
            "known_hosts": {
                "$ref": "#/$defs/text",
                "description": "The file with the host keys that are accepted.",
                "examples": ["/etc/drcheck/known_hosts"],
            },
            "jump": {
                "$ref": "#/$defs/text",
                "description": "The SSH connection to go through.",
                "examples": ["bastion"],
            },
            "root": {
                "type": "string",
                "title": "an absolute path",
                "pattern": "^/",
                "default": "/",
                "description": "The directory there that nothing is read outside of. Default: /.",
                "examples": ["/srv/backup"],
            },
            "outputs": {
                "type": "object",
                "description": 'Named reads: the only commands ever run there. A policy says at: "ALIAS:!NAME".',
                "examples": [{"restic-web": ["restic", "--repo", "/srv/restic", "snapshots", "--json"]}],
                "propertyNames": {
                    "title": "a named read's name",
                    "type": "string",
                    "format": "drcheck-alias",
                    "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$",
                },
                "additionalProperties": {
                    "type": "array",
                    "description": "The command and its arguments, each by itself: no shell takes them apart.",
                    "examples": [["restic", "--repo", "/srv/restic", "snapshots", "--json"]],
                    "minItems": 1,
                    "items": {"$ref": "#/$defs/text", "description": "One argument.", "examples": ["snapshots"]},
                },
            },
        },
        required=("host", "user", "identity_file", "known_hosts"),
        through="jump",
    )

    @property
    def named_reads(self) -> Mapping[str, tuple[str, ...]]:
        """The commands whose output can be read there, by name."""
        return self.outputs

    def location(self) -> str:
        """Return where it is."""
        user = f"{quote(self.user)}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == SSH_PORT else f":{self.port}"
        return f"ssh://{user}{host}{port}{directory_url(self.root)}"

    def path_fault(self, path: str) -> str:
        """Return why no file can lie at ``path``."""
        return part_too_long(path)
