"""What a form says of wrong input, in the words of the person who fills it in: what is wrong and what was expected.

Django's own sentences speak of variables and fields. A form that knows better (`error_messages`) still has the last word.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _

SAID: dict[type[forms.Field], dict[str, Any]] = {
    forms.Field: {"required": _("请填写")},
    forms.ChoiceField: {"required": _("请选一项"), "invalid_choice": _("请从列表里选一项")},
    forms.FileField: {"required": _("请选择文件"), "empty": _("文件是空的，请重新选择"), "missing": _("请选择文件")},
    forms.IntegerField: {"invalid": _("请填整数，例如 2026")},
    forms.FloatField: {"invalid": _("请填数字，例如 120.5")},
    forms.DecimalField: {"invalid": _("请填数字，例如 120.5")},
    forms.DateField: {"invalid": _("没有这一天，请写成 2026-10-31 这样的日期")},
    forms.DateTimeField: {"invalid": _("没有这个时间，请写成 2026-10-31 08:00 这样的时间")},
}
LIMITS: dict[type[validators.BaseValidator], Any] = {
    validators.MaxLengthValidator: _("最多 %(limit_value)s 个字，现在有 %(show_value)s 个"),
    validators.MinLengthValidator: _("至少 %(limit_value)s 个字，现在有 %(show_value)s 个"),
    validators.MinValueValidator: _("不能小于 %(limit_value)s"),
    validators.MaxValueValidator: _("不能大于 %(limit_value)s"),
}


def lay() -> None:
    """Put the sentences in place; before any form is declared, for a field takes its sentences when it is made."""
    for field, said in SAID.items():
        field.default_error_messages = field.default_error_messages | said
    for limit, sentence in LIMITS.items():
        limit.message = sentence
    validators.validate_slug.message = _("只能用字母、数字、下划线和短横线")
