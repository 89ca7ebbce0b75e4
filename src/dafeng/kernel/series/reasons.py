"""Why a reading was put in quarantine, or a delivery refused: stable codes, with a sentence and how to mend it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dafeng.kernel.series.errors import Refused

REASONS = {
    "unknown_point": (_("没有这个计量点"), _("请先登记计量点，再放行这些读数")),
    "computed_point": (_("这个计量点由公式计算，不接收读数"), _("请报送公式中的各个计量点")),
    "foreign_point": (_("计量点不属于这个设备"), _("请核对设备的密钥，或把计量点改归这个设备")),
    "not_a_number": (_("数值不是有限的数"), _("缺测时请不要报送，不要用 0 代替")),
    "too_large": (_("数值大得不可能是读数"), _("请查表计、倍率和报送程序")),
    "no_time": (_("没有时间，或时间早于 2000 年"), _("时间须带时区，例如 2026-11-21T08:15:00+08:00")),
    "future": (_("时间在将来"), _("请校准设备时钟；登记时钟偏差后可以放行")),
    "not_in_service": (_("计量点在这个时间没有投用"), _("请核对投用和停用时间")),
    "unit_changed": (_("单位与登记的不同"), _("请登记单位从何时起变更，再放行")),
    "unit_jump": (_("读数忽然是原来的千倍、万倍或千分之一，像是改了单位"), _("请登记单位或倍率从何时起变更，再放行")),
    "backwards": (_("累计表底变小，既不像翻转也不像归零"), _("换了表请登记“换表或归零”，再放行；否则请查表")),
    "clock_back": (_("已报过的时间又报了别的读数，像是设备时钟被拨慢"), _("请校准设备时钟，并登记时钟偏差（写负数）从何时起，再放行；确属更正的直接放行")),
    "revision_taken": (_("这个时间的这个修订号已有另一个数值"), _("请用更大的修订号，或不写修订号")),
    "no_revision": (_("修订号小于 0"), _("修订号从 0 数起；不写就由平台编号")),
    "signature_missing": (_("没有签名"), _("每个请求都要有四个签名头")),
    "signature_malformed": (_("时间或随机串的写法不对"), _("请按接口说明签名")),
    "signature_wrong": (_("签名不对"), _("请核对密钥，并对实际发出的正文签名")),
    "signature_late": (_("签名的时间与平台相差超过五分钟"), _("请校准时钟")),
    "key_unknown": (_("没有这个密钥编号"), _("请核对密钥编号")),
    "key_revoked": (_("设备已停用"), _("请联系系统管理员")),
    "batch_malformed": (_("正文不是一批读数"), _("请按接口说明填写 key 和 readings")),
    "batch_large": (_("一批读数太多"), _("每批至多 200000 条，请拆开报送")),
    "batch_reused": (_("这个批次号已用于另一批读数"), _("请换一个批次号")),
    "file_malformed": (_("表格里没有时间列和计量点列"), _("第一列为时间，其余各列以计量点代码为列名；或用“计量点、时间、数值”三列")),
}  # fmt: skip


def sentence(code: str) -> str:
    return str(REASONS[code][0]) if code in REASONS else code


def mend(code: str) -> str:
    return str(REASONS[code][1]) if code in REASONS else ""


def refused(code: str, kind: type[Refused] = Refused, *, expected: str = "") -> Refused:
    return kind(code, sentence(code), expected=expected, mend=mend(code))
