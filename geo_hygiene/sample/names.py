"""Names for the sample town's lanes: invented from stems that many towns share, none used twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import count

OFFICE = "清江街道（示例）"
RIVER = "清江"
BROOK = "桂溪"
COMMUNITIES = ("北湖社区", "新华社区", "迎春社区", "柳荫社区", "鼓楼社区", "东湖社区")
VILLAGES = ("罗家村", "曾家坝")
DIGITS = "一二三四五六七八九十"


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


ARTERIALS = words(
    """
    建设大道 人民大道 清江大道 朝阳大道 胜利大道 北湖大道 迎宾大道 东湖大道 新华大道 永安大道 文昌大道 学府大道
    兴业大道 平安大道 锦江大道 龙门大道 金沙大道 青山大道 绿洲大道 星光大道 世纪大道 丰收大道
    """
)

STREETS = words(
    """
    长宁路 南江路 云锦路 民主街 解放街 迎春街 文化路 团结街 和平路 光明街 新民街 前进路 友谊路 红星路 工农街 育才路
    公园路 体育路 车站路 府前街 兴隆街 凤凰路 金桥路 银杏路 芙蓉路 桂花街 海棠路 玉兰街 香樟路 锦绣街 康宁路 安康路
    富民路 惠民街 同心路 青年路 环翠路 望江路 观澜街 听涛路 翠屏路 长虹路 彩虹街 学院街 书院街 劳动路 延河路 向阳街
    东风路 新风街 振兴街 民生路 广场路 永兴街 太和路 江平路 春熙街 嘉陵路 沱江路 岷山路 云台路 凌云街 飞鹤路 鹿鸣街
    虹桥路 枫林路 梨园街 丹桂路 石榴街 桃源路
    """
)

OLD_LANES = words(
    """
    小米市巷 铁炉巷 银匠里 城隍巷 白鹤巷 豆芽巷 水井巷 荷塘巷 双桥里 福寿里 棉花巷 灯笼巷 青石里 织造巷 打铁巷
    米花巷 油坊巷 酱园巷 盐店巷 茶馆巷 染坊巷 竹器巷 木匠巷 篾匠巷 草鞋巷 布市巷 鱼市巷 羊市巷 牛市巷 状元巷 文庙巷
    武庙巷 学道巷 考棚巷 官井巷 双井巷 四眼井巷 龙眼井巷 牌坊巷 牌楼巷 钟楼巷 城墙巷 马道巷 校场巷 箭道巷 衙后巷
    县仓巷 豆腐巷 糖坊巷 醋坊巷 香烛巷 纸扎巷 伞铺巷 扇子巷 梳子巷 针线巷 铜锣巷 锡匠巷 磨坊巷 碾子巷 皂角巷 黄葛巷
    梧桐巷 枇杷巷 杏林里 木兰里 太平巷 安乐巷 永和里 高升巷 福禄巷 吉祥巷 如意巷 仁和巷 义学巷 礼贤巷 信义巷 三义巷
    五福巷 六合巷 百花巷 万寿巷 槐荫里 桑树巷 药王巷 天灯巷 鼓乐巷 戏台巷 书铺巷 笔墨巷 砚台巷 琴台巷 棋盘巷 画院巷
    月亮湾巷 大井坎巷 小石桥巷 青龙巷 麒麟巷 玉带巷 绣花巷 弹花巷 骡马巷 柴市巷
    """
)

NEW_LANES = words(
    """
    安居路 乐业路 康乐路 怡景路 春晖路 春华路 秋实路 晨光路 明珠路 碧水路 清泉路 兰苑路 菊园路 竹苑路 梅园路 松柏路
    翠竹路 紫薇路 丁香路 月季路 茉莉路 玫瑰路 百合路 水仙路 杜鹃路 樱花路 合欢路 诚信路 敬业路 友善路 勤俭路 自强路
    厚德路 博学路 笃行路 明德路 至善路 求实路 创新路 科技路 创业路 兴工路 轻纺路 仓储路 物流路 机修路 电力路 邮政路
    税务路 供销路 粮站路 卫生路 少年宫路 图书馆路 影院路 剧场路 早市路 花市路 灯市路 书香路 墨香路 荷香路 稻香路
    麦香路 果香路 茶香路 山茶路 红豆路 云杉路 水杉路 榕树路 桉树路 楠木路 蓝天路 白云路 明月路 繁星路 朝霞路 晚晴路
    细雨路 和风路 瑞雪路 甘露路 如歌路 似锦路 叠翠路 流芳路 凝香路 浣花路 采莲路 听荷路 观鱼路
    """
)

FRINGE_LANES = words(
    """
    张家湾路 李家坝路 王家桥路 陈家沟路 刘家院路 杨家碾路 黄泥坡路 石板滩路 沙坝路 砖厂路 果园路 水库路 渔场路
    苗圃路 蚕桑路 牧场路 茶园路 橘园路 桑园路 菜花坡路 麻柳湾路 青杠林路 松林坡路 竹林湾路 堰塘路 大堰口路 渡口路
    老窑路 瓦窑坝路 红岩路 白岩路 回龙路 双河口路 土门路 高坎路 花果山路 新村路 赵家坪路 周家嘴路 吴家沟路 郑家湾路
    冯家坝路 蒋家院路 沈家桥路 韩家碾路 朱家坪路 秦家湾路 许家沟路 何家嘴路 吕家院路 施家坝路 孔家桥路 曹家湾路
    严家坪路 华家沟路 金家碾路 魏家嘴路 陶家湾路 姜家坝路 谢家桥路 邹家院路 柏家沟路
    """
)

PARKS = words("鼓楼广场 人民公园 翠湖公园 北湖公园 桂香园 东湖公园 儿童公园 柳荫园 青年公园 滨江花园 百花园 梅园 竹园")
"""The first is the square in the middle of the old town."""

SUFFIXES = ("大道", "路", "街", "巷", "里")


class NameBook:
    """Hands out lane names, each once."""

    def __init__(self) -> None:
        self._lists: dict[str, Iterator[str]] = {
            "arterial": endless(ARTERIALS),
            "street": endless(STREETS),
            "old": endless(OLD_LANES),
            "new": endless(NEW_LANES),
            "fringe": endless(FRINGE_LANES),
        }
        self._villages: Counter[str] = Counter()
        self._courts: dict[str, int] = defaultdict(int)

    def take(self, kind: str) -> str:
        """Return the next name of a kind: arterial, street, old, new, fringe or the name of a village."""
        if kind in self._lists:
            return next(self._lists[kind])
        self._villages[kind] += 1
        return f"{kind}{numeral(self._villages[kind])}巷"

    def court(self, parent: str) -> str:
        """Return the name of a dead-end alley off a lane."""
        stem, _ = split_name(parent)
        self._courts[stem] += 1
        return f"{stem}{numeral(self._courts[stem])}支巷"


def split_name(name: str) -> tuple[str, str]:
    """Return the stem of a lane's name and the word for its kind."""
    end = next((end for end in SUFFIXES if name.endswith(end)), "")
    return name.removesuffix(end), end


def endless(names: list[str]) -> Iterator[str]:
    """Return the names and, when they run out, the same with numbers: 长宁路, later 长宁二路."""
    yield from names
    for number in count(2):
        for name in names:
            stem, end = split_name(name)
            yield f"{stem}{numeral(number)}{end}"


def numeral(number: int) -> str:
    """Return a whole number from 1 to 99 in Chinese."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else DIGITS[tens - 1] + "十")
    return head + (DIGITS[ones - 1] if ones else "")
