"""Reads the pages of an S3 listing; botocore's own parser takes five times as long, most of it for dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.s3.settings import LastModified
from drcheck.collectors.value_bounds import Nonsense
from drcheck.collectors.xml_pages import check_tree, decoded, echoed, once, tree
from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import FOREVER, FactValue
from drcheck.interfaces import Entry

MOST: Final = 10_000
"""Keys that a page may hold: AWS gives 1,000, other servers let their operator choose."""
_MD5: Final = 32
LEAVES: Final = frozenset(
    {
        "Name", "Prefix", "Delimiter", "EncodingType", "KeyCount", "MaxKeys", "IsTruncated", "StartAfter",
        "ContinuationToken", "NextContinuationToken", "Key", "Size", "LastModified", "ETag", "StorageClass",
    }
)  # fmt: skip
"""What is read as text; servers may put elements into others."""
_ALIAS: Final = re.compile(r"arn:.*|.*-s3alias|.*--ol-s3|.*--xa-s3")
"""Other names of a bucket; an answer may give its own (https://docs.aws.amazon.com/AmazonS3/latest/userguide/
access-points-naming.html)."""


class Question(NamedTuple):
    """What a page was asked for."""

    bucket: str
    prefix: str
    root: str
    """The beginning of ``prefix`` that entries are named below."""
    after: str = ""
    token: str = ""


class Page(NamedTuple):
    """One answer to ListObjectsV2."""

    entries: list[Entry]
    token: str
    """Where the next page begins; empty: this was the last."""
    keys: list[str]
    """Every key that it named."""


def parse_page(body: bytes, question: Question, last_modified: LastModified) -> Page | None:
    """Return what a page holds below the root, or None if this is no listing.

    A server or proxy that answers with nothing, or with HTML, and status 200 would otherwise be taken for an empty
    bucket; the only element that every listing has is ``IsTruncated``. Raises :class:`Nonsense` where the page
    contradicts itself or the question, or tells what cannot be: then nothing of it is believed, least of all that
    there is nothing more. Keys before ``StartAfter`` are allowed: that is more than was asked, not less.
    """
    page = tree(body, MOST)
    if page is None:
        return None
    space = page.tag[: page.tag.rfind("}") + 1]
    items = page.findall(f"{space}Contents")
    header = once((child for child in page if child.tag != f"{space}Contents"), {})
    truncated = header.get(f"{space}IsTruncated")
    if page.tag != f"{space}ListBucketResult" or truncated not in {"true", "false"}:
        return None
    check_tree(page, LEAVES)
    check_head(header, space, len(items), question)
    token = header.get(f"{space}NextContinuationToken", "")
    if truncated == "true" and not token:
        raise Nonsense("it is truncated, and has no token to go on with")
    if truncated == "false" and token:
        raise Nonsense("it is not truncated, and has a token to go on with")
    encoded = header.get(f"{space}EncodingType", "") == "url"
    entries: list[Entry] = []
    keys: list[str] = []
    for item in items:
        told_of = object_of(item, space)
        key = value_bounds.name(decoded(told_of.key, plus=True) if encoded else told_of.key)
        if not key.startswith(question.prefix):
            raise Nonsense(f"the key {shown(key[:100])!r} does not begin with {shown(question.prefix)!r}")
        keys.append(key)
        if not is_directory(key, told_of.size, question.root):
            entries.append(entry_of(key[len(question.root) :], told_of, last_modified))
    return Page(entries, token, keys)


def is_directory(key: str, size: int, root: str) -> bool:
    """Return whether a key is only a directory's own mark."""
    return (key.endswith("/") and size == 0) or len(key) == len(root)


def entry_of(name: str, listed: Object, last_modified: LastModified) -> Entry:
    """Return an object as an entry of that name."""
    # the ETag of a multipart upload ends in -N, and AWS shows the upload's initiation as its time
    multipart = "-" in listed.etag
    until = FOREVER if multipart and last_modified is LastModified.INITIATION else listed.modified
    plain = len(listed.etag) == _MD5 and not multipart and listed.etag.isalnum() and listed.etag.isascii()
    return Entry(
        name, listed.size, listed.modified, until, listed.modified, listed.etag if plain else "", listed.archived
    )


class Object(NamedTuple):
    """What a listing tells of an object, or of a version of one."""

    key: str
    size: int
    modified: int
    etag: str
    archived: FactValue
    """Whether it lies in an archive tier."""


def object_of(item: ET.Element, space: str) -> Object:
    """Return what an element of a listing tells; raises :class:`Nonsense`."""
    elements = {child.tag: child.text or "" for child in item}
    if len(elements) != len(item):  # several checksum algorithms are in order
        once(item, {}, frozenset({f"{space}ChecksumAlgorithm"}))
    try:
        key, size, modified = elements[f"{space}Key"], elements[f"{space}Size"], elements[f"{space}LastModified"]
    except KeyError as error:
        raise Nonsense(f"an object in it has no {str(error.args[0]).rpartition('}')[2]}") from None
    archived = archive_tiers.at_amazon(elements.get(f"{space}StorageClass", ""))
    etag = elements.get(f"{space}ETag", "").strip('"')
    return Object(key, value_bounds.count(size), value_bounds.rfc3339(modified), etag, archived)


def check_head(header: Mapping[str, str], space: str, count: int, question: Question) -> None:
    """Raise :class:`Nonsense` where the head of a page does not fit its objects, or the question."""
    if f"{space}CommonPrefixes" in header or header.get(f"{space}Delimiter"):
        raise Nonsense("it groups keys under prefixes, which nobody asked for")
    if header.get(f"{space}EncodingType", "") not in {"", "url"}:
        raise Nonsense(
            f"it encodes its keys as {shown(header[f'{space}EncodingType'][:100])!r}, which nobody asked for"
        )
    if not _ALIAS.fullmatch(question.bucket):
        echoed(header, f"{space}Name", question.bucket)
    if f"{space}Prefix" in header and not header[f"{space}Prefix"] and question.prefix:
        raise Nonsense(f"it is of all prefixes, and {shown(question.prefix)!r} was asked for")
    echoed(header, f"{space}Prefix", question.prefix)
    echoed(header, f"{space}StartAfter", question.after)
    echoed(header, f"{space}ContinuationToken", question.token)
    named = header.get(f"{space}KeyCount", "")
    if named and value_bounds.count(named, "KeyCount") != count:
        raise Nonsense(f"its KeyCount is {shown(named)}, and it has {count} keys")
    most = header.get(f"{space}MaxKeys", "")
    if most and value_bounds.count(most, "MaxKeys") < count:
        raise Nonsense(f"its MaxKeys is {shown(most)}, and it has {count} keys")
