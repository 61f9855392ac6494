"""Keeps names below the place that a connection names, and untrusted text out of messages and command lines."""

from __future__ import annotations

import re

from drcheck.core.names.paths import below
from drcheck.interfaces import CollectorError
from drcheck.settings import Connection

_SHOWN = 200
_SECRET = re.compile(
    r"(?i)\b(sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|accountkey|sharedaccesssignature|"
    r"password|secret|token)(=|%3d)[^&\s\"'<>]+"
)
_AUTHORIZATION = re.compile(r"(?i)\b(authorization|sharedkey|bearer|aws4-hmac-sha256)\b[:=\s].*", re.DOTALL)


def shown(text: str) -> str:
    """Return untrusted text for a message: printable, at most 200 characters, without secrets."""
    text = _AUTHORIZATION.sub(r"\1 (hidden)", _hidden(text))
    text = "".join(char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def scrubbed(text: str) -> str:
    """Return text of several lines without secrets."""
    return "\n".join(_AUTHORIZATION.sub(r"\1 (hidden)", _hidden(line)) for line in text.splitlines())


def _hidden(text: str) -> str:
    return _SECRET.sub(r"\1=(hidden)", text)


def checked_name(name: str) -> str:
    """Return ``name`` if it can only mean something below a root; raises :class:`CollectorError` otherwise."""
    if not name or name.endswith("/"):
        _refuse(name, "it names a directory")
    _check(name, name)
    return name


def checked_root(root: str) -> str:
    """Return ``root``, a directory ending in ``/`` or empty, if it lies below the connection's root."""
    if root and not root.endswith("/"):
        _refuse(root, "a directory ends in /")
    _check(root, root)
    return root


def checked_path(connection: Connection, path: str) -> None:
    """Raise :class:`CollectorError` if nothing can lie at ``path`` there."""
    if fault := connection.path_fault(path):
        raise CollectorError(
            f"{connection.name}:{shown(path)}: {fault}", f"Write `at: {connection.name}:{connection.path_form}`."
        )


def checked_prefix(prefix: str) -> str:
    """Return the directory part of ``prefix`` (ending in ``/``, or empty); the rest only filters names."""
    directory = prefix[: prefix.rfind("/") + 1]
    _check(directory, prefix)
    if "\0" in prefix or "\n" in prefix:
        _refuse(prefix, "it holds a NUL or a line break")
    return directory


def _check(path: str, whole: str) -> None:
    if why := below(path):
        _refuse(whole, why)


def _refuse(name: str, why: str) -> None:
    raise CollectorError(
        f"the path {shown(name)!r} is refused: {why}",
        "Write a path below the connection's root, with single slashes between its parts.",
    )
