"""The bundle file as the installer reads it: nothing of it is unpacked, or even decompressed, before all of it is verified.

A bundle is a zstd file with a tar archive in it, so stock tools unpack it. It begins with a frame of 4096 bytes that they
skip, the head:

    0       8 bytes     magic number and length of a skippable frame
    8      64 bytes     Ed25519 signature of the text
    72   4024 bytes     the text: JSON, padded; it names version, release, and the size and sha256 of all that follows

Every bit of the file is covered: the first eight bytes are constants, the text is signed, the rest is hashed. By hand:

    tail -c +9 FILE | head -c 64 > head.sig;  tail -c +73 FILE | head -c 4024 > head.json
    openssl pkeyutl -verify -pubin -inkey KEY -rawin -in head.json -sigfile head.sig
    tail -c +4097 FILE | sha256sum           # as head.json says
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

HEAD_BYTES = 4096
TEXT_AT = 72
MAGIC = b"\x50\x2a\x4d\x18" + (HEAD_BYTES - 8).to_bytes(4, "little")
MANIFEST = "manifest.json"
_CHUNK = 1 << 20


class BoxError(Exception):
    """One line for the administrator: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the signature vouches for."""

    version: str
    release: int
    size: int
    sha256: str
    manifest_sha256: str
    raw: bytes
    """The 4096 bytes as they are in the file."""

    @property
    def name(self) -> str:
        """Of this version's folder."""
        return f"{self.version}-r{self.release}"


def key_fingerprint(key: bytes) -> str:
    """sha256 of a public key in PEM, without white space at its ends."""
    return hashlib.sha256(key.strip()).hexdigest()


def verify(bundle: Path, key: bytes) -> Head:
    """Reads the whole file once and writes nothing but three small temporary files for `openssl`; raises BoxError.

    `key` is an Ed25519 public key in PEM.
    """
    refused = f"{bundle} is not a bundle as its maker signed it"
    with bundle.open("rb") as file:
        raw = file.read(HEAD_BYTES)
        if len(raw) != HEAD_BYTES or raw[:8] != MAGIC:
            raise BoxError(f"{refused}: it does not begin like one. Copy it again")
        _check_signature(raw, key, refused)
        told = _parse_head(raw, refused)
        if os.fstat(file.fileno()).st_size - HEAD_BYTES != told.size:
            raise BoxError(f"{refused}: it has another length. Copy it again")
        if hashlib.file_digest(file, "sha256").hexdigest() != told.sha256:
            raise BoxError(f"{refused}: its content was changed. Copy it again")
    return told


def _check_signature(raw: bytes, key: bytes, refused: str) -> None:
    with tempfile.TemporaryDirectory(prefix="stillhouse-") as scratch:
        for name, content in (("key.pem", key), ("head.sig", raw[8:TEXT_AT]), ("head.json", raw[TEXT_AT:])):
            Path(scratch, name).write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
        command += ["-in", "head.json", "-sigfile", "head.sig"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch)
    if done.returncode == 0:
        return
    if "Signature Verification Failure" in done.stdout + done.stderr:
        raise BoxError(
            f"{refused}: the signature is not one of the key {key_fingerprint(key)}. Do not install it"
        )
    raise BoxError(
        "openssl cannot check the signature: it must be 3.0 or newer, and the key an Ed25519 public key in PEM"
    )


def _parse_head(raw: bytes, refused: str) -> Head:
    """The signed text; one that is signed and yet malformed is a mistake of the maker's."""
    try:
        told = json.loads(raw[TEXT_AT:])
        if told["product"] != "stillhouse":
            raise ValueError
        return Head(
            str(told["version"]),
            int(told["release"]),
            int(told["size"]),
            str(told["sha256"]),
            str(told["manifest_sha256"]),
            raw,
        )
    except (ValueError, KeyError, TypeError):
        raise BoxError(
            f"{refused}: its head is signed but not readable by this installer; use the newer one"
        ) from None


def read_manifest(bundle: Path, head: Head) -> dict[str, Any]:
    """The manifest of a verified bundle."""
    with _archive(bundle) as archive:
        first = archive.next()
        if first is None or first.name != MANIFEST:
            raise BoxError(f"{bundle} does not begin with its manifest")
        return _manifest(archive, first, head)


def _manifest(archive: tarfile.TarFile, member: tarfile.TarInfo, head: Head) -> dict[str, Any]:
    content = archive.extractfile(member)
    assert content is not None
    text = content.read()
    if hashlib.sha256(text).hexdigest() != head.manifest_sha256:
        raise BoxError(
            "the manifest is not the one that the bundle's head names: the file was changed meanwhile"
        )
    told: dict[str, Any] = json.loads(text)
    return told


def unpack(bundle: Path, head: Head, target: Path) -> dict[str, Any]:
    """Unpacks a verified bundle into the folder `target`, which is new; returns its manifest.

    Each file is held against the manifest again as it is written: the bundle may lie where others can write.
    """
    with _archive(bundle) as archive:
        first = archive.next()
        if first is None or first.name != MANIFEST:
            raise BoxError(f"{bundle} does not begin with its manifest")
        manifest = _manifest(archive, first, head)
        (target / MANIFEST).write_text(
            json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        for listed in manifest["files"]:
            member = archive.next()
            if member is None or not member.isreg() or member.name != listed["path"]:
                raise BoxError(f"{bundle}: {listed['path']} is not where the manifest has it")
            path = target / listed["path"]
            if ".." in path.parts or not path.is_relative_to(target):
                raise BoxError(f"{bundle}: the manifest names a file outside of its folder")
            _write_member(archive, member, path, listed)
        if archive.next() is not None:
            raise BoxError(f"{bundle} holds files that the manifest does not name")
    return manifest


def _write_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, listed: dict[str, Any]
) -> None:
    content = archive.extractfile(member)
    assert content is not None
    digest, size = hashlib.sha256(), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    if (digest.hexdigest(), size) != (listed["sha256"], listed["size"]):
        raise BoxError(f"{listed['path']} in the bundle is not the file that the manifest names")


@contextmanager
def _archive(bundle: Path) -> Iterator[tarfile.TarFile]:
    with _decompressed(bundle) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        yield archive


@contextmanager
def _decompressed(bundle: Path) -> Iterator[BinaryIO]:
    with subprocess.Popen(["zstd", "-dcq", "--", str(bundle)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process.stdout  # type: ignore[misc]
        finally:
            process.stdout.close()
            process.kill()  # where only the manifest was read
