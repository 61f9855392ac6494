"""Buckets of S3 and of servers that speak its language, by botocore, boto3's engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from drcheck.collectors.confine import checked_name, checked_path, checked_prefix, checked_root
from drcheck.collectors.descriptions import NOTHING, ListedFacts, in_full
from drcheck.collectors.paging import Pages
from drcheck.collectors.pool import Connections, Quota
from drcheck.collectors.s3.listing import Page, Question
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.s3.versions import Version
from drcheck.collectors.shared_listings import Lister, Row, Share, share
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Account, Entry, Power, Right, Seek

if TYPE_CHECKING:
    from drcheck.collectors.http_sender import Caller
    from drcheck.collectors.s3.client import S3Client
    from drcheck.collectors.s3.describe import S3Facts

ENCRYPTED_SINCE: Final = 1_672_963_200
"""2023-01-06. "Starting January 5, 2023, all new object uploads to Amazon S3 are automatically encrypted"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingServerSideEncryption.html): of an object that was written
since, a listing is enough to tell, and nobody needs leave to read it."""
_ABSENT: Final = ".drcheck-asks-and-nothing-is-here"
_ASKED: Final = {
    True: "it is told of an object by HeadObject",
    False: "it is refused HeadObject",
    None: "no object is told of by HeadObject, and none refused",
}
_ENCRYPTED: Final = {Fact.STORAGE_ENCRYPTION: FactValue(True, "AWS encrypts every new object")}


class S3Collector:
    """Lists and reads what lies below ``BUCKET/PREFIX/``.

    A prefix that holds nothing is a real answer, a bucket that does not exist an error. Delete markers and unfinished
    uploads are not in a listing. With ``versions`` each version of an object is an entry of its own, whose name ends in
    its id, also where a delete marker lies on top.
    """

    seek = Seek.AFTER
    in_place = False
    links: Sequence[str] = ()

    def __init__(
        self, client: S3Client, caller: Caller, facts: S3Facts, quota: Quota, bucket: str, root: str, *, aws: bool,
        versions: bool = False, share: Callable[[Lister], Share | None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._client = client
        self._caller = caller
        self._facts = facts
        self._quota = quota
        self._bucket = bucket
        self._root = root
        self._aws = aws
        self._versions = versions
        self._listed = ListedFacts()
        self._shown = ""
        """The key of an object that a listing has shown."""
        self._with_others = share
        self._share: Share | None = None

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self._caller.calls

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Yield what begins with ``prefix``, page by page, beginning close before ``after``.

        SeaweedFS walks directories, ``a/`` before ``a-b/``: give an ``after`` that lies in the directory of ``prefix``.
        """
        start = before(self._root + after) if after else ""
        shared = None if self._versions else self._shared(prefix, start)
        for entry in shared or self._each(
            prefix, start, self._client.versions if self._versions else self._client.page
        ):
            self._shown = self._root + entry.own_name
            if self._aws and entry.modified >= ENCRYPTED_SINCE:
                self._listed.keep(entry.name, _ENCRYPTED)
            yield entry

    def _shared(self, prefix: str, start: str) -> Iterator[Entry] | None:
        """Return what one listing for all sources of the bucket shows."""
        checked_prefix(prefix)
        if self._share is None:
            self._share = self._with_others(self._everything)
        rows = self._share.below(prefix, self._quota) if self._share else None
        return None if rows is None else (entry for entry, _ in rows if self._root + entry.name > start)

    def _everything(self, base: str, quota: Quota) -> Iterator[Sequence[Row]]:
        for page in self._pages(Question(self._bucket, base, base), self._client.page, quota):
            yield [(entry, NOTHING) for entry in page.entries]

    def earlier(self, prefix: str) -> Iterator[Entry]:
        """Yield versions that lie under others, or under a delete marker; where versions are listed, that shows them.

        A bucket that never had versioning has none; one in which it is suspended keeps those of before
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html).
        """
        if not self._versions and self._facts.keeps_versions():
            yield from (entry for entry in self._each(prefix, "", self._client.versions) if entry.noncurrent)

    def _each(self, prefix: str, start: str, ask: Callable[[Caller, Question], Page]) -> Iterator[Entry]:
        checked_prefix(prefix)
        first = Question(self._bucket, self._root + prefix, self._root, start)
        for page in self._pages(first, ask, self._quota):
            yield from page.entries

    def _pages(self, first: Question, ask: Callable[[Caller, Question], Page], quota: Quota) -> Iterator[Page]:
        pages = Pages(self._bucket, quota)
        question: Question | None = first
        while question is not None:
            page = ask(self._caller, question)
            pages.take(page.keys, page.token)
            yield page
            question = question._replace(after="", token=page.token) if page.token else None

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        """Return up to ``at_most`` bytes of an object."""
        thing = self._named(name)
        if offset >= 0:
            within = f"bytes={offset}-{offset + at_most - 1}"
            return self._client.get(self._caller, self._bucket, thing, within, at_most)
        # the last bytes are asked for whole, and cut here: S3 has no range that begins and ends from the end
        tail = self._client.get(self._caller, self._bucket, thing, f"bytes={offset}", -offset)
        return tail[:at_most]

    def describe(self, name: str | None, facts: frozenset[Fact]) -> Mapping[Fact, FactValue]:
        """Return how an object, or by default every new one in the bucket, is encrypted and locked.

        It is the current version that is told of, unless all are listed. Objects that a listing of AWS showed and that
        were written since :data:`ENCRYPTED_SINCE` are encrypted, which costs no request.
        """
        if name is None:
            return in_full(self._facts.place(facts), facts)
        answers = self._facts.thing(self._named(name), facts, self._listed.of(name))
        return in_full(answers, facts)

    def _named(self, name: str) -> Version:
        """Return the object of that name; of an entry of all versions, that version."""
        key = self._root + checked_name(name)
        return Version.named(key) if self._versions else Version(key, "")

    def clock_offset(self) -> float | None:
        """Return by how much the storage's clock is ahead, as the ``Date`` of its answers tells."""
        shared = self._share.clock_offset if self._share else None
        return shared if self._caller.clock_offset is None else self._caller.clock_offset

    def account(self) -> Account:
        """Return whether the account may read objects below the root; whether it may write S3 does not tell.

        To ask by HeadObject after an object that a listing has shown takes the right to read it, and reads nothing
        (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html). Where none was shown, one is asked for
        that is not there: to be refused tells as much, another answer nothing.
        """
        reads = self._facts.may_read(self._shown or self._root + _ABSENT)
        return Account(
            (
                Right(Power.READ, reads, _ASKED[reads], "Allow its key s3:ListBucket alone (docs/connections.md)."),
                Right(
                    Power.WRITE,
                    None,
                    "S3 does not tell without trying",
                    "See to it that its key is allowed no s3:Put… and no s3:Delete… (docs/connections.md).",
                ),
            )
        )

    def close(self) -> None:
        """Let go of what was listed; the client is the run's."""
        if self._share:
            self._share.close()


def before(key: str) -> str:
    """Return a key that sorts just before ``key``, and that no directory has as its name.

    SeaweedFS leaves a directory out altogether that StartAfter names without its trailing slash, so a listing begins
    a little earlier than asked.
    """
    last = ord(key[-1])
    if key.endswith("/") or last <= ord(" "):
        return key
    return f"{key[:-1]}{chr(last - 1)}~"


def open_s3(connection: S3Connection, root: str, pool: Connections, *, versions: bool = False) -> S3Collector:
    """Return a collector of what lies below ``root``, which is ``BUCKET/`` or ``BUCKET/PREFIX/``.

    With ``versions`` it lists every version of each object.
    """
    from drcheck.collectors.http_sender import Caller, Web  # as does urllib3
    from drcheck.collectors.s3.client import S3Client  # botocore takes a while to import
    from drcheck.collectors.s3.describe import S3Facts

    bucket, _, below = checked_root(root).partition("/")
    checked_path(connection, root)
    web = pool.shared("web", lambda: Web(pool.workers), pool.deadline(connection))
    client = pool.shared(
        ("s3", connection.name), lambda: S3Client(connection, web, pool.workers), pool.deadline(connection)
    )
    caller = Caller(pool.deadline(connection))
    facts = S3Facts(client, caller, bucket)
    return S3Collector(
        client,
        caller,
        facts,
        pool.quota(connection),
        bucket,
        below,
        aws=not connection.endpoint,
        versions=versions,
        share=partial(share, pool, connection, bucket, below, caller),
    )
