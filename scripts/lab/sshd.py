"""OpenSSH's sshd with keys of its own, serving one directory."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lab.processes import Server, free_ports, program


class Sshd(Server):
    """One sshd, at one or several loopback addresses and one port.

    ``root`` is the directory that a connection is meant to be confined to. ``sftp_only`` forces internal-sftp, so that
    no command runs; without ``jump_allowed`` no connection goes through it to another host. With ``machine_id`` a login
    there reads that as the host's own, which takes a superuser.
    """

    def __init__(
        self,
        directory: Path,
        addresses: Sequence[str] = ("127.0.0.1",),
        *,
        sftp_only: bool = False,
        jump_allowed: bool = False,
        port: int | None = None,
        machine_id: str = "",
    ) -> None:
        super().__init__(directory)
        sshd = program("sshd", how="apt-get install openssh-server")
        self.addresses = tuple(addresses)
        self.host = self.addresses[0]
        self.port = port or free_ports(1, self.host)[0]
        self.user = getpass.getuser()
        self.root = self.directory / "root"
        self.root.mkdir(exist_ok=True)
        self.host_key = self.directory / "host_ed25519"
        self.identity_file = self.directory / "client_ed25519"
        for key in (self.host_key, self.identity_file):
            make_key(key)
        self.authorized_keys = self.directory / "authorized_keys"
        self.authorized_keys.write_text(self.identity_file.with_suffix(".pub").read_text())
        self.known_hosts = self.directory / "known_hosts"
        self.known_hosts.write_text(self.known_hosts_lines())
        if os.geteuid() == 0:  # sshd refuses to start as root without its privilege separation directory
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._configure(sftp_only=sftp_only, jump_allowed=jump_allowed)
        self.command = [sshd, "-D", "-e", "-f", str(self.directory / "sshd_config")]
        if machine_id:
            own = self.directory / "machine-id"
            own.write_text(f"{machine_id}\n")
            mount = 'mount --bind "$1" /etc/machine-id && shift && exec "$@"'
            self.command = [
                program("unshare", how="apt-get install util-linux"),
                "-m",
                "sh",
                "-c",
                mount,
                "sh",
                str(own),
                *self.command,
            ]
        self.launch(self.command, self._listens)

    def _configure(self, *, sftp_only: bool, jump_allowed: bool) -> None:
        lines = [
            f"Port {self.port}",
            *(f"ListenAddress {address}" for address in self.addresses),
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self.authorized_keys}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "MaxStartups 500:30:1000",
            "Subsystem sftp internal-sftp",
            "SetEnv HOME=/empty",  # a shell start-up file would quadruple the time of a command
            f"AllowTcpForwarding {'yes' if jump_allowed else 'no'}",
            *(["ForceCommand internal-sftp -R"] if sftp_only else []),
        ]
        (self.directory / "sshd_config").write_text("\n".join(lines) + "\n")

    def _listens(self) -> bool:
        said = self.last_output()
        return all(f"Server listening on {address} port {self.port}" in said for address in self.addresses)

    def known_hosts_lines(self) -> str:
        """Return a known_hosts line for each address."""
        kind, key, *_ = self.host_key.with_suffix(".pub").read_text().split()
        return "".join(f"[{address}]:{self.port} {kind} {key}\n" for address in self.addresses)

    def put(self, name: str, content: bytes, *, modified: int | None = None, size: int | None = None) -> Path:
        """Write a file below ``root``; ``modified`` sets its mtime, ``size`` extends it without using the disk."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if size is not None:
            os.truncate(path, size)
        if modified is not None:
            os.utime(path, (modified, modified))
        return path


def make_key(path: Path) -> None:
    """Write a new Ed25519 key pair without a passphrase to ``path`` and ``path``.pub, if there is none."""
    if path.exists():
        return
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    path.touch(mode=0o600)
    path.write_bytes(private)
    path.with_suffix(".pub").write_bytes(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n")
