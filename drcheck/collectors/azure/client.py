"""The SDK's client of one Azure account: read-only, shared by all its sources. Importing this imports the SDK."""

from __future__ import annotations

import importlib
import io
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import requests
import urllib3
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import AzureError, DecodeError, ResourceExistsError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, ExponentialRetry
from requests.adapters import HTTPAdapter

from drcheck.collectors import ranges, value_bounds
from drcheck.collectors.azure.account import is_sas
from drcheck.collectors.azure.faults import failed, not_azure
from drcheck.collectors.azure.listing import MOST, Page, Question, parse_page
from drcheck.collectors.azure.settings import AzureConnection
from drcheck.collectors.confine import shown
from drcheck.collectors.descriptions import Refused
from drcheck.collectors.guarded import made_no_sense
from drcheck.collectors.http_sender import Caller, Web
from drcheck.collectors.value_bounds import Nonsense
from drcheck.interfaces import CollectorError

TRIES: Final = 3
"""How often the SDK asks a storage that is throttling or at fault, with 1 to 4 s in between."""
_PAGE: Final = MOST
_PAGE_BYTES: Final = 64 * 1024 * 1024
"""A blob takes about a kilobyte of XML, its name of up to 1,024 characters aside."""
_FACT_BYTES: Final = 64 * 1024
"""The longest answer to a question after properties, which are in its headers."""
_OK: Final = 200
_PARTIAL: Final = 206
_FORBIDDEN: Final = 403
_TAKEN: Final = b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>"
"""What the SDK is given to parse instead of a page."""
_INVALID_RANGE: Final = 416

# what these say of themselves would be written to standard error unless somebody takes it
for _name in ("azure", "msal", "requests"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class _Retry(ExponentialRetry):
    """The SDK's retries, with an id of our own for each request.

    The SDK's own ids are of ``uuid.uuid1``: where that is libuuid's, each thread that asks for one opens a file and
    never closes it, and a process that looks at Azure every night would run out of them.
    """

    def configure_retries(self, request: PipelineRequest[Any]) -> dict[str, Any]:
        """Name the first try."""
        settings: dict[str, Any] = super().configure_retries(request)
        settings["options"] = request.context.options
        _put_name_on(settings)
        return settings

    def sleep(self, settings: dict[str, Any], transport: Any) -> None:
        """Wait, and name the next try."""
        super().sleep(settings, transport)  # type: ignore[no-untyped-call]  # it has no types
        _put_name_on(settings)


def _put_name_on(settings: dict[str, Any]) -> None:
    settings["options"]["client_request_id"] = str(uuid4())


class AzureClient:
    """Listings, ranges of blobs and properties, asked for one caller at a time in each thread."""

    def __init__(self, connection: AzureConnection, web: Web) -> None:
        self._connection = connection
        self._web = web
        session = requests.Session()
        session.trust_env = False  # a .netrc would replace the signature
        session.mount("https://", _Adapter(web))
        session.mount("http://", _Adapter(web))
        try:
            self._api = BlobServiceClient(
                connection.account_url,
                credential=_credential(connection),
                transport=RequestsTransport(session=session, session_owner=False, use_env_settings=False),
                retry_policy=_Retry(initial_backoff=1, increment_base=2, retry_total=TRIES - 1, random_jitter_range=1),
                logging_enable=False,
                permit_redirects=False,  # the SAS token would go along
            )
        except (ValueError, TypeError):
            raise CollectorError(
                f"the connection {connection.name} has no valid `account_url`, or no valid credential",
                "Write https://ACCOUNT.blob.core.windows.net, and a SAS token or an account key as Azure shows it.",
            ) from None

    def secret(self) -> str | None:
        """Return the SAS token or key that signs; None: Azure's own chain does."""
        return secret_of(self._connection)

    def page(self, caller: Caller, question: Question) -> Page:
        """Ask for one page of a listing."""
        container = question.container
        include = ["copy", "immutabilitypolicy", "legalhold"] if question.locks else ["copy"]
        include += ["snapshots", "versions", "deleted"] if question.earlier else []
        pages = (
            self._api.get_container_client(container)
            .list_blobs(name_starts_with=question.prefix or None, include=include, results_per_page=_PAGE)
            .by_page(question.marker or None)
        )
        with self._web.asking(caller, _PAGE_BYTES, partial(parse_page, question=question)):
            self._asked(container, "", lambda: next(pages))
            page: Page | None = caller.page
        if page is None:
            raise not_azure(self._connection, container, why=caller.wrong)
        return page

    def get(self, caller: Caller, container: str, name: str, offset: int, at_most: int) -> bytes:
        """Return a range of a blob; empty where it lies beyond its end."""
        try:
            return self._get(caller, container, name, offset, at_most)
        except Nonsense as error:
            raise made_no_sense(self._connection, error) from None

    def _get(self, caller: Caller, container: str, name: str, offset: int, at_most: int) -> bytes:
        blob = self._api.get_blob_client(container, name)
        options: dict[str, Any] = {}
        with self._web.asking(caller, at_most):
            if offset < 0:  # Azure has no range from the end
                properties = self._sized(caller, container, name)
                offset = max(0, properties.size + offset)
                # should it change between the two requests, the second is refused
                options = {"etag": properties.etag, "match_condition": MatchConditions.IfNotModified}

            def download() -> bytes:
                whole: bytes = blob.download_blob(offset, at_most, decompress=False, **options).readall()
                return whole

            content: bytes | None = self._asked(container, name, download)
            if content and caller.status != _PARTIAL:
                raise not_azure(self._connection, container, name)
            if not content:
                if caller.whole is None:  # without it a log would just seem to end
                    self._sized(caller, container, name)
                ranges.check_beyond(f"bytes={offset}-", f"bytes */{caller.whole}")
        return content or b""

    def _sized(self, caller: Caller, container: str, name: str) -> Any:
        """Return the properties of a blob; what is read of it must fit the size that they tell."""
        properties = self._asked(container, name, self._api.get_blob_client(container, name).get_blob_properties)
        if properties is None or properties.size is None:
            raise not_azure(self._connection, container, name)
        caller.whole = value_bounds.size(properties.size)
        return properties

    def tell(self, caller: Caller, container: str, name: str = "") -> Any:
        """Ask for the properties of a container, or of a blob; returns the SDK's, or :class:`Refused`."""
        with self._web.asking(caller, _FACT_BYTES):
            try:
                if name:
                    properties: Any = self._api.get_blob_client(container, name).get_blob_properties()
                else:
                    properties = self._api.get_container_client(container).get_container_properties()
            except (DecodeError, ValueError, TypeError, AttributeError, LookupError):
                raise not_azure(self._connection, container, name or container) from None
            except AzureError as error:
                status = getattr(error, "status_code", None) or 0
                code = getattr(error, "error_code", None) or status
                return Refused(
                    str(getattr(code, "value", code)), status, "", failed(self._connection, container, name, error)
                )
        if not properties.etag:  # all have one; a web page in between need not
            raise not_azure(self._connection, container, name or container)
        return properties

    def put(self, caller: Caller, container: str, name: str, data: bytes, *, replace: bool) -> bool:
        """Write a blob; returns whether there was none where it must not be replaced."""
        blob = self._api.get_blob_client(container, name)
        with self._web.asking(caller, _FACT_BYTES):
            try:
                blob.upload_blob(data, length=len(data), overwrite=replace)
            except ResourceExistsError:
                return False
            except (DecodeError, ValueError, TypeError, AttributeError, LookupError):
                raise not_azure(self._connection, container, name) from None
            except AzureError as error:
                if caller.status == _FORBIDDEN:
                    raise CollectorError(
                        f"{self._connection.name} may not write {shown(name)} in {container}",
                        "Give it the role Storage Blob Data Contributor, or a SAS token that may create and write.",
                    ) from None
                raise failed(self._connection, container, name, error) from None
        return True

    def _asked(self, container: str, name: str, ask: Callable[[], Any]) -> Any:
        """Ask, and turn each way of failing into an error that says what to do; None: the range is beyond the end."""
        try:
            return ask()
        except (DecodeError, ValueError, TypeError, AttributeError, LookupError):
            # the SDK stumbles in one way or another over an answer that is not one of Azure's
            raise not_azure(self._connection, container, name) from None
        except AzureError as error:
            if getattr(error, "status_code", None) == _INVALID_RANGE:
                return None
            raise failed(self._connection, container, name, error) from None

    def close(self) -> None:
        """Let go of the client."""
        self._api.close()


class _Adapter(HTTPAdapter):
    """Hands what the SDK sends to the one sender that both clouds share."""

    def __init__(self, web: Web) -> None:
        super().__init__()
        self._web = web

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send one request and return the whole answer; a page of a listing is kept from the SDK's slow parser."""
        body_sent: Any = request.body
        sent = body_sent.read() if hasattr(body_sent, "read") else body_sent or b""
        answer = self._web.send(str(request.method), str(request.url), request.headers, sent, setting="account_url")
        headers: Mapping[str, str] = answer.headers
        body = answer.body
        caller = self._web.caller()
        if caller.parse is not None and answer.status == _OK:
            # what is no listing is kept from the SDK as well: it stumbles over it in many ways
            caller.take_page(answer.status, body)
            headers = {"Content-Type": "application/xml"}
            body = _TAKEN
        raw = urllib3.HTTPResponse(
            io.BytesIO(body), headers, answer.status, preload_content=False, decode_content=False,
            request_method=request.method,
        )  # fmt: skip
        return self.build_response(request, raw)


def secret_of(connection: AzureConnection) -> str | None:
    """Return the SAS token or key that the connection names; None: it names none. Raises :class:`CollectorError`."""
    if connection.credential_env:
        secret = os.environ.get(connection.credential_env, "").strip()
        where = f"the environment variable {connection.credential_env}"
    elif connection.credential_file:
        where = f"the file {connection.credential_file}"
        try:
            secret = Path(connection.credential_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            secret = ""
    else:
        return None
    if not secret:
        raise CollectorError(
            f"there is no credential for {connection.name} in {where}", "Put a SAS token or an account key there."
        )
    return secret


def _credential(connection: AzureConnection) -> Any:
    """Return what signs: what the connection names, else Azure's own chain."""
    secret = secret_of(connection)
    if secret is None:
        return _chain(connection)
    if is_sas(secret):
        return AzureSasCredential(secret.lstrip("?"))
    return AzureNamedKeyCredential(_account(connection.account_url), secret)


def _account(url: str) -> str:
    """Return the account that a URL names: in the host, or in the path where the host is an address or localhost."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if host != "localhost":
            return host.partition(".")[0]
    return parts.path.strip("/").partition("/")[0]


def _chain(connection: AzureConnection) -> Any:
    try:
        identity: Any = importlib.import_module("azure.identity")  # an extra: it brings a dozen packages
    except ImportError:
        raise CollectorError(
            f"{connection.name} names no credential, and Azure's credential chain is not installed",
            "Name a SAS token with `credential_env`, or run `pip install 'backup-promises[azure-identity]'`.",
        ) from None
    return identity.DefaultAzureCredential(exclude_interactive_browser_credential=True)
