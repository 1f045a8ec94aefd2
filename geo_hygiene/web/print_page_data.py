"""What a printed sheet shows beside its map: title, figures, office, day; no request is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from geo_hygiene import features, maps
from geo_hygiene.campaigns.catalogue import campaign_of
from geo_hygiene.campaigns.cover import campaign_cover
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.coverage.summary import summarize
from geo_hygiene.i18n import _
from geo_hygiene.layers import layer_of
from geo_hygiene.web.campaign_page_data import campaign_page, state_titles
from geo_hygiene.web.page_data import MapPage, map_page


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet of paper with a map.

    Attributes
    ----------
    page
        The map as its own page has it.
    back
        Address of that page, without its words.
    title, subject
        What the sheet is called at first, and what its figures are of.
    figures
        Amounts by state, in metres or by count.
    state_titles
        Words for the states.
    """

    page: MapPage
    back: str
    title: str
    subject: str
    on: str
    printed_on: str
    offices: list[str]
    unit: str
    total: float
    figures: Mapping[str, float]
    state_titles: Mapping[str, str]


def duty_sheet(connection: Connection, words: Mapping[str, str]) -> Sheet:
    """Return the sheet of a duty and a day."""
    page = map_page(connection, words)
    duty = duty_of(connection, page.config["duty"])
    sums = summarize(connection, duty, _day(page)).as_json()
    return Sheet(
        page=page,
        back="/map",
        title=_("%(duty)s: who looks after each stretch", duty=duty.title)
        if duty.unit == "m"
        else _("%(duty)s: who looks after each place", duty=duty.title),
        subject=duty.title,
        on=page.config["on"],
        printed_on=today(connection).isoformat(),
        offices=features.offices(connection, _day(page)),
        unit=duty.unit,
        total=sums["total"],
        figures=sums,
        state_titles={ink.state: _(ink.title) for ink in maps.STATES},
    )


def campaign_sheet(connection: Connection, code: str, words: Mapping[str, str]) -> Sheet:
    """Return the sheet of a campaign, a kind of target and a day."""
    page = campaign_page(connection, code, words)
    campaign = campaign_of(connection, code)
    kinds = [kind["key"] for kind in page.config["kinds"]]
    kind = words["kind"] if words.get("kind") in kinds else kinds[-1]
    told = campaign_cover(connection, campaign, _day(page)).as_json()
    figures: dict[str, Any] = next(one for one in told["kinds"] if one["kind"] == kind)
    return Sheet(
        page=MapPage(extent=page.extent, config=page.config | {"kind": kind}),
        back=f"/campaigns/{campaign.code}",
        title=campaign.title,
        subject=_(layer_of(kind).title),
        on=page.config["on"],
        printed_on=today(connection).isoformat(),
        offices=features.offices(connection, _day(page)),
        unit=figures["unit"],
        total=figures["on_ground"],
        figures=figures["states"],
        state_titles=state_titles(campaign),
    )


def _day(page: MapPage) -> date:
    return date.fromisoformat(page.config["on"])
