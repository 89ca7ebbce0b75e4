"""What the methods say, in the reader's language: names of rules, probable causes, what to check, advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.monitoring.methods import conversion


def english() -> bool:
    return (get_language() or "").startswith("en")


def item_name(item: str) -> str:
    return conversion.name_of(item, english=english())


@dataclass(frozen=True)
class Rule:
    title: Any
    cause: Any
    check: Any


RULES = {
    "gap": Rule(_("数据缺失"), _("采集器离线、通信中断或停电"), _("采集器电源和网络；补抄表底")),
    "frozen": Rule(_("读数不变"), _("采集器重复上报旧值，或表计故障"), _("表计与采集器的通信；就地核对表底")),
    "negative": Rule(_("读数为负"), _("互感器接反，或有余电上网而表计不分方向"), _("接线方向；是否有自发电")),
    "unit": Rule(_("数量级不对"), _("倍率或单位设置改变"), _("互感器变比、倍率和单位的登记；改动从哪天起")),
    "zero": Rule(_("停电或停机"), _("线路或设备停运，或采样回路断开"), _("当日是否停产检修；表计电压回路")),
    "point": Rule(_("时段用量异常"), _("设备临时启停、工艺变化或误操作"), _("该时段的生产记录和开停机记录")),
    "night": Rule(_("夜间负荷偏高"), _("下班后设备未关，或夜间加班"), _("空压机、照明、空调、待机设备的夜间关停")),
    "level": Rule(
        _("全天水平异常"), _("产量变化、新增设备，或设备效率下降"), _("当日产量；有无新增设备；单耗是否同步变化")
    ),
    "shape": Rule(_("用能时段移动"), _("班次调整，或表计时钟不准"), _("排班；表计和采集器的时钟")),
    "idle": Rule(_("休息日用能偏高"), _("休息日加班，或设备空转"), _("休息日排班；待机设备清单")),
    "silent": Rule(_("今天没有读数"), _("采集器离线、通信中断或停电"), _("采集器电源和网络；现场是否停电")),
    "runaway": Rule(
        _("今天负荷超常"), _("设备失控、误操作，或倍率改动"), _("现场哪台设备在运行；是否超过额定；倍率的登记")
    ),
    "sum": Rule(_("总分表不平"), _("分表故障、漏接支路，或私接用电"), _("各分表与总表同一时刻的表底；未计量的支路")),
    "night_load": Rule(
        _("夜间基荷上升"), _("常开设备增多，或管网泄漏"), _("夜间逐路停送电，找出常开设备；查压缩空气和蒸汽泄漏")
    ),
    "idle_running": Rule(_("休息日空转"), _("停产时设备仍带电运行"), _("停产关机清单和责任人")),
    "both": Rule(_("供暖制冷同时运行"), _("控制策略冲突，或传感器失准"), _("冷热源的启停条件和温度传感器")),
    "power_factor": Rule(_("功率因数偏低"), _("无功补偿未投或损坏，设备轻载"), _("电容器组投切；变压器和电机负载率")),
    "peak_valley": Rule(
        _("高峰用电占比高"), _("可转移的生产安排在高峰时段"), _("哪些工序可以移到低谷；储能和蓄冷条件")
    ),
}
FAMILIES = {"point": _("单表"), "group": _("表间"), "pattern": _("用能习惯")}
PERIODS = {"sharp": _("尖峰"), "peak": _("高峰"), "flat": _("平段"), "valley": _("低谷")}
RUNGS = {"model": _("模型"), "seasonal": _("同类日平均"), "median": _("近期中位数")}
CLOSURE = {
    "closed": _("平衡"),
    "loss": _("转换损失"),
    "used": _("使用"),
    "open": _("有缺口"),
    "gain": _("出大于进"),
    "unknown": _("缺数"),
}
ADVICE = {
    "valley_shift": (_("把部分高峰用电移到低谷"), _("每天从高峰移到低谷，不抬高最大负荷。可转移比例由企业填写，未填按两成。")),
    "demand_charge": (_("基本电费改按需量计收"), _("比较容量计费与需量计费。这里的需量是小时平均，实际结算按 15 分钟最大需量，会略高。")),
    "peak_shaving": (_("压低最高的少数几个小时"), _("最高的 20 个小时之外所需的负荷，可作为需量控制目标。")),
    "night_shutdown": (_("夜间关停"), _("把每晚零点到五点的用量降到本企业最好的十分之一夜晚的水平。")),
    "compressor_pressure": (_("降低空压系统压力"), _("按企业填写的可降压力计算；节电比例是经验值。")),
}  # fmt: skip
FAULTS = {
    "itself": (_("流向自己"), _("请另选起点或终点")),
    "backwards": (_("能源倒流"), _("请改流向；余热余压回收的勾选“回收能”")),
    "cycle": (_("能源绕圈"), _("请停用其中一条，或把回收的一条勾选“回收能”")),
    "into_purchase": (_("能源流进了购入环节"), _("购入环节只能是起点")),
    "from_product": (_("能源从产品流出"), _("产品环节只能是终点")),
    "carrier": (_("流出的能源没有流入过"), _("请核对品种，或登记它从哪里来；变了品种的环节应是“加工转换”")),
    "no_inflow": (_("没有能源流入"), _("请登记它用的能源从哪里来")),
    "no_outflow": (_("没有流向下游"), _("请登记能源送到哪里")),
    "unmetered": (_("购入环节没有计量点"), _("请绑定总表；没有总表就算不出综合能耗")),
    "two_rests": (_("不止一条流向没有表"), _("最多一条可按差额推算；请给其余的绑定表计")),
    "unmetered_recovery": (_("回收能没有表"), _("请绑定表计；没有表的回收量不能推算")),
}  # fmt: skip
