"""Forms of the target's card: what it is bound to, what the office settles, and a county's own number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan.models import Target


class BindForm(forms.Form):
    code = forms.ChoiceField(label=gettext_lazy("绑定到"))

    def __init__(self, *given: Any, options: Iterable[tuple[str, str]] = (), **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["code"].choices = list(options)  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    owner = forms.ChoiceField(label=gettext_lazy("责任单位"), required=False)
    start_year = forms.IntegerField(
        label=gettext_lazy("轨迹从哪一年底起算"), required=False, min_value=1990, max_value=2100,
        help_text=gettext_lazy("新增量、累计量原文没有写起点时，由双碳办确定"),
    )  # fmt: skip
    about = forms.FloatField(label=gettext_lazy("“左右”允许偏离百分之几"), required=False, min_value=0, max_value=50)
    steps = forms.CharField(
        label=gettext_lazy("中间节点"), required=False, help_text=gettext_lazy("年份=数值，用逗号隔开，如 2023=28，2024=31；按目标的单位")
    )  # fmt: skip
    members = forms.CharField(
        label=gettext_lazy("须全部达到的成员"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("一行一个，如各考核断面、各园区；填报时按成员报数"),
    )  # fmt: skip

    split = forms.ChoiceField(
        label=gettext_lazy("能耗、碳排放强度目标的年度分解"), required=False, help_text=gettext_lazy("没有官方分解办法，由本市选定；不选则只列降低率，不判定各年进度"),
        choices=[("", gettext_lazy("未选定")), ("geometric", gettext_lazy("等比（每年相同降低率）")), ("linear", gettext_lazy("等差（每年相同百分点）"))],
    )  # fmt: skip

    def __init__(self, *given: Any, departments: Mapping[str, str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["owner"].choices = [("", _("未定")), *departments.items()]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, target: Target, departments: Mapping[str, str]) -> SettleForm:
        steps = "，".join(f"{step['year']}={step['value']:g}" for step in target.settled.get("steps", []))
        initial = {
            "owner": target.owner, "start_year": target.settled.get("start_year"), "about": target.settled.get("about"), "steps": steps,
            "members": "\n".join(target.members), "split": target.settled.get("split", ""),
        }  # fmt: skip
        form = cls(initial=initial, departments=departments)
        if target.kind != "relative_change" or target.binding not in ("plan.intensity.energy", "plan.intensity.co2"):
            del form.fields["split"]
        return form

    def clean_steps(self) -> list[tuple[int, float]]:
        found = []
        for part in re.split(r"[，,；;\n]+", self.cleaned_data["steps"]):
            if not part.strip():
                continue
            match = re.fullmatch(r"\s*(\d{4})\s*[=＝:：]\s*(-?\d+(?:\.\d+)?)\s*", part)
            if not match:
                raise forms.ValidationError(_("“%(part)s”看不懂，应写成 2023=28") % {"part": part.strip()[:30]})
            found.append((int(match[1]), float(match[2])))
        return sorted(found)

    def clean_members(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["members"].splitlines() if line.strip()]


class GiveForm(forms.Form):
    place = forms.ChoiceField(label=gettext_lazy("县区"))
    subject = forms.CharField(
        label=gettext_lazy("企业"), required=False, max_length=160, help_text=gettext_lazy("分解给企业时填名称或统一社会信用代码；只分解到县区时留空")
    )  # fmt: skip
    low = forms.FloatField(
        label=gettext_lazy("目标数值"), help_text=gettext_lazy("种类、方向、单位和年份与市级目标相同")
    )

    def __init__(self, *given: Any, counties: Mapping[str, str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["place"].choices = list(counties.items())  # type: ignore[attr-defined]

    def clean_low(self) -> float:
        value: float = self.cleaned_data["low"]
        if not math.isfinite(value):
            raise forms.ValidationError(_("应为一个数"))
        return value
