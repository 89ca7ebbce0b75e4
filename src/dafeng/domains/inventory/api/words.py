"""What the parameters and fields of this domain's operations mean, and which run or city an operation is about."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inventory import permissions
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.kernel.actions import may
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import unchanging
from dafeng.kernel.errors import NotFound

words.describe(
    {"code": "411500", "category": "1A4b1", "gas": "CO2", "year": 2021},
    city=_("城市代码"),
    counties=_("县区：代码对中英文名称"),
    number=_("第几版"),
    current=_("是否现行；城市的现行清单编号"),
    published_at=_("发布时间；未发布为空"),
    tiers=_("各类采用的方法层级"),
    years=_("逐年摘要"),
    unsigned=_("用到而未签认的因子数"),
    failed_checks=_("未通过的质量检查数"),
    measure=_("量：co2e 为排放量，gdp、population 等为强度的分母"),
    scope=_("口径：net、gross、indirect、direct 等"),
    rows=_("共几行"),
    parts=_("由几部分相加；在来历中为各部分，大的在前"),
    factors=_("所用的因子"),
    method_source=_("方法的出处"),
    printed=_("出处里印的数值和单位"),
    entered_by=_("谁录入"),
    entered_at=_("录入时间"),
    sheet_row=_("在文件的哪个工作表哪一行"),
    evidence=_("凭证文件"),
    active=_("是否有效；撤销后为 false"),
    in_force=_("是否算数；被后来的上传取代的为 false"),
    upload=_("预览过的文件的编号"),
    expires_at=_("保留到何时"),
    sheet=_("工作表"),
    row=_("第几行"),
    column=_("列"),
    what=_("哪里不对"),
    expected=_("应当怎样；在完整性中为是否应有这一项"),
    mend=_("怎么改"),
    factor_id=_("因子编号"),
    lower=_("下限"),
    upper=_("上限"),
    distribution=_("分布"),
    note=_("附注"),
    signature=_("有效的签认；没有为空"),
    reviewer=_("签认人"),
    signed_at=_("签认时间"),
    rule=_("检查规则"),
    found=_("查到的数"),
    message_zh=_("检查结果"),
    message_en=_("检查结果（英文）"),
    title_en=_("英文名称"),
    memo=_("是否信息项，不计入总量"),
    partial=_("有数，但其中有部分未估算"),
    estimated_share=_("估算部分占比，0 到 1"),
    reason_en=_("理由（英文）"),
    given=_("给出的数值"),
    given_unit=_("给出的单位"),
    input=_("输入的名称"),
    job=_("后台任务的编号"),
    href=_("地址"),
    bytes=_("字节数"),
    category=_("类别代码；给出上级代码时包括其下各类"),
    item=_("品种：燃料、产品、牲畜等"),
    technology=_("技术或方式"),
    variable=_("数据项"),
    gas=_("气体"),
    place=_("地区代码；企业为“县区代码/企业”"),
    year=_("年份"),
    sector=_("领域：1 能源，2 工业，3 农业，4 土地利用，5 废弃物，ID 间接"),
    origin=_("碳的来源：化石或生物"),
    value=_("数值；没有数时为空，见 notation"),
    unit=_("单位"),
    notation=_("标记符号：NO 不发生，NE 未估算，NA 不适用，IE 列于别处，C 保密"),
    status=_("可信程度：0 完整，1 不完整（数字是下限），2 待确认"),
    basis=_("数据依据：statistic、reported、metered、estimated、assumed"),
    mark=_("补缺方式：interpolated、extrapolated、surrogate、spliced、downscaled"),
    source=_("出处"),
    emission=_("该气体的排放量，吨"),
    co2e=_("二氧化碳当量，吨"),
    edition=_("编制依据"),
    gwp=_("全球增温潜势版本"),
    sets=_("因子集，按优先次序"),
    published=_("是否已发布；草案只有本市各单位可见"),
    stale=_("此后又有变动的原因；空表示仍是最新"),
    uncertainty=_("95% 区间半宽，相对值"),
    net=_("含土地利用的总量，吨 CO2e"),
    gross=_("不含土地利用的总量，吨 CO2e"),
    indirect=_("电力热力间接排放，吨 CO2e，不在总量内"),
    estimated=_("其中由补缺得来的部分，吨 CO2e"),
    missing=_("缺几项"),
    cells=_("应有几项"),
    quality=_("数据质量得分，0 到 100"),
    standing=_("因子的依据：confirmed、one_copy、package_default、derived、municipal 可用；memory、conflict 待签认；gap 缺"),
    set=_("因子集"),
    parameter=_("参数名"),
    owner=_("归属：methodology 官方方法，provider 数据库，municipal 本市"),
    fingerprint=_("这一行内容的 SHA-256；签认时附上，表示看过的就是这一行"),
    reason=_("理由，会记入审计"),
    digest=_("SHA-256；用来确认看到的和要办的是同一样东西"),
    change=_("new 新增，replaces 取代原有，same 相同"),
    counts=_("各有几行"),
    problems=_("逐条的错误、警告和提示"),
    severity=_("error 必须改，warning 请再看，notice 供参考"),
    version=_("版本"),
    method=_("方法"),
    other=_("另一版清单的编号"),
    batch=_("批次编号"),
    all=_("连同已被取代的行"),
    file=_("文件"),
    format=_("文件格式"),
    language=_("文件的语言"),
    q=_("查找的文字，多个词以空格分开"),
)  # fmt: skip
words.describe(within="MethodOut", activity=_("输入中属于活动水平的"))
words.describe(within="PartOut", activity=_("所用的活动水平数据，连同录入人和凭证"))
words.describe(
    within="DifferenceOut",
    before=_("前一版，吨 CO2e"),
    after=_("后一版，吨 CO2e"),
    difference=_("变化，等于以下各项原因之和"),
    boundary=_("因只有一版估算而变"),
    activity=_("因活动水平数据而变"),
    factor=_("因因子而变"),
    method=_("因方法而变"),
    gwp=_("因增温潜势而变"),
    recomputed=_("是否每一部分都能按原公式重算"),
)


def run_of(request: HttpRequest, id: UUID) -> InventoryRun:
    """A run that the caller may see; one that they may not is as if it were not there."""
    run = get_object_or_404(InventoryRun.objects.select_related("city").defer("city__boundary"), pk=id)
    if not may(request.user, permissions.SEE, run):
        raise NotFound(str(_("没有这一版清单")))
    return run


def city_of(code: str) -> City:
    return get_object_or_404(City.objects.defer("boundary"), pk=code)


def written_once(request: HttpRequest, run: InventoryRun, *tables: str) -> None:
    """Tables of a run never change: their hashes make the entity tag."""
    hashes = [run.artefacts[name] for name in tables]
    unchanging(request, run.pk, *hashes, public=run.published_at is not None)


words.describe(
    within="ReportedOut", feed=_("企业报告统计供数的编号"), published_at=_("供数发布时间"), firms=_("这一年有报告的企业数"), years=_("供数里的年份"),
    batch=_("已取数的批次；没有取过为空"), rows=_("按类别与燃料的对账"),
)  # fmt: skip
words.describe(
    within="ReportedRowOut", fuel=_("企业报告的燃料代码"), item=_("对应的清单品种代码；没有对应的为空"), heat=_("企业报告的热量，GJ（低位发热量）"), firms=_("报告里有这种燃料的企业数"),
    state=_("unmapped 没有对应品种，held 清单已有统计或填报，estimated 清单只有估算，nothing 清单没有数"), inventory_heat=_("清单自己的活动水平折成热量，GJ；没有数或无法折算为空"),
    inventory_bases=_("清单这些数的依据"), difference=_("清单减企业报告，GJ；缺一方为空"), taken=_("是否已取到清单里"),
)  # fmt: skip
words.describe(
    within="ReportedActivityOut", technologies=_("各工艺的数量"), firms=_("报告了这项活动的企业数"), inventory=_("清单自己的数，与企业报告同一单位；没有为空"),
    inventory_bases=_("清单这些数的依据"), difference=_("清单减企业报告，同一单位；缺一方为空"), share=_("企业报告占清单的比例；清单没有数为空"), taken=_("是否已取到清单里"),
)  # fmt: skip
words.describe(within="LeftOut", firms=_("报告了它的企业数"))
words.describe(within="ReportedOut", activities=_("产量、原料和外购能源"), left=_("报告了而不转入清单的，各有理由"))
