"""目标: the register of targets with their lights, a target's card, and what the office decides about its reading."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.plan import bindings, permissions
from dafeng.domains.plan.methods.lights import rules_on
from dafeng.domains.plan.models import Target, said
from dafeng.domains.plan.services import announced, judging, reported, targets
from dafeng.domains.plan.services.city import city_of, counties_of, first_city
from dafeng.domains.plan.services.names import department_name, department_names
from dafeng.domains.plan.views import target_chart, values
from dafeng.domains.plan.views.drawn import drawn, plain_rows
from dafeng.domains.plan.views.target_forms import BindForm, GiveForm, SettleForm
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.pages.tables import Choice, Column, Table

KINDS = {
    "level": gettext_lazy("水平值"),
    "relative_change": gettext_lazy("比基年变化率"),
    "absolute_change": gettext_lazy("比基年变化量"),
    "cumulative": gettext_lazy("累计"),
    "milestone": gettext_lazy("节点"),
}
LIGHTS = {
    "red": gettext_lazy("红灯"),
    "yellow": gettext_lazy("黄灯"),
    "green": gettext_lazy("绿灯"),
    "unknown": gettext_lazy("无法判断"),
    "unbound": gettext_lazy("未绑定"),
}
VERDICTS = {
    "met": gettext_lazy("已完成"),
    "missed": gettext_lazy("未完成"),
    "cannot_be_judged": gettext_lazy("无法判定"),
}
# What the register shows of a target; the rest of a standing is large and for the card.
LISTED = (
    "indicator", "subject", "place", "kind", "operator", "low", "high", "year", "unit", "direction", "baseline_year", "strength", "owner",
    "plan__city", "plan__title", "standing__light", "standing__title", "standing__title_en", "standing__value", "standing__value_period",
    "standing__unit", "standing__gap", "standing__expected", "standing__outcome", "standing__provisional", "standing__forecast",
    "standing__forecast_low", "standing__forecast_high", "standing__probability",
)  # fmt: skip
SIGNS = {"red": ("bad", "■"), "yellow": ("warn", "▲"), "green": ("ok", "●"), "unknown": ("", "?"), "unbound": ("", "–")}


def light(name: str) -> SafeString:
    """A light as the page shows it: sign and word, never colour alone."""
    tone, sign = SIGNS[name]
    return format_html('<span class="tag {}"><span aria-hidden="true">{}</span> {}</span>', tone, sign, LIGHTS[name])


def number(value: float | None, unit: str = "") -> str:
    """A number as a page shows it: four digits that count, thousands grouped."""
    if value is None:
        return "–"
    size = abs(value)
    decimals = 0 if size >= 1000 or value == round(value) else 1 if size >= 100 else 2 if size >= 1 else 4
    text = f"{value:,.{decimals}f}" if size < 1e15 else f"{value:.4g}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text.replace('-', '−')} {unit}".strip()


def chance(probability: float | None) -> str:
    """A probability in percent; nobody is as sure as 0 % or 100 %."""
    if probability is None:
        return "–"
    return "<1%" if probability < 1 else ">99%" if probability > 99 else f"{probability:.0f}%"


def _light_cell(target: Target) -> SafeString:
    standing = getattr(target, "standing", None)
    if standing is None:
        return format_html('<span class="soft">{}</span>', _("尚未研判"))
    shown: SafeString = format_html("{} <br><small>{}</small>", light(standing.light), standing.said_title)
    return shown


def happened(value: float) -> str:
    return _("已实现") if value >= 1 else _("尚未实现")


def _value_cell(target: Target) -> SafeString | str:
    standing = getattr(target, "standing", None)
    if standing is None or standing.value is None:
        return "–"
    told = happened(standing.value) if target.kind == "milestone" else number(standing.value, standing.unit)
    return format_html("{} <br><small>{}</small>", told, standing.value_period)


def _lacking_cell(target: Target) -> SafeString | str:
    """What should be there by now, and what lacks to the goal."""
    standing = getattr(target, "standing", None)
    if standing is None or standing.gap is None or target.kind == "milestone":
        return "–"
    return format_html("{} <br><small>{}</small>", number(standing.gap), _("应到 %(value)s") % {"value": number(standing.expected)} if standing.expected is not None else "")  # fmt: skip


def _forecast_cell(target: Target) -> SafeString | str:
    standing = getattr(target, "standing", None)
    if standing is None or not standing.outcome:
        return "–"
    if standing.outcome in VERDICTS:
        return str(VERDICTS[standing.outcome]) + (_("（暂定）") if standing.provisional else "")
    if standing.forecast is None:
        return _("不足以预测")
    low, high = standing.forecast_low, standing.forecast_high
    interval = f"{number(low)}–{number(high)}" if low is not None else number(standing.forecast)
    told: SafeString = format_html('<span class="nowrap">{}</span> <br><small>{}</small>', interval, _("概率 %(p)s") % {"p": chance(standing.probability)})  # fmt: skip
    return told


def _empty_city(request: HttpRequest, title: str) -> HttpResponse:
    return render(request, "plan/targets/none.html", {"title": title})


@require_safe
@asks(permissions.SEE)
def register(request: HttpRequest) -> HttpResponse:
    """All targets of the plans that hold, the worst light first."""
    code = first_city()
    if not code:
        return _empty_city(request, _("目标"))
    city = city_of(code)
    rows = targets.holding(code).select_related("standing")
    counts = _counts(rows)
    places = {city.code: city.name} | {county: names[0] for county, names in city.counties.items()}
    table = _table(request, rows, places, counts)
    if answer := table.download():
        return answer
    today = timezone.localdate(timezone.now())
    context = {
        "city": city, "table": drawn(table, plain_rows(table, ("pk", *LISTED)), places), "counts": [(name, light(name), counts["lights"][name]) for name in LIGHTS if counts["lights"][name]],
        "rules": rules_on(today), "words": rules_on(today).in_words(said("zh", "en")), "judged_at": counts["judged_at"], "total": counts["total"],
        "may_judge": may(request.user, permissions.JUDGE), "may_report": may(request.user, permissions.REPORT_VALUE),
    }  # fmt: skip
    return render(request, "plan/targets/register.html", context)


def _counts(rows: QuerySet[Target]) -> dict[str, Any]:
    """Lights, owners, years and plans that occur: one query for all filters of the page."""
    found: dict[str, Any] = {"lights": dict.fromkeys(LIGHTS, 0), "owners": set(), "years": set(), "plans": {}, "judged_at": None, "total": 0}  # fmt: skip
    grouped = rows.order_by().values_list("standing__light", "standing__judged_at", "owner", "year", "plan__key", "plan__title")  # fmt: skip
    for name, at, owner, year, plan, title, count in grouped.annotate(count=Count("pk")):
        if name:
            found["lights"][name] += count
            found["judged_at"] = max(filter(None, (found["judged_at"], at)))
        found["owners"].add(owner)
        found["years"].add(year)
        found["plans"][plan] = title
        found["total"] += count
    return found


def _table(request: HttpRequest, rows: QuerySet[Target], places: dict[str, str], counts: dict[str, Any]) -> Table:
    owners = {owner: department_name(owner, places) for owner in sorted(filter(None, counts["owners"]))}
    if request.GET.get("bound"):
        rows = rows.annotate(is_bound=Case(When(binding="", then=Value("no")), default=Value("yes"), output_field=CharField()))  # fmt: skip
    address = reverse("plan:target", args=[0])
    return Table(
        request,
        rows.only(*LISTED),
        [
            Column("indicator", _("指标"), show=lambda t: _named(t, places), link=lambda t: address.replace("/0/", f"/{t.pk}/"), wide=True),
            Column("asked", _("目标"), show=lambda t: format_html("{} <br><small>{}</small>", targets.asked(t), _short(t.plan.title)), sort=None, wide=True),
            Column("year", _("年份"), show=lambda t: t.year or "–"),
            Column("light", _("亮灯"), show=_light_cell, sort="standing__rank"),
            Column("standing.value", _("现值"), show=_value_cell, numeric=True, sort=None),
            Column("standing.gap", _("还差"), show=_lacking_cell, numeric=True, sort="standing__lag"),
            Column("forecast", _("预测与结论"), show=_forecast_cell, sort="standing__probability"),
            Column("who", _("责任单位"), show=lambda t: department_name(t.owner, places) or "–", sort="owner"),
        ],
        _("目标清单"),
        search=("indicator", "quote", "subject"),
        choices=(
            Choice("plan", _("方案"), {key: _short(title) for key, title in counts["plans"].items()}, column="plan__key"),
            Choice("light", _("亮灯"), LIGHTS, column="standing__light"),
            Choice("owner", _("责任单位"), owners),
            Choice("kind", _("种类"), KINDS),
            Choice("bound", _("绑定"), {"yes": _("已绑定"), "no": _("未绑定")}, column="is_bound"),
            Choice("year", _("年份"), {str(y): y for y in sorted(filter(None, counts["years"]))}),
            Choice("place", _("地区"), places),
        ),
        order="standing__rank",
        size=50,
        empty=_("还没有目标。方案采纳后，目标会自动列在这里。"),
        file="targets",
    )  # fmt: skip


def _named(target: Target, places: dict[str, str]) -> str:
    who = target.subject or (places.get(target.place, target.place) if target.place != target.plan.city else "")
    return target.indicator + said(f"（{who}）", f" ({who})") if who else target.indicator


def _short(title: str) -> str:
    """A plan's title for a list to choose from, which a phone must be able to show."""
    return title if len(title) <= 16 else f"{title[:15]}…"


# ---------------------------------------------------------------- the card


@require_safe
@asks(permissions.SEE)
def card(request: HttpRequest, id: int) -> HttpResponse:
    """One target from every side."""
    found = targets.target_of(id)
    return _card(request, found)


def _card(request: HttpRequest, found: Target, *, error: DafengError | None = None, forms: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
    standing = getattr(found, "standing", None)
    chart = target_chart.chart_of(found, standing)
    if chart and (answer := chart.download(request)):
        return answer
    works = may(request.user, permissions.SEE_WORK)
    counties = counties_of(found.plan.city)
    bound = targets.bound(found, {each.code: each for each in _known(found)})
    rules = rules_on(timezone.localdate(timezone.now()))
    context: dict[str, Any] = {
        "target": found, "standing": standing, "chart": chart, "asked": targets.asked(found), "bound": bound, "works": works,
        "kind": KINDS.get(found.kind, found.kind), "owner": department_name(found.owner, counties),
        "who": found.subject or counties.get(found.place, ""), "light": light(standing.light) if standing else "",
        "history": [each | {"shown": light(each["light"])} for each in judging.light_history(found)],
        "error": error.as_dict() if error else None, "data": standing.data if standing else {}, "lights": rules, "lights_title": said(rules.title, rules.title_en), "bound_name": said(bound.binding.name, bound.binding.name_en) if bound.binding else "",
        "forecast": (standing.data.get("forecasts") or [None])[-1] if standing and standing.data else None,
        "parts": _parts(found, counties), "sources": _sources(standing.data.get("sources", []) if standing else []), "figures": _figures(found, standing) if standing and standing.data else [],
    }  # fmt: skip
    if works:
        issued = list(found.warnings.select_related("record").order_by("-pk")[:20])
        for each in issued:
            each.light_shown = light(each.light)
        context |= {"warnings": issued, "questions": _questions(found), "tasks": [found.task] if found.task else []}
        context["announced"] = _announced(found, standing)
    if may(request.user, permissions.BIND):
        context |= _office_forms(found, counties, forms or {})
    item = reported.items().get(found.binding)
    if item and reported.may_report(request.user, item, found.subject or found.place):
        context["report_href"] = (
            f"{reverse('plan:value-new')}?{urlencode({'indicator': item.code, 'subject': found.subject or found.place})}"
        )
    return render(request, "plan/targets/card.html", context, status=409 if error and error.code == "stale" else 422 if error else 200)  # fmt: skip


def _figures(found: Target, standing: Any) -> list[dict[str, Any]]:
    """The head of the card, for `parts/figures.html`."""
    data, event = standing.data, found.kind == "milestone"
    value = "–" if standing.value is None else happened(standing.value) if event else number(standing.value)
    figures = [{"title": _("现值"), "value": value, "unit": "" if event else standing.unit, "note": standing.value_period, "status": standing.status}]  # fmt: skip
    if found.kind == "relative_change" and data["achieved"] is not None:
        way = _("比基年已上升") if found.direction == "increase" else _("比基年已下降")
        figures.append({"title": way, "value": number(data["achieved"]), "unit": "%", "status": None, "note": ""})
    if event:
        return figures
    now = _("今天应到 %(value)s") % {"value": number(data["expected_now"])} if data["expected_now"] is not None else ""
    figures += [
        {"title": _("按轨迹应到"), "value": number(standing.expected), "unit": "", "note": now or _("没有轨迹"), "status": None},
        {"title": _("离目标还差"), "value": number(standing.gap), "unit": "", "note": _("达标：%(rule)s") % {"rule": data["required"]} if data["required"] else "", "status": None},
    ]  # fmt: skip
    if standing.share is not None:
        lag = _("滞后全程的 %(lag).0f%%") % {"lag": standing.lag} if standing.lag and standing.lag > 0 else _("不滞后")
        figures.append({"title": _("全程已走"), "value": f"{standing.share:.0f}%", "unit": "", "note": lag, "status": None})  # fmt: skip
    combined = data["forecasts"][-1] if data["forecasts"] and standing.outcome == "open" else None
    if combined and combined["point"] is not None:
        interval = f"{number(combined['low'])}–{number(combined['high'])}" if combined["low"] is not None else ""
        note = said("；", "; ").join(filter(None, (interval, _("完成概率 %(p)s") % {"p": chance(standing.probability)} if standing.probability is not None else "")))  # fmt: skip
        figures.append({"title": _("预测 %(year)s 年") % {"year": combined["year"]}, "value": number(combined["point"]), "unit": "", "note": note, "status": None})  # fmt: skip
    return figures


def _announced(found: Target, standing: Any) -> dict[str, Any] | None:
    """What approved projects will add by the target's year, in words, and their numbers."""
    observed = int(standing.value_period[:4]) if standing and standing.value_period else None
    new = announced.of(found, observed=observed)
    if new is None:
        return None
    years = str(new.last) if new.first == new.last else f"{new.first}–{new.last}"
    told = {"years": years, "n": len(new.projects), "value": number(new.value), "unit": new.unit}
    if new.code == announced.ENERGY:
        text = _("%(years)s 年投产的已批项目 %(n)s 个，满负荷时每年新增能源消费 %(value)s %(unit)s（当量值）。") % told
    else:
        text = _("%(years)s 年投产的已批项目 %(n)s 个，满负荷时每年新增二氧化碳排放 %(value)s %(unit)s。") % told
    return {"text": text, "projects": new.projects}


def _sources(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where each value came from, in words; newest first. A value's lineage is what its publisher wrote."""
    shown = []
    for row in reversed(rows):
        lineage = json.loads(row["lineage"] or "{}")
        inputs = said("；", "; ").join(f"{name} = {number(value)}" for name, value in lineage.get("inputs", {}).items())
        words = lineage.get("source") or lineage.get("formula") or lineage.get("method") or _("清单第 %(run)s 次编制") % {"run": str(lineage.get("run", row["run"]))[:8]}  # fmt: skip
        shown.append(
            row | {"record": lineage.get("record", ""), "evidence": len(lineage.get("evidence", ())), "words": words + said(f"（{inputs}）", f" ({inputs})") if inputs else words, "member": row["key"].removeprefix("member=") if row["key"].startswith("member=") else ""}
        )  # fmt: skip
    return shown


def _known(found: Target) -> list[Any]:
    from dafeng.kernel.indicators.models import Indicator

    return list(Indicator.objects.filter(code=found.binding.partition("|")[0])) if found.binding else []


def _parts(found: Target, counties: dict[str, str]) -> list[dict[str, Any]]:
    """The same target as it was broken down to counties and enterprises."""
    if found.place != found.plan.city:
        return []
    rows = Target.objects.filter(Q(key=found.key) | Q(key__startswith=f"{found.key[:52]}~"), plan=found.plan, dropped_in=None).exclude(pk=found.pk).select_related("standing", "plan")  # fmt: skip
    return [{"target": each, "name": each.subject or counties.get(each.place, each.place), "asked": targets.asked(each), "light": _light_cell(each)} for each in rows]  # fmt: skip


def _questions(found: Target) -> list[Any]:
    """Questions of the plan that quote the same words, or name the target."""
    asked = found.plan.questions.select_related("record")
    if found.quote:
        asked = asked.filter(Q(quote=found.quote) | Q(quote__contains=found.quote[:200]) | Q(question__contains=found.indicator))  # fmt: skip
    else:
        asked = asked.filter(Q(question__contains=found.indicator))
    return list(asked[:20])


def _office_forms(found: Target, counties: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    near = targets.suggestions(found)
    return {
        "bind_form": given.get("bind") or BindForm(initial={"code": found.binding}, options=_options(found, near)),
        "suggestions": [{"binding": each, "code": targets.code_of(each), "score": score, "reason": why} for each, score, why in near],
        "settle_form": given.get("settle") or SettleForm.of(found, department_names()),
        "give_form": given.get("give") or GiveForm(counties=counties) if found.place == found.plan.city and counties else None,
    }  # fmt: skip


def _options(found: Target, near: list[tuple[bindings.Binding, float, str]]) -> list[tuple[str, str]]:
    first = [targets.code_of(each) for each, _score, _why in near]
    rest = [each for each in bindings.register().bindings if each.indicator and targets.code_of(each) not in first and each.takes(found.unit or "1")]  # fmt: skip
    named = [each for each, _s, _w in near] + sorted(rest, key=lambda each: each.name)
    return [(targets.code_of(each), f"{each.name}（{each.label}，{each.unit}）") for each in named]


@require_POST
@asks(permissions.BIND)
def bind(request: HttpRequest, id: int) -> HttpResponse:
    """Bind, or unbind when the button says so."""
    found = targets.target_of(id)
    code = "" if "unbind" in request.POST else request.POST.get("code", "").strip()[:120]
    return _change(request, found, lambda now: targets.bind(found, code, seen=request.POST.get("seen", ""), by=request.user, now=now), _("绑定已更改；下次研判按新的绑定计算"))  # fmt: skip


@require_POST
@asks(permissions.BIND)
def settle(request: HttpRequest, id: int) -> HttpResponse:
    """What the office has settled: owner, start of the path, steps, members."""
    found = targets.target_of(id)
    form = SettleForm(request.POST, departments=department_names())
    if not form.is_valid():
        return _invalid(request, found, "settle", form)
    given = form.cleaned_data
    return _change(
        request, found,
        lambda now: targets.settle(found, seen=request.POST.get("seen", ""), by=request.user, now=now, owner=given["owner"], start_year=given["start_year"], about=given["about"], steps=given["steps"], members=given["members"], split=given["split"]),
        _("已保存；下次研判按新的口径计算"),
    )  # fmt: skip


@require_POST
@asks(permissions.BIND)
def give(request: HttpRequest, id: int) -> HttpResponse:
    """A county's or an enterprise's own number."""
    found = targets.target_of(id)
    form = GiveForm(request.POST, counties=counties_of(found.plan.city))
    if not form.is_valid():
        return _invalid(request, found, "give", form)
    return _change(request, found, lambda now: targets.give(found, by=request.user, now=now, **form.cleaned_data), _("已分解"))  # fmt: skip


def _invalid(request: HttpRequest, found: Target, name: str, form: Any) -> HttpResponse:
    answer = _card(request, found, forms={name: form})
    answer.status_code = 422
    return answer


def _change(request: HttpRequest, found: Target, do: Any, said: str) -> HttpResponse:
    try:
        do(timezone.now())
    except NotFound:
        raise
    except DafengError as error:
        return _card(request, targets.target_of(found.pk), error=error)
    messages.success(request, said)
    return redirect("plan:target", id=found.pk)


@require_POST
@asks(permissions.JUDGE)
def judge(request: HttpRequest) -> HttpResponse:
    """Start judging now."""
    code = first_city()
    started = jobs.start("plan.judge", by=request.user, now=timezone.now(), parameters={"city": code}, key=f"plan.judge:{code}")  # fmt: skip
    return redirect("job", id=started.pk)


urlpatterns = [
    path("targets/", register, name="targets"),
    path("targets/judge/", judge, name="judge"),
    path("targets/<int:id>/", card, name="target"),
    path("targets/<int:id>/bind/", bind, name="target-bind"),
    path("targets/<int:id>/settle/", settle, name="target-settle"),
    path("targets/<int:id>/give/", give, name="target-give"),
    *values.urlpatterns,
]
