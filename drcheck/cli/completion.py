"""``drcheck completion``: print what makes a shell complete drcheck's verbs, options and values."""

from __future__ import annotations

import argparse

_DESCRIPTION = """\
Print what makes your shell complete verbs, options and their values. It is
made from the program itself: print it anew after an update.
"""

_EPILOG = """\
once, for the shell that you use:
  bash  drcheck completion bash \\
          > ~/.local/share/bash-completion/completions/drcheck
  zsh   drcheck completion zsh > ~/.zfunc/_drcheck
        with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  fish  drcheck completion fish > ~/.config/fish/completions/drcheck.fish

to try it in bash, for the shell that runs now:
  source <(drcheck completion bash)
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "completion",
        help="print what makes a shell complete these verbs",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    from drcheck.cli import completion_scripts, parser
    from drcheck.cli.output import write_whole

    script = {"bash": completion_scripts.bash, "zsh": completion_scripts.zsh, "fish": completion_scripts.fish}[
        arguments.shell
    ]
    write_whole(script(completion_scripts.commands(parser(()))).encode(), None)
    return 0
