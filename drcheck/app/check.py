"""Check: whether a bundle is as it was made, and whether its parts fit each other."""

from __future__ import annotations

import codecs
import hashlib
import json
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

from drcheck.core import words
from drcheck.errors import UsageError
from drcheck.reports.bundle import MANIFEST, REPORT, SUMS

_MOST_FILES: Final = 11
"""Files of a policy: itself, and the templates that extend one another."""
_LARGEST: Final = 4 << 30
"""Bytes that a part may have: more is no bundle, and would only fill the memory."""


class Finding(NamedTuple):
    """One thing that was checked."""

    holds: bool
    what: str


def check(file: str) -> Iterator[Finding]:
    """Yield what holds of the bundle at ``file``, and what does not; raises ``UsageError`` where it is none."""
    try:
        with zipfile.ZipFile(Path(file)) as archive:
            yield from _checked(archive)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise UsageError(
            f"{file} is no bundle that can be read: {error}", "Name what drcheck report --format bundle wrote."
        ) from error


def _checked(archive: zipfile.ZipFile) -> Iterator[Finding]:
    names = archive.namelist()
    if SUMS not in names:
        yield Finding(False, f"there is no {SUMS}: nothing tells what the files were")
        return
    told = dict(_lines(_read(archive, SUMS)))
    wrong = []
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        wrong.append(f"{words.several(doubled)} stands in it twice")
    if extra := sorted({*names} - {*told, SUMS}):
        wrong.append(f"{words.several(extra)} is not among the digests")
    if missing := sorted(told.keys() - {*names}):
        wrong.append(f"{words.several(missing)} is missing")
    changed = [name for name in sorted(told.keys() & {*names}) if _digest(_read(archive, name)) != told[name]]
    if changed:
        wrong.append(f"{words.several(changed)} is not what it was")
    yield from (Finding(False, one) for one in wrong)
    if wrong or not {REPORT, MANIFEST} <= told.keys():
        if not wrong:
            yield Finding(False, f"{REPORT} or {MANIFEST} is missing")
        return
    yield Finding(True, f"{words.counted(len(told), 'file')} as {SUMS} tells them")
    yield from _fitting(archive, _object(archive, REPORT), _object(archive, MANIFEST))


def _fitting(archive: zipfile.ZipFile, report: Any, manifest: Any) -> Iterator[Finding]:
    """Yield whether report, manifest and policies tell the same."""
    try:
        for service in manifest["services"]:
            parts = [_read(archive, part["path"]) for part in service["policy"][:_MOST_FILES]]
            if service["policy_sha256"] not in _digests(parts):
                yield Finding(False, f"the policy in it is not the one by which {service['service']} was judged")
        judged = {one["service"]: one for one in report["services"]}
        listed = {one["service"]: one for one in manifest["services"]}
        if judged.keys() != listed.keys():
            yield Finding(False, f"{MANIFEST} and {REPORT} tell of different services")
            return
        for name, service in judged.items():
            ids = {one["id"] for one in service["commitments"]}
            if ids != {*listed[name]["commitments"]} or service["policy_sha256"] != listed[name]["policy_sha256"]:
                yield Finding(False, f"{MANIFEST} and {REPORT} tell different things of {name}")
        for one in manifest["missing"]:
            yield Finding(False, f"missing: {one}")
        count = sum(len(one["commitments"]) for one in listed.values())
        yield Finding(
            True,
            f"{words.counted(count, 'commitment')} of {words.counted(len(listed), 'service')}, each with its policy",
        )
    except (KeyError, TypeError, AttributeError) as error:
        yield Finding(False, f"{MANIFEST} or {REPORT} has another form: {error!r}")


def _digests(parts: list[bytes]) -> set[str]:
    """Return the digests that the files of a policy may have: byte order marks, which some had, are not kept."""
    marked = product(*((part, codecs.BOM_UTF8 + part) for part in parts))
    return {_digest(b"".join(several)) for several in marked}


def _object(archive: zipfile.ZipFile, name: str) -> Any:
    try:
        return json.loads(_read(archive, name))
    except ValueError:
        return None


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:
        raise RuntimeError(f"{name} is too large")
    return archive.read(name)


def _lines(sums: bytes) -> Iterator[tuple[str, str]]:
    for line in sums.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
