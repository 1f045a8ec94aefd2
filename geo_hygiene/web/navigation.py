"""The pages that the top of every page leads to."""

from __future__ import annotations

from typing import NamedTuple

from geo_hygiene.i18n import N_
from geo_hygiene.permissions import Permission


class PageLink(NamedTuple):
    """A way to a page, for those who have its permission.

    Attributes
    ----------
    name
        What the page calls itself when it is rendered.
    is_first
        Whether it stands on the line where there is room; the others are folded under “More”. Where there is no room,
        all of them are folded.
    """

    name: str
    address: str
    title: str
    permission: Permission
    is_first: bool = False


PAGE_LINKS = (
    PageLink("map", "/map", N_("Map"), Permission.MAP_READ, is_first=True),
    PageLink("table", "/map/table", N_("Table"), Permission.MAP_READ, is_first=True),
    PageLink("zones", "/zones", N_("Plans"), Permission.ZONES_WRITE, is_first=True),
    PageLink("campaigns", "/campaigns", N_("Campaigns"), Permission.CAMPAIGNS_READ, is_first=True),
    PageLink("works", "/works", N_("Work"), Permission.WORKS_READ, is_first=True),
    PageLink("heat", "/cases/heat", N_("Complaints"), Permission.HEAT_READ, is_first=True),
    PageLink("reports", "/reports", N_("Annual report"), Permission.WORKS_READ),
    PageLink("people", "/people", N_("People"), Permission.PEOPLE_READ),
    PageLink("assets", "/assets", N_("Assets"), Permission.ASSETS_WRITE),
    PageLink("imports", "/imports", N_("Import"), Permission.DATA_IMPORT),
    PageLink("admin", "/admin", N_("Accounts"), Permission.ACCOUNTS_WRITE),
    PageLink("api", "/api/docs", N_("API"), Permission.MAP_READ),
)
