"""What a kind of commitment must be: judged for each data set on its backups, or as a whole on what logs say."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from enum import IntEnum, auto

from drcheck.core.evaluation.inputs import Records, Subject, Terms
from drcheck.core.model.commitments import Commitment
from drcheck.core.model.status import Status
from drcheck.core.model.verdict import Finding, Window


class Counts(IntEnum):
    """What of the backups at its sources counts for a kind, least asked first."""

    LISTED = auto()
    """What lies there, whatever else is known of it."""
    INTACT = auto()
    """What no check has found broken: it asks what was made."""
    RESTORABLE = auto()
    """What can be restored: of what builds on other backups, only where these stand as well."""


class OfBackups(Commitment, frozen=True):
    """A kind that is judged for each data set."""

    @classmethod
    @abstractmethod
    def counts(cls) -> Counts:
        """Return what of its backups counts."""

    @abstractmethod
    def evaluate(self, subject: Subject, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge one data set over ``window``.

        ``subject`` holds the sources of the commitment that hold it and survive its scenario, and no others;
        ``records`` what the logs say that it rests on.
        """

    def over_nothing(self) -> Status:
        """Return what it comes to where no source survives its scenario: of most promises there is no subject then."""
        return Status.UNKNOWN


class OfRecords(Commitment, frozen=True):
    """A kind that is judged on what logs say."""

    @abstractmethod
    def evaluate(self, records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``."""


class OfRecoveries(Commitment, frozen=True):
    """A kind that is judged on what logs say of recoveries, beside what there is to recover from."""

    @abstractmethod
    def evaluate(self, surviving: Sequence[Subject], records: Records, terms: Terms, window: Window) -> Finding:
        """Judge it over ``window``.

        ``surviving`` are the data sets to be restored, each as the sources hold it that survive the scenario, or may.
        """
