#!/usr/bin/env python3
"""Checks an export of a dafeng ledger (核验达峰账本的导出文件). Needs Python 3.10 and nothing else.

python3 verify_ledger.py ledger.jsonl [PUBLIC_KEY]      PUBLIC_KEY: 64 hexadecimal digits, as published
Checked: chain, numbers, time (I3, I12), balances and holds as the fold of the log (I1, I2, I4, I6, I14), serials (I5), sinks
(I7), retirements (I8), claims (I9), signers (I11), keys (I13), the digest of the state, Ed25519 signatures (RFC 8032).
"""

import hashlib
import json
import sys
from collections import defaultdict
from itertools import pairwise

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


def plus(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def times(number, point):
    half = times(number >> 1, plus(point, point)) if number else (0, 1, 1, 0)
    return plus(half, point) if number % 2 else half


def point(data):
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "a key or signature that is no point of the curve")
    return (x := P - x if x % 2 != sign else x), y, 1, x * y % P


def signed(key, message, signature):
    s, digest = int.from_bytes(signature[32:], "little"), hashlib.sha512(signature[:32] + key + message).digest()
    a = times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
    b = plus(point(signature[:32]), times(int.from_bytes(digest, "little") % Q, point(key)))
    return len(signature) == 64 and s < Q and (a[0] * b[2] - b[0] * a[2]) % P == (a[1] * b[2] - b[1] * a[2]) % P == 0


def need(holds, what):
    if not holds:
        sys.exit(f"核验失败 FAILED: {what}")


class Log:
    def __init__(self):
        self.n, self.hash, self.seq, self.entry, self.clock = 0, "01" + "00" * 31, 0, 0, 0
        self.hashes, self.keys, self.debit, self.credit = {0: self.hash}, {}, defaultdict(int), defaultdict(int)
        self.held, self.signers, self.proposals, self.claims, self.account, self.lot = {}, {}, {}, {}, {}, {}

    def block(self, n, previous, digest, commands, entries):
        data = encode([1, n, previous, commands, entries]).encode()
        need((n, previous) == (self.n + 1, self.hash), f"block {n} does not follow (I12)")
        need(hashlib.sha256(data).hexdigest() == digest, f"block {n} was altered (I3)")
        self.n, self.hash, self.hashes[n], rest = n, digest, digest, iter(entries)
        for row in commands:
            self.command(*row)
            for _ in range(row[9]):
                self.move(row, *next(rest))
        need(next(rest, None) is None, f"block {n}: entries without a command")

    def command(self, seq, key, actor, name, ts, answer, _, original, first, count, body):
        need(seq == self.seq + 1 and ts >= self.clock, f"command {seq}: number or time (I12)")
        need(self.keys.setdefault(key, seq) == (original or seq), f"command {seq}: key used twice (I13)")
        need(answer == "ok" or not count, f"command {seq}: refused, yet it moved")
        self.seq, self.clock, body = seq, ts, json.loads(body)
        if name == "propose" and answer == "ok":
            self.proposals[key] = [body["do"], body["body"]]
        inner = {"linked": lambda: body["steps"], "approve": lambda: [self.proposals[body["proposal"]]]}
        for act, told in inner.get(name, lambda: [[name, body]])() if answer == "ok" else []:
            if act == "open":
                self.account[seq] = [told["asset"], told["account"]]
            elif act == "lot":
                named, low = [told[word] for word in ("asset", "lot", "vintage", "source")], told["serial_from"]
                self.lot[seq] = [*named, low, low + told["amount"], told.get("usable_until", 0)]
            elif act == "reverse":
                self.claims.pop(told["command"], None)
            end = all(map(told.get, ("purpose", "beneficiary", "period")))
            need(act != "retire" or end, f"command {seq}: without purpose (I8)")
            if act in ("settle", "release", "retire") and name != "approve":
                need(self.signers.get(told.get("hold")) in (None, actor), f"command {seq}: not the signer (I11)")
            elif act in ("hold", "issue") and "hold" in told:
                self.signers[told["hold"]] = told.get("signer") or None
            if act in ("issue", "retire"):
                self.claims.setdefault(key, []).extend(told.get("claims", []))

    def move(self, row, seq, owner, kind, code, giver, taker, lot, amount, hold):
        need(seq == self.entry + 1 and owner == row[0] and row[8] <= seq < row[8] + row[9], f"entry {seq} (I12)")
        need(amount > 0 and lot in self.lot and kind in (1, 2, 3, 4), f"entry {seq}: amount, lot or kind")
        self.entry = seq
        if kind in (3, 4):
            was = self.held.pop(hold, [0, 0, 0, 0])
            need(was[:2] == [giver, lot] and amount <= was[3], f"entry {seq}: no such hold (I4)")
        if kind == 2:
            self.held[seq] = [giver, lot, code, amount]
        elif kind != 4:
            need((giver > 0 or giver % 4 == 0) and (taker > 0 or taker % 4), f"entry {seq}: a sink turned round (I7)")
            self.debit[giver, lot] += amount
            self.credit[taker, lot] += amount

    def check(self, state):
        kept, spaces = defaultdict(lambda: [0, 0]), defaultdict(list)
        for account, lot, code, amount in self.held.values():
            kept[account, lot][code == 42] += amount
        balance = {tuple(row[:2]): row[2:] for row in state["balance"]}
        for at in {*balance, *self.debit, *self.credit}:
            need(balance.get(at) == [self.debit[at], self.credit[at], *kept[at]], f"balance of account, lot {at} (I14)")
            need(at[0] < 0 or self.credit[at] - self.debit[at] >= max(kept[at]), f"{at}: less than is held (I2)")
            need(at[0] > 0 or at[0] % 4 or self.debit[at] <= self.lot[at[1]][5] - self.lot[at[1]][4], f"{at} (I6)")
        told = {row[0]: row[1:3] for row in state["account"]}, {row[0]: row[1:] for row in state["lot"]}
        need(told == (self.account, self.lot), "accounts or lots (I14)")
        need({row[0] for row in state["hold"]} <= {*self.held}, "holds (I14)")
        for asset, _, _, source, *serials, _ in self.lot.values():
            spaces[asset, source].append(serials)
        for kind, subject, period, *units in (claim for each in self.claims.values() for claim in each):
            spaces[kind, subject, period].append(units)
        for space, ranges in spaces.items():
            need(all(a[1] <= b[0] for a, b in pairwise(sorted(ranges))), f"twice the same of {space} (I5, I9)")


def main(path, key=""):
    log, state, digest, header = Log(), defaultdict(list), hashlib.sha256(), []
    for kind, *line in map(json.loads, open(path, encoding="utf-8")):  # noqa: SIM115
        if kind == "header":
            header = line
        elif kind == "block":
            log.block(*line)
        else:
            state[kind].append(line)
            digest.update((encode([kind, *line]) + "\n").encode() if kind != "head" else b"")
    end = ["dafeng-ledger", 1, log.n, log.hash, log.seq, log.entry, digest.hexdigest()]
    need(header == end, "the header or the state differs from the log (I14)")
    log.check(state)
    for *line, public, signature in state["head"]:
        need(log.hashes.get(line[1]) == line[2] and key in ("", public), f"head of {line[0]}")
        data = encode(["dafeng-ledger-head", 1, *line]).encode()
        need(signed(bytes.fromhex(public), data, bytes.fromhex(signature)), f"signature of {line[0]}")
    print(f"账本完好 intact: {log.n} blocks, {log.seq} commands, {log.entry} entries, {len(state['head'])} signatures")


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) in (2, 3) else sys.exit(__doc__)
