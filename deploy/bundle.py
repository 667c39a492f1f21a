"""Makes the bundle that installs without a network: `python deploy/bundle.py build -o stillhouse-0.1.0.tar.zst`.

Run it with the development environment, on a connected machine. The source is the last commit, not the working tree.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from builder.advisories import ask, findings, summary, told_in_bundle
from builder.contents import gather, pinned
from builder.lockfile import LockError
from builder.pack import new_key, public_key, write_bundle

ROOT = Path(__file__).resolve().parents[1]
KEY = Path("~/.config/stillhouse/release.pem")
"""The maker's private key: 0600, in no repository."""


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description="Makes the signed bundle.")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="wheels, models, documents, SBOM: one file")
    build.add_argument("-o", "--out", type=Path, required=True)
    build.add_argument(
        "--models", type=Path, default=Path("~/.stillhouse/models"), help="fetched ones (%(default)s)"
    )
    build.add_argument(
        "--key", type=Path, default=KEY, help="private key in PEM; made if absent (%(default)s)"
    )
    build.add_argument(
        "--audited", type=Path, help="what `audit` wrote; without it nothing counts as checked"
    )
    audit = commands.add_parser("audit", help="ask for publicly known faults of what a bundle carries")
    audit.add_argument("-o", "--out", type=Path, required=True)
    for command in (build, audit):
        command.add_argument(
            "--compute", choices=("none", "cpu", "cuda"), default="none", help="what trains and serves, too"
        )
    options = parser.parse_args()
    return _audit(options) if options.command == "audit" else _build(options)


def _build(options: argparse.Namespace) -> int:
    os.umask(0o022)  # modes of the source go into the product's wheel
    key = private_key(options.key.expanduser())
    with tempfile.TemporaryDirectory(prefix="stillhouse-bundle-") as scratch:
        try:
            facts, files, notes = gather(
                ROOT,
                Path(scratch),
                compute=options.compute,
                models=options.models.expanduser(),
                audited=options.audited,
            )
        except (LockError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"bundle: {error}\n")
            return 1
        write_bundle(options.out, facts, files, key)
    for note in notes:
        sys.stdout.write(f"{note}\n")
    size = options.out.stat().st_size / 2**20
    sys.stdout.write(
        f"{options.out}: {facts.version}, release {facts.release}, {size:.0f} MiB, {len(files)} files\n"
    )
    return 0


def _audit(options: argparse.Namespace) -> int:
    """1 where a fault is known of a package, or nothing could be learnt of one."""
    pins = [pin for part in pinned(ROOT, options.compute) for pin in part]
    try:
        found = findings(ask(pins), datetime.now(UTC))
    except LockError as error:
        sys.stderr.write(f"bundle: {error}\n")
        return 1
    options.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    told = json.loads(told_in_bundle(pins, options.out)[0])
    sys.stdout.write(f"{options.out}: {summary(told)}\n")
    return 1 if told["found"] or told["not_checked"] else 0


def private_key(path: Path) -> bytes:
    """The key that signs, made on first use; its public half is laid beside the installer."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(new_key())
    key = path.read_bytes()
    published = Path(__file__).with_name("release.pub")
    if not published.exists():
        published.write_bytes(public_key(key))
    return key


if __name__ == "__main__":
    sys.exit(main())
