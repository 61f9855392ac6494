"""What was meant otherwise in a name template: each is refused, with what would be right."""

from __future__ import annotations

import re

import pytest

from drcheck.core.names.template import Template
from drcheck.errors import DrcheckError


@pytest.mark.parametrize(
    ("text", "what", "right"),
    [
        ("orders-*.sql.gz", "looks like a glob", "{*}"),
        ("**/orders.gz", "looks like a glob", "{**}"),
        ("orders-????.gz", "looks like a glob", "{*}"),
        ("orders-[0-9]+.gz", "looks like a pattern", "{*}"),
        (r"orders-\d+.gz", "looks like a pattern", "{*}"),
        ("{***}.gz", "unknown field", "{**}"),
        ("{ * }.gz", "unknown field", "{*}"),
        ("orders-%Y-%m-%d.gz", "%Y-%m-%d outside braces", "{data_as_of:%Y-%m-%d}"),
        ("orders-%F.gz", "%F outside braces", "{data_as_of:%F}"),
        ("orders-%Y%m%d_%H%M%S.gz", "%Y%m%d_%H%M%S outside braces", "{data_as_of:%Y%m%d_%H%M%S}"),
        ("orders-YYYY-MM-DD.gz", "YYYY-MM-DD", "{data_as_of:%Y-%m-%d}"),
        ("orders-yyyyMMdd_HHmmss.gz", "yyyyMMdd_HHmmss", "{data_as_of:%Y%m%d_%H%M%S}"),
        ("orders-$(date +%F).gz", "only a shell fills in", "{data_as_of:%F}"),
        ("orders-$(date '+%Y%m%d').gz", "only a shell fills in", "{data_as_of:%Y%m%d}"),
        ("$DB-{data_as_of:%F}.gz", "only a shell fills in", "{*}"),
        ("${of}-{data_as_of:%F}.gz", "holds a $ before a field", "{of}"),
        ("<db>-{data_as_of:%F}.gz", "read as it stands", "{of}"),
        ("<date>.gz", "read as it stands", "{data_as_of:%Y-%m-%d}"),
        ("{date}.gz", "unknown field", "{data_as_of:%Y-%m-%d}"),
        ("{date:%Y%m%d}.gz", "unknown field", "{data_as_of:%Y%m%d}"),
        ("{timestamp}.gz", "unknown field", "{data_as_of:%Y-%m-%d}"),
        ("{YYYY-MM-DD}.gz", "unknown field", "{data_as_of:%Y-%m-%d}"),
        ("{%Y-%m-%d}.gz", "unknown field", "{data_as_of:%Y-%m-%d}"),
        ("{data-as-of:%F}.gz", "unknown field", "{data_as_of:%F}"),
        ("{Data_As_Of:%F}.gz", "unknown field", "{data_as_of:%F}"),
        ("{data_asof:%F}.gz", "unknown field", "{data_as_of:%F}"),
        ("{data_as_of}.gz", "without a format", "{data_as_of:%Y-%m-%d}"),
        ("{data_as_of:YYYYMMDD}.gz", "no directive", "{data_as_of:%Y%m%d}"),
        ("{data_as_of:}.gz", "no directive", "{data_as_of:%Y-%m-%d}"),
        ("{data_as_of:%Y-%m-%d_%H-%m}.gz", "the month, %m, after the hour", "%Y-%m-%d_%H-%M"),
        ("{data_as_of:%Y-%M-%d}.gz", "minutes, %M, after the year", "%Y-%m-%d"),
        ("{data_as_of:%Y-%m-%dT%H:%M:%SZ%3N}.gz", "unknown directive %3", "%f"),
        ("{data_as_of:%-d.%m.%Y}.gz", "unknown directive %-", "%d"),
        ("{data_as_of:%e.%m.%Y}.gz", "unknown directive %e", "%d"),
        ("{data_as_of:%Y-W%W}.gz", "unknown directive %W", "%V with %G"),
        ("{data_as_of:%F_%H-%M-%S-%Z}.gz", "unknown directive %Z", "name_zone"),
        ("{other}.gz", "without a format", "{other:%Y-%m-%d}"),
        ("{db}-{data_as_of:%F}.gz", "unknown field", "{of}"),
        ("{database}-{data_as_of:%F}.gz", "unknown field", "{of}"),
        ("{OF}-{data_as_of:%F}.gz", "unknown field", "{of}"),
        ("{of:10}-{data_as_of:%F}.gz", "unknown field", "{of}"),
        ("{type}-{data_as_of:%F}.gz", "unknown field", "{kind}"),
        ("{kinds}-{data_as_of:%F}.gz", "unknown field", "{kind}"),
        ("{volume}-{data_as_of:%F}.gz", "unknown field", "{part}"),
        ("{host}-{data_as_of:%F}.gz", "unknown field", "{*}"),
        ("{}-{data_as_of:%F}.gz", "unknown field", "{*}"),
    ],
)
def test_what_looks_like_a_glob_or_a_typo_is_refused_with_what_would_be_right(text, what, right):
    with pytest.raises(DrcheckError, match=re.escape(what)) as raised:
        Template.parse(text)
    assert right in raised.value.hint
    assert raised.value.hint.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "100%-{of}.gz",
        "a%2Fb-{of}.gz",
        "%F0%9F%98%80-{of}.gz",
        "%d0%b0-{of}.gz",
        "{of}-{data_as_of:%F}[1].zip",
        "C$/{of}.bak",
        "{of}~{data_as_of:%s}.7z",
        "MMDD-{of}.gz",
        "{of} ({data_as_of:%Y-%m-%d %H-%M-%S UTC}).bak",
    ],
)
def test_what_names_really_hold_is_no_typo(text):
    assert Template.parse(text).has_of
