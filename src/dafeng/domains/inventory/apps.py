from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "dafeng.domains.inventory"
    label = "inventory"
    verbose_name = "温室气体清单"
