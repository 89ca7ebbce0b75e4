"""What the codes of the calculations mean, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet


def english() -> bool:
    return (get_language() or "").startswith("en")


def tonnes(value: Any) -> str:
    """Whole tonnes, grouped; a stroke where there is none."""
    return "–" if value is None else f"{value:,.0f}".replace("-", "−")


def money(value: Any) -> str:
    return "–" if value is None else f"{value:,.2f}".replace("-", "−")


def number(text: Any) -> str:
    """An exact decimal (a text), grouped, no digit lost."""
    if text in (None, ""):
        return "–"
    whole, dot, rest = str(text).partition(".")
    return f"{int(whole):,}{dot}{rest}"


def standing(letter: str) -> str:
    return {
        "A": _("官方原文"), "B": _("公开代码转录"), "C": _("网页或报道"), "D": _("待确认"), "X": _("出处矛盾，待确认"),
    }[letter]  # fmt: skip


def state(rules: RuleSet) -> str:
    return {"ended": _("已结束"), "in_force": _("现行"), "draft": _("征求意见稿"), "simulation": _("只供模拟")}[rules.state]  # fmt: skip


def kind(code: str) -> str:
    return {"power": _("供电基准"), "heat": _("供热基准"), "product": _("产品基准")}[code]


def sector(code: str) -> str:
    return {"power": _("发电"), "industry": _("钢铁、水泥、铝冶炼")}.get(code, code)


def bucket(code: str) -> str:
    return {"registry": _("登记账户"), "trading": _("交易账户")}[code]


def asset(code: str) -> str:
    return {"CEA": _("全国碳排放配额"), "CCER": _("核证自愿减排量")}[code]


def title(rules: RuleSet) -> str:
    return rules.title_en if english() else rules.title


def class_title(rules: RuleSet, code: str) -> str:
    each = rules.classes.get(code)
    return code if each is None else each.title_en if english() else each.title


def status(code: str) -> str:
    return {"ok": _("可用"), "to_confirm": _("待确认"), "missing": _("缺数据")}[code]


def position_state(code: str) -> str:
    return {
        "no_report": _("等待核查"), "no_duty": _("待登记应清缴量"), "open": _("待清缴"), "applied": _("已申请清缴"), "fulfilled": _("已完成清缴"),
        "late": _("逾期未清缴"),
    }[code]  # fmt: skip


def missing(names: str) -> str:
    words = {
        "output": _("产量或供电量"), "heat": _("供热量"), "heat_ratio": _("供热比"), "load_factor": _("负荷系数"), "cooling": _("冷却方式"),
        "benchmark": _("基准值"), "benchmark_heat": _("供热基准值"), "emissions": _("核查排放量"), "balance": _("行业平衡值"),
    }  # fmt: skip
    return "、".join(words.get(each, each) for each in names.split())


def item(rules: RuleSet, code: str) -> str:
    """What an open value is called."""
    question = next((each for each in rules.questions if each.code == code), None)
    if question:
        return question.title_en if english() else question.title
    plain = {
        "cooling": _("冷却方式修正系数"),
        "heat": _("供热修正系数"),
        "load": _("负荷修正系数"),
        "pre": _("预分配比例"),
    }
    if code in plain:
        return plain[code]
    name, _dot, what = code.partition(".")
    return f"{class_title(rules, name)} · {kind(what)}" if what in ("power", "heat", "product") else code


def items(rules: RuleSet, codes: str) -> str:
    return "；".join(item(rules, code) for code in codes.split())


def step(row: Mapping[str, Any]) -> str:
    """One line of the duty's calculation."""
    n = {key: number(value) for key, value in row["numbers"].items()}
    templates = {
        "emissions": _("核查排放量 %(t)s 吨（履约边界，不足一吨进一）"),
        "told": _("企业当年不在本平台报告，核查排放量按依据文件登记"),
        "estimated": _("企业逾期没有报送排放报告，排放量由生态环境局保守测算"),
        "conservative": _(
            "核查按保守测算确定：企业报告 %(reported)s 吨，有不符合项没有整改，核查排放量 %(verified)s 吨"
        ),
        "spot": _("市级抽查调整：核查 %(reported)s 吨，抽查确定 %(verified)s 吨"),
        "released": _("名录登记有误，已经撤回：原登记的应清缴量 %(duty)s 吨随之取消"),
        "unverified": _("报告已锁定，但本平台没有它的核查记录，暂按报告的排放量"),
        "no_allocation": _("核定配额还没有取得，应清缴量按核查排放量计"),
        "gap_cap": _("缺口上限：免费配额 %(free)s 吨 + 排放量的 %(share)s = %(cap)s 吨，取较小者 %(duty)s 吨"),
        "gas": _("燃气机组：排放 %(emissions)s 吨，配额 %(free)s 吨，应清缴 %(duty)s 吨"),
        "borrow": _("缺口达到应清缴量的一成，可向下一年度预借 %(t)s 吨"),
        "duty": _("应清缴量 %(duty)s 吨（核定配额 %(free)s 吨）"),
    }
    return templates[row["code"]] % n


def reason(code: str, given: Mapping[str, Any]) -> str:
    """Why the plan does what it does."""
    n = {
        key: money(value) if isinstance(value, Decimal) else tonnes(value) if isinstance(value, int) else "、".join(map(str, value)) if isinstance(value, list) else value
        for key, value in given.items()
    }  # fmt: skip
    templates = {
        "ccer_cheaper": _("买 %(t)s 吨核证自愿减排量抵销：比配额便宜，共省 %(saved)s 元；上限为应清缴量的 5%%，即 %(limit)s 吨"),
        "ccer_dearer": _("不买核证自愿减排量：%(ccer)s 元/吨，不比配额 %(price)s 元/吨便宜"),
        "own": _("用自有配额 %(t)s 吨清缴，先用最早的年份（%(vintages)s）"),
        "sister": _("由集团内其他企业转来 %(t)s 吨，不必到市场上买"),
        "buy": _("买入 %(t)s 吨配额，按此价格 %(yuan)s 元"),
        "shortfall": _("市场上买不到的 %(t)s 吨成为欠缴，会受处罚"),
        "carry": _("结转 %(t)s 吨到新年份，上限 %(cap)s 吨：预计结转后的价值不低于现在卖出"),
        "sell": _("卖出 %(t)s 吨，得 %(yuan)s 元：现在的价格高于结转后的预计价值，或超过可结转的量"),
        "sell_for_cap": _("卖出 %(t)s 吨，得 %(yuan)s 元：净卖出越多，可结转越多，正好使余下的都能结转"),
        "left": _("有 %(t)s 吨没有用处，留在账上"),
    }  # fmt: skip
    return templates[code] % n


def date_title(row: Mapping[str, Any]) -> str:
    return str(row["title_en" if english() else "title"])


def line_title(code: str) -> str:
    return {
        "emissions": _("排放量（吨）"), "quota": _("配额（吨）"), "gap": _("缺口（吨）"), "cost": _("按价格折合（元）"), "intensity": _("供电碳强度（吨/兆瓦时）"),
    }[code]  # fmt: skip


def ineligible(code: str) -> str:
    """Why a batch of CCER may not offset."""
    return {"started_early": _("项目开工太早"), "reduced_early": _("减排量产生太早"), "covered": _("来自配额管理范围")}[
        code
    ]


def basis(code: str) -> str:
    return {"verified": _("核查"), "reported": _("报告，未核查")}[code]


def verdict(code: str) -> str:
    return {
        "enter": _("应纳入"), "keep": _("继续纳入"), "leave": _("可移出"), "verify": _("待核查后纳入"), "report": _("应报送排放报告"),
        "outside": _("达到门槛，行业未纳入"), "below": _("未达门槛"), "unknown": _("没有数据"),
    }[code]  # fmt: skip


def screened(code: str, rules: Mapping[str, Any]) -> str:
    n = {"t": tonnes(rules["threshold"]["tonnes"]), "tce": tonnes(rules["energy_threshold"]["tce"])}
    return {
        "enter": _("前两年中有一年核查达到 %(t)s 吨，行业已纳入全国碳市场"), "keep": _("上年在名录，没有连续两年低于 %(t)s 吨"),
        "leave": _("上年在名录，连续两年低于 %(t)s 吨"), "verify": _("报告达到 %(t)s 吨，还没有核查结论"),
        "report": _("能耗达到 %(tce)s 吨标准煤，没有排放报告，不能判定"), "outside": _("达到 %(t)s 吨，但行业还没有纳入全国碳市场，照常报告核查"),
        "below": _("有数的年份都低于 %(t)s 吨"), "unknown": _("前两年既没有排放报告，也没有能耗数据"),
    }[code] % n  # fmt: skip
