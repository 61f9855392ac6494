"""Where copies lie, and what tells two places apart."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Different(StrEnum):
    """In what copies must differ to count as several."""

    SITE = "site"
    REGION = "region"
    PROVIDER = "provider"
    ACCOUNT = "account"
    MEDIA = "media"


class Site(Struct, frozen=True):
    """Where copies lie: a copy's fate is its site's fate."""

    name: str
    provider: str = ""
    region: str = ""
    area: str = ""
    account: str = ""
    media: str = ""
    """What the copies lie on: disk, tape, object storage, …"""
    part_of: str = ""
    """The site that this one is lost with."""


class Place(Struct, frozen=True):
    """Where a source lies, with everything that its site has from the sites it is part of; empty: not stated."""

    site: str = ""
    sites: frozenset[str] = frozenset()
    """The site and every site that it is part of."""
    provider: str = ""
    region: str = ""
    area: str = ""
    account: str = ""
    media: str = ""

    def of(self, different: Different) -> str:
        """Return what a place is by one property; empty: not stated."""
        match different:
            case Different.SITE:
                return self.site
            case Different.REGION:
                return self.region
            case Different.PROVIDER:
                return self.provider
            case Different.ACCOUNT:
                return self.account
            case Different.MEDIA:
                return self.media


class Where(Struct, frozen=True):
    """A choice of places: a place fits if it fits every key that is given (none: empty)."""

    site: frozenset[str] = frozenset()
    region: frozenset[str] = frozenset()
    provider: frozenset[str] = frozenset()
    account: frozenset[str] = frozenset()
    area: frozenset[str] = frozenset()

    def fits(self, place: Place) -> bool | None:
        """Return whether ``place`` fits; None: what is stated of it does not tell.

        A site fits with everything that is part of it.
        """
        told: list[bool | None] = []
        if self.site:
            told.append(not self.site.isdisjoint(place.sites) if place.sites else None)
        for asked, its in (
            (self.region, place.region),
            (self.provider, place.provider),
            (self.account, place.account),
            (self.area, place.area),
        ):
            if asked:
                told.append(its in asked if its else None)
        if False in told:
            return False
        return None if None in told else True
