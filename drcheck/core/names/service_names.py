"""Names for services that were found: safe ones, each once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from drcheck.core.model.policy import LONGEST_NAME, is_name


def service_names(wanted: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Return names that services may have, all of them different, as like to those ``wanted`` as may be.

    ``taken`` are those that others have. Case alone makes no other name: not every file system tells it.
    """
    used = {name.casefold() for name in taken}
    names = []
    numbers: Counter[str] = Counter()
    for text in wanted:
        base = text if is_name(text, LONGEST_NAME - 10) else _safe(text)
        name = base
        while name.casefold() in used:
            numbers[base] += 1
            name = f"{base}-{numbers[base] + 1}"
        used.add(name.casefold())
        names.append(name)
    return names


def _safe(text: str) -> str:
    kept = re.sub(r"[^0-9A-Za-z._-]+", "-", text[: 4 * LONGEST_NAME])
    kept = re.sub(r"-{2,}", "-", kept).strip("-._")[: LONGEST_NAME - 10].rstrip("-._")
    return kept or "service"
