"""What the owner tells of a project: the five steps of the report, its papers, the month it is expected to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models import (
    ControlUnit,
    Project,
    ProjectAnnex,
)
from dafeng.domains.enterprise.review import words, works
from dafeng.domains.enterprise.review.forms.common import AREA, Stepped, number
from dafeng.domains.enterprise.review.methods import rules
from dafeng.kernel import bodies


def compilers() -> list[tuple[str, Any]]:
    """Registered bodies that may write a report for an owner, by code."""
    return bodies.choices(*works.KINDS)


class BasicsForm(Stepped):
    name = forms.CharField(label=_("项目名称"), max_length=120)
    place = forms.ChoiceField(label=_("县区"))
    kind = forms.ChoiceField(label=_("建设性质"), choices=Project.Kind.choices)
    stage = forms.ChoiceField(
        label=_("建设状态"), choices=Project.Stage.choices, help_text=_("存量、在建项目按排查要求填报。")
    )
    industry = forms.RegexField(
        r"^\d{4}$", label=_("行业代码"), help_text=_("国民经济行业分类（GB/T 4754）四位小类，如 3011。")
    )
    operation_year = forms.IntegerField(label=_("计划投产年"), min_value=2000, max_value=2100)
    operation_month = forms.IntegerField(
        label=_("计划投产月"), min_value=1, max_value=12, required=False, help_text=_("县区双控预测自这个月起计入本项目；没有投产月的不计入。")
    )  # fmt: skip
    rebuilt = forms.BooleanField(
        label=_("建设地点、主要生产工艺和设备未改变的改建或技术改造（按增量计算）"), required=False
    )
    key_field = forms.BooleanField(label=_("属于国家重点领域（第九条）"), required=False)
    national = forms.BooleanField(label=_("由国务院或国家发展改革委审批、核准"), required=False)
    secret = forms.BooleanField(label=_("涉及国家秘密"), required=False)
    simple = forms.BooleanField(label=_("属于用能工艺简单、节能潜力小的行业目录"), required=False)
    reviewed_zone = forms.BooleanField(label=_("在已实施区域节能审查的区域内"), required=False)
    control_unit = forms.ChoiceField(label=_("生态环境管控单元（三线一单）"), required=False, help_text=_("在登记的单元里选；没有登记的，在下面写类别和文件。"))  # fmt: skip
    control_grade = forms.ChoiceField(label=_("管控类别"), choices=[("", _("没有填")), *ControlUnit.Grade.choices], required=False, help_text=_("选了登记的单元，以登记的类别为准。"))  # fmt: skip
    control_document = forms.CharField(label=_("分区管控的依据文件"), max_length=200, required=False, help_text=_("研判意见或准入清单的文件名和文号；证明材料在附件里上传。"))  # fmt: skip
    park = forms.CharField(label=_("所在园区"), max_length=60, required=False, help_text=_("化工项目必须进入园区。"))
    chp = forms.BooleanField(label=_("燃煤背压型热电联产项目"), required=False)
    longitude = forms.FloatField(
        label=_("经度"), required=False, min_value=73, max_value=136, help_text=_("度，如 114.07。")
    )
    latitude = forms.FloatField(
        label=_("纬度"), required=False, min_value=17, max_value=54, help_text=_("度，如 32.12。")
    )
    swap_capacity = number(_("须置换的产能"), help_text=_("按国家、省产能置换文件核定的量；不需置换的留空。"))
    replace_so2 = number(_("须替代的二氧化硫（t/年）"), help_text=_("污染物按环评核定的区域削减量；不需替代的留空。"))
    replace_nox = number(_("须替代的氮氧化物（t/年）"))
    replace_pm = number(_("须替代的颗粒物（t/年）"))
    replace_vocs = number(_("须替代的挥发性有机物（t/年）"))
    investment = number(_("总投资（万元）"))
    compiler_body = forms.ChoiceField(
        label=_("节能报告编制单位（第三方机构名录）"), choices=compilers, required=False, help_text=_("名录里没有的，在下面写名称和理由。")
    )  # fmt: skip
    compiler = forms.CharField(label=_("节能报告编制单位"), max_length=120, required=False)
    compiler_note = forms.CharField(
        label=_("委托名录以外机构的理由"), max_length=300, required=False, help_text=_("选了名录里的机构就不用填。")
    )
    compiler_organisation = forms.CharField(
        label=_("编制单位的组织代码"), max_length=60, required=False, help_text=_("编制单位在本平台有账户时填写，用于专家回避。")
    )  # fmt: skip

    def __init__(self, *args: Any, places: Mapping[str, str], units: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["control_unit"].choices = [("", _("没有登记")), *units.items()]  # type: ignore[attr-defined]

    def _name_compiler(self, given: dict[str, Any]) -> None:
        """A body of the register has its own name, so that the rules of conflict know it; another one needs a reason."""
        code, name = given.get("compiler_body", ""), given.get("compiler", "")
        if "compiler" not in self.fields or not (code or name):
            return
        found = bodies.named(code, name, given.get("compiler_note", ""), *works.KINDS)
        if isinstance(found, bodies.Fault):
            self.add_error(f"compiler_{found.field}", found.what)
        else:
            given |= {"compiler": found.name, "compiler_note": found.note}
            if found.code:
                given["compiler_organisation"] = found.organisation

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        self._name_compiler(given)
        if given.get("rebuilt") and given.get("kind") not in ("rebuilding", "retrofit"):
            self.add_error("rebuilt", _("只有改建、技术改造项目可按增量计算"))
        if (given.get("longitude") is None) != (given.get("latitude") is None):
            self.add_error("longitude", _("经度和纬度要一起填"))
        return given


class EnergyForm(Stepped):
    """A row an energy: after completion, before it, as raw material, measured heating value."""

    renewable = number(_("其中可再生能源电力（MWh）"), help_text=_("自发自用和绿色电力；不能超过电力消费量。"))
    renewable_before = number(_("改造前可再生能源电力（MWh）"))

    def __init__(self, *args: Any, rebuilt: bool, **kwargs: Any) -> None:
        given = kwargs.pop("initial", None) or {}
        flat = {name: given.get(name) for name in ("renewable", "renewable_before")}
        flat |= {f"{part}_{code}": value for code, row in given.get("energies", {}).items() for part, value in row.items()}  # fmt: skip
        super().__init__(*args, initial=flat, **kwargs)
        self.rebuilt = rebuilt
        self.rows = []
        if not rebuilt:
            del self.fields["renewable_before"]
        for code, energy in rules().energies.items():
            parts = ["after", *(["before"] if rebuilt else []), *(["feedstock", "ncv"] if energy.fuel else [])]
            titles = {"after": _("建成后年消费量"), "before": _("改造前年消费量"), "feedstock": _("其中原料用能"), "ncv": _("实测低位发热量")}  # fmt: skip
            for part in parts:
                field = number(f"{words.ENERGIES[code]} {titles[part]}")
                field.widget.attrs["aria-label"] = field.label
                self.fields[f"{part}_{code}"] = field
            self.rows.append((code, energy.unit, parts))

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows for the template."""
        columns = ["after", *(["before"] if self.rebuilt else []), "feedstock", "ncv"]
        return [
            {
                "name": words.ENERGIES[code],
                "unit": unit,
                "cells": [self[f"{part}_{code}"] if part in parts else None for part in columns],
            }
            for code, unit, parts in self.rows
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        energies: dict[str, dict[str, float]] = {}
        for code, _unit, parts in self.rows:
            row = {part: given.pop(f"{part}_{code}", None) for part in parts}
            told = {part: value for part, value in row.items() if value is not None}
            if not told:
                continue
            energies[code] = told
            if row.get("feedstock") and row["feedstock"] > (row["after"] or 0):
                self.add_error(f"feedstock_{code}", _("原料用能不能超过消费量"))
            if row.get("ncv") == 0:
                self.add_error(f"ncv_{code}", _("发热量应大于零"))
        power = energies.get("electricity", {}).get("after", 0.0)
        if (given.get("renewable") or 0.0) > power:
            self.add_error("renewable", _("可再生能源电力不能超过电力消费量"))
        return given | {"energies": energies}

    def told(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, {})}


class OutputForm(Stepped):
    product = forms.ChoiceField(label=_("主要产品（有限额标准的）"), required=False)
    product_name = forms.CharField(label=_("产品名称"), max_length=80, required=False)
    unit = forms.CharField(label=_("产量单位"), max_length=20, required=False)
    output = number(_("年产量"))
    value = number(_("年产值（万元）"))
    added_value = number(_("年增加值（万元）"), required=True)
    process_co2 = number(_("工业生产过程排放（t CO₂/年）"), help_text=_("含原料用能中排放的部分。没有的留空。"))
    process_co2_before = number(_("改造前过程排放（t CO₂/年）"))
    process_basis = forms.CharField(label=_("过程排放的计算依据"), max_length=300, required=False)

    def __init__(self, *args: Any, products: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = [("", "–"), *products.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("process_co2") and not given.get("process_basis"):
            self.add_error("process_basis", _("有过程排放的要写计算依据"))
        return given


class ComparisonForm(Stepped):
    standard = forms.CharField(label=_("限额标准号和名称"), max_length=160, required=False)
    unit = forms.ChoiceField(
        label=_("限额的单位"), choices=[("kgce", _("kgce/单位产品")), ("kWh", _("kWh/单位产品（电耗）"))], required=False,
        help_text=_("电耗限额与项目的电耗比较，不折成标准煤。"),
    )  # fmt: skip
    limit = number(_("限定值"), least=None)
    access = number(_("准入值"), least=None)
    lead = number(_("先进值"), least=None)
    advanced_home = forms.CharField(label=_("国内行业先进水平"), max_length=300, required=False)
    advanced_abroad = forms.CharField(label=_("国际先进水平"), max_length=300, required=False)
    carbon_standard = forms.CharField(
        label=_("碳排放限额或标准号和名称"), max_length=160, required=False, help_text=_("没有国家、行业标准的留空，不要自拟数值。")
    )  # fmt: skip
    carbon_limit = number(_("碳排放限定值（t CO₂/单位产品）"), least=None)
    carbon_access = number(_("碳排放准入值（t CO₂/单位产品）"), least=None)
    carbon_lead = number(_("碳排放先进值（t CO₂/单位产品）"), least=None)
    carbon_advanced = forms.CharField(label=_("国内外碳排放先进水平"), max_length=300, required=False)
    equipment = forms.CharField(
        label=_("主要设备能效与强制性标准的比较"), required=False, max_length=3000, widget=forms.Textarea(attrs=AREA)
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for prefix in ("", "carbon_"):
            names = [f"{prefix}{name}" for name in ("lead", "access", "limit")]
            values = [given[name] for name in names if given.get(name) is not None]
            if values != sorted(values):
                self.add_error(f"{prefix}limit", _("应为：先进值 ≤ 准入值 ≤ 限定值"))
            if values and not given.get(f"{prefix}standard"):
                self.add_error(f"{prefix}standard", _("填了限额，要写标准号"))
            if not values and not prefix:
                given["unit"] = ""
        return given


class MeasuresForm(Stepped):
    basis = forms.CharField(label=_("分析评价依据"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    design = forms.CharField(
        label=_("建设及运营方案节能降碳分析和比选"), max_length=10000, widget=forms.Textarea(attrs=AREA),
        help_text=_("总平面布置、生产工艺、用能工艺、用能设备、能源计量器具。"),
    )  # fmt: skip
    measures = forms.CharField(
        label=_("节能降碳措施及技术经济论证"), max_length=10000, widget=forms.Textarea(attrs=AREA),
        help_text=_("可再生能源替代、煤炭消费控制和压减、节能低碳技术装备。"),
    )  # fmt: skip
    management = forms.CharField(
        label=_("能源管理体系"), max_length=3000, required=False, widget=forms.Textarea(attrs=AREA)
    )
    impact = forms.CharField(
        label=_("对所在地节能降碳目标的影响分析"), max_length=5000, widget=forms.Textarea(attrs=AREA)
    )
    carbon_measures = forms.CharField(
        label=_("碳排放评价：降碳措施和先进技术"), max_length=5000, required=False, widget=forms.Textarea(attrs=AREA),
        help_text=_("须开展碳排放评价的项目必填（第十条）：由国家审查的，和审查机关认定的。"),
    )  # fmt: skip
    carbon_impact = forms.CharField(
        label=_("碳排放评价：对所在地碳达峰和碳排放强度目标的影响"), max_length=5000, required=False, widget=forms.Textarea(attrs=AREA)
    )  # fmt: skip
    meter_points = forms.CharField(
        label=_("本项目的计量点代码"), required=False, max_length=2000, help_text=_("投产后按这些计量点的读数验收，用逗号隔开。")
    )  # fmt: skip
    committed = forms.BooleanField(label=_("承诺节能报告真实、合法、完整，没有拆分或合并项目逃避节能审查"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = dict(kwargs.pop("initial", None) or {})
        given["meter_points"] = "，".join(given.get("meter_points", []))
        super().__init__(*args, initial=given, **kwargs)

    def clean_meter_points(self) -> list[str]:
        text = self.cleaned_data["meter_points"].replace("，", ",")
        return [each.strip() for each in text.split(",") if each.strip()]


class MonthForm(forms.Form):
    month = forms.DateField(label=_("预计投产月"), input_formats=["%Y-%m"])


class AnnexForm(forms.Form):
    title = forms.CharField(
        label=_("附件名称"), max_length=120, help_text=_("如：环评批复、用能设备清单、产能置换文件。")
    )
    matter = forms.ChoiceField(label=_("证明什么"), choices=[each for each in ProjectAnnex.Matter.choices if each[0] != "opinion"], required=False)  # fmt: skip
    file = forms.FileField(label=_("文件（PDF、JPG、PNG，不超过 20 MB）"), widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}))  # fmt: skip
