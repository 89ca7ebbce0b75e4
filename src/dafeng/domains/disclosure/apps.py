"""The domain tells the ground floor who sees its records, what it lays on the desk, and what it does by the clock."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    name = "dafeng.domains.disclosure"
    label = "disclosure"
    verbose_name = "公开与监督"

    def ready(self) -> None:
        from dafeng.domains.disclosure import desk, jobs, permissions  # noqa: F401  (jobs declares its schedule)

        permissions.register()
        desk.register_desk()
