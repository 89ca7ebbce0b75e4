"""The inventory tells the records who may see a batch of activity data, and the desk what it offers."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "dafeng.domains.inventory"
    label = "inventory"
    verbose_name = "温室气体清单"

    def ready(self) -> None:
        from dafeng.domains.inventory import desk, jobs  # noqa: F401  (declares the kinds of jobs)
        from dafeng.domains.inventory.permissions import batches_of
        from dafeng.kernel.records.services import register_visibility

        register_visibility("inventory.activity", batches_of)
        desk.register()
