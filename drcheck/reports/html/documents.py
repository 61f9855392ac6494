"""Pages of a report: one with everything, or one before a page for each service."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from drcheck.reports.story import overview, provenance, service
from drcheck.run_report import Document, Judged, Report


def documents(services: Iterable[Judged], whole: Callable[[], Report], *, split: bool) -> Iterator[Document]:
    """Yield the pages as UTF-8; see :class:`drcheck.run_report.Documents`."""
    environment = _environment()
    page = environment.get_template("service.html")
    sections, rows = [], []
    for judged in services:
        shown = service.Section(judged)
        rows.append(overview.Row.of(judged, f"{shown.file}.html" if split else f"#{shown.anchor}"))
        if split:
            frame = _page(environment, shown.title, service=shown, back="../index.html")
            yield Document(f"{shown.file}.html", [frame.encode()])
        else:
            sections.append(Markup(page.render(service=shown, back="#top")))  # noqa: S704  rendered with autoescape
    estate = overview.Estate(whole(), rows)
    frame = _page(environment, estate.title, estate=estate, provenance=provenance, sections=sections)
    yield Document("index.html" if split else "", [frame.encode()])


def _page(environment: Environment, title: str, **shown: Any) -> str:
    style, script = _text("style.css"), _text("table.js")
    # A page may do nothing but what it brings along, by its digest (Content Security Policy Level 3, section 6.7.3).
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("page.html").render(
        title=title,
        policy=policy,
        style=Markup(style),  # noqa: S704  a file of ours
        script=Markup(script),  # noqa: S704  a file of ours
        **shown,
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_text),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
