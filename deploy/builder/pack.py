"""Writes the bundle file: members in one order, with one owner and time, behind a signed head."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer.bundle import HEAD_BYTES, MAGIC, MANIFEST, TEXT_AT

_LEVEL = 3
"""Of zstd. Wheels are compressed already: more effort gains one part in a hundred."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the manifest says of the bundle as a whole."""

    version: str
    release: int
    """Rises with every bundle that is given away; an installation never goes back to a lower one by itself."""
    commit: str
    made: str
    """ISO 8601, UTC: the commit's time and not the clock's, so that the same source gives the same bytes."""
    compute: str
    """none, cpu or cuda."""
    python: str
    """Of the wheels, such as 3.11."""
    machine: str
    """As `uname -m` says it."""
    glibc: str
    """The lowest that the wheels run on."""


def manifest_of(facts: Facts, files: Mapping[str, Path]) -> bytes:
    """Canonical JSON: the facts, and path, size and sha256 of every member, sorted by path."""
    members = []
    total = sum(path.stat().st_size for path in files.values())
    for name in sorted(files):
        with files[name].open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        members.append({"path": name, "size": files[name].stat().st_size, "sha256": digest})
    told: dict[str, Any] = {
        "format": 1,
        "product": "stillhouse",
        "version": facts.version,
        "release": facts.release,
        "commit": facts.commit,
        "made": facts.made,
        "compute": facts.compute,
        "needs": {"python": facts.python, "machine": facts.machine, "glibc": facts.glibc},
        "installed_bytes": total * 4,
        "files": members,
    }
    return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def write_bundle(out: Path, facts: Facts, files: Mapping[str, Path], private_key: bytes) -> None:
    """Writes head and archive (see `installer/bundle.py` for the format).

    `private_key` is a PEM file of Ed25519. The same arguments give the same bytes, whatever the files' times, owners
    and modes are.
    """
    import zstandard

    manifest = manifest_of(facts, files)
    temporary = out.with_name(f".{out.name}.tmp")
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    with temporary.open("w+b") as file:
        file.write(bytes(HEAD_BYTES))
        with packer.stream_writer(file, closefd=False) as packed:
            with tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as archive:
                archive.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
                for name in sorted(files):
                    with files[name].open("rb") as member:
                        archive.addfile(_member(name, files[name].stat().st_size), member)
        size = file.tell() - HEAD_BYTES
        file.seek(HEAD_BYTES)
        told = {
            "product": "stillhouse",
            "version": facts.version,
            "release": facts.release,
            "size": size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        }
        file.seek(0)
        file.write(_head(told, private_key))
    temporary.rename(out)


def _head(told: Mapping[str, Any], private_key: bytes) -> bytes:
    text = json.dumps(told, sort_keys=True).encode().ljust(HEAD_BYTES - TEXT_AT - 1) + b"\n"
    return MAGIC + sign(text, private_key) + text


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def new_key() -> bytes:
    """A private key of Ed25519 as a PEM file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_key(private_key: bytes) -> bytes:
    """The PEM file that the administrator is given, by another road than the bundle."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _load(private_key).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sign(content: bytes, private_key: bytes) -> bytes:
    signature: bytes = _load(private_key).sign(content)
    return signature


def _load(private_key: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(private_key, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the signing key is not an Ed25519 key")
    return key
