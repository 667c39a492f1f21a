"""What the console tells of the machine it runs on: the version, the disk, the models that are here."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.home import Home
from appliance.models import CATALOGUE
from appliance.packages import installed_version


@dataclass(frozen=True, slots=True)
class ModelHere:
    """A model of the catalogue, or a folder of the site's own in the home's `models`."""

    name: str
    about: str
    licence: str | None
    """None: the folder does not say."""
    num_bytes: int | None
    """None: it is not here."""
    origin: str | None
    """The package and version it came in."""


def version() -> str | None:
    """Of Stillhouse; None where it runs from a checkout that was never installed."""
    return installed_version("stillhouse")


def disk(home: Home) -> tuple[int, int]:
    """Free and total bytes where the home lies."""
    usage = shutil.disk_usage(home.root)
    return usage.free, usage.total


def models_here(home: Home) -> list[ModelHere]:
    """The catalogue, then the site's own. Says what is there; `stillhouse doctor` says whether it is intact."""
    packaged = [
        _told(home.models / model.name, model.name, model.about, model.licence) for model in CATALOGUE
    ]
    names = {model.name for model in CATALOGUE}
    own = [
        _told(path, path.name, "the site's own", None)
        for path in sorted(home.models.iterdir())
        if path.is_dir() and path.name not in names and not path.name.startswith(".")
    ]
    return packaged + own


def _told(folder: Path, name: str, about: str, licence: str | None) -> ModelHere:
    if not folder.is_dir():
        return ModelHere(name, about, licence, None, None)
    num_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return ModelHere(name, about, licence, num_bytes, _origin(folder))


def _origin(folder: Path) -> str | None:
    try:
        told = json.loads((folder / "origin.json").read_text(encoding="utf-8"))
        return f"{told['distribution']} {told['version']}"
    except (OSError, ValueError, KeyError, TypeError):
        return None
