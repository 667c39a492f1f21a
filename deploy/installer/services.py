"""The commands and systemd units of one generation, and the services where systemd runs."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .bundle import BoxError
from .home_key import with_key
from .install_version import ENVIRONMENT
from .layout import Box

UNITS = ("stillhouse-worker.service", "stillhouse-console.service")
_SYSTEM_UNITS = Path("/etc/systemd/system")

_COMMAND = """#!/bin/sh
# Runs Stillhouse on the home of this installation, as the user it belongs to. The lock says that it is in use: an
# upgrade waits for nobody, it refuses. What lies in the caller's folder is not taken for a module (PYTHONSAFEPATH).
set -eu
exec 9<{prefix}/in-use
flock --shared --nonblock 9 || {{ echo 'stillhouse: an upgrade is at work here; try again when it has ended' >&2; exit 75; }}
while read -r line; do
    case "$line" in STILLHOUSE_*=*) export "$line" ;; esac
done < {settings}
set -- {prefix}/current/version/venv/bin/stillhouse "$@"
{as_user}exec env -u http_proxy -u https_proxy -u all_proxy -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY \\
    -u PYTHONPATH -u PYTHONHOME PYTHONSAFEPATH=1 STILLHOUSE_HOME={prefix}/current/home "$@"
"""
_AS_USER = '[ "$(id -u)" != 0 ] || set -- setpriv --reuid {user} --regid {group} --init-groups env HOME={prefix}/current/home/cache "$@"\n'

_ADMIN = """#!/bin/sh
# Looks after this installation: status, upgrade, rollback, restore, forget, uninstall.
exec sh {prefix}/current/version/install/install.sh "$@" --prefix {prefix}
"""


_SETTINGS = """# The site's settings for Stillhouse: NAME=VALUE, one a line, no quotes. Commands, services and upgrades read them.
# STILLHOUSE_KEY_FILE=/path/to/the/key    that the home is encrypted with; readable by the user of the services
# STILLHOUSE_AUDIT_HEADS=/path/to/folder  where the heads of the audit log are kept
"""


def settings_file(state: str) -> Path:
    return Path(state) / "settings"


def write_settings(box: Box) -> None:
    """An empty one to begin with; what the site has written stays."""
    path = settings_file(box.state)
    if not path.exists():
        path.write_text(_SETTINGS, encoding="utf-8")
        path.chmod(0o640 if box.user else 0o600)
        if box.user:
            shutil.chown(path, 0, _group(box.user))


def read_settings(state: str) -> dict[str, str]:
    """Empty where nothing was installed with this state before."""
    path = settings_file(state)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(
        line.strip().split("=", 1) for line in lines if line.startswith("STILLHOUSE_") and "=" in line
    )


def write_commands(folder: Path, prefix: Path, box: Box) -> None:
    """`bin/stillhouse` and `bin/stillhouse-admin` of a generation."""
    folder.mkdir()
    as_user = _AS_USER.format(user=box.user, group=_group(box.user), prefix=prefix) if box.user else ""
    for name, text in (("stillhouse", _COMMAND), ("stillhouse-admin", _ADMIN)):
        shown = text.format(prefix=prefix, as_user=as_user, settings=settings_file(box.state))
        (folder / name).write_text(shown, encoding="utf-8")
        (folder / name).chmod(0o755)


def write_units(folder: Path, templates: Path, prefix: Path, box: Box) -> None:
    """The units of a generation, from the version's templates; empty where no service user is."""
    folder.mkdir()
    if box.user is None:
        return
    for name in UNITS:
        template = templates / name
        if template.exists():
            text = template.read_text(encoding="utf-8")
            for key, value in (("@PREFIX@", str(prefix)), ("@STATE@", box.state), ("@USER@", box.user)):
                text = text.replace(key, value)
            (folder / name).write_text(text, encoding="utf-8")


def migrate(box: Box, version: Path, home: Path, home_key: str | None) -> None:
    """Brings a home to the formats of a version."""
    as_user(box, [str(version / "venv/bin/stillhouse"), "migrate"], home, home_key=home_key)


def fill_home(box: Box, version: Path, home: Path, source: Path | None) -> None:
    """With a copy of `source` and the version's models. The program is handed over as text: its folder may be closed to the user."""
    program = Path(__file__).with_name("homes.py").read_text(encoding="utf-8")
    copied = [str(source)] if source else []
    as_user(
        box, [sys.executable, "-I", "-S", "-B", "-", str(home), str(version), *copied], home, said=program
    )


def as_user(
    box: Box, command: Sequence[str], home: Path, *, said: str = "", home_key: str | None = None
) -> None:
    """Runs a command as the product's user, on `home`, with `said` as its input; raises BoxError with its last line."""
    who = {}
    if box.user:
        entry = pwd.getpwnam(box.user)
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    done = subprocess.run(
        list(command),
        env=ENVIRONMENT | with_key(read_settings(box.state), home_key) | {"STILLHOUSE_HOME": str(home)},
        input=said,
        capture_output=True,
        text=True,
        cwd="/",
        **who,  # type: ignore[call-overload]
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BoxError(f"the data could not be made ready, and nothing was switched: {last}")


def make_user(name: str, state: Path) -> bool:
    """Whether it had to be made."""
    try:
        pwd.getpwnam(name)
        return False
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(state)]
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", name], check=True, capture_output=True)
        return True


def make_folder(path: Path, box: Box) -> None:
    """One that the product's user can look into and only root can change, so that nothing can be laid into root's way."""
    path.mkdir(parents=True, exist_ok=True)
    if box.user:
        os.chown(path, 0, grp.getgrnam(_group(box.user)).gr_gid, follow_symlinks=False)
    path.chmod(0o750 if box.user else 0o700)


def make_home(path: Path, box: Box) -> None:
    """The product's user's own."""
    path.mkdir(mode=0o700)
    if box.user:
        entry = pwd.getpwnam(box.user)
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _group(user: str) -> str:
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _systemd(box: Box) -> bool:
    return box.user is not None and os.geteuid() == 0 and Path("/run/systemd/system").is_dir()


def _systemctl(*arguments: str) -> None:
    subprocess.run(["systemctl", *arguments], check=False, capture_output=True)


@contextmanager
def stopped(box: Box) -> Iterator[None]:
    """The services stand still meanwhile, and run afterwards if they are set up. Nothing where systemd does not run."""
    if not _systemd(box):
        yield
        return
    _systemctl("stop", *UNITS)
    try:
        yield
    finally:
        _systemctl("daemon-reload")
        linked = [name for name in UNITS if (_SYSTEM_UNITS / name).exists()]
        if linked:
            _systemctl("start", *linked)


def link_units(prefix: Path, box: Box) -> None:
    """systemd follows `current`, so an upgrade changes no file of the system's."""
    if not _systemd(box):
        return
    for name in UNITS:
        if (prefix / "units" / name).exists():
            _systemctl("enable", str(prefix / "units" / name))


def unlink_units(box: Box) -> None:
    if _systemd(box):
        _systemctl("disable", "--now", *UNITS)
        _systemctl("daemon-reload")
