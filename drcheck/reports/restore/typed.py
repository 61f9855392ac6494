r"""Where a backup lies, as somebody types it into a shell.

A name comes from whoever can write to the place: what a shell would take for more than a word is quoted, and what a
terminal would obey, or nobody can type, is written as bash and zsh read it (``$'\x1b'``).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from drcheck.core.names.paths import VERSION
from drcheck.settings import located

_PRINTABLE = range(0x20, 0x7F)


def typed(place: str, locations: Mapping[str, str]) -> str | None:
    """Return the place ``CONNECTION:PATH`` as tools take it; None: there is no such connection any more.

    A path for what is on this machine, ``USER@HOST:PATH`` as scp and rsync have it, ``s3://BUCKET/KEY``, else a URL.
    """
    alias, _, path = place.partition(":")
    base = locations.get(alias)
    if base is None:
        return None
    if base == "s3://":
        return in_shell(f"s3://{path.rpartition(VERSION)[0] or path}")
    url = urlsplit(base)
    match url.scheme:
        case "file":
            return in_shell(f"{unquote(url.path)}{path}")
        case "ssh":
            host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
            user = f"{unquote(url.username)}@" if url.username else ""
            return in_shell(f"{user}{host}:{unquote(url.path)}{path}")
        case _:
            return located(place, locations)


def beside(place: str, locations: Mapping[str, str]) -> str:
    """Return what tools take beside :func:`typed`: a port, or the id of a version; mostly nothing."""
    alias, _, path = place.partition(":")
    base = locations.get(alias, "")
    if base == "s3://" and (version := path.rpartition(VERSION)[2]) != path:
        return f"version {in_shell(version)}"
    port = urlsplit(base).port if base.startswith("ssh:") else None
    return "" if port is None else f"port {port}"


def in_shell(text: str) -> str:
    """Return ``text`` as one word of a shell."""
    if text.isprintable():
        return shlex.quote(text)
    written = (_escaped(byte) for byte in text.encode("utf-8", "surrogateescape"))
    return f"$'{''.join(written)}'"


def _escaped(byte: int) -> str:
    if byte in b"\\'":
        return f"\\{chr(byte)}"
    return chr(byte) if byte in _PRINTABLE else f"\\x{byte:02x}"
