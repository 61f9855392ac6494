"""A toy report format: a line a verdict."""

from __future__ import annotations


def render(report, **_):
    verdicts = (verdict for judged in report.services for verdict in judged.verdicts)
    return "".join(f"{one.commitment.id} {one.status.value}: {one.overall.reason}\n" for one in verdicts).encode()
