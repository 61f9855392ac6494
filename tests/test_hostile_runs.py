"""Whole runs over places that lie: the run goes on, nothing turns green, and other services are judged as ever."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drcheck import registry
from drcheck.app import verify
from drcheck.collectors import value_bounds
from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.interfaces import Entry, Seek
from drcheck.policyfile.config import load_settings
from tests.collectors import hostile_azure, hostile_s3, hostile_sftp
from tests.collectors.canned import Canned, always
from tests.collectors.hostile_azure import HostileAzure
from tests.collectors.hostile_s3 import HostileS3
from tests.collectors.hostile_sftp import HostileHost, Story
from tests.collectors.hostile_tree import TreeStory, no_such_file
from tests.collectors.lies import Lie
from tests.collectors.places import write_credentials

NOW = datetime.now(UTC).replace(microsecond=0)
MADE = NOW - timedelta(minutes=10)
NAME = f"{MADE:%Y-%m-%dT%H%M%S}Z.dump"
KEYS = [f"p/{NAME}"]
FUZZ = settings(
    max_examples=15, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)

POLICY = """\
drcheck: 1
service: {service}
sources:
  dumps:
    at: {at}
    reader: objects
    name: "{{data_as_of:%Y-%m-%dT%H%M%S}}Z.dump"
    available_at: {available}
    thinned_after: never
commitments:
  rpo: {{kind: rpo, at_most: 1h, evidence: [dumps]}}
"""
EVERYTHING = """\
  frequency: {{kind: backup_frequency, at_least: 1, per: day, evidence: [dumps]}}
  tiers: {{kind: retention, keep: {{daily: 3, weekly: 2, monthly: 2}}, zone: Asia/Tokyo, evidence: [dumps]}}
  longest: {{kind: retention, at_most: 30d, evidence: [dumps]}}
  encrypted: {{kind: encryption, evidence: [dumps]}}
  locked: {{kind: immutability, at_least: 30d, evidence: [dumps]}}
"""
CONFIG = """\
list_at_most: 1000
connections:
  vault: {{type: local, root: {vault}}}
  s3: {{type: s3, endpoint: "http://127.0.0.1:{s3}", credentials_file: {credentials}, deadline: 20s}}
  azure: {{type: azure_blob, account_url: "http://127.0.0.1:{azure}/account", credential_env: DRCHECK_TEST_SAS, deadline: 20s}}
  host: {{type: ssh, host: 127.0.0.1, port: {port}, user: drcheck, root: /srv, deadline: 4s,
         identity_file: {identity}, known_hosts: {known}}}
"""
AT = {"s3": ("s3:bucket/p/", "storage"), "azure": ("azure:box/p/", "storage"), "host": ("host:src/", "mtime")}


class World:
    """A bucket, a container and a host that can lie, beside a disk that does not."""

    def __init__(self, directory: Path, s3: HostileS3, azure: HostileAzure, host: HostileHost) -> None:
        self.directory = directory
        self.s3 = s3
        self.azure = azure
        self.host = host
        vault = directory / "vault" / "dumps"
        vault.mkdir(parents=True)
        (vault / NAME).write_bytes(b"x" * 100)
        os.utime(vault / NAME, ((MADE + timedelta(minutes=1)).timestamp(),) * 2)
        self.config = directory / "drcheck.yaml"
        self.config.write_text(
            CONFIG.format(
                vault=directory / "vault", s3=s3.port, azure=azure.port, port=host.port,
                credentials=write_credentials(directory / "credentials", "CANARYKEYCANARYKEY00", "CANARY"),
                identity=host.connection.identity_file, known=host.connection.known_hosts,
            )
        )  # fmt: skip
        self._policy("healthy", "vault:dumps/", "mtime")
        for service, (at, available) in AT.items():
            self._policy(service, at, available)

        for service in ("s3", "azure"):
            self._policy(f"{service}-all", *AT[service], more=EVERYTHING)

    def _policy(self, service: str, at: str, available: str, *, more: str = "") -> None:
        file = self.directory / f"{service}.yaml"
        file.write_text((POLICY + more).format(service=service, at=at, available=available))

    def honest(self) -> None:
        self.s3.lies, self.s3.splice = (), bytes
        self.azure.lies, self.azure.splice = (), bytes
        self.host.tell(())

    def judged(self, *services: str) -> tuple[dict[str, Status], verify.Outcome]:
        """Judge the services with a new ledger; return what came of each, and of the run."""
        with tempfile.TemporaryDirectory(dir=self.directory) as fresh:
            file = Path(fresh) / "drcheck.yaml"
            file.write_text(self.config.read_text())
            paths = [str(self.directory / f"{service}.yaml") for service in services]
            outcome = verify.verify(load_settings(str(file)), paths, verify.Question(86400), _quietly)
        assert not outcome.report.faults
        found = {
            judged.policy.service: verdict.status for judged in outcome.report.services for verdict in judged.verdicts
        }
        return found, outcome

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory(dir=self.directory) as fresh:
            (Path(fresh) / "drcheck.yaml").write_text(self.config.read_text())
            return subprocess.run(
                [sys.executable, "-m", "drcheck", "verify", *arguments],
                cwd=fresh, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip


@contextmanager
def _quietly(_names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    yield lambda _name: None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    modified = f"{MADE:%Y-%m-%dT%H:%M:%S}.000Z"
    date = f"{MADE:%a, %d %b %Y %H:%M:%S} GMT"
    story = Story((NAME.encode(),), int(MADE.timestamp()) + 60)
    os.environ["DRCHECK_TEST_SAS"] = "sv=2024-01-01&ss=b&srt=sco&sp=rl&se=2099-01-01T00:00:00Z&sig=CANARYCANARY"
    with (
        HostileS3("bucket", KEYS, modified) as s3,
        HostileAzure("box", KEYS, date) as azure,
        HostileHost(tmp_path_factory.mktemp("host"), story) as host,
    ):
        yield World(tmp_path_factory.mktemp("world"), s3, azure, host)
    del os.environ["DRCHECK_TEST_SAS"]


@pytest.fixture(autouse=True)
def honest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # the SDKs' pauses
    world.honest()


def mixture(lies: Sequence[Lie[Any]]) -> st.SearchStrategy[list[Lie[Any]]]:
    """Return mixtures of lies, each about something else."""
    return st.lists(st.sampled_from(lies), min_size=1, max_size=4, unique_by=lambda lie: lie.about)


def check(world: World, service: str) -> None:
    """Check that the service that lies is unknown with a reason, and that the other one is judged as ever."""
    found, outcome = world.judged("healthy", service)
    assert found == {"healthy": Status.MET, service: Status.UNKNOWN}
    assert summary.exit_status(outcome.report.status) == 3
    assert not outcome.tracebacks


def test_places_that_do_not_lie_are_met(world: World):
    found, outcome = world.judged("healthy", *AT)

    assert set(found.values()) == {Status.MET}
    assert summary.exit_status(outcome.report.status) == 0


@FUZZ
@given(lies=mixture(hostile_s3.LIES))
def test_a_bucket_that_tells_several_lies_is_unknown(world: World, lies: list[Lie[hostile_s3.Page]]):
    world.s3.lies = lies
    check(world, "s3")


@FUZZ
@given(lies=mixture(hostile_azure.LIES))
def test_a_container_that_tells_several_lies_is_unknown(world: World, lies: list[Lie[hostile_azure.Page]]):
    world.azure.lies = lies
    check(world, "azure")


BEFORE_ALL = [lie for lie in hostile_sftp.LIES if lie.about in {"version", "real"}]


@FUZZ
@given(lies=mixture(BEFORE_ALL))
def test_a_host_that_tells_several_lies_is_unknown(world: World, lies: list[Lie[Story]]):
    world.host.tell(lies)
    check(world, "host")


@FUZZ
@given(lies=mixture(hostile_sftp.LIES))
def test_a_host_whose_listing_lies_breaks_nothing_else(world: World, lies: list[Lie[Story]]):
    # what it showed before it lied is there: an rpo can be met on that, and is told with its gap
    world.host.tell(lies)
    found, outcome = world.judged("healthy", "host")
    (judged,) = (each for each in outcome.report.services if each.policy.service == "host")

    assert found["healthy"] is Status.MET
    assert summary.exit_status(outcome.report.status) in {0, 3}
    assert any(verdict.gaps for verdict in judged.verdicts)
    assert not outcome.tracebacks


@FUZZ
@given(lies=mixture(hostile_sftp.FIND_LIES))
def test_a_host_whose_find_lies_breaks_nothing_else(world: World, lies: list[Lie[Story]]):
    world.host.tell(lies)
    found, outcome = world.judged("healthy", "host")
    (judged,) = (each for each in outcome.report.services if each.policy.service == "host")

    assert found["healthy"] is Status.MET
    assert summary.exit_status(outcome.report.status) in {0, 3}
    assert any(verdict.gaps for verdict in judged.verdicts)


SPLICES = st.lists(
    st.tuples(st.integers(0, 1500), st.integers(0, 40), st.binary(max_size=40) | st.sampled_from(
        [b"<", b">", b"&", b"&#0;", b"&#x110000;", b"]]>", b"<![CDATA[", b"<!--", b"<?xml ?>", b"99999999999999999999",
         b"\xff", b"\xed\xa0\x80", b"\0", b"<Size>", b"</Contents>", b"<Blob>", b"%00", b"%"]
    )), min_size=1, max_size=3,
)  # fmt: skip


def spliced(body: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, piece in splices:
        body = body[:at] + piece + body[at + cut :]
    return body


@FUZZ
@given(splices=SPLICES)
def test_whatever_a_cloud_answers_ends_no_run(world: World, splices: list[tuple[int, int, bytes]]):
    world.s3.splice = world.azure.splice = lambda body: spliced(body, splices)
    found, outcome = world.judged("healthy", "s3-all", "azure-all")

    assert found["healthy"] is Status.MET
    assert summary.exit_status(outcome.report.status) in {0, 1, 3}
    assert not outcome.tracebacks


@pytest.mark.parametrize("size", [0, 1, value_bounds.LARGEST])
@pytest.mark.parametrize("seconds", [value_bounds.EARLIEST, value_bounds.EARLIEST + 1, -1, 0, value_bounds.LATEST - 1])
def test_numbers_at_their_bounds_are_judged(world: World, seconds: int, size: int):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    world.s3.lies = [
        Lie("time", "time", hostile_s3.last("LastModified", f"{moment:%Y-%m-%dT%H:%M:%SZ}")),
        Lie("size", "size", hostile_s3.last("Size", str(size))),
    ]
    world.azure.lies = [
        Lie("time", "time", hostile_azure.last("Last-Modified", f"{moment:%a, %d %b %Y %H:%M:%S} GMT")),
        Lie("size", "size", hostile_azure.last("Content-Length", str(size))),
    ]
    found, outcome = world.judged("healthy", "s3-all", "azure-all")

    assert found["healthy"] is Status.MET
    assert summary.exit_status(outcome.report.status) in {1, 3}
    assert not outcome.tracebacks
    assert not any(
        gap.fact is None for judged in outcome.report.services for verdict in judged.verdicts for _, gap in verdict.gaps
    )


@FUZZ
@given(at=st.integers(4, 200), piece=st.binary(min_size=1, max_size=8), kind=st.sampled_from([7, 11, 12, 16]))
def test_whatever_a_host_answers_ends_no_run(world: World, at: int, piece: bytes, kind: int):
    world.host.tell(
        [Lie("bytes", "packet", hostile_sftp.packets(kind, lambda raw: raw[:at] + piece + raw[at + len(piece) :]))]
    )
    found, outcome = world.judged("healthy", "host")

    assert found["healthy"] is Status.MET
    assert summary.exit_status(outcome.report.status) in {0, 1, 3}
    assert not outcome.tracebacks


class PanicError(BaseException):
    """What a library in Rust raises when it fails: no Exception."""


class OddError(Exception):
    """One that tells too much."""

    def __str__(self) -> str:
        return "x" * 10_000


RAISED: list[Callable[[], BaseException]] = [
    RecursionError, MemoryError, AssertionError, StopIteration, GeneratorExit, OSError, OddError,
    partial(TypeError, "sig=CANARYCANARY"), partial(OverflowError, "Python int too large"), partial(SystemExit, 0),
    partial(UnicodeDecodeError, "utf-8", b"\xff", 0, 1, "bad"), partial(KeyError, "\x1b[31m"),
    partial(PanicError, "index out of bounds"), partial(ExceptionGroup, "several", [ValueError("one")]),
]  # fmt: skip


class Raising:
    """A collector that raises anything at all, at one of the things that it can be asked."""

    seek = Seek.NONE
    in_place = True
    calls, links = 0, ()

    def __init__(self, where: str, error: Callable[[], BaseException]) -> None:
        self._where = where
        self._error = error

    def _raise(self, where: str) -> None:
        if where == self._where:
            raise self._error()

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        self._raise("list")
        stamp = int(MADE.timestamp())
        yield Entry("0.txt", 1, stamp, stamp, stamp)
        self._raise("list, later")

    def read(self, name: str, *, offset: int = 0, at_most: int) -> bytes:
        self._raise("read")
        return b""

    def describe(self, name: str | None, facts: frozenset[Any]) -> dict[Any, Any]:
        self._raise("describe")
        return {}

    def clock_offset(self) -> float | None:
        self._raise("clock_offset")
        return 0.0

    def close(self) -> None:
        self._raise("close")


@pytest.mark.parametrize("where", ["open", "list", "list, later", "clock_offset", "close"])
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error()).__name__)
def test_whatever_a_client_raises_is_a_gap_of_its_source(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str, error: Callable[[], BaseException]
):
    real = registry.opener

    def opener(connection: Any, *, versions: bool = False) -> Any:
        if connection.name != "s3":
            return real(connection, versions=versions)

        def make(root: str, pool: Any) -> Raising:
            if where == "open":
                raise error()
            return Raising(where, error)

        return make

    monkeypatch.setattr(registry, "opener", opener)
    found, outcome = world.judged("healthy", "s3")
    (judged,) = (each for each in outcome.report.services if each.policy.service == "s3")

    assert found["healthy"] is Status.MET
    assert found["s3"] is not Status.MET
    assert summary.exit_status(outcome.report.status) in {1, 3}
    assert len(outcome.tracebacks) == 1
    assert "CANARYCANARY" not in outcome.tracebacks[0]
    if where != "close":
        gaps = [gap for verdict in judged.verdicts for _, gap in verdict.gaps]
        assert any("made no sense to" in gap.what for gap in gaps), gaps
        assert not any("CANARYCANARY" in gap.what or "\x1b" in gap.what or len(gap.what) > 500 for gap in gaps)


def test_a_reader_that_fails_is_a_gap_of_its_source(world: World, monkeypatch: pytest.MonkeyPatch):
    real = registry.reader

    def reader(source: Any) -> Any:
        def read(collector: Any, source: Any, name: str, asked: Any) -> Any:
            if asked.service == "s3":
                return 1 // 0
            return real(source)(collector, source, name, asked)

        return read

    monkeypatch.setattr(registry, "reader", reader)
    found, outcome = world.judged("healthy", "s3")

    assert found == {"healthy": Status.MET, "s3": Status.UNKNOWN}
    assert summary.exit_status(outcome.report.status) == 3
    assert "ZeroDivisionError" in outcome.tracebacks[0]


def test_a_thread_of_a_client_that_fails_is_noted_and_prints_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    def fail() -> None:
        raise TypeError("within a thread")

    real = registry.reader

    def reader(source: Any) -> Any:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        return real(source)

    monkeypatch.setattr(registry, "reader", reader)
    found, outcome = world.judged("healthy")

    assert found == {"healthy": Status.MET}
    assert "within a thread" in outcome.tracebacks[0]
    assert capfd.readouterr().err == ""


def test_a_fault_in_judging_is_still_one_of_drcheck(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verify, "Judging", lambda *_, **__: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        world.judged("healthy")


OLD = MADE - timedelta(days=40)
RETENTION = "  longest: {{kind: retention, at_most: 30d, evidence: [dumps]}}\n"


@pytest.mark.parametrize("gone", [False, True])
def test_a_directory_that_goes_while_it_is_listed_does_not_hide_what_is_too_old(world: World, gone: bool):
    days = {f"{moment:%Y-%m-%d}".encode(): moment for moment in (OLD, MADE)}
    between = f"{MADE - timedelta(days=20):%Y-%m-%d}".encode()
    old, new = days
    tree = {b"/srv/src": [old, between, new], b"/srv/src/" + between: []}
    tree |= {b"/srv/src/" + day: [f"{moment:%H%M%S}Z.dump".encode()] for day, moment in days.items()}
    story = TreeStory(tree, int(MADE.timestamp()))
    story.times = lambda path: next(
        (int(at.timestamp()) + 60 for day, at in days.items() if day in path), 1_700_000_000
    )
    if gone:
        story.lie = lambda kind, path, times: (
            no_such_file() if kind == hostile_sftp.READDIR and path.endswith(between) else None
        )
    world.host.story = story
    policy = (POLICY + RETENTION).format(service="tree", at="host:src/", available="mtime")
    (world.directory / "tree.yaml").write_text(policy.replace("%Y-%m-%dT%H%M%S", "%Y-%m-%d/%H%M%S"))
    outcome = world.judged("healthy", "tree")[1]
    (judged,) = (each for each in outcome.report.services if each.policy.service == "tree")

    assert {verdict.status for verdict in judged.verdicts} == {Status.MET, Status.UNKNOWN if gone else Status.BREACHED}
    assert any(verdict.gaps for verdict in judged.verdicts) == gone


def test_what_the_libraries_of_the_clouds_say_is_not_written_to_standard_error(world: World):
    with Canned(always(416)) as s3, Canned(always(416)) as azure:
        config = world.config.read_text()
        try:
            told = config.replace(f":{world.s3.port}", f":{s3.port}").replace(f":{world.azure.port}", f":{azure.port}")
            world.config.write_text(told)
            done = world.process(*(str(world.directory / f"{service}-all.yaml") for service in ("s3", "azure")))
        finally:
            world.config.write_text(config)

    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stderr == ""


def test_the_process_tells_the_lie_and_goes_on(world: World):
    world.s3.lies = [lie for lie in hostile_s3.LIES if lie.name == "a token without truncation"]
    paths = [str(world.directory / f"{service}.yaml") for service in ("healthy", "s3")]

    done = world.process(*paths)

    assert done.returncode == 3, done.stdout + done.stderr
    assert "makes no sense: it is not truncated, and has a token" in " ".join(done.stdout.split())
    assert "1 met" in done.stdout
    assert done.stderr == ""
