"""The list of a campaign that a team takes along: what is left to do, in the reader's words."""

from __future__ import annotations

from typing import IO

from sqlalchemy import Connection

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.gaps import MOP_UP, mop_up
from geo_hygiene.coverage.duties import today
from geo_hygiene.i18n import _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.treatments import RESULTS
from geo_hygiene.web.api.campaigns import GapFilterParameters
from geo_hygiene.web.campaign_page_data import state_titles
from geo_hygiene.web.list_file import list_file
from geo_hygiene.web.page_data import titles

FOR_PROGRAMS = {"segment", "lane_code", "office", "community", "group"}
"""Columns that a team does not read: ids, and codes whose names stand beside them."""


class ListParameters(GapFilterParameters, extra="ignore"):
    """The filters of the list; other words of an address are left alone."""


def campaign_list(connection: Connection, code: str, asked: ListParameters) -> tuple[str, IO[bytes]]:
    """Return the name of the file and the file."""
    campaign = campaign_of(connection, code)
    on = asked.on or campaign.shown_on(today(connection))
    columns = [column for column in MOP_UP if column.name not in FOR_PROGRAMS]
    told = {
        "kind": {key: _(layer.title) for key, layer in LAYERS.items()},
        "state": state_titles(campaign),
        "reason": titles(RESULTS),
    }
    return f"{campaign.code}-{on}.csv", list_file(columns, mop_up(connection, campaign, on, asked.wanted()), told)
