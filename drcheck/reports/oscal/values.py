"""The values that OSCAL's documents are made of: ids, tokens, properties and text.

Text is Markdown there (https://pages.nist.gov/metaschema/specification/datatypes/#markup-multiline): what may hold a
name stands in code, as in :mod:`drcheck.reports.markdown`. Titles are made of names of policies, which hold none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID, uuid5

from drcheck.core.judging.controls import concerning
from drcheck.core.model.controls import Standard
from drcheck.core.model.verdict import Verdict
from drcheck.reports.markdown import code
from drcheck.reports.wording.text import prose
from drcheck.run_report import Judged
from drcheck.settings import url_path

Values = dict[str, Any]

_OWN: Final = UUID("1dcea5d4-e05c-4764-ba4b-d3f798190911")
"""The namespace of ids, and of properties that are drcheck's own."""
_NAMESPACE: Final = f"urn:uuid:{_OWN}"
_NO_TOKEN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_ENHANCEMENT: Final = re.compile(r"\((\d+)\)")
_E_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)


def id_of(*parts: str) -> str:
    """Return the id of what these parts name, always the same (RFC 9562, section 5.5)."""
    return str(uuid5(_OWN, "\n".join(parts).encode(errors="backslashreplace").decode()))


def party(owner: str) -> Values:
    """Return an owner; one who is named by an address is a person, as far as can be told."""
    name = prose(owner)
    is_address = _E_MAIL.fullmatch(name) is not None
    return {
        "uuid": id_of("party", owner),
        "type": "person" if is_address else "organization",
        "name": name,
        **({"email-addresses": [name]} if is_address else {}),
    }


def controls(verdict: Verdict, standards: Iterable[Standard]) -> list[str]:
    """Return the ids of the controls that a commitment serves; NIST's own as its catalog has them.

    Of one that serves none of ``standards``, and names none, that is its kind.
    """
    served = [_control(control) for control in concerning(verdict, standards)]
    return served or [token(f"drcheck-{verdict.commitment.kind}")]


def _control(control: str) -> str:
    standard, _, name = control.partition(":")
    if standard == "nist800-53":
        return token(_ENHANCEMENT.sub(r".\1", name.lower()))
    return token(f"{standard}-{name}")


def target(judged: Judged, verdict: Verdict) -> str:
    """Return the id of a commitment as an objective; dots of the service are doubled, so that no two have the same."""
    return token(f"{judged.policy.service.replace('.', '..')}.{verdict.commitment.id}")


def token(text: str) -> str:
    """Return text as OSCAL's ids are written: letters, digits, and ``.``, ``_`` and ``-`` after the first."""
    fitting = _NO_TOKEN.sub("_", text)
    return fitting if fitting[:1].isalpha() else f"_{fitting}"


def href(file: str) -> str:
    """Return a reference to a file."""
    path = url_path(file)
    return f"file://{path}" if path.startswith("/") else path


def paragraphs(texts: Iterable[str]) -> str:
    """Return texts as paragraphs of code; empty ones are left out."""
    return "\n\n".join(filter(None, map(code, texts)))


def own(name: str, value: str, remarks: str = "") -> Values:
    """Return a property of drcheck's own; its value must not be empty."""
    return {"name": name, "ns": _NAMESPACE, "value": prose(value), **({"remarks": remarks} if remarks else {})}


def props(**values: str) -> list[Values]:
    """Return properties of drcheck's own, but for those that have no value."""
    return [own(name.replace("_", "-"), value) for name, value in values.items() if prose(value)]


def filled(key: str, value: Any) -> Values:
    """Return a key that must not be there without anything in it."""
    return {key: value} if value else {}
