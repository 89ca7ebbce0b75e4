"""What the pages of the standards show: methodologies by group with their labels, one version with all its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import MethodologyVersion, StandardComment
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import explanation, inforce, labels, names, versions
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

MARKS = {"filed": "ok", "trial": "warn", "comment": "warn", "review": "warn", "retired": "bad", "dropped": "bad"}


@dataclass(frozen=True)
class Card:
    """One methodology in the list: the version in force today, or the newest one that this reader may see."""

    code: str
    title: str
    version: MethodologyVersion
    label: labels.Label
    figure: str
    counted: str
    href: str
    mark: str
    consulting: bool


def title_of(version: MethodologyVersion) -> str:
    return names.pick(version.methodology.title, version.methodology.title_en)


def address(version: MethodologyVersion) -> str:
    return f"{reverse('inclusion:methodology', kwargs={'code': version.methodology_id})}?version={version.number}"


def page_of(record: Record) -> str:
    """The page of a record of either kind; its payload names the version, so no further question is asked."""
    if record.kind == "inclusion.rate":
        return reverse("inclusion:rate", kwargs={"id": record.pk})
    return f"{reverse('inclusion:methodology', kwargs={'code': record.key})}?version={record.payload.get('number', 1)}"


def groups(user: Any, today: date) -> list[dict[str, Any]]:
    """The list page: groups in their order, each with its cards. One query."""
    found: dict[str, list[MethodologyVersion]] = {}
    for version in versions.visible(user).order_by("-valid_from", "-number"):
        found.setdefault(version.methodology_id, []).append(version)
    cards: dict[str, list[Card]] = {}
    for code, line in sorted(found.items(), key=lambda pair: _order(pair[0])):
        version = chosen(line, today)
        told = labels.label(version)
        figure, counted = labels.amount(told)
        cards.setdefault(version.methodology.group, []).append(
            Card(
                code, title_of(version), version, told, figure, counted,
                reverse("inclusion:methodology", kwargs={"code": code}), MARKS.get(version.record.state, ""),
                any(each.record.state == "comment" for each in line),
            )
        )  # fmt: skip
    return [
        {"code": code, "title": title, "cards": cards[code]} for code, title in names.GROUPS.items() if code in cards
    ]


def _order(code: str) -> tuple[int, str]:
    from dafeng.domains.inclusion.standards import library

    known = list(library.shipped())
    return (known.index(code) if code in known else len(known), code)


def chosen(line: list[MethodologyVersion], today: date) -> MethodologyVersion:
    """The version that holds today, else the newest."""
    held = [each for each in line if each.record.state in inforce.HOLDING]
    held.sort(key=lambda each: (each.valid_from or today, each.number), reverse=True)
    return inforce.Timeline(tuple(held)).on(today) or max(line, key=lambda each: each.number)


def find(user: Any, code: str, number: str, today: date) -> tuple[MethodologyVersion, list[MethodologyVersion]]:
    """A version that the reader may see, and all of them, newest first. Raises `NotFound`."""
    line = list(versions.visible(user).filter(methodology_id=code).order_by("-number"))
    if not line:
        raise NotFound(_("没有这个方法学"), mend=_("请从方法学列表进入"))
    if not number:
        return chosen(line, today), line
    found = next((each for each in line if str(each.number) == number), None)
    if found is None:
        raise NotFound(_("没有第 %(number)s 版") % {"number": number[:9]}, mend=_("请从版本列表进入"))
    return found, line


def parts(version: MethodologyVersion) -> dict[str, Any]:
    """A version's texts, formula, fields and factors, ready for the template."""
    found = contents.read(version.content)
    options = {code: names.pick(*words) for each in found.fields for code, words in each.options.items()}
    return {
        "texts": [
            (_("核算边界"), found.texts["boundary"]), (_("基准线"), found.texts["baseline"]), (_("监测方法"), found.texts["monitoring"]),
        ],
        "origin": found.texts["source"],
        "state": names.state_title(version.record, version.standing),
        "exclusions": found.exclusions,
        "formula": explanation.formula(found),
        "method": found.method.reference if found.method else "",
        "method_source": found.method.source if found.method else "",
        "survey": found.survey,
        "discount": f"{found.discount:.0%}",
        "discount_note": found.texts["discount_note"],
        "points_fixed": found.points_fixed,
        "points_note": found.texts["points_note"],
        "fields": [field_row(each) for each in found.fields],
        "factors": explanation.factor_rows(found.factors, options),
        "gaps": len(found.gaps),
    }  # fmt: skip


def field_row(each: contents.Field) -> dict[str, Any]:
    return {
        "name": each.name,
        "title": names.pick(each.title, each.title_en),
        "unit": names.pick(each.shown, each.shown_en),
        "required": each.required,
        "choice": each.kind == "choice",
        "options": [(code, names.pick(*words)) for code, words in each.options.items()],
        "limits": "" if each.least is None else f"{each.least:g} – {each.most:g}",
        "least": each.least,
        "most": each.most,
    }


def calculator(version: MethodologyVersion, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The fields with what was typed, from the address."""
    return [
        field_row(each) | {"value": asked.get(f"in-{each.name}", "").replace("\0", "")[:40]}
        for each in contents.read(version.content).fields
    ]


def comments_of(record: Record) -> list[StandardComment]:
    return list(StandardComment.objects.filter(record=record))


def events_of(record: Record) -> list[dict[str, Any]]:
    """How it came about, for `parts/timeline.html`."""
    named = {"open": _("起草"), "amend": _("修改")}
    return [
        {
            "title": named.get(move.action) or record.workflow.title_of(move.action),
            "at": move.at,
            "by": move.by or _("系统"),
            "text": move.reason,
            "bad": move.action in ("return", "retire", "drop"),
        }
        for move in record.moves.select_related("by")
    ]


def steps_of(record: Record, user: Any) -> dict[str, Any]:
    """The buttons of a reader, and what their form asks for."""
    steps = records.actions(record, user)
    actions = {each.action for each in steps}
    return {
        "steps": steps,
        "asks_until": "consult" in actions,
        "asks_from": bool(actions & {"file", "try"}) and record.kind == "inclusion.methodology",
        "asks_reason": any(each.reason_required for each in steps),
    }
