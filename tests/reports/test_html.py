"""Pages of a report, as parsers and readers find them."""

from __future__ import annotations

import re
from fractions import Fraction
from html.parser import HTMLParser

import msgspec
import pytest
import samples

from drcheck.core.judging.population import Population
from drcheck.core.kinds.availability.commitment import Availability
from drcheck.core.kinds.rto import Rto
from drcheck.core.model.controls import Control, Standard
from drcheck.core.model.evidence import Cited
from drcheck.core.model.exhibit import TimedRecovery, Times
from drcheck.core.model.log_records import Phase, Recovery
from drcheck.core.model.policy import Agreement
from drcheck.core.model.sites import Site
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, NamedBreach, News, Opening, Piece, Verdict
from drcheck.reports.html.documents import documents
from drcheck.reports.story import recoveries
from drcheck.reports.story.service import Section
from drcheck.run_report import Judged, Report

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
    over = msgspec.structs.replace(verdict, since_last_run=(NamedBreach(breach, True, News.OF_PERIOD),), of_period=True)
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
    over = msgspec.structs.replace(
        verdict, since_last_run=(NamedBreach(breach, False, News.OF_PERIOD),), of_period=True
    )
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


def over_in_the_period(breaches: int = 1) -> Report:
    """Return a report of one commitment that was breached, each time longer than the last but one, and is kept."""
    judged = samples.all_met()
    verdict = judged.verdicts[0]
    start, end = verdict.window
    pieces = []
    for number in range(breaches):
        at = start + number * 86400
        pieces += [
            Piece(at + 60, at + (7200 if number == 1 else 120), Status.BREACHED, "it was late"),
            Piece(at + (7200 if number == 1 else 120), at + 86460, Status.MET, "it is there"),
        ]
    pieces = [Piece(start, start + 60, Status.MET, "it is there"), *pieces]
    pieces[-1] = pieces[-1]._replace(end=end)
    verdict = msgspec.structs.replace(verdict, overall=msgspec.structs.replace(verdict.overall, pieces=tuple(pieces)))
    named = tuple(NamedBreach(one, True, News.OF_PERIOD) for one in verdict.breaches())
    verdict = msgspec.structs.replace(verdict, since_last_run=named, of_period=True)
    control = Control("A.8.13", "Information backup", (verdict.commitment.kind,), "Backups were made.", "The rest.")
    return msgspec.structs.replace(
        samples.report(msgspec.structs.replace(judged, verdicts=(verdict,)), faults=False),
        standards=(Standard("iso", "ISO", (control,)),),
    )


def test_what_was_breached_in_the_period_has_one_mark_wherever_it_stands() -> None:
    report = over_in_the_period()
    (text,) = pages(report).values()
    shown = re.findall(r'class="(?:status|cell) ([a-z-]+)"', text)
    legend = re.findall(r'class="(?:status|cell) ([a-z-]+)"', text[text.index('id="legend"') :])
    before = shown[: -len(legend)]
    assert set(before) == {
        "breached"
    }  # the answer, the row and its kind, the exception, the control and what it rests on
    at_end = re.findall(r'<td class="number"><span class="status ([a-z-]+)"', text)
    assert at_end == ["met"]


def test_an_exception_says_from_when_to_when_and_how_long() -> None:
    (text,) = pages(over_in_the_period()).values()
    told = words(Page(text))
    assert re.search(
        r"breached from \S+T04:31:00\S* to \S+T04:32:00\S*, for 1 min, and kept again at the end: it was", told
    )


def test_a_breach_that_is_open_says_since_when_also_when_that_was_before_the_period() -> None:
    judged = samples.all_met()
    verdict = judged.verdicts[0]
    start, end = verdict.window
    piece = Piece(start, end, Status.BREACHED, "it was late")
    overall = msgspec.structs.replace(verdict.overall, pieces=(piece,), reason="it was late")
    for since, told in ((None, "for 30 d or more: it was late"), (start - 5 * 86400, "for 35 d: it was late")):
        breached = msgspec.structs.replace(verdict, overall=overall, breached_since=since, of_period=True)
        report = samples.report(msgspec.structs.replace(judged, verdicts=(breached,)), faults=False)
        (text,) = pages(report).values()
        assert told in words(Page(text))


def test_a_control_names_the_commitments_that_it_rests_on() -> None:
    report = over_in_the_period()
    (judged,) = report.services
    (text,) = pages(report).values()
    rests = text[text.index('<ul class="rests">') :]
    assert f"{judged.policy.service} <code>{judged.verdicts[0].commitment.id}</code>" in rests[: rests.index("</ul>")]


def test_a_table_of_breaches_that_is_cut_keeps_the_longest_and_counts_what_it_leaves_out() -> None:
    (judged,) = over_in_the_period(breaches=14).services
    clause = Section(judged).clauses[0]
    told = clause.breaches(10)
    assert (told.total, len(told.shown)) == (14, 10)
    assert told.shown[0].length == "1 h 59 min"
    assert {one.length for one in told.shown[1:]} == {"1 min"}
    assert "4 are left out, 4 min in all" in told.more
    assert not clause.breaches(14).more


def test_the_head_of_a_service_says_who_promised_whom_and_for_which_disaster() -> None:
    judged = samples.webshop()
    policy = msgspec.structs.replace(
        judged.policy,
        agreement=Agreement("Hosting agreement", "Host AB", customer="Shop AB"),
        sites={"rack": Site("rack"), "vm": Site("vm", part_of="rack")},
        scenarios={"server": frozenset({"rack"})},
    )
    about = dict(Section(msgspec.structs.replace(judged, policy=policy)).about)
    assert (about["Promised by"], about["Promised to"]) == ("Host AB", "Shop AB")
    assert about["Disaster: server"].startswith("takes away rack and vm; promised for it: rpo-server")
    assert about["In force from"] == "not stated in the policy"


def test_where_one_look_carries_the_whole_period_that_is_said() -> None:
    judged = samples.all_met()
    once = msgspec.structs.replace(judged.verdicts[0], rests_on=1)
    report = samples.report(msgspec.structs.replace(judged, verdicts=(once,)), faults=False)
    (text,) = pages(report).values()
    told = words(Page(text))
    assert "1 of 1 verdict rests on a single look of the period" in told
    assert "It rests on 1 complete look of the period." in told


def with_recoveries() -> Judged:
    """Return a service with a restore test of which a phase does not count, and an outage that does."""
    judged = samples.webshop()
    rto = Rto("rto-server", ("drills",), at_most=4 * 3600, clause="7.3", not_counted=frozenset({"dns"}))
    start, end = judged.window
    shared = TimedRecovery("drill-3", end - 100, passed=True, shortest=3 * 3600, longest=3 * 3600, real=False)
    finding = Finding("", (Piece(start, end, Status.MET, "proven"),), "proven", exhibit=Times(4 * 3600, (shared,)))
    up = Availability("uptime", ("outages",), at_least=Fraction(99, 100))
    told = Cited("outages", "", "down-1", None, None, "", "down then, total; 20 min counted")
    down = Finding("", (Piece(start, end, Status.MET, "up"),), "up", evidence=(told,))
    drill = Recovery(
        "drill-3", 1, end - 15000, end - 100, "passed", frozenset({"server"}),
        phases=(Phase("restore", end - 15000, end - 4200), Phase("dns", end - 4200, end - 100)),
    )  # fmt: skip
    outage = Recovery("down-1", 1, end - 9000, end - 7800, "passed", real=True)
    verdicts = (Verdict(rto, judged.window, finding, ()), Verdict(up, judged.window, down, ()))
    return msgspec.structs.replace(
        judged, verdicts=verdicts, population=Population((), (("drills", drill), ("outages", outage)))
    )


def test_every_restore_test_and_outage_is_told_with_what_does_not_count_and_what_it_came_to() -> None:
    report = samples.report(with_recoveries(), faults=False)
    (text,) = pages(report).values()
    table = text[text.index('id="recoveries"') :]
    told = re.sub(r"<[^>]+>", " ", table[: table.index("</section>")])
    assert "restore 3 h; dns 1 h 8 min, not counted by rto-server, clause 7.3" in told
    assert "rto-server: 3 h count, 4 h allowed: in time" in told
    assert "uptime: 20 min counted" in told
    assert told.index("down-1") < told.index("drill-3")  # the newest first


def test_where_room_is_short_what_failed_or_counts_is_shown_before_others() -> None:
    def row(number: int, *, matters: bool) -> recoveries.Row:
        return recoveries.Row((str(number),), number, matters)

    several = [row(9, matters=False), row(8, matters=True), row(7, matters=False), row(6, matters=True)]
    assert [one.began for one in recoveries.fitting(several, 2)] == [8, 6]
    assert [one.began for one in recoveries.fitting(several, 3)] == [9, 8, 6]
    assert recoveries.fitting(several, 4) == several
