"""Use cases in the making: filled section by section, and once whole the same file that `stillhouse run` takes.

Kept as `use_cases/<name>/use_case.toml`. A section is saved when it is right in itself; whether the sections fit each
other, and what is missing, `problems` says.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, get_args

from appliance.config import ConfigError, UseCase, load_use_case, read_toml, type_hints, validate
from appliance.home import Home
from appliance.keeping.private_files import alone
from appliance.models import ModelError, resolve
from appliance.people.acting import Action, Actor, acting
from appliance.preparing import policies
from appliance.preparing.versions import Version, save_version, version_of, versions
from privacy.presets import PRESETS

NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9]|-){0,39}")
_FILE = "use_case.toml"
_PATHS = (("data", "path"), ("held_out", "path"), ("gold_spans",))
_REQUIRED = {
    "data": "no records yet: choose a dataset and its columns on the page Data",
    "task": "no task yet: say on the page Data what is asked of the model, and which answers there are",
    "scrub": "no privacy policy yet: choose one on the page Data",
    "teacher": "no teacher yet: say who answers, on the page Teacher",
    "student": "no student yet: choose the small model that learns, on the page Train",
    "split": "no exam yet: say on the page Data how many records are held out",
    "prices": "no prices yet: say what the machine costs and how many requests there are, on the page Train under Prices",
}


def names(home: Home) -> list[str]:
    return sorted(path.parent.name for path in home.use_cases.glob(f"*/{_FILE}"))


def create(home: Home, actor: Actor, name: str, title: str) -> None:
    """A new one with nothing but its name and title; raises ConfigError where the name is taken or does not do."""
    with acting(home, actor, Action.EDIT_USE_CASE, use_case=name[:60]):
        if not NAME.fullmatch(name):
            raise ConfigError(
                "a name has up to 40 letters, digits and dashes, a letter or digit first: it is seen in run ids and files"
            )
        if not title.strip():
            raise ConfigError("a use case needs a title: one line for the report's head")
        folder = home.use_cases / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(folder / ".lock"):
            if (folder / _FILE).exists():
                raise ConfigError(f"there is a use case '{name}' already: give another name")
            save_version(folder, _FILE, {"name": name, "title": title.strip()}, actor.name, ("name", "title"))


def path(home: Home, name: str, version: int | None = None) -> Path:
    """The file, for `stillhouse run`; or the state of it that was saved as `version`. Raises ConfigError."""
    folder = home.use_cases / name
    if name not in names(home):
        raise ConfigError(f"there is no use case '{name[:60]}'")
    found = folder / (_FILE if version is None else f"saved-{version:04d}.toml")
    if not found.is_file():
        raise ConfigError(f"there is no version {version} of the use case '{name}'")
    return found


def read(home: Home, name: str) -> dict[str, Any]:
    """Its sections as they were saved, defaults left out; `scrub` is `{"policy": NAME}`."""
    document = read_toml(path(home, name))
    named = document.get("scrub", {}).get("policy")
    if named is not None and named not in PRESETS:
        document["scrub"] = {"policy": Path(named).parent.name}
    return document


def version(home: Home, name: str) -> int:
    """The number of its state now."""
    return version_of(path(home, name)).number


def history(home: Home, name: str) -> list[Version]:
    """Who saved it when, the newest first."""
    return versions(path(home, name))


def save(home: Home, actor: Actor, name: str, sections: dict[str, Any]) -> None:
    """Puts these sections in the place of those of the same name; None takes one out. The others stay.

    Raises ConfigError in one line, and then nothing changes, where a section is not right in itself.
    """
    with acting(home, actor, Action.EDIT_USE_CASE, use_case=name[:60]):
        folder = path(home, name).parent
        with alone(folder / ".lock"):
            document = read_toml(folder / _FILE)
            for section, value in sections.items():
                if section == "gold_spans" and document.get("gold_spans") == _marks_of(home, folder, name):
                    raise ConfigError(
                        "the marks that arm the gate are the privacy officer's: hand others over instead"
                    )
                if value is None:
                    document.pop(section, None)
                else:
                    document[section] = _checked(home, folder, section, value)
            if document.get("name") != name:
                raise ConfigError("a use case keeps its name: create another one")
            save_version(folder, _FILE, document, actor.name, tuple(sorted(sections)))


def measure_against_marks(home: Home, actor: Actor, name: str) -> None:
    """Has the run measure its scrubber against a privacy officer's marks, which arms its gate: the officer's to do."""
    with acting(home, actor, Action.REVIEW, use_case=name[:60], gate="armed"):
        folder = path(home, name).parent
        with alone(folder / ".lock"):
            document = read_toml(folder / _FILE)
            document["gold_spans"] = _marks_of(home, folder, name)
            save_version(folder, _FILE, document, actor.name, ("gold_spans",))


def _marks_of(home: Home, folder: Path, name: str) -> str:
    """How the file that the officers' review writes is named in the use case."""
    return _inside_home(home, folder, str(home.root / "reviews" / name / "gold.jsonl"))


def _checked(home: Home, folder: Path, section: str, value: Any) -> Any:
    hints = type_hints(UseCase)
    if section not in hints:
        raise ConfigError(f"a use case has no section '{section[:60]}'; it has: {', '.join(hints)}")
    if section == "scrub":
        return _chosen_policy(home, folder, value)
    cls = next(iter(get_args(hints[section])), hints[section])  # X of `X | None`
    if cls is str:
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{section} is empty")
        return _inside_home(home, folder, value) if (section,) in _PATHS else value
    if not isinstance(value, dict):
        raise ConfigError(f"{section}: expected a table of settings")
    value = {
        key: each for key, each in value.items() if each is not None
    }  # TOML has no null: left out is the default
    if (section, "path") in _PATHS and isinstance(value.get("path"), str):
        value["path"] = _dataset_path(home, folder, section, value["path"])
    if not (section == "prices" and isinstance(value.get("card"), str)):
        validate(cls, value, section)
    return value


def _dataset_path(home: Home, folder: Path, section: str, name: str) -> str:
    """Of what was brought in: another path would read any file of this machine past the administrator's list."""
    named = Path(os.path.normpath(folder / name))
    if not named.is_relative_to(home.data):
        raise ConfigError(
            f"{section}: choose a dataset that was brought in; another file of this server is none"
        )
    return os.path.relpath(named, folder)


def _chosen_policy(home: Home, folder: Path, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != {"policy"}:
        raise ConfigError(
            "scrub: choose a policy by its name; what it says is the privacy officer's to change"
        )
    name = str(value["policy"])
    if name in PRESETS:
        return {"policy": name}
    return {"policy": os.path.relpath(policies.path(home, name), folder)}


def _inside_home(home: Home, folder: Path, name: str) -> str:
    """Relative where it lies in the home, so that a home can be moved."""
    return os.path.relpath(name, folder) if Path(name).is_relative_to(home.root) else name


def sources(home: Home, name: str) -> list[Path]:
    """The files of records that it names so far."""
    file = path(home, name)
    document = read_toml(file)
    named = [document[section].get("path") for section in ("data", "held_out") if section in document]
    return [Path(os.path.normpath(file.parent / each)) for each in named if each]


def problems(home: Home, name: str) -> list[str]:
    """What keeps it from being run, in words; nothing when it is ready."""
    document = read_toml(path(home, name))
    missing = [words for section, words in _REQUIRED.items() if section not in document]
    if missing:
        return missing
    file = path(home, name)
    try:
        use_case = load_use_case(file)
    except ConfigError as error:
        return [str(error).removeprefix(f"{file}: ")]
    found = []
    for section, source in (("data", use_case.data), ("held_out", use_case.held_out)):
        if source is not None and not (file.parent / source.path).is_file():
            found.append(f"{section}: its file is gone: choose another dataset")
    if use_case.gold_spans is not None and not (file.parent / use_case.gold_spans).is_file():
        found.append("gold_spans: the file of reviewed records is gone: review some again, or take it out")
    return found + _absent_models(use_case, home, file.parent)


def _absent_models(use_case: UseCase, home: Home, folder: Path) -> list[str]:
    local = [use_case.teacher.model] if use_case.teacher.kind == "local" else []
    found = []
    for name in (use_case.student.base, *local, use_case.detector.spacy, *use_case.detector.classifiers):
        try:
            resolve(name, home, folder)
        except ModelError as error:
            found.append(str(error))
    return found
