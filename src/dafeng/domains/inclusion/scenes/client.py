"""信碳通 scene client: send what your customers did, once and for certain. Python 3.9 or later, standard library only.

    client = SceneClient("https://city.example", "sk_…", "secret")
    client.send({"scene": "bus-ride", "id": "T-1", "member": "7Q2M…", "at": "2026-11-20T08:12:00+08:00",
                 "until": "2026-11-20T08:31:00+08:00", "data": {"distance": 5.2}})
    receipt = client.send_batch("2026-11-20-001", events)      # up to 10,000
    for fault in receipt["faults"]:
        print(fault["index"], fault["id"], fault["reason"], fault["what"])

Whatever happens to the line, send the same again: the same number with the same content is counted once. This client does
so by itself, with a pause that doubles and a new signature each time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

RETRIED = {408, 425, 429, 500, 502, 503, 504}


class Refused(Exception):
    """The platform understood and refused: `status`, `reason` (a code), `detail` (a sentence)."""

    def __init__(self, status, reason, detail):
        super().__init__(f"{status} {reason}: {detail}")
        self.status, self.reason, self.detail = status, reason, detail


class Unreachable(Exception):
    """No answer after all tries. Send the same again later, under the same number or key."""


def signature(secret, method, path, timestamp, nonce, body):
    """HMAC-SHA-256 in hexadecimal over six lines: version, method, path, time, nonce, SHA-256 of the body."""
    lines = ("DAFENG1", method, path, timestamp, nonce, hashlib.sha256(body).hexdigest())
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


class SceneClient:
    """`tries` and `pause` (seconds before the second try) say how patient it is; `timeout` is of one try."""

    def __init__(self, site, key, secret, *, tries=6, pause=0.5, timeout=30, opener=None):
        self.site, self.key, self.secret = site.rstrip("/"), key, secret
        self.tries, self.pause, self.timeout = tries, pause, timeout
        self._open = opener or urllib.request.urlopen

    def send(self, event):
        """One event; "accepted" or "again". Raises `Refused` with the reason, `Unreachable`."""
        return self._ask("POST", "/api/inclusion/events", event)["answer"]

    def send_batch(self, key, events):
        """Up to 10,000 events under a key of your own; the receipt. The same key again gets the first answer."""
        return self._ask("POST", "/api/inclusion/batches", {"key": key, "events": list(events)})

    def receipt(self, key):
        """The receipt of a batch, with what has become of its events by now."""
        return self._ask("GET", "/api/inclusion/batches/" + urllib.parse.quote(key, safe=""))

    def refused(self, limit=100, offset=0):
        """Your events that were refused, the newest first."""
        return self._ask("GET", f"/api/inclusion/refused?limit={int(limit)}&offset={int(offset)}")

    def _ask(self, method, path, content=None):
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        trouble = None
        for attempt in range(self.tries):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1) * random.uniform(0.7, 1.3))
            try:
                with self._open(self._signed(method, path, body), timeout=self.timeout) as answer:
                    return json.loads(answer.read())
            except urllib.error.HTTPError as error:
                said = error.read()
                if error.code not in RETRIED:
                    raise _refusal(error.code, said) from None
                trouble = _refusal(error.code, said)
            except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError) as error:
                trouble = error
        raise Unreachable(f"{self.tries} tries: {trouble}") from trouble

    def _signed(self, method, path, body):
        now, nonce = str(int(time.time())), secrets.token_hex(16)
        headers = {
            "X-Dafeng-Key": self.key,
            "X-Dafeng-Time": now,
            "X-Dafeng-Nonce": nonce,
            "X-Dafeng-Signature": signature(self.secret, method, path, now, nonce, body),
        }
        if body:
            headers["Content-Type"] = "application/json"
        return urllib.request.Request(self.site + path, data=body or None, headers=headers, method=method)


def _refusal(status, said):
    try:
        problem = json.loads(said)
        return Refused(status, problem.get("code", ""), problem.get("detail", ""))
    except (ValueError, AttributeError):
        return Refused(status, "", said[:200].decode("utf-8", "replace"))
