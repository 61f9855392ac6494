"""What is remembered of a listing, so that one that goes in circles, or says two things of a name, is found out."""

from __future__ import annotations

from collections.abc import Iterable

from drcheck.collectors.confine import shown
from drcheck.collectors.pool import Quota
from drcheck.collectors.value_bounds import Nonsense
from drcheck.interfaces import CollectorError


class Names:
    """The names that one listing has told: what it says of a name twice cannot both be true.

    They are names as text: bytes that are no UTF-8 and the text that is shown for them are the same one.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        """Hashes, which take a tenth of the room: two of some million names do not have the same one."""

    def take(self, name: str) -> None:
        """Note a name; raises :class:`Nonsense` if it was told before."""
        number = hash(name)
        if number in self._seen:
            raise Nonsense(f"it names {shown(name[:100])!r} twice")
        self._seen.add(number)


class Pages:
    """The pages of one listing of a cloud's storage, which names everything once and never goes back."""

    def __init__(self, place: str, quota: Quota) -> None:
        self._place = place
        self._quota = quota
        self._tokens: set[str] = set()
        self._names = Names()

    def take(self, names: Iterable[str], token: str) -> None:
        """Note what a page named, and where the next one begins.

        Raises :class:`CollectorError` where the listing has been there before: a paging that loses its way may have
        left out as much.
        """
        try:
            for name in names:
                self._quota.take()
                self._names.take(name)
        except Nonsense as error:
            raise self._wrong(str(error)) from None
        if token in self._tokens:
            raise self._wrong("it goes in circles")
        if token:
            self._tokens.add(token)

    def _wrong(self, why: str) -> CollectorError:
        return CollectorError(
            f"the listing of {self._place} makes no sense: {why}",
            "Check the storage's service; its paging is at fault.",
        )
