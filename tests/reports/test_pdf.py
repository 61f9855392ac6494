"""The report as PDF, taken apart again."""

from __future__ import annotations

import hashlib
import io
import json
import sys

import msgspec
import pikepdf
import pytest
import samples

from drcheck import registry
from drcheck.core.judging.sample import Drawn, Sample
from drcheck.core.model.exhibit import CameTo, SlotKept
from drcheck.core.model.status import Status
from drcheck.errors import UsageError
from drcheck.policyfile.standards import load_standards
from drcheck.reports.pdf import documents as pdf
from drcheck.reports.pdf.typeset import typeset
from drcheck.reports.story.overview import Row
from drcheck.reports.story.service import Section
from drcheck.run_report import Report


def made(report: Report, *, split: bool = False) -> dict[str, bytes]:
    return {one.name: b"".join(one.pieces) for one in pdf.documents(iter(report.services), lambda: report, split=split)}


def attached(data: bytes) -> dict[str, bytes]:
    with pikepdf.open(io.BytesIO(data)) as opened:
        return {name: one.get_file().read_bytes() for name, one in opened.attachments.items()}


def spoken(data: bytes) -> list[str]:
    """Return the text that stands in for each picture."""
    with pikepdf.open(io.BytesIO(data)) as opened:
        return [str(one.Alt) for one in opened.objects if isinstance(one, pikepdf.Dictionary) and "/Alt" in one]


def headings(data: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(data)) as opened, opened.open_outline() as outline:
        return [str(one.title) for one in outline.root]


@pytest.fixture(scope="module")
def few() -> bytes:
    (data,) = made(samples.few()).values()
    return data


def test_it_says_that_it_is_made_to_be_kept_and_to_be_read_aloud(few: bytes) -> None:
    with pikepdf.open(io.BytesIO(few)) as opened:
        told = opened.open_metadata()
        assert told.pdfa_status == "3A"
        assert told["pdfuaid:part"] == "1"
        assert opened.Root.MarkInfo.Marked is True or bool(opened.Root.MarkInfo.Marked)
        assert str(opened.Root.Lang) == "en"
        assert "/StructTreeRoot" in opened.Root


def test_every_font_is_in_the_file(few: bytes) -> None:
    with pikepdf.open(io.BytesIO(few)) as opened:
        described = [
            one
            for one in opened.objects
            if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
        ]
        assert described
        assert all("/FontFile2" in one or "/FontFile3" in one for one in described)


def test_the_exceptions_come_before_the_services_and_the_sign_off_last(few: bytes) -> None:
    told = headings(few)
    assert told[:2] == ["Exceptions", "Services, the worst first"]
    assert told[-4:] == ["How to read it", "How it was obtained", "What is attached", "Sign-off"]
    assert len(told) == 6 + len(samples.few().services)


def test_every_picture_is_told_in_words(few: bytes) -> None:
    told = spoken(few)
    assert any("breached for" in one for one in told)
    assert len(told) >= len(samples.few().verdicts)


def test_all_that_it_rests_on_is_attached_byte_for_byte(few: bytes) -> None:
    report, files = samples.few(), attached(few)
    assert files["report.json"] == registry.renderer("json")(
        report, quiet=False, verbose=True, terminal=False, config=""
    )
    for judged in report.services:
        assert files[f"policy-{Section(judged).anchor}.txt"] == judged.policy.text.encode()
    for line in files.pop("digests.sha256").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(files.pop(name)).hexdigest() == digest
    assert files == {}


@pytest.mark.parametrize("split", [False, True])
def test_the_same_report_gives_the_same_bytes(split: bool) -> None:
    assert made(samples.few(), split=split) == made(samples.few(), split=split)


def test_split_each_service_has_a_document_and_the_overview_comes_last() -> None:
    report = samples.few()
    several = made(report, split=True)
    assert list(several)[-1] == "index.pdf"
    assert len(several) == len(report.services) + 1
    assert list(several)[:-1] == [f"{Section(judged).file}.pdf" for judged in report.services]
    first = json.loads(attached(next(iter(several.values())))["report.json"])
    assert [one["service"] for one in first["services"]] == [report.services[0].policy.service]
    (digests,) = attached(several["index.pdf"]).values()
    assert dict(line.split("  ")[::-1] for line in digests.decode().splitlines()) == {
        name: hashlib.sha256(data).hexdigest() for name, data in several.items() if name != "index.pdf"
    }


def test_hostile_names_are_text_and_stop_nothing() -> None:
    report = samples.hostile()
    services = (
        msgspec.structs.replace(
            judged, policy=msgspec.structs.replace(judged.policy, service=f"{judged.policy.service} {number}")
        )
        for number, judged in enumerate(report.services)  # no two policies are of one service
    )
    (data,) = made(msgspec.structs.replace(report, services=tuple(services))).values()
    told = " ".join(headings(data))
    assert "<script>alert(1)</script>" in told
    assert "[bold red]markup[/bold red]" in told
    for forbidden in "\x00\x07\x1b\x9b\u202e\u2028":
        assert forbidden not in told


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("日本 🗄", "[U+65E5][U+672C] [U+1F5C4]"),
        ("גיבוי לילה", "גיבוי לילה"),
        ("نسخة احتياطية", "نسخة احتياطية"),
        ("Säkerhetskopior čeština Резервная копия", "Säkerhetskopior čeština Резервная копия"),
        ("#panic() $x$ *b* @y `z` \\ <a>", "#panic() $x$ *b* @y `z` \\ <a>"),
    ],
)
def test_a_character_that_no_font_has_is_shown_by_its_number(name: str, shown: str) -> None:
    judged = samples.all_met()
    judged = msgspec.structs.replace(judged, policy=msgspec.structs.replace(judged.policy, service=name, title=name))
    (data,) = made(samples.report(judged, faults=False)).values()
    assert shown in headings(data)
    assert json.loads(attached(data)["report.json"])["services"][0]["service"] == name


def test_what_is_shown_cannot_reach_for_files_or_the_network() -> None:
    # Data is text: what would be code in a template is set as it stands.
    judged = samples.all_met()
    title = '#read("/etc/passwd") #import "@preview/cetz:0.3.0"'
    judged = msgspec.structs.replace(judged, policy=msgspec.structs.replace(judged.policy, title=title))
    (data,) = made(samples.report(judged, faults=False)).values()
    assert title in headings(data)


def test_more_services_than_a_document_takes_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_SERVICES", 1)
    with pytest.raises(UsageError, match="more than 1 services") as refused:
        made(samples.few())
    assert "--output reports/" in refused.value.hint


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match="typst, which is not installed") as refused:
        made(samples.few())
    assert "backup-promises[pdf]" in refused.value.hint
    with pytest.raises(UsageError):
        typeset({}, {}, {})


def test_controls_are_told_with_what_a_verdict_does_not_show_for_them() -> None:
    report = msgspec.structs.replace(samples.few(), standards=load_standards(()))
    (data,) = made(report).values()
    assert headings(data)[-5] == "What it shows for controls"


def test_a_sample_is_told_with_what_it_leaves_open_and_its_word_is_text() -> None:
    slot = SlotKept("2026-11-20", 1795132800, 1795222800, Status.MET, late=False, held=1)
    drawn = Sample(
        1, "#panic() <b> 日", 7, "0" * 64, "1" * 64, 365, {CameTo.KEPT: 365}, (Drawn(3, "webshop", "daily", "", slot),)
    )
    (data,) = made(msgspec.structs.replace(samples.few(), sample=drawn)).values()
    assert "Sample" in headings(data)
    assert json.loads(attached(data)["report.json"])["sample"]["word"] == drawn.word


def test_the_first_document_of_thousands_of_services_has_the_worst_and_all_of_them_attached() -> None:
    report, count = samples.few(), 3000
    kept = [Row.of(judged, "services/x.pdf") for judged in report.services]
    rows = [msgspec.structs.replace(kept[number % len(kept)], name=f"shop-{number:04}") for number in range(count)]
    made = pdf.first_document(report, rows, {"documents.sha256": b""})
    files = attached(made)
    told = json.loads(files["services.json"])
    assert [one["service"] for one in told] == [row.name for row in rows]
    assert {one["status"] for one in told} == {row.mark.word for row in kept}
    assert len(made) < 4_000_000  # a thousand rows; three thousand take thrice that
    few = pdf.first_document(report, kept, {"documents.sha256": b""})
    assert attached(few).keys() == {"documents.sha256"}
