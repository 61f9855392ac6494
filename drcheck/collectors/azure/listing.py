"""Reads the pages of an Azure Blob listing; the SDK's own deserializer takes 180 µs a blob."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from drcheck.collectors import value_bounds
from drcheck.collectors.azure.protection import listed_told
from drcheck.collectors.confine import shown
from drcheck.collectors.value_bounds import Nonsense
from drcheck.collectors.xml_pages import check_tree, decoded, echoed, once, tree
from drcheck.core.model import archive_tiers
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Entry

MOST: Final = 5000
"""Blobs a page, the most that Azure gives."""
_MD5: Final = 16
_FACTS: Final = (
    "ServerEncrypted", "EncryptionScope", "CustomerProvidedKeySha256",
    "ImmutabilityPolicyMode", "ImmutabilityPolicyUntilDate", "LegalHold",
)  # fmt: skip
_LEAVES: Final = frozenset(
    {
        "Prefix", "Marker", "MaxResults", "Delimiter", "NextMarker", "Name", "Snapshot", "VersionId", "Deleted",
        "IsCurrentVersion", "Creation-Time", "Last-Modified", "Content-Length", "Content-MD5", "ResourceType",
        "CopyStatus", "AccessTier", "BlobType",
        *_FACTS,
    }
)  # fmt: skip
"""What is read as text; later versions may put elements into others."""


class Question(NamedTuple):
    """What a page was asked for."""

    container: str
    prefix: str
    root: str
    """The beginning of ``prefix`` that entries are named below."""
    marker: str = ""
    locks: bool = False
    """Whether the locks of blobs were asked for; else that none is told proves nothing."""
    earlier: bool = False
    """Whether snapshots, older versions and deleted blobs were asked for as well."""


class Page(NamedTuple):
    """One answer to List Blobs."""

    entries: list[Entry]
    marker: str
    """Where the next page begins; empty: this was the last."""
    told: list[Mapping[Fact, FactValue]]
    """What is told of each entry beside."""
    names: list[str]
    """Every blob that it named."""


def parse_page(body: bytes, question: Question) -> Page | None:
    """Return what a page holds below the root, or None if this is no listing, which always has ``NextMarker``.

    A blob whose copy is under way or has failed is left out, like an unfinished upload. Raises :class:`Nonsense` where
    the page contradicts itself or the question, or tells what cannot be: then nothing of it is believed.
    """
    page = tree(body, MOST)
    if page is None or page.tag != "EnumerationResults":
        return None
    header = once(page, {})
    blobs = page.find("Blobs")
    if blobs is None or "NextMarker" not in header:
        return None
    check_tree(page, _LEAVES)
    if blobs.text and not blobs.text.isspace():
        raise Nonsense("there is text where its blobs should be")
    _check(page, header, blobs, question)
    skip = len(question.root)
    entries: list[Entry] = []
    facts: list[Mapping[Fact, FactValue]] = []
    names: list[str] = []
    dates: dict[str, int] = {}
    kinds: dict[tuple[str | None, ...], Mapping[Fact, FactValue]] = {}
    for blob in blobs:
        name, properties, version, noncurrent = _blob(blob)
        if noncurrent and not question.earlier:
            raise Nonsense("it names snapshots, older versions or deleted blobs, which nobody asked for")
        size = value_bounds.count(properties.get("Content-Length", ""))
        modified = _instant(properties.get("Last-Modified", ""), dates)
        created = _instant(properties["Creation-Time"], dates) if properties.get("Creation-Time") else modified
        checksum = _checksum(properties.get("Content-MD5", ""))
        if not name.startswith(question.prefix):
            raise Nonsense(f"the blob {shown(name[:100])!r} does not begin with {shown(question.prefix)!r}")
        names.append(f"{name}?{version}" if version else name)
        directory = properties.get("ResourceType") == "directory" or (name.endswith("/") and size == 0)
        if directory or len(name) == skip or properties.get("CopyStatus", "success") != "success":
            continue
        archived = archive_tiers.at_azure(properties.get("AccessTier", ""))
        # the metadata of a blob can be written long after its content, and that moves Last-Modified alone
        # what is appended to, or written page by page, is there from its first byte on
        grows = properties.get("BlobType", "BlockBlob") != "BlockBlob"
        entries.append(
            Entry(
                name[skip:],
                size,
                min(created, modified),
                modified,
                modified,
                checksum,
                archived,
                noncurrent=noncurrent,
                grows=grows,
            )
        )
        kind = tuple(map(properties.get, _FACTS))  # few differ
        if kind not in kinds:
            kinds[kind] = listed_told(properties, locks=question.locks)
        facts.append(kinds[kind])
    return Page(entries, header["NextMarker"], facts, names)


def _check(page: ET.Element, header: Mapping[str, str], blobs: ET.Element, question: Question) -> None:
    """Raise :class:`Nonsense` where the head of a page does not fit its blobs, or the question."""
    if header.get("Delimiter") or blobs.find("BlobPrefix") is not None:
        raise Nonsense("it groups blobs under prefixes, which nobody asked for")
    echoed(page.attrib, "ContainerName", question.container)
    if "Prefix" in header and not header["Prefix"] and question.prefix:
        raise Nonsense(f"it is of all prefixes, and {shown(question.prefix)!r} was asked for")
    echoed(header, "Prefix", question.prefix)
    echoed(header, "Marker", question.marker)
    most = header.get("MaxResults", "")
    if most and value_bounds.count(most, "MaxResults") < len(blobs):
        raise Nonsense(f"its MaxResults is {shown(most)}, and it has {len(blobs)} blobs")


def _blob(blob: ET.Element) -> tuple[str, dict[str, str], str, bool]:
    """Return the name and the properties of one blob.

    With it: which snapshot or version it is, empty if it is neither, and whether it is an older one, or deleted.
    """
    elements = once(blob, {})
    name, properties = blob.find("Name"), blob.find("Properties")
    if blob.tag != "Blob" or name is None or properties is None:
        raise Nonsense("a blob in it has no name, or no properties")
    # these do not stand there, and are only told to who asks for them; an older version has an id, and is not current
    version = elements.get("Snapshot") or elements.get("VersionId", "")
    current = elements.get("IsCurrentVersion", "false" if version else "true") == "true"
    noncurrent = bool(elements.get("Snapshot")) or elements.get("Deleted", "false") != "false" or not current
    # characters that XML cannot hold
    text = decoded(elements["Name"], plus=False) if name.get("Encoded") == "true" else elements["Name"]
    return value_bounds.name(text), once(properties, {}), version, noncurrent


def _checksum(md5: str) -> str:
    """Return an MD5 as hex, like the ETag of a plain S3 upload, so that copies in both can be told to be the same."""
    if not md5:
        return ""
    try:
        digest = base64.b64decode(md5, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != _MD5:
        raise Nonsense(f"the Content-MD5 {shown(md5[:100])!r} is none")
    return digest.hex()


def _instant(date: str, parsed: dict[str, int]) -> int:
    """Return seconds since the epoch; backups come in bursts, so most dates come twice at least."""
    instant = parsed.get(date)
    if instant is None:
        instant = parsed[date] = value_bounds.http_date(date)
    return instant
