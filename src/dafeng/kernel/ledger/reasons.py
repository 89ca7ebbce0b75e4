"""Why a command is refused: a code for programs, a sentence in Chinese and in English for people.

Codes are part of the log and never change their meaning. A refusal stays: the same key and body give it again.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    zh: str
    en: str


REASONS: dict[str, Reason] = {
    "unknown_command": Reason("没有这种指令", "There is no such command"),
    "bad_body": Reason("指令内容缺项、多项或类型不对", "A field of the command is missing, unknown or of a wrong type"),
    "bad_amount": Reason("数量应为正整数", "The amount must be a positive integer"),
    "absurd_amount": Reason("数量超过此资产单笔上限", "The amount exceeds the asset's limit for one command"),
    "bad_policy": Reason("资产规则不合要求", "The asset's policy breaks the rules for policies"),
    "unknown_asset": Reason("没有这种资产", "There is no such asset"),
    "asset_changed": Reason("资产的单位和小数位不能更改", "An asset's unit and scale cannot change"),
    "unknown_account": Reason("没有这个账户", "There is no such account"),
    "account_exists": Reason("账户已经存在", "The account exists already"),
    "account_closed": Reason("账户已经注销", "The account is closed"),
    "account_not_empty": Reason("账户还有余额，不能注销", "An account with a balance cannot be closed"),
    "same_account": Reason("转出和转入是同一账户", "Source and target are the same account"),
    "not_transferable": Reason("此资产或子账户不允许转让", "The asset's policy does not allow this transfer"),
    "bucket_not_allowed": Reason("此资产没有这种子账户", "The asset has no such bucket"),
    "holder_not_allowed": Reason("这类主体不能持有此资产", "Holders of this kind may not hold the asset"),
    "unknown_lot": Reason("没有这个批次", "There is no such lot"),
    "lot_exists": Reason("批次已经存在", "The lot exists already"),
    "lot_full": Reason("批次的编号已经发完", "The lot's serials are used up"),
    "lot_expired": Reason("批次已过有效期", "The lot is past its last day of use"),
    "lot_not_expired": Reason("批次还在有效期内", "The lot is still usable"),
    "lot_required": Reason("此资产须指明批次", "The asset's policy asks for lots to be named"),
    "serials_overlap": Reason("编号段与同一来源的其他批次重叠", "The serials overlap another lot of the same source"),
    "insufficient": Reason("余额不足", "The balance does not suffice"),
    "held": Reason("可用余额不足，其余已被占用", "The rest of the balance is held"),
    "frozen": Reason("所需份额已被司法冻结", "The units are frozen by a court"),
    "unknown_hold": Reason("没有这笔占用", "There is no such hold"),
    "hold_exists": Reason("占用编号已经用过", "The name of the hold is taken"),
    "hold_closed": Reason("这笔占用已经了结", "The hold is resolved already"),
    "hold_expired": Reason("这笔占用已过期", "The hold has expired"),
    "hold_not_allowed": Reason("此资产不允许这种占用", "The asset's policy does not allow this kind of hold"),
    "signer_required": Reason("质押和冻结须指明解除人", "A pledge or freeze must name who may release it"),
    "wrong_signer": Reason("只有指明的解除人才能处理这笔占用", "Only the named signer may resolve the hold"),
    "unknown_purpose": Reason("此资产不允许这种用途", "The asset's policy knows no such purpose"),
    "retirement_incomplete": Reason("须写明用途、受益人和期间", "Purpose, beneficiary and period are required"),
    "vintage_too_new": Reason("批次年份晚于履约年份", "The vintage is later than the compliance period"),
    "label_forbidden": Reason("这一来源的份额不能用于此用途", "Units of this origin cannot serve this purpose"),
    "over_share": Reason("超过抵销比例上限", "The share of the duty that may be offset is exceeded"),
    "no_duty": Reason("没有登记这一期间的应清缴量", "No duty is recorded for the period"),
    "over_cap": Reason("超过结转上限", "The cap for carrying over is exceeded"),
    "claimed": Reason("同一环境权益已被申领", "The same environmental attribute is claimed already"),
    "claim_required": Reason("发放此资产须登记环境权益", "The asset's policy asks for a claim at issue"),
    "needs_two": Reason("此操作须由两人办理：一人提出，另一人批准", "Two persons are needed: one proposes, another approves"),
    "same_person": Reason("提出人不能批准自己的申请", "Who proposed may not approve"),
    "unknown_proposal": Reason("没有这项申请", "There is no such proposal"),
    "proposal_closed": Reason("申请已经办结", "The proposal is closed already"),
    "unknown_target": Reason("没有这条可冲正的指令", "There is no command to reverse"),
    "already_reversed": Reason("指令已经冲正过", "The command is reversed already"),
    "not_reversible": Reason("这种指令不能冲正", "Commands of this kind cannot be reversed"),
    "terminal": Reason("已注销、作废或过期的份额不能退回", "Retired, cancelled or expired units do not come back"),
    "clock_ahead": Reason("时间比账本超前太多", "The time is too far ahead of the ledger"),
    "clock_back": Reason("时间不能倒退", "Time cannot go back"),
    "conflict": Reason("同一编号下的内容或发送人不同", "Another body or sender was given under the same key"),
    "not_linkable": Reason("这种指令不能并入联动指令", "This command cannot be part of a linked one"),
    "nothing_due": Reason("没有到期的占用或批次", "Nothing is due"),
}  # fmt: skip


class Refused(Exception):
    """Raised by a rule; becomes the answer of the command. `detail` is free of language: a name or two numbers."""

    def __init__(self, reason: str, detail: str = "") -> None:
        assert reason in REASONS, reason
        self.reason, self.detail = reason, detail
        super().__init__(reason, detail)


def text(answer: str, detail: str = "", *, language: str = "zh") -> str:
    """The sentence of an answer in a language."""
    if answer == "ok":
        return "已办理" if language == "zh" else "Done"
    sentence = REASONS[answer].zh if language == "zh" else REASONS[answer].en
    if not detail:
        return sentence
    return f"{sentence}（{detail}）" if language == "zh" else f"{sentence} ({detail})"
