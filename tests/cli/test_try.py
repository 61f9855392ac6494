"""``drcheck try`` as a process, at a real directory and a real S3 server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from lab.servers import SeaweedFS

DAY = 86400
Try = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def attempt(tmp_path: Path) -> Try:
    """Return what runs ``drcheck try`` beside a configuration whose connection ``disk`` is the directory ``d``."""
    (tmp_path / "d").mkdir()
    (tmp_path / "drcheck.yaml").write_text("policies: [policies/]\nconnections:\n  disk: {type: local, root: d}\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "drcheck", "try", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    return run


def day(ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * DAY))


def put(root: Path, name: str, size: int = 5000) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((name.encode() * size)[:size])


def pasted(done: subprocess.CompletedProcess[str]):
    return yaml.safe_load(done.stdout.partition("A source to paste:\n")[2])["sources"]["dumps"]


def test_links_are_counted_among_what_is_not_read_and_it_is_said_why(attempt: Try, tmp_path: Path):
    put(tmp_path, "store/a.sql", 5000)
    for ago in (1, 2):
        (tmp_path / "d" / f"orders-{day(ago)}.sql.gz").symlink_to(tmp_path / "store" / "a.sql")
    only_links = attempt("disk:")
    assert only_links.returncode == 3
    assert "read by none: 2\n  2 symbolic links: links are never followed" in only_links.stdout
    put(tmp_path / "d", f"orders-{day(3)}.sql.gz")
    put(tmp_path / "d", "notes.txt", 2000)
    beside = attempt("disk:")
    assert beside.returncode == 3
    assert f"not seen: orders-{day(1)}.sql.gz and 1 more are symbolic links" in beside.stdout
    assert "read by none: 3\n" in beside.stdout
    assert "2 symbolic links" in beside.stdout


def test_a_repository_of_a_backup_tool_is_recognised_and_its_files_are_no_backups(attempt: Try, tmp_path: Path):
    for name in ("config", "README", *(f"data/0/{number}" for number in range(9))):
        put(tmp_path / "d" / "borg", name)
    done = attempt("disk:borg/")
    assert "disk:borg/ is a repository of borg, whose files are no backups each." in done.stdout
    pasted_source = yaml.safe_load(done.stdout[done.stdout.index("sources:\n") :])["sources"]["backups"]
    assert pasted_source == {"at": "HOST:!borg", "reader": "borg", "name_zone": "UTC"}
    assert "read by none" not in done.stdout
    put(tmp_path / "d", "pg/backup/main/backup.info")
    done = attempt("disk:pg")
    pasted_source = yaml.safe_load(done.stdout[done.stdout.index("sources:\n") :])["sources"]["backups"]
    assert pasted_source == {"at": "disk:pg/", "reader": "pgbackrest-files"}


def test_what_a_tool_lists_is_shown_as_it_counts(attempt: Try, tmp_path: Path):
    told = [
        {"time": f"{day(ago)}T02:00:00Z", "id": f"{ago:064x}", "hostname": "web", "paths": ["/srv"], "tree": "7"}
        for ago in (1, 2)
    ]
    (tmp_path / "d" / "restic.json").write_text(json.dumps(told))
    (tmp_path / "p.yaml").write_text(
        "drcheck: 1\nservice: web\nsources:\n  list: {at: 'disk:restic.json', reader: restic, seen_every: 25h}\n"
        "commitments: {rpo: {kind: rpo, at_most: 25h, evidence: [list]}}\n"
    )
    done = attempt("--policy", "p.yaml", "--source", "list")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read by restic: 2\n" in done.stdout
    assert "size not told: counts" in done.stdout


def test_a_template_that_reads_nothing_is_not_told_as_names_without_an_instant(attempt: Try, tmp_path: Path):
    for ago in (1, 2):
        put(tmp_path / "d", f"orders-{day(ago)}.sql.gz")
    done = attempt("disk:", "--name", "orders-{data_as_of:%Y-%m}.sql.gz")
    assert done.returncode == 3
    assert "would be read, 2: orders-{data_as_of:%Y-%m-%d}.sql.gz" in done.stdout
    assert "No name tells an instant" not in done.stdout
    assert "Hint: give one that would with --name." in done.stdout


def test_what_lies_there_is_shown_as_it_is_read_with_a_source_that_lint_takes(attempt: Try, tmp_path: Path):
    for ago in (1, 2, 3):
        put(tmp_path / "d", f"db/orders-{day(ago)}.sql.gz")
        put(tmp_path / "d", f"db/my-stock-{day(ago)}.sql.gz")
    put(tmp_path / "d", f"db/orders-{day(0)}.sql.gz", 0)
    put(tmp_path / "d", f"db/orders-{day(1)}.sql.gz.sha256", 64)
    put(tmp_path / "d", "db/base_2026-W46.tgz")
    put(tmp_path / "d", "db/notes.txt")
    done = attempt("disk:db/")
    assert done.returncode == 0, done.stderr
    assert "disk:db/: 10 names, 2 requests" in done.stdout
    assert "nothing was recorded" in done.stdout
    assert f"orders-{day(0)}.sql.gz\n    of orders, data between" in done.stdout
    assert "it is too small: 0 B" in done.stdout
    assert done.stdout.count(": counts\n") == 6
    assert "read by none: 2" in done.stdout
    assert "would be read, 1: base_{data_as_of:%G-W%V}.tgz" in done.stdout
    assert ".sha256" not in done.stdout
    source = pasted(done)
    assert source["name"] == "{of}-{data_as_of:%Y-%m-%d}.sql.gz"
    assert set(source["of"]) == {"orders", "my-stock"}
    (tmp_path / "policies").mkdir()
    policy = {"drcheck": 1, "service": "shop", "sources": {"dumps": source}}
    policy["commitments"] = {"rpo": {"kind": "rpo", "at_most": "30h", "evidence": ["dumps"]}}
    (tmp_path / "policies" / "shop.yaml").write_text(yaml.safe_dump(policy))
    linted = subprocess.run(
        [sys.executable, "-m", "drcheck", "lint"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
    again = attempt("--policy", "policies/shop.yaml", "--source", "dumps")
    assert again.returncode == 0
    assert again.stdout.count(": counts\n") == 6
    assert "A source to paste" not in again.stdout
    assert not list(tmp_path.glob("*.db*"))


def test_what_a_template_of_ones_own_does_not_read_is_shown_with_one_that_would(attempt: Try, tmp_path: Path):
    put(tmp_path / "d", f"shop_{day(1)}.dump")
    put(tmp_path / "d", f"shop-{day(1)}-full.tar")
    done = attempt("disk:", "--name", "shop_{data_as_of:%Y-%m-%d}.dump")
    assert done.returncode == 0, done.stderr
    assert "read by shop_{data_as_of:%Y-%m-%d}.dump: 1" in done.stdout
    assert "would be read, 1: shop-{data_as_of:%Y-%m-%d}-{kind}.tar" in done.stdout
    none = attempt("disk:", "--name", "other_{data_as_of:%Y-%m-%d}.dump")
    assert none.returncode == 3
    assert "would be read, 1: shop_{data_as_of:%Y-%m-%d}.dump" in none.stdout


def test_a_place_that_cannot_be_seen_is_a_gap_with_its_hint(attempt: Try):
    done = attempt("disk:gone/")
    assert done.returncode == 3
    assert "not seen: " in done.stdout
    assert "Hint: " in done.stdout


def test_an_empty_place_and_names_without_a_date_are_no_success(attempt: Try, tmp_path: Path):
    assert attempt("disk:").returncode == 3
    put(tmp_path / "d", "latest.dump")
    done = attempt("disk:")
    assert done.returncode == 3
    assert "latest.dump" in done.stdout
    assert "No name tells an instant" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "one place"),
        (["disk:", "--policy", "x.yaml", "--source", "y"], "one place"),
        (["--policy", "x.yaml"], "one place"),
        (["--policy", "x.yaml", "--source", "y"], "x.yaml"),
        (["tape:x/"], "no connection tape"),
        (["disk:!restic"], "a command's output"),
        (["disk:", "--name", "shop-*.gz"], "looks like a glob"),
        (["disk:", "--name", "{date}.gz"], "{data_as_of:%Y-%m-%d}"),
        (["disk:", "--name-zone", "Mars"], "not a zone"),
        (["disk:", "--of", "a b"], "not a name"),
        (["disk:", "--of", "a", "--of", "b", "--name", "{data_as_of:%F}.gz"], "which of 2 data sets a backup is of"),
    ],
)
def test_wrong_usage_says_what_is_right(attempt: Try, arguments: list[str], what: str):
    done = attempt(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert what in done.stderr


def test_names_of_others_show_no_control_characters(attempt: Try, tmp_path: Path):
    put(tmp_path / "d", f"a\x1b[31m-{day(1)}.gz")
    done = attempt("disk:")
    assert "\x1b" not in done.stdout
    assert "x1b" in done.stdout


def test_a_bucket_is_looked_at_once(attempt: Try, tmp_path: Path, seaweedfs: SeaweedFS):
    bucket = "open-try"
    seaweedfs.make_bucket(bucket)
    for ago in (0, 1):
        seaweedfs.put(bucket, f"pg/{day(ago)}/pg-hr_{day(ago)}_03-15-02.sql.gz", b"x" * 3000)
    pair = SeaweedFS.reader_key
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
    )
    (tmp_path / "drcheck.yaml").write_text(
        f"connections:\n  store: {{type: s3, endpoint: '{seaweedfs.endpoint}', region: {SeaweedFS.region}, "
        "credentials_file: credentials, last_modified: completion}\n"
    )
    done = attempt(f"store:{bucket}/pg/")
    assert done.returncode in {0, 3}, done.stderr  # early in the day, that of today is not here yet
    assert "2 names, 1 request," in done.stdout
    assert pasted(done)["name"] == "{data_as_of:%Y-%m-%d}/pg-hr_{data_as_of:%Y-%m-%d_%H-%M-%S}.sql.gz"
    gone = attempt("store:open-nowhere/pg/")
    assert gone.returncode == 3
    assert "not seen: " in gone.stdout


def test_a_backup_that_does_not_match_its_checksum_counts_for_none(attempt: Try, tmp_path: Path):
    for of_day in (20, 21):
        (tmp_path / f"d/db-2026-11-{of_day}T0200Z.dump").write_bytes(bytes([of_day]) * 5000)
    name = "db-2026-11-21T0200Z.dump"
    (tmp_path / f"d/{name}.sha256").write_text(f"{'0' * 64}  {name}\n")
    done = attempt("disk:")
    assert "it is broken: sha256 differs" in " ".join(done.stdout.split())


def test_hidden_names_of_copying_tools_keep_no_template_from_being_proposed(attempt: Try, tmp_path: Path):
    for name in ("db-2026-11-20T0200Z.dump", "db-2026-11-21T0200Z.dump", ".db-2026-11-22T0200Z.dump.Xy12Za"):
        (tmp_path / "d" / name).write_bytes(name.encode() * 200)
    assert "db-{data_as_of:%Y-%m-%dT%H%MZ}.dump" in attempt("disk:").stdout
