"""Attestations: who states what of a commitment, from when, until when."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck import registry
from drcheck.core.model.evidence import FOREVER, LONG_AGO
from drcheck.core.model.log_records import Attestation
from drcheck.interfaces import LookRequest
from drcheck.readers.logs import attestations
from drcheck.registry import READERS

TOLD = {
    "attests": "disks-encrypted",
    "service": "web",
    "statement": "Every disk of the database hosts is encrypted.",
    "by": "anna@example.com",
    "at": "2026-09-01T08:00:00+02:00",
    "expires_at": "2027-09-01T08:00:00+02:00",
    "ticket": 17,
}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def lines(*records) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_an_attestation_tells_what_who_and_until_when():
    log = attestations.parse(lines(TOLD, {**TOLD, "attests": "encryption", "holds": False}), "web", NOW)
    begin, end = at("2026-09-01T06:00:00Z"), at("2027-09-01T06:00:00Z")
    first = Attestation(
        "disks-encrypted", 1, TOLD["statement"], "anna@example.com", begin, end, holds=True, of_kind=False
    )
    assert log.attestations == (first, first._replace(attests="encryption", line=2, holds=False, of_kind=True))
    assert log.gaps == ()


def test_who_approved_it_is_read_as_json_and_as_csv():
    (told,) = attestations.parse(lines({**TOLD, "approved_by": "ciso"}), "web", NOW).attestations
    assert told.approved_by == "ciso"
    row = "attests,service,statement,by,at,expires_at,approved_by\nc,web,s,anna,2026-09-01T08:00:00Z,2027-09-01T08:00:00Z,ciso\n"
    (told,) = attestations.parser(source(path="word.csv", reader=READERS["attestations"]))(
        row.encode(), "web", NOW
    ).attestations
    assert told.approved_by == "ciso"


def test_what_is_attested_of_another_service_is_skipped_and_is_no_gap():
    log = attestations.parse(lines({**TOLD, "service": "other"}), "web")
    assert (log.attestations, log.gaps) == ((), ())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        *(({key: None}, f"{key} is missing") for key in ("service", "statement", "by", "at", "expires_at")),
        ({"attests": None}, "its kind is not known: it attests nothing"),
        ({"attests": ""}, "attests is missing"),
        ({"statement": 7}, "statement is not a string"),
        ({"statement": "a\u202eb"}, "it holds control characters"),
        ({"at": "2026-09-01"}, "at is not an instant with offset"),
        ({"at": "2026-12-01T00:00:00Z"}, "at lies in the future"),
        ({"expires_at": TOLD["at"]}, "expires_at does not lie after at"),
        ({"expires_at": "2026-08-01T00:00:00Z"}, "expires_at does not lie after at"),
        ({"holds": "yes"}, "holds is neither true nor false"),
        ({"holds": None}, "holds is neither true nor false"),
        ({"holds": 1}, "holds is neither true nor false"),
    ],
)
def test_a_line_that_attests_nothing_is_a_gap(change, what):
    log = attestations.parse(lines(TOLD, {**TOLD, **change}), "web", NOW)
    assert len(log.attestations) == 1
    (gap,) = log.gaps
    assert what in gap.what
    assert gap.line == 2


def test_the_registry_reads_attestations_and_reads_them_again():
    where = source(path="word/attested.jsonl", reader=READERS["attestations"])
    seen = registry.reader(where)(
        Place(files={"attested.jsonl": lines(TOLD)}), where, "attested.jsonl", LookRequest(LONG_AGO, NOW, 300, "web")
    )
    assert seen.look.complete
    assert seen.log.attestations == registry.parser(where)(seen.raw, "web", NOW).attestations != ()


@given(st.binary(max_size=200), st.sampled_from(["attests", "by", "at", "expires_at", "holds", "service"]))
def test_no_bytes_make_a_parser_fail_or_attest_anything_of_another_service(data, key):
    attestations.parse(data, "web", FOREVER)
    changed = json.dumps({**TOLD, key: None}).encode()
    mangled = changed.replace(b"null", data.replace(b"\n", b"")) + b"\n"
    for one in attestations.parse(mangled, "web", NOW).attestations:
        assert json.loads(mangled)["service"] == "web"
        assert one.at < one.expires_at
