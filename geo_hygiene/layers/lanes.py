"""Lanes: named streets, made by importing their segments."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, Choice, GeometryKind, Lettering, MapLayer, Style, identity_fields
from geo_hygiene.records.features import FeatureColumns

LANE_CLASSES = (
    Choice(
        value="arterial",
        title=N_("Main road"),
        aliases=("主干道", "主干路", "主路", "大道", "primary", "trunk", "secondary", "main"),
    ),
    Choice(
        value="street", title=N_("Street"), aliases=("次干道", "次干路", "支路", "街道", "街", "路", "tertiary", "road")
    ),
    Choice(value="lane", title=N_("Lane"), aliases=("巷", "街巷", "小巷", "背街", "residential", "unclassified")),
    Choice(
        value="alley",
        title=N_("Alley"),
        aliases=("弄", "里", "里弄", "小路", "service", "footway", "path", "pedestrian"),
    ),
)


class Lane(FeatureColumns, Base):
    """A named street; its course is that of its segments."""

    __tablename__ = "lane"

    name: Mapped[str | None] = mapped_column(Text, index=True)
    category: Mapped[str | None] = mapped_column(Text)


LAYER = MapLayer(
    key="lanes",
    title=N_("Lanes"),
    model=Lane,
    geometry=GeometryKind.LINE,
    key_field="code",
    category=Lane.category,
    label=Lane.name,
    imports=False,
    made_by="street-segments",
    draws="street-segments",
    attributes=(
        *identity_fields(Lane, code_from_zoom=0),
        Attribute(name="name", title=N_("Name"), column=Lane.name, from_zoom=0),
        Attribute(name="category", title=N_("Lane class"), column=Lane.category, choices=LANE_CLASSES, from_zoom=0),
    ),
    style=Style(
        order=90,
        min_zoom=12,
        lettering={
            "arterial": Lettering(color="#2F3B3E", rank=20, from_zoom=13.2, sizes=(11.5, 16), along_line=True),
            "street": Lettering(color="#3D484B", rank=30, from_zoom=14, sizes=(11, 15), along_line=True),
            "lane": Lettering(color="#4F5A5D", rank=40, from_zoom=15.2, sizes=(11, 14), along_line=True),
            "alley": Lettering(color="#5C6669", rank=50, from_zoom=16.4, sizes=(11, 13), along_line=True),
            "": Lettering(color="#475255", rank=35, from_zoom=14.4, sizes=(11, 14.5), along_line=True),
        },
    ),
)
