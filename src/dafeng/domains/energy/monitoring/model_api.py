"""A firm's flow model over HTTP: read it with what is missing; enter or change a node, a binding, a link."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema, Status
from pydantic import Field

from dafeng.domains.energy.models import FlowNode, Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import modelling, permissions, register
from dafeng.domains.energy.monitoring.methods.flows import TOLERANCE
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.api import words as api_words
from dafeng.kernel.errors import NotFound
from dafeng.kernel.series.models import Point

router = Router(tags=["energy"])
_SINCE, _UNTIL = _("起用日期；一直在用为空"), _("停用日期，从这一天起不再计入；没有停用为空")
for schema in ("EnergyNodeIn", "EnergyNodeOut"):
    api_words.describe(
        within=schema, code=_("环节代码"), name=_("名称"), name_en=_("英文名称"), stage=_("purchase 购入，conversion 转换，distribution 分配，process 使用，product 产品"),
        tolerance=_("允许差，进出之差占进的比例"), since=_SINCE, until=_UNTIL,
    )  # fmt: skip
for schema in ("EnergyMeterIn", "EnergyMeterOut"):
    api_words.describe(
        within=schema, point=_("计量点代码"), node=_("所在环节的代码"), item=_("能源品种代码"), role=_("load 用量，reactive 无功，heating 供暖，cooling 制冷，compressor 空压"),
        parent=_("总表的计量点代码；没有为空"), since=_SINCE, until=_UNTIL,
    )  # fmt: skip
for schema in ("EnergyLinkIn", "EnergyLinkOut"):
    api_words.describe(
        within=schema, source=_("起点环节代码"), target=_("终点环节代码"), item=_("能源品种代码"), meter=_("计量它的计量点代码；按差额推算为空"),
        recovered=_("是否回收能，可以流回前面的环节"), since=_SINCE, until=_UNTIL,
    )  # fmt: skip
api_words.describe(within="EnergyFaultOut", kind=_("问题代码"), title=_("问题"), text=_("在哪里"), mend=_("怎么办"), node=_("环节代码"), wrong=_("是否必须改正；否则是待补齐"))  # fmt: skip
api_words.describe(
    within="EnergyModelOut", nodes=_("环节"), meters=_("计量点的绑定"), links=_("流向"), faults=_("今天的模型还缺什么")
)


class EnergyNodeIn(Schema):
    code: str = Field("", max_length=40)
    name: str = Field("", max_length=80)
    name_en: str = Field("", max_length=120)
    stage: str = Field("", max_length=12)
    tolerance: float = TOLERANCE
    since: date | None = None
    until: date | None = None


class EnergyNodeOut(EnergyNodeIn):
    pass


class EnergyMeterIn(Schema):
    point: str = Field("", max_length=80)
    node: str = Field("", max_length=40)
    item: str = Field("", max_length=20)
    role: str = Field("load", max_length=12)
    parent: str = Field("", max_length=80)
    since: date | None = None
    until: date | None = None


class EnergyMeterOut(EnergyMeterIn):
    pass


class EnergyLinkIn(Schema):
    source: str = Field("", max_length=40)
    target: str = Field("", max_length=40)
    item: str = Field("", max_length=20)
    meter: str = Field("", max_length=80)
    recovered: bool = False
    since: date | None = None
    until: date | None = None


class EnergyLinkOut(EnergyLinkIn):
    pass


class EnergyFaultOut(Schema):
    kind: str
    title: str
    text: str
    mend: str
    node: str
    wrong: bool


class EnergyModelOut(Schema):
    nodes: list[EnergyNodeOut]
    meters: list[EnergyMeterOut]
    links: list[EnergyLinkOut]
    faults: list[EnergyFaultOut]


def _dates(row: Any) -> dict[str, Any]:
    return {"since": row.since, "until": row.until}


def _node(row: FlowNode) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("code", "name", "name_en", "stage", "tolerance")} | _dates(row)


def _meter(row: Meter) -> dict[str, Any]:
    parent = row.parent.point.code if row.parent else ""
    return {"point": row.point.code, "node": row.node.code, "item": row.item, "role": row.role, "parent": parent} | _dates(row)  # fmt: skip


def _link(row: Any) -> dict[str, Any]:
    meter = row.meter.point.code if row.meter else ""
    return {"source": row.source.code, "target": row.target.code, "item": row.item, "meter": meter, "recovered": row.recovered} | _dates(row)  # fmt: skip


@router.get("/energy/users/{code}/model", response=EnergyModelOut, summary=_("一家单位的用能流程模型，含已停用的部分"))
@asks(permissions.SEE)
def show_energy_model(request: HttpRequest, code: str) -> dict[str, Any]:
    enterprise = register.monitored_for(request.user, code).enterprise
    whole, held = modelling.model_of(enterprise), modelling.model_of(enterprise, timezone.localdate())
    faults = [each | {"title": str(each["title"]), "mend": str(each["mend"])} for each in modelling.said(held)]
    return {
        "nodes": [_node(row) for row in whole.nodes],
        "meters": [_meter(row) for row in whole.meters],
        "links": [_link(row) for row in whole.links],
        "faults": faults,
    }


def _mine(request: HttpRequest, code: str) -> MonitoredFirm:
    firm = register.monitored_for(request.user, code)
    demand(request.user, permissions.MODEL, firm.enterprise)
    return firm


def _node_of(firm: MonitoredFirm, code: str) -> FlowNode:
    found = FlowNode.objects.filter(enterprise=firm.enterprise, code=code).first()
    if found is None:
        raise NotFound(_now("没有代码为“%(code)s”的环节") % {"code": code[:40]}, mend=_now("请先登记环节"))
    return found


def _meter_of(firm: MonitoredFirm, point: str) -> Meter | None:
    if not point:
        return None
    found = Meter.objects.filter(enterprise=firm.enterprise, point__code=point).first()
    if found is None:
        raise NotFound(_now("计量点“%(point)s”还没有绑定到环节") % {"point": point[:80]}, mend=_now("请先绑定计量点"))
    return found


@router.post("/energy/users/{code}/model/nodes", response={201: EnergyNodeOut}, summary=_("登记环节；同代码的更新"))
@asks(permissions.MODEL)
def save_energy_node(request: HttpRequest, code: str, body: EnergyNodeIn) -> Any:
    firm = _mine(request, code)
    return Status(201, _node(modelling.save_node(firm.enterprise, **body.dict(), by=request.user, now=timezone.now())))


@router.post(
    "/energy/users/{code}/model/meters", response={201: EnergyMeterOut}, summary=_("把计量点绑定到环节；绑过的更新")
)
@asks(permissions.MODEL)
def bind_energy_meter(request: HttpRequest, code: str, body: EnergyMeterIn) -> Any:
    firm = _mine(request, code)
    point = Point.objects.filter(subject=firm.enterprise.subject, code=body.point).first()
    if point is None:
        raise NotFound(
            _now("本企业没有计量点“%(code)s”") % {"code": body.point[:80]}, mend=_now("请先登记计量点，或核对代码")
        )
    made = modelling.bind(
        _node_of(firm, body.node), point, item=body.item, role=body.role, parent=_meter_of(firm, body.parent),
        since=body.since, until=body.until, by=request.user, now=timezone.now(),
    )  # fmt: skip
    return Status(201, _meter(made))


@router.post("/energy/users/{code}/model/links", response={201: EnergyLinkOut}, summary=_("登记流向；同起点、终点、品种的更新"))  # fmt: skip
@asks(permissions.MODEL)
def save_energy_link(request: HttpRequest, code: str, body: EnergyLinkIn) -> Any:
    firm = _mine(request, code)
    made = modelling.save_link(
        _node_of(firm, body.source), _node_of(firm, body.target), item=body.item, meter=_meter_of(firm, body.meter),
        recovered=body.recovered, since=body.since, until=body.until, by=request.user, now=timezone.now(),
    )  # fmt: skip
    return Status(201, _link(made))
