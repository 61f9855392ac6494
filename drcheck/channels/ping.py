"""A dead man's switch: a URL that is called at the end of each run, so that somebody notices when none comes."""

from __future__ import annotations

from typing import Final

from drcheck.errors import DrcheckError

_SECONDS: Final = 10


def call(url: str, body: str, *, failed: bool) -> None:
    """Call ``url``, with ``/fail`` behind its path where the run ``failed`` to judge (as healthchecks.io has it).

    Raises :class:`DrcheckError` where it is not answered with success; nothing of ``url`` is in it, for it is a secret.
    """
    import requests  # a tenth of a second

    base, mark, query = url.partition("?")
    try:
        with requests.Session() as session:
            session.trust_env = True
            answer = session.post(
                f"{base.rstrip('/')}/fail{mark}{query}" if failed else url,
                data=body.encode(),
                timeout=_SECONDS,
                allow_redirects=False,
            )
            status = answer.status_code
    except Exception as error:  # noqa: BLE001  what it is made of raises what it does not document
        raise DrcheckError(f"the run's end could not be told: {type(error).__name__}", _HINT) from None
    if not 200 <= status < 300:  # noqa: PLR2004  RFC 9110, section 15.3
        raise DrcheckError(f"the run's end was told, and the answer was {status}", _HINT)


_HINT: Final = "See to the URL that notify.ping_env or notify.ping_file leads to."
