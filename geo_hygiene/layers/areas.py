"""The area tree: office, communities or villages, resident groups."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    Choice,
    FieldType,
    GeometryKind,
    Lettering,
    MapLayer,
    Role,
    Style,
    identity_fields,
)
from geo_hygiene.records.features import FeatureColumns

ZONE_CLASSES = (
    Choice(value="core", title=N_("Urban core"), aliases=("核心区", "城区", "主城区", "建成区")),
    Choice(value="fringe", title=N_("Urban-rural fringe"), aliases=("城乡结合部", "边缘区")),
    Choice(value="urban_village", title=N_("Urban village"), aliases=("城中村", "urban village")),
)


class Area(FeatureColumns, Base):
    """An office, a community or a resident group."""

    __tablename__ = "area"

    name: Mapped[str | None] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    zone_class: Mapped[str | None] = mapped_column(Text, comment="Null: that of the area above")
    population: Mapped[int | None] = mapped_column(Integer)
    timezone: Mapped[str] = mapped_column(Text, server_default="Asia/Shanghai")
    geom: Mapped[object] = geometry_column("MULTIPOLYGON", searched=True)
    geom_3857: Mapped[object] = tile_geometry_column("MULTIPOLYGON")

    __table_args__ = (
        CheckConstraint("level in ('office', 'community', 'group')", name="level"),
        CheckConstraint("valid_from < valid_to", name="period"),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geometry"),
        CheckConstraint("population >= 0", name="population"),
        Index("ix_area_level", "level", "valid_from", "valid_to", postgresql_include=["id", "code", "population"]),
    )


LAYER = MapLayer(
    key="areas",
    title=N_("Areas"),
    model=Area,
    geometry=GeometryKind.POLYGON,
    key_field="code",
    category=Area.level,
    label=Area.name,
    attributes=(
        *identity_fields(Area, code_aliases=("社区编号", "区划代码"), code_from_zoom=0),
        Attribute(
            name="name",
            title=N_("Name"),
            column=Area.name,
            aliases=("名称", "社区名称", "社区", "居民组", "community"),
            from_zoom=0,
        ),
        Attribute(
            name="level",
            title=N_("Level"),
            column=Area.level,
            required=True,
            aliases=("级别", "层级", "类型", "type"),
            from_zoom=0,
            choices=(
                Choice(value="office", title=N_("Office"), aliases=("街道办事处", "街道", "办事处", "镇", "乡")),
                Choice(value="community", title=N_("Community or village"), aliases=("社区", "村", "village")),
                Choice(
                    value="group", title=N_("Resident group"), aliases=("居民组", "居民小组", "小组", "resident_group")
                ),
            ),
        ),
        Attribute(
            name="parent",
            title=N_("Belongs to"),
            column=Area.parent_id,
            role=Role.PARENT,
            aliases=("上级", "所属", "上级编号"),
        ),
        Attribute(
            name="zone_class",
            title=N_("Zone class"),
            column=Area.zone_class,
            choices=ZONE_CLASSES,
            aliases=("区域类别", "分区", "片区类型"),
            from_zoom=0,
        ),
        Attribute(
            name="population",
            title=N_("Residents"),
            column=Area.population,
            type=FieldType.INTEGER,
            minimum=0,
            aliases=("人口", "常住人口", "人数", "people"),
        ),
    ),
    style=Style(
        order=10,
        fill="#FBF9F5",
        line="#8A6F4E",
        borders="area-borders",
        borders_order=18,
        main_borders=("office", "community"),
        labels="area-labels",
        lettering={
            "community": Lettering(
                color="#6E5434", rank=10, from_zoom=12, until_zoom=16.6, sizes=(12.5, 21), spacing=0.14
            ),
            "group": Lettering(color="#7A6448", rank=60, from_zoom=15.6, sizes=(11, 14), spacing=0.06),
        },
    ),
)
