"""Frontages: the households and shops along the lanes, each a point target with an address."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    Choice,
    GeometryKind,
    MapLayer,
    Style,
    address_field,
    address_fields,
    coordinate_fields,
    identity_fields,
    period_fields,
    place_fields,
)
from geo_hygiene.records.targets import Target

FRONTAGE_KINDS = (
    Choice(value="household", title=N_("Household"), aliases=("住户", "居民户", "家庭", "户")),
    Choice(value="shop", title=N_("Shop"), aliases=("商户", "门店", "店铺", "门面", "经营户")),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)


class Frontage(Target):
    """A door on a lane, whose people sign for the ground before it."""

    __tablename__ = "frontage"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    name: Mapped[str | None] = mapped_column(Text)
    lane: Mapped[str | None] = mapped_column(Text)
    house_number: Mapped[str | None] = mapped_column(Text)

    __mapper_args__ = {"polymorphic_identity": "frontages"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="frontages",
    title=N_("Frontages"),
    model=Frontage,
    geometry=GeometryKind.POINT,
    key_field="id",
    category=Frontage.category,
    label=Frontage.name,
    is_target=True,
    attributes=(
        *identity_fields(Frontage),
        Attribute(name="name", title=N_("Name"), column=Frontage.name, aliases=("名称", "店名", "商户名称")),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=Frontage.category,
            choices=FRONTAGE_KINDS,
            aliases=("类型", "类别", "type", "category"),
            from_zoom=0,
        ),
        *address_fields(Frontage),
        address_field(),
        *place_fields(),
        *coordinate_fields(),
        *period_fields(Frontage),
    ),
    style=Style(
        order=69,
        min_zoom=16,
        visible=False,
        fill="#9A8F7E",
        fills={"household": "#9A8F7E", "shop": "#B0703A"},
        line="#FFFDF9",
    ),
)
