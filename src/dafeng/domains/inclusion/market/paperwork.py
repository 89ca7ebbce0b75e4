"""What the market's papers say, and their files. Made when asked for; the same record gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.market import report_words
from dafeng.domains.inclusion.market.certificates import EVENT, address_of, digest_of
from dafeng.domains.inclusion.models import Certificate, Donation

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"


def serials_text(content: Mapping[str, Any]) -> str:
    """Lots and half-open blocks of serials (one a gram)."""
    return "；".join(
        f"{lot} [{'，'.join(f'{lower}–{upper - 1}' for lower, upper in blocks)}]"
        for lot, blocks in content["serials"].items()
    )


def certificate_rows(made: Certificate) -> list[tuple[str, str]]:
    """The facts of a certificate, for the page and the paper."""
    content = made.content
    rows = [
        (_("受益人"), content["beneficiary"]),
        (_("用途"), report_words.purpose(content["purpose"])),
        (_("期间"), content["period"].replace("/", " 至 ")),
        (_("减排量编号"), serials_text(content)),
        (_("注销时间"), timezone.localtime(made.issued_at).strftime("%Y-%m-%d %H:%M:%S")),
        (_("账本指令"), content["ledger_command"]),
    ]
    return [rows[0], (_("活动"), content["event"]), *rows[1:]] if content["event"] else rows


def certificate_pdf(made: Certificate) -> bytes:
    from dafeng.domains.inclusion.market.documents import papers

    address = address_of(made)
    amount = _("%(tonnes)s 吨二氧化碳当量") % {"tonnes": report_words.tonnes(made.grams)}
    data = {
        "title": _("碳中和证书") if made.purpose == EVENT else _("减排量注销证书"),
        "issuer": made.content["issuer"],
        "number": made.number,
        "number_word": _("证书编号"),
        "demo": _("演示，非真实证书") if made.demo else "",
        "sentence": _("兹证明“%(name)s”已注销碳普惠减排量") % {"name": made.beneficiary},
        "amount": amount,
        "rows": [list(row) for row in certificate_rows(made)],
        "check": _("扫码或打开网址核对真伪："),
        "code_word": _("核对网址的二维码"),
        "address": address,
        "digest_word": _("内容摘要（SHA-256）："),
        "digest": made.digest,
    }
    return papers.pdf("certificate", data, at=made.issued_at, code=address)


def gift_pdf(made: Donation, address: str) -> bytes:
    """The certificate of a donation."""
    from dafeng.domains.inclusion.market.documents import papers

    content = {"number": made.number, "cause": made.cause.title, "points": made.points, "name": made.name, "at": made.at.isoformat()}  # fmt: skip
    data = {
        "title": _("公益捐赠证书"),
        "issuer": f"{made.cause.programme.city}{made.cause.programme.name}",
        "number": made.number,
        "number_word": _("证书编号"),
        "demo": _("演示，非真实证书") if made.cause.demo else "",
        "sentence": _("感谢%(name)s为“%(cause)s”捐赠") % {"name": made.name or _("您"), "cause": made.cause.title},
        "amount": _("%(points)s 碳积分") % {"points": f"{made.points:,}"},
        "rows": [
            [_("实施单位"), made.cause.keeper],
            [_("捐赠时间"), timezone.localtime(made.at).strftime("%Y-%m-%d %H:%M")],
        ],
        "check": _("项目进展："),
        "code_word": _("项目网址的二维码"),
        "address": address,
        "digest_word": _("内容摘要（SHA-256）："),
        "digest": digest_of(content),
    }
    return papers.pdf("certificate", data, at=made.at, code=address)


def notes_of(content: Mapping[str, Any]) -> list[str]:
    until = papers_moment(content["until"])
    return [
        _("数据截至 %(until)s，逐项取自账本，期末结存 = 年初结存 + 签发 − 各项注销 − 到期 − 冲回。") % {"until": until},
        _("方法学和积分规则凡标注草案的，为本市试行内容，不是国家或省核证减排量。"),
        _("内容摘要（SHA-256）：%(digest)s") % {"digest": digest_of(content)},
    ]


def papers_moment(text: str) -> str:
    from datetime import datetime

    return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")


def report_file(content: Mapping[str, Any], kind: str) -> tuple[bytes, str]:
    """The report as `pdf`, `docx` or `xlsx`, with its media type."""
    from dafeng.domains.inclusion.market.documents import papers

    title, tables, notes = report_words.title(content), report_words.tables(content), notes_of(content)
    issuer, at = f"{content['city']}{content['name']}", papers.moment(content["until"])
    if kind == "xlsx":
        return papers.workbook(title, tables, notes, at=at), SHEET
    if kind == "docx":
        return papers.word(title, issuer, tables, notes, at=at), WORD
    data = {
        "title": title,
        "issuer": issuer,
        "subtitle": _("编制：%(issuer)s") % {"issuer": issuer},
        "head": [_("项目"), _("数量"), _("单位")],
        "parts": [{"title": name, "rows": [list(row) for row in rows]} for name, rows in tables.items()],
        "notes": notes,
    }
    return papers.pdf("report", data, at=at), PDF
