"""What a number is for: a target, a property of a thing, a rule, or something past.

Most numbers of a plan that carry a unit are targets. The others show by their unit (千伏), by what follows (以下锅炉,
范围内), by what precedes (由15%, 每3万亩, 奖励) or by the time they speak of.
"""

from __future__ import annotations

import re

from dafeng.domains.plan.reading.grammar import grammar
from dafeng.domains.plan.reading.naming import Subject
from dafeng.domains.plan.reading.quantities import Quantity

NEVER = {"voltage", "boiler", "order"}
PROPERTY = {"power", "mass", "energy", "volume"}
ACCUMULATES = {"area", "length", "power", "volume", "mass", "energy", "money"}
UNITLESS = re.compile(r"(?:系数|指数|比值|容积率|倍数|产出率|利用效率|PUE值?)(?:（[^（）]*）)?(?:普遍|平均|分别|均)*$")
HOURS = re.compile(r"小时数$|时间$|时长$")
FUTURE = re.compile(r"拟|将|力争|计划|确保|争取|规划|再|新增|预计")
THING = re.compile(r"[\u4e00-\u9fff“]")
RATE = re.compile(r"(?:率|比例|比重|占比|含量|浓度)$")
PROMOTES = re.compile(r"(?:推进|推动|支持|开展|鼓励|加强|加快|引导|淘汰|关停|严控|限制|对|监测|实现)$")
PROJECT = re.compile(r"项目|工程|基地|机组|生产线|装置|园区|电站|电厂|风电场")
INVESTED = re.compile(r"(?:计划)?总?投资(?:额|规模)?(?:约|达|达到|超过|近)?$")
# Rules about projects: who approves what, and what may be built at all.
APPROVAL = re.compile(
    r"不得|不予|一律(?!达)|禁止|严禁|(?:须|应|由|报|经|实行|进行|开展)[^，；。]{0,12}(?:审查|审批|报批|会商|备案|核准)"
    r"|差别电价|惩罚性|阶梯电价|配置要求|配建要求|配储|(?:产能|减量|等量|能耗)(?:置换|替代)"
)
BY = re.compile(r"按照?$")
BY_SHARE = re.compile(r"按照?[^，；。]{0,14}(?:容量|规模|面积|投资|总额|总量|车位)的?$")
MONEY_FOR = re.compile(r"给予|奖励|补助|补贴|贴息|罚款|税率")
BRACKET_THING = re.compile(
    r"^(?:新增|新建|其中|全市)?(?:集中式|分布式|分散式|户用|屋顶|地面|新型|电化学|压缩空气|共享|独立|常规|农林)*"
    r"(?:光伏|风电|风能|太阳能|储能|水电|核电|煤电|火电|气电|抽水蓄能|生物质|垃圾焚烧|地热|新能源|可再生能源|清洁能源)(?:能|发电)?"
    r"(?:电站|项目|总?装机(?:容量|规模)?|机组|容量|规模)?$|(?:装机(?:容量|规模)?|储能)$"
)
INDICATOR = re.compile(r"(?:率|比例|比重|占比|覆盖面|面积|产量|总量|消费量|用量|规模|产值|里程|蓄积量|能力)$")
MAKES = re.compile(r"(?:新增|新建|完成|建成|建设|改造|营造)$")
COMPARED = re.compile(r"低于|高于|超过|超出|达不到|不足")
SUBJECTS = re.compile(r"的(?:项目|企业|单位|地区|园区|县|区|产品|机组|用户|设备|建筑)")
CAPITAL = re.compile(
    r"(?:项目|工程|电站|基地|风电场|变电站|输变电|机组|园区|锅炉|管线|生产线|产能项目|储煤|装置|线|电厂|公司|企业|站|高炉|转炉)"
)


def role(quantity: Quantity, left: str, raw_left: str, right: str, *, verb: str, bare_verb: bool, dated: bool) -> str:
    """target | attribute | rule | past. `left` has no time phrases; `raw_left` is the whole clause before the number.

    `dated` tells whether a year of the plan governs the number: 到2025年建成100万千瓦光伏项目 promises, but
    推进100万千瓦光伏项目 only says how large a project is.
    """
    words = grammar().words
    group = quantity.group
    if group in NEVER:
        return "attribute"
    if group == "time" and not (quantity.unit == "小时" and verb and HOURS.search(_noun(left, verb))):
        return "attribute"
    if group == "days" and not re.search(r"天数|优良天|达标天", left):
        return "attribute"
    if not quantity.unit:
        return "target" if UNITLESS.search(_noun(left, verb)) and not THING.match(right) else "attribute"
    if (
        not quantity.arabic
        and not quantity.implicit
        and group != "percent"
        and not _counts(quantity, left, right, bare_verb)
    ):
        return "attribute"
    if (
        words["constraint"].search(raw_left[-40:])
        or words["constraint_near"].search(raw_left[-4:])
        or (BY.search(raw_left) and quantity.start < quantity.number_start)
        or BY_SHARE.search(raw_left[-60:])
        or MONEY_FOR.search(right[:16])
        or APPROVAL.search(right[:60])
    ):
        return "rule"
    if re.search(r"(?:由|从)(?:20\d\d年(?:底|末)?的?|现在的?|目前的?|基期的?)?$", raw_left):
        return "attribute"
    if (
        words["range_after"].match(right)
        or re.search(r"^[^、]{2,16}中$", right)
        or re.match(r"(?:每|平均每)$", left[-1:])
    ):
        return "attribute"
    if re.search(r"每", raw_left) and quantity.unit in ("次", "场", "期", "批次"):
        return "attribute"
    if _is_size(quantity, left, right, dated=dated):
        return "attribute"
    if re.search(r"（(?:总?装机(?:容量|规模)?|规模|容量|[一二三]期|总?投资|占地|含)[^（）]{0,6}$", raw_left):
        return "attribute"
    if _is_past(raw_left):
        return "past"
    if _is_threshold(quantity, left, right, bare_verb=bare_verb):
        return "attribute"
    if (
        group in PROPERTY
        and not quantity.qualifier
        and not bare_verb
        and CAPITAL.search(right[:24])
        and THING.match(right)
    ):
        return "attribute"
    return "target"


def _is_size(quantity: Quantity, left: str, right: str, *, dated: bool) -> bool:
    """How large a project is that is only helped on: 推进200万吨固废利用项目落地, 总投资30亿元的项目."""
    if quantity.group == "money":
        return bool(
            INVESTED.search(left) and re.match(r"的[^，；。]*(?:项目|工程|基地|园|企业|中心|厂|电站)", right[:60])
        )
    helped = PROMOTES.search(left) or (quantity.group in PROPERTY and re.search(r"(?:谋划|争取|储备|引进|开工)$", left))
    sized = quantity.group in PROPERTY and not quantity.qualifier
    return bool(sized and not dated and helped and PROJECT.search(right[:30]) and THING.match(right))


def names_a_kind(subject: Subject, quantity: Quantity) -> bool:
    """Whether the words before a bracketed number name a kind of thing or an indicator, not one plant: 新型储能（20万千瓦）."""
    name = subject.name.removeprefix(subject.action.word if subject.action else "")
    return bool(BRACKET_THING.search(name) if quantity.group in ("power", "energy") else INDICATOR.search(name))


def _noun(left: str, verb: str) -> str:
    return left[: len(left) - len(verb)] if verb and left.endswith(verb) else left


def _is_past(raw_left: str) -> bool:
    return bool(grammar().words["past"].search(raw_left)) and not FUTURE.search(raw_left)


def _counts(quantity: Quantity, left: str, right: str, bare_verb: bool) -> bool:
    """A small Chinese numeral counts things only after a verb and before a plain noun: 建成两个产业园."""
    if re.match(r"级|大|层|新|重", right):
        return False
    return bare_verb and bool(THING.match(right)) and not grammar().words["rhetoric"].search(right[:12])


def _is_threshold(quantity: Quantity, left: str, right: str, *, bare_verb: bool) -> bool:
    """A limit that describes a thing: 35蒸吨以下燃煤锅炉, 年综合能耗5000吨标准煤以上的用能单位, 超100吨企业."""
    group = quantity.group
    if not THING.match(right):
        return False
    things = grammar().things.match(right)
    if group == "percent":
        said = SUBJECTS.match(right) and (quantity.operator in (">", "<", ">=", "<=") or COMPARED.search(left))
        return bool(said and len(left) > 3 and not bare_verb) or (
            bool(quantity.qualifier) and right.startswith("的") and bool(RATE.search(left))
        )
    if quantity.qualifier and "下" in quantity.qualifier:
        return True
    if quantity.qualifier and quantity.operator == ">=":
        if group == "count" and quantity.unit not in ("户", "人", "名", "张", "头", "车位", "床"):
            return False
        made = bare_verb and group in ACCUMULATES and not PROMOTES.search(left)
        return not (made and (not right.startswith("的") or MAKES.search(left))) and (bool(things) or not made)
    return quantity.operator in (">", "<", ">=", "<=") and bool(things) and group not in ("count", "percent")
