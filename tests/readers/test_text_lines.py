"""Plain text logs of restore tests, read by the template that the policy states of their lines."""

from __future__ import annotations

from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from paged_place import NOW, Place, source

from drcheck.core.model.commitments import Rung
from drcheck.core.model.evidence import LONG_AGO
from drcheck.core.model.policy import Clock, RestoreRecords
from drcheck.core.names.line_template import LineTemplate
from drcheck.errors import DrcheckError
from drcheck.interfaces import LookRequest
from drcheck.readers.logs import restore_log
from drcheck.registry import READERS

START = 1_788_246_000  # 2026-09-01T07:00:00Z
LINE = "{finished_at:%Y-%m-%d %H:%M:%S} {*} restore of {test}: {outcome} after {took:s} s"
RECORDS = RestoreRecords(
    line=LINE,
    outcomes=(("ERROR", "failed"), ("OK", "passed")),
    zone="Europe/Stockholm",
    scenarios=("server",),
    validation="restored",
    restored_from="offsite",
    target_site="lab",
)
PASSED = "2026-09-01 09:10:00 drill1 restore of orders: OK after 600 s\n"
FAILED = "2026-09-02 09:10:00 drill1 restore of orders: ERROR after 30.5 s\n"


def where(**told) -> object:
    restores = RestoreRecords(**{**{key: getattr(RECORDS, key) for key in RECORDS.__struct_fields__}, **told})
    return source(path="drills/restore.log", reader=READERS["restore-log"], restores=restores)


def read(text: str, **told):
    return restore_log.parser(where(**told))(text.encode(), "web", NOW)


def test_a_line_is_a_restore_test_with_its_times_and_what_the_policy_says_of_it():
    log = read(PASSED + FAILED)
    good, bad = log.recoveries
    assert log.gaps == ()
    assert (good.started_at, good.finished_at, good.outcome) == (START, START + 600, "passed")
    assert (good.id, good.line) == ("orders 2026-09-01T07:10:00.000000Z", 1)
    assert (good.scenarios, good.validation) == (frozenset({"server"}), Rung.RESTORED)
    assert (good.point_source, good.target_site) == ("offsite", "lab")
    assert (good.restore_started_at, good.validated_at, good.disrupted_at) == (START, START + 600, None)
    assert (bad.outcome, bad.finished_at - bad.started_at) == ("failed", 31)


def test_the_policy_says_what_start_and_end_stand_for():
    (test,) = read(PASSED, begins_with=Clock.DISRUPTION, ends_with=Clock.RESTORED).recoveries
    assert (test.disrupted_at, test.restored_at, test.validated_at) == (START, START + 600, None)


def test_of_a_line_that_tells_one_instant_alone_nobody_knows_how_long_the_test_took():
    line = "{finished_at} {test} {outcome}"
    (test,) = read("2026-09-01T07:10:00Z orders OK\n", line=line, zone="", begins_with=Clock.DISRUPTION).recoveries
    assert (test.outcome, test.disrupted_at, test.restore_started_at, test.validated_at) == ("passed", *[None] * 3)


def test_a_line_that_does_not_fit_is_a_gap_or_where_the_policy_says_so_nothing():
    noise = "2026-09-01 09:00:00 drill1 starting\n\tat \x1b[31msomewhere\n"
    assert [gap.line for gap in read(noise + PASSED).gaps] == [1, 2]
    log = read(noise + PASSED, ignores_others=True)
    assert (log.gaps, len(log.recoveries)) == ((), 1)
    assert log.recoveries[0].line == 3


def test_where_no_line_fits_that_is_a_gap_of_the_whole_look():
    (gap,) = read("nothing\nof it\n", ignores_others=True).gaps
    assert gap.what == "none of its 2 lines fits the source's `line`"
    assert gap.hides
    assert read("", ignores_others=True).gaps == ()


@pytest.mark.parametrize(
    "line",
    [
        PASSED.replace("OK", "maybe"),
        PASSED.replace("09-01", "02-30"),
        PASSED.replace("2026", "2036"),
        PASSED.replace("orders", "ord\u202eers"),
        PASSED.replace("600", "0x258"),
        PASSED.replace("OK", "passed "),
    ],
)
def test_a_line_that_says_what_cannot_be_is_a_gap(line):
    log = read(line, ignores_others=False)
    assert (log.recoveries, len(log.gaps)) == ((), 1)


def test_lines_of_other_services_are_theirs_and_a_look_alike_is_no_service():
    line = "{finished_at} {service} {outcome}"
    lines = "2026-09-01T07:10:00Z web OK\n2026-09-01T07:10:00Z mail OK\n2026-09-01T07:10:00Z w\u0435b OK\n"
    log = read(lines, line=line, zone="")
    assert [test.line for test in log.recoveries] == [1]
    assert [gap.line for gap in log.gaps] == [3]


def test_an_end_in_the_hour_that_comes_twice_is_taken_as_the_second_and_a_start_as_the_first():
    line = "{started_at:%F %T} {finished_at:%F %T} {outcome}"
    (test,) = read("2025-10-26 02:10:00 2025-10-26 02:50:00 OK\n", line=line).recoveries
    assert test.finished_at - test.started_at == 100 * 60
    assert read("2026-03-29 02:10:00 2026-03-29 04:00:00 OK\n", line=line).gaps[0].what.endswith("its zone skips")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y%m%dT%H%M%SZ%z", "20260901T070000ZZ"),
        ("%s", "1788246000"),
        ("%d/%b/%Y:%H:%M:%S %z", "01/Sep/2026:09:00:00 +0200"),
        ("%A %d %B %Y %I:%M %p %z", "Tuesday 01 September 2026 09:00 AM +02:00"),
        ("%y%j %H:%M:%S.%f%z", "26244 07:00:00.123456789+0000"),
    ],
)
def test_an_instant_is_read_in_the_form_that_the_template_says(form, text):
    told = LineTemplate.parse(f"at {{started_at:{form}}} {{outcome}}").match(f"at {text} OK", ZoneInfo("UTC"))
    assert told["started_at"][:19] == "2026-09-01T07:00:00"


@pytest.mark.parametrize(
    ("took", "seconds"), [("1h5m30s", 3930), ("1:05:30", 3930), ("12.2s", 13), ("90m", 5400), ("0:00:01.5", 2)]
)
def test_how_long_it_took_is_read_with_its_units(took, seconds):
    (test,) = read(f"2026-09-01T07:10:00Z {took} OK\n", line="{started_at} {took} {outcome}", zone="").recoveries
    assert test.finished_at - test.started_at == seconds


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{finished_at} done", "{outcome}"),
        ("{test} {outcome}", "no instant"),
        ("{finished_at} {outcome} {outcome}", "stands twice"),
        ("{finished_at} {finished_at} {outcome}", "stands twice"),
        ("{finished_at} {outcome}{test}", "touch"),
        ("{finished_at} {*}{outcome}", "touch"),
        ("{finished_at} {**} {outcome} {**}", "stands twice"),
        ("{finished_at} {result}", "{result}"),
        ("{finished_at} {outcome", "stands alone"),
        ("{finished_at:%b %d %H:%M:%S} {outcome}", "no whole instant"),
        ("{finished_at:%Q} {outcome}", "%Q"),
        ("{finished_at} {outcome} {took:days}", "no such unit"),
        ("{finished_at} {outcome:x}", "no format"),
    ],
)
def test_a_template_by_which_nothing_can_be_read_is_refused_with_what_would_be_right(line, why):
    with pytest.raises(DrcheckError) as refused:
        LineTemplate.parse(line)
    assert why in refused.value.message
    assert refused.value.hint.endswith(".")


NAMES = st.text(alphabet="OK: afterdpns0123s {}\t\u2028\u0435-", max_size=40)


@given(NAMES, NAMES)
@example("orders: OK after 1 s", "")
@example("x", ": OK after 1 s")
@example("a restore of b: OK after 1 s\n2026-09-01 09:10:00 x restore of y", "")
def test_whoever_chooses_a_name_in_a_line_cannot_make_a_failure_pass(host, test):
    """A newline in a name makes a line of its own, which its writer must not let happen; no name can within a line."""
    assume("\n" not in host + test)
    line = f"2026-09-02 09:10:00 {host} restore of {test}: ERROR after 30 s\n"
    for tail in ("", " {**}"):
        log = read(line, line=LINE + tail)
        assert all(one.outcome == "failed" for one in log.recoveries)


@given(st.binary(max_size=120))
def test_no_bytes_raise_anything_or_pass(data):
    for ignored in (False, True):
        log = restore_log.parser(where(ignores_others=ignored))(data, "web", NOW)
        assert not log.recoveries or b"restore of" in data


@pytest.mark.parametrize("line", [LINE, "{**} " + LINE, LINE + " {**}", "{finished_at} {**} a {*} {*} {*} b {outcome}"])
def test_a_megabyte_of_the_worst_lines_takes_linear_time(line):
    template = LineTemplate.parse(line)
    zone = ZoneInfo("UTC")
    worst = ["a " * 32_000, "a" * 64_000, "2026-09-01T07:00:00Z " + " a a" * 16_000, " restore of a: b after" * 2_900]
    for text in worst:
        begin = perf_counter()
        for _ in range(4):
            template.match(text, zone)
        assert perf_counter() - begin < 2, text[:40]


def test_a_log_that_is_looked_at_keeps_its_lines():
    place = Place(files={"restore.log": PASSED.encode()})
    seen = restore_log.read(place, where(), "restore.log", LookRequest(LONG_AGO, NOW, 300, "web"))
    assert seen.look.complete
    assert len(seen.log.recoveries) == 1
