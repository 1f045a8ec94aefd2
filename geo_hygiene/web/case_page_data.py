"""What the pages about complaints show; no request is known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.cases import questions
from geo_hygiene.coverage.duties import today
from geo_hygiene.i18n import _
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES
from geo_hygiene.maps import HEAT
from geo_hygiene.web.api.cases import ListParameters
from geo_hygiene.web.page_data import MapPage, titles
from geo_hygiene.web.parameters import Limit


def heat_page(connection: Connection) -> MapPage:
    """Return the page of where complaints gather: its words, and the days between which there are some."""
    extent = features.extent(connection, today(connection))
    days = questions.days_of_cases(connection)
    config = {
        "extent": extent,
        "first": days[0].isoformat() if days else None,
        "last": days[1].isoformat() if days else None,
        "kinds": titles(KINDS),
        "channels": titles(CHANNELS),
        "statuses": {"open": _("All that are open")} | titles(STATUSES),
        "colors": list(HEAT.items()),
        "api": "/api/v1",
    }
    return MapPage(extent=extent, config=config)


LISTED = 50


class CaseListParameters(ListParameters, extra="ignore"):
    """The filters of the list and its place in it; other words of an address are left alone."""

    limit: Limit = LISTED

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these parameters after changes; ``None`` takes a word out."""
        kept = self.model_dump(exclude_defaults=True, by_alias=True) | changes
        return {name: str(value) for name, value in kept.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class CaseList:
    """Complaints in rows, the newest first."""

    page: questions.CasePage
    kinds: dict[str, str]
    channels: dict[str, str]
    statuses: dict[str, str]

    @staticmethod
    def minute(instant: str) -> str:
        """Return an instant to the minute."""
        return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M")


def case_list(connection: Connection, asked: CaseListParameters) -> CaseList:
    """Return a page of the complaints that fit."""
    return CaseList(
        page=questions.list_cases(connection, asked.wanted(), limit=asked.limit, after=asked.after),
        kinds=titles(KINDS),
        channels=titles(CHANNELS),
        statuses=titles(STATUSES),
    )
