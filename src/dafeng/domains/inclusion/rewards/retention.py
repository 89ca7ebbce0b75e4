"""How long the accounts that money is paid to are kept (`rules.toml`): until some time after the treasury has paid."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from dafeng.domains.inclusion.models import AwardPayee


@cache
def kept_days() -> int:
    """Days after the payment was settled; a draft of the city."""
    rules = tomllib.loads(Path(__file__).with_name("rules.toml").read_text("utf-8"))
    days: int = rules["payee"]["kept_days"]
    return days


def clear(*, now: datetime) -> int:
    """Delete the payees of awards whose payment was settled longer ago than that; how many."""
    settled = AwardPayee.objects.filter(
        award__payment__record__state="settled",
        award__payment__record__changed_at__lt=now - timedelta(days=kept_days()),
    )
    return settled.delete()[0]
