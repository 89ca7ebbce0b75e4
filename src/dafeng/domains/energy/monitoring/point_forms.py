"""Forms of points, their dated facts, devices and tables of readings."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.desk.subjects import called
from dafeng.kernel.records.access import organisations_of
from dafeng.kernel.series import channels, permissions
from dafeng.kernel.series.access import subjects_of
from dafeng.kernel.series.models import Device, Point, PointFact
from dafeng.kernel.sheets import number_of

QUANTITIES = {
    "electricity": _("电"), "power": _("功率"), "heat": _("热"), "steam": _("蒸汽"), "gas": _("天然气"), "coal": _("煤"), "oil": _("油"),
    "water": _("水"), "temperature": _("温度"), "level": _("水位"), "flow": _("流量"), "rain": _("雨量"),
    "inflow": _("入库流量"), "eco": _("生态流量"), "turbine": _("发电流量"), "tail": _("下游水位"), "energy": _("发电量"), "product": _("产量"),
}  # fmt: skip


class Moment(forms.DateTimeInput):
    """On the city's clock, to the second."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class Told(forms.JSONField):
    """A JSON object; empty is an empty one."""

    def __init__(self, **named: Any) -> None:
        super().__init__(required=False, empty_value={}, widget=forms.Textarea(attrs={"rows": 2}), **named)

    def clean(self, value: Any) -> Any:
        found = super().clean(value) or {}
        if not isinstance(found, dict):
            raise forms.ValidationError(_now("请写成 {…} 的样子"))
        return found


class PointForm(forms.Form):
    """Register a point. `by` chooses among what is theirs; the keepers name any subject."""

    code = forms.SlugField(
        label=_("代码"), max_length=80, help_text=_("字母、数字、短横线，全市唯一；设备和表格用它指这块表")
    )
    name = forms.CharField(label=_("名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名称"), max_length=160, required=False)
    subject = forms.RegexField(
        r"^[a-z]+:\S+$",
        label=_("对象"),
        max_length=160,
        help_text=_("种类和编号，如 enterprise:tea-demo；种类还有 building、station、park、hydro"),
        error_messages={"invalid": _("请写成“种类:编号”，如 enterprise:tea-demo")},
    )
    organisation = forms.CharField(label=_("组织"), max_length=60, required=False, help_text=_("谁的人看它、管它"))
    place = forms.RegexField(
        r"^\d{6}$",
        label=_("所在地"),
        required=False,
        help_text=_("六位行政区划代码，如 411502"),
        error_messages={"invalid": _("请写六位数字，如 411502")},
    )
    quantity = forms.ChoiceField(label=_("计量内容"))
    unit = forms.CharField(label=_("单位"), max_length=40, help_text=_("如 kWh、m3、t、°C；各步用量都按它说"))
    kind = forms.ChoiceField(label=_("类型"), choices=Point.Kind.choices)
    period = forms.IntegerField(label=_("周期（秒）"), min_value=1, max_value=31 * 86_400, initial=900)
    multiplier = forms.FloatField(label=_("倍率"), min_value=1e-9, max_value=1e9, initial=1)
    digits = forms.IntegerField(
        label=_("表底整数位数"),
        min_value=1,
        max_value=15,
        required=False,
        help_text=_("累计表几位后翻转；不翻转的空着"),
    )
    rated = forms.FloatField(
        label=_("额定"),
        min_value=1e-9,
        max_value=1e12,
        required=False,
        help_text=_("最大的每小时用量，瞬时值写最大值；平台据此识别超过额定"),
    )
    since = forms.DateTimeField(label=_("投用"), required=False, widget=Moment())
    until = forms.DateTimeField(label=_("停用"), required=False, widget=Moment())
    device = forms.ModelChoiceField(
        label=_("采集设备"),
        queryset=Device.objects.none(),
        required=False,
        to_field_name="code",
        help_text=_("由它报送；只有它能报这个计量点"),
    )
    channel = Told(label=_("Modbus 通道"), help_text=channels.EXAMPLE)
    formula = Told(label=_("公式"), help_text='{"kind": "sum", "of": ["a", "b"]}')  # fmt: skip

    def __init__(self, *args: Any, by: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        fields: dict[str, Any] = self.fields
        fields["quantity"].choices = list(QUANTITIES.items())
        fields["device"].queryset = Device.objects.for_user(by).filter(revoked_at=None)
        if not permissions.keeps_all(by):
            del fields["organisation"], fields["place"]
            fields["subject"] = forms.ChoiceField(
                label=_("对象"),
                choices=sorted((each, subject.name) for each, subject in called(by, subjects_of(by)).items()),
            )
            self.order_fields(["code", "name", "name_en", "subject"])  # fmt: skip


class PointChangeForm(PointForm):
    """Change what has no date; what has one is a fact."""

    def __init__(self, *args: Any, point: Point, by: Any, **named: Any) -> None:
        super().__init__(*args, by=by, **named)
        fields: dict[str, Any] = self.fields
        for name in ("code", "unit", "kind", "multiplier", "formula"):
            del fields[name]
        if not permissions.keeps_all(by):
            del fields["subject"]
        if point.quantity not in QUANTITIES:
            fields["quantity"].choices.append((point.quantity, point.quantity))
        if point.device_id:  # also one that was withdrawn since
            fields["device"].queryset |= Device.objects.filter(pk=point.device_id)


class FactForm(forms.Form):
    """From when on something else holds."""

    name = forms.ChoiceField(label=_("变更的是"), choices=PointFact.Name.choices)
    value = forms.CharField(
        label=_("值"),
        max_length=500,
        help_text=_("单位如 MWh；倍率、额定、位数写数；周期写秒数；换表写新表底数；时钟写快了几秒，慢了写负数；补数规则写 neighbours 或 last_week；公式写 {…}"),
    )  # fmt: skip
    since = forms.DateTimeField(label=_("从何时起"), widget=Moment())
    note = forms.CharField(label=_("说明"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        name, text = given.get("name"), str(given.get("value", "")).strip()
        try:
            if name == PointFact.Name.FORMULA:
                given["value"] = json.loads(text)
            elif name in (PointFact.Name.DIGITS, PointFact.Name.PERIOD):
                given["value"] = int(text)
            elif name not in (PointFact.Name.UNIT, PointFact.Name.FILL_BY):
                if (number := number_of(text)) is None:
                    raise ValueError
                given["value"] = number
            else:
                given["value"] = text
        except (ValueError, RecursionError):
            self.add_error("value", _now("读不懂“%(text)s”") % {"text": text[:40]})
        return given


class DeviceForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=60, help_text=_("也是 MQTT 的用户名"))
    name = forms.CharField(label=_("名称"), max_length=120)
    organisation = forms.CharField(label=_("组织"), max_length=60, required=False)
    place = forms.RegexField(
        r"^\d{6}$",
        label=_("所在地"),
        required=False,
        help_text=_("六位行政区划代码，如 411502"),
        error_messages={"invalid": _("请写六位数字，如 411502")},
    )
    address = forms.CharField(
        label=_("Modbus 地址"), max_length=120, required=False, help_text=_("主机:端口/单元；由平台去询问的才填")
    )

    def __init__(self, *args: Any, by: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if not permissions.keeps_all(by):
            del self.fields["place"], self.fields["address"]
            own = sorted(organisations_of(by) - {""})
            self.fields["organisation"] = forms.ChoiceField(label=_("组织"), choices=[(each, each) for each in own])


class ReadingsForm(forms.Form):
    file = forms.FileField(
        label=_("文件"),
        help_text=_("Excel（.xlsx）或 CSV。第一列时间，其余各列以计量点代码为列名；或“计量点、时间、数值”三列。"),
    )
