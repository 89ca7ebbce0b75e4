"""The records of parks: what each says, and which side may take which step beyond what its workflow says of roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from dafeng.domains.energy.city_page import amount
from dafeng.domains.energy.models import (
    BoilerReplacement,
    HeatMatch,
    HeatNeed,
    HeatOffer,
    MaterialExchange,
    Park,
    ParkStage,
    Qualification,
)
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import exchange, heat, permissions, rules, store
from dafeng.kernel.actions import demand, may
from dafeng.kernel.errors import NotFound, PermissionDenied
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import organisations_of, roles_of
from dafeng.kernel.records.workflows import Transition

KINDS = (store.QUALIFICATION, store.STAGE, heat.MATCH, exchange.KIND, store.BOILER)
ROWS: Mapping[str, str] = {
    store.QUALIFICATION: "energy_park_qualification", store.STAGE: "energy_park_stage", heat.MATCH: "energy_heat_match",
    exchange.KIND: "energy_material_exchange", store.BOILER: "energy_boiler_replacement",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """`facts`: (title, value) pairs."""

    park: Park | None
    facts: list[tuple[str, Any]]
    demo: bool


# What a record's page says beside its row, fetched with it.
JOINS: Mapping[str, tuple[type[Model], tuple[str, ...]]] = {
    store.QUALIFICATION: (Qualification, ("park",)),
    store.STAGE: (ParkStage, ("park",)),
    heat.MATCH: (HeatMatch, ("park", "offer__enterprise", "need__enterprise")),
    exchange.KIND: (MaterialExchange, ("park", "offer__enterprise", "need__enterprise")),
    store.BOILER: (BoilerReplacement, ("boiler__park",)),
}


def row_of(record: Record) -> Any:
    """The row behind a record, asked for once."""
    name = ROWS[record.kind]
    if name not in record._state.fields_cache:
        model, joins = JOINS[record.kind]
        setattr(record, name, model._default_manager.select_related(*joins).get(record=record))
    return getattr(record, name)


def described(record: Record) -> Told:
    row = row_of(record)
    facts = _FACTS[record.kind](row)
    park = row.boiler.park if record.kind == store.BOILER else row.park
    return Told(park, facts, row.demo)


def _qualification(row: Qualification) -> list[tuple[str, Any]]:
    names = {each.code: each.name for each in rules.criteria()}
    tests = [
        (names.get(each["code"], each["code"]), _("满足") if each["met"] else _("不满足")) for each in row.criteria
    ]
    return [
        (_("结论"), _("具备条件") if row.qualified else _("不具备条件")), *tests, (_("评定单位与人"), row.judge), (_("评定日期"), row.judged_on),
        (_("条件版本"), f"{row.rules}（{rules.criteria_note()}）"), (_("说明"), row.record.payload.get("notes", "")),
    ]  # fmt: skip


def _stage(row: ParkStage) -> list[tuple[str, Any]]:
    return [(_("状态"), row.get_stage_display()), (_("日期"), row.on), (_("依据文件"), row.document)]


def _match(row: HeatMatch) -> list[tuple[str, Any]]:
    factors = [each for source in row.facts.get("sources", []) for each in source["factors"]]
    return [
        (_("供给"), f"{row.offer.enterprise.name} · {row.offer.name}（{row.offer.temperature:g} ℃）"),
        (_("需求"), f"{row.need.enterprise.name} · {row.need.name}（{row.need.temperature:g} ℃）"),
        (_("最大送热"), f"{amount(row.power, 2)} MW"), (_("年供热"), f"{amount(row.delivered)} GJ"), (_("管线"), f"{row.facts.get('km') or 0:.1f} km"),
        (_("年替代"), f"{amount(row.tce, 1)} tce（{item_name(row.need.item)}）"), (_("年减排"), "–" if row.co2 is None else f"{amount(row.co2, 1)} t CO₂"),
        (_("排放因子"), "；".join(f"{each['factor_id']} {each['value']:g} {each['unit'].removesuffix('1')}".strip() for each in factors)), (_("匹配参数"), rules.heat_note()),
    ]  # fmt: skip


def _exchange(row: MaterialExchange) -> list[tuple[str, Any]]:
    permit = [(_("危险废物经营许可证编号"), row.need.permit)] if row.offer.hazardous or row.need.hazardous else []
    return [
        (_("供方"), row.offer.enterprise.name), (_("用方"), row.need.enterprise.name), (_("物料"), f"{row.offer.name}（{row.offer.code}）"),
        (_("月份"), row.month), (_("数量"), f"{amount(row.tonnes, 1)} t"), *permit,
    ]  # fmt: skip


def _boiler(row: BoilerReplacement) -> list[tuple[str, Any]]:
    boiler = row.boiler
    return [
        (_("锅炉"), boiler.name), (_("使用登记证编号"), boiler.number), (_("额定蒸发量"), f"{boiler.capacity:g} t/h"), (_("燃料"), item_name(boiler.item)),
        (_("由谁供热"), row.heat_from), (_("停用日期"), row.on),
    ]  # fmt: skip


_FACTS: Mapping[str, Callable[[Any], list[tuple[str, Any]]]] = {
    store.QUALIFICATION: _qualification, store.STAGE: _stage, heat.MATCH: _match, exchange.KIND: _exchange, store.BOILER: _boiler,
}  # fmt: skip

# Steps of a side: who agrees for the offer is of the firm that offers.
SIDES: Mapping[str, str] = {"offer": "offer", "offer_too": "offer", "need": "need", "need_too": "need"}


def _may(record: Record, action: str, user: Any) -> bool:
    row = row_of(record)
    mine = organisations_of(user) - {""}
    if record.kind == heat.MATCH and action in SIDES:
        return getattr(row, SIDES[action]).enterprise.organisation in mine
    if record.kind in (heat.MATCH, exchange.KIND) and roles_of(user) <= {"enterprise"}:
        sides = {row.offer.enterprise.organisation, row.need.enterprise.organisation}
        if record.kind == exchange.KIND:
            # The other side vouches, not a second person of the firm that reported.
            sides -= set(organisations_of(record.created_by)) if record.created_by else set()
        return bool(sides & mine) or bool(row.park and permissions.operates(user, row.park))
    return True


def open_to(record: Record, user: Any) -> list[Transition]:
    """The steps that this person may take now."""
    return [each for each in records.actions(record, user) if _may(record, each.action, user)]


def take(record: Record, action: str, *, by: Any, now: datetime, reason: str = "") -> Record:
    """Raises `PermissionDenied` for a step of another side, and what `records.move` raises."""
    if not _may(record, action, by):
        raise PermissionDenied(_("这一步要由另一方办理"), mend=_("请等对方企业的人登录办理"))
    return records.move(record, action, by=by, now=now, reason=reason)


def propose(park: Park, offer: str, need: str, *, by: Any, now: datetime) -> HeatMatch:
    """Compute the park's matching and put one of its pairs before the two firms. Raises `NotFound`, `PermissionDenied`, `Refused`."""
    offers, needs = heat.listed(park, on=localdate(now))
    return _propose(park, offers, needs, heat.places(park), (offer, need), by=by, now=now)


def propose_outside(city: str, offer: str, need: str, *, by: Any, now: datetime) -> HeatMatch:
    """As `propose`, of the city's matching: a pair of which a side lies in no park."""
    offers, needs, at = heat.around(city, on=localdate(now))
    return _propose(None, offers, needs, at, (offer, need), by=by, now=now)


def _propose(
    park: Park | None, offers: Sequence[HeatOffer], needs: Sequence[HeatNeed], at: Mapping[int, tuple[float, float]],
    wanted: tuple[str, str], *, by: Any, now: datetime,
) -> HeatMatch:  # fmt: skip
    pair = next((each for each in heat.solve(offers, needs, at) if (each.offer.code, each.need.code) == wanted), None)
    rows: dict[str, HeatOffer | HeatNeed] = {f"o{row.pk}": row for row in offers} | {f"n{row.pk}": row for row in needs}  # type: ignore[dict-item]
    sides = [rows[code] for code in wanted if code in rows]
    if pair is None or (park is None and all(row.park_id for row in sides)):
        raise NotFound(_("没有这一对"), mend=_("请刷新看最新的匹配"))
    if not any(may(by, permissions.OFFER, (row.park, row.enterprise)) for row in sides):
        demand(by, permissions.OFFER, (sides[0].park, sides[0].enterprise))
    return heat.propose(park, pair, by=by, now=now)
