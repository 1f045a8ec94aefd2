"""Lay what the source report says beside the figures of the sample's year: ``make source-figures``.

What the source says is told in short; the figures are answered by a fresh sample town.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geo_hygiene.cluster import Cluster
from geo_hygiene.database import engine, migrate
from geo_hygiene.i18n import translated
from geo_hygiene.reports.annual import MECHANISMS, Figure, Report, answer
from geo_hygiene.reports.annual.writing import with_unit
from geo_hygiene.sample import load_into_empty

DOCUMENT = Path(__file__).parent / "source-figures.md"
YEAR = 2025
ADDRESS = "http://127.0.0.1:8080"
CHINESE = "zh_Hans"

HEAD = f"""# The figures of the source report, and ours

An office's report of its year gave this program its tasks. Each of its statements stands here, in short and not word by
word, beside what the sample town answers for {YEAR}. The town is made up, from the same seed everywhere: its records
are events, places and people, never totals, and the figures are what these come to. Where the source says "more than",
the sample has a little more; where it gives no figure, neither is there one to compare.

"no record" says that nobody wrote anything down, which is not 0. Each figure leads to its records in the running
program (`make run`), and its query is an address of the API: behind # stands the place of the figure in the answer, a
JSON pointer. `geo-hygiene report annual {YEAR}` answers all of them. `make source-figures` writes this document.
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What the source says of a mechanism; ``elsewhere`` is where the program answers what no figure tells."""

    mechanism: str
    chinese: str
    english: str
    elsewhere: str = ""


SOURCE = (
    Said("town", "6 个社区、81 个居民组、5.2 万人", "6 communities, 81 resident groups, 52 000 people"),
    Said(
        "staff",
        "领导包片、干部包社区包组、保洁员 130 名、市容监督员 100 名包段包户，红袖套义务监督员",
        "leaders, cadres, 130 cleaners and 100 supervisors each answer for a part; volunteers",
        f"Who answers for each area, and where the chain is broken: [{ADDRESS}/chain]({ADDRESS}/chain)",
    ),
    Said("inspections", "每周两检查，明查暗访", "inspections twice a week, routine and unannounced"),
    Said("bulletins", "两周一通报，流动红旗", "a bulletin every two weeks, and a rotating red flag"),
    Said("exposure", "限期整改、问责扣分；被上级曝光 0 次", "deadlines, deductions; never exposed from above"),
    Said("cleanups", "开展清洁日活动 12 次，9000 余人次", "12 clean-up days, more than 9 000 person-times"),
    Said("lanes", "整治街巷 180 余条", "more than 180 lanes put in order"),
    Said("disorders", "治理五乱 6000 余起", "more than 6 000 disorders removed"),
    Said("drains", "疏浚阴沟 6600 余米", "more than 6 600 m of drains dredged"),
    Said("blackspots", "清除卫生死角、暴露垃圾 180 处", "180 blackspots cleared"),
    Said(
        "adverts",
        "清除牛皮癣 20 万余处、7000 平方米，办假证号码 15454 个",
        "more than 200 000 adverts on 7 000 m² removed, with 15 454 telephone numbers",
    ),
    Said("tanks", "清掏化粪池 450 座", "450 septic tanks emptied"),
    Said(
        "letters",
        "门前三包责任书：单位 620 余份，临街户 28000 余份",
        "responsibility letters of more than 620 units and 28 000 frontages",
    ),
    Said(
        "amenities",
        "社区均有文化室、图书室、健身场地",
        "every community has a culture room, a library and a fitness ground",
    ),
    Said("awareness", "居民健康知识知晓率不断提高", "awareness of health knowledge keeps rising"),
    Said(
        "honours", "文明社区、文明小区、标兵户，实行一票否决", "honours of communities, estates and households; vetoes"
    ),
    Said("money", "投入资金 10 万余元", "more than 100 000 yuan spent"),
    Said(
        "publicity",
        "文艺演出 3 场，宣传队 4 支 160 人，横幅 160 余条，宣传车 80 余次",
        "3 shows, 4 troupes of 160 people, more than 160 banners and 80 vehicle tours",
    ),
    Said(
        "training",
        "每个社区有宣传栏；举办培训 20 余期、7000 余人次",
        "a noticeboard in each community; more than 20 courses with 7 000 person-times",
    ),
    Said(
        "campaigns",
        "春秋两季灭鼠，夏秋两季灭蚊、灭蝇、灭蟑",
        "rodents in spring and autumn; mosquitoes, flies and cockroaches in summer and autumn",
        f"What each campaign reached and left, on the ground: [{ADDRESS}/campaigns]({ADDRESS}/campaigns)",
    ),
    Said("standards", "四害密度达到国家标准", "the density of the four pests meets the standard"),
    Said("special", "三清一灭、禽流感防控等专项行动", "special actions, such as against bird flu"),
)
"""What the source says, in the order of the report."""


def document(report: Report) -> str:
    """Return the document."""
    by_mechanism = report.by_mechanism()
    parts = [HEAD]
    for number, said in enumerate(SOURCE, start=1):
        parts.append("\n".join(_section(number, said, by_mechanism[said.mechanism])))
    return "\n".join(parts)


def _section(number: int, said: Said, figures: list[Figure]) -> Iterator[str]:
    title = MECHANISMS[said.mechanism]
    yield f"## {number}. {translated(title, CHINESE)} · {title}"
    yield ""
    yield f"The source: {said.chinese} ({said.english})."
    if said.elsewhere:
        yield f"{said.elsewhere}."
    yield ""
    yield "| figure | value | year before | records | what it means, and the query that answers it |"
    yield "|---|---:|---:|---:|---|"
    for figure in figures:
        yield _row(figure)
    yield ""


def _row(figure: Figure) -> str:
    title = f"{translated(figure.declared.title, CHINESE)}<br>{figure.declared.title}<br>`{figure.id}`"
    value = with_unit(figure.value, figure.unit)
    linked = value if figure.url is None else f"[{value}]({ADDRESS}{figure.url})"
    told = figure.declared.definition if figure.query is None else f"{figure.declared.definition}<br>`{figure.query}`"
    return f"| {title} | {linked} | {with_unit(figure.previous, figure.unit)} | {figure.records:,} | {told} |"


def main() -> None:
    """Answer the year of a fresh sample town and write it down."""
    with tempfile.TemporaryDirectory(prefix="geo-hygiene-figures-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        cluster = Cluster(home)
        cluster.start()
        try:
            migrate(cluster.url("owner", database="geo_hygiene"))
            load_into_empty(cluster.url("service", database="geo_hygiene"))
            connections = engine(cluster.url("service", database="geo_hygiene"))
            with connections.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
                DOCUMENT.write_text(document(answer(connection, YEAR)), encoding="utf-8")
            connections.dispose()
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
