"""Lights kept as data, what follows from them, and the log of what was done; published so that others can read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import binding, overruns, quotas, rules
from dafeng.domains.energy.control.balance import Board, State, account, states
from dafeng.domains.energy.control.city import enterprises_of
from dafeng.domains.energy.control.readings import DOMAIN, KIND, Key
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import ControlLight, FollowUp
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import NotFound
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

LEVELS = {"green": 0.0, "yellow": 1.0, "red": 2.0}
WARNS = ("red", "yellow")


def last_month(now: datetime) -> tuple[int, int]:
    """The newest month that is over, on the city's clock: (year, month)."""
    today = timezone.localdate(now)
    return (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)


def assess(city: str, *, by: Any, now: datetime, quantities: Iterable[str] | None = None) -> int:
    """Judge every subject anew and keep what has changed; the former light stays as history. Returns how many changed."""
    year, month = last_month(now)
    changed = 0
    judged = list(quantities or rules.quantities())
    with records.serial():
        if overruns.QUANTITY in judged:
            binding.publish(city, year=year, month=month, now=now, by=by)
            changed += overruns.assess(city, year=year, month=month, now=now)
        for quantity in judged:
            board, _told, given = account(city, quantity, year, last_month=month)
            places = {key: budget.decision.place for key, budgets in given.items() for budget in budgets.values()}
            changed += _keep(city, quantity, board, places, now=now)
        if changed:
            records.audit(
                by,
                "energy.control.assess",
                "city",
                city,
                {"changed": changed, "rule": rules.light_rules().digest},
                now=now,
            )
    return changed


def _keep(city: str, quantity: str, board: Board, places: Mapping[Key, str], *, now: datetime) -> int:
    rule = rules.light_rules()
    stored = {
        (each.subject, each.sector, each.month): each
        for each in ControlLight.objects.filter(city=city, quantity=quantity, current=True)
    }
    firms = enterprises_of({subject for subject, _sector in board})
    made, gone = [], []
    for key, found in board.items():
        if key[0].startswith("building:"):
            continue  # a public institution is judged by the year, in the room of buildings
        for state in found.values():
            if state.year_budget is None:
                continue  # nothing was decided, so there is nothing to warn of
            former = stored.get((state.subject, state.sector, state.month))
            if former and _same(former, state, rule.digest):
                continue
            if former:
                gone.append(former.pk)
            firm = firms.get(state.subject)
            made.append(
                ControlLight(
                    city=city, subject=state.subject, sector=state.sector, place=places[key], enterprise=firm,
                    quantity=quantity, month=state.month, light=state.light, streak=state.streak, measure=state.measure,
                    facts=_plain(state), rule=f"{rule.id} {rule.version}", rule_digest=rule.digest, at=now,
                )
            )  # fmt: skip
    ControlLight.objects.filter(pk__in=gone).update(current=False)
    ControlLight.objects.bulk_create(made, batch_size=500)
    return len(made)


def _plain(state: State) -> dict[str, Any]:
    return state.facts | {"missing": list(state.missing), "whole": list(state.whole)}


def _same(former: ControlLight, state: State, digest: str) -> bool:
    said = (former.light, former.streak, former.measure, former.facts, former.rule_digest)
    return said == (state.light, state.streak, state.measure, _plain(state), digest)


def publish(city: str, *, by: Any, now: datetime) -> int:
    """Quotas, shares of them and lights of this year and the last on the blackboard, as one run; returns how many values."""
    _ensure_indicators()
    year, month = last_month(now)
    rows: list[dict[str, Any]] = []
    for quantity in rules.quantities():
        for budgets in quotas.in_force(city, quantity, (year - 1, year)).values():
            rows += [_quota_row(each) for each in budgets.values()]
        for found in states(city, quantity, year, last_month=month).values():
            rows += [row for state in found.values() for row in _state_rows(state)]
    run = indicators.start_run(
        domain=DOMAIN, kind=KIND, subject=f"{KIND}:{city}", now=now, by=by, digest=rules.light_rules().digest
    )
    count = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return count


def _key(sector: str) -> str:
    return f"sector={sector}" if sector else ""


def _quota_row(budget: quotas.Budget) -> dict[str, Any]:
    decision = budget.decision
    return {
        "indicator": rules.quantities()[decision.quantity].quota, "subject": decision.subject, "period": decision.period,
        "key": _key(decision.sector), "value": budget.amount, "unit": budget.unit, "status": int(Status.OK),
        "lineage": {"document": decision.document, "record": str(decision.record_id), "adjustments": [str(each.record_id) for each in budget.adjustments]},
    }  # fmt: skip


def _state_rows(state: State) -> list[dict[str, Any]]:
    if state.year_budget is None:
        return []
    key = ";".join(filter(None, (f"quantity={state.quantity}", _key(state.sector))))
    status = Status.INCOMPLETE if state.missing else Status.OK
    lineage = _plain(state) | {"rule": rules.light_rules().digest}
    rows = []
    for indicator, value, unit in (
        ("energy.quota.used", state.ratio, "%"), ("energy.quota.forecast", state.year_ratio, "%"),
        ("energy.quota.coming", state.coming_ratio, "%"),
        ("energy.warning.level", LEVELS.get(state.light), "1"),
        ("energy.warning.red_months", None if state.light == "unknown" else float(state.streak if state.light == "red" else 0), "1"),
    ):  # fmt: skip
        # Levels rest on limits that the city has not adopted yet: they can be looked at, not published.
        drawn = Status.DEGRADED if indicator.startswith("energy.warning") else status
        row = {"indicator": indicator, "subject": state.subject, "period": state.month, "key": key, "unit": unit, "status": int(drawn), "lineage": lineage}  # fmt: skip
        rows.append(row | ({"notation": "NE"} if value is None else {"value": value}))
    return rows


def _ensure_indicators() -> None:
    names = {"energy": ("能源消费指标", "Energy quota"), "co2": ("碳排放指标", "CO2 quota"), "coal": ("煤炭消费指标", "Coal quota"), "water": ("用水指标", "Water quota")}  # fmt: skip
    for code, each in rules.quantities().items():
        indicators.ensure_indicator(each.quota, name=names[code][0], name_en=names[code][1], unit=each.unit)
    for code, name, name_en, unit in (
        ("energy.quota.used", "累计用量占累计预算", "Use to date over budget to date", "%"),
        ("energy.quota.forecast", "预计全年占全年指标", "Forecast of the year over its quota", "%"),
        (
            "energy.quota.coming",
            "预计全年中已批未投产项目占全年指标",
            "Part of the forecast that approved projects add, over the quota",
            "%",
        ),
        ("energy.warning.level", "双控预警等级（0 绿 1 黄 2 红）", "Level of warning (0 green, 1 yellow, 2 red)", "1"),
        ("energy.warning.red_months", "连续红灯月数", "Red months in a row", "1"),
    ):
        indicators.ensure_indicator(code, name=name, name_en=name_en, unit=unit)


def lights_for(user: Any, city: str) -> QuerySet[ControlLight]:
    """The current lights that a person may see."""
    return ControlLight.objects.for_user(user).filter(city=city, current=True)


def light_for(user: Any, id: int) -> ControlLight:
    """Raises `NotFound`."""
    found = ControlLight.objects.for_user(user).select_related("enterprise").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这条预警"), mend=_("请从双控总览重新进入"))
    return found  # type: ignore[no-any-return]


def follow_up(
    light: ControlLight, *, kind: str, text: str, by: Any, now: datetime, evidence: Evidence | None = None
) -> FollowUp:
    """Log what was done after a warning. Raises `Refused`: `no_text`, `nothing_to_follow`."""
    if not text.strip():
        raise Refused("no_text", _("没有写处置情况"))
    if light.light not in WARNS:
        raise Refused("nothing_to_follow", _("这个月没有预警"), mend=_("请选有红灯或黄灯的月份"))
    with records.serial():
        made = FollowUp(light=light, kind=kind, text=text.strip(), evidence=evidence, by=by, at=now)
        made.save()
        records.audit(
            by, "energy.control.follow", "energy-light", str(light.pk),
            {"kind": kind, "text": text.strip(), "evidence": str(evidence.pk) if evidence else ""}, now=now,
        )  # fmt: skip
    return made


def open_for(city: str, places: Iterable[str], *, month: str) -> QuerySet[ControlLight]:
    """Red lights of counties in a month on which nobody has acted yet, before or after they were judged anew."""
    acted = FollowUp.objects.filter(
        light__subject=OuterRef("subject"), light__sector=OuterRef("sector"), light__quantity=OuterRef("quantity"),
        light__month=OuterRef("month"),
    )  # fmt: skip
    found = ControlLight.objects.filter(
        city=city, place__in=list(places), month=month, current=True, light="red", subject__startswith="place:"
    )
    return found.exclude(Exists(acted))


def follow_ups_of(light: ControlLight) -> QuerySet[FollowUp]:
    """Of this light and of the same month's earlier ones: a light that was judged anew keeps its log."""
    same = ControlLight.objects.filter(
        subject=light.subject, sector=light.sector, quantity=light.quantity, month=light.month
    )
    return FollowUp.objects.filter(light__in=same).select_related("by")
