"""Who may see, make and withdraw tokens: everybody their own, the administrator all."""

from dafeng.kernel.actions import ANYONE, action

SEES_ALL = frozenset({"admin"})

SEE = action("token.see", "查看自己的接口令牌", {ANYONE})
MAKE = action("token.make", "新建和停用自己的接口令牌", {ANYONE}, writes=True)
