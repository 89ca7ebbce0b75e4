"""The form of a new token: its choices are what the person's roles allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.actions import Action, may

TERMS = [("30", _("30 天")), ("90", _("90 天")), ("180", _("180 天")), ("365", _("一年"))]


class TokenForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=60, help_text=_("写明用在哪里，例如“月报脚本”"))
    scopes = forms.MultipleChoiceField(
        label=_("权限范围"), widget=forms.CheckboxSelectMultiple, help_text=_("只勾选用得着的；写操作要单独勾选")
    )
    lasts = forms.TypedChoiceField(
        label=_("期限"), choices=TERMS, initial="90", coerce=lambda days: timedelta(days=int(days))
    )

    def __init__(self, user: Any, offered: Mapping[str, Iterable[Action]], *args: Any, **kwargs: Any) -> None:
        """`offered`: the scopes that the API knows; of these, those in which the person may do something."""
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [
            (scope, format_html("<code>{}</code> <small>{}</small>", scope, "、".join(titles)))
            for scope, actions in offered.items()
            if (titles := [gettext(each.title) for each in actions if may(user, each)])
        ]
