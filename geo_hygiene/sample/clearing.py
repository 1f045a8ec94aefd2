"""Take the sample town out of a database: its records, known by their import runs, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from geo_hygiene.coverage.locks import lock_everything
from geo_hygiene.coverage.targets import areas_changed
from geo_hygiene.coverage.versions import bump
from geo_hygiene.database import Base
from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.i18n import ngettext
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.areas import Area
from geo_hygiene.layers.buildings import Building
from geo_hygiene.layers.cases import Case
from geo_hygiene.layers.drain_segments import DrainSegment
from geo_hygiene.layers.drains import Drain
from geo_hygiene.layers.duty_zones import DutyZone
from geo_hygiene.layers.green_spaces import GreenSpace
from geo_hygiene.layers.lanes import Lane
from geo_hygiene.layers.street_segments import StreetSegment
from geo_hygiene.layers.treatments import Treatment
from geo_hygiene.layers.water_bodies import WaterBody
from geo_hygiene.records.campaigns import Campaign
from geo_hygiene.records.claims import Claim, ClaimSource, ClaimStretch, Duty, Scope
from geo_hygiene.records.imports import ImportRun, SourceRow
from geo_hygiene.records.people import Assignment, Person, Post
from geo_hygiene.records.targets import Target, TargetParent
from geo_hygiene.sample.loading import ORIGIN

NAMED = 8
"""Own records that a refusal names one by one."""

RECORDS: Sequence[type[Base]] = (
    Case,
    Assignment,
    Post,
    Claim,
    Campaign,
    Target,
    Lane,
    Drain,
    Person,
    Area,
    WaterBody,
    GreenSpace,
    Building,
)
"""What the sample brings, in an order in which it can go: each before what it names."""


class SampleInUseError(GeoHygieneError):
    """Records of the user that would lose what they rest on."""


def clear(bind: Engine) -> int:
    """Remove the sample town; return how many records went.

    Parameters
    ----------
    bind
        Of the service role.

    Raises
    ------
    SampleInUseError
        If own records rest on sample records; the message names them, and nothing is removed.
    """
    with bind.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))
        lock_everything(connection)
        _refuse_if_used(connection)
        removed = _remove(connection)
        if removed:
            areas_changed(connection)
            bump(connection, LAYERS)
        return removed


def _is_sample(table: type[Base]) -> ColumnElement[bool]:
    """Tell of a record whether the sample brought it."""
    runs = select(ImportRun.id).where(ImportRun.origin == ORIGIN)
    return _table(table).c.import_id.in_(runs)


def _is_own(table: type[Base]) -> ColumnElement[bool]:
    return or_(_table(table).c.import_id.is_(None), ~_is_sample(table))


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _refuse_if_used(connection: Connection) -> None:
    found = [str(name) for question in _resting() for name in connection.scalars(question)]
    if not found:
        return
    names = ", ".join(dict.fromkeys(found[:NAMED])) + (" …" if len(found) > NAMED else "")
    raise SampleInUseError(
        ngettext(
            "The sample town stays, because %(count)s record of yours rests on it: %(names)s",
            "The sample town stays, because %(count)s records of yours rest on it: %(names)s",
            len(found),
            names=names,
        )
    )


def _resting() -> list[Select[Any]]:
    """Return questions for the names of own records that name, hold or continue a sample record."""
    area = _table(Area)
    sample_areas = select(area.c.id).where(_is_sample(Area))
    return [
        select(func.coalesce(area.c.code, area.c.name))
        .where(_is_own(Area), area.c.parent_id.in_(sample_areas))
        .order_by(area.c.id),
        _members(StreetSegment, StreetSegment.lane_id, Lane),
        _members(DrainSegment, DrainSegment.drain_id, Drain),
        *_resting_targets_and_zones(sample_areas),
        *_resting_people(sample_areas),
        select(Campaign.code)
        .join(Treatment, Treatment.campaign_id == Campaign.id)
        .where(_is_own(Claim), _is_sample(Campaign))
        .distinct()
        .order_by(Campaign.code),
        select(Duty.code)
        .join(Scope, Scope.duty_id == Duty.id)
        .where(exists().where(area.c.id == func.any(Scope.area_ids), _is_sample(Area)))
        .order_by(Scope.id),
    ]


def _resting_targets_and_zones(sample_areas: Select[Any]) -> list[Select[Any]]:
    target, claim, zone = _table(Target), _table(Claim), _table(DutyZone)
    sample_targets = select(target.c.id).where(_is_sample(Target))
    continues = exists().where(TargetParent.child_id == target.c.id, TargetParent.parent_id.in_(sample_targets))
    lists = exists().where(ClaimStretch.source_id == claim.c.source_id, ClaimStretch.target_id.in_(sample_targets))
    return [
        select(func.concat(target.c.kind, " ", target.c.uuid))
        .where(_is_own(Target), or_(target.c.area_by_hand & target.c.area_id.in_(sample_areas), continues))
        .order_by(target.c.id),
        select(zone.c.code).join(claim, claim.c.id == zone.c.id).where(_is_own(Claim), lists).order_by(zone.c.id),
    ]


def _resting_people(sample_areas: Select[Any]) -> list[Select[Any]]:
    area, claim, zone = _table(Area), _table(Claim), _table(DutyZone)
    sample_people = select(Person.id).where(_is_sample(Person))
    sample_zones = (
        select(zone.c.code)
        .join(claim, claim.c.id == zone.c.id)
        .group_by(zone.c.code)
        .having(func.bool_and(func.coalesce(_is_sample(Claim), False)))
    )
    above = area.alias()
    return [
        select(func.concat(Assignment.zone, " · ", Person.code))
        .join(Person, Person.id == Assignment.person_id)
        .where(_is_own(Assignment), or_(Person.id.in_(sample_people), Assignment.zone.in_(sample_zones)))
        .order_by(Assignment.id),
        select(func.concat(Person.code, " · ", area.c.code))
        .select_from(Post)
        .join(Person, Person.id == Post.person_id)
        .join(area, area.c.id == Post.area_id)
        .where(_is_own(Post), or_(Person.id.in_(sample_people), area.c.id.in_(sample_areas)))
        .order_by(Post.id),
        select(Person.code)
        .where(_is_own(Person), Person.community.in_(select(above.c.code).where(above.c.id.in_(sample_areas))))
        .order_by(Person.id),
    ]


def _members(model: type[Base], reference: Any, group: type[Base]) -> Select[Any]:
    """Return the question for own segments of a sample lane or drain."""
    target, own = _table(Target), _table(model)
    groups = select(_table(group).c.id).where(_is_sample(group))
    name = func.concat(target.c.kind, " ", func.coalesce(own.c.code, cast(target.c.uuid, Text)))
    joined = own.join(target, target.c.id == own.c.id)
    return select(name).select_from(joined).where(_is_own(Target), reference.in_(groups)).order_by(target.c.id)


def _remove(connection: Connection) -> int:
    target, area = _table(Target), _table(Area)
    sample_areas = select(area.c.id).where(_is_sample(Area))
    connection.execute(update(target).where(_is_own(Target), target.c.area_id.in_(sample_areas)).values(area_id=None))
    removed = 0
    for model in RECORDS:
        removed += connection.execute(delete(_table(model)).where(_is_sample(model))).rowcount
    connection.execute(  # lists and shapes of what went, and of the earlier versions of zones
        delete(ClaimSource).where(
            ~exists().where(Claim.source_id == ClaimSource.id),
            ~exists().where(ClaimStretch.source_id == ClaimSource.id),
        )
    )
    connection.execute(delete(_table(SourceRow)).where(_is_sample(SourceRow)))
    connection.execute(delete(ImportRun).where(ImportRun.origin == ORIGIN))
    return removed
