"""The privacy officer's policies: one TOML file each, which use cases name and cannot change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from appliance.config import ConfigError, read_toml, validate
from appliance.home import Home
from appliance.keeping.private_files import alone
from appliance.people.acting import Action, Actor, acting
from appliance.preparing.versions import Version, save_version, versions
from privacy.presets import PRESETS
from privacy.settings import ScrubPolicy

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-){0,39}")


def names(home: Home) -> list[str]:
    """Of the officer's policies; the presets are there besides, and nobody's to change."""
    return sorted(path.parent.name for path in home.policies.glob("*/policy.toml"))


def path(home: Home, name: str) -> Path:
    """The file that a use case names; raises ConfigError where there is none."""
    if name not in names(home):
        raise ConfigError(
            f"there is no policy '{name[:60]}'; there are: {', '.join([*names(home), *sorted(PRESETS)])}"
        )
    return home.policies / name / "policy.toml"


def read(home: Home, name: str) -> dict[str, Any]:
    """The policy as it was saved, defaults left out; of a preset, what stands for it."""
    if name in PRESETS:
        return {"name": name, "preset": name}
    return read_toml(path(home, name))


def save(home: Home, actor: Actor, name: str, policy: dict[str, Any]) -> int:
    """The policy under a name of its own (lower case letters, digits, dashes), new or changed; returns its version.

    Every use case that names it scrubs by it from its next run on. Raises ConfigError in one line.
    """
    with acting(home, actor, Action.EDIT_POLICY, policy=name[:60]):
        if not _NAME.fullmatch(name) or name in PRESETS:
            raise ConfigError(
                "a policy's name has up to 40 small letters, digits and dashes, a letter or digit first, and is no preset's"
            )
        validate(ScrubPolicy, policy, f"policy '{name}'")
        folder = home.policies / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(folder / ".lock"):
            return save_version(folder, "policy.toml", policy, actor.name, tuple(sorted(policy)))


def history(home: Home, name: str) -> list[Version]:
    """Who saved it when, the newest first."""
    return versions(path(home, name))
