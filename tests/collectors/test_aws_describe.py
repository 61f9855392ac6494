"""How objects are encrypted and locked, told by a fake with the answers that the API reference of S3 documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import botocore.session
import pytest
from msgspec.structs import replace

from drcheck.collectors.http_sender import Caller, Web
from drcheck.collectors.pool import Connections
from drcheck.collectors.s3.client import READ_ONLY, S3Client
from drcheck.collectors.s3.collector import ENCRYPTED_SINCE, S3Collector, open_s3
from drcheck.collectors.s3.describe import S3Facts
from drcheck.collectors.s3.settings import S3Connection
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import Collector, CollectorError
from tests.collectors.canned import Canned, Reply
from tests.collectors.places import write_credentials

ENCRYPTION = frozenset({Fact.STORAGE_ENCRYPTION})
LOCKS = frozenset({Fact.LOCK, Fact.LEGAL_HOLD})
ALL = ENCRYPTION | LOCKS
NONE = FactValue(holds=False)


@pytest.fixture
def pool() -> Iterator[Connections]:
    with Connections() as made:
        yield made


class FakeAws(Canned):
    """Answers as AWS does; ``answers`` maps the question (``HEAD``, ``?retention``, …) to a reply."""

    def __init__(self, answers: Mapping[str, Reply]) -> None:
        self.answers = dict(answers)
        super().__init__(self._answer)

    def _answer(self, number: int, path: str) -> Reply:
        method = self.requests[number].partition(" ")[0]
        question = "HEAD" if method == "HEAD" else next((each for each in self.answers if each in path), "GET")
        return self.answers.get(question, Reply(500))


def refusal(status: int, code: str, message: str = "") -> Reply:
    return Reply(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())


def head(**headers: str) -> Reply:
    return Reply(
        200, b"", (("ETag", '"e"'), *((f"x-amz-{name.replace('_', '-')}", it) for name, it in headers.items()))
    )


DENIED = refusal(403, "AccessDenied")
ENABLED = Reply(
    200, b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
)
NO_LOCK = refusal(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
RETENTION = Reply(
    200, b"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2027-01-01T00:00:00.000Z</RetainUntilDate></Retention>"
)
NEW_YEAR = 1_798_761_600
LISTING = (
    "<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>".format(
        "".join(
            f"<Contents><Key>p/{name}</Key><Size>1</Size><LastModified>{date}T00:00:00.000Z</LastModified></Contents>"
            for name, date in (("old", "2023-01-05"), ("new", "2023-01-06"))
        )
    )
).encode()


class Aws:
    """Opens ``bucket/p/`` of a fake."""

    def __init__(self, pool: Connections, directory: Path) -> None:
        self.pool = pool
        file = write_credentials(directory / "canary", "CANARYKEYCANARYKEY00", "CANARYSECRETCANARYSECRET")
        self.credentials = str(file)

    def __call__(self, fake: Canned, *, aws: bool = False) -> Collector:
        endpoint = f"http://127.0.0.1:{fake.port}"
        connection = S3Connection(endpoint, 20, endpoint=endpoint, credentials_file=self.credentials)
        caller = Caller(self.pool.deadline(connection))
        client = self.pool.shared(endpoint, lambda: S3Client(connection, Web(1), 1), caller.deadline)
        quota = self.pool.quota(connection)
        return S3Collector(client, caller, S3Facts(client, caller, "bucket"), quota, "bucket", "p/", aws=aws)


@pytest.fixture
def fake_at(pool: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setattr("time.sleep", lambda _: None)  # botocore's pauses
    return Aws(pool, tmp_path)


def test_the_kinds_of_encryption_are_told_apart(fake_at: Aws):
    for algorithm in ("AES256", "aws:kms", "aws:kms:dsse"):
        with FakeAws({"HEAD": head(server_side_encryption=algorithm)}) as fake:
            told = fake_at(fake).describe("a", ENCRYPTION)
        assert told == {Fact.STORAGE_ENCRYPTION: FactValue(True, algorithm)}


def test_an_object_that_aws_listed_as_written_since_2023_is_encrypted_without_a_request(fake_at: Aws):
    with FakeAws({"list-type": Reply(200, LISTING), "HEAD": head(), "?object-lock": DENIED}) as fake:
        collector = fake_at(fake, aws=True)
        entries = {entry.name: entry for entry in collector.list("")}
        assert entries["new"].modified == ENCRYPTED_SINCE

        assert collector.describe("new", ENCRYPTION)[Fact.STORAGE_ENCRYPTION].holds is True
        assert collector.calls == 1
        assert collector.describe("old", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: NONE}
        assert collector.calls == 2

        other = fake_at(fake)  # elsewhere nobody promises that
        list(other.list(""))
        assert other.describe("new", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: NONE}


def test_only_a_connection_without_an_endpoint_is_aws_itself(fake_at: Aws, pool: Connections):
    aws = S3Connection("aws", 20, region="eu-north-1", credentials_file=fake_at.credentials)
    other = replace(aws, name="other", endpoint="https://s3.example.com")

    assert open_s3(aws, "bucket/", pool)._aws
    assert not open_s3(other, "bucket/", pool)._aws


def test_one_that_may_only_list_is_told_that_aws_encrypts_and_what_it_lacks_for_the_rest(fake_at: Aws):
    with FakeAws(
        {"list-type": Reply(200, LISTING), "HEAD": Reply(403), "?object-lock": DENIED, "?retention": DENIED}
    ) as fake:
        collector = fake_at(fake, aws=True)
        list(collector.list(""))

        told = collector.describe("new", frozenset({Fact.STORAGE_ENCRYPTION, Fact.LOCK}))

    assert told[Fact.STORAGE_ENCRYPTION].holds is True
    assert told[Fact.LOCK].holds is None


def test_a_header_that_aws_leaves_out_is_asked_for_until_it_is_known_that_it_would_be_there(fake_at: Aws):
    with FakeAws({"HEAD": head(), "?object-lock": ENABLED, "?retention": NO_LOCK, "?legal-hold": NO_LOCK}) as fake:
        collector = fake_at(fake)
        assert collector.describe("a", LOCKS) == dict.fromkeys(LOCKS, NONE)
        assert [request.rpartition("?")[2] for request in fake.requests[1:]] == [
            "object-lock",
            "retention",
            "legal-hold",
        ]
        assert collector.describe("b", LOCKS) == dict.fromkeys(LOCKS, NONE)
        assert collector.calls == 5  # one more


def test_a_header_left_out_for_lack_of_leave_proves_nothing(fake_at: Aws):
    with FakeAws({"HEAD": head(), "?object-lock": ENABLED, "?retention": DENIED, "?legal-hold": DENIED}) as fake:
        collector = fake_at(fake)
        for name in "ab":
            assert all(told.holds is None for told in collector.describe(name, LOCKS).values())
        assert collector.calls == 5


def test_a_retention_is_told_where_the_object_may_not_be_read(fake_at: Aws):
    hold = Reply(200, b"<LegalHold><Status>ON</Status></LegalHold>")
    with FakeAws({"HEAD": Reply(403), "?object-lock": ENABLED, "?retention": RETENTION, "?legal-hold": hold}) as fake:
        assert fake_at(fake).describe("a", ALL) == {
            Fact.STORAGE_ENCRYPTION: FactValue(
                None, "the credentials may not ask for it by HeadObject (s3:GetObject)"
            ),
            Fact.LOCK: FactValue(True, "compliance", NEW_YEAR),
            Fact.LEGAL_HOLD: FactValue(holds=True),
        }  # fmt: skip


def test_a_bucket_that_cannot_hold_locks_says_so_when_an_object_is_asked(fake_at: Aws):
    missing = refusal(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
    with FakeAws({"HEAD": head(), "?object-lock": DENIED, "?retention": missing}) as fake:
        collector = fake_at(fake)
        assert collector.describe("a", frozenset({Fact.LOCK})) == {Fact.LOCK: NONE}
        assert collector.describe("b", frozenset({Fact.LOCK})) == {Fact.LOCK: NONE}
        assert collector.calls == 4


def test_a_bad_request_is_only_taken_for_a_customers_key_if_it_says_so(fake_at: Aws):
    ssec = refusal(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption.")
    with FakeAws({"HEAD": Reply(400), "GET": ssec}) as fake:
        assert fake_at(fake).describe("a", ENCRYPTION) == {Fact.STORAGE_ENCRYPTION: FactValue(True, "SSE-C")}
    with (
        FakeAws({"HEAD": Reply(400), "GET": refusal(400, "ExpiredToken")}) as fake,
        pytest.raises(CollectorError, match="has expired"),
    ):
        fake_at(fake).describe("a", ENCRYPTION)
    with (
        FakeAws({"HEAD": Reply(400), "GET": Reply(206, b"x", (("Content-Range", "bytes 0-0/1"),))}) as fake,
        pytest.raises(CollectorError, match="HeadObject"),
    ):
        fake_at(fake).describe("a", ENCRYPTION)


def test_the_locks_of_an_object_whose_key_the_customer_keeps_are_asked_for_each_time(fake_at: Aws):
    ssec = refusal(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption.")
    with FakeAws({"HEAD": Reply(400), "?object-lock": ENABLED, "?retention": RETENTION, "GET": ssec}) as fake:
        collector = fake_at(fake)
        for name in "ab":
            told = collector.describe(name, frozenset({Fact.LOCK}))
            assert told == {Fact.LOCK: FactValue(True, "compliance", NEW_YEAR)}


@pytest.mark.parametrize(
    "unknown", [refusal(501, "NotImplemented"), refusal(405, "MethodNotAllowed"), refusal(404, "NotFound"), Reply(404)]
)
def test_a_server_that_does_not_know_the_question_tells_nothing(fake_at: Aws, unknown: Reply):
    answers = dict.fromkeys(("?object-lock", "?encryption", "?retention", "?legal-hold"), unknown)
    with FakeAws(answers | {"HEAD": head()}) as fake:
        collector = fake_at(fake)
        place = collector.describe(None, ALL)
        told = collector.describe("a", LOCKS)

    for each in (*place.values(), *told.values()):
        assert each.holds is None
        assert "no answer to" in each.how


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html></html>"), (200, b"<ObjectLockConfiguration/>"), (200, b"<Retention></Retention>")],
)
def test_an_answer_without_what_was_asked_for_is_not_a_no(fake_at: Aws, status: int, body: bytes):
    reply = Reply(status, body)
    with FakeAws(dict.fromkeys(("?object-lock", "?encryption", "?retention", "?legal-hold"), reply)) as fake:
        fake.answers["HEAD"] = head()
        collector = fake_at(fake)
        for told in (collector.describe(None, ALL), collector.describe("a", LOCKS)):
            assert all(each.holds is None for each in told.values())


def test_a_web_page_in_between_is_not_an_object_without_encryption(fake_at: Aws):
    with (
        FakeAws({"HEAD": Reply(200, b"", (("Content-Type", "text/html"),))}) as fake,
        pytest.raises(CollectorError, match="not one of S3's"),
    ):
        fake_at(fake).describe("a", ENCRYPTION)
    with (
        FakeAws({"?encryption": Reply(200, b"no XML")}) as fake,
        pytest.raises(CollectorError, match="not one of S3's"),
    ):
        fake_at(fake).describe(None, ENCRYPTION)


def test_a_lock_whose_end_makes_no_sense_is_no_lock_and_no_absence_of_one(fake_at: Aws):
    with (
        FakeAws({"HEAD": head(object_lock_mode="COMPLIANCE", object_lock_retain_until_date="whenever")}) as fake,
        pytest.raises(CollectorError),
    ):
        fake_at(fake).describe("a", LOCKS)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (refusal(503, "SlowDown"), "is throttling"),
        (refusal(500, "InternalError"), "at fault"),
        (refusal(403, "InvalidAccessKeyId"), "does not know"),
        (refusal(400, "ExpiredToken"), "has expired"),
        (refusal(404, "NoSuchBucket"), "there is no bucket"),
    ],
)
def test_faults_of_the_whole_service_are_errors(fake_at: Aws, reply: Reply, message: str):
    for question, facts in (("?object-lock", LOCKS), ("?encryption", ENCRYPTION)):
        with FakeAws({question: reply}) as fake, pytest.raises(CollectorError, match=message):
            fake_at(fake).describe(None, facts)
    with (
        FakeAws({"HEAD": head(), "?object-lock": ENABLED, "?retention": reply}) as fake,
        pytest.raises(CollectorError, match=message),
    ):
        fake_at(fake).describe("a", LOCKS)


def test_throttling_of_a_head_is_an_error(fake_at: Aws):
    with FakeAws({"HEAD": Reply(503)}) as fake, pytest.raises(CollectorError, match="is throttling"):
        fake_at(fake).describe("a", ENCRYPTION)


def test_a_description_asks_for_nothing_that_changes_anything(fake_at: Aws):
    with FakeAws({"HEAD": head(), "?object-lock": ENABLED, "?retention": NO_LOCK, "?legal-hold": NO_LOCK}) as fake:
        collector = fake_at(fake)
        collector.describe("a b+c", ALL)
        collector.describe(None, LOCKS)

    assert fake.requests == [
        "HEAD /bucket/p/a%20b%2Bc",
        "GET /bucket?object-lock",
        "GET /bucket/p/a%20b%2Bc?retention",
        "GET /bucket/p/a%20b%2Bc?legal-hold",
    ]


def test_whatever_the_guard_lets_through_only_reads():
    model = botocore.session.Session().get_service_model("s3")

    assert {model.operation_model(name).http["method"] for name in READ_ONLY} == {"GET", "HEAD"}
