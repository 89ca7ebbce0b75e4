"""The inventory tells the records who may see a batch of activity data, the desk what it has, and offers its methods to all."""

from typing import Any

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "dafeng.domains.inventory"
    label = "inventory"
    verbose_name = "温室气体清单"

    def ready(self) -> None:
        from dafeng.domains.inventory import desk, jobs  # noqa: F401  (declares the kinds of jobs)
        from dafeng.domains.inventory.permissions import batches_of
        from dafeng.kernel.accounting import offered
        from dafeng.kernel.records.services import register_visibility

        register_visibility("inventory.activity", batches_of)
        desk.register()
        offered.offer(_compute)


def _compute(city: str, activities: Any) -> Any:
    """Tables and engine are loaded when somebody asks."""
    from dafeng.domains.inventory import offering

    return offering.compute(city, activities)
