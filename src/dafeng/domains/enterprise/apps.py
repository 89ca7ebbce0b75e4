"""The domain tells the ground floor who sees its records, what it lays on the desk, and what it does by the clock."""

from django.apps import AppConfig

from dafeng.kernel.pages import addresses  # noqa: F401  (registers what may stand in an address)


class EnterpriseConfig(AppConfig):
    name = "dafeng.domains.enterprise"
    label = "enterprise"
    verbose_name = "企业碳管理"

    def ready(self) -> None:
        from dafeng.domains.enterprise import desk, permissions

        permissions.register()
        desk.register()
