"""A bundle that is not, bit for bit, what its maker signed is refused before a byte is written."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from builder import pack
from installer.bundle import HEAD_BYTES, TEXT_AT, BoxError, read_manifest, unpack, verify
from installer.main import main
from small_bundle import Maker, make_maker, small_facts, small_files, write_small


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="module")
def maker(folder: Path) -> Maker:
    return make_maker(folder / "maker")


@pytest.fixture(scope="module")
def bundle(folder: Path, maker: Maker) -> Path:
    return write_small(folder / "good.tar.zst", maker, "1.0", 1, with_uv=False)


@pytest.fixture(scope="module")
def older(folder: Path, maker: Maker) -> Path:
    return write_small(folder / "older.tar.zst", maker, "0.9", 0, with_uv=False)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return tmp_path / "prefix"


def refusal(bundle: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the administrator reads; asserts that nothing was made."""
    before = sorted(prefix.parent.rglob("*"))
    status = main(["install", "--bundle", str(bundle), "--prefix", str(prefix), "--key", str(maker.public)])
    said = capsys.readouterr()
    assert status == 1 and sorted(prefix.parent.rglob("*")) == before and not prefix.exists()
    assert len(said.err.splitlines()) == 1 and not said.out
    return said.err


def places(bundle: Path) -> Iterator[tuple[str, int]]:
    """Every part of the head, every class of file by where its bytes lie in the file, and places all over it."""
    size = bundle.stat().st_size
    yield from (("magic", at) for at in range(8))
    yield from (("signature", at) for at in range(8, TEXT_AT, 4))
    yield from (("head", at) for at in (*range(TEXT_AT, 380, 19), 1000, HEAD_BYTES - 2, HEAD_BYTES - 1))
    yield from (("frame", HEAD_BYTES + at) for at in range(12))
    yield from (("end", size - 1 - at) for at in range(6))
    random_places = random.Random(7)
    yield from (("content", random_places.randrange(HEAD_BYTES, size)) for _ in range(60))


def test_every_flipped_bit_is_refused(
    bundle: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    content = bundle.read_bytes()
    damaged = prefix.parent / "damaged"
    tried = 0
    for number, (_, at) in enumerate(places(bundle)):
        changed = bytearray(content)
        changed[at] ^= 1 << (number % 8)
        damaged.write_bytes(changed)
        assert "is not a bundle as its maker signed it" in refusal(damaged, maker, prefix, capsys)
        tried += 1
    assert tried >= 110


def test_every_cut_is_refused(
    bundle: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bundle.read_bytes()
    cut = prefix.parent / "cut"
    ends = [0, 1, 8, TEXT_AT, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, len(content) - 1]
    for end in ends + [len(content) * part // 23 for part in range(1, 23)]:
        cut.write_bytes(content[:end])
        assert "Copy it again" in refusal(cut, maker, prefix, capsys)


def test_whatever_is_added_at_either_end_is_refused(
    bundle: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Frames that zstd would skip, or unpack behind the archive, among them."""
    content = bundle.read_bytes()
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    more = zstandard.ZstdCompressor().compress(b"more" * 999)
    longer = prefix.parent / "longer"
    for extra in (b"\0", b"\n", bytes(512), b"x" * 4096, skipped, more, content, content[:HEAD_BYTES]):
        for changed in (content + extra, extra + content):
            longer.write_bytes(changed)
            refusal(longer, maker, prefix, capsys)


def swaps(folder: Path, maker: Maker) -> Iterator[tuple[str, dict[str, Path]]]:
    """The good bundle's files with one of them changed, dropped, exchanged with another, or added."""
    files = small_files(folder / "swaps", "1.0", 1, with_uv=False)
    other = folder / "other"
    other.write_text("other content\n")
    for name in files:
        yield f"changed {name}", files | {name: other}
        yield f"dropped {name}", {path: file for path, file in files.items() if path != name}
    names = list(files)
    for first, second in pairwise(names):
        yield f"exchanged {first}", files | {first: files[second], second: files[first]}
    yield "added", files | {"wheels/added.whl": other}


def test_a_file_changed_dropped_exchanged_or_added_behind_the_old_signature_is_refused(
    bundle: Path, folder: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The archive is made anew and whole; only the head is the maker's."""
    head = bundle.read_bytes()[:HEAD_BYTES]
    forged = prefix.parent / "forged"
    tried = 0
    for what, files in swaps(prefix.parent, maker):
        pack.write_bundle(forged, small_facts("1.0", 1), files, maker.private)
        forged.write_bytes(head + forged.read_bytes()[HEAD_BYTES:])
        assert "is not a bundle as its maker signed it" in refusal(forged, maker, prefix, capsys), what
        tried += 1
    assert tried >= 40


def test_another_makers_bundle_and_signature_are_refused(
    bundle: Path, older: Path, folder: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = make_maker(folder / "stranger")
    theirs = write_small(prefix.parent / "theirs.tar.zst", stranger, "1.0", 1, with_uv=False)
    assert "Do not install it" in refusal(theirs, maker, prefix, capsys)
    good, old = bundle.read_bytes(), older.read_bytes()
    mixed = prefix.parent / "mixed"
    for changed in (
        old[:HEAD_BYTES] + good[HEAD_BYTES:],
        good[:8] + old[8:TEXT_AT] + good[TEXT_AT:],
        good[:TEXT_AT] + old[TEXT_AT:HEAD_BYTES] + good[HEAD_BYTES:],
        good[:8] + bytes(64) + good[TEXT_AT:],
        good[:8] + theirs.read_bytes()[8:TEXT_AT] + good[TEXT_AT:],
    ):
        mixed.write_bytes(changed)
        refusal(mixed, maker, prefix, capsys)


def test_a_key_that_is_no_key_is_told(
    bundle: Path, maker: Maker, prefix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (b"", b"no key\n", maker.private):
        wrong = prefix.parent / "wrong.pem"
        wrong.write_bytes(content)
        refusal(bundle, replace(maker, public=wrong), prefix, capsys)


def test_without_a_key_nothing_is_trusted(
    bundle: Path, prefix: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import installer.main

    monkeypatch.setattr(installer.main, "__file__", str(prefix.parent / "deploy" / "installer" / "main.py"))
    assert main(["install", "--bundle", str(bundle), "--prefix", str(prefix)]) == 1
    assert "name the maker's public key with --key" in capsys.readouterr().err and not prefix.exists()


def test_the_good_one_is_intact(bundle: Path, maker: Maker) -> None:
    """The ruler: what is refused above is refused for what was changed."""
    head = verify(bundle, maker.public.read_bytes())
    assert (head.version, head.release, head.name) == ("1.0", 1, "1.0-r1")


def test_stock_tools_verify_and_unpack_it(bundle: Path, maker: Maker, tmp_path: Path) -> None:
    """The commands are those that the installer's own documentation gives."""
    import installer.bundle

    lines = [line for line in str(installer.bundle.__doc__).splitlines() if line.startswith("    ")]
    commands = "\n".join(line for line in lines if "tail" in line or "openssl" in line).partition("#")[0]
    by_hand = commands.replace("FILE", str(bundle)).replace("KEY", str(maker.public))
    done = subprocess.run(["sh", "-e", "-c", by_hand], cwd=tmp_path, capture_output=True, text=True)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    told = json.loads((tmp_path / "head.json").read_text())
    assert done.stdout.split()[-2] == told["sha256"]
    unpacking = f"zstd -dcq {bundle} | tar -xf - -C {tmp_path}"
    subprocess.run(["sh", "-c", unpacking], check=True)
    assert json.loads((tmp_path / "manifest.json").read_text())["version"] == "1.0"


def test_the_manifest_names_every_file_with_size_and_hash(bundle: Path, maker: Maker, tmp_path: Path) -> None:
    head = verify(bundle, maker.public.read_bytes())
    manifest = unpack(bundle, head, tmp_path)
    assert manifest == read_manifest(bundle, head)
    listed = {file["path"] for file in manifest["files"]}
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found - {"manifest.json"} == listed
    classes = {name.partition("/")[0] for name in listed}
    assert classes == {"wheels", "requirements", "share", "licences", "sbom", "models", "install"}


def test_a_bundle_exchanged_between_the_check_and_the_unpacking_is_noticed(
    bundle: Path, older: Path, maker: Maker, tmp_path: Path
) -> None:
    moved = tmp_path / "bundle"
    shutil.copy(bundle, moved)
    head = verify(moved, maker.public.read_bytes())
    shutil.copy(older, moved)
    (tmp_path / "target").mkdir()
    with pytest.raises(BoxError, match="changed meanwhile"):
        unpack(moved, head, tmp_path / "target")
