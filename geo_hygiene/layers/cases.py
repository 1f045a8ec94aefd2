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
    Index,
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

from geo_hygiene.database import Base, geometry_column, import_column, tile_geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import (
    PLACE_ACCURACY,
    Attribute,
    Choice,
    FieldType,
    GeometryKind,
    MapLayer,
    Role,
    Undo,
    coordinate_fields,
    place_fields,
)
from geo_hygiene.permissions import Permission

KINDS = (
    Choice(
        value="rodent",
        title=N_("Rodents"),
        aliases=(
            *("鼠", "老鼠", "鼠患", "鼠害", "鼠类", "灭鼠", "有老鼠", "老鼠多", "鼠类孳生"),
            *("rat", "rats", "rat sighting", "mouse sighting", "rodent baiting"),
        ),
    ),
    Choice(
        value="mosquito",
        title=N_("Mosquitoes"),
        aliases=("蚊", "蚊子", "蚊虫", "蚊虫滋生", "蚊虫孳生", "蚊虫叮咬", "蚊子多", "灭蚊", "mosquitos"),
    ),
    Choice(value="fly", title=N_("Flies"), aliases=("蝇", "苍蝇", "蝇类", "苍蝇多", "苍蝇滋生", "蝇类滋生", "灭蝇")),
    Choice(value="cockroach", title=N_("Cockroaches"), aliases=("蟑", "蟑螂", "蟑螂多", "蜚蠊", "灭蟑", "roaches")),
    Choice(
        value="garbage",
        title=N_("Garbage"),
        aliases=(
            *("垃圾", "暴露垃圾", "生活垃圾", "建筑垃圾", "装修垃圾", "大件垃圾", "垃圾清运", "垃圾清运不及时"),
            *("垃圾未清运", "垃圾满溢", "垃圾桶满溢", "乱扔垃圾", "trash", "missed collection", "sanitation condition"),
        ),
    ),
    Choice(
        value="blackspot",
        title=N_("Sanitation blackspot"),
        aliases=(
            *("卫生死角", "积存垃圾", "垃圾死角", "垃圾堆积", "乱倒垃圾", "偷倒垃圾", "脏乱差"),
            *("illegal dumping", "dirty conditions"),
        ),
    ),
    Choice(
        value="drain",
        title=N_("Drain"),
        aliases=(
            *("阴沟", "阴沟堵塞", "下水道", "下水道堵塞", "污水", "污水外溢", "污水外冒", "污水横流", "管道堵塞"),
            *("管网堵塞", "排水堵塞", "排水不畅", "sewer"),
        ),
    ),
    Choice(
        value="septic_tank",
        title=N_("Septic tank"),
        aliases=("化粪池", "粪便外溢", "粪水外溢", "化粪池外溢", "化粪池满溢", "化粪池堵塞"),
    ),
    Choice(
        value="toilet",
        title=N_("Public toilet"),
        aliases=("公厕", "公共厕所", "厕所", "公厕脏臭", "公厕异味", "公厕卫生", "公共卫生间", "public toilet"),
    ),
    Choice(
        value="advert",
        title=N_("Illegal advert"),
        aliases=("牛皮癣", "小广告", "非法小广告", "野广告", "乱张贴", "乱贴乱画", "illegal postering"),
    ),
    Choice(
        value="disorder",
        title=N_("Disorder"),
        aliases=(
            *("五乱", "十乱", "占道经营", "流动摊贩", "出店经营", "店外经营", "跨门营业"),
            *("乱停乱放", "乱堆乱放", "乱搭乱建", "乱拉乱挂", "street vendor"),
        ),
    ),
    Choice(
        value="other",
        title=N_("Other"),
        aliases=("其他", "其它", "油烟", "油烟扰民", "噪音", "噪音扰民", "噪声", "噪声扰民", "异味", "异味扰民"),
    ),
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
        aliases=(
            *("已采集", "信息采集", "待受理", "未受理", "待立案", "已登记", "新建"),
            *("open", "new", "draft", "received", "submitted", "unassigned"),
        ),
    ),
    Choice(
        value="filed",
        title=N_("Filed"),
        aliases=(
            *("已立案", "立案", "案卷建立", "已受理", "受理", "待派单", "待派遣", "待派发", "待分派", "待交办"),
            # A unit that is not competent sends a complaint back to the centre, which has to dispatch it again.
            *("已退回", "退回", "已退单", "退单", "accepted", "acknowledged", "registered"),
        ),
    ),
    Choice(
        value="dispatched",
        title=N_("Dispatched"),
        aliases=(
            *("已派遣", "派遣", "任务派遣", "已派单", "派单", "已派发", "已交办", "交办", "已转办", "转办"),
            *("待处置", "待处理", "待办理", "待办", "待签收", "已签收", "assigned"),
        ),
    ),
    Choice(
        value="handled",
        title=N_("Being handled"),
        aliases=(
            *("处置中", "处理中", "办理中", "正在办理", "在办", "任务处理", "pending", "in progress", "started"),
            # A unit asked for more time, or waits for something: the complaint is still on its table.
            *("已挂起", "挂起", "延期", "已延期", "延期办理", "on hold"),
        ),
    ),
    Choice(
        value="reported_back",
        title=N_("Reported back"),
        aliases=(
            *("已反馈", "处理反馈", "已办理", "已处理", "已处置", "已回复", "已答复"),
            *("待核查", "待审核", "待回访", "待结案", "fixed", "to be verified"),
        ),
    ),
    Choice(
        value="closed",
        title=N_("Verified and closed"),
        aliases=(
            *("已结案", "结案", "核查结案", "办结", "已办结", "完结", "已完结", "已完成", "已关闭"),
            *("resolved", "completed", "done"),
            # One that was refused or withdrawn: nothing is left to do for it.
            *("不予受理", "不受理", "不予立案", "已作废", "作废", "已撤销", "已撤单", "cancelled", "rejected"),
        ),
    ),
    Choice(
        value="evaluated",
        title=N_("Evaluated"),
        # Who calls back asks how content the complainant is; what is archived went through all of it.
        aliases=("已评价", "综合评价", "已回访", "已归档", "归档", "archived"),
    ),
)
"""The seven steps, in their order."""

REOPENED = "reopened"
"""What a file says of a case that was closed and is to be done again."""

SAID_STATUSES = (
    *STATUSES,
    Choice(
        value=REOPENED,
        title=N_("Reopened"),
        aliases=("重办", "重新办理", "再次办理", "退回重办", "重新派单", "已重办", "reopen", "re-opened"),
    ),
)
"""What files say of the status; one that is reopened is stored as dispatched, since a unit has it before it again."""

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
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
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
    import_id: Mapped[int | None] = import_column()

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("closed_at >= reported_at", name="closed_at"),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geometry"),
        UniqueConstraint("source", "external_id"),
        Index("ix_reported_case_reported_at", "reported_at", "id"),
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
    import_id: Mapped[int | None] = import_column()
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("known in ('time', 'day', 'file', 'report')", name="known"),
        UniqueConstraint("case_id", "at", "status"),
    )


LAYER = MapLayer(
    key="cases",
    undo=Undo.NEW,
    needs=Permission.CASES_READ,
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
                *("编号", "单号", "诉求编号", "诉求单号", "工单编号", "工单号", "工单单号", "受理编号", "受理单号"),
                *("案件编号", "案件号", "案卷号", "投诉编号", "投诉单号", "事件编号", "任务编号", "任务号", "流水号"),
                *("unique key", "case id", "request id", "number"),
            ),
        ),
        Attribute(name="source", title=N_("Source"), column=Case.source, aliases=("来源", "来源系统", "system")),
        Attribute(
            name="kind",
            title=N_("Kind"),
            column=Case.kind,
            choices=KINDS,
            otherwise=N_("Other"),
            aliases=(
                *("问题类别", "问题分类", "问题类型", "诉求分类", "诉求类别", "投诉类别", "投诉类型", "案件类别"),
                *("案件类型", "工单分类", "工单类别", "事件类型", "类型", "类别", "分类", "诉求类型", "工单类型"),
                *("complaint type", "request type", "category"),
            ),
        ),
        Attribute(
            name="channel",
            title=N_("Channel"),
            column=Case.channel,
            choices=CHANNELS,
            aliases=(
                *(
                    "渠道",
                    "受理渠道",
                    "诉求渠道",
                    "来电渠道",
                    "来源渠道",
                    "上报渠道",
                    "投诉渠道",
                    "诉求来源",
                    "工单来源",
                ),
                *("受理方式", "来源方式", "open data channel type", "method received"),
            ),
        ),
        Attribute(
            name="status",
            title=N_("Status"),
            column=Case.status,
            choices=SAID_STATUSES,
            otherwise=N_("Collected, or closed with a day of closing; a complaint that is there keeps its status"),
            aliases=(
                *(
                    "状态",
                    "案件状态",
                    "办理状态",
                    "处理状态",
                    "处置状态",
                    "工单状态",
                    "诉求状态",
                    "投诉状态",
                    "当前状态",
                ),
                *("办件状态", "state"),
            ),
        ),
        Attribute(
            name="status_at",
            title=N_("Has the status since"),
            column=Case.status_at,
            type=FieldType.INSTANT,
            aliases=(
                *("状态时间", "状态更新时间", "更新时间", "最后更新时间"),
                *("updated", "last updated", "resolution action updated date"),
            ),
        ),
        Attribute(
            name="reported_at",
            title=N_("Reported at"),
            column=Case.reported_at,
            type=FieldType.INSTANT,
            required=True,
            short="reported",
            aliases=(
                # Of several the first holds: when somebody complained, and not when the office wrote it down.
                *("诉求时间", "投诉时间", "来电时间", "反映时间", "上报时间", "举报时间", "登记时间", "受理时间"),
                *("诉求日期", "投诉日期", "来电日期", "登记日期", "受理日期", "日期"),
                *("created date", "created", "opened", "date"),
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
            aliases=("办结时间", "结案时间", "办结日期", "结案日期", "完成时间", "closed date", "closed"),
        ),
        Attribute(
            name="description",
            title=N_("Description"),
            column=Case.description,
            role=Role.FREE_TEXT,
            short="descr",
            aliases=(
                *("诉求内容", "工单内容", "问题描述", "投诉内容", "诉求描述", "事件描述", "反映内容", "来电内容"),
                *("描述", "内容", "details", "comments"),
            ),
        ),
        Attribute(
            name="lane",
            title=N_("Lane"),
            column=Case.lane,
            role=Role.LANE,
            aliases=(
                *("街巷", "道路", "路名", "所在道路", "所在街巷", "道路名称", "街巷名称", "所在路段"),
                # Where a file has no more than an address, it is what a person looks for.
                *(
                    "street name",
                    "street",
                    "诉求地址",
                    "问题地址",
                    "事发地址",
                    "事发地点",
                    "详细地址",
                    "地址",
                    "address",
                ),
            ),
        ),
        Attribute(
            name="house_number",
            title=N_("House number"),
            column=Case.house_number,
            role=Role.HOUSE_NUMBER,
            short="house",
            aliases=("门牌号", "门牌", "门牌号码", "building number"),
        ),
        *coordinate_fields(),
        Attribute(
            name=PLACE_ACCURACY,
            title=N_("Place by its address, may be off by"),
            role=Role.PLACE_ACCURACY,
            type=FieldType.INTEGER,
            unit="m",
            minimum=0,
            short="accuracy_m",
        ),
        *place_fields(),
    ),
)

HISTORY = MapLayer(
    key="case-events",
    needs=Permission.CASES_READ,
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
