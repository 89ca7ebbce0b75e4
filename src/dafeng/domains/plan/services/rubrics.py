"""Editions of the rules of assessment. An edit is a new edition with its reason; what was graded keeps the edition it was graded by.

Edition 1 is the platform's draft, stored when it is first needed; before that it is shown from the package as edition 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan.models import Rubric as Row
from dafeng.kernel import scoring
from dafeng.kernel.errors import NotFound, PlanError, StaleError
from dafeng.kernel.records import services as records

KINDS = {"counties": gettext_lazy("县区"), "departments": gettext_lazy("市直部门")}
LISTS = ("groups", "items", "inputs", "bonuses", "deductions", "vetoes", "levels")


@dataclass(frozen=True)
class Edition:
    """`number` 0: the package's draft, not stored yet."""

    number: int
    rubric: scoring.Rubric
    reason: str
    row: Row | None = None


@dataclass(frozen=True)
class Change:
    """One difference between two editions. `before` or `after` None: the line or field is not there."""

    table: str
    code: str
    title: str
    field: str
    before: Any
    after: Any

    @property
    def state(self) -> str:
        if self.field:
            return "changed"
        return "added" if self.before is None else "dropped"


@cache
def default(kind: str) -> scoring.Rubric:
    """The package's draft. Raises `NotFound` for a kind that is not assessed."""
    if kind not in KINDS:
        raise NotFound(_("没有这种考核"), expected="、".join(str(each) for each in KINDS.values()))
    with as_file(files("dafeng.domains.plan").joinpath("rubrics", f"{kind}.toml")) as path:
        return scoring.read_rubric(path)


def rows(city: str, kind: str) -> list[Row]:
    """The stored editions, the newest first."""
    default(kind)
    return list(Row.objects.filter(city=city, kind=kind).select_related("by"))


def edition_of(row: Row) -> Edition:
    return Edition(row.number, scoring.Rubric.from_dict(row.content), row.reason, row)


def newest(city: str, kind: str, *, known: list[Row] | None = None) -> Edition:
    found = rows(city, kind) if known is None else known
    return edition_of(found[0]) if found else Edition(0, default(kind), "")


def ensure_first(city: str, kind: str, *, now: datetime) -> None:
    """Store the draft as edition 1 where no edition is stored."""
    draft = default(kind)
    with records.serial():
        if not Row.objects.filter(city=city, kind=kind).exists():
            _store(city, kind, 1, draft, reason=_("达峰平台起草稿"), by=None, now=now)


def for_year(city: str, kind: str, year: int, *, now: datetime) -> Row:
    """The edition for a year: the newest of those in force on its last day. Raises `PlanError` where there is none."""
    ensure_first(city, kind, now=now)
    last = date(year, 12, 31).isoformat()
    fitting = [
        row for row in rows(city, kind) if row.content["valid_from"] <= last <= row.content.get("valid_until", last)
    ]
    if not fitting:
        raise PlanError(
            _("%(year)s 年没有有效的评分规则") % {"year": year}, mend=_("请先修改评分规则，生效日期不晚于该年年底")
        )
    return max(fitting, key=lambda row: (row.content["valid_from"], row.number))


def new_edition(
    city: str, kind: str, content: Mapping[str, Any], *, seen: int, reason: str, by: Any, now: datetime
) -> Row:
    """Store changed rules as the next edition. `seen`: the edition that the person began from.

    Raises `RubricError` (with every fault), `PlanError` (no reason, nothing changed), `StaleError`.
    """
    if not reason.strip():
        raise PlanError(_("请写明修改的理由"), mend=_("理由随新版保存，公布时一并说明"))
    with transaction.atomic():
        ensure_first(city, kind, now=now)
        with records.serial():
            last = rows(city, kind)[0]
            if last.number != max(seen, 1):
                raise StaleError(
                    _("页面打开之后，%(by)s已存了第 %(number)s 版")
                    % {"by": last.by or _("系统"), "number": last.number},
                    mend=_("请重新打开修改页，在新的一版上修改"),
                )
            if _substance(content) == _substance(last.content):
                raise PlanError(_("没有任何改动"), mend=_("改动至少一处后再保存"))
            number = last.number + 1
            rubric = scoring.Rubric.from_dict({**content, "version": f"{content['valid_from'][:4]}.{number}"})
            return _store(city, kind, number, rubric, reason=reason.strip(), by=by, now=now)


def _substance(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "version"}


def _store(city: str, kind: str, number: int, rubric: scoring.Rubric, *, reason: str, by: Any, now: datetime) -> Row:
    row = Row.objects.create(
        city=city,
        kind=kind,
        number=number,
        content=rubric.as_dict(),
        digest=rubric.digest,
        by=by,
        at=now,
        reason=reason,
    )
    detail = {"city": city, "kind": kind, "number": number, "digest": rubric.digest, "reason": reason}
    records.audit(by, "plan.rubric", "plan-rubric", str(row.pk), detail, now=now)
    return row


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two editions, line by line and field by field."""
    found = [
        Change("", "", "", name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if name not in LISTS and before.get(name) != after.get(name)
    ]
    for table in LISTS:
        old = {each["code"]: each for each in before.get(table, [])}
        new = {each["code"]: each for each in after.get(table, [])}
        for code in dict.fromkeys([*new, *old]):
            a, b = old.get(code), new.get(code)
            title = (b or a or {}).get("title", code)
            if a is None or b is None:
                found.append(Change(table, code, title, "", a, b))
            else:
                found += [
                    Change(table, code, title, name, a.get(name), b.get(name))
                    for name in dict.fromkeys([*a, *b])
                    if a.get(name) != b.get(name)
                ]
    return found
