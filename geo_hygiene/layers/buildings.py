"""Buildings: a plain background layer."""

from __future__ import annotations

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, FieldType, GeometryKind, MapLayer, Style, identity_fields
from geo_hygiene.records.features import FeatureColumns


class Building(FeatureColumns, Base):
    """The outline of a building."""

    __tablename__ = "building"

    category: Mapped[str | None] = mapped_column(Text)
    storeys: Mapped[int | None] = mapped_column(Integer)
    geom: Mapped[object] = geometry_column("MULTIPOLYGON")
    geom_3857: Mapped[object] = tile_geometry_column("MULTIPOLYGON")


LAYER = MapLayer(
    key="buildings",
    title=N_("Buildings"),
    model=Building,
    geometry=GeometryKind.POLYGON,
    key_field="id",
    category=Building.category,
    attributes=(
        *identity_fields(Building),
        Attribute(name="kind", title=N_("Kind"), column=Building.category, aliases=("类型", "用途", "type", "use")),
        Attribute(
            name="storeys",
            title=N_("Storeys"),
            column=Building.storeys,
            type=FieldType.INTEGER,
            minimum=0,
            aliases=("层数", "楼层", "floors"),
        ),
    ),
    style=Style(order=30, min_zoom=14, fill="#EFE9DF", line="#E2DACD", line_from=15.5),
)
