"""Who may ask about readings, and who keeps points and devices. Points that a person may not see do not exist for them."""

from typing import Any

from dafeng.kernel.actions import PUBLIC, action
from dafeng.kernel.records.access import is_superuser, organisations_of, roles_of

KEEPERS = frozenset({"ndrc", "admin"})
SEES = {"leader", "ndrc", "ecology", "statistics", "department", "county", "enterprise", "verifier", "admin"}


def keeps_all(user: Any) -> bool:
    """Whether a person keeps the points and devices of everybody."""
    return is_superuser(user) or bool(KEEPERS & roles_of(user))


def may_keep(user: Any, thing: Any) -> bool:
    """`thing`: a point or a device. The keepers any; the people of an organisation what is theirs."""
    return keeps_all(user) or (bool(thing.organisation) and thing.organisation in organisations_of(user))


def may_decide(user: Any, held: Any) -> bool:
    """The keepers for all; the people of an organisation for what was told of its points or by its device."""
    return may_keep(user, held)


SEND = action("series.send", "报送计量读数（设备签名）", {PUBLIC}, writes=True)
SEE = action("series.see", "查看计量点和读数", SEES)
KEEP = action("series.keep", "登记计量点和采集设备", {"enterprise", *KEEPERS}, writes=True, rule=may_keep)
UPKEEP = action("series.upkeep", "整理计量数据的文件", KEEPERS, writes=True)
DECIDE = action("series.decide", "放行或废弃隔离的读数", {"enterprise", *KEEPERS}, writes=True, rule=may_decide)
UPLOAD = action("series.upload", "上传读数表格", {"enterprise", *KEEPERS}, writes=True)
