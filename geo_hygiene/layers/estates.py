"""Estates: housing compounds, whose own staff sweep inside them."""

from __future__ import annotations

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, FieldType, GeometryKind, Lettering, MapLayer, Style, identity_fields
from geo_hygiene.records.features import FeatureColumns


class Estate(FeatureColumns, Base):
    """The ground of a housing compound."""

    __tablename__ = "estate"

    name: Mapped[str | None] = mapped_column(Text)
    households: Mapped[int | None] = mapped_column(Integer)
    residents: Mapped[int | None] = mapped_column(Integer)
    manager: Mapped[str | None] = mapped_column(Text, comment="Company that manages it")
    geom: Mapped[object] = geometry_column("MULTIPOLYGON")
    geom_3857: Mapped[object] = tile_geometry_column("MULTIPOLYGON")


LAYER = MapLayer(
    key="estates",
    title=N_("Estates"),
    model=Estate,
    geometry=GeometryKind.POLYGON,
    key_field="id",
    label=Estate.name,
    attributes=(
        *identity_fields(Estate),
        Attribute(
            name="name", title=N_("Name"), column=Estate.name, aliases=("名称", "小区名称", "小区"), from_zoom=15
        ),
        Attribute(
            name="households",
            title=N_("Households"),
            column=Estate.households,
            type=FieldType.INTEGER,
            minimum=0,
            aliases=("户数", "总户数"),
        ),
        Attribute(
            name="residents",
            title=N_("Residents"),
            column=Estate.residents,
            type=FieldType.INTEGER,
            minimum=0,
            aliases=("人口", "居民人数", "population"),
        ),
        Attribute(
            name="manager",
            title=N_("Manager"),
            column=Estate.manager,
            aliases=("物业公司", "物业", "物业企业", "company"),
        ),
    ),
    style=Style(
        order=25,
        min_zoom=14,
        visible=False,
        fill="#EDE6F2",
        line="#B9A9C9",
        lettering={"": Lettering(color="#6B5A7E", rank=78, from_zoom=16, sizes=(11, 13))},
    ),
)
