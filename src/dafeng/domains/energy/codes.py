"""The codes under which buildings, parks, plants, rivers, stations and gauges are registered: one form for all."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,59}")


def check_code(code: str) -> str:
    """The code itself. Raises `Refused` (`code`)."""
    if not CODE.fullmatch(code):
        raise Refused(
            "code", _("编号“%(code)s”写法不对") % {"code": code[:20]}, expected=_("字母、数字、短横线，2–60 个")
        )
    return code
