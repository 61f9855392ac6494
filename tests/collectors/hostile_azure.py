"""An Azure Blob service that lies: one page of a container as Azure would send it, and all that can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from tests.collectors.canned import Canned, Reply
from tests.collectors.hostile_s3 import ENTITIES, FILE, Pairs, both, put
from tests.collectors.lies import NO_DATES, NO_SIZES, Lie


@dataclass
class Blob:
    """A blob of a page."""

    name: str
    properties: Pairs
    attributes: str = ""
    more: str = ""
    """XML beside name and properties."""


@dataclass
class Page:
    """A page before it is written."""

    container: str
    heads: Pairs
    blobs: list[Blob]
    tails: Pairs
    prologue: str = '<?xml version="1.0" encoding="utf-8"?>'
    encoding: str = "utf-8"
    more: str = ""
    """XML among the blobs."""
    after: str = ""
    """XML at the end of the page."""
    last: str = ""
    """XML among the properties of the last blob."""
    replaced: bytes | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)

    def body(self) -> bytes:
        if self.replaced is not None:
            return self.replaced
        blobs = "".join(
            f"<Blob><Name{blob.attributes}>{escape(blob.name)}</Name>{blob.more}<Properties>{_xml(blob.properties)}</Properties></Blob>"
            for blob in self.blobs
        )
        if self.last:
            blobs = f"{blobs.removesuffix('</Properties></Blob>')}{self.last}</Properties></Blob>"
        named = f" ContainerName={quoteattr(self.container)}"
        text = f"<EnumerationResults{named}>{_xml(self.heads)}<Blobs>{blobs}{self.more}</Blobs>{_xml(self.tails)}{self.after}</EnumerationResults>"
        return (self.prologue + text).encode(self.encoding)


def _xml(pairs: Pairs) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in pairs)


def honest(container: str, prefix: str, names: Sequence[str], modified: str) -> Page:
    """Return the page that Azure would send: one of all ``names``, and nothing after them."""
    heads = [("Prefix", prefix), ("MaxResults", "5000")]
    blobs = [
        Blob(name, [("Creation-Time", modified), ("Last-Modified", modified), ("Content-Length", "100")])
        for name in names
    ]
    return Page(container, heads, blobs, [("NextMarker", "")])


def head(tag: str, text: str) -> Callable[[Page], None]:
    """Return what makes the head of a page say ``text``."""

    def tell(page: Page) -> None:
        page.heads = [*((name, told) for name, told in page.heads if name != tag), (tag, text)]

    return tell


def last(tag: str, text: str | None) -> Callable[[Page], None]:
    """Return what makes the last blob of a page say ``text``, or nothing of it."""

    def tell(page: Page) -> None:
        blob = page.blobs[-1]
        blob.properties = [(name, told) for name, told in blob.properties if name != tag]
        blob.properties += [] if text is None else [(tag, text)]

    return tell


def named(name: str, attributes: str = "") -> Callable[[Page], None]:
    """Return what gives the last blob another name."""

    def tell(page: Page) -> None:
        page.blobs[-1].name, page.blobs[-1].attributes = name, attributes

    return tell


def _twice(page: Page) -> None:
    page.blobs.append(
        Blob(
            page.blobs[0].name,
            [(tag, "7" if tag == "Content-Length" else text) for tag, text in page.blobs[0].properties],
        )
    )


def _beside(more: str) -> Callable[[Page], None]:
    return lambda page: setattr(page.blobs[-1], "more", more)


MORE = (
    "<Error><Code>ServerBusy</Code></Error>", "<Code>ServerBusy</Code>", "junk", '<Blob xmlns="y"><Name>p/x</Name></Blob>',
    '<NextMarker xmlns="y">2</NextMarker>',
)  # fmt: skip
PIECES = (
    "<Content-Length>1<c/>00</Content-Length>", "<Content-Length>1<c>0</c></Content-Length>", "<Content-MD5><x/></Content-MD5>",
    "<Last-Modified>Tue, 24 Nov 2026 00:00:00 GMT<x/></Last-Modified>", '<Content-Length xmlns="y">5</Content-Length>', "text",
)  # fmt: skip


def last_is(xml: str) -> Callable[[Page], None]:
    """Return what puts XML among the properties of the last blob, instead of what they said of that."""

    def tell(page: Page) -> None:
        tag = xml[1:].partition(">")[0].partition(" ")[0]
        page.blobs[-1].properties = [pair for pair in page.blobs[-1].properties if pair[0] != tag]
        page.last = xml

    return tell


LIES: list[Lie[Page]] = [
    Lie("no marker", "paging", put("tails", [])),
    Lie("two markers", "paging", put("tails", [("NextMarker", ""), ("NextMarker", "2")])),
    Lie("another container", "ContainerName", put("container", "elsewhere")),
    Lie("another prefix", "Prefix", head("Prefix", "q/")),
    Lie("no prefix", "Prefix", head("Prefix", "")),
    Lie("another page", "Marker", head("Marker", "other")),
    Lie("prefixes of blobs", "groups", put("more", "<BlobPrefix><Name>p/2026/</Name></BlobPrefix>")),
    Lie("a delimiter", "groups", head("Delimiter", "/")),
    Lie("something among the blobs", "groups", put("more", "<Thing><Name>p/x</Name><Properties/></Thing>")),
    Lie("fewer blobs than there are", "MaxResults", lambda page: head("MaxResults", str(len(page.blobs) - 1))(page)),
    *(Lie(f"at most {text!r} blobs", "MaxResults", head("MaxResults", text)) for text in NO_SIZES if text.strip()),
    *(Lie(f"a size of {text!r}", "Content-Length", last("Content-Length", text)) for text in NO_SIZES),
    Lie("no size", "Content-Length", last("Content-Length", None)),
    *(Lie(f"a time of {text!r}", "Last-Modified", last("Last-Modified", text)) for text in NO_DATES),
    Lie("no time", "Last-Modified", last("Last-Modified", None)),
    *(Lie(f"a creation of {text!r}", "Creation-Time", last("Creation-Time", text)) for text in NO_DATES if text),
    *(Lie(f"a checksum of {text!r}", "Content-MD5", last("Content-MD5", text)) for text in ("x", "====", "AAAA", "ÄÄÄÄ")),
    Lie("an encryption that is neither", "ServerEncrypted", last("ServerEncrypted", "perhaps")),
    Lie("a legal hold that is neither", "LegalHold", last("LegalHold", "1")),
    Lie("a lock that ends never", "lock", both(last("ImmutabilityPolicyMode", "locked"), last("ImmutabilityPolicyUntilDate", "never"))),
    Lie("two sizes", "properties", lambda page: page.blobs[-1].properties.append(("Content-Length", "7"))),
    Lie("no properties", "properties", put("more", "<Blob><Name>p/x</Name></Blob>")),
    Lie("no name", "properties", put("more", "<Blob><Properties/></Blob>")),
    Lie("a snapshot", "version", _beside("<Snapshot>2026-11-21T00:00:00.0000000Z</Snapshot>")),
    Lie("a deleted blob", "version", _beside("<Deleted>true</Deleted>")),
    Lie("an older version", "version", _beside("<IsCurrentVersion>false</IsCurrentVersion>")),
    Lie("two names", "Name", _beside("<Name>p/x</Name>")),
    Lie("a name outside", "Name", named("q/other")),
    Lie("an empty name", "Name", named("")),
    Lie("a name that is not encoded", "Name", named("p/%zz", ' Encoded="true"')),
    Lie("a name that is no UTF-8", "Name", named("p/%FF", ' Encoded="true"')),
    Lie("a name without end", "Name", named("p/" + "x" * 100_000)),
    Lie("one name twice with other facts", "repeated", _twice),
    *(Lie(f"more among the tails: {xml}", "more", put("after", xml)) for xml in MORE),
    *(Lie(f"text in pieces: {xml}", "pieces", last_is(xml)) for xml in PIECES),
    Lie("a marker of elements", "paging", both(put("tails", []), put("after", "<NextMarker><x>more</x></NextMarker>"))),
    Lie("text among the blobs", "text", put("more", "junk text 1.dump")),
    Lie("text instead of blobs", "body", lambda page: setattr(page, "replaced", page.body().partition(b"<Blob>")[0] + b"junk</Blobs><NextMarker/></EnumerationResults>")),
    Lie("an unknown encoding", "XML", put("prologue", '<?xml version="1.0" encoding="x-unknown"?>')),
    Lie("UTF-7", "XML", put("prologue", '<?xml version="1.0" encoding="utf-7"?>')),
    Lie("UTF-16 without its mark", "XML", both(put("prologue", ""), put("encoding", "utf-16-le"))),
    Lie("entities that multiply", "XML", put("prologue", ENTITIES)),
    Lie("a file of ours", "XML", put("prologue", FILE)),
    Lie("elements without end", "elements", lambda page: setattr(page, "more", "<a/>" * 2_000_000)),
    Lie("nothing", "body", put("replaced", b"")),
    Lie("a web page", "body", put("replaced", b"<!DOCTYPE html><html><body><p>Sign in</body></html>")),
    Lie("a web page that is XML", "body", put("replaced", b"<html><Blobs/><NextMarker/></html>")),
    Lie("JSON", "body", put("replaced", b'{"Blobs": []}')),
    Lie("half a page", "body", lambda page: setattr(page, "replaced", page.body()[:-100])),
    *(Lie(f"a clock of {text!r}", "Date", lambda page, text=text: page.headers.append(("Date", text))) for text in NO_DATES if text.isascii() and text),
]  # fmt: skip


class HostileAzure(Canned):
    """Answers listings with one page, about which ``lies`` are told if it holds anything; all else with a refusal."""

    def __init__(self, container: str, names: Sequence[str], modified: str) -> None:
        self.lies: Sequence[Lie[Page]] = ()
        self.splice: Callable[[bytes], bytes] = bytes
        """Changes the bytes of a page."""
        self._about = container, names, modified
        super().__init__(self._answer)

    def _answer(self, _number: int, path: str) -> Reply:
        asked = parse_qs(urlsplit(path).query)
        if "comp" not in asked:
            return Reply(403, b"", (("x-ms-error-code", "AuthorizationPermissionMismatch"),))
        container, names, modified = self._about
        (prefix,) = asked.get("prefix", [""])
        names = [name for name in names if name.startswith(prefix)]
        page = honest(container, prefix, names, modified)
        for lie in self.lies if names else ():
            lie.tell(page)
        return Reply(200, self.splice(page.body()), tuple(page.headers))
