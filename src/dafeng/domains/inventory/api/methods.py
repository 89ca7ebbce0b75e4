"""Methods as a calculator: formula, units and source of each, and one computation."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Router, Schema
from pydantic import Field, FiniteFloat

from dafeng.domains.inventory import library, permissions
from dafeng.kernel.accounting import Method
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import unchanging
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["methods"])
words.describe(
    title=gettext_lazy("名称"),
    formula=gettext_lazy("公式"),
    inputs=gettext_lazy("输入"),
    units=gettext_lazy("输入的单位；不给时用方法自己的"),
    result=gettext_lazy("结果"),
    constants=gettext_lazy("公式里的常数"),
)


class MethodOut(Schema):
    id: str
    category: str
    gas: str
    title: str
    formula: str
    unit: str
    inputs: dict[str, str]
    activity: list[str]
    source: str


class MethodQuery(Paging):
    category: str = ""
    gas: str = ""


class RunIn(Schema):
    """Inputs by name; `units` may give a unit for an input, otherwise the method's own is meant."""

    inputs: dict[str, FiniteFloat] = Field(
        examples=[{"fuel": 1, "ncv": 26.7, "carbon_content": 0.0274, "oxidation": 0.94}]
    )
    units: dict[str, str] = Field(default_factory=dict)


class InputOut(Schema):
    input: str
    given: float | None
    given_unit: str
    value: float
    unit: str


class RunOut(Schema):
    method: str
    title: str
    result: float
    unit: str
    formula: str
    constants: dict[str, float]
    inputs: list[InputOut]
    source: str


def _shown(method: Method) -> dict[str, Any]:
    names = ("id", "category", "gas", "title", "formula", "unit", "source")
    return {name: getattr(method, name) for name in names} | {
        "inputs": dict(method.inputs),
        "activity": list(method.activity),
    }


def _method(id: str) -> Method:
    found = library.methods().get(id)
    if found is None:
        raise NotFound(_("没有方法“%(id)s”") % {"id": id[:80]}, mend=_("可先列出全部方法"))
    return found


@router.get("/methods", response=Page[MethodOut], summary=gettext_lazy("全部核算方法"))
@asks(permissions.SEE_FACTORS)
def list_methods(request: HttpRequest, query: Query[MethodQuery]) -> Any:
    unchanging(request, library.digest(), public=True)
    found = [
        method
        for method in library.methods().values()
        if method.category.startswith(query.category) and query.gas in ("", method.gas)
    ]
    return page(request, found, query, _shown)


@router.get("/methods/{id}", response=MethodOut, summary=gettext_lazy("一个方法的公式、单位与来源"))
@asks(permissions.SEE_FACTORS)
def show_method(request: HttpRequest, id: str) -> Any:
    found = _method(id)
    unchanging(request, library.digest(), public=True)
    return _shown(found)


@router.post("/methods/{id}/run", response=RunOut, summary=gettext_lazy("代入数值计算一次，不保存"))
@asks(permissions.SEE_FACTORS)
def run_method(request: HttpRequest, id: str, given: RunIn) -> Any:
    return _method(id).run(given.inputs, given.units)
