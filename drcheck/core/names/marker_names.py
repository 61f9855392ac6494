"""Names of what stands beside a backup and tells whether it is complete: a marker, or a manifest."""

from __future__ import annotations

from typing import Final

from drcheck.core.names.paths import below

FIELDS: Final = ("{name}", "{dir}", "{stem}")
"""What a marker's template holds, once and one of them: the backup's own name; the directory that it lies in, or that
it is; its name without the last extension."""


def marker_of(template: str, name: str) -> str:
    """Return the name of the marker of the backup ``name``, which is a directory if it ends with ``/``."""
    whole = name.removesuffix("/")
    directory, slash, last = whole.rpartition("/")
    if template.startswith("{dir}/"):
        directory = whole if name.endswith("/") else directory
        # What lies at the root itself has its marker there too.
        return template.replace("{dir}", directory) if directory else template.removeprefix("{dir}/")
    stem = last if name.endswith("/") else last.rpartition(".")[0] or last
    return template.replace("{name}", whole).replace("{stem}", directory + slash + stem, 1)


def may_mark(template: str, name: str) -> str:
    """Return the backup that ``name`` is the marker of, if there is such a backup; empty: it is no marker by its form.

    Only of markers that hold a backup's whole name: of others the backup cannot be told by the marker alone.
    """
    before, field, after = template.partition("{name}")
    if not field or not name.startswith(before) or not name.endswith(after):
        return ""
    return name[len(before) : len(name) - len(after)]


def is_like_a_marker(template: str, name: str) -> bool:
    """Return whether ``name`` has the form of a marker, whichever backup it is of; an empty template has none."""
    if template.startswith("{dir}/"):
        return f"/{name}".endswith(template.removeprefix("{dir}"))
    before, _, after = template.replace("{stem}", "{name}", 1).partition("{name}")
    return bool(template) and name.startswith(before) and name.endswith(after)


def marker_fault(template: str) -> str:
    """Return why a marker does not tell which backup it stands beside; empty: it does."""
    if template == "{name}":
        return "a backup cannot be its own marker"
    held = [field for field in FIELDS if field in template]
    rest = template.replace(held[0], "", 1) if held else template
    if len(held) != 1 or not {"{", "}"}.isdisjoint(rest):
        return f"{template!r} does not tell which backup it stands beside"
    if held[0] == "{dir}" and not (template.startswith("{dir}/") and rest[1:]):
        return f"{template!r} does not name a file in the backup's directory"
    return below(template)
