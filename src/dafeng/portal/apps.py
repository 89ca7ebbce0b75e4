"""The portal tells the ground floor how to find a person's roles."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "dafeng.portal"
    label = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        from dafeng.kernel.records.services import register_roles
        from dafeng.portal.accounts.services import roles_of

        register_roles(roles_of)
