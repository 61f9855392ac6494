"""A message to one of the services that Apprise knows (https://appriseit.com/services/): mail, chat, webhook, pager."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from drcheck.errors import DrcheckError, UsageError

_SECONDS: Final = 30.0
"""That one service may take."""
_PARTS: Final = re.compile(r"[^:/?&=@#,;]+")
_SHORTEST_SECRET: Final = 4


def send(url: str, title: str, body: str, *, urgent: bool) -> None:
    """Send a message, and return once the service has taken it.

    Raises :class:`DrcheckError` with what the service said where it has not, and with no more of ``url`` than its
    scheme: the rest is a secret.
    """
    try:
        import apprise  # an extra, and half a second
    except ImportError:
        raise UsageError(
            "messages are sent with Apprise, which is not installed", "Install backup-promises[notify]."
        ) from None
    asset = apprise.AppriseAsset(app_id="drcheck", app_desc="drcheck", plugin_paths=[], service_timeout=_SECONDS)
    asset.http_redirects = False
    target = apprise.Apprise(asset=asset)
    if not _asked(url, lambda: target.add(url)):
        raise UsageError(
            f"the channel's URL ({scheme(url)}://…) is none that Apprise can read",
            "https://appriseit.com/services/ has the form of each service's.",
        )
    kind = apprise.NotifyType.WARNING if urgent else apprise.NotifyType.INFO
    capture: Any = vars(apprise)["LogCapture"]  # it has no types
    with capture(level=logging.WARNING, fmt="%(message)s") as captured:
        form = apprise.NotifyFormat.TEXT
        taken = _asked(url, lambda: target.notify(body=body, title=title, notify_type=kind, body_format=form))
        said = captured.getvalue()
    if not taken:
        raise DrcheckError(
            f"{scheme(url)}://… did not take the message: {_without_secrets(said, url) or 'it does not say why'}",
            "It is kept, and told again with the next run; drcheck notify --test tries it now.",
        )


def _asked(url: str, ask: Callable[[], object]) -> bool:
    """Return what the library answers; raises :class:`DrcheckError` where it raises anything."""
    try:
        return bool(ask())
    except Exception as error:  # noqa: BLE001  a hundred services, each with a library that has its own errors
        what = f"{scheme(url)}://… could not be asked to take the message: {type(error).__name__}"
        raise DrcheckError(what, "It is kept, and told again with the next run.") from None


def scheme(url: str) -> str:
    """Return what kind of service a URL names."""
    return url.partition("://")[0][:30] if "://" in url else "?"


def _without_secrets(said: str, url: str) -> str:
    """Return what the library said, without any part of the URL behind its scheme."""
    rest = url.partition("://")[2]
    parts = {one for part in _PARTS.findall(rest) for one in (part, unquote(part)) if len(one) >= _SHORTEST_SECRET}
    for part in sorted(parts, key=len, reverse=True):
        said = said.replace(part, "…")
    return " ".join(said.split())[:500]
