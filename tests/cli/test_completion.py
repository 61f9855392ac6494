"""Completion scripts: of bash in bash itself, of all shells that they know every verb and option."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from drcheck.cli import VERBS, parser
from drcheck.cli.completion_scripts import bash, commands, fish, zsh
from drcheck.registry import FORMATS

COMMANDS = commands(parser(()))
COMPLETE = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_drcheck
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    made = subprocess.run(
        [sys.executable, "-m", "drcheck", "completion", "bash"], capture_output=True, timeout=60, check=True
    )
    file = tmp_path_factory.mktemp("completion") / "drcheck.bash"
    file.write_bytes(made.stdout)
    return str(file)


def in_bash(text, *words):
    done = subprocess.run(
        ["bash", "-uc", text, "bash", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_bash_takes_the_script_and_completes_drcheck_with_it(script):
    assert in_bash('source "$1"; complete -p drcheck', script) == [
        "complete",
        "-o",
        "default",
        "-F",
        "_drcheck",
        "drcheck",
    ]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ver"], ["verify"]),
        ([""], [*VERBS, "-h", "--help", "--version"]),
        (["verify", "--fo"], ["--format"]),
        (["verify", "--format", ""], [*FORMATS]),
        (["verify", "--format", "js"], ["json"]),
        (["verify", "--format", "=", ""], [*FORMATS]),
        (["verify", "--format", "=", "js"], ["json"]),
        (["verify", "--format", "="], [*FORMATS]),
        (["verify", "--fail-on", "n"], ["new", "now"]),
        (["verify", "--as-of", ""], []),
        (["verify", "--output", "rep"], []),  # nothing of ours: bash completes files
        (["verify", "pol"], []),
        (["lint", "--format", ""], ["text", "json"]),
        (
            ["ledger", ""],
            ["show", "check", "rebuild", "retire", "keygen", "checkpoint", "prove", "verify", "export", "import"],
        ),
        (["ledger", "--config", "show", "r"], ["rebuild", "retire"]),
        (["ledger", "--config", "=", "show", "r"], ["rebuild", "retire"]),
        (["ledger", "retire", "r"], []),
        (["schema", "p"], ["policy"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["nonsense", ""], []),
    ],
)
def test_bash_offers_what_can_follow(script, words, offered):
    assert in_bash(COMPLETE, script, "drcheck", *words) == offered


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: command.name)
def test_bash_offers_every_option_of_a_verb(script, command):
    flags = [flag for option in command.options for flag in option.flags]
    assert in_bash(COMPLETE, script, "drcheck", command.name, "-") == flags


def test_the_verbs_are_those_of_the_program():
    assert tuple(command.name for command in COMMANDS[1:]) == VERBS


@pytest.mark.parametrize("write", [bash, zsh, fish])
def test_every_script_knows_every_verb_and_option(write):
    text = write(COMMANDS)
    for command in COMMANDS:
        assert command.name in text
        for option in command.options:
            for flag in option.flags:
                name = re.escape(flag) if write is not fish else f"-[ls] {flag.lstrip('-')}"
                assert re.search(rf"(?<![\w-]){name}(?![\w-])", text), (command.name, flag)
