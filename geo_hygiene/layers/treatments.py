"""Treatments: work of a campaign, where and when it was done, or why it could not be."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, Choice, FieldType, GeometryKind, MapLayer, Role, Undo, coordinate_fields
from geo_hygiene.permissions import Permission
from geo_hygiene.records.claims import Claim, ClaimSource

METHODS = (
    Choice(value="bait", title=N_("Bait"), aliases=("毒饵", "投饵", "投药", "灭鼠毒饵")),
    Choice(value="trap", title=N_("Trap"), aliases=("鼠夹", "鼠笼", "粘鼠板", "诱捕")),
    Choice(value="spray", title=N_("Residual spray"), aliases=("滞留喷洒", "喷洒", "喷雾", "spraying")),
    Choice(value="fog", title=N_("Fog"), aliases=("热烟雾", "烟雾", "超低容量", "fogging", "ulv")),
    Choice(value="larvicide", title=N_("Larvicide"), aliases=("灭幼", "灭蚊幼", "缓释剂")),
    Choice(value="gel", title=N_("Gel bait"), aliases=("胶饵", "杀蟑胶饵")),
    Choice(value="disinfection", title=N_("Disinfection"), aliases=("消毒", "统一打消毒药")),
    Choice(value="clearing", title=N_("Clearing of breeding places"), aliases=("清除孳生地", "翻盆倒罐", "三清一灭")),
    Choice(value="other", title=N_("Other"), aliases=("其他", "其它")),
)

RESULTS = (
    Choice(value="done", title=N_("Treated"), aliases=("已处理", "完成", "已完成", "已投放", "treated", "yes")),
    Choice(value="refused", title=N_("Refused"), aliases=("拒绝", "不配合")),
    Choice(value="locked", title=N_("Locked"), aliases=("锁门", "无人", "关门")),
    Choice(value="unfit", title=N_("Unfit for treatment"), aliases=("不具备条件", "无法处理")),
    Choice(value="excluded", title=N_("Excluded"), aliases=("除外", "免处理")),
)
"""``done``, or the reasons for which what was found is not treated."""

UNITS = (
    Choice(value="g", title=N_("g"), aliases=("克",)),
    Choice(value="kg", title=N_("kg"), aliases=("千克", "公斤")),
    Choice(value="ml", title=N_("ml"), aliases=("毫升",)),
    Choice(value="l", title=N_("l"), aliases=("升", "litre", "liter")),
    Choice(value="piece", title=N_("pieces"), aliases=("个", "块", "袋", "只", "pieces", "pcs")),
)


class Treatment(Claim):
    """One place that a team came to, once."""

    __tablename__ = "treatment"

    id: Mapped[int] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    source_key: Mapped[str] = mapped_column(Text, comment="external_id, else a hash of the row")
    external_id: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    unit: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(Text)
    radius_m: Mapped[Decimal | None] = mapped_column(Numeric(8, 2), comment="Of a place that came as a point or line")
    extra: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")

    __mapper_args__ = {"polymorphic_identity": "treatments"}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint("amount >= 0", name="amount"),
        UniqueConstraint("source_key"),
    )


LAYER = MapLayer(
    key="treatments",
    undo=Undo.NEW,
    needs=Permission.CAMPAIGNS_READ,
    title=N_("Treatments"),
    model=Treatment,
    geometry=GeometryKind.POLYGON,
    shape=ClaimSource.geom,
    any_geometry=True,
    key_field="external_id",
    attributes=(
        Attribute(name="id", title=N_("Id"), column=Treatment.uuid, role=Role.UUID, type=FieldType.UUID),
        Attribute(
            name="external_id",
            title=N_("Number in the other system"),
            column=Treatment.external_id,
            aliases=("编号", "记录编号", "单号", "record", "number"),
        ),
        Attribute(
            name="campaign",
            title=N_("Campaign"),
            role=Role.CAMPAIGN,
            aliases=("活动", "战役", "专项行动"),
        ),
        Attribute(
            name="method",
            title=N_("Method"),
            column=Treatment.method,
            choices=METHODS,
            aliases=("方法", "方式", "处理方式"),
        ),
        Attribute(
            name="product", title=N_("Product"), column=Treatment.product, aliases=("药品", "药剂", "药物", "产品")
        ),
        Attribute(
            name="amount",
            title=N_("Amount"),
            column=Treatment.amount,
            type=FieldType.NUMBER,
            minimum=0,
            maximum=100_000,
            aliases=("用量", "数量", "投药量", "quantity"),
        ),
        Attribute(name="unit", title=N_("Unit"), column=Treatment.unit, choices=UNITS, aliases=("单位",)),
        Attribute(name="team", title=N_("Team"), column=Treatment.team, aliases=("队伍", "班组", "作业队")),
        Attribute(
            name="done_at",
            title=N_("Done at"),
            column=Treatment.done_at,
            type=FieldType.INSTANT,
            required=True,
            aliases=("作业时间", "处理时间", "日期", "作业日期", "时间", "date", "datetime"),
        ),
        Attribute(
            name="time",
            title=N_("Time of day"),
            role=Role.CLOCK,
            type=FieldType.TIME,
            aliases=("时刻", "clock"),
        ),
        Attribute(
            name="result", title=N_("Result"), column=Treatment.result, choices=RESULTS, aliases=("结果", "状态")
        ),
        Attribute(
            name="radius_m",
            title=N_("Radius"),
            column=Treatment.radius_m,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0.5,
            maximum=1_000,
            aliases=("半径", "radius"),
        ),
        *coordinate_fields(),
        Attribute(name="segment", title=N_("Segment"), role=Role.SEGMENT, aliases=("路段", "路段编号")),
        Attribute(
            name="from_m",
            title=N_("From metre"),
            role=Role.FROM,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            aliases=("起点",),
        ),
        Attribute(
            name="to_m",
            title=N_("To metre"),
            role=Role.TO,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            aliases=("终点",),
        ),
    ),
)
