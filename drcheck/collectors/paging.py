"""What is remembered of a listing from one page to the next, so that one that goes in circles is found out."""

from __future__ import annotations

from collections.abc import Iterable

from drcheck.collectors.confine import shown
from drcheck.collectors.pool import Quota
from drcheck.interfaces import CollectorError


class Pages:
    """The pages of one listing of a cloud's storage, which names everything once and never goes back."""

    def __init__(self, place: str, quota: Quota) -> None:
        self._place = place
        self._quota = quota
        self._tokens: set[str] = set()
        self._names: set[int] = set()
        """Hashes, which take a tenth of the room: two of some million names do not have the same one."""

    def take(self, names: Iterable[str], token: str) -> None:
        """Note what a page named, and where the next one begins.

        Raises :class:`CollectorError` where the listing has been there before: what it says of a name twice cannot both
        be true, and a paging that loses its way may have left out as much.
        """
        for name in names:
            self._quota.take()
            number = hash(name)
            if number in self._names:
                raise self._wrong(f"it names {shown(name[:100])!r} twice")
            self._names.add(number)
        if token in self._tokens:
            raise self._wrong("it goes in circles")
        if token:
            self._tokens.add(token)

    def _wrong(self, why: str) -> CollectorError:
        return CollectorError(
            f"the listing of {self._place} makes no sense: {why}",
            "Check the storage's service; its paging is at fault.",
        )
