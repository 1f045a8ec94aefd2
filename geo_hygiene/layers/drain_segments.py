"""Drain segments: the stretches of a drain between its nodes, each a target."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.i18n import N_
from geo_hygiene.layers.drains import Drain
from geo_hygiene.layerspec import (
    Attribute,
    FieldType,
    GeometryKind,
    Grouping,
    MapLayer,
    Role,
    Style,
    identity_fields,
    period_fields,
    place_fields,
    work_field,
)
from geo_hygiene.records.targets import Target


class DrainSegment(Target):
    """A simple line from node to node, in the direction of the flow where that is known."""

    __tablename__ = "drain_segment"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    drain_id: Mapped[int | None] = mapped_column(ForeignKey("drain.id"), index=True)
    from_node: Mapped[str | None] = mapped_column(Text)
    to_node: Mapped[str | None] = mapped_column(Text)
    width_mm: Mapped[int | None] = mapped_column(Integer)
    depth_mm: Mapped[int | None] = mapped_column(Integer)

    __mapper_args__ = {"polymorphic_identity": "drain-segments"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="drain-segments",
    title=N_("Drain segments"),
    model=DrainSegment,
    geometry=GeometryKind.LINE,
    key_field="id",
    category=DrainSegment.category,
    grouping=Grouping(model=Drain, reference=DrainSegment.drain_id),
    is_target=True,
    attributes=(
        *identity_fields(DrainSegment, code_aliases=("管段编号", "facilityid", "pipe_id")),
        Attribute(name="drain", title=N_("Drain"), role=Role.GROUP_NAME, aliases=("阴沟", "名称", "沟名", "name")),
        Attribute(name="drain_code", title=N_("Drain code"), role=Role.GROUP_CODE, aliases=("阴沟编号",)),
        Attribute(
            name="from_node",
            title=N_("From node"),
            column=DrainSegment.from_node,
            aliases=("起点", "起点编号", "us_node", "upstream", "from_manhole"),
        ),
        Attribute(
            name="to_node",
            title=N_("To node"),
            column=DrainSegment.to_node,
            aliases=("终点", "终点编号", "ds_node", "downstream", "to_manhole"),
        ),
        Attribute(
            name="width_mm",
            title=N_("Width"),
            column=DrainSegment.width_mm,
            type=FieldType.INTEGER,
            unit="mm",
            minimum=0,
            aliases=("宽", "管径", "diameter"),
        ),
        Attribute(
            name="depth_mm",
            title=N_("Depth"),
            column=DrainSegment.depth_mm,
            type=FieldType.INTEGER,
            unit="mm",
            minimum=0,
            aliases=("深", "depth"),
        ),
        Attribute(name="length_m", title=N_("Length"), role=Role.LENGTH, type=FieldType.NUMBER, unit="m"),
        work_field(),
        *place_fields(),
        *period_fields(DrainSegment),
    ),
    style=Style(
        order=55,
        min_zoom=12,
        merge_below=13,
        visible=False,
        fill="#4E8FA6",
        line="#F4FAFB",
        widths={"": (0.8, 1.5, 2.2, 3.6, 7)},
    ),
)
