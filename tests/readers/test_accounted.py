"""Which names nothing accounts for: no template of any policy, and they are no markers, digests or placeholders."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from paged_place import DAY, NOW, Place, entry

from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Source
from drcheck.interfaces import LookRequest, Seek
from drcheck.readers.points import objects, unaccounted_names
from drcheck.readers.points.listing import AROUND
from drcheck.registry import READERS

ASKED = LookRequest(LONG_AGO, NOW, 300, "shop")
LARGE = unaccounted_names.SMALL


def large(name, age=1):
    return entry(name, NOW - age * DAY, size=LARGE)


def at(path, *templates, **told):
    templates = templates or ("db-{data_as_of:%Y-%m-%d}.gz",)
    zone = {"name_zone": "UTC"}
    return Source(
        "dumps", "host", path, READERS["objects"], told.pop("of", ("db",)), templates=templates, **zone, **told
    )


def look(place, its, asked=ASKED):
    return objects.read(place, its, "", asked).look


def names(place, its, asked=ASKED):
    return [one.name for one in look(place, its, asked).unaccounted]


def test_a_look_counts_names_and_keeps_the_newest_that_nothing_accounts_for():
    others = [large(f"other-{number}.sql", 20 - number) for number in range(9)]
    seen = look(Place([large("db-2026-09-19.gz", 2), *others]), at("", "{of}-{data_as_of:%Y-%m-%d}.gz"))
    assert (seen.names, seen.matched) == (10, 1)
    assert [one.name for one in seen.unaccounted] == [f"other-{number}.sql" for number in range(8, 3, -1)]
    assert not any(one.newer for one in seen.unaccounted)


@pytest.mark.parametrize(("age", "newer"), [(1, True), (2, False), (3, False)])
def test_what_is_newer_than_everything_that_a_template_reads_is_marked(age, newer):
    (found,) = look(
        Place([large("db-2026-09-19.gz", 2), large("x.sql", age)]),
        at("", "{of}-{data_as_of:%Y-%m-%d}.gz"),
    ).unaccounted
    assert found == ("x.sql", NOW - age * DAY, newer)


def test_where_nothing_is_read_every_name_is_newer():
    (found,) = look(Place([large("x.sql", 9000)]), at("", "{*}-{data_as_of:%Y-%m-%d}.gz")).unaccounted
    assert found.newer


@pytest.mark.parametrize(
    "name", ["a.sql.sha256", "a.sql.MD5", "a/SHA256SUMS", "a.asc", "directory/", "db-2026-09-20.gz.done", "x.gz.done",
             "stock-2026-09-20.gz"]
)  # fmt: skip
def test_markers_digests_placeholders_and_data_sets_that_nobody_listed_are_accounted_for(name):
    its = at("", "{of}-{data_as_of:%Y-%m-%d}.gz", complete_when="{name}.done")
    assert names(Place([large(name)]), its) == []


def test_what_is_smaller_than_a_kilobyte_is_no_backup_that_a_template_should_read():
    its = at("", "{of}-{data_as_of:%Y-%m-%d}.gz")
    assert names(Place([entry("x", size=LARGE - 1)]), its) == []
    assert names(Place([entry("x", size=LARGE)]), its) == ["x"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("", "web/2026-09-20.tar"), ("web/", "2026-09-20.tar"), ("web/old", "2026-09-20.tar"), ("web/old/", "log.json")],
)
def test_a_name_that_another_policy_reads_is_accounted_for_wherever_that_one_is_rooted(path, name):
    its = at("web/", "{of}-{data_as_of:%Y-%m-%d}.gz")
    below = {"": "2026-09-20.tar", "web/": "2026-09-20.tar"}.get(path, f"old/{name}")
    template = "web/{data_as_of:%Y-%m-%d}.tar" if not path else "{data_as_of:%Y-%m-%d}.tar"
    other = at(path, template, complete_when="{dir}/log.json")
    place = Place([large(below), large("unread.tar", 2)])
    assert names(place, its, replace(ASKED, also_read=(other,))) == ["unread.tar"]
    assert len(names(place, its)) == 2


def test_a_policy_that_cannot_be_asked_accounts_for_nothing():
    broken = at("", "{data_as_of:%Y-%m-%d}.tar", of=("a", "b"))
    its = at("", "{of}-{data_as_of:%Y-%m-%d}.gz")
    assert names(Place([large("x.tar")]), its, replace(ASKED, also_read=(broken,))) == ["x.tar"]


@pytest.mark.parametrize("seek", Seek)
def test_names_that_begin_otherwise_are_looked_for_where_what_should_have_come_did_not(seek):
    stale = Place([large("db-2026-09-01.gz", 20), large("database-2026-09-20.gz")], seek=seek)
    overdue = replace(ASKED, expected_since=NOW - 2 * DAY)
    assert names(stale, at(""), overdue) == ["database-2026-09-20.gz"]
    assert names(stale, at("")) == []
    fresh = Place([*stale.entries, large("db-2026-09-20.gz")], seek=seek)
    assert names(fresh, at(""), overdue) == []
    assert len(fresh.asked) == 1


def test_looking_for_them_is_bounded_and_hides_nothing_where_it_fails():
    many = Place([large(f"a{number:06}") for number in range(AROUND + 5000)])
    overdue = replace(ASKED, expected_since=NOW)
    assert look(many, at(""), overdue).names == AROUND
    failing = Place([large("x")], breaks_at=2)
    seen = look(failing, at(""), overdue)
    assert seen.complete
    assert seen.unaccounted == ()


def test_older_backups_that_are_seen_by_the_way_are_no_candidates():
    place = Place([large("db-2020-01-01.gz", 2400), large("x")])
    asked = replace(ASKED, since=NOW - DAY, expected_since=NOW)
    seen = objects.read(place, at("", "{data_as_of:%Y}/db-{data_as_of:%Y-%m-%d}.gz"), "", asked)
    assert (seen.candidates, [one.name for one in seen.look.unaccounted]) == ([], ["x", "db-2020-01-01.gz"])


def test_a_thousand_other_sources_are_tried_on_the_newest_names_alone(monkeypatch):
    monkeypatch.setattr(unaccounted_names, "MOST_TRIES", 6)
    tried = []
    monkeypatch.setattr(unaccounted_names, "matcher_of", lambda _: Recorder(tried))
    others = tuple(at("", f"x{number}-{{data_as_of:%Y}}") for number in range(2))
    place = Place([large(f"n{number}", number + 1) for number in range(10)])
    names(place, at("", "{*}-{data_as_of:%Y-%m-%d}.gz"), replace(ASKED, also_read=others))
    assert set(tried) == {"n0", "n1", "n2"}


def test_thousands_of_names_of_another_source_hide_none_that_nothing_accounts_for():
    other = at("", "other-{data_as_of:%s}.gz")
    place = Place([*(large(f"other-{NOW - number}.gz") for number in range(2500)), large("forgotten.gz", 9)])
    assert names(place, at("", "{*}-{data_as_of:%Y-%m-%d}.gz"), replace(ASKED, also_read=(other,))) == ["forgotten.gz"]


class Recorder:
    def __init__(self, tried):
        self.tried = tried

    def __call__(self, name):
        self.tried.append(name)

    def unlisted(self, name):
        return ""
