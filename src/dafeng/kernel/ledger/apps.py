from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "dafeng.kernel.ledger"
    label = "ledger"
    verbose_name = "账本"

    def ready(self) -> None:
        from dafeng.kernel.ledger import jobs  # noqa: F401  (declares its jobs and schedules)
