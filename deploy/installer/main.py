"""The administrator's command line: `sh install.sh [COMMAND] --prefix DIR ...`, and `bin/stillhouse-admin` afterwards."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .bundle import BoxError, Head, key_fingerprint, read_manifest, verify
from .home_key import read_home_key
from .layout import Box, Layout, read_box
from .operations import bring_in, forget, restore, roll_back
from .preflight import Need, examine, gib, home_bytes, tools
from .uninstall import uninstall

_COMMANDS = ("install", "upgrade", "rollback", "restore", "status", "verify", "forget", "uninstall")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status: 0 done, 1 refused or failed, 2 not understood."""
    os.umask(0o022)  # code may be read by the service user; state is made 0700 explicitly
    options = _parser().parse_args(arguments)
    try:
        return _do(options)
    except BoxError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}")
    except KeyboardInterrupt:
        _fail("stopped; what was at work before still is. Say the command again to go on")
    return 1


def _fail(message: str) -> None:
    sys.stderr.write(f"stillhouse: {message}\n")


def _say(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="install.sh",
        description="Installs Stillhouse from one signed file, without a network, and looks after it.",
        epilog="install: the default. upgrade: the same, where something is installed. rollback: the version and data before. "
        "restore: a backup's data. status: what is here. verify: check a bundle, change nothing. "
        "forget: delete all data but those in use. uninstall: remove the product; --purge removes the data too.",
    )
    parser.add_argument("command", nargs="?", choices=_COMMANDS, default="install")
    parser.add_argument(
        "--prefix",
        type=_absolute,
        default=Path("/opt/stillhouse"),
        help="where the product lies (%(default)s)",
    )
    parser.add_argument("--bundle", type=_absolute, help="the file to install")
    parser.add_argument("--key", type=_absolute, help="the maker's public key, on the first installation")
    parser.add_argument("--state", type=_absolute, help="where the data lie (PREFIX/state)")
    parser.add_argument("--user", help="whom services and data belong to, as root (stillhouse)")
    parser.add_argument("--check", action="store_true", help="say what this host lacks, change nothing")
    parser.add_argument("--backup", type=_absolute, help="the file to restore")
    parser.add_argument("--home-key", type=_absolute, help="file with the key of encrypted data")
    parser.add_argument("--purge", action="store_true", help="uninstall: the data too, for good")
    parser.add_argument("--json", action="store_true", help="check, status: for scripts")
    return parser


def _absolute(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


def _do(options: argparse.Namespace) -> int:
    layout = _layout(options)
    match options.command:
        case "install" | "upgrade":
            return _install(options, layout)
        case "verify":
            _verified(options, layout)
        case "rollback":
            started = time.monotonic()
            left, now = roll_back(layout)
            _say(f"{now.version} runs again, with its data, after {time.monotonic() - started:.1f} s")
            _say(
                f"what was done since is in {layout.home(left.number)}; `stillhouse-admin forget` deletes it"
            )
        case "restore":
            if options.backup is None:
                raise BoxError("name the file with --backup")
            made = restore(layout, options.backup, _home_key(options), _say)
            _say(f"restored; the data before are in {layout.home(made.previous or 0)}, one rollback away")
        case "forget":
            for path in forget(layout):
                _say(f"deleted {path}")
        case "status":
            _status(layout, options.json)
        case "uninstall":
            left_over = uninstall(layout, purge=options.purge)
            _say("removed. Left:" if left_over else "removed; nothing is left")
            for one in left_over:
                _say(f"  {one.path}: {one.why}")
    return 0


def _layout(options: argparse.Namespace) -> Layout:
    box = read_box(options.prefix)
    state = options.state or (Path(box.state) if box else options.prefix / "state")
    if box and str(state) != box.state:
        raise BoxError(f"the state of {options.prefix} is in {box.state}: leave out --state")
    return Layout(options.prefix, state)


def _install(options: argparse.Namespace, layout: Layout) -> int:
    box = read_box(layout.prefix)
    if options.command == "upgrade" and box is None:
        raise BoxError(f"nothing is installed in {layout.prefix}: use install")
    lacking = [need for need in tools() if not need.ok]
    if lacking:  # without these the bundle cannot even be read
        return _show(lacking, None, options.json)
    head = _verified(options, layout)
    user = box.user if box else (options.user or "stillhouse") if os.geteuid() == 0 else None
    home_key = _home_key(options)
    needs = examine(layout, read_manifest(options.bundle, head), user, home_key)
    if options.check:
        return _show(needs, head, options.json)
    if not all(need.ok for need in needs):
        return _show([need for need in needs if not need.ok], head, options.json)
    made = bring_in(options.bundle, head, _trusted_key(options, box), layout, user, home_key, _say)
    _say(f"{made.version} is installed; its data are in {layout.home(made.number)}")
    _say(f"try: {layout.prefix}/bin/stillhouse doctor")
    return 0


def _home_key(options: argparse.Namespace) -> str | None:
    return read_home_key(options.home_key) if options.home_key else None


def _verified(options: argparse.Namespace, layout: Layout) -> Head:
    """The head of an intact bundle. Once something is installed here, no key but its own counts."""
    if options.bundle is None:
        raise BoxError("name the bundle with --bundle")
    box = read_box(layout.prefix)
    key = _trusted_key(options, box)
    head = verify(options.bundle, key)
    if not options.json:
        _say(f"intact: {head.name}, signed with the key {key_fingerprint(key)}")
    return head


def _trusted_key(options: argparse.Namespace, box: Box | None) -> bytes:
    """PEM. Never one out of the bundle: whoever changed that would change both."""
    given: bytes | None = options.key.read_bytes() if options.key else None
    if box:
        pinned = box.key.encode()
        if given is not None and key_fingerprint(given) != key_fingerprint(pinned):
            raise BoxError(
                f"{options.prefix} trusts the key {key_fingerprint(pinned)}, and {options.key} is another: "
                "if the maker has a new key, uninstall (the data stay) and install again with it"
            )
        return pinned
    beside = Path(__file__).parents[1] / "release.pub"
    if given is None and not beside.exists():
        raise BoxError(
            "name the maker's public key with --key: it comes to you by another road than the bundle"
        )
    return given if given is not None else beside.read_bytes()


def _show(needs: list[Need], head: Head | None, as_json: bool) -> int:
    ok = all(need.ok for need in needs)
    if as_json:
        told = {"ok": ok, "bundle": head.name if head else None, "checks": [asdict(need) for need in needs]}
        _say(json.dumps(told, indent=1))
    else:
        for need in needs:
            _say(f"{'ok  ' if need.ok else 'MEND'}  {need.name}: {need.found}")
            if need.remedy:
                _say(f"      {need.remedy}")
        _say("this host can take it; nothing was changed" if ok else "nothing was changed")
    return 0 if ok else 1


def _status(layout: Layout, as_json: bool) -> None:
    now = layout.current_generation()
    if now is None:
        raise BoxError(f"nothing is installed in {layout.prefix}")
    others = [one for one in layout.all_generations() if one.number != now.number]
    previous = next((one.version for one in others if one.number == now.previous), None)
    aside = [str(layout.home(one.number)) for one in others if one.set_aside]
    size = home_bytes(layout)
    if as_json:
        home = str(layout.home(now.number))
        told = {
            "version": now.version,
            "home": home,
            "home_bytes": size,
            "previous": previous,
            "set_aside": aside,
        }
        _say(json.dumps(told, indent=1))
        return
    _say(f"{now.version} on {layout.home(now.number)} ({gib(size)})")
    _say(f"a rollback goes to {previous or 'nothing: there is no version before'}")
    for path in aside:
        _say(f"set aside by a rollback: {path}")
