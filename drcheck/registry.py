"""Everything that drcheck can plug together, on one page: kinds of commitment, collectors, readers, report formats.

Modules are named, and imported when they are asked for: a run that looks at local disks loads no cloud SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from drcheck.core.model.readers import Behaviour, LedgersOwn, Reader, Tells
from drcheck.errors import UsageError

if TYPE_CHECKING:
    from drcheck.core.model.log_records import Log
    from drcheck.core.model.policy import Source
    from drcheck.interfaces import Collector, Read, Shell, Store
    from drcheck.run_report import Documents, Render, Report
    from drcheck.settings import Connection

    Opener = Callable[[str, Any], Collector]
    """Given where to root it and the ``Connections`` of the run, returns a collector; raises ``CollectorError``."""


KINDS: Final[dict[str, str]] = {
    "rpo": "drcheck.policyfile.kinds.rpo",
    "rto": "drcheck.policyfile.kinds.rto",
    "backup_frequency": "drcheck.policyfile.kinds.backup_frequency",
    "retention": "drcheck.policyfile.kinds.retention",
    "encryption": "drcheck.policyfile.kinds.encryption",
    "copies": "drcheck.policyfile.kinds.copies",
    "immutability": "drcheck.policyfile.kinds.immutability",
    "integrity": "drcheck.policyfile.kinds.integrity",
    "restore_test": "drcheck.policyfile.kinds.restore_test",
    "provable": "drcheck.policyfile.kinds.provable",
    "availability": "drcheck.policyfile.kinds.availability",
    "coverage": "drcheck.policyfile.kinds.coverage",
}
"""Name of a kind of commitment to the module that reads it in policies, and that names its value in the core."""

OF_ESTATES: Final = frozenset({"coverage"})
"""Kinds that whoever runs the services promises of all of them together: an agreement about one says nothing of it."""

_RECORDS: Final = "JSON Lines, or the same as CSV in a file `.csv`"
_READERS: Final = (
    Reader(
        "objects",
        "drcheck.readers.points.objects",
        "files or objects whose names tell what they are",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=True,
        keys="objects_source",
    ),
    Reader(
        "restic",
        "drcheck.readers.tools.restic",
        "what `restic snapshots --json` prints",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=False,
        keys="restic_source",
    ),
    Reader(
        "borg",
        "drcheck.readers.tools.borg",
        "what `borg list --json` or `borg info --json --glob-archives '*'` prints",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=False,
        keys="borg_source",
    ),
    Reader(
        "pgbackrest",
        "drcheck.readers.tools.pgbackrest",
        "what `pgbackrest info --output=json` prints",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=False,
        keys="pgbackrest_source",
        chains=True,
    ),
    Reader(
        "pgbackrest-files",
        "drcheck.readers.tools.pgbackrest_files",
        "a repository of pgBackRest, with its log archive",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=True,
        keys="pgbackrest_files_source",
        chains=True,
    ),
    Reader(
        "barman",
        "drcheck.readers.tools.barman",
        "what `barman -f json list-backups SERVER` prints",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=False,
        keys="barman_source",
        chains=True,
    ),
    Reader(
        "barman-files",
        "drcheck.readers.tools.barman_files",
        "what Barman keeps of a server, on a host or in object storage, with its log archive",
        yields=frozenset({Tells.POINTS}),
        behaves=Behaviour.STANDING,
        lists=True,
        keys="barman_files_source",
        chains=True,
    ),
    Reader(
        "restore-log",
        "drcheck.readers.logs.restore_log",
        f"restore tests: {_RECORDS}, JUnit's XML in a file `.xml`, or lines of text",
        yields=frozenset({Tells.RESTORE_TESTS, Tells.CHECKS}),
        behaves=Behaviour.APPENDED,
        lists=False,
        forms=((".xml", Behaviour.WINDOW),),
        keys="restore_log_source",
    ),
    Reader(
        "repository-checks",
        "drcheck.readers.logs.repository_checks",
        "what `restic check` and `borg check --verbose` printed, each run between two lines that date it",
        yields=frozenset({Tells.CHECKS}),
        behaves=Behaviour.APPENDED,
        lists=False,
        keys="repository_checks_source",
    ),
    Reader(
        "drills",
        "drcheck.readers.logs.ledger_drills",
        "drills that drcheck ran, out of its ledger",
        yields=frozenset({Tells.RESTORE_TESTS}),
        behaves=Behaviour.APPENDED,
        lists=False,
        keys="drills_source",
        own=LedgersOwn.RUN,
    ),
    Reader(
        "recorded-drills",
        "drcheck.readers.logs.ledger_drills",
        "restore tests that `drcheck drill record` and `import` put into the ledger",
        yields=frozenset({Tells.RESTORE_TESTS}),
        behaves=Behaviour.APPENDED,
        lists=False,
        keys="drills_source",
        own=LedgersOwn.RECORDED,
    ),
    Reader(
        "outage-log",
        "drcheck.readers.logs.outage_log",
        f"outages and watched spans: {_RECORDS}, or a monitoring tool's export in a file `.json`",
        yields=frozenset({Tells.OUTAGES, Tells.WATCHED, Tells.RECOVERIES}),
        behaves=Behaviour.APPENDED,
        lists=False,
        forms=((".json", Behaviour.WINDOW),),
    ),
    Reader(
        "maintenance-log",
        "drcheck.readers.logs.maintenance_log",
        f"maintenance windows: {_RECORDS}",
        yields=frozenset({Tells.MAINTENANCE}),
        behaves=Behaviour.APPENDED,
        lists=False,
    ),
    Reader(
        "inventory",
        "drcheck.readers.logs.inventory",
        "services, buckets or hosts that exist: a name a line, or a table (CSV) with a header",
        yields=frozenset({Tells.INVENTORY}),
        behaves=Behaviour.WINDOW,
        lists=False,
        keys="inventory_source",
    ),
    Reader(
        "attestations",
        "drcheck.readers.logs.attestations",
        f"dated statements by named owners: {_RECORDS}",
        yields=frozenset({Tells.ATTESTATIONS}),
        behaves=Behaviour.APPENDED,
        lists=False,
    ),
)
READERS: Final[dict[str, Reader]] = {reader.name: reader for reader in _READERS}
"""Name of a reader, as policies write it, to what it is."""


class PlaceType(NamedTuple):
    """A sort of place where evidence lies."""

    connection: str
    """Module and class of its connection in the configuration, with a colon between."""
    opener: str
    """Module and function that open a collector there."""
    sdk: str = ""
    """The module that loads what talks to it."""
    shell_opener: str = ""
    """Module and function that open a shell there, for drills; empty: nothing runs there."""
    store_opener: str = ""
    """Module and function that open what writes there, for checkpoints; empty: nothing does."""


COLLECTORS: Final[dict[str, PlaceType]] = {
    "s3": PlaceType(
        "drcheck.collectors.s3.settings:S3Connection",
        "drcheck.collectors.s3.collector:open_s3",
        "drcheck.collectors.s3.client",
        store_opener="drcheck.collectors.s3.store:open_store",
    ),
    "azure_blob": PlaceType(
        "drcheck.collectors.azure.settings:AzureConnection",
        "drcheck.collectors.azure.collector:open_azure_blob",
        "drcheck.collectors.azure.client",
        store_opener="drcheck.collectors.azure.store:open_store",
    ),
    "ssh": PlaceType(
        "drcheck.collectors.ssh.settings:SshConnection",
        "drcheck.collectors.ssh.collector:open_ssh",
        "drcheck.collectors.ssh.connection",
        "drcheck.collectors.ssh.shell:open_shell",
    ),
    "local": PlaceType(
        "drcheck.collectors.local.settings:LocalConnection",
        "drcheck.collectors.local.collector:open_local",
        "",
        "drcheck.collectors.local.shell:open_shell",
    ),
}
"""Type of a connection, as configurations write it, to what opens collectors there."""


class Format(NamedTuple):
    """A form of report."""

    module: str
    """Where its ``render`` is."""
    content_type: str
    """What a server calls it (RFC 9110, section 8.3)."""
    ending: str
    """With which the name of a file of it ends."""
    is_plugin: bool = False
    """Whether who runs it takes the exit statuses of a monitoring plugin: its module has an ``exit_status``."""
    is_binary: bool = False
    """Whether it is for no terminal."""
    is_streamed: bool = False
    """Whether its module has ``documents`` too, which write each service as it is judged."""
    has_exhibits: bool = False
    """Whether it shows, of a period, what pictures are drawn from, and everything that there was."""
    extra: str = ""
    """The extra of the distribution that brings what its module imports; empty: it needs none."""


FORMATS: Final[dict[str, Format]] = {
    "console": Format("drcheck.reports.console.report", "text/plain; charset=utf-8", ".txt"),
    "json": Format("drcheck.reports.json", "application/json", ".json", is_streamed=True, has_exhibits=True),
    "prometheus": Format("drcheck.reports.prometheus", "text/plain; version=0.0.4; charset=utf-8", ".prom"),
    "nagios": Format("drcheck.reports.nagios", "text/plain; charset=utf-8", ".txt", is_plugin=True),
    "junit": Format("drcheck.reports.junit", "application/xml", ".xml"),
    "markdown": Format("drcheck.reports.markdown", "text/markdown; charset=utf-8", ".md"),
    "csv": Format("drcheck.reports.csv", "text/csv; charset=utf-8; header=present", ".csv", is_streamed=True),
    "sarif": Format("drcheck.reports.sarif", "application/sarif+json", ".sarif"),
    "oscal": Format("drcheck.reports.oscal.report", "application/json", ".json"),
    "xlsx": Format(
        "drcheck.reports.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
        is_binary=True,
        extra="xlsx",
        is_streamed=True,
    ),
}
"""Name of a report format, as ``--format`` takes it; the first one is the default."""


class DocumentForm(NamedTuple):
    """A form of report that people file: a document, or one for each service and one before them."""

    module: str
    """Where its ``documents`` is."""
    ending: str
    """With which the name of a file of it ends."""
    splits: bool = True
    """Whether it can be a directory with a document for each service."""

    @property
    def first_page(self) -> str:
        """What leads to the documents of a directory; it is written last."""
        return f"index{self.ending}"


DOCUMENTS: Final[dict[str, DocumentForm]] = {
    "html": DocumentForm("drcheck.reports.html.documents", ".html"),
    "pdf": DocumentForm("drcheck.reports.pdf.documents", ".pdf"),
    "bundle": DocumentForm("drcheck.reports.bundle", ".zip", splits=False),
}
"""Name of such a form, as ``drcheck report --format`` takes it; the first one is the default."""


def splits(form: str) -> bool:
    """Return whether a report in the form of that name can be a directory."""
    return form in DOCUMENTS and DOCUMENTS[form].splits


def _named(name: str) -> Any:
    """Return what ``MODULE:NAME`` names."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def connection_of(kind: str) -> type[Connection]:
    """Return what a connection of that type is."""
    connection: type[Connection] = _named(COLLECTORS[kind].connection)
    return connection


def opener(connection: Connection, *, versions: bool = False) -> Opener:
    """Return what opens the collectors of a connection, with the SDK that it needs already loaded.

    With ``versions`` they list each version of a thing as an entry of its own; where a place does not keep them, or
    drcheck cannot see them, opening raises ``CollectorError``.
    """
    place = COLLECTORS[connection.type]
    if place.sdk:
        import_module(place.sdk)
    if versions and not connection.keeps_versions:
        return partial(_no_versions, connection)
    return partial(_named(place.opener), connection, **({"versions": True} if versions else {}))


def runs_commands(connection: Connection) -> bool:
    """Return whether a place is a host, on which commands may run."""
    return bool(COLLECTORS[connection.type].shell_opener)


def this_machine() -> Shell:
    """Return a shell on the machine on which drcheck runs."""
    opened: Shell = _named(COLLECTORS["local"].shell_opener)(None, None)
    return opened


def shell(connection: Connection, pool: object) -> Shell:
    """Return a shell on the host of a connection; raises ``UsageError`` where nothing runs there."""
    place = COLLECTORS[connection.type]
    if not place.shell_opener:
        raise UsageError(
            f"{connection.name} is {connection.keys.what}, where no command runs",
            "Name a connection of type ssh or local as the target of drills.",
        )
    if place.sdk:
        import_module(place.sdk)
    opened: Shell = _named(place.shell_opener)(connection, pool)
    return opened


def store(connection: Connection, root: str, pool: object) -> Store:
    """Return what writes below ``root`` at a connection; raises ``UsageError`` where drcheck writes nothing."""
    place = COLLECTORS[connection.type]
    if not place.store_opener:
        raise UsageError(
            f"{connection.name} is {connection.keys.what}, where drcheck writes nothing",
            "Name a connection of type s3 or azure_blob, or a directory.",
        )
    import_module(place.sdk)
    opened: Store = _named(place.store_opener)(connection, root, pool)
    return opened


def _no_versions(connection: Connection, _root: str, _pool: object) -> Collector:
    from drcheck.interfaces import CollectorError

    raise CollectorError(
        f"{connection.name} keeps no versions that drcheck can read",
        "Leave `versions` out; what this place keeps beside the newest is not seen.",
    )


def kind_description(name: str) -> str:
    """Return what a kind of commitment promises, as the language of policies describes it."""
    described: str = import_module(KINDS[name]).LANGUAGE.description
    return described


def renderer(name: str) -> Render:
    """Return what renders a report in the format of that name; raise ``UsageError`` where its extra is missing."""
    render: Render = _of_format(name).render
    return render


def documents(name: str) -> Documents | None:
    """Return what makes the documents of a report in the form of that name; None: it takes all services at once.

    Raises ``UsageError`` where its extra is missing.
    """
    if name not in DOCUMENTS and not FORMATS[name].is_streamed:
        return None
    module = import_module(DOCUMENTS[name].module) if name in DOCUMENTS else _of_format(name)
    made: Documents = module.documents
    return made


def has_exhibits(name: str) -> bool:
    """Return whether the form of that name shows what pictures are drawn from, and everything that there was."""
    return name in DOCUMENTS or FORMATS[name].has_exhibits


def _of_format(name: str) -> Any:
    """Return the module of a format; raise ``UsageError`` where its extra is missing."""
    form = FORMATS[name]
    try:
        return import_module(form.module)
    except ModuleNotFoundError as error:
        if not form.extra:
            raise
        raise UsageError(
            f"the format {name} needs {error.name}, which is not installed", f"Install backup-promises[{form.extra}]."
        ) from error


def exit_status(name: str, report: Report) -> int:
    """Return the exit status of ``drcheck verify`` that shows ``report`` in the format of that name."""
    if not FORMATS[name].is_plugin:
        return report.exit_status
    status: int = import_module(FORMATS[name].module).exit_status(report)
    return status


def reader(source: Source) -> Read:
    """Return what reads ``source``."""
    read: Read = import_module(source.reader.module).read
    return read


def parser(source: Source) -> Callable[[bytes, str, int], Log]:
    """Return what reads a log again: given the bytes that the ledger kept, the service, and the latest instant then."""
    parse: Callable[[bytes, str, int], Log] = import_module(source.reader.module).parser(source)
    return parse


def place(source: Source) -> tuple[str, str]:
    """Return where a collector for ``source`` is rooted, and the name to read there (empty: all of it)."""
    if source.reader.lists:
        return source.root, ""
    directory, slash, name = source.path.rpartition("/")
    return directory + slash, name
