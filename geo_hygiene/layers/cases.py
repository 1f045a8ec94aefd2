"""Cases: what people complain of, where, how it came in, and how far it is."""

from __future__ import annotations

import uuid as uuid_module
from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.database import Base, geometry_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    Attribute,
    Choice,
    FieldType,
    GeometryKind,
    MapLayer,
    Role,
    coordinate_fields,
    place_fields,
)

KINDS = (
    Choice(
        value="rodent",
        title=N_("Rodents"),
        aliases=("鼠", "老鼠", "鼠患", "鼠害", "rat", "rats", "rat sighting", "mouse sighting", "rodent baiting"),
    ),
    Choice(value="mosquito", title=N_("Mosquitoes"), aliases=("蚊", "蚊子", "蚊虫", "mosquitos")),
    Choice(value="fly", title=N_("Flies"), aliases=("蝇", "苍蝇")),
    Choice(value="cockroach", title=N_("Cockroaches"), aliases=("蟑", "蟑螂", "蜚蠊", "roaches")),
    Choice(
        value="garbage",
        title=N_("Garbage"),
        aliases=("垃圾", "暴露垃圾", "垃圾清运", "trash", "missed collection", "sanitation condition"),
    ),
    Choice(
        value="blackspot",
        title=N_("Sanitation blackspot"),
        aliases=("卫生死角", "积存垃圾", "illegal dumping", "dirty conditions"),
    ),
    Choice(value="drain", title=N_("Drain"), aliases=("阴沟", "下水道", "污水", "管道堵塞", "sewer")),
    Choice(value="septic_tank", title=N_("Septic tank"), aliases=("化粪池", "粪便外溢")),
    Choice(value="toilet", title=N_("Public toilet"), aliases=("公厕", "公共厕所", "厕所", "public toilet")),
    Choice(value="advert", title=N_("Illegal advert"), aliases=("牛皮癣", "小广告", "乱张贴", "illegal postering")),
    Choice(
        value="disorder",
        title=N_("Disorder"),
        aliases=("五乱", "十乱", "占道经营", "乱停乱放", "乱堆乱放", "street vendor"),
    ),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)

CHANNELS = (
    Choice(value="hotline", title=N_("Hotline 12345"), aliases=("12345", "热线", "市民热线", "12345热线", "311")),
    Choice(value="app", title=N_("App"), aliases=("手机", "手机应用", "小程序", "微信", "mobile")),
    Choice(value="web", title=N_("Web"), aliases=("网站", "网络", "网上", "online")),
    Choice(value="phone", title=N_("Telephone"), aliases=("电话", "来电")),
    Choice(value="visit", title=N_("Visit"), aliases=("来访", "上门", "现场", "巡查", "walk-in")),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它", "unknown", "未知")),
)

STATUSES = (
    Choice(
        value="collected",
        title=N_("Collected"),
        aliases=("已采集", "信息采集", "待受理", "open", "new", "draft", "received", "submitted", "unassigned"),
    ),
    Choice(
        value="filed",
        title=N_("Filed"),
        aliases=("已立案", "立案", "案卷建立", "已受理", "受理", "accepted", "acknowledged", "registered"),
    ),
    Choice(
        value="dispatched",
        title=N_("Dispatched"),
        aliases=("已派遣", "派遣", "任务派遣", "已派单", "待处置", "assigned"),
    ),
    Choice(
        value="handled",
        title=N_("Being handled"),
        aliases=("处置中", "处理中", "办理中", "任务处理", "pending", "in progress", "started"),
    ),
    Choice(
        value="reported_back",
        title=N_("Reported back"),
        aliases=("已反馈", "处理反馈", "待核查", "fixed", "to be verified"),
    ),
    Choice(
        value="closed",
        title=N_("Verified and closed"),
        aliases=("已结案", "结案", "核查结案", "办结", "已办结", "resolved", "completed", "done"),
    ),
    Choice(value="evaluated", title=N_("Evaluated"), aliases=("已评价", "综合评价", "archived")),
)
"""The seven steps, in their order."""

STEPS = {choice.value: step for step, choice in enumerate(STATUSES)}

CLOSED = ("closed", "evaluated")
"""Statuses in which nothing is left to do for a case."""

OPEN = tuple(status for status in STEPS if status not in CLOSED)

KNOWN = ("time", "day", "file", "report")
"""What is known of when a status began: its time, its day, the day of a file in which it stood, or no more than that it
was not before the report, or the status before."""

DEFAULT_KIND, DEFAULT_SOURCE = "other", "file"


class Case(Base):
    """A complaint that somebody made, or a finding; its place is a point or unknown."""

    __tablename__ = "reported_case"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    uuid: Mapped[uuid_module.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=func.gen_random_uuid()
    )
    source: Mapped[str] = mapped_column(Text, server_default=DEFAULT_SOURCE, comment="System that it came from")
    external_id: Mapped[str | None] = mapped_column(Text)
    source_key: Mapped[str] = mapped_column(Text, unique=True, comment="source and external_id, else a hash of the row")
    kind: Mapped[str] = mapped_column(Text, server_default=DEFAULT_KIND)
    channel: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    status_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), comment="Since when it has the status")
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    description: Mapped[str | None] = mapped_column(Text, comment="Telephone numbers masked")
    lane: Mapped[str | None] = mapped_column(Text)
    house_number: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[object | None] = geometry_column("POINT", nullable=True)
    geom_3857: Mapped[object] = tile_geometry_column("POINT")
    area_id: Mapped[int | None] = mapped_column(
        ForeignKey("area.id", ondelete="SET NULL"), index=True, comment="Deepest area that held the place on the day"
    )
    target_id: Mapped[int | None] = mapped_column(
        ForeignKey("target.id", ondelete="SET NULL"), index=True, comment="Nearest target on the day, within 100 m"
    )
    target_mm: Mapped[int | None] = mapped_column(Integer, comment="Where on the target")
    distance_m: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("closed_at >= reported_at", name="closed_at"),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geometry"),
        UniqueConstraint("source", "external_id"),
    )


class CaseEvent(Base):
    """A status that a case had from an instant on; insert only."""

    __tablename__ = "case_event"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reported_case.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    known: Mapped[str] = mapped_column(
        Text, server_default="time", comment="time, day, file (by that day) or report (not before)"
    )
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("known in ('time', 'day', 'file', 'report')", name="known"),
        UniqueConstraint("case_id", "at", "status"),
    )


LAYER = MapLayer(
    key="cases",
    title=N_("Cases"),
    model=Case,
    geometry=GeometryKind.POINT,
    key_field="external_id",
    attributes=(
        Attribute(name="id", title=N_("Id"), column=Case.uuid, role=Role.UUID, type=FieldType.UUID),
        Attribute(
            name="external_id",
            title=N_("Number in the other system"),
            column=Case.external_id,
            aliases=(
                "编号",
                "案件编号",
                "工单编号",
                "单号",
                "受理编号",
                "unique key",
                "case id",
                "request id",
                "number",
            ),
        ),
        Attribute(name="source", title=N_("Source"), column=Case.source, aliases=("来源", "来源系统", "system")),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=Case.kind,
            choices=KINDS,
            aliases=("类型", "类别", "案件类别", "问题类型", "诉求类型", "complaint type", "request type", "category"),
        ),
        Attribute(
            name="channel",
            title=N_("Channel"),
            column=Case.channel,
            choices=CHANNELS,
            aliases=("渠道", "受理渠道", "诉求渠道", "来电渠道", "open data channel type", "method received"),
        ),
        Attribute(
            name="status",
            title=N_("Status"),
            column=Case.status,
            choices=STATUSES,
            aliases=("状态", "案件状态", "办理状态", "state"),
        ),
        Attribute(
            name="status_at",
            title=N_("Has the status since"),
            column=Case.status_at,
            type=FieldType.INSTANT,
            aliases=("状态时间", "更新时间", "updated", "last updated", "resolution action updated date"),
        ),
        Attribute(
            name="reported_at",
            title=N_("Reported at"),
            column=Case.reported_at,
            type=FieldType.INSTANT,
            required=True,
            short="reported",
            aliases=(
                "受理时间",
                "上报时间",
                "投诉时间",
                "来电时间",
                "登记时间",
                "受理日期",
                "日期",
                "created date",
                "created",
                "opened",
                "date",
            ),
        ),
        Attribute(
            name="time",
            title=N_("Time of day"),
            role=Role.CLOCK,
            type=FieldType.TIME,
            aliases=("时间", "时刻", "clock"),
        ),
        Attribute(
            name="closed_at",
            title=N_("Closed at"),
            column=Case.closed_at,
            type=FieldType.INSTANT,
            aliases=("结案时间", "办结时间", "closed date", "closed"),
        ),
        Attribute(
            name="description",
            title=N_("Description"),
            column=Case.description,
            role=Role.FREE_TEXT,
            short="descr",
            aliases=("描述", "内容", "诉求内容", "问题描述", "投诉内容", "details", "comments"),
        ),
        Attribute(
            name="lane",
            title=N_("Lane"),
            column=Case.lane,
            role=Role.FREE_TEXT,
            aliases=("街巷", "道路", "路名", "street name", "street"),
        ),
        Attribute(
            name="house_number",
            title=N_("House number"),
            column=Case.house_number,
            role=Role.FREE_TEXT,
            short="house",
            aliases=("门牌号", "门牌", "building number"),
        ),
        *coordinate_fields(),
        *place_fields(),
    ),
)

HISTORY = MapLayer(
    key="case-events",
    title=N_("History of cases"),
    model=CaseEvent,
    geometry=None,
    imports=False,
    made_by="cases",
    key_field="case",
    attributes=(
        Attribute(name="case", title=N_("Id of the case"), role=Role.CASE, type=FieldType.UUID),
        Attribute(name="at", title=N_("Has the status since"), column=CaseEvent.at, type=FieldType.INSTANT),
        Attribute(name="status", title=N_("Status"), column=CaseEvent.status, choices=STATUSES),
        Attribute(name="known", title=N_("What is known of the time"), column=CaseEvent.known),
        Attribute(name="recorded_at", title=N_("Heard at"), column=CaseEvent.recorded_at, type=FieldType.INSTANT),
    ),
)
