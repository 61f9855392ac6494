"""What is installed: exactly what is locked here, and a wheel that has all it needs elsewhere."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import drcheck

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NAME = PROJECT["project"]["name"]
PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; [^\\]+)? \\(?P<hashes>(?:\n    --hash=\S+(?: \\)?)+)$", re.MULTILINE
)
LOCKS = {path.stem: path.read_text() for path in sorted((ROOT / "requirements").glob("*.txt"))}


def group(name: str) -> list[Requirement]:
    """Return the requirements of a dependency group and of those in it."""
    found = []
    for each in PROJECT["dependency-groups"][name]:
        found += group(each["include-group"]) if isinstance(each, dict) else [Requirement(each)]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_has_an_exact_version_and_hashes_and_no_address(name):
    text = LOCKS[name]
    plain = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    assert PINNED.sub("", plain).strip() == ""
    assert all(
        re.fullmatch(r"\s*--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in plain.splitlines() if "--hash" in line
    )
    assert "://" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_locked_lies_within_the_ranges_of_the_project(name):
    wanted = group(name)
    if name not in {"refresh", "oscal", "verapdf"}:  # which have environments of their own
        wanted += map(Requirement, PROJECT["project"]["dependencies"])
    locked = {each["name"]: each["version"] for each in PINNED.finditer(LOCKS[name])}
    for each in wanted:
        assert locked[canonicalize_name(each.name)] in each.specifier, (
            f"{each}: run scripts/refresh-dependencies --lock"
        )


def test_every_requirement_has_a_lowest_version():
    wanted = [*map(Requirement, PROJECT["project"]["dependencies"]), *group("dev"), *group("oscal"), *group("refresh")]
    assert [str(each) for each in wanted if not {part.operator for part in each.specifier} & {">=", "=="}] == []


def test_what_drcheck_imports_it_requires():
    known = packages_distributions()
    extras = [each for its in PROJECT["project"]["optional-dependencies"].values() for each in its]
    required = {canonicalize_name(Requirement(each).name) for each in (*PROJECT["project"]["dependencies"], *extras)}
    for file in (ROOT / "drcheck").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names.append(node.module)
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top != "drcheck":
                    assert {canonicalize_name(one) for one in known.get(top, [top])} & required, f"{name} in {file}"


def test_the_servers_of_the_lab_are_locked_without_an_address():
    text = (ROOT / "scripts" / "lab" / "npm" / "package-lock.json").read_text()
    assert "://" not in text
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/') > 100


def test_the_metadata_tells_the_version_under_the_name_to_install_by():
    assert version(NAME) == drcheck.__version__


def test_the_readme_names_what_is_installed():
    assert NAME in (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment that holds the built wheel and nothing else, to which nothing was downloaded."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "drcheck", source / "drcheck", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-index", "--no-deps"]
    run(*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", place, source)
    run(sys.executable, "-m", "venv", "--without-pip", place / "venv")
    (wheel,) = place.glob("*.whl")
    assert wheel.name == f"{NAME.replace('-', '_')}-{drcheck.__version__}-py3-none-any.whl"
    run(*pip, "--python", place / "venv" / "bin" / "python", "install", *offline, wheel)
    return place / "venv" / "bin" / "drcheck"


def run(*command, cwd=None, env=None):
    done = subprocess.run(
        [str(one) for one in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_all_that_help_and_schemas_and_a_start_need(installed, tmp_path):
    assert "usage: drcheck" in run(installed, "--help")
    assert run(installed, "--version") == f"drcheck {drcheck.__version__}\n"
    for of in ("policy", "config", "report"):
        # The schema of policies is put together from the kinds, which need what drcheck requires.
        assert '"$schema"' in run(installed, "schema", of, env={"PYTHONPATH": sysconfig.get_path("purelib")})
    run(installed, "init", cwd=tmp_path)
    assert (tmp_path / "policies" / "webshop.yaml").is_file()


def test_the_wheel_has_every_file_of_the_package(installed):
    (there,) = (installed.parents[1] / "lib").glob("python*/site-packages/drcheck")
    files = {path.relative_to(there) for path in there.rglob("*") if "__pycache__" not in path.parts and path.is_file()}
    package = ROOT / "drcheck"
    ours = {
        path.relative_to(package) for path in package.rglob("*") if "__pycache__" not in path.parts and path.is_file()
    }
    assert files == ours
