"""The forms of the room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.control.forms import Day, choices, number
from dafeng.domains.energy.models import Boiler, HeatOffer, Material, Park, ParkLink, ParkService, ParkStage
from dafeng.domains.energy.models.control import Quantity
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import rules
from dafeng.kernel.enterprises.models import Enterprise

__all__ = ["FORMS", "OUTSIDE", "ParkForm"]
MONTH = r"^20\d\d-(0[1-9]|1[0-2])$"
MONTHS = [(str(month), str(month)) for month in range(1, 13)]


def degrees(label: Any) -> forms.FloatField:
    return number(label, required=False, min_value=-180, max_value=180)


class ParkForm(forms.Form):
    code = forms.SlugField(label=_("编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    place = forms.ChoiceField(label=_("县区"))
    level = forms.ChoiceField(label=_("级别"), choices=Park.Level.choices)
    area = number(_("面积（公顷）"), min_value=0.01, required=False)
    operator = forms.CharField(label=_("运营单位"), max_length=120, required=False)
    organisation = forms.CharField(
        label=_("运营单位代码"), max_length=60, required=False, help_text=_("这个单位的人可以看整个园区并填报。")
    )
    longitude = degrees(_("经度"))
    latitude = degrees(_("纬度"))

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "place", places.items())


class Filing(forms.Form):
    """What is filed for a park. `firms`: those of the park that the person may file for; `others`: those that could join."""

    def __init__(
        self, *args: Any, park: Park | None, firms: Sequence[Enterprise], others: Iterable[Enterprise] = (), english: bool = False, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.park = park
        self.known = {each.code: each for each in (*others, *firms)}
        options = [(code, each.called(english=english)) for code, each in self.known.items()]
        for name in ("firm", "source", "target"):
            if name in self.fields:
                choices(self, name, options, empty=name == "source")
        self.prepare()

    def prepare(self) -> None:
        """Options that are known only now."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        return given | {name: self.known.get(given.get(name) or "") for name in ("firm", "source", "target") if name in self.fields}  # fmt: skip


class JoinForm(Filing):
    firm = forms.ChoiceField(label=_("企业"))
    since = forms.DateField(label=_("入园日期"), widget=Day())
    longitude = degrees(_("经度"))
    latitude = degrees(_("纬度"))
    shares = forms.BooleanField(label=_("同意向运营单位共享用能数据"), required=False)


class LeaveForm(Filing):
    firm = forms.ChoiceField(label=_("企业"))
    until = forms.DateField(label=_("离园日期"), widget=Day())


class ContractForm(Filing):
    kind = forms.ChoiceField(label=_("服务"), choices=ParkService.Kind.choices)
    provider = forms.CharField(label=_("服务单位"), max_length=120)
    contract = forms.CharField(label=_("合同"), max_length=120)
    since = forms.DateField(label=_("合同起"), widget=Day())
    until = forms.DateField(label=_("合同止"), widget=Day(), required=False)


class QualificationForm(Filing):
    met = forms.MultipleChoiceField(
        label=_("满足的条件"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("全部满足才算“具备条件”。"),
    )
    judge = forms.CharField(label=_("评定单位与人"), max_length=120)
    judged_on = forms.DateField(label=_("评定日期"), widget=Day())
    notes = forms.CharField(label=_("说明"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label=_("评定表或文件"))

    def prepare(self) -> None:
        choices(self, "met", ((each.code, each.name) for each in rules.criteria()))


class StageForm(Filing):
    stage = forms.ChoiceField(label=_("状态"), choices=ParkStage.Stage.choices)
    on = forms.DateField(label=_("日期"), widget=Day())
    document = forms.CharField(label=_("依据文件"), max_length=200)
    file = forms.FileField(label=_("批复或验收意见"))


class LinkForm(Filing):
    kind = forms.ChoiceField(label=_("性质"), choices=ParkLink.Kind.choices)
    source = forms.ChoiceField(label=_("供方"), required=False, help_text=_("外购和自产不选。"))
    target = forms.ChoiceField(label=_("用方"))
    carrier = forms.ChoiceField(label=_("介质"))
    sent_point = forms.CharField(label=_("送出端计量点代码"), max_length=120, required=False)
    received_point = forms.CharField(label=_("接收端计量点代码"), max_length=120, required=False)
    since = forms.DateField(label=_("起用日期"), widget=Day())

    def prepare(self) -> None:
        choices(
            self, "carrier", ((code, f"{each.name}（{each.shown_unit}）") for code, each in rules.carriers().items())
        )


class FlowForm(Filing):
    link = forms.ModelChoiceField(label=_("供能"), queryset=ParkLink.objects.none())
    month = forms.RegexField(MONTH, label=_("月份"), help_text=_("2026-05 这样的月份"))
    sent = number(_("送出"), min_value=0, required=False)
    received = number(_("收到"), min_value=0, required=False)
    source_text = forms.CharField(label=_("来源"), max_length=200)
    file = forms.FileField(label=_("凭证"), required=False)

    def prepare(self) -> None:
        field = self.fields["link"]
        field.queryset = ParkLink.objects.filter(park=self.park).select_related("source", "target")  # type: ignore[attr-defined]
        field.label_from_instance = link_name  # type: ignore[attr-defined]


def link_name(link: ParkLink) -> str:
    carrier = rules.carriers()[link.carrier]
    start = link.source.name if link.source else link.get_kind_display()
    return f"{start} → {link.target.name}（{carrier.name}，{carrier.shown_unit}）"


class YearForm(Filing):
    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2100)
    key = forms.ChoiceField(label=_("项目"))
    value = number(_("数量"), min_value=0)
    source_text = forms.CharField(label=_("来源"), max_length=200)
    file = forms.FileField(label=_("凭证"), required=False)

    def prepare(self) -> None:
        choices(self, "key", ((code, f"{each.name}（{each.shown_unit}）") for code, each in rules.figures().items()))


class HeatForm(Filing):
    firm = forms.ChoiceField(label=_("企业"))
    name = forms.CharField(label=_("名称"), max_length=80)
    temperature = number(_("温度（℃）"))
    power = number(_("功率（MW）"), min_value=0.0001)
    months = forms.TypedMultipleChoiceField(
        label=_("月份"), choices=MONTHS, coerce=int, widget=forms.CheckboxSelectMultiple, initial=[str(month) for month in range(1, 13)]
    )  # fmt: skip
    from_hour = forms.IntegerField(label=_("每日起（时）"), min_value=0, max_value=23, initial=0)
    until_hour = forms.IntegerField(
        label=_("每日止（时）"), min_value=1, max_value=24, initial=24, help_text=_("早于起时即跨过零点。")
    )
    hours = number(
        _("年运行小时"), required=False, min_value=1, max_value=8760, help_text=_("不填即所选时段全部运行。")
    )
    since = forms.DateField(label=_("可用起始日"), widget=Day())


class OfferForm(HeatForm):
    medium = forms.ChoiceField(label=_("介质"), choices=HeatOffer.Medium.choices)
    outlet = number(_("可冷却到（℃）"), required=False, help_text=_("烟气、热水等逐级利用的填；蒸汽冷凝不填。"))


class NeedForm(HeatForm):
    item = forms.ChoiceField(label=_("现用燃料"))
    efficiency = number(_("现有锅炉效率"), min_value=0.2, max_value=1.1, initial=0.9)

    def prepare(self) -> None:
        choices(self, "item", ((each, item_name(each)) for each in rules.fuels()))


class OutsideOfferForm(OfferForm):
    """Of a firm that sits in no park: where the heat is."""

    longitude = number(_("经度"), min_value=73, max_value=136)
    latitude = number(_("纬度"), min_value=3, max_value=54)


class OutsideNeedForm(NeedForm):
    longitude = number(_("经度"), min_value=73, max_value=136)
    latitude = number(_("纬度"), min_value=3, max_value=54)


OUTSIDE = {"offer": OutsideOfferForm, "need": OutsideNeedForm}


class MaterialForm(Filing):
    firm = forms.ChoiceField(label=_("企业"))
    side = forms.ChoiceField(label=_("方向"), choices=Material.Side.choices)
    code = forms.CharField(
        label=_("物料代码"),
        max_length=40,
        help_text=_("固体废物分类与代码目录的代码，或双方约定的代码；供需代码相同才匹配。"),
    )
    name = forms.CharField(label=_("物料"), max_length=80)
    tonnes = number(_("数量（t/年）"), min_value=0.001)
    quality = number(_("主成分含量（%）"), required=False, min_value=0, max_value=100, help_text=_("需求填最低要求。"))
    hazardous = forms.BooleanField(label=_("危险废物"), required=False)
    permit = forms.CharField(label=_("危险废物经营许可证编号"), max_length=60, required=False)
    since = forms.DateField(label=_("起始日"), widget=Day())


class ExchangeForm(Filing):
    offer = forms.ModelChoiceField(label=_("供给"), queryset=Material.objects.none())
    need = forms.ModelChoiceField(label=_("需求"), queryset=Material.objects.none())
    month = forms.RegexField(MONTH, label=_("月份"), help_text=_("2026-05 这样的月份"))
    tonnes = number(_("数量（t）"), min_value=0.001)
    file = forms.FileField(label=_("过磅单或转移联单"))

    def prepare(self) -> None:
        for side in ("offer", "need"):
            field = self.fields[side]
            rows = Material.objects.filter(park=self.park, side=side, withdrawn_on=None).select_related("enterprise")
            field.queryset = rows  # type: ignore[attr-defined]
            field.label_from_instance = lambda row: f"{row.enterprise.name} · {row.name}（{row.code}）"  # type: ignore[attr-defined]


class BoilerForm(Filing):
    plate = forms.CharField(label=_("使用登记证编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=80)
    firm = forms.ChoiceField(label=_("企业"))
    capacity = number(_("额定蒸发量（t/h）"), min_value=0.01)
    item = forms.ChoiceField(label=_("燃料"))
    year = forms.IntegerField(label=_("投用年份"), required=False, min_value=1950, max_value=2100)
    longitude = degrees(_("经度"))
    latitude = degrees(_("纬度"))

    def prepare(self) -> None:
        choices(self, "item", ((each, item_name(each)) for each in rules.fuels()))


class ReplacedForm(Filing):
    boiler = forms.ModelChoiceField(label=_("锅炉"), queryset=Boiler.objects.none())
    link = forms.ModelChoiceField(label=_("由哪条供能替代"), queryset=ParkLink.objects.none(), required=False)
    heat_from = forms.CharField(label=_("由谁供热"), max_length=120)
    on = forms.DateField(label=_("停用日期"), widget=Day())
    file = forms.FileField(label=_("停用或注销登记的文件"))

    def prepare(self) -> None:
        self.fields["boiler"].queryset = Boiler.objects.filter(park=self.park)  # type: ignore[attr-defined]
        field = self.fields["link"]
        field.queryset = ParkLink.objects.filter(park=self.park).select_related("source", "target")  # type: ignore[attr-defined]
        field.label_from_instance = link_name  # type: ignore[attr-defined]


class BudgetForm(Filing):
    quantity = forms.ChoiceField(label=_("种类"), choices=[(Quantity.ENERGY, _("能源消费（tce）")), (Quantity.CO2, _("二氧化碳排放（t CO₂）"))])  # fmt: skip
    period = forms.RegexField(
        r"^20\d\d(-(0[1-9]|1[0-2]))?$", label=_("时期"), help_text=_("年份如 2027，或月份如 2027-03。")
    )
    amount = number(_("数量"), min_value=0)
    document = forms.CharField(label=_("依据文件"), max_length=200)
    decided_on = forms.DateField(label=_("决定日期"), widget=Day())
    file = forms.FileField(label=_("文件"), required=False)


FORMS: Mapping[str, type[Filing]] = {
    "firm": JoinForm, "leave": LeaveForm, "contract": ContractForm, "qualification": QualificationForm, "stage": StageForm, "link": LinkForm,
    "flow": FlowForm, "year": YearForm, "offer": OfferForm, "need": NeedForm, "material": MaterialForm, "exchange": ExchangeForm,
    "boiler": BoilerForm, "replaced": ReplacedForm, "budget": BudgetForm,
}  # fmt: skip
