"""Nodes of drains: manholes, inlets and outlets, each a point target."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    Choice,
    FieldType,
    GeometryKind,
    MapLayer,
    Style,
    coordinate_fields,
    identity_fields,
    period_fields,
    place_fields,
)
from geo_hygiene.records.targets import Target

NODE_KINDS = (
    Choice(value="manhole", title=N_("Manhole"), aliases=("检查井", "窨井", "探测点", "man hole")),
    Choice(
        value="inlet", title=N_("Inlet"), aliases=("雨水口", "雨水篦子", "收水口", "catch basin", "catchbasin", "gully")
    ),
    Choice(value="outlet", title=N_("Outlet"), aliases=("排出口", "排放口", "出水口", "outfall")),
    Choice(value="pump", title=N_("Pumping station"), aliases=("泵站", "提升泵站", "pump station")),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)


class DrainNode(Target):
    """Where a drain can be reached or ends; mosquitoes breed in its water."""

    __tablename__ = "drain_node"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    depth_m: Mapped[float | None] = mapped_column(Numeric(6, 2, asdecimal=False))

    __mapper_args__ = {"polymorphic_identity": "drain-nodes"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="drain-nodes",
    title=N_("Drain nodes"),
    model=DrainNode,
    geometry=GeometryKind.POINT,
    key_field="id",
    category=DrainNode.category,
    label=DrainNode.code,
    is_target=True,
    attributes=(
        *identity_fields(DrainNode, code_aliases=("井号", "点号", "管点编号")),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=DrainNode.category,
            choices=NODE_KINDS,
            aliases=("类型", "附属物", "type", "category"),
            from_zoom=0,
        ),
        Attribute(
            name="depth_m",
            title=N_("Depth"),
            column=DrainNode.depth_m,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            maximum=100,
            aliases=("深度", "井深", "depth"),
        ),
        *place_fields(),
        *coordinate_fields(),
        *period_fields(DrainNode),
    ),
    style=Style(order=68, min_zoom=15, visible=False, fill="#52707A", line="#FFFDF9"),
)
