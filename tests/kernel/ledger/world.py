"""A small world in which commands are drawn at random: valid ones mostly, and every kind of wrong one.

Two allowance-like assets that share a duty, points that expire by month, money, and waste by mass; few accounts, few lots,
small numbers, so that commands meet each other often.
"""

from __future__ import annotations

import random
from typing import Any

Drawn = tuple[str, str, str, dict[str, Any]]  # key, actor, name, body

DAY = 86_400
START = 1_767_225_600  # 2026-01-01T00:00:00Z

ASSETS: dict[str, dict[str, Any]] = {
    "CEA": {
        "buckets": ["registry", "trading"], "holders": ["firm", "city"], "transfer": ["trading"], "moves": True,
        "holds": ["order", "pledge", "freeze", "surrender", "carry_over"],
        "purposes": {"surrender": {"buckets": ["registry"], "not_after_period": True}, "voluntary": {"sink": "cancelled"}},
    },
    "CCER": {
        "transfer": ["main"], "holds": ["order", "freeze"], "claim_required": True, "lot_order": "strict",
        "two_person": ["retire"],
        "purposes": {"surrender": {"max_share_bp": 500, "duty_asset": "CEA", "forbidden": ["covered"]}},
    },
    "points": {
        "transfer": ["main"], "holds": ["order", "quarantine"], "auto_open": True, "lot_order": "expiry",
        "purposes": {"redeem": {}}, "max_amount": 5000,
    },
    "CNY": {"transfer": ["main"], "holds": ["order", "dispute"], "auto_open": True},
    "slag": {"transfer": ["main"], "holds": ["transit"], "purposes": {"utilised": {}, "landfilled": {"sink": "cancelled"}}},
}  # fmt: skip
HOLDERS = ("firm:a", "firm:b", "firm:c", "person:x", "person:y", "city:xy")
ACTORS = ("clerk", "chief", "bank", "court", "market")
KINDS = ("order", "pledge", "freeze", "surrender", "quarantine", "transit", "dispute", "carry_over")
WEIGHTS = {
    "transfer": 30, "issue": 22, "hold": 14, "settle": 9, "release": 5, "retire": 8, "expire": 3, "expire_holds": 3,
    "carry_over": 2, "lot": 5, "open": 4, "close": 1, "duty": 2, "linked": 6, "propose": 4, "approve": 5, "decline": 1,
    "reverse": 1, "asset": 1, "tick": 1,
}  # fmt: skip


class World:
    """Draws commands; remembers only names that it gave, not what became of them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.count, self.now = rng, 0, START
        self.keys: list[Drawn] = []
        self.lots: dict[str, list[str]] = {asset: [] for asset in ASSETS}
        self.holds: list[str] = []
        self.proposals: list[str] = []

    def founding(self) -> list[Drawn]:
        batch = [self._made("asset", "clerk", self._asset(name)) for name in ASSETS]
        for asset in ("CEA", "CCER", "slag"):
            for holder in HOLDERS[:3]:
                for bucket in ASSETS[asset].get("buckets", ["main"]):
                    batch.append(self._made("open", "clerk", {"asset": asset, "account": f"{holder}/{bucket}"}))
        for asset in ASSETS:
            batch += [self._made("lot", "clerk", self._lot(asset)) for _ in range(3)]
        return batch + [self._made("issue", "clerk", self._issue()) for _ in range(40)]

    def batch(self) -> list[Drawn]:
        return [self.draw() for _ in range(self.rng.choice((1, 1, 2, 3, 5, 8)))]

    def draw(self) -> Drawn:
        """A new command, or one that was sent before: the same again, or another under its key."""
        rng = self.rng
        if self.keys and rng.random() < 0.06:
            old = rng.choice(self.keys[-200:])
            if rng.random() < 0.7:
                return old
            return (old[0], rng.choice(ACTORS), old[2], {**old[3], "note": "changed"})
        name = rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        return self._made(name, rng.choice(ACTORS), getattr(self, "_" + name)())

    def hear(self, drawn: Drawn, answer: str) -> None:
        """Forget the names of lots and holds that were refused, so that later commands meet real ones."""
        if answer == "ok" or self.rng.random() < 0.05:
            return
        body = drawn[3]
        if drawn[2] == "lot" and body["lot"] in self.lots.get(body["asset"], []):
            self.lots[body["asset"]].remove(body["lot"])
        if drawn[2] in ("hold", "issue") and body.get("hold") in self.holds and answer != "hold_exists":
            self.holds.remove(body["hold"])

    def pass_time(self) -> int:
        self.now += self.rng.choice((0, 0, 1, 60, 3600, 3600, DAY, -5))
        return self.now

    def _made(self, name: str, actor: str, body: dict[str, Any]) -> Drawn:
        self.count += 1
        drawn = (f"k{self.count:06d}", actor, name, body)
        self.keys.append(drawn)
        if name == "propose":
            self.proposals.append(drawn[0])
        return drawn

    # ------------------------------------------------------------ bodies

    def asset(self) -> str:
        return self.rng.choice([*ASSETS, *ASSETS, *ASSETS, "CEA", "CEA", "points", "points", "nothing"])

    def account(self, asset: str) -> str:
        buckets = ASSETS.get(asset, {}).get("buckets", ["main"])
        holders = HOLDERS if asset in ("points", "CNY") or self.rng.random() < 0.1 else HOLDERS[:3]
        return f"{self.rng.choice(holders)}/{self.rng.choice(buckets)}"

    def amount(self) -> int:
        return self.rng.choice(
            (1, 2, 5, 7, 10, 20, 40, 90, 0, -3, 10**15 + 1) if self.rng.random() < 0.1 else (1, 3, 8, 25)
        )

    def lot_of(self, asset: str) -> str:
        return self.rng.choice(self.lots.get(asset, [])[-6:] or ["none"]) if self.rng.random() < 0.97 else "none"

    def some_lots(self, asset: str) -> list[str]:
        known = self.lots.get(asset, [])
        return self.rng.sample(known[-8:], min(len(known), self.rng.randint(1, 6), 8)) or ["none"]

    def hold_name(self) -> str:
        return self.rng.choice(self.holds[-12:] or ["nothing"])

    def _asset(self, name: str | None = None) -> dict[str, Any]:
        name = name or self.rng.choice([*ASSETS])
        unit = "t" if self.rng.random() < 0.9 or not self.keys else "kg"
        return {"asset": name, "unit": unit, "scale": 0, "title": name, "policy": ASSETS[name]}

    def _open(self) -> dict[str, Any]:
        asset = self.asset()
        return {"asset": asset, "account": self.account(asset)}

    _close = _open

    def _lot(self, asset: str | None = None) -> dict[str, Any]:
        asset, rng = asset or self.asset(), self.rng
        name = f"L{self.count}" if rng.random() < 0.97 else self.lot_of(asset)
        self.lots.setdefault(asset, []).append(name)
        body: dict[str, Any] = {
            "asset": asset, "lot": name, "vintage": rng.choice((2023, 2024, 2025, 2026)), "source": rng.choice("st"),
            "serial_from": rng.randrange(0, 400) * 1000, "amount": rng.choice((1000, 1000, 3000, 60)),
        }  # fmt: skip
        if asset == "points" or rng.random() < 0.15:
            body["usable_until"] = self.now + rng.choice((5, 20, 60)) * DAY
        if rng.random() < 0.1:
            body["labels"] = ["covered"]
        if rng.random() < 0.1:
            body["parent"] = self.lot_of(asset)
        return body

    def _issue(self) -> dict[str, Any]:
        asset, rng = self.asset(), self.rng
        body: dict[str, Any] = {
            "asset": asset, "lot": self.lot_of(asset), "to": self.account(asset), "amount": self.amount() * 4,
        }  # fmt: skip
        if (asset == "CCER" and rng.random() < 0.9) or rng.random() < 0.05:
            lower = rng.randrange(0, 3000)
            body["claims"] = [["tCO2e", f"project:{rng.randint(1, 9)}", "2025", lower, lower + rng.randint(0, 25)]]
        if rng.random() < 0.15:
            body |= {"hold": self._new_hold(), "kind": rng.choice(("quarantine", "dispute", "order", "freeze"))}
        return body

    def _transfer(self) -> dict[str, Any]:
        asset = self.asset()
        body: dict[str, Any] = {
            "asset": asset, "from": self.account(asset), "to": self.account(asset), "amount": self.amount(),
        }  # fmt: skip
        if self.rng.random() < (0.9 if asset == "CCER" else 0.1):
            body["lots"] = self.some_lots(asset)
        if self.rng.random() < 0.1:
            body["code"] = self.rng.choice(("refund", "allocate", "expire", "nonsense"))
        return body

    def _new_hold(self) -> str:
        name = f"h{self.count}-{len(self.holds)}" if self.rng.random() < 0.97 or not self.holds else self.holds[-1]
        self.holds.append(name)
        return name

    def _hold(self) -> dict[str, Any]:
        asset, rng = self.asset(), self.rng
        kinds = ASSETS.get(asset, {}).get("holds", KINDS)
        body: dict[str, Any] = {
            "asset": asset, "account": self.account(asset), "amount": self.amount(), "hold": self._new_hold(),
            "kind": rng.choice(kinds) if rng.random() < 0.95 else rng.choice(KINDS),
        }  # fmt: skip
        if body["kind"] in ("pledge", "freeze") and rng.random() < 0.95:
            body["signer"] = rng.choice(("bank", "court"))
        if rng.random() < 0.3:
            body["expires"] = self.now + rng.choice((-1, 1, 5)) * DAY
        if rng.random() < 0.3:
            body["to"] = self.account(asset)
        if asset == "CCER" or rng.random() < 0.1:
            body["lots"] = self.some_lots(asset)
        return body

    def _settle(self) -> dict[str, Any]:
        body: dict[str, Any] = {"hold": self.hold_name()}
        if self.rng.random() < 0.8:
            body["to"] = self.account(self.rng.choice([*ASSETS]))
        if self.rng.random() < 0.4:
            body["amount"] = self.amount()
        return body

    def _release(self) -> dict[str, Any]:
        return {"hold": self.hold_name()}

    def _retire(self, asset: str = "") -> dict[str, Any]:
        rng, asset = self.rng, asset or self.asset()
        body: dict[str, Any] = {
            "purpose": rng.choice([*ASSETS.get(asset, {}).get("purposes", {})] * 4 + ["nothing"]),
            "beneficiary": rng.choice(HOLDERS[:3]), "period": rng.choice(("2024", "2025")),
        }  # fmt: skip
        if rng.random() < 0.2:
            return body | {"hold": self.hold_name()}
        body |= {"asset": asset, "from": self.account(asset), "amount": self.amount()}
        if asset == "CCER":
            body["lots"] = self.some_lots(asset)
        return body

    def _expire(self) -> dict[str, Any]:
        asset = self.asset()
        return {"asset": asset, "lot": self.lot_of(asset), "limit": self.rng.choice((1, 2, 100))}

    def _expire_holds(self) -> dict[str, Any]:
        return {"limit": 1000}

    def _carry_over(self) -> dict[str, Any]:
        return {
            "asset": "CEA", "from": self.account("CEA"), "lots": self.some_lots("CEA"), "amount": self.amount(),
            "to_lot": self.lot_of("CEA"), "cap": self.rng.choice((5, 20, 60)), "basis": "10,000 + 1.5 × net sales",
        }  # fmt: skip

    def _duty(self) -> dict[str, Any]:
        return {
            "asset": "CEA", "holder": self.rng.choice(HOLDERS[:3]), "period": self.rng.choice(("2024", "2025")),
            "amount": self.rng.choice((0, 100, 400, 2000)), "basis": "verified",
        }  # fmt: skip

    def _linked(self) -> dict[str, Any]:
        names = [self.rng.choice(("transfer", "settle", "issue", "hold", "retire", "release")) for _ in range(2)]
        if self.rng.random() < 0.05:
            names.append("tick")
        return {"steps": [[name, getattr(self, "_" + name)()] for name in names]}

    def _propose(self) -> dict[str, Any]:
        if self.rng.random() < 0.3:
            return {"do": "retire", "body": self._retire("CCER")}
        name = self.rng.choice(("reverse", "reverse", "reverse", "retire", "issue", "transfer", "tick"))
        return {"do": name, "body": getattr(self, "_" + name)()}

    def _approve(self) -> dict[str, Any]:
        return {"proposal": self.rng.choice(self.proposals[-5:] or ["nothing"])}

    def _decline(self) -> dict[str, Any]:
        return {**self._approve(), "note": "no"}

    def _reverse(self) -> dict[str, Any]:
        return {"command": self.rng.choice(self.keys[-60:])[0] if self.keys else "none", "note": "wrong"}

    def _tick(self) -> dict[str, Any]:
        return {"to": self.now + self.rng.choice((-1, 3600, 3600, 3600, 3600, 500 * DAY))}
