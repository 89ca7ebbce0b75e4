"""Who may ask about readings, and who keeps points and devices. Points that a person may not see do not exist for them."""

from typing import Any

from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.records.access import is_superuser, organisations_of, roles_of

KEEPERS = frozenset({"ndrc", "admin"})
SEES = {"leader", "ndrc", "ecology", "statistics", "department", "county", "enterprise", "verifier", "admin"}


def may_decide(user: Any, held: Any) -> bool:
    """The keepers for all; the people of an organisation for what was told of its points or by its device."""
    if is_superuser(user) or KEEPERS & roles_of(user):
        return True
    return bool(held.organisation) and held.organisation in organisations_of(user)


SEND = action("series.send", "报送计量读数（设备签名）", {PUBLIC}, writes=True)
SEE = action("series.see", "查看计量点和读数", SEES)
KEEP = action("series.keep", "登记计量点和采集设备", KEEPERS, writes=True)
DECIDE = action("series.decide", "放行或废弃隔离的读数", {"enterprise", *KEEPERS}, writes=True, rule=may_decide)
UPLOAD = action("series.upload", "上传读数表格", {"enterprise", *KEEPERS}, writes=True)
