"""When a waiver holds, over the texts of a policy."""

from __future__ import annotations

from drcheck.core.judging.waivers import waivers_of
from drcheck.core.judging.wordings import Version
from drcheck.core.model.policy import Policy, Waiver
from drcheck.core.model.waivers import Waived, cover

MOVE = Waiver("kept", 900, "cto", "moving house")


def version(first_seen: int, *waivers: Waiver) -> Version:
    return Version(first_seen, Policy("shop", "shop.yaml", "", "", "UTC", {}, (), waivers=waivers))


def test_a_waiver_holds_from_when_it_was_first_seen_until_it_ends():
    its = tuple(waivers_of("kept", [version(0), version(100, MOVE)]))
    assert its == (Waived(100, 900, MOVE),)
    assert (cover(its, 100, 900), cover(its, 99, 101), cover(its, 899, 901)) == (True, False, False)


def test_a_waiver_that_a_text_no_longer_has_covers_what_came_while_it_had_it():
    assert tuple(waivers_of("kept", [version(100, MOVE), version(300)])) == (Waived(100, 300, MOVE),)


def test_another_text_with_the_same_waiver_begins_none_anew():
    its = tuple(waivers_of("kept", [version(100, MOVE), version(300, MOVE, Waiver("rpo", 1, "cto", ""))]))
    assert its == (Waived(100, 300, MOVE), Waived(300, 900, MOVE))
    assert cover(its, 100, 900)
    assert not cover(its, 100, 901)


def test_a_waiver_that_had_ended_before_it_was_seen_covers_nothing():
    assert tuple(waivers_of("kept", [version(900, MOVE)])) == ()
    assert tuple(waivers_of("rpo", [version(100, MOVE)])) == ()
