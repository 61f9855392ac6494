"""The runner's configuration, as values: what each connection alias is, and how drcheck runs here.

It names secrets, it never holds one: they come from the environment, the cloud's own credential chain, or files
named here. Durations are whole seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import quote, urlsplit

from msgspec import Struct, field

from drcheck.core.model.commitments import Standing
from drcheck.core.model.policy import Source
from drcheck.core.model.readers import LedgersOwn, Tells

_NO_BYTE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of characters that stand for no byte of a name (PEP 383)."""
_PORTS: Final = {"https": 443, "http": 80, "ssh": 22}
LIST_AT_MOST: Final = 5_000_000
"""Entries a look, unless the configuration says otherwise: some gigabytes of memory."""


class ConfigKeys(NamedTuple):
    """What may stand in a configuration of one type of connection; ``type`` and ``deadline`` stand in every one."""

    what: str
    """What such a connection leads to, with its article, as "a host over SSH"."""
    description: str
    properties: Mapping[str, Any]
    """JSON Schema of each key, named as the field of the connection that it becomes; a ``$ref`` leads to the
    ``$defs`` of ``drcheck/policyfile/config.schema.json``."""
    required: tuple[str, ...] = ()
    """Keys that must be there."""
    exclusive: tuple[tuple[str, str], ...] = ()
    """Pairs of keys of which only one may be there."""
    through: str = ""
    """The key that names another connection of the same type, which this one goes through."""
    values: Mapping[str, Callable[[Any], Any]] = MappingProxyType({})
    """Key to what makes its value, where its format does not say so."""


def at_once_key(default: int = 0) -> dict[str, Any]:
    """Return the key that bounds how many sources of a place are looked at at a time; 0: nothing else bounds them."""
    otherwise = (
        f"Default: {default}."
        if default
        else "Default: as many as there are `workers`; fewer while the place says that it is asked too much."
    )
    return {
        "at_once": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "description": "How many sources there are looked at at a time, those of all aliases of one host and port "
            f"together. {otherwise}",
            "examples": [2],
        }
    }


class Connection(Struct, frozen=True):
    """What every connection has."""

    name: str
    deadline: int = 120
    """Seconds that one source may take in all: without it, a host that drips bytes would hold the run for ever."""
    at_once: int = 0
    """How many of its sources are looked at at a time, those of all aliases of its place together; 0: as many as there
    are workers."""

    type: ClassVar[str]
    """Its name in configurations."""
    keys: ClassVar[ConfigKeys]
    """What may stand in a configuration of it."""
    client: ClassVar[str] = "drcheck"
    """What speaks to it, and is named where it stumbles over an answer."""
    path_form: ClassVar[str] = "PATH"
    """How a path there is written."""
    files: ClassVar[tuple[str, ...]] = ()
    """Keys that name files or directories of this machine."""
    dates_arrival: ClassVar[bool] = False
    """Whether the storage itself tells when something came, and not whoever wrote it."""
    keeps_versions: ClassVar[bool] = False
    """Whether it can be asked for each version of what lies there."""

    @property
    def named_reads(self) -> Mapping[str, tuple[str, ...]]:
        """The commands whose output can be read there, by name."""
        return MappingProxyType({})

    @property
    def place(self) -> str:
        """What bears all that is asked by any alias that leads there: a host and its port."""
        return server(self.location())

    def location(self) -> str:
        """Return where it is, as a URL that a source's path completes; nothing in it is a secret."""
        raise NotImplementedError

    def path_fault(self, path: str) -> str:  # noqa: ARG002  of a place where everything is possible
        """Return why nothing can lie at ``path`` there; empty: something can."""
        return ""


PERIOD: Final = "{period}"
"""Stands in the name of a report's file for the period's name."""


class Output(NamedTuple):
    """A report that a job of the watch writes each time."""

    format: str
    """As ``--format`` takes it."""
    file: str
    """Where it goes, in place of the one before; of a period ``{period}`` in it stands for its name."""


class SampleRequest(NamedTuple):
    """A sample of slots, drawn by a word."""

    slots: int
    word: str
    """The auditor's."""


class Job(Struct, frozen=True):
    """What ``drcheck watch`` does again and again."""

    name: str
    schedule: str = ""
    """A cron expression, in the watch's zone; empty: ``every``."""
    every: int = 0
    """Seconds from one beginning to the next."""
    policies: tuple[str, ...] = ()
    """What is judged; empty: what the configuration names."""
    period: str = ""
    """``day``, ``month``, ``quarter`` or ``year``: judge the newest one that is over by what the ledger knows, once;
    empty: look and judge, as ``drcheck verify`` does."""
    outputs: tuple[Output, ...] = ()
    sample: SampleRequest | None = None
    """Of a period: which sample of its slots its reports show."""


class Watch(Struct, frozen=True):
    """What ``drcheck watch`` does, and by which clock."""

    timezone: str = "UTC"
    jobs: Mapping[str, Job] = field(default_factory=dict)


class Secret(Struct, frozen=True):
    """A URL that may hold a secret, and so stands somewhere else: in a variable or in a file."""

    variable: str = ""
    file: str = ""


class QuietHours(NamedTuple):
    """From when to when what can wait does, in seconds after local midnight; it may go over midnight."""

    start: int
    end: int

    def hold(self, second: int) -> bool:
        """Return whether it is quiet at that second of the day."""
        if self.start <= self.end:
            return self.start <= second < self.end
        return second >= self.start or second < self.end


class Channel(Struct, frozen=True):
    """Whom to tell what changed, and how."""

    name: str
    url: Secret
    """Of Apprise; ``{owner}`` in it stands for the owner of the services that a message is about."""
    owners: tuple[str, ...] = ()
    """Those whose services it tells of; empty: of all."""
    quiet_hours: QuietHours | None = None


class Notify(Struct, frozen=True):
    """What is told to whom after each recorded run."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    ping: Secret | None = None
    """What is called at the end of each run, so that somebody notices when none comes."""
    timezone: str = "UTC"
    """Of quiet hours."""
    remind_every: int = 7 * 86400
    """Seconds; 0: never."""
    unknown_after: int = 86400
    waiver_before: int = 14 * 86400
    test_before: int = 30 * 86400


class Witnessed(NamedTuple):
    """A witness that is asked to cosign each checkpoint (C2SP tlog-witness)."""

    name: str
    url: str
    """What its ``add-checkpoint`` stands behind."""
    key: str
    """Its public key, as a *vkey* of a cosignature."""


class ProofSettings(NamedTuple):
    """What signs the ledger, so that others can tell later that nothing of it was changed."""

    key: str
    """The file that holds the private key."""
    checkpoints: tuple[str, ...] = ()
    """Where each signed checkpoint goes as well: directories, and places as ``CONNECTION:PATH/``."""
    witnesses: tuple[Witnessed, ...] = ()
    quorum: int = 1
    """How many of them must have cosigned, for whoever verifies by the policy that goes with reports."""
    timestamp: str = ""
    """URL of the authority that dates each checkpoint (RFC 3161); empty: none does."""


class DrillTarget(Struct, frozen=True):
    """A directory of a host below which drills may restore."""

    name: str
    connection: str
    directory: str
    id: str
    """What the marker file there must hold."""
    site: str = ""
    """The site of policies that it is at."""
    deadline: int = 43200
    """Seconds that one drill may take, the clean-up left aside."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables that every step there finds: where a tool's repository is, where its password lies."""


class Forbidden(NamedTuple):
    """A host on which no drill ever runs."""

    name: str
    host_key: str = ""
    machine_id: str = ""
    addresses: tuple[str, ...] = ()


class Drills(Struct, frozen=True):
    """Where drills may restore, and how; without targets there are none."""

    records: str = "drills"
    """The directory of what is kept of each, with the log of all of them."""
    runbooks: tuple[str, ...] = ()
    """Directories of runbooks, beside those that come with drcheck."""
    targets: Mapping[str, DrillTarget] = field(default_factory=dict)
    production: tuple[Forbidden, ...] = ()


class Settings(Struct, frozen=True):
    """The whole of ``drcheck.yaml``; relative paths in it are relative to the file, and absolute here."""

    file: str
    ledger: str = "sqlite:///drcheck.db"
    policies: tuple[str, ...] = ("policies/",)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    workers: int = 32
    clock_tolerance: int = 300
    read_at_most: int = 256 << 20
    """Bytes that one look may read to check what lies there against its checksums."""
    list_at_most: int = LIST_AT_MOST
    """Entries that one look may list, whatever they are; more is a gap."""
    controls: tuple[str, ...] = ()
    """Files of standards that reports map verdicts to, beside those that come with drcheck."""
    watch: Watch = Watch()
    notify: Notify = Notify()
    proof: ProofSettings | None = None
    drills: Drills = Drills()


def hosts(settings: Settings) -> dict[str, str]:
    """Return alias of each connection to the host that it leads to, where it has one."""
    places = {alias: urlsplit(each.location()).hostname for alias, each in settings.connections.items()}
    return {alias: host for alias, host in places.items() if host}


def server(url: str) -> str:
    """Return the host and the port that a URL leads to; all of it, where it names no host."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, '')}" if parts.hostname else url


def base_url(address: str) -> str:
    """Return an address without what it carries beside host and path: that may be a SAS token."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/"


def located(place: str, locations: Mapping[str, str]) -> str | None:
    """Return the URL of a place ``CONNECTION:PATH``, by the ``location`` of each alias; of a named read its host's.

    None: there is no such connection any more.
    """
    alias, _, path = place.partition(":")
    base = locations.get(alias)
    return base if base is None or path.startswith("!") else f"{base}{url_path(path)}"


def directory_url(root: str) -> str:
    """Return a directory as the path of a URL."""
    return f"/{url_path(root.strip('/'))}/".replace("//", "/")


def url_path(path: str) -> str:
    """Return a path for a URL (RFC 3986, section 2.1): bytes of names that are not UTF-8 come out as they are."""
    return quote(_NO_BYTE.sub("\ufffd", path).encode("utf-8", "surrogateescape"))


def standing(source: Source, connection: Connection | None) -> Standing:
    """Return who vouches for what is read at ``source``; without its connection, the best that may.

    A cloud's storage tells itself when an object came; the times on hosts and disks, and what a log says, are the word
    of whoever wrote them, wherever they lie. A backup tool's own list is the tool's word, an attestation that of the
    owner it names.
    """
    if source.reader.own is not None:
        return standing_of(source.reader.own)
    if source.tells(Tells.ATTESTATIONS):
        return Standing.ATTESTED
    if source.reader.is_list_of_points:
        return Standing.TOOL
    by_storage = source.reader.lists and (connection is None or connection.dates_arrival)
    return Standing.STORAGE if by_storage else Standing.LOG


def standing_of(own: LedgersOwn) -> Standing:
    """Return who vouches for records of the ledger's own: drcheck for what it ran, else whoever told of it."""
    match own:
        case LedgersOwn.RUN:
            return Standing.DRILL
        case LedgersOwn.RECORDED:
            return Standing.ATTESTED
