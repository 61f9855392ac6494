"""Whether the sample of a report that was filed is what its word draws out of the slots in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from drcheck.core.judging.sample import most_not_kept, rank_of, seed_of

_WORDS: Final = {"met": "kept", "breached": "missed", "unknown": "unknown"}
_COLUMNS: Final = ("label", "begins", "due", "status", "late", "held")


def sample_faults(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the sample differs from what is drawn again; a report without one is in order.

    Raises KeyError, TypeError or ValueError where the report has another form.
    """
    if (sample := report.get("sample")) is None:
        return
    slots = list(_slots(report))
    seed = seed_of(sample["entry_sha256"], sample["word"])
    ranked = sorted(range(1, len(slots) + 1), key=lambda number: rank_of(seed, number))
    again = [{"number": number, **slots[number - 1]} for number in sorted(ranked[: sample["asked"]])]
    told = (sample["seed"], sample["population"], sample["came_to"], sample["drawn"])
    if told != (seed, len(slots), Counter(slot["came_to"] for slot in slots), again):
        yield "the sample is not what its word draws out of the slots of the report"
    not_kept = sum(slot["came_to"] != "kept" for slot in again)
    for limit in sample["not_kept_at_most"]:
        most = most_not_kept(len(slots), len(again), not_kept, limit["confidence"])
        if limit["slots"] != most:
            yield f"the sample leaves {most} slots open at {limit['confidence']} % confidence, not {limit['slots']}"


def _slots(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the slots that were owed, in the order in which they are numbered."""
    for service in report["services"]:
        for commitment in service["commitments"]:
            for exhibit in commitment.get("exhibits", ()):
                if "slots" not in exhibit:
                    continue
                columns = (exhibit["slots"][key] for key in _COLUMNS)
                for label, begins, due, status, late, held in zip(*columns, strict=True):
                    if status != "not_owed":
                        yield {
                            "service": service["service"],
                            "commitment": commitment["id"],
                            "of": exhibit["of"],
                            "label": label,
                            "begins": begins,
                            "due": due,
                            "came_to": "late" if status == "met" and late else _WORDS[status],
                            "held": held,
                        }
