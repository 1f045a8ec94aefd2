"""What the pages about complaints show; no request is known here."""

from __future__ import annotations

from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.cases import questions
from geo_hygiene.coverage.duties import today
from geo_hygiene.i18n import _
from geo_hygiene.layers.cases import CHANNELS, KINDS, STATUSES
from geo_hygiene.maps import HEAT
from geo_hygiene.web.page_data import MapPage, titles


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
