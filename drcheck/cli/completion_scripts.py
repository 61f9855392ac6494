"""Completion scripts for shells, made from the command line as argparse knows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_FILES: Final = frozenset({"FILE", "POLICY", "DIRECTORY"})
"""What arguments are called that name files or directories."""


class Argument(NamedTuple):
    """An option, or a word that has its place on the command line."""

    flags: tuple[str, ...]
    """``-q`` and ``--quiet``; empty for a word."""
    label: str
    """What its value is called; empty for an option that has none."""
    help: str
    choices: tuple[str, ...]
    many: bool = False
    """Whether the word may be given several times."""

    @property
    def is_file(self) -> bool:
        """Whether its value is a file or a directory."""
        return self.label in _FILES


class Command(NamedTuple):
    """A verb with what can follow it; the first one, without a name, is drcheck itself."""

    name: str
    help: str
    options: tuple[Argument, ...]
    words: tuple[Argument, ...]


def commands(parser: argparse.ArgumentParser) -> list[Command]:
    """Return drcheck itself, then its verbs in the order in which --help shows them."""
    listed = [_command("", "", parser)]
    for action in parser._actions:  # noqa: SLF001  argparse tells of its arguments in no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            listed += [_command(name, helps.get(name, ""), subparser) for name, subparser in action.choices.items()]
    return listed


def _command(name: str, help_text: str, parser: argparse.ArgumentParser) -> Command:
    arguments = [
        Argument(
            tuple(action.option_strings),
            "" if action.nargs == 0 else str(action.metavar or action.dest).upper(),
            (action.help or "").replace("%%", "%"),
            tuple(map(str, action.choices or ())),
            many=action.nargs == "*",
        )
        for action in parser._actions  # noqa: SLF001
        if not isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    ]
    options = tuple(argument for argument in arguments if argument.flags)
    return Command(name, help_text, options, tuple(argument for argument in arguments if not argument.flags))


_BASH: Final = """\
# Completion of drcheck for bash; made by `drcheck completion bash`.
_drcheck() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} verb=${{COMP_WORDS[1]}} words= at=0 i
    # bash takes --format=json for three words.
    if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=${{COMP_WORDS[COMP_CWORD-2]}}; fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        case "$verb ${{COMP_WORDS[i]}}" in
            {valued}) i=$((i + 1)); if [[ ${{COMP_WORDS[i]}} == "=" ]]; then i=$((i + 1)); fi ;;
            *" "-*) ;;
            *) at=$((at + 1)) ;;
        esac
    done
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="{verbs}"
    else
        case "$verb $prev" in
{values}
            *)
                if [[ $cur == -* ]]; then
                    case $verb in
{options}
                    esac
                else
                    case "$verb $at" in
{words}
                    esac
                fi ;;
        esac
    fi
    if [[ -z $words ]]; then compopt +o default 2>/dev/null; return; fi
    while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -W "$words" -- "$cur")
}}
# Where the function returns at once, bash completes the names of files.
complete -o default -F _drcheck drcheck
"""


def bash(listed: Sequence[Command]) -> str:
    """Return the script for bash, from version 3.2 on, which macOS has."""
    whole, *verbs = listed
    values: dict[str, list[str]] = {}
    words: dict[str, list[str]] = {}
    options = []
    for verb in verbs:
        flags = " ".join(flag for option in verb.options for flag in option.flags)
        options.append(f'                        {verb.name}) words="{flags}" ;;')
        for option in verb.options:
            if option.label:
                values.setdefault(_bash_value(option), []).extend(f'"{verb.name} {flag}"' for flag in option.flags)
        for number, word in enumerate(verb.words):
            place = f'"{verb.name} "*' if word.many else f'"{verb.name} {number}"'
            words.setdefault(_bash_value(word), []).append(place)
    return _BASH.format(
        valued="|".join(pattern for patterns in values.values() for pattern in patterns),
        verbs=" ".join([*(verb.name for verb in verbs), *(flag for option in whole.options for flag in option.flags)]),
        values="\n".join(f"            {'|'.join(patterns)}) {value} ;;" for value, patterns in values.items()),
        options="\n".join(options),
        words="\n".join(f"{' ' * 24}{'|'.join(patterns)}) {value} ;;" for value, patterns in words.items()),
    )


def _bash_value(argument: Argument) -> str:
    """Return what offers the values of an argument: nothing, where only the user knows them."""
    if argument.is_file:
        return "return"
    return f'words="{" ".join(argument.choices)}"'


def zsh(listed: Sequence[Command]) -> str:
    """Return the script for zsh, as a function to be loaded from ``fpath`` or to be sourced after ``compinit``."""
    whole, *verbs = listed
    lines = [
        "#compdef drcheck",
        "# Completion of drcheck for zsh; made by `drcheck completion zsh`.",
        "_drcheck() {",
        "    local curcontext=$curcontext state line",
        "    typeset -A opt_args",
        f"    _arguments -C {' '.join(_zsh_options(whole))} '1:verb:->verb' '*::argument:->rest'",
        "    case $state in",
        "    verb)",
        "        local -a verbs",
        "        verbs=(",
        *(f"            {_quoted(f'{verb.name}:{verb.help}')}" for verb in verbs),
        "        )",
        "        _describe -t verbs verb verbs ;;",
        "    rest)",
        "        case $words[1] in",
    ]
    for verb in verbs:
        words = (
            f"'{'*' if word.many else number}:{word.label}:{_zsh_value(word)}'"
            for number, word in enumerate(verb.words, 1)
        )
        lines.append(f"        {verb.name})")
        lines.append("            _arguments \\")
        lines.append(" \\\n".join(f"                {argument}" for argument in (*_zsh_options(verb), *words)) + " ;;")
    lines += [
        "        esac ;;",
        "    esac",
        "}",
        'if [[ $funcstack[1] == _drcheck ]]; then _drcheck "$@"; else compdef _drcheck drcheck; fi',
    ]
    return "\n".join(lines) + "\n"


def _zsh_options(command: Command) -> Iterator[str]:
    for option in command.options:
        help_text = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
        value = f":{option.label}:{_zsh_value(option)}" if option.label else ""
        others = f"({' '.join(option.flags)})" if len(option.flags) > 1 else ""
        for flag in option.flags:
            # A long option takes its value after a sign or as the next word.
            takes = "=" if option.label and flag.startswith("--") else ""
            yield _quoted(f"{others}{flag}{takes}[{help_text}]{value}")


def _zsh_value(argument: Argument) -> str:
    if argument.is_file:
        return "_files"
    return f"({' '.join(argument.choices)})" if argument.choices else " "


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def fish(listed: Sequence[Command]) -> str:
    """Return the script for fish."""
    whole, *verbs = listed
    lines = ["# Completion of drcheck for fish; made by `drcheck completion fish`.", "complete -c drcheck -f"]
    lines += [_fish("__fish_use_subcommand", option) for option in whole.options]
    for verb in verbs:
        lines.append(f"complete -c drcheck -n __fish_use_subcommand -a {verb.name} -d {_fish_quoted(verb.help)}")
    for verb in verbs:
        seen = f"__fish_seen_subcommand_from {verb.name}"
        lines += [_fish(seen, argument) for argument in (*verb.options, *verb.words)]
    return "\n".join(lines) + "\n"


def _fish(condition: str, argument: Argument) -> str:
    parts = ["complete -c drcheck"]
    if argument.choices and not argument.flags:
        condition += f"; and not __fish_seen_subcommand_from {' '.join(argument.choices)}"
    parts.append(f"-n {_fish_quoted(condition)}")
    parts += [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in argument.flags]
    if argument.flags and argument.label:
        parts.append("-r" if argument.is_file else "-x")
    if argument.is_file:
        parts.append("-F")
    elif argument.choices:
        parts.append(f"-a {_fish_quoted(' '.join(argument.choices))}")
    if argument.help:
        parts.append(f"-d {_fish_quoted(argument.help)}")
    return " ".join(parts)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
