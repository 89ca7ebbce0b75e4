from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "dafeng.kernel.indicators"
    label = "indicators"
    verbose_name = "指标"
