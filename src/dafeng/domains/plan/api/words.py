"""What the names mean that several rooms of the plan share."""

from django.utils.translation import gettext_lazy as _

from dafeng.kernel.api import words

words.describe(
    {"key": "xinyang-2024"},
    plan=_("方案代码"),
    path=_("章节"),
    quote=_("原文，一字不差"),
    ref=_("在这一版里的编号"),
    old=_("旧的版次"),
    new=_("新的版次"),
    bound=_("是否已绑定指标：yes、no；空为全部"),
    department=_("责任部门代码"),
    record=_("进展记录的编号"),
    form=_("docx 或 pdf"),
    stage=_("阶段：planned 谋划、approved 已批复、building 在建、done 已投产、stopped 停建"),
    member=_("须各自达标的对象之一，如一个监测站点；没有为空"),
    target=_("目标的编号；不因目标而起的预警为空"),
    task=_("任务的编号"),
    why=_("理由"),
    held_by=_("考核年度里任职的负责人"),
)
words.describe(
    within="TargetOut",
    low=_("目标值；区间的下限"),
    high=_("区间的上限；不是区间时与 low 相同"),
    operator=_("与目标值比较的方式，如 >="),
    direction=_("升或降"),
    baseline_year=_("基年"),
    baseline_inferred=_("基年是否推定"),
    strength=_("must 必须达到，strive 力争"),
    binding=_("绑定的指标代码；未绑定为空"),
    reason=_("未绑定时的理由"),
    probability=_("完成概率，百分比"),
    share=_("已走完全程的百分比"),
)
words.describe(within="TargetCard", members=_("须各自达标的对象"), history=_("亮灯的经过，新的在前"))
