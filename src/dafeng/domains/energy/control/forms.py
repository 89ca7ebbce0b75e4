"""The forms of the room. What a form cannot know (counties, firms) is given when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.models import (
    Building,
    FlowNode,
    FollowUp,
    HighProject,
    Meter,
    MonthValue,
    Park,
    Patrol,
    Quota,
)
from dafeng.domains.energy.models.control import TOLD, Quantity
from dafeng.kernel.enterprises.models import Enterprise

NUMBER = {"attrs": {"step": "any", "inputmode": "decimal"}}


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def number(label: Any, **more: Any) -> forms.FloatField:
    return forms.FloatField(label=label, widget=forms.NumberInput(**NUMBER), **more)


def choices(form: forms.Form, name: str, options: Iterable[tuple[str, Any]], *, empty: bool = False) -> None:
    """The options of a field that are known only now."""
    form.fields[name].choices = [*([("", "—")] if empty else []), *options]  # type: ignore[attr-defined]


class SubjectForm(forms.Form):
    """Whom it is about: a county, or a firm in it."""

    place = forms.ChoiceField(label=_("县区"))
    firm = forms.ChoiceField(label=_("企业"), required=False, help_text=_("不选为整个县区。"))

    def __init__(self, *args: Any, places: Mapping[str, str], firms: Iterable[Enterprise], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {each.code: each for each in firms}
        choices(self, "place", places.items())
        english = rules.english()
        choices(self, "firm", ((each.code, each.called(english=english)) for each in self.known.values()), empty=True)
        if "sector" in self.fields:
            choices(self, "sector", rules.sectors().items(), empty=True)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        firm = self.known.get(given.get("firm") or "")
        if firm and given.get("place") and firm.place != given["place"]:
            self.add_error("firm", _now("这家企业不在所选的县区"))
        if firm and given.get("sector"):
            self.add_error("sector", _now("选了企业就不再选行业"))
        return given | {"firm": firm}


class QuotaForm(SubjectForm):
    """A decision on a county, a sector of it, a firm, a public institution's building, or a park."""

    sector = forms.ChoiceField(label=_("行业"), required=False, help_text=_("不选为全部行业。"))
    other = forms.ChoiceField(
        label=_("公共机构或园区"),
        required=False,
        help_text=_("给公共机构的建筑下达用能、用水定额，或给园区定预算时选。"),
    )
    quantity = forms.ChoiceField(label=_("种类"), choices=Quantity.choices)
    kind = forms.ChoiceField(label=_("性质"), choices=Quota.Kind.choices)
    period = forms.RegexField(
        r"^(20\d\d)(-(0[1-9]|1[0-2]))?$",
        label=_("时期"),
        help_text=_("年份如 2027，或月份如 2027-03。"),
        error_messages={"invalid": _("请写成 2027 或 2027-03 这样")},
    )
    amount = number(_("数量"), min_value=0, help_text=_("能源 tce，碳排放 t CO₂，煤炭 t，用水 m³。"))
    document = forms.CharField(label=_("依据文件"), max_length=200)
    decided_on = forms.DateField(label=_("决定日期"), widget=Day())
    file = forms.FileField(label=_("文件扫描件"), required=False)

    def __init__(self, *args: Any, buildings: Iterable[Building], parks: Iterable[Park], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {f"building:{each.code}": each.place for each in buildings}
        names = {f"building:{each.code}": each.name for each in buildings}
        self.places |= {f"park:{each.code}": each.place for each in parks}
        names |= {f"park:{each.code}": each.called(english=rules.english()) for each in parks}
        choices(self, "other", names.items(), empty=True)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        other = given.pop("other", "")
        if other and (given.get("firm") or given.get("sector")):
            self.add_error("other", _now("选了公共机构或园区，就不再选企业和行业"))
        elif other and given.get("place") and self.places[other] != given["place"]:
            self.add_error("other", _now("它不在所选的县区"))
        kind, _sign, code = other.partition(":")
        return given | {"building": code if kind == "building" else "", "park": code if kind == "park" else ""}


class AdjustForm(forms.Form):
    amount = number(_("调整量"), help_text=_("调增为正，调减为负。"))
    document = forms.CharField(label=_("依据文件"), max_length=200)
    decided_on = forms.DateField(label=_("决定日期"), widget=Day())
    reason = forms.CharField(label=_("调整理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class MonthForm(SubjectForm):
    sector = forms.ChoiceField(label=_("行业"), required=False)
    quantity = forms.ChoiceField(label=_("种类"), choices=TOLD)
    month = forms.RegexField(
        r"^20\d\d-(0[1-9]|1[0-2])$",
        label=_("月份"),
        help_text=_("如 2026-10。"),
        error_messages={"invalid": _("请写成 2026-10 这样")},
    )
    value = number(
        _("数量"), min_value=0, help_text=_("能源、原料用能和新增可再生能源电力 tce，碳排放 t CO₂，煤炭 t，用水 m³。")
    )
    basis = forms.ChoiceField(label=_("依据"), choices=MonthValue.Basis.choices, initial="reported")
    source = forms.CharField(label=_("来源"), max_length=200)
    file = forms.FileField(label=_("凭证"), required=False, help_text=_("账单、台账或报表，不超过 20 MB。"))


class FollowForm(forms.Form):
    kind = forms.ChoiceField(label=_("做了什么"), choices=FollowUp.Kind.choices)
    text = forms.CharField(label=_("说明"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label=_("凭证"), required=False)


class ProjectForm(SubjectForm):
    name = forms.CharField(label=_("项目名称"), max_length=120)
    owner = forms.CharField(label=_("建设单位"), max_length=120)
    sector = forms.ChoiceField(label=_("行业"))
    stage = forms.ChoiceField(label=_("阶段"), choices=HighProject.Stage.choices)
    energy = number(_("核定年综合能耗（tce）"), min_value=0, required=False)
    coal_tonnes = number(_("核定年用煤（t）"), min_value=0, required=False)
    ratio = number(
        _("煤炭替代倍数"), initial=1, min_value=1, max_value=5, help_text=_("等量替代填 1，减量替代大于 1。")
    )
    document = forms.CharField(label=_("节能审查意见"), max_length=200, required=False)
    reviewed_on = forms.DateField(label=_("审查日期"), widget=Day(), required=False)

    def clean(self) -> dict[str, Any]:
        given = forms.Form.clean(self) or {}
        return given | {"firm": self.known.get(given.get("firm") or "")}


class MonthField(forms.RegexField):
    """A month as its first day."""

    def __init__(self, label: Any) -> None:
        super().__init__(r"^20\d\d-(0[1-9]|1[0-2])$", label=label, help_text=_("2026-05 这样的月份"))

    def clean(self, value: Any) -> Any:
        return date.fromisoformat(f"{super().clean(value)}-01")


class PartForm(forms.Form):
    """A node or a meter of the firm's flow model."""

    part = forms.ChoiceField(label=_("环节或计量点"), help_text=_("选环节即计流入它的全部能源。"))
    since = MonthField(_("起算月份"))

    def __init__(self, *args: Any, nodes: Iterable[FlowNode], meters: Iterable[Meter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        english = rules.english()
        self.known = {f"node:{each.pk}": each for each in nodes} | {f"meter:{each.pk}": each for each in meters}
        named = {
            key: each.called(english=english) if isinstance(each, FlowNode) else f"{each.point.called(english=english)}（{each.point.code}）"
            for key, each in self.known.items()
        }  # fmt: skip
        groups = ((_now("环节"), "node:"), (_now("计量点"), "meter:"))
        choices(self, "part", ((title, [(key, name) for key, name in named.items() if key.startswith(kind)]) for title, kind in groups))  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        part = self.known.get(given.pop("part", ""))
        return given | {
            "node": part if isinstance(part, FlowNode) else None,
            "meter": part if isinstance(part, Meter) else None,
        }


class ReleaseForm(forms.Form):
    until = MonthField(_("停算月份"))


class CutForm(SubjectForm):
    title = forms.CharField(label=_("削减来源"), max_length=120, help_text=_("如：关停 2 台燃煤锅炉。"))
    year = forms.IntegerField(label=_("削减年份"), min_value=2016, max_value=2060)
    tonnes = number(_("削减量（t）"), min_value=0.001)
    how = forms.CharField(label=_("核算办法"), max_length=300, help_text=_("按哪几年的实际用煤核算。"))
    file = forms.FileField(label=_("凭证"))


class UseForm(forms.Form):
    project = forms.ChoiceField(label=_("用于项目"))
    tonnes = number(_("替代量（t）"), help_text=_("退回已用的填负数。"))
    reason = forms.CharField(label=_("说明"), max_length=300, required=False)

    def __init__(self, *args: Any, projects: Iterable[HighProject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(each.pk): each for each in projects}
        choices(self, "project", ((pk, each.name) for pk, each in self.known.items()))


class LimitForm(forms.Form):
    product = forms.ChoiceField(label=_("产品"))
    limit = number(_("限定值"), required=False)
    access = number(_("准入值"), required=False)
    advanced = number(_("先进值"), required=False)
    document = forms.CharField(
        label=_("标准号与条款"), max_length=200, help_text=_("照标准文本填写，由另一人核对后才使用。")
    )
    valid_from = forms.DateField(label=_("实施日期"), widget=Day())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(
            self,
            "product",
            ((code, f"{each.name}（{each.unit or _('单位按标准文本')}）") for code, each in rules.products().items()),
        )


class IndexForm(forms.Form):
    firm = forms.ChoiceField(label=_("企业"))
    product = forms.ChoiceField(label=_("产品"))
    year = forms.IntegerField(label=_("年份"), min_value=2015, max_value=2060)
    value = number(_("单位产品能耗"))
    source = forms.CharField(label=_("来源"), max_length=200)

    def __init__(self, *args: Any, firms: Iterable[Enterprise], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {each.code: each for each in firms}
        english = rules.english()
        choices(self, "firm", ((code, each.called(english=english)) for code, each in self.known.items()))
        choices(
            self,
            "product",
            ((code, f"{each.name}（{each.unit or _('单位按标准文本')}）") for code, each in rules.products().items()),
        )


class PatrolForm(forms.Form):
    place = forms.ChoiceField(label=_("县区"))
    spot = forms.CharField(label=_("巡查地点"), max_length=120, help_text=_("乡镇、村或街道和门牌。"))
    on = forms.DateField(label=_("巡查日期"), widget=Day())
    found = forms.ChoiceField(label=_("发现"), choices=Patrol.Found.choices)
    kilograms = number(_("数量（kg）"), min_value=0, required=False)
    handled = forms.CharField(label=_("处置"), max_length=300, required=False)
    again_by = forms.DateField(label=_("复查期限"), widget=Day(), required=False)
    photo = forms.FileField(label=_("照片或单据"), required=False)

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "place", places.items())
