"""The list of a campaign that a team takes along: what is left to do, in the reader's words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.gaps import MOP_UP, mop_up
from geo_hygiene.coverage.duties import today
from geo_hygiene.files.formulas import guarded
from geo_hygiene.i18n import _
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.treatments import RESULTS
from geo_hygiene.layerspec import Attribute
from geo_hygiene.maps import CAMPAIGN_STATES
from geo_hygiene.web.api.campaigns import GapFilterParameters
from geo_hygiene.web.page_data import titles

FOR_PROGRAMS = {"segment", "lane_code", "office", "community", "group"}
"""Columns that a team does not read: ids, and codes whose names stand beside them."""


class ListParameters(GapFilterParameters, extra="ignore"):
    """The filters of the list; other words of an address are left alone."""


def campaign_list(connection: Connection, code: str, asked: ListParameters) -> tuple[str, bytes]:
    """Return the name of the file and its content, CSV as spreadsheets read it (UTF-8 with a byte order mark)."""
    campaign = campaign_of(connection, code)
    on = asked.on or campaign.shown_on(today(connection))
    columns = [column for column in MOP_UP if column.name not in FOR_PROGRAMS]
    told = {
        "kind": {key: _(layer.title) for key, layer in LAYERS.items()},
        "state": {ink.state: _(ink.title) for ink in CAMPAIGN_STATES},
        "reason": titles(RESULTS),
    }
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([f"{_(column.title)} ({column.unit})" if column.unit else _(column.title) for column in columns])
    for row in mop_up(connection, campaign, on, asked.wanted()):
        writer.writerow(list(_cells(row, columns, told)))
    return f"{campaign.code}-{on}.csv", file.getvalue().encode("utf-8-sig")


def _cells(
    row: Mapping[str, Any], columns: list[Attribute], told: Mapping[str, Mapping[str, str]]
) -> Iterator[str | int | float]:
    for column in columns:
        value = row[column.name]
        if value is None:
            yield ""
        elif isinstance(value, int | float):
            yield value
        else:
            yield guarded(told.get(column.name, {}).get(str(value), str(value)))
