"""``drcheck.yaml`` to settings, by the same strict loader as policies."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from drcheck.core.proof.notes import COSIGNATURE, NotANote, VerifierKey
from drcheck.core.words import quoted
from drcheck.errors import UsageError, os_reason
from drcheck.policyfile import strictyaml, units
from drcheck.policyfile.convert import converted
from drcheck.policyfile.schema import schema
from drcheck.policyfile.validate import suggest, validate
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Mark, Problem, Scalar
from drcheck.registry import COLLECTORS, DOCUMENTS, connection_of, splits
from drcheck.settings import (
    PERIOD,
    Channel,
    Connection,
    Drills,
    DrillTarget,
    Forbidden,
    Job,
    Notify,
    Output,
    ProofSettings,
    QuietHours,
    SampleRequest,
    Secret,
    Settings,
    Watch,
    Witnessed,
)

DEFAULT_FILE: Final = "drcheck.yaml"
_SQLITE: Final = "sqlite:///"
_VARIABLE: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def load_settings(path: str | None) -> Settings:
    """Read the configuration at ``path``, or ``drcheck.yaml`` in the working directory.

    Raises :class:`UsageError` with every fault at once, or where there is no such file.
    """
    file = path or DEFAULT_FILE
    try:
        # Not waiting: a pipe that nobody writes to would hold drcheck for ever, and is empty this way.
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123
            data = opened.read(strictyaml.LARGEST + 1) or b""
    except FileNotFoundError:
        raise UsageError(
            f"there is no configuration {file}",
            "Run drcheck init to get one to start from, or name yours with --config.",
        ) from None
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {os_reason(error)}",
            "Name a file that drcheck may read with --config.",
        ) from None
    root, problems = strictyaml.parse(data, file)
    if not isinstance(root, MappingNode):
        if not problems:
            problems = [Problem(Mark(file, 1, 1), "the file holds no mapping (start with connections:)")]
        raise _unusable(problems)
    values, unfit = validate(root, "config")
    problems += [*unfit, *_check(root)]
    if problems:
        raise _unusable(problems)
    return _settings(values, file)


def _unusable(problems: list[Problem]) -> UsageError:
    message = "\n".join(str(problem) for problem in sorted(set(problems)))
    return UsageError(message, "drcheck schema config prints everything that may stand in a configuration.")


def _check(root: MappingNode) -> Iterator[Problem]:
    """Yield what is wrong that the schema does not find."""
    yield from _check_connections(root)
    yield from _check_targets(root)
    yield from _check_jobs(root.fields("watch").fields("jobs"))
    yield from _check_stores(root)
    yield from _check_witnesses(root.fields("proof"))
    notify = root.fields("notify")
    yield from _check_secret(notify, "ping", "notify")
    if {"ping_env", "ping_file"} <= set(notify.entries):
        mark = notify.entries["ping_file"].key
        yield Problem(mark, "notify: ping_env and ping_file exclude each other (keep one of them)")
    for name, mark, channel in notify.fields("channels").mappings():
        yield from _check_secret(channel, "url", f"notify.channels.{name}")
        if ("url_env" in channel.entries) == ("url_file" in channel.entries):
            yield Problem(mark, f"notify.channels.{name}: it needs one of url_env and url_file (say where its URL is)")


def _check_secret(fields: MappingNode, key: str, at: str) -> Iterator[Problem]:
    """Yield where a URL stands that may hold a secret; nothing of it is in the problem, nor ever in the ledger."""
    variable, file = fields.scalar(f"{key}_env"), fields.scalar(f"{key}_file")
    if variable is not None and not _VARIABLE.fullmatch(variable.text):
        yield Problem(variable.mark, f"{at}.{key}_env: this is no variable's name (write NAME, and the URL into $NAME)")
    if file is not None and "://" in file.text:
        yield Problem(file.mark, f"{at}.{key}_file: this is a URL (name the file that holds it)")


def _check_targets(root: MappingNode) -> Iterator[Problem]:
    """Yield the targets of drills that name no connection."""
    connections = root.fields("connections")
    for name, _, target in root.fields("drills").fields("targets").mappings():
        alias = target.scalar("connection")
        if alias is not None and alias.text not in connections.entries:
            right = suggest(alias.text, sorted(connections.entries)) or "add it to connections"
            what = f"drills.targets.{name}.connection: there is no connection {quoted(alias.text)} ({right})"
            yield Problem(alias.mark, what)


def _check_witnesses(proof: MappingNode) -> Iterator[Problem]:
    """Yield keys of witnesses that are none, or another one's, and a quorum that can never be there."""
    witnesses = proof.fields("witnesses")
    owners: dict[bytes, str] = {}
    for name, mark, witness in witnesses.mappings():
        at = f"proof.witnesses.{name}"
        try:
            key = VerifierKey.read(witness.text("key"))
        except NotANote:
            key = None
        if key is None or key.kind != COSIGNATURE:
            yield Problem(mark, f"{at}: its key is none of a witness (copy what drcheck witness keygen printed)")
        elif (owner := owners.setdefault(key.public, name)) != name:
            remedy = "each witness has a key of its own: leave one of them out"
            yield Problem(mark, f"{at}: its key is that of {owner} ({remedy})")
    quorum = proof.scalar("quorum")
    if quorum is not None and quorum.text.isdecimal() and int(quorum.text) > len(witnesses.entries):
        there = len(witnesses.entries)
        yield Problem(quorum.mark, f"proof.quorum: there are {there} witnesses (ask for no more than there are)")


def _check_stores(root: MappingNode) -> Iterator[Problem]:
    """Yield the places for checkpoints at connections where drcheck writes nothing."""
    connections, value = root.fields("connections"), root.fields("proof").value("checkpoints")
    for place in value.items if isinstance(value, Items) else []:
        if not isinstance(place, Scalar) or place.text.partition(":")[0] not in connections.entries:
            continue
        kind = connections.fields(place.text.partition(":")[0]).text("type")
        if kind in COLLECTORS and not COLLECTORS[kind].store_opener:
            what = f"proof.checkpoints: drcheck writes nothing at {quoted(place.text)}"
            yield Problem(place.mark, f"{what} (name a connection of type s3 or azure_blob, or a directory)")


def _check_jobs(jobs: MappingNode) -> Iterator[Problem]:
    for name, mark, job in jobs.mappings():
        at = f"watch.jobs.{name}"
        if ("schedule" in job.entries) == ("every" in job.entries):
            yield Problem(mark, f"{at}: it needs one of schedule and every (write when it is due)")
        value = job.value("outputs")
        outputs = [item for item in value.items if isinstance(item, MappingNode)] if isinstance(value, Items) else []
        for output in outputs:
            form, file = output.scalar("format"), output.scalar("file")
            if form is not None and file is not None and file.text.endswith("/") and not splits(form.text):
                yield Problem(file.mark, f"{at}: {form.text} is one file (leave the slash at its end out)")
        if "sample" in job.entries and "period" not in job.entries:
            yield Problem(job.entries["sample"].key, f"{at}: a sample is one of a period (give the job a period)")
        if "period" not in job.entries:
            for output in outputs:
                form = output.scalar("format")
                if form is not None and form.text in DOCUMENTS:
                    yield Problem(form.mark, f"{at}: {form.text} is a report of a period (give the job a period)")
            continue
        if not outputs:
            yield Problem(mark, f"{at}: a period that is judged is told nowhere (give it outputs)")
        for output in outputs:
            file = output.scalar("file")
            if file is not None and PERIOD not in file.text:
                yield Problem(file.mark, f"{at}: each period needs a file of its own (put {PERIOD} into its name)")


def _check_connections(root: MappingNode) -> Iterator[Problem]:
    connections = root.fields("connections")
    types = {name: fields.text("type") for name, _, fields in connections.mappings()}
    for name, _, fields in connections.mappings():
        if types[name] not in COLLECTORS:
            continue
        keys = connection_of(types[name]).keys
        at = f"connections.{name}"
        for kept, other in keys.exclusive:
            if kept in fields.entries and other in fields.entries:
                mark = fields.entries[other].key
                yield Problem(mark, f"{at}: {kept} and {other} exclude each other (keep one of them)")
        if keys.through:
            same = sorted(alias for alias, kind in types.items() if kind == types[name])
            yield from _check_through(connections, name, keys.through, types[name], same)


def _check_through(connections: MappingNode, name: str, key: str, kind: str, same: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with the connection of type ``kind`` that ``key`` of ``name`` goes through."""
    through = connections.fields(name).scalar(key)
    if through is None:
        return
    at = f"connections.{name}.{key}"
    if through.text not in same:
        right = suggest(through.text, same) or f"name a connection of type {kind}"
        yield Problem(through.mark, f"{at}: there is no {kind} connection {quoted(through.text)} ({right})")
    chain = [name]
    while (following := connections.fields(chain[-1]).text(key)) and following not in chain:
        chain.append(following)
    if following == name:
        yield Problem(through.mark, f"{at}: {' goes through '.join([*chain, name])} (end the circle)")


def _settings(values: Mapping[str, Any], file: str) -> Settings:
    base = Path(file).absolute().parent
    usual = Settings(file)
    ledger = values.get("ledger", usual.ledger)
    if ledger.startswith(_SQLITE):
        ledger = _SQLITE + _below(base, ledger.removeprefix(_SQLITE))
    return Settings(
        file=file,
        ledger=ledger,
        policies=tuple(_below(base, path) for path in values.get("policies", usual.policies)),
        connections={name: _connection(name, keys, base) for name, keys in values.get("connections", {}).items()},
        workers=values.get("workers", usual.workers),
        clock_tolerance=(
            units.tolerance(values["clock_tolerance"]) if "clock_tolerance" in values else usual.clock_tolerance
        ),
        controls=tuple(_below(base, path) for path in values.get("controls", ())),
        list_at_most=values.get("list_at_most", usual.list_at_most),
        notify=_notify(values.get("notify", {}), base),
        watch=_watch(values.get("watch", {}), base),
        proof=_proof(values["proof"], base, values.get("connections", {})) if "proof" in values else None,
        drills=_drills(values["drills"], base) if "drills" in values else Drills(),
        read_at_most=units.size(values["read_at_most"]) if "read_at_most" in values else usual.read_at_most,
    )


def _proof(values: Mapping[str, Any], base: Path, connections: Mapping[str, Any]) -> ProofSettings:
    def place(where: str) -> str:
        return where if where.partition(":")[0] in connections else _below(base, where)

    witnesses = values.get("witnesses", {}).items()
    return ProofSettings(
        _below(base, values["key"]),
        tuple(map(place, values.get("checkpoints", ()))),
        tuple(Witnessed(name, one["url"], one["key"]) for name, one in witnesses),
        values.get("quorum", 1),
        values.get("timestamp", ""),
    )


def _notify(values: Mapping[str, Any], base: Path) -> Notify:
    times = ("remind_every", "unknown_after", "waiver_before", "test_before")
    return Notify(
        {
            name: Channel(
                name,
                url=_secret(channel, "url", base),
                owners=tuple(channel.get("owners", ())),
                quiet_hours=QuietHours(*units.hours(channel["quiet_hours"], over_midnight=True))
                if "quiet_hours" in channel
                else None,
            )
            for name, channel in values.get("channels", {}).items()
        },
        ping=_secret(values, "ping", base) if {"ping_env", "ping_file"} & set(values) else None,
        timezone=values.get("timezone", Notify().timezone),
        **{name: units.tolerance(values[name]) for name in times if name in values},
    )


def _secret(values: Mapping[str, Any], key: str, base: Path) -> Secret:
    file = values.get(f"{key}_file", "")
    return Secret(values.get(f"{key}_env", ""), _below(base, file) if file else "")


def _watch(values: Mapping[str, Any], base: Path) -> Watch:
    return Watch(
        values.get("timezone", Watch().timezone),
        {
            name: Job(
                name,
                schedule=job.get("schedule", ""),
                every=units.duration(job["every"]) if "every" in job else 0,
                policies=tuple(_below(base, path) for path in job.get("policies", ())),
                period=job.get("period", ""),
                outputs=tuple(_output(base, **one) for one in job.get("outputs", ())),
                sample=SampleRequest(**job["sample"]) if "sample" in job else None,
            )
            for name, job in values.get("jobs", {}).items()
        },
    )


def _drills(values: Mapping[str, Any], base: Path) -> Drills:
    return Drills(
        records=_below(base, values.get("records", Drills().records)),
        runbooks=tuple(_below(base, path) for path in values.get("runbooks", ())),
        targets={
            name: DrillTarget(
                name,
                connection=target["connection"],
                directory=target["directory"],
                id=target["id"],
                site=target.get("site", ""),
                deadline=units.duration(target.get("deadline", "12h")),
                environment=dict(target.get("environment", {})),
            )
            for name, target in values.get("targets", {}).items()
        },
        production=tuple(
            Forbidden(name, one.get("host_key", ""), one.get("machine_id", ""), tuple(one.get("addresses", ())))
            for name, one in values.get("production", {}).items()
        ),
    )


def _connection(name: str, values: Mapping[str, Any], base: Path) -> Connection:
    part = schema("config")["properties"]["connections"]["additionalProperties"]
    connection = connection_of(values["type"])
    facts: dict[str, Any] = {key: value for key, value in converted(values, part, UTC).items() if key != "type"}
    facts |= {key: make(facts[key]) for key, make in connection.keys.values.items() if key in facts}
    facts |= {key: _below(base, facts[key]) for key in connection.files if key in facts}
    return connection(name=name, **facts)


def _output(base: Path, format: str, file: str) -> Output:  # noqa: A002  as the configuration calls it
    # A slash at its end means a directory of pages.
    return Output(format, _below(base, file) + ("/" if file.endswith("/") else ""))


def _below(base: Path, path: str) -> str:
    return os.path.normpath(base / path)
