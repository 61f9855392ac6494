"""A place that two sources name, as a line is copied and its path left as it was."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from situation import Situation, assert_tells

SITES = "sites: {sto: {region: north}, far: {region: south}}\n"
SOURCE = (
    '  %s: {at: "disk:%s", reader: objects, name: "%s{data_as_of:%%Y-%%m-%%dT%%H%%M}Z.dump", '
    "available_at: mtime, thinned_after: never, site: %s}\n"
)


def copies(situation: Situation, other: tuple[str, str], different: str) -> str | None:
    for ago in range(5):
        for place in ("d", "e"):
            situation.put(
                f"{place}/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), situation.night(ago)
            )
    situation.policy(
        sources=SOURCE % ("dumps", "d/", "", "sto") + SOURCE % ("offsite", *other, "far"),
        commitments=f"  c: {{kind: copies, at_least: 2{different}, evidence: [dumps, offsite]}}\n"
        "  within: {kind: copies, all_in: {region: [north]}, evidence: [dumps, offsite]}\n",
        more=SITES,
    )
    found = situation.statuses()
    assert found["within"] == "breached"
    return found["c"]


@pytest.mark.parametrize("different", ["", ", different: site"])
@pytest.mark.parametrize("other", [("d/", ""), ("", "d/")])
def test_one_file_that_two_sources_list_is_one_copy(situation, other, different):
    assert copies(situation, other, different) == "breached"


def test_files_of_two_places_are_two_copies(situation):
    assert copies(situation, ("e/", ""), ", different: site") == "met"


@pytest.mark.parametrize("ends", [("/", "/x.dump"), ("/x.dump", "/")])
def test_a_directory_and_the_file_in_it_are_one_copy(situation, ends):
    for ago in range(5):
        situation.put(f"d/{situation.night(ago):%Y-%m-%dT%H%M}Z/x.dump", situation.noise(9000), situation.night(ago))
    sources = (
        (SOURCE % (name, "d/", "", site)).replace(".dump", end)
        for name, site, end in zip(("dumps", "offsite"), ("sto", "far"), ends, strict=True)
    )
    situation.policy(
        sources="".join(sources),
        commitments="  c: {kind: copies, at_least: 2, evidence: [dumps, offsite]}\n",
        more=SITES,
    )
    assert situation.statuses() == {"c": "breached"}


@pytest.mark.parametrize("first", ["sure", "unsure"])
def test_of_two_sources_that_list_one_file_the_surer_one_counts_whichever_comes_first(situation, first):
    for ago in range(5):
        for place in ("d", "e"):
            situation.put(
                f"{place}/{situation.night(ago):%Y-%m-%dT%H%M}Z.dump", situation.noise(9000), situation.night(ago)
            )
    sources = {"sure": SOURCE % ("sure", "d/", "", "sto"), "unsure": SOURCE % ("unsure", "d/", "", "sto")}
    sources["unsure"] = sources["unsure"].replace("thinned_after", "min_size: 1 MB, thinned_after")
    names = [first, *({*sources} - {first})]
    situation.policy(
        sources="".join(sources[name] for name in names) + SOURCE % ("offsite", "e/", "", "far"),
        commitments=f"  c: {{kind: copies, at_least: 2, evidence: [{', '.join(names)}, offsite]}}\n",
        more=SITES,
    )
    assert situation.statuses() == {"c": "met"}


def linked_copies(situation: Situation, link: bool) -> dict[str, Any]:
    for ago in range(5):
        name = f"{situation.night(ago):%Y-%m-%dT%H%M}Z.dump"
        there = situation.put(f"d/{name}", situation.noise(9000), situation.night(ago))
        (situation.disk / "e").mkdir(exist_ok=True)
        (os.link if link else shutil.copy2)(there, situation.disk / "e" / name)
    situation.policy(
        sources=SOURCE % ("dumps", "d/", "", "sto") + SOURCE % ("offsite", "e/", "", "far"),
        commitments="  c: {kind: copies, at_least: 2, evidence: [dumps, offsite]}\n",
        more=SITES,
    )
    return situation.judged()["c"]


def test_hard_links_of_one_file_are_one_copy(situation):
    found = linked_copies(situation, link=True)
    assert found["status"] == "breached"
    assert_tells(found, ["hard links"])


def test_a_copy_that_is_a_file_of_its_own_counts(situation):
    assert linked_copies(situation, link=False)["status"] == "met"


def test_a_hard_link_that_outlives_the_other_was_no_second_copy(situation):
    linked_copies(situation, link=True)
    for there in (situation.disk / "d").iterdir():
        there.unlink()
    assert situation.statuses() == {"c": "breached"}


@pytest.mark.parametrize("alone", [False, True])
def test_directories_whose_files_are_all_hard_links_are_one_copy(situation, alone):
    for ago in range(5):
        name = f"{situation.night(ago):%Y-%m-%dT%H%M}Z"
        for part in "ab":
            there = situation.put(f"d/{name}/{part}", situation.noise(9000), situation.night(ago))
            (situation.disk / "e" / name).mkdir(parents=True, exist_ok=True)
            (shutil.copy2 if alone else os.link)(there, situation.disk / "e" / name / part)
    sources = (
        (SOURCE % (name, f"{place}/", "", site)).replace(".dump", "/")
        for name, place, site in (("dumps", "d", "sto"), ("offsite", "e", "far"))
    )
    situation.policy(
        sources="".join(sources),
        commitments="  c: {kind: copies, at_least: 2, evidence: [dumps, offsite]}\n",
        more=SITES,
    )
    assert situation.statuses() == {"c": "met" if alone else "breached"}
