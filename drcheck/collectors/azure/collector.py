"""Containers of Azure Blob Storage, through its own SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from drcheck.collectors.azure.account import account_of
from drcheck.collectors.azure.describe import AzureFacts
from drcheck.collectors.azure.listing import Page, Question
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.confine import checked_name, checked_path, checked_prefix, checked_root
from drcheck.collectors.descriptions import ListedFacts, in_full
from drcheck.collectors.paging import Pages
from drcheck.collectors.pool import Connections, Quota
from drcheck.collectors.shared_listings import Lister, Row, Share, share
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Account, Entry, Seek

if TYPE_CHECKING:
    from drcheck.collectors.azure.client import AzureClient
    from drcheck.collectors.http_sender import Caller

_ABSENT: Final = ".drcheck-asks-and-nothing-is-here"


class AzureBlobCollector:
    """Lists and reads what lies below ``CONTAINER/PREFIX/``.

    A prefix that holds nothing is a real answer, a container that does not exist an error. A blob has arrived between
    its creation and its last write, which may have been one of its metadata. Azure cannot begin a listing in the
    middle, so ``after`` saves nothing: ask with a longer prefix.
    """

    seek = Seek.PREFIX
    in_place = False
    links: Sequence[str] = ()

    def __init__(
        self, client: AzureClient, caller: Caller, quota: Quota, container: str, root: str,
        share: Callable[[Lister], Share | None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._client = client
        self._caller = caller
        self._quota = quota
        self._container = container
        self._root = root
        self._facts = AzureFacts(client, caller, container)
        self._listed = ListedFacts()
        self._with_others = share
        self._share: Share | None = None

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self._caller.calls

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what begins with ``prefix`` and sorts after ``after``, page by page."""
        for entry, facts in self._shared(prefix) or self._own(prefix):
            if entry.name > after:
                self._listed.keep(entry.name, facts)
                yield entry

    def _shared(self, prefix: str) -> Iterator[Row] | None:
        """Return what one listing for all sources of the container shows; it tells of no locks."""
        checked_prefix(prefix)
        if self._facts.list_locks:
            return None
        if self._share is None:
            self._share = self._with_others(self._everything)
        return self._share.below(prefix, self._quota) if self._share else None

    def _everything(self, base: str, quota: Quota) -> Iterator[Sequence[Row]]:
        for page in self._pages(Question(self._container, "", base), quota):
            yield list(zip(page.entries, page.told, strict=True))

    def _own(self, prefix: str) -> Iterator[Row]:
        question = Question(self._container, prefix, self._root, locks=self._facts.list_locks)
        for page in self._pages(question, self._quota):
            yield from zip(page.entries, page.told, strict=True)

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Yield snapshots, older versions, and what was deleted softly, which stands until its time is over.

        What is asked for in vain, as the account keeps none of it, is left out
        (https://learn.microsoft.com/rest/api/storageservices/list-blobs).
        """
        for page in self._pages(Question(self._container, prefix, self._root, earlier=True), self._quota):
            yield from (entry for entry in page.entries if entry.noncurrent)

    def _pages(self, below: Question, quota: Quota) -> Iterator[Page]:
        checked_prefix(below.prefix)
        pages = Pages(self._container, quota)
        question: Question | None = below._replace(prefix=below.root + below.prefix)
        while question is not None:
            page = self._client.page(self._caller, question)
            pages.take(page.names, page.marker)
            yield page
            question = question._replace(marker=page.marker) if page.marker else None

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of a blob, as they are stored."""
        return self._client.get(self._caller, self._container, self._root + checked_name(name), offset, at_most)

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return how a blob, or everything in the container, is encrypted and locked.

        What a listing showed needs no request for its encryption, and none for its locks either if the container was
        described before it was listed.
        """
        if name is None:
            return in_full(self._facts.place(facts), facts)
        blob = checked_name(name)
        return in_full(self._facts.thing(self._root + blob, facts, self._listed.of(blob)), facts)

    def clock_offset(self) -> float | None:
        """Return by how much the storage's clock is ahead, as the ``Date`` of its answers tells."""
        shared = self._share.clock_offset if self._share else None
        return shared if self._caller.clock_offset is None else self._caller.clock_offset

    def account(self) -> Account:
        """Return what the credential itself says that it allows; of a role, whether it may read, by asking in vain."""
        return account_of(self._client.secret(), lambda: self._facts.may_read(self._root + _ABSENT))

    def close(self) -> None:
        """Let go of what was listed; the client is the run's."""
        if self._share:
            self._share.close()


def open_azure_blob(connection: AzureConnection, root: str, pool: Connections) -> AzureBlobCollector:
    """Return a collector of what lies below ``root``, which is ``CONTAINER/`` or ``CONTAINER/PREFIX/``."""
    from drcheck.collectors.azure.client import AzureClient  # the SDK takes a while to import
    from drcheck.collectors.http_sender import Caller, Web

    container, _, below = checked_root(root).partition("/")
    checked_path(connection, root)
    web = pool.shared("web", lambda: Web(pool.workers), pool.deadline(connection))
    client = pool.shared(
        ("azure_blob", connection.name), lambda: AzureClient(connection, web), pool.deadline(connection)
    )
    caller = Caller(pool.deadline(connection))
    quota = pool.quota(connection)
    shared = partial(share, pool, connection, container, below, caller)
    return AzureBlobCollector(client, caller, quota, container, below, shared)
