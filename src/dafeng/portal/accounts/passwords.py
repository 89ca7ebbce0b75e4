"""Django's rule on the length of passwords, in words that its Chinese catalogue lacks."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _


class LongEnough(MinimumLengthValidator):
    def get_error_message(self) -> str:
        return _("密码太短了，至少要 %(count)d 个字符。") % {"count": self.min_length}

    def get_help_text(self) -> str:
        return _("密码至少 %(count)d 个字符。") % {"count": self.min_length}
