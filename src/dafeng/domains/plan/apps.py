"""The plan tells the records who may see its records, and the desk what it offers."""

from django.apps import AppConfig

KINDS = (
    "version",
    "question",
    "progress",
    "project-month",
    "value",
    "warning",
    "assessment",
    "objection",
    "sheet",
    "escalation",
)


class PlanConfig(AppConfig):
    name = "dafeng.domains.plan"
    label = "plan"
    verbose_name = "达峰方案"

    def ready(self) -> None:
        from dafeng.domains.plan import desk, jobs  # noqa: F401  (declares the kinds of jobs and schedules)
        from dafeng.domains.plan.permissions import records_of
        from dafeng.kernel.records.services import register_visibility

        for kind in KINDS:
            register_visibility(f"plan.{kind}", records_of)
        desk.register()
