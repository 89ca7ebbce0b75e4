"""What several operations of reporting speak of, described once, and the year that they may be asked for."""

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Paging

words.describe(
    facility=_("核算单元代码"),
    finding=_("检查发现的编号"),
    month=_("月份，如 2025-03；年度项目为 2025"),
    enterprise_code=_("企业代码"),
    enterprise_name=_("企业名称"),
    facility_code=_("核算单元代码"),
    sector_title=_("行业方法的名称"),
    compliance_inside=_("是否计入履约边界"),
    installation=_("所属装置的代码；自成一个装置为空"),
    reporting_t=_("报告边界排放量，t CO2e；还没有报送为空"),
    compliance_t=_("履约边界排放量，t CO2e；还没有报送为空"),
    report_state=_("办理状态的代码"),
    report_state_title=_("办理状态"),
    month_due=_("存证期限"),
    month_filed=_("存证时间；还没有存证为空"),
    evidence_sha256=_("凭证的 SHA-256"),
    finding_state=_("open 待处理，explained 已说明，mended 已更正，dismissed 不成立"),
    finding_what=_("发现了什么"),
    finding_why=_("为什么要紧"),
    t_co2e=_("排放量，t CO2e；没有算出为空"),
)


class YearAsked(Paging):
    year: Annotated[int | None, Field(ge=2000, le=2100)] = None
