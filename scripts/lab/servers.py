"""The lab's servers: each runs as a child process on 127.0.0.1 and a free port, in one directory of its own."""

from __future__ import annotations

from lab.azurite import Azurite, Blob
from lab.processes import LabError, Server
from lab.seaweedfs import KeyPair, Object, SeaweedFS
from lab.sshd import Sshd

__all__ = ["Azurite", "Blob", "KeyPair", "LabError", "Object", "SeaweedFS", "Server", "Sshd"]
