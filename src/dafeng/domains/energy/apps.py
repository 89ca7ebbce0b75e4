"""The domain tells the ground floor who sees its records, what it lays on the desk, and what it does by the clock."""

from django.apps import AppConfig


class EnergyConfig(AppConfig):
    name = "dafeng.domains.energy"
    label = "energy"
    verbose_name = "能源监测"

    def ready(self) -> None:
        from dafeng.domains.energy import desk, permissions

        permissions.register()
        desk.register()
