"""What a configuration says of an Azure Blob Storage account, and how a path there is written."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from drcheck.core.words import quoted
from drcheck.settings import ConfigKeys, Connection, at_once_key, base_url

_CONTAINER: Final = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*|\$root|\$web|\$logs")
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"""


class AzureConnection(Connection, frozen=True):
    """An Azure Blob Storage account."""

    account_url: str = ""
    credential_env: str = ""
    """Environment variable that holds a SAS token or an account key; empty: Azure's own credential chain."""
    credential_file: str = ""
    """File that holds one."""

    type: ClassVar[str] = "azure_blob"
    client: ClassVar[str] = "the Azure client"
    files: ClassVar[tuple[str, ...]] = ("credential_file",)
    dates_arrival: ClassVar[bool] = True
    path_form: ClassVar[str] = "CONTAINER/PREFIX"
    keys: ClassVar[ConfigKeys] = ConfigKeys(
        "an Azure Blob Storage account",
        "An Azure Blob Storage account.",
        {
            **at_once_key(),
            "account_url": {
                "type": "string",
                "title": "an account URL",
                "format": "drcheck-endpoint",
                "description": "The account's URL, without a signature.",
                "examples": ["https://example.blob.core.windows.net"],
            },
            "credential_env": {
                "type": "string",
                "title": "the name of an environment variable",
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
                "description": "Environment variable that holds a SAS token or an account key. Default: Azure's own "
                "credential chain.",
                "examples": ["DRCHECK_AZURE_SAS"],
            },
            "credential_file": {
                "$ref": "#/$defs/text",
                "description": "File that holds one.",
                "examples": ["/etc/drcheck/azure.sas"],
            },
        },
        required=("account_url",),
        exclusive=(("credential_env", "credential_file"),),
    )

    def location(self) -> str:
        """Return where it is."""
        return base_url(self.account_url)

    def path_fault(self, path: str) -> str:
        """Return why no blob can lie at ``path``: it begins with a container."""
        container = path.partition("/")[0]
        if not container:
            return "it names no container"
        return "" if _CONTAINER.fullmatch(container) else f"{quoted(container)} is not the name of a container"
