"""Entering an enterprise and changing what is told of it: what is refused, and the trace of every write.

Words come as text or dates by field name; the same reading serves form, sheet and API, and tells all faults at once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.reporting.refusing import Faulty, SeenOld, refusing
from dafeng.domains.enterprise.review import cities
from dafeng.kernel.enterprises import credit_codes
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records

FIELDS = ("name", "name_en", "credit_code", "place", "industry", "organisation", "park", "since", "until")
LONGEST = {"name": 120, "name_en": 160, "park": 60}
DIVISIONS = range(1, 98)
"""GB/T 4754-2017: divisions 01 to 97, the first two of the four digits of a class."""
_CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")

Words = Mapping[str, Any]
Fault = tuple[str, Refused]


@dataclass
class Known:
    """What an enterprise is checked against, read once for a whole sheet: code by name and by credit code, places, organisations."""

    city: str
    places: Mapping[str, str]
    organisations: Mapping[str, str]
    codes: set[str] = field(default_factory=set)
    by_name: dict[str, str] = field(default_factory=dict)
    by_credit_code: dict[str, str] = field(default_factory=dict)

    def take(self, code: str, name: str, credit_code: str) -> None:
        self.codes.add(code)
        self.by_name[name] = code
        if credit_code:
            self.by_credit_code[credit_code] = code


def known(near: Iterable[Words] | None = None) -> Known:
    """Of the whole register; with `near` only what those words could collide with. Raises `Refused` (`no_city`)."""
    city = cities.only_city()
    if city is None:
        raise Refused("no_city", _("还没有装载城市，不能登记企业"), mend=_("请系统管理员先装载城市"))
    places = {code: city.place_name(code, english=cities.english()) for code in city.counties}
    found = Known(city.code, {city.code: city.name, **places}, records.organisations())
    rows = Enterprise.objects.all()
    if near is not None:
        told = list(near)
        rows = rows.filter(
            Q(name__in=[each.get("name", "") for each in told])
            | Q(code__in=[each.get("code", "") for each in told])
            | Q(credit_code__in=[each.get("credit_code", "") for each in told] or [""])
        )
    for code, name, credit_code in rows.values_list("code", "name", "credit_code"):
        found.take(code, name, credit_code)
    return found


def words_of(enterprise: Enterprise) -> dict[str, Any]:
    """What is told of an enterprise, as text."""
    told = {name: getattr(enterprise, name) for name in FIELDS}
    return {name: value.isoformat() if isinstance(value, date) else value or "" for name, value in told.items()}


def seen_of(enterprise: Enterprise) -> str:
    """The token of what is told now: a change made from an older one is refused."""
    return hashlib.sha256(json.dumps(words_of(enterprise), sort_keys=True).encode()).hexdigest()[:32]


def read(told: Words, known: Known, *, code: str = "") -> tuple[dict[str, Any], list[Fault]]:
    """The words as they will be kept, and every fault by field. `code`: of the enterprise that is changed, empty for a new one."""
    words: dict[str, Any] = {name: " ".join(str(told.get(name) or "").split()) for name in FIELDS}
    words["credit_code"] = credit_codes.tidy(words["credit_code"])
    faults: list[Fault] = []
    if not words["name"]:
        faults.append(("name", Refused("name", _("没有填名称"))))
    for name, most in LONGEST.items():
        if len(words[name]) > most:
            faults.append((name, Refused("too_long", _("太长，不能超过 %(count)s 个字") % {"count": most})))
    if known.by_name.get(words["name"], code) != code:
        faults.append(("name", _taken("name_taken", _("名称"), known.by_name[words["name"]])))
    faults += _credit_code(words["credit_code"], known, code)
    if words["place"] not in known.places:
        faults.append(
            ("place", Refused("place", _("所在地不是本市或本市的县区"), expected="、".join(known.places.values())))
        )
    if words["industry"] and not _is_class(words["industry"]):
        faults.append(
            ("industry", Refused("industry", _("行业代码不对"), expected=_("GB/T 4754 的四位小类代码，如 3011")))
        )
    if words["organisation"] and words["organisation"] not in known.organisations:
        faults.append(
            ("organisation", Refused("organisation", _("没有这个组织"), mend=_("请系统管理员先在成员管理中建立组织")))
        )
    for name in ("since", "until"):
        try:
            words[name] = date.fromisoformat(words[name]) if words[name] else None
        except ValueError:
            words[name] = None
            faults.append((name, Refused("day", _("日期不对"), expected="2026-05-01")))
    if words["since"] and words["until"] and words["until"] < words["since"]:
        faults.append(("until", Refused("life_reversed", _("注销日期早于成立日期"), mend=_("请核对两个日期"))))
    return words, faults


def _credit_code(text: str, known: Known, code: str) -> list[Fault]:
    def fault(reason: str, what: str, **more: str) -> list[Fault]:
        return [("credit_code", Refused(reason, what, **more))]

    if not text:
        return []
    if len(text) != credit_codes.LENGTH or set(text) - set(credit_codes.ALPHABET):
        return fault(
            "credit_code", _("统一社会信用代码的写法不对"), expected=_("18 位数字和大写字母，不用 I、O、S、V、Z")
        )
    if text[-1] != credit_codes.check_character(text[:-1]):
        return fault("check_digit", _("统一社会信用代码的校验位不对，有一位抄错了"), mend=_("请对照营业执照核对"))
    if known.by_credit_code.get(text, code) != code:
        return [("credit_code", _taken("credit_code_taken", _("统一社会信用代码"), known.by_credit_code[text]))]
    return []


def _taken(reason: str, what: str, code: str) -> Refused:
    return Refused(
        reason,
        _("%(what)s已用于名录中的“%(code)s”") % {"what": what, "code": code},
        mend=_("同一家企业只登记一次；请打开那一家修改"),
    )


def _is_class(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit() and int(text[:2]) in DIVISIONS


def code_of(told: Words, known: Known) -> tuple[str, list[Fault]]:
    """The code of a new enterprise: the one told, else its credit code in small letters."""
    code = str(told.get("code") or "").strip().lower() or credit_codes.tidy(str(told.get("credit_code") or "")).lower()
    if not code:
        return "", [("code", Refused("code", _("代码和统一社会信用代码至少填一个")))]
    if len(code) > 60 or not _CODE.fullmatch(code):
        return code, [("code", Refused("code", _("代码的写法不对"), expected=_("小写字母、数字和连字符")))]
    if code in known.codes:
        return code, [("code", _taken("code_taken", _("代码"), code))]
    return code, []


def enlist(told: Words, *, by: Any, now: datetime) -> Enterprise:
    """Enter an enterprise. Raises `Faulty` with every fault by field; then nothing is written."""
    with refusing("enlist", "enterprise", str(told.get("code") or told.get("name") or "")[:60], by=by, now=now), records.serial():  # fmt: skip
        around = known(
            [{**told, "code": _wished(told), "credit_code": credit_codes.tidy(str(told.get("credit_code") or ""))}]
        )
        words, faults = read(told, around)
        code, more = code_of(told, around)
        if faults := [*more, *faults]:
            raise Faulty(list(faults))
        return write(code, words, city=around.city, by=by, now=now)


def _wished(told: Words) -> str:
    return str(told.get("code") or "").strip().lower() or credit_codes.tidy(str(told.get("credit_code") or "")).lower()


def change(enterprise: Enterprise, told: Words, *, seen: str, by: Any, now: datetime) -> Enterprise:
    """Change what is told; a field that `told` does not name stays. Its code never changes: other books name it.

    Raises `Faulty`; `SeenOld` (`stale_enterprise`) when somebody changed it since.
    """
    with refusing("enterprise-change", "enterprise", enterprise.code, by=by, now=now), records.serial():
        fresh = Enterprise.objects.select_for_update().get(pk=enterprise.pk)
        if seen_of(fresh) != seen:
            raise SeenOld("stale_enterprise", _("这家企业的登记刚被别人改过"), mend=_("请看最新内容再改"))
        whole = {**words_of(fresh), **told}
        around = known(
            [{**whole, "code": fresh.code, "credit_code": credit_codes.tidy(str(whole["credit_code"] or ""))}]
        )
        words, faults = read(whole, around, code=fresh.code)
        if faults:
            raise Faulty(list(faults))
        return write(fresh.code, words, city=fresh.city, by=by, now=now)


def write(code: str, words: Words, *, city: str, by: Any, now: datetime) -> Enterprise:
    """Keep words that were read without faults, and seal what they were before. To be called within `records.serial`."""
    held = Enterprise.objects.filter(code=code).first()
    before = words_of(held) if held else {}
    made, new = Enterprise.objects.update_or_create(
        code=code, defaults={**words}, create_defaults={**words, "city": city}
    )
    after = words_of(made)
    changed = {name: [before.get(name, ""), after[name]] for name in FIELDS if before.get(name, "") != after[name]}
    if changed or new:
        records.audit(by, "enterprise.enlist" if new else "enterprise.change", "enterprise", code, changed, now=now)
    return made


def strike(enterprise: Enterprise, *, by: Any, now: datetime) -> None:
    """Take out an enterprise that was entered by mistake, and that no book names yet. Raises `Refused` (`in_use`).

    Only the undoing of an import does this: whoever ceased to be is deregistered on a day.
    """
    for relation in Enterprise._meta.get_fields(include_hidden=True):
        if not (relation.one_to_many or relation.one_to_one) or not relation.auto_created:
            continue
        if relation.related_model._base_manager.filter(**{relation.field.name: enterprise}).exists():  # type: ignore[union-attr]
            raise Refused(
                "in_use",
                _("“%(name)s”已有别的登记，不能撤销") % {"name": enterprise.name},
                mend=_("已不存在的企业请填注销日期"),
            )
    records.audit(by, "enterprise.strike", "enterprise", enterprise.code, words_of(enterprise), now=now)
    enterprise.delete()
