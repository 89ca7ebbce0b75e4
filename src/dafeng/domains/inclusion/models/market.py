"""The mall, donations, neutral events and the sale of reductions. Quantities that must be conserved live in the ledger.

No row here is a balance: a product's `stock` counts goods, not points; what an order or a purchase moved is told by its
ledger commands, whose names are kept beside it.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models.members import Member
from dafeng.domains.inclusion.models.programme import Partner, Programme
from dafeng.domains.inclusion.models.standards import Methodology
from dafeng.kernel.records.models import Evidence, Record

__all__ = [
    "Aggregate",
    "Cause",
    "CauseNews",
    "Certificate",
    "Donation",
    "EventRow",
    "ExpiryNotice",
    "MarketOffer",
    "MarketRefusal",
    "MarketReport",
    "MerchantFinding",
    "MerchantStatement",
    "NeutralEvent",
    "Order",
    "PowerClaim",
    "Product",
    "Purchase",
    "SinkMeasurement",
    "Sponsorship",
]


# ---------------------------------------------------------------- the mall


class Product(models.Model):
    """What a merchant gives for points. The record holds its state (draft → submitted → listed → delisted) and its pictures."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="products")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_product")
    title = models.CharField(_("名称"), max_length=60)
    title_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    summary = models.CharField(_("一句话介绍"), max_length=120, blank=True)
    terms = models.TextField(_("使用说明"), max_length=2000, blank=True)
    price = models.PositiveIntegerField(_("积分价"))
    stock = models.PositiveIntegerField(_("库存"), help_text="goods that can still be ordered")
    per_person = models.PositiveSmallIntegerField(_("每人限兑"), default=0, help_text="0: no limit")
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"), help_text="the last day of ordering")
    coupon_days = models.PositiveSmallIntegerField(_("券有效天数"), default=30)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("商品")
        constraints = (models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="product_period"),)

    def __str__(self) -> str:
        return self.title


class MarketOffer(models.Model):
    """A merchant's lower price for some days."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="offers")
    title = models.CharField(_("活动名称"), max_length=40)
    price = models.PositiveIntegerField(_("活动积分价"))
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"), help_text="the last day")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("活动价")


class Sponsorship(models.Model):
    """A firm pays a part of a product's price for citizens, out of its own points, up to a budget."""

    firm = models.ForeignKey(Member, models.PROTECT, related_name="sponsorships")
    product = models.ForeignKey(Product, models.PROTECT, related_name="sponsorships")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_sponsorship")
    title = models.CharField(_("活动名称"), max_length=40)
    name = models.CharField(_("赞助方名称"), max_length=80)
    each = models.PositiveIntegerField(_("每件赞助积分"))
    budget = models.PositiveIntegerField(_("积分预算"))
    promised = models.PositiveIntegerField(default=0, help_text="points of orders that were not cancelled")
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"), help_text="the last day")

    class Meta:
        verbose_name = _("赞助活动")
        constraints = (models.CheckConstraint(condition=Q(promised__lte=F("budget")), name="sponsorship_budget"),)


class Order(models.Model):
    """Points held for a product until its coupon is used, cancelled or runs out.

    The code is looked up by its keyed hash; sealed beside it for its owner's eyes, and emptied when the order is closed.
    `lots`: what was settled to the merchant, payer → [[lot, points], …], so that a refund gives back the same lots.
    """

    class State(models.TextChoices):
        HELD = "held", _("待使用")
        USED = "used", _("已使用")
        EXPIRED = "expired", _("已过期，积分退回")
        CANCELLED = "cancelled", _("已取消，积分退回")
        REFUNDED = "refunded", _("已退款")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, models.PROTECT, related_name="orders")
    product = models.ForeignKey(Product, models.PROTECT, related_name="orders")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="orders")
    key = models.CharField(max_length=64, help_text="the sender's: the same key is the same order")
    quantity = models.PositiveSmallIntegerField(_("数量"))
    unit_price = models.PositiveIntegerField(_("单价"))
    points = models.PositiveIntegerField(_("积分"), help_text="what the member pays")
    sponsorship = models.ForeignKey(Sponsorship, models.PROTECT, null=True, related_name="orders")
    sponsored = models.PositiveIntegerField(default=0, help_text="points that the sponsor pays")
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.HELD)
    ordered_at = models.DateTimeField(_("下单时间"))
    expires_at = models.DateTimeField(_("有效期至"))
    used_at = models.DateTimeField(_("使用时间"), null=True)
    closed_at = models.DateTimeField(null=True, help_text="cancelled, run out or refunded")
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    code_key = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField(default=bytes)
    counter_key = models.CharField(max_length=64, blank=True, help_text="of the counter's form that used it")
    lots = models.JSONField(default=dict)
    statement = models.ForeignKey("MerchantStatement", models.PROTECT, null=True, related_name="orders")

    class Meta:
        verbose_name = _("订单")
        constraints = (models.UniqueConstraint(fields=("member", "key"), name="order_once"),)
        indexes = (
            models.Index(fields=("partner", "used_at"), name="order_of_merchant"),
            models.Index(fields=("member", "ordered_at"), name="order_of_member"),
            models.Index(fields=("expires_at",), condition=Q(state="held"), name="order_open"),
        )

    @property
    def total(self) -> int:
        """What the merchant gets."""
        return self.points + self.sponsored


class MarketRefusal(models.Model):
    """What was asked for here and refused, for the one who asked: `sender` is a ledger holder or `merchant:<code>`."""

    sender = models.CharField(max_length=80)
    action = models.CharField(max_length=20)
    reason = models.CharField(max_length=40)
    text = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("sender", "at"), name="market_refusal_of"),)


class MerchantStatement(models.Model):
    """The points that a merchant took in a month. When confirmed they are retired; the money is paid outside."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="statements")
    month = models.CharField(_("月份"), max_length=7)
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_statement")
    count = models.PositiveIntegerField(_("订单数"), default=0)
    points = models.PositiveBigIntegerField(_("应结积分"), default=0)
    retired = models.PositiveBigIntegerField(_("注销积分"), default=0)
    expired = models.PositiveBigIntegerField(default=0, help_text="points whose lot ran out at the merchant's")
    digest = models.CharField(max_length=64, help_text="of the orders: what was agreed is what is settled")
    payment_reference = models.CharField(_("付款凭证号"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("商户结算单")
        constraints = (models.UniqueConstraint(fields=("partner", "month"), name="merchant_statement_once"),)


class MerchantFinding(models.Model):
    """Something odd at a merchant's counter, for the risk desk: the rule, what was seen, what is usual."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="findings")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_finding")
    rule = models.CharField(max_length=40)
    hour = models.DateTimeField(help_text="the hour in which it was seen")
    seen = models.PositiveIntegerField()
    usual = models.PositiveIntegerField(help_text="hundredths of an order an hour")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("partner", "rule", "hour"), name="merchant_finding_once"),)


class ExpiryNotice(models.Model):
    """That the holders of a lot of points were told of its end."""

    lot = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()
    told = models.PositiveIntegerField(default=0)


# ---------------------------------------------------------------- giving


class Cause(models.Model):
    """Something public to which points can be given. `goal` is in points; `unit_points` make one `unit` (a tree)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="causes")
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=60)
    title_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    text = models.TextField(_("介绍"), max_length=2000)
    keeper = models.CharField(_("实施单位"), max_length=80)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    unit_points = models.PositiveIntegerField(_("每单位积分"), default=0, help_text="0: only points are shown")
    goal = models.PositiveIntegerField(_("目标积分"))
    opens_on = models.DateField(_("开始日期"))
    closed_at = models.DateTimeField(null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("公益项目")

    def __str__(self) -> str:
        return self.title

    @property
    def account(self) -> str:
        return f"cause:{self.code}/main"


class CauseNews(models.Model):
    """What was done with what people gave, with a picture or report as evidence."""

    cause = models.ForeignKey(Cause, models.PROTECT, related_name="news")
    at = models.DateTimeField()
    text = models.CharField(_("进展"), max_length=500)
    units = models.PositiveIntegerField(_("已完成数量"), default=0, help_text="done with this piece of news")
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")


class Donation(models.Model):
    """Points given and at once retired for the cause; `number` is on the certificate."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=30, unique=True)
    cause = models.ForeignKey(Cause, models.PROTECT, related_name="donations")
    member = models.ForeignKey(Member, models.PROTECT, related_name="donations")
    key = models.CharField(max_length=64)
    points = models.PositiveIntegerField(_("积分"))
    name = models.CharField(_("证书署名"), max_length=20, blank=True, help_text="empty: anonymous")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("捐赠")
        constraints = (models.UniqueConstraint(fields=("member", "key"), name="donation_once"),)


# ---------------------------------------------------------------- reductions


class Aggregate(models.Model):
    """One run over a methodology's month: what was issued into the pool, and what was taken back for reversed events.

    Grams claimed so far = the sum of `issued` of the earlier runs. `owing`: reversed grams that were sold already and are
    to be taken from the next run.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="aggregates")
    methodology = models.ForeignKey(Methodology, models.PROTECT, related_name="aggregates")
    month = models.CharField(_("月份"), max_length=7)
    number = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=8, default="events", help_text="events, or sink: a measured carbon sink")
    events = models.PositiveBigIntegerField(_("行为数"), default=0)
    counted = models.BigIntegerField(default=0, help_text="grams of all events that stand, when it was made")
    issued = models.PositiveBigIntegerField(_("签发（克）"), default=0)
    corrected = models.PositiveBigIntegerField(_("更正扣减（克）"), default=0)
    taken = models.PositiveBigIntegerField(default=0, help_text="grams left out: claimed elsewhere already")
    owing = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("减排量归集")
        constraints = (
            models.UniqueConstraint(
                fields=("programme", "methodology", "month", "source", "number"), name="aggregate_once"
            ),
        )


class PowerClaim(models.Model):
    """How much electricity of a device's month is claimed (watt-hours, counted from 0), so that a later run goes on from there."""

    subject = models.CharField(max_length=90)
    month = models.CharField(max_length=7)
    upto = models.PositiveBigIntegerField(help_text="Wh")
    refused = models.BooleanField(default=False, help_text="claimed elsewhere: its grams are left out")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("subject", "month"), name="power_claim_once"),)


class SinkMeasurement(models.Model):
    """A forest or tea garden between two surveys (`standards.sinks`); the record holds the stands and the surveys."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="sinks")
    methodology = models.ForeignKey(Methodology, models.PROTECT, related_name="measurements")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_sink")
    kind = models.CharField(max_length=8, help_text="forest or tea")
    project = models.CharField(_("项目"), max_length=120)
    from_on = models.DateField(_("前次调查"))
    to_on = models.DateField(_("本次调查"))
    uncertainty = models.DecimalField(_("抽样不确定性"), max_digits=6, decimal_places=4, help_text="a share")
    grams = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("碳汇计量")


class Purchase(models.Model):
    """A firm buys reductions from the pool. Price in fen a ton; paid outside; delivered when a second person approves."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="purchases")
    firm = models.ForeignKey(Member, models.PROTECT, related_name="purchases")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_purchase")
    grams = models.PositiveBigIntegerField(_("数量（克）"))
    purpose = models.CharField(_("用途"), max_length=120)
    price = models.PositiveBigIntegerField(_("单价（分/吨）"), default=0)
    valid_until = models.DateTimeField(_("报价有效期"), null=True)
    payment_reference = models.CharField(_("付款凭证号"), max_length=80, blank=True)
    delivered_at = models.DateTimeField(null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("减排量购买")

    @property
    def total(self) -> int:
        """Fen, rounded half up."""
        return (self.grams * self.price + 500_000) // 1_000_000

    @property
    def hold(self) -> str:
        return f"inclusion:purchase:{self.record_id}"


class NeutralEvent(models.Model):
    """A large event that offsets its emissions: footprint, plan, retirement, certificate."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="neutral_events")
    firm = models.ForeignKey(Member, models.PROTECT, related_name="neutral_events")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_neutral_event")
    title = models.CharField(_("活动名称"), max_length=80)
    organiser = models.CharField(_("主办单位"), max_length=80)
    venue = models.CharField(_("地点"), max_length=80)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    people = models.PositiveIntegerField(_("参加人数"))
    plan = models.TextField(_("减排与中和方案"), max_length=3000, blank=True)
    assessor = models.CharField(_("独立评价机构"), max_length=120, blank=True)
    grams = models.PositiveBigIntegerField(default=0, help_text="the footprint when it was submitted")
    offset_at = models.DateTimeField(null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("碳中和活动")
        constraints = (models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="neutral_event_period"),)

    def __str__(self) -> str:
        return self.title


class EventRow(models.Model):
    """One row of the footprint: an amount times a factor of the room's table, or of the organiser's own with its source."""

    event = models.ForeignKey(NeutralEvent, models.CASCADE, related_name="rows")
    factor = models.SlugField(max_length=40)
    amount = models.DecimalField(_("数量"), max_digits=14, decimal_places=3)
    note = models.CharField(_("说明"), max_length=120, blank=True)
    own_factor = models.DecimalField(_("自报因子（千克/单位）"), max_digits=12, decimal_places=6, null=True)
    own_source = models.CharField(_("自报因子来源"), max_length=200, blank=True)


class Certificate(models.Model):
    """What was retired, for whom and when. `content` is what the paper says; `digest` is the SHA-256 of its canonical text."""

    number = models.CharField(_("证书编号"), max_length=30, unique=True)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="certificates")
    firm = models.ForeignKey(Member, models.PROTECT, related_name="certificates")
    event = models.OneToOneField(NeutralEvent, models.PROTECT, null=True, related_name="certificate")
    key = models.CharField(max_length=64)
    purpose = models.CharField(max_length=20)
    beneficiary = models.CharField(_("受益人"), max_length=80)
    period = models.CharField(_("期间"), max_length=40)
    grams = models.PositiveBigIntegerField(_("数量（克）"))
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    ledger_key = models.CharField(max_length=120)
    issued_at = models.DateTimeField()
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("注销证书")
        constraints = (models.UniqueConstraint(fields=("firm", "key"), name="certificate_once"),)


class MarketReport(models.Model):
    """A year's report as it was published. A later one of the same year has the next number."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="market_reports")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("programme", "year", "number"), name="market_report_once"),)
