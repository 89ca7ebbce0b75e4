"""The report's figures as rows in words: the page, the workbook and the papers show the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

Rows = list[tuple[str, str, str]]


def purpose(code: str) -> str:
    words = {
        "redeem": _("兑换后注销"),
        "donate": _("公益捐赠"),
        "clawback": _("违规收回"),
        "forfeit": _("注销账户放弃"),
        "neutral_event": _("大型活动碳中和"),
        "voluntary": _("自愿注销"),
        "correction": _("更正扣减"),
    }
    return words.get(code, code)


def tonnes(grams: int) -> str:
    """Grams as tonnes, exact to the gram, without idle zeros."""
    whole, rest = divmod(abs(grams), 1_000_000)
    text = f"{whole:,}.{rest:06d}".rstrip("0").rstrip(".")
    return f"−{text}" if grams < 0 else text


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


def _account(sums: Mapping[str, Any], unit: str, show: Any) -> Rows:
    rows = [(_("年初结存"), show(sums["opening"]), unit), (_("签发"), show(sums["issued"]), unit)]
    rows += [(purpose(name), show(amount), unit) for name, amount in sorted(sums["retired"].items())]
    rows += [(_("到期失效"), show(sums["expired"]), unit), (_("更正冲回"), show(sums["reversed"]), unit)]
    return [*rows, (_("期末结存"), show(sums["closing"]), unit)]


def tables(content: Mapping[str, Any]) -> dict[str, Rows]:
    """Title of a table → rows of (what, amount, unit)."""
    points, number = _("分"), "{:,}".format
    mall, offset = content["mall"], content["offset"]
    found = {
        _("碳积分"): _account(content["points"], points, number),
        _("碳普惠减排量"): [
            *_account(offset, _("吨 CO₂e"), tonnes),
            (_("其中当年售出"), tonnes(offset["sold"]), _("吨 CO₂e")),
            (_("售出笔数"), number(offset["sales"]), _("笔")),
        ],
        _("积分商城"): [
            (_("核销订单"), number(mall["orders"]), _("笔")),
            (_("核销积分"), number(mall["points"]), points),
            (_("其中企业赞助"), number(mall["sponsored"]), points),
            (_("参与商户"), number(mall["merchants"]), _("家")),
            (_("退款"), number(mall["refunded"]), points),
        ],
    }
    if content["gifts"]:
        found[_("公益捐赠")] = [(row["cause"], number(row["points"]), points) for row in content["gifts"]]
    if content["certificates"]:
        found[_("注销证书")] = [(purpose(row["purpose"]), tonnes(row["grams"]), _("吨 CO₂e")) for row in content["certificates"]]  # fmt: skip
    return found


def title(content: Mapping[str, Any]) -> str:
    return _("%(name)s %(year)s 年度消纳报告") % {
        "name": f"{content['city']}{content['name']}",
        "year": content["year"],
    }
