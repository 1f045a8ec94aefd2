"""Work on places: lanes put in order, drains dredged, tanks emptied, blackspots and adverts cleared, disinfection."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.database import geometry_column
from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, Choice, FieldType, GeometryKind, MapLayer, Role, Undo, coordinate_fields
from geo_hygiene.permissions import Permission
from geo_hygiene.records.claims import Claim

KINDS = (
    Choice(
        value="lane-order",
        title=N_("Lane put in order"),
        aliases=("街巷整治", "背街小巷整治", "整治街巷", "小街小巷整治"),
    ),
    Choice(
        value="dredging",
        title=N_("Drain dredged"),
        aliases=("阴沟疏浚", "疏浚", "疏通", "疏通阴沟", "清淤", "沟渠清淤", "阴沟清淤", "疏掏"),
    ),
    Choice(
        value="emptying",
        title=N_("Septic tank emptied"),
        aliases=("化粪池清掏", "清掏", "清掏化粪池", "化粪池抽排", "抽粪", "清运"),
    ),
    Choice(
        value="blackspot",
        title=N_("Blackspot cleared"),
        aliases=("清除卫生死角", "卫生死角", "卫生死角清除", "暴露垃圾", "清运暴露垃圾", "死角清理"),
    ),
    Choice(
        value="disorder",
        title=N_("Disorder removed"),
        aliases=("五乱治理", "十乱治理", "五乱", "十乱", "整治乱象", "市容整治"),
    ),
    Choice(
        value="adverts",
        title=N_("Illegal adverts removed"),
        aliases=("清除牛皮癣", "牛皮癣", "小广告清除", "清除小广告", "小广告", "野广告"),
    ),
    Choice(value="disinfection", title=N_("Disinfection"), aliases=("消毒", "统一打消毒药", "消杀", "打消毒药")),
)

DISORDERS = (
    Choice(value="stalls", title=N_("Stalls on the street"), aliases=("乱摆", "乱摆摊点", "占道经营", "乱设摊")),
    Choice(value="parking", title=N_("Wild parking"), aliases=("乱停", "乱停乱放", "乱停车")),
    Choice(value="posters", title=N_("Wild posters"), aliases=("乱贴", "乱张贴", "乱贴乱画", "乱涂乱画")),
    Choice(value="hanging", title=N_("Washing hung over the street"), aliases=("乱挂", "乱拉乱挂", "乱晾晒")),
    Choice(value="piling", title=N_("Goods piled up"), aliases=("乱堆", "乱堆乱放", "乱堆放")),
    Choice(value="building", title=N_("Wild building"), aliases=("乱搭", "乱搭乱建", "违章搭建")),
    Choice(value="littering", title=N_("Littering"), aliases=("乱扔", "乱扔乱倒", "乱倒垃圾", "乱丢")),
    Choice(value="discharge", title=N_("Waste water on the street"), aliases=("乱排", "乱排污水", "乱泼")),
    Choice(value="digging", title=N_("Wild digging"), aliases=("乱挖", "乱挖乱占")),
    Choice(value="loudspeakers", title=N_("Noise of traders"), aliases=("乱叫卖", "噪音扰民")),
)
"""The first five are the five disorders of the source report, all ten the ten disorders of towns."""

WORKED_ON: Mapping[str, str] = {
    "lane-order": "street-segments",
    "dredging": "drain-segments",
    "emptying": "septic-tanks",
}
"""Kinds of work that are done on one kind of target, and on nothing else."""

HAVE_PLACES = frozenset({"blackspot", "disorder", "adverts", "disinfection"})
"""Kinds of work that may be done at any place."""


class Work(Claim):
    """One piece of work: on a target, from metre to metre along a lane or drain, or at a place."""

    __tablename__ = "work"

    id: Mapped[int] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True)
    work_kind: Mapped[str] = mapped_column(Text)
    source_key: Mapped[str] = mapped_column(Text, comment="external_id, else a hash of the row")
    external_id: Mapped[str | None] = mapped_column(Text)
    lane: Mapped[str | None] = mapped_column(Text, comment="Code of the lane or drain along which it was done")
    from_m: Mapped[Decimal | None] = mapped_column(Numeric(12, 3), comment="Along this lane")
    to_m: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    geom: Mapped[object | None] = geometry_column("POINT", nullable=True, searched=True)
    radius_m: Mapped[Decimal | None] = mapped_column(Numeric(8, 2), comment="Ground that was disinfected")
    disorder: Mapped[str | None] = mapped_column(Text)
    volume_m3: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    pieces: Mapped[int | None] = mapped_column(Integer)
    area_m2: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    team: Mapped[str | None] = mapped_column(Text)
    truck: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")

    __mapper_args__ = {"polymorphic_identity": "works"}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("volume_m3 >= 0 and pieces >= 0 and area_m2 >= 0 and radius_m > 0", name="amounts"),
        CheckConstraint("from_m < to_m", name="stretch"),
        UniqueConstraint("source_key"),
        Index("ix_work_work_kind", "work_kind"),
    )


LAYER = MapLayer(
    key="works",
    undo=Undo.NEW,
    needs=Permission.WORKS_READ,
    title=N_("Work on places"),
    model=Work,
    geometry=GeometryKind.POINT,
    key_field="external_id",
    attributes=(
        Attribute(name="id", title=N_("Id"), column=Work.uuid, role=Role.UUID, type=FieldType.UUID),
        Attribute(
            name="external_id",
            title=N_("Number in the other system"),
            column=Work.external_id,
            aliases=("编号", "记录编号", "单号", "工单号", "record", "number"),
        ),
        Attribute(
            name="kind",
            title=N_("Kind of work"),
            column=Work.work_kind,
            choices=KINDS,
            required=True,
            aliases=("作业类别", "作业内容", "工作类别", "类别", "类型", "项目", "work"),
        ),
        Attribute(
            name="done_at",
            title=N_("Done at"),
            column=Work.done_at,
            type=FieldType.INSTANT,
            required=True,
            aliases=("作业时间", "完成时间", "日期", "作业日期", "完成日期", "时间", "date", "datetime", "day"),
        ),
        Attribute(
            name="time", title=N_("Time of day"), role=Role.CLOCK, type=FieldType.TIME, aliases=("时刻", "clock")
        ),
        Attribute(
            name="segment",
            title=N_("Segment, tank or place"),
            role=Role.SEGMENT,
            aliases=(
                *("路段", "路段编号", "沟段", "沟段编号", "化粪池", "化粪池编号", "池号", "设施编号"),
                *("target", "tank"),
            ),
        ),
        Attribute(
            name="lane",
            title=N_("Lane or drain"),
            column=Work.lane,
            role=Role.NAMED,
            aliases=("街巷", "道路", "路名", "街巷名称", "所在街巷", "street", "road"),
        ),
        Attribute(name="drain", title=N_("Drain"), role=Role.DRAIN, aliases=("阴沟", "阴沟名称", "沟渠", "沟渠名称")),
        Attribute(
            name="from_m",
            title=N_("From metre"),
            column=Work.from_m,
            role=Role.FROM,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            aliases=("起点", "起点米", "起"),
        ),
        Attribute(
            name="to_m",
            title=N_("To metre"),
            column=Work.to_m,
            role=Role.TO,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            aliases=("终点", "终点米", "止"),
        ),
        *coordinate_fields(),
        Attribute(
            name="radius_m",
            title=N_("Radius"),
            column=Work.radius_m,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0.5,
            maximum=1_000,
            aliases=("半径", "radius"),
        ),
        Attribute(
            name="disorder",
            title=N_("Kind of disorder"),
            column=Work.disorder,
            choices=DISORDERS,
            aliases=("乱象", "五乱类别", "十乱类别", "问题类别"),
        ),
        Attribute(
            name="volume_m3",
            title=N_("Volume"),
            column=Work.volume_m3,
            type=FieldType.NUMBER,
            unit="m³",
            minimum=0,
            maximum=10_000,
            aliases=("方量", "清运量", "清淤量", "立方米", "体积", "volume"),
        ),
        Attribute(
            name="pieces",
            title=N_("Pieces"),
            column=Work.pieces,
            type=FieldType.INTEGER,
            minimum=0,
            maximum=10_000_000,
            aliases=("处数", "张数", "条数", "数量", "处"),
        ),
        Attribute(
            name="area_m2",
            title=N_("Surface"),
            column=Work.area_m2,
            type=FieldType.NUMBER,
            unit="m²",
            minimum=0,
            maximum=10_000_000,
            aliases=("面积", "平方米", "清理面积"),
        ),
        Attribute(
            name="phones",
            title=N_("Telephone numbers on the adverts"),
            role=Role.NUMBERS,
            type=FieldType.CODES,
            aliases=("电话号码", "办假证号码", "小广告号码", "号码", "phone numbers"),
        ),
        Attribute(name="team", title=N_("Team"), column=Work.team, aliases=("队伍", "班组", "作业队", "施工单位")),
        Attribute(name="truck", title=N_("Truck"), column=Work.truck, aliases=("车牌", "车号", "车辆", "吸粪车")),
        Attribute(
            name="note", title=N_("Remark"), column=Work.note, role=Role.FREE_TEXT, aliases=("备注", "说明", "remark")
        ),
    ),
)
