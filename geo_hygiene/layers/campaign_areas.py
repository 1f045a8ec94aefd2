"""The areas of campaigns: a campaign that has any reaches what lies in them, and nothing else."""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, GeometryKind, MapLayer, Role, Style, identity_fields
from geo_hygiene.permissions import Permission
from geo_hygiene.records.features import FeatureColumns


class CampaignArea(FeatureColumns, Base):
    """Ground that a campaign works on."""

    __tablename__ = "campaign_area"

    campaign: Mapped[str] = mapped_column(Text, index=True, comment="Code of the campaign")
    name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[object] = geometry_column("MULTIPOLYGON")
    geom_3857: Mapped[object] = tile_geometry_column("MULTIPOLYGON")


LAYER = MapLayer(
    key="campaign-areas",
    needs=Permission.CAMPAIGNS_READ,
    title=N_("Campaign areas"),
    model=CampaignArea,
    geometry=GeometryKind.POLYGON,
    key_field="code",
    attributes=(
        *identity_fields(CampaignArea),
        Attribute(
            name="campaign",
            title=N_("Campaign"),
            column=CampaignArea.campaign,
            role=Role.CAMPAIGN,
            required=True,
            aliases=("活动", "战役", "专项行动"),
            from_zoom=0,
        ),
        Attribute(name="name", title=N_("Name"), column=CampaignArea.name, aliases=("名称", "名字"), from_zoom=0),
    ),
    style=Style(order=38, visible=False, switchable=True, line="#8A5A83"),
)
