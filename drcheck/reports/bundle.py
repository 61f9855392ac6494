"""One zip with a report that can be checked: its pages, its JSON, the policies, and the digest of each of them.

Where the ledger is signed, the records of the period and what proves them are in it as well.

Plain tools check it: ``unzip FILE && sha256sum -c digests.sha256``. ``drcheck check FILE`` also holds the parts against
each other. The same ledger, policies and question give the same bytes, but for the instant at
which the report was made.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import IO, Any, Final, NamedTuple, Self

from drcheck.core import words
from drcheck.core.judging import summary
from drcheck.core.model.policy_text import separated
from drcheck.reports.html.documents import documents as pages
from drcheck.reports.json import Services, json_text
from drcheck.reports.pdf.attachments import DIGESTS, REPORT, digest_line
from drcheck.reports.spool import pieces, spooled
from drcheck.reports.wording import totals
from drcheck.run_report import Document, Judged, Report

MANIFEST: Final = "manifest.json"
"""What the bundle holds, and what of the promises is missing in it."""
_WRITTEN: Final = (1980, 1, 1, 0, 0, 0)
"""What zip files say of when their parts were written: the earliest that they can, as it must not tell two apart."""


def documents(services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:  # noqa: ARG001
    """Yield the one document; see :class:`drcheck.run_report.Documents`.

    No more than one service is in memory: the zip grows on the disk, and so does the text of its JSON.
    """
    with spooled() as file, spooled() as text:
        services_text, once = Services(text), cache(whole)  # each call tells another instant at which it was made

        def each() -> Iterator[Judged]:
            for judged in services:
                services_text.add(judged, whole)
                yield judged

        with _Zip(file) as bundle:
            for page in pages(each(), once, split=True):
                bundle.write(f"pages/{page.name}", page.pieces)
            report = once()
            bundle.write(REPORT, services_text.with_rest(report))
            policies = {
                judged.policy.service: list(_policy(judged, number)) for number, judged in enumerate(report.services)
            }
            for part in (part for parts in policies.values() for part in parts):
                bundle.write(part.path, [part.data])
            for name, data in (report.records() if report.records is not None else {}).items():
                bundle.write(name, [data])
            bundle.write(MANIFEST, [json_text(_manifest(report, policies)).encode()])
            bundle.write(DIGESTS, [b"".join(bundle.digests)])
        file.seek(0)
        yield Document("", pieces(file))


class _Part(NamedTuple):
    """A file of a policy."""

    path: str
    """In the bundle."""
    name: str
    """As the user named it."""
    data: bytes


def _policy(judged: Judged, number: int) -> Iterator[_Part]:
    """Yield the file of a policy, then the templates that it extends, in the order in which its digest takes them."""
    for place, (name, data) in enumerate(separated(judged.policy.text)):
        yield _Part(f"policies/{number}-{place}.yaml", name, data)


def _manifest(report: Report, policies: Mapping[str, Sequence[_Part]]) -> dict[str, Any]:
    """Return what is in the bundle: every commitment that was judged, and what could not be."""
    return {
        "drcheck": report.version,
        "run": report.run,
        "question": report.question,
        "window": {"from": words.instant(report.window.start), "to": words.instant(report.window.end)},
        "services": [
            {
                "service": judged.policy.service,
                "policy": [{"path": part.path, "name": part.name} for part in policies[judged.policy.service]],
                "policy_sha256": judged.policy.sha256,
                "commitments": {verdict.commitment.id: summary.state(verdict) for verdict in judged.verdicts},
            }
            for judged in report.services
        ],
        "missing": [totals.fault_of(fault) for fault in report.faults]
        + [
            f"{judged.policy.service}: what was promised from {words.instant(span.start)} to "
            f"{words.instant(span.end)} is not known, as this version of drcheck cannot read its text of then"
            for judged in report.services
            for span in judged.unreadable
        ],
    }


class _Zip:
    """A zip that is being written, and the digest of each file in it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.digests: list[bytes] = []
        """The lines that ``sha256sum -c`` reads."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def write(self, name: str, data: Iterable[bytes]) -> None:
        """Add a file."""
        about = zipfile.ZipInfo(name, _WRITTEN)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self._archive.open(about, "w", force_zip64=True) as opened:
            for piece in data:
                opened.write(piece)
                digest.update(piece)
        self.digests.append(digest_line(name, digest.hexdigest()))
