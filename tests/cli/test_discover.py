"""``drcheck discover`` as a process, at a real directory and a real S3 server: what it proposes, writes and finds bare."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.servers import SeaweedFS

from drcheck.policyfile.load import load_policies

DAY = 86400
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def drcheck(tmp_path: Path) -> Run:
    """Return what runs ``drcheck`` beside a configuration whose connection ``disk`` is the directory ``d``."""
    (tmp_path / "d").mkdir()
    (tmp_path / "drcheck.yaml").write_text("policies: [policies/]\nconnections:\n  disk: {type: local, root: d}\n")

    def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "drcheck", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, input=given, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    return run


def day(ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * DAY))


def put(root: Path, name: str, size: int = 5000) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((name.encode() * size)[:size])


def assert_faultless(drcheck: Run) -> None:
    done = drcheck("lint", "policies")
    assert (done.returncode, "no faults, no warnings" in done.stderr) == (0, True), done.stdout + done.stderr


def test_each_directory_becomes_a_policy_that_lint_takes_and_verify_finds_met(drcheck: Run, tmp_path: Path):
    for ago in range(1, 12):
        for of in ("orders", "stock"):
            put(tmp_path / "d", f"webshop/{of}_{day(ago)}T0300Z.sql.gz", 4000 + ago)
        made = time.time() - ago * DAY + 20 * 3600
        name = time.strftime("crm/db/%Y-%m-%dT%H%MZ.dump", time.gmtime(made))
        for ending, size in (("", 90_000 + ago), (".ok", 3)):
            put(tmp_path / "d", name + ending, size)
            os.utime(tmp_path / "d" / (name + ending), (made, made))
    put(tmp_path / "d", "notes.txt")
    done = drcheck("discover", "disk:", "--into", "policies")
    assert done.stdout.startswith("disk: "), done.stdout
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "webshop       22  " in done.stdout
    assert "  1 d         3.9 KiB\n" in done.stdout
    assert "tell no instant, 1:\n  notes.txt" in done.stdout
    assert "wrote 2 files into policies" in done.stdout
    assert not (tmp_path / "drcheck.db").exists()
    webshop = (tmp_path / "policies/webshop.yaml").read_text()
    assert max(map(len, webshop.splitlines())) <= 80
    assert "of: [orders, stock]  # confirm" in webshop
    assert 'name: "{of}_{data_as_of:%Y-%m-%dT%H%MZ}.sql.gz"' in webshop
    assert "min_size: 2 kB  # confirm" in webshop
    assert "at_least: 1, per: day" in webshop
    assert "keep: 10d" in webshop
    crm = (tmp_path / "policies/crm-db.yaml").read_text()
    assert 'complete_when: "{name}.ok"  # confirm: 11 of 11 have it' in crm
    assert_faultless(drcheck)
    verified = drcheck("verify", "policies/crm-db.yaml", "--fail-on", "now")
    assert "✗ breached" not in verified.stdout


def test_nothing_that_is_there_is_replaced_and_what_has_a_policy_is_not_proposed(drcheck: Run, tmp_path: Path):
    for ago in range(1, 5):
        put(tmp_path / "d", f"webshop/{day(ago)}.sql.gz")
        put(tmp_path / "d", f"crm/{day(ago)}.sql.gz")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/crm.yaml").write_text("no policy\n")
    first = drcheck("discover", "disk:", "--into", "policies")
    assert "crm.yaml is there already, and is left as it is" in first.stdout
    assert (tmp_path / "policies/crm.yaml").read_text() == "no policy\n"
    webshop = (tmp_path / "policies/webshop.yaml").read_bytes()
    again = drcheck("discover", "disk:", "--into", "policies")
    assert "covered already, 1: by the policies of webshop" in again.stdout
    assert (tmp_path / "policies/webshop.yaml").read_bytes() == webshop


def test_a_hundred_customers_alike_share_one_template(drcheck: Run, tmp_path: Path):
    for number in range(100):
        for ago in range(1, 5):
            put(tmp_path / "d", f"customers/c{number:03d}/c{number:03d}_{day(ago)}T0100Z.gz", 4000 + number)
    done = drcheck("discover", "disk:customers/", "--into", "policies")
    assert "alike, and on one template: 100 services, one every 1 d" in done.stdout
    assert "and 97 more alike (-v shows all)" in done.stdout
    assert len(done.stdout.splitlines()) < 15
    assert len(list((tmp_path / "policies").glob("*.yaml"))) == 100
    assert "template: true" in (tmp_path / "policies/templates/alike.yaml").read_text()
    one = (tmp_path / "policies/c042.yaml").read_text()
    assert 'extends: "templates/alike.yaml"' in one
    assert len(one.splitlines()) == 9
    assert_faultless(drcheck)
    assert len(load_policies([str(tmp_path / "policies")], None).policies) == 100
    assert drcheck("discover", "disk:customers/", "-v").stdout.count("covered already, 100") == 1


def test_a_template_of_ones_own_is_extended_and_not_said_again(drcheck: Run, tmp_path: Path):
    for ago in range(1, 5):
        put(tmp_path / "d", f"webshop/{day(ago)}.sql.gz")
    own = tmp_path / "policies/gold.yaml"
    own.parent.mkdir()
    own.write_text(
        "drcheck: 1\ntemplate: true\nsources:\n  dumps: {reader: objects, name_zone: UTC, max_shrink: 30%}\n"
        "commitments:\n  rpo: {kind: rpo, at_most: 3d, evidence: [dumps]}\n"
    )
    done = drcheck("discover", "disk:", "--into", "policies", "--template", "policies/gold.yaml")
    assert done.returncode == 0, done.stderr
    webshop = (tmp_path / "policies/webshop.yaml").read_text()
    assert 'extends: "gold.yaml"' in webshop
    assert "  dumps:\n" in webshop
    for said in ("max_shrink", "name_zone", "commitments"):
        assert said not in webshop
    assert_faultless(drcheck)
    (tmp_path / "elsewhere.yaml").write_text(own.read_text())
    refused = drcheck("discover", "disk:", "--into", "policies", "--template", "elsewhere.yaml")
    assert (refused.returncode, "lies outside of" in refused.stderr) == (2, True)


def test_hostile_names_are_harmless_on_the_terminal_and_in_yaml(drcheck: Run, tmp_path: Path):
    hostile = [
        'q"uo: te #{x}/', "größe/", "a\nservice: evil\n/", "\x1b[31mred/", "\u202ebidi/", "- &a [*b, !!c]/", "%Y-%m/",
        "{of}/", "back\\slash/", "con\u2011fusable/", "true/", "null/", "~/", " lead and trail /", "x" * 200 + "/",
        "C/", "c/", "-/", "@{[$/",
    ]  # fmt: skip
    for directory in hostile:
        for ago in range(1, 5):
            put(tmp_path / "d", f"{directory}{day(ago)}.gz")
            put(tmp_path / "d", f"flat/{directory[:-1]}-{day(ago)}.gz")
            with open(os.fsencode(tmp_path) + b"/d/\xff\xfe-" + day(ago).encode(), "wb") as file:  # noqa: PTH123
                file.write(b"x" * 2000)
    done = drcheck("discover", "disk:", "--into", "policies", "-v")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert "no policy can name" in done.stdout
    written = list((tmp_path / "policies").rglob("*.yaml"))
    assert len(written) > 20
    for file in written:
        assert file.name.isascii()
        assert all(line.isprintable() for line in file.read_text().splitlines())
    assert any("# confirm: the name of the service" in file.read_text() for file in written)
    assert_faultless(drcheck)
    assert all(policy.service != "evil" for policy in load_policies([str(tmp_path / "policies")], None).policies)


def test_an_empty_place_and_one_that_is_missing_are_told_apart(drcheck: Run):
    empty = drcheck("discover", "disk:", "--into", "policies")
    assert (empty.returncode, "Nothing there was recognised as a backup" in empty.stdout) == (3, True)
    missing = drcheck("discover", "disk:nowhere/")
    assert (missing.returncode, "not seen: " in missing.stdout) == (3, True)
    assert "recognised" not in missing.stdout


def test_of_a_place_that_is_not_seen_whole_nothing_is_written(drcheck: Run, tmp_path: Path):
    for ago in range(1, 9):
        put(tmp_path / "d", f"webshop/{day(ago)}.gz")
    with (tmp_path / "drcheck.yaml").open("a") as config:
        config.write("list_at_most: 5\n")
    done = drcheck("discover", "disk:", "--into", "policies")
    assert (done.returncode, "not seen: disk lists more than 5 entries" in done.stdout) == (3, True)
    assert not (tmp_path / "policies").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "discover looks at one place"),
        (("--coverage",), "--coverage looks nowhere"),
        (("disk:", "--coverage", "--list", "-"), "--coverage looks nowhere"),
        (("disk:", "--template", "x.yaml"), "nothing would be written"),
        (("dsk:",), "there is no connection dsk"),
        (("disk:../x",), "leaves its directory"),
        (("disk:!x",), "is a command's output"),
        (("disk:", "--list", "missing.csv"), "cannot be read"),
        (("disk:", "--list", "-"), "holds no name"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(drcheck: Run, arguments, why):
    done = drcheck("discover", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


def test_a_bucket_is_looked_at_once(drcheck: Run, seaweedfs: SeaweedFS, tmp_path: Path):
    bucket = f"open-discover-{uuid.uuid4().hex[:8]}"
    seaweedfs.make_bucket(bucket)
    for customer in ("acme", "beta", "gamma"):
        for ago in range(1, 5):
            seaweedfs.put(bucket, f"{customer}/{day(ago)}T0100Z.tar", customer.encode() * 900)
    pair = SeaweedFS.reader_key
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
    )
    (tmp_path / "drcheck.yaml").write_text(
        "policies: [policies/]\n"
        f"connections:\n  weed: {{type: s3, endpoint: '{seaweedfs.endpoint}', region: {SeaweedFS.region}, "
        "credentials_file: credentials, last_modified: completion}\n"
    )
    (tmp_path / "list").write_text("acme\nbeta\ndelta\n")
    done = drcheck("discover", f"weed:{bucket}", "--into", "policies", "--list", "list")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "12 names, 1 request" in done.stdout
    assert "alike, and on one template: 3 services" in done.stdout
    assert "of 3 names in the list, policies cover 2\nnot covered, 1:\n  delta\n" in done.stdout
    assert "cover nothing of the list, 1:\n  gamma\n" in done.stdout
    assert_faultless(drcheck)
    refused = drcheck("discover", "weed:")
    assert (refused.returncode, "names no bucket" in refused.stderr) == (2, True)


def policy(tmp_path: Path, service: str, at: str) -> None:
    (tmp_path / "policies").mkdir(exist_ok=True)
    (tmp_path / f"policies/{service}.yaml").write_text(
        f"drcheck: 1\nservice: {service}\nsources:\n"
        f'  dumps: {{at: "{at}", reader: objects, name: "{{data_as_of:%F}}Z.gz"}}\n'
        "commitments:\n  rpo: {kind: rpo, at_most: 26h, evidence: [dumps]}\n"
    )


def as_csv(*rows: tuple[str, ...], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    ("given", "uncovered"),
    [
        ("Shop\n# not yet\n\ncrm\n", ["crm"]),
        ("name\nshop\n", []),
        ("\ufeffservice\r\nshop\r\ncrm\r\n", ["crm"]),
        (as_csv(("owner", "Host"), ("x", "shop"), ("y", "crm, old")), ["crm, old"]),
        (as_csv(("id", "zone"), ("shop", "a"), ("crm", "b"), delimiter=";"), ["crm"]),
        ("shop\tcrm\tbucket\n", ["crm", "bucket"]),
        ("disk\ndisk:store\nstore/shop/\nstore/sho\nstore/shop/daily/x\n", ["store/sho", "store/shop/daily/x"]),
    ],
    ids=["lines", "header", "bom", "csv", "semicolons", "tabs", "places"],
)
def test_a_list_is_held_against_policies_alone(drcheck: Run, tmp_path: Path, given: str, uncovered: list[str]):
    policy(tmp_path, "shop", "disk:store/shop/daily/")
    done = drcheck("discover", "--coverage", "--list", "-", given=given)
    assert done.returncode == bool(uncovered), done.stderr
    shown = done.stdout.partition(f"not covered, {len(uncovered)}:\n")[2].splitlines()
    assert shown == [f"  {name}" for name in uncovered]


def test_policies_that_cover_nothing_and_those_that_cannot_be_used_are_told(drcheck: Run, tmp_path: Path):
    policy(tmp_path, "shop", "disk:store/shop/")
    policy(tmp_path, "old", "disk:store/old/")
    (tmp_path / "policies/broken.yaml").write_text("drcheck: 1\nservice: crm\n")
    done = drcheck("discover", "--coverage", "--list", "-", given="shop\ncrm\x1b[31m\ncrm\n")
    assert done.returncode == 1
    assert "not covered, 2:\n  crm\\x1b[31m\n  crm\n" in done.stdout
    assert "policies that cover nothing of the list, 1:\n  old\n" in done.stdout
    assert "cannot be used, and cover nothing, 1:\n  policies/broken.yaml\n" in done.stdout
    none = drcheck("discover", "disk:", "--list", "-", "--config", "drcheck.yaml", given="shop\n")
    assert none.returncode == 3


def test_without_any_policy_nothing_is_covered(drcheck: Run):
    done = drcheck("discover", "--coverage", "--list", "-", given="shop\n")
    assert (done.returncode, done.stdout) == (1, "of 1 name in the list, policies cover 0\nnot covered, 1:\n  shop\n")
