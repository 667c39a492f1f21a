"""Slows down guessing: tries per account and per peer are counted on disk, and each wrong one makes the wait longer.

A try counts before the password is looked at, so that tries at the same time count too. Nobody is locked out for ever: the
longest wait is 15 minutes for an account and 15 seconds for a peer (where a proxy or a tunnel hides who is who, all people
are one peer), and an hour without a try forgets. Names are kept as salted hashes: what is typed as a name may be a password.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.keeping.private_files import alone, write_private

_FREE = {"account": 5, "peer": 20}
_LONGEST_S = {"account": 900.0, "peer": 15.0}
_FORGOTTEN_AFTER_S = 3600.0
_MOST_ROWS = 10_000


def wait_after(kind: str, tries: int) -> float:
    """Seconds to wait after this many wrong tries in a row: none for the first few, then doubling."""
    over = tries - _FREE[kind]
    return 0.0 if over < 0 else min(_LONGEST_S[kind], 2.0 ** min(over, 20))


def take(home: Home, name: str, peer: str, now: float) -> float:
    """Counts a try and gives 0; or, where it comes too early, does not count it and gives the seconds to wait."""
    with alone(home.root / ".login-tries.lock"):
        kept = _read(home)
        rows = {kind: kept["tries"].get(key) for kind, key in _keys(kept, name, peer).items()}
        wait_s = max(_left(kind, row, now) for kind, row in rows.items())
        if wait_s > 0:
            return wait_s
        for kind, key in _keys(kept, name, peer).items():
            row = rows[kind]
            fresh = row is None or now - row[1] > _FORGOTTEN_AFTER_S
            kept["tries"][key] = [1 if fresh or row is None else row[0] + 1, now]
        _write(home, kept, now)
        return 0.0


def forget(home: Home, name: str, peer: str) -> None:
    """The password was right: the account's tries are forgotten, and this one of the peer's."""
    with alone(home.root / ".login-tries.lock"):
        kept = _read(home)
        keys = _keys(kept, name, peer)
        kept["tries"].pop(keys["account"], None)
        if (row := kept["tries"].get(keys["peer"])) is not None:
            row[0] = max(0, row[0] - 1)
        _write(home, kept, row[1] if row else 0.0)


def _left(kind: str, row: list[float] | None, now: float) -> float:
    if row is None or not 0 <= now - row[1] <= _FORGOTTEN_AFTER_S:
        return 0.0
    return max(0.0, row[1] + wait_after(kind, int(row[0])) - now)


def _keys(kept: dict[str, Any], name: str, peer: str) -> dict[str, str]:
    def key(kind: str, value: str) -> str:
        text = f"{kept['salt']} {kind} {value}".encode("utf-8", "replace")
        return f"{kind}:{hashlib.sha256(text).hexdigest()[:24]}"

    return {"account": key("account", name), "peer": key("peer", peer)}


def _path(home: Home) -> Path:
    return home.root / "login-tries.json"


def _read(home: Home) -> dict[str, Any]:
    try:
        kept = json.loads(_path(home).read_bytes())
        if isinstance(kept["tries"], dict) and isinstance(kept["salt"], str):
            return dict(kept)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass  # counts nobody needs to keep: begin again
    return {"salt": secrets.token_hex(16), "tries": {}}


def _write(home: Home, kept: dict[str, Any], now: float) -> None:
    rows = {key: row for key, row in kept["tries"].items() if now - row[1] <= _FORGOTTEN_AFTER_S}
    newest = sorted(rows, key=lambda key: rows[key][1])[-_MOST_ROWS:]
    write_private(_path(home), json.dumps({**kept, "tries": {key: rows[key] for key in newest}}).encode())
