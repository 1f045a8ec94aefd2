"""Units: offices, companies, schools and other bodies that sign for their ground, each a point target."""

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

UNIT_KINDS = (
    Choice(value="authority", title=N_("Authority"), aliases=("机关", "行政机关", "政府机关")),
    Choice(value="institution", title=N_("Public institution"), aliases=("事业单位",)),
    Choice(value="company", title=N_("Company"), aliases=("企业", "公司", "厂矿")),
    Choice(value="school", title=N_("School"), aliases=("学校", "小学", "中学", "幼儿园")),
    Choice(value="hospital", title=N_("Hospital"), aliases=("医院", "卫生院")),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)


class Unit(Target):
    """A body that keeps its own ground clean together with the office (共驻共建)."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    name: Mapped[str | None] = mapped_column(Text)
    lane: Mapped[str | None] = mapped_column(Text)
    house_number: Mapped[str | None] = mapped_column(Text)

    __mapper_args__ = {"polymorphic_identity": "units"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="units",
    title=N_("Units"),
    model=Unit,
    geometry=GeometryKind.POINT,
    key_field="id",
    category=Unit.category,
    label=Unit.name,
    is_target=True,
    attributes=(
        *identity_fields(Unit),
        Attribute(name="name", title=N_("Name"), column=Unit.name, aliases=("名称", "单位名称", "单位")),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=Unit.category,
            choices=UNIT_KINDS,
            aliases=("类型", "类别", "单位性质", "type", "category"),
            from_zoom=0,
        ),
        *address_fields(Unit),
        address_field(),
        *place_fields(),
        *coordinate_fields(),
        *period_fields(Unit),
    ),
    style=Style(order=72, min_zoom=15, visible=False, fill="#7D6AA8", line="#FFFDF9"),
)
