"""The forms of projects: the card's fields, and the month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dafeng.domains.plan.methods import reductions
from dafeng.domains.plan.services.projects import STAGES
from dafeng.domains.plan.task_forms import day

MONEY = {"required": False, "max_digits": 18, "decimal_places": 4}


class ProjectForm(forms.Form):
    key = forms.SlugField(label=_("编号"), max_length=60, allow_unicode=True)
    name = forms.CharField(label=_("名称"), max_length=200)
    category = forms.ChoiceField(label=_("类别"))
    place = forms.ChoiceField(label=_("县区"))
    task_id = forms.TypedChoiceField(label=_("所属任务"), required=False, coerce=int, empty_value=None)
    owner = forms.ChoiceField(label=_("责任部门"), required=False)
    enterprise = forms.CharField(label=_("建设单位"), required=False, max_length=160)
    investment = forms.DecimalField(label=_("总投资（万元）"), help_text=_("不知道请留空，不要填 0"), **MONEY)
    planned_year = forms.IntegerField(label=_("投资计划年度"), required=False, min_value=2000, max_value=2100)
    planned_money = forms.DecimalField(label=_("该年度计划投资（万元）"), **MONEY)
    stage = forms.ChoiceField(label=_("阶段"), choices=list(STAGES.items()))
    begins_on = day(_("开工"))
    ends_on = day(_("竣工"))
    capacity = forms.FloatField(label=_("规模"), required=False)
    capacity_unit = forms.CharField(label=_("规模单位"), required=False, max_length=40)
    longitude = forms.FloatField(label=_("经度"), required=False, min_value=70, max_value=140)
    latitude = forms.FloatField(label=_("纬度"), required=False, min_value=0, max_value=55)
    method = forms.ChoiceField(label=_("预计减排的算法"), required=False, help_text=_("输入不全时不估算，只列出缺什么"))
    hours = forms.FloatField(
        label=_("年等效利用小时"), required=False, min_value=1, max_value=8784, help_text=_("按本项目可研或设计文件")
    )
    hours_source = forms.CharField(label=_("利用小时的来源"), required=False, max_length=200)
    priority = forms.BooleanField(label=_("优先申报资金"), required=False)
    bank = forms.CharField(label=_("对接金融机构"), required=False, max_length=120)
    source = forms.CharField(label=_("资料来源"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self, *args: Any, categories: Mapping[str, str], places: Mapping[str, str], tasks: list[tuple[int, str]],
        departments: list[tuple[str, str]], **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        none = ("", "——")
        for name, options in {
            "category": list(categories.items()), "place": list(places.items()), "task_id": [none, *tasks],
            "owner": [none, *departments], "method": [none, *((code, way.title) for code, way in reductions.WAYS.items())],
        }.items():  # fmt: skip
            self.fields[name].choices = options  # type: ignore[attr-defined]

    def values(self, planned: Mapping[str, str]) -> dict[str, Any]:
        """What `services.projects.keep` takes; `planned` are the years that are planned already."""
        given = dict(self.cleaned_data)
        hours, told = given.pop("hours"), given.pop("hours_source")
        year, money = given.pop("planned_year"), given.pop("planned_money")
        years = dict(planned)
        if year is not None:
            years.pop(str(year), None)
            if money is not None:
                years[str(year)] = str(money)
        return given | {
            "planned": years,
            "inputs": {"given": {} if hours is None else {"hours": hours}, "source": told},
        }


class MonthForm(forms.Form):
    period = forms.ChoiceField(label=_("月份"))
    invested = forms.DecimalField(label=_("本月完成投资（万元）"), help_text=_("没有统计请留空；没有发生填 0"), **MONEY)
    stage = forms.ChoiceField(label=_("阶段"), choices=list(STAGES.items()))
    text = forms.CharField(label=_("进展"), required=False, widget=forms.Textarea(attrs={"rows": 4, "maxlength": 4000}))
