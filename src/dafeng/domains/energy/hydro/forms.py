"""The forms of the room."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.control.forms import Day, choices, number
from dafeng.domains.energy.models import HydroGauge, HydroNotice, HydroPoint, HydroStation, River

__all__ = ["BindForm", "DecisionForm", "GaugeForm", "LogForm", "NoticeForm", "RiverForm", "StationForm"]


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _initial(form: forms.Form, known: Any) -> dict[str, Any]:
    """What the register says of a row, by the fields of its form."""
    return {name: getattr(known, name) for name in form.base_fields} if known else {}


class StationForm(forms.Form):
    code = forms.SlugField(label=_("编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    place = forms.ChoiceField(label=_("县区"))
    kind = forms.ChoiceField(label=_("类型"), choices=HydroStation.Kind.choices)
    stage = forms.ChoiceField(label=_("状态"), choices=HydroStation.Stage.choices)
    river = forms.ModelChoiceField(label=_("河流"), queryset=River.objects.none(), required=False)
    km = number(_("距河口（km）"), min_value=0, required=False)
    organisation = forms.CharField(label=_("业主单位代码"), max_length=60, required=False)
    capacity = number(
        _("装机容量（kW）"), min_value=0, required=False, help_text=_("不知道的请留空，页面显示“待录入”。")
    )
    units = forms.IntegerField(label=_("机组台数"), min_value=1, max_value=100, required=False)
    head = number(_("额定水头（m）"), min_value=0, required=False)
    design_flow = number(_("设计引用流量（m³/s）"), min_value=0, required=False)
    efficiency = number(_("综合效率（0–1）"), min_value=0, max_value=1, required=False)
    commissioned_on = forms.DateField(label=_("投产日期"), widget=Day(), required=False)
    price = forms.DecimalField(
        label=_("上网电价（元/kWh）"), max_digits=8, decimal_places=4, min_value=0, required=False
    )
    source = forms.CharField(label=_("来源"), max_length=200, required=False)

    def __init__(self, *args: Any, places: Mapping[str, str], city: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "place", places.items())
        self.fields["river"].queryset = River.objects.filter(city=city)  # type: ignore[attr-defined]


class RiverForm(forms.Form):
    """A river on the register keeps its code: `code` is then shut."""

    code = forms.SlugField(label=_("编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=80)
    name_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    basin = forms.CharField(label=_("流域"), max_length=80, required=False)
    length = number(_("河长（km）"), min_value=0, required=False, help_text=_("不知道的请留空，不要填 0。"))
    downstream = forms.ModelChoiceField(label=_("汇入的河流"), queryset=River.objects.none(), required=False)
    joins = number(
        _("汇入处距下游河河口（km）"), min_value=0, required=False, help_text=_("通告顺着汇入处往下游发；填了汇入的河流才填。")
    )  # fmt: skip

    def __init__(self, *args: Any, city: str, known: River | None, **kwargs: Any) -> None:
        super().__init__(*args, initial=_initial(self, known), **kwargs)
        self.fields["code"].disabled = known is not None
        others = River.objects.filter(city=city).exclude(pk=known.pk if known else None)
        self.fields["downstream"].queryset = others  # type: ignore[attr-defined]


class GaugeForm(forms.Form):
    """A gauge on the register keeps its code and its county: both are then shut."""

    code = forms.SlugField(label=_("编号"), max_length=60)
    name = forms.CharField(label=_("名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    place = forms.ChoiceField(label=_("县区"))
    river = forms.ModelChoiceField(
        label=_("河流"), queryset=River.objects.none(), help_text=_("没有要选的河流时，请先登记河流。")
    )
    km = number(_("距河口（km）"), min_value=0)
    alert_level = number(
        _("警戒水位（m）"), min_value=0, required=False, help_text=_("水位达到这个数时看板提醒；不知道请留空。")
    )
    source = forms.CharField(label=_("来源"), max_length=200, required=False)

    def __init__(
        self, *args: Any, places: Mapping[str, str], city: str, known: HydroGauge | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, initial=_initial(self, known), **kwargs)
        choices(self, "place", places.items())
        self.fields["river"].queryset = River.objects.filter(city=city)  # type: ignore[attr-defined]
        for name in ("code", "place"):
            self.fields[name].disabled = known is not None


class BindForm(forms.Form):
    role = forms.ChoiceField(label=_("用途"), choices=HydroPoint.Role.choices)
    point = forms.SlugField(label=_("计量点代码"), max_length=80)
    unit = forms.IntegerField(label=_("机组号"), min_value=0, max_value=100, initial=0, help_text=_("整座电站填 0。"))

    def __init__(self, *args: Any, roles: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "role", ((value, label) for value, label in HydroPoint.Role.choices if value in roles))


class DecisionForm(forms.Form):
    """Twelve months; one value may be given for all."""

    whole = number(
        _("全年相同（m³/s）"), min_value=0, required=False, help_text=_("各月不同的，在下面按月填；按月的优先。")
    )
    since = forms.DateField(label=_("起"), widget=Day())
    document = forms.CharField(label=_("依据文件"), max_length=200)
    file = forms.FileField(label=_("文件扫描件"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for month in range(1, 13):
            self.fields[f"m{month}"] = number(_("%(month)s 月（m³/s）") % {"month": month}, min_value=0, required=False)

    @property
    def flows(self) -> list[float | None]:
        given = self.cleaned_data
        return [given["whole"] if given[f"m{month}"] is None else given[f"m{month}"] for month in range(1, 13)]


class NoticeForm(forms.Form):
    station = forms.ChoiceField(label=_("电站"))
    kind = forms.ChoiceField(label=_("类型"), choices=HydroNotice.Kind.choices)
    starts = forms.DateTimeField(label=_("开始"), widget=Moment())
    ends = forms.DateTimeField(label=_("结束"), widget=Moment())
    flow = number(_("下泄流量（m³/s）"), min_value=0, required=False, help_text=_("计划放水必填。"))
    text = forms.CharField(label=_("内容"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, stations: Iterable[HydroStation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "station", ((each.code, each.name) for each in stations))


class LogForm(forms.Form):
    day = forms.DateField(label=_("日期"), widget=Day())
    pumping = number(_("抽水小时（机组合计）"), min_value=0)
    generating = number(_("发电小时（机组合计）"), min_value=0)
    standby = number(_("备用小时（机组合计）"), min_value=0)
    pumped = number(_("抽水电量（kWh）"), min_value=0)
    generated = number(_("发电量（kWh）"), min_value=0)
    source = forms.CharField(label=_("来源"), max_length=200)
