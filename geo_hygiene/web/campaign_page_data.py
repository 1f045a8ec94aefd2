"""What the pages about campaigns show; no request is known here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from geo_hygiene import features, maps
from geo_hygiene.campaigns.catalogue import STATUS_TITLES, CampaignRecord, all_campaigns, campaign_of
from geo_hygiene.campaigns.cover import SHARES, TREATED_WELL, VISITED, Level, campaign_cover
from geo_hygiene.campaigns.gaps import gaps
from geo_hygiene.campaigns.pieces import REASONS, State
from geo_hygiene.coverage.duties import all_duties, today
from geo_hygiene.coverage.questions import Page
from geo_hygiene.database import in_time
from geo_hygiene.i18n import _
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layers.duty_zones import SHIFTS
from geo_hygiene.layers.tables import PESTS, ROLES, SEASONS
from geo_hygiene.layers.treatments import METHODS, RESULTS
from geo_hygiene.layers.treatments import UNITS as AMOUNT_UNITS
from geo_hygiene.web.api.campaigns import GapsParameters
from geo_hygiene.web.page_data import (
    TABLE_AREAS,
    TABLE_ROWS,
    MapPage,
    category_titles,
    kind_titles,
    layer_words,
    readable,
    titles,
    unreadable,
    usual_layers,
)
from geo_hygiene.web.parameters import Day, Limit, Spoken, Text, Word

PATIENCE_SECONDS = 2.0
"""So long a page waits for figures of campaigns, which those of a county need; it comes without them otherwise."""


@dataclass(frozen=True, kw_only=True)
class CampaignHeadline:
    """A campaign and how far it came, by kind of target; ``None`` where that could not be summed up in time."""

    campaign: CampaignRecord
    on: date
    status: str
    kinds: list[dict[str, Any]] | None

    @property
    def pest(self) -> str:
        """Return the word for its pest."""
        return titles(PESTS)[self.campaign.pest]

    @property
    def season(self) -> str | None:
        """Return the word for its season."""
        return titles(SEASONS).get(self.campaign.season or "")

    @property
    def status_title(self) -> str:
        """Return the word for its status."""
        return _(STATUS_TITLES[self.status])

    @property
    def shares(self) -> dict[str, str]:
        """Return the words for its shares."""
        return {key: _(title) for key, title in SHARES.items()}

    @property
    def state_titles(self) -> dict[str, str]:
        """Return the words for its states."""
        return state_titles(self.campaign, at_its_end=self.status == "ended")


def state_titles(campaign: CampaignRecord, *, at_its_end: bool = False) -> dict[str, str]:
    """Return the words for the states: where it is said what is long ago, treated then is another than lately.

    Parameters
    ----------
    at_its_end
        Whether they are told today of the end of a campaign that is over, and not of a day that is told beside them.
    """
    told, days = {ink.state: _(ink.title) for ink in maps.CAMPAIGN_STATES}, campaign.limit_days
    if days is not None and at_its_end:
        told[State.TREATED] = _("Treated in the last %(days)s days of the campaign", days=days)
        told[State.OLD] = _("Seen more than %(days)s days before its end", days=days)
    elif days is not None:
        told[State.TREATED] = _("Treated in the last %(days)s days", days=days)
        told[State.OLD] = _("Seen more than %(days)s days ago", days=days)
    return told


def headline(
    connection: Connection, campaign: CampaignRecord, now: date, *, seconds: float = PATIENCE_SECONDS
) -> CampaignHeadline:
    """Return how far a campaign came until now, or until its last day; its figures only if they come in time."""
    on = campaign.shown_on(now)
    cover = in_time(connection, seconds, lambda asked: campaign_cover(asked, campaign, on)) if seconds > 0 else None
    kinds = None if cover is None else cover.as_json()["kinds"]
    told = kinds and [kind | {"title": _(layer_of(kind["kind"]).title)} for kind in kinds]
    return CampaignHeadline(campaign=campaign, on=on, status=campaign.status(now), kinds=told)


def campaigns(connection: Connection) -> list[CampaignHeadline]:
    """Return every campaign, the newest first."""
    now, end = today(connection), time.monotonic() + PATIENCE_SECONDS
    return [
        headline(connection, campaign, now, seconds=end - time.monotonic()) for campaign in all_campaigns(connection)
    ]


class _CampaignWords(Spoken, extra="ignore"):
    """The words of the address that the server reads."""

    on: Day | None = None
    kind: Word | None = None


def campaign_page(connection: Connection, code: str, words: Mapping[str, str]) -> MapPage:
    """Return the page of a campaign; a day that can not be read falls back and is said in ``notice``."""
    campaign = campaign_of(connection, code)
    read, notice = readable(_CampaignWords, words)
    if read.kind is not None and read.kind not in campaign.kinds:
        notice = unreadable("kind")
    now = today(connection)
    on = read.on or campaign.shown_on(now)
    extent = features.extent(connection, on)
    offered = maps.switches(LAYERS.values())
    config = {
        "campaign": campaign.as_json(now),
        "extent": extent,
        "on": on.isoformat(),
        "last": campaign.last_day.isoformat(),
        "kinds": [_kind_words(key) for key in sorted(campaign.kinds)],
        "layers": [layer_words(layer) for layer in offered],
        "usual": usual_layers(),
        "goals": {"visited": VISITED, "treated": TREATED_WELL},
        "shares": {key: _(title) for key, title in SHARES.items()},
        "state_titles": state_titles(campaign),
        "results": titles(RESULTS),
        "reasons": REASONS,
        "communities": features.communities(connection, on),
        "methods": titles(METHODS),
        "amount_units": titles(AMOUNT_UNITS),
        "duties": {duty.code: duty.title for duty in all_duties(connection)},
        "roles": titles(ROLES),
        "shifts": titles(SHIFTS),
        "categories": category_titles(),
        "kind_titles": kind_titles(),
        "api": "/api/v1",
        "notice": notice,
    }
    return MapPage(extent=extent, config=config)


class TableParameters(GapsParameters, extra="ignore"):
    """The filters of the table and its places in it; other words of an address are left alone."""

    limit: Limit = TABLE_ROWS
    areas_after: Text | None = None

    def words(self, **changes: Any) -> dict[str, str]:
        """Return what an address says of these parameters after changes; ``None`` takes a word out."""
        kept = self.model_dump(exclude_defaults=True) | changes
        return {name: str(value) for name, value in kept.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class AreaFigures:
    """An area and what of one kind was reached in it; no code for what lies in none."""

    code: str | None
    name: str | None
    figures: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CampaignTable:
    """A campaign in rows: one kind of target by community, a page of these, and what is left of it."""

    campaign: CampaignRecord
    on: date
    kind: str
    sums: list[AreaFigures]
    next_areas: str | None
    page: Page
    communities: dict[str, str]
    reasons: dict[str, str]

    @property
    def unit(self) -> str:
        """Return ``m`` or ``count``."""
        return layer_of(self.kind).unit

    @property
    def kinds(self) -> dict[str, str]:
        """Return the kinds that the campaign asks for."""
        return {key: _(layer_of(key).title) for key in sorted(self.campaign.kinds)}

    @property
    def inks(self) -> dict[str, maps.StateInk]:
        """Return how the states are drawn."""
        return {ink.state: ink for ink in maps.CAMPAIGN_STATES}

    @property
    def state_titles(self) -> dict[str, str]:
        """Return the words for all states."""
        return state_titles(self.campaign)

    @property
    def shares(self) -> dict[str, str]:
        """Return the words for the shares."""
        return {key: _(title) for key, title in SHARES.items()}

    @property
    def states(self) -> dict[str, str]:
        """Return the words for what is left."""
        return {state: title for state, title in self.state_titles.items() if state != State.TREATED}


def campaign_table(connection: Connection, code: str, asked: TableParameters) -> tuple[CampaignTable, TableParameters]:
    """Return a page of what is left of one kind with its figures by community, and the words that ask for it."""
    campaign = campaign_of(connection, code)
    on = asked.on or campaign.shown_on(today(connection))
    usual = max(campaign.kinds, default="")
    asked = asked.model_copy(update={"kind": asked.kind or usual, "on": on})
    cover = campaign_cover(
        connection, campaign, on, Level.COMMUNITY, limit=TABLE_AREAS, after=asked.areas_after
    ).as_json()
    sums = [
        AreaFigures(code=area["code"], name=area["name"], figures=figures)
        for area in cover["by"]
        for figures in area["kinds"]
        if figures["kind"] == asked.kind
    ]
    page = gaps(connection, campaign, on, wanted=asked.wanted(), limit=asked.limit, after=asked.after)
    told = CampaignTable(
        campaign=campaign,
        on=on,
        kind=layer_of(asked.kind or usual).key,
        sums=sums,
        next_areas=cover["next"],
        page=page,
        communities=features.communities(connection, on),
        reasons={reason: title for reason, title in titles(RESULTS).items() if reason in REASONS},
    )
    return told, asked


def _kind_words(key: str) -> dict[str, str]:
    layer = layer_of(key)
    return {"key": key, "title": _(layer.title), "unit": layer.unit}
