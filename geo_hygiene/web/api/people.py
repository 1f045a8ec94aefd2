"""People: lists of them, of those who hold zones, of who answers for areas; and the acts that change these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from sqlalchemy import Connection

from geo_hygiene import features
from geo_hygiene.coverage.duties import duty_of, today
from geo_hygiene.coverage.within import demand_within
from geo_hygiene.i18n import _
from geo_hygiene.people import chains, giving, keeping, leaving, listing, posts
from geo_hygiene.people.giving import Gift, Handing
from geo_hygiene.people.listing import Wanted
from geo_hygiene.permissions import Areas, Permission
from geo_hygiene.web.access import areas_of, asker, needs
from geo_hygiene.web.answers import tagged
from geo_hygiene.web.api.answer_models import PersonAnswer
from geo_hygiene.web.api.people_answers import ActAnswer, ChainsAnswer, HoldersAnswer, PeopleAnswer, PersonConflict
from geo_hygiene.web.api.people_bodies import (
    ChainParameters,
    GiveBody,
    HoldersParameters,
    LeaveBody,
    NewPersonBody,
    PeopleParameters,
    PersonBody,
    PersonPath,
    PostBody,
    PostEndBody,
    ReturnBody,
    SubstituteBody,
    SubstituteEndBody,
)
from geo_hygiene.web.connections import connections
from geo_hygiene.web.errors import PROBLEMS, problem
from geo_hygiene.web.parameters import OnDay
from geo_hygiene.web.preconditions import version_read
from geo_hygiene.zoning.mistakes import StaleVersionError
from geo_hygiene.zoning.records import Editor

ANSWERS: dict[int | str, Any] = {200: ActAnswer, 412: PersonConflict}

blueprint = APIBlueprint(
    "people", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="people")], abp_responses=PROBLEMS
)


def editor() -> Editor:
    """Return who changes people and those who hold zones."""
    return Editor(asker().email, areas_of(Permission.PEOPLE_WRITE))


def wanted(connection: Connection, query: PeopleParameters | HoldersParameters, within: Areas) -> Wanted:
    """Return the filters as a question, within the areas of the asker.

    Raises
    ------
    UnknownRecordError, UnknownDutyError
        If the area lies elsewhere, or there is no such duty.
    """
    demand_within(connection, query.area, within)
    duty = duty_of(connection, query.duty).code if query.duty else None
    return Wanted(on=query.on or today(connection), within=within, q=query.q, area=query.area, duty=duty)


@blueprint.get("/people", summary="People", responses={200: PeopleAnswer})
@needs(Permission.PEOPLE_READ)
def people(query: PeopleParameters) -> Response:
    """Return people with their posts and the zones that they hold on a day, page by page."""
    return jsonify(connections().read(_people, query, areas_of(Permission.PEOPLE_READ)))


def _people(connection: Connection, query: PeopleParameters, within: Areas) -> dict[str, Any]:
    asked = wanted(connection, query, within)
    page = listing.people(
        connection, asked, show=query.show, role=query.role, sort=query.sort, number=query.page, limit=query.limit
    )
    return {"on": asked.on.isoformat(), "people": page.rows, "total": page.total}


@blueprint.get("/holders", summary="Zones and those who hold them", responses={200: HoldersAnswer})
@needs(Permission.PEOPLE_READ)
def holders(query: HoldersParameters) -> Response:
    """Return zones with those who hold them on a day, page by page; or only those that nobody holds."""
    return jsonify(connections().read(_holders, query, areas_of(Permission.PEOPLE_READ)))


def _holders(connection: Connection, query: HoldersParameters, within: Areas) -> dict[str, Any]:
    asked = wanted(connection, query, within)
    page = listing.zones(connection, asked, vacant=query.vacant, number=query.page, limit=query.limit)
    return {"on": asked.on.isoformat(), "zones": page.rows, "total": page.total}


@blueprint.get("/chain", summary="Who answers for each area", responses={200: ChainsAnswer})
@needs(Permission.PEOPLE_READ)
def chain(query: ChainParameters) -> Response:
    """Return who answers for areas at every level on a day, and where nobody does."""
    return jsonify(connections().read(_chain, query, areas_of(Permission.PEOPLE_READ)))


def _chain(connection: Connection, query: ChainParameters, within: Areas) -> dict[str, Any]:
    demand_within(connection, query.area, within)
    on = query.on or today(connection)
    found = chains.chains(
        connection,
        on,
        by=query.by,
        within=within,
        area=query.area,
        broken=query.broken,
        number=query.page,
        limit=query.limit,
    )
    return {"on": on.isoformat(), "areas": found.rows, "total": found.total}


@blueprint.get("/people/<person>", summary="One person", responses={200: PersonAnswer})
@needs(Permission.PEOPLE_READ)
def person(path: PersonPath, query: OnDay) -> Response:
    """Return where a person belongs, who is above, which posts and zones; the ETag is the version."""
    found = connections().read(_person, path, query, areas_of(Permission.PEOPLE_READ))
    return tagged(jsonify(found), str(found["version"]), weak=False)


def _person(connection: Connection, path: PersonPath, query: OnDay, within: Areas) -> dict[str, Any]:
    return features.person(connection, path.person, query.on or today(connection), within=within)


@blueprint.post("/people", summary="Add a person", responses={200: ActAnswer})
@needs(Permission.PEOPLE_WRITE)
def add(body: NewPersonBody) -> Response:
    """Add a person; of a telephone only the ends are stored."""
    return _done(lambda connection: keeping.add(connection, editor(), body.code, body.words()), lambda: body.code)


@blueprint.post("/people/<person>", summary="Change a person", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def change(path: PersonPath, body: PersonBody) -> Response:
    """Change what is said of a person; the version is named in If-Match."""
    return _changed(
        path,
        body,
        lambda connection, version: keeping.change(
            connection, editor(), path.person, version=version, words=body.words()
        ),
    )


@blueprint.post("/people/<person>/substitute", summary="Let somebody stand in", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def substitute(path: PersonPath, body: SubstituteBody) -> Response:
    """Let somebody stand in for a holder in a time; the holder goes on afterwards."""
    return _changed(
        path,
        body,
        lambda connection, version: giving.substitute(
            connection,
            editor(),
            path.person,
            version=version,
            person=body.person,
            start=body.begin,
            end=body.end,
            zones=body.zones,
        ),
    )


@blueprint.post("/people/<person>/substitute/end", summary="End a substitution", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def end_substitution(path: PersonPath, body: SubstituteEndBody) -> Response:
    """Let a holder hold his or her zones again from a day on."""
    return _changed(
        path,
        body,
        lambda connection, version: giving.end_substitution(
            connection,
            editor(),
            path.person,
            version=version,
            day=body.begin,
            person=body.person,
            zones=body.zones,
        ),
    )


@blueprint.post("/people/<person>/leave", summary="Let somebody leave", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def leave(path: PersonPath, body: LeaveBody) -> Response:
    """Let somebody be gone from a day on: posts and assignments end, and zones go to those who are named for them."""
    return _changed(
        path,
        body,
        lambda connection, version: leaving.leave(
            connection, editor(), path.person, version=version, day=body.begin, hand_over=body.hand_over
        ),
    )


@blueprint.post("/people/<person>/return", summary="Let somebody be there again", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def come_back(path: PersonPath, body: ReturnBody) -> Response:
    """Let somebody who has left be there again; zones and posts are given anew."""
    return _changed(
        path,
        body,
        lambda connection, version: leaving.come_back(connection, editor(), path.person, version=version),
    )


@blueprint.post("/people/<person>/posts", summary="Let somebody answer for an area", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def appoint(path: PersonPath, body: PostBody) -> Response:
    """Let somebody answer for an area in a time; who did until then does so no longer."""
    return _changed(
        path,
        body,
        lambda connection, version: posts.appoint(
            connection,
            editor(),
            path.person,
            version=version,
            area=body.area,
            kind=body.kind,
            start=body.begin,
            end=body.end,
        ),
    )


@blueprint.post("/people/<person>/posts/end", summary="End a post", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def end_post(path: PersonPath, body: PostEndBody) -> Response:
    """Let somebody answer for an area no longer from a day on."""
    return _changed(
        path,
        body,
        lambda connection, version: posts.end_post(
            connection, editor(), path.person, version=version, area=body.area, kind=body.kind, day=body.begin
        ),
    )


@blueprint.post("/holders", summary="Give zones to people", responses=ANSWERS)
@needs(Permission.PEOPLE_WRITE)
def give(body: GiveBody) -> Response:
    """Let people, or nobody, hold zones in a time: all of them, or none."""
    gifts = [Gift(one.zone, one.person, one.version) for one in body.zones]
    try:
        return _done(
            lambda connection: giving.give(
                connection, editor(), gifts, start=body.begin, end=body.end, shift=body.shift
            )
        )
    except StaleVersionError as error:
        return _conflict(error, connections().read(_versions, gifts, body.begin), body)


def _versions(connection: Connection, gifts: list[Gift], on: date) -> dict[str, Any]:
    """Return zones that somebody else changed, as they are."""
    now = [features.zone_feature(connection, gift.zone, on) for gift in gifts if gift.version is not None]
    names = ("code", "version", "held_by")
    told = [{name: zone["properties"][name] for name in names} for zone in now]
    read = [gift.version for gift in gifts if gift.version is not None]
    return {"zones": [zone for zone, version in zip(told, read, strict=True) if zone["version"] != version]}


def _changed(
    path: PersonPath, body: BaseModel, change: Callable[[Connection, int], Handing | list[str] | None]
) -> Response:
    """Store a change of the version that the asker read; where that is no longer the newest, answer with both."""
    version = version_read()
    try:
        return _done(lambda connection: change(connection, version), lambda: path.person)
    except StaleVersionError as error:
        current = connections().read(_person, path, OnDay(), areas_of(Permission.PEOPLE_READ))
        return _conflict(error, current, body, version=version)


def _conflict(error: StaleVersionError, current: dict[str, Any], body: BaseModel, **read: int) -> Response:
    yours = {**read, **body.model_dump(mode="json", by_alias=True, exclude_unset=True)}
    return problem(412, str(error), more={"current": current, "yours": yours})


def _done(act: Callable[[Connection], Handing | list[str] | None], whom: Callable[[], str] | None = None) -> Response:
    """Do something, and tell what it made and how the person is now; the answer's tag is the person's version."""
    within = areas_of(Permission.PEOPLE_WRITE)

    def told(connection: Connection) -> dict[str, Any]:
        made = act(connection)
        person = None if whom is None else features.person(connection, whom(), today(connection), within=within)
        return {"person": person, **_told(made)}

    answer = connections().write(told)
    response = jsonify(answer)
    return response if answer["person"] is None else tagged(response, str(answer["person"]["version"]), weak=False)


def _told(made: Handing | list[str] | None) -> dict[str, Any]:
    if isinstance(made, Handing):
        return made.as_json()
    remarks = [_("“%(person)s” has this post no longer.", person=code) for code in made or ()]
    return {"on": None, "zones": [], "vacant": {"before": {}, "after": {}}, "remarks": remarks}
