"""A fake of one container of Azure Blob Storage: it answers as the service documents, where Azurite knows nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from tests.collectors.canned import Canned, Reply

NEW_YEAR = 1_798_761_600
DATE = "Fri, 01 Jan 2027 00:00:00 GMT"


@dataclass(frozen=True)
class Blob:
    """Properties of a blob, by the names that listings have for them."""

    encrypted: str | None = "true"
    scope: str = ""
    customer_key: str = ""
    mode: str = ""
    until: str = ""
    hold: str = ""


BLOBS = {
    "p/plain": Blob(),
    "p/scoped": Blob(scope="backups"),
    "p/default-scope": Blob(scope="$account-encryption-key"),
    "p/customer": Blob(customer_key="c2hhMjU2"),
    "p/unencrypted": Blob(encrypted="false"),
    "p/silent": Blob(encrypted=None),
    "p/locked": Blob(mode="locked", until=DATE),
    "p/unlocked": Blob(mode="unlocked", until=DATE),
    "p/held": Blob(hold="true"),
}
FREE = {
    "has-immutability-policy": "false",
    "has-legal-hold": "false",
    "immutable-storage-with-versioning-enabled": "false",
}
VERSIONS = FREE | {"immutable-storage-with-versioning-enabled": "true"}


class FakeAzure(Canned):
    """One container and its blobs; ``container`` are its headers, or what is answered instead of them."""

    def __init__(self, container: Mapping[str, str] | Reply = FREE, blobs: Mapping[str, Blob] | Reply = BLOBS) -> None:
        self.container = container
        self.blobs = blobs
        super().__init__(self._answer)

    def _answer(self, _number: int, path: str) -> Reply:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if "comp" in query:
            return self._listing(query["include"][0].split(","))
        if "restype" in query:
            if isinstance(self.container, Reply):
                return self.container
            return Reply(200, b"", (("ETag", '"0x1"'), *((f"x-ms-{name}", it) for name, it in self.container.items())))
        return self._properties(unquote(parts.path).removeprefix("/account/box/"))

    def _listing(self, include: list[str]) -> Reply:
        if isinstance(self.blobs, Reply):
            return self.blobs
        items = ""
        for name, blob in self.blobs.items():
            told = {
                "Last-Modified": DATE, "Content-Length": "1", "ServerEncrypted": blob.encrypted,
                "EncryptionScope": blob.scope, "CustomerProvidedKeySha256": blob.customer_key,
            }  # fmt: skip
            if "immutabilitypolicy" in include:
                told |= {"ImmutabilityPolicyUntilDate": blob.until, "ImmutabilityPolicyMode": blob.mode}
            if "legalhold" in include:
                told["LegalHold"] = blob.hold
            elements = "".join(f"<{key}>{value}</{key}>" for key, value in told.items() if value)
            items += f"<Blob><Name>{name}</Name><Properties>{elements}</Properties></Blob>"
        return Reply(200, f"<EnumerationResults><Blobs>{items}</Blobs><NextMarker /></EnumerationResults>".encode())

    def _properties(self, name: str) -> Reply:
        if isinstance(self.blobs, Reply):
            return self.blobs
        blob = self.blobs.get(name)
        if blob is None:
            return refusal(404, "BlobNotFound")
        if blob.customer_key:
            return refusal(409, "BlobUsesCustomerSpecifiedEncryption")
        told = {
            "ETag": '"0x1"', "x-ms-server-encrypted": blob.encrypted, "x-ms-encryption-scope": blob.scope,
            "x-ms-immutability-policy-until-date": blob.until, "x-ms-immutability-policy-mode": blob.mode,
            "x-ms-legal-hold": blob.hold,
        }  # fmt: skip
        return Reply(200, b"", tuple((key, value) for key, value in told.items() if value))


def refusal(status: int, code: str = "") -> Reply:
    return Reply(status, b"", (("x-ms-error-code", code),) if code else ())


DENIED = refusal(403, "AuthorizationPermissionMismatch")
