"""Campaigns: what they must reach, what they reached, and what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import Field
from sqlalchemy import Connection

from geo_hygiene.campaigns.catalogue import CampaignRecord, all_campaigns, campaign_of
from geo_hygiene.campaigns.cover import Level, campaign_cover
from geo_hygiene.campaigns.days import campaign_days
from geo_hygiene.campaigns.gaps import GapFilter, gaps
from geo_hygiene.campaigns.pieces import subjects
from geo_hygiene.campaigns.treatments import campaign_target, treatments
from geo_hygiene.coverage import versions
from geo_hygiene.coverage.duties import today
from geo_hygiene.features import target_identity
from geo_hygiene.layers import layer_of
from geo_hygiene.permissions import Permission
from geo_hygiene.web.access import needs
from geo_hygiene.web.answers import entity_tag, not_modified, tagged, unchanged
from geo_hygiene.web.api.campaign_answers import (
    CampaignCoverAnswer,
    CampaignDaysAnswer,
    CampaignGapsAnswer,
    CampaignsAnswer,
    CampaignTargetAnswer,
    PieceState,
    Reason,
    TreatmentsAnswer,
)
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import Day, Limit, OnDay, PageKey, Parameters, Spoken, Text, Word

Arguments = ParamSpec("Arguments")

blueprint = APIBlueprint(
    "campaigns", __name__, url_prefix="/api/v1/campaigns", abp_tags=[Tag(name="campaigns")], abp_responses=PROBLEMS
)


class CampaignPath(Parameters):
    """A campaign by its code or id."""

    campaign: Text


class TargetPath(CampaignPath):
    """A target by its layer and id."""

    kind: Word = Field(description="Layer key")
    id: Text = Field(description="Id, or the code that holds on the day")


class CampaignOnDay(Spoken):
    """A day, up to and with which treatments count."""

    on: Day | None = Field(
        None, description="Day (ISO); when missing, today while the campaign runs, else its last or first day"
    )


class CoverParameters(CampaignOnDay):
    """By which areas the figures are broken down."""

    by: Level | None = Field(None, description="office, community or group")
    area: Text | None = Field(None, description="Code of the one area that is wanted")
    limit: Limit | None = Field(None, description="Areas of a page; all when missing")
    after: Text | None = Field(None, description="`next` of the page before: the code of its last area")


class GapFilterParameters(CampaignOnDay):
    """Which pieces are wanted: those that fit all filters."""

    state: PieceState | None = Field(None, description="All that are not treated when missing")
    reason: Reason | None = None
    kind: Word | None = Field(None, description="Layer key of the targets")
    community: Text | None = Field(None, description="Code of a community")
    group: Text | None = Field(None, description="Code of a resident group")
    lane: Text | None = Field(None, description="Code of a lane or drain")

    def wanted(self) -> GapFilter:
        """Return the filters."""
        return GapFilter(
            state=self.state,
            reason=self.reason,
            kind=self.kind,
            community=self.community,
            group=self.group,
            lane=self.lane,
        )


class GapsParameters(GapFilterParameters):
    """A page of pieces."""

    limit: Limit = 100
    after: PageKey | None = Field(None, description="`next` of the page before")


class TreatmentsParameters(CampaignOnDay):
    """A page of treatments."""

    limit: Limit = 100
    after: UUID | None = Field(None, description="`next` of the page before")


@blueprint.get("", summary="Campaigns", responses={200: CampaignsAnswer})
@needs(Permission.CAMPAIGNS_READ)
def campaigns(query: OnDay) -> Response:
    """Return every campaign, the newest first."""
    return jsonify(connections().read(_campaigns, query))


def _campaigns(connection: Connection, query: OnDay) -> dict[str, Any]:
    on = query.on or today(connection)
    return {
        "on": on.isoformat(),
        "campaigns": [
            one.as_json(on) | {"shown_on": one.shown_on(on).isoformat()} for one in all_campaigns(connection)
        ],
    }


@blueprint.get("/<campaign>/cover", summary="What a campaign reached", responses={200: CampaignCoverAnswer})
@needs(Permission.CAMPAIGNS_READ)
def cover(path: CampaignPath, query: CoverParameters) -> Response:
    """Return what was found and treated up to a day, by kind, and broken down by areas."""
    return _tagged(path, query, _cover, query)


def _cover(connection: Connection, campaign: CampaignRecord, on: date, query: CoverParameters) -> dict[str, Any]:
    limit = query.limit or (GapsParameters.model_fields["limit"].default if query.after else None)
    told = campaign_cover(connection, campaign, on, query.by, area=query.area, limit=limit, after=query.after)
    return told.as_json()


@blueprint.get("/<campaign>/gaps", summary="What a campaign did not treat", responses={200: CampaignGapsAnswer})
@needs(Permission.CAMPAIGNS_READ)
def campaign_gaps(path: CampaignPath, query: GapsParameters) -> Response:
    """Return pieces of a metre or more, longest first, then places by their codes."""
    return _tagged(path, query, _gaps, query)


def _gaps(connection: Connection, campaign: CampaignRecord, on: date, query: GapsParameters) -> dict[str, Any]:
    page = gaps(connection, campaign, on, wanted=query.wanted(), limit=query.limit, after=query.after)
    return {"campaign": campaign.code, "on": on.isoformat(), "total": page.total, "gaps": page.rows, "next": page.next}


@blueprint.get("/<campaign>/days", summary="A campaign day by day", responses={200: CampaignDaysAnswer})
@needs(Permission.CAMPAIGNS_READ)
def days(path: CampaignPath, query: CampaignOnDay) -> Response:
    """Return for each day of the window what was found and treated for the first time."""
    return _tagged(path, query, _days)


def _days(connection: Connection, campaign: CampaignRecord, on: date) -> dict[str, Any]:
    return {
        "campaign": campaign.code,
        "on": on.isoformat(),
        "from": campaign.start.isoformat(),
        "to": campaign.end.isoformat(),
        "days": campaign_days(connection, campaign, on),
    }


@blueprint.get("/<campaign>/treatments", summary="Treatments of a campaign", responses={200: TreatmentsAnswer})
@needs(Permission.CAMPAIGNS_READ)
def campaign_treatments(path: CampaignPath, query: TreatmentsParameters) -> Response:
    """Return treatments up to and with a day, the newest first."""
    return _tagged(path, query, _treatments, query)


def _treatments(
    connection: Connection, campaign: CampaignRecord, on: date, query: TreatmentsParameters
) -> dict[str, Any]:
    total, page = treatments(connection, campaign, on, limit=query.limit, after=query.after)
    told = {"campaign": campaign.code, "on": on.isoformat(), "total": total}
    return told | {"treatments": page.rows, "next": page.next}


@blueprint.get(
    "/<campaign>/targets/<kind>/<id>", summary="A campaign on one target", responses={200: CampaignTargetAnswer}
)
@needs(Permission.CAMPAIGNS_READ)
def target(path: TargetPath, query: CampaignOnDay) -> Response:
    """Return a target with its pieces, the treatments on it, and who looks after it."""
    return jsonify(connections().read(_target, path, query))


def _target(connection: Connection, path: TargetPath, query: CampaignOnDay) -> dict[str, Any]:
    campaign = campaign_of(connection, path.campaign)
    on = query.on or campaign.shown_on(today(connection))
    layer = layer_of(path.kind)
    return campaign_target(connection, campaign, layer, target_identity(connection, layer, path.id, on), on)


def _tagged(
    path: CampaignPath,
    query: CampaignOnDay,
    question: Callable[Concatenate[Connection, CampaignRecord, date, Arguments], dict[str, Any]],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Response:
    """Answer a question about a campaign on a day, 304 to a reader who holds its version."""

    def ask(connection: Connection) -> tuple[str, dict[str, Any] | None]:
        campaign = campaign_of(connection, path.campaign)
        on = query.on or campaign.shown_on(today(connection))
        tag = entity_tag(question.__name__, repr(query), on, versions.current(connection, subjects(campaign)))
        return tag, None if unchanged(tag) else question(connection, campaign, on, *args, **kwargs)

    tag, answer = connections().read(ask)
    return not_modified(tag) if answer is None else tagged(jsonify(answer), tag)
