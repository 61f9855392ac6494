"""``drcheck init``: write a commented policy and configuration to start from, or what runs drcheck every night."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Final

from drcheck.errors import OutputError, UsageError, os_reason

if TYPE_CHECKING:
    from pathlib import Path

_FILES: Final = ("drcheck.yaml", "policies/webshop.yaml")
_RUNNERS: Final = {
    "systemd": ("drcheck.service", "drcheck.timer", "drcheck-watch.service"),
    "cron": ("drcheck.cron",),
    "container": ("Containerfile",),
    "kubernetes": ("drcheck.yaml",),
    "prometheus": ("drcheck.rules.yml", "drcheck-dashboard.json"),
}
"""What runs drcheck, to the files that it needs, which lie in a folder of its name in ``starter``."""
_STEPS: Final = {
    "systemd": "copy service and timer to /etc/systemd/system, and systemctl enable --now drcheck.timer",
    "cron": "copy it to /etc/cron.d/drcheck",
    "container": "podman build -t drcheck .",
    "kubernetes": "name your image in it, and kubectl apply -f it",
    "prometheus": "name the rules under rule_files in prometheus.yml, and import the dashboard into Grafana",
}

_DESCRIPTION = """\
Write a commented configuration, drcheck.yaml, and a commented policy,
policies/webshop.yaml, to start from; or, with an option, what runs drcheck
every night: it names the drcheck that writes it, and the drcheck.yaml in
DIRECTORY. A file that is there already is never touched.
"""

_EPILOG = """\
examples:
  drcheck init                 in the working directory
  drcheck init /etc/drcheck    somewhere else
  drcheck init --systemd       a unit and a timer, and a unit of drcheck watch
  drcheck init --prometheus    alert rules by what the policies of DIRECTORY
                               promise, and a dashboard
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "init",
        # argparse never breaks a line within alternatives.
        usage="drcheck init [-h] [--systemd | --cron | --container | --kubernetes |\n"
        "                    --prometheus] [DIRECTORY]",
        help="write a policy and a configuration to start from",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", nargs="?", default=".", metavar="DIRECTORY", help="where to (default: here)")
    runner = parser.add_mutually_exclusive_group()
    for name, files in _RUNNERS.items():
        runner.add_argument(
            f"--{name}", dest="runner", action="store_const", const=name, help=f"write {', '.join(files)} instead"
        )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status; raises :class:`UsageError` where a file is in the way."""
    # Imported here, so that --help answers at once.
    from pathlib import Path

    from drcheck.cli.output import say, write_whole
    from drcheck.output_files import create

    directory, runner = Path(arguments.directory), arguments.runner
    targets = {name: directory / name for name in (_RUNNERS[runner] if runner else _FILES)}
    for target in targets.values():
        if target.exists() or target.is_symlink():
            raise _in_the_way(target)
    starter = Path(__file__).with_name("starter") / (runner or "")
    for name, target in targets.items():
        try:
            create(target, _content(starter / name, directory, runner))
        except FileExistsError:
            raise _in_the_way(target) from None
        except OSError as error:
            raise UsageError(
                f"{target} cannot be written: {os_reason(error)}",
                "Name a directory you may write to.",
            ) from None
    options = "" if directory.samefile(".") else f" --config {directory / 'drcheck.yaml'}"
    wrote = "".join(f"wrote {target}\n" for target in targets.values())
    step = _STEPS[runner] if runner else f"fit both to your service, then run drcheck lint{options}"
    try:
        write_whole(f"{wrote}Next: {step}\n".encode(errors="backslashreplace"), None)
    except OutputError as error:
        say(error)  # both are written all the same
    return 0


def _content(starter: Path, directory: Path, runner: str | None) -> bytes:
    if starter.name == "drcheck.rules.yml":
        return _alert_rules(directory)
    return _filled_in(starter.read_text(encoding="utf-8"), directory, runner).encode("utf-8", "surrogateescape")


def _alert_rules(directory: Path) -> bytes:
    """Return alert rules for the policies that the configuration in ``directory`` names."""
    from drcheck.core.time.calendar import DAY, longest_gap
    from drcheck.policyfile.config import load_settings
    from drcheck.policyfile.load import load_policies
    from drcheck.reports.prometheus_rules import rules

    settings = load_settings(str(directory / "drcheck.yaml"))
    loaded = load_policies((), settings)
    if loaded.faults:
        raise UsageError(loaded.faults[0].message, "Mend the policies first: drcheck lint names every fault.")
    looks = [job for job in settings.watch.jobs.values() if not job.period]
    # Whoever writes no metrics makes them no younger.
    writes = [job for job in looks if any(output.format == "prometheus" for output in job.outputs)]
    run_every = min((job.every or longest_gap(job.schedule) for job in writes or looks), default=DAY)
    return rules(loaded.policies, run_every=run_every)


def _filled_in(text: str, directory: Path, runner: str | None) -> str:
    """Put into a runner's file what it names."""
    import getpass
    import sys
    from pathlib import Path

    from drcheck import __version__

    if runner is None:
        return text
    beside = Path(sys.executable).with_name("drcheck")
    command = Path(sys.argv[0]) if Path(sys.argv[0]).name == "drcheck" else beside
    paths = {
        "COMMAND": command.absolute(),
        "DIRECTORY": directory.absolute(),
        "CONFIG": directory.absolute() / "drcheck.yaml",
    }
    named = {name: _escaped(os.path.normpath(path), runner) for name, path in paths.items()}
    named["WRITES"] = named["DIRECTORY"].replace("$$", "$")  # a unit reads variables in commands alone
    for name, value in {**named, "USER": getpass.getuser(), "VERSION": __version__}.items():
        text = text.replace(f"@{name}@", value)
    return text


def _escaped(path: str, runner: str) -> str:
    """Return a path as it stands between double quotes; a percent sign is special in units and in crontabs."""
    if not path.isprintable():
        raise UsageError(f"{path!r} cannot stand in a unit or a crontab", "Name a directory without such characters.")
    if runner == "systemd":
        return path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return "".join(f"\\{one}" if one in '\\"$`%' else one for one in path)


def _in_the_way(target: Path) -> UsageError:
    return UsageError(
        f"{target} is there already, and is left as it is", "Name another directory: drcheck init DIRECTORY."
    )
