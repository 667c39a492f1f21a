"""The key of an encrypted home, for the moments in which an upgrade or a restore opens it.

Services may get the key as a systemd credential, which the installer, started outside of them, has not: the administrator
names a file. It may be root's alone: it is read here, and handed to the product's user in the environment of one command.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .bundle import BoxError

_FILE, _PLAIN = "STILLHOUSE_KEY_FILE", "STILLHOUSE_KEY"


def read_home_key(path: Path) -> str:
    """The text of a key file, or of a pipe that it comes through; what it is worth the product says. Raises BoxError."""
    try:
        if path.is_file() and path.stat().st_mode & 0o077:
            raise BoxError(f"{path} holds a key and others may read it: chmod 600 {path}")
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise BoxError(f"--home-key {path}: {error.strerror}") from None
    except ValueError:
        text = ""
    if not text.isalnum():
        raise BoxError(
            f"--home-key {path} should hold 64 hexadecimal digits, as `stillhouse keys new` wrote them"
        )
    return text


def with_key(settings: Mapping[str, str], key: str | None) -> dict[str, str]:
    """The site's settings for one command; a key that was named takes the place of theirs, since two are refused."""
    if key is None:
        return dict(settings)
    return {name: value for name, value in settings.items() if name != _FILE} | {_PLAIN: key}


def is_given(settings: Mapping[str, str], key: str | None) -> bool:
    """By the administrator for this command, or by the site for all."""
    return key is not None or bool({_FILE, _PLAIN} & set(settings))
