"""What S3 services and botocore say when something is wrong, as a sentence with the next step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import exceptions

from drcheck.collectors.confine import shown
from drcheck.collectors.s3.settings import S3Connection
from drcheck.interfaces import Archived, CollectorError, NotFound, Throttled, calmer

_CREDENTIALS = "Put a key for this connection into the environment, `profile` or `credentials_file`."


def no_listing(connection: S3Connection, bucket: str, why: str = "") -> CollectorError:
    """Return the error for an answer with status 200 that is no listing, or one that is not believed, and ``why``."""
    return CollectorError(
        f"the answer to a listing of {bucket} {f'makes no sense: {why}' if why else 'is not a listing'}",
        f"Check that `endpoint` of {connection.name} is the S3 service itself, not a proxy or a web page.",
    )


def no_object(connection: S3Connection, bucket: str, key: str) -> CollectorError:
    """Return the error for an answer to a question for an object that makes no sense."""
    return CollectorError(
        f"the answer for {shown(key)} in {bucket} is not one of S3's",
        f"Check that `endpoint` of {connection.name} is the S3 service itself, not a proxy or a web page.",
    )


def no_answer(connection: S3Connection, operation: str, bucket: str) -> CollectorError:
    """Return the error for an answer to a question after facts that makes no sense."""
    return CollectorError(
        f"the answer to {operation} in {bucket} is not one of S3's",
        f"Check that `endpoint` of {connection.name} is the S3 service itself, not a proxy or a web page.",
    )


def answered(connection: S3Connection, bucket: str, key: str, response: Mapping[str, Any]) -> CollectorError:
    """Return the error for an answer that says no; ``key`` is empty for a listing."""
    error = response.get("Error", {})
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    alias = connection.name
    what = f"{shown(key)} in {bucket}" if key else bucket
    match str(error.get("Code") or status):
        case "NoSuchBucket":
            return CollectorError(f"there is no bucket {bucket} in {alias}", "Check the policy's `at`, and the region.")
        case "NoSuchKey":
            return NotFound(f"there is no {what}", "Check the policy's `at`.")
        case "404":
            return NotFound(f"there is no {what}", "Check the policy's `at`, and `endpoint`.")
        case "AccessDenied" | "AllAccessDisabled" | "403" | "Forbidden":
            action, on = ("s3:GetObject", "its objects") if key else ("s3:ListBucket", "the bucket")
            versions = "s3:GetObjectVersion" if key else "s3:ListBucketVersions"
            hint = f"Allow its key {action} on {on}; where a source reads versions, {versions}."
            return CollectorError(f"{alias} may not see {what}", hint)
        case "InvalidAccessKeyId":
            return CollectorError(f"{alias} has a key that the service does not know", _CREDENTIALS)
        case "SignatureDoesNotMatch":
            return CollectorError(
                f"{alias} has a secret that does not fit its key",
                "Copy the secret again; line breaks and blanks at its end count.",
            )
        case "RequestTimeTooSkewed" | "RequestExpired":
            return CollectorError(
                f"the clocks of this machine and of {alias} are too far apart for it to answer",
                "Set this machine's clock by NTP; if it is right, the storage's is wrong.",
            )
        case "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "InvalidToken":
            return CollectorError(f"the session token of {alias} has expired or is not valid", "Log in again.")
        case "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" | "301" | "307" as code:
            region = error.get("Region") or metadata.get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
            if code == "AuthorizationHeaderMalformed" and not region:
                return CollectorError(f"{alias} does not accept the signature", "Set `region` to the bucket's.")
            return CollectorError(
                f"the bucket {bucket} lies in another region than {connection.region or 'the one asked'}",
                f"Set `region: {shown(region)}` on {alias}." if region else f"Set the bucket's `region` on {alias}.",
            )
        case "IllegalLocationConstraintException":
            return CollectorError(f"{bucket} lies in another region", f"Set its `region` on {alias}.")
        case "InvalidBucketName":
            return CollectorError(f"{shown(bucket)} is not a bucket's name", "Check the policy's `at`.")
        case "InvalidObjectState":
            return Archived(f"{what} is archived and cannot be read", "Restore it, or keep logs out of archives.")
        case (
            "SlowDown"
            | "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "503"
            | "429"
        ):
            return Throttled(f"{alias} is throttling, also after several tries", calmer(alias))
        case "InternalError" | "ServiceUnavailable" | "500" | "502" | "504":
            return CollectorError(f"{alias} is at fault ({status}), also after several tries", "Try again later.")
        case code:
            message = shown(str(error.get("Message") or ""))
            said = f"{shown(code)} ({status}) for {what}{message and f': {message}'}"
            return CollectorError(f"{alias} answered {said}", "See its own log.")


def not_asked(connection: S3Connection, error: exceptions.BotoCoreError) -> CollectorError:
    """Return the error for a request that botocore could not even send."""
    alias = connection.name
    match error:
        case exceptions.ProfileNotFound():
            return CollectorError(
                f"there is no profile {connection.profile} for {alias}", "Write it to ~/.aws/config, or name another."
            )
        case exceptions.NoCredentialsError() | exceptions.CredentialRetrievalError():
            return CollectorError(f"there are no credentials for {alias}", _CREDENTIALS)
        case exceptions.PartialCredentialsError():
            return CollectorError(f"the credentials for {alias} are only half there", _CREDENTIALS)
        case exceptions.NoRegionError() | exceptions.InvalidRegionError():
            return CollectorError(f"{alias} has no region, or none that exists", "Set `region` on it.")
        case exceptions.TokenRetrievalError() | exceptions.UnauthorizedSSOTokenError() | exceptions.SSOError():
            return CollectorError(f"the login of {alias} has expired", "Run `aws sso login` for its profile.")
        case exceptions.ConfigNotFound() | exceptions.ConfigParseError():
            return CollectorError(f"the AWS configuration for {alias} cannot be read", "Check ~/.aws/config.")
        case _:
            return CollectorError(
                f"{alias} could not be asked ({type(error).__name__}): {shown(str(error))}",
                "Check `endpoint`, `region` and the AWS configuration.",
            )
