"""A waiver in each format: who answers for it, who approved it, until when, and why."""

from __future__ import annotations

import msgspec
import pytest
import samples

from drcheck import registry
from drcheck.core.model.waivers import Waived
from drcheck.reports.story.service import Section
from drcheck.reports.wording.waived import approver

HOSTILE = "=cmd|'x'!A1 <script>alert(1)</script> \x1b[31m\u202e"
FORMATS = ["console", "json", "junit", "markdown", "csv", "sarif", "oscal", "nagios"]


def waived(approved_by: str) -> samples.Judged:
    webshop = samples.webshop()
    waiver = msgspec.structs.replace(samples.MOVE, approved_by=approved_by)
    verdicts = tuple(
        msgspec.structs.replace(one, waived=tuple(held._replace(waiver=waiver) for held in one.waived))
        for one in webshop.verdicts
    )
    return msgspec.structs.replace(webshop, verdicts=verdicts)


def rendered(name: str, approved_by: str) -> str:
    report = samples.report(waived(approved_by), faults=False)
    return registry.renderer(name)(report, quiet=False, verbose=True, terminal=False, config="").decode()


@pytest.mark.parametrize("name", FORMATS)
def test_who_approved_it_stands_beside_its_owner(name: str) -> None:
    told = rendered(name, "ciso@example.com")
    assert "ciso@example.com" in told
    assert "cto@example.com" in told
    assert "ciso@example.com" not in rendered(name, "")


@pytest.mark.parametrize("name", FORMATS)
def test_whoever_approved_it_is_text(name: str) -> None:
    told = rendered(name, HOSTILE)
    assert "\x1b" not in told
    assert "\u202e" not in told or name == "json"
    if name == "junit":
        assert "<script>" not in told
    if name == "csv":
        assert ",=cmd" not in told


def test_the_pages_of_a_service_tell_waivers_of_earlier_texts_too() -> None:
    judged = waived("ciso@example.com")
    ((commitment, _, _, owner, approved, why),) = Section(judged).waivers
    assert (commitment, owner, approved) == ("kept", "cto@example.com", "ciso@example.com")
    assert "CHG-1234" in why
    over = tuple(
        msgspec.structs.replace(one, waived=tuple(Waived(0, 1, held.waiver) for held in one.waived))
        for one in judged.verdicts
    )
    assert Section(msgspec.structs.replace(judged, verdicts=over)).waivers == []


def test_where_nobody_else_approved_it_that_is_told() -> None:
    assert approver(samples.MOVE) == "nobody but the owner is named"
