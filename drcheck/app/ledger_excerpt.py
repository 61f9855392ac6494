"""Records: what of the ledger goes with a report that is filed, so that a stranger can hold it against a signature.

All entries from the last run of each job before the period on stand there, each in its place: those that tell of the
report's services as they are, of the others the hash alone. So none can have been left out, and nobody reads what is
not theirs.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from drcheck.app import timestamps
from drcheck.app.completeness import differences, of_records
from drcheck.app.cosigning import policy_of
from drcheck.app.statements import STATEMENTS, verify_statements
from drcheck.core.model.verdict import Window
from drcheck.core.proof import ledger_verification, merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, Inclusion, checkpoint_of
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.core.proof.notes import VerifierKey, base64_bytes
from drcheck.core.proof.succession import followed
from drcheck.core.proof.trust import Trust
from drcheck.core.words import counted
from drcheck.ledger import checkpoints, encoding, entries
from drcheck.ledger.drills import DrillAnnounced, DrillTold
from drcheck.ledger.interface import Log
from drcheck.ledger.look_columns import Damaged
from drcheck.ledger.notifications import Notification
from drcheck.ledger.runs_of_period import RunsBefore
from drcheck.ledger.signatures import Checkpointed, KeyTaken, Timestamped
from drcheck.ledger.tree import Tree
from drcheck.reports.wording import completeness
from drcheck.settings import ProofSettings

CHECKPOINT: Final = "ledger/checkpoint"
RECORDS: Final = "ledger/records.jsonl"
_POLICY: Final = "ledger/policy"
_PROOF: Final = "ledger/run.tlog-proof"
_TIMESTAMP: Final = "ledger/checkpoint.tsr"
_CHANGE: Final = "ledger/key-change-"
_FORMAT: Final = "drcheck records 1"
_FOR_ALL: Final = frozenset({
    entries.RunBegan.KIND, entries.RunEnded.KIND, entries.Published.KIND, Checkpointed.KIND, KeyTaken.KIND,
    Timestamped.KIND,
})  # fmt: skip
"""Kinds that tell of no service."""
_OF_SERVICE: Final = frozenset({entries.Retired.KIND, DrillTold.KIND, DrillAnnounced.KIND})
"""Kinds that are about the service."""
_OF_SOURCE: Final = frozenset({entries.Looked.KIND, entries.Lines.KIND})
BEFORE: Final = (
    "what was known before the first of these records is not among them: drcheck check --config has it judged again"
)


def records(
    log: Log,
    since: int,
    run: str,
    services: Collection[str] | None,
    texts: Collection[str],
    proof: ProofSettings | None = None,
) -> dict[str, bytes]:
    """Return the files that prove which records there are of a period that begins with ``since``.

    Shown is what tells of ``services``, None: of all, and the policy texts that they were judged by, however old; of
    some services these are known by their digests ``texts``. ``run`` is the run that the report names, and ``proof``
    says which witnesses there are. Nothing where the ledger was never signed.
    """
    note = checkpoints.newest(log)
    if not note:
        return {}
    head, keys = checkpoint_of(note), checkpoints.keys(log)
    shown = _Shown(services, texts)
    first, proven = _first(log, since, head.size), 0
    lines: list[str] = []
    before: dict[int, bytes] = {}
    judged_by: set[int] = set()
    for number, data in log.read(0, head.size):
        kind = encoding.kind(data)
        is_shown = shown.shows(number, kind, data)  # also before the first one: sources are named there
        if number < first:
            if is_shown and kind == entries.PolicyText.KIND:
                before[number] = data
            continue
        if services is None and kind == entries.PoliciesJudged.KIND:
            judged_by |= _texts_of(data)
        if kind == entries.RunBegan.KIND and encoding.about(data) == run:
            proven = number
        told = {"bytes": _base64(data)} if is_shown else {"leaf": _base64(merkle.leaf_hash(data))}
        lines.append(json.dumps({"number": number, **told}))
    tree = Tree(log)
    if services is None:
        before = {number: data for number, data in before.items() if number in judged_by}
    alone = [json.dumps({"number": number, "bytes": _base64(data)}) for number, data in before.items()]
    beside = merkle.completing_roots(
        [*(number - 1 for number in before), *range(first - 1, head.size)], head.size, tree.node
    )
    ends = (
        {"format": _FORMAT, "alone": len(alone), "first": first, "last": head.size},
        {"beside": [*map(_base64, beside)]},
    )
    lines = [*alone, *lines]
    files = {
        CHECKPOINT: note.encode(),
        _POLICY: policy_of(VerifierKey.read(keys[-1].key), proof).text.encode(),
        RECORDS: "".join(f"{line}\n" for line in (json.dumps(ends[0]), *lines, json.dumps(ends[1]))).encode(),
    }
    if response := timestamps.newest(log, head.size):
        files[_TIMESTAMP] = response
    changes = [one.change for one in keys if one.change]
    files |= {f"{_CHANGE}{number}": change.encode() for number, change in enumerate(changes, 1)}
    if proven:
        (stored,) = log.read(proven - 1, proven)
        inclusion = Inclusion(proven - 1, tuple(merkle.inclusion(proven - 1, head.size, tree.node)), note, stored.data)
        files[_PROOF] = inclusion.text.encode()
    return files


def verify_records(
    found: LedgerVerification,
    files: Mapping[str, bytes],
    report: Mapping[str, Any],
    trust: Trust | None,
    authority: str | None = None,
) -> Checkpoint | None:
    """Add what the files of a filed report prove, and return the checkpoint that they lead to; None: there is none.

    ``authority``: the file with the certificates by which a timestamp is verified.
    """
    changes = [data.decode("utf-8", "replace") for name, data in sorted(files.items()) if name.startswith(_CHANGE)]
    head = ledger_verification.checkpoint(found, files[CHECKPOINT], trust, changes)
    if head is None:
        return None
    if _TIMESTAMP in files:
        timestamps.verify(found, files[CHECKPOINT], files[_TIMESTAMP], authority)
    elif authority is not None:
        found.open.append("no timestamp is with it")
    if report.get("checkpoint", "").encode() != files[CHECKPOINT]:
        found.wrong.append(f"the report names another checkpoint than {CHECKPOINT}")
    try:
        first, leaves, shown, beside = _read(files[RECORDS])
    except (KeyError, ValueError, TypeError, IndexError, RecursionError):
        found.wrong.append(f"{RECORDS} is missing, or has not the form of one")
        return head
    covered = sum(index >= first - 1 for index in leaves)
    if covered != head.size - first + 1 or merkle.root_of(leaves, head.size, beside) != head.root:
        found.wrong.append(f"the records in {RECORDS} are not those that were signed")
        return head
    found.held.append(
        f"records {first} to {head.size} are those over which the checkpoint was made, and none is missing; "
        f"{len(shown)} are shown, {len(leaves) - len(shown)} hidden: they tell of other services, or of messages"
    )
    found.noted.append(BEFORE)
    _hold_against(found, report, first, shown)
    _add_completeness(found, report, shown, head.size)
    if STATEMENTS in files:
        keys = () if trust is None else (*trust.logs, *followed(trust.logs, changes))
        verify_statements(found, files[STATEMENTS], report, [data for _, data in sorted(shown.items())], keys)
    return head


def shown_entries(files: Mapping[str, bytes]) -> list[bytes]:
    """Return the entries that the files of a report show, in their order; raises what a file of another form does."""
    return [data for _, data in sorted(_read(files[RECORDS])[2].items())]


def goes_on(found: LedgerVerification, log: Log, head: Checkpoint) -> None:
    """Add whether a ledger still has the entries over which a checkpoint was made."""
    if head.size <= log.count and Tree(log).root(head.size) == head.root:
        found.held.append(f"the ledger goes on from the {head.size} entries that were signed")
    else:
        found.wrong.append(f"the ledger does not go on from the {head.size} entries that were signed")


def _first(log: Log, since: int, upto: int) -> int:
    """Return the entry with which the first run began that matters from ``since`` on; 1: there was none before."""
    before, numbers = RunsBefore(), {}
    for number, data in log.read(0, upto):
        if not any(encoding.is_of(data, kind) for kind in (entries.RunBegan.KIND, entries.RunEnded.KIND)):
            continue
        match encoding.decode(data):
            case entries.RunBegan() as began:
                if began.started_at >= since:
                    break
                numbers[began.run] = number
                before.began(began)
            case entries.RunEnded() as ended:
                before.ended(ended)
            case _:
                pass
    return min((numbers[run] for run in before.runs if run in numbers), default=1)


def _has_all_before(shown: Mapping[int, bytes], since: int) -> bool:
    """Return whether a run from before ``since`` is shown, and one of each job that was due then; raises Damaged."""
    jobs: set[str] = set()
    due: tuple[str, ...] | None = None
    for _, data in sorted(shown.items()):
        if not encoding.is_of(data, entries.RunBegan.KIND):
            continue
        match encoding.decode(data):
            case entries.RunBegan() as began if began.started_at < since:
                jobs.add(began.job)
                due = began.due
            case _:
                break
    return due is not None and jobs.issuperset(due)


def _texts_of(data: bytes) -> set[int]:
    """Return the entries with the texts that a run judged by."""
    match encoding.decode(data):
        case entries.PoliciesJudged(policies=policies):
            return {one.text for one in policies}
        case _:
            return set()


class _Shown:
    """Which entries tell of some services; they are asked for in the ledger's order."""

    def __init__(self, services: Collection[str] | None, texts: Collection[str]) -> None:
        self._all = services is None
        self._services, self._texts = frozenset(services or ()), frozenset(texts)
        self._sources: set[str] = set()

    def shows(self, number: int, kind: str, data: bytes) -> bool:
        """Return whether an entry tells of these services, or of none."""
        if kind in _FOR_ALL:
            return True
        if self._all:
            return kind != Notification.KIND
        about = encoding.about(data)
        if kind == entries.SourceNamed.KIND:
            service, _ = entries.of_source(about)
            if service in self._services:
                self._sources.add(str(number))
            return service in self._services
        if kind in _OF_SOURCE:
            return about in self._sources
        if kind in _OF_SERVICE:
            return about in self._services
        if kind == entries.PolicyText.KIND:
            return about in self._texts
        if kind not in {entries.PoliciesJudged.KIND, entries.Verdicts.KIND}:
            return False
        match encoding.decode(data):
            case entries.PoliciesJudged(policies=its) | entries.Verdicts(found=its):
                return {one.service for one in its} <= self._services
            case _:
                return False


def _read(data: bytes) -> tuple[int, dict[int, bytes], dict[int, bytes], list[bytes]]:
    """Return the first number, all leaf hashes by index, the entries shown by number, and the hashes beside them.

    Some entries may stand alone before the first one; the others follow on each other.
    """
    head, *lines, end = map(json.loads, data.splitlines())
    if head["format"] != _FORMAT:
        raise ValueError(head["format"])
    leaves: dict[int, bytes] = {}
    shown: dict[int, bytes] = {}
    first, alone, before = int(head["first"]), int(head["alone"]), 0
    for place, line in enumerate(lines):
        number = int(line["number"])
        if not before < number < first if place < alone else number != first + place - alone:
            raise ValueError(number)
        before = number
        if "bytes" in line:
            shown[number] = base64_bytes(line["bytes"])
            leaves[number - 1] = merkle.leaf_hash(shown[number])
        else:
            leaves[number - 1] = base64_bytes(line["leaf"])
    return first, leaves, shown, [base64_bytes(one) for one in end["beside"]]


def _hold_against(found: LedgerVerification, report: Mapping[str, Any], first: int, shown: Mapping[int, bytes]) -> None:
    """Add how the report fits the records that are shown."""
    runs: dict[str, int] = {}
    texts: set[str] = set()
    since = int(datetime.fromisoformat(report["window"]["from"]).timestamp())
    try:
        for number, data in shown.items():
            if encoding.is_of(data, entries.RunBegan.KIND):
                runs[encoding.about(data)] = number
            elif encoding.is_of(data, entries.PolicyText.KIND):
                texts.add(encoding.about(data))
        is_all = first == 1 or _has_all_before(shown, since)
    except (Damaged, KeyError):
        is_all = False
    if not is_all:
        found.open.append(f"that records before {first} are none of the period is not shown")
    if report["run"] in runs:
        found.held.append(f"the run {report['run']} that the report rests on began with record {runs[report['run']]}")
    else:
        found.open.append(f"the run {report['run']} that the report rests on is not among the records")
    came, count = sum(one["policy_sha256"] in texts for one in report["services"]), len(report["services"])
    found.noted.append(
        f"{counted(len(runs), 'run')} began in them; the policies of {came} of {count} services came in them, the "
        "others before"
    )


def _add_completeness(
    found: LedgerVerification, report: Mapping[str, Any], shown: Mapping[int, bytes], upto: int
) -> None:
    """Add what of the period is there and what is missing by the records, and whether the report says the same."""
    start, end = (int(datetime.fromisoformat(report["window"][key]).timestamp()) for key in ("from", "to"))
    try:
        again = of_records(shown, upto, Window(start, end), [one["service"] for one in report["services"]])
    except Damaged as error:
        found.wrong.append(f"a record cannot be read: {error}")
        return
    told = report.get("completeness")
    found.wrong += differences(told, again)
    if told is not None and told["entries"] != upto:
        found.open.append(
            f"what the report says of its completeness rests on {told['entries']} records, and {upto} are signed"
        )
    if again.hidden:
        found.open.append(completeness.hidden(again))
    missing = list(completeness.missing(again._replace(hidden=0)))
    found.noted += [f"missing: {one}" for one in missing]
    if not missing and not again.hidden:
        found.held.append(f"{completeness.COMPLETE}, of those that these records tell of")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
