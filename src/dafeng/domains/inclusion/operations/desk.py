"""What the operator's desk lays before people: places in the navigation, and the pages of its records."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from dafeng.domains.inclusion import permissions
from dafeng.kernel.desk.registry import Entry, register_entry, register_page

ROOMS = (
    (gettext_lazy("四大体系"), "systems", permissions.SEE, 50),
    (gettext_lazy("公开统计"), "open", permissions.SEE, 51),
    (gettext_lazy("活动"), "campaigns", permissions.SEE, 52),
    (gettext_lazy("平台互认"), "recognitions", permissions.SEE, 53),
    (gettext_lazy("投诉与建议"), "complaints", permissions.COMPLAIN, 54),
    (gettext_lazy("申请成为合作方"), "partner-apply", permissions.APPLY_PARTNER, 55),
    (gettext_lazy("运营台"), "console", permissions.OPERATE, 60),
    (gettext_lazy("合作方与协议"), "partners", permissions.OPERATE, 61),
    (gettext_lazy("风控台"), "risk", permissions.SEE_RISK, 62),
    (gettext_lazy("积分更正"), "corrections", permissions.SEE_RISK, 63),
    (gettext_lazy("投诉办理"), "complaints-desk", permissions.HANDLE_COMPLAINTS, 64),
)


def _due(record: Any) -> datetime:
    return timezone.make_aware(datetime.combine(record.inclusion_complaint.due, time.max))


def register() -> None:
    for title, name, action, order in ROOMS:
        register_entry(Entry("inclusion", title, lambda name=name: reverse(f"inclusion:{name}"), action, order))
    register_page(
        "inclusion.agreement",
        lambda record: reverse("inclusion:partner", kwargs={"code": record.inclusion_agreement.partner.code}),
        related=("inclusion_agreement__partner",),
    )
    register_page(
        "inclusion.case", lambda record: reverse("inclusion:case", kwargs={"pk": record.inclusion_case.pk}),
        related=("inclusion_case",),
    )  # fmt: skip
    register_page(
        "inclusion.correction", lambda record: reverse("inclusion:correction", kwargs={"pk": record.inclusion_correction.pk}),
        related=("inclusion_correction",),
    )  # fmt: skip
    register_page(
        "inclusion.complaint", lambda record: reverse("inclusion:complaint", kwargs={"id": record.inclusion_complaint.pk}),
        due=_due, related=("inclusion_complaint",),
    )  # fmt: skip
    register_page(
        "inclusion.campaign", lambda record: reverse("inclusion:campaign", kwargs={"code": record.inclusion_campaign.code}),
        related=("inclusion_campaign",),
    )  # fmt: skip
    register_page("inclusion.recognition", lambda record: reverse("inclusion:recognitions"))
