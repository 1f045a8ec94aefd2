"""Turn the declaration of a layer into the query whose rows an export writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    inspect,
    literal,
    null,
    select,
    table,
    true,
)

from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.areas import Area
from geo_hygiene.layers.cases import Case
from geo_hygiene.layers.duty_zones import DutyZone
from geo_hygiene.layers.works import Work
from geo_hygiene.layerspec import PLACE_ACCURACY, Attribute, MapLayer, Role
from geo_hygiene.records.campaigns import Campaign
from geo_hygiene.records.claims import Claim, ClaimSource, ClaimStretch, Duty
from geo_hygiene.records.people import Assignment, Person, Post
from geo_hygiene.records.targets import POINT_EXTENT, Target

GEOMETRY = "geometry"
PUBLISHED = "published"
_CODES_BETWEEN = ";"

_area_tree = table(
    "area_tree", column("id"), column("group_id"), column("community_id"), column("office_id"), column("zone_class")
)


def layer_rows(layer: MapLayer, on: date | None, plan: str = PUBLISHED) -> Select[*tuple[Any, ...]]:
    """Return the query for a layer: one column for each of its fields under its name, then `geometry` as WKB.

    Parameters
    ----------
    layer
        A layer or a table; a table has no `geometry`.
    on
        The day whose records are wanted; None takes those of every period.
    plan
        Name of the plan of zones that is written.
    """
    source = _Source(layer, on, plan)
    values = [source.value_of(attribute) for attribute in layer.exported]
    columns = [value.label(attribute.name) for value, attribute in zip(values, layer.exported, strict=True)]
    if layer.geometry is not None:
        columns.append(source.shape().label(GEOMETRY))
    return select(*columns).select_from(source.tables).where(*source.conditions()).order_by(*source.order(values))


class _Source:
    """The tables that a layer's fields come from, joined once each."""

    def __init__(self, layer: MapLayer, on: date | None, plan: str) -> None:
        self.plan = plan
        self._layer = layer
        self._on = on
        self._model: Any = layer.model
        self._own: FromClause = inspect(layer.model).selectable
        self.tables: Any = self._own
        self._joined: dict[str, FromClause] = {}

    def value_of(self, attribute: Attribute) -> ColumnElement[Any]:
        """Return what a field holds, in its public form."""
        if attribute.role is not None and attribute.role in _BY_ROLE:
            if attribute.column is not None and attribute.role in _POSITIONS:
                is_line = self.target().c.extent_mm > POINT_EXTENT
                # such a field is of whole millimetres, and is read so
                metres = getattr(self.stretch(), _POSITIONS[attribute.role]) / literal(1000.0)
                return func.coalesce(attribute.column, case((is_line, metres)))
            return _BY_ROLE[attribute.role](self)
        if attribute.column is None:
            raise ValueError(f"the field {attribute.name} of {self._layer.key} has neither a column nor a known role")
        stored: ColumnElement[Any] = attribute.column.property.columns[0]
        if isinstance(stored.type, ARRAY):
            return func.nullif(func.array_to_string(stored, _CODES_BETWEEN), "")
        if attribute.unit == "m" and str(attribute.column.key).endswith("_mm"):
            return self._metres(stored)
        return stored

    def _metres(self, stored: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a position; the end of a line is where the line ends, not the millimetre next to it.

        A reader who cuts the line there then loses nothing, where half of the rounded ends would lie short of it.
        """
        target = self.target()
        is_end = and_(stored == target.c.extent_mm, target.c.extent_mm > POINT_EXTENT)
        return case((is_end, _measured_length(target)), else_=stored / literal(1000.0))

    def shape(self) -> ColumnElement[Any]:
        """Return the geometry as two-dimensional WKB."""
        if self._layer.shape is not None:
            return func.ST_AsBinary(self.claim_source().geom)
        if self._layer.draws is None:
            return func.ST_AsBinary(func.ST_Force2D(self._model.geom.property.columns[0]))
        drawn = LAYERS[self._layer.draws]
        if drawn.grouping is None:
            raise ValueError(f"{drawn.key} has no grouping that {self._layer.key} could be drawn from")
        parts = inspect(drawn.model).selectable
        lines = func.ST_Multi(func.ST_Collect(func.ST_Force2D(Target.__table__.c.geom)))
        reference = drawn.grouping.reference.property.columns[0]
        return (
            select(func.ST_AsBinary(lines))
            .select_from(parts)
            .where(reference == self._own.c.id, *self._holds(Target.__table__))
            .scalar_subquery()
        )

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what keeps the records of the day."""
        if self._layer.is_event:
            return []
        begins = self._layer.with_role(Role.VALID_FROM)
        ends = self._layer.with_role(Role.VALID_TO)
        if begins is not None and ends is not None and begins.column is not None and ends.column is not None:
            kept = self._on_day(begins.column.property.columns[0], ends.column.property.columns[0])
        else:
            kept = self._holds(self._own) if "valid_from" in self._own.c else []
        if self._layer.with_role(Role.SEGMENT) is not None:
            kept += self._holds(self.target())
        if self._layer.draws is not None:
            kept.append(self.shape().is_not(None))
        return kept

    def order(self, values: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """Return an order that is the same at every export of the same records.

        Rows of a table have no identity that outlives an import; they stand in the order of their fields.
        """
        if self._layer.geometry is None:
            return [value.collate("C") if isinstance(value.type, Text) else value for value in values]
        return [next(iter(inspect(self._layer.model).primary_key))]

    def _holds(self, source: Any) -> list[ColumnElement[bool]]:
        return self._on_day(source.c.valid_from, source.c.valid_to)

    def _on_day(self, begins: ColumnElement[Any], ends: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        return [] if self._on is None else [begins <= self._on, ends > self._on]

    def join(self, name: str, other: FromClause, condition: Callable[[Any], ColumnElement[bool]]) -> Any:
        """Return another table, joined under a name of its own."""
        if name not in self._joined:
            joined = other.alias(name)
            self._joined[name] = joined
            self.tables = self.tables.outerjoin(joined, condition(joined))
        return self._joined[name].c

    def place(self) -> Any:
        """Return the codes of the areas that a target lies in, and its zone class."""
        office, community, group = (Area.__table__.alias(level) for level in ("office", "community", "resident_group"))
        codes = (
            select(
                _area_tree.c.id,
                _area_tree.c.zone_class,
                office.c.code.label("office"),
                community.c.code.label("community"),
                group.c.code.label("group"),
            )
            .outerjoin(office, office.c.id == _area_tree.c.office_id)
            .outerjoin(community, community.c.id == _area_tree.c.community_id)
            .outerjoin(group, group.c.id == _area_tree.c.group_id)
            .cte("place")
        )
        return self.join("area_codes", codes, lambda area: area.c.id == self._own_column("area_id"))

    def work(self) -> ColumnElement[Any]:
        """Return the minutes that a target takes a day, by the rules of the day or of its nearest to today."""
        target, width = Target.__table__.c, self._layer.width
        nearest = func.least(func.greatest(func.current_date(), target.valid_from), target.valid_to - 1)
        rule = func.daily_work(
            target.kind,
            target.category,
            self.place().zone_class,
            null() if width is None else width.property.columns[0],
            nearest if self._on is None else self._on,
        ).table_valued("minutes")
        amount = _measured_length(Target.__table__) if self._layer.unit == "m" else literal(POINT_EXTENT)
        minutes = cast(rule.c.minutes, Double) * amount
        return select(cast(func.round(cast(minutes, Numeric), 4), Double)).select_from(rule).scalar_subquery()

    def group(self) -> Any:
        """Return the lane or drain that a segment belongs to."""
        grouping = self._layer.grouping
        if grouping is None:
            raise ValueError(f"{self._layer.key} has no grouping")
        reference = grouping.reference.property.columns[0]
        return self.join("grouping", inspect(grouping.model).selectable, lambda group: group.c.id == reference)

    def parent(self) -> Any:
        """Return the record above this one in its tree."""
        return self.join("parent", self._own, lambda parent: parent.c.id == self._own_column("parent_id"))

    def duty(self) -> Any:
        """Return the duty of a zone."""
        return self.join("duty_of_zone", Duty.__table__, lambda duty: duty.c.id == Claim.__table__.c.duty_id)

    def claim_source(self) -> Any:
        """Return what a zone covers."""
        own = Claim.__table__.c.source_id
        return self.join("source_of_zone", ClaimSource.__table__, lambda source: source.c.id == own)

    def person(self) -> Any:
        """Return the person of a post or assignment."""
        return self.join("holder", Person.__table__, lambda person: person.c.id == self._own_column("person_id"))

    def absent(self) -> Any:
        """Return the person for whom the holder of an assignment stands in."""
        return self.join("absent", Person.__table__, lambda person: person.c.id == self._own_column("stands_in_for"))

    def area(self) -> Any:
        """Return the area of a post."""
        return self.join("area_of_post", Area.__table__, lambda area: area.c.id == Post.__table__.c.area_id)

    def stretch(self) -> Any:
        """Return what names a target: the record itself, or the stretch of work on the segment of its day.

        Work that was done along a lane is told by the lane.
        """
        if "target_id" in self._own.c:
            return self._own.c
        claim, target = Claim.__table__.c, Target.__table__.c
        then = select(target.id).where(target.valid_from <= claim.valid_from, claim.valid_from < target.valid_to)
        lane = self._model.lane.is_(None) if self._layer.model is Work else true()
        return self.join(
            "stretch",
            ClaimStretch.__table__,
            lambda stretch: and_(lane, stretch.c.source_id == claim.source_id, stretch.c.target_id.in_(then)),
        )

    def target(self) -> Any:
        """Return the target of a stretch."""
        own = self.stretch().target_id
        self.join("segment", Target.__table__, lambda target: target.c.id == own)
        return self._joined["segment"]

    def campaign(self) -> ColumnElement[Any]:
        """Return the code of the campaign that an area or a treatment belongs to."""
        if "campaign" in self._own.c:
            return self._own.c.campaign
        own = self._own_column("campaign_id")
        code: ColumnElement[Any] = self.join("campaign", Campaign.__table__, lambda one: one.c.id == own).code
        return code

    def case(self) -> ColumnElement[Any]:
        """Return the id of the case that an event belongs to."""
        own = self._own_column("case_id")
        identity: ColumnElement[Any] = self.join("case", Case.__table__, lambda one: one.c.id == own).uuid
        return identity

    def place_accuracy(self) -> ColumnElement[Any]:
        """Return by how many metres a place may be off that was found by its address."""
        kept: Any = self._own_column("extra")[PLACE_ACCURACY]
        return case((func.jsonb_typeof(kept) == "number", cast(kept.astext, Integer)))

    def metres_of_stretch(self, position: str) -> ColumnElement[Any]:
        """Return where a stretch begins or ends on its target."""
        return self._metres(getattr(self.stretch(), position))

    def zone_code(self) -> ColumnElement[Any]:
        """Return the code of the zone that an assignment names, or whose list a stretch belongs to."""
        if "zone" in self._own.c:
            return self._own.c.zone
        if "zones" not in self._joined:
            zones = inspect(DutyZone).selectable
            self._joined["zones"] = zones
            own = ClaimStretch.__table__.c.source_id
            self.tables = self.tables.join(zones, Claim.__table__.c.source_id == own)
        code: ColumnElement[Any] = DutyZone.__table__.c.code
        return code

    def holders(self) -> ColumnElement[Any]:
        """Return the codes of who holds a zone: on the day, else in any part of the zone's period."""
        held, claim = Assignment.__table__, Claim.__table__
        people = Person.__table__.alias("person_of_assignment")
        codes = select(people.c.code).distinct().join_from(held, people, people.c.id == held.c.person_id)
        codes = codes.where(
            held.c.zone == DutyZone.__table__.c.code,
            held.c.valid_from < claim.c.valid_to,
            held.c.valid_to > claim.c.valid_from,
            *self._holds(held),
        ).correlate(claim, DutyZone.__table__)
        listed = func.array(codes.order_by(people.c.code).scalar_subquery())
        return func.nullif(func.array_to_string(listed, _CODES_BETWEEN), "")

    def _own_column(self, name: str) -> ColumnElement[Any]:
        for own in inspect(self._layer.model).columns:
            if own.name == name:
                return own
        raise ValueError(f"{self._layer.key} has no column {name}")


def _measured_length(target: Any) -> ColumnElement[Any]:
    """Return the geodesic length of a target in metres, to the micrometre."""
    length = func.ST_M(func.ST_EndPoint(target.c.geom))
    return cast(func.round(cast(length, Numeric), 6), Double)


_POSITIONS = {Role.FROM: "from_mm", Role.TO: "to_mm"}
"""Columns of a stretch."""

_BY_ROLE: dict[Role, Callable[[_Source], ColumnElement[Any]]] = {
    Role.GROUP_NAME: lambda source: source.group().name,
    Role.GROUP_CODE: lambda source: source.group().code,
    Role.LENGTH: lambda _source: _measured_length(Target.__table__),
    Role.OFFICE: lambda source: source.place().office,
    Role.COMMUNITY: lambda source: source.place().community,
    Role.RESIDENT_GROUP: lambda source: source.place().group,
    Role.ZONE_CLASS: lambda source: source.place().zone_class,
    Role.PARENT: lambda source: source.parent().code,
    Role.DUTY: lambda source: source.duty().code,
    Role.BASIS: lambda source: source.claim_source().basis,
    Role.PLAN: lambda source: literal(source.plan),
    Role.HOLDERS: lambda source: source.holders(),
    Role.PERSON: lambda source: source.person().code,
    Role.ABSENT: lambda source: source.absent().code,
    Role.AREA: lambda source: source.area().code,
    Role.ZONE: lambda source: source.zone_code(),
    Role.SEGMENT: lambda source: source.target().c.uuid,
    Role.CASE: lambda source: source.case(),
    Role.CAMPAIGN: lambda source: source.campaign(),
    Role.PLACE_ACCURACY: lambda source: source.place_accuracy(),
    Role.FROM: lambda source: source.metres_of_stretch(_POSITIONS[Role.FROM]),
    Role.TO: lambda source: source.metres_of_stretch(_POSITIONS[Role.TO]),
    Role.WORK: lambda source: source.work(),
}
