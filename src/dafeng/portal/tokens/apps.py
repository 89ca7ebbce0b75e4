"""The page of tokens takes its place in the navigation."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "dafeng.portal.tokens"
    label = "tokens"
    verbose_name = "接口令牌"

    def ready(self) -> None:
        from django.urls import reverse
        from django.utils.translation import gettext_lazy

        from dafeng.kernel.desk.registry import Entry, register_entry
        from dafeng.portal.tokens import permissions

        register_entry(Entry("system", gettext_lazy("接口令牌"), lambda: reverse("tokens:list"), permissions.SEE, 94))
