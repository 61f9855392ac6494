"""The runbooks that come with drcheck: each can be loaded, and those that say so were run, also on what is broken."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab.servers import SeaweedFS, Sshd

from drcheck.drills.scripts import MARKER
from drcheck.errors import UsageError
from drcheck.policyfile.runbooks import RunbookFile, load_runbook, read_runbook, runbook_files

from .conftest import Shop

NO_ROOT = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
SQL = """\
create table orders (id int primary key, created_at timestamptz, what text);
insert into orders select i, now() - interval '2 hours' - i * interval '1 minute', repeat('x', 100) from generate_series(1, 2000) i;
create table customers (id int primary key); insert into customers select generate_series(1, 10);
create role clerk; alter table customers owner to clerk; grant select on orders to clerk;
create table canary (text text); insert into canary values ('yellow $(bird)');
"""


FETCH = "runbook: 1\ntitle: t\nsteps: [{name: a, copy: point, timeout: 1m}]\n"


def test_each_that_comes_with_drcheck_can_be_read_and_looks_at_the_data() -> None:
    files = runbook_files([])
    assert {"files", "postgresql-dump", "mariadb-dump", "restic", "borg"} <= set(files)
    for file in files.values():
        assert read_runbook(file).checks


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("runbook: 1\ntitle: t\nsteps: [{name: a, copy: point, timeout: 1m}]\n", "checks"),
        ("runbook: 1\ntitle: t\nsteps: [{name: a, timeout: 1m}]\nchecks: []\n", "one of run and copy"),
        (
            FETCH + "checks: [{name: c, timeout: 1m, run: 'true', expects: {}}]\n",
            "expects",
        ),
        (
            FETCH + "checks: [{name: c, timeout: 1m, run: 'true', expects: {equals_value: CANARY}}]\n",
            "no value CANARY",
        ),
    ],
)  # fmt: skip
def test_one_without_a_check_of_what_a_command_prints_cannot_be_loaded(text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        read_runbook(RunbookFile("own", "own.yaml", text.encode(), shipped=False))


def test_one_of_the_runner_takes_the_place_of_one_that_comes_with_drcheck(tmp_path: Path) -> None:
    text = runbook_files([])["files"].data.replace(b"Plain files", b"Our files")
    (tmp_path / "files.yaml").write_bytes(text)
    assert load_runbook("files", [str(tmp_path)]).title.startswith("Our files")


@pytest.fixture(scope="module")
def open_place() -> Iterator[Path]:
    """A directory that other accounts may pass through."""
    place = Path(tempfile.mkdtemp(prefix="drcheck-drills-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def dump(open_place: Path) -> bytes:
    """A dump of a real PostgreSQL, as pg_dump writes it."""
    (programs,) = Path("/usr/lib/postgresql").glob("*/bin")
    place = open_place / "source"
    place.mkdir()
    os.chown(
        place, *map(int, subprocess.run(["id", "-u", "postgres"], capture_output=True, check=True).stdout.split()), -1
    )

    def run(*command: str, text: str | None = None) -> bytes:
        return subprocess.run(
            [*NO_ROOT, str(programs / command[0]), *command[1:]], cwd=place, input=text and text.encode(),
            capture_output=True, check=True,
        ).stdout  # fmt: skip

    run("initdb", "-D", "db", "-A", "trust", "--no-sync")
    subprocess.run(
        [*NO_ROOT, programs / "pg_ctl", "-D", "db", "-w", "-l", "log", "start", "-o",
         f"-c listen_addresses='' -c unix_socket_directories={place}"],
        cwd=place, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        run("psql", "-h", str(place), "-v", "ON_ERROR_STOP=1", "postgres", text=SQL)
        return run("pg_dump", "-h", str(place), "postgres")
    finally:
        run("pg_ctl", "-D", "db", "-m", "immediate", "stop")


class S3Shop(Shop):
    """A shop whose dumps lie in S3, and that is drilled where a database may run."""

    def __init__(self, root: Path, source: Sshd, lab: Sshd, s3: SeaweedFS, place: Path) -> None:
        super().__init__(root, source, lab)
        self.s3 = s3
        self.bucket = f"open-drills-{os.getpid()}-{abs(hash(root.name)) % 100000}"
        s3.make_bucket(self.bucket)
        self.target = place / f"target-{self.bucket}"
        self.target.mkdir()
        (self.target / MARKER).write_text("lab-1\n")
        self.configure()
        text = (root / "drcheck.yaml").read_text()
        connection = f'  s3: {{type: s3, endpoint: "{s3.endpoint}", region: us-east-1, last_modified: completion}}\n'
        (root / "drcheck.yaml").write_text(text.replace("connections:\n", f"connections:\n{connection}"))

    def promise_dumps(self, more: str = "") -> None:
        self.promise(runbook="postgresql-dump", more=more)
        file = self.root / "policies" / "shop.yaml"
        file.write_text(file.read_text().replace(f"backups:{self.place}/", f"s3:{self.bucket}/"))

    def put(self, content: bytes, ending: str = "sql", minutes: int = 60) -> str:
        name = f"{datetime.fromtimestamp(self.now - minutes * 60, UTC):%Y-%m-%dT%H%M%S}Z.{ending}"
        self.s3.put(self.bucket, name, content)
        return name


@pytest.fixture
def s3_shop(
    tmp_path: Path, sshd: Sshd, lab_host: Sshd, seaweedfs: SeaweedFS, open_place: Path, monkeypatch: pytest.MonkeyPatch
) -> S3Shop:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweedfs.reader_key[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweedfs.reader_key[1])
    return S3Shop(tmp_path, sshd, lab_host, seaweedfs, open_place)


def servers_left(shop: Shop) -> list[str]:
    return [
        each.name
        for each in Path("/proc").iterdir()
        if each.name.isdigit() and (each / "cwd").is_symlink() and str(shop.target) in _cwd(each)
    ]


def _cwd(process: Path) -> str:
    try:
        return str((process / "cwd").readlink())
    except OSError:
        return ""


def test_a_dump_in_s3_is_restored_into_a_fresh_server_on_another_host_and_validated(
    s3_shop: S3Shop, dump: bytes
) -> None:
    s3_shop.promise_dumps(
        ', manifest: "{name}.counts", with: {TABLES: "public.orders public.customers", NEWEST_TABLE: orders, '
        'CANARY: "yellow $(bird)"}'
    )
    name = s3_shop.put(gzip.compress(dump), "sql.gz")
    s3_shop.s3.put(s3_shop.bucket, f"{name}.counts", b"public.orders 2000\npublic.customers 10\npublic.canary 1\n")
    s3_shop.looked()
    done = s3_shop.drill(expect=0)
    kept = s3_shop.kept()
    assert kept["rung"] == "validated", done.stdout
    assert kept["counts"]["tables"] == {"public.orders": 2000, "public.customers": 10, "public.canary": 1}
    assert {one["outcome"] for one in kept["checks"]} == {"passed"}
    assert s3_shop.left() == []
    assert servers_left(s3_shop) == []
    assert s3_shop.verdicts()["rto"]["status"] == "met"


def broken(dump: bytes, how: str) -> bytes:
    match how:
        case "cut":
            return dump[: len(dump) // 2]
        case "cut between statements":
            return dump[: dump.index(b"\n--\n-- Data for Name: orders")]
        case "a table is missing":
            return dump.replace(b"public.customers", b"public.clients")
        case _:
            begin = dump.index(b"COPY public.orders")
            end = dump.index(b"\\.\n", begin)
            return dump[: dump.index(b"\n", begin) + 1] + dump[end:]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("cut", "the dump is cut"),
        ("cut between statements", "the dump is cut"),
        ("a table is missing", "public.customers is missing"),
        ("a table is empty", "public.orders is empty"),
    ],
)  # fmt: skip
def test_a_dump_that_is_broken_fails(s3_shop: S3Shop, dump: bytes, how: str, why: str) -> None:
    s3_shop.promise_dumps(', with: {TABLES: "public.orders public.customers"}')
    s3_shop.put(broken(dump, how))
    s3_shop.looked()
    assert why in s3_shop.drill(expect=1).stdout
    assert s3_shop.told()[0]["outcome"] == "failed"
    assert s3_shop.left() == []
    assert servers_left(s3_shop) == []


SNAPSHOTS = """\
drcheck: 1
service: shop
sites: {{here: {{}}, there: {{}}}}
runs_at: [here]
scenarios: {{fire: {{loses: [here]}}}}
sources:
  far: {{at: "backups:!list", site: there, reader: {tool}, max_duration: 1m{more}}}
  tests: {{at: "ledger:", reader: drills}}
commitments:
  rto: {{kind: rto, at_most: 2h, scenario: fire, until: validated, evidence: [tests]}}
drills:
  tool: {{scenario: fire, from: [far], target: lab, runbook: {tool}, with: {{CANARY_FILE: "{canary}", CANARY: yellow}}}}
"""


class ToolShop:
    """A shop whose files a backup tool keeps on the other host, and that is drilled from its own list."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.repository = shop.source.root / shop.place
        self.files = shop.root / "backed up"
        self.files.mkdir()
        (self.files / "canary").write_text("yellow\n")
        for number in range(20):
            (self.files / f"file {number}").write_bytes(os.urandom(2000))
        source = shop.source
        self.ssh = f"ssh -F none -i {source.identity_file} -o UserKnownHostsFile={source.known_hosts} -p {source.port}"

    def drilled_twice(self, tool: str, listing: list[str], environment: dict[str, str], more: str = "") -> None:
        """Drill what is sound, let every file of ``data/`` rot, and drill again."""
        shop = self.shop
        shop.configure(target=f", environment: {json.dumps(environment)}")
        config = shop.root / "drcheck.yaml"
        root = f'root: "{shop.source.root}"'
        config.write_text(config.read_text().replace(root, f"{root}, outputs: {{list: {json.dumps(listing)}}}", 1))
        canary = f"{str(self.files)[1:]}/canary"
        (shop.root / "policies" / "shop.yaml").write_text(SNAPSHOTS.format(tool=tool, canary=canary, more=more))
        shop.looked()
        done = shop.drill(expect=0)
        assert shop.kept()["counts"] == {"files": {"files": 21}}, done.stdout
        assert shop.left() == []
        for file in (
            one for one in (self.repository / "data").rglob("*") if one.is_file() and one.stat().st_size > 100
        ):
            file.chmod(0o600)
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        shop.drill(expect=1)
        assert [one["outcome"] for one in shop.told()] == ["passed", "failed"]


def test_a_restic_snapshot_over_sftp_is_restored_and_one_that_has_rotted_fails(shop: Shop) -> None:
    tool = ToolShop(shop)
    password = shop.root / "password"
    password.write_text("secret\n")
    restic = ["restic", "--no-cache", "-r", str(tool.repository), "--password-file", str(password)]
    subprocess.run([*restic, "init"], check=True, capture_output=True)
    subprocess.run([*restic, "backup", str(tool.files)], check=True, capture_output=True)
    at = f"{shop.source.user}@{shop.source.host}"
    tool.drilled_twice(
        "restic",
        [*restic, "--no-lock", "snapshots", "--json"],
        {
            "RESTIC_REPOSITORY": f"sftp:{at}:{tool.repository}",
            "RESTIC_PASSWORD_FILE": str(password),
            "SFTP_COMMAND": f"{tool.ssh} {at} -s sftp",
        },
    )


def test_a_borg_archive_over_ssh_is_restored_and_one_that_has_rotted_fails(shop: Shop) -> None:
    tool = ToolShop(shop)
    home = {"BORG_BASE_DIR": str(shop.root / "borg"), "BORG_PASSPHRASE": "secret"}
    environment = {**os.environ, **home}
    subprocess.run(["borg", "init", "-e", "repokey", tool.repository], check=True, capture_output=True, env=environment)
    archive = f"{tool.repository}::shop-{{now:%Y-%m-%dT%H:%M:%S}}"
    subprocess.run(["borg", "create", archive, tool.files], check=True, capture_output=True, env=environment)
    listing = ["env", "TZ=UTC", *(f"{key}={value}" for key, value in home.items())]
    source = shop.source
    tool.drilled_twice(
        "borg",
        [*listing, "borg", "info", "--json", "--glob-archives", "*", str(tool.repository)],
        {
            "BORG_REPO": f"ssh://{source.user}@{source.host}:{source.port}{tool.repository}",
            "BORG_BASE_DIR": str(shop.root / "borg on the target"),
            "BORG_PASSCOMMAND": "echo secret",
            "BORG_RSH": tool.ssh.removesuffix(f" -p {source.port}"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        },
        ", name_zone: UTC",
    )
