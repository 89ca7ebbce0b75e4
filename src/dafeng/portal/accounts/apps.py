from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dafeng.portal.accounts"
    label = "accounts"
    verbose_name = "账户"

    def ready(self) -> None:
        from dafeng.portal.accounts import desk, signals

        desk.register()
        signals.connect()
