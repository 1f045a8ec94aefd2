"""Tables without a place that come and go as CSV: people, posts, assignments, lists of zones, campaigns, work rules."""

from __future__ import annotations

from dataclasses import replace

from geo_hygiene.i18n import N_
from geo_hygiene.layers import drain_segments, facilities, septic_tanks, street_segments
from geo_hygiene.layers.areas import ZONE_CLASSES
from geo_hygiene.layers.duty_zones import SHIFT_ALIASES, SHIFTS
from geo_hygiene.layerspec import Attribute, Choice, FieldType, MapLayer, Role, Undo, period_fields
from geo_hygiene.permissions import Permission
from geo_hygiene.records.campaigns import Campaign
from geo_hygiene.records.claims import Claim, ClaimStretch
from geo_hygiene.records.people import Assignment, Person, Post
from geo_hygiene.records.work_rules import WorkRule

ROLES = (
    Choice(value="leader", title=N_("Leader"), aliases=("领导", "包片领导")),
    Choice(value="cadre", title=N_("Cadre"), aliases=("干部", "社区干部", "包组干部")),
    Choice(
        value="cleaner",
        title=N_("Cleaner"),
        aliases=("保洁员", "环卫工", "环卫工人", "环卫保洁员", "清洁工", "清扫工", "保洁人员"),
    ),
    Choice(value="supervisor", title=N_("Supervisor"), aliases=("市容监督员", "监督员")),
    Choice(value="estate_cleaner", title=N_("Estate cleaner"), aliases=("小区保洁员", "estate cleaner")),
    Choice(value="volunteer", title=N_("Volunteer"), aliases=("红袖套义务监督员", "志愿者")),
)

EMPLOYMENTS = (
    Choice(value="full_time", title=N_("Full time"), aliases=("全职", "全日制", "full time", "full-time")),
    Choice(value="part_time", title=N_("Part time"), aliases=("兼职", "非全日制", "part time", "part-time")),
    Choice(value="public_post", title=N_("Public welfare post"), aliases=("公益岗位", "公益性岗位")),
    Choice(value="older_jobseeker", title=N_("Older jobseeker"), aliases=("4050", "4050人员")),
    Choice(value="low_income", title=N_("Low-income household"), aliases=("低保", "低保户")),
)

PERSON_ALIASES = ("人员", "人员编号", "责任人", "工号")

_person = Attribute(name="person", title=N_("Person"), role=Role.PERSON, required=True, aliases=PERSON_ALIASES)
_zone = Attribute(
    name="zone", title=N_("Zone"), role=Role.ZONE, required=True, aliases=("责任区", "责任区编号", "片区")
)
_shift = Attribute(name="shift", title=N_("Shift"), column=Assignment.shift, choices=SHIFTS, aliases=SHIFT_ALIASES)

PEOPLE = MapLayer(
    key="people",
    needs=Permission.PEOPLE_READ,
    title=N_("People"),
    model=Person,
    geometry=None,
    key_field="code",
    label=Person.name,
    attributes=(
        Attribute(
            name="code",
            title=N_("Code"),
            column=Person.code,
            role=Role.CODE,
            required=True,
            aliases=("编号", "工号", "人员编号"),
        ),
        Attribute(name="name", title=N_("Full name"), column=Person.name, required=True, aliases=("姓名", "名字")),
        Attribute(
            name="role",
            title=N_("Role"),
            column=Person.role,
            choices=ROLES,
            required=True,
            aliases=("岗位", "职务", "身份", "角色"),
        ),
        Attribute(
            name="employment",
            title=N_("Employment"),
            column=Person.employment,
            choices=EMPLOYMENTS,
            aliases=("用工形式", "人员性质"),
        ),
        Attribute(name="community", title=N_("Community"), column=Person.community, aliases=("社区", "所属社区")),
        Attribute(
            name="phone",
            title=N_("Telephone (masked)"),
            column=Person.phone,
            role=Role.PHONE,
            aliases=("电话", "手机", "联系电话"),
        ),
        Attribute(
            name="left_on",
            title=N_("Left on"),
            column=Person.left_on,
            type=FieldType.DATE,
            aliases=("离职日期", "离岗日期"),
        ),
    ),
)

POSTS = MapLayer(
    key="posts",
    undo=Undo.NEW,
    needs=Permission.PEOPLE_READ,
    title=N_("Posts"),
    model=Post,
    geometry=None,
    key_field="person",
    attributes=(
        _person,
        Attribute(name="area", title=N_("Area"), role=Role.AREA, required=True, aliases=("区域", "社区", "居民组")),
        Attribute(
            name="kind",
            title=N_("Kind of post"),
            column=Post.kind,
            required=True,
            choices=tuple(role for role in ROLES if role.value in {"leader", "cadre"}),
            aliases=("职务", "岗位", "角色"),
        ),
        *period_fields(Post),
    ),
)

ASSIGNMENTS = MapLayer(
    key="assignments",
    undo=Undo.NEW,
    needs=Permission.PEOPLE_READ,
    title=N_("Assignments"),
    model=Assignment,
    geometry=None,
    key_field="person",
    attributes=(
        _person,
        _zone,
        _shift,
        *period_fields(Assignment),
        Attribute(
            name="stands_in_for",
            title=N_("Stands in for"),
            role=Role.ABSENT,
            aliases=("代替", "代班对象", "被代班人"),
        ),
    ),
)

ZONE_SEGMENTS = MapLayer(
    key="zone-segments",
    undo=Undo.NOTHING,
    title=N_("Stretches of zones"),
    model=ClaimStretch,
    geometry=None,
    key_field="zone",
    attributes=(
        _zone,
        Attribute(
            name="segment",
            title=N_("Segment"),
            role=Role.SEGMENT,
            type=FieldType.UUID,
            required=True,
            aliases=("路段",),
        ),
        Attribute(
            name="from_m",
            title=N_("From metre"),
            column=ClaimStretch.from_mm,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            aliases=("起点",),
        ),
        Attribute(
            name="to_m",
            title=N_("To metre"),
            column=ClaimStretch.to_mm,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            aliases=("终点",),
        ),
        *period_fields(Claim),
    ),
)

DUTIES = (
    Choice(value="sweeping", title=N_("Sweeping"), aliases=("保洁", "清扫", "清扫保洁")),
    Choice(value="supervision", title=N_("Supervision"), aliases=("市容监督", "监督", "市容")),
    Choice(value="drains", title=N_("Drains"), aliases=("阴沟", "沟渠", "疏浚")),
)
"""The duties whose targets lie along lanes and drains."""

_begins, _ends = period_fields(Assignment)
_roster_period = (
    replace(_begins, aliases=("开始日期", "生效日期", "起始日期", "from date", "start date", "since")),
    replace(_ends, aliases=("结束日期", "失效日期", "to date", "until", "end date")),
)
"""Beside the places from and to, whose plain names these have elsewhere."""

DUTY_ROSTER = MapLayer(
    key="duty-roster",
    undo=Undo.NOTHING,
    needs=Permission.PEOPLE_READ,
    title=N_("Duty roster"),
    model=Assignment,
    geometry=None,
    key_field="zone",
    attributes=(
        Attribute(name="zone", title=N_("Zone"), role=Role.ZONE, aliases=("责任区", "责任区编号", "片区")),
        Attribute(
            name="person", title=N_("Person"), role=Role.PERSON, aliases=("工号", "人员编号", "编号", "人员代码")
        ),
        Attribute(
            name="name",
            title=N_("Full name"),
            role=Role.NAMED,
            aliases=("姓名", "名字", "责任人", "人员", "保洁员", "负责人"),
        ),
        Attribute(
            name="post", title=N_("Role"), role=Role.NAMED, choices=ROLES, aliases=("岗位", "职务", "身份", "role")
        ),
        Attribute(
            name="duty", title=N_("Duty"), role=Role.DUTY, choices=DUTIES, aliases=("职责", "责任类型", "工作内容")
        ),
        Attribute(
            name="lane",
            title=N_("Lane"),
            role=Role.NAMED,
            required=True,
            aliases=("街巷", "道路", "路名", "路段", "责任路段", "街道", "street", "road"),
        ),
        Attribute(name="lane_code", title=N_("Lane code"), role=Role.NAMED, aliases=("街巷编号", "道路编号")),
        Attribute(name="from", title=N_("From"), role=Role.FROM, aliases=("起点", "从", "起点位置")),
        Attribute(name="to", title=N_("To"), role=Role.TO, aliases=("终点", "至", "到", "终点位置")),
        _shift,
        Attribute(
            name="phone",
            title=N_("Telephone (masked)"),
            role=Role.PHONE,
            aliases=("电话", "手机", "联系电话", "手机号"),
        ),
        *_roster_period,
    ),
)
"""Who looks after which stretch of which lane, as offices write it down; zones, people and assignments in one table."""

PESTS = (
    Choice(value="rodent", title=N_("Rodents"), aliases=("鼠", "老鼠", "灭鼠", "rat", "mouse")),
    Choice(value="mosquito", title=N_("Mosquitoes"), aliases=("蚊", "蚊子", "灭蚊")),
    Choice(value="fly", title=N_("Flies"), aliases=("蝇", "苍蝇", "灭蝇")),
    Choice(value="cockroach", title=N_("Cockroaches"), aliases=("蟑", "蟑螂", "蜚蠊", "灭蟑")),
    Choice(value="none", title=N_("No pest"), aliases=("无", "消毒")),
)

SEASONS = (
    Choice(value="spring", title=N_("Spring"), aliases=("春", "春季")),
    Choice(value="summer", title=N_("Summer"), aliases=("夏", "夏季")),
    Choice(value="autumn", title=N_("Autumn"), aliases=("秋", "秋季", "fall")),
    Choice(value="winter", title=N_("Winter"), aliases=("冬", "冬季")),
)

CAMPAIGNS = MapLayer(
    key="campaigns",
    needs=Permission.CAMPAIGNS_READ,
    title=N_("Campaigns"),
    model=Campaign,
    has_windows=True,
    geometry=None,
    key_field="code",
    label=Campaign.title,
    attributes=(
        Attribute(
            name="code", title=N_("Code"), column=Campaign.code, role=Role.CODE, required=True, aliases=("编号", "代码")
        ),
        Attribute(name="title", title=N_("Title"), column=Campaign.title, required=True, aliases=("名称", "标题")),
        Attribute(
            name="pest",
            title=N_("Pest"),
            column=Campaign.pest,
            required=True,
            choices=PESTS,
            aliases=("病媒", "害虫", "四害"),
        ),
        Attribute(name="season", title=N_("Season"), column=Campaign.season, choices=SEASONS, aliases=("季节", "季度")),
        *(replace(period, required=True) for period in period_fields(Campaign)),
        Attribute(
            name="scope",
            title=N_("What is treated"),
            column=Campaign.scope,
            type=FieldType.CODES,
            required=True,
            aliases=("范围", "处理对象"),
        ),
        Attribute(
            name="zone_classes",
            title=N_("Zone classes"),
            column=Campaign.zone_classes,
            type=FieldType.CODES,
            aliases=("区域类别",),
        ),
        Attribute(
            name="areas",
            title=N_("Areas"),
            column=Campaign.areas,
            type=FieldType.CODES,
            aliases=("社区", "区域"),
        ),
        Attribute(
            name="limit_days",
            title=N_("Too long ago after days"),
            column=Campaign.limit_days,
            type=FieldType.INTEGER,
            unit="d",
            minimum=1,
            maximum=3_660,
            aliases=("复查天数",),
        ),
    ),
)

WORKED = (street_segments.LAYER, drain_segments.LAYER, septic_tanks.LAYER, facilities.LAYER)
"""The layers of targets whose work has rules."""

_kind_words = {
    "street-segments": ("街巷", "路段"),
    "drain-segments": ("阴沟", "沟渠"),
    "septic-tanks": ("化粪池",),
    "facilities": ("设施",),
}

WORK_KINDS = (
    *(Choice(value=layer.key, title=layer.title, aliases=_kind_words[layer.key]) for layer in WORKED),
    Choice(value=PEOPLE.key, title=N_("Working day"), aliases=("人员", "工作日")),
)
"""What rules of the work model speak of: targets, and how long people work in a day."""

WORK_CATEGORIES: dict[str, tuple[Choice, ...]] = {
    **{layer.key: layer.category_choices for layer in WORKED},
    PEOPLE.key: EMPLOYMENTS,
}
"""By kind the classes that a rule may name."""

WORK_RULES = MapLayer(
    key="work-rules",
    title=N_("Work rules"),
    model=WorkRule,
    geometry=None,
    key_field="kind",
    attributes=(
        Attribute(
            name="kind",
            title=N_("Kind of target"),
            column=WorkRule.kind,
            choices=WORK_KINDS,
            required=True,
            aliases=("对象", "类型"),
        ),
        Attribute(
            name="category",
            title=N_("Class"),
            column=WorkRule.category,
            choices=tuple(choice for choices in WORK_CATEGORIES.values() for choice in choices),
            aliases=("等级", "类别"),
        ),
        Attribute(
            name="zone_class",
            title=N_("Zone class"),
            column=WorkRule.zone_class,
            choices=ZONE_CLASSES,
            aliases=("区域类别", "分区"),
        ),
        Attribute(
            name="width_from_m",
            title=N_("Width from"),
            short="width_from",
            column=WorkRule.width_from_m,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            maximum=200,
            aliases=("最小宽度",),
        ),
        Attribute(
            name="width_to_m",
            title=N_("Width below"),
            short="width_to",
            column=WorkRule.width_to_m,
            type=FieldType.NUMBER,
            unit="m",
            minimum=0,
            maximum=200,
            aliases=("最大宽度",),
        ),
        Attribute(
            name="minutes",
            title=N_("Minutes each time"),
            column=WorkRule.minutes,
            type=FieldType.NUMBER,
            unit="min",
            minimum=0,
            maximum=100_000,
            required=True,
            aliases=("分钟", "用时"),
        ),
        Attribute(
            name="times",
            title=N_("Times"),
            column=WorkRule.times,
            type=FieldType.NUMBER,
            minimum=0.01,
            maximum=1_000,
            aliases=("次数",),
        ),
        Attribute(
            name="days",
            title=N_("In so many days"),
            column=WorkRule.days,
            type=FieldType.INTEGER,
            unit="d",
            minimum=1,
            maximum=3_660,
            aliases=("天数", "周期"),
        ),
        *period_fields(WorkRule),
    ),
)
"""How long work takes, and how long people work."""
