"""Listings of a bucket in which every version of an object stands, and the names that tell versions apart."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.s3.listing import LEAVES, MOST, Page, Question, check_head, entry_of, is_directory, object_of
from drcheck.collectors.s3.settings import LastModified
from drcheck.collectors.value_bounds import Nonsense
from drcheck.collectors.xml_pages import check_tree, decoded, once, tree
from drcheck.core.names.paths import VERSION

_ID: Final = re.compile(r"[!-~]{1,1024}")
"""An id of a version, "opaque strings that are no more than 1,024 bytes long"; ``null``: written while none were kept
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html)."""
_LEAVES: Final = LEAVES | {
    "VersionId", "IsLatest", "KeyMarker", "VersionIdMarker", "NextKeyMarker", "NextVersionIdMarker",
}  # fmt: skip


class Version(NamedTuple):
    """One version of an object."""

    key: str
    id: str

    @property
    def name(self) -> str:
        """The name that it has among all."""
        return f"{self.key}{VERSION}{self.id}"

    @classmethod
    def named(cls, name: str) -> Version:
        """Return the version of that name; of one without an id, it is the newest."""
        key, between, version = name.rpartition(VERSION)
        return cls(key, version) if between else cls(name, "")


def parse_versioning(body: bytes) -> dict[str, str] | None:
    """Return what an answer to GetBucketVersioning says, or None if it is none: nothing is what most of them say."""
    page = tree(body, MOST)
    if page is None or page.tag.rpartition("}")[2] != "VersioningConfiguration":
        return None
    return {name.rpartition("}")[2]: text for name, text in once(page, {}).items()}


def parse_versions(body: bytes, question: Question, last_modified: LastModified) -> Page | None:
    """Return what a page of ListObjectVersions holds below the root, or None if this is no such page.

    Delete markers hold nothing. It is believed or not as :func:`drcheck.collectors.s3.listing.parse_page` says.
    """
    page = tree(body, MOST)
    if page is None:
        return None
    space = page.tag[: page.tag.rfind("}") + 1]
    repeated = {f"{space}Version", f"{space}DeleteMarker"}
    header = once((child for child in page if child.tag not in repeated), {})
    truncated = header.get(f"{space}IsTruncated")
    if page.tag != f"{space}ListVersionsResult" or truncated not in {"true", "false"}:
        return None
    check_tree(page, _LEAVES)
    items = [child for child in page if child.tag in repeated]
    check_head(header, space, len(items), question)
    encoded = header.get(f"{space}EncodingType", "") == "url"
    token = _next(header, space, encoded=encoded) if truncated == "true" else ""
    page_read = Page([], token, [])
    for item in items:
        version = _version(item, space, encoded=encoded)
        if not version.key.startswith(question.prefix):
            raise Nonsense(f"the key {shown(version.key[:100])!r} does not begin with {shown(question.prefix)!r}")
        page_read.keys.append(version.name)
        if item.tag == f"{space}DeleteMarker":
            continue
        told_of = object_of(item, space)
        if is_directory(version.key, told_of.size, question.root):
            continue
        name = version._replace(key=version.key[len(question.root) :]).name
        noncurrent = item.findtext(f"{space}IsLatest") == "false"
        page_read.entries.append(
            entry_of(name, told_of, last_modified)._replace(version=version.id, noncurrent=noncurrent)
        )
    return page_read


def _version(item: ET.Element, space: str, *, encoded: bool) -> Version:
    key, version = item.findtext(f"{space}Key"), item.findtext(f"{space}VersionId")
    if key is None or version is None:
        raise Nonsense(f"a version in it has no {'Key' if key is None else 'VersionId'}")
    if _ID.fullmatch(version) is None:
        raise Nonsense(f"the version {shown(version[:100])!r} is no id that can be")
    return Version(value_bounds.name(decoded(key, plus=True) if encoded else key), version)


def _next(header: dict[str, str], space: str, *, encoded: bool) -> str:
    """Return where the next page begins, as the name of a version."""
    key, version = header.get(f"{space}NextKeyMarker", ""), header.get(f"{space}NextVersionIdMarker", "")
    if not key or (version and _ID.fullmatch(version) is None):
        raise Nonsense("it is truncated, and has no marker to go on with")
    return Version(decoded(key, plus=True) if encoded else key, version).name
