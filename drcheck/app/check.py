"""Check: whether the parts of a report that was filed, as PDF or as a bundle, fit each other and the ledger."""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from lzma import LZMAError
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from drcheck.app.check_sample import sample_faults
from drcheck.app.completeness import differences, of_log
from drcheck.app.judge import judge
from drcheck.app.ledger_excerpt import CHECKPOINT, goes_on, verify_records
from drcheck.app.offline import tolerance_of
from drcheck.app.policy_versions import versions
from drcheck.app.proof import compare_elsewhere
from drcheck.app.question import all_named
from drcheck.core import words
from drcheck.core.model.policy_text import joined, separated
from drcheck.core.model.verdict import Window
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.core.proof.merkle import leaf_hash
from drcheck.core.proof.trust import Trust
from drcheck.errors import UsageError, os_reason
from drcheck.ledger.interface import Log
from drcheck.ledger.store import open_ledger
from drcheck.ledger.tree import Tree
from drcheck.policyfile.extends import MOST
from drcheck.policyfile.load import reload
from drcheck.reports.bundle import MANIFEST
from drcheck.reports.json import json_text, report_object
from drcheck.reports.pdf.attachments import DIGESTS, DOCUMENTS, RECORDS, REPORT, attachments
from drcheck.run_report import Report
from drcheck.settings import Settings

_MOST_FILES: Final = MOST + 1
"""Files of a policy: itself, and the templates that extend one another."""
_MOST_BYTES: Final = 2**31
"""In a bundle, by what it says itself; nothing in it is read any further than it says."""
_ELSEWHERE: Final = (
    "no records are in the documents of a directory that a signature could be held against: a single one, or a bundle, "
    "carries them"
)
_UNJUDGED: Final = (
    "the records are signed, and not what the report says of them: drcheck check --config has it judged again by the "
    "ledger, or by one that drcheck ledger import made of an export"
)
_RECORDS_ALONE: Final = "not verified: the records are, the verdicts are not"
_BELOW: Final = re.compile(r"services/[a-z0-9-]+\.pdf")
_COMPARED: Final = ("status", "measured", "breaches", "unknowns", "over_window")
"""What must come out the same of a commitment that is judged again."""


class CheckedReport(Struct, frozen=True):
    """What checking a report came to."""

    held: tuple[str, ...]
    """What was checked and is as it must be, a line each."""
    wrong: tuple[str, ...]
    """What is not, a line each."""
    proof: LedgerVerification | None = None
    """What a signature says of it, where there is one, or one was asked for."""

    @property
    def exit_status(self) -> int:
        """Of the command that says so: what is wrong, then what nobody vouches for."""
        return 1 if self.wrong else self.proof.exit_status if self.proof is not None else 0

    @property
    def word(self) -> str:
        """Say in short what the signatures come to: all that is missing may be that verdicts were not judged again."""
        if self.proof is None:
            return ""
        alone = self.proof.open == [_UNJUDGED] and not self.proof.wrong
        return _RECORDS_ALONE if alone else self.proof.word


def check(
    file: str, settings: Settings | None, trust: Trust | None = None, authority: str | None = None
) -> CheckedReport:
    """Check a bundle, or a report as PDF, and where it leads to others these too; with ``settings`` the ledger as well.

    ``trust``: whose signatures of the records are believed; None: nobody's. ``authority``: the file with the
    certificates by which a timestamp is verified. Raises ``UsageError`` where ``file`` is
    neither, or the ledger cannot be read.
    """
    data = _read(Path(file))
    if zipfile.is_zipfile(io.BytesIO(data)):
        return _bundle(data, settings, trust, authority)
    files = attachments(data)
    if DOCUMENTS in files:
        checked = _all_documents(Path(file).parent, files[DOCUMENTS].decode("utf-8", "replace"), settings)
        return checked if trust is None else replace(checked, proof=LedgerVerification(open=[_ELSEWHERE]))
    return replace(_document(files, settings), proof=_proof(files, settings, trust, authority))


def _bundle(data: bytes, settings: Settings | None, trust: Trust | None, authority: str | None) -> CheckedReport:
    """Check a bundle, and tell what of the promises is missing in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if sum(one.file_size for one in archive.infolist()) > _MOST_BYTES:
                raise UsageError(
                    f"it says to hold more than {words.size(_MOST_BYTES)}, which nobody can check here",
                    "unzip FILE && sha256sum -c digests.sha256 checks its digests.",
                )
            files = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, zlib.error, LZMAError, EOFError) as error:
        raise UsageError(f"it is no zip that can be read: {error}", "Name what drcheck report wrote.") from error
    wrong = [f"{name} stands in it twice" for name in sorted({name for name in names if names.count(name) > 1})]
    try:
        manifest = json.loads(files[MANIFEST])
        policies: dict[str, bytes] = {}
        for service in manifest["services"]:
            parts = [(str(part["name"]), files[part["path"]]) for part in service["policy"]]
            policies[service["policy"][0]["path"]] = joined(parts).encode()
        wrong += [f"missing: {one}" for one in manifest["missing"]]
        report = {one["service"]: one for one in json.loads(files[REPORT])["services"]}
        listed = {one["service"]: one for one in manifest["services"]}
        for name in sorted(report.keys() | listed.keys()):
            told = {one["id"]: _state(one) for one in report.get(name, {"commitments": ()})["commitments"]}
            if name not in listed or name not in report or told != listed[name]["commitments"]:
                wrong.append(f"{MANIFEST} and {REPORT} tell different things of {name}")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return CheckedReport((), (*wrong, *_digests(files), f"{MANIFEST} is missing, or has not the form of one"))
    found = _document(files, settings, policies)
    return CheckedReport(found.held, (*wrong, *found.wrong), _proof(files, settings, trust, authority))


def _proof(
    files: Mapping[str, bytes], settings: Settings | None, trust: Trust | None, authority: str | None
) -> LedgerVerification | None:
    """Return what signatures say of a bundle; None: none is in it, and none was asked for."""
    found = LedgerVerification()
    if CHECKPOINT not in files:
        found.open.append("nothing in it is signed")
        return None if trust is None else found
    try:
        head = verify_records(found, files, json.loads(files[REPORT]), trust, authority)
    except (KeyError, TypeError, ValueError, AttributeError):
        found.wrong.append(f"{REPORT} is missing, or has not the form of a report")
        return found
    found.noted.append(f"what counts is {REPORT}: what pages say is held against nothing in it")
    if settings is None:
        found.open.append(_UNJUDGED)
    elif head is not None:
        with open_ledger(settings.ledger, read_only=True) as ledger:
            goes_on(found, ledger.log, head)
            compare_elsewhere(found, settings, ledger.log, trust)
    return found


def _state(commitment: Mapping[str, Any]) -> str:
    """Return the word that :data:`MANIFEST` has for what a commitment came to."""
    return "waived" if commitment["waived"] else str(commitment["status"] or "not_owed")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        why = os_reason(error)
        raise UsageError(
            f"{file} cannot be read: {why}", "Name a bundle, or a report as PDF, that drcheck report wrote."
        ) from error


def _all_documents(directory: Path, digests: str, settings: Settings | None) -> CheckedReport:
    """Check each document that the first one of a directory leads to."""
    held, wrong, count = 0, [], 0
    for digest, _, name in (line.partition("  ") for line in digests.splitlines()):
        count += 1
        if not _BELOW.fullmatch(name):
            wrong.append(f"{name} is no document below {directory}")
            continue
        try:
            data = _read(directory / name)
            found = _document(attachments(data), settings).wrong
        except UsageError as error:
            found = (error.message,)
        else:
            if hashlib.sha256(data).hexdigest() != digest:
                found = (f"it has not the digest that {DOCUMENTS} says", *found)
        wrong += [f"{name}: {one}" for one in found]
        held += not found
    if not count:
        wrong.append(f"{DOCUMENTS} names no document")
    return CheckedReport(
        (f"{held} of {count} documents are as they were written, and what is attached to each fits",), tuple(wrong)
    )


def _document(
    files: Mapping[str, bytes], settings: Settings | None, texts: Mapping[str, bytes] | None = None
) -> CheckedReport:
    """Check what belongs to one report; ``texts`` has the policies where they are not files of their own."""
    held: list[str] = []
    wrong = list(_digests(files))
    if not wrong:
        held.append(f"{len(files) - 1} files have the digests that {DIGESTS} says")
    try:
        report = json.loads(files[REPORT])
        policies = _policies(files if texts is None else texts)
        unknown = [one["service"] for one in report["services"] if one["policy_sha256"] not in policies]
        wrong += sample_faults(report)
        wrong += [f"no policy in it has the digest that {REPORT} says of {service}" for service in unknown]
        if not unknown:
            held.append(f"the policies in it are those of all {len(report['services'])} services")
        if settings is not None and not unknown:
            differs = list(_against(settings, report, policies))
            wrong += differs
            if not differs:
                held.append(f"the ledger has run {report['run']}, and judging again comes to the same")
    except (KeyError, TypeError, ValueError, AttributeError):
        wrong.append(f"{REPORT} is missing, or has not the form of a report")
    return CheckedReport(tuple(held), tuple(wrong))


def _digests(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield how the attached files differ from what is said of them."""
    if DIGESTS not in files:
        yield f"{DIGESTS} is not attached"
        return
    lines = files[DIGESTS].decode("utf-8", "replace").splitlines()
    said = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted(said.keys() | files.keys() - {DIGESTS}):
        if name not in files:
            yield f"{name} is not attached, but {DIGESTS} names it"
        elif said.get(name) != hashlib.sha256(files[name]).hexdigest():
            yield f"{name} has not the digest that {DIGESTS} says"


def _policies(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the text of each attached policy, by the digest that reports name it with."""
    texts = [
        data.decode() for name, data in files.items() if name not in {REPORT, DIGESTS} and not name.startswith(RECORDS)
    ]
    return {digest: text for text in texts for digest in _digests_of(separated(text)[:_MOST_FILES])}


def _digests_of(files: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    """Yield the digests that the files of a policy may have: byte order marks, which some had, are not kept."""
    for several in product(*((data, codecs.BOM_UTF8 + data) for _, data in files)):
        yield hashlib.sha256(b"".join(several)).hexdigest()


def _against(settings: Settings, report: Mapping[str, Any], policies: Mapping[str, str]) -> Iterator[str]:
    """Yield how the ledger differs: policies are judged again, over the same windows, by what its run knew."""
    with open_ledger(settings.ledger, read_only=True) as ledger:
        yield from _entries(ledger.log, report)
        yield from _completeness(ledger.log, report)
        now = ledger.state((), folded=True)
        past = next((run for run in now.runs.values() if run.began.run == report["run"]), None)
        if past is None:
            yield f"the ledger has no run {report['run']}"
            return
        then = ledger.state((), upto=past.looked_until)
        read = {service["service"]: reload(policies[service["policy_sha256"]]) for service in report["services"]}
        bound = versions(ledger, then, [one for one in read.values() if one is not None], past.began.started_at)
        for service in report["services"]:
            name, digest = service["service"], service["policy_sha256"]
            if read[name] is None or name not in bound:
                yield f"{name}: this version of drcheck cannot read its policy"
            elif digest not in now.texts:
                yield f"{name}: no run in the ledger has judged this policy"
            else:
                start, end = (int(datetime.fromisoformat(service["window"][key]).timestamp()) for key in ("from", "to"))
                newest = [run for run in now.recorded_runs(name) if run.number <= past.number]
                judged = judge(
                    partial(ledger.source, then),
                    {name: bound[name]},
                    {name: Window(start, end)},
                    clock_tolerance=tolerance_of(newest[-1] if newest else past, settings),
                    of_period=True,
                )
                of_period = tuple(map(all_named, judged))
                told = report_object(Report(report["run"], report["drcheck"], Window(start, end), of_period))
                again = json.loads(json_text(told))  # names that are no UTF-8 are written in another way
                yield from _differences(name, service["commitments"], again["services"][0]["commitments"])


def _completeness(log: Log, report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is said of the completeness of a period otherwise than the ledger does; some reports say nothing."""
    if (told := report.get("completeness")) is None or not 0 <= told["entries"] <= log.count:
        return
    start, end = (int(datetime.fromisoformat(report["window"][key]).timestamp()) for key in ("from", "to"))
    names = [one["service"] for one in report["services"]]
    again = of_log(log, Window(start, end), names, whole=told["whole"], upto=told["entries"])
    yield from differences(told, again)


def _entries(log: Log, report: Mapping[str, Any]) -> Iterator[str]:
    """Yield whether the entries that the report rests on are not those of the ledger; older reports name none."""
    if (sample := report.get("sample")) is not None:
        number = int(sample["entry"])
        its = list(log.read(number - 1, number)) if 0 < number <= log.count else []
        if [leaf_hash(one.data).hex() for one in its] != [sample["entry_sha256"]]:
            yield f"entry {number} of the ledger has not the digest by which the sample was drawn"
    rests_on = report.get("provenance", {}).get("ledger")
    if rests_on is None:
        return
    count = int(rests_on["entries"])
    if not 0 <= count <= log.count:
        yield f"it rests on {count} entries, and the ledger has {log.count}"
    elif Tree(log, anew=True).root(count).hex() != rests_on["root_sha256"]:
        yield f"the first {count} entries of the ledger are not those that it rests on"


def _differences(service: str, before: Any, judged: Any) -> Iterator[str]:
    known = {one["id"]: one for one in judged}
    for left_out in [one for one in known if one not in {each["id"] for each in before}]:
        yield f"{service}: {left_out} is judged, and left out"
    for one in before:
        found = known.get(one["id"])
        if found is None:
            yield f"{service}: {one['id']} is not judged any more"
        elif differing := [key for key in _COMPARED if one[key] != found[key]]:
            then, again = one["status"] or "not owed", found["status"] or "not owed"
            yield f"{service}: {one['id']} differs in {', '.join(differing)}: {then}, and again {again}"
