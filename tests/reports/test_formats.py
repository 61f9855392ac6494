"""What holds for every format of a report."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path

import pytest
import samples

from drcheck.errors import UsageError
from drcheck.registry import FORMATS, documents, renderer

GOLDEN = Path(__file__).parent / "golden"
PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
OPTIONS = {"quiet": False, "verbose": False, "terminal": False, "config": ""}


def shown(name, rendered):
    """Return all text of a report."""
    if not FORMATS[name].is_binary:
        return rendered.decode()
    with zipfile.ZipFile(io.BytesIO(rendered)) as parts:
        return "\n".join(parts.read(part).decode() for part in parts.namelist())


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_that_a_terminal_obeys_leaves_in_any_format(name):
    text = shown(name, renderer(name)(samples.hostile(), **OPTIONS))
    assert {one for one in text if not one.isprintable()} <= {"\n", "\r"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_on_reports_names_every_format_and_what_it_shows_is_so(name):
    assert f"| `{name}` |" in PAGE or name == "console"
    golden = GOLDEN / f"few.{name}"
    blocks = re.findall(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert blocks or not golden.exists()
    if blocks:
        written = golden.read_bytes() if golden.exists() else renderer(name)(samples.few(), **OPTIONS)
        assert {*"".join(blocks).splitlines()} <= {*written.decode().splitlines(), "…"}


@pytest.mark.parametrize(("name", "library"), [("xlsx", "xlsxwriter")])
def test_a_format_whose_extra_is_missing_says_what_to_install(monkeypatch, name, library):
    monkeypatch.delitem(sys.modules, FORMATS[name].module, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError) as raised:
        renderer(name)
    assert raised.value.message == f"the format {name} needs {library}, which is not installed"
    assert raised.value.hint == f"Install backup-promises[{FORMATS[name].extra}]."


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.is_streamed])
@pytest.mark.parametrize("report", [samples.few(), samples.hostile()], ids=["few", "hostile"])
def test_what_is_written_service_by_service_is_what_is_rendered_at_once(name, report):
    left = list(report.services)

    def services():
        while left:
            yield left.pop(0)

    made = documents(name)
    assert made is not None
    text = b"".join(b"".join(document.pieces) for document in made(services(), lambda: report, split=False))
    assert text == renderer(name)(report, quiet=False, verbose=True, terminal=False, config="")
