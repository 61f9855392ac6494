"""Asking those who vouch for checkpoints, over HTTP: a short question, a short answer, and not for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from drcheck import clock

_LONGEST: Final = 1 << 16
"""Bytes of an answer."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    """0: nothing did."""
    body: bytes = b""
    why: str = ""
    """Why nothing did."""


def posted(url: str, path: str, body: bytes, kind: str, within: float) -> Callable[[], Answer]:
    """Begin to ask ``path`` below ``url``; what comes back waits for the answer, until ``within`` seconds are over.

    Nobody is sent on to another place. The thread is given up when the time is over, and holds up no end of drcheck.
    """
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(_posted(url, path, body, kind, within))

    thread = threading.Thread(target=ask, name="drcheck asking", daemon=True)
    thread.start()
    until = clock.monotonic() + within

    def answer() -> Answer:
        thread.join(max(0, until - clock.monotonic()))
        return answers[0] if answers else Answer(0, why=f"no answer came within {within:g} s")

    return answer


def _posted(url: str, path: str, body: bytes, kind: str, within: float) -> Answer:
    parts = urlsplit(url)
    made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = made(parts.hostname or "", parts.port, timeout=within)
        try:
            connection.request("POST", f"{parts.path.rstrip('/')}{path}" or "/", body, {"Content-Type": kind})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(_LONGEST))
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        return Answer(0, why=f"it could not be asked ({type(error).__name__})")
