"""Who may see and keep the register: the offices all of it, a county and an enterprise their own; two bureaus write it."""

from __future__ import annotations

from dafeng.domains.enterprise.permissions import OFFICES
from dafeng.kernel.actions import action

KEEPERS = frozenset({"ecology", "ndrc"})

SEE = action("enterprise.register", "查看企业名录", OFFICES | {"enterprise"})
KEEP = action("enterprise.enlist", "登记、修改、导入企业名录", KEEPERS, writes=True)
