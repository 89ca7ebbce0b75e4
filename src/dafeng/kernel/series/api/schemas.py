"""What the series' operations take and give, and what each word means."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from ninja import Schema
from pydantic import Field

from dafeng.kernel.api import words as meanings
from dafeng.kernel.api.moments import Moment
from dafeng.kernel.api.paging import Paging
from dafeng.kernel.series import flags, ingest
from dafeng.kernel.series.models import Point

meanings.describe(
    point_code=_("计量点代码"),
    from_at=_("从这个时间起（含），带时区"),
    to_at=_("到这个时间止（不含），带时区"),
    known_at=_("只看当时已经收到的读数和登记的事实；空为现在"),
    step_of=_("步长：15m、1h、1d、1mo"),
    file_form=_("arrow、parquet 或 csv"),
    subject_is=_("只看这个对象的，如 enterprise:代码"),
    quantity_is=_("只看这种计量内容"),
    most_points=_("每个计量点至多返回几个"),
    held_only=_("只看待处理的"),
    held=_("隔离的编号"),
)
meanings.describe(
    within="SeriesPointOut",
    subject=_("对象，如 enterprise:代码"), quantity=_("计量内容"), unit=_("单位"), kind=_("register 累计表底，interval 区间用量，instant 瞬时值"),
    period=_("周期，秒"), multiplier=_("倍率"), rated=_("额定：每小时用量，或瞬时值"), computed=_("是否由公式计算"), device=_("设备代码；没有的为空"),
    since=_("投用时间"), until=_("停用时间"), place=_("所在地代码"), organisation=_("组织"), demo=_("是否示例"),
)  # fmt: skip
meanings.describe(
    within="SeriesFactOut", name=_("名称"), value=_("值"), since=_("从何时起"), stated_at=_("登记时间"), note=_("说明")
)
meanings.describe(
    within="SeriesPointWithFacts",
    facts=_("从某时起的单位、倍率、公式等"),
    formula=_("公式"),
    digits=_("表底整数位数"),
    channel=_("Modbus 通道；没有的为空"),
)
meanings.describe(
    within="SeriesReadingOut",
    at=_("时间（区间的终点）"), value=_("报送的数值"), arrived=_("收到时间"), revision=_("修订号，0 为首次"), source=_("来源"), flags=_("质量标志"),
)  # fmt: skip
meanings.describe(
    within="SeriesStepOut",
    at=_("步的起点"), value=_("用量；瞬时值为平均"), low=_("瞬时值的最低"), high=_("瞬时值的最高"), coverage=_("实测部分，0 至 1；其余按规则补足"), flags=_("质量标志"),
)  # fmt: skip
meanings.describe(within="SeriesShownOut", at=_("时间"), value=_("数值，按计量点单位"), flags=_("质量标志"))
meanings.describe(
    within="SeriesLatestOut", at=_("时间"), value=_("数值"), age_seconds=_("距现在几秒"), flags=_("质量标志")
)
meanings.describe(
    within="SeriesReceiptOut",
    key=_("批次号"), count=_("共几条"), accepted=_("新收下几条"), again=_("以前已收下几条"), revised=_("作为更正收下几条"),
    refused=_("隔离几条"), repeated=_("这一批以前已收到，照当时的回答"), reasons=_("隔离的原因与条数"),
)  # fmt: skip
meanings.describe(
    within="SeriesQuarantineOut",
    reason=_("原因代码"), what=_("原因"), mend=_("怎么办"), source=_("来源"), device=_("设备代码"), received_at=_("收到时间"), count=_("条数"),
    example=_("其中第一条"), state=_("held 待处理，released 已放行，dropped 已废弃"), note=_("说明"),
    code=_("计量点代码；很多个在一起时为空"), points=_("几个计量点"), first_at=_("其中最早的时间"), last_at=_("其中最晚的时间"),
)  # fmt: skip
meanings.describe(
    within="SeriesAlikeOut",
    id=_("其中最新一批的编号"), reason=_("原因代码"), what=_("原因"), mend=_("怎么办"), device=_("设备代码"), code=_("计量点代码；很多个在一起时为空"),
    batches=_("几批"), readings=_("条数"), earliest=_("其中最早的时间"), latest=_("其中最晚的时间"), newest_at=_("最近收到时间"),
)  # fmt: skip
meanings.describe(
    within="SeriesPointIn",
    subject=_("对象，如 enterprise:代码"), quantity=_("计量内容"), unit=_("单位"), kind=_("register、interval 或 instant"), period=_("周期，秒"),
    multiplier=_("倍率"), rated=_("额定：每小时用量，或瞬时值"), digits=_("表底整数位数"), place=_("所在地代码"), organisation=_("组织"),
    formula=_("公式；空为实测"), device=_("设备代码"), since=_("投用时间，带时区"), until=_("停用时间，带时区"),
    channel=_("Modbus 通道：register type scale input words"),
)  # fmt: skip
meanings.describe(
    within="SeriesPointChange",
    name=_("名称；不写的都不改"), name_en=_("英文名称"), subject=_("对象；只由发展改革部门改"), organisation=_("组织；只由发展改革部门改"),
    place=_("所在地代码；只由发展改革部门改"), quantity=_("计量内容"), period=_("周期，秒"), digits=_("表底整数位数；空为不翻转"),
    rated=_("额定：每小时用量，或瞬时值；空为不知道"), since=_("投用时间，带时区；空为不限"), until=_("停用时间，带时区；空为在用"),
    device=_("设备代码；空为不归设备"), channel=_("Modbus 通道：register type scale input words；空为不询问"),
)  # fmt: skip
meanings.describe(
    within="SeriesFactIn",
    name=_("unit、multiplier、rated、digits、period、formula、reset、clock、fill 或 fill_by"),
    value=_("值"),
    since=_("从何时起"),
    note=_("说明"),
)
meanings.describe(within="SeriesReleaseStarted", job=_("放行的后台任务"), state=_("任务的状态"), href=_("看任务的地址"))
meanings.describe(within="SeriesDecisionIn", note=_("说明；废弃时必填"))
meanings.describe(
    within="SeriesDeviceOut",
    organisation=_("组织"), place=_("所在地代码"), key_id=_("密钥编号"), topic=_("MQTT 主题"), made_at=_("登记时间"),
    revoked_at=_("停用时间"), last_seen_at=_("最近报送"),
)  # fmt: skip
meanings.describe(within="SeriesDeviceMade", secret=_("密钥；只在此时给出一次"))
meanings.describe(
    within="SeriesDeviceIn", organisation=_("组织"), place=_("所在地代码"), address=_("Modbus 地址：主机:端口/单元")
)


class SeriesPointOut(Schema):
    code: str
    name: str
    name_en: str
    subject: str
    organisation: str
    place: str
    quantity: str
    unit: str
    kind: str
    period: int
    multiplier: float
    rated: float | None
    computed: bool
    device: str
    since: datetime | None
    until: datetime | None
    demo: bool


class SeriesFactOut(Schema):
    name: str
    value: Any
    since: datetime
    stated_at: datetime
    note: str


class SeriesPointWithFacts(SeriesPointOut):
    digits: int | None
    channel: dict[str, Any]
    formula: dict[str, Any]
    facts: list[SeriesFactOut]


class SeriesReadingOut(Schema):
    at: datetime
    value: float
    arrived: datetime
    revision: int
    source: str
    flags: list[str]


class SeriesStepOut(Schema):
    at: datetime
    value: float | None
    low: float | None
    high: float | None
    coverage: float
    flags: list[str]


class SeriesShownOut(Schema):
    at: datetime
    value: float
    flags: list[str]


class SeriesLatestOut(Schema):
    code: str
    at: datetime
    value: float
    age_seconds: int
    flags: list[str]


class SeriesReceiptOut(Schema):
    key: str
    count: int
    accepted: int
    again: int
    revised: int
    refused: int
    repeated: bool
    reasons: dict[str, int]


class SeriesReleaseStarted(Schema):
    job: UUID
    state: str
    href: str


class SeriesQuarantineOut(Schema):
    id: int
    reason: str
    what: str
    mend: str
    source: str
    device: str
    received_at: datetime
    count: int
    example: dict[str, Any]
    state: str
    note: str
    code: str
    points: int
    first_at: datetime | None
    last_at: datetime | None


class SeriesAlikeOut(Schema):
    id: int
    reason: str
    what: str
    mend: str
    device: str
    code: str
    batches: int
    readings: int
    earliest: datetime | None
    latest: datetime | None
    newest_at: datetime


Text = Annotated[str, Field(max_length=160)]


class SeriesPointIn(Schema):
    code: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,80}$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    subject: Annotated[str, Field(min_length=3, max_length=160, pattern=r"^[a-z]+:\S+$")]
    quantity: Annotated[str, Field(min_length=1, max_length=20)]
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    kind: Literal["register", "interval", "instant"]
    period: Annotated[int, Field(ge=1, le=31 * 86_400)] = 900
    multiplier: Annotated[float, Field(gt=0, le=1e9)] = 1.0
    rated: Annotated[float, Field(gt=0, le=1e12)] | None = None
    digits: Annotated[int, Field(ge=1, le=15)] | None = None
    place: Annotated[str, Field(max_length=6)] = ""
    organisation: Annotated[str, Field(max_length=60)] = ""
    formula: dict[str, Any] = Field(default_factory=dict)
    device: Annotated[str, Field(max_length=60)] = ""
    since: Moment | None = None
    until: Moment | None = None
    channel: dict[str, Any] = Field(default_factory=dict)


class SeriesPointChange(Schema):
    name: Annotated[str, Field(min_length=1, max_length=120)] = ""
    name_en: Annotated[str, Field(max_length=160)] = ""
    subject: Annotated[str, Field(min_length=3, max_length=160, pattern=r"^[a-z]+:\S+$")] = ""
    organisation: Annotated[str, Field(max_length=60)] = ""
    place: Annotated[str, Field(max_length=6)] = ""
    quantity: Annotated[str, Field(min_length=1, max_length=20)] = ""
    period: Annotated[int, Field(ge=1, le=31 * 86_400)] = 900
    digits: Annotated[int, Field(ge=1, le=15)] | None = None
    rated: Annotated[float, Field(gt=0, le=1e12)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    device: Annotated[str, Field(max_length=60)] = ""
    channel: dict[str, Any] = Field(default_factory=dict)


class SeriesFactIn(Schema):
    name: Annotated[str, Field(max_length=12)]
    value: Any
    since: Moment
    note: Annotated[str, Field(max_length=200)] = ""


class SeriesDecisionIn(Schema):
    note: Annotated[str, Field(max_length=200)] = ""


class SeriesDeviceIn(Schema):
    code: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    organisation: Annotated[str, Field(max_length=60)] = ""
    place: Annotated[str, Field(max_length=6)] = ""
    address: Annotated[str, Field(max_length=120)] = ""


class SeriesDeviceOut(Schema):
    code: str
    name: str
    organisation: str
    place: str
    key_id: str
    topic: str
    made_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime | None


class SeriesDeviceMade(SeriesDeviceOut):
    secret: str


class PointsAsked(Paging):
    subject_is: Text = ""
    quantity_is: Annotated[str, Field(max_length=20)] = ""


class SpanAsked(Paging):
    from_at: Moment
    to_at: Moment


class ReadingsAsked(SpanAsked):
    known_at: Moment | None = None


class StepsAsked(ReadingsAsked):
    step_of: Literal["15m", "1h", "1d", "1mo"] = "1h"


class ShownAsked(Schema):
    from_at: Moment
    to_at: Moment
    most_points: Annotated[int, Field(ge=10, le=5_000)] = 2_000


class FileAsked(Schema):
    from_at: Moment
    to_at: Moment
    file_form: Literal["arrow", "parquet", "csv"] = "parquet"
    step_of: Literal["", "15m", "1h", "1d", "1mo"] = ""
    known_at: Moment | None = None


class QuarantineAsked(Paging):
    held_only: bool = False


def receipt_of(key: str, receipt: ingest.Receipt) -> dict[str, Any]:
    return {"key": key, **{name: getattr(receipt, name) for name in receipt.__dataclass_fields__}}


def point_of(point: Point) -> dict[str, Any]:
    names = SeriesPointOut.model_fields.keys() - {"computed", "device"}
    more = {"computed": bool(point.formula), "device": point.device.code if point.device else ""}
    return {name: getattr(point, name) for name in names} | more


def with_facts(point: Point) -> dict[str, Any]:
    names = SeriesFactOut.model_fields
    facts = [{name: getattr(fact, name) for name in names} for fact in point.facts.order_by("since", "id")]
    return point_of(point) | {
        "digits": point.digits,
        "channel": point.channel,
        "formula": point.formula,
        "facts": facts,
    }


def flagged(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"flags": flags.names(row["flag"])}
