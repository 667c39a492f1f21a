"""Whoever changes the audit log is found out, by the appliance and by a verifier that shares no code with it."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance import audit
from appliance.audit import chain as audit_chain
from appliance.audit import heads as audit_heads
from appliance.home import Home

VERIFIER = Path(__file__).parents[2] / "deploy" / "verify_audit.py"
LINES = 20


def verifier() -> Any:
    spec = importlib.util.spec_from_file_location("verify_audit", VERIFIER)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def independent() -> Any:
    return verifier()


def intact_for_both(home: Home, independent: Any) -> tuple[bool, bool]:
    try:
        independent.check(audit.log_path(home), audit_heads.folder(home))
        theirs = True
    except independent.NotIntact:
        theirs = False
    return audit.verify(home).problem is None, theirs


@pytest.fixture
def home() -> Home:
    home = Home.open()
    for number in range(LINES):
        audit.append(
            home, random.Random(number).choice(["anna", "bob"]), "console", "rate", "done", {"n": number}
        )
    return home


def mended(lines: list[bytes]) -> list[bytes]:
    """The same contents with all numbers and links right, as one can do who has no key: the signatures are stale."""
    tip, out = audit_chain.START, []
    for number, raw in enumerate(lines, 1):
        content = {**json.loads(raw), "line": number, "previous": tip}
        tip = audit_chain.link(tip, b"", content)
        out.append(audit_chain.canonical(content))
    return out


def edit(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """One field of one entry."""
    at = rng.randrange(len(lines))
    content = json.loads(lines[at])
    field = rng.choice(["actor", "at", "outcome", "objects", "action", "origin"])
    content[field] = {"at": content["at"] - 60.0, "objects": {"n": 99}}.get(field, "carol")
    return [*lines[:at], audit_chain.canonical(content), *lines[at + 1 :]]


def drop(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines) - 1)
    return lines[:at] + lines[at + 1 :]


def swap(lines: list[bytes], rng: random.Random) -> list[bytes]:
    one, other = rng.sample(range(len(lines)), 2)
    lines = list(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def insert(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """A copy of another entry, or a made-up one; at the end too."""
    at, forged = rng.randrange(len(lines) + 1), json.loads(rng.choice(lines))
    forged["actor"] = "carol"
    forged["line"] = at + 1
    return [*lines[:at], audit_chain.canonical(forged), *lines[at:]]


def cut(lines: list[bytes], rng: random.Random) -> list[bytes]:
    return lines[: -rng.randrange(1, len(lines))]


def cut_in_a_line(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """Looks like what a kill leaves."""
    left = cut(lines, rng)
    return [*left, lines[len(left)][: rng.randrange(1, len(lines[len(left)]))]]


KINDS: list[Callable[[list[bytes], random.Random], list[bytes]]] = [
    edit,
    drop,
    swap,
    insert,
    cut,
    cut_in_a_line,
]


def tamper(home: Home, seed: int) -> None:
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    log = audit.log_path(home)
    lines = kind(log.read_bytes().splitlines(), rng)
    if kind in (edit, drop, swap, insert) and rng.random() < 0.5:
        lines = mended(lines)
    log.write_bytes(b"\n".join(lines) + (b"" if kind is cut_in_a_line else b"\n"))
    if rng.random() < 0.5:  # and the appliance went on, and signed what it found
        audit.append(home, "anna", "console", "rate", "done", {})


@pytest.mark.parametrize(
    "seeds", [range(6), pytest.param(range(6, 206), marks=pytest.mark.slow)], ids=["6", "200"]
)
def test_every_tampering_is_found_by_both(home: Home, independent: Any, seeds: range) -> None:
    assert intact_for_both(home, independent) == (True, True)
    log, heads = audit.log_path(home), audit_heads.path(home)
    before = log.read_bytes(), heads.read_bytes()
    found = []
    for seed in seeds:
        tamper(home, seed)
        assert log.read_bytes() != before[0]
        found.append(intact_for_both(home, independent))
        log.write_bytes(before[0])
        heads.write_bytes(before[1])
    missed = [seed for seed, both in zip(seeds, found, strict=True) if both != (False, False)]
    assert missed == []
    assert intact_for_both(home, independent) == (True, True), "and nothing else is"


def test_changed_heads_are_found_by_both(home: Home, independent: Any) -> None:
    heads = audit_heads.path(home)
    lines = heads.read_bytes().splitlines(keepends=True)
    changed = [
        lines[1:],
        lines[:5] + lines[6:],
        [*lines, lines[-1]],
        [lines[1], lines[0], *lines[2:]],
        [*lines[:-1], lines[-1].replace(b'"tip":"', b'"tip":"0')],
        lines[:-4],
        [],
    ]
    for each in changed:
        heads.write_bytes(b"".join(each))
        assert intact_for_both(home, independent) == (False, False)
    heads.unlink()
    assert intact_for_both(home, independent) == (False, False)


def test_a_log_that_is_gone_is_found_by_both(home: Home, independent: Any) -> None:
    audit.log_path(home).write_bytes(b"")
    assert intact_for_both(home, independent) == (False, False)


def test_log_and_heads_cut_together_are_found_by_what_was_noted_down(home: Home, independent: Any) -> None:
    found = audit.verify(home)
    for path in (audit.log_path(home), audit_heads.path(home)):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:12]))
    assert intact_for_both(home, independent) == (True, True), "the stated limit"
    seen = (found.lines, found.tip)
    assert audit.verify(home, seen).problem is not None
    with pytest.raises(independent.NotIntact):
        independent.check(audit.log_path(home), audit_heads.folder(home), None, seen)


def test_an_unfinished_line_without_its_note_is_found_by_both(home: Home, independent: Any) -> None:
    """Even where the key itself signed what follows: what a kill left is never passed over in silence."""
    with audit.log_path(home).open("ab") as file:
        file.write(b'{"action":"ra')
    log = audit_chain.open_file(audit.log_path(home))
    content = {
        "at": 1.0,
        "actor": "anna",
        "origin": "console",
        "action": "rate",
        "outcome": "done",
        "objects": {},
    }
    audit_heads.add(home, audit_chain.add(home, log, audit_chain.end(log), [content]))
    os.close(log)
    assert intact_for_both(home, independent) == (False, False)
    assert "no note says why" in str(audit.verify(home).problem)


def test_the_first_line_that_does_not_fit_is_named(home: Home) -> None:
    log = audit.log_path(home)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:6] + lines[7:]))
    assert audit.verify(home).problem == "line 7 does not follow from those before it"
    log.write_bytes(b"".join(lines).replace(b'"n":6', b'"n":7'))
    assert audit.verify(home).problem == "line 7 was changed, or signed with another key"


def test_another_homes_key_does_not_fit(home: Home, independent: Any) -> None:
    (home.keys / "report-signing.check").unlink()
    (home.keys / "report-signing.key").write_bytes(bytes(32))
    assert audit.verify(home).problem is not None


def test_a_homes_first_log_is_intact_before_anything_happened() -> None:
    assert audit.verify(Home.open()).problem is None


def run(*argv: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-I", str(VERIFIER), *argv], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_independent_verifier_is_a_program(home: Home, tmp_path: Path) -> None:
    log, heads = str(audit.log_path(home)), str(audit_heads.folder(home))
    ours = audit.verify(home)
    code, text = run(log, heads)
    assert code == 0
    assert f"intact: {LINES} lines, key {ours.key_sha256}" in text
    assert f"{LINES} {ours.tip}" in text
    assert run(log, heads, "--seen", str(ours.lines), ours.tip)[0] == 0
    assert run(log, heads, "--seen", "3", ours.tip)[0] == 1
    assert run(log, str(tmp_path))[0] == 2
    other = tmp_path / "other.pem"
    other.write_text(
        "-----BEGIN PUBLIC KEY-----\n"
        + base64.b64encode(bytes.fromhex("302a300506032b6570032100") + bytes([1] + [0] * 31)).decode()
        + "\n-----END PUBLIC KEY-----\n"
    )
    assert run(log, heads, "--key", str(other))[0] == 1
    audit.log_path(home).write_bytes(audit.log_path(home).read_bytes().replace(b"anna", b"carl", 1))
    code, text = run(log, heads)
    assert code == 1
    assert text.startswith("NOT INTACT: line ")


def test_the_independent_verifier_fits_an_auditors_afternoon() -> None:
    text = VERIFIER.read_text()
    assert len(text.splitlines()) <= 250
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= {"argparse", "base64", "hashlib", "json", "sys", "pathlib"}


RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
"""Section 7.1, tests 1 to 3: public key, message, signature."""


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_its_signatures_are_those_of_the_standard(
    public: str, message: str, signature: str, independent: Any
) -> None:
    key, text, signed = map(bytes.fromhex, (public, message, signature))
    assert independent.is_signed(key, text, signed)
    assert not independent.is_signed(key, text + b"x", signed)
    too_large = int.from_bytes(signed[32:], "little") + independent.ORDER
    assert not independent.is_signed(key, text, signed[:32] + too_large.to_bytes(32, "little")), (
        "one form only"
    )


def test_its_signatures_are_those_of_the_library(independent: Any) -> None:
    rng = random.Random(0)
    for length in range(20):
        key = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), rng.randbytes(length)
        signed = bytearray(key.sign(message))
        assert independent.is_signed(public, message, bytes(signed))
        signed[rng.randrange(64)] ^= 1 << rng.randrange(8)
        assert not independent.is_signed(public, message, bytes(signed))
    assert not independent.is_signed(public, message, bytes(signed)[:63])
