"""A bundle of the real format with a tiny product in it, so that installing takes a second."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from builder.pack import Facts, new_key, public_key, write_bundle

DEPLOY = Path(__file__).parents[2] / "deploy"

PRODUCT = """
import json, os, pathlib, sys

FORMAT = {format}

def main():
    home = pathlib.Path(os.environ["STILLHOUSE_HOME"])
    facts = home / "facts.json"
    if sys.argv[1] == "--version":
        print("stillhouse {version}")
    elif sys.argv[1] == "restore":
        facts.write_bytes(pathlib.Path(sys.argv[2]).read_bytes())
    elif sys.argv[1] == "key":
        print(os.environ.get("STILLHOUSE_KEY_FILE", "none"))
    elif sys.argv[1] == "migrate":
        asked, env = home / "encryption.json", os.environ
        if asked.exists() and "STILLHOUSE_KEY_FILE" in env and "STILLHOUSE_KEY" in env:
            sys.exit("the key is given twice")
        if asked.exists() and "STILLHOUSE_KEY_FILE" not in env and env.get("STILLHOUSE_KEY") != asked.read_text():
            sys.exit("the home is encrypted with another key")
        told = json.loads(facts.read_text()) if facts.exists() else {{"format": FORMAT, "words": "none yet"}}
        told["format"] = max(FORMAT, told["format"])
        facts.write_text(json.dumps(told))
    elif sys.argv[1] == "words":
        told = json.loads(facts.read_text())
        if told["format"] > FORMAT:
            sys.exit("written by a newer release")
        print(told["words"])
    elif sys.argv[1] == "hold":
        import time
        print("holding", flush=True)
        time.sleep(600)
"""


@dataclass(frozen=True)
class Maker:
    """A pair of keys, as files."""

    private: bytes
    public: Path


def make_maker(folder: Path) -> Maker:
    private = new_key()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "release.pub").write_bytes(public_key(private))
    return Maker(private, folder / "release.pub")


def write_wheel(
    folder: Path, name: str, version: str, files: dict[str, bytes], licence: str | None = "Apache-2.0"
) -> Path:
    """A wheel of pure Python, with its RECORD."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"License-Expression: {licence}\n" if licence else ""
    wheel = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = files | {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": wheel.encode()}
    lines = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for path, data in content.items()
    ]
    content[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]).encode() + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in content.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 2, 2, 0, 0, 0)), data)
    return path


def uv_wheel(folder: Path) -> Path:
    """The environment's own uv, as a wheel."""
    program = Path(sys.executable).with_name("uv").read_bytes()
    return write_wheel(folder, "uv", "0.0.1", {"uv-0.0.1.data/scripts/uv": program})


def small_files(folder: Path, version: str, form: int, *, with_uv: bool = True) -> dict[str, Path]:
    """What a bundle of this version holds: one member of each class."""
    script = b"[console_scripts]\nstillhouse = small_stillhouse:main\n"
    product = write_wheel(
        folder / "wheels",
        "stillhouse",
        version,
        {
            "small_stillhouse.py": PRODUCT.format(format=form, version=version).encode(),
            f"stillhouse-{version}.dist-info/entry_points.txt": script,
        },
    )
    words = write_wheel(folder / "wheels", "words", "1.0", {"words.py": b"WORDS = 1\n"})
    wheels = [product, words, *([uv_wheel(folder / "wheels")] if with_uv else [])]
    files = {f"wheels/{wheel.name}": wheel for wheel in wheels}
    lines = [
        f"{wheel.name.split('-')[0]}=={wheel.name.split('-')[1]} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
        for wheel in (product, words)
    ]
    made = folder / "made"
    made.mkdir()
    for name, text in {
        "requirements/1-core.txt": lines[1],
        "requirements/2-product.txt": lines[0],
        "share/docs/install.md": "# Install\n",
        "licences/licences.csv": "package,version,licence,texts\n",
        "sbom/software.cdx.json": "{}\n",
        "models/small/sealed.json": '{"weights.bin": "0"}\n',
        "models/small/weights.bin": "weights " * 999,
    }.items():
        path = made / name.replace("/", "_")
        path.write_text(text)
        files[name] = path
    files["install/install.sh"] = DEPLOY / "install.sh"
    for path in (DEPLOY / "installer").glob("*.py"):
        files[f"install/installer/{path.name}"] = path
    for path in (DEPLOY / "units").iterdir():
        files[f"install/units/{path.name}"] = path
    return files


def small_facts(version: str, release: int) -> Facts:
    return Facts(
        version, release, "0" * 40, "2026-01-02T03:04:05+00:00", "none", "3.11", os.uname().machine, "2.17"
    )


def write_small(
    out: Path, maker: Maker, version: str, release: int, *, form: int = 1, with_uv: bool = True
) -> Path:
    """A bundle; `form` is the data format of its product."""
    files = small_files(out.with_suffix(".files"), version, form, with_uv=with_uv)
    write_bundle(out, small_facts(version, release), files, maker.private)
    return out


def install_sh(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the installer as an administrator would."""
    return subprocess.run(
        ["sh", str(DEPLOY / "install.sh"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )


def product(prefix: Path, *arguments: str, **environment: str) -> str | None:
    """What the installed product says; None where it does not work."""
    command = prefix / "bin" / "stillhouse"
    if not command.exists():
        return None
    done = subprocess.run(
        [str(command), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.strip() if done.returncode == 0 else None


def as_root(user: str = "root") -> tuple[str, ...]:
    """Arguments that name the services' user, where there is a choice."""
    return ("--user", user) if os.geteuid() == 0 else ()
