"""The domain tells the ground floor who sees its records, what it lays on the desk, and what it does by the clock."""

from django.apps import AppConfig


class InclusionConfig(AppConfig):
    name = "dafeng.domains.inclusion"
    label = "inclusion"
    verbose_name = "信碳通"

    def ready(self) -> None:
        from dafeng.domains.inclusion import desk, permissions

        permissions.register()
        desk.register()
