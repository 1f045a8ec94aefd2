"""Drains: the covered channels of a lane, made by importing their segments."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, GeometryKind, Lettering, MapLayer, Style, identity_fields
from geo_hygiene.records.features import FeatureColumns


class Drain(FeatureColumns, Base):
    """A drain; its course is that of its segments."""

    __tablename__ = "drain"

    name: Mapped[str | None] = mapped_column(Text, index=True)


LAYER = MapLayer(
    key="drains",
    title=N_("Drains"),
    model=Drain,
    geometry=GeometryKind.LINE,
    key_field="code",
    label=Drain.name,
    imports=False,
    made_by="drain-segments",
    draws="drain-segments",
    attributes=(
        *identity_fields(Drain, code_from_zoom=0),
        Attribute(name="name", title=N_("Name"), column=Drain.name, from_zoom=0),
    ),
    style=Style(
        order=91,
        min_zoom=14,
        visible=False,
        lettering={"": Lettering(color="#2C6478", rank=70, from_zoom=15.5, sizes=(11, 13), along_line=True)},
    ),
)
