"""Work on places: what was done, what is due, and work that somebody tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import AfterValidator, AwareDatetime, Field
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import today
from geo_hygiene.coverage.within import demand_within
from geo_hygiene.coverage.work import work_in_period
from geo_hygiene.files.importing.masking import mask_numbers
from geo_hygiene.layers import LAYERS, layer_of
from geo_hygiene.layers.works import WORKED_ON
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.reports.annual.books import Books
from geo_hygiene.web.access import areas_of, asker, needs
from geo_hygiene.web.api.periods import PeriodParameters, WholePeriodParameters, asked_for
from geo_hygiene.web.api.work_answers import (
    DueAnswer,
    DueState,
    RoundsAnswer,
    WorksAnswer,
    WorkStored,
    WorkSumsAnswer,
    WorkTakenBack,
)
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS
from geo_hygiene.web.parameters import Limit, OnDay, Parameters, Text
from geo_hygiene.works.batches import MOST_PLACES, batches
from geo_hygiene.works.due import STATES, DueFilter, due_sums, due_targets
from geo_hygiene.works.listing import WorkFilter, count_works, list_works
from geo_hygiene.works.recording import SaidWork, record_work, take_back

WorkKind = Literal["lane-order", "dredging", "emptying", "blackspot", "disorder", "adverts", "disinfection"]
DueKind = Literal["emptying", "dredging"]
"""Kinds of work that come again, each on the targets of one layer."""

Amount = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Metres = Annotated[float, Field(ge=0, le=2_000_000, allow_inf_nan=False)]
Remark = Annotated[Text, AfterValidator(mask_numbers)]
"""Numbers that name a person are masked before it is stored, as those of a file are."""

USUAL_CAPACITY = 10.0
"""Cubic metres of a truck."""

blueprint = APIBlueprint(
    "works", __name__, url_prefix="/api/v1/works", abp_tags=[Tag(name="works")], abp_responses=PROBLEMS
)


class WorksParameters(PeriodParameters):
    """Which work is wanted: that which fits all filters."""

    kind: WorkKind | None = None
    area: Text | None = Field(None, description="Code of an area; with all below it")
    target: UUID | None = Field(None, description="Only work on this target")
    limit: Limit = 100
    after: UUID | None = Field(None, description="`next` of the page before")

    def wanted(self, within: Areas) -> WorkFilter:
        """Return the filter."""
        chosen = self.model_dump(include={"kind", "begin", "end", "area", "target"})
        return WorkFilter(**chosen, within=within)


class SumsParameters(WholePeriodParameters):
    """A kind of work in a period."""

    kind: WorkKind


class DueParameters(OnDay):
    """What is due of a kind of work, and where."""

    kind: DueKind
    area: Text | None = Field(None, description="Code of an area; with all below it")
    state: DueState | None = Field(None, description="due and never when missing, of one target any")
    target: UUID | None = Field(None, description="Only this target")
    limit: Limit = 100
    after: UUID | None = Field(None, description="`next` of the page before")

    def wanted(self, on: date, within: Areas) -> DueFilter:
        """Return the filter."""
        wanted = DueFilter(kind=self.kind, on=on, area=self.area, within=within, target=self.target)
        if self.state is not None:
            return replace(wanted, states=(self.state,))
        return wanted if self.target is None else replace(wanted, states=STATES)


class RoundsParameters(OnDay):
    """What is due of a kind of work, in rounds of a truck."""

    kind: DueKind
    area: Text | None = Field(None, description="Code of an area; with all below it")
    state: DueState | None = Field(None, description="due and never when missing")
    capacity: Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)] = Field(
        USUAL_CAPACITY, description="Cubic metres that the truck holds"
    )

    def wanted(self, on: date, within: Areas) -> DueFilter:
        """Return the filter."""
        return DueParameters(kind=self.kind, area=self.area, state=self.state, limit=MOST_PLACES).wanted(on, within)


class WorkBody(Parameters):
    """A piece of work on a target; its id is given by who tells it, and sent twice it is stored once."""

    id: UUID
    kind: Literal["lane-order", "dredging", "emptying"]
    target: UUID
    done_at: AwareDatetime
    from_m: Metres | None = None
    to_m: Metres | None = None
    volume_m3: Amount | None = None
    truck: Text | None = None
    team: Text | None = None
    note: Remark | None = None


class WorkPath(Parameters):
    """A piece of work by its id."""

    work: UUID


@blueprint.get("", summary="Work that was done", responses={200: WorksAnswer})
@needs(Permission.WORKS_READ)
def works(query: WorksParameters) -> Response:
    """Return a page of work, the newest first."""
    return jsonify(connections().read(_works, query, areas_of(Permission.WORKS_READ)))


def _works(connection: Connection, query: WorksParameters, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    wanted = query.wanted(within)
    rows, key = list_works(connection, wanted, limit=query.limit, after=query.after)
    return {"total": count_works(connection, wanted), "works": rows, "next": key}


@blueprint.get("/sums", summary="How much was done", responses={200: WorkSumsAnswer})
@needs(Permission.WORKS_READ)
def sums(query: SumsParameters) -> Response:
    """Return what was done in a period by kind of target: each stretch once, and as often as it was done."""
    return jsonify(connections().read(_sums, query, areas_of(Permission.WORKS_READ)))


def _sums(connection: Connection, query: SumsParameters, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    asked = asked_for(query.begin, query.end, query.area, within)
    reach = within if query.area is None else frozenset({query.area})
    found = work_in_period(connection, query.kind, query.begin, query.end, reach)
    counted = Books(connection, asked).counted("works", query.kind)
    kinds = [
        {"kind": key, "unit": layer.unit, "distinct": layer.amount(found[key][0]), "plain": layer.amount(found[key][1])}
        for key, layer in LAYERS.items()
        if key in found
    ]
    return {
        "work": query.kind,
        "from": query.begin.isoformat(),
        "to": query.end.isoformat(),
        "total": counted.records,
        "sums": counted.sums,
        "kinds": kinds,
    }


@blueprint.get("/due", summary="Work that is due", responses={200: DueAnswer})
@needs(Permission.WORKS_READ)
def due(query: DueParameters) -> Response:
    """Return what is due on a day, the longest overdue first."""
    return jsonify(connections().read(_due, query, areas_of(Permission.WORKS_READ)))


def _due(connection: Connection, query: DueParameters, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    on = query.on or today(connection)
    wanted = query.wanted(on, within)
    page, key = due_targets(connection, wanted, limit=query.limit, after=query.after)
    return {
        "kind": query.kind,
        "on": on.isoformat(),
        "unit": layer_of(WORKED_ON[query.kind]).unit,
        "sums": due_sums(connection, wanted),
        "targets": [one.as_json(on) for one in page],
        "next": key,
    }


@blueprint.get("/rounds", summary="Work that is due, in rounds of a truck", responses={200: RoundsAnswer})
@needs(Permission.WORKS_READ)
def rounds(query: RoundsParameters) -> Response:
    """Return what is due in the order in which it is driven to, each round within what the truck holds."""
    return jsonify(connections().read(_rounds, query, areas_of(Permission.WORKS_READ)))


def _rounds(connection: Connection, query: RoundsParameters, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    on = query.on or today(connection)
    wanted = query.wanted(on, within)
    page, _key = due_targets(connection, wanted, limit=MOST_PLACES)
    found = due_sums(connection, wanted)
    return {
        "kind": query.kind,
        "on": on.isoformat(),
        "capacity_m3": query.capacity,
        "rounds": [
            {
                "number": number,
                "targets": [str(place.uuid) for place in one.places],
                "volume_m3": one.load,
                "metres": round(one.metres, 1),
                "is_over": one.is_over,
            }
            for number, one in enumerate(batches(page, query.capacity), 1)
        ],
        "targets": [one.as_json(on) for one in page],
        "left_over": sum(found[state]["targets"] for state in wanted.states) - len(page),
    }


@blueprint.post("", summary="Tell work that was done", responses={200: WorkStored})
@needs(Permission.WORKS_WRITE)
def tell(body: WorkBody) -> Response:
    """Store a piece of work; it moves the day on which its target is due again."""
    is_new = connections().write(record_work, asker().email, areas_of(Permission.WORKS_WRITE), said(body))
    return jsonify({"id": str(body.id), "is_new": is_new})


@blueprint.post("/<work>/take-back", summary="Take back work that was told", responses={200: WorkTakenBack})
@needs(Permission.WORKS_WRITE)
def untell(path: WorkPath) -> Response:
    """Remove a piece of work that somebody told by mistake; what a file brought is taken back with its import."""
    connections().write(take_back, asker().email, areas_of(Permission.WORKS_WRITE), path.work)
    return jsonify({"id": str(path.work)})


def said(body: WorkBody) -> SaidWork:
    """Return what is told."""
    done_at: datetime = body.done_at
    return SaidWork(uuid=body.id, **(body.model_dump(exclude={"id"}) | {"done_at": done_at}))
