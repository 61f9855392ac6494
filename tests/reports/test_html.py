"""Pages of a report, as parsers and readers find them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
import samples

from drcheck.core.judging.population import Population
from drcheck.core.model.controls import Control, Standard
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Named, News, Opening, Piece
from drcheck.reports.html.documents import documents
from drcheck.run_report import Report

VOID = {"meta", "input", "br", "link", "img", "hr"}


class Page(HTMLParser):
    """Takes a page apart, and finds whether what it opens is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words += f"{data} "

    def ids(self):
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def links(self):
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]


def pages(report: Report, *, split: bool = False) -> dict[str, str]:
    made = documents(iter(report.services), lambda: report, split=split)
    return {document.name: b"".join(document.pieces).decode() for document in made}


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", page.words)


def test_one_page_has_the_answer_first_then_the_exceptions_then_each_service() -> None:
    (text,) = pages(samples.few()).values()
    page = Page(text)
    told = words(page)
    answer, exceptions, legend = (
        told.index(part)
        for part in (f"Of {samples.few().totals.commitments} commitments", "Exceptions", "How to read it")
    )
    assert answer < exceptions < legend < told.index("Everything that there was")
    for judged in samples.few().services:
        assert judged.policy.service in told
        for verdict in judged.verdicts:
            assert verdict.commitment.id in told


def test_every_link_leads_to_a_place_of_the_same_page() -> None:
    (text,) = pages(samples.few()).values()
    page = Page(text)
    assert len(set(page.ids())) == len(page.ids())
    for link in page.links():
        assert link.startswith("#")
        assert link[1:] in page.ids()


def test_split_the_first_page_comes_last_and_leads_to_one_of_each_service() -> None:
    made = pages(samples.fifty(), split=True)
    assert list(made)[-1] == "index.html"
    links = [link for link in Page(made["index.html"]).links() if link.startswith("services/")]
    assert set(links) == made.keys() - {"index.html"}
    for name in links:
        assert "../index.html" in Page(made[name]).links()


def test_a_page_loads_nothing_and_runs_only_its_own_script() -> None:
    (text,) = pages(samples.few()).values()
    page = Page(text)
    policy = next(attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for tag, attributes in page.tags:
        assert tag not in {"img", "iframe", "object", "embed", "link", "base", "form"}
        assert not {name for name in attributes if name.startswith("on")} | ({"src", "style"} & attributes.keys())


def test_hostile_names_are_text_wherever_they_stand() -> None:
    (text,) = pages(samples.hostile()).values()
    page = Page(text)
    assert "<script>alert(1)</script>" in page.words
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    for forbidden in "\x00\x07\x1b\x9b\u202e\u2028\u200b":
        assert forbidden not in text


def test_an_unknown_is_never_told_as_kept() -> None:
    report = samples.few()
    (text,) = pages(report).values()
    told = words(Page(text))
    assert f"{report.totals.met} were kept, {report.totals.attested} of them by somebody's word alone; " in told
    assert f"{report.totals.unknown} were not proved either way" in told


def test_what_was_breached_at_any_time_of_the_period_is_not_told_as_kept() -> None:
    judged = samples.all_met()
    verdict = judged.verdicts[0]
    breach = Opening(verdict.window.start, verdict.window.start + 60, "it was late")
    over = msgspec.structs.replace(verdict, since_last_run=(Named(breach, True, News.OF_PERIOD),), of_period=True)
    (text,) = pages(samples.report(msgspec.structs.replace(judged, verdicts=(over,)), faults=False)).values()
    assert "Of 1 commitment of 1 service, 1 was breached, 1 of them not any more." in words(Page(text))


@pytest.mark.parametrize(
    ("between_looks", "told"),
    [(False, "1 was not proved either way."), (True, "1 was met at every look, and not proved between some of them.")],
)
def test_what_was_unknown_at_any_time_of_the_period_is_not_told_as_kept(between_looks, told) -> None:
    judged = samples.all_met()
    verdict = judged.verdicts[0]
    start, end = verdict.window
    middle = start + 60
    pieces = (
        Piece(start, middle, Status.UNKNOWN, "nobody looked", between_looks),
        Piece(middle, end, Status.MET, "it is there"),
    )
    before = msgspec.structs.replace(
        verdict, overall=msgspec.structs.replace(verdict.overall, pieces=pieces), since_last_run=(), of_period=True,
        unproved=not between_looks,
    )  # fmt: skip
    (text,) = pages(samples.report(msgspec.structs.replace(judged, verdicts=(before,)), faults=False)).values()
    assert f"Of 1 commitment of 1 service, {told}" in words(Page(text))


def test_what_was_breached_and_waived_in_the_period_is_not_told_as_kept() -> None:
    judged = samples.all_met()
    verdict = judged.verdicts[0]
    breach = Opening(verdict.window.start, verdict.window.start + 60, "it was late", waived=True)
    over = msgspec.structs.replace(verdict, since_last_run=(Named(breach, False, News.OF_PERIOD),), of_period=True)
    (text,) = pages(samples.report(msgspec.structs.replace(judged, verdicts=(over,)), faults=False)).values()
    assert "Of 1 commitment of 1 service, 1 was breached and waived." in words(Page(text))


def test_each_control_of_a_standard_says_what_was_found_and_what_it_does_not_show() -> None:
    control = Control("A.8.13", "Information backup", ("rpo",), "Backups were made.", "Whether that is enough.")
    unpromised = Control("A.8.14", "Redundancy", ("immutability",), "Copies lay apart.", "The rest.")
    report = msgspec.structs.replace(samples.few(), standards=(Standard("iso", "ISO", (control, unpromised)),))
    (text,) = pages(report).values()
    told = words(Page(text))
    assert re.search(r"A.8.13 +Information backup +✗ +breached .*Backups were made. +Whether that is enough.", told)
    assert "nothing that was promised concerns it" in told


def test_policies_that_could_not_be_judged_are_told_before_the_services() -> None:
    (text,) = pages(samples.few()).values()
    told = words(Page(text))
    assert told.index("Policies that could not be judged") < told.index("Services, the worst first")


@pytest.mark.parametrize("split", [False, True])
def test_the_same_report_gives_the_same_bytes(split: bool) -> None:
    assert pages(samples.few(), split=split) == pages(samples.few(), split=split)


def test_a_service_without_anything_seen_has_a_page() -> None:
    judged = msgspec.structs.replace(samples.all_met(), sources=(), population=Population())
    (text,) = pages(samples.report(judged, faults=False)).values()
    assert "Everything that there was" in words(Page(text))
