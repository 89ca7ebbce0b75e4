from django.apps import AppConfig


class SeriesConfig(AppConfig):
    name = "dafeng.kernel.series"
    label = "series"
    verbose_name = "计量数据"

    def ready(self) -> None:
        from dafeng.kernel.series import jobs  # noqa: F401  (declares its jobs and schedules)
