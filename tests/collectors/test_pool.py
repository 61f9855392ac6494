"""What is shared within a run, how waiting ends, and how untrusted text is shown."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from drcheck.collectors.confine import shown
from drcheck.collectors.pool import Connections
from drcheck.interfaces import CollectorError, NotFound
from drcheck.settings import Connection


class Made:
    """Something shared that notes its end."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_many_threads_share_what_the_first_one_makes():
    made: list[Made] = []

    def make() -> Made:
        time.sleep(0.05)
        made.append(Made())
        return made[-1]

    with Connections() as pool, ThreadPoolExecutor(16) as threads:
        got = list(threads.map(lambda _: pool.shared("key", make, pool.deadline(Connection("c"))), range(32)))

    assert len(made) == 1
    assert all(each is made[0] for each in got)
    assert made[0].closed == 1


def test_a_failure_is_shared_and_keeps_its_kind():
    tries = []

    def make() -> Made:
        tries.append(1)
        raise NotFound("there is no host", "Look.")

    with Connections() as pool:
        for _ in range(3):
            with pytest.raises(NotFound, match="there is no host") as caught:
                pool.shared("key", make, pool.deadline(Connection("c")))
            assert caught.value.hint == "Look."
    assert len(tries) == 1


def test_whoever_waits_for_another_to_connect_waits_no_longer_than_its_own_deadline():
    release = threading.Event()

    def make() -> Made:
        release.wait(5)
        return Made()

    with Connections() as pool:
        first = threading.Thread(target=lambda: pool.shared("key", make, pool.deadline(Connection("slow"))))
        first.start()
        time.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(CollectorError, match="quick took longer than 1 s"):
            pool.shared("key", make, pool.deadline(Connection("quick", 1)))
        assert time.monotonic() - began < 2
        release.set()
        first.join()


def test_what_was_lost_is_made_anew():
    with Connections() as pool:
        deadline = pool.deadline(Connection("c"))
        old = pool.shared("key", Made, deadline)
        pool.forget("key", Made())
        assert pool.shared("key", Made, deadline) is old
        pool.forget("key", old)
        assert pool.shared("key", Made, deadline) is not old


def test_a_wait_is_cut_when_its_time_is_up_and_no_other():
    cut = {"short": threading.Event(), "long": threading.Event()}
    with Connections() as pool:
        long, short = pool.deadline(Connection("long", 60)), pool.deadline(Connection("short", 1))
        with long.cutting(cut["long"].set), short.cutting(cut["short"].set):
            assert cut["short"].wait(3)
            assert not cut["long"].is_set()
        with pytest.raises(CollectorError, match="short took longer than 1 s"):
            short.left()
        assert long.left() > 50


def test_the_end_of_the_run_cuts_every_wait():
    cuts = [threading.Event() for _ in range(5)]
    pool = Connections()
    deadlines = [pool.deadline(Connection("c", 60)) for _ in cuts]
    for deadline, cut in zip(deadlines, cuts, strict=True):
        deadline.add(cut.set)
    pool.close()

    assert all(cut.wait(2) for cut in cuts)
    with pytest.raises(CollectorError, match="the run was ended"):
        deadlines[0].left()


def test_a_pause_ends_with_the_run():
    pool = Connections()
    deadline = pool.deadline(Connection("c", 60))
    threading.Timer(0.1, pool.close).start()
    began = time.monotonic()
    deadline.pause(30)

    assert time.monotonic() - began < 2


def test_a_deadline_begins_with_the_first_request():
    with Connections() as pool:
        deadline = pool.deadline(Connection("c", 1))
        time.sleep(1.1)
        assert deadline.left() > 0.9


@pytest.mark.parametrize(
    "text",
    [
        "https://x/?sv=1&sig=CANARY&se=2",
        "X-Amz-Signature=CANARY",
        "X-Amz-Security-Token=CANARY and more",
        "Authorization: SharedKey account:CANARY",
        "Authorization: AWS4-HMAC-SHA256 Credential=CANARY",
        "AccountKey=CANARY;",
        "password=CANARY",
        "Bearer CANARY",
    ],
)
def test_secrets_are_never_shown(text: str):
    assert "CANARY" not in shown(text)


def test_control_characters_are_shown_as_what_they_are_and_long_text_is_cut():
    assert shown("a\x1b[31mb\u202ec\n\0") == "a\\x1b[31mb\\u202ec\\n\\x00"
    assert len(shown("x" * 10_000)) < 250
    assert shown("ordinary/näme.dump") == "ordinary/näme.dump"


def test_no_cloud_sdk_is_imported_before_it_is_needed():
    code = (
        "import sys, drcheck.collectors.s3.collector, drcheck.collectors.azure.collector, drcheck.collectors.ssh.collector\n"
        "import drcheck.collectors.local.collector, drcheck.collectors.memory\n"
        "print([name for name in ('botocore', 'boto3', 'azure', 'paramiko', 'urllib3', 'requests') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
