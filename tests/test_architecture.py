"""What the pages for contributors name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ["CONTRIBUTING.md", "docs/architecture.md"]
NAMED = [
    (page, name)
    for page in PAGES
    for name in dict.fromkeys(re.findall(r"`((?:drcheck|tests|scripts|docs)/[\w./]+)`", (ROOT / page).read_text()))
    if "NAME" not in name
]


@pytest.mark.parametrize(("page", "name"), NAMED)
def test_what_the_pages_for_contributors_name_is_there(page, name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("page", PAGES)
def test_what_the_pages_for_contributors_link_to_is_there(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).is_file()


def test_every_folder_of_the_package_has_its_line_in_the_tree():
    text = (ROOT / "docs/architecture.md").read_text()
    folders = {path.parent for path in (ROOT / "drcheck").glob("*/__init__.py")}
    folders |= {path.parent for path in (ROOT / "drcheck/core").glob("*/__init__.py")}
    assert [str(one.relative_to(ROOT)) for one in folders if f"`{one.relative_to(ROOT)}/`" not in text] == []


@pytest.mark.parametrize(
    "command", re.findall(r"^(?:\.venv/bin/|scripts/)[\w-]+", (ROOT / PAGES[0]).read_text(), re.MULTILINE)
)
def test_the_commands_for_contributors_are_there(command):
    assert command.startswith(".venv/bin/") or (ROOT / command).stat().st_mode & 0o111
