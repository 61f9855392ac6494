"""An S3 server that lies: one page of a bucket as AWS would send it, and everything that can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.collectors.canned import Canned, Reply
from tests.collectors.lies import NO_DATES, NO_INSTANTS, NO_SIZES, Lie

Pairs = list[tuple[str, str]]


@dataclass
class Page:
    """A page before it is written."""

    heads: Pairs
    objects: list[Pairs]
    prologue: str = '<?xml version="1.0" encoding="UTF-8"?>\n'
    encoding: str = "utf-8"
    last: str = ""
    """XML in the last object."""
    more: str = ""
    """XML beside the objects."""
    replaced: bytes | None = None
    """What is sent instead of all that."""
    headers: list[tuple[str, str]] = field(default_factory=list)

    def body(self) -> bytes:
        if self.replaced is not None:
            return self.replaced
        heads = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in self.heads)
        objects = "".join(
            "<Contents>{}</Contents>".format("".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in each))
            for each in self.objects
        )
        if self.last:
            objects = f"{objects.removesuffix('</Contents>')}{self.last}</Contents>"
        text = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{heads}{objects}{self.more}</ListBucketResult>'
        return (self.prologue + text).encode(self.encoding)


def honest(bucket: str, prefix: str, keys: Sequence[str], modified: str) -> Page:
    """Return the page that AWS would send: one of all ``keys``, and nothing after them."""
    heads = [
        ("Name", bucket), ("Prefix", prefix), ("KeyCount", str(len(keys))), ("MaxKeys", "1000"),
        ("EncodingType", "url"), ("IsTruncated", "false"),
    ]  # fmt: skip
    objects = [
        [("Key", key), ("LastModified", modified), ("ETag", '"9336ebf25087d91c818ee6e9ec29f8c1"'), ("Size", "100")]
        for key in keys
    ]
    return Page(heads, objects)


def head(tag: str, text: str) -> Callable[[Page], None]:
    """Return what makes the head of a page say ``text``."""

    def tell(page: Page) -> None:
        page.heads = [*((name, told) for name, told in page.heads if name != tag), (tag, text)]

    return tell


def last(tag: str, text: str | None) -> Callable[[Page], None]:
    """Return what makes the last object of a page say ``text``, or nothing of it."""

    def tell(page: Page) -> None:
        kept = [(name, told) for name, told in page.objects[-1] if name != tag]
        page.objects[-1] = kept if text is None else [*kept, (tag, text)]

    return tell


def put(name: str, value: object) -> Callable[[Page], None]:
    """Return what sets an attribute of a page."""
    return lambda page: setattr(page, name, value)


def both(*tells: Callable[[Page], None]) -> Callable[[Page], None]:
    def tell(page: Page) -> None:
        for each in tells:
            each(page)

    return tell


def _twice(page: Page) -> None:
    page.objects.append([(tag, "7" if tag == "Size" else text) for tag, text in page.objects[0]])
    head("KeyCount", str(len(page.objects)))(page)


def _more_elements(page: Page) -> None:
    page.more = "<a/>" * 2_000_000


ENTITIES = '<!DOCTYPE x [<!ENTITY e0 "lol">{}]>'.format(
    "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
)
FILE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

PIECES = (
    "<Key>p/x<b/>yz</Key>", "<Key><b/>p/x</Key>", "<Key>p/x<b>yz</b></Key>", "<Size>1<c/>00</Size>", "<Size>1<c>0</c></Size>",
    "<LastModified>2026-11-24T00:00:00Z<x/></LastModified>", "<ETag>a<b/>c</ETag>", '<Size xmlns="y">5</Size>', "text",
)  # fmt: skip


def last_is(xml: str) -> Callable[[Page], None]:
    """Return what puts XML into the last object, instead of what it said of that."""

    def tell(page: Page) -> None:
        tag = xml[1:].partition(">")[0].partition(" ")[0]
        page.objects[-1] = [pair for pair in page.objects[-1] if pair[0] != tag]
        page.last = xml

    return tell


LIES: list[Lie[Page]] = [
    Lie("a token without truncation", "paging", head("NextContinuationToken", "t")),
    Lie("truncation without a token", "paging", head("IsTruncated", "true")),
    Lie("a truncation that is neither", "paging", head("IsTruncated", "perhaps")),
    Lie("no truncation told", "paging", lambda page: page.heads.remove(("IsTruncated", "false"))),
    Lie("truncation told twice", "paging", lambda page: page.heads.append(("IsTruncated", "true"))),
    Lie("another bucket", "Name", head("Name", "elsewhere")),
    Lie("two buckets", "Name", lambda page: page.heads.append(("Name", "elsewhere"))),
    Lie("another prefix", "Prefix", head("Prefix", "q/")),
    Lie("no prefix", "Prefix", head("Prefix", "")),
    Lie("another beginning", "StartAfter", head("StartAfter", "zzz")),
    Lie("another page", "ContinuationToken", head("ContinuationToken", "other")),
    Lie("common prefixes", "groups", put("more", "<CommonPrefixes><Prefix>p/2026/</Prefix></CommonPrefixes>")),
    Lie("a delimiter", "groups", head("Delimiter", "/")),
    Lie("another encoding of keys", "EncodingType", head("EncodingType", "base64")),
    Lie("fewer keys than there are", "MaxKeys", lambda page: head("MaxKeys", str(len(page.objects) - 1))(page)),
    Lie("a count of keys that is too high", "KeyCount", head("KeyCount", "1000")),
    *(Lie(f"a count of keys of {text!r}", "KeyCount", head("KeyCount", text)) for text in NO_SIZES if text),
    *(Lie(f"a size of {text!r}", "Size", last("Size", text)) for text in NO_SIZES),
    Lie("no size", "Size", last("Size", None)),
    *(Lie(f"a time of {text!r}", "LastModified", last("LastModified", text)) for text in NO_INSTANTS),
    Lie("no time", "LastModified", last("LastModified", None)),
    Lie("a key outside", "Key", last("Key", "q/other")),
    Lie("a key above", "Key", last("Key", "p")),
    Lie("an empty key", "Key", last("Key", "")),
    Lie("no key", "Key", last("Key", None)),
    Lie("a key that is not encoded", "Key", last("Key", "p/%zz")),
    Lie("a key that is no UTF-8", "Key", last("Key", "p/%FF")),
    Lie("a key without end", "Key", last("Key", "p/" + "x" * 100_000)),
    Lie("two keys of one object", "Key", lambda page: page.objects[-1].append(("Key", "p/other"))),
    Lie("one key twice with other facts", "repeated", _twice),
    *(Lie(f"text in pieces: {xml}", "pieces", last_is(xml)) for xml in PIECES),
    Lie("an error as well", "more", put("more", "<Error><Code>InternalError</Code></Error>")),
    Lie("a word of an error as well", "more", put("more", "<Code>InternalError</Code>")),
    Lie("text among the objects", "more", put("more", "p/2026-11-24.dump")),
    Lie("a token of elements", "more", put("more", "<NextContinuationToken><x>t</x></NextContinuationToken>")),
    Lie("an object of another namespace", "more", put("more", '<Contents xmlns="y"><Key>p/x</Key><Size>1</Size></Contents>')),
    Lie("an object of no namespace", "more", put("more", '<Contents xmlns=""><Key>p/x</Key></Contents>')),
    Lie("an unknown encoding", "XML", put("prologue", '<?xml version="1.0" encoding="x-unknown"?>')),
    Lie("UTF-7", "XML", put("prologue", '<?xml version="1.0" encoding="utf-7"?>')),
    Lie("Latin-1", "XML", both(put("prologue", '<?xml version="1.0" encoding="latin-1"?>'), put("encoding", "latin-1"))),
    Lie("UTF-16 without its mark", "XML", both(put("prologue", ""), put("encoding", "utf-16-le"))),
    Lie("UTF-16", "XML", both(put("prologue", '<?xml version="1.0" encoding="utf-16"?>'), put("encoding", "utf-16"))),
    Lie("UTF-32", "XML", both(put("prologue", ""), put("encoding", "utf-32"))),
    Lie("entities that multiply", "XML", put("prologue", ENTITIES)),
    Lie("a file of ours", "XML", put("prologue", FILE)),
    Lie("elements without end", "elements", _more_elements),
    Lie("nesting without end", "elements", put("more", "<a>" * 500_000)),
    Lie("nothing", "body", put("replaced", b"")),
    Lie("a web page", "body", put("replaced", b"<!DOCTYPE html><html><body><p>Sign in</body></html>")),
    Lie("a web page that is XML", "body", put("replaced", b"<html><IsTruncated>false</IsTruncated></html>")),
    Lie("JSON", "body", put("replaced", b'{"Contents": [], "IsTruncated": false}')),
    Lie("bytes", "body", put("replaced", bytes(range(256)) * 40)),
    Lie("half a page", "body", lambda page: setattr(page, "replaced", page.body()[:-100])),
    Lie("another root", "body", put("replaced", b"<ListAllMyBucketsResult><IsTruncated>false</IsTruncated></ListAllMyBucketsResult>")),
    *(Lie(f"a clock of {text!r}", "Date", lambda page, text=text: page.headers.append(("Date", text))) for text in NO_DATES if text.isascii() and text),
]  # fmt: skip


class HostileS3(Canned):
    """Answers listings with one page, about which ``lies`` are told if it holds anything; all else with a refusal."""

    def __init__(self, bucket: str, keys: Sequence[str], modified: str) -> None:
        self.lies: Sequence[Lie[Page]] = ()
        self.splice: Callable[[bytes], bytes] = bytes
        """Changes the bytes of a page."""
        self._about = bucket, keys, modified
        super().__init__(self._answer)

    def _answer(self, _number: int, path: str) -> Reply:
        asked = parse_qs(urlsplit(path).query)
        if "list-type" not in asked:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>")
        bucket, keys, modified = self._about
        (prefix,) = asked.get("prefix", [""])
        keys = [key for key in keys if key.startswith(prefix)]
        page = honest(bucket, prefix, keys, modified)
        for lie in self.lies if keys else ():
            lie.tell(page)
        return Reply(200, self.splice(page.body()), tuple(page.headers))
