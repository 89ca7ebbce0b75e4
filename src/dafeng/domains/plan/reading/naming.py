"""What a target is about: the indicator's name out of the words beside a number.

Left of a number stands `subject + modal words + verb`; right of it may stand the thing counted. A subject may be a list
that shares one verb (A、B分别达到), share its head (公交车、出租车占比) or its first words (病虫害绿色防控和统防统治).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dafeng.domains.plan.reading.grammar import Action, grammar

NAME_LIMIT = 40
BRACKETED = re.compile(r"（[^（）]*(?:含|不含|单位|下同|以下|指)[^（）]*）")
RATE_HEAD = re.compile(
    r"(?:(?:新能源|清洁能源|可再生能源|非化石能源|绿色建筑|使用新能源)(?:汽车|车辆)?(?:率|比例|比重|占比)|[^、和及与]{0,2}(?:率|比例|比重|占比)|强度|浓度|规模|总量|能耗|水耗|煤耗|电耗|排放量|用量|数量|产量|里程|系数|指数|水平|能力|能效|增加值"
    r"|蓄积量|(?:煤炭|能源|石油|天然气|电力|用电)?消费(?:总?量)|用水量|减排量|装机容量|装机规模|装机|容量|面积|产值|减排比例|总装机|重点工程减排量|排放总量|覆盖面)$"
)
SHARE = re.compile(r"^(?P<what>.*?)(?:达到|占(?!比)|达|为|提高到|不低于|超过)(?P<whole>.{2,30}?)的$")
EXAMPLES = re.compile(r"等$")


@dataclass(frozen=True)
class Subject:
    """The left side of a number, taken apart."""

    name: str
    means: str  # level | increase | decrease | "" where no verb stands before the number
    verb: str
    action: Action | None
    per_year: bool


def read_left(left: str) -> Subject:
    """Take apart the words left of a number: 全市森林覆盖率力争达到 → 森林覆盖率, level."""
    g = grammar()
    left = BRACKETED.sub("", left[-120:])
    per_year = bool(g.words["per_year"].search(left))
    share = SHARE.match(left)
    if share:
        what = clean(share["what"])
        return Subject(f"{what}占{share['whole']}比重", "level", "的", None, per_year)
    verb, means, rest = "", "", strip_tail(left)
    while found := g.verbs.search(rest):
        if not verb or (means == "level" and g.meaning[found[0]] != "level" and verb in WEAK):
            verb, means = found[0] + verb, g.meaning[found[0]]
        elif verb:
            break
        rest = strip_tail(rest[: found.start()])
    action = _action(rest) or _action(left)
    return Subject(clean(rest), means, verb, action, per_year)


PLACE = re.compile(
    r"^(?:城市|县城|城区|农村|乡镇|城镇|[国省市县]级|国家级|中心城区|.{1,3}[市县区省])$|级$|行业$|地区$|流域$"
)
# What an indicator measures, without the words before it that say what is done (回收|利用|率).
HEAD_WORD = re.compile(
    r"(?:率|比例|比重|占比|强度|浓度|消费总?量|用水量|排放总?量|减排量|装机容量|装机规模|总量|规模|装机|容量|面积|产值|能耗|水耗|煤耗|电耗"
    r"|用量|数量|产量|里程|系数|指数|水平|能力|能效|增加值|蓄积量|覆盖面)$"
)
# Words with which the part of a name begins that listed subjects share: 营运车辆、船舶|换算周转量碳排放强度.
SHARED_START = re.compile(r"单位|换算|人均|污泥|污水|生活垃圾|生活污水|碳排放|整体|重点工程|综合能耗|无害化")
LEVELLED = re.compile(r"(?:国家|省|市|县|部)级(.+)$")
PLAIN_THING = re.compile(r"[、和及]")
WEAK = {
    "达到",
    "达",
    "为",
    "在",
    "到",
    "至",
    "约",
    "分别",
    "均",
    "实现",
    "完成",
    "以",
    "超过",
    "突破",
    "不少于",
    "保持",
    "稳定",
    "维持",
}


def _action(left: str) -> Action | None:
    """The action that a clause opens with, after its adverbs."""
    found = grammar().action_pattern.search(left)
    if not found:
        return None
    before = clean(left[: found.start()])
    return grammar().actions[found[0]] if len(before) <= 4 or before.endswith("工程") else None


def clean(name: str) -> str:
    """A name without what merely leads to it or follows it."""
    name = strip_tail(name).rsplit("（", 1)[-1] if name.count("（") > name.count("）") else strip_tail(name)
    g = grammar()
    while found := g.lead.match(name):
        after = name[found.end() :]
        if any(after.startswith(word) for word in g.keep_before.get(found[0], ())) or (
            found[0] == "“" and "”" in after
        ):
            break
        name = after
    return strip_tail(name)[-NAME_LIMIT:].strip("，；：。、 \t")


def strip_tail(text: str) -> str:
    tail = grammar().tail
    while found := tail.search(text):
        text = text[: found.start()]
    return text


def of_predicate(clause: str) -> str:
    """The subject of a clause that says something without a number: 能源消费总量得到有效控制 → 能源消费总量."""
    found = grammar().predicate.search(strip_tail(clause))
    return clean(clause[: found.start()]) if found else clean(clause)


PER = re.compile(
    r"(?:全市|全省|全国)?(?:单位|万元|亿元|人均)[^、和及]{0,8}?(?:生产总值|GDP|增加值|产值|建筑面积|周转量)(?:（GDP）)?"
)


def split_subject(name: str, count: int) -> list[str] | None:
    """A listed subject as `count` names, heads and first words shared out; None where it is no such list."""
    for joint in (r"、", r"、|和|以及", r"、|和|以及|及|与"):
        parts = [part for part in re.split(joint, name) if part]
        if len(parts) == count > 1:
            return _share(parts, first_words=joint != "、")
    return None


def _share(parts: list[str], *, first_words: bool = True) -> list[str]:
    """Heads shared out, and first words where the joint is 和 or 及: after 、 each part names a thing of its own."""
    last = parts[-1]
    head = RATE_HEAD.search(last)
    cores = [_core(part) for part in parts]
    made = list(parts)
    own_heads = bool(RATE_HEAD.search(parts[0]))
    if head and not own_heads:
        rest = _shared_head(parts, head[0])
        made = [part + rest for part in parts[:-1]] + [last]
    elif (levelled := LEVELLED.match(last)) and all(part.endswith("级") for part in parts[:-1]):
        made = [part + levelled[1] for part in parts[:-1]] + [last]
    first = made[0]
    among = first.find("中") + 1  # 新建建筑中绿色建筑占比、星级建筑占比
    lead = among if 4 <= among < len(_core(first)) else len(_core(first)) - len(_core(made[-1]))
    if (each := PER.match(first)) and len(parts) == 2 and not PER.match(last) and not own_heads:
        return [first, each[0] + made[-1]]  # 单位生产总值能源消耗和二氧化碳排放
    if not among and (not first_words or (own_heads and not grammar().operations.fullmatch(cores[-1]))):
        return made  # 秸秆综合利用率和农膜回收率: each is whole
    if lead >= 3 and len(cores[-1]) <= 8 and len(parts) == 2 and not PLACE.search(first[: len(_core(first))]):
        made = [first, _core(first)[:lead] + made[-1]]
    return made


def _shared_head(parts: list[str], head: str) -> str:
    """What the last part says for all: of 城市、县城污泥处理率 it is 污泥处理率, of 公交车、出租车占比 it is 占比."""
    last = parts[-1]
    usual = max(len(part) for part in parts[:-1])
    if (begin := SHARED_START.search(last, 1)) and begin.start() >= 2:
        return last[begin.start() :]
    places = all(PLACE.search(part) for part in parts[:-1])
    if places and len(last) - len(head) > usual and not PLAIN_THING.search(last[:usual]):
        return last[usual:]
    word = HEAD_WORD.search(last)
    done = grammar().operations.search(last[: word.start()] + "|") if word else None
    if word is None or (done is None and word[0] == "率"):
        return head
    return last[done.start() :] if done and done.start() >= 2 else word[0]


def _core(part: str) -> str:
    head = RATE_HEAD.search(part)
    return part[: head.start()] if head else part


def twins(name: str) -> list[str] | None:
    """Two full indicators that share one number: 农药利用率和化肥利用率."""
    parts = [part for part in re.split(r"、|和|以及|及", name) if part]
    if len(parts) >= 2 and all(re.search(r"(?:率|比例|比重|占比)$", part) for part in parts):
        return _share(parts) if len(parts) == 2 else parts
    return None


AFTER_CUT = re.compile(
    r"等(?!级|离子|温)|（(?![市区县州旗、]+）)|，|；|：|。|\t|\n|(?<!及)以上|左右|[“”]?(?:力争|确保|争取)|用于|作为|，|并|(?<=[站厂路区线园目家业])(?:建设打造|打造)"
)


NO_NOUN = ("目标", "要求", "水平", "任务", "标准", "比例", "速度", "幅度")


def noun_after(right: str) -> str:
    """The thing counted, right of a number: 个产业规模大、链条完整的绿色产业集群 → 绿色产业集群."""
    cut = AFTER_CUT.search(right)
    phrase = right[: cut.start()] if cut else right
    phrase = phrase.lstrip("的")
    last = phrase.rfind("的")
    if last > 0 and len(phrase) - last > 2:
        phrase = phrase[last + 1 :]
    if phrase in NO_NOUN:
        return ""
    parts = phrase.split("、")
    whole = len(parts) == 2 and len(phrase) <= 18 and not grammar().action_pattern.match(parts[1])
    return (phrase if whole else parts[0]).strip("、，和及与 ")[:26]


def share_of(right: str) -> str:
    """What a share is a share of: 80%以上的县级及以上党政机关建成节约型机关 → 县级及以上党政机关建成节约型机关."""
    cut = AFTER_CUT.search(right)
    phrase = (right[: cut.start()] if cut else right).lstrip("的")
    return "" if phrase.startswith(NO_NOUN) else phrase[:30].rstrip("、和及与")
