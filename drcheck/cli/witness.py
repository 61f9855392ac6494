"""``drcheck witness``: cosign the checkpoints of others' ledgers, so that they cannot rewrite the past."""

from __future__ import annotations

import argparse

_DESCRIPTION = """\
A witness cosigns each checkpoint of a ledger that goes on from all that it has
seen before, and nothing else. It learns nothing but hashes. Who asks for its
signature sees that nobody was shown another history.

keygen  make the witness's key in the file --key, and print the public key
serve   answer at --listen (https://c2sp.org/tlog-witness), until it is stopped;
        what it cosigned last of each ledger stands in the directory --state
"""

_EPILOG = """\
examples:
  drcheck witness keygen witness.example.com/drcheck --key witness.key
  drcheck witness serve --key witness.key --log backups.pub --state seen/

It speaks HTTP: put what you have for TLS before it, where others must reach it.
Keep --state, and never put an older copy of it back: a witness that forgets
what it saw cosigns another history. Each directory is of one witness: a second
one with the same --state does not start.
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "witness",
        help="cosign the checkpoints of others' ledgers",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("keygen", "serve"), metavar="ACTION", help="one of these")
    parser.add_argument("name", nargs="?", metavar="NAME", help="keygen: what the key is called, as host/path")
    parser.add_argument("--key", metavar="FILE", required=True, help="the file with the witness's private key")
    parser.add_argument(
        "--log",
        action="append",
        default=[],
        metavar="KEY",
        help="serve: a ledger's public key, or a file with it; may be repeated",
    )
    parser.add_argument("--state", metavar="DIRECTORY", default="witnessed", help="serve: where it keeps what it saw")
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:7747", help="serve: default 127.0.0.1:7747")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it, and return the exit status."""
    # Imported here, so that --help answers at once.
    import sys

    from drcheck.app import signing
    from drcheck.app.witness import Witness, WitnessServer
    from drcheck.errors import UsageError

    if (arguments.action == "keygen") != bool(arguments.name):
        raise UsageError("keygen takes a name, and nothing else does", "drcheck witness keygen NAME --key FILE")
    if arguments.action == "keygen":
        print(signing.new_witness_key(arguments.name, arguments.key).text)
        return 0
    if not arguments.log:
        raise UsageError("which ledgers are witnessed?", "Name the public key of each: --log backups.pub")
    host, _, port = arguments.listen.rpartition(":")
    if not host or not port.isdecimal() or int(port[:6]) > 65535:  # noqa: PLR2004
        raise UsageError(f"{arguments.listen} is no address", "Write HOST:PORT, as 127.0.0.1:7747.")
    logs = [key for one in arguments.log for key in signing.log_keys(one)]
    witness = Witness(signing.read_key(arguments.key), logs, arguments.state)
    with WitnessServer((host.strip("[]"), int(port)), witness) as server:
        at = ":".join(map(str, server.server_address[:2]))
        print(f"witness of {len(logs)} keys at http://{at}", file=sys.stderr, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
