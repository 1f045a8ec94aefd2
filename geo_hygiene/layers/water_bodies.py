"""Water bodies: rivers, lakes, ponds, canals."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, Choice, GeometryKind, Lettering, MapLayer, Style, identity_fields
from geo_hygiene.records.features import FeatureColumns


class WaterBody(FeatureColumns, Base):
    """A river, lake, pond or canal."""

    __tablename__ = "water_body"

    name: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[object] = geometry_column("MULTIPOLYGON")
    geom_3857: Mapped[object] = tile_geometry_column("MULTIPOLYGON")


LAYER = MapLayer(
    key="water-bodies",
    title=N_("Water bodies"),
    model=WaterBody,
    geometry=GeometryKind.POLYGON,
    key_field="id",
    category=WaterBody.category,
    label=WaterBody.name,
    attributes=(
        *identity_fields(WaterBody),
        Attribute(name="name", title=N_("Name"), column=WaterBody.name, aliases=("名称", "水体名称"), from_zoom=0),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=WaterBody.category,
            aliases=("类型", "类别", "type", "natural", "water"),
            from_zoom=0,
            choices=(
                Choice(value="river", title=N_("River"), aliases=("河流", "河", "江", "溪", "stream")),
                Choice(value="lake", title=N_("Lake"), aliases=("湖", "湖泊", "水库", "reservoir")),
                Choice(value="pond", title=N_("Pond"), aliases=("池塘", "塘", "水塘")),
                Choice(value="canal", title=N_("Canal"), aliases=("沟渠", "渠", "渠道", "ditch")),
            ),
        ),
    ),
    style=Style(
        order=20,
        fill="#CFE0E8",
        line="#AFCAD7",
        labels="water-bodies-labels",
        lettering={
            "river": Lettering(
                color="#3F6C84",
                rank=5,
                from_zoom=12.5,
                sizes=(11, 19),
                spacing=0.35,
                along_line=True,
                every=640,
                halo="#CFE0E8",
            ),
            "": Lettering(color="#3F6C84", rank=55, from_zoom=15, sizes=(11, 14), spacing=0.1, halo="#CFE0E8"),
        },
    ),
)
