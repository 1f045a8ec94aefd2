"""Tables of what an office gathers over a year: responsibility letters, surveys of awareness, honours."""

from __future__ import annotations

from geo_hygiene.i18n import N_
from geo_hygiene.layerspec import Attribute, Choice, FieldType, MapLayer, Role, Undo
from geo_hygiene.permissions import Permission
from geo_hygiene.records.years import AwarenessSurvey, Honour, Letter

FIRST_YEAR, LAST_YEAR = 2000, 2100

LETTERS = MapLayer(
    key="letters",
    undo=Undo.NEW,
    needs=Permission.WORKS_READ,
    happened=True,
    title=N_("Responsibility letters"),
    model=Letter,
    geometry=None,
    key_field="target",
    attributes=(
        Attribute(name="id", title=N_("Id"), column=Letter.uuid, role=Role.UUID, type=FieldType.UUID),
        Attribute(
            name="target",
            title=N_("Frontage or unit"),
            role=Role.SEGMENT,
            required=True,
            aliases=(
                *("门牌编号", "临街户编号", "临街户", "单位编号", "商户编号", "住户编号", "签订单位", "责任单位"),
                *("frontage", "unit"),
            ),
        ),
        Attribute(
            name="year",
            title=N_("Year"),
            column=Letter.year,
            type=FieldType.INTEGER,
            minimum=FIRST_YEAR,
            maximum=LAST_YEAR,
            aliases=("年度", "年份", "年"),
        ),
        Attribute(
            name="signed_on",
            title=N_("Signed on"),
            column=Letter.signed_on,
            type=FieldType.DATE,
            required=True,
            aliases=("签订日期", "签订时间", "签字日期", "日期", "date"),
        ),
        Attribute(
            name="valid_to",
            title=N_("Valid until (exclusive)"),
            column=Letter.valid_to,
            type=FieldType.DATE,
            aliases=("止", "失效日期", "有效期止", "until", "end"),
        ),
    ),
)
"""What is not said: the year is that of the signing, and the letter holds to the end of its year."""

AWARENESS_SURVEYS = MapLayer(
    key="awareness-surveys",
    needs=Permission.WORKS_READ,
    happened=True,
    title=N_("Surveys of awareness"),
    model=AwarenessSurvey,
    geometry=None,
    key_field="held_on",
    attributes=(
        Attribute(
            name="held_on",
            title=N_("Day of the survey"),
            column=AwarenessSurvey.held_on,
            type=FieldType.DATE,
            required=True,
            aliases=("调查日期", "调查时间", "日期", "date", "day"),
        ),
        Attribute(
            name="area",
            title=N_("Area"),
            column=AwarenessSurvey.area,
            required=True,
            aliases=("区域", "社区", "居民组", "community"),
        ),
        Attribute(
            name="topic",
            title=N_("What was asked about"),
            column=AwarenessSurvey.topic,
            aliases=("主题", "调查内容", "内容"),
        ),
        Attribute(
            name="asked",
            title=N_("People asked"),
            column=AwarenessSurvey.asked,
            type=FieldType.INTEGER,
            minimum=1,
            maximum=10_000_000,
            required=True,
            aliases=("调查人数", "样本数", "样本量", "问卷数", "sample"),
        ),
        Attribute(
            name="aware",
            title=N_("Of these aware"),
            column=AwarenessSurvey.aware,
            type=FieldType.INTEGER,
            minimum=0,
            maximum=10_000_000,
            required=True,
            aliases=("知晓人数", "知晓数", "回答正确人数", "正确数"),
        ),
    ),
)

HONOUR_KINDS = (
    Choice(value="civilized-community", title=N_("Civilized community"), aliases=("文明社区",)),
    Choice(value="civilized-estate", title=N_("Civilized estate"), aliases=("文明小区",)),
    Choice(value="model-household", title=N_("Model household"), aliases=("标兵户", "卫生标兵户", "文明标兵户")),
)
"""Honours of communities, estates and the households of frontages."""

HONOURS = MapLayer(
    key="honours",
    needs=Permission.WORKS_READ,
    happened=True,
    title=N_("Honours"),
    model=Honour,
    geometry=None,
    key_field="holder",
    attributes=(
        Attribute(
            name="kind",
            title=N_("Kind of honour"),
            column=Honour.kind,
            choices=HONOUR_KINDS,
            required=True,
            aliases=("荣誉", "荣誉称号", "称号", "类别"),
        ),
        Attribute(
            name="holder",
            title=N_("Who holds it"),
            column=Honour.holder,
            required=True,
            aliases=("获得者", "社区编号", "小区编号", "户编号", "对象"),
        ),
        Attribute(
            name="year",
            title=N_("Year"),
            column=Honour.year,
            type=FieldType.INTEGER,
            minimum=FIRST_YEAR,
            maximum=LAST_YEAR,
            required=True,
            aliases=("年度", "年份", "年"),
        ),
        Attribute(
            name="granted_on",
            title=N_("Granted on"),
            column=Honour.granted_on,
            type=FieldType.DATE,
            aliases=("授予日期", "命名日期", "表彰日期"),
        ),
        Attribute(
            name="vetoed_on",
            title=N_("Vetoed on"),
            column=Honour.vetoed_on,
            type=FieldType.DATE,
            aliases=("否决日期", "一票否决日期", "取消日期"),
        ),
        Attribute(
            name="reason",
            title=N_("Reason of the veto"),
            column=Honour.reason,
            role=Role.FREE_TEXT,
            aliases=("否决原因", "否决理由", "取消原因", "原因"),
        ),
    ),
)
"""A veto keeps the honour from its holder for the year; one after the day of granting takes it away."""
