from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "dafeng.kernel.records"
    label = "records"
    verbose_name = "记录与审计"

    def ready(self) -> None:
        from dafeng.kernel.records import workflows

        workflows.register_apps()
