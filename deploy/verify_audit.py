#!/usr/bin/env python3
# ruff: noqa: T201  (what it prints is what it is for)
"""Checks a Stillhouse audit log without Stillhouse: Python 3.8 or newer, standard library only.

    python3 verify_audit.py AUDIT.JSONL HEADS_FOLDER [--key PUBLIC_KEY.PEM] [--seen LINES TIP]

AUDIT.JSONL   one entry a line, as JSON with its keys sorted, no blanks, ASCII. The tip after a line is SHA-256(tip before it +
              the line without its "signature"), from 32 zero bytes on. A line holds its number ("line"), the tip before it
              ("previous") and an Ed25519 signature (RFC 8032) of "stillhouse audit line NUMBER TIP", the tip after it.
HEADS_FOLDER  holds heads.jsonl, of each line its number, tip and signature; and public-key.pem. Better: give --key one that
              came to you another way.
--seen        a number of lines and the tip that somebody noted down when the log had so many.

Found: an entry changed, dropped, added or swapped, whether or not the links behind it were mended; a log that was cut, or cut and
gone on; heads that were changed. A process that was killed can leave an unfinished line; it stays, and a note follows it.
Not found: log and heads cut back together to the same earlier moment (use --seen, or keep the heads elsewhere), and a
history written anew by whoever has the private key. Exit status 0 intact, 1 not intact, 2 cannot be checked.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

MOST_WITHOUT_HEAD = 3
"""Lines that one kill can leave without their heads: two notes of the log about itself, and an entry."""


# ---- Ed25519, RFC 8032 section 5.1. Only checks, so it need not take the same time for all values.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(one, other):
    """Two points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(point):
    a = point[0] * point[0] % P
    b = point[1] * point[1] % P
    h = a + b
    e = h - (point[0] + point[1]) ** 2
    g = a - b
    f = 2 * point[2] * point[2] + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_of(encoded):
    """The point that 32 bytes stand for, or None."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public, message, signature):
    """Whether the 64 bytes are the signature of the message by the key of these 32 bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, scalar = point_of(public), int.from_bytes(signature[32:], "little")
    if key is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    minus_key = (P - key[0], key[1], 1, P - key[3])
    both = add(BASE, minus_key)
    total = (0, 1, 1, 0)
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        total = double(total)
        which = (scalar >> bit & 1, challenge >> bit & 1)
        if any(which):
            total = add(total, both if all(which) else BASE if which[0] else minus_key)
    inverse = pow(total[2], P - 2, P)
    x, y = total[0] * inverse % P, total[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# ---- The log


class NotIntact(Exception):
    """One sentence."""


def canonical(content):
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def content_of(raw):
    """What a whole line holds; None for what a kill left."""
    try:
        content = json.loads(raw)
        lengths = len(bytes.fromhex(content["previous"])), len(bytes.fromhex(content["signature"]))
        whole = lengths == (32, 64) and type(content["line"]) is int and canonical(content) == raw
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return content if whole else None


def read_log(path, public):
    """The tip after each line, the head that each whole one should have, and the number of torn ones."""
    tips, heads, torn, after_torn = [], [], 0, False
    tip = b"\0" * 32
    with open(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            raw = raw[:-1] if raw.endswith(b"\n") else raw
            content = content_of(raw)
            if content is None:
                tip, torn, after_torn = hashlib.sha256(tip + raw).digest(), torn + 1, True
                tips.append(tip.hex())
                continue
            if content["line"] != number or content["previous"] != tip.hex():
                raise NotIntact(f"line {number} does not follow from those before it")
            signature = content.pop("signature")
            tip = hashlib.sha256(tip + canonical(content)).digest()
            message = f"stillhouse audit line {number} {tip.hex()}".encode("ascii")
            if not is_signed(public, message, bytes.fromhex(signature)):
                raise NotIntact(f"line {number} was changed, or signed with another key")
            if after_torn and content.get("action") != "mend-log":
                raise NotIntact(f"line {number - 1} is no entry, and no note says why")
            after_torn = False
            tips.append(tip.hex())
            heads.append(canonical({"line": number, "tip": tip.hex(), "signature": signature}))
    return tips, heads, torn


def check_heads(path, expected):
    """The number of last lines that have none."""
    num = 0
    for head in filter(None, path.read_bytes().split(b"\n") if path.exists() else []):
        if num == len(expected):
            raise NotIntact(f"there are heads of more than {num} lines: the log was cut")
        if head == expected[num]:
            num += 1
        elif not expected[num].startswith(head):  # else a kill left it, and it was written anew
            raise NotIntact(f"head {num + 1} does not fit its line: the log was changed, or the heads were")
    if len(expected) - num > MOST_WITHOUT_HEAD:
        raise NotIntact(f"the last {len(expected) - num} lines have no head: the heads were cut or lost")
    return len(expected) - num


def public_key(path):
    """The 32 bytes of an Ed25519 key in PEM, and the fingerprint that Stillhouse shows for it."""
    text = path.read_text(encoding="ascii")
    body = base64.b64decode("".join(line for line in text.splitlines() if not line.startswith("-----")))
    if len(body) != 44 or body[:12].hex() != "302a300506032b6570032100":
        raise ValueError
    return body[12:], hashlib.sha256(text.encode()).hexdigest()


def check(log, folder, key=None, seen=None):
    """What was found, a sentence each; raises NotIntact."""
    public, fingerprint = public_key(key or folder / "public-key.pem")
    tips, heads, torn = read_log(log, public)
    without = check_heads(folder / "heads.jsonl", heads)
    if seen and not (0 < seen[0] <= len(tips) and tips[seen[0] - 1] == seen[1]):
        raise NotIntact(f"the log's first {seen[0]} lines are not those that were noted down")
    return [
        *([f"{torn} lines were left unfinished by a kill; a note follows each"] if torn else []),
        *([f"the last {without} lines have no head yet"] if without else []),
        f"intact: {len(tips)} lines, key {fingerprint}",
        f"to note down elsewhere: {len(tips)} {tips[-1] if tips else '0' * 64}",
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=Path)
    parser.add_argument("heads_folder", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--seen", nargs=2, metavar=("LINES", "TIP"))
    given = parser.parse_args()
    if given.seen and not given.seen[0].isdigit():
        parser.error("--seen begins with a number of lines")
    seen = (int(given.seen[0]), given.seen[1]) if given.seen else None
    try:
        print("\n".join(check(given.log, given.heads_folder, given.key, seen)))
    except NotIntact as problem:
        print(f"NOT INTACT: {problem}")
        return 1
    except OSError as error:
        print(f"cannot be checked: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except ValueError:
        print("cannot be checked: the public key is not an Ed25519 key in PEM", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
