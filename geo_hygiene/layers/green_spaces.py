"""Green spaces: parks, woods and fields, a quiet background."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, Choice, GeometryKind, MapLayer, Style, identity_fields
from geo_hygiene.records.features import FeatureColumns


class GreenSpace(FeatureColumns, Base):
    """A park, wood, field or verge."""

    __tablename__ = "green_space"

    name: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[object] = geometry_column("MULTIPOLYGON")
    geom_3857: Mapped[object] = tile_geometry_column("MULTIPOLYGON")


LAYER = MapLayer(
    key="green-spaces",
    title=N_("Green spaces"),
    model=GreenSpace,
    geometry=GeometryKind.POLYGON,
    key_field="id",
    category=GreenSpace.category,
    label=GreenSpace.name,
    attributes=(
        *identity_fields(GreenSpace),
        Attribute(name="name", title=N_("Name"), column=GreenSpace.name, aliases=("名称",), from_zoom=0),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=GreenSpace.category,
            aliases=("类型", "类别", "type"),
            from_zoom=0,
            choices=(
                Choice(value="park", title=N_("Park"), aliases=("公园", "绿地", "游园")),
                Choice(value="wood", title=N_("Wood"), aliases=("林地", "树林", "forest")),
                Choice(value="field", title=N_("Farmland"), aliases=("农田", "耕地", "菜地", "farmland")),
                Choice(value="verge", title=N_("Verge"), aliases=("绿化带", "滨江绿地", "grass")),
            ),
        ),
    ),
    style=Style(
        order=15,
        fill="#E4ECD9",
        fills={"wood": "#DBE5CD", "field": "#E8E8D6"},
        line="#D9E2CB",
        lines={"field": "#DEDCC6"},
        line_from=13,
    ),
)
