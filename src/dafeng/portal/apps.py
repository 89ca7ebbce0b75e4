"""The portal tells the ground floor how to find a person's roles."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "dafeng.portal"
    label = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        from dafeng.kernel.records.services import set_roles_of
        from dafeng.portal.accounts.services import roles_of

        set_roles_of(roles_of)
