"""The published list of key emitting entities (重点排放单位名录) as the authority issued it: who, which year, which sector, by what paper.

The screening only proposes (`screening.py`); what is entered here is the list itself. A firm that the screening put in before is confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import holdings, library, papers, permissions, positions
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CompliancePaper, Covered
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.sheets import Limits, open_upload

SECTORS = {"power": "发电", "industry": "钢铁、水泥、铝冶炼"}
HEADS = ("企业代码", "行业")
MOST = 2000


def enter(year: int, entries: Sequence[tuple[str, str]], *, paper: CompliancePaper | None, by: Any, now: datetime) -> list[Covered]:  # fmt: skip
    """(code of the firm, sector) of the list: all are entered or none. The same again changes nothing.

    Raises `Refused`: list_empty, list_too_long, year_without_rules, firm_unknown, firm_twice, sector_unknown, sector_too_early,
    listed_otherwise (an earlier paper says another sector), source_missing.
    """
    demand(by, permissions.DECIDE)
    with holdings.told(by, "list", None, now=now):
        held = papers.demanded(paper)
        firms = _checked(year, entries, now)
        on = {each.enterprise_id: each for each in Covered.objects.filter(year=year, enterprise__in=firms.values()).select_related("paper")}  # fmt: skip
        return [_entered(firms[code], year, sector, on.get(firms[code].pk), held, by, now) for code, sector in entries]


def cover(enterprise: Enterprise, year: int, sector: str, *, source: str, by: Any, now: datetime, demo: bool = False) -> Covered:  # fmt: skip
    """Put a firm on the list of a year and open its accounts, without a published list (that is `enter`)."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "cover", enterprise, now=now):
        found, made = Covered.objects.get_or_create(enterprise=enterprise, year=year, defaults={"sector": sector, "source": source, "demo": demo})  # fmt: skip
        if made:
            holdings.open_accounts(enterprise, now=now)
            records.audit(by, "enterprise.compliance.cover", "enterprise", enterprise.code, {"year": year, "sector": sector, "source": source}, now=now)  # fmt: skip
    return found


def _checked(year: int, entries: Sequence[tuple[str, str]], now: datetime) -> dict[str, Enterprise]:
    if not entries:
        raise Refused("list_empty", _("名录里没有企业"))
    if len(entries) > MOST:
        raise Refused("list_too_long", _("一次最多 %(most)s 家") % {"most": MOST})
    if year not in positions.known_years(timezone.localdate(now)):
        raise Refused("year_without_rules", _("没有 %(year)s 年度的履约规则") % {"year": year})
    codes = [code for code, _sector in entries]
    firms = {each.code: each for each in Enterprise.objects.filter(code__in=codes)}
    since = {each["market"]: each["since"] for each in library.cycle_rules()["scope"]}
    for number, (code, sector) in enumerate(entries, 1):
        where = _("第 %(n)s 家") % {"n": number}
        if code not in firms:
            raise Refused("firm_unknown", _("%(where)s：没有代码为“%(code)s”的企业") % {"where": where, "code": code[:60]}, mend=_("请先在企业名册登记"))  # fmt: skip
        if codes.count(code) > 1:
            raise Refused("firm_twice", _("%(where)s：“%(code)s”出现了两次") % {"where": where, "code": code})
        if sector not in since:
            raise Refused("sector_unknown", _("%(where)s：行业“%(sector)s”不认识") % {"where": where, "sector": sector[:40]}, expected="、".join([*SECTORS.values(), *since]))  # fmt: skip
        if year < since[sector]:
            raise Refused("sector_too_early", _("%(where)s：这个行业自 %(since)s 年度起纳入") % {"where": where, "since": since[sector]})  # fmt: skip
    return firms


def _entered(firm: Enterprise, year: int, sector: str, on: Covered | None, paper: CompliancePaper, by: Any, now: datetime) -> Covered:  # fmt: skip
    if on is not None and on.paper is not None:
        if on.sector != sector:
            raise Refused("listed_otherwise", _("%(name)s 已按“%(paper)s”列入另一行业") % {"name": firm.name, "paper": on.paper})  # fmt: skip
        return on
    before = on.source if on else ""
    made = on or Covered(enterprise=firm, year=year)
    made.sector, made.source, made.paper = sector, str(paper)[:300], paper
    made.save()
    holdings.open_accounts(firm, now=now)
    detail = {"year": year, "sector": sector, "source": made.source, "before": before}
    records.audit(by, "enterprise.compliance.cover", "enterprise", firm.code, detail, now=now)
    return made


def read(file: BinaryIO, name: str) -> list[tuple[str, str]]:
    """The rows of a table with the columns of `HEADS`; the sector by its name or code. Raises `UploadError`, `Refused` `column_missing`."""
    tables = [
        [{column: cell.shown.strip() for column, cell in cells.items()} for _row, cells in sorted(sheet.rows.items())]
        for sheet in open_upload(file, name=name, limits=Limits(rows=MOST + 1, sheets=4)).sheets
        if sheet.visible
    ]
    rows = next((each for each in tables if each and HEADS[0] in each[0].values()), next(iter(tables), []))
    head = {text: column for column, text in (rows[0] if rows else {}).items()}
    for each in HEADS:
        if each not in head:
            raise Refused("column_missing", _("名录表缺少列“%(name)s”") % {"name": each}, expected="、".join(HEADS))
    names = {title: code for code, title in SECTORS.items()}
    told = [(row.get(head["企业代码"], ""), row.get(head["行业"], "")) for row in rows[1:] if any(row.values())]
    return [(code, names.get(sector, sector)) for code, sector in told]
