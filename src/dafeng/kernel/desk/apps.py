from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "dafeng.kernel.desk"
    label = "desk"
    verbose_name = "工作台"
