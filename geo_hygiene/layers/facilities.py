"""Facilities: public toilets, bins, markets and other places, each a point target."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    Choice,
    GeometryKind,
    Lettering,
    MapLayer,
    Style,
    address_field,
    address_fields,
    coordinate_fields,
    identity_fields,
    period_fields,
    place_fields,
    work_field,
)
from geo_hygiene.records.targets import Target

FACILITY_KINDS = (
    Choice(value="public_toilet", title=N_("Public toilet"), aliases=("公共厕所", "公厕", "厕所", "toilet")),
    Choice(value="bin", title=N_("Bin"), aliases=("垃圾桶", "垃圾箱", "果皮箱", "trash_can")),
    Choice(value="transfer_station", title=N_("Transfer station"), aliases=("垃圾中转站", "中转站", "转运站")),
    Choice(value="market", title=N_("Market"), aliases=("市场", "菜市场", "农贸市场")),
    Choice(value="school", title=N_("School"), aliases=("学校", "小学", "中学", "幼儿园")),
    Choice(value="restaurant", title=N_("Restaurant"), aliases=("餐馆", "餐饮店", "饭店")),
    Choice(value="well", title=N_("Well"), aliases=("水井", "井")),
    Choice(
        value="noticeboard", title=N_("Noticeboard"), aliases=("宣传栏", "公示栏", "健康教育宣传栏", "黑板报", "阅报栏")
    ),
    Choice(value="clinic", title=N_("Clinic"), aliases=("卫生服务站", "诊所", "医院")),
    Choice(value="park", title=N_("Park"), aliases=("公园", "游园")),
    Choice(value="culture_room", title=N_("Culture room"), aliases=("文化室", "文化活动室", "文化站", "文化活动中心")),
    Choice(value="library", title=N_("Library"), aliases=("图书室", "图书馆", "农家书屋", "阅览室", "社区书屋")),
    Choice(
        value="fitness_ground",
        title=N_("Fitness ground"),
        aliases=("健身场地", "健身点", "健身广场", "体育健身场地", "健身场所"),
    ),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)


class Facility(Target):
    """A place of the city that needs care or belongs on the map."""

    __tablename__ = "facility"

    id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, index=True)
    name: Mapped[str | None] = mapped_column(Text)

    __mapper_args__ = {"polymorphic_identity": "facilities"}  # noqa: RUF012 - SQLAlchemy's own form


LAYER = MapLayer(
    key="facilities",
    title=N_("Facilities"),
    model=Facility,
    geometry=GeometryKind.POINT,
    key_field="id",
    category=Facility.category,
    label=Facility.name,
    is_target=True,
    attributes=(
        *identity_fields(Facility),
        Attribute(name="name", title=N_("Name"), column=Facility.name, aliases=("名称", "名字"), from_zoom=15),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=Facility.category,
            choices=FACILITY_KINDS,
            aliases=("类型", "类别", "种类", "type", "category"),
            from_zoom=0,
        ),
        work_field(),
        *address_fields(),
        address_field(),
        *place_fields(),
        *coordinate_fields(),
        *period_fields(Facility),
    ),
    style=Style(
        order=75,
        min_zoom=13,
        visible=False,
        fill="#5A7F86",
        fills={
            "public_toilet": "#3E7CA6",
            "bin": "#6B7F4B",
            "transfer_station": "#8A6A2F",
            "market": "#B0703A",
            "school": "#7D6AA8",
            "clinic": "#A9556A",
        },
        line="#FFFDF9",
        signs={
            "public_toilet": "persons",
            "bin": "bin",
            "transfer_station": "truck",
            "market": "basket",
            "school": "cap",
            "restaurant": "bowl",
            "well": "drop",
            "noticeboard": "board",
            "clinic": "cross",
            "park": "tree",
            "culture_room": "note",
            "library": "book",
            "fitness_ground": "weights",
            "": "dot",
        },
        lettering={
            kind: Lettering(color="#4A5558", rank=75, from_zoom=15.5, sizes=(11, 13))
            for kind in ("market", "school", "clinic", "park", "culture_room", "library", "transfer_station")
        }
        | {"": Lettering(color="#5C6669", rank=80, from_zoom=17, sizes=(11, 13))},
    ),
)
