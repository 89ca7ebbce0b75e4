"""Payment: awards are drawn up in a list, another person approves it, the ledger settles, the treasury pays from the file."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Award, AwardPayee, PaymentFile, Programme
from dafeng.domains.inclusion.rewards import moneys
from dafeng.domains.inclusion.rewards.amounts import yuan
from dafeng.domains.inclusion.rewards.awards import PAYEE
from dafeng.kernel import sealing
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records

COLUMNS = ("序号", "奖励编号", "收款人", "开户行", "账号", "金额（元）", "用途")
MOST = 2000  # lines of one file


def draw(programme: Programme, awards: Sequence[Award], *, by: Any, now: datetime) -> PaymentFile:
    """Put payable awards into one list. Raises `Refused` (`nothing_to_pay`, `not_payable`)."""
    if not awards or len(awards) > MOST:
        raise Refused("nothing_to_pay", _("没有选中待拨付的奖励"), expected=_("1 至 %(most)s 笔") % {"most": MOST})
    with ledger.durable(), records.serial():
        chosen = list(
            Award.objects.select_for_update(of=("self",))
            .filter(
                pk__in=[award.pk for award in awards], payment=None, record__state="payable", rule__programme=programme
            )
            .order_by("pk")
        )
        if len(chosen) != len(awards):
            raise Refused("not_payable", _("有奖励已在别的拨付清单里，或状态已变"), mend=_("请刷新页面后重选"))
        day = timezone.localdate(now)
        number = f"{programme.code}-{day:%Y%m%d}-{PaymentFile.objects.count() + 1:04d}"
        record = records.open_record(
            "reward.payment", title=f"拨付清单 {number}", payload={}, by=by, now=now, place=programme.code, key=number
        )
        made = PaymentFile.objects.create(
            programme=programme, record=record, number=number, fen=sum(award.fen for award in chosen),
            count=len(chosen), digest="",
        )  # fmt: skip
        Award.objects.filter(pk__in=[award.pk for award in chosen]).update(payment=made)
        made.digest = hashlib.sha256(content(made)).hexdigest()
        made.save(update_fields=["digest"])
    return made


def move(payment: PaymentFile, action: str, *, by: Any, now: datetime, reason: str = "") -> None:
    """`approve` pays in the ledger and moves every award to paid; `settle` says that the treasury has paid; `drop` frees the
    awards for another list. Raises `Refused` (`payment_changed`, `payee_gone`).
    """
    with ledger.durable():
        records.move(payment.record, action, by=by, now=now, reason=reason)
        if action == "drop":
            Award.objects.filter(payment=payment).update(payment=None)
        awards, actor = list(payment.awards.select_related("record", "member", "rule").order_by("pk")), f"user:{by.pk}"
        if action == "settle":
            bookkeeping.post_all([each for award in awards for each in moneys.paid_out(award, actor=actor)], now=now)
        elif action == "approve":
            if hashlib.sha256(content(payment)).hexdigest() != payment.digest:
                raise Refused("payment_changed", _("清单内容与制单时不一致"), mend=_("请作废后重新制单"))
            bookkeeping.post_all([moneys.paid(award, actor=actor) for award in awards], now=now)
            for award in awards:
                records.move(award.record, "pay", by=by, now=now)


def content(payment: PaymentFile) -> bytes:
    """The file for the treasury: UTF-8 CSV with BOM, one line an award. Holds names and accounts: hand it to who may pay."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    payees = dict(AwardPayee.objects.filter(award__payment=payment).values_list("award", "sealed"))
    for number, award in enumerate(payment.awards.select_related("rule").order_by("pk"), 1):
        if award.pk not in payees:
            raise Refused(
                "payee_gone", _("第 %(number)s 笔的收款信息已删除") % {"number": number}, mend=_("请移出清单后重新制单")
            )
        payee = sealing.unseal(PAYEE, payees[award.pk])
        row = [str(number), award.pk.hex, payee["name"], payee["bank"], payee["account"], yuan(award.fen).replace(",", ""), award.rule.title]  # fmt: skip
        writer.writerow([_plain(cell) for cell in row])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _plain(cell: str) -> str:
    """A cell that a spreadsheet will not run as a formula, nor turn a bank account into 6.2E+18."""
    return f"\t{cell}" if cell[:1] in "=+-@" or (cell.isdigit() and len(cell) > 11) else cell
