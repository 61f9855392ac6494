"""What Azure Blob Storage and its SDK say when something is wrong, as a sentence with the next step."""

from __future__ import annotations

from azure.core import exceptions

from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.confine import shown
from drcheck.interfaces import Archived, CollectorError, NotFound, Throttled, calmer


def not_azure(connection: AzureConnection, container: str, name: str = "", why: str = "") -> CollectorError:
    """Return the error for an answer with status 200 that makes no sense; ``name`` is empty for a listing.

    ``why`` says why a listing is not believed; empty: it is none.
    """
    listing = f"to a listing of {container} {f'makes no sense: {why}' if why else 'is not a listing'}"
    what = f"for {shown(name)} is not one of Azure's" if name else listing
    return CollectorError(
        f"the answer {what}",
        f"Check that `account_url` of {connection.name} is the blob service itself, not a proxy or a web page.",
    )


def failed(connection: AzureConnection, container: str, name: str, error: exceptions.AzureError) -> CollectorError:
    """Return the error for a request that Azure or its SDK did not serve; ``name`` is empty for a listing."""
    alias = connection.name
    what = f"{shown(name)} in {container}" if name else container
    code = getattr(error, "error_code", None) or ""
    code = str(getattr(code, "value", code))
    status = getattr(error, "status_code", None) or 0
    if isinstance(error, exceptions.ClientAuthenticationError) and not status:  # of azure-identity, before any request
        return CollectorError(
            f"Azure's credential chain gives {alias} no token", "Log in, or name a SAS token with `credential_env`."
        )
    match code or str(status):
        case "ContainerNotFound" | "ContainerBeingDeleted":
            return CollectorError(f"there is no container {container} in {alias}", "Check the policy's `at`.")
        case "BlobNotFound":
            return NotFound(f"there is no {what}", "Check the policy's `at`.")
        case "404":  # a HEAD has no body that could tell a missing blob from a missing container
            return NotFound(f"there is no {what}", "Check the policy's `at`, and `account_url`.")
        case "AuthenticationFailed" | "InvalidAuthenticationInfo":
            return CollectorError(
                f"{alias} does not accept the credential",
                "Check that it is whole, that a SAS token has not expired, and this machine's clock.",
            )
        case (
            "AuthorizationFailure" | "AuthorizationPermissionMismatch" | "AuthorizationServiceMismatch"
            | "AuthorizationResourceTypeMismatch" | "AuthorizationProtocolMismatch" | "AuthorizationSourceIPMismatch"
            | "InsufficientAccountPermissions" | "401" | "403"
        ):  # fmt: skip
            need = "read" if name else "list"
            return CollectorError(
                f"{alias} may not {need} {what}",
                f"Give it the role Storage Blob Data Reader, or a SAS token that may {need} and has not expired; "
                "check the account's firewall.",
            )
        case "PublicAccessNotPermitted" | "NoAuthenticationInformation" | "ResourceNotFound":
            return CollectorError(
                f"{alias} does not show {what} to the unknown", "Name a credential with `credential_env`."
            )
        case "InvalidResourceName" | "OutOfRangeInput" | "InvalidUri":
            return CollectorError(f"{what} is not a name that Azure allows", "Check the policy's `at`.")
        case "BlobArchived":
            return Archived(f"{what} is archived and cannot be read", "Rehydrate it; keep logs out of archives.")
        case "ConditionNotMet":
            return CollectorError(f"{what} changed while it was read", "Look again later.")
        case "AccountIsDisabled":
            return CollectorError(f"the account of {alias} is disabled", "See its subscription.")
        case "ServerBusy" | "OperationTimedOut" | "503" | "429":
            return Throttled(f"{alias} is throttling, also after several tries", calmer(alias))
        case "InternalError" | "500" | "502" | "504":
            return CollectorError(f"{alias} is at fault ({status}), also after several tries", "Try again later.")
        case "0":
            return CollectorError(f"{alias} could not be asked: {shown(str(error))}", "Check `account_url`.")
        case other:
            return CollectorError(f"{alias} answered {shown(other)} ({status}) for {what}", "See the account's logs.")
