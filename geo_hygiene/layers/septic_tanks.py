"""Septic tanks, each a point target."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    FieldType,
    GeometryKind,
    MapLayer,
    Role,
    Style,
    address_fields,
    coordinate_fields,
    identity_fields,
    period_fields,
    place_fields,
    work_field,
)
from geo_hygiene.records.targets import Target


class SepticTank(Target):
    """A tank that must be emptied now and then."""

    __tablename__ = "septic_tank"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    name: Mapped[str | None] = mapped_column(Text)
    volume_m3: Mapped[float | None] = mapped_column(Numeric(8, 2, asdecimal=False))
    households: Mapped[int | None] = mapped_column(Integer)

    __mapper_args__ = {"polymorphic_identity": "septic-tanks"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="septic-tanks",
    title=N_("Septic tanks"),
    model=SepticTank,
    geometry=GeometryKind.POINT,
    key_field="id",
    category=SepticTank.category,
    label=SepticTank.code,
    is_target=True,
    attributes=(
        *identity_fields(SepticTank, code_aliases=("化粪池编号",), code_from_zoom=14),
        Attribute(
            name="name",
            title=N_("Name"),
            column=SepticTank.name,
            role=Role.ADDRESS,
            aliases=("名称", "位置", "地址", "address"),
        ),
        Attribute(
            name="volume_m3",
            title=N_("Volume"),
            column=SepticTank.volume_m3,
            type=FieldType.NUMBER,
            unit="m³",
            minimum=0,
            aliases=("容积", "体积", "volume"),
        ),
        Attribute(
            name="households",
            title=N_("Households"),
            column=SepticTank.households,
            type=FieldType.INTEGER,
            minimum=0,
            aliases=("户数",),
        ),
        work_field(),
        *address_fields(),
        *place_fields(),
        *coordinate_fields(),
        *period_fields(SepticTank),
    ),
    style=Style(order=70, min_zoom=13, visible=False, fill="#7A6A58", line="#FFFDF9"),
)
