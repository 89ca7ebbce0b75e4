"""What the ledger itself does by the clock; who may post what is the affair of the domain that posts."""

from dafeng.kernel.actions import action

KEEP = action("ledger.keep", "账本的到期清理、链头签署与公开文件", {"admin"}, writes=True)
