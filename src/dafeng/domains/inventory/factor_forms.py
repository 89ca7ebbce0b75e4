"""The form for one of the city's own factors: what a method could not use is refused here, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inventory import library
from dafeng.domains.inventory.models import City
from dafeng.domains.inventory.runs import english
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.quantities import units

EVIDENCE_KINDS = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv",
    ".ofd": "application/ofd",
}
EVIDENCE_BYTES = 20 * 2**20
_FINITE = {"invalid": gettext_lazy("请填一个数，例如 26.7")}
_PLAIN_ID = RegexValidator(r"^[\w.\-]+\Z", gettext_lazy("只能用字母、数字、汉字、点、下划线和连字符"))


def _parameters() -> list[tuple[str, list[tuple[str, str]]]]:
    """All parameters that some method asks for, by the sector that asks first."""
    found: dict[str, dict[str, str]] = {code: {} for code in library.SECTORS}
    seen: set[str] = set()
    for each in [*library.methods().values(), *library.series().values()]:
        sector = "ID" if each.category.startswith("ID") else each.category[:1]
        for name in each.parameters:
            if name not in seen:
                seen.add(name)
                label = input_name(name, "en" if english() else "zh")
                found[sector][name] = f"{label}（{name}，{'、'.join(sorted(library.units_of(name)))}）"
    return [
        (library.SECTORS[sector][int(english())], sorted(names.items(), key=lambda pair: pair[1]))
        for sector, names in found.items()
        if names
    ]


class OwnFactorForm(forms.Form):
    """`expected_version` is the newest version that was shown: 0 for a new factor."""

    factor_id = forms.CharField(
        label=gettext_lazy("编号"), max_length=80, validators=[_PLAIN_ID],
        help_text=gettext_lazy("自定，一经录入不再改变，例如 xinyang.coal.ncv"),
    )  # fmt: skip
    parameter = forms.ChoiceField(
        label=gettext_lazy("参数"), help_text=gettext_lazy("只列出有方法用到的参数，括号内是方法所用的单位")
    )
    category = forms.ChoiceField(
        label=gettext_lazy("类别"),
        required=False,
        help_text=gettext_lazy("只对某个类别成立时选择；不选则对各类别都成立"),
    )
    item = forms.CharField(
        label=gettext_lazy("品种"), max_length=60, required=False, widget=forms.TextInput(attrs={"list": "items", "autocomplete": "off"}),
        help_text=gettext_lazy("燃料、畜种、产品等的代码，输入几个字可选，例如 raw_coal（原煤）"),
    )  # fmt: skip
    technology = forms.CharField(label=gettext_lazy("技术或方式"), max_length=60, required=False)
    place = forms.ChoiceField(label=gettext_lazy("适用地区"))
    year = forms.IntegerField(
        label=gettext_lazy("数据年份"),
        min_value=1990,
        max_value=2100,
        required=False,
        help_text=gettext_lazy("不填则各年通用"),
    )
    value = forms.FloatField(
        label=gettext_lazy("数值"), error_messages=_FINITE, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    unit = forms.CharField(label=gettext_lazy("单位"), max_length=40)
    lower = forms.FloatField(
        label=gettext_lazy("下限"),
        required=False,
        error_messages=_FINITE,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=gettext_lazy("95% 区间的下限，用于不确定性分析"),
    )
    upper = forms.FloatField(
        label=gettext_lazy("上限"),
        required=False,
        error_messages=_FINITE,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    source = forms.CharField(
        label=gettext_lazy("出处"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("监测报告、检测单位、文件名称和页码"), error_messages={"required": gettext_lazy("本市因子必须写明出处")},
    )  # fmt: skip
    evidence = forms.FileField(
        label=gettext_lazy("凭证文件"),
        required=False,
        help_text=gettext_lazy("PDF、图片、Word、Excel、OFD，不超过 20 MB；存入后不能修改"),
    )
    expected_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *arguments: Any, city: City, known: bool = False, **more: Any) -> None:
        """`known`: a new version of a factor that there is; what it is about stays as it was."""
        super().__init__(*arguments, **more)
        parameters = _parameters()
        self.fields["parameter"].choices = [("", "–"), *parameters]  # type: ignore[attr-defined]
        self.fields["category"].choices = [
            ("", "–"),
            *((c.code, f"{c.code} {c.name_en if english() else c.name}") for c in library.categories().values()),
        ]  # type: ignore[attr-defined]
        self.fields["place"].choices = [
            (city.code, city.name),
            *((code, names[0]) for code, names in city.counties.items()),
        ]  # type: ignore[attr-defined]
        self.known = known
        if known:
            self.fields["factor_id"].widget.attrs["readonly"] = True

    def clean_item(self) -> str:
        item: str = self.cleaned_data["item"]
        if item and item not in library.item_names():
            by_name = {name: code for code, name in library.item_names().items()}
            if item not in by_name:
                raise forms.ValidationError(_("没有品种“%(item)s”，请从列表中选择代码") % {"item": item})
            item = by_name[item]
        return item

    def clean_evidence(self) -> Any:
        file = self.cleaned_data["evidence"]
        if file is None:
            return None
        if Path(file.name).suffix.lower() not in EVIDENCE_KINDS:
            raise forms.ValidationError(_("不接受这种文件，应为 PDF、图片、Word、Excel、CSV 或 OFD"))
        if file.size > EVIDENCE_BYTES:
            raise forms.ValidationError(_("文件超过 20 MB，请压缩或拆分后再上传"))
        return file

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        parameter, unit = told.get("parameter"), told.get("unit")
        if parameter and unit:
            asked = sorted(library.units_of(parameter))
            if not any(units.convertible(unit, wanted) for wanted in asked):
                self.add_error(
                    "unit", _("单位与参数不符，应为 %(asked)s 或能换算成它的单位") % {"asked": "、".join(asked)}
                )
        item, technology = told.get("item"), told.get("technology")
        if technology:
            offered = (
                {code for one, code in library.technology_names() if one == item}
                if item
                else {code for _item, code in library.technology_names()}
            )
            if technology not in offered:
                self.add_error(
                    "technology",
                    _("没有这种技术或方式，应为 %(offered)s") % {"offered": "、".join(sorted(offered)[:12]) or _("空")},
                )
        value, lower, upper = (told.get(name) for name in ("value", "lower", "upper"))
        if value is not None and lower is not None and lower > value:
            self.add_error("lower", _("下限不能大于数值"))
        if value is not None and upper is not None and upper < value:
            self.add_error("upper", _("上限不能小于数值"))
        return told
