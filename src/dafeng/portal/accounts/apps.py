from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dafeng.portal.accounts"
    label = "accounts"
    verbose_name = "账户"
