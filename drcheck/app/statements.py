"""Statements that others read: each verdict of a period, and each drill, in the forms of in-toto, signed.

A verdict is a Simple Verification Result over the policy's digest (https://in-toto.io/attestation/svr/v0.1), whose
properties name what was met at every instant of the period (``DRCHECK_RPO``), or wherever anything was owed in it
(``DRCHECK_RPO_WHERE_OWED``: nothing was for ``not_owed`` seconds). What is breached, waived or unknown
for a while has none. A drill is a Test Result
(https://in-toto.io/attestation/test-result/v0.1) over the digest of its entry in the ledger; its configuration is the
policy's text by which it was held, and empty where drcheck did not hold it. What neither form has a field for stands in
``drcheck``, as the rules of parsing allow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from drcheck.core.model.drill import Ending
from drcheck.core.proof.envelopes import opened, sealed
from drcheck.core.proof.ledger_verification import LedgerVerification
from drcheck.core.proof.notes import NotANote, SigningKey, VerifierKey
from drcheck.core.words import counted, instant
from drcheck.ledger import encoding
from drcheck.ledger.drills import DrillTold

STATEMENTS: Final = "ledger/statements.intoto.jsonl"
"""An envelope on each line."""
_TYPE: Final = "https://in-toto.io/Statement/v1"
_VERDICT: Final = "https://in-toto.io/attestation/svr/v0.1"
_DRILL: Final = "https://in-toto.io/attestation/test-result/v0.1"


def statements(report: Mapping[str, Any], entries: Iterable[bytes], key: SigningKey) -> bytes:
    """Return the signed statements of a report, as JSON has it, and of the drills of its period in ``entries``."""
    made = (*_verdicts(report, key.key.name), *_drills(report, entries))
    payloads = (json.dumps(one, sort_keys=True, separators=(",", ":")).encode() for one in made)
    return "".join(f"{sealed(payload, key)}\n" for payload in payloads).encode()


def verify_statements(
    found: LedgerVerification,
    data: bytes,
    report: Mapping[str, Any],
    entries: Iterable[bytes],
    keys: Iterable[VerifierKey],
) -> None:
    """Add whether statements are signed by one of ``keys``, and say what the report and its records do, all of it.

    Raises ValueError, KeyError or TypeError for statements, and reports, of another form.
    """
    trusted = list(keys)
    said: list[str] = []
    unsigned = 0
    for line in data.splitlines():
        try:
            payload, by = opened(line, trusted)
        except NotANote as error:
            found.wrong.append(f"{STATEMENTS}: {error}")
            return
        unsigned += by is None
        said.append(_claim(json.loads(payload)))
    made = (*_verdicts(report, ""), *_drills(report, entries))
    if sorted(said) != sorted(map(_claim, made)):
        found.wrong.append(f"the statements in {STATEMENTS} are not those of the report and of its records")
    elif unsigned:
        found.open.append(f"{counted(unsigned, 'statement')} in {STATEMENTS} are signed by none of the given keys")
    elif said:
        found.held.append(f"{counted(len(said), 'statement')} for other tools are signed, and say what the report does")


def _verdicts(report: Mapping[str, Any], origin: str) -> Iterator[dict[str, Any]]:
    for service in report["services"]:
        digest = {"sha256": service["policy_sha256"]}
        start, end = _span(service["window"])
        for one in service["commitments"]:
            lasted = {key: one["over_window"][key]["value"] for key in ("met", "breached", "waived", "unknown")}
            lasted["not_owed"] = end - start - sum(lasted[key] for key in ("met", "breached", "unknown"))
            yield {
                "_type": _TYPE,
                "subject": [{"name": service["service"], "digest": digest}],
                "predicateType": _VERDICT,
                "predicate": {
                    "verifier": {"id": f"https://{quote(origin)}", "drcheck": report["drcheck"]},
                    "timeCreated": service["as_of"],
                    "properties": list(_properties(one, lasted)),
                    "drcheck": {
                        "run": report["run"],
                        "service": service["service"],
                        "commitment": one["id"],
                        "kind": one["kind"],
                        "window": service["window"],
                        "status": one["status"],
                        "waived": one["waived"],
                        "seconds": lasted,
                    },
                },
            }


def _properties(commitment: Mapping[str, Any], lasted: Mapping[str, int]) -> Iterator[str]:
    if commitment["status"] != "met" or not lasted["met"]:
        return
    if any(lasted[key] for key in ("breached", "waived", "unknown")):
        return
    where = "_WHERE_OWED" if lasted["not_owed"] else ""
    yield f"DRCHECK_{commitment['kind'].upper()}{where}:{commitment['id']}"


def _span(window: Mapping[str, str]) -> tuple[int, int]:
    start, end = (int(datetime.fromisoformat(window[key]).timestamp()) for key in ("from", "to"))
    return start, end


def _drills(report: Mapping[str, Any], entries: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    services = {one["service"] for one in report["services"]}
    start, end = _span(report["window"])
    for data in entries:
        if not encoding.is_of(data, DrillTold.KIND):
            continue
        match encoding.decode(data):
            case DrillTold(drill=drill) if drill.outcome is not None and start <= drill.began_at < end:
                pass
            case _:
                continue
        if drill.service not in services:
            continue
        its = drill.policy_sha256
        checks = {
            how: sorted({one.name for one in drill.checks if one.outcome in outcomes})
            for how, outcomes in (("passedTests", {"passed"}), ("failedTests", {"failed", "aborted"}))
        }
        yield {
            "_type": _TYPE,
            "subject": [{"name": f"drill {drill.id}", "digest": {"sha256": sha256(data).hexdigest()}}],
            "predicateType": _DRILL,
            "predicate": {
                "result": "PASSED" if drill.outcome is Ending.PASSED else "FAILED",
                "configuration": [{"name": drill.service, "digest": {"sha256": its}}] if its else [],
                **checks,
                "drcheck": {
                    "service": drill.service,
                    "drill": drill.id,
                    "outcome": drill.outcome.value,
                    "origin": drill.origin.value,
                    "began": instant(drill.began_at),
                },
            },
        }


def _claim(statement: Mapping[str, Any]) -> str:
    """Return what a statement claims, without what a later drcheck may word in another way."""
    predicate = dict(statement["predicate"])
    predicate.pop("verifier", None)
    return json.dumps([statement["predicateType"], statement["subject"], predicate], sort_keys=True)
