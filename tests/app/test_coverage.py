"""Coverage as a promise of the estate: each night a list of what exists is held against the policies."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from drcheck import clock
from drcheck.app.look import unwatched
from drcheck.app.publish import Publication
from drcheck.app.question import Question
from drcheck.app.replay import replay
from drcheck.app.verify import verify
from drcheck.ledger.store import open_ledger
from drcheck.policyfile.config import load_settings
from drcheck.registry import FORMATS, renderer

SERVICE = """\
drcheck: 1
service: {service}
sources:
  dumps: {{at: "{at}", reader: objects, name: "{{data_as_of:%Y-%m-%dT%H%M}}Z.dump"}}
commitments:
  rpo: {{kind: rpo, at_most: 8h, evidence: [dumps]}}
"""
ESTATE = """\
drcheck: 1
service: estate
sources:
  servers: {{at: "lists:servers.csv", reader: inventory}}
commitments:
  covered:
    kind: coverage
    evidence: [servers]
{more}
"""


class Place:
    """Two services, a list of servers, and nights."""

    def __init__(self, path, traveller):
        self.path, self.traveller = path, traveller
        for name in ("dumps", "lists", "policies"):
            (path / name).mkdir()
        (path / "drcheck.yaml").write_text(
            f"connections:\n  disk: {{type: local, root: '{path}/dumps'}}\n  lists: {{type: local, root: '{path}/lists'}}\n"
            "  far: {type: ssh, host: web1.example.com, user: u, identity_file: i, known_hosts: k}\n"
        )
        self.settings = load_settings(str(path / "drcheck.yaml"))
        for service in ("crm", "wiki"):
            self.promise(service)
        self.estate()

    def promise(self, service, at="disk:"):
        (self.path / "policies" / f"{service}.yaml").write_text(SERVICE.format(service=service, at=f"{at}{service}/"))

    def estate(self, *more):
        (self.path / "policies" / "estate.yaml").write_text(ESTATE.format(more="\n".join(f"    {one}" for one in more)))

    def list(self, *names, age=0):
        file = self.path / "lists" / "servers.csv"
        file.write_text("".join(f"{name}\n" for name in names))
        os.utime(file, (clock.now() - age,) * 2)

    def night(self, days=1, question=None):
        self.traveller.shift(timedelta(days=days))
        publication = Publication(self.settings, whole=True)
        outcome = verify(self.settings, (), question or Question(), unwatched, prepare=publication.prepare)
        publication.complete(outcome)
        self.outcome = outcome
        return next(one.verdicts[0] for one in outcome.report.services if one.policy.service == "estate")

    def offline(self):
        return self.night(0, Question(offline=True))

    def rendered(self, form):
        return renderer(form)(self.outcome.report, quiet=False, verbose=True, terminal=False, config="").decode()


@pytest.fixture
def place(tmp_path):
    with time_machine.travel(datetime(2026, 3, 20, 12, tzinfo=UTC), tick=False) as traveller:
        yield Place(tmp_path, traveller)


def told(verdict):
    return verdict.status.value if verdict.status else None, verdict.overall.reason


def test_a_name_that_no_policy_covers_is_a_breach_since_the_look_that_showed_it(place):
    place.list("crm", "WIKI")
    assert told(place.night()) == ("met", "policies cover every name in servers, 2 in all")
    place.list("crm", "wiki", "shop")
    verdict = place.night()
    assert told(verdict) == ("breached", "1 of 3 names in servers is covered by no policy: shop")
    (breach,) = verdict.breaches()
    assert breach.opened_at == clock.now()
    assert verdict.overall.measured.value == "66.666666"
    assert [(one.name, one.why_not, one.place) for one in verdict.overall.evidence] == [
        ("shop", "no policy covers it", "lists:servers.csv")
    ]
    assert place.outcome.report.exit_status == 1
    for form, what in FORMATS.items():
        if form not in {"prometheus", "sarif"} and not what.is_binary:
            assert "shop" in place.rendered(form), form
    place.promise("shop")
    verdict = place.night()
    assert told(verdict) == ("met", "policies cover every name in servers, 3 in all")
    assert [one.closed_at for one in verdict.breaches()] == [clock.now()]  # when its policy was first judged
    assert [told(place.offline()), place.outcome.report.run] == [told(verdict), place.outcome.report.run]
    assert replay(place.settings, "").differences == ()
    with open_ledger(place.settings.ledger, read_only=True) as ledger:
        assert list(ledger.damage()) == []


def test_a_service_is_covered_by_its_path_and_by_the_host_of_its_connection(place):
    place.promise("web", at="far:")
    place.list("crm", "disk:wiki", "web1.example.com")
    assert place.night().status.value == "met"
    place.list("crm", "wiki", "web2.example.com", "lists")
    assert told(place.night()) == (
        "breached", "2 of 4 names in servers are covered by no policy: lists and web2.example.com"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "servers could not be read: there is no log servers.csv"),
        (b"", "servers could not be read: the list is empty"),
        (b"# nothing yet\n", "servers could not be read: the list is empty"),
        (b"service,owner\n", "servers could not be read: the list is empty"),
        (b'["crm", "wiki"]', "servers could not be read: the list is JSON or XML"),
        (b"c\0rm\n", "servers could not be read: the list is no text"),
        (b"x" * 2000, "servers could not be read: the list has a name of more than 1000 characters"),
    ],
)
def test_a_list_that_cannot_be_read_or_is_empty_makes_it_unknown(place, content, why):
    place.list("crm", "wiki")
    assert place.night().status.value == "met"
    file = Path(place.path / "lists" / "servers.csv")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    verdict = place.night()
    assert verdict.status.value == "unknown"
    assert verdict.overall.reason.startswith(why)
    assert verdict.gaps
    assert place.outcome.report.exit_status in {1, 3}


def test_a_list_that_is_older_than_it_may_be_makes_it_unknown_from_then_on(place):
    place.estate("fresh_within: 2d")
    place.list("crm", "wiki")
    assert place.night(1).status.value == "met"
    assert place.night(1).status.value == "met"
    verdict = place.night(1)
    assert told(verdict) == ("unknown", "the list servers was written 2026-03-20T12:00:00Z, more than 2 d ago")
    assert verdict.overall.pieces[-1].start == int(datetime(2026, 3, 22, 12, 0, 1, tzinfo=UTC).timestamp())
    place.list("crm", "wiki")
    assert place.night(0).status.value == "met"


def test_a_list_that_is_dated_in_the_future_makes_it_unknown_and_not_fresh_for_ever(place):
    place.list("crm", "wiki", age=-30 * 86400)
    status, reason = told(place.night())
    assert status == "unknown"
    assert "is dated 2026-04-19T12:00:00Z, after it was looked at" in reason


def test_a_name_is_accepted_by_an_owner_until_a_day_and_shown_in_every_report(place):
    accepted = '[{name: Build-3, until: 2026-03-23, owner: cto@example.com, reason: "holds nothing"}]'
    place.estate(f"accepted: {accepted}")
    place.list("crm", "wiki", "build-3")
    verdict = place.night()
    assert told(verdict) == ("met", "policies cover every name in servers, 3 in all, but for 1 accepted")
    note = "Build-3 is not covered, accepted by cto@example.com until 2026-03-24T00:00:00Z: holds nothing"
    assert verdict.overall.notes == (note,)
    assert verdict.overall.at_risk
    assert verdict.overall.due_at == int(datetime(2026, 3, 24, tzinfo=UTC).timestamp())
    assert any(note in json.dumps(one) for one in json.loads(place.rendered("json"))["services"])
    verdict = place.night(3)
    assert told(verdict) == ("breached", "1 of 3 names in servers is covered by no policy: build-3")
    assert verdict.breaches()[0].opened_at == int(datetime(2026, 3, 24, tzinfo=UTC).timestamp())


def test_what_a_service_covered_is_not_covered_once_it_is_retired(place):
    place.list("crm", "wiki")
    place.night()
    (place.path / "policies" / "wiki.yaml").unlink()
    assert place.night().status.value == "met"  # its policy is told as gone
    assert place.outcome.report.gone == 1
    with open_ledger(place.settings.ledger) as ledger:
        ledger.retire("wiki", clock.now(), "closed down")
    assert told(place.night()) == ("breached", "1 of 2 names in servers is covered by no policy: wiki")


def test_a_run_of_the_estate_alone_knows_what_other_runs_judged(place):
    place.list("crm", "wiki")
    place.night()
    place.traveller.shift(timedelta(hours=1))
    outcome = verify(place.settings, [f"{place.path}/policies/estate.yaml"], Question(), unwatched)
    assert [told(verdict) for verdict in outcome.report.verdicts] == [
        ("met", "policies cover every name in servers, 2 in all")
    ]


def test_an_acceptance_without_an_end_or_an_owner_is_refused(place):
    place.estate("accepted: [{name: build-3}]")
    place.list("crm")
    outcome = verify(place.settings, (), Question(), unwatched)
    told = str(outcome.report.faults)
    assert all(f"{key} is missing" in told for key in ("until", "owner", "reason")), told


def test_a_list_that_stays_the_same_is_kept_once(place):
    for _ in range(3):
        place.list("crm", "wiki", "x" * 900)
        place.night()
    with open_ledger(place.settings.ledger, read_only=True) as ledger:
        state = ledger.state()
        (key,) = (key for key in state.sources if key.service == "estate")
        told = state.source(key).history.inventories
    assert [one.names is not None for one in told] == [True, False, False]
    assert len({one.written_at for one in told}) == 3
