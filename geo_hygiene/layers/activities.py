"""Activities: clean-up days, publicity, training, notices, and exposure by those above; each with its day and reach."""

from __future__ import annotations

import uuid as uuid_module
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.database import Base, geometry_column, import_column
from geo_hygiene.i18n import N_
from geo_hygiene.layers.tables import EMPLOYMENTS, ROLES
from geo_hygiene.layerspec import Attribute, Choice, FieldType, GeometryKind, MapLayer, Role, Undo, coordinate_fields
from geo_hygiene.permissions import Permission

KINDS = (
    Choice(
        value="cleanup",
        title=N_("Clean-up day"),
        aliases=("清洁日", "大扫除", "卫生大扫除", "环境卫生整治", "义务劳动", "集中整治", "清洁活动"),
    ),
    Choice(value="show", title=N_("Stage show"), aliases=("文艺演出", "演出", "专场演出", "文艺汇演", "宣传演出")),
    Choice(value="troupe", title=N_("Troupe"), aliases=("宣传队", "文艺宣传队", "文艺队", "腰鼓队", "秧歌队")),
    Choice(value="banner", title=N_("Banners"), aliases=("横幅", "标语", "悬挂横幅", "宣传横幅", "宣传标语")),
    Choice(value="vehicle-tour", title=N_("Vehicle tour"), aliases=("宣传车", "宣传车巡回", "流动宣传车")),
    Choice(value="leaflet", title=N_("Leaflets"), aliases=("传单", "宣传单", "宣传资料", "发放资料", "宣传册")),
    Choice(value="training", title=N_("Training"), aliases=("培训", "讲座", "健康讲座", "培训班", "健康教育课")),
    Choice(
        value="noticeboard",
        title=N_("Noticeboard updated"),
        aliases=("宣传栏", "宣传栏更新", "更换宣传栏", "黑板报", "板报"),
    ),
    Choice(
        value="exposure",
        title=N_("Exposure from above"),
        aliases=("曝光", "上级曝光", "上级通报", "媒体曝光", "通报曝光", "exposure from above"),
    ),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它", "其他活动")),
)

THEMES = (
    Choice(
        value="home-cleaning-day",
        title=N_("Home cleaning day"),
        aliases=("家庭卫生清理日", "家庭清洁日", "家庭卫生日"),
    ),
    Choice(
        value="public-cleaning-day",
        title=N_("Public cleaning day"),
        aliases=("公共卫生整治日", "公共清洁日", "公共卫生清理日"),
    ),
    Choice(value="health-month", title=N_("Patriotic health month"), aliases=("爱国卫生月", "爱国卫生运动")),
    Choice(value="pests", title=N_("Pest control"), aliases=("病媒生物防制", "除四害", "四害防制", "病媒防制")),
    Choice(value="tobacco", title=N_("Tobacco control"), aliases=("控烟", "无烟日", "世界无烟日")),
    Choice(value="diseases", title=N_("Infectious diseases"), aliases=("传染病防治", "传染病防控", "禽流感")),
    Choice(value="health", title=N_("Health knowledge"), aliases=("健康教育", "健康知识", "卫生知识", "健康素养")),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)

VENUES = (
    Choice(value="authority", title=N_("Authorities"), aliases=("机关", "进机关")),
    Choice(value="company", title=N_("Companies"), aliases=("企业", "进企业", "厂矿")),
    Choice(value="school", title=N_("Schools"), aliases=("学校", "进学校", "校园", "进校园")),
    Choice(value="community", title=N_("Communities"), aliases=("社区", "进社区", "小区")),
    Choice(value="village", title=N_("Villages"), aliases=("农村", "进农村", "乡村", "进乡村", "村", "进村")),
    Choice(value="scenic-spot", title=N_("Scenic spots"), aliases=("景区", "进景区", "景点")),
    Choice(value="home", title=N_("Homes"), aliases=("家庭", "进家庭", "入户")),
)
"""The seven kinds of places that publicity goes to (七进)."""

PARTICIPANTS = (
    *(one for one in EMPLOYMENTS if one.value in {"public_post", "older_jobseeker", "low_income"}),
    *(one for one in ROLES if one.value in {"cadre", "cleaner", "supervisor", "volunteer"}),
    Choice(value="party_member", title=N_("Party members"), aliases=("党员", "在职党员", "机关党员")),
    Choice(value="unit", title=N_("Staff of units"), aliases=("共建单位", "单位职工", "职工", "共驻共建单位")),
    Choice(value="resident", title=N_("Residents"), aliases=("居民", "群众", "居民群众", "村民")),
    Choice(value="student", title=N_("Students"), aliases=("学生", "师生")),
)


class Activity(Base):
    """Something that the office did with people, or that was said of it, on a day."""

    __tablename__ = "activity"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    source_key: Mapped[str] = mapped_column(Text, comment="external_id, else a hash of the row")
    external_id: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    theme: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    held_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    held_on: Mapped[date] = mapped_column(Date, comment="Its day in the office's time zone")
    areas: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="Codes of areas that it reached as a whole")
    venue: Mapped[str | None] = mapped_column(Text)
    person_times: Mapped[int | None] = mapped_column(Integer)
    people: Mapped[int | None] = mapped_column(Integer)
    quantity: Mapped[int | None] = mapped_column(Integer, comment="Banners, leaflets, boards; exposed of ours")
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 2), comment="Yuan")
    participants: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    lanes: Mapped[list[str] | None] = mapped_column(ARRAY(Text), comment="Codes of the lanes of its route")
    target_id: Mapped[int | None] = mapped_column(
        ForeignKey("target.id", ondelete="SET NULL"), index=True, comment="Facility"
    )
    geom: Mapped[object | None] = geometry_column("POINT", nullable=True)
    note: Mapped[str | None] = mapped_column(Text)
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    import_id: Mapped[int | None] = import_column()
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("person_times >= 0 and people >= 0 and quantity >= 0 and cost >= 0", name="amounts"),
        CheckConstraint("kind <> 'exposure' or quantity is not null", name="exposure"),
        UniqueConstraint("source_key"),
        Index("ix_activity_held_on", "held_on"),
    )


LAYER = MapLayer(
    key="activities",
    undo=Undo.NEW,
    needs=Permission.WORKS_READ,
    title=N_("Activities"),
    model=Activity,
    geometry=GeometryKind.POINT,
    key_field="external_id",
    attributes=(
        Attribute(name="id", title=N_("Id"), column=Activity.uuid, role=Role.UUID, type=FieldType.UUID),
        Attribute(
            name="external_id",
            title=N_("Number in the other system"),
            column=Activity.external_id,
            aliases=("编号", "活动编号", "序号", "record", "number"),
        ),
        Attribute(
            name="kind",
            title=N_("Kind of activity"),
            column=Activity.kind,
            choices=KINDS,
            required=True,
            aliases=("活动类别", "活动类型", "活动形式", "形式", "类别", "类型", "activity"),
        ),
        Attribute(
            name="theme",
            title=N_("Theme"),
            column=Activity.theme,
            choices=THEMES,
            aliases=("主题", "活动主题", "主题日", "topic"),
        ),
        Attribute(
            name="title",
            title=N_("Title"),
            column=Activity.title,
            role=Role.FREE_TEXT,
            aliases=("活动名称", "名称", "标题", "活动内容", "name"),
        ),
        Attribute(
            name="held_at",
            title=N_("Held at"),
            column=Activity.held_at,
            type=FieldType.INSTANT,
            required=True,
            aliases=("活动时间", "活动日期", "开展时间", "开展日期", "时间", "日期", "date", "datetime", "day"),
        ),
        Attribute(
            name="time", title=N_("Time of day"), role=Role.CLOCK, type=FieldType.TIME, aliases=("时刻", "clock")
        ),
        Attribute(
            name="areas",
            title=N_("Areas"),
            column=Activity.areas,
            type=FieldType.CODES,
            aliases=("区域", "社区", "覆盖社区", "居民组", "area", "community", "communities"),
        ),
        Attribute(
            name="venue",
            title=N_("Kind of venue"),
            column=Activity.venue,
            choices=VENUES,
            aliases=("场所", "七进", "进", "活动场所"),
        ),
        Attribute(
            name="person_times",
            title=N_("Person-times"),
            short="persontime",
            column=Activity.person_times,
            type=FieldType.INTEGER,
            minimum=0,
            maximum=10_000_000,
            aliases=("人次", "参加人次", "参与人次", "出动人次", "受教育人次", "attendance"),
        ),
        Attribute(
            name="people",
            title=N_("People"),
            column=Activity.people,
            type=FieldType.INTEGER,
            minimum=0,
            maximum=10_000_000,
            aliases=("人数", "队员", "队员人数"),
        ),
        Attribute(
            name="quantity",
            title=N_("Quantity"),
            column=Activity.quantity,
            type=FieldType.INTEGER,
            minimum=0,
            maximum=10_000_000,
            aliases=("数量", "份数", "条数", "幅数", "期数", "曝光数", "曝光次数", "count"),
        ),
        Attribute(
            name="cost",
            title=N_("Cost"),
            column=Activity.cost,
            type=FieldType.NUMBER,
            unit="CNY",
            exact=True,
            minimum=0,
            maximum=1_000_000_000,
            aliases=("费用", "金额", "经费", "投入", "投入资金", "支出", "元", "费用元", "amount", "yuan"),
        ),
        Attribute(
            name="participants",
            title=N_("Who took part"),
            short="whotook",
            column=Activity.participants,
            type=FieldType.CODES,
            choices=PARTICIPANTS,
            aliases=("参加人员", "参与人员", "参加对象", "参与对象", "对象"),
        ),
        Attribute(
            name="lanes",
            title=N_("Lanes of the route"),
            column=Activity.lanes,
            type=FieldType.CODES,
            aliases=("路线", "巡回路线", "街巷", "途经街巷", "途经道路", "route"),
        ),
        Attribute(
            name="facility",
            title=N_("Facility"),
            role=Role.SEGMENT,
            aliases=("设施", "设施编号", "宣传栏编号", "文化室", "地点编号", "noticeboard"),
        ),
        *coordinate_fields(),
        Attribute(
            name="note",
            title=N_("Remark"),
            column=Activity.note,
            role=Role.FREE_TEXT,
            aliases=("备注", "说明", "remark"),
        ),
    ),
)
