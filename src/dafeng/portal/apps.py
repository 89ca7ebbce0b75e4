"""The portal tells the ground floor how to find a person's roles."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "dafeng.portal"
    label = "portal"
    verbose_name = "门户"
