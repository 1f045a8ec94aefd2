"""Take out what imports brought, known by their runs, unless something else rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    Text,
    any_,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from geo_hygiene.coverage.inheriting import inherited
from geo_hygiene.database import Base
from geo_hygiene.layers.activities import Activity
from geo_hygiene.layers.areas import Area
from geo_hygiene.layers.buildings import Building
from geo_hygiene.layers.campaign_areas import CampaignArea
from geo_hygiene.layers.cases import Case
from geo_hygiene.layers.drain_segments import DrainSegment
from geo_hygiene.layers.drains import Drain
from geo_hygiene.layers.duty_zones import DutyZone
from geo_hygiene.layers.estates import Estate
from geo_hygiene.layers.frontages import Frontage
from geo_hygiene.layers.green_spaces import GreenSpace
from geo_hygiene.layers.lanes import Lane
from geo_hygiene.layers.street_segments import StreetSegment
from geo_hygiene.layers.treatments import Treatment
from geo_hygiene.layers.water_bodies import WaterBody
from geo_hygiene.records.campaigns import Campaign
from geo_hygiene.records.claims import Claim, ClaimSource, ClaimStretch, Duty, Scope
from geo_hygiene.records.drafts import Draft, DraftZone
from geo_hygiene.records.imports import SourceRow
from geo_hygiene.records.people import Assignment, Person, Post
from geo_hygiene.records.targets import Target, TargetParent
from geo_hygiene.records.work_rules import WorkRule
from geo_hygiene.records.years import AwarenessSurvey, Honour, Letter

RECORDS: Sequence[type[Base]] = (
    Case,
    Activity,
    Letter,
    AwarenessSurvey,
    Honour,
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
    Estate,
    CampaignArea,
    WorkRule,
)
"""What imports bring, in an order in which it can go: each before what it names."""


@dataclass(frozen=True)
class Removal:
    """What some imports brought, on its way out.

    Attributes
    ----------
    runs
        The ids of the import runs.
    """

    runs: Select[Any]

    def resting(self, connection: Connection) -> list[str]:
        """Return the names of other records that name, hold or continue what was brought."""
        found = [str(name) for question in self._resting() for name in connection.scalars(question)]
        return [*found, *self._resting_claims(connection)]

    def _resting_claims(self, connection: Connection) -> list[str]:
        """Return zones, drafts and campaigns that say of targets that were brought what no target before them says."""
        target, claim, zone, work = _table(Target), _table(Claim), _table(DutyZone), _table(Treatment)
        campaign, stretch, drawn = _table(Campaign), _table(ClaimStretch), _table(DraftZone)
        stretches = connection.execute(
            select(
                func.coalesce(zone.c.code, campaign.c.code, cast(claim.c.uuid, Text)),
                stretch.c.source_id,
                stretch.c.target_id,
                stretch.c.from_mm,
                stretch.c.to_mm,
            )
            .select_from(claim)
            .join(stretch, stretch.c.source_id == claim.c.source_id)
            .join(target, target.c.id == stretch.c.target_id)
            .outerjoin(zone, zone.c.id == claim.c.id)
            .outerjoin(work, work.c.id == claim.c.id)
            .outerjoin(campaign, campaign.c.id == work.c.campaign_id)
            .where(self._is_other(Claim), self._is_brought(Target))
            .order_by(claim.c.id, stretch.c.id)
        ).all()
        drafted = connection.execute(
            select(
                func.concat(Draft.name, " · ", drawn.c.code),
                stretch.c.source_id,
                stretch.c.target_id,
                stretch.c.from_mm,
                stretch.c.to_mm,
            )
            .select_from(drawn)
            .join(_table(Draft), Draft.id == drawn.c.draft_id)
            .join(stretch, stretch.c.source_id == drawn.c.source_id)
            .join(target, target.c.id == stretch.c.target_id)
            .where(self._is_brought(Target))
            .order_by(Draft.id, drawn.c.code, stretch.c.id)
        ).all()
        listed = [*stretches, *drafted]
        handed_on = inherited(connection, {row.target_id for row in listed})
        return list(dict.fromkeys(str(name) for name, *said in listed if tuple(said) not in handed_on))

    def remove(self, connection: Connection) -> int:
        """Remove the records; return how many there were.

        The caller holds the locks of all writers, knows that nothing rests on them, and brings in line what is kept.
        """
        target, area = _table(Target), _table(Area)
        areas = select(area.c.id).where(self._is_brought(Area))
        connection.execute(
            update(target).where(self._is_other(Target), target.c.area_id.in_(areas)).values(area_id=None)
        )
        claim, lists = _table(Claim), _table(ClaimSource)
        sources = list(connection.scalars(select(claim.c.source_id).where(self._is_brought(Claim))))
        removed = 0
        for model in RECORDS:
            removed += connection.execute(delete(_table(model)).where(self._is_brought(model))).rowcount
        held = exists().where(claim.c.source_id == lists.c.id)
        empty = ~exists().where(ClaimStretch.source_id == lists.c.id)
        gone = lists.c.id == any_(literal(sources, ARRAY(Integer)))
        connection.execute(delete(lists).where(~held, or_(gone, empty)))
        connection.execute(delete(_table(SourceRow)).where(self._is_brought(SourceRow)))
        return removed

    def _is_brought(self, table: type[Base]) -> ColumnElement[bool]:
        return _table(table).c.import_id.in_(self.runs)

    def _is_other(self, table: type[Base]) -> ColumnElement[bool]:
        return or_(_table(table).c.import_id.is_(None), ~self._is_brought(table))

    def _resting(self) -> list[Select[Any]]:
        """Return questions for the names of other records that name, hold or continue what was brought."""
        area = _table(Area)
        areas = select(area.c.id).where(self._is_brought(Area))
        return [
            select(func.coalesce(area.c.code, area.c.name))
            .where(self._is_other(Area), area.c.parent_id.in_(areas))
            .order_by(area.c.id),
            self._members(StreetSegment, StreetSegment.lane_id, Lane),
            self._members(DrainSegment, DrainSegment.drain_id, Drain),
            self._resting_targets(areas),
            self._resting_drafts(),
            *self._resting_years(areas),
            *self._resting_people(areas),
            select(Campaign.code)
            .join(Treatment, Treatment.campaign_id == Campaign.id)
            .where(self._is_other(Claim), self._is_brought(Campaign))
            .distinct()
            .order_by(Campaign.code),
            select(Duty.code)
            .join(Scope, Scope.duty_id == Duty.id)
            .where(exists().where(area.c.id == func.any(Scope.area_ids), self._is_brought(Area)))
            .order_by(Scope.id),
        ]

    def _resting_targets(self, areas: Select[Any]) -> Select[Any]:
        target = _table(Target)
        targets = select(target.c.id).where(self._is_brought(Target))
        continues = exists().where(TargetParent.child_id == target.c.id, TargetParent.parent_id.in_(targets))
        return (
            select(func.concat(target.c.kind, " ", target.c.uuid))
            .where(self._is_other(Target), or_(target.c.area_by_hand & target.c.area_id.in_(areas), continues))
            .order_by(target.c.id)
        )

    def _resting_drafts(self) -> Select[Any]:
        """Return the question for zones of drafts that have the list of a zone which was brought, or name people."""
        claim, drawn = _table(Claim), _table(DraftZone)
        shared = exists().where(claim.c.source_id == drawn.c.source_id, self._is_brought(Claim))
        people = exists().where(_table(Person).c.id == func.any(drawn.c.person_ids), self._is_brought(Person))
        return (
            select(func.concat(Draft.name, " · ", drawn.c.code))
            .join(drawn, drawn.c.draft_id == Draft.id)
            .where(or_(shared, people))
            .order_by(Draft.id, drawn.c.code)
        )

    def _resting_years(self, areas: Select[Any]) -> list[Select[Any]]:
        """Return questions for activities, letters, surveys and honours of places that were brought."""
        area, target, door, estate = _table(Area), _table(Target), _table(Frontage), _table(Estate)
        targets = select(target.c.id).where(self._is_brought(Target))
        codes = select(area.c.code).where(area.c.id.in_(areas))
        doors = select(door.c.code).where(door.c.id.in_(targets))
        estates = select(estate.c.code).where(self._is_brought(Estate))
        in_areas = exists().where(area.c.id.in_(areas), area.c.code == func.any(Activity.areas))
        return [
            select(func.coalesce(Activity.external_id, cast(Activity.uuid, Text)))
            .where(self._is_other(Activity), or_(Activity.target_id.in_(targets), in_areas))
            .order_by(Activity.id),
            select(func.concat(target.c.kind, " ", target.c.uuid))
            .join(Letter, Letter.target_id == target.c.id)
            .where(self._is_other(Letter), self._is_brought(Target))
            .distinct(),
            select(func.concat(AwarenessSurvey.area, " · ", AwarenessSurvey.held_on))
            .where(self._is_other(AwarenessSurvey), AwarenessSurvey.area.in_(codes))
            .order_by(AwarenessSurvey.id),
            select(func.concat(Honour.holder, " · ", Honour.year))
            .where(self._is_other(Honour), Honour.holder.in_(union_all(codes, doors, estates)))
            .order_by(Honour.id),
        ]

    def _resting_people(self, areas: Select[Any]) -> list[Select[Any]]:
        area, claim, zone = _table(Area), _table(Claim), _table(DutyZone)
        people = select(Person.id).where(self._is_brought(Person))
        zones = (
            select(zone.c.code)
            .join(claim, claim.c.id == zone.c.id)
            .group_by(zone.c.code)
            .having(func.bool_and(func.coalesce(self._is_brought(Claim), False)))
        )
        above = area.alias()
        return [
            select(func.concat(Assignment.zone, " · ", Person.code))
            .join(Person, Person.id == Assignment.person_id)
            .where(
                self._is_other(Assignment),
                or_(Person.id.in_(people), Assignment.stands_in_for.in_(people), Assignment.zone.in_(zones)),
            )
            .order_by(Assignment.id),
            select(func.concat(Person.code, " · ", area.c.code))
            .select_from(Post)
            .join(Person, Person.id == Post.person_id)
            .join(area, area.c.id == Post.area_id)
            .where(self._is_other(Post), or_(Person.id.in_(people), area.c.id.in_(areas)))
            .order_by(Post.id),
            select(Person.code)
            .where(self._is_other(Person), Person.community.in_(select(above.c.code).where(above.c.id.in_(areas))))
            .order_by(Person.id),
        ]

    def _members(self, model: type[Base], reference: Any, group: type[Base]) -> Select[Any]:
        """Return the question for other segments of a lane or drain."""
        target, own = _table(Target), _table(model)
        groups = select(_table(group).c.id).where(self._is_brought(group))
        name = func.concat(target.c.kind, " ", func.coalesce(own.c.code, cast(target.c.uuid, Text)))
        joined = own.join(target, target.c.id == own.c.id)
        return (
            select(name).select_from(joined).where(self._is_other(Target), reference.in_(groups)).order_by(target.c.id)
        )


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]
