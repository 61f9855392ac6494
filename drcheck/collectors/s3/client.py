"""The botocore client of one S3 connection: read-only, shared by all its sources. Importing this imports botocore."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, Final

import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from botocore.parsers import ResponseParserError

from drcheck.collectors import ranges
from drcheck.collectors.confine import shown
from drcheck.collectors.descriptions import Refused
from drcheck.collectors.guarded import made_no_sense
from drcheck.collectors.http_sender import Caller, Web
from drcheck.collectors.s3.faults import answered, no_answer, no_listing, no_object, not_asked
from drcheck.collectors.s3.listing import Page, Question, parse_page
from drcheck.collectors.s3.settings import S3Connection
from drcheck.collectors.s3.versions import Version, parse_versioning, parse_versions
from drcheck.collectors.value_bounds import Nonsense
from drcheck.interfaces import CollectorError

READ_ONLY: Final = frozenset(
    {
        "ListObjectsV2", "ListObjectVersions", "GetObject",
        "HeadBucket",  # botocore itself sends it, to find the region of a bucket that was redirected
        "HeadObject", "GetBucketEncryption", "GetObjectLockConfiguration", "GetObjectRetention", "GetObjectLegalHold",
        "GetBucketVersioning",
    }
)  # fmt: skip
"""All that may ever be asked of a place that is looked at."""
PUTS: Final = READ_ONLY | {"PutObject"}
"""And of one that the runner names to be written to."""
TRIES: Final = 3
"""How often botocore asks a storage that is throttling or at fault; its pauses in between are 3 s together at most."""
_PAGE_BYTES: Final = 16 * 1024 * 1024
"""A page is 1,000 keys of 1 KiB at most, each perhaps thrice as long when encoded."""
_FACT_BYTES: Final = 64 * 1024
"""The longest answer to a question after facts; they take some hundred bytes."""
_PARTIAL: Final = 206
_FORBIDDEN: Final = 403
_OCCUPIED: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_BEYOND_ITS_END: Final = 416
_TAKEN: Final = b"<ListBucketResult/>"
"""What botocore is given to parse instead."""

# what a library says of itself would be written to standard error unless somebody takes it
logging.getLogger("botocore").addHandler(logging.NullHandler())


class _Body(io.BytesIO):
    """An answer's bytes in the form that botocore takes from urllib3."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


class S3Client:
    """Listings, ranges of objects and facts, asked for one caller at a time in each thread."""

    def __init__(
        self, connection: S3Connection, web: Web, workers: int, operations: frozenset[str] = READ_ONLY
    ) -> None:
        """``operations``: all that may be asked."""
        self._connection = connection
        self._web = web
        try:
            self._api = self._make(workers)
        except BotoCoreError as error:
            raise not_asked(connection, error) from None
        except ValueError:
            raise CollectorError(
                f"the connection {connection.name} has no valid endpoint: {connection.endpoint}",
                "Write `endpoint` as https://HOST or https://HOST:PORT.",
            ) from None
        events = self._api.meta.events
        events.register("before-call.s3", partial(_refuse_others, operations))
        events.register("before-send.s3", self._send)

    def _make(self, workers: int) -> Any:
        session = botocore.session.Session(profile=self._connection.profile or None)
        if self._connection.credentials_file:
            session.set_config_variable("credentials_file", self._connection.credentials_file)
        region = self._connection.region or session.get_config_variable("region")
        if not region and not self._connection.endpoint:
            raise NoRegionError
        options: dict[str, Any] = {
            "retries": {"mode": "standard", "total_max_attempts": TRIES},
            "max_pool_connections": workers,
            "parameter_validation": False,
            # every server knows the bucket in the path; few have a DNS name for each bucket
            "s3": {"addressing_style": "path" if self._connection.endpoint else "auto"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "ignore_configured_endpoint_urls": True,  # the connection says where it goes
        }
        return session.create_client(
            "s3",
            region_name=region or "us-east-1",
            endpoint_url=self._connection.endpoint or None,
            config=Config(**options),
        )

    def page(self, caller: Caller, question: Question) -> Page:
        """Ask for one page of a listing."""
        bucket, after, token = question.bucket, question.after, question.token
        place = {"ContinuationToken": token} if token else {"StartAfter": after} if after else {}
        ask = partial(self._api.list_objects_v2, Bucket=bucket, Prefix=question.prefix, EncodingType="url", **place)
        parse = partial(parse_page, question=question, last_modified=self._connection.last_modified)
        return self._listed(caller, bucket, ask, parse)

    def versions(self, caller: Caller, question: Question) -> Page:
        """Ask for one page of a listing of all versions; its token is the name of a version."""
        bucket = question.bucket
        begin = Version.named(question.token) if question.token else Version(question.after, "")
        place = {"KeyMarker": begin.key} if begin.key else {}
        if begin.id:
            place["VersionIdMarker"] = begin.id
        ask = partial(
            self._api.list_object_versions, Bucket=bucket, Prefix=question.prefix, EncodingType="url", **place
        )
        parse = partial(parse_versions, question=question, last_modified=self._connection.last_modified)
        return self._listed(caller, bucket, ask, parse)

    def _listed(
        self, caller: Caller, bucket: str, ask: Callable[[], Any], parse: Callable[[bytes], Page | None]
    ) -> Page:
        with self._web.asking(caller, _PAGE_BYTES, parse):
            self._asked(caller, bucket, "", ask)
            page: Page | None = caller.page
        if page is None:
            raise no_listing(self._connection, bucket, caller.wrong)
        return page

    def get(self, caller: Caller, bucket: str, version: Version, byte_range: str, at_most: int) -> bytes:
        """Return a range of an object, or of a version of it; empty where it lies beyond its end."""
        key, options = version.key, version_of(version)
        ask = partial(self._api.get_object, Bucket=bucket, Key=key, Range=byte_range, **options)
        with self._web.asking(caller, at_most):
            answer = self._asked(caller, bucket, key, ask)
        if answer is None:
            if caller.whole is None:  # AWS does not tell it here, and without it a log would just seem to end
                self._check_beyond(caller, bucket, version, byte_range)
            return b""
        body: bytes = answer["Body"].read()
        if caller.status != _PARTIAL:
            raise CollectorError(
                f"the answer for {shown(key)} in {bucket} is not the range that was asked for",
                f"Check that `endpoint` of {self._connection.name} is the S3 service itself, not a web page.",
            )
        return body

    def _check_beyond(self, caller: Caller, bucket: str, version: Version, byte_range: str) -> None:
        """Raise an error unless an object ends before a range of it begins."""
        head = self.tell(caller, "HeadObject", bucket, version.key, **version_of(version))
        if isinstance(head, Refused):
            raise head.error
        if "ContentLength" not in head:
            raise self.no_answer("HeadObject", bucket)
        try:
            ranges.check_beyond(byte_range, f"bytes */{head['ContentLength']}")
        except Nonsense as error:
            raise made_no_sense(self._connection, error) from None

    def put(self, caller: Caller, bucket: str, key: str, data: bytes, *, replace: bool) -> bool:
        """Write an object; returns whether there was none where it must not be replaced.

        With its checksum, which a bucket asks for that retains what is written (object lock).
        """
        options = {} if replace else {"IfNoneMatch": "*"}
        checksum = base64.b64encode(sha256(data).digest()).decode()
        with self._web.asking(caller, _FACT_BYTES):
            try:
                self._api.put_object(Bucket=bucket, Key=key, Body=data, ChecksumSHA256=checksum, **options)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code") or caller.status)
                if code in _OCCUPIED:
                    return False
                if caller.status == _FORBIDDEN:
                    raise CollectorError(
                        f"{self._connection.name} may not write {shown(key)} in {bucket}",
                        "Allow its key s3:PutObject there.",
                    ) from None
                raise answered(self._connection, bucket, key, error.response) from None
            except (ResponseParserError, ValueError):
                raise self.no_answer("PutObject", bucket) from None
            except BotoCoreError as error:
                raise not_asked(self._connection, error) from None
        return True

    def tell(
        self, caller: Caller, operation: str, bucket: str, key: str = "", **options: str
    ) -> Mapping[str, Any] | Refused:
        """Ask for facts of a bucket, or of an object; returns the answer, also one that says no."""
        return self._tell(caller, operation, bucket, key, options)

    def versioning(self, caller: Caller, bucket: str) -> Mapping[str, Any] | Refused:
        """Ask whether a bucket keeps versions; botocore would take any document for a word that it does not."""
        answer = self._tell(caller, "GetBucketVersioning", bucket, "", {}, parse_versioning)
        if isinstance(answer, Refused):
            return answer
        said: Mapping[str, str] | None = caller.page
        if said is None:
            raise self.no_answer("GetBucketVersioning", bucket)
        return said

    def _tell(
        self,
        caller: Caller,
        operation: str,
        bucket: str,
        key: str,
        options: Mapping[str, str],
        parse: Callable[[bytes], Any] | None = None,
    ) -> Mapping[str, Any] | Refused:
        named = {"Key": key} if key else {}
        ask: Callable[..., Mapping[str, Any]] = getattr(self._api, xform_name(operation))
        with self._web.asking(caller, _FACT_BYTES, parse):
            try:
                return ask(Bucket=bucket, **named, **options)
            except ClientError as error:
                answer = error.response.get("Error", {})
                # not the caller's: after a bad request botocore itself asks with HeadBucket after the region
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
                if caller.status == 200 and status >= 500:  # noqa: PLR2004  so botocore takes what it cannot parse
                    raise self.no_answer(operation, bucket) from None
                return Refused(
                    str(answer.get("Code") or status), status, str(answer.get("Message") or ""),
                    answered(self._connection, bucket, key, error.response),
                )  # fmt: skip
            except (ResponseParserError, ValueError):
                raise self.no_answer(operation, bucket) from None
            except BotoCoreError as error:
                raise not_asked(self._connection, error) from None

    def no_answer(self, operation: str, bucket: str) -> CollectorError:
        """Return the error for an answer that makes no sense."""
        return no_answer(self._connection, operation, bucket)

    def _asked(self, caller: Caller, bucket: str, key: str, ask: Callable[[], Any]) -> Any:
        """Ask, and turn each way of failing into an error that says what to do; None: the range is beyond the end."""
        try:
            return ask()
        except ClientError as error:
            if caller.status == _BEYOND_ITS_END and key:  # whatever its body says
                return None
            if not key and caller.status == 200:  # noqa: PLR2004  botocore takes it for a fault of the server
                raise no_listing(self._connection, bucket) from None
            raise answered(self._connection, bucket, key, error.response) from None
        except (ResponseParserError, ValueError):  # the latter, where it trips over a number that is none
            if key:
                raise no_object(self._connection, bucket, key) from None
            raise no_listing(self._connection, bucket) from None
        except BotoCoreError as error:
            raise not_asked(self._connection, error) from None

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent = {name: value for name, value in request.headers.items() if name.lower() != "expect"}
        body: Any = request.body
        body = body.read() if hasattr(body, "read") else body
        answer = self._web.send(
            request.method, request.url, sent, body or b"", setting="endpoint", region="x-amz-bucket-region"
        )
        headers = HTTPHeaders()
        for name, value in answer.headers.items():
            headers[name] = value
        # a listing is kept from botocore's slow parser; what is none is left to it, and to its retries
        taken = self._web.caller().take_page(answer.status, answer.body)
        return AWSResponse(request.url, answer.status, headers, _Body(_TAKEN if taken else answer.body))

    def close(self) -> None:
        """Let go of the client."""
        self._api.close()


def version_of(version: Version) -> dict[str, str]:
    """Return how a request names a version; nothing for the newest one."""
    return {"VersionId": version.id} if version.id else {}


def _refuse_others(operations: frozenset[str], model: Any, **_: Any) -> None:
    """Refuse whatever is not on the list, before it is signed."""
    if model.name not in operations:
        raise CollectorError(
            f"refused to ask for {model.name}: drcheck only reads", "Report this as a fault of drcheck."
        )
