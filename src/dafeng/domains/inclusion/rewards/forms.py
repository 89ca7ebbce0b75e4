"""The forms of the room: a rule, an application by a rule's own fields, an appropriation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models import Budget, Member
from dafeng.domains.inclusion.rewards.amounts import OPERATORS

YUAN = {"max_digits": 13, "decimal_places": 2, "min_value": Decimal("0.01")}


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def fen_of(yuan: Decimal) -> int:
    return int(yuan * 100)


class MendForm(forms.Form):
    """The rule's own fields, and one more paper."""

    def __init__(self, *args: Any, rule: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = [] if rule.content["kind"] == "trips" else [each["name"] for each in rule.content["fields"]]
        for each in rule.content["fields"]:
            if each["name"] in self.own:
                self.fields[f"data_{each['name']}"] = _field(each)
        if rule.content["kind"] != "trips":
            self.fields["proof"] = forms.FileField(
                label=_("证明材料"),
                required=False,
                help_text=_("检测报告、称号文件、结算单等，PDF 或图片，不超过 20 MB。"),
            )

    def given(self) -> dict[str, str]:
        return {name: str(self.cleaned_data.get(f"data_{name}") or "") for name in self.own}


class ApplyForm(MendForm):
    """One application: the rule's fields, then where the money goes."""

    request = forms.CharField(max_length=64, widget=forms.HiddenInput)
    account = forms.ChoiceField(label=_("申请账户"))
    subject = forms.CharField(label=_("事由"), max_length=120, help_text=_("项目、称号或行为的名称，公示时会写上。"))

    field_order = ("request", "account", "subject")

    def __init__(self, *args: Any, rule: Any, members: list[Member], **kwargs: Any) -> None:
        super().__init__(*args, rule=rule, **kwargs)
        named = dict(Member.Kind.choices)
        self.fields["account"].choices = [(each.pk, named[each.kind]) for each in members]  # type: ignore[attr-defined]
        if len(members) == 1:
            self.fields["account"].initial, self.fields["account"].widget = members[0].pk, forms.HiddenInput()
        if rule.content["kind"] == "trips":
            self.fields["subject"].initial, self.fields["subject"].widget = rule.title, forms.HiddenInput()
        self.fields["name"] = forms.CharField(label=_("收款人"), max_length=60)
        self.fields["bank"] = forms.CharField(label=_("开户行"), max_length=80)
        self.fields["number"] = forms.RegexField(
            r"^\d{8,30}$",
            label=_("收款账号"),
            error_messages={"invalid": _("账号应为 8 至 30 位数字")},
            help_text=_("加密保存，只有拨付时用到。"),
        )

    def payee(self) -> dict[str, str]:
        return {
            key: self.cleaned_data[name] for key, name in (("name", "name"), ("bank", "bank"), ("account", "number"))
        }


def _field(declared: dict[str, Any]) -> forms.Field:
    common = {
        "label": declared["title"],
        "required": declared.get("required", True),
        "help_text": declared.get("unit", ""),
    }
    kind = declared.get("kind", "text")
    if kind == "number":
        return forms.DecimalField(min_value=Decimal(0), max_digits=16, decimal_places=4, **common)
    if kind == "date":
        return forms.DateField(widget=Day(), **common)
    if kind == "choice":
        return forms.ChoiceField(choices=[(each, each) for each in declared["choices"]], **common)
    return forms.CharField(max_length=500, **common)


class RuleForm(forms.Form):
    """A rule in plain words; it makes the content that `rules.validated` reads."""

    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("小写字母、数字和短横；同一办法修订时不变。"))
    title = forms.CharField(label=_("名称"), max_length=120)
    kind = forms.ChoiceField(
        label=_("类型"),
        choices=[
            ("trips", _("绿色出行奖励：按平台记录的出行")),
            ("result", _("以奖代补：按实际效果")),
            ("title", _("称号奖励：新获称号的定额")),
        ],
    )
    beneficiaries = forms.MultipleChoiceField(
        label=_("奖励对象"), choices=Member.Kind.choices, widget=forms.CheckboxSelectMultiple
    )
    document = forms.CharField(label=_("依据文件"), max_length=200)
    clause = forms.CharField(label=_("依据条款"), max_length=300)
    budget = forms.ModelChoiceField(Budget.objects.all(), to_field_name="code", label=_("资金来源"))
    fixed = forms.DecimalField(label=_("定额（元）"), required=False, **YUAN)
    rate = forms.DecimalField(label=_("每单位金额（元）"), required=False, **YUAN)
    measure_title = forms.CharField(
        label=_("计量的数字"), max_length=60, required=False, help_text=_("如“循环利用量”；出行奖励不用填，按次计。")
    )
    unit = forms.CharField(label=_("计量单位"), max_length=20, required=False)
    floor = forms.DecimalField(
        label=_("起点（不奖励的部分）"), required=False, min_value=Decimal(0), max_digits=12, decimal_places=3
    )
    cap = forms.DecimalField(label=_("每次上限（元）"), required=False, **YUAN)
    yearly = forms.DecimalField(label=_("每年上限（元）"), required=False, **YUAN)
    conditions = forms.CharField(
        label=_("条件"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一条：字段名称 | =、>=、<=、> 或 < | 值 | 为什么。数值之外的字段按文字比较。"),
    )  # fmt: skip
    tilt = forms.IntegerField(
        label=_("民生实事项目上浮（%）"), required=False, min_value=1, max_value=100, help_text=_("留空为不上浮。")
    )
    exclusive = forms.CharField(
        label=_("不能同时享受的办法"), required=False, max_length=200, help_text=_("办法代码，用逗号分开。")
    )
    days = forms.IntegerField(label=_("公示天数"), min_value=1, max_value=60, initial=5)
    valid_from = forms.DateField(label=_("生效日期"), widget=Day())
    valid_to = forms.DateField(
        label=_("失效日期"), required=False, widget=Day(), help_text=_("不再适用的第一天；留空为长期。")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("fixed")) == bool(given.get("rate")):
            self.add_error("fixed", _now("定额和每单位金额，填且只填一项"))
        if (
            given.get("rate")
            and given.get("kind") != "trips"
            and not (given.get("measure_title") and given.get("unit"))
        ):
            self.add_error("measure_title", _now("按单位计算的奖励要写明计量的数字和单位"))
        self._read_conditions(given)
        return given

    def _read_conditions(self, given: dict[str, Any]) -> None:
        self.read: list[list[str]] = []
        for number, line in enumerate(filter(None, map(str.strip, given.get("conditions", "").splitlines())), 1):
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 4 or parts[1] not in OPERATORS or not all(parts):
                self.add_error(
                    "conditions", _now("第 %(number)s 条写得不完整，应为四项，用 | 隔开") % {"number": number}
                )
            else:
                self.read.append(parts)

    def content(self) -> dict[str, Any]:
        """The rule's content. Fields are named after their place: `measure`, `f1`, `f2` …; their titles are the form's words."""
        given, fields = self.cleaned_data, []
        made: dict[str, Any] = {
            "kind": given["kind"],
            "beneficiaries": given["beneficiaries"],
            "basis": [{"document": given["document"], "clause": given["clause"]}],
            "budget": given["budget"].code,
            "objection_days": given["days"],
            "exclusive_with": [
                code.strip() for code in given["exclusive"].replace("，", ",").split(",") if code.strip()
            ],
        }
        amount: dict[str, Any] = {"fixed_fen": fen_of(given["fixed"])} if given["fixed"] else {"fen_per_unit": fen_of(given["rate"])}  # fmt: skip
        if given["kind"] == "trips":
            made["groups"] = ["travel"]
            fields.append({"name": "trips", "title": _now("出行次数"), "kind": "number", "required": False})
            if given["rate"]:
                amount |= {"measure": "trips", "unit": _now("次")}
        elif given["rate"]:
            fields.append({"name": "measure", "title": given["measure_title"], "kind": "number", "unit": given["unit"]})
            amount |= {"measure": "measure", "unit": given["unit"]}
        if given["rate"] and given["floor"] is not None:
            amount["floor"] = str(given["floor"])
        if given["cap"]:
            amount["cap_fen"] = fen_of(given["cap"])
        if given["yearly"]:
            made["per_member_fen"] = fen_of(given["yearly"])
        made["conditions"] = [self._condition(fields, *parts) for parts in self.read]
        if given["tilt"]:
            fields.append(
                {"name": "livelihood", "title": _now("是否纳入民生实事"), "kind": "choice", "choices": ["是", "否"]}
            )
            made["tilt"] = {
                "field": "livelihood",
                "value": "是",
                "percent": given["tilt"],
                "why": _now("纳入民生实事建设的项目"),
            }
        return made | {"amount": amount, "fields": fields}

    @staticmethod
    def _condition(fields: list[dict[str, Any]], title: str, op: str, value: str, why: str) -> dict[str, str]:
        found = next((each for each in fields if each["title"] == title), None)
        if found is None:
            number = value.replace(".", "", 1).isdigit()
            found = {"name": f"f{len(fields) + 1}", "title": title, "kind": "number" if number else "text"}
            fields.append(found)
        return {"field": found["name"], "op": op, "value": value, "why": why}


class AppropriationForm(forms.Form):
    budget = forms.ModelChoiceField(Budget.objects.all(), to_field_name="code", label=_("资金"))
    year = forms.IntegerField(label=_("预算年度"), min_value=2020, max_value=2060)
    yuan = forms.DecimalField(label=_("金额（元）"), **YUAN)
    document = forms.CharField(label=_("下达文件"), max_length=200, help_text=_("文号与名称"))


class BudgetForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=40)
    title = forms.CharField(label=_("名称"), max_length=120)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].lower()
        if Budget.objects.filter(code=code).exists():
            raise forms.ValidationError(_now("这个代码已经用过"))
        return code
