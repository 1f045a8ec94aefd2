"""Duty zones: who looks after which stretches; the list is the truth, the polygon its picture."""

from __future__ import annotations

from sqlalchemy import ForeignKey, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    Choice,
    FieldType,
    GeometryKind,
    MapLayer,
    Role,
    Style,
    Undo,
    identity_fields,
    period_fields,
)
from geo_hygiene.records.claims import Claim

SHIFTS = (
    Choice(value="all-day", title=N_("All day"), aliases=("全天", "全日", "allday", "day")),
    Choice(value="morning", title=N_("Morning"), aliases=("早班", "上午", "am")),
    Choice(value="afternoon", title=N_("Afternoon"), aliases=("中班", "下午", "晚班", "pm")),
    Choice(value="night", title=N_("Night"), aliases=("夜班", "夜间")),
)

SHIFT_ALIASES = ("班次", "时段")


class DutyZone(Claim):
    """One person's or team's share of a duty, for a period."""

    __tablename__ = "duty_zone"

    id: Mapped[int] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str | None] = mapped_column(Text)
    tint: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="Colour 0 to 7, unlike its neighbours'")
    geom: Mapped[object | None] = geometry_column("MULTIPOLYGON", nullable=True)
    geom_3857: Mapped[object | None] = tile_geometry_column("MULTIPOLYGON")

    __mapper_args__ = {"polymorphic_identity": "duty-zones"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="duty-zones",
    undo=Undo.NEW,
    title=N_("Duty zones"),
    model=DutyZone,
    geometry=GeometryKind.POLYGON,
    key_field="code",
    label=DutyZone.code,
    tint=DutyZone.tint,
    attributes=(
        *identity_fields(DutyZone, code_aliases=("责任区编号", "片区编号", "zone"), code_from_zoom=0),
        Attribute(name="name", title=N_("Name"), column=DutyZone.name, aliases=("名称", "责任区", "片区"), from_zoom=0),
        Attribute(name="duty", title=N_("Duty"), column=DutyZone.duty_id, role=Role.DUTY, aliases=("职责", "责任类型")),
        Attribute(name="shift", title=N_("Shift"), column=DutyZone.shift, choices=SHIFTS, aliases=SHIFT_ALIASES),
        Attribute(name="basis", title=N_("Basis"), role=Role.BASIS),
        Attribute(name="plan", title=N_("Plan"), role=Role.PLAN),
        *period_fields(DutyZone),
        Attribute(
            name="version", title=N_("Version"), column=DutyZone.version, role=Role.VERSION, type=FieldType.INTEGER
        ),
        Attribute(
            name="holders",
            title=N_("Holders"),
            role=Role.HOLDERS,
            type=FieldType.CODES,
            aliases=("保洁员", "责任人", "负责人", "holder", "cleaner", "person"),
        ),
    ),
    style=Style(order=40, min_zoom=10, visible=False, labels="duty-zone-labels"),
)
