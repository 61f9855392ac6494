"""What an S3 service tells of the encryption and the locks of a bucket and its objects.

One HeadObject tells all, to those who may read the object. AWS leaves the headers of a lock out where the credentials
lack s3:GetObjectRetention or s3:GetObjectLegalHold, so that a missing header proves nothing until one of these has been
answered (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html). They need no leave to read content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from drcheck.collectors import value_bounds
from drcheck.collectors.confine import shown
from drcheck.collectors.descriptions import NONE, Refused
from drcheck.collectors.http_sender import Caller
from drcheck.collectors.s3.client import S3Client, version_of
from drcheck.collectors.s3.versions import Version
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import CollectorError, NotFound

_DENIED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "Forbidden", "403"})
_NO_LOCK: Final = frozenset(
    {
        "NoSuchObjectLockConfiguration",  # AWS
        "ObjectLockConfigurationNotFoundError", "NoSuchObjectLegalHold",  # SeaweedFS
    }
)  # fmt: skip
_UNKNOWN_OPERATION: Final = frozenset({404, 405, 501})
"""What servers answer to an operation that they do not have."""
_BAD_REQUEST: Final = 400
_MODES: Final = frozenset({"governance", "compliance"})


class S3Facts:
    """Asks one bucket for facts, for one collector: what was refused once is not asked for again."""

    def __init__(self, client: S3Client, caller: Caller, bucket: str) -> None:
        self._client = client
        self._caller = caller
        self._bucket = bucket
        self._may_head = True
        self._settled: dict[Fact, FactValue] = {}
        """What the service answers to every further question after a fact of a lock: a refusal."""
        self._seen: set[Fact] = set()
        """Facts of locks that the credentials may see, so that a header left out means that there is none."""

    def place(self, facts: frozenset[Fact]) -> dict[Fact, FactValue]:
        """Return what the bucket itself tells."""
        answers: dict[Fact, FactValue] = {}
        if Fact.STORAGE_ENCRYPTION in facts:
            answers[Fact.STORAGE_ENCRYPTION] = self._default_encryption
        if Fact.LOCK in facts:
            answers[Fact.LOCK] = self._object_lock
        if Fact.LEGAL_HOLD in facts:
            lock = self._object_lock
            answers[Fact.LEGAL_HOLD] = FactValue(True, "object lock is enabled") if lock.holds else lock
        return answers

    def keeps_versions(self) -> bool:
        """Return whether the bucket may hold versions of what was overwritten or deleted."""
        answer = self._client.versioning(self._caller, self._bucket)
        if isinstance(answer, Refused):
            why = self._could_not(answer, "GetBucketVersioning", "s3:GetBucketVersioning").how
            raise CollectorError(
                f"whether {self._bucket} keeps versions cannot be told: {why}",
                "Grant the right to see this (docs/connections.md).",
            )
        return bool(answer.get("Status"))  # "Enabled" or "Suspended"

    def may_read(self, key: str) -> bool | None:
        """Return whether the credentials may read an object; None: nothing tells."""
        answer = self._client.tell(self._caller, "HeadObject", self._bucket, key)
        if not isinstance(answer, Refused):
            return True
        if answer.code in _DENIED:
            return False
        if isinstance(answer.error, NotFound) or answer.status in {_BAD_REQUEST, *_UNKNOWN_OPERATION}:
            return None
        raise answer.error

    def thing(
        self, thing: Version, facts: frozenset[Fact], listed: Mapping[Fact, FactValue] | None
    ) -> dict[Fact, FactValue]:
        """Return what is told of an object, or of a version of it.

        ``listed`` is what a listing told of it, None if none showed it.
        """
        answers = dict(listed or {})
        locks = facts & {Fact.LOCK, Fact.LEGAL_HOLD}
        if listed is not None and locks and self._object_lock.holds is False:
            answers.update(dict.fromkeys(locks, NONE))
        if answers.keys() >= facts & {Fact.STORAGE_ENCRYPTION, Fact.LOCK, Fact.LEGAL_HOLD}:
            return answers
        head = self._head(thing)
        if head is None:
            answers.setdefault(
                Fact.STORAGE_ENCRYPTION,
                FactValue(None, "the credentials may not ask for it by HeadObject (s3:GetObject)"),
            )
        else:
            answers[Fact.STORAGE_ENCRYPTION] = _encryption(head)
        if Fact.LOCK in facts:
            answers[Fact.LOCK] = self._lock(thing, head, Fact.LOCK, "GetObjectRetention", _retention)
        if Fact.LEGAL_HOLD in facts:
            answers[Fact.LEGAL_HOLD] = self._lock(thing, head, Fact.LEGAL_HOLD, "GetObjectLegalHold", _legal_hold)
        return answers

    @cached_property
    def _default_encryption(self) -> FactValue:
        """How new objects are encrypted if nothing else is said. That there is no default proves nothing of any."""
        answer = self._client.tell(self._caller, "GetBucketEncryption", self._bucket)
        if isinstance(answer, Refused):
            if answer.code == "ServerSideEncryptionConfigurationNotFoundError":
                return FactValue(None, "the bucket has no default encryption; each object tells for itself")
            return self._could_not(answer, "GetBucketEncryption", "s3:GetEncryptionConfiguration")
        for rule in answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", []):
            algorithm = rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
            if algorithm:
                return _algorithm(str(algorithm))
        return FactValue(None, "the answer to GetBucketEncryption names no algorithm")

    @cached_property
    def _object_lock(self) -> FactValue:
        """Whether objects of the bucket can be locked at all, and how new ones are by default."""
        answer = self._client.tell(self._caller, "GetObjectLockConfiguration", self._bucket)
        if isinstance(answer, Refused):
            if answer.code == "ObjectLockConfigurationNotFoundError":
                return NONE
            return self._could_not(answer, "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration")
        configuration = answer.get("ObjectLockConfiguration", {})
        match configuration.get("ObjectLockEnabled"):
            case "Enabled":
                mode = configuration.get("Rule", {}).get("DefaultRetention", {}).get("Mode")
                return FactValue(True, shown(str(mode)).lower() if mode else "enabled, without a default")
            case "Disabled":  # AWS has no such word, other servers do
                return NONE
            case _:
                return FactValue(None, "the answer to GetObjectLockConfiguration does not tell whether it is enabled")

    def _head(self, thing: Version) -> Mapping[str, Any] | None:
        """Return the object's headers; None if the credentials may not see them."""
        if not self._may_head:
            return None
        answer = self._client.tell(self._caller, "HeadObject", self._bucket, thing.key, **version_of(thing))
        if isinstance(answer, Refused):
            if answer.code in _DENIED:
                self._may_head = False
                return None
            if answer.status == _BAD_REQUEST:
                return self._customer_key(thing)
            raise answer.error
        if not answer.get("ETag"):  # every object has one; a web page in between need not
            raise self._client.no_answer("HeadObject", self._bucket)
        return answer

    def _customer_key(self, thing: Version) -> Mapping[str, Any]:
        """Return that the customer keeps the object's key, if that is why its HEAD was a bad request.

        An answer to HEAD has no body: a token that has expired looks the same. An answer to GET says which it is.
        """
        answer = self._client.tell(
            self._caller, "GetObject", self._bucket, thing.key, Range="bytes=0-0", **version_of(thing)
        )
        if not isinstance(answer, Refused):
            raise CollectorError(
                f"{shown(thing.key)} in {self._bucket} can be read, but not asked for by HeadObject",
                "See the S3 service's own log, and what lies in between.",
            )
        if answer.status != _BAD_REQUEST or "server side encryption" not in answer.message.lower().replace("-", " "):
            raise answer.error
        return {"SSECustomerAlgorithm": "AES256"}

    def _lock(
        self,
        thing: Version,
        head: Mapping[str, Any] | None,
        fact: Fact,
        operation: str,
        parse: Callable[..., FactValue | None],
    ) -> FactValue:
        """Return what the header tells, else what the operation of its own does."""
        told = parse(head) if head else None
        if told is not None:
            self._seen.add(fact)
            return told
        if self._object_lock.holds is False:
            return NONE
        if fact in self._settled:
            return self._settled[fact]
        if fact in self._seen and head and head.get("ETag"):
            return NONE
        answer = self._client.tell(self._caller, operation, self._bucket, thing.key, **version_of(thing))
        if not isinstance(answer, Refused):
            told = parse(answer.get("Retention") or answer.get("LegalHold") or {})
            if told is not None:
                self._seen.add(fact)
            return told or FactValue(None, f"the answer to {operation} tells nothing")
        if answer.code in _NO_LOCK:
            self._seen.add(fact)
            return NONE
        if answer.code == "NoSuchKey":
            raise answer.error
        if answer.code == "InvalidRequest" and "object lock" in answer.message.lower():
            told = NONE  # AWS: the bucket is missing its object lock configuration
        else:
            told = self._could_not(answer, operation, f"s3:{operation}")
        self._settled[fact] = told
        return told

    @staticmethod
    def _could_not(answer: Refused, operation: str, action: str) -> FactValue:
        """Return why a fact cannot be told; raises the error where the whole service cannot be asked."""
        if answer.code in _DENIED:
            return FactValue(None, f"the credentials may not ask for it by {operation} ({action})")
        if answer.code in {"NoSuchBucket", "NoSuchKey"}:
            raise answer.error
        if answer.status in _UNKNOWN_OPERATION or answer.code in {"NotImplemented", "InvalidRequest"}:
            return FactValue(None, f"the service has no answer to {operation} ({shown(answer.code)})")
        raise answer.error


def _encryption(head: Mapping[str, Any]) -> FactValue:
    algorithm = head.get("ServerSideEncryption")
    if algorithm:
        return _algorithm(str(algorithm))
    # "if the object is stored using server-side encryption, the response includes this header"
    return FactValue(True, "SSE-C") if head.get("SSECustomerAlgorithm") else NONE


def _algorithm(name: str) -> FactValue:
    """Return that something is encrypted, if ``name`` is one of an encryption (``AES256``, ``aws:kms``, …)."""
    if name == "AES256" or name.startswith("aws:"):
        return FactValue(True, shown(name))
    return FactValue(None, f"the storage names an encryption that is not known: {shown(name)}")


def _retention(retention: Mapping[str, Any]) -> FactValue | None:
    """Read a HEAD, or a Retention; None: it says nothing of one."""
    mode = retention.get("ObjectLockMode") or retention.get("Mode")
    until = retention.get("ObjectLockRetainUntilDate") or retention.get("RetainUntilDate")
    if not mode or not isinstance(until, datetime):
        return None
    if str(mode).lower() not in _MODES:
        return FactValue(None, f"its retention has a mode that is not known: {shown(str(mode))}")
    return FactValue(True, str(mode).lower(), value_bounds.until(until))


def _legal_hold(hold: Mapping[str, Any]) -> FactValue | None:
    """Read a HEAD, or a LegalHold; None: it says nothing of one."""
    match hold.get("ObjectLockLegalHoldStatus") or hold.get("Status"):
        case "ON":
            return FactValue(holds=True)
        case "OFF":
            return NONE
        case _:
            return None
