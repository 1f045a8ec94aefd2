"""Street segments: the stretches of a lane between junctions, each a target."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Numeric, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.i18n import N_
from geo_hygiene.layers.areas import ZONE_CLASSES
from geo_hygiene.layers.lanes import LANE_CLASSES, Lane
from geo_hygiene.layerspec import (
    Attribute,
    FieldType,
    GeometryKind,
    Grouping,
    MapLayer,
    Role,
    Style,
    period_fields,
    place_fields,
    work_field,
)
from geo_hygiene.records.targets import Target


class StreetSegment(Target):
    """A simple line from junction to junction."""

    __tablename__ = "street_segment"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(index=True)
    lane_id: Mapped[int | None] = mapped_column(ForeignKey("lane.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), comment="Bridge 1, tunnel -1")
    width_m: Mapped[float | None] = mapped_column(Numeric(6, 2, asdecimal=False))

    __mapper_args__ = {"polymorphic_identity": "street-segments"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="street-segments",
    title=N_("Street segments"),
    model=StreetSegment,
    geometry=GeometryKind.LINE,
    key_field="id",
    category=StreetSegment.category,
    grouping=Grouping(model=Lane, reference=StreetSegment.lane_id, category=Lane.category),
    width=StreetSegment.width_m,
    is_target=True,
    nodes_crossings=True,
    attributes=(
        Attribute(
            name="id", title=N_("Id"), column=StreetSegment.uuid, role=Role.UUID, type=FieldType.UUID, from_zoom=14
        ),
        Attribute(
            name="code",
            title=N_("Code"),
            column=StreetSegment.code,
            role=Role.CODE,
            aliases=("编号", "路段编号", "segment_code"),
        ),
        Attribute(
            name="lane",
            title=N_("Lane"),
            role=Role.GROUP_NAME,
            aliases=(
                "name",
                "名称",
                "路名",
                "街巷",
                "街巷名称",
                "道路名称",
                "street",
                "road",
                "road_name",
                "street_name",
            ),
        ),
        Attribute(
            name="lane_code", title=N_("Lane code"), role=Role.GROUP_CODE, aliases=("街巷编号", "道路编号", "road_code")
        ),
        Attribute(
            name="category",
            title=N_("Lane class"),
            column=StreetSegment.category,
            choices=LANE_CLASSES,
            aliases=("等级", "道路等级", "类别", "class", "highway", "road_class"),
            from_zoom=0,
        ),
        Attribute(
            name="level",
            title=N_("Level (bridge 1, tunnel -1)"),
            column=StreetSegment.level,
            type=FieldType.INTEGER,
            minimum=-5,
            maximum=5,
            aliases=("层", "层级", "z_level"),
            from_zoom=14,
        ),
        Attribute(name="length_m", title=N_("Length"), role=Role.LENGTH, type=FieldType.NUMBER, unit="m"),
        work_field(),
        Attribute(name="zone_class", title=N_("Zone class"), role=Role.ZONE_CLASS, choices=ZONE_CLASSES),
        *place_fields(),
        Attribute(
            name="width_m",
            title=N_("Width"),
            column=StreetSegment.width_m,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            maximum=200,
            aliases=("宽度", "路宽", "width"),
        ),
        *period_fields(StreetSegment),
    ),
    style=Style(
        order=50,
        min_zoom=9,
        merge_below=13,
        fill="#FFFEFB",
        line="#D6CEC0",
        widths={
            "arterial": (1.4, 3, 6, 15, 44),
            "street": (0.9, 2, 4.2, 10.5, 32),
            "lane": (0.5, 1.15, 2.7, 7, 22),
            "alley": (0.4, 0.9, 2, 5, 15),
            "": (0.7, 1.6, 3.4, 8.8, 27),  # offices' own files often have no classes
        },
        switchable=False,
    ),
)
