"""What Azure Blob Storage tells of the encryption and the locks of a container and its blobs.

A listing tells how each blob is encrypted. Locks of single blobs exist only where the container has immutable storage
with versioning; a listing tells them too, to credentials that may read, if it is asked to. A policy of the whole
container is seen only as such: neither its length nor whether it is locked can be asked for here
(https://learn.microsoft.com/rest/api/storageservices/get-container-properties).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from drcheck.collectors.azure.protection import CUSTOMER_KEY, blob_told
from drcheck.collectors.confine import shown
from drcheck.collectors.descriptions import NONE, Refused
from drcheck.core.model.evidence import Fact, FactValue
from drcheck.interfaces import NotFound

if TYPE_CHECKING:
    from drcheck.collectors.azure.client import AzureClient
    from drcheck.collectors.http_sender import Caller

_DENIED: Final = 403
LOCKS: Final = frozenset({Fact.LOCK, Fact.LEGAL_HOLD})


class _Container(NamedTuple):
    """What a container says of itself; None: it does not tell."""

    policy: bool | None
    hold: bool | None
    versions: bool | None
    """Whether single blobs can have locks of their own."""
    why: str = "the container does not tell whether it has an immutability policy or a legal hold"
    """Why the rest is None."""


class AzureFacts:
    """Asks one container for facts, for one collector: what was refused once is not asked for again."""

    def __init__(self, client: AzureClient, caller: Caller, container: str) -> None:
        self._client = client
        self._caller = caller
        self._name = container
        self._known: _Container | None = None
        self._may_ask = True

    @property
    def list_locks(self) -> bool:
        """Whether listings are to bring locks along: they were asked for before, and blobs can have them.

        Not always: it takes credentials that may read, which those that were told of the container have shown to be.
        """
        return self._known is not None and self._known.versions is True

    def place(self, facts: frozenset[Fact]) -> dict[Fact, FactValue]:
        """Return what the container itself tells."""
        # "data in a storage account is encrypted […] and it can't be disabled"; which key, each blob tells
        answers = {Fact.STORAGE_ENCRYPTION: FactValue(True, "Azure encrypts every account")}
        if facts & LOCKS:
            container = self._container()
            for fact, of_all in ((Fact.LOCK, container.policy), (Fact.LEGAL_HOLD, container.hold)):
                if of_all or container.versions:
                    answers[fact] = FactValue(True, "of the container" if of_all else "of single blobs")
                elif of_all is None or container.versions is None:
                    answers[fact] = FactValue(None, container.why)
                else:
                    answers[fact] = NONE
        return answers

    def may_read(self, absent: str) -> bool:
        """Return whether the credential may read blobs like ``absent``, which does not exist."""
        answer = self._client.tell(self._caller, self._name, absent)
        if not isinstance(answer, Refused) or isinstance(answer.error, NotFound):
            return True
        if answer.status == _DENIED:
            return False
        raise answer.error

    def thing(
        self, name: str, facts: frozenset[Fact], listed: Mapping[Fact, FactValue] | None
    ) -> dict[Fact, FactValue]:
        """Return what is told of a blob; ``listed`` is what a listing told of it, None if none showed it."""
        answers = dict(listed or {})
        wanted = facts & {Fact.STORAGE_ENCRYPTION, *LOCKS}
        container = self._container() if wanted & LOCKS else None
        alone = container is not None and container.versions is False
        if alone:  # no blob has a lock of its own
            answers.update(dict.fromkeys(LOCKS, NONE))
        if listed is None or not answers.keys() >= wanted:
            answers = {**self._ask(name), **answers}
        if container is not None:
            answers[Fact.LOCK] = _lock(answers[Fact.LOCK], container)
            answers[Fact.LEGAL_HOLD] = _hold(answers[Fact.LEGAL_HOLD], container)
        return answers

    def _container(self) -> _Container:
        if self._known is None:
            answer = self._client.tell(self._caller, self._name)
            if isinstance(answer, Refused):
                self._known = _Container(None, None, None, _denied(answer, "the container's properties"))
            else:
                self._known = _Container(
                    answer.has_immutability_policy,
                    answer.has_legal_hold,
                    answer.immutable_storage_with_versioning_enabled,
                )
        return self._known

    def _ask(self, name: str) -> Mapping[Fact, FactValue]:
        """Return what a blob says of itself."""
        answer: Any = self._client.tell(self._caller, self._name, name) if self._may_ask else None
        if not isinstance(answer, Refused) and answer is not None:
            policy = answer.immutability_policy
            return blob_told(
                answer.server_encrypted, answer.encryption_scope or "", answer.encryption_key_sha256 or "",
                policy.policy_mode or "", policy.expiry_time, hold=answer.has_legal_hold,
            )  # fmt: skip
        if answer is not None and answer.code == "BlobUsesCustomerSpecifiedEncryption":
            without = FactValue(None, "without the customer's key, only a listing tells of its locks")
            return {Fact.STORAGE_ENCRYPTION: CUSTOMER_KEY, Fact.LOCK: without, Fact.LEGAL_HOLD: without}
        why = "the credentials may not ask for a blob's properties (they need read)"
        if answer is not None:
            why = _denied(answer, "a blob's properties")
            self._may_ask = False
        return dict.fromkeys((Fact.STORAGE_ENCRYPTION, *LOCKS), FactValue(None, why))


def _denied(answer: Refused, what: str) -> str:
    """Return why a fact cannot be told; raises the error where the whole account cannot be asked."""
    if answer.status in {401, 403} and (answer.code.startswith("Authorization") or not answer.code.isalpha()):
        return f"the credentials may not ask for {what} (they need read)"
    if answer.code in {"InsufficientAccountPermissions", "FeatureNotSupported", "FeatureNotEnabled", "501", "405"}:
        return f"the account has no answer to a question for {what} ({shown(answer.code)})"
    raise answer.error


def _lock(own: FactValue, container: _Container) -> FactValue:
    """Return a blob's lock, given its own and what the container says of all of them."""
    if own.holds is not False:
        return own
    if container.policy:
        return FactValue(
            None,
            "the container has an immutability policy, but only Azure's management interface tells how long it locks, "
            "and whether it can be lifted",
        )
    return NONE if container.policy is False else FactValue(None, container.why)


def _hold(own: FactValue, container: _Container) -> FactValue:
    """Return a blob's legal hold, given its own and the container's, which is one of everything in it."""
    if own.holds or container.hold:
        return own if own.holds else FactValue(True, "of the container")
    if own.holds is None:
        return own
    return NONE if container.hold is False else FactValue(None, container.why)
