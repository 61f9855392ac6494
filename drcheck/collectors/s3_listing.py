"""Reads the pages of an S3 listing; boto3's own parser takes five times as long, most of it for dates."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from drcheck.core.evidence import FOREVER
from drcheck.interfaces import Entry
from drcheck.settings import LastModified

_MD5 = 32


class Page(NamedTuple):
    """One answer to ListObjectsV2."""

    entries: list[Entry]
    token: str
    """Where the next page begins; empty: this was the last."""


def parse_page(body: bytes, root: str, last_modified: LastModified) -> Page | None:
    """Return what a page holds below ``root``, or None if this is no listing.

    A server or proxy that answers with nothing, or with HTML, and status 200 would otherwise be taken for an empty
    bucket; the only element that every listing has is ``IsTruncated``.
    """
    try:
        # expat refuses what expands beyond measure
        tree = ET.fromstring(body)  # noqa: S314
    except ET.ParseError:
        return None
    space = tree.tag[: tree.tag.rfind("}") + 1]
    truncated = tree.findtext(f"{space}IsTruncated")
    if tree.tag != f"{space}ListBucketResult" or truncated not in {"true", "false"}:
        return None
    token = tree.findtext(f"{space}NextContinuationToken") or ""
    if truncated == "true" and not token:
        return None
    encoded = tree.findtext(f"{space}EncodingType") == "url"
    skip = len(root)
    entries: list[Entry] = []
    try:
        for item in tree.iterfind(f"{space}Contents"):
            told = {child.tag: child.text or "" for child in item}
            key = told[f"{space}Key"]
            if encoded and ("%" in key or "+" in key):
                key = unquote_plus(key, errors="strict")
            size = int(told[f"{space}Size"])
            if not key.startswith(root) or (key.endswith("/") and size == 0):  # the latter marks a directory
                continue
            modified = int(datetime.fromisoformat(told[f"{space}LastModified"]).timestamp())
            etag = told.get(f"{space}ETag", "").strip('"')
            # the ETag of a multipart upload ends in -N, and AWS shows the upload's initiation as its time
            multipart = "-" in etag
            until = FOREVER if multipart and last_modified is LastModified.INITIATION else modified
            checksum = etag if len(etag) == _MD5 and not multipart else ""
            entries.append(Entry(key[skip:], size, modified, until, modified, checksum))
    except (KeyError, ValueError):
        return None
    return Page(entries, token if truncated == "true" else "")
