"""The forms of the review. What a form cannot know (places, products, offices) is given when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models import (
    Body,
    ControlUnit,
    JointOpinion,
    Project,
    ProjectAnnex,
    ProjectInvitation,
    ProjectLevel,
)
from dafeng.domains.enterprise.review import figures, words
from dafeng.domains.enterprise.review.changes import CASES
from dafeng.domains.enterprise.review.experts import MARKS, POINTS
from dafeng.domains.enterprise.review.methods import rules

AREA = {"rows": 4}
MOST = 1e12


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def number(label: Any, *, required: bool = False, help_text: Any = "", least: float | None = 0) -> forms.FloatField:
    return forms.FloatField(label=label, required=required, min_value=least, max_value=MOST, help_text=help_text)


class Stepped(forms.Form):
    """A step of the owner's form: its cleaned values are the content of the step; what is empty is left out."""

    def told(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], False)}


def compilers() -> list[tuple[str, Any]]:
    """Registered bodies that may write a report for an owner, by code."""
    rows = Body.objects.filter(record__state="registered").order_by("code")
    kinds = {Body.Kind.CONSULTING, Body.Kind.ASSESSMENT, Body.Kind.AUDIT}
    return [("", _("不在名录")), *((each.code, each.name) for each in rows if kinds & set(each.kinds))]


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
        label=_("节能报告编制单位（第三方机构名录）"), choices=compilers, required=False, help_text=_("名录里没有的，在下面写名称。")
    )  # fmt: skip
    compiler = forms.CharField(label=_("节能报告编制单位"), max_length=120, required=False)
    compiler_organisation = forms.CharField(
        label=_("编制单位的组织代码"), max_length=60, required=False, help_text=_("编制单位在本平台有账户时填写，用于专家回避。")
    )  # fmt: skip

    def __init__(self, *args: Any, places: Mapping[str, str], units: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["control_unit"].choices = [("", _("没有登记")), *units.items()]  # type: ignore[attr-defined]

    def _compiler(self) -> Body | None:
        return Body.objects.filter(code=self.cleaned_data.get("compiler_body") or None).first()

    def clean_compiler(self) -> str:
        """Of a body of the register its own name, so that the rules of conflict know it."""
        body = self._compiler()
        return body.name if body else str(self.cleaned_data["compiler"])

    def clean_compiler_organisation(self) -> str:
        body = self._compiler()
        return body.organisation if body else str(self.cleaned_data["compiler_organisation"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
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


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=500)


class DayForm(forms.Form):
    day = forms.DateField(label=_("日期"), widget=DayInput())


class MonthForm(forms.Form):
    month = forms.DateField(label=_("预计投产月"), input_formats=["%Y-%m"])


class AnnexForm(forms.Form):
    title = forms.CharField(
        label=_("附件名称"), max_length=120, help_text=_("如：环评批复、用能设备清单、产能置换文件。")
    )
    matter = forms.ChoiceField(label=_("证明什么"), choices=[each for each in ProjectAnnex.Matter.choices if each[0] != "opinion"], required=False)  # fmt: skip
    file = forms.FileField(label=_("文件（PDF、JPG、PNG，不超过 20 MB）"), widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}))  # fmt: skip


class JudgeForm(forms.Form):
    two_high = forms.TypedChoiceField(
        label=_("是否“两高”项目"), choices=[("yes", _("是")), ("no", _("否"))], coerce=lambda value: value == "yes"
    )
    large_carbon = forms.TypedChoiceField(
        label=_("是否开展碳排放评价"), choices=[("yes", _("是")), ("no", _("否"))], coerce=lambda value: value == "yes"
    )
    exempt = forms.TypedChoiceField(
        label=_("是否民生或基础设施项目"), choices=[("no", _("否")), ("yes", _("是"))], coerce=lambda value: value == "yes",
        help_text=_("县区被限批、暂停审查时，只有民生、基础设施项目可以通过。"), required=False, empty_value=False,
    )  # fmt: skip
    reason = forms.CharField(label=_("认定理由和依据"), max_length=300)


class JointForm(forms.Form):
    offices = forms.MultipleChoiceField(label=_("会审单位"), widget=forms.CheckboxSelectMultiple)
    matter = forms.CharField(label=_("会审事项"), max_length=200)
    due = forms.DateField(label=_("答复期限"), widget=DayInput())

    def __init__(self, *args: Any, offices: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offices"].choices = list(offices.items())  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    verdict = forms.ChoiceField(label=_("意见"), choices=[each for each in JointOpinion.Verdict.choices if each[0] != "waiting"])  # fmt: skip
    text = forms.CharField(label=_("说明"), required=False, max_length=3000, widget=forms.Textarea(attrs=AREA))


class DeclareForm(forms.Form):
    clear = forms.TypedChoiceField(
        label=_("利益声明"),
        choices=[("yes", _("我与建设单位、编制单位没有利害关系")), ("no", _("我应当回避"))],
        coerce=lambda value: value == "yes",
    )
    text = forms.CharField(label=_("回避原因"), required=False, max_length=300)


class ViewForm(forms.Form):
    view = forms.ChoiceField(label=_("建议"), choices=ProjectInvitation.View.choices)
    text = forms.CharField(label=_("评审意见"), max_length=5000, widget=forms.Textarea(attrs={"rows": 6}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = {
            f"point_{code}": forms.ChoiceField(label=title, choices=list(MARKS.items()))
            for code, title in POINTS.items()
        }
        self.fields = {**points, **self.fields}

    @property
    def points(self) -> dict[str, str]:
        return {code: self.cleaned_data[f"point_{code}"] for code in POINTS}


class ConclusionForm(forms.Form):
    text = forms.CharField(label=_("评审意见"), max_length=10000, widget=forms.Textarea(attrs={"rows": 6}))


class OpinionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("决定"), choices=[("approve", _("通过")), ("refuse", _("不予通过"))])
    reference = forms.CharField(label=_("文号"), max_length=80, required=False)
    opinion = forms.CharField(
        label=_("审查意见或不予通过的理由"), max_length=10000, widget=forms.Textarea(attrs={"rows": 6})
    )
    conditions = forms.CharField(
        label=_("附加条件"), required=False, max_length=10000, widget=forms.Textarea(attrs=AREA), help_text=_("每行一条，验收时逐条核对。")
    )  # fmt: skip


class ChangeForm(forms.Form):
    cases = forms.MultipleChoiceField(
        label=_("变动情形（第十八条）"), choices=list(CASES.items()), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label=_("变动说明"), max_length=5000, widget=forms.Textarea(attrs=AREA))


class SelfCheckForm(forms.Form):
    """Amounts of the energies that the project has."""

    since = forms.DateField(label=_("自查期起"), widget=DayInput())
    until = forms.DateField(label=_("自查期止（次日）"), widget=DayInput(), help_text=_("满一年的，年总量才作结论。"))
    output = number(_("期内产量"), required=True)
    process_co2 = number(_("期内工业生产过程排放（t CO₂）"))
    renewable = number(_("期内可再生能源电力（MWh）"))
    explanation = forms.CharField(
        label=_("与计量读数差异的说明"), required=False, max_length=3000, widget=forms.Textarea(attrs=AREA)
    )

    def __init__(self, *args: Any, energies: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.energies = [code for code in rules().energies if code in set(energies)]
        for code in self.energies:
            label = _("期内%(energy)s（%(unit)s）") % {"energy": words.ENERGIES[code], "unit": rules().energies[code].unit}  # fmt: skip
            self.fields[f"energy_{code}"] = number(label, required=True)

    @property
    def told(self) -> dict[str, Any]:
        given = self.cleaned_data
        told = {name: given[name] for name in ("output", "process_co2", "renewable") if given.get(name) is not None}
        return told | {"energies": {code: given[f"energy_{code}"] for code in self.energies}}


class OrderForm(forms.Form):
    document = forms.CharField(label=_("文号"), max_length=80)
    stop = forms.BooleanField(label=_("停工（停产）整改"), required=False, initial=True)
    reason = forms.CharField(label=_("存在问题和整改要求"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    due = forms.DateField(label=_("整改期限"), widget=DayInput())


class MendedForm(forms.Form):
    text = forms.CharField(label=_("整改情况"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    file = forms.FileField(
        label=_("证明材料（PDF、JPG、PNG，不超过 20 MB）"), required=False, widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})
    )  # fmt: skip


class OrderCheckForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结论"), choices=[("pass", _("整改合格")), ("again", _("继续整改"))])
    text = forms.CharField(label=_("核查意见"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    due = forms.DateField(label=_("新的整改期限"), required=False, widget=DayInput(), help_text=_("继续整改的必填。"))


class PaperForm(forms.Form):
    """What a paper opinion says, beside the steps of the owner's form."""

    reference = forms.CharField(label=_("审查意见文号"), max_length=80)
    opinion = forms.CharField(label=_("审查意见"), max_length=10000, widget=forms.Textarea(attrs=AREA))
    approved_on = forms.DateField(label=_("批复日期"), widget=DayInput())
    conditions = forms.CharField(label=_("附加条件"), required=False, max_length=10000, widget=forms.Textarea(attrs=AREA), help_text=_("每行一条，验收时逐条核对。"))  # fmt: skip
    two_high = forms.TypedChoiceField(
        label=_("是否“两高”项目"), choices=[("", _("没有认定")), ("yes", _("是")), ("no", _("否"))], required=False, coerce=lambda value: value == "yes", empty_value=None
    )  # fmt: skip
    large_carbon = forms.TypedChoiceField(
        label=_("是否开展碳排放评价"), choices=[("", _("没有认定")), ("yes", _("是")), ("no", _("否"))], required=False, coerce=lambda value: value == "yes", empty_value=None
    )  # fmt: skip
    started_on = forms.DateField(label=_("开工日期"), required=False, widget=DayInput())
    trial_on = forms.DateField(label=_("试运行（投产）日期"), required=False, widget=DayInput())
    accepted = forms.BooleanField(label=_("已经通过节能验收（或投产时不要求验收）"), required=False)
    file = forms.FileField(label=_("审查意见原件（PDF、JPG、PNG，不超过 20 MB）"), widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}))  # fmt: skip


class AcceptForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结论"), choices=[("pass", _("验收合格")), ("mend", _("责令限期整改"))])
    met = forms.MultipleChoiceField(label=_("已落实的批复条件"), required=False, widget=forms.CheckboxSelectMultiple)
    text = forms.CharField(label=_("验收意见"), max_length=5000, widget=forms.Textarea(attrs=AREA))
    mend_by = forms.DateField(label=_("整改期限"), required=False, widget=DayInput())

    def __init__(self, *args: Any, conditions: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(each.number), f"{each.number}. {each.text}") for each in conditions]
        if choices:
            self.fields["met"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["met"]


class FigureForm(forms.Form):
    code = forms.ChoiceField(label=_("参数"), choices=[(code, f"{each[0]}（{each[1]}）") for code, each in figures.CODES.items()])  # fmt: skip
    place = forms.ChoiceField(label=_("地区"))
    value = number(_("数值"), required=True)
    since = forms.DateField(label=_("自"), widget=DayInput())
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("文件名和文号。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["code"].choices = [(code, f"{each[0]}（{each[1]}）") for code, each in figures.CODES.items()]  # type: ignore[attr-defined]


class LevelForm(forms.Form):
    measure = forms.ChoiceField(label=_("比较"), choices=ProjectLevel.Measure.choices)
    product = forms.SlugField(label=_("产品代码"), max_length=40, help_text=_("英文字母、数字和连字符。"))
    name = forms.CharField(label=_("产品"), max_length=80)
    unit = forms.CharField(
        label=_("单位"), max_length=30, initial="kgce/t", help_text=_("能耗：kgce/t、kWh/t；碳排放：tCO2/t。")
    )
    limit = number(_("限定值"), least=None)
    access = number(_("准入值"), least=None)
    lead = number(_("先进值"), least=None)
    since = forms.DateField(label=_("实施日期"), widget=DayInput())
    source = forms.CharField(label=_("标准"), max_length=200)


class ExpertForm(forms.Form):
    username = forms.CharField(label=_("登录名"), max_length=150, help_text=_("须有核查机构（专家）角色。"))
    name = forms.CharField(label=_("姓名"), max_length=60)
    employer = forms.CharField(label=_("工作单位"), max_length=120)
    fields_known = forms.CharField(label=_("专业"), max_length=200)
    advised = forms.CharField(
        label=_("近三年咨询服务对象"), required=False, max_length=2000, help_text=_("企业全称，用逗号隔开。")
    )


class CapacityForm(forms.Form):
    enterprise = forms.CharField(label=_("退出单位"), max_length=120)
    place = forms.ChoiceField(label=_("县区"))
    product = forms.ChoiceField(label=_("产品或污染物"))
    capacity = forms.DecimalField(label=_("产能或年削减量"), min_value=0, max_digits=14, decimal_places=2)
    unit = forms.CharField(label=_("单位"), max_length=30)
    retired_on = forms.DateField(label=_("退出日期"), widget=DayInput())
    document = forms.CharField(label=_("认定文件"), max_length=200)

    def __init__(self, *args: Any, places: Mapping[str, str], products: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]
        self.fields["product"].choices = list(products.items())  # type: ignore[attr-defined]


class HeatUnitForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    longitude = forms.FloatField(label=_("经度"), min_value=73, max_value=136)
    latitude = forms.FloatField(label=_("纬度"), min_value=17, max_value=54)
    source = forms.CharField(label=_("位置依据"), max_length=200)


class ControlUnitForm(forms.Form):
    code = forms.SlugField(label=_("单元编码"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    grade = forms.ChoiceField(label=_("类别"), choices=ControlUnit.Grade.choices)
    place = forms.ChoiceField(label=_("县区"))
    barred = forms.CharField(
        label=_("清单禁止的行业"), required=False, max_length=500, help_text=_("GB/T 4754 两到四位代码，用逗号隔开，如 26，3011；没有的留空。")
    )  # fmt: skip
    bars_two_high = forms.BooleanField(label=_("清单禁止“两高”项目"), required=False)
    document = forms.CharField(label=_("依据文件"), max_length=200, help_text=_("准入清单的文件名和文号。"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = list(places.items())  # type: ignore[attr-defined]

    def clean_barred(self) -> list[str]:
        return [each.strip() for each in self.cleaned_data["barred"].replace("，", ",").split(",") if each.strip()]


class SwapForm(forms.Form):
    source = forms.ChoiceField(label=_("退出产能"))
    capacity = forms.DecimalField(label=_("置换产能"), min_value=0, max_digits=14, decimal_places=2)

    def __init__(self, *args: Any, sources: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            (
                str(each.pk),
                f"{each.enterprise} · {figures.source_name(each.product)} · {(each.capacity - (each.used or 0)).normalize():f} {each.unit}",
            )
            for each in sources
        ]
