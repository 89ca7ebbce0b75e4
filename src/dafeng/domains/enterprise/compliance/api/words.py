"""What several operations of compliance speak of: a unit as it comes in, and the words that are described once."""

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from ninja import Schema
from pydantic import Field

from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Paging

described.describe(
    firm=_("企业代码"), rule_set=_("规则代码，如 power-2024"), compliance_year=_("配额所属的年度")
)  # fmt: skip
UNIT_WORDS = {
    "unit": _("机组或产线代码"), "unit_class": _("类别代码，见规则"), "cooling": _("冷却方式：water 或 air"), "output": _("供电量（兆瓦时）或产量"),
    "heat": _("供热量（吉焦）"), "heat_ratio": _("供热比，0–1"), "load_factor": _("负荷系数，0–1"), "emissions": _("核查排放量（吨）"),
    "barred": _("不发配额的情形，空为无"), "capacity": _("设计产能"), "reduction": _("减排系数"), "history": _("历史强度或历史排放；给出各年的数组时取平均，只有一年偏离 20% 以上的去掉这一年"),
    "choice": _("规则列出的系数中选用的一个，空为不用"), "balance": _("行业平衡值"),
}  # fmt: skip
described.describe(within="UnitIn", **UNIT_WORDS)


class UnitIn(Schema):
    unit: str = Field(max_length=60)
    unit_class: str = Field(max_length=60)
    cooling: str = Field("", max_length=10)
    output: float | None = None
    heat: float | None = None
    heat_ratio: float | None = None
    load_factor: float | None = None
    emissions: float | None = None
    barred: str = Field("", max_length=40)
    capacity: float | None = None
    reduction: float | None = None
    history: float | Annotated[list[float], Field(min_length=1, max_length=10)] | None = None
    choice: str = Field("", max_length=10)
    balance: float | None = None


class WithdrawnAsked(Paging):
    withdrawn: bool = False


class WithdrawIn(Schema):
    reason: str = Field(min_length=1, max_length=300)


described.describe(withdrawn=_("true 只看已撤回的；不写只看有效的"), withdrawn_at=_("撤回时间；有效的为空"), withdrawn_why=_("撤回的理由；有效的为空"))  # fmt: skip
described.describe(within="WithdrawIn", reason=_("撤回的理由"))


class FirmsAsked(Paging):
    compliance_year: Annotated[int | None, Field(ge=2000, le=2200)] = None


def rows_of(given: list[UnitIn]) -> list[dict[str, Any]]:
    """Units as they come in → as `allocations.simulate` wants them."""
    return [{"class" if name == "unit_class" else name: value for name, value in each.dict().items()} for each in given]
