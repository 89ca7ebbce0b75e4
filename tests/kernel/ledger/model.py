"""The ledger once more, in plain dictionaries and sums, written from its description and not from its code.

It keeps no counters: what is available is summed over all open holds at each question. Slow and plain on purpose. It
predicts the answer of every command, and the balances after it.
"""

from __future__ import annotations

import copy
import json
from typing import Any

HOUSE = ("issue", "retired", "cancelled", "expired")
NAMED = {
    "transfer",
    "allocate",
    "trade",
    "enforce",
    "redeem",
    "refund",
    "reward",
    "clawback",
    "donate",
    "deliver",
    "pay",
}
KINDS = {"order", "pledge", "freeze", "surrender", "cancellation", "carry_over", "dispute", "quarantine", "transit"}
MOST = 10**15
NOTED = {"close", "issue", "transfer", "hold", "settle", "release", "retire", "linked", "decline", "reverse"}


class No(Exception):
    """A refusal with its code."""


class Model:
    def __init__(self) -> None:
        self.clock = 0
        self.known: dict[str, tuple[str, str, str, str]] = {}  # key -> actor, name, body, answer
        self.others: set[tuple[str, str, str, str]] = set()  # conflicts: key, actor, name, body
        self.world: dict[str, Any] = {
            "assets": {}, "accounts": {}, "lots": {}, "units": {}, "sinks": {}, "holds": {}, "claims": [], "duties": {},
            "retired": [], "carried": {}, "proposals": {}, "moves": {}, "reversed": set(),
        }  # fmt: skip

    # ------------------------------------------------------------ commands

    def post(self, batch: list[tuple[str, str, str, dict[str, Any]]], now: int) -> list[tuple[str, bool]]:
        """(answer, again) of each."""
        ticked, replies = False, []
        for key, actor, name, body in batch:
            text = json.dumps(body, sort_keys=True)
            first = self.known.get(key)
            if first and first[:3] == (actor, name, text):
                replies.append((first[3], True))
                continue
            if first and (key, actor, name, text) in self.others:
                replies.append(("conflict", True))
                continue
            if not ticked:
                ticked, self.clock = True, max(self.clock, now)
            if first:
                self.others.add((key, actor, name, text))
                replies.append(("conflict", False))
                continue
            answer = self.decide(key, actor, name, body)
            self.known[key] = (actor, name, text, answer)
            replies.append((answer, False))
        return replies

    def decide(self, key: str, actor: str, name: str, body: dict[str, Any]) -> str:
        before = copy.deepcopy(self.world)
        self.key = key
        self.opened: list[tuple[str, str]] = []
        self.moved: list[tuple[str, Any, Any, str, int, str]] = []
        try:
            if "note" in body and name not in NOTED:
                raise No("bad_body")
            self.guard(name, body)
            getattr(self, "do_" + name)(key, actor, body)
        except No as refusal:
            self.world = before
            for account in self.opened:
                self.world["accounts"][account] = {"closed": False}
            return str(refusal)
        self.world["moves"][key] = self.moved
        return "ok"

    def guard(self, name: str, body: dict[str, Any]) -> None:
        asset = self.world["assets"].get(body.get("asset"))
        if name in ("settle", "release", "retire") and "asset" not in body:
            asset = self.world["assets"][self.hold(body["hold"])["asset"]]
        if name == "reverse" or (asset and name in asset["policy"].get("two_person", [])):
            raise No("needs_two")

    # ------------------------------------------------------------ what there is

    def asset(self, key: str) -> dict[str, Any]:
        if key not in self.world["assets"]:
            raise No("unknown_asset")
        found: dict[str, Any] = self.world["assets"][key]["policy"]
        return found

    def account(self, asset: str, ref: str, *, opens: bool = False) -> tuple[str, str]:
        rules = self.asset(asset)
        if (ref, asset) not in self.world["accounts"]:
            if not (opens and rules.get("auto_open")):
                raise No("unknown_account")
            self.may_open(rules, ref)
            self.world["accounts"][ref, asset] = {"closed": False}
            self.opened.append((ref, asset))
        if self.world["accounts"][ref, asset]["closed"]:
            raise No("account_closed")
        return ref, asset

    def may_open(self, rules: dict[str, Any], ref: str) -> None:
        holder, _, bucket = ref.rpartition("/")
        if bucket not in rules.get("buckets", ["main"]):
            raise No("bucket_not_allowed")
        allowed = rules.get("holders", ["*"])
        if "*" not in allowed and holder.split(":")[0] not in allowed:
            raise No("holder_not_allowed")

    def lot(self, asset: str, name: str) -> dict[str, Any]:
        if (asset, name) not in self.world["lots"]:
            raise No("unknown_lot")
        found: dict[str, Any] = self.world["lots"][asset, name]
        return found

    def hold(self, name: str) -> dict[str, Any]:
        if name not in self.world["holds"]:
            raise No("unknown_hold")
        found: dict[str, Any] = self.world["holds"][name]
        return found

    def total(self, account: tuple[str, str], lot: str) -> int:
        return int(self.world["units"].get((*account, lot), 0))

    def kept(self, account: tuple[str, str], lot: str, *, freeze: bool) -> int:
        return sum(
            amount
            for held in self.world["holds"].values()
            if held["open"] and (held["ref"], held["asset"]) == account and (held["kind"] == "freeze") == freeze
            for name, amount in held["parts"]
            if name == lot
        )

    def available(self, account: tuple[str, str], lot: str) -> int:
        both = self.kept(account, lot, freeze=False) + self.kept(account, lot, freeze=True)
        return max(0, self.total(account, lot) - both)

    def usable(self, lot: dict[str, Any]) -> bool:
        return not lot["until"] or self.clock < lot["until"]

    def amount(self, asset: str, amount: int) -> int:
        if amount <= 0:
            raise No("bad_amount")
        if amount > self.asset(asset).get("max_amount", MOST):
            raise No("absurd_amount")
        return amount

    def lots_of(self, account: tuple[str, str], names: list[str] | None) -> list[str]:
        asset, order = account[1], self.asset(account[1]).get("lot_order", "fifo")
        if names:
            if len(set(names)) < len(names):
                raise No("bad_body")
            found = [self.lot(asset, name)["name"] for name in names]
            return [name for name in found if (*account, name) in self.world["units"]]
        if order == "strict":
            raise No("lot_required")
        mine = [
            self.world["lots"][asset, u[2]]
            for u in self.world["units"]
            if u[:2] == account and self.total(account, u[2])
        ]
        if order == "expiry":
            mine.sort(key=lambda lot: (lot["until"] or 10**30, lot["vintage"], lot["born"]))
        else:
            mine.sort(key=lambda lot: (lot["vintage"], lot["born"]))
        return [lot["name"] for lot in mine]

    def pick(self, account: tuple[str, str], amount: int, names: list[str] | None) -> list[tuple[str, int]]:
        lots = self.lots_of(account, names)
        good = [name for name in lots if self.usable(self.world["lots"][account[1], name])]
        parts, lacking = [], amount
        for name in good:
            part = min(self.available(account, name), lacking)
            if part:
                parts.append((name, part))
                lacking -= part
        if not lacking:
            return parts
        if sum(self.total(account, name) for name in lots) < amount:
            raise No("insufficient")
        if sum(self.total(account, name) for name in good) < amount:
            raise No("lot_expired")
        if sum(self.total(account, n) - self.kept(account, n, freeze=True) for n in good) < amount:
            raise No("frozen")
        raise No("held")

    def path(self, source: tuple[str, str], target: tuple[str, str]) -> str:
        rules = self.asset(source[1])
        if source == target:
            raise No("same_account")
        (one, _, here), (two, _, there) = source[0].rpartition("/"), target[0].rpartition("/")
        if one == two:
            if not rules.get("moves"):
                raise No("not_transferable")
            return "move"
        if here not in rules.get("transfer", []) or there not in rules.get("transfer", []):
            raise No("not_transferable")
        return "transfer"

    def move(self, what: str, source: Any, target: Any, lot: str, amount: int, asset: str) -> None:
        """Accounts are pairs, sinks are texts."""
        for where, sign in ((source, -1), (target, 1)):
            place, key = ("sinks", (asset, where, lot)) if isinstance(where, str) else ("units", (*where, lot))
            self.world[place][key] = self.world[place].get(key, 0) + sign * amount
            assert place == "sinks" or self.world[place][key] >= 0
        self.moved.append((what, source, target, lot, amount, asset))

    # ------------------------------------------------------------ keeping

    def do_asset(self, key: str, actor: str, body: dict[str, Any]) -> None:
        known = self.world["assets"].get(body["asset"])
        if known and (known["unit"], known["scale"]) != (body["unit"], body["scale"]):
            raise No("asset_changed")
        self.world["assets"][body["asset"]] = {k: body[k] for k in ("unit", "scale", "policy")}

    def do_open(self, key: str, actor: str, body: dict[str, Any]) -> None:
        rules = self.asset(body["asset"])
        if (body["account"], body["asset"]) in self.world["accounts"]:
            raise No("account_exists")
        self.may_open(rules, body["account"])
        self.world["accounts"][body["account"], body["asset"]] = {"closed": False}

    def do_close(self, key: str, actor: str, body: dict[str, Any]) -> None:
        account = self.account(body["asset"], body["account"])
        if any(self.total(account, u[2]) for u in self.world["units"] if u[:2] == account):
            raise No("account_not_empty")
        self.world["accounts"][account]["closed"] = True

    def do_lot(self, key: str, actor: str, body: dict[str, Any]) -> None:
        asset, name, low, high = body["asset"], body["lot"], body["serial_from"], body["serial_from"] + body["amount"]
        self.asset(asset)
        if body["amount"] <= 0:
            raise No("bad_amount")
        if low < 0 or high > 2**62:
            raise No("absurd_amount")
        until = body.get("usable_until", 0)
        if until and until <= self.clock:
            raise No("lot_expired")
        if (asset, name) in self.world["lots"]:
            raise No("lot_exists")
        if "parent" in body:
            self.lot(asset, body["parent"])
        for other in self.world["lots"].values():
            if (
                (other["asset"], other["source"]) == (asset, body["source"])
                and low < other["high"]
                and other["low"] < high
            ):
                raise No("serials_overlap")
        self.world["lots"][asset, name] = {
            "asset": asset, "name": name, "vintage": body["vintage"], "source": body["source"], "low": low, "high": high,
            "until": until, "labels": body.get("labels", []), "born": len(self.world["lots"]), "issued": 0,
        }  # fmt: skip

    def do_duty(self, key: str, actor: str, body: dict[str, Any]) -> None:
        self.asset(body["asset"])
        if body["amount"]:
            self.amount(body["asset"], body["amount"])
        self.world["duties"][body["holder"], body["period"], body["asset"]] = body["amount"]

    def do_tick(self, key: str, actor: str, body: dict[str, Any], *, two: bool = False) -> None:
        if body["to"] <= self.clock:
            raise No("clock_back")
        if self.clock and body["to"] - self.clock > 400 * 86400 and not two:
            raise No("clock_ahead")
        self.clock = body["to"]

    # ------------------------------------------------------------ moving

    def code(self, body: dict[str, Any], default: str) -> str:
        name: str = body.get("code", default)
        if name != default and name not in NAMED:
            raise No("bad_body")
        return name

    def do_issue(self, key: str, actor: str, body: dict[str, Any]) -> None:
        asset = body["asset"]
        self.asset(asset)
        amount = self.amount(asset, body["amount"])
        target = self.account(asset, body["to"], opens=True)
        lot = self.lot(asset, body["lot"])
        if not self.usable(lot):
            raise No("lot_expired")
        if lot["issued"] + amount > lot["high"] - lot["low"]:
            raise No("lot_full")
        if self.asset(asset).get("claim_required") and not body.get("claims"):
            raise No("claim_required")
        self.code(body, "issue")
        if "hold" in body or "kind" in body:
            self.may_hold(asset, body)
        self.claim(key, body.get("claims", []))
        lot["issued"] += amount
        self.move("issue", "issue", target, lot["name"], amount, asset)
        if "hold" in body:
            self.place(target, body, [(lot["name"], amount)], None)

    def claim(self, key: str, claims: list[Any]) -> None:
        if any(not 0 <= low < high for *_, low, high in claims):
            raise No("bad_body")
        for kind, subject, period, low, high in claims:
            for owner, *space, below, above in self.world["claims"]:
                if owner and space == [kind, subject, period] and low < above and below < high:
                    raise No("claimed")
            self.world["claims"].append([key, kind, subject, period, low, high])

    def do_transfer(self, key: str, actor: str, body: dict[str, Any]) -> None:
        asset = body["asset"]
        self.asset(asset)
        amount = self.amount(asset, body["amount"])
        source, target = self.account(asset, body["from"]), self.account(asset, body["to"], opens=True)
        what = self.code(body, self.path(source, target))
        for lot, part in self.pick(source, amount, body.get("lots")):
            self.move(what, source, target, lot, part, asset)

    def do_retire(self, key: str, actor: str, body: dict[str, Any]) -> None:
        held = self.hold(body["hold"]) if "hold" in body else None
        source = (held["ref"], held["asset"]) if held else self.account(body["asset"], body["from"])
        asset = source[1]
        rule = self.asset(asset).get("purposes", {}).get(body["purpose"])
        if rule is None:
            raise No("unknown_purpose")
        if rule.get("buckets") and source[0].rpartition("/")[2] not in rule["buckets"]:
            raise No("not_transferable")
        whole = sum(part for _, part in held["parts"]) if held else 0
        amount = self.amount(asset, body.get("amount", whole))
        for _kind, _subject, _period, low, high in body.get("claims", []):
            if not 0 <= low < high:
                raise No("bad_body")
        who, period, purpose = body["beneficiary"], body["period"], body["purpose"]
        if rule.get("max_share_bp"):
            duty = self.world["duties"].get((who, period, rule["duty_asset"]))
            if duty is None:
                raise No("no_duty")
            sharing = [
                name for name, found in self.world["assets"].items()
                if found["policy"].get("purposes", {}).get(purpose, {}).get("duty_asset") == rule["duty_asset"]
            ]  # fmt: skip
            used = sum(r[4] for r in self.world["retired"] if r[:3] == (who, period, purpose) and r[3] in sharing)
            if used + amount > duty * rule["max_share_bp"] // 10000:
                raise No("over_share")
        parts = self.settling(held, actor, amount) if held else self.pick(source, amount, body.get("lots"))
        for name, _ in parts:
            lot = self.world["lots"][asset, name]
            if rule.get("not_after_period") and lot["vintage"] > int(period[:4]):
                raise No("vintage_too_new")
            if set(rule.get("forbidden", [])) & set(lot["labels"]):
                raise No("label_forbidden")
        self.claim(key, body.get("claims", []))
        for name, part in parts:
            self.move("retire", source, rule.get("sink", "retired"), name, part, asset)
        if held:
            held["open"] = False
        self.world["retired"].append((who, period, purpose, asset, amount))

    def do_expire(self, key: str, actor: str, body: dict[str, Any]) -> None:
        self.asset(body["asset"])
        lot = self.lot(body["asset"], body["lot"])
        if self.usable(lot):
            raise No("lot_not_expired")
        owners = [account for account in self.world["accounts"] if self.available(account, lot["name"])]
        if not [account for account in owners if account[1] == body["asset"]]:
            raise No("nothing_due")
        for account in [account for account in owners if account[1] == body["asset"]][: body["limit"]]:
            self.move("expire", account, "expired", lot["name"], self.available(account, lot["name"]), body["asset"])

    def do_carry_over(self, key: str, actor: str, body: dict[str, Any]) -> None:
        asset = body["asset"]
        self.asset(asset)
        amount = self.amount(asset, body["amount"])
        account, new = self.account(asset, body["from"]), self.lot(asset, body["to_lot"])
        if not body["lots"] or body["to_lot"] in body["lots"]:
            raise No("bad_body")
        if body["cap"] < 0:
            raise No("bad_amount")
        before = self.world["carried"].get((account, new["name"]), 0)
        if before + amount > body["cap"]:
            raise No("over_cap")
        if not self.usable(new):
            raise No("lot_expired")
        if new["issued"] + amount > new["high"] - new["low"]:
            raise No("lot_full")
        for name, part in self.pick(account, amount, body["lots"]):
            if self.world["lots"][asset, name]["vintage"] >= new["vintage"]:
                raise No("vintage_too_new")
            self.move("carry_out", account, "expired", name, part, asset)
        new["issued"] += amount
        self.move("carry_in", "issue", account, new["name"], amount, asset)
        self.world["carried"][account, new["name"]] = before + amount

    # ------------------------------------------------------------ holding

    def may_hold(self, asset: str, body: dict[str, Any]) -> None:
        if body.get("kind") not in KINDS:
            raise No("bad_body")
        if body["kind"] not in self.asset(asset).get("holds", []):
            raise No("hold_not_allowed")
        if body["kind"] in ("pledge", "freeze") and not body.get("signer"):
            raise No("signer_required")
        if "expires" in body and body["expires"] <= self.clock:
            raise No("hold_expired")
        if not body.get("hold"):
            raise No("bad_body")
        if body["hold"] in self.world["holds"]:
            raise No("hold_exists")

    def place(
        self, account: tuple[str, str], body: dict[str, Any], parts: list[tuple[str, int]], to: str | None
    ) -> None:
        if to:
            self.path(account, self.account(account[1], to))
        self.world["holds"][body["hold"]] = {
            "ref": account[0], "asset": account[1], "kind": body["kind"], "to": to, "signer": body.get("signer", ""),
            "expires": body.get("expires", 0), "open": True, "parts": parts, "of": self.key,
        }  # fmt: skip

    def do_hold(self, key: str, actor: str, body: dict[str, Any]) -> None:
        asset = body["asset"]
        self.asset(asset)
        amount = self.amount(asset, body["amount"])
        account = self.account(asset, body["account"])
        self.may_hold(asset, body)
        if body["kind"] == "freeze":
            parts = self.freezing(account, amount, body.get("lots"))
        else:
            parts = self.pick(account, amount, body.get("lots"))
        self.place(account, body, parts, body.get("to"))
        self.moved.append(("hold", None, None, "", 0, asset))

    def freezing(self, account: tuple[str, str], amount: int, names: list[str] | None) -> list[tuple[str, int]]:
        lots, lacking = self.lots_of(account, names), amount
        taken = dict.fromkeys(lots, 0)
        for name in lots:
            taken[name] = min(self.available(account, name), lacking)
            lacking -= taken[name]
        for name in lots:
            rest = self.total(account, name) - self.kept(account, name, freeze=True) - taken[name]
            part = min(max(rest, 0), lacking)
            taken[name] += part
            lacking -= part
        if lacking:
            raise No("insufficient")
        return [(name, part) for name, part in taken.items() if part]

    def settling(self, held: dict[str, Any], actor: str, amount: int) -> list[tuple[str, int]]:
        account = (held["ref"], held["asset"])
        self.check_open(held, actor)
        if held["expires"] and self.clock >= held["expires"]:
            raise No("hold_expired")
        if amount > sum(part for _, part in held["parts"]):
            raise No("insufficient")
        parts, lacking = [], amount
        for name, kept in held["parts"]:
            part = min(kept, lacking)
            lacking -= part
            frozen = held["kind"] == "freeze"
            if part > self.total(account, name) - self.kept(account, name, freeze=not frozen):
                raise No("held" if frozen else "frozen")
            if part:
                parts.append((name, part))
        return parts

    def check_open(self, held: dict[str, Any], actor: str) -> None:
        if not held["open"]:
            raise No("hold_closed")
        if held["signer"] and held["signer"] != actor:
            raise No("wrong_signer")

    def do_settle(self, key: str, actor: str, body: dict[str, Any]) -> None:
        held = self.hold(body["hold"])
        asset = held["asset"]
        amount = self.amount(asset, body.get("amount", sum(part for _, part in held["parts"])))
        if "to" in body:
            if held["to"] and held["to"] != body["to"]:
                raise No("wrong_signer" if held["signer"] else "not_transferable")
            target = self.account(asset, body["to"], opens=True)
        elif held["to"]:
            target = self.account(asset, held["to"])
        else:
            raise No("bad_body")
        source = (held["ref"], asset)
        default = self.path(source, target)
        parts = self.settling(held, actor, amount)
        what = self.code(body, default)
        held["open"] = False
        for name, part in parts:
            self.move(what, source, target, name, part, asset)

    def do_release(self, key: str, actor: str, body: dict[str, Any]) -> None:
        held = self.hold(body["hold"])
        self.check_open(held, actor)
        held["open"] = False
        self.moved.append(("release", None, None, "", 0, held["asset"]))

    def do_expire_holds(self, key: str, actor: str, body: dict[str, Any]) -> None:
        due = [held for held in self.world["holds"].values() if held["open"] and 0 < held["expires"] <= self.clock]
        if not due:
            raise No("nothing_due")
        for held in due:
            held["open"] = False
        self.moved.append(("release", None, None, "", 0, ""))

    # ------------------------------------------------------------ several at once

    def do_linked(self, key: str, actor: str, body: dict[str, Any]) -> None:
        for name, _ in body["steps"]:
            if name not in ("issue", "transfer", "hold", "settle", "release", "retire"):
                raise No("not_linkable")
        for name, step in body["steps"]:
            self.guard(name, step)
        for name, step in body["steps"]:
            if "to" in step and name in ("issue", "transfer"):
                self.asset(step["asset"])
                self.account(step["asset"], step["to"], opens=True)
            if "to" in step and name == "settle" and step["hold"] in self.world["holds"]:
                self.account(self.hold(step["hold"])["asset"], step["to"], opens=True)
        for name, step in body["steps"]:
            getattr(self, "do_" + name)(key, actor, step)

    def do_propose(self, key: str, actor: str, body: dict[str, Any]) -> None:
        self.world["proposals"][key] = {"actor": actor, "open": True, **body}

    def proposal(self, key: str) -> dict[str, Any]:
        if key not in self.world["proposals"]:
            raise No("unknown_proposal")
        found: dict[str, Any] = self.world["proposals"][key]
        if not found["open"]:
            raise No("proposal_closed")
        return found

    def do_approve(self, key: str, actor: str, body: dict[str, Any]) -> None:
        found = self.proposal(body["proposal"])
        if found["actor"] == actor:
            raise No("same_person")
        if found["do"] == "reverse":
            self.undo(found["body"]["command"])
        elif found["do"] == "tick":
            self.do_tick(key, actor, found["body"], two=True)
        else:
            getattr(self, "do_" + found["do"])(key, found["actor"], found["body"])
        self.proposal(body["proposal"])["open"] = False

    def do_decline(self, key: str, actor: str, body: dict[str, Any]) -> None:
        self.proposal(body["proposal"])["open"] = False

    def undo(self, key: str) -> None:
        if key not in self.known or self.known[key][3] != "ok":
            raise No("unknown_target")
        moves = self.world["moves"].get(key, [])
        if not moves:
            raise No("not_reversible")
        if key in self.world["reversed"]:
            raise No("already_reversed")
        real = [move for move in moves if move[0] not in ("hold", "release")]
        if not real or any(move[0] == "reverse" for move in real):
            raise No("not_reversible")
        for held in self.world["holds"].values():
            if held.get("of") == key and held["open"]:
                if held["signer"]:
                    raise No("wrong_signer")
                held["open"] = False
        for what, source, target, lot, amount, asset in reversed(real):
            if isinstance(target, str) or what == "carry_in":
                raise No("terminal")
            back = "cancelled" if isinstance(source, str) else source
            for account in (target, back):
                if isinstance(account, tuple) and self.world["accounts"][account]["closed"]:
                    raise No("account_closed")
            if self.available(target, lot) < amount:
                raise No("held" if self.total(target, lot) >= amount else "insufficient")
            self.move("reverse", target, back, lot, amount, asset)
        for row in self.world["claims"]:
            if row[0] == key:
                row[0] = None
        self.world["reversed"].add(key)

    # ------------------------------------------------------------ what to compare

    def balances(self) -> dict[tuple[str, str, str], tuple[int, int, int]]:
        """(account, asset, lot) -> total, held, frozen; without zeros."""
        found = {}
        for ref, asset, lot in self.world["units"]:
            row = (
                self.total((ref, asset), lot),
                self.kept((ref, asset), lot, freeze=False),
                self.kept((ref, asset), lot, freeze=True),
            )
            if any(row):
                found[ref, asset, lot] = row
        return found

    def endings(self) -> dict[tuple[str, str, str], int]:
        """(asset, sink, lot) -> units; `issue` counts what was given, as a negative number."""
        return {key: units for key, units in self.world["sinks"].items() if units}
