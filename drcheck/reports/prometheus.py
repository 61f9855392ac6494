"""The report as metrics in Prometheus' classic text format, for the textfile collector of its node exporter.

That collector drops a whole file in OpenMetrics, so this is the format before it
(https://prometheus.io/docs/instrumenting/exposition_formats/). Names and base units follow
https://prometheus.io/docs/practices/naming/: seconds, shares from 0 to 1 as ``ratio``, instants in seconds since 1970,
from which an age is ``time() - …`` however old the file is. There are as many series as the policies have services and
commitments; nothing that was found makes another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.registry import Collector

from drcheck.core.judging import summary
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Quantity, Verdict
from drcheck.reports.wording.text import prose
from drcheck.run_report import Judged, Report

_COMMITMENT: Final = ("service", "commitment", "kind")
_STATES: Final = ("met", "breached", "unknown", "waived", "not_owed")
_UNITS: Final = {"s": "seconds", "%": "ratio", "copies": "copies", "points": "points"}
"""Unit of a figure to that of the metric."""
_Figure = tuple[str, str, Callable[[Verdict], float | None]]


def render(report: Report, **_: object) -> bytes:
    """Return the report as UTF-8."""
    registry = CollectorRegistry()
    registry.register(_Metrics(report))
    return generate_latest(registry)


class _Metrics(Collector):
    """Gives a registry the metrics of one report."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """Yield every metric that has a sample."""
        yield from (metric for metric in metrics(self._report) if metric.samples)


def metrics(report: Report) -> Iterator[Metric]:
    """Yield every metric, of the run, of its services and of their commitments."""
    yield from _of_run(report)
    yield from _of_services(report.services)
    yield from _of_commitments(report.services)


def _of_run(report: Report) -> Iterator[Metric]:
    about = GaugeMetricFamily(
        "drcheck_run_info",
        "The version of drcheck, and what was asked other than the nightly question; always 1.",
        labels=("version", "question"),
    )
    about.add_metric((report.version, prose(report.question)), 1)
    yield about
    for name, told, value in (
        ("run_end_timestamp_seconds", "When the run ended.", report.ended_at),
        ("run_as_of_timestamp_seconds", "The latest instant that was judged.", report.window.end),
        ("run_duration_seconds", "How long gathering and judging took.", report.seconds),
        (
            "run_exit_status",
            "The exit status: 0 all met or waived, 1 a breach, 3 an unknown, or a policy that is invalid or gone.",
            report.exit_status,
        ),
        ("policies_invalid", "Policy files that could not be judged.", report.broken),
        ("policies_gone", "Policies that are gone of services that were judged before.", report.gone),
    ):
        yield GaugeMetricFamily(f"drcheck_{name}", told, value)


def _of_services(services: tuple[Judged, ...]) -> Iterator[Metric]:
    about = GaugeMetricFamily(
        "drcheck_service_info", "Title, owner and policy file of a service; always 1.",
        labels=("service", "title", "owner", "policy"),
    )  # fmt: skip
    as_of, asked, seen, gaps = (
        GaugeMetricFamily(f"drcheck_service_{name}", told, labels=("service",))
        for name, told in (
            ("as_of_timestamp_seconds", "The instant that was judged."),
            ("sources_asked", "Sources that were looked at."),
            ("sources_seen", "Sources without an evidence gap that may hide something."),
            ("evidence_gaps", "What could not be seen of its sources, malformed lines of logs included."),
        )
    )
    for judged in services:
        policy, sources = judged.policy, judged.seen
        about.add_metric([policy.service, *map(prose, (policy.title, policy.owner, policy.file))], 1)
        as_of.add_metric([policy.service], judged.window.end)
        asked.add_metric([policy.service], sources.asked)
        seen.add_metric([policy.service], sources.seen)
        gaps.add_metric([policy.service], sources.gaps)
    yield from (about, as_of, asked, seen, gaps)


def _of_commitments(services: tuple[Judged, ...]) -> Iterator[Metric]:
    its = [
        ((judged.policy.service, verdict.commitment.id, verdict.commitment.kind), verdict)
        for judged in services
        for verdict in judged.verdicts
    ]
    status = StateSetMetricFamily(
        "drcheck_commitment_status",
        "The status at the instant judged: 1 in the one state that it has. A breach that a waiver covers is waived.",
        labels=_COMMITMENT,
    )
    for labels, verdict in its:
        status.add_metric(labels, {state: state == summary.state(verdict) for state in _STATES})
    yield status
    for name, told, value in (*_FIGURES, *_quantities()):
        family = GaugeMetricFamily(f"drcheck_commitment_{name}", told, labels=_COMMITMENT)
        for labels, verdict in its:
            if (figure := value(verdict)) is not None:
                family.add_metric(labels, figure)
        yield family


def _quantities() -> Iterator[_Figure]:
    """Yield what was promised, measured and left, in each unit that there is: a name of a metric tells its unit."""
    for name, told in (
        ("objective", "What was promised."),
        ("measured", "What was measured at the instant judged, to be held against the objective."),
        ("headroom", "How much of the objective is left; below zero, by how much it was missed."),
    ):
        for unit, suffix in _UNITS.items():
            yield f"{name}_{suffix}", told, partial(_quantity, name, unit)


def _quantity(name: str, unit: str, verdict: Verdict) -> float | None:
    figure: Quantity | None = getattr(verdict.overall, name)
    if figure is None or figure.unit != unit:
        return None
    value = Decimal(figure.value)
    return float(value / 100 if unit == "%" else value)


def _waived_until(verdict: Verdict) -> int | None:
    waiver = summary.waiver_of(verdict)
    return None if waiver is None else waiver.until


def _kept(verdict: Verdict) -> float | None:
    kept = summary.shares(verdict.overall).kept
    return None if kept is None else float(kept)


_FIGURES: Final[tuple[_Figure, ...]] = (
    ("at_risk", "Whether it is met with little headroom left.", lambda verdict: verdict.overall.at_risk),
    ("attested", "Whether what is met rests on somebody's word alone.", summary.is_attested),
    ("due_timestamp_seconds", "When it is breached if nothing more comes.", lambda verdict: verdict.overall.due_at),
    (
        "newest_data_timestamp_seconds",
        "Of when the newest data is that surely counts, of the data set that is worst off.",
        summary.newest_data,
    ),
    ("breached_since_timestamp_seconds", "Since when it is breached.", partial(summary.since, status=Status.BREACHED)),
    ("unknown_since_timestamp_seconds", "Since when it is unknown.", partial(summary.since, status=Status.UNKNOWN)),
    ("waived_until_timestamp_seconds", "When the waiver ends that covers its breach.", _waived_until),
    (
        "passed_breaches",
        "Breaches that are over, that no recorded run has shown, and that no waiver covers.",
        lambda verdict: len(summary.passed_breaches(verdict)),
    ),
    ("kept_ratio", "Share of the time owed within the window in which it was met; unknown time was not.", _kept),
)
"""Name, meaning and value of what is told of a commitment; there is no series where it has no value."""
