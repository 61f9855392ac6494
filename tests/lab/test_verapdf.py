"""What ``--format pdf`` writes, held against PDF/A-3a and PDF/UA-1 by veraPDF."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import msgspec
import pikepdf
import pytest
import samples

from drcheck.policyfile.standards import load_standards
from drcheck.reports.pdf import documents as pdf

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".lab" / "verapdf" / "bin" / "python"
NAMES = ("日本 🗄", "גיבוי לילה", "نسخة احتياطية", "\u202eabc\u202c\x00\x1b[1m", "#panic() <a> \\")


def validated(directory: Path, files: dict[str, bytes]) -> dict[str, dict[str, list[str]]]:
    """Return what is wrong with each file, by its name and the profile."""
    for name, data in files.items():
        (directory / name).write_bytes(data)
    command = [PYTHON, Path(__file__).parent / "validate_pdf.py", *files]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def made(report, *, split: bool = False) -> dict[str, bytes]:
    return {one.name: b"".join(one.pieces) for one in pdf.documents(iter(report.services), lambda: report, split=split)}


@pytest.fixture(scope="module")
def documents() -> dict[str, bytes]:
    assert PYTHON.exists(), "scripts/test installs veraPDF"
    met = samples.all_met()
    named = tuple(
        msgspec.structs.replace(met, policy=msgspec.structs.replace(met.policy, service=name, title=f"{name} {number}"))
        for number, name in enumerate(NAMES)
    )
    everything = msgspec.structs.replace(samples.few(), standards=load_standards(()))
    (few,), (strange,) = made(everything).values(), made(samples.report(*named)).values()
    return {"few.pdf": few, "strange.pdf": strange, "index.pdf": made(samples.few(), split=True)["index.pdf"]}


def test_it_is_to_be_kept_and_to_be_read_aloud_whatever_it_tells(documents, tmp_path):
    assert validated(tmp_path, documents) == {name: {"PDFA-3A": [], "PDFUA-1": []} for name in documents}


def test_what_breaks_either_standard_is_noticed(documents, tmp_path):
    """Without this the test above could pass as nothing was held against anything."""
    with pikepdf.open(io.BytesIO(documents["index.pdf"])) as opened:
        for one in opened.objects:
            if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor":
                for key in {"/FontFile2", "/FontFile3"} & one.keys():
                    del one[key]
        opened.save(tmp_path / "fonts.pdf")
    with pikepdf.open(io.BytesIO(documents["index.pdf"])) as opened:
        del opened.Root["/StructTreeRoot"]
        opened.save(tmp_path / "tags.pdf")
    found = validated(tmp_path, {name: (tmp_path / name).read_bytes() for name in ("fonts.pdf", "tags.pdf")})
    assert found["fonts.pdf"]["PDFA-3A"]
    assert found["tags.pdf"]["PDFUA-1"]
